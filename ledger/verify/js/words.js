// What stands in the ledger as a word or a moment, as people say it.

import { canonical, textIn } from "./json.js";
import { wholeSeconds } from "./rows.js";

/** A number with its thousands set apart. */
export function count(number) {
  return number.toLocaleString("en-GB");
}

/** So many of something. */
export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** Things in a row: one, two and three. */
export function listed(things) {
  if (things.length < 2) return things.join("");
  return `${things.slice(0, -1).join(", ")} and ${things.at(-1)}`;
}

/** A text as it stands; of anything else, its JSON. */
export function plain(value) {
  return typeof value === "string" ? value : canonical(value);
}

/** The first letter large, but of a file's name. */
export function sentence(text) {
  return /^\S+[./]\S/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** A moment of Unix time, in UTC, for there is no telling where the reader is. */
export function moment(seconds) {
  // The last moment that a date can be made of (ECMAScript, Time Values).
  if (!(Math.abs(seconds) <= 8.64e12)) return "no possible time";
  const form = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC" };
  return `${new Intl.DateTimeFormat("en-GB", form).format(seconds * 1000)} UTC`;
}

/** A moment as RFC 3339 writes it, or as it stands where it is none. */
export function momentText(text) {
  const seconds = wholeSeconds(text);
  return seconds === null ? text : moment(seconds);
}

/** The day of a moment. */
export function dayText(text) {
  const seconds = wholeSeconds(text);
  if (seconds === null) return text;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(seconds * 1000);
}

/** What happened, of somebody and of what it is about. */
export const HAPPENED = {
  requested: (thing) => `asked by a form for ${thing}, and had not confirmed yet,`,
  given: (thing) => `agreed to ${thing}`,
  renewed: (thing) => `agreed again to ${thing}`,
  withdrawn: (thing) => `took the agreement to ${thing} back`,
  expired: (thing) => `did not agree again in time to ${thing}, so that the agreement ended`,
  erased: () => "was erased",
};

/** The same as a heading of one event. */
export const EVENT = {
  requested: "Asked for, not confirmed yet",
  given: "Agreed",
  renewed: "Agreed again",
  withdrawn: "Took it back",
  expired: "Ended, not renewed in time",
  erased: "Erased",
  adopted: "Adoption of what was there before",
  purged: "Old entries emptied",
  recorded: "Record of other claims",
  resumed: "Went on after a loss",
};

/** What a purpose code stands for. */
export function purpose(code) {
  if (code === "privacy-policy") return "the privacy policy";
  const newsletter = /^newsletter:(.+)$/.exec(code ?? "")?.[1];
  return newsletter ? `the newsletter “${newsletter}”` : `“${code}”`;
}

/** What somebody agrees to with it; undefined of a purpose that the publisher added. */
export function meaning(code) {
  if (code === "privacy-policy") return "That the details given are held and used as the policy and the words above say";
  return code.startsWith("newsletter:") ? "That it is mailed to this address" : undefined;
}

const WAYS = {
  form: "a form on the publisher’s pages",
  api: "a program of the publisher’s, by the signup API",
  import: "an import: it was given elsewhere and brought in with its evidence",
  staff: "the publisher’s staff, who entered what they were told",
  program: "the publisher’s program by itself: a time was over, or a mail was reported as unwanted",
};

/** How a choice reached the ledger. */
export function method(word) {
  return WAYS[word] ?? word;
}

const PAGES = {
  "/preferences": "the page on which people see and change their own choices",
  "/unsubscribe": "the page that a newsletter’s link to unsubscribe leads to",
  "/newsletters": "the newsletters page",
  "/renew": "the page that asks again under a new policy",
  complaint: "a report of the mail as spam",
  console: "the publisher’s console",
};

/** Where a choice was made. */
export function place(evidence) {
  const { site } = evidence;
  const source = evidence.page ?? evidence.source;
  if (PAGES[source]) return PAGES[source];
  if (typeof source !== "string") return undefined;
  return source.startsWith("/") ? `the page ${typeof site === "string" ? site : ""}${source}` : source;
}

const KINDS_OF_DATA = { email: "e-mail address", job_title: "job title", name: "name", organisation: "organisation" };

/** Kinds of data that were given. */
export function kindsOfData(kinds) {
  return sentence(listed(kinds.map((kind) => KINDS_OF_DATA[kind] ?? plain(kind))));
}

/** How it was confirmed; undefined where there was nothing to confirm. */
export function confirmation(type, evidence) {
  const by = textIn(evidence, "confirmed", "by");
  if (by === "link") return "By pressing the button behind a link that was mailed to that address";
  if (by === "code") return "By typing the code that was mailed to that address";
  if (by !== undefined) return by;
  const agreed = type === "given" || type === "renewed";
  const mailed = agreed && evidence.signup_id !== undefined && ["form", "api"].includes(evidence.method);
  if (mailed) return "By a link or a code that was mailed to that address; this older entry does not say which";
  return undefined;
}
