// What was agreed to, in the words of somebody who never saw a ledger. All of it is taken from what the sealed entry
// commits to, nothing from the part of a receipt that is for reading.

import { blankForm } from "./blank_form.js";
import { fold, make, paragraph, row } from "./dom.js";
import { isObject, textIn } from "./json.js";
import { readableText } from "./readable_text.js";
import {
  HAPPENED,
  confirmation,
  count,
  dayText,
  kindsOfData,
  listed,
  meaning,
  method,
  momentText,
  place,
  plain,
  purpose,
  sentence,
} from "./words.js";

/** The sentence that comes first. */
export function lead({ type, evidence }) {
  const who = textIn(evidence, "email") ?? "somebody who is named by a number alone";
  const code = textIn(evidence, "purpose");
  const thing = code === undefined ? "something that it does not name" : purpose(code);
  const what = HAPPENED[type]?.(thing) ?? "is named";
  return `The publisher’s record says that ${who} ${what} on ${indicatedAt({ type, evidence })}.`;
}

/** What it is of in a few words, and what was left unticked beside it; undefined where that cannot be read. */
export function thingOf({ type, evidence }) {
  const code = textIn(evidence, "purpose");
  if (!THING[type]) return undefined;
  const left = uncheckedOf(evidence);
  const what = code === undefined ? "" : `: ${purpose(code)}`;
  return [`${THING[type]}${what}`, left.length > 0 ? `Not ticked: ${listed(left)}` : undefined];
}

const THING = {
  requested: "Asked for, not confirmed yet",
  given: "Agreed to",
  renewed: "Agreed to again",
  withdrawn: "Taken back",
  expired: "Ended, not renewed in time",
  erased: "Erased",
};

/** The boxes that were left unticked, as people call them. */
export function uncheckedOf({ unticked }) {
  return Array.isArray(unticked) ? unticked.map((code) => purpose(plain(code))) : [];
}

/** When the person said so. An import brings consent that was given before. */
function indicatedAt({ type, evidence }) {
  const elsewhere = isAgreed(type) && evidence.method === "import";
  if (elsewhere && typeof evidence.requested_at === "string") return dayText(evidence.requested_at);
  return momentText(textIn(evidence, "at") ?? "an unknown day");
}

function isAgreed(type) {
  return type === "given" || type === "renewed";
}

/** The words, whole. */
export function wordsOf({ words, type }) {
  if (words === undefined)
    return paragraph(type === "erased" ? "An erasure keeps no words." : "The words are missing.", { class: "small" });
  const about = {
    withdrawn: "The words that this ended:",
    expired: "The words that this ended:",
    requested: "The words beside the box:",
  };
  return [
    paragraph(about[type] ?? "In these words, which stood beside the box:"),
    make("blockquote", { class: "words", "data-say": "words" }, words),
  ];
}

/** All else, a term a row. */
export function rowsOf(told) {
  const { type, evidence, form, issued, index, size } = told;
  const site = textIn(issued, "site");
  const numbers = numbersOf(told);
  return make(
    "dl",
    { class: "rows" },
    row(THING[type] ?? "About", "purpose", purposeOf(evidence)),
    row(WHO[type] ?? "Who", "who", who(evidence)),
    row(
      "When",
      "when",
      when(told).map((text) => paragraph(text)),
    ),
    row("How confirmed", "confirmed", confirmedBy(type, evidence)),
    row(
      "How given",
      "method",
      paragraph(methodText(evidence)),
      paragraph(textIn(evidence, "evidence") && `Evidence that came with it: ${evidence.evidence}`),
    ),
    row("On which form", "form", formOf(told)),
    row(form === undefined ? "Policy in force" : "Policy in force on the form", "policy", policyOf(told)),
    row("Controller", "controller", controllerOf(evidence)),
    row("What is done with the data", "processing", processingOf(evidence)),
    row("How to withdraw", "withdraw", isAgreed(type) && site ? `At ${site}/preferences, at any time` : undefined),
    index === undefined
      ? undefined
      : row("In the ledger", "place", paragraph(`Entry ${count(index + 1)} of ${count(size)} in the publisher’s list`)),
    row("Receipt made", "issued", textIn(issued, "at") && momentText(issued.at)),
    numbers.length > 0 &&
      row(
        "For experts",
        "numbers",
        fold("Numbers to look it up by", () => make("div", {}, numbers), { "data-unfold": "numbers" }),
      ),
  );
}

