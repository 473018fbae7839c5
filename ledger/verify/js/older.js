// Receipts of the older form, whose readable part holds what nothing in them commits to. They are read for good:
// people have them.

import { sha256Hex } from "./bytes.js";
import { inWords } from "./difference.js";
import { contextFault } from "./documents.js";
import { isObject, textIn, within } from "./json.js";

const OLDER_STATUS = {
  requested: "dpv:ConsentRequested",
  given: "dpv:ConsentGiven",
  withdrawn: "dpv:ConsentWithdrawn",
  renewed: "dpv:RenewedConsentGiven",
  expired: "dpv:ConsentExpired",
  erased: "dpv:ConsentTerminated",
};

/** The words, where they stand in the older form. */
export function olderWords(payload) {
  const notices = within(payload, "dpv:hasRecordOfActivity", "dpv:hasNotice");
  return textIn(Array.isArray(notices) ? notices[0] : undefined, "dct:description");
}

/** Checks context and words. */
export async function checkOlderDocuments({ body, context }, { words }, steps) {
  const shown = isObject(context) ? context : body;
  const named = textIn(shown, "notice", "sha256");
  let fault = body.context === undefined ? undefined : await contextFault(body, context);
  if (!fault && textIn(context, "site") !== undefined) {
    // Whoever notes the site of the day writes receipts of the newer form.
    fault = "it was cut down to the older form, in which less is compared";
  }
  if (!fault && named !== undefined && (words === undefined || (await sha256Hex(words)) !== named)) {
    fault = "the words shown are not what its entry names";
  }
  if (fault) steps.failed("documents", `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`, fault);
  else
    steps.ok(
      "documents",
      "The words are exactly those that the entry names by their SHA-256. Policy and form do not come along in a receipt of the older form: ask the publisher for them.",
    );
}

/** Checks the few members of the readable part that the older form has in both places. */
export function checkOlderReadable(payload, { evidence, words, type }, steps) {
  const record = within(payload, "dpv:hasRecordOfActivity");
  const status = within(record, "dpv:hasConsentStatus");
  const types = within(status, "@type");
  const wrong = [
    ["The receipt’s identifier", within(payload, "dct:identifier"), evidence.event_id],
    ["The record’s identifier", within(record, "dct:identifier"), evidence.event_id],
    ["The purpose", within(record, "dpv:hasProcess", "dpv:hasPurpose", "dct:identifier"), evidence.purpose],
    ["The passage of words", olderWords(payload), words],
    ["The time", within(status, "dpv:isIndicatedAtTime"), evidence.at],
    ["The status", Array.isArray(types) ? types[0] : undefined, OLDER_STATUS[type]],
  ].flatMap(([path, said, should]) => ((said ?? null) === (should ?? null) ? [] : [{ path, said, should }]));
  if (wrong.length > 0) {
    steps.failed(
      "readable",
      `${wrong.map(inWords).join("; ")}.`,
      "what is to be read in it is not what its entry says",
    );
    return wrong;
  }
  steps.open(
    "readable",
    "Compared in part, for this is a receipt of the older form: identifiers, purpose, words, time and status agree. " +
      "Nothing vouches for the rest of its readable part. What this page shows is taken from the sealed entry alone.",
  );
  return [];
}
