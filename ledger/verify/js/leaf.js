// Leaves: salted commitments to what happened, which tell nobody anything by themselves.

import { base64url, fromBase64url, hmac, utf8 } from "./bytes.js";

/** What happened to somebody's consent. */
const EVENT_TYPES = ["requested", "given", "withdrawn", "renewed", "expired", "erased"];

/** What the ledger records of itself. */
const RECORD_TYPES = ["adopted", "purged", "recorded", "resumed"];

/** The part of a leaf that everybody can read; null unless it is `{"c":C,"t":TYPE,"v":V}` to the letter. */
export function readLeaf(leaf) {
  const parts = typeof leaf === "string" && /^\{"c":"([A-Za-z0-9_-]*)","t":"([a-z]+)","v":([12])\}$/.exec(leaf);
  if (!parts) return null;
  const [, commitment, type, version] = parts;
  const ofEvent = EVENT_TYPES.includes(type);
  const known = ofEvent || (RECORD_TYPES.includes(type) && version === "2");
  return known && fromBase64url(commitment)?.length === 32 ? { type, ofEvent, version: Number(version) } : null;
}

/** Whether a leaf commits to a body: C = base64url(HMAC-SHA256(salt, canonical body)). */
export async function commits(leaf, salt, canonicalBody) {
  const { type, version } = readLeaf(leaf);
  const commitment = base64url(await hmac(salt, utf8(canonicalBody)));
  return leaf === `{"c":"${commitment}","t":"${type}","v":${version}}`;
}

/** The salt of a commitment from its text; null unless it is base64url of 32 bytes without padding. */
export function readSalt(text) {
  const bytes = fromBase64url(text);
  return bytes?.length === 32 ? bytes : null;
}
