// What the reader knows from elsewhere: the fields of the page.

import { sameBytes } from "./bytes.js";
import { byId } from "./dom.js";
import { textIn, tryJson } from "./json.js";
import { readJws } from "./jws.js";
import { COSIGNATURE } from "./key.js";
import { SignedNote } from "./note.js";
import { readKeyField } from "./signer.js";

/** What the fields say; null where one of them cannot be read, which is then said beside it. */
export async function readAsked(stamps) {
  const read = {
    key: () => readKeyField(byId("key").value),
    witnesses: () => readWitnesses(byId("witnesses").value),
    quorum: () => readQuorum(byId("quorum").value, held.witnesses ?? []),
    earlier: () => readEarlier(byId("earlier").value),
  };
  const held = {};
  let whole = true;
  for (const [id, of] of Object.entries(read)) {
    byId(`${id}-error`).textContent = "";
    byId(id).removeAttribute("aria-invalid");
    try {
      held[id] = await of();
    } catch (error) {
      whole = false;
      byId(`${id}-error`).textContent = `This cannot be read: ${error.message}.`;
      byId(id).setAttribute("aria-invalid", "true");
    }
  }
  if (!whole) return null;
  const { key, ...others } = held;
  return { keys: key, stamps, ...others };
}

/** No key counts twice, under two names either: signatures do not say under which name they were made. */
async function readWitnesses(text) {
  const keys = await readKeyField(text, [COSIGNATURE]);
  const twice = keys.find((key, at) => keys.slice(0, at).some((before) => sameBytes(before.bytes, key.bytes)));
  if (twice) throw new Error(`the key of ${twice.name} is given twice`);
  return keys;
}

function readQuorum(text, witnesses) {
  if (text.trim() === "") return undefined;
  const number = /^[1-9][0-9]{0,2}$/.test(text.trim()) ? Number(text) : 0;
  if (number < 1 || number > witnesses.length) throw new Error("write a number from 1 to that of the witnesses");
  return number;
}

/** A checkpoint, or that of a receipt. */
function readEarlier(text) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (trimmed.includes("\n")) return SignedNote.parse(`${trimmed}\n`);
  const { payload } = readJws(trimmed);
  const note = textIn(tryJson(payload), "ledger", "checkpoint");
  if (note === undefined) throw new Error("it is neither a checkpoint nor a receipt");
  // So that a receipt is not taken to confirm itself.
  return Object.assign(SignedNote.parse(note), { of: trimmed.replace(/\s+/g, "") });
}
