// What comes first: whether all that was checked agrees, and who vouches for it.

import { thingOf } from "./answer.js";
import { byId, make, paragraph } from "./dom.js";
import { confirmations, keptInPart } from "./confirmed.js";
import { heldWords } from "./held.js";
import { strangersText } from "./head.js";
import { QUESTION, afterwards, firstOf, standsByItself } from "./outside.js";
import { signerText } from "./signer_name.js";
import { many, moment, sentence } from "./words.js";

/**
 * The verdict on what was found: `sound`, `forged` where something does not agree, or `in-part` where all agrees that
 * could be compared, and not all could be.
 */
export function verdictOf({ steps, uncompared }) {
  if (steps.faults.length > 0) return "forged";
  return uncompared ? "in-part" : "sound";
}

/** Shows nothing, for nothing was given. */
export function showNothing() {
  show("none", "none", "", "", []);
}

/** Shows that a check is under way. */
export function showChecking() {
  show("none", "checking", "", "Checking …", []);
}

/**
 * What comes first of one thing, or of several promises that agree: `{ look, verdict, mark, title, said, confirmed }`.
 * `beside` has what was given with it: a `bundle`, a head that was `kept`, and whether there are `several` promises.
 */
export function verdictOn(found, beside) {
  const verdict = verdictOf(found);
  const part = { forged, "in-part": inPart, sound }[verdict](found, beside);
  const said = [thingPart(found), ...part.said, afterwardsPart(found, beside)].filter(Boolean);
  return { verdict, confirmed: "nobody", ...part, said };
}

/** The same where two contradict each other: it is said of both, and so nothing of what one of them is of. */
export function verdictOnTwins(found) {
  return { verdict: "forged", ...forged(found) };
}

/** What a receipt is of; where it does not agree with itself, that is no more than a claim. */
function thingPart(found) {
  const thing = found.told && thingOf(found.told);
  if (!thing) return undefined;
  const [what, left] = thing;
  const strong = make("strong", {}, standsByItself(found) ? what : `It claims: ${what}`);
  return make("p", { class: "thing", "data-say": "thing" }, strong, left && make("span", {}, left));
}

function afterwardsPart(found, beside) {
  if (found.kind !== "receipt") return undefined;
  return make(
    "p",
    { class: "afterwards", "data-say": "afterwards" },
    make("strong", {}, QUESTION),
    ` ${afterwards(found, beside)}`,
  );
}

/** Says it of all that was given. `of`: the kind of it, and who signed it. */
export function showVerdict({ look, verdict, mark, title, said, confirmed }, of) {
  show(look, verdict, mark, title, said, of, confirmed);
}

/** The same of one receipt among several, as a part of the answer. */
export function verdictCard({ look, verdict, mark, title, said }) {
  return make(
    "div",
    { class: `verdict ${look}`, "data-verdict-of-one": verdict },
    make("span", { class: "mark" }, mark),
    make("h3", {}, title),
    said,
  );
}

function forged(found) {
  const { faults } = found.steps;
  const { mark, title, said } = refusal(
    found,
    faults.map(({ id }) => id),
  );
  return { look: "bad", mark, title, said: [make("p", {}, said), faultList(faults)], confirmed: "" };
}

/** What does not agree. */
export function faultList(faults) {
  return make(
    "ul",
    {},
    faults.map(({ id, fault }) => make("li", { "data-fault": id }, `${sentence(fault)}.`)),
  );
}

/** What a check of each kind can never show, and what only somebody outside can add. */
const SHOWS = {
  receipt: [
    "It shows what the publisher recorded. It does not show that the person did it",
    ", nor that the publisher shows everyone the same record",
  ],
  bundle: [
    "It shows what the publisher recorded. It does not show that the people in it did it",
    ", nor that the publisher shows everyone the same records",
  ],
  promise: [
    "It shows that the publisher promised a record. It does not show what the record says, nor that there is one",
    "",
  ],
};

const ENTERED = "signed with the key you entered; make sure it came from the publisher";

/** Signed with a key that is known, and by nobody else, says what the publisher says. */
function sound(found, beside) {
  const { kind, signer } = found;
  const [shows, alone] = SHOWS[kind];
  if (!signer.known) return unknown(found, beside);
  const by = confirmations(found, beside);
  if (by.length > 0) {
    const said = [
      make("p", {}, make("strong", {}, `${shows}.`)),
      // Of a receipt the question behind it says so.
      ...(kind === "receipt" ? [] : by.map(({ text }) => paragraph(text))),
      emptiedSince(found),
    ];
    return { look: "good", ...confirmedTitle(found, by), said, confirmed: "others" };
  }
  const said = [
    make("p", {}, make("strong", {}, `${shows}${alone}.`)),
    // Behind a promise nothing else says whose key it is.
    kind === "promise" && paragraph(`It is ${ENTERED}.`),
    paragraph(keptInPart(found, beside)),
    emptiedSince(found),
    // Of a receipt, again, the question says so.
    kind === "receipt" ? undefined : paragraph(strangersText(found.head)),
  ];
  return { look: "fair", ...aloneTitle(found, beside), said };
}

