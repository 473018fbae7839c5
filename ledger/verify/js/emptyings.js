// What was emptied, counted by what emptied it and by what the entries that are left are about: the leaf shows that.

import { base64 } from "./bytes.js";
import { count, listed, many } from "./words.js";

const ORDER = ["erasure", "purge", "adoption", "waiting"];
const TYPES = ["requested", "given", "withdrawn", "renewed", "expired", "erased"];

/** The entries that stand bare, and those that name them. */
export class Emptyings {
  /** In the order of the tree: `{ index, hash, type }`. */
  #bare = [];
  #namers = [];
  #counted;

  take(row, index) {
    if (row.bare) this.#bare.push({ index, hash: base64(row.leaf), type: row.type });
    if (!row.told || row.told.emptied.length + row.told.waiting.length === 0) return;
    const by = { erased: "erasure", adopted: "adoption" }[row.type] ?? "purge";
    this.#namers.push({ index, by, emptied: row.told.emptied, waiting: row.told.waiting });
  }

  /** Counts them, where each that stands bare is named once: `{ ways, remarks }`. */
  count() {
    this.#counted ??= this.#count();
    return this.#counted;
  }

  #count() {
    const sums = new Map();
    const remarks = [];
    const byHash = new Map(this.#bare.map(({ hash, type }) => [hash, type]));
    const add = (by, types) => {
      if (types.length === 0) return;
      const sum = sums.get(by) ?? { by, times: 0, types: new Map() };
      sum.times += 1;
      for (const type of types) sum.types.set(type, (sum.types.get(type) ?? 0) + 1);
      sums.set(by, sum);
    };
    for (const { index, by, emptied, waiting } of this.#namers) {
      const inPlace = emptied.flatMap(([first, last]) => this.#run(first, last));
      const waited = waiting.filter((hash) => byHash.has(hash)).map((hash) => byHash.get(hash));
      add(by, inPlace);
      add("waiting", waited);
      const all = [...inPlace, ...waited];
      if (all.includes("withdrawn") && !all.includes("given") && !all.includes("renewed"))
        remarks.push(
          `index ${index} has a withdrawal emptied and no consent with it: of whoever left, nobody can see it any more`,
        );
    }
    return { ways: ORDER.flatMap((by) => sums.get(by) ?? []), remarks };
  }

  /** A sentence on each way. */
  words() {
    return this.count().ways.map(({ by, times, types }) => {
      const what = {
        erasure: many(times, "erasure"),
        purge: many(times, "purge"),
        adoption: many(times, "adoption"),
        waiting: `${many(times, "entry", "entries")} while they waited`,
      }[by];
      const kinds = TYPES.filter((type) => types.has(type)).map((type) => `${count(types.get(type))} ${type}`);
      return `Emptied by ${what}: ${listed(kinds)}.`;
    });
  }

  /** What the bare entries from `first` to `last` are about. */
  #run(first, last) {
    let [low, high] = [0, this.#bare.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#bare[middle].index < first) low = middle + 1;
      else high = middle;
    }
    const types = [];
    for (let at = low; at < this.#bare.length && this.#bare[at].index <= last; at += 1) types.push(this.#bare[at].type);
    return types;
  }
}
