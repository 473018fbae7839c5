// What of an answer is proved, by whom, and what is only the operator's word.

import { make, paragraph } from "./dom.js";
import { strangersText } from "./head.js";
import { textIn } from "./json.js";
import { confirmations } from "./confirmed.js";
import { heldWords } from "./held.js";
import { firstOf } from "./outside.js";
import { signerText, trialText } from "./signer_name.js";
import { confirmation, count, listed, many, moment, sentence } from "./words.js";

/** Three lines that say what of an answer is proved, before it. */
export function gist(found, beside) {
  const { known } = found.signer;
  const by = known ? confirmations(found, beside) : [];
  const person = found.kind === "receipt" ? "the person did this" : "the people in it did this";
  const lines = [
    known
      ? [
          "ok",
          "Proved:",
          `it is signed with the key you entered, that of ${signerText(found)}. Make sure it came from the publisher.`,
        ]
      : ["open", "Not proved:", `who signed it. The key says that it is that of ${signerText(found)}.`],
    [
      "ok",
      "Proved:",
      `nobody without ${keyText({ known })} has changed it since it was signed.`,
    ],
    [
      "open",
      "Not proved:",
      `that ${person}${by.length > 0 ? "" : ", nor that others are shown the same"}. That is the publisher’s word: whoever has the key can write down what nobody did.`,
    ],
  ];
  const signs = { ok: "✓", open: "–" };
  return make(
    "div",
    { class: "gist" },
    make(
      "ul",
      { "aria-label": "What of this is proved", "data-say": "gist" },
      lines.map(([state, word, text]) =>
        make(
          "li",
          { "data-state": state },
          make("span", { class: "sign", "aria-hidden": "true" }, signs[state]),
          make("span", {}, make("strong", {}, word), ` ${text}`),
        ),
      ),
    ),
    paragraph(trialText(found), { class: "notice" }),
  );
}

/** Three lists: what cannot have been altered, who signed, and what is not proved. `heading`: of which rank it is. */
export function provedBy(found, beside, heading = "h2") {
  const { kind } = found;
  const sure = kind === "receipt" ? receiptProved(found) : bundleProved(found);
  return make(
    "section",
    {},
    make(heading, {}, "What of this is proved, and what is not"),
    make(
      "div",
      { class: "proved" },
      box(
        "sure",
        `What cannot have been altered since ${found.signer.known ? "the publisher signed" : "it was signed"}`,
        [...sure, timeText(found)],
      ),
      box("key", "Who signed", byWhom(found, beside)),
      box("word", "Only the publisher’s word", kind === "receipt" ? receiptWord(found) : bundleWord(found)),
    ),
  );
}

/** By when it was there, as witnesses say whose signatures were checked. */
function timeText({ kind, witnessed = [] }) {
  if (witnessed.length === 0) return undefined;
  return `${kind === "receipt" ? "This record" : "All of it"} was in the list by ${moment(firstOf(witnessed))}: ${listed(witnessed.map(({ name }) => name))} signed the list then.`;
}

function box(name, title, sentences) {
  const items = sentences.filter(Boolean).map((text) => make("li", {}, text));
  return make("div", { class: `proof ${name}`, "data-proof": name }, make("h3", {}, title), make("ul", {}, items));
}

const SECOND =
  "The publisher could make a second list with other content; only someone who kept an earlier receipt or head, or a witness, would notice.";

/** What it takes to change it. */
function keyText({ known }) {
  return known ? "the publisher’s key" : "the key that signed it";
}

function receiptProved(found) {
  const { told, signer } = found;
  const { words, policy, form } = told;
  const shown = [
    words && "the words",
    policy && "the policy",
    form && "the form",
    "the times",
    "all else above",
  ].filter(Boolean);
  const whole = told.older ? "The words, the times and all else above" : `${listed(shown).replace(/^t/, "T")}`;
  return [
    `${whole} are what was put under seal. Nobody without ${keyText(signer)} has changed them since.`,
    `The list that the publisher signed has this as entry ${count(told.index + 1)} of ${count(told.size)}. ${SECOND}`,
    heldWords(found),
  ];
}