function confirmedTitle({ kind }, by) {
  const witness = by.find(({ signed }) => signed);
  if (!witness)
    return { mark: "✓ Signed, and as you kept it", title: "Signed by the publisher, and it agrees with what you kept" };
  const it = kind === "receipt" ? "in the list" : "there";
  const when = moment(firstOf(witness.signed));
  return { mark: "✓ Signed, and witnessed", title: `Signed by the publisher, and ${it} by ${when}, as a witness says` };
}

function aloneTitle({ kind, strangers = [] }, { several }) {
  const promised = `Signed by the publisher: ${several ? "promises" : "a promise"}, and no more`;
  if (kind === "promise") return { mark: "Signed, not confirmed", title: promised };
  if (strangers.length === 0)
    return { mark: "Signed, not confirmed", title: "Signed by the publisher. Nobody else has confirmed it." };
  return {
    mark: "Signed, witness not checked",
    title: "Signed by the publisher. It carries a witness’s signature, not checked yet.",
  };
}

function unknown(found, { several }) {
  const what = several ? "these promises" : `this ${found.kind}`;
  const said = [
    paragraph(
      `Nothing in ${what} contradicts anything else in ${several ? "them" : "it"}. But the key that signed it came along with it, and anybody can make up both. ` +
        `Ask ${signerText(found)} for their key, by a way you trust, and enter it as the ledger’s public key.`,
    ),
    paragraph("If it is the same key, it was then signed by them; whether it is true is another question."),
    fingerprintOf(found),
  ];
  return { look: "fair", mark: "! Not known who signed it", title: "The signer is not known", said };
}

/** A receipt of the older form: what nothing in it commits to is named. */
function inPart(found) {
  const { known } = found.signer;
  const name = signerText(found);
  const whose = known
    ? `It is ${ENTERED}.`
    : `The key that signed it came along with it, and anybody can make up both: ask ${name} for their key, by a way you trust, and enter it as the ledger’s public key.`;
  const said = [
    make("p", {}, `Nothing that could be compared disagrees. ${whose} ${SHOWS.receipt.join("")}.`),
    emptiedSince(found),
    !known && fingerprintOf(found),
    make("p", {}, "It is of an older form, in which these stand on nothing but the word of whoever signed it:"),
    make(
      "ul",
      {},
      found.uncompared.map(([id, words]) => make("li", { "data-uncompared": id }, `${sentence(words)}.`)),
    ),
    make("p", {}, `Ask ${name} for a new receipt of the same event: of that, all is compared.`),
  ];
  return { look: "fair", mark: "! Compared in part", title: "Not all of this receipt can be compared", said };
}

function emptiedSince(found) {
  return found.held?.bare ? paragraph(heldWords(found)) : undefined;
}

function fingerprintOf({ signer }) {
  return make(
    "p",
    { class: "small" },
    "Or compare this fingerprint with the one they tell you: ",
    make("code", {}, signer.fingerprint),
  );
}

/** What is said where steps of these ids fail. */
function refusal({ kind: thing, twin, signer }, ids) {
  const only = (...of) => ids.every((id) => of.includes(id));
  if (twin && only("consistency", "witnesses"))
    return {
      mark: "✗ Two different records",
      title: `${signer.known ? "The publisher’s key" : "One key"} signed two different records${twin === "list" ? "" : ` for the same ${twin}`}`,
      said: "At least one is false. This check cannot say which: keep both.",
    };
  if (only("kept"))
    return {
      mark: "✗ Not kept",
      title: "This promise was not kept",
      said: "Its signature agrees, and what you gave beside it does not hold what it promises:",
    };
  if (only("witnesses"))
    return {
      mark: "✗ Witness missing",
      title: `This ${thing} lacks the signature of a witness whose key you entered`,
      said: `It is whole, and ${signedBy(signer)}. What is missing is a witness:`,
    };
  if (only("consistency", "witnesses"))
    return {
      mark: "✗ Does not fit",
      title: `This ${thing} does not fit what you gave beside it`,
      said: `By itself it is whole, and ${signedBy(signer)}. What does not fit:`,
    };
  const fails = `${many(ids.length, "check")} of it ${ids.length === 1 ? "fails" : "fail"}:`;
  const why = only("key", "head")
    ? "It is not by whoever has the key that it should be signed with."
    : "It was changed, or made up.";
  return { mark: "✗ Does not agree", title: `Do not rely on this ${thing}`, said: `${why} ${fails}` };
}

function signedBy({ known }) {
  return known ? "signed with the publisher’s key that you entered" : "signed with the key that came along with it";
}

/** Shows that there is nothing that could be checked. */
export function showUnreadable(why) {
  show("bad", "unreadable", "✗ Not readable", "This cannot be checked", [make("p", {}, `${sentence(why)}.`)]);
}

function show(look, verdict, mark, title, said, found, confirmed = "") {
  const output = byId("verdict");
  output.className = `verdict ${look}`;
  output.replaceChildren(
    ...(mark ? [make("span", { class: "mark" }, mark)] : []),
    ...(title ? [make("h2", { id: "verdict-title" }, title)] : []),
    ...said,
  );
  output.dataset.verdict = verdict;
  output.dataset.kind = found?.kind ?? "";
  output.dataset.key = found?.signer ? (found.signer.known ? "known" : "came-along") : "";
  output.dataset.confirmed = confirmed;
  document.title = title ? `${title.replace(/\.$/, "")} · Check a consent receipt` : "Check a consent receipt";
}