function purposeOf(evidence) {
  const code = textIn(evidence, "purpose");
  const means = code && meaning(code);
  if (code === undefined) return [];
  return [paragraph(sentence(purpose(code))), means && paragraph(means, { class: "small" })].filter(Boolean);
}

const WHO = { given: "Who agreed", renewed: "Who agreed", requested: "Who asked", withdrawn: "Who withdrew" };

function numbersOf({ evidence, fingerprint }) {
  const mail = textIn(evidence, "confirmed", "message_id");
  const small = (text) => paragraph(text, { class: "small" });
  return [
    small(textIn(evidence, "event_id") && `Event ${evidence.event_id}`),
    small(textIn(evidence, "subscriber_id") && `Person ${evidence.subscriber_id}`),
    small(mail && `Message-ID of the mail, by which mail servers’ logs show it: ${mail}`),
    small(fingerprint && `Fingerprint of the key: ${fingerprint}`),
  ].filter(Boolean);
}

function who(evidence) {
  const kinds = Array.isArray(evidence.data) ? evidence.data : [];
  return [
    paragraph(textIn(evidence, "email")),
    kinds.length > 0 && paragraph(`Details given (not shown): ${kindsOfData(kinds)}`, { class: "small" }),
  ].filter(Boolean);
}

function when({ type, evidence }) {
  const [asked, at] = [textIn(evidence, "requested_at"), textIn(evidence, "at")];
  if (evidence.method === "import" && isAgreed(type) && asked) {
    return [
      `Agreed elsewhere on ${dayText(asked)}, as the publisher states`,
      at && `Brought into the ledger on ${momentText(at)}`,
    ];
  }
  if (isAgreed(type) && asked && asked !== at)
    return [`Form sent ${momentText(asked)}`, at && `Confirmed ${momentText(at)}`];
  return [at && momentText(at)];
}

function confirmedBy(type, evidence) {
  return [paragraph(confirmation(type, evidence))].filter(Boolean);
}

function methodText(evidence) {
  const word = textIn(evidence, "method");
  if (word === "form" && evidence.drawn_by === "page") return "A form that somebody else drew";
  return word && method(word).charAt(0).toUpperCase() + method(word).slice(1);
}

const DREW = new Map([
  ["ours", "The publisher’s program drew it, as the browser said that sent it; a program can say so too."],
  ["element", "As that page said, the publisher’s program drew it there, by its script."],
  ["page", "Somebody else drew it, or nobody says who; that it showed these words is their own word."],
]);
const SHOWN_AGAIN = "The publisher’s program showed them where they were confirmed.";

function formOf({ evidence, form, type, older, words }) {
  const where = place(evidence);
  const { required, unticked } = evidence;
  const wanted = textIn(evidence, "report") ? "get the report" : "sign up";
  const box =
    required === true ? `The box had to be ticked to ${wanted}` : "The box could be left unticked: nothing else depended on it";
  const left = uncheckedOf(evidence);
  const offered = evidence.method === "form" || evidence.method === "api";
  return [
    paragraph(where && where.charAt(0).toUpperCase() + where.slice(1)),
    paragraph(DREW.get(textIn(evidence, "drawn_by"))),
    isAgreed(type) && evidence.drawn_by === "page" && paragraph(SHOWN_AGAIN),
    typeof required === "boolean" && paragraph(box),
    Array.isArray(unticked) &&
      paragraph(left.length > 0 ? `Boxes that were left unticked: ${listed(left)}` : "No other box was left unticked"),
    form !== undefined &&
      fold("Show the blank form", () => blankForm(form, words), { "data-unfold": "form" }),
    form === undefined &&
      offered &&
      !older &&
      isAgreed(type) &&
      paragraph("The entry does not name the form as it looked.", { class: "small" }),
  ].filter(Boolean);
}

