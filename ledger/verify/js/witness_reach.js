// How far back witnesses speak. After a loss a ledger goes on under another name, which to a witness is another log: it
// begins there with nothing (C2SP tlog-witness keeps a size for each origin), so that its signature says nothing of what
// was there before.

import { epochOf, isSameLedger } from "./key.js";
import { count, many } from "./words.js";

const WANTED =
  "The last head that they signed under the name before covers that: give it as the earlier head, with a bundle of the whole ledger.";

/**
 * Sentences on how far back those speak who signed `head`; "" where the ledger has its first name, by which they always
 * knew it. `from`: with how many entries it went on from, where that is known. `kept`: a head that the ledger still
 * holds, with how many of them `signed` it and whether that is `enough`.
 */
export function reachOf(head, from, kept) {
  const epoch = epochOf(head.origin);
  if (epoch === 1) return "";
  const since = ` They say so only since it is called “${head.origin}”, under which name they began anew.`;
  const isBefore = kept && isSameLedger(kept.head.origin, head.origin) && epochOf(kept.head.origin) < epoch;
  if (!isBefore) {
    const older = from === null ? "what is older" : `the first ${many(from, "entry", "entries")}`;
    return `${since} Of ${older} they say nothing. ${WANTED}`;
  }
  const { origin, size } = kept.head;
  const its = `the head of “${origin}” with ${many(size, "entry", "entries")} that you gave`;
  if (!kept.enough)
    return `${since} Of what is older they say nothing, for only ${count(kept.signed)} of them signed ${its}. ${WANTED}`;
  const between = from > size ? ` Of index ${count(size)} to ${count(from - 1)} they say nothing.` : "";
  const again = epochOf(origin) > 1 ? ` And that only since it was called “${origin}”. ${WANTED}` : "";
  return `${since} ${count(kept.signed)} of them signed ${its}, too: those they had seen.${between}${again}`;
}