function bundleProved({ tally, partial, note, signer }) {
  if (partial)
    return [
      `Each of these ${many(tally.events, "event")} is in the ledger “${note.origin}”, as the publisher signed it, and none is missing between them.`,
      SECOND,
    ];
  return [
    `These are all ${many(note.size, "entry", "entries")} under the head of “${note.origin}”: nobody without ${keyText(signer)} has changed, added, left out or moved one since it was signed.`,
    SECOND,
    "Whatever stands empty was emptied by an erasure, a purge or an adoption that the ledger names.",
  ];
}

function byWhom(found, beside) {
  const { signer, head } = found;
  const by = confirmations(found, beside);
  return [
    signer.known
      ? `The key you entered, that of ${signerText(found)}.`
      : `A key in the name of ${signerText(found)}, which came along. That it is theirs is not proved: compare its fingerprint with what they say.`,
    ...by.map(({ text }) => text),
    by.length === 0 && "Nobody else whose signature was checked: whoever has the key could show others another list.",
    found.witnessed?.length > 0 ? undefined : strangersText(head),
  ];
}

function receiptWord(found) {
  const { told } = found;
  const { type, evidence } = told;
  const agreed = type === "given" || type === "renewed";
  const imported = evidence.method === "import";
  const byForm = ["form", "api"].includes(evidence.method) && (agreed || type === "requested");
  return [
    byForm && "That the person ticked the box, and that it was this person.",
    byForm && shownText(told),
    byForm && evidence.required === false && "That the box could be left unticked.",
    type === "withdrawn" && evidence.method !== "program" && "That it was this person who took it back.",
    evidence.method === "staff" && "That the person told the publisher’s staff so.",
    imported && "That and when it was agreed to elsewhere, and in these words.",
    pressedText(type, evidence),
    type === "withdrawn" &&
      evidence.method === "program" &&
      "That its time was over, or that a mail was reported as unwanted.",
    TIMES,
    stampWord(found),
    agreed &&
      "That it is in force today: if it was taken back later, another entry of the list says so, as long as the publisher has not erased what that said. Ask for a receipt of today, or for a bundle.",
    evidence.processing !== undefined && "That the data is kept and passed on as stated.",
    ...(found.uncompared ?? []).map(([, words]) => `${sentence(words)}.`),
  ];
}

function shownText({ policy, form, words }) {
  const shown = [words && "these words", form && "this form", policy && "this policy"].filter(Boolean);
  return shown.length > 0 && `That ${listed(shown)} ${shown.length === 1 && !words ? "was" : "were"} shown.`;
}

/** Who saw how it was confirmed; of an older entry it is not known which of the two it was. */
function pressedText(type, evidence) {
  if (confirmation(type, evidence) === undefined) return undefined;
  const seen = { link: "the button pressed", code: "the code typed" };
  const what = seen[textIn(evidence, "confirmed", "by")] ?? "the button pressed or the code typed";
  return `That the mail reached that address, and who had the mailbox open: nobody but the publisher’s program saw ${what}.`;
}

function bundleWord(found) {
  const { tally, partial, note } = found;
  const adopted = partial ? 0 : tally.naming.adoptedOf(note.size);
  return [
    adopted > 0 &&
      (adopted === note.size
        ? "All of it: it was there before rows were authenticated."
        : `What stands before index ${count(adopted)}: it was adopted as it was found.`),
    partial &&
      "That the newest event is among these: a signed word says so, and only a newer head shows what came after.",
    "That each person named in it ticked, pressed or typed what it says, and was shown these words, forms and policies.",
    TIMES,
    stampWord(found),
    tally.warnings.length > 0 &&
      `What is strange and may have its reason: ${tally.warnings[0]}${tally.warnings.length > 1 ? `, and ${count(tally.warnings.length - 1)} more` : ""}.`,
    tally.bare > 0 && "That what was emptied was emptied for a reason, such as that somebody asked to be erased.",
  ];
}

const TIMES = "That the times it names are true: they are those of the publisher’s clock.";

/** Of time stamps nobody knows yet who signed them. */
function stampWord({ stamped = [] }) {
  if (stamped.length === 0) return undefined;
  const said = stamped.length === 1 ? "The time that a time stamp says" : "The times that time stamps say";
  return `${said}, until OpenSSL was asked who signed ${stamped.length === 1 ? "it" : "them"}.`;
}
