// All members of a receipt of the older form but `ledger`, as they were written (`older_readable.rs`). Nothing new is
// ever written so.

import { isObject, within } from "./json.js";
import { members, textOf } from "./vocabulary.js";

const OLDER_STATUS = {
  requested: "dpv:ConsentRequested",
  given: "dpv:ConsentGiven",
  withdrawn: "dpv:ConsentWithdrawn",
  renewed: "dpv:RenewedConsentGiven",
  expired: "dpv:ConsentExpired",
  erased: "dpv:ConsentTerminated",
};

/**
 * The members computed from the type of the event and its evidence; from the receipt itself those that nothing commits
 * to: when it was made, the installation's address, and a controller that the event does not name.
 */
export function olderReadable(payload, type, evidence) {
  const record = within(payload, "dpv:hasRecordOfActivity");
  const { site, withdrawal } = siteOf(record);
  const controller = olderController(record, evidence);
  return {
    "@context": {
      "dct": "http://purl.org/dc/terms/",
      "dpv": "https://w3id.org/dpv#",
      "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
      "pd": "https://w3id.org/dpv/pd#",
      "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
      "schema": "https://schema.org/",
      "ledger": { "@id": "urn:assent:ledger", "@type": "@json" },
    },
    "@type": "dpv:ConsentReceipt",
    "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
    "dct:identifier": evidence.event_id ?? null,
    "dct:issued": textOf(payload, "dct:issued") ?? "",
    "dct:publisher": controller["dpv:hasName"],
    "schema:recipient": "dpv:DataSubject",
    "dpv:hasRecordOfActivity": {
      "@type": "dpv:ConsentRecord",
      "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
      "dct:identifier": evidence.event_id ?? null,
      "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
      "dpv:hasConsentControl": { "@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": withdrawal },
      "dpv:hasConsentStatus": olderStatus(type, evidence),
      "dpv:hasDataController": controller,
      "dpv:hasDataSubject": members({
        "@type": "dpv:DataSubject",
        "dct:identifier": evidence.subscriber_id,
        "schema:email": evidence.email,
      }),
      "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
      "dpv:hasNotice": olderNotices(site, evidence),
      "dpv:hasProcess": {
        "@type": "dpv:Process",
        "dct:source": evidence.source ?? null,
        "dpv:hasDataSource": "dpv:DataSubjectDataSource",
        "dpv:hasPersonalData": "pd:EmailAddress",
        "dpv:hasPurpose": { "@type": "dpv:Purpose", "dct:identifier": evidence.purpose ?? null },
      },
      "dpv:hasRight": {
        "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
        "dct:title": "Right to withdraw consent at any time",
        "dpv:isExercisedAt": withdrawal,
      },
    },
  };
}

function siteOf(record) {
  const exercised = within(record, "dpv:hasConsentControl", "dpv:isExercisedAt");
  const page = "/preferences";
  const site = typeof exercised === "string" && exercised.endsWith(page) ? exercised.slice(0, -page.length) : "";
  return { site, withdrawal: `${site}${page}` };
}

function olderController(record, evidence) {
  const named = isObject(evidence.controller);
  const from = named ? evidence.controller : within(record, "dpv:hasDataController");
  const text = (inEvent, inReceipt) => textOf(from, named ? inEvent : inReceipt) ?? "";
  return {
    "@type": "dpv:DataController",
    "dpv:hasAddress": text("address", "dpv:hasAddress"),
    "dpv:hasContact": text("contact", "dpv:hasContact"),
    "dpv:hasName": text("name", "dpv:hasName"),
  };
}

function olderStatus(type, evidence) {
  const inForce = type === "given" || type === "renewed";
  return members({
    "@type": [OLDER_STATUS[type], "dpv:ExpressedConsent"],
    "dpv:hasDuration": inForce
      ? { "@type": "dpv:UntilEventDuration", "rdf:value": "Withdrawal of consent, or its end as the policy says" }
      : undefined,
    "dpv:hasIndicationMethod": evidence.method ?? null,
    "dpv:isIndicatedAtTime": evidence.at ?? null,
    "dpv:isIndicatedBy": type === "expired" ? "dpv:DataController" : "dpv:DataSubject",
  });
}

/** An erasure's event names neither words nor policy: the members are null then. */
function olderNotices(site, { notice, policy }) {
  const held = (value, name) => within(value, name) ?? null;
  return [
    {
      "@type": "dpv:ConsentNotice",
      "dct:description": held(notice, "text"),
      "dct:language": held(notice, "lang"),
      "schema:sha256": held(notice, "sha256"),
    },
    {
      "@id": `${site}/policies/privacy/${textOf(policy, "label") ?? ""}`,
      "@type": "dpv:PrivacyNotice",
      "schema:sha256": held(policy, "sha256"),
      "schema:version": held(policy, "label"),
    },
  ];
}
