// What all lines of a bundle come to, taken one after the other.

import { base64, sameBytes } from "./bytes.js";
import { FILLED, Naming } from "./naming.js";
import { wholeSeconds } from "./rows.js";
import { Subjects } from "./subjects.js";
import { Frontier } from "./tree.js";
import { count } from "./words.js";

const WARNED = 20;

// So many events of a part are kept to be shown.
const SHOWN = 500;

export class Tally {
  events = 0;
  bare = 0;
  next = 0;
  findings = [];
  /** Whether all lines could be read: else it is not known what they name. */
  allRead = true;
  warnings = [];
  /** Files that lines refer to, each with the first line that does. */
  refers = new Map();
  shown = [];
  types = new Map();
  /** From when to when, in seconds, as bodies say it. */
  times = null;
  /** By the leaf, word for word: `{ index, bare, eventId }`. */
  leaves = new Map();
  resumedFrom = null;
  tree = new Frontier();
  naming = new Naming();
  #subjects = new Subjects();
  /** Whatever was newer than all before it, in the order of the tree. */
  #newest = [];
  #here = [];
  /** What leaves say that others were emptied, and when. */
  #emptyings = [];
  #filled = new Map();

  /** `marks` are heads that the tree must have passed through: `{ size, root, found(agrees) }`. */
  constructor(partial, marks) {
    this.partial = partial;
    this.marks = marks;
    if (partial) this.tree = null;
  }

  /** Says that something is wrong: of which step, where, and what. */
  find(step, place, problem) {
    this.findings.push({ step, place, problem });
  }

  async start() {
    await this.#passMarks();
  }

  async take(row) {
    const place = placeOf(row);
    this.events += 1;
    if (row.bare) this.bare += 1;
    if (row.problems.length > 0) this.allRead = false;
    for (const problem of row.problems) this.find(row.proofFault === problem ? "inclusion" : "rows", place, problem);
    const index = row.index ?? this.next;
    if (this.partial ? index < this.next : index !== this.next) {
      const problem = this.partial
        ? "the index is not above that of the line before"
        : `the index should be ${this.next}: an event is missing, doubled or out of its order`;
      this.find("rows", place, problem);
    }
    this.next = index + 1;
    this.#here.push(index);
    this.#note(row, index, place);
    if (row.leafText !== undefined && (!row.bare || !this.leaves.has(row.leafText)))
      this.leaves.set(row.leafText, { index, bare: row.bare, eventId: row.eventId });
    if (!row.leaf) this.tree = null;
    await this.tree?.push(row.leaf);
    await this.#passMarks();
  }

  #note(row, index, place) {
    const type = row.type ?? "unreadable";
    this.types.set(type, (this.types.get(type) ?? 0) + 1);
    if (!row.leaf) return;
    const at = wholeSeconds(row.body?.at);
    if (at !== null && at > (this.#newest.at(-1)?.at ?? -Infinity)) this.#newest.push({ index, at, place });
    if (at !== null)
      this.times = { first: Math.min(at, this.times?.first ?? at), last: Math.max(at, this.times?.last ?? at) };
    this.naming.take(row, index);
    if (row.told) this.#emptyings.push({ ...row.told, at });
    if (!row.bare) this.#filled.set(base64(row.leaf), place);
    if (row.told?.from) this.resumedFrom = row.told.from.size;
    if (row.order) {
      const { problem, runsBack } = this.#subjects.take(row.order, row.leaf);
      if (problem) this.find("order", place, problem);
      if (runsBack && this.warnings.length < WARNED)
        this.warnings.push(`${place} bears an earlier time than the one before it`);
    }
    const key = row.refers && JSON.stringify(row.refers);
    if (key && !this.refers.has(key)) this.refers.set(key, { refers: row.refers, place });
    if (this.partial && this.shown.length < SHOWN) this.shown.push(row);
  }

  /** When what names a leaf as emptied was written, by its place and its hash in base64; undefined where nothing does. */
  emptiedAt(index, hash) {
    const names = ({ emptied, waiting }) =>
      emptied.some(([first, last]) => first <= index && index <= last) || waiting.includes(hash);
    const times = this.#emptyings.filter((one) => one.at !== null && names(one)).map(({ at }) => at);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** The newest entry below an index, `{ at, place }`; undefined where none says when it was written. */
  newestBelow(index) {
    return this.#newest.findLast((entry) => entry.index < index);
  }

  async #passMarks() {
    for (const mark of this.marks) {
      if (this.tree?.size === mark.size) mark.found(sameBytes(mark.root, await this.tree.root()));
    }
  }

  /** What can be said only of all lines together. */
  async finish(head) {
    for (const [index, problem] of this.naming.problems(this.#here))
      this.find("emptied", `events.ndjson index ${index}`, problem);
    for (const hash of this.naming.waiting) {
      const place = this.#filled.get(hash);
      if (place) this.find("emptied", place, FILLED);
    }
    if (this.partial) return;
    if (this.events !== head.size) {
      this.find(
        "root",
        "events.ndjson",
        `the bundle has ${count(this.events)} entries, and its checkpoint was made over ${count(head.size)}`,
      );
    } else if (this.tree && !sameBytes(await this.tree.root(), head.root)) {
      this.find(
        "root",
        "events.ndjson",
        "the root over the entries is not the checkpoint’s: entries were changed or exchanged",
      );
    }
  }
}

function placeOf({ number, index, eventId }) {
  const known = [index === undefined ? [] : [`index ${index}`], eventId ? [`event ${eventId}`] : []].flat();
  return `events.ndjson line ${number}${known.length > 0 ? ` (${known.join(", ")})` : ""}`;
}
