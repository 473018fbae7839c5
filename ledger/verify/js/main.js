// The page: takes what is given, checks it, and shows the answer.

import { readAsked } from "./asked.js";
import { checkBundle } from "./bundle.js";
import { BUNDLE_LIMIT, chosenFolder, droppedFolder } from "./bundle_files.js";
import { byId, make } from "./dom.js";
import { fromFragment, recogniseFile, recogniseText } from "./given.js";
import { tellHeld } from "./held.js";
import { readJws } from "./jws.js";
import { hasEd25519 } from "./key.js";
import { checkPromise } from "./promise.js";
import { checkReceipt } from "./receipt.js";
import { showFound } from "./shown.js";
import { sumUpSteps, stepsView } from "./steps_view.js";
import { tellTwins } from "./twins.js";
import { showChecking, showNothing, showUnreadable } from "./verdict.js";

const NAMES = { receipt: "Receipt", promise: "Promise", bundle: "Bundle", stamp: "Time stamp" };

/** Fields of what is known from elsewhere. */
const FIELDS = ["key", "witnesses", "quorum", "earlier"];

/**
 * What was given: one thing of each kind, but as many receipts and time stamps as there are, the newest receipt last; a
 * file of promises is one thing.
 */
const given = new Map();
let run = 0;
let receiptsGiven = 0;
/** What the fields said when all was checked last. */
let checkedFields = "";

async function checkAll(scroll) {
  run += 1;
  const mine = run;
  const isCurrent = () => mine === run;
  showGiven();
  checkedFields = fieldsNow();
  const unfolded = unfoldedNow();
  byId("result").hidden = given.size === 0;
  byId("intro").hidden = given.size > 0;
  byId("steps").replaceChildren();
  byId("answer").replaceChildren();
  byId("progress").hidden = true;
  byId("checked").hidden = given.size === 0;
  if (given.size === 0) return showNothing();
  showChecking();
  const stamps = [...given.values()].filter(({ slot }) => slot === "stamp");
  const asked = await readAsked(stamps);
  if (!isCurrent()) return;
  if (!asked)
    return void showUnreadable("a field of what you know from elsewhere cannot be read, as is said beside it");
  if (scroll) byId("result").scrollIntoView({ block: "start" });
  try {
    const found = await checkGiven(asked, isCurrent);
    if (isCurrent()) showFound(found);
    if (isCurrent()) unfold(unfolded);
  } catch (error) {
    if (isCurrent()) showUnreadable(error.message);
  } finally {
    if (isCurrent()) {
      byId("progress").hidden = true;
      sumUpSteps();
    }
  }
}

function fieldsNow() {
  return JSON.stringify(FIELDS.map((id) => byId(id).value));
}

/** The parts of the answer that stand open, by what they hold. */
function unfoldedNow() {
  return Array.from(document.querySelectorAll("#answer details[open][data-unfold]"), (part) => part.dataset.unfold);
}

function unfold(names) {
  for (const name of names) {
    const part = document.querySelector(`#answer details[data-unfold="${name}"]`);
    if (part) part.open = true;
  }
}

/** Checks all that was given; each thing that fails makes the whole fail. */
async function checkGiven(asked, isCurrent) {
  const [promise, bundle] = ["promise", "bundle"].map((slot) => given.get(slot));
  const receipts = [...given.values()].filter(({ slot }) => slot === "receipt").reverse();
  const [receipt] = receipts;
  if (receipts.some(({ text }) => text === asked.earlier?.of)) {
    byId("earlier-error").textContent = "This is the receipt itself, which confirms nothing: give what you kept from before.";
    asked = { ...asked, earlier: null };
  }
  if (!receipt && !bundle && asked.stamps.length > 0)
    throw new Error("a time stamp says nothing without what it is of: give the receipt or the bundle too");
  const texts = promise?.texts ?? [];
  const several = [...receipts, bundle].filter(Boolean).length + texts.length > 1;
  const view = (slot, prefix, number = "") =>
    stepsView({ prefix, title: several && `${NAMES[slot]}${number}` }, isCurrent);
  const found = { promises: [], receipts: [], kept: asked.earlier };
  for (const [at, { text, name }] of receipts.entries()) {
    const called = receipts.length > 1 ? `: ${name}` : "";
    // Time stamps that are given beside several are of the first.
    const own = at === 0 ? asked : { ...asked, stamps: [] };
    const one = await checkReceipt(text, own, view("receipt", at === 0 ? "" : `receipt-${at + 1}-`, called));
    found.receipts.push(Object.assign(one, { name }));
  }
  [found.receipt] = found.receipts;
  if (bundle) {
    const tell = view("bundle", receipt ? "bundle-" : "");
    // The ledger must still hold what it held when each receipt was signed.
    const heads = found.receipts.flatMap(({ head }) => (head ? [head] : []));
    const stamps = receipt ? [] : asked.stamps;
    found.bundle = await checkFolder(bundle.files, { ...asked, heads, stamps }, tell);
  }
  tellTwins(found.receipts, found.bundle);
  if (bundle) for (const one of found.receipts) await tellHeld(one, found.bundle);
  // One verdict names one key.
  if (new Set(texts.map((text) => readJws(text).header.kid)).size > 1)
    throw new Error(`the promises in ${promise.name} are signed by several keys: give them one by one`);
  for (const [at, text] of texts.entries()) {
    const beside = receipt || bundle || at > 0;
    const prefix = beside ? `promise-${at > 0 ? `${at + 1}-` : ""}` : "";
    const tell = view("promise", prefix, texts.length > 1 ? ` ${at + 1}` : "");
    found.promises.push(await checkPromise(text, asked, found, tell));
  }
  return found;
}

