"""Reads what consent receipts say as linked data, and says what is wrong with it.

    python3 verify_receipt.py PAYLOAD...

A PAYLOAD is a file with the payload of a receipt: JSON-LD in the form of the DPV guide to ISO/IEC TS 27560:2023. Prints
a line for each fault, `PAYLOAD: SENTENCE`, and exits with 1 if there are any, else with 0. It knows the terms of the
W3C's Data Privacy Vocabulary by `dpv_terms.ttl` beside it, those of DCMI and schema.org by rdflib, and nothing of the
program. Whether a receipt is true is not asked here: `assent ledger audit-receipt` tells.
"""

import json
import re
import sys
from pathlib import Path

from pyld import jsonld
from rdflib import DCTERMS, RDF, SDO, XSD, Graph, Literal, Namespace, URIRef

DPV = "https://w3id.org/dpv"
LEDGER = URIRef("urn:assent:ledger")
JSON = URIRef("http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON")
TIMES = {DCTERMS.created, DCTERMS.date, DCTERMS.issued, URIRef(f"{DPV}#isIndicatedAtTime")}
LOOKS_LIKE_A_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

# What a place of the record stands in for, where the event does not name it: that the policy shown says it.
SAID = "{ %s } UNION { ?node a %s ; dct:source ?policy . ?record dpv:hasNotice ?policy . ?policy a dpv:PrivacyNotice }"

# Fields of 27560 and of the guide: in words, in SPARQL, and whether an erasure keeps them.
FIELDS = [
    ("the receipt's schema", "?receipt dct:conformsTo dpv-27560:receipt", True),
    ("the receipt's identifier", "?receipt dpv:hasIdentifier ?a ; dct:identifier ?a", True),
    ("the time the receipt was made", "?receipt dct:created ?a", True),
    ("the receipt's record", "?receipt dpv:hasRecordOfActivity ?record . ?record a dpv:ConsentRecord", True),
    ("the record's schema", "?record dct:conformsTo dpv-27560:record", True),
    ("the record's identifier", "?record dpv:hasIdentifier ?a ; dct:identifier ?a", True),
    ("the data subject", "?record dpv:hasDataSubject ?a . ?a a dpv:DataSubject ; dct:identifier ?b", True),
    ("the consent notice", "?record dpv:hasNotice ?a . ?a a dpv:ConsentNotice . FILTER(isIRI(?a))", False),
    ("the language of the notice", "?record dpv:hasNotice ?a . ?a a dpv:ConsentNotice ; dct:language ?b", False),
    ("the privacy notice", "?record dpv:hasNotice ?a . ?a a dpv:PrivacyNotice . FILTER(isIRI(?a))", False),
    ("the process", "?record dpv:hasProcess ?a . ?a a dpv:Process", True),
    ("the purpose", "?record dpv:hasProcess/dpv:hasPurpose ?a . ?a a dpv:Purpose . FILTER(isIRI(?a))", True),
    ("the lawful basis", "?record dpv:hasLegalBasis eu-gdpr:A6-1-a", True),
    ("the type of consent", "?record dpv:hasLegalBasis dpv:ExpressedConsent", True),
    ("the kinds of personal data", "?record dpv:hasProcess/dpv:hasPersonalData ?a", False),
    (
        "where the data is kept",
        "?record dpv:hasProcess/dpv:hasStorageCondition ?node . "
        + SAID % ("?node a dpv:StorageLocation ; dpv:hasLocation ?a", "dpv:StorageLocation"),
        False,
    ),
    (
        "how long the data is kept",
        "?record dpv:hasProcess/dpv:hasStorageCondition ?node . "
        + SAID % ("?node a dpv:StorageDuration ; dpv:hasDuration/rdf:value ?a", "dpv:StorageDuration"),
        False,
    ),
    (
        "the recipients",
        "?record dpv:hasProcess/dpv:hasRecipient ?node . "
        + SAID
        % (
            "{ ?node a dpv:Recipient ; dct:description ?a } UNION { ?record dpv:hasDataController ?node }",
            "dpv:Recipient",
        ),
        False,
    ),
    ("the withdrawal method", "?record dpv:hasConsentControl ?a . ?a a dpv:WithdrawConsent ; dpv:isExercisedAt ?b", True),
    (
        "the jurisdiction",
        "?record dpv:hasJurisdiction ?node . "
        + SAID
        % (
            "{ ?node a dpv:Location ; dct:description ?a } UNION { ?a dpv:hasJurisdiction ?node . FILTER(isIRI(?node)) }",
            "dpv:Location",
        ),
        False,
    ),
    ("the law", "?record dpv:hasApplicableLaw eu:law-GDPR", True),
    ("the rights", "?record dpv:hasRight ?a . ?a a dpv:DataSubjectRight ; dpv:isExercisedAt ?b", True),
    ("the controller's identifier", "?record dpv:hasDataController ?a . ?a a dpv:DataController ; dpv:hasIdentifier ?b", True),
    *(
        (
            f"the controller's {name}",
            f"?record dpv:hasDataController ?node . {SAID % (f'?node {path} ?a', 'dpv:DataController')}",
            False,
        )
        for name, path in [
            ("name", "dpv:hasName"),
            ("address", "dpv:hasAddress"),
            ("postal address", "schema:address/schema:streetAddress"),
            ("contact", "dpv:hasContact"),
            ("contact point", "schema:contactPoint/(schema:email|schema:url|schema:description)"),
        ]
    ),
    ("the consent's state", "?record dpv:hasConsentStatus ?a . ?a a ?b . FILTER(STRSTARTS(STR(?b), STR(dpv:)))", True),
    ("the event's time", "?record dpv:hasConsentStatus/dpv:isIndicatedAtTime ?a", True),
    ("the event's duration", "?record dpv:hasConsentStatus/dpv:hasDuration ?a . ?a a ?b", True),
    ("who expressed the event", "?record dpv:hasConsentStatus/dpv:isIndicatedBy ?a . FILTER(isIRI(?a))", True),
    ("how the event was expressed", "?record dpv:hasConsentStatus/dpv:hasIndicationMethod ?a", True),
]

