// The Merkle tree over the ledger's leaves (RFC 6962 §2.1, unchanged in RFC 9162 §2.1).

import { concat, sameBytes, sha256, utf8 } from "./bytes.js";

/** The hash of a leaf: SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf) {
  return sha256(concat(Uint8Array.of(0), utf8(leaf)));
}

/** The hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
function nodeHash(left, right) {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** A tree that grows by leaves, kept as the roots of its complete subtrees, largest first. */
export class Frontier {
  size = 0;
  #hashes = [];

  /** Appends a leaf by its hash. */
  async push(leaf) {
    let hash = leaf;
    // A subtree on the left waits for each trailing bit set, as digits carry in an addition.
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      hash = await nodeHash(this.#hashes.pop(), hash);
    }
    this.#hashes.push(hash);
    this.size += 1;
  }

  /** The root of the whole tree; of none, the SHA-256 of nothing. */
  async root() {
    if (this.#hashes.length === 0) return sha256(new Uint8Array());
    let hash = this.#hashes.at(-1);
    for (let at = this.#hashes.length - 2; at >= 0; at -= 1) hash = await nodeHash(this.#hashes[at], hash);
    return hash;
  }
}

/** Where a proof climbs: the place of the node at hand and of the last one of its level. Numbers, not bits, for a bit
 * operation sees 32 of them. */
class Climb {
  constructor(place, last) {
    this.place = place;
    this.last = last;
  }

  get fromLeft() {
    return this.place % 2 === 1 || this.place === this.last;
  }

  /** Past the levels at which the last node has no sibling and stands for its parent. */
  skipMissingRight() {
    while (this.place % 2 === 0 && this.place !== 0) this.up();
  }

  up() {
    this.place = Math.floor(this.place / 2);
    this.last = Math.floor(this.last / 2);
  }
}

/** Whether a proof shows that the tree of `size` leaves under `root` has this leaf at `index` (RFC 9162 §2.1.3.2). */
export async function isIncluded(leaf, index, size, proof, root) {
  if (index >= size) return false;
  const climb = new Climb(index, size - 1);
  let hash = leaf;
  for (const sibling of proof) {
    if (climb.last === 0) return false;
    if (climb.fromLeft) {
      hash = await nodeHash(sibling, hash);
      climb.skipMissingRight();
    } else {
      hash = await nodeHash(hash, sibling);
    }
    climb.up();
  }
  return climb.last === 0 && sameBytes(hash, root);
}
