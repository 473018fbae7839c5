// What all lines of a bundle come to, taken one after the other.

import { base64, sameBytes } from "./bytes.js";
import { Emptyings } from "./emptyings.js";
import { FILLED, Naming } from "./naming.js";
import { Resumptions } from "./resumptions.js";
import { wholeSeconds } from "./rows.js";
import { Subjects } from "./subjects.js";
import { Frontier } from "./tree.js";
import { WitnessTimes } from "./witness_times.js";
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
  tree = new Frontier();
  naming = new Naming();
  emptyings = new Emptyings();
  #eventIds = new Set();
  /** How far the claims have come. */
  #claims = null;
  #subjects = new Subjects();
  /** Whatever was newer than all before it, in the order of the tree. */
  #newest = [];
  #here = [];
  /** What leaves say that others were emptied, and when. */
  #emptyings = [];
  #filled = new Map();

  /** `marks` are heads that the tree must have passed through: `{ size, root, found(agrees) }`. */
  constructor(partial, marks, { origin }, witnessTimes = new WitnessTimes()) {
    this.resumptions = new Resumptions(origin);
    this.witnessTimes = witnessTimes;
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
    if (row.told?.epoch !== undefined) {
      const problem = await this.resumptions.take(index, row.told, this.tree);
      if (problem) this.find("root", place, problem);
    }
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
    if (at !== null) {
      const { problem, warning } = this.witnessTimes.take(index, at, place);
      if (problem) this.find("rows", place, problem);
      if (warning) this.#warn(warning);
    }
    this.naming.take(row, index);
    this.emptyings.take(row, index);
    if (row.problems.length === 0 && row.eventId !== undefined) this.#takeEventId(row.eventId, place);
    if (row.told?.claims) this.#takeClaims(row.told.claims, place);
    if (row.told) this.#emptyings.push({ ...row.told, at });
    if (!row.bare) this.#filled.set(base64(row.leaf), place);
    if (row.order) {
      const { problem, runsBack } = this.#subjects.take(row.order, row.leaf);
      if (problem) this.find("order", place, problem);
      if (runsBack) this.#warn(`${place} bears an earlier time than the one before it`);
    }
    const key = row.refers && JSON.stringify(row.refers);
    if (key && !this.refers.has(key)) this.refers.set(key, { refers: row.refers, place });
    if (this.partial && this.shown.length < SHOWN) this.shown.push(row);
  }

  #warn(warning) {
    if (this.warnings.length < WARNED) this.warnings.push(warning);
  }

  #takeEventId(eventId, place) {
    const id = eventId.toLowerCase();
    if (this.#eventIds.has(id)) this.find("rows", place, "another event before it has the same id");
    this.#eventIds.add(id);
  }

  #takeClaims(claims, place) {
    const before = this.#claims ?? { count: 0, sha256: "0".repeat(64) };
    const others = claims.count === before.count && claims.sha256 !== before.sha256;
    if (claims.count < before.count || others)
      this.find("rows", place, "it counts fewer claims than an entry before it, or others");
    this.#claims = claims;
  }

  /** Of a ledger that went on after a loss, how many entries it went on from the last time; else null. */
  get resumedFrom() {
    return this.resumptions.told.at(-1)?.index ?? null;
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
    if (this.findings.length === 0) this.warnings.push(...this.emptyings.count().remarks.slice(0, WARNED));
    if (this.partial) return;
    const renamed = this.resumptions.fault();
    if (renamed) this.find("root", "checkpoint", renamed);
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
