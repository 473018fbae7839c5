// The check of a bundle: the whole ledger, or one person's part of it.

import { fromUtf8, hex, sha256 } from "./bytes.js";
import { BundleDocuments } from "./bundle_documents.js";
import { Tally } from "./bundle_tally.js";
import { checkWitnesses, signersOf, usableEarlier } from "./head.js";
import { tryJson } from "./json.js";
import { headerFault, readJws } from "./jws.js";
import { isSameLedger, readKeys } from "./key.js";
import { SignedNote } from "./note.js";
import { checkRow } from "./rows.js";
import { checkBundleStamps, readGivenStamps, stampMarks } from "./bundle_stamps.js";
import { firstNamed } from "./signer.js";
import { Steps } from "./steps.js";
import { WitnessTimes } from "./witness_times.js";
import { count, many, sentence } from "./words.js";

const EXTENT_TYPE = "ledger-extent+jws";
const LINE_LIMIT = 16 * 1024 * 1024;
const BATCH = 256;

const WHOLE = [
  "key",
  "head",
  "rows",
  "root",
  "order",
  "documents",
  "emptied",
  "consistency",
  "witnesses",
  "time",
  "files",
];
const PART = [
  "key",
  "head",
  "rows",
  "inclusion",
  "order",
  "documents",
  "emptied",
  "extent",
  "consistency",
  "witnesses",
  "time",
  "files",
];

/**
 * Checks a bundle; `progress` hears how many of all lines are done. Throws an Error with a sentence where the files are
 * no bundle.
 */
export async function checkBundle(files, asked, tell, progress) {
  if (!files.has("events.ndjson") || !files.has("checkpoint")) {
    throw new Error("the folder is not a bundle: it has no events.ndjson, or no checkpoint");
  }
  const head = SignedNote.parse((await files.text("checkpoint")) ?? "");
  const bytes = await files.read("events.ndjson");
  const lines = splitLines(bytes);
  const partial = tryJson(fromUtf8(lines[0] ?? new Uint8Array()))?.proof != null;
  const steps = new Steps(partial ? PART : WHOLE, tell);
  const found = { kind: "bundle", steps, partial, note: head, name: files.name };
  await checkBundleHead(files, head, asked, found);

  const marks = [];
  found.holds = new Map();
  const held = await headsToHold(asked, found);
  const older = partial && held.find(({ kept }) => kept.size < head.size);
  if (older)
    throw new Error(
      `a bundle that leaves events out cannot be checked against an earlier head, as ${older.called} is: take one of the whole ledger`,
    );
  if (!partial) marks.push(...held.map(({ kept }) => earlierMark(kept, found)));
  marks.push(...(await stampMarks(files, found)));
  await readGivenStamps(asked.stamps, found);
  const kept = partial ? null : (held.find((one) => one.kept === asked.earlier)?.kept ?? null);
  const tally = new Tally(partial, marks, head, await timesOf(head, kept, asked.witnesses));
  found.tally = tally;
  await checkLines(lines, head, tally, progress);
  await tally.finish(head);
  const documents = new BundleDocuments(files, tally);
  found.documents = documents;
  await documents.check();
  if (partial) await checkExtent(files, bytes, found);
  found.leaves = tally.leaves;

  tellFindings(found);
  for (const { kept, called } of held) if (steps.state("consistency") !== "failed") tellEarlier(kept, called, found);
  await checkWitnesses(found, asked, held.findLast(({ kept }) => found.holds.get(kept) === true)?.kept ?? null);
  await checkBundleStamps(found);
  tellStrangers(found);
  return found;
}

/** When the witnesses that the reader named signed the bundle's head, and one that was kept. */
async function timesOf(head, kept, witnesses) {
  const times = async (note) => ({
    size: note.size,
    times: (await signersOf(note, witnesses)).signed.map(({ seconds }) => seconds),
  });
  return new WitnessTimes(await times(head), kept && (await times(kept)));
}

