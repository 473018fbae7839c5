// The check of a promise: what was mailed at once, before the ledger had a place for the entry.

import { base64 } from "./bytes.js";
import { isCount, isObject, tryJson } from "./json.js";
import { headerFault, readJws } from "./jws.js";
import { isSameLedger } from "./key.js";
import { readLeaf } from "./leaf.js";
import { checkSignature } from "./receipt.js";
import { wholeSeconds } from "./rows.js";
import { judgeSigner } from "./signer.js";
import { Steps } from "./steps.js";
import { leafHash } from "./tree.js";
import { count, moment, sentence } from "./words.js";

export const PROMISE_TYPE = "consent-promise+jws";

const PROMISE_STEPS = ["key", "signature", "promise", "kept"];

/**
 * Checks a promise. `beside` has what was given with it: the findings on a `receipt`, on a `bundle`, or neither.
 * Throws where the text is not a signed text at all.
 */
export async function checkPromise(text, asked, beside, tell) {
  const jws = readJws(text);
  const steps = new Steps(PROMISE_STEPS, tell);
  const found = { kind: "promise", steps, signer: await judgeSigner(jws.header.kid, asked.keys, steps) };
  await checkSignature(jws, PROMISE_TYPE, found);
  if (headerFault(jws, PROMISE_TYPE)) {
    steps.leave("It is no promise.");
    return found;
  }
  const promise = tryJson(jws.payload);
  const fault = promiseFault(promise, found.signer);
  if (fault) {
    steps.failed("promise", `${sentence(fault)}.`, fault);
    steps.open("kept", "There is nothing to hold anything against.");
    return found;
  }
  const deadline = wholeSeconds(promise.at) + promise.merge_delay;
  found.promise = { ...promise, deadline, type: readLeaf(promise.leaf).type };
  steps.ok(
    "promise",
    `On ${moment(wholeSeconds(promise.at))} the ledger “${promise.origin}” promised to hold this sealed entry by ${moment(deadline)}.`,
  );
  await checkKept(found.promise, beside, steps);
  return found;
}

function promiseFault(promise, signer) {
  const texts = ["at", "event_id", "leaf", "origin"];
  const whole =
    isObject(promise) && texts.every((name) => typeof promise[name] === "string") && isCount(promise.merge_delay);
  if (!whole || Object.keys(promise).length !== 5) return "what a promise says is missing, or can be read in two ways";
  if (!readLeaf(promise.leaf)?.ofEvent) return "the entry that it promises is not one of the ledger’s";
  if (wholeSeconds(promise.at) === null) return "it does not say when it was made";
  if (signer && !isSameLedger(promise.origin, signer.key.name)) return "it speaks for another ledger than its key’s";
  return undefined;
}

/** Whether what was given with it shows that it was kept: all of that must agree. */
async function checkKept(promise, { receipt, bundle }, steps) {
  const { told } = receipt ?? {};
  const isOfEvent = told && told.evidence.event_id === promise.event_id;
  const held = [];
  if (isOfEvent) held.push(heldByReceipt(promise, receipt));
  if (bundle?.leaves) held.push(await heldByBundle(promise, bundle));
  const [failed, ok, open] = ["failed", "ok", "open"].map((state) => held.find((one) => one.state === state));
  if (failed) return steps.failed("kept", failed.said, failed.fault);
  if (ok) return steps.ok("kept", held.map(({ said }) => said).join(" "));
  const other = told && !isOfEvent ? "The receipt that you gave is of another event. " : "";
  const owed = `From ${moment(promise.deadline)} on, the publisher owes you a receipt that shows this entry: give it here together with the promise.`;
  return steps.open("kept", `${other}${open?.said ?? owed}`);
}

function heldByReceipt(promise, { told, steps: own }) {
  if (told.leaf !== promise.leaf) {
    return {
      state: "failed",
      said: "The receipt that you gave is of the same event and of another entry: something else was put into the ledger than was promised.",
      fault: "the ledger holds another entry of this event than was promised",
    };
  }
  if (own.faults.length > 0)
    return { state: "open", said: "The receipt that you gave shows the promised entry, and does not prove itself." };
  return {
    state: "ok",
    said: `The receipt that you gave shows the promised entry at ${atIndex(told)} in the ledger. At which time it came there is not proved.`,
  };
}

async function heldByBundle(promise, { leaves, partial, tally, note, steps: own }) {
  const found = leaves.get(promise.leaf);
  if (own.faults.length > 0)
    return { state: "open", said: "Not shown, for the bundle that you gave does not prove itself." };
  if (!found && partial)
    return { state: "open", said: "The part of the ledger that you gave does not have the promised entry." };
  if (!found) {
    const due = moment(promise.deadline);
    return {
      state: "failed",
      said: `The bundle that you gave does not have the promised entry, which was due by ${due}. If it was made before that, ask for a newer one.`,
      fault: `the ledger does not hold the promised entry, which was due by ${due}`,
    };
  }
  if (found.bare) return heldBare(promise, found, { tally, note });
  if (found.eventId !== promise.event_id) {
    return {
      state: "failed",
      said: "The bundle that you gave has the promised entry, of another event.",
      fault: "the promised entry is of another event",
    };
  }
  const place = atIndex({ index: found.index, size: note.size });
  return {
    state: "ok",
    said: `The bundle that you gave has the promised entry at ${place}. At which time it came there is not proved.`,
  };
}

/** Of what was emptied there is the leaf alone, which may be that of anybody. */
async function heldBare(promise, { index }, { tally, note }) {
  const emptied = tally.emptiedAt(index, base64(await leafHash(promise.leaf)));
  if (emptied < wholeSeconds(promise.at) - 1) {
    return {
      state: "failed",
      said: `The bundle that you gave has the promised entry, which was emptied on ${moment(emptied)}, before it was promised: it is that of another event.`,
      fault: "the promised entry was emptied before it was promised",
    };
  }
  return {
    state: "open",
    said: `The bundle that you gave has the promised entry at ${atIndex({ index, size: note.size })}, emptied since. That it is of this event can no longer be seen there: a receipt of the event shows it.`,
  };
}

function atIndex({ index, size }) {
  return `index ${count(index)} of ${count(size)}`;
}
