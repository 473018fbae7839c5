// What the ledger's key signs beside checkpoints: compact JWS (RFC 7515), each kind under a type of its own.

import { fromBase64url, fromUtf8, utf8 } from "./bytes.js";
import { isObject, tryJson } from "./json.js";

const JWS_LIMIT = 4 * 1024 * 1024;

// `EdDSA` (RFC 8037) is what was written before RFC 9864.
const ALGORITHMS = ["Ed25519", "EdDSA"];

/** Whether a text looks like a compact JWS: how one is told from other files. */
export function looksLikeJws(text) {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);
}

/** The parts of a JWS, nothing of them believed; throws an Error with a sentence that says what is wrong. */
export function readJws(text) {
  if (text.length > JWS_LIMIT) throw new Error("it is longer than 4 MiB");
  const parts = text.split(".");
  const [header, payload, signature] = parts.map(fromBase64url);
  if (parts.length !== 3 || !header || !payload || !signature) {
    throw new Error("it is not three parts of base64url with dots between: some of it was changed or cut off");
  }
  const read = tryJson(fromUtf8(header));
  if (!isObject(read) || typeof read.kid !== "string" || typeof read.typ !== "string") {
    throw new Error("its header does not say what it is and which key signed it");
  }
  const signed = utf8(text.slice(0, text.lastIndexOf(".")));
  return { header: read, payload: fromUtf8(payload), signature, signed };
}

/** Why a JWS is not to be read as this type; null where it is (RFC 7515 §4.1.11, RFC 8725 §3.11). */
export function headerFault({ header }, type) {
  if (header.typ !== type) return `its header says that it is “${header.typ}”, not “${type}”`;
  if (!ALGORITHMS.includes(header.alg)) return "its header names another way of signing than Ed25519";
  if (header.crit !== undefined && header.crit !== null)
    return "its header asks for an extension that nobody here knows";
  return null;
}
