// Time stamps (RFC 3161): what an authority outside says of when a head was there. Read here are the imprint and the
// time. Whether an authority signed them is left to `openssl ts`, which knows certificates; until then a time stamp is
// no proof, for anybody can make one up.

import { hex, sameBytes, sha256, utf8 } from "./bytes.js";
import { wholeSeconds } from "./rows.js";

const SIGNED_DATA = "2a864886f70d010702";
const TST_INFO = "2a864886f70d0109100104";
const SHA256 = "608648016503040201";

/** The longest time stamp that is read, in bytes. */
const REPLY_MOST = 256 * 1024;

/** How many seconds an authority's clock may be behind that of whoever keeps the ledger. */
export const CLOCKS_APART = 300;

const [INTEGER, OCTETS, OID, SEQUENCE, TIME, CONTEXT_0] = [0x02, 0x04, 0x06, 0x30, 0x18, 0xa0];

/** The values of DER (X.690) that lie in these bytes, one after the other; throws where they are none. */
function values(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at];
    let length = bytes[at + 1];
    at += 2;
    if (length >= 0x80) {
      const digits = length & 0x7f;
      if (digits === 0 || digits > 4) throw new Error("not DER");
      length = bytes.subarray(at, at + digits).reduce((sum, byte) => sum * 256 + byte, 0);
      at += digits;
    }
    // Written so that a missing length is refused as well.
    if (!(at + length <= bytes.length)) throw new Error("not DER");
    found.push({ tag, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** The values within one of this tag. */
function inside(value, tag) {
  return values(content(value, tag));
}

function content(value, tag) {
  if (value?.tag !== tag) throw new Error("not a time stamp");
  return value.bytes;
}

/**
 * What a TimeStampResp says: `{ imprint, seconds, text }`; throws an Error with a sentence where it says nothing that
 * can be read, or was refused by the authority.
 */
export function readTimestamp(bytes) {
  try {
    return readResponse(bytes);
  } catch (error) {
    throw error.name === "RangeError" ? new Error("it is not a time stamp (RFC 3161)") : error;
  }
}

function readResponse(bytes) {
  if (bytes.length > REPLY_MOST) throw new Error("it is longer than 256 KiB");
  const [response, ...more] = values(bytes);
  if (more.length > 0) throw new Error("something follows the time stamp");
  const [status, token] = inside(response, SEQUENCE);
  const granted = hex(content(inside(status, SEQUENCE)[0], INTEGER));
  if (granted !== "00" && granted !== "01") throw new Error("the authority refused to stamp it");
  const [type, held] = inside(token, SEQUENCE);
  if (hex(content(type, OID)) !== SIGNED_DATA) throw new Error("not a time stamp");
  const signed = inside(inside(held, CONTEXT_0)[0], SEQUENCE);
  const [contentType, wrapped] = inside(signed[2], SEQUENCE);
  if (hex(content(contentType, OID)) !== TST_INFO) throw new Error("not a time stamp");
  const [info] = values(content(inside(wrapped, CONTEXT_0)[0], OCTETS));
  const [, , imprint, , time] = inside(info, SEQUENCE);
  const [algorithm, digest] = inside(imprint, SEQUENCE);
  if (hex(content(inside(algorithm, SEQUENCE)[0], OID)) !== SHA256) throw new Error("its imprint is no SHA-256");
  return { imprint: content(digest, OCTETS), ...readTime(content(time, TIME)) };
}

function readTime(bytes) {
  const form = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/;
  const parts = form.exec(String.fromCharCode(...bytes));
  if (!parts) throw new Error("its time cannot be read");
  const [, year, month, day, hour, minute, second] = parts;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const seconds = wholeSeconds(text);
  if (seconds === null) throw new Error("its time is none");
  return { text, seconds };
}

/** Whether a time stamp was made over the text of a checkpoint that is signed. */
export async function isOver({ imprint }, note) {
  return sameBytes(imprint, await sha256(utf8(note.text)));
}

/** Whether it says a time before something was written that it covers: then it was made up, or a clock was wrong. */
export function isTooOld({ seconds }, written) {
  return written !== null && seconds < written - CLOCKS_APART;
}

/** How its signature is checked elsewhere. */
export function opensslLine(name, { imprint }) {
  return `openssl ts -verify -digest ${hex(imprint)} -in ${name} -CAfile TSA.pem`;
}

/** How those of a bundle are. */
export const OPENSSL_OF_BUNDLE =
  `for t in timestamps/*.tsr; do sed '/^$/,$d' "\${t%.tsr}.checkpoint" | ` +
  `openssl ts -verify -in "$t" -data /dev/stdin -CAfile ../TSA.pem; done`;
