// The whole answer: the verdict, what was given says, and what of it is proved.

import { byId, make } from "./dom.js";
import { bundleAnswer, promiseAnswer, receiptAnswer } from "./events_view.js";
import { standsByItself } from "./outside.js";
import { gist, provedBy } from "./proved.js";
import { eachReceipt, inTime, verdictOnSeveral } from "./several.js";
import { sideBySide } from "./side_by_side.js";
import { showVerdict, verdictOf, verdictOn, verdictOnTwins } from "./verdict.js";

/** The answer is that of the receipt where there is one; whatever was given beside it can only spoil it. */
export function showFound(found) {
  const { receipts, bundle, promises, kept } = found;
  const all = [...receipts, bundle, ...promises].filter(Boolean);
  const bad = all.filter((one) => verdictOf(one) === "forged");
  // Whatever is damaged by itself says more than that two do not fit each other.
  const forged = bad.find(({ twin }) => !twin) ?? bad[0];
  const beside = { bundle, kept, several: !forged && all[0].kind === "promise" && all.length > 1 };
  const main = forged ?? all[0];
  if (receipts.length > 1) {
    const first = receipts.find(({ signer }) => !signer?.known) ?? receipts[0];
    showVerdict(forged?.twin ? verdictOnTwins(forged) : verdictOnSeveral(found, beside), first);
  } else {
    const main = forged ?? all[0];
    showVerdict(verdictOn(main, beside), main);
  }
  const parts = receipts.length > 1 ? ofSeveral(receipts, beside) : ofOne(all[0], promises, beside);
  byId("answer").replaceChildren(...parts.filter(Boolean));
}

/** What several receipts say, side by side and each by itself: from the oldest record to the newest. */
function ofSeveral(receipts, beside) {
  const inOrder = inTime(receipts);
  return [...sideBySide(inOrder, beside), ...inOrder.map((one) => eachReceipt(one, beside))];
}

function ofOne(main, promises, beside) {
  const stands = standsByItself(main);
  const said = main.told ?? main.tally ?? main.promise;
  const isProof = stands && main.kind !== "promise";
  const section =
    said &&
    make(
      "section",
      { class: !stands && "claimed", "aria-labelledby": "answer-title" },
      make("h2", { id: "answer-title" }, answerTitle(main, stands)),
      answerOf(main, promises),
    );
  return [isProof && gist(main, beside), section, isProof && provedBy(main, beside)];
}

/** What a receipt or a bundle says; without either, what each promise does. */
function answerOf(main, promises) {
  const answer = { receipt: receiptAnswer, bundle: bundleAnswer }[main.kind];
  return answer ? answer(main) : promises.filter(({ promise }) => promise).flatMap(promiseAnswer);
}

/** Where only the readable part was changed, what is shown is true all the same: it is taken from the sealed entry. */
function answerTitle({ kind, steps }, stands) {
  if (stands) return { receipt: "What the record says", bundle: "What the records say" }[kind] ?? "What it says";
  const onlyReadable = steps.faults.length > 0 && steps.faults.every(({ id }) => id === "readable");
  return onlyReadable ? "What its sealed entry says" : "What it claims, and does not prove";
}
