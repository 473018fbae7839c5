// Two records that one key signed and that cannot both be true. Whoever has both holds the proof that the publisher
// said two different things; which of them is false, nothing in them says.

const PROVEN = ["signature", "commitment", "inclusion", "head"];

/** Holds receipts against each other and against the entries of a bundle; the steps of both of a pair fail. */
export function tellTwins(receipts, bundle) {
  const claims = receipts.filter(isProven).map(claimOfReceipt);
  if (bundle?.head && bundle.leaves && bundle.steps.faults.every(({ id }) => id === "consistency"))
    claims.push(claimOfBundle(bundle));
  for (const [at, one] of claims.entries())
    for (const other of claims.slice(at + 1)) {
      const twin = isOneSigner(one.found, other.found) && differ(one, other);
      if (twin)
        for (const pair of [
          [one, other],
          [other, one],
        ])
          tellTwin(twin, ...pair);
    }
}

function isProven({ head, signer, steps }) {
  return head && signer && steps.state("key") !== "failed" && PROVEN.every((id) => steps.state(id) === "ok");
}

/** One key, or several that the visitor entered as the publisher's. */
function isOneSigner({ signer: one }, { signer: other }) {
  return one.key.isSame(other.key) || (one.known && other.known);
}

function claimOfReceipt(found) {
  const { head, told } = found;
  return { found, head, entries: [{ index: told.index, leaf: told.leaf, event: told.evidence.event_id }] };
}

function claimOfBundle(found) {
  const entries = [...found.leaves].map(([leaf, { index, eventId }]) => ({ index, leaf, event: eventId }));
  return { found, head: found.note, entries };
}

/** In what they differ: `event`, `entry` or `list`; nothing where both may be true. */
function differ(one, other) {
  const [few, most] = one.entries.length <= other.entries.length ? [one, other] : [other, one];
  const byEvent = new Map(most.entries.map(({ event, leaf }) => [event, leaf]));
  const byIndex = new Map(most.entries.map(({ index, leaf }) => [index, leaf]));
  const isOther = (there, leaf) => there !== undefined && there !== leaf;
  // After a loss the ledger goes on under another name, and gives numbers out again.
  const sameList = one.head.origin === other.head.origin;
  if (few.entries.some(({ event, leaf }) => event !== undefined && isOther(byEvent.get(event), leaf))) return "event";
  if (sameList && few.entries.some(({ index, leaf }) => isOther(byIndex.get(index), leaf))) return "entry";
  const sameSize = sameList && one.head.size === other.head.size;
  return sameSize && one.head.text !== other.head.text && rootOf(one) !== rootOf(other) ? "list" : undefined;
}

function rootOf({ head }) {
  return head.text.split("\n")[2];
}

const SAID = {
  event: "Both are signed, both are of the same event, and they do not say the same.",
  entry: "Both are signed, both are the entry of the same number, and they do not say the same.",
  list: "Both lists are signed and equally long, and do not hold the same.",
};

function tellTwin(twin, { found }, { found: other }) {
  found.twin ??= twin;
  const what = other.kind === "bundle" ? "the bundle" : "the other receipt";
  found.steps.failed(
    "consistency",
    `Held against ${what} that you gave: ${SAID[twin]} At least one is false.`,
    `this ${found.kind} and ${what} that you gave are signed with the key and contradict each other`,
  );
}