function checkFolder(files, asked, tell) {
  if (files.bytes > BUNDLE_LIMIT) {
    throw new Error(
      `the bundle has more than 100 MB, too much for a page: check it with “assent ledger audit ${files.name} --key VKEY” or “assent-audit bundle ${files.name} --key VKEY”`,
    );
  }
  const progress = byId("progress");
  progress.hidden = false;
  return checkBundle(files, asked, tell, (done, all) => {
    progress.max = all;
    progress.value = done;
  });
}

function showGiven() {
  const items = [...given].map(([slot, { slot: kind, name }]) => {
    const remove = make("button", { type: "button", "aria-label": `Remove ${name}` }, "Remove");
    remove.addEventListener("click", () => {
      given.delete(slot);
      checkAll(false);
    });
    return make("li", {}, make("span", {}, make("strong", {}, NAMES[kind]), ` ${name}`), remove);
  });
  byId("given").replaceChildren(...items);
}

/** Takes what `find` gives and checks it; says in a sentence why it cannot. */
async function take(find) {
  // At once, so that the answer to what was given before is not taken for this one.
  byId("result").hidden = false;
  showChecking();
  try {
    for (const thing of [await find()].flat()) put(thing);
  } catch (error) {
    // Nothing of before may seem to be the answer to this.
    given.clear();
    await checkAll(false);
    byId("intro").hidden = true;
    byId("result").hidden = false;
    return showUnreadable(error.message);
  }
  return checkAll(true);
}

function put(thing) {
  if (thing.slot === "earlier") {
    byId("earlier").value = thing.text;
    byId("more").open = true;
  } else {
    given.set(slotOf(thing), thing);
  }
}

/** A second receipt stands beside the first, and is compared with it; the same one only once. */
function slotOf(thing) {
  const { slot, name, text } = thing;
  if (slot === "stamp") return `stamp ${name}`;
  if (slot !== "receipt") return slot;
  for (const [place, one] of given) if (one.slot === "receipt" && one.text === text) given.delete(place);
  // What several are called tells them apart.
  const names = [...given.values()].map((one) => one.name);
  for (let number = 2; names.includes(thing.name); number += 1) thing.name = `${name} (${number})`;
  receiptsGiven += 1;
  return `receipt ${receiptsGiven}`;
}

function asBundle(files) {
  return { slot: "bundle", name: files.name, files };
}

async function dropped(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folders = entries.filter((entry) => entry.isDirectory);
  const files = Array.from(transfer.files);
  const text = transfer.getData("text/plain");
  if (folders.length > 0) return [asBundle(await droppedFolder(folders[0]))];
  if (files.length > 0) return Promise.all(files.map(recogniseFile));
  return recogniseText(text, "The text that you dropped");
}

function listen() {
  const body = document.body;
  const over = (is) => (event) => {
    event.preventDefault();
    body.classList.toggle("over", is);
  };
  body.addEventListener("dragover", over(true));
  body.addEventListener("dragleave", over(false));
  body.addEventListener("drop", (event) => {
    over(false)(event);
    take(() => dropped(event.dataTransfer));
  });
  byId("file").addEventListener("change", ({ target }) => {
    const files = Array.from(target.files);
    // So that the same file can be chosen again once it was changed.
    target.value = "";
    if (files.length > 0) take(() => Promise.all(files.map(recogniseFile)));
  });
  // No standard names it, and every browser of today has it.
  byId("folder").webkitdirectory = true;
  byId("folder").addEventListener("change", ({ target }) => {
    const files = Array.from(target.files);
    target.value = "";
    if (files.length > 0) take(() => asBundle(chosenFolder(files)));
  });
  byId("check").addEventListener("click", () =>
    take(() => recogniseText(byId("text").value, "The text that you pasted")),
  );
  for (const id of FIELDS) {
    byId(id).addEventListener("change", afterPress(checkFields));
    // What is pasted is whole; what is typed is so when the field is left.
    byId(id).addEventListener("input", ({ inputType }) => {
      if (inputType === "insertFromPaste" || inputType === "insertFromDrop") checkFields();
    });
  }
  addEventListener("hashchange", takeFragment);
}

function checkFields() {
  if (fieldsNow() !== checkedFields) checkAll(false);
}

/**
 * The same, but not while something is being pressed: a field is left by pressing elsewhere, and what is pressed must
 * not be put away before the press has done what it does.
 */
function afterPress(act) {
  let pressed = false;
  let waiting = false;
  const over = () => {
    pressed = false;
    if (!waiting) return;
    waiting = false;
    // Behind the click, which comes after the pointer went up.
    setTimeout(act);
  };
  addEventListener("pointerdown", () => (pressed = true), true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, over, true);
  return () => {
    if (pressed) waiting = true;
    else act();
  };
}

/** A receipt that a link carries is checked at once, and taken out of the address bar. */
function takeFragment() {
  if (!location.hash.includes("=")) return;
  const { hash } = location;
  history.replaceState(null, "", location.pathname + location.search);
  take(() => {
    const thing = fromFragment(hash);
    if (!thing) throw new Error("The link carries something else than a receipt");
    return thing;
  });
}

async function start() {
  if (!(await hasEd25519())) {
    const said = globalThis.isSecureContext
      ? "This browser cannot check Ed25519 signatures. Take Chrome or Edge from 137, Firefox from 129, or Safari from 17; or the command: assent-audit receipt FILE --key VKEY"
      : "Browsers check signatures only on pages from a file or by https. Save this page and open it from there.";
    byId("unsupported").textContent = said;
    byId("unsupported").hidden = false;
    for (const control of document.querySelectorAll("input, textarea, button")) control.disabled = true;
    return;
  }
  listen();
  takeFragment();
  // For whoever drives this page: from now on it hears.
  document.documentElement.dataset.ready = "yes";
}

start();
