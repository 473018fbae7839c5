// All members of a receipt but `ledger`, written anew from that member as the program writes them (`readable.rs`): what
// differs was not written by it.

import { isObject, textIn } from "./json.js";
import { readLeaf } from "./leaf.js";
import { process } from "./process.js";
import { STATUS, isPage, jsonLdContext, members, places, textOf } from "./vocabulary.js";

/** What a receipt's member `ledger` says of one event (`consent_record.rs`). */
class ConsentRecord {
  constructor(ledger) {
    this.ledger = ledger;
    this.type = readLeaf(ledger.leaf)?.type;
  }

  /** A text of the event's body: of this person and this event alone. */
  bodyText(name) {
    return textOf(this.ledger.body, name);
  }

  /** A value of the event's context, which other events may share; with a leaf of version 1 the body holds it. */
  context(name) {
    const { context, body } = this.ledger;
    return (isObject(context) ? context : body)[name];
  }

  contextText(name) {
    const value = this.context(name);
    return typeof value === "string" ? value : "";
  }

  /** The IRI of a page of the installation: at the address that the context names, else where the receipt was issued. */
  address(path) {
    const site = this.context("site");
    return `${typeof site === "string" ? site : this.ledger.issued.site}${path}`;
  }

  controller() {
    return this.address("/#controller");
  }

  policy() {
    const label = textOf(this.context("policy"), "label");
    return label === undefined ? undefined : this.address(`/policies/privacy/${label}`);
  }

  /** What is written in place of a field that the event does not have: that the policy which was shown states it. */
  saidByPolicy(concept) {
    const policy = this.policy();
    return policy === undefined ? undefined : { "@type": concept, "dct:source": { "@id": policy } };
  }

  purpose(code) {
    return { "@id": this.address(`/purposes/${code}`), "@type": "dpv:Purpose", "dct:identifier": code };
  }

  get isOfFormBefore() {
    return this.ledger.schema === 2;
  }

  get inForce() {
    return this.type === "given" || this.type === "renewed";
  }

  /** When the consent was indicated. That of an import was given elsewhere, on the day that it states. */
  indicatedAt() {
    const elsewhere = this.inForce && this.contextText("method") === "import";
    return this.bodyText(elsewhere ? "requested_at" : "at") ?? "";
  }
}

/** All of a receipt but its member `ledger`. */
export function readable(ledger) {
  const record = new ConsentRecord(ledger);
  const { id, at } = ledger.issued;
  return {
    "@context": jsonLdContext(),
    "@id": `urn:uuid:${id}`,
    "@type": "dpv:ConsentReceipt",
    "dct:audience": "dpv:DataSubject",
    "dct:conformsTo": "dpv-27560:receipt",
    "dct:created": at,
    "dct:identifier": id,
    "dct:publisher": record.controller(),
    "dpv:hasIdentifier": id,
    "dpv:hasRecordOfActivity": recordOfActivity(record),
  };
}

function recordOfActivity(record) {
  const id = record.bodyText("event_id") ?? "";
  const withdrawal = `${record.ledger.issued.site}/preferences`;
  return members({
    "@id": `urn:uuid:${id}`,
    "@type": "dpv:ConsentRecord",
    "dct:conformsTo": "dpv-27560:record",
    "dct:created": record.bodyText("at"),
    "dct:identifier": id,
    "dct:references": form(record),
    "dct:relation": unticked(record),
    "dpv:hasApplicableLaw": "eu:law-GDPR",
    "dpv:hasConsentControl": { "@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": withdrawal },
    "dpv:hasConsentStatus": status(record),
    "dpv:hasDataController": controller(record),
    "dpv:hasDataSubject": dataSubject(record),
    "dpv:hasIdentifier": id,
    "dpv:hasJurisdiction": jurisdiction(record),
    "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a", "dpv:ExpressedConsent"],
    "dpv:hasNotice": notices(record),
    "dpv:hasProcess": process(record),
    "dpv:hasRight": {
      "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
      "dct:title": "Right to withdraw consent at any time",
      "dpv:isExercisedAt": withdrawal,
    },
  });
}

/** The blank form, by the hash of its document: a page, or what somebody else was told to draw. */
function form(record) {
  const sha256 = record.context("form");
  if (typeof sha256 !== "string") return undefined;
  const [type, format] =
    record.isOfFormBefore || isPage(record.context("drawn_by"))
      ? ["schema:WebPage", "text/html"]
      : ["schema:DigitalDocument", "application/json"];
  return { "@type": type, "dct:format": format, "schema:sha256": sha256 };
}

/** The page elsewhere around the form. */
function pageAround(record) {
  const page = record.bodyText("page");
  if (page === undefined || record.isOfFormBefore) return undefined;
  return {
    "@type": "schema:VirtualLocation",
    "dct:description": "the page around the form, as it was stated",
    "schema:url": page,
  };
}

/** The purposes whose boxes were offered on the same form and left unticked. */
function unticked(record) {
  const offered = record.ledger.body.unticked;
  if (!Array.isArray(offered)) return undefined;
  return offered
    .filter((code) => typeof code === "string")
    .map((code) => ({
      "@type": "dpv:ConsentRefused",
      "dpv:hasPurpose": record.purpose(code),
      "dpv:isIndicatedAtTime": record.bodyText("requested_at") ?? "",
    }));
}

