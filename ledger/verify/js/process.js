// The processing of a consent record (`process.rs`): purpose, data, recipients, place and duration of storage.

import { members, personalData, places, retention, textOf } from "./vocabulary.js";

/** The processing that the consent is for. An erasure's event names the purpose and nothing else of it. */
export function process(record) {
  const known = record.type !== "erased";
  return members({
    "@type": "dpv:Process",
    "dpv:hasDataSource": known ? dataSource(record) : undefined,
    "dpv:hasNecessity": necessity(record),
    "dpv:hasPersonalData": known ? data(record) : undefined,
    "dpv:hasPurpose": record.purpose(record.contextText("purpose")),
    "dpv:hasRecipient": recipients(record),
    "dpv:hasService": service(record),
    "dpv:hasStorageCondition": storage(record),
  });
}

function dataSource(record) {
  if (record.contextText("method") === "form" || typeof record.context("drawn_by") === "string") return "dpv:DataSubjectDataSource";
  return { "@type": "dpv:DataSource", "dct:description": record.contextText("source") };
}

/** Whether what the form is for was to be had without this consent (GDPR Art. 7(4)). */
function necessity(record) {
  const required = record.context("required");
  if (typeof required !== "boolean") return undefined;
  return required ? "dpv:Required" : "dpv:Optional";
}

/** The kinds of data given; the address alone, where the event names none. */
function data(record) {
  const kinds = record.ledger.body.data;
  if (!Array.isArray(kinds)) return ["pd:EmailAddress"];
  return kinds.filter((kind) => typeof kind === "string").map(personalData);
}

/** Who else gets the data: nobody but the controller, where the operator named nobody. */
function recipients(record) {
  const named = record.context("processing")?.recipients;
  if (!Array.isArray(named)) return record.saidByPolicy("dpv:Recipient");
  if (named.length === 0) return { "@id": record.controller() };
  return named.map((name) => ({ "@type": "dpv:Recipient", "dct:description": name }));
}

/** The report that was asked for with the same form. */
function service(record) {
  const report = record.context("report");
  if (typeof report !== "string") return undefined;
  return { "@id": record.address(`/reports/${report}`), "@type": "dpv:Service", "dct:identifier": report };
}

/** Where the data is kept, and how long. */
function storage(record) {
  const processing = record.context("processing");
  const [place, time] = [textOf(processing, "storage"), textOf(processing, "retention")];
  const conditions = [
    place === undefined ? record.saidByPolicy("dpv:StorageLocation") : storedAt(place),
    time === undefined
      ? record.saidByPolicy("dpv:StorageDuration")
      : { "@type": "dpv:StorageDuration", "dpv:hasDuration": retention(time) },
  ];
  return conditions.includes(undefined) ? undefined : conditions;
}

function storedAt(text) {
  const place = places(text) ?? { "@type": "dpv:Location", "dct:description": text };
  return { "@type": "dpv:StorageLocation", "dpv:hasLocation": place };
}
