// Checkpoints (C2SP tlog-checkpoint) as signed notes (C2SP signed-note), and what witnesses add to them (C2SP
// tlog-cosignature).

import { fromBase64, fromHash, sameBytes, utf8 } from "./bytes.js";
import { isKeyName, isNameOf } from "./key.js";

const NOTE_LIMIT = 64 * 1024;
const SIGNATURE_LIMIT = 16;

// The last second that RFC 3339 can write.
const LATEST = 253402300799n;

/** A signed checkpoint as it was read: well formed, and not yet believed. */
export class SignedNote {
  /** Throws an Error with a sentence that says which part is wrong. */
  static parse(note) {
    if (utf8(note).length > NOTE_LIMIT) throw new Error("the checkpoint is longer than 64 KiB");
    if (!note.endsWith("\n")) throw new Error("the checkpoint does not end in a newline; it may have been cut off");
    const split = note.lastIndexOf("\n\n");
    if (split < 0) throw new Error("the checkpoint has no empty line followed by signatures");
    const lines = note.slice(split + 2, -1).split("\n");
    if (lines.length > SIGNATURE_LIMIT) throw new Error("the checkpoint has more than 16 signatures");
    const read = new SignedNote();
    read.note = note;
    read.text = note.slice(0, split + 1);
    read.signatures = lines.map(readSignature);
    Object.assign(read, readCheckpoint(read.text));
    return read;
  }

  /**
   * The first of these keys that signed; null where none did. Lines by other keys are passed over, for a note may
   * carry witnesses we do not know; but one false line in the name and id of one of these keys spoils the note. A key
   * counts under the names of its ledger's later epochs, and for no other ledger.
   */
  async verifiedBy(keys) {
    const message = utf8(this.text);
    const named = await Promise.all(
      keys.map((key) => (isNameOf(this.origin, key.name) ? key.renamed(this.origin) : null)),
    );
    let first = keys.length;
    for (const { name, id, bytes } of this.signatures) {
      const asked = named.flatMap((key, at) => (key && key.name === name && sameBytes(key.id, id) ? [at] : []));
      if (asked.length === 0) continue;
      const checked = await Promise.all(asked.map((at) => named[at].verify(message, bytes)));
      const signer = asked.find((_, at) => checked[at]);
      if (signer === undefined) return null;
      first = Math.min(first, signer);
    }
    return keys[first] ?? null;
  }

  /**
   * What one witness says of it: `{ seconds }`, the first time that it signed this head, by its clock; `"false"` where
   * a line in its name does not verify, and null where there is none.
   */
  async cosignedBy(witness) {
    const lines = this.signatures.filter(({ name, id }) => name === witness.name && sameBytes(id, witness.id));
    let first = Infinity;
    for (const { bytes } of lines) {
      if (bytes.length !== 8 + 64) return "false";
      const seconds = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
      const message = utf8(`cosignature/v1\ntime ${seconds}\n${this.text}`);
      if (seconds > LATEST || !(await witness.verify(message, bytes.slice(8)))) return "false";
      first = Math.min(first, Number(seconds));
    }
    return lines.length === 0 ? null : { seconds: first };
  }
}

function readSignature(line, at) {
  const parts = /^\u2014 (\S+) (\S+)$/u.exec(line);
  const bytes = parts && isKeyName(parts[1]) ? fromBase64(parts[2]) : null;
  if (!bytes || bytes.length < 5)
    throw new Error(`signature line ${at + 1} of the checkpoint does not read “— NAME BASE64”`);
  return { name: parts[1], id: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/** Origin, size and root, a line each; then lines of extensions, which the format allows and nothing here reads. */
function readCheckpoint(text) {
  const [origin, size, root, ...extensions] = text.slice(0, -1).split("\n");
  if (root === undefined) throw new Error("a checkpoint begins with three lines: origin, size and root");
  if (extensions.some((line) => line === "" || /[\0-\x1f]/.test(line))) {
    throw new Error("a line behind the checkpoint’s root is empty or has a control character");
  }
  if (origin === "" || /\p{Cc}/u.test(origin))
    throw new Error("the checkpoint’s origin is empty or has a control character");
  const number = /^(?:0|[1-9][0-9]{0,15})$/.test(size) ? Number(size) : NaN;
  if (!Number.isSafeInteger(number)) throw new Error("the checkpoint’s size is not a plain decimal number");
  const bytes = fromHash(root);
  if (!bytes) throw new Error("the checkpoint’s root is not base64 of 32 bytes");
  return { origin, size: number, root: bytes };
}
