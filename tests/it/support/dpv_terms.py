"""Makes `dpv_terms.ttl`: the terms of the W3C's Data Privacy Vocabulary that receipts use, and the versions that have
them.

    python3 dpv_terms.py VERSION=DIR... > dpv_terms.ttl

A DIR is that of a version as <https://github.com/w3c/dpv> publishes it (`2.1`, `2.2`, …): its Turtle files are read,
without their OWL forms. A term that a version lacks is said on standard error, and exits with 1. The schema of
27560 has no version of its own; its file is `schema/dpv-27560.ttl` of the same place, given as `schema=FILE`.
"""

import sys
from pathlib import Path

from rdflib import RDF, SDO, Graph, Literal, Namespace, URIRef

DPV = "https://w3id.org/dpv"

TERMS = {
    "dpv": (
        "#",
        "ConsentExpired ConsentGiven ConsentNotice ConsentReceipt ConsentRecord ConsentRefused ConsentRequested "
        "ConsentStatusInvalidForProcessing ConsentWithdrawn DataController DataSource DataSubject "
        "DataSubjectDataSource DataSubjectRight Duration EndlessDuration ExpressedConsent Location "
        "Optional PersonalData PrivacyNotice Process Purpose Recipient RenewedConsentGiven Required Service "
        "StorageDuration StorageLocation TemporalDuration UntilEventDuration WithdrawConsent hasAddress "
        "hasApplicableLaw hasConsentControl hasConsentStatus hasContact hasDataController hasDataSource "
        "hasDataSubject hasDuration hasIdentifier hasIndicationMethod hasJurisdiction hasLegalBasis hasLocation "
        "hasName hasNecessity hasNotice hasPersonalData hasProcess hasPurpose hasRecipient hasRecordOfActivity "
        "hasRight hasService hasStorageCondition isExercisedAt isIndicatedAtTime isIndicatedBy",
    ),
    "dpv-27560": ("/schema/dpv-27560#", "receipt record"),
    "eu": ("/legal/eu#", "law-GDPR"),
    "eu-gdpr": ("/legal/eu/gdpr#", "A6-1-a A7-3"),
    "loc": (
        "/loc#",
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
        "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EEA EG EH ER ES ET EU FI "
        "FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO "
        "IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG "
        "MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK "
        "PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC "
        "TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW",
    ),
    "pd": ("/pd#", "CurrentEmployment EmailAddress Job Name"),
}


def published(place):
    """All that the Turtle files at a place say."""
    graph = Graph()
    place = Path(place)
    for path in sorted(place.rglob("*.ttl")) if place.is_dir() else [place]:
        if not path.stem.endswith("-owl"):
            graph.parse(path)
    return graph


def main(arguments):
    terms, lacks = Graph(), False
    for argument in arguments:
        version, _, place = argument.partition("=")
        graph = published(place)
        for prefix, (namespace, names) in TERMS.items():
            if (version == "schema") != (prefix == "dpv-27560"):
                continue
            terms.bind(prefix, Namespace(DPV + namespace))
            for name in names.split():
                term = URIRef(DPV + namespace + name)
                kinds = set(graph.objects(term, RDF.type))
                if not kinds:
                    lacks = True
                    print(f"{version} lacks {prefix}:{name}", file=sys.stderr)
                    continue
                kind = RDF.Property if RDF.Property in kinds else URIRef("http://www.w3.org/2004/02/skos/core#Concept")
                terms.add((term, RDF.type, kind))
                if version != "schema":
                    terms.add((term, SDO.version, Literal(version)))
    terms.bind("schema", SDO)
    print(terms.serialize(format="turtle"), end="")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
