// Whose key it is: known from elsewhere, or only the one that came along.

import { VerifierKey, isSameLedger, readKeys } from "./key.js";

/** The keys in a field: verifier keys, one a line, or the text of a `keys.json`. */
export async function readKeyField(text, types) {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return readKeys(trimmed);
  const lines = trimmed.split(/\s*\n\s*/).filter((line) => line !== "");
  return Promise.all(lines.map((line) => VerifierKey.parse(line, types)));
}

/** A key under its ledger's first name, by which it counts in all epochs. */
export async function firstNamed(key) {
  const at = key.name.lastIndexOf("/");
  const first = at > 0 ? key.name.slice(0, at) : key.name;
  return first !== key.name && isSameLedger(first, key.name) ? key.renamed(first) : key;
}

/**
 * Judges the key that a signed text names. Gives `{ key, known, keys }`: the key, whether it was known from elsewhere,
 * and all keys that may have signed a head; null where it is not one to go by.
 */
export async function judgeSigner(kid, known, steps) {
  let key;
  try {
    key = await VerifierKey.parse(kid);
  } catch (error) {
    steps.failed(
      "key",
      `The key that came along cannot be read: ${error.message}.`,
      "the key that it names is damaged",
    );
    return null;
  }
  const fingerprint = await key.fingerprint();
  if (known.length === 0) {
    steps.open(
      "key",
      `It names the key of “${key.name}”. That key came along with it, and whoever makes up everything makes up a key ` +
        `too. Ask the owner of ${key.name} for their key, by a way you trust, and enter it on this page; or compare this ` +
        `fingerprint with what they say: ${fingerprint}`,
    );
    return { key, known: false, keys: [await firstNamed(key)], fingerprint };
  }
  if (!known.some((mine) => mine.isSame(key))) {
    steps.failed(
      "key",
      `It names another key than the one you entered: ${key}. Its fingerprint is ${fingerprint}.`,
      "it is not signed with the key that you entered",
    );
    return null;
  }
  steps.ok("key", `It names the key of “${key.name}”: the key you entered; make sure it came from the publisher. Fingerprint: ${fingerprint}`);
  return { key, known: true, keys: await Promise.all([key, ...known].map(firstNamed)), fingerprint };
}
