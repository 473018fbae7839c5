//! Names of the W3C's Data Privacy Vocabulary (DPV 2.1 to 2.3) and of what it is used with. Those that values lead to
//! are read as IRIs and times as times, so that nothing of a receipt is lost as RDF.

use serde_json::{Value, json};

use crate::event_type::EventType;

/// The places that `loc:` has a name for: the countries of ISO 3166-1, the European Union and its Economic Area.
const PLACES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
                      BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
                      EEA EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW \
                      GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ \
                      LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX \
                      MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
                      RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
                      TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The member `@context`: inline, so that nobody has to fetch one.
pub(super) fn context() -> Value {
    let (iri, time) = (json!({ "@type": "@id" }), json!({ "@type": "xsd:dateTime" }));
    json!({
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
        // Taken as it is: its names are those of the bundle.
        "ledger": { "@id": "urn:assent:ledger", "@type": "@json" },
    })
}

/// The status of a consent after this event. An erasure is no withdrawal by the person and no revocation by another;
/// what it leaves is a consent that nothing can rest on.
pub(super) fn status(event_type: EventType) -> &'static str {
    match event_type {
        EventType::Requested => "dpv:ConsentRequested",
        EventType::Given => "dpv:ConsentGiven",
        EventType::Withdrawn => "dpv:ConsentWithdrawn",
        EventType::Renewed => "dpv:RenewedConsentGiven",
        EventType::Expired => "dpv:ConsentExpired",
        EventType::Erased => "dpv:ConsentStatusInvalidForProcessing",
    }
}

/// The kind of personal data that a field of ours holds.
pub(super) fn personal_data(kind: &str) -> Option<&'static str> {
    match kind {
        "email" => Some("pd:EmailAddress"),
        "job_title" => Some("pd:Job"),
        "name" => Some("pd:Name"),
        "organisation" => Some("pd:CurrentEmployment"),
        _ => None,
    }
}

/// The IRIs of places, where a text is nothing but their codes with commas or spaces between.
pub(super) fn places(text: &str) -> Option<Vec<String>> {
    let codes = text.split([',', ' ']).filter(|code| !code.is_empty());
    let named = |code: &str| PLACES.split(' ').any(|place| place == code);
    let places: Option<Vec<String>> =
        codes.map(|code| named(code).then(|| format!("loc:{code}"))).collect();
    places.filter(|places| !places.is_empty())
}

/// Whether a text is a duration in years, months and days, as XML Schema writes it (`xsd:duration`): `P3Y`, `P18M`.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(mut rest) = text.strip_prefix('P').filter(|rest| !rest.is_empty()) else {
        return false;
    };
    for unit in ['Y', 'M', 'D'] {
        if let Some((number, after)) = rest.split_once(unit) {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
            rest = after;
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_by_codes_and_nothing_else() {
        assert_eq!(places("IE").unwrap(), ["loc:IE"]);
        assert_eq!(places("IE, DE EEA").unwrap(), ["loc:IE", "loc:DE", "loc:EEA"]);
        for text in ["", " ", "ie", "Ireland", "IE and DE", "ZZ", "EU27", "I E"] {
            assert_eq!(places(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_xml_schema() {
        for text in ["P3Y", "P18M", "P1Y6M", "P1Y2M3D", "P30D"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "P", "3Y", "PY", "P1M1Y", "P1W", "P-1Y", "P1Y ", "P1", "Privacy", "P1YY"] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
