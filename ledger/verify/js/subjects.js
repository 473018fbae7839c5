// The order of each subject's events, as far as bodies show it: none left out between two others, nothing of whoever
// was erased, and no time that runs back unmentioned.

import { sameBytes } from "./bytes.js";

const GAP = "the event before it of the same signup or subscriber is missing";
const NOTHING_OF_THEIRS = "it is the first event of its subscriber, and says that something of theirs was emptied";
const LEFT_OVER = "it is about somebody who was erased, and has its body";

/** Each subject's newest event so far. */
export class Subjects {
  #newest = new Map();

  /** The next event in the order of the tree: `{ problem, runsBack }`, or nothing where all is well. */
  take(order, leaf) {
    const { subject, type, seq, previous, at, empties } = order;
    const before = this.#newest.get(subject);
    const newest = { leaf, seq, at: at ?? before?.at ?? -Infinity, erased: type === "erased" };
    this.#newest.set(subject, newest);
    if (!before) {
      const first = (seq === null || seq === 1) && previous === null;
      // What stood before an erasure stands bare.
      if (newest.erased) return { problem: seq === 1 && first && empties ? NOTHING_OF_THEIRS : undefined };
      return first ? {} : { problem: GAP };
    }
    if (before.erased !== newest.erased) return { problem: LEFT_OVER };
    return { problem: follows(before, newest, previous) ? undefined : GAP, runsBack: newest.at < before.at - 1 };
  }
}

function follows(before, newest, previous) {
  if (newest.seq === null) return before.seq === null;
  if (previous === null) return false;
  return sameBytes(previous, before.leaf) && (before.seq === null || before.seq + 1 === newest.seq);
}
