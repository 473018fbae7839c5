// The check of a promise: what was mailed at once, before the ledger had a place for the entry.

import { isCount, isObject, tryJson } from "./json.js";
import { headerFault, readJws } from "./jws.js";
import { isSameLedger } from "./key.js";
import { readLeaf } from "./leaf.js";
import { checkSignature } from "./receipt.js";
import { wholeSeconds } from "./rows.js";
import { judgeSigner } from "./signer.js";
import { Steps } from "./steps.js";
import { moment, sentence } from "./words.js";

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
  checkKept(found.promise, beside, steps);
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

function checkKept(promise, { receipt, bundle }, steps) {
  const { told } = receipt ?? {};
  if (told && told.evidence.event_id === promise.event_id) return checkReceiptHolds(promise, receipt, steps);
  if (bundle?.leaves) return checkBundleHolds(promise, bundle, steps);
  const other = told ? "The receipt that you gave is of another event. " : "";
  return steps.open(
    "kept",
    `${other}From ${moment(promise.deadline)} on, the publisher owes you a receipt that shows this entry: give it here together with the promise.`,
  );
}

function checkReceiptHolds(promise, { told, steps: own }, steps) {
  if (told.leaf !== promise.leaf) {
    steps.failed(
      "kept",
      "The receipt that you gave is of the same event and of another entry: something else was put into the ledger than was promised.",
      "the ledger holds another entry of this event than was promised",
    );
  } else if (own.faults.length > 0) {
    steps.open("kept", "The receipt that you gave shows the promised entry, and does not prove itself.");
  } else {
    steps.ok(
      "kept",
      "The receipt that you gave shows the promised entry in the ledger. At which time it came there is not proved.",
    );
  }
}

function checkBundleHolds(promise, { leaves, partial, steps: own }, steps) {
  const eventId = leaves.get(promise.leaf);
  if (own.faults.length > 0) {
    steps.open("kept", "Not shown, for the bundle that you gave does not prove itself.");
  } else if (eventId !== undefined && eventId !== promise.event_id) {
    steps.failed(
      "kept",
      "The bundle that you gave has the promised entry, of another event.",
      "the promised entry is of another event",
    );
  } else if (leaves.has(promise.leaf)) {
    steps.ok(
      "kept",
      `The bundle that you gave has the promised entry${eventId === undefined ? ", emptied since" : ""}. At which time it came there is not proved.`,
    );
  } else if (partial) {
    steps.open("kept", "The part of the ledger that you gave does not have the promised entry.");
  } else {
    const due = moment(promise.deadline);
    steps.failed(
      "kept",
      `The bundle that you gave does not have the promised entry, which was due by ${due}. If it was made before that, ask for a newer one.`,
      `the ledger does not hold the promised entry, which was due by ${due}`,
    );
  }
}
