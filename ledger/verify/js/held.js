// Whether a bundle that was given with a receipt has its entry still, and what of it.

import { base64 } from "./bytes.js";
import { leafHash } from "./tree.js";
import { count, moment } from "./words.js";

/** Says of a receipt what a sound bundle has of its entry: `held`, `{ index, bare }`. A part may be without it. */
export async function tellHeld(receipt, { tally, steps }) {
  const place = receipt.told && tally.leaves.get(receipt.told.leaf);
  if (!place || place.index !== receipt.told.index || steps.faults.length > 0) return;
  receipt.held = { index: place.index, bare: place.bare };
  const at = `at index ${count(place.index)}`;
  if (receipt.steps.state("consistency") === "failed") return;
  if (!place.bare) return receipt.steps.ok("consistency", `The bundle that you gave has this entry still, ${at}.`);
  const emptied = tally.emptiedAt(place.index, base64(await leafHash(receipt.told.leaf)));
  const when = emptied === undefined ? "" : ` (${moment(emptied)})`;
  receipt.steps.ok(
    "consistency",
    `The bundle that you gave has the leaf of this entry still, ${at}, and it was emptied since${when}: that it was this the receipt shows, and the ledger itself no longer.`,
  );
}

/** What a bundle that was given with it has of the entry. */
export function heldWords({ held }) {
  if (!held) return undefined;
  const at = `at index ${count(held.index)}`;
  return held.bare
    ? `The bundle has the leaf of this entry still, ${at}, and it was emptied since: the receipt shows what it was, and the ledger itself no longer.`
    : `The bundle has this entry still, ${at}.`;
}
