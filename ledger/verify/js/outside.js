// What others than the publisher say of a receipt: who signed it as a witness, and until when it can have been made up.

import { confirmations } from "./confirmed.js";
import { uncheckedText } from "./head.js";
import { listed, moment } from "./words.js";

/** Steps that may fail though the thing by itself is whole and signed: what was held against it does not fit. */
const OUTSIDE = ["consistency", "witnesses", "time"];

/** Whether a thing is whole and signed, whatever else it does not fit. */
export function standsByItself({ signer, steps }) {
  return Boolean(signer) && steps.faults.every(({ id }) => OUTSIDE.includes(id));
}

export const QUESTION = "Could the publisher have made this up afterwards?";

/** The answer to that, of a receipt. `beside`: a `bundle`, and the head that the visitor `kept`. */
export function afterwards(found, beside) {
  const { signer } = found;
  if (!signer) return "Anybody could have: it is not signed with the key that it should be signed with.";
  if (!standsByItself(found))
    return "There is no telling: it does not agree with itself, so somebody changed it or made it up.";
  const answer = knownBy(found, beside) ?? unchecked(found) ?? `Yes, at any time: ${never(found)}`;
  return signer.known ? answer : `${answer} Whose it is, is another question: until you give the publisher’s key, it may be anybody’s.`;
}

/** By when it was there, as somebody else says. */
function knownBy(found, beside) {
  const { witnessed = [] } = found;
  if (witnessed.length > 0) return `Not after ${bySigned(witnessed)}`;
  const by = confirmations(found, beside);
  const witness = by.find(({ signed }) => signed);
  if (witness) return `Not after ${bySigned(witness.signed)}`;
  const kept = by.find((one) => one.by === "kept");
  return kept && `Not after the head that you kept was made. ${kept.text}`;
}

function bySigned(signed) {
  const names = listed(signed.map(({ name }) => name));
  const sees = signed.length === 1 ? "A witness sees" : "Witnesses see";
  return `${moment(firstOf(signed))}: by then it was in the list, for ${names} signed that; before that, they could have. ${sees} that the list has one history, not what its entries say.`;
}

/** When the first of those signed. */
export function firstOf(signed) {
  return Math.min(...signed.map(({ seconds }) => seconds));
}

function unchecked({ strangers = [] }) {
  const text = uncheckedText(strangers);
  return text && `Not known yet. ${text}`;
}

function never({ missing = [] }) {
  const lacks =
    missing.length > 0
      ? `it carries no signature of ${listed(missing)}, whose ${missing.length === 1 ? "key" : "keys"} you entered`
      : "it carries no witness’s signature";
  return `${lacks}. If it is only minutes old, ask the publisher for it again later, when the witness has signed. That will show only that it was there by then: hold that time against what is disputed. If no signature comes, nobody but the publisher vouches for it.`;
}

/** In a few words, for a table. */
export function witnessText({ witnessed = [], strangers = [], missing = [] }) {
  const said = [
    ...witnessed.map(({ name, seconds }) => `${name} signed, ${moment(seconds)}`),
    ...missing.map((name) => `${name} did not sign`),
    ...strangers.map((name) => `in the name of ${name}, not checked`),
  ];
  return said.length > 0 ? said.join("; ") : "none";
}
