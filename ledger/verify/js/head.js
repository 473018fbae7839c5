// What others say of the signed head: somebody who kept an earlier one, witnesses, and time-stamp authorities.

import { sameBytes } from "./bytes.js";
import { isSameLedger } from "./key.js";
import { wholeSeconds } from "./rows.js";
import { isOver, isTooOld, opensslLine, readTimestamp } from "./timestamp.js";
import { reachOf } from "./witness_reach.js";
import { count, listed, many, moment } from "./words.js";

export const MADE_UP = "it was made up, or a clock was wrong";

const NO_HEAD = "There is no signed head to hold it against.";

/**
 * The earlier head that somebody kept, if it is one to go by: of the same ledger. Else the step says why not, and the
 * answer is null. A stranger's accuses nobody, and nothing can be held against it: then an Error is thrown, with a
 * sentence.
 */
export async function usableEarlier({ earlier, calledEarlier }, { head, signer, steps, kind }) {
  if (!earlier) {
    steps.open(
      "consistency",
      "Nothing from before stands in the field for it: a head that you kept (the short signed text that stands for the whole list at one time), or an older receipt. Whoever has one can show that nothing of the past was rewritten since.",
    );
  } else if (!head) {
    steps.open("consistency", NO_HEAD);
  } else if (!(await earlier.verifiedBy(signer.keys))) {
    const called = calledEarlier ?? "the head that you kept";
    throw new Error(
      signer.known
        ? `${called} is not signed by the key that you gave, so it says nothing of this ${kind}: it is somebody else’s, or from before the key was replaced`
        : `${called} is not signed by the key that came along with this ${kind}, so one of the two is somebody else’s: give the key that you know`,
    );
  } else if (!isSameLedger(earlier.origin, head.origin)) {
    steps.failed(
      "consistency",
      `The earlier head is of another ledger, “${earlier.origin}”.`,
      "the earlier head that you gave is of another ledger",
    );
  } else {
    return earlier;
  }
  return null;
}

/** Holds a receipt's head against an earlier one, as far as that can be done without the ledger. */
export async function checkEarlier(found, asked) {
  const earlier = await usableEarlier(asked, found);
  if (!earlier) return;
  const { head, steps } = found;
  if (earlier.size !== head.size) {
    const said = `Your head has ${many(earlier.size, "entry", "entries")}, this one ${count(head.size)}. That one of them holds all of the other is shown by a bundle of the whole ledger, or by the command: assent ledger audit DIR --checkpoint FILE.`;
    steps.open("consistency", said);
  } else if (earlier.origin !== head.origin) {
    const said = `Your head is of “${earlier.origin}”, this one of “${head.origin}”: after a loss a ledger goes on under another name. What became of the entries is shown by a bundle of the whole ledger.`;
    steps.open("consistency", said);
  } else if (sameBytes(earlier.root, head.root)) {
    found.isKept = true;
    steps.ok(
      "consistency",
      `It is the very head that you kept: ${many(head.size, "entry", "entries")} under one root.`,
    );
  } else {
    found.twin = "list";
    steps.failed(
      "consistency",
      `Two lists with ${many(head.size, "entry", "entries")} each, both signed with the key, that do not hold the same. At least one is false.`,
      "the list that it is in and the one under the head that you kept are equally long, are signed with the key, and do not hold the same",
    );
  }
}

/**
 * Counts the witnesses that are known from elsewhere and have signed the head as well. `kept` is an earlier head that
 * the ledger was shown to hold.
 */
export async function checkWitnesses(found, { witnesses, quorum }, kept = null) {
  const { head, steps, tally, kind } = found;
  found.witnessed = [];
  if (!head) return steps.open("witnesses", NO_HEAD);
  const isNamed = (name) => witnesses.some((witness) => witness.name === name);
  found.strangers = strangersOf(head).filter((name) => !isNamed(name));
  if (witnesses.length === 0) return steps.open("witnesses", unknownLines(head));
  const { signed, foreign } = await signersOf(head, witnesses);
  found.witnessed = signed;
  found.missing = witnesses.map(({ name }) => name).filter((name) => !signed.some((one) => one.name === name));
  // A line that somebody else wrote counts for nothing, and accuses nobody: lines are added without being asked for.
  const wrong = foreign.length > 0 ? ` The line in the name of ${listed(foreign)} is by somebody else.` : "";
  const needed = quorum ?? witnesses.length;
  const seen = signed.map(({ name, seconds }) => `${name} (${moment(seconds)})`);
  const told = `Of the ${many(witnesses.length, "witness", "witnesses")} whose keys you entered, ${count(seen.length)} signed this list${seen.length ? `: ${listed(seen)}` : ""}.${wrong}`;
  if (seen.length < needed) {
    const keys = found.missing.length === 1 ? "key" : "keys";
    const enough = needed < witnesses.length ? `; at least ${count(needed)} of ${count(witnesses.length)} should have` : "";
    const others = foreign.length > 0 ? `; the line in the name of ${listed(foreign)} is by somebody else` : "";
    return steps.failed(
      "witnesses",
      `${told} At least ${count(needed)} should have.`,
      `the list that ${kind === "bundle" ? "this bundle holds" : "this record is in"} is not signed by ${listed(found.missing)}, whose ${keys} you entered${enough}${others}`,
    );
  }
  const before = kept && (await signersOf(kept, witnesses)).signed.length;
  const reach = reachOf(
    head,
    tally?.resumedFrom ?? null,
    kept && { head: kept, signed: before, enough: before >= needed },
  );
  return steps.ok(
    "witnesses",
    `${told} Each says that up to here it saw one history of this ledger, and no other.${reach}`,
  );
}

