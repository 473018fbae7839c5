// What comes first: whether all that was checked agrees.

import { byId, make } from "./dom.js";
import { isSeenOutside } from "./outside.js";
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

/** Shows what was found: of one thing, or of `several` promises that agree. */
export function showVerdict(found, several) {
  const verdict = verdictOf(found);
  switch (verdict) {
    case "forged":
      return showForged(found);
    case "in-part":
      return showInPart(found, found.signer.key.name);
    case "sound":
      return showSound(found, several);
    default:
      throw new Error(`no words for the verdict ${verdict}`);
  }
}

function showForged(found) {
  const { faults } = found.steps;
  const { mark, title, said } = refusal(
    found.kind,
    faults.map(({ id }) => id),
  );
  const list = make(
    "ul",
    {},
    faults.map(({ id, fault }) => make("li", { "data-fault": id }, `${sentence(fault)}.`)),
  );
  show("bad", "forged", mark, title, [make("p", {}, said), list], found);
}

/** Genuine where the key is known and, of a receipt, others see its ledger; else one thing is open. */
function showSound(found, several) {
  const { name } = found.signer.key;
  if (found.signer.known && found.kind === "receipt" && !isSeenOutside(found)) {
    const said =
      `All that was checked agrees: it stands under a head that the key of ${name} signed, which you know. ` +
      `That others see the same ledger is not shown by that: only a witness, a head that somebody kept, or a bundle shows it.`;
    const title = `This receipt is signed by ${name}, and shown by nobody else yet`;
    return show("fair", "sound", "✓ Signed", title, [make("p", {}, said)], found);
  }
  if (found.signer.known) {
    const said = `All that was checked agrees, and it is signed with the key of ${name}, which you know.`;
    const emptied = found.held?.bare ? ", and its entry was emptied since" : "";
    const title = several ? "These promises are genuine" : `This ${found.kind} is genuine${emptied}`;
    return show("good", "sound", "✓ Genuine", title, [make("p", {}, said)], found);
  }
  const said =
    `All that was checked agrees. But the key that signed it came along with it, and anybody could have made up both. ` +
    `It is genuine if this is the key of ${name}: ask them for theirs, and give it as the ledger’s public key.`;
  const title = `Nothing in ${several ? "these promises" : `this ${found.kind}`} disagrees, but you don’t know yet who signed it`;
  return show("fair", "sound", "! One thing is open", title, [make("p", {}, said), fingerprintOf(found)], found);
}

/** A receipt of the older form: what nothing in it commits to is named, and never called genuine. */
function showInPart(found, name) {
  const { known } = found.signer;
  const whose = known
    ? `It is signed with the key of ${name}, which you know.`
    : `The key that signed it came along with it: it counts if it is the key of ${name}. Ask them for theirs, and give it as the ledger’s public key.`;
  const said = [
    make(
      "p",
      {},
      `All agrees that could be compared, and ${isSeenOutside(found) ? "the ledger held it" : "it stands under a head that its key signed, which others need not see"}. ${whose}`,
    ),
    !known && fingerprintOf(found),
    make("p", {}, "But it is of an older form, in which these stand on nothing but the word of whoever signed it:"),
    make(
      "ul",
      {},
      found.uncompared.map(([id, words]) => make("li", { "data-uncompared": id }, `${sentence(words)}.`)),
    ),
    make("p", {}, `Ask ${name} for a new receipt of the same event: of that, all is compared.`),
  ];
  return show("fair", "in-part", "! Compared in part", "Not all of this receipt can be compared", said.filter(Boolean), found);
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
function refusal(thing, ids) {
  const only = (...of) => ids.every((id) => of.includes(id));
  if (only("kept"))
    return {
      mark: "✗ Not kept",
      title: "This promise was not kept",
      said: "It is genuine, and what you gave beside it does not hold what it promises:",
    };
  if (only("witnesses"))
    return { mark: "✗ Not witnessed", title: `This ${thing} is not witnessed as you asked`, said: "All else agrees." };
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

function show(look, verdict, mark, title, said, found) {
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
  document.title = title ? `${title} · Check a consent receipt` : "Check a consent receipt";
}
