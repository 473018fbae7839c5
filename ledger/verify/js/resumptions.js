// Where the ledger went on after a loss, as its entries say: each is held against the tree and the names before it.

import { base64 } from "./bytes.js";
import { epochOf, firstNameOf, isSameLedger } from "./key.js";
import { count } from "./words.js";

/** The entries that began an epoch each, in the order of the tree. */
export class Resumptions {
  /** `{ index, epoch, known }` of each. */
  told = [];
  #origin;

  /** `origin` is the name in the head. */
  constructor(origin) {
    this.#origin = origin;
  }

  /** What the entry at `index` says of a loss, before it is added to `tree`, which may not be known; what is wrong. */
  async take(index, told, tree) {
    const before = this.#name;
    const { epoch, from, known } = told;
    const size = from?.size ?? 0;
    this.told.push({ index, epoch, known });
    if (!isNext(epoch, before, told))
      return `it says that the ledger went on as “${epoch}”, and that is no later name than each before, of the same ledger: it was called “${before}”`;
    if (size !== index)
      return `it says that the ledger went on from ${count(size)} entries, and it does not stand behind them`;
    if (tree && from && from.root !== base64(await tree.root()))
      return "it says that the ledger went on from another tree than that of the entries before it";
    return undefined;
  }

  /** The name that the ledger has by its entries so far. */
  get #name() {
    return this.told.at(-1)?.epoch ?? firstNameOf(this.#origin);
  }

  /** What is wrong with the name in the head, of which all entries were read. */
  fault() {
    return this.#origin === this.#name
      ? undefined
      : `it is of “${this.#origin}”, and by its entries the ledger is called “${this.#name}”`;
  }

  /** A sentence on each, for people. */
  words() {
    return this.told.map(({ index, epoch, known }) => {
      const so = `After a loss the ledger went on as “${epoch}”, from the first ${count(index)} entries`;
      if (!known) return `${so}. It names no head that was known then, so not what was lost.`;
      const head = `${so}. By its owner’s word the newest head known then was over ${count(known.size)} entries of “${known.origin}”`;
      return known.size > index ? `${head}: those of index ${index} to ${known.size - 1} were lost.` : `${head}.`;
    });
  }
}

/** Whether a ledger of this name can go on under that one: no head was signed under it before. */
function isNext(epoch, before, { from, known }) {
  const isLater = (name) => isSameLedger(name, epoch) && epochOf(name) < epochOf(epoch);
  return isLater(before) && (!from || from.origin === before) && (!known || isLater(known.origin));
}
