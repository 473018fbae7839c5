// Who else than the publisher vouches for what was found: witnesses whose keys the visitor entered, and the visitor,
// who kept a head from before. What the publisher alone signed confirms nothing, however much of it there is.

import { epochOf } from "./key.js";
import { listed, many, moment } from "./words.js";

/**
 * Each `{ by, text }`, by a `witness`, with who `signed` when, or what was `kept`; none where nobody does. `beside`: a
 * `bundle`, and the head that the visitor `kept`.
 */
export function confirmations(found, beside) {
  const own =
    found.kind === "receipt" ? ofReceipt(found, beside) : found.kind === "bundle" ? ofBundle(found, beside) : [];
  return own.filter(Boolean);
}

function ofReceipt(found, { bundle, kept }) {
  const { head, isKept, told } = found;
  const own = [
    byWitnesses(found, "the list with this record in it: by then it was there"),
    isKept && byKept("It is in the list under the very head that you kept."),
  ];
  // Through a bundle only if that holds the head of this receipt, and what was confirmed of it reaches this entry.
  if (!bundle || !head || bundle.steps.faults.length > 0 || bundle.holds?.get(head) !== true) return own;
  const reaches = kept && !isKept && bundle.holds.get(kept) === true && kept.size > told.index;
  return [
    ...own,
    byWitnesses(bundle, "the list in the bundle, which holds this record: by then it was there"),
    reaches && byKept("It was in the list already when the head that you kept was made: the bundle shows it."),
  ];
}

function ofBundle(found, { kept }) {
  const { note, holds } = found;
  return [
    byWitnesses(found, "the list of these entries: by then they were there"),
    kept && kept.size === note.size && holds?.get(kept) === true && byKept("Its head is the very one that you kept."),
  ];
}

function byWitnesses({ head, witnessed = [], steps }, what) {
  if (steps.state("witnesses") !== "ok" || witnessed.length === 0) return undefined;
  const who = witnessed.map(({ name, seconds }) => `${name} (${moment(seconds)})`);
  // To a witness it is another list after a loss.
  const since =
    epochOf(head.origin) > 1 ? ` That says nothing of the time before the list was called “${head.origin}”.` : "";
  const text = `${listed(who)}, whose ${who.length === 1 ? "key" : "keys"} you entered, signed ${what}.${since}`;
  return { by: "witness", text, signed: witnessed };
}

function byKept(text) {
  return { by: "kept", text };
}

/** Of a bundle, how much of it a kept head confirms where that is older. */
export function keptInPart({ kind, note, holds }, { kept }) {
  if (kind !== "bundle" || !kept || holds?.get(kept) !== true) return undefined;
  return `Its first ${many(kept.size, "entry", "entries")} of ${note.size} are those under the head that you kept. Nobody else has confirmed the rest.`;
}