NAMES = {
    "dct": DCTERMS,
    "dpv": Namespace(f"{DPV}#"),
    "dpv-27560": Namespace(f"{DPV}/schema/dpv-27560#"),
    "eu": Namespace(f"{DPV}/legal/eu#"),
    "eu-gdpr": Namespace(f"{DPV}/legal/eu/gdpr#"),
    "rdf": RDF,
    "schema": SDO,
}


def no_network(url, _options):
    raise ValueError(f"it would have to be fetched: {url}")


def expanded_name(context, name):
    """The IRI of a member's name, by a context that holds prefixes and definitions alone."""
    if isinstance(context.get(name), dict) and "@id" in context[name]:
        name = context[name]["@id"]
    prefix, colon, rest = name.partition(":")
    return context[prefix] + rest if colon and isinstance(context.get(prefix), str) else name


def as_list(value):
    return value if isinstance(value, list) else [value]


def dropped(context, node, expanded, path):
    """The members of a node that its expansion lacks."""
    for name, value in node.items():
        if name.startswith("@"):
            continue
        here = f"{path}/{name}"
        found = expanded.get(expanded_name(context, name), [])
        is_json = isinstance(context.get(name), dict) and context[name].get("@type") == "@json"
        values = [value] if is_json else as_list(value)
        if len(found) != len(values):
            yield here
            continue
        for number, (one, other) in enumerate(zip(values, found, strict=True)):
            if isinstance(one, dict) and not is_json and "@value" not in one:
                at = f"{here}/{number}" if isinstance(value, list) else here
                yield from dropped(context, one, other, at)


def statements(expanded):
    """How many triples an expanded node is, with all that it holds."""
    count = len(expanded.get("@type", []))
    for name, values in expanded.items():
        if not name.startswith("@"):
            count += len(values)
            count += sum(statements(value) for value in values if "@value" not in value)
    return count


def contexts_within(value):
    if isinstance(value, dict):
        return ("@context" in value) + sum(map(contexts_within, value.values()))
    return sum(map(contexts_within, value)) if isinstance(value, list) else 0


