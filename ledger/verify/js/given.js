// What was given: told apart by what it holds, whatever it is called.

import { fromBase64url, fromUtf8 } from "./bytes.js";
import { textIn, tryJson, within } from "./json.js";
import { looksLikeJws } from "./jws.js";
import { PROMISE_TYPE } from "./promise.js";
import { RECEIPT_TYPE } from "./receipt.js";

const FILE_LIMIT = 8 * 1024 * 1024;

/** What a file is: `{ slot, name, … }`; throws an Error with a sentence where it is nothing that can be checked. */
export async function recogniseFile(file) {
  const { name } = file;
  if (file.size > FILE_LIMIT)
    throw new Error(`${name} is too large for a receipt; of a bundle, choose the folder, unpacked`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (/\.tsr$/i.test(name) || (bytes[0] === 0x30 && bytes[1] >= 0x80)) return { slot: "stamp", name, bytes };
  const text = fromUtf8(bytes);
  if (text === null) throw new Error(`${name} is not a text, and so neither a receipt nor a promise`);
  return recogniseText(text, name);
}

/** What a text is. */
export function recogniseText(text, name) {
  const found = findJws(text);
  const has = (type) => found.some((jws) => typeOf(jws) === type);
  if (has(PROMISE_TYPE) && !has(RECEIPT_TYPE)) return { slot: "promise", name, texts: found };
  if (found.length > 0) {
    const longest = found.reduce((one, other) => (other.length > one.length ? other : one));
    return { slot: "receipt", name, text: longest };
  }
  if (text.includes("\n\n\u2014 ")) return { slot: "earlier", name, text };
  const json = tryJson(text.trim());
  if (within(json, "ledger") !== undefined) {
    throw new Error(`${name} is what a receipt says, without its signature: give the file that ends in .jws`);
  }
  if (/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(text.trim()))
    throw new Error(`${name} is a public key: paste it into the field for it`);
  throw new Error(`${name} is neither a receipt nor a promise`);
}

/**
 * The signed texts within a text, such as the file of promises that came with a mail; a single one may be broken into
 * lines. One that is damaged is found too, so that a damaged promise among others is not passed over.
 */
function findJws(text) {
  const whole = text.replace(/\s+/g, "");
  if (looksLikeJws(whole)) return [whole];
  return [...new Set(text.match(/\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*/g))];
}

function typeOf(jws) {
  const header = fromBase64url(jws.split(".")[0]);
  return textIn(tryJson(header && fromUtf8(header)), "typ");
}

/** The receipt or promise that an address carries behind `#receipt=`; browsers never send that part. */
export function fromFragment(fragment) {
  const found = /^#(?:receipt|promise)=([A-Za-z0-9_.-]+)$/.exec(fragment)?.[1];
  return found && recogniseText(found, "From the link");
}
