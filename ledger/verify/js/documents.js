// What a leaf commits to, and what that names by its hash: context, words, policy and form.

import { sha256Hex } from "./bytes.js";
import { canonical, isObject, textIn } from "./json.js";
import { commits, readLeaf, readSalt } from "./leaf.js";
import { listed, sentence } from "./words.js";

/** The hash by which a context, or a body of version 1, names each document. */
const NAMED = {
  notice: ["words", (shown) => textIn(shown, "notice", "sha256")],
  policy: ["policy", (shown) => textIn(shown, "policy", "sha256")],
  form: ["blank form", (shown) => textIn(shown, "form")],
};

/** Checks that the leaf commits to the body. */
export async function checkCommitment({ body, leaf, salt }, steps) {
  const head = readLeaf(leaf);
  const bytes = readSalt(salt);
  if (!head?.ofEvent) {
    steps.failed(
      "commitment",
      "The entry is not one that this kind of ledger has.",
      "its entry is not one of the ledger’s",
    );
  } else if (bytes && (await commits(leaf, bytes, canonical(body)))) {
    steps.ok(
      "commitment",
      "The sealed entry in the ledger was made of exactly what is said here, and of nothing else.",
    );
  } else {
    const said = "What is said here is not what the sealed entry in the ledger was made of: one of them was changed.";
    steps.failed("commitment", said, "what it says is not what its entry in the ledger was made of");
  }
}

/** Checks that the body names the context, and that the context names these documents and no others. */
export async function checkDocuments(ledger, { type, version }, steps) {
  const { body, context, documents } = ledger;
  const fault = await contextFault(body, context);
  const missing = version === 2 && type !== "erased" && !isObject(context);
  const faults = fault || missing ? [fault ?? "what its entry names beside the words is missing"] : [];
  const agree = [];
  for (const [name, [what, hashIn]] of Object.entries(NAMED)) {
    const named = hashIn(isObject(context) ? context : body);
    const text = textIn(documents, name);
    const own = text === undefined ? undefined : await sha256Hex(text);
    if (own === named && own !== undefined) agree.push(what);
    if (own === named) continue;
    if (own === undefined) faults.push(`the ${what} that its entry names by a hash ${isAre(what)} missing`);
    else if (named === undefined) faults.push(`it shows a ${what} that its entry does not name`);
    else faults.push(`the ${what} shown ${isAre(what)} not what its entry names`);
  }
  if (faults.length > 0) {
    steps.failed("documents", `${sentence(listed(faults))}.`, listed(faults));
  } else if (agree.length === 0) {
    steps.ok("documents", "The entry names none, and none came along.");
  } else {
    const said = `${sentence(listed(agree))} shown here are exactly those that the entry names by their SHA-256, and so are the controller, the purpose and all else beside them.`;
    steps.ok("documents", said);
  }
}

function isAre(what) {
  return what === "words" ? "are" : "is";
}

/** What is wrong with the context that came along; undefined where it is the one that the body names. */
export async function contextFault(body, context) {
  const named = textIn(body, "context");
  if (context === undefined || context === null) {
    return named === undefined
      ? undefined
      : "what its entry names beside the words (controller, purpose, policy, place) is missing";
  }
  const own = isObject(context) ? await sha256Hex(canonical(context)) : undefined;
  return own === named
    ? undefined
    : "what stands beside the words (controller, purpose, policy, place) is not what its entry names";
}
