// The check of a receipt, step by step.

import { fromHash, sameBytes } from "./bytes.js";
import { differences, inWords } from "./difference.js";
import { checkCommitment, checkDocuments } from "./documents.js";
import { checkEarlier, checkStamps, checkWitnesses } from "./head.js";
import { canonical, isCount, isObject, textIn, tryJson, within } from "./json.js";
import { headerFault, readJws } from "./jws.js";
import { readLeaf } from "./leaf.js";
import { SignedNote } from "./note.js";
import { UNCOMPARED, checkOlderDocuments, compareOlder, olderWords } from "./older.js";
import { readable } from "./readable.js";
import { isUuid, wholeSeconds } from "./rows.js";
import { judgeSigner } from "./signer.js";
import { Steps } from "./steps.js";
import { isIncluded, leafHash } from "./tree.js";
import { count, sentence } from "./words.js";

export const RECEIPT_TYPE = "consent-receipt+jws";

const RECEIPT_STEPS = [
  "key",
  "signature",
  "commitment",
  "documents",
  "readable",
  "inclusion",
  "head",
  "consistency",
  "witnesses",
  "time",
];

const isText = (value) => typeof value === "string";

/** What every receipt proves itself by: members of `ledger`. Nothing else than is named may stand there. */
const HELD = {
  body: isObject,
  checkpoint: isText,
  inclusion_proof: (value) => Array.isArray(value) && value.every(isText),
  index: isCount,
  leaf: isText,
  root: isText,
  salt: isText,
  tree_size: isCount,
};

/** The member `ledger` of the older form. */
const HELD_BEFORE = {
  ...HELD,
  context: (value) => value === undefined || isObject(value),
};

/** The same of the present form. */
const HELD_NOW = {
  ...HELD_BEFORE,
  documents: (value) => hasOnly(value, ["form", "notice", "policy"]),
  issued: (value) => hasOnly(value, ["at", "id", "site"]) && ["at", "id", "site"].every((name) => isText(value[name])),
  schema: (value) => value === 2 || value === 3,
};

function hasOnly(value, names) {
  return isObject(value) && Object.keys(value).every((name) => names.includes(name) && isText(value[name]));
}

/**
 * Checks a receipt. `asked` holds what is known from elsewhere: `keys`, `witnesses`, `quorum`, `earlier`, `stamps`.
 * Gives `{ steps, told, signer, head, … }`; throws where the text is not a signed text at all.
 */
export async function checkReceipt(text, asked, tell) {
  const jws = readJws(text);
  const steps = new Steps(RECEIPT_STEPS, tell);
  const found = { kind: "receipt", steps, signer: await judgeSigner(jws.header.kid, asked.keys, steps) };
  await checkSignature(jws, RECEIPT_TYPE, found);

  const payload = tryJson(jws.payload);
  const ledger = within(payload, "ledger");
  const older = !isObject(ledger) || ledger.schema === undefined || ledger.schema === null;
  const fault = heldFault(ledger, older);
  if (fault) {
    steps.failed("commitment", `${sentence(fault)}.`, fault);
    steps.leave("What would be checked is missing.");
    return found;
  }
  const told = tellOf(payload, ledger, older);
  found.told = told;
  await checkCommitment(ledger, steps);
  if (!told.ofEvent) {
    steps.open("documents", "There is no entry of an event that could name them.");
    steps.open("readable", "There is no entry of an event to write it from.");
  } else if (older) {
    await checkOlderDocuments(ledger, told, steps);
    const { wrong, uncompared } = compareOlder(payload, told);
    found.uncompared = uncompared.map((name) => [name, UNCOMPARED[name]]);
    tellReadable(wrong, spelling(payload, jws.payload), found);
  } else {
    await checkDocuments(ledger, told, steps);
    const fault = spelling(payload, jws.payload) ?? formFault(ledger);
    tellReadable(differences(payload, { ...readable(ledger), ledger }), fault, found);
  }
  await checkHead(ledger, found);
  await checkEarlier(found, asked);
  await checkWitnesses(found, asked);
  await checkStamps(found, asked);
  return found;
}

/** Checks who signed, and as what. */
export async function checkSignature(jws, type, { signer, steps }) {
  const fault = headerFault(jws, type);
  if (fault) {
    steps.failed("signature", `${sentence(fault)}.`, fault);
  } else if (!signer) {
    steps.open("signature", "There is no key to check it with.");
  } else if (await signer.key.verify(jws.signed, jws.signature)) {
    steps.ok("signature", "Made with that key over every letter of this text: only whoever has the key can have changed it since.");
  } else {
    steps.failed(
      "signature",
      "It does not fit the text: something was changed after it was signed.",
      "it was changed after it was signed",
    );
  }
}

