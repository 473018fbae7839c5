// What several receipts of one address say differently.

import { thingOf, uncheckedOf } from "./answer.js";
import { make, paragraph } from "./dom.js";
import { textIn } from "./json.js";
import { standsByItself, witnessText } from "./outside.js";
import { wholeSeconds } from "./rows.js";
import { count, listed, many, momentText, place, purpose } from "./words.js";

/** What is compared, a term and what a receipt says of it. */
const TERMS = [
  ["What it is of", ({ told }) => thingOf(told)?.[0]],
  ["Left unticked", ({ told }) => listed(uncheckedOf(told.evidence)) || "nothing is named"],
  ["In the words", ({ told }) => told.words],
  ["Form sent", ({ told }) => time(told, "requested_at")],
  ["Written down", ({ told }) => time(told, "at")],
  ["Where it was said", ({ told }) => place(told.evidence)],
  ["Blank form (fingerprint)", ({ told }) => short(textIn(told.evidence, "form"))],
  ["Version of the policy", ({ told }) => textIn(told.evidence, "policy", "label")],
  ["Text of the policy (fingerprint)", ({ told }) => short(textIn(told.evidence, "policy", "sha256"))],
  ["Who is answerable", ({ told }) => textIn(told.evidence, "controller", "name")],
  ["Number of the person", ({ told }) => textIn(told.evidence, "subscriber_id")],
  ["Place in the list", ({ told }) => `entry ${count(told.index + 1)}`],
  ["Length of the list then", ({ told }) => many(told.size, "entry", "entries")],
  ["Name of the list", ({ head }) => head?.origin],
  ["Witness", witnessText],
  ["Receipt made at", ({ told }) => time(told, "issued")],
  ["Key", ({ signer }) => signer?.fingerprint],
];

function time({ evidence, issued }, name) {
  const text = name === "issued" ? textIn(issued, "at") : textIn(evidence, name);
  return text && momentText(text);
}

function short(hash) {
  return hash && `${hash.slice(0, 12)}…`;
}

/** A part for each address of which there are several, and one for those that contradict each other. */
export function sideBySide(receipts, { bundle }) {
  const readable = receipts.filter(({ told }) => told?.ofEvent);
  const twins = readable.filter(({ twin }) => twin);
  const emails = new Set(readable.map(emailOf).filter(Boolean));
  const groups = [...emails].map((email) => readable.filter((one) => emailOf(one) === email));
  const several = groups.filter((group) => group.length > 1);
  const isShown = several.some((group) => twins.every((twin) => group.includes(twin)));
  const parts = [...several, ...(twins.length > 1 && !isShown ? [twins] : [])];
  return parts.length > 0 ? parts.map((group) => comparison(group, bundle)) : [paragraph(signersText(receipts))];
}

function emailOf({ told }) {
  return textIn(told.evidence, "email")?.toLowerCase();
}

function comparison(group, bundle) {
  const rows = TERMS.map(([term, of]) => [term, group.map((one) => of(one) ?? "not said")]);
  const isSame = ([, values]) => values.every((value) => value === values[0]);
  const other = rows.filter((row) => !isSame(row));
  const equal = rows.filter((row) => isSame(row) && row[1][0] !== "not said");
  const same = listed(equal.map(([term]) => term.charAt(0).toLowerCase() + term.slice(1)));
  const all = group.length === 2 ? "both" : "all";
  const emails = [...new Set(group.map(({ told }) => textIn(told.evidence, "email")).filter(Boolean))];
  return make(
    "section",
    { class: "compared" },
    make("h2", {}, `Side by side: what differs between the ${many(group.length, "receipt")} of ${listed(emails)}`),
    ...boxNotes(group).map((text) => paragraph(text, { "data-compared": "box" })),
    other.length > 0 ? table(group, other) : paragraph("Of what is compared here nothing differs."),
    same !== "" && paragraph(`The same in ${all}: ${same}.`, { class: "small" }),
    ...[...(haveOneSigner(group) ? [numberNote(group), sizeNote(group, bundle)] : []), signersText(group)]
      .filter(Boolean)
      .map((text) => paragraph(text)),
  );
}

