// Receipts of the older form, which say some things that nothing in them commits to. They are read for good: people
// have them. None is given out any more.

import { sha256Hex } from "./bytes.js";
import { differences } from "./difference.js";
import { contextFault } from "./documents.js";
import { isObject, textIn, within } from "./json.js";
import { olderReadable } from "./older_readable.js";
import { sentence } from "./words.js";

/** What nothing in a receipt of the older form commits to, in the words of the program (`compared.rs`). */
export const UNCOMPARED = {
  controller: "who is answerable (name, address and contact)",
  site: "at which address the policy is read and consent is withdrawn",
  issued: "when the receipt was made",
};

/** The words: beside their hash in a body of version 1, else in the part for reading. */
export function olderWords(payload, { body, context }) {
  if (!isObject(context)) return textIn(body, "notice", "text");
  const notices = within(payload, "dpv:hasRecordOfActivity", "dpv:hasNotice");
  return textIn(Array.isArray(notices) ? notices[0] : undefined, "dct:description");
}

/** Checks context and words. */
export async function checkOlderDocuments({ body, context }, { type, version, words }, steps) {
  const shown = isObject(context) ? context : body;
  const named = textIn(shown, "notice", "sha256");
  const own = words === undefined ? undefined : await sha256Hex(words);
  let fault = await contextFault(body, context);
  if (!fault && version === 2 && type !== "erased" && !isObject(context)) {
    fault = "what its entry names beside the words is missing";
  }
  if (!fault && (shown.site ?? null) !== null) {
    // Whatever notes the site of the day gives out receipts of the newer form.
    fault = "it was cut down to the older form, in which less is compared";
  }
  if (!fault && own !== named) fault = "the words shown are not what its entry names";
  if (fault) return steps.failed("documents", `${sentence(fault)}.`, fault);
  steps.ok(
    "documents",
    own === undefined
      ? "The entry names none, and none came along."
      : "The words are exactly those that the entry names by their SHA-256. Policy and form do not come along in a receipt of the older form: ask the publisher for them.",
  );
}

/**
 * The differences between the part for reading and what it was written from; and the names, as in `UNCOMPARED`, of
 * what cannot differ because nothing commits to it.
 */
export function compareOlder(payload, { type, evidence, words }) {
  const { ledger } = payload;
  const notice = isObject(ledger.context) && isObject(evidence.notice) ? { ...evidence.notice, text: words } : evidence.notice;
  const should = olderReadable(payload, type, { ...evidence, notice });
  const uncompared = Object.keys(UNCOMPARED).filter((name) => name !== "controller" || !isObject(evidence.controller));
  return { wrong: differences(payload, { ...should, ledger }), uncompared };
}