function heldFault(ledger, older) {
  if (!isObject(ledger)) return "what proves a receipt is missing, or can be read in two ways";
  if (!older && Number.isInteger(ledger.schema) && ledger.schema > 3) {
    return `it is of a form that this page does not know (${ledger.schema}): take a newer page`;
  }
  const members = older ? HELD_BEFORE : HELD_NOW;
  const wrong = Object.entries(members).find(([name, fits]) => !fits(ledger[name]))?.[0];
  if (wrong) return `what proves a receipt is missing or damaged: ${wrong}`;
  const added = Object.keys(ledger).find((name) => !Object.hasOwn(members, name));
  return added && `what proves a receipt has a part that does not belong there: ${added}`;
}

/** What the receipt says, from the part that its leaf commits to. */
function tellOf(payload, ledger, older) {
  const { body, leaf } = ledger;
  const context = isObject(ledger.context) ? ledger.context : {};
  const words = older ? olderWords(payload, ledger) : textIn(ledger, "documents", "notice");
  return {
    older,
    words,
    ...(readLeaf(leaf) ?? {}),
    evidence: { ...body, ...context },
    policy: textIn(ledger, "documents", "policy"),
    form: textIn(ledger, "documents", "form"),
    issued: isObject(ledger.issued) ? ledger.issued : { at: textIn(payload, "dct:issued") },
    index: ledger.index,
    size: ledger.tree_size,
    leaf,
  };
}

/** Spelt otherwise, two programs could read two things in it. */
function spelling(payload, text) {
  return canonical(payload) === text
    ? undefined
    : "it is not spelt in the one way that can be read in one way only (RFC 8785)";
}

/** Moments, ids and the address, which are texts for whoever reads them; nothing else commits to those of `issued`. */
function formFault({ body, issued }) {
  const isMoment = (text) => wholeSeconds(text) !== null;
  const isSite = (text) => /^https?:\/\/[^\s]+$/.test(text);
  const forms = [
    ["body.at", isMoment(body.at)],
    ["body.event_id", isUuid(body.event_id)],
    ["issued.at", isMoment(issued.at)],
    ["issued.id", isUuid(issued.id)],
    ["issued.site", isSite(issued.site)],
  ];
  const wrong = forms.find(([, fits]) => !fits)?.[0];
  return wrong && `what it says in ${wrong} is not of the form that it must have there`;
}

function tellReadable(wrong, misspelt, { steps, uncompared }) {
  if (wrong.length > 0) {
    const said = `What people and programs would read in it is not what the sealed entry says: ${wrong.map(inWords).join("; ")}.`;
    steps.failed("readable", said, `it was made to read otherwise than its sealed entry: ${inWords(wrong[0])}`);
  } else if (misspelt) {
    steps.failed("readable", `${sentence(misspelt)}.`, misspelt);
  } else if (uncompared) {
    const named = uncompared.map(([, words]) => words).join("; ");
    const said = `Written anew from the sealed entry, and word for word the same but for what nothing in a receipt of the older form commits to: ${named}.`;
    steps.inPart("readable", said);
  } else {
    steps.ok("readable", "Written anew from the sealed entry, and word for word the same.");
  }
}

async function checkHead(ledger, found) {
  const { signer, steps } = found;
  let note;
  try {
    note = SignedNote.parse(ledger.checkpoint);
  } catch (error) {
    steps.failed("inclusion", "There is no head to lead to.", "its proof leads to no head");
    steps.failed("head", `It cannot be read: ${error.message}.`, "the head of the ledger in it is damaged");
    return;
  }
  const proof = ledger.inclusion_proof.map(fromHash);
  const root = fromHash(ledger.root);
  const named = root !== null && sameBytes(root, note.root) && ledger.tree_size === note.size;
  const leaf = await leafHash(ledger.leaf);
  if (named && !proof.includes(null) && (await isIncluded(leaf, ledger.index, note.size, proof, note.root))) {
    steps.ok(
      "inclusion",
      `Entry ${count(ledger.index + 1)} of ${count(note.size)}: a chain of fingerprints (hashes), each made of those before, leads from it to the signed head, so the list holds it.`,
    );
  } else {
    steps.failed(
      "inclusion",
      "The chain of fingerprints (hashes) does not lead from the entry to the head: nothing shows that the ledger ever held it.",
      "nothing shows that the ledger ever held it",
    );
  }
  if (!signer) {
    steps.open("head", "There is no key to check it with.");
  } else if (await note.verifiedBy(signer.keys)) {
    found.head = note;
    steps.ok("head", `Signed with the key, for the ledger “${note.origin}” when it had ${count(note.size)} entries. A head is the short text that stands for the whole list at one time.`);
  } else {
    steps.failed(
      "head",
      `The head, of “${note.origin}”, is not signed with the key.`,
      "the head of the ledger in it is not signed with the key",
    );
  }
}