def faults_of(payload, terms):
    context = payload.get("@context")
    if not isinstance(context, dict) or "@import" in context:
        yield "its @context is not inline, or has to fetch another"
        return
    if contexts_within({name: value for name, value in payload.items() if name not in ("@context", "ledger")}):
        yield "a member has a @context of its own"
        return
    options = {"documentLoader": no_network, "processingMode": "json-ld-1.1"}
    try:
        expanded = jsonld.expand(payload, options)
        quads = jsonld.to_rdf(payload, {**options, "format": "application/n-quads"})
    except (jsonld.JsonLdError, ValueError, AttributeError, TypeError) as error:
        yield f"it is not JSON-LD: {error}"
        return
    if len(expanded) != 1:
        yield "it is not one receipt"
        return
    for path in dropped(context, payload, expanded[0], ""):
        yield f"the member {path} is dropped when it is read as JSON-LD"
    graph = Graph().parse(data=quads, format="nquads")
    if len(graph) != statements(expanded[0]):
        yield f"of {statements(expanded[0])} statements, {len(graph)} are left as RDF"
    yield from faults_of_terms(graph, context, terms)
    yield from faults_of_times(graph)
    yield from faults_of_fields(graph)


def faults_of_terms(graph, context, terms):
    prefixes = [name for name, value in context.items() if isinstance(value, str) and value.startswith(DPV)]
    for subject, predicate, thing in sorted(graph):
        for name in {subject, predicate, thing}:
            if isinstance(name, URIRef):
                yield from faults_of_name(name, name == predicate, terms)
        if isinstance(thing, Literal) and thing.datatype != JSON:
            prefix, colon, _ = str(thing).partition(":")
            if (colon and prefix in prefixes and " " not in thing) or str(thing).startswith(DPV):
                yield f"{thing} is a text where a concept belongs"
    if not list(graph.triples((None, LEDGER, None))):
        yield "it lacks the member ledger"


def faults_of_name(name, is_property, terms):
    if name.startswith(DPV):
        kinds = set(terms.objects(name, RDF.type))
        if not kinds:
            yield f"{name} is in no DPV that the list of terms knows"
        elif is_property != (RDF.Property in kinds):
            yield f"{name} is {'no' if is_property else 'a'} property in DPV"
        # The schema of 27560 has no versions.
        versions = set(terms.objects(name, SDO.version))
        lacking = set(terms.objects(None, SDO.version)) - versions if versions else set()
        for version in sorted(lacking):
            yield f"{name} is not in DPV {version}"
    elif name in DCTERMS or name in RDF or name in SDO or name == LEDGER:
        return
    elif is_property or str(name).startswith((str(DCTERMS), str(RDF), str(SDO))):
        yield f"{name} is in no vocabulary that is known here"
    elif not ABSOLUTE.fullmatch(name):
        yield f"{name} is no absolute IRI"


def faults_of_times(graph):
    for _, predicate, thing in sorted(graph):
        if predicate in TIMES:
            if not isinstance(thing, Literal) or thing.datatype != XSD.dateTime or thing.value is None:
                yield f"{predicate} has {thing}, which is no xsd:dateTime"
        elif isinstance(thing, Literal) and not thing.datatype and LOOKS_LIKE_A_TIME.match(thing):
            yield f"{predicate} has the time {thing} as a text"


def faults_of_fields(graph):
    receipts = list(graph.subjects(RDF.type, URIRef(f"{DPV}#ConsentReceipt")))
    records = list(graph.subjects(RDF.type, URIRef(f"{DPV}#ConsentRecord")))
    if len(receipts) != 1 or len(records) != 1 or receipts == records:
        yield "it is not one receipt of one record, each with an IRI of its own"
        return
    bound = {"receipt": receipts[0], "record": records[0]}
    for node in (*receipts, *records):
        if not isinstance(node, URIRef):
            yield "the receipt or its record has no IRI"
    ended = "?record dpv:hasConsentStatus ?a . ?a a dpv:ConsentStatusInvalidForProcessing"
    erased = asks(graph, ended, bound)
    for what, where, kept_by_erasure in FIELDS:
        if (kept_by_erasure or not erased) and not asks(graph, where, bound):
            yield f"it lacks {what}"


def asks(graph, where, bound):
    return graph.query(f"ASK {{ {where} }}", initNs=NAMES, initBindings=bound).askAnswer


def main(paths):
    terms = Graph().parse(Path(__file__).with_name("dpv_terms.ttl"))
    found = False
    for path in paths:
        payload = json.loads(Path(path).read_text(encoding="utf-8"))
        for fault in dict.fromkeys(faults_of(payload, terms)):
            found = True
            print(f"{path}: {fault}")
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