function splitLines(bytes) {
  const lines = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

/** The key whose word is taken: those that are known alone, or the first of the bundle's that signed. */
async function checkBundleHead(files, head, { keys }, found) {
  const { steps } = found;
  let own = [];
  let fault;
  try {
    own = await readKeys((await files.text("keys.json")) ?? "");
  } catch (error) {
    fault = `keys.json cannot be used: ${error.message}`;
  }
  const known = keys.length > 0;
  found.broughtKeys = await Promise.all(own.map(firstNamed));
  const trusted = await Promise.all((known ? keys : own).map(firstNamed));
  const key = await head.verifiedBy(trusted);
  if (!key) {
    const said = known
      ? "It is not signed with the key that you entered."
      : (fault ?? "It is signed with none of the keys in keys.json.");
    steps.failed(
      "head",
      `The head of “${head.origin}”: ${said}`,
      known ? "its head is not signed with the key that you entered" : "its head is signed with none of its keys",
    );
    if (known)
      steps.failed(
        "key",
        "The key that you entered did not sign this bundle’s head.",
        "it is not signed with the key that you entered",
      );
    else steps.open("key", "There is no key that signed it.");
    return;
  }
  const fingerprint = await key.fingerprint();
  found.head = head;
  found.signer = { key, known, keys: trusted, fingerprint };
  const named = `the key of “${key.name}”, fingerprint ${fingerprint}`;
  if (fault) steps.failed("key", `${fault}.`, fault);
  else if (known) steps.ok("key", `It is signed with ${named}: the key you entered; make sure it came from the publisher.`);
  else
    steps.open(
      "key",
      `It is signed with ${named}. That key came along in the bundle, and whoever makes up everything makes up a key too: ask its owner for it by a way you trust, and enter it on this page.`,
    );
  steps.ok(
    "head",
    `Signed with that key, for the ledger “${head.origin}” with ${many(head.size, "entry", "entries")}. A head is the short text that stands for the whole list at one time.`,
  );
}

async function checkLines(lines, head, tally, progress) {
  await tally.start();
  for (let at = 0; at < lines.length; at += BATCH) {
    const batch = lines.slice(at, at + BATCH);
    const rows = await Promise.all(batch.map((line, of) => checkLine(line, at + of + 1, head, tally.partial)));
    for (const row of rows) await tally.take(row);
    progress(at + batch.length, lines.length);
    // So that the page stays alive.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function checkLine(line, number, head, partial) {
  if (line.length >= LINE_LIMIT) return { number, problems: ["the line is longer than 16 MiB and was passed over"] };
  return checkRow(fromUtf8(line), number, head, partial);
}

/** The signed word on how much of the ledger this is. */
async function checkExtent(files, bytes, { signer, tally, note }) {
  const text = (await files.text("extent.jws"))?.trim();
  const wrong = (problem) => tally.find("extent", "extent.jws", problem);
  if (text === undefined) return wrong("the signed word on how many events these are is missing");
  let jws;
  try {
    jws = readJws(text);
  } catch (error) {
    return wrong(`the signed word on how many events these are does not count: ${error.message}`);
  }
  const fault = headerFault(jws, EXTENT_TYPE);
  if (fault) return wrong(`the signed word on how many events these are does not count: ${fault}`);
  if (!signer || !(await signer.key.verify(jws.signed, jws.signature))) {
    return wrong("the signed word on how many events these are is not signed with the key");
  }
  const said = tryJson(jws.payload);
  const root = note.text.split("\n")[2];
  const own = { events: tally.events, origin: note.origin, root, sha256: hex(await sha256(bytes)), size: note.size };
  if (!said || Object.keys(own).some((name) => said[name] !== own[name])) {
    wrong("the signed word is on other events, or on another checkpoint: some were left out or added");
  }
  return undefined;
}

/** What is said of each step where nothing was found. */
function soundText(id, { tally, note, signer }) {
  const { events, bare } = tally;
  switch (id) {
    case "rows":
      return `${many(events, "line")}, ${count(bare)} of them emptied. Each of the others is exactly what its sealed entry was made of.`;
    case "root":
      return [
        `The hash over all ${many(events, "entry", "entries")} is the one that the head names: none was added, left out, changed or moved.`,
        ...tally.resumptions.words(),
      ].join(" ");
    case "inclusion":
      return "For each line a chain of hashes leads to the head, so the ledger held it. A part does not show what else the ledger holds.";
    case "order":
      return "Each event follows the one before it of the same person or form: none was left out in between.";
    case "documents":
      return "Words, policies, forms and whatever else events name by a hash are there, and are what was named.";
    case "emptied":
      return bare === 0
        ? "Nothing was emptied."
        : `Each entry that stands empty is named by an erasure, a purge or the adoption of an older ledger. ${emptiedText(tally)}`;
    case "extent":
      return `${signer?.key.name ?? "The owner"} says so, signed: these are all ${many(events, "event")} of one person up to this head (${count(note.size)} entries).`;
    default:
      return "";
  }
}

function emptiedText({ emptyings }) {
  const { remarks } = emptyings.count();
  const said = [...emptyings.words(), "That anybody asked for it is not proved.", ...remarks.map((text) => `${sentence(text)}.`)];
  return said.join(" ");
}

function tellFindings(found) {
  const { steps, tally, partial } = found;
  for (const id of partial ? PART : WHOLE) {
    if (steps.state(id) || ["consistency", "witnesses", "time", "files"].includes(id)) continue;
    const own = tally.findings.filter(({ step }) => step === id);
    if (own.length === 0) {
      steps.ok(id, soundText(id, found));
      continue;
    }
    const [first] = own;
    const more = own.length > 1 ? ` And ${count(own.length - 1)} more.` : "";
    steps.failed(id, `${first.place}: ${first.problem}.${more}`, `${first.place}: ${first.problem}`);
  }
}

/** The heads of receipts given beside it, and the one that the visitor kept: each `{ kept, called }`. */
async function headsToHold({ earlier, heads = [] }, found) {
  const given = heads.map((kept) => ({ kept, called: "the receipt’s head" }));
  if (earlier || given.length === 0) given.push({ kept: earlier, called: "the head that you kept" });
  const held = [];
  for (const one of given) if (await usableEarlier({ earlier: one.kept, calledEarlier: one.called }, found)) held.push(one);
  return held;
}

function earlierMark(kept, { holds }) {
  return { size: kept.size, root: kept.root, found: (agrees) => holds.set(kept, agrees) };
}

function tellEarlier(earlier, called, found) {
  const { steps, tally, note, partial, holds } = found;
  const then = many(earlier.size, "entry", "entries");
  const from = tally.resumedFrom;
  const beforeLoss =
    from !== null && earlier.origin !== note.origin && isSameLedger(earlier.origin, note.origin) && earlier.size > from;
  const lost = `${sentence(called)} was made over ${then}; those behind the first ${count(from ?? 0)} were lost before the ledger went on as “${note.origin}”.`;
  if (earlier.size > note.size) {
    if (beforeLoss) return steps.failed("consistency", lost, "entries that an earlier head covers were lost");
    return steps.failed(
      "consistency",
      `${sentence(called)} was made over ${then}, more than there are here: the ledger shrank, or this bundle is older than that head.`,
      "the ledger holds less than an earlier head did",
    );
  }
  if (partial) {
    holds.set(earlier, earlier.size === note.size && earlier.text === note.text);
    if (holds.get(earlier)) return steps.ok("consistency", `It is ${called}.`);
    if (earlier.size === note.size && earlier.origin === note.origin) found.twin = "list";
    if (earlier.size === note.size)
      return steps.failed(
        "consistency",
        `It is another head than ${called}, over as many entries: two lists were signed.`,
        `the list under its head and the one under ${called} are equally long, are signed with the key, and do not hold the same`,
      );
    return undefined;
  }
  if (holds.get(earlier) === true)
    return steps.ok(
      "consistency",
      `The ledger still begins with the ${then} that ${called} was made over: nothing of that past was changed.`,
    );
  if (holds.get(earlier) === undefined) return steps.open("consistency", "Lines before it cannot be read.");
  if (beforeLoss) return steps.failed("consistency", lost, "entries that an earlier head covers were lost");
  found.twin = "list";
  return steps.failed(
    "consistency",
    `The first ${then} are not those that ${called} was made over. Both are signed with the key, and at least one is false.`,
    `the first ${then} are not those under ${called}, which the same key signed`,
  );
}

function tellStrangers({ steps, documents, partial }) {
  const { foreign, unnamed, left } = documents.strangers(partial);
  const parts = [];
  const remark =
    left.length > 0 ? ` What a file manager leaves is no part of the bundle, and was not looked at: ${few(left)}.` : "";
  if (foreign.length > 0)
    parts.push(
      `${many(foreign.length, "file")} that ${foreign.length === 1 ? "does" : "do"} not belong to a bundle: ${few(foreign)}.`,
    );
  if (unnamed.length > 0) parts.push(`${many(unnamed.length, "file")} that no event leads to: ${few(unnamed)}.`);
  if (parts.length === 0 && left.length > 0) return steps.ok("files", `There are no others.${remark}`);
  if (parts.length === 0) return steps.ok("files", "There are none that do not belong to the bundle.");
  return steps.failed(
    "files",
    `${parts.join(" ")} Nothing vouches for them.${remark}`,
    `nothing in it names the file ${[...foreign, ...unnamed][0]}`,
  );
}

function few(paths) {
  return `${paths.slice(0, 5).join(", ")}${paths.length > 5 ? " …" : ""}`;
}
