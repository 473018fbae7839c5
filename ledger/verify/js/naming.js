// A leaf that stands without body and salt is believed only if another leaf says that it was emptied: an erasure, a
// purge, or the adoption of what was there before.

import { base64, fromHash } from "./bytes.js";

const UNNAMED = "its body is gone, and no erasure, purge or adoption names it";
const TWICE = "it is named as emptied twice";
const NAMES_AGAIN = "it names a leaf as emptied that was named before";
const OUTDATED = "it is of version 1, and the ledger was adopted before it was written";
const ADOPTED_AGAIN = "the ledger was adopted before";

/** What is said where an emptied leaf was filled again. */
export const FILLED = "it is named as emptied, and has a body";

/** What stands bare, and what is named as bare, of a whole tree or of a part of it. */
export class Naming {
  #bare = [];
  #named = [];
  #again = [];
  #adopted;
  #firstVersion;
  /** The leaf hashes, base64, of what was emptied while it waited for its place: none of them may have a body. */
  waiting = new Set();

  /** A row, in the order of the tree. */
  take(row, index) {
    if (row.leaf && row.bare) this.#bare.push([index, base64(row.leaf)]);
    if (row.version === 1) this.#firstVersion = index;
    if (!row.told) return;
    const { emptied, waiting, before } = row.told;
    this.#named.push(...emptied.map(([first, last]) => [first, last, index]));
    for (const hash of waiting.filter(fromHash)) {
      if (this.waiting.has(hash)) this.#again.push([index, NAMES_AGAIN]);
      this.waiting.add(hash);
    }
    if (before === undefined) return;
    if (this.#adopted === undefined) this.#adopted = before;
    else this.#again.push([index, ADOPTED_AGAIN]);
  }

  /** How many of `size` leaves, from the first, are taken on the operator's word. */
  adoptedOf(size) {
    return this.#adopted ?? size;
  }

  /** Pairs of an index and what is wrong with the leaf there; `here` has the indexes that were looked at, sorted. */
  problems(here) {
    const bare = this.#bare.toSorted((one, other) => one[0] - other[0]);
    const named = this.#named.toSorted((one, other) => one[0] - other[0] || one[1] - other[1] || one[2] - other[2]);
    const problems = [...this.#again];
    if (this.#firstVersion >= (this.#adopted ?? Infinity)) problems.push([this.#firstVersion, OUTDATED]);
    const unnamed = ([index, hash]) => (this.waiting.has(hash) ? [] : [[index, UNNAMED]]);
    const filled = (from, to) => {
      const first = firstFrom(here, from);
      return first !== undefined && first < to ? [[first, FILLED]] : [];
    };
    let at = 0;
    let next = 0;
    for (const [first, last, namer] of named) {
      if (first < next) problems.push([first, TWICE]);
      for (; at < bare.length && bare[at][0] < first; at += 1) problems.push(...unnamed(bare[at]));
      let expected = Math.max(first, next);
      for (; at < bare.length && bare[at][0] <= last; at += 1) {
        const [index, hash] = bare[at];
        // What is still to come cannot have been emptied: else one leaf would excuse all that follow.
        if (index > namer) problems.push([index, UNNAMED]);
        else if (this.waiting.has(hash)) problems.push([index, TWICE]);
        problems.push(...filled(expected, index));
        expected = index + 1;
      }
      problems.push(...filled(expected, last + 1));
      next = Math.max(next, last + 1);
    }
    problems.push(...bare.slice(at).flatMap(unnamed));
    return problems.sort((one, other) => one[0] - other[0]);
  }
}

/** The first of sorted numbers that is not below `from`. */
function firstFrom(sorted, from) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < from) low = middle + 1;
    else high = middle;
  }
  return sorted[low];
}
