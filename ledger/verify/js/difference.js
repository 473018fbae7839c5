// Where two JSON values part: what a forger changed, by its place.

import { canonical, isObject } from "./json.js";

const MOST = 20;

/**
 * The first places where what is said is not what should be: each a `path` (a JSON pointer, RFC 6901) with `said` and
 * `should`, one of which is undefined where something was added or left out.
 */
export function differences(said, should) {
  const found = [];
  find(said, should, "", found);
  return found;
}

function find(said, should, path, found) {
  if (found.length >= MOST) return;
  const both = (is) => is(said) && is(should);
  if (both(isObject) || both(Array.isArray)) {
    const names = new Set([...Object.keys(should), ...Object.keys(said)]);
    for (const name of names) {
      const step = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      const held = (value) => (Object.hasOwn(value, name) ? value[name] : undefined);
      find(held(said), held(should), step, found);
    }
  } else if (said === undefined || should === undefined || canonical(said) !== canonical(should)) {
    found.push({ path: path === "" ? "/" : path, said, should });
  }
}

/** Parts of a receipt as people call them, the narrower first. */
const CALLED = [
  ["/dpv:hasRecordOfActivity/dpv:hasDataSubject", "the person"],
  ["/dpv:hasRecordOfActivity/dpv:hasNotice/0/dct:description", "the words"],
  ["/dpv:hasRecordOfActivity/dpv:hasNotice/0", "what it says of the words"],
  ["/dpv:hasRecordOfActivity/dpv:hasNotice/1", "the privacy policy"],
  ["/dpv:hasRecordOfActivity/dpv:hasDataController", "who is answerable"],
  ["/dpv:hasRecordOfActivity/dpv:hasConsentStatus/dpv:isIndicatedAtTime", "the time"],
  ["/dpv:hasRecordOfActivity/dpv:hasConsentStatus/dpv:hasIndicationMethod", "how it was given"],
  ["/dpv:hasRecordOfActivity/dpv:hasConsentStatus/@type", "whether it was agreed to"],
  ["/dpv:hasRecordOfActivity/dpv:hasConsentStatus", "what it says of the consent"],
  ["/dpv:hasRecordOfActivity/dpv:hasProcess/dpv:hasPurpose", "the purpose"],
  ["/dpv:hasRecordOfActivity/dpv:hasProcess/dpv:hasRecipient", "who gets the data"],
  ["/dpv:hasRecordOfActivity/dpv:hasProcess", "what is done with the data"],
  ["/dpv:hasRecordOfActivity/dpv:hasConsentControl", "how it is taken back"],
  ["/dpv:hasRecordOfActivity/dpv:hasRight", "how it is taken back"],
  ["/@context", "what its terms mean"],
];

/** How one difference is told. */
export function inWords({ path, said, should }) {
  const called = CALLED.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))?.[1];
  const where = called ? `${called} (${path.split("/").at(-1)})` : path;
  if (typeof said === "string" && typeof should === "string") {
    // Texts that begin alike are shown from shortly before they part.
    const [one, other] = [Array.from(said), Array.from(should)];
    const parts = one.findIndex((letter, at) => letter !== other[at]);
    const from = Math.max(0, (parts < 0 ? other.length : parts) - 30);
    const tail = (letters) => (from > 0 ? "…" : "") + letters.slice(from).join("");
    return `${where}: it reads ${shortened(tail(one))}, and the entry says ${shortened(tail(other))}`;
  }
  if (said === undefined) return `${where}: it is left out, and the entry says ${shortened(should)}`;
  if (should === undefined) return `${where}: it was added, ${shortened(said)}`;
  return `${where}: it reads ${shortened(said)}, and the entry says ${shortened(should)}`;
}

function shortened(value) {
  const text = typeof value === "string" ? value : canonical(value);
  return `“${text.length > 120 ? `${text.slice(0, 120)}…` : text}”`;
}
