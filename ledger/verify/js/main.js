// The page: takes what is given, checks it, and shows the answer.

import { readAsked } from "./asked.js";
import { checkBundle } from "./bundle.js";
import { BUNDLE_LIMIT, chosenFolder, droppedFolder } from "./bundle_files.js";
import { byId, make } from "./dom.js";
import { bundleAnswer, promiseAnswer, receiptAnswer } from "./events_view.js";
import { fromFragment, recogniseFile, recogniseText } from "./given.js";
import { tellHeld } from "./held.js";
import { readJws } from "./jws.js";
import { hasEd25519 } from "./key.js";
import { checkPromise } from "./promise.js";
import { provedBy } from "./proved.js";
import { checkReceipt } from "./receipt.js";
import { stepsView } from "./steps_view.js";
import { showChecking, showNothing, showUnreadable, showVerdict, verdictOf } from "./verdict.js";

const NAMES = { receipt: "Receipt", promise: "Promise", bundle: "Bundle", stamp: "Time stamp" };

/** What was given: one thing of each kind, but as many time stamps as there are; a file of promises is one thing. */
const given = new Map();
let run = 0;

async function checkAll(scroll) {
  run += 1;
  const mine = run;
  const isCurrent = () => mine === run;
  showGiven();
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
  } catch (error) {
    if (isCurrent()) showUnreadable(error.message);
  } finally {
    if (isCurrent()) byId("progress").hidden = true;
  }
}

/** Checks all that was given; each thing that fails makes the whole fail. */
async function checkGiven(asked, isCurrent) {
  const [receipt, promise, bundle] = ["receipt", "promise", "bundle"].map((slot) => given.get(slot));
  if (!receipt && !bundle && asked.stamps.length > 0)
    throw new Error("a time stamp says nothing without what it is of: give the receipt or the bundle too");
  const texts = promise?.texts ?? [];
  const several = [receipt, bundle].filter(Boolean).length + texts.length > 1;
  const view = (slot, prefix, number = "") =>
    stepsView({ prefix, title: several && `${NAMES[slot]}${number}` }, isCurrent);
  const found = { promises: [] };
  if (receipt) found.receipt = await checkReceipt(receipt.text, asked, view("receipt", ""));
  if (bundle) {
    const earlier = asked.earlier ?? found.receipt?.head ?? null;
    const tell = view("bundle", receipt ? "bundle-" : "");
    // The ledger must still hold what it held when the receipt was signed.
    const calledEarlier = asked.earlier ? undefined : "the receipt’s head";
    const stamps = receipt ? [] : asked.stamps;
    found.bundle = await checkFolder(bundle.files, { ...asked, earlier, calledEarlier, stamps }, tell);
    if (found.receipt) await tellHeld(found.receipt, found.bundle);
  }
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

const ANSWERS = { receipt: receiptAnswer, bundle: bundleAnswer };

/** What a receipt or a bundle says; without either, what each promise does. */
function answerOf(main, { promises }) {
  const answer = ANSWERS[main.kind];
  return answer ? answer(main) : promises.filter(({ promise }) => promise).flatMap(promiseAnswer);
}

/** The answer is that of the receipt where there is one; whatever was given beside it can only spoil it. */
function showFound(found) {
  const all = [found.receipt, found.bundle, ...found.promises].filter(Boolean);
  const main = all[0];
  const forged = all.find((one) => verdictOf(one) === "forged");
  showVerdict(forged ?? main, !forged && main.kind === "promise" && all.length > 1);
  const told = main.told ?? main.tally ?? main.promise;
  const section =
    told &&
    make(
      "section",
      { class: forged && "claimed", "aria-labelledby": "answer-title" },
      make("h2", { id: "answer-title" }, answerTitle(main, forged)),
      answerOf(main, found),
    );
  const proved = forged || main.kind === "promise" ? [] : [provedBy(main)];
  byId("answer").replaceChildren(...(section ? [section] : []), ...proved);
}

/** Where only the readable part was changed, what is shown is true all the same: it is taken from the sealed entry. */
function answerTitle(main, forged) {
  if (!forged) return "What it says";
  const onlyReadable = forged === main && forged.steps.faults.every(({ id }) => id === "readable");
  return onlyReadable ? "What its sealed entry says" : "What it claims, and does not prove";
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
    given.set(thing.slot === "stamp" ? `stamp ${thing.name}` : thing.slot, thing);
  }
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
  for (const id of ["key", "witnesses", "quorum", "earlier"])
    byId(id).addEventListener("change", () => checkAll(false));
  addEventListener("hashchange", takeFragment);
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
