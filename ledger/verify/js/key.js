// Verifier keys in the text form of C2SP signed-note, and the ledgers that they are of.

import { base64, base64url, concat, fromBase64, hex, sameBytes, sha256, utf8 } from "./bytes.js";
import { isObject, readJson, textIn } from "./json.js";

// Signature types (C2SP signed-note): a ledger's Ed25519, and a witness's timestamped Ed25519 cosignature.
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

// The points of small order, without their sign: under such a key anybody makes signatures that seem valid.
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

function isSmallOrder(point) {
  const unsigned = Uint8Array.from(point);
  unsigned[31] &= 0x7f;
  return SMALL_ORDER.includes(hex(unsigned));
}

/** A name that notes can carry: 1 to 255 bytes without white space, control characters or a plus sign. */
export function isKeyName(text) {
  return text !== "" && utf8(text).length <= 255 && !/[\s\p{Cc}+\u{85}]/u.test(text);
}

/** The public half of a named key: what an auditor holds. */
export class VerifierKey {
  constructor(name, type, bytes, id) {
    Object.assign(this, { name, type, bytes, id });
  }

  static async of(name, type, bytes) {
    const digest = await sha256(concat(utf8(name), Uint8Array.of(0x0a, type), bytes));
    return new VerifierKey(name, type, bytes, digest.slice(0, 4));
  }

  /** Reads `NAME+ID+BASE64`; throws an Error with a sentence that says what is wrong. */
  static async parse(text, types = [ED25519]) {
    const parts = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text);
    if (!parts) throw new Error("a public key reads NAME+ID+BASE64");
    const [, name, id, encoded] = parts;
    if (!isKeyName(name)) throw new Error("the key’s name is empty, too long, or has a space in it");
    const typed = fromBase64(encoded);
    if (typed?.length !== 33 || !types.includes(typed[0]) || isSmallOrder(typed.slice(1))) {
      throw new Error("the key’s last part is not base64 of an Ed25519 key of this kind");
    }
    const key = await VerifierKey.of(name, typed[0], typed.slice(1));
    if (hex(key.id) !== id)
      throw new Error("the key’s id does not belong to its name and bytes: part of it was changed");
    return key;
  }

  /** The same key under another name, and so with another id. */
  renamed(name) {
    return VerifierKey.of(name, this.type, this.bytes);
  }

  /** Whether it is the same key, under a name of the same ledger. */
  isSame(other) {
    return sameBytes(this.bytes, other.bytes) && isSameLedger(this.name, other.name);
  }

  /** Whether this key made this signature of these bytes (RFC 8032 §5.1.7). */
  async verify(message, signature) {
    if (signature.length !== 64 || isSmallOrder(signature.slice(0, 32))) return false;
    const key = await crypto.subtle.importKey("raw", this.bytes, { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  }

  /** SHA-256 of the key's bytes, four digits at a time: what two people read to each other over the telephone. */
  async fingerprint() {
    return hex(await sha256(this.bytes)).replace(/.{4}(?!$)/g, "$& ");
  }

  toString() {
    return `${this.name}+${hex(this.id)}+${base64(concat(Uint8Array.of(this.type), this.bytes))}`;
  }
}

/** Whether this browser checks Ed25519 signatures: Chrome and Edge from 137, Firefox from 129, Safari from 17. */
export async function hasEd25519() {
  if (!globalThis.crypto?.subtle) return false;
  const bytes = Uint8Array.from(fromBase64("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
  try {
    await crypto.subtle.importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

/** The keys of a `keys.json`: a JWKS (RFC 7517), or the list that was written before; throws where it cannot be used. */
export async function readKeys(text) {
  const list = readJson(text).keys;
  if (!Array.isArray(list)) throw new Error("it is not a list of keys");
  const read = async (entry) => {
    const key = await VerifierKey.parse(textIn(entry, "vkey") ?? "");
    const jwk = isObject(entry.jwk) ? entry.jwk : entry;
    if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519" || jwk.x !== base64url(key.bytes)) {
      throw new Error("one of its keys is another as a JSON Web Key than as a verifier key");
    }
    return key;
  };
  return Promise.all(list.map(read));
}

/** The number of an epoch from `r2` as it is written; undefined below the second. */
function epochNumber(text) {
  const number = /^r([1-9][0-9]{0,15})$/.exec(text)?.[1];
  return Number(number) > 1 ? Number(number) : undefined;
}

/** Whether `name` is the name that the ledger of a key named `ledger` has in some epoch: after a loss it goes on under
 * `NAME/r2`, `NAME/r3`. */
export function isNameOf(name, ledger) {
  return name === ledger || (name.startsWith(`${ledger}/`) && epochNumber(name.slice(ledger.length + 1)) !== undefined);
}

/** Whether two names are of one ledger, in whichever epochs. */
export function isSameLedger(one, other) {
  return splitName(one).ledger === splitName(other).ledger;
}

/** The number of the epoch that a name is of, whatever the ledger is called. */
export function epochOf(name) {
  return splitName(name).epoch;
}

/** The name that the ledger of this name began with. */
export function firstNameOf(name) {
  return splitName(name).ledger;
}

/** A ledger's first name, and the epoch that is written behind it. */
function splitName(name) {
  const at = name.lastIndexOf("/");
  const epoch = at >= 0 ? epochNumber(name.slice(at + 1)) : undefined;
  return epoch === undefined ? { ledger: name, epoch: 1 } : { ledger: name.slice(0, at), epoch };
}
