// What is done with the data, in the part of a receipt for reading: for what, with which, where, how long, and who else
// gets it (`process.rs`).

import { members, personalData, places, retention, textOf } from "./vocabulary.js";

/** Of an erasure nothing but the purpose is known any more. */
export function process(told) {
  const known = told.type !== "erased";
  return members({
    "@type": "dpv:Process",
    "dpv:hasDataSource": known ? dataSource(told) : undefined,
    "dpv:hasNecessity": necessity(told),
    "dpv:hasPersonalData": known ? data(told) : undefined,
    "dpv:hasPurpose": told.purpose(told.shownText("purpose")),
    "dpv:hasRecipient": recipients(told),
    "dpv:hasService": service(told),
    "dpv:hasStorageCondition": storage(told),
  });
}

function dataSource(told) {
  if (told.shownText("method") === "form") return "dpv:DataSubjectDataSource";
  return { "@type": "dpv:DataSource", "dct:description": told.shownText("source") };
}

/** Whether what the form is for was to be had without this consent (GDPR Art. 7(4)). */
function necessity(told) {
  const required = told.shown("required");
  if (typeof required !== "boolean") return undefined;
  return required ? "dpv:Required" : "dpv:Optional";
}

/** The kinds of data given; the address alone, where the event names none. */
function data(told) {
  const kinds = told.ledger.body.data;
  if (!Array.isArray(kinds)) return ["pd:EmailAddress"];
  return kinds.filter((kind) => typeof kind === "string").map(personalData);
}

/** Who else gets the data: nobody but the controller, where the operator named nobody. */
function recipients(told) {
  const named = told.shown("processing")?.recipients;
  if (!Array.isArray(named)) return told.saidByPolicy("dpv:Recipient");
  if (named.length === 0) return { "@id": told.controller() };
  return named.map((name) => ({ "@type": "dpv:Recipient", "dct:description": name }));
}

/** The report that was asked for with the same form. */
function service(told) {
  const report = told.shown("report");
  if (typeof report !== "string") return undefined;
  return { "@id": told.address(`/reports/${report}`), "@type": "dpv:Service", "dct:identifier": report };
}

/** Where the data is kept, and how long. */
function storage(told) {
  const processing = told.shown("processing");
  const [place, time] = [textOf(processing, "storage"), textOf(processing, "retention")];
  const conditions = [
    place === undefined ? told.saidByPolicy("dpv:StorageLocation") : storedAt(place),
    time === undefined
      ? told.saidByPolicy("dpv:StorageDuration")
      : { "@type": "dpv:StorageDuration", "dpv:hasDuration": retention(time) },
  ];
  return conditions.includes(undefined) ? undefined : conditions;
}

function storedAt(text) {
  const place = places(text) ?? { "@type": "dpv:Location", "dct:description": text };
  return { "@type": "dpv:StorageLocation", "dpv:hasLocation": place };
}