/** Those who signed a head, each with its moment, and the names of those in whose name somebody else wrote a line. */
export async function signersOf(head, witnesses) {
  const said = await Promise.all(witnesses.map((witness) => head.cosignedBy(witness)));
  return {
    signed: witnesses.flatMap(({ name }, at) => (said[at]?.seconds ? [{ name, seconds: said[at].seconds }] : [])),
    foreign: witnesses.filter((_, at) => said[at] === "false").map(({ name }) => name),
  };
}

/** In whose names lines stand beneath a head that are not the ledger’s own. */
function strangersOf(head) {
  return [...new Set(head.signatures.map(({ name }) => name))].filter((name) => !isSameLedger(name, head.origin));
}

/** What is said of witnesses whose keys nobody gave; undefined where no line seems to be by one. */
export function strangersText(head) {
  return uncheckedText(head ? strangersOf(head) : []);
}

/** What is said of signatures in these names, which nobody gave a key for; undefined where there is none. */
export function uncheckedText(names) {
  if (names.length === 0) return undefined;
  const [signature, key] =
    names.length === 1
      ? ["a signature in the name of", "that witness’s key, from the witness itself"]
      : ["signatures in the names of", "those witnesses’ keys, from the witnesses themselves"];
  return `It carries ${signature} ${listed(names)}, not checked here: give ${key}.`;
}

function unknownLines(head) {
  return `You entered no witness’s key. ${strangersText(head) ?? "No independent witness signed this."}`;
}

/** Holds time stamps that were given beside a receipt against its head. */
export async function checkStamps(found, { stamps }) {
  const { head, steps } = found;
  found.stamped = [];
  if (stamps.length === 0) return steps.open("time", "No time stamp was given: the file, ending in .tsr, in which an authority says when it saw something. Bundles hold them.");
  if (!head) return steps.open("time", NO_HEAD);
  for (const { name, bytes } of stamps) {
    const stamp = await tryStamp(bytes, name);
    if (typeof stamp === "string") return steps.failed("time", stamp, `the time stamp ${name} cannot be read`);
    if (!(await isOver(stamp, head))) {
      return steps.failed(
        "time",
        `${name} is a time stamp of something else than this head.`,
        `the time stamp ${name} is of something else`,
      );
    }
    const written = wholeSeconds(found.told?.evidence.at);
    if (isTooOld(stamp, written)) {
      const said = `${name} says ${moment(stamp.seconds)}, and its head covers this entry, which was written at ${moment(written)}`;
      return steps.failed("time", `${said}: ${MADE_UP}.`, `the time stamp ${name} is older than what it is of`);
    }
    found.stamped.push({ name, ...stamp });
  }
  return steps.open("time", stampedText(found.stamped, opensslLine(found.stamped[0].name, found.stamped[0])));
}

/** A time stamp, or a sentence that says why it is none. */
export async function tryStamp(bytes, name) {
  try {
    return readTimestamp(bytes);
  } catch (error) {
    return `${name} cannot be read as a time stamp: ${error.message}.`;
  }
}

/** What time stamps say, and why that proves nothing yet. */
export function stampedText(stamped, line) {
  const [{ name, seconds }] = stamped;
  const said =
    stamped.length === 1
      ? `${name} is over a signed head and says ${moment(seconds)}.`
      : `${many(stamped.length, "time stamp")}, each over a signed head; the newest says ${moment(seconds)}.`;
  return `${said} This is no proof of a time: whether an authority signed it is not checked here, and anybody can make one up. OpenSSL tells, with the authority’s certificate: ${line}`;
}
