// The part of a receipt for reading, written anew from the part for checking, as the program writes it
// (`readable.rs`): what differs was not written by it.

import { isObject, textIn } from "./json.js";
import { readLeaf } from "./leaf.js";
import { process } from "./process.js";
import { STATUS, jsonLdContext, members, places, textOf } from "./vocabulary.js";

/** The part for checking, as the part for reading looks at it. */
class Told {
  constructor(ledger) {
    this.ledger = ledger;
    this.type = readLeaf(ledger.leaf)?.type;
  }

  /** A text of the body: of this person and this event. */
  body(name) {
    return textOf(this.ledger.body, name);
  }

  /** What was shown, and under which circumstances: the context, or the body itself, which held all of it before. */
  shown(name) {
    const { context, body } = this.ledger;
    return (isObject(context) ? context : body)[name];
  }

  shownText(name) {
    const value = this.shown(name);
    return typeof value === "string" ? value : "";
  }

  /** An address at the installation of the day; of the day of the receipt, where that is not known. */
  address(path) {
    const site = this.shown("site");
    return `${typeof site === "string" ? site : this.ledger.issued.site}${path}`;
  }

  controller() {
    return this.address("/#controller");
  }

  policy() {
    const label = textOf(this.shown("policy"), "label");
    return label === undefined ? undefined : this.address(`/policies/privacy/${label}`);
  }

  /** What stands for something that the event does not name: that the policy shown with it says it. */
  saidByPolicy(concept) {
    const policy = this.policy();
    return policy === undefined ? undefined : { "@type": concept, "dct:source": { "@id": policy } };
  }

  purpose(code) {
    return { "@id": this.address(`/purposes/${code}`), "@type": "dpv:Purpose", "dct:identifier": code };
  }

  get inForce() {
    return this.type === "given" || this.type === "renewed";
  }

  /** When the person said so. An import brings consent that was given before. */
  indicatedAt() {
    const elsewhere = this.inForce && this.shownText("method") === "import";
    return this.body(elsewhere ? "requested_at" : "at") ?? "";
  }
}

/** All of a receipt but its member `ledger`. */
export function readable(ledger) {
  const told = new Told(ledger);
  const { id, at } = ledger.issued;
  return {
    "@context": jsonLdContext(),
    "@id": `urn:uuid:${id}`,
    "@type": "dpv:ConsentReceipt",
    "dct:audience": "dpv:DataSubject",
    "dct:conformsTo": "dpv-27560:receipt",
    "dct:created": at,
    "dct:identifier": id,
    "dct:publisher": told.controller(),
    "dpv:hasIdentifier": id,
    "dpv:hasRecordOfActivity": record(told),
  };
}

function record(told) {
  const id = told.body("event_id") ?? "";
  const withdrawal = `${told.ledger.issued.site}/preferences`;
  return members({
    "@id": `urn:uuid:${id}`,
    "@type": "dpv:ConsentRecord",
    "dct:conformsTo": "dpv-27560:record",
    "dct:created": told.body("at"),
    "dct:identifier": id,
    "dct:references": form(told),
    "dct:relation": unticked(told),
    "dpv:hasApplicableLaw": "eu:law-GDPR",
    "dpv:hasConsentControl": { "@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": withdrawal },
    "dpv:hasConsentStatus": status(told),
    "dpv:hasDataController": controller(told),
    "dpv:hasDataSubject": dataSubject(told),
    "dpv:hasIdentifier": id,
    "dpv:hasJurisdiction": jurisdiction(told),
    "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a", "dpv:ExpressedConsent"],
    "dpv:hasNotice": notices(told),
    "dpv:hasProcess": process(told),
    "dpv:hasRight": {
      "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
      "dct:title": "Right to withdraw consent at any time",
      "dpv:isExercisedAt": withdrawal,
    },
  });
}

/** The form as it was rendered, without anything that was typed. */
function form(told) {
  const sha256 = told.shown("form");
  if (typeof sha256 !== "string") return undefined;
  return { "@type": "schema:WebPage", "dct:format": "text/html", "schema:sha256": sha256 };
}

/** What was offered beside it and not taken. */
function unticked(told) {
  const offered = told.ledger.body.unticked;
  if (!Array.isArray(offered)) return undefined;
  return offered
    .filter((code) => typeof code === "string")
    .map((code) => ({
      "@type": "dpv:ConsentRefused",
      "dpv:hasPurpose": told.purpose(code),
      "dpv:isIndicatedAtTime": told.body("requested_at") ?? "",
    }));
}

function status(told) {
  const { type } = told;
  const byController = type === "expired" || (type === "erased" && told.shownText("method") !== "form");
  const mail = textIn(told.ledger.body, "confirmed", "message_id");
  return members({
    "@type": told.inForce ? [STATUS[type], "dpv:ExpressedConsent"] : [STATUS[type]],
    "dct:description": told.body("evidence"),
    "dct:source": told.shownText("source"),
    "dpv:hasDuration": duration(type),
    "dpv:hasIndicationMethod": indicationMethod(told),
    "dpv:isIndicatedAtTime": told.indicatedAt(),
    "dpv:isIndicatedBy": byController ? told.controller() : "dpv:DataSubject",
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

const CONFIRMED = {
  code: "; confirmed by the code in a mail to the address",
  link: "; confirmed by the link in a mail to the address",
};

/** How it was said, and how it was confirmed. */
function indicationMethod(told) {
  const method = told.shownText("method");
  const by = textIn(told.ledger.body, "confirmed", "by");
  const known = (words, word) => (Object.hasOwn(words, word) ? words[word] : undefined);
  return `${known(METHODS, method) ?? method}${known(CONFIRMED, by) ?? ""}`;
}

/** Who was answerable for the data. */
function controller(told) {
  const named = told.shown("controller");
  const id = told.controller();
  const text = (name) => textOf(named, name);
  const [address, contact] = [text("address"), text("contact")];
  // An older event does not name it: the policy does.
  const policy = named === undefined || named === null ? told.policy() : undefined;
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

function dataSubject(told) {
  // There is a subscriber only once an address is confirmed.
  const [id, email] = [told.body("subscriber_id"), told.body("email")];
  return members({
    "@id": id === undefined ? undefined : `urn:uuid:${id}`,
    "@type": "dpv:DataSubject",
    "dct:identifier": id ?? email,
    "schema:email": email,
  });
}

function jurisdiction(told) {
  const text = textOf(told.shown("processing"), "jurisdiction");
  if (text === undefined) return told.saidByPolicy("dpv:Location");
  return places(text) ?? { "@type": "dpv:Location", "dct:description": text };
}

/** The words beside the box, and the policy shown with them; none of an erasure. */
function notices(told) {
  const [notice, policy, address] = [told.shown("notice"), told.shown("policy"), told.policy()];
  const sha256 = textOf(notice, "sha256");
  if (sha256 === undefined || address === undefined) return undefined;
  const words = members({
    "@id": told.address(`/notices/${sha256}.txt`),
    "@type": "dpv:ConsentNotice",
    "dct:description": textIn(told.ledger, "documents", "notice"),
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