function table(group, rows) {
  const names = group.map((one) => (standsByItself(one) ? one.name : `${one.name} (does not prove itself)`));
  const heads = names.map((name) => make("th", { role: "columnheader", scope: "col" }, name));
  const cell = (value, at) => make("td", { role: "cell", "data-of": names[at] }, value);
  const whole = make(
    "table",
    { role: "table" },
    make(
      "thead",
      { role: "rowgroup" },
      make("tr", { role: "row" }, make("td", { role: "cell" }), heads),
    ),
    make(
      "tbody",
      { role: "rowgroup" },
      rows.map(([term, values]) =>
        make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, term), values.map(cell)),
      ),
    ),
  );
  // Many are wider than the page: what is in a column must stay readable.
  whole.style.minWidth = `${8.5 + 6.5 * group.length}rem`;
  return make("div", { class: "across", role: "region", tabindex: "0", "aria-label": "What differs" }, whole);
}

/** A box that was left unticked, as one says, and agreed to later, as another does. */
function boxNotes(group) {
  const notes = [];
  const dated = group.filter((one) => standsByItself(one) && wholeSeconds(one.told.evidence.at) !== null);
  for (const left of dated)
    for (const taken of dated) {
      const { type, evidence } = taken.told;
      const { unticked } = left.told.evidence;
      const isLeft = Array.isArray(unticked) && unticked.includes(evidence.purpose);
      const apart = wholeSeconds(evidence.at) - wholeSeconds(left.told.evidence.at);
      const isTaken = type === "given" || type === "renewed";
      if (isLeft && isTaken && apart >= 0) notes.push(boxNote(evidence.purpose, [left, taken], apart));
    }
  return notes;
}

function boxNote(code, [left, taken], apart) {
  const at = ({ told }) => momentText(told.evidence.at);
  const said = `As “${left.name}” has it, the box for ${purpose(code)} was left unticked (${at(left)}). As “${taken.name}” has it, the same address agreed to it ${later(apart)} (${at(taken)}).`;
  // Of what contradicts each other it is said below that not all is true.
  if (left.twin || taken.twin) return said;
  return `${said} Both can be true: somebody may have come back and ticked it. Whether it was so these receipts do not show; the person can say.`;
}

function later(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "within a minute";
  if (minutes < 120) return `${many(minutes, "minute")} later`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${many(hours, "hour")} later` : `${many(Math.round(hours / 24), "day")} later`;
}

/** The program finds a person by the address, and their number goes only with the person (`subscriber`). */
function numberNote(group) {
  const numbers = new Set(group.map(({ told }) => textIn(told.evidence, "subscriber_id")).filter(Boolean));
  if (numbers.size < 2) return undefined;
  return (
    "They name one address and give it different numbers of a person. The publisher’s program gives an address one number and keeps it, whatever is agreed to or taken back, until that person is erased, or is forgotten long after their last agreement ended. " +
    "So either that happened in between, or one of the two was not written in the usual way: ask the publisher which."
  );
}

function sizeNote(group, bundle) {
  const lengths = new Set(group.map(({ told }) => told.size));
  if (lengths.size < 2 || bundle) return undefined;
  return "Receipts alone do not show whether the longer list still holds all of the shorter one. A bundle, given beside them, does.";
}

function haveOneSigner(receipts) {
  const [{ signer: first }] = receipts;
  return Boolean(first) && receipts.every(({ signer }) => signer?.key.isSame(first.key));
}

/** Who signed them says what they are worth to each other. */
function signersText(receipts) {
  const [all, each] = receipts.length === 2 ? ["The two", "both"] : ["They", "all"];
  if (!receipts.every(({ signer }) => signer)) return undefined;
  if (!haveOneSigner(receipts))
    return `${all} are signed with different keys: they say nothing of each other.`;
  if (receipts.some(({ twin }) => twin))
    return `${all} are signed with the same key, and contradict each other: at least one is false.`;
  if (!receipts.every(standsByItself))
    return "Not all of them prove themselves, so they cannot be held against each other.";
  return `${all} do not contradict each other. That confirms nothing: ${each} are signed with the same key.`;
}