function policyOf({ evidence, form, policy, type }) {
  const label = textIn(evidence, "policy", "label");
  if (label === undefined) return [];
  const day = form && policyDay(form, label);
  const text =
    policy === undefined
      ? paragraph("Its text did not come along.", { class: "small" })
      : fold("Show its text", () => policyPart(policy), { "data-unfold": "policy" });
  const box = policyBox({ evidence, type });
  return [paragraph(`Version ${label}${day ? `, which the form says is of ${day}` : ""}`), box && paragraph(box), text];
}

function policyPart(policy) {
  const exact = fold("Letter for letter", () => make("pre", { class: "document", tabindex: "0" }, policy));
  return make("div", {}, make("div", { class: "document read", tabindex: "0" }, readableText(policy)), exact);
}

/** The day that the form had behind the version of the policy. */
function policyDay(form, label) {
  const text = new DOMParser().parseFromString(form, "text/html").body.textContent.replace(/\s+/g, " ");
  const at = text.indexOf(` ${label} of `);
  return at < 0 ? undefined : /^\d{1,2} \p{L}+ \d{4}/u.exec(text.slice(at + label.length + 5))?.[0];
}

/** Whether the box of the policy itself was ticked, on a form with several. */
function policyBox({ evidence, type }) {
  const { purpose: code, unticked } = evidence;
  const asked = isAgreed(type) || type === "requested";
  if (!asked || code === "privacy-policy" || evidence.method !== "form") return undefined;
  if (Array.isArray(unticked) && unticked.includes("privacy-policy"))
    return "The box of the policy itself was left unticked.";
  // The forms for signing up note of each box whether they demand it, and always demand this one.
  return typeof evidence.required === "boolean"
    ? "The box of the policy itself is not part of this receipt. It has a receipt of its own: ask for that. The publisher’s program is made to take no form on which it was not ticked; that it took none is the publisher’s word."
    : "Whether the box of the policy itself was ticked too, this receipt does not say: that has a receipt of its own.";
}

function controllerOf(evidence) {
  const { controller } = evidence;
  if (!isObject(controller)) return [];
  const named = ["name", "address", "contact", "identifier"].map((name) => textIn(controller, name));
  const [name, address, contact, identifier] = named;
  return [
    name && make("p", {}, make("strong", {}, name)),
    paragraph(address),
    paragraph(contact && `Data protection: ${contact}`),
    paragraph(identifier && `Identifier: ${identifier}`),
  ].filter(Boolean);
}

function processingOf(evidence) {
  const { processing } = evidence;
  if (!isObject(processing)) return [];
  const { recipients } = processing;
  const given =
    Array.isArray(recipients) &&
    (recipients.length > 0 ? `Given to: ${recipients.map(plain).join("; ")}` : "Given to nobody else");
  return [
    paragraph(textIn(processing, "retention") && `Kept: ${durationInWords(processing.retention)}`),
    paragraph(textIn(processing, "storage") && `Kept in: ${countriesInWords(processing.storage)}`),
    given && paragraph(given),
    paragraph(textIn(processing, "jurisdiction") && `Under the law of: ${countriesInWords(processing.jurisdiction)}`),
  ].filter(Boolean);
}

/** `P3Y` as people say it; a sentence as it stands. */
function durationInWords(text) {
  const parts = /^P(?=.)(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?$/.exec(text);
  if (!parts) return text;
  const units = ["year", "month", "day"];
  return listed(
    units.flatMap((unit, at) => (parts[at + 1] ? [`${parts[at + 1]} ${unit}${parts[at + 1] === "1" ? "" : "s"}`] : [])),
  );
}

/** `IE, DE` as people say it; a sentence as it stands. */
function countriesInWords(text) {
  if (!/^[A-Z]{2}(?:[, ]+[A-Z]{2})*$/.test(text)) return text;
  const names = new Intl.DisplayNames("en-GB", { type: "region", fallback: "code" });
  return listed(text.split(/[, ]+/).map((code) => names.of(code)));
}
