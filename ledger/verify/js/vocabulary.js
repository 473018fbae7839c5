// Names of the W3C's Data Privacy Vocabulary (DPV 2.1 to 2.3) and of what it is used with, as receipts write them.

import { isObject } from "./json.js";

/** The places that `loc:` has a name for: the countries of ISO 3166-1, the European Union and its Economic Area. */
const PLACES = new Set(
  (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EEA EG EH ER ES ET EU FI FJ FK " +
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS " +
    "IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM " +
    "MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS " +
    "PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK " +
    "TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
  ).split(" "),
);

/** The member `@context`: inline, so that nobody has to fetch one. */
export function jsonLdContext() {
  const [iri, time] = [{ "@type": "@id" }, { "@type": "xsd:dateTime" }];
  return {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "eu": "https://w3id.org/dpv/legal/eu#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:audience": iri,
    "dct:conformsTo": iri,
    "dct:created": time,
    "dct:publisher": iri,
    "dpv:hasApplicableLaw": iri,
    "dpv:hasDataSource": iri,
    "dpv:hasJurisdiction": iri,
    "dpv:hasLegalBasis": iri,
    "dpv:hasLocation": iri,
    "dpv:hasNecessity": iri,
    "dpv:hasPersonalData": iri,
    "dpv:isExercisedAt": iri,
    "dpv:isIndicatedAtTime": time,
    "dpv:isIndicatedBy": iri,
    "ledger": { "@id": "urn:assent:ledger", "@type": "@json" },
  };
}

/** The status of a consent after each event. */
export const STATUS = {
  requested: "dpv:ConsentRequested",
  given: "dpv:ConsentGiven",
  withdrawn: "dpv:ConsentWithdrawn",
  renewed: "dpv:RenewedConsentGiven",
  expired: "dpv:ConsentExpired",
  erased: "dpv:ConsentStatusInvalidForProcessing",
};

const PERSONAL_DATA = {
  email: "pd:EmailAddress",
  job_title: "pd:Job",
  name: "pd:Name",
  organisation: "pd:CurrentEmployment",
};

/** The kind of personal data that a field holds. */
export function personalData(kind) {
  return Object.hasOwn(PERSONAL_DATA, kind)
    ? PERSONAL_DATA[kind]
    : { "@type": "dpv:PersonalData", "dct:identifier": kind };
}

/** The IRIs of places, where a text is nothing but their codes with commas or spaces between; else null. */
export function places(text) {
  const codes = text.split(/[, ]/).filter((code) => code !== "");
  return codes.length > 0 && codes.every((code) => PLACES.has(code)) ? codes.map((code) => `loc:${code}`) : null;
}

/** How long data is kept: a duration in years, months and days (`xsd:duration`), or a sentence. */
export function retention(text) {
  if (/^P(?=.)(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?$/.test(text)) {
    return { "@type": "dpv:TemporalDuration", "rdf:value": { "@type": "xsd:duration", "@value": text } };
  }
  return { "@type": "dpv:Duration", "rdf:value": text };
}

/** An object of the members that there are. */
export function members(of) {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined));
}

/** A text by its name; undefined where there is none. */
export function textOf(value, name) {
  return isObject(value) && typeof value[name] === "string" ? value[name] : undefined;
}

/** Whether a blank form is a page that the program rendered, by who drew it. */
export function isPage(drawnBy) {
  return typeof drawnBy !== "string" || drawnBy === "ours";
}
