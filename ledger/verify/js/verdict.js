// What comes first: whether all that was checked agrees, and who vouches for it.

import { byId, make, paragraph } from "./dom.js";
import { confirmations, keptInPart } from "./confirmed.js";
import { heldWords } from "./held.js";
import { strangersText } from "./head.js";
import { signerText } from "./signer_name.js";
import { many, sentence } from "./words.js";

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
 * Shows what was found: of one thing, or of several promises that agree. `beside` has what was given with it: a
 * `bundle`, a head that was `kept`, whether there are `several` promises, and whether it must be `named`.
 */
export function showVerdict(found, beside) {
  const verdict = verdictOf(found);
  switch (verdict) {
    case "forged":
      return showForged(found, beside);
    case "in-part":
      return showInPart(found);
    case "sound":
      return showSound(found, beside);
    default:
      throw new Error(`no words for the verdict ${verdict}`);
  }
}

function showForged(found, { named }) {
  const { faults } = found.steps;
  const { mark, title, said } = refusal(
    found,
    faults.map(({ id }) => id),
  );
  const list = make(
    "ul",
    {},
    faults.map(({ id, fault }) => make("li", { "data-fault": id }, `${sentence(fault)}.`)),
  );
  const which = named && !found.twin && make("p", {}, `This is said of ${named}.`);
  show("bad", "forged", mark, title, [make("p", {}, said), list, which].filter(Boolean), found);
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
function showSound(found, beside) {
  const { kind, signer } = found;
  const [shows, alone] = SHOWS[kind];
  if (!signer.known) return showUnknown(found, beside);
  const by = confirmations(found, beside);
  if (by.length > 0) {
    const title = by.some((one) => one.by === "witness")
      ? "Signed by the publisher, and confirmed by a witness"
      : "Signed by the publisher, and it agrees with what you kept";
    const said = [
      make("p", {}, make("strong", {}, `${shows}.`)),
      ...by.map(({ text }) => paragraph(text)),
      emptiedSince(found),
    ].filter(Boolean);
    return show("good", "sound", "✓ Confirmed from outside", title, said, found, "others");
  }
  const title = beside.several
    ? "Signed by the publisher: promises, and no more"
    : kind === "promise"
      ? "Signed by the publisher: a promise, and no more"
      : "Signed by the publisher. Nobody else has confirmed it.";
  const said = [
    make("p", {}, make("strong", {}, `${shows}${alone}.`)),
    // Behind a promise nothing else says whose key it is.
    kind === "promise" && paragraph(`It is ${ENTERED}.`),
    paragraph(keptInPart(found, beside)),
    emptiedSince(found),
    paragraph(strangersText(found.head)),
  ];
  return show("fair", "sound", "Signed, not confirmed", title, said.filter(Boolean), found, "nobody");
}

function showUnknown(found, { several }) {
  const what = several ? "these promises" : `this ${found.kind}`;
  const said = [
    paragraph(
      `Nothing in ${what} contradicts anything else in ${several ? "them" : "it"}. But the key that signed it came along with it, and anybody can make up both. ` +
        `Ask ${signerText(found)} for their key, by a way you trust, and enter it as the ledger’s public key.`,
    ),
    paragraph("If it is the same key, it was then signed by them; whether it is true is another question."),
    fingerprintOf(found),
  ];
  show("fair", "sound", "! Not known who signed it", "The signer is not known", said, found, "nobody");
}

/** A receipt of the older form: what nothing in it commits to is named. */
function showInPart(found) {
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
  return show(
    "fair",
    "in-part",
    "! Compared in part",
    "Not all of this receipt can be compared",
    said.filter(Boolean),
    found,
    "nobody",
  );
}

function emptiedSince(found) {
  return found.held?.bare ? paragraph(heldWords(found)) : undefined;
}

function fingerprintOf({ signer }) {
  return make(
    "p",
    { class: "small" },
    "Or compare this fingerprint with the one they tell you: ",
    make("code", { id: "fingerprint" }, signer.fingerprint),
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
    return { mark: "✗ Not witnessed", title: `This ${thing} is not witnessed as you asked`, said: "All else agrees." };
  if (only("consistency"))
    return {
      mark: "✗ Does not fit",
      title: `This ${thing} does not fit what you gave beside it`,
      said: "All else agrees.",
    };
  const fails = `${many(ids.length, "check")} of it ${ids.length === 1 ? "fails" : "fail"}:`;
  const why = only("key", "head")
    ? "It is not by whoever has the key that it should be signed with."
    : "It was changed, or made up.";
  return { mark: "✗ Does not agree", title: `Do not rely on this ${thing}`, said: `${why} ${fails}` };
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
