// The time stamps of a bundle: each lies beside the head that it is of.

import { sameBytes } from "./bytes.js";
import { MADE_UP, stampedText, tryStamp } from "./head.js";
import { isSameLedger } from "./key.js";
import { SignedNote } from "./note.js";
import { wholeSeconds } from "./rows.js";
import { OPENSSL_OF_BUNDLE, isOver, isTooOld, opensslLine } from "./timestamp.js";
import { moment } from "./words.js";

/** Whether a path is that of a stamp, or of the head beside one, named by a day. */
export function isOfStamp(path, end) {
  const day = /^timestamps\/(\d{4}-\d\d-\d\d)\.(tsr|checkpoint)$/.exec(path);
  return day !== null && day[2] === end && wholeSeconds(`${day[1]}T00:00:00Z`) !== null;
}

/**
 * Reads the stamps, holds each against its head and that against the key, and gives the marks that the tree must pass
 * through, so that the heads stamped are shown to be of this ledger.
 */
export async function stampMarks(files, found) {
  const marks = [];
  found.stamped = [];
  found.stampFaults = [];
  // A key that signs no more stands in the bundle for what it signed before: the tree shows whether that is true.
  const vouching = found.signer && [...found.signer.keys, ...(found.partial ? [] : found.broughtKeys)];
  for (const path of files.paths("timestamps/").filter((name) => isOfStamp(name, "tsr"))) {
    const stamp = await tryStamp(await files.read(path), path);
    const beside = path.replace(/\.tsr$/, ".checkpoint");
    const note = await headOf(files, beside);
    if (typeof stamp === "string") found.stampFaults.push(stamp);
    else if (typeof note === "string") found.stampFaults.push(note);
    else if (!(await isOver(stamp, note)))
      found.stampFaults.push(`${path} is a time stamp of something else than ${beside}.`);
    else if (!isSameLedger(note.origin, found.note.origin))
      found.stampFaults.push(`${beside} is the head of another ledger, “${note.origin}”.`);
    else if (found.signer && !(await note.verifiedBy(vouching)))
      found.stampFaults.push(`${beside} is not signed with the key.`);
    else {
      const ofHead = note.size === found.note.size && sameBytes(note.root, found.note.root);
      const stamped = { name: path, beside, ofHead, size: note.size, ...stamp };
      found.stamped.push(stamped);
      marks.push({ size: note.size, root: note.root, found: (agrees) => (stamped.agrees = agrees) });
    }
  }
  return marks;
}

/** Reads the stamps that were given beside the bundle: they are of its own head. */
export async function readGivenStamps(stamps, { note, stamped, stampFaults }) {
  for (const { name, bytes } of stamps) {
    const stamp = await tryStamp(bytes, name);
    if (typeof stamp === "string") stampFaults.push(stamp);
    else if (!(await isOver(stamp, note)))
      stampFaults.push(`${name} is a time stamp of something else than this bundle’s head.`);
    else stamped.push({ name, beside: "checkpoint", ofHead: true, size: note.size, ...stamp });
  }
}

async function headOf(files, path) {
  if (!files.has(path)) return `${path} is missing: nobody can tell what was stamped.`;
  try {
    return SignedNote.parse((await files.text(path)) ?? "");
  } catch (error) {
    return `${path} cannot be read: ${error.message}.`;
  }
}

/** What the stamps come to, once the tree is known. */
export async function checkBundleStamps(found) {
  const { stamped, stampFaults, steps, partial, note, tally } = found;
  for (const { name, beside, agrees, size, seconds } of stamped) {
    if (agrees === false || (!partial && size > note.size))
      stampFaults.push(`${beside} is a head of other entries than this ledger has.`);
    const newest = tally.newestBelow(size);
    if (newest && isTooOld({ seconds }, newest.at))
      stampFaults.push(
        `${name} says ${moment(seconds)}, and its head covers ${newest.place}, which was written at ${moment(newest.at)}: ${MADE_UP}.`,
      );
  }
  if (stampFaults.length > 0)
    return steps.failed("time", stampFaults.slice(0, 5).join(" "), stampFaults[0].replace(/\.$/, ""));
  if (stamped.length === 0) return steps.open("time", "There are no time stamps in this bundle, and none was given.");
  const newest = stamped.toSorted((one, other) => other.seconds - one.seconds);
  const part =
    partial && !newest[0].ofHead ? " That those heads are of this ledger’s past is not shown by a part of it." : "";
  const given = newest.filter(({ beside }) => beside === "checkpoint");
  const lines = given.map((stamp) => opensslLine(stamp.name, stamp));
  if (given.length < newest.length) lines.push(OPENSSL_OF_BUNDLE);
  return steps.open("time", stampedText(newest, lines.join(" ; ")) + part);
}
