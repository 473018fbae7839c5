// What was agreed to, in the words of somebody who never saw a ledger. All of it is taken from what the sealed entry
// commits to, nothing from the part of a receipt that is for reading.

import { blankForm } from "./blank_form.js";
import { fold, make, paragraph, row } from "./dom.js";
import { isObject, textIn } from "./json.js";
import {
  HAPPENED,
  confirmation,
  count,
  dayText,
  kindsOfData,
  listed,
  method,
  momentText,
  place,
  plain,
  purpose,
} from "./words.js";

/** The sentence that comes first. */
export function lead({ type, evidence }) {
  const who = textIn(evidence, "email") ?? "Somebody who is named by a number alone";
  const what = HAPPENED[type] ?? "is named";
  return `${who} ${what} on ${indicatedAt({ type, evidence })}.`;
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
  const { type, evidence, issued, index, size } = told;
  const site = textIn(issued, "site");
  return make(
    "dl",
    { class: "rows" },
    row("What for", "purpose", purpose(textIn(evidence, "purpose"))),
    row("By whom", "who", who(evidence)),
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
    row("Under which policy", "policy", policyOf(told)),
    row("Who is answerable", "controller", controllerOf(evidence)),
    row("What is done with the data", "processing", processingOf(evidence)),
    row("How to take it back", "withdraw", isAgreed(type) && site ? `At ${site}/preferences, at any time` : undefined),
    index === undefined
      ? undefined
      : row(
          "In the ledger",
          "place",
          paragraph(`Entry ${count(index + 1)} of ${count(size)}`),
          paragraph(textIn(evidence, "event_id") && `Event ${evidence.event_id}`, { class: "small" }),
        ),
    row("Receipt made", "issued", textIn(issued, "at") && momentText(issued.at)),
  );
}

function who(evidence) {
  const kinds = Array.isArray(evidence.data) ? evidence.data : [];
  return [
    paragraph(textIn(evidence, "email")),
    kinds.length > 0 && paragraph(`Given with it: ${kindsOfData(kinds)}`, { class: "small" }),
    paragraph(textIn(evidence, "subscriber_id") && `Person ${evidence.subscriber_id}`, { class: "small" }),
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
  const by = confirmation(type, evidence);
  const id = textIn(evidence, "confirmed", "message_id");
  return [
    paragraph(by),
    paragraph(id && `The mail’s Message-ID, by which mail servers’ logs show it: ${id}`, { class: "small" }),
  ].filter(Boolean);
}

function methodText(evidence) {
  const word = textIn(evidence, "method");
  return word && method(word).charAt(0).toUpperCase() + method(word).slice(1);
}

function formOf({ evidence, form, type, older }) {
  const where = place(evidence);
  const { required, unticked } = evidence;
  const wanted = textIn(evidence, "report") ? "get the report" : "sign up";
  const box =
    required === true ? `The box had to be ticked to ${wanted}` : "The box was free: nothing else depended on it";
  const left = Array.isArray(unticked) ? unticked.map((code) => purpose(plain(code))) : [];
  const offered = evidence.method === "form" || evidence.method === "api";
  return [
    paragraph(where && where.charAt(0).toUpperCase() + where.slice(1)),
    typeof required === "boolean" && paragraph(box),
    Array.isArray(unticked) &&
      paragraph(left.length > 0 ? `Boxes that were left unticked: ${listed(left)}` : "No other box was left unticked"),
    form !== undefined && fold("Show the blank form as it was", () => blankForm(form), { "data-unfold": "form" }),
    form === undefined &&
      offered &&
      !older &&
      isAgreed(type) &&
      paragraph("The entry does not name the form as it looked.", { class: "small" }),
  ].filter(Boolean);
}

function policyOf({ evidence, policy }) {
  const label = textIn(evidence, "policy", "label");
  if (label === undefined) return [];
  const text =
    policy === undefined
      ? paragraph("Its text did not come along.", { class: "small" })
      : fold("Show its text", () => make("pre", { class: "document", tabindex: "0" }, policy), {
          "data-unfold": "policy",
        });
  return [paragraph(`Version ${label}`), text];
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
