// What a bundle and a promise say, in words.

import { lead, rowsOf, wordsOf } from "./answer.js";
import { formFile } from "./bundle_documents.js";
import { make, paragraph, row } from "./dom.js";
import { textIn } from "./json.js";
import { EVENT, count, many, moment, momentText, purpose, sentence } from "./words.js";

/** What a receipt says. */
export function receiptAnswer({ told, signer }) {
  const whole = { ...told, fingerprint: signer?.fingerprint };
  return [make("p", { class: "lead", "data-say": "lead" }, lead(told)), wordsOf(told), rowsOf(whole)].flat();
}

/** What a promise says. */
export function promiseAnswer({ promise }) {
  const { at, event_id, origin, deadline, type } = promise;
  return [
    make(
      "p",
      { class: "lead", "data-say": "lead" },
      `On ${momentText(at)} the ledger “${origin}” promised to hold an entry by ${moment(deadline)}.`,
    ),
    make("dl", { class: "rows" }, row("What it is about", "type", EVENT[type]), row("Event", "event", event_id)),
    paragraph(
      "A promise does not say what was agreed to, nor by whom: the entry is sealed. The receipt of this event does.",
    ),
  ];
}

/** What a bundle says: of a part each event, of the whole how many there are. */
export function bundleAnswer(found) {
  return found.partial ? partAnswer(found) : wholeAnswer(found);
}

function wholeAnswer({ tally, note, steps }) {
  const emptied = steps.state("emptied") === "ok" ? tally.emptyings.words() : [];
  const kinds = [...tally.types].sort((one, other) => other[1] - one[1]);
  const times = tally.times;
  return [
    make(
      "p",
      { class: "lead", "data-say": "lead" },
      `The whole ledger “${note.origin}”: ${many(tally.events, "entry", "entries")}.`,
    ),
    make(
      "dl",
      { class: "rows" },
      ...kinds.map(([type, number]) => row(EVENT[type] ?? sentence(type), type, count(number))),
      row("Of them emptied", "bare", [count(tally.bare), ...emptied].join(". ")),
      row("From", "from", times && moment(times.first)),
      row("Until", "until", times && moment(times.last)),
    ),
  ];
}

function partAnswer(found) {
  const { tally, note } = found;
  const emails = [...new Set(tally.shown.map(({ body }) => textIn(body, "email")).filter(Boolean))];
  const who = emails.length === 1 ? emails[0] : "one person";
  return [
    make(
      "p",
      { class: "lead", "data-say": "lead" },
      `${many(tally.events, "event")} of ${who} in the ledger “${note.origin}”.`,
    ),
    make(
      "ol",
      { class: "timeline" },
      tally.shown.map((one) => make("li", {}, eventPart(one, found))),
    ),
    tally.events > tally.shown.length && paragraph(`The first ${count(tally.shown.length)} are shown.`),
  ];
}

function eventPart(one, found) {
  if (!one.body)
    return make(
      "div",
      { class: "event" },
      make("summary", {}, `Index ${one.index ?? "unknown"}: ${EVENT[one.type] ?? "unreadable"}, emptied`),
    );
  const told = toldOf(one, found);
  const { evidence } = told;
  const title = [
    momentText(textIn(evidence, "at") ?? ""),
    EVENT[told.type] ?? told.type,
    textIn(evidence, "purpose") && purpose(evidence.purpose),
  ];
  const part = make(
    "details",
    { class: "event", "data-event": textIn(evidence, "event_id") },
    make("summary", {}, title.filter(Boolean).join(" · ")),
  );
  const fill = () => part.append(make("div", {}, [wordsOf(told), rowsOf(told)].flat()));
  part.addEventListener("toggle", fill, { once: true });
  return part;
}

/** An event of a bundle as a receipt would tell it. */
function toldOf({ body, type, index }, { documents, note }) {
  const context = documents.contexts.get(textIn(body, "context"));
  const evidence = { ...body, ...(context ?? {}) };
  const text = (folder, name, end) => (name === undefined ? undefined : documents.text(`${folder}/${name}${end}`));
  return {
    type,
    evidence,
    index,
    size: note.size,
    issued: {},
    words: textIn(body, "notice", "text") ?? text("notices", textIn(evidence, "notice", "sha256"), ".txt"),
    policy: text("policies", textIn(evidence, "policy", "label"), ".md"),
    form: textIn(evidence, "form") && documents.text(formFile(evidence)),
  };
}
