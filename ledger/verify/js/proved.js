// What of an answer is proved, by whom, and what is only the operator's word.

import { make } from "./dom.js";
import { isSeenOutside } from "./outside.js";
import { confirmation, count, listed, many, moment, sentence } from "./words.js";

/** Three lists: proved, by whom, and not proved. */
export function provedBy(found) {
  const { kind } = found;
  const sure = kind === "receipt" ? receiptProved(found) : bundleProved(found);
  return make(
    "section",
    { "aria-labelledby": "proved-title" },
    make("h2", { id: "proved-title" }, "What of this is proved, and by whom"),
    make(
      "div",
      { class: "proved" },
      box("sure", isSeenOutside(found) ? "Proved to everybody" : "Proved, under a head that this key signed", sure),
      box("key", "By whom", byWhom(found)),
      box("word", "Only the publisher’s word", kind === "receipt" ? receiptWord(found) : bundleWord(found)),
    ),
  );
}

function box(name, title, sentences) {
  const items = sentences.filter(Boolean).map((text) => make("li", {}, text));
  return make("div", { class: `proof ${name}`, "data-proof": name }, make("h3", {}, title), make("ul", {}, items));
}

function receiptProved(found) {
  const { told } = found;
  const { words, policy, form } = told;
  const place = `entry ${count(told.index + 1)} of ${count(told.size)}`;
  const shown = [
    words && "the words",
    policy && "the policy",
    form && "the form",
    "the times",
    "all else above",
  ].filter(Boolean);
  const whole = told.older ? "The words, the times and all else above" : `${listed(shown).replace(/^t/, "T")}`;
  return [
    `${whole} are what was put under seal. Not a letter was changed since.`,
    isSeenOutside(found)
      ? `The ledger held this as ${place} when its head was signed. It can’t be taken out or changed without that head showing it.`
      : `It stands as ${place} under a head that the key signed. That others see the same ledger, only a witness, a head that somebody kept, or a bundle shows.`,
    heldWords(found),
  ];
}

/** What a bundle that was given with it has of the entry. */
function heldWords({ held }) {
  if (!held) return undefined;
  const at = `at index ${count(held.index)}`;
  return held.bare
    ? `The bundle has the leaf of this entry still, ${at}, and it was emptied since: the receipt shows what it was, and the ledger itself no longer.`
    : `The bundle has this entry still, ${at}.`;
}

function bundleProved({ tally, partial, note }) {
  if (partial)
    return [
      `Each of these ${many(tally.events, "event")} is in the ledger “${note.origin}”, unchanged, and none is missing between them.`,
    ];
  return [
    `These are all ${many(note.size, "entry", "entries")} under the head of “${note.origin}”: none was changed, added, left out or moved since it was signed.`,
    "Whatever stands empty was emptied by an erasure, a purge or an adoption that the ledger names.",
  ];
}

function byWhom(found) {
  const { signer, head, witnessed = [], steps } = found;
  const { key, known, fingerprint } = signer;
  const agrees = steps.state("consistency") === "ok";
  return [
    known
      ? `Signed with the key of ${key.name}, which you know from elsewhere.`
      : `Signed with a key in the name of ${key.name}, which came along. That it is theirs is not proved: compare its fingerprint with what they say. ${fingerprint}`,
    agrees && !found.held && "An earlier head says the same of the past.",
    agrees && found.held && "The bundle holds this entry: whoever keeps a head of it can show that others see the same ledger.",
    ...witnessed.map(({ name, seconds }) => `Witnessed by ${name}, who knew this head on ${moment(seconds)}.`),
    witnessed.length === 0 &&
      !agrees &&
      head &&
      "Nobody outside was asked: whoever holds the key could show others another ledger.",
  ];
}

function receiptWord(found) {
  const { told } = found;
  const { type, evidence } = told;
  const agreed = type === "given" || type === "renewed";
  const pressed = confirmation(type, evidence) !== undefined;
  const imported = evidence.method === "import";
  return [
    imported && "That and when it was agreed to elsewhere, and in these words.",
    pressed &&
      "That the mail reached that address, and who had the mailbox open: nobody but the publisher’s program saw the press or the code.",
    type === "withdrawn" &&
      evidence.method === "program" &&
      "That its time was over, or that a mail was reported as unwanted.",
    lateness(found),
    stampWord(found),
    agreed &&
      "That it is in force today: if it was taken back later, another entry says so, unless that was emptied. Ask for a receipt of today, or for a bundle.",
    evidence.processing !== undefined && "That the data is kept and passed on as stated.",
    ...(found.uncompared ?? []).map(([, words]) => `${sentence(words)}.`),
  ];
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
    "That each press and each code was made by whom it names.",
    lateness(found),
    stampWord(found),
    tally.warnings.length > 0 &&
      `What is strange and may have its reason: ${tally.warnings[0]}${tally.warnings.length > 1 ? `, and ${count(tally.warnings.length - 1)} more` : ""}.`,
    tally.bare > 0 && "That what was emptied was emptied for a reason, such as that somebody asked to be erased.",
  ];
}

/** What is known of when, from others than the operator: witnesses alone, whose signatures were checked. */
function lateness({ witnessed = [] }) {
  if (witnessed.length === 0) return "The times: they are those of the publisher’s clock.";
  const first = Math.min(...witnessed.map(({ seconds }) => seconds));
  return `The times are those of the publisher’s clock. That all of it was there by ${moment(first)} is said by the witnesses that you named.`;
}

/** Of time stamps nobody knows yet who signed them. */
function stampWord({ stamped = [] }) {
  if (stamped.length === 0) return undefined;
  const said = stamped.length === 1 ? "The time that a time stamp says" : "The times that time stamps say";
  return `${said}, until OpenSSL was asked who signed ${stamped.length === 1 ? "it" : "them"}.`;
}
