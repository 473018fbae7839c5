// Bytes and their texts. Each text has one form alone, as in the program: another spelling of the same bytes is
// refused, so that nothing can be changed without being seen.

const TEXT = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function utf8(text) {
  return TEXT.encode(text);
}

/** The text of UTF-8 bytes; null where they are none. A byte order mark stays, and no format here allows one. */
export function fromUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** All of them, one after the other. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two runs of bytes are the same. */
export function sameBytes(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Lower-case hex. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Base64 with padding (RFC 4648 §4). */
export function base64(bytes) {
  let text = "";
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x2000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(text);
}

/** The bytes of base64 with padding; null where the text is not their only form. */
export function fromBase64(text) {
  if (typeof text !== "string" || /[^A-Za-z0-9+/=]/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return base64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** Base64url without padding (RFC 4648 §5). */
export function base64url(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of base64url without padding; null where the text is not their only form. */
export function fromBase64url(text) {
  if (typeof text !== "string" || /[^A-Za-z0-9_-]/.test(text)) return null;
  const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4);
  return fromBase64(padded);
}

/** A hash in base64 with padding, the form of checkpoints and proofs; null for any other text. */
export function fromHash(text) {
  const bytes = fromBase64(text);
  return bytes?.length === 32 ? bytes : null;
}

/** SHA-256 (FIPS 180-4). */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Lower-case hex of the SHA-256 of a text's UTF-8 bytes: how shared documents are named. */
export async function sha256Hex(text) {
  return hex(await sha256(utf8(text)));
}

/** HMAC-SHA256 (RFC 2104). */
export async function hmac(secret, bytes) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
}
