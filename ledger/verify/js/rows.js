// The part of an audit that looks at one line of `events.ndjson` by itself.

import { fromHash, sha256Hex } from "./bytes.js";
import { canonical, isCount, isObject, textIn, tryJson, within } from "./json.js";
import { commits, readLeaf, readSalt } from "./leaf.js";
import { isIncluded, leafHash } from "./tree.js";

const MEMBERS = ["index", "leaf", "salt", "body", "proof"];

/** Whether a text is lower-case hex of a SHA-256. */
export function isHash(text) {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

/** Whether a text is a policy's label: 1 to 64 of letters, digits, `.`, `-` and `_`, and not marks alone. */
export function isLabel(text) {
  return typeof text === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(text) && /[A-Za-z0-9]/.test(text);
}

/** Whether a text is a UUID. */
export function isUuid(text) {
  return typeof text === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/**
 * The second of an RFC 3339 moment since the Unix epoch; null where it is none, or where it lies outside of the years
 * that RFC 3339 can write in UTC.
 */
export function wholeSeconds(text) {
  const form = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
  const parts = typeof text === "string" && form.exec(text);
  if (!parts) return null;
  const [, day, hour, minute, second, zone] = parts;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // A day such as 31 February is read as one of March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  let seconds = midnight / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Math.min(Number(second), 59);
  if (zone.length === 6) {
    const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
    if (hours > 23 || minutes > 59) return null;
    seconds -= (zone[0] === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
  }
  // A leap second ends a month in UTC (RFC 3339 §5.7), and is read as the second before it.
  if (second === "60" && !beginsMonth(seconds + 1)) return null;
  return seconds >= -62135596800 && seconds <= 253402300799 ? seconds : null;
}

function beginsMonth(seconds) {
  return seconds % 86400 === 0 && new Date(seconds * 1000).getUTCDate() === 1;
}

/**
 * Checks all that a line says of itself. What comes back has `problems`, sentences, and what the audit of the whole
 * goes by: `index`, `leaf` (its hash), `version`, `bare`, `told` (of other leaves), `order` (within its subject's),
 * `refers` (to files), and for showing `type`, `body` and `eventId`.
 */
export async function checkRow(line, number, head, partial) {
  const row = { number, problems: [], bare: false, version: 0 };
  const event = tryJson(line);
  if (!isLine(event)) {
    row.problems.push("the line is not a JSON object with index, leaf, salt and body");
    return row;
  }
  row.index = event.index;
  row.leafText = event.leaf;
  row.leaf = await leafHash(event.leaf);
  row.bare = event.salt === undefined && event.body === undefined;
  const fault = await checkEvidence(event, row);
  if (fault) row.problems.push(fault);
  row.proofFault = await checkProof(event, row, head, partial);
  if (row.proofFault) row.problems.push(row.proofFault);
  return row;
}

async function checkProof({ proof, index }, { leaf }, head, partial) {
  if (proof === undefined) {
    return partial ? "the line has no inclusion proof, which each needs where others are left out" : undefined;
  }
  const hashes = proof.map(fromHash);
  const leads = !hashes.includes(null) && (await isIncluded(leaf, index, head.size, hashes, head.root));
  return leads ? undefined : "the inclusion proof does not lead from the leaf to the checkpoint’s root";
}

function isLine(event) {
  if (!isObject(event) || Object.keys(event).some((name) => !MEMBERS.includes(name))) return false;
  // Missing and `null` are the same to the program.
  for (const name of ["salt", "body", "proof"]) if (event[name] === null) event[name] = undefined;
  const { index, leaf, salt, proof } = event;
  const isProof = proof === undefined || (Array.isArray(proof) && proof.every((hash) => typeof hash === "string"));
  return isCount(index) && typeof leaf === "string" && (salt === undefined || typeof salt === "string") && isProof;
}

/** What is wrong with what a row commits to; else null, and the row says what it is. */
async function checkEvidence(event, row) {
  const head = readLeaf(event.leaf);
  if (!head) return "the leaf is not in its canonical form, or of no known type";
  row.version = head.version;
  row.type = head.type;
  if (event.salt === undefined || event.body === undefined) {
    if (!head.ofEvent) return "it is what the ledger records of itself, and its salt or body is gone";
    return row.bare ? null : "of salt and body there is only one; erasure drops both";
  }
  const salt = readSalt(event.salt);
  if (!salt) return "the salt is not base64url of 32 bytes";
  const { body } = event;
  row.body = body;
  // Named in a finding even where the commitment fails, for it may lead to what was changed.
  if (head.ofEvent) row.eventId = textIn(body, "event_id");
  if (!(await commits(event.leaf, salt, canonical(body)))) {
    return "the leaf does not commit to this body: body, salt or leaf was changed";
  }
  return head.ofEvent ? checkEvent(head, body, row) : checkRecord(head, body, row);
}

function checkRecord({ type }, body, row) {
  const told = readTold(body);
  const { before, epoch, from, known } = told ?? {};
  const resumed = type === "resumed";
  const ofALoss = from !== undefined || known !== undefined;
  const right = (before !== undefined) === (type === "adopted") && (epoch !== undefined) === resumed;
  if (!told || !right || (ofALoss && !resumed)) return "the record does not say what it should say of other entries";
  row.told = told;
  return null;
}

const LACKS =
  "the body does not name its event, its notice and its policy; or, of version 2, its context and its place";

async function checkEvent({ type, version }, body, row) {
  if (!isObject(body) || !isUuid(body.event_id)) return LACKS;
  row.order = readOrder(type, version, body);
  if (version > 1 && !row.order) return LACKS;
  if (type === "erased") {
    const { emptied, waiting } = body;
    row.told = readTold({ emptied, waiting });
    if (row.order) row.order.empties = row.told?.emptied.length > 0 || row.told?.waiting.length > 0;
    const nothing = body.notice === undefined && body.policy === undefined && body.context === undefined;
    return row.told && nothing ? null : LACKS;
  }
  if (version > 1) {
    if (!isHash(body.context)) return LACKS;
    row.refers = { context: body.context };
    return null;
  }
  const { notice, policy } = body;
  if (typeof textIn(notice, "text") !== "string" || !textIn(policy, "label")) return LACKS;
  if ((await sha256Hex(notice.text)) !== notice.sha256) return "the notice’s SHA-256 is not that of its text";
  if (!isLabel(policy.label)) return "the policy’s label is not a label";
  row.refers = { notice: notice.sha256, policy: policy.label, policySha256: policy.sha256, version: 1 };
  return null;
}

/** Where a body says that it stands among its subject's events; undefined where it does not say. */
function readOrder(type, version, body) {
  const subject = type === "requested" ? body.signup_id : body.subscriber_id;
  const at = wholeSeconds(body.at);
  if (!isUuid(subject)) return undefined;
  const order = { subject: subject.toLowerCase(), type, at };
  if (version === 1) return { ...order, seq: null, previous: null };
  const previous = body.previous === undefined || body.previous === null ? null : fromHash(body.previous);
  if (typeof body.previous === "string" && !previous) return undefined;
  if (!isCount(body.seq) || at === null) return undefined;
  return { ...order, seq: body.seq, previous };
}

/** What a record, or an erasure, says of other leaves; null where it cannot be read. */
function readTold(body) {
  if (!isObject(body)) return null;
  const { emptied = [], waiting = [], before, epoch, from, known, claims } = body;
  const isHead = (head) =>
    head === undefined ||
    head === null ||
    (["origin", "root"].every((name) => typeof within(head, name) === "string") && isCount(within(head, "size")));
  const isChain = (chain) =>
    chain === undefined ||
    chain === null ||
    (Number.isSafeInteger(within(chain, "count")) && typeof within(chain, "sha256") === "string");
  const isRun = (run) =>
    Array.isArray(run) && run.length === 2 && run.every((index) => Number.isInteger(index) && index >= 0);
  const whole =
    Array.isArray(emptied) &&
    emptied.every(isRun) &&
    Array.isArray(waiting) &&
    waiting.every((hash) => typeof hash === "string") &&
    (before === undefined || isCount(before)) &&
    (epoch === undefined || epoch === null || typeof epoch === "string") &&
    [from, known].every(isHead) &&
    isChain(claims);
  const [said, since, newest, chain] = [epoch, from, known, claims].map((value) => value ?? undefined);
  return whole ? { emptied, waiting, before, epoch: said, from: since, known: newest, claims: chain } : null;
}