function status(record) {
  const { type } = record;
  const byController = type === "expired" || (type === "erased" && record.contextText("method") !== "form");
  const mail = textIn(record.ledger.body, "confirmed", "message_id");
  return members({
    "@type": record.inForce ? [STATUS[type], "dpv:ExpressedConsent"] : [STATUS[type]],
    "dct:description": record.bodyText("evidence"),
    "dct:source": record.contextText("source"),
    "dpv:hasDuration": duration(type),
    "dpv:hasIndicationMethod": indicationMethod(record),
    "dpv:isIndicatedAtTime": record.indicatedAt(),
    "dpv:isIndicatedBy": byController ? record.controller() : "dpv:DataSubject",
    "schema:location": pageAround(record),
    "schema:instrument": mail && { "@type": "schema:EmailMessage", "schema:identifier": mail },
  });
}

const UNTIL = {
  given: "Withdrawal of consent, or its end as the policy says",
  renewed: "Withdrawal of consent, or its end as the policy says",
  requested: "Confirmation, or the end of the time for it",
  withdrawn: "Consent given anew",
  expired: "Consent given anew",
};

/** How long the status lasts. */
function duration(type) {
  if (type === "erased") return { "@type": "dpv:EndlessDuration" };
  return { "@type": "dpv:UntilEventDuration", "rdf:value": UNTIL[type] };
}

const METHODS = {
  api: "a program of the publisher's, by an interface",
  form: "a form on the publisher's pages",
  import: "brought by the publisher from elsewhere",
  program: "the publisher's program, by itself",
  staff: "entered by the publisher's staff",
};

const DRAWN = {
  element: "a form on a web page, drawn there by the publisher's program, as that page said",
  page: "a form on a web page, drawn by that page or its program",
};

const CONFIRMED = {
  code: "; confirmed by the code in a mail to the address",
  link: "; confirmed by the link in a mail to the address",
};

/** How it was said, and how it was confirmed. */
function indicationMethod(record) {
  const method = record.contextText("method");
  const by = textIn(record.ledger.body, "confirmed", "by");
  const known = (words, word) => (Object.hasOwn(words, word) ? words[word] : undefined);
  return `${known(DRAWN, textOf({ by: record.context("drawn_by") }, "by")) ?? known(METHODS, method) ?? method}${known(CONFIRMED, by) ?? ""}`;
}

/** Who was answerable for the data. */
function controller(record) {
  const named = record.context("controller");
  const id = record.controller();
  const text = (name) => textOf(named, name);
  const [address, contact] = [text("address"), text("contact")];
  // An older event does not name it: the policy does.
  const policy = named === undefined || named === null ? record.policy() : undefined;
  return members({
    "@id": id,
    "@type": "dpv:DataController",
    "dct:identifier": id,
    "dct:source": policy === undefined ? undefined : { "@id": policy },
    "dpv:hasAddress": address,
    "dpv:hasContact": contact,
    "dpv:hasIdentifier": text("identifier") ?? id,
    "dpv:hasName": text("name"),
    "schema:address":
      address === undefined ? undefined : { "@type": "schema:PostalAddress", "schema:streetAddress": address },
    "schema:contactPoint": contact === undefined ? undefined : contactPoint(contact),
  });
}

function contactPoint(contact) {
  const mail = contact.includes("@") && !contact.includes(" ");
  const name = contact.startsWith("https://") ? "schema:url" : mail ? "schema:email" : "schema:description";
  return { "@type": "schema:ContactPoint", [name]: contact };
}

function dataSubject(record) {
  // There is a subscriber only once an address is confirmed.
  const [id, email] = [record.bodyText("subscriber_id"), record.bodyText("email")];
  return members({
    "@id": id === undefined ? undefined : `urn:uuid:${id}`,
    "@type": "dpv:DataSubject",
    "dct:identifier": id ?? email,
    "schema:email": email,
  });
}

function jurisdiction(record) {
  const text = textOf(record.context("processing"), "jurisdiction");
  if (text === undefined) return record.saidByPolicy("dpv:Location");
  return places(text) ?? { "@type": "dpv:Location", "dct:description": text };
}

/** The words beside the box, and the policy shown with them; none of an erasure. */
function notices(record) {
  const [notice, policy, address] = [record.context("notice"), record.context("policy"), record.policy()];
  const sha256 = textOf(notice, "sha256");
  if (sha256 === undefined || address === undefined) return undefined;
  const words = members({
    "@id": record.address(`/notices/${sha256}.txt`),
    "@type": "dpv:ConsentNotice",
    "dct:description": textIn(record.ledger, "documents", "notice"),
    "dct:format": "text/plain",
    "dct:language": notice.lang ?? null,
    "schema:sha256": sha256,
  });
  const hashed = { "@id": `${address}.md`, "dct:format": "text/markdown", "schema:sha256": policy.sha256 ?? null };
  const shown = members({
    "@id": address,
    "@type": "dpv:PrivacyNotice",
    "dct:hasFormat": hashed,
    "dct:language": textOf(policy, "lang"),
    "schema:version": policy.label ?? null,
  });
  return [words, shown];
}
