// The times that witnesses signed at, against the times that entries bear: what a witness saw was there by then.

import { CLOCKS_APART } from "./timestamp.js";
import { count, moment } from "./words.js";

// How much later than its event an entry may come into the tree, in seconds: as promised.
const MERGE_DELAY = 24 * 60 * 60;

/** The bundle's head and one that was kept, as far as witnesses signed them whom the reader named. */
export class WitnessTimes {
  #seen = [];
  #kept = null;

  /** `now` and `kept`: `{ size, times }`, the times in seconds at which witnesses signed a head; `kept` may be null. */
  constructor(now = null, kept = null) {
    for (const head of [now, kept])
      if (head?.times.length > 0) this.#seen.push({ size: head.size, at: Math.max(...head.times), found: false });
    if (kept?.times.length > 0) this.#kept = { size: kept.size, first: Math.min(...kept.times) };
  }

  /** The next entry, and when it says that it was written: `{ problem, warning }`. */
  take(index, at, place) {
    let problem;
    for (const seen of this.#seen) {
      if (index >= seen.size || at <= seen.at + CLOCKS_APART || seen.found) continue;
      seen.found = true;
      problem ??= `it was written at ${moment(at)}, as it says, and the head over the first ${count(seen.size)} entries, which covers it, was signed by a witness at ${moment(seen.at)}: it was made up, or a clock was wrong`;
    }
    const early = this.#kept && index >= this.#kept.size && at < this.#kept.first - MERGE_DELAY;
    const warning = early
      ? `${place} says that it was written at ${moment(at)}, more than a day before a witness signed the head over ${count(this.#kept.size)} entries that you kept, and is not among those`
      : undefined;
    return { problem, warning };
  }
}
