"""Reads a ledger bundle and says what is wrong with it.

    python3 read_bundle.py DIR

Prints {"events":N,"erased":N,"adopted":N,"part":…,"root":…,"size":N,"origin":…,"signed_by":…,
"faults":[…]} and exits with 0, or with 1 if there are faults. `events` counts the rows, and `erased`
those among them that have only their leaf. `adopted` says how many leaves, from the first, rest on
the operator's word, and is null where no row says. `part` tells whether rows were left out. `root`
is the one that the events give, and null of a part; `size`, `origin` and `signed_by` are the
checkpoint's, and null where it does not say. Rows are counted from 0, like their indices. It shares
no code with the program that writes bundles, so that a mistake in either shows against the other.
"""

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ED25519 = b"\x01"
ED25519_SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
LARGEST_EXACT_INTEGER = 2**53 - 1
EVENT_TYPES = {"requested", "given", "withdrawn", "renewed", "expired", "erased"}
RECORD_TYPES = {"adopted", "purged", "recorded", "resumed"}
SHORT_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}


class Faults(list):
    def check(self, where, function, *arguments):
        """The function's result, or None after noting why it has none."""
        try:
            return function(*arguments)
        except (ValueError, OSError, RecursionError) as error:
            self.append(f"{where}: {error}")


def require(condition, otherwise):
    if not condition:
        raise ValueError(otherwise)


def member(value, name, kind):
    require(isinstance(value, dict), f"expected an object with {name}")
    require(isinstance(value.get(name), kind), f"{name} is missing or of the wrong kind")
    return value[name]


# JSON


def parse(text):
    return json.loads(
        text,
        object_pairs_hook=unique_members,
        parse_float=refuse_number,
        parse_constant=refuse_number,
    )


def unique_members(pairs):
    members = dict(pairs)
    require(len(members) == len(pairs), "an object has a member twice")
    return members


def refuse_number(text):
    raise ValueError(f"{text} is not an integer")


def canonical(value):
    """The RFC 8785 text."""
    if isinstance(value, dict):
        names = sorted(value, key=utf16_code_units)
        return "{" + ",".join(f"{quoted(n)}:{canonical(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    require(abs(value) <= LARGEST_EXACT_INTEGER, f"{value} is beyond the exact integers")
    return str(value)


def utf16_code_units(text):
    # Big-endian bytes sort as the code units do. Code points would not: U+1F600 goes before U+FB33.
    return text.encode("utf-16-be")


def quoted(text):
    return '"' + re.sub(r'[\x00-\x1f"\\]', escape, text) + '"'


def escape(match):
    character = match.group()
    return SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"


# Hashes and base64


def sha256(data):
    return hashlib.sha256(data).digest()


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def to_base64(data):
    return base64.b64encode(data).decode()


def to_base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_base64(text, length):
    data = base64.b64decode(text)
    # The decoder lets stray characters and stray bits pass.
    require(to_base64(data) == text, f"{text!r} is not base64")
    require(len(data) == length, f"{text!r} is not {length} bytes")
    return data


def from_base64url(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(to_base64url(data) == text, f"{text!r} is not base64url without padding")
    return data


def leaf_hash(leaf):
    return sha256(b"\x00" + leaf)


def tree_root(leaf_hashes):
    # RFC 6962 splits at the largest power of two below the size. From the bottom up, that is to
    # pair neighbours and let an odd last one rise as it is.
    level = list(leaf_hashes)
    if not level:
        return sha256(b"")
    while len(level) > 1:
        pairs = zip(level[0::2], level[1::2])
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + left + right) for left, right in pairs] + odd
    return level[0]


# contexts/, forms/, notices/ and policies/


def read_folder(path):
    files = sorted(path.iterdir()) if path.exists() else []
    return {file.name: file.read_bytes() for file in files}


class Texts:
    """What rows refer to, each by its name."""

    def __init__(self, directory, faults):
        def read(folder):
            return faults.check(folder, read_folder, directory / folder) or {}

        self.contexts, self.notices = read("contexts"), read("notices")
        self.policies, self.forms = read("policies"), read("forms")
        self.named = set()
        for folder, files, ending in [
            ("contexts", self.contexts, "json"),
            ("forms", self.forms, "html"),
            ("notices", self.notices, "txt"),
        ]:
            for name, data in files.items():
                faults.check(f"{folder}/{name}", self.check_name, name, data, ending)

    @staticmethod
    def check_name(name, data, ending):
        named = name == f"{sha256_hex(data)}.{ending}"
        require(named, "the name is not the SHA-256 of the content")

    def context(self, digest):
        """The context of this hash, once it is one."""
        name = f"{digest}.json"
        self.named.add(f"contexts/{name}")
        require(name in self.contexts, f"contexts/{name} is missing")
        data = self.contexts[name]
        require(sha256_hex(data) == digest, f"contexts/{name} has another SHA-256")
        context = parse(data.decode())
        require(canonical(context).encode() == data, f"contexts/{name} is not RFC 8785 text")
        for part in ["address", "contact", "name"]:
            member(member(context, "controller", dict), part, str)
        for part in ["method", "purpose", "source"]:
            member(context, part, str)
        return context

    def check_notice(self, notice):
        digest = member(notice, "sha256", str)
        self.named.add(f"notices/{digest}.txt")
        require(f"{digest}.txt" in self.notices, f"notices/{digest}.txt is missing")
        data = self.notices[f"{digest}.txt"]
        require(sha256_hex(data) == digest, f"notices/{digest}.txt has another SHA-256")
        return data

    def check_form(self, digest):
        self.named.add(f"forms/{digest}.html")
        require(f"{digest}.html" in self.forms, f"forms/{digest}.html is missing")

    def check_policy(self, policy):
        name = member(policy, "label", str) + ".md"
        self.named.add(f"policies/{name}")
        require(name in self.policies, f"policies/{name} is missing")
        same = sha256_hex(self.policies[name]) == member(policy, "sha256", str)
        require(same, f"policies/{name} has another SHA-256")

    def check_shown(self, body, version):
        """What an event's body says was shown: in itself, or since version 2 in its context."""
        if version == 1:
            notice = member(body, "notice", dict)
            same = member(notice, "text", str).encode() == self.check_notice(notice)
            require(same, "the words are not those of their file")
        else:
            body = self.context(member(body, "context", str))
            self.check_notice(member(body, "notice", dict))
            if "form" in body:
                self.check_form(member(body, "form", str))
        self.check_policy(member(body, "policy", dict))


# events.ndjson


def read_lines(path):
    return path.read_bytes().removesuffix(b"\n").split(b"\n") if path.stat().st_size else []


def read_row(line):
    row = parse(line.decode())
    require(isinstance(row, dict), "not an object")
    return row


def check_members(row, part):
    require(("salt" in row) == ("body" in row), "only one of salt and body")
    known = {"index", "leaf", "salt", "body"} | ({"proof"} if part else set())
    unknown = sorted(row.keys() - known)
    require(not unknown, f"unknown members {unknown}")


def index_of(row, expected, part):
    index = row.get("index")
    # True equals 1 in Python.
    require(type(index) is int, f"index is {index!r}")
    follows = index >= expected if part else index == expected
    require(follows, f"index is {index}, and {expected} comes next")
    return index


def leaf_bytes(row):
    return member(row, "leaf", str).encode()


def read_leaf(leaf):
    """Commitment, type and version, once the text is known to be exactly what it should be."""
    parts = parse(leaf.decode())
    commitment, kind = member(parts, "c", str), member(parts, "t", str)
    version = parts.get("v")
    require(type(version) is int and version in {1, 2}, f"leaf has the version {version!r}")
    # There were no records before version 2.
    known = EVENT_TYPES | RECORD_TYPES if version == 2 else EVENT_TYPES
    require(kind in known, f"leaf has the type {kind!r}")
    expected = canonical({"c": commitment, "t": kind, "v": version}).encode()
    require(expected == leaf, "leaf is not the RFC 8785 text of c, t and v")
    require(len(from_base64url(commitment)) == 32, "leaf's c is not 32 bytes")
    return commitment, kind, version


def check_commitment(row, commitment):
    body = member(row, "body", dict)
    salt = from_base64url(member(row, "salt", str))
    require(len(salt) == 32, "salt is not 32 bytes")
    expected = hmac.digest(salt, canonical(body).encode(), "sha256")
    require(to_base64url(expected) == commitment, "leaf does not commit to salt and body")
    return True


class Chains:
    """The events of each signup and of each subscriber, one after the other."""

    def __init__(self):
        self.newest = {}

    def take(self, kind, version, body, leaf):
        member(body, "event_id", str)
        whose = "signup_id" if kind == "requested" else "subscriber_id"
        # Version 1 did not say where an event stands.
        seq, previous = None, None
        if version == 2:
            member(body, "at", str)
            seq = member(body, "seq", int)
            require(seq > 0, f"seq is {seq}")
            if "previous" in body:
                previous = to_base64(from_base64(member(body, "previous", str), 32))
        elif whose not in body:
            return
        subject = member(body, whose, str)
        before = self.newest.get(subject)
        self.newest[subject] = (kind, seq, to_base64(leaf_hash(leaf)))
        if before is None:
            # What stood before an erasure stands bare.
            first = seq in {None, 1} and previous is None
            require(first or kind == "erased", "the event before it of its subject is missing")
            return
        kind_before, seq_before, leaf_before = before
        alike = (kind_before == "erased") == (kind == "erased")
        require(alike, "its subject was erased, and another event of theirs has its body")
        if seq is None:
            follows = seq_before is None
        else:
            follows = previous == leaf_before and seq_before in {None, seq - 1}
        require(follows, "the event before it of its subject is missing")


class Naming:
    """Which leaves stand bare, and which are named as emptied."""

    def __init__(self):
        self.rows = {}
        self.runs, self.waiting, self.adopted = [], [], []

    def row(self, index, leaf, bare):
        self.rows[index] = (leaf_hash(leaf), bare)

    def told(self, index, kind, body):
        for run in member({"emptied": [], **body}, "emptied", list):
            proper = isinstance(run, list) and list(map(type, run)) == [int, int]
            require(proper and min(run) >= 0, "emptied is not a list of first and last indices")
            self.runs.append((*run, index))
        for name in member({"waiting": [], **body}, "waiting", list):
            require(isinstance(name, str), "waiting is not a list of hashes")
            self.waiting.append(name)
        if kind == "adopted":
            before = member(body, "before", int)
            require(before >= 0, f"before is {before}")
            require(not self.adopted, "the ledger was adopted before")
            self.adopted.append(before)

    def check(self, index):
        leaf, bare = self.rows[index]
        by_index = [namer for first, last, namer in self.runs if first <= index <= last]
        names = len(by_index) + self.waiting.count(to_base64(leaf))
        if not bare:
            require(names == 0, "it is named as emptied, and has its body")
            return
        require(names > 0, "its body is gone, and nothing names it as emptied")
        require(names == 1, "it is named as emptied more than once")
        require(all(namer > index for namer in by_index), "it was named before it was there")


def check_row(row, leaf, where, index, texts, chains, naming, faults):
    read = faults.check(where, read_leaf, leaf)
    if read is None:
        return
    commitment, kind, version = read
    bare = "salt" not in row and "body" not in row
    if index is not None:
        naming.row(index, leaf, bare)
    if bare:
        if kind in RECORD_TYPES:
            faults.append(f"{where}: a record has lost its body")
        return
    body = row.get("body")
    if "salt" not in row or not isinstance(body, dict):
        return
    # What nobody committed to says nothing of others.
    if not faults.check(where, check_commitment, row, commitment):
        return
    if kind in RECORD_TYPES | {"erased"} and index is not None:
        faults.check(where, naming.told, index, kind, body)
    if kind in EVENT_TYPES:
        faults.check(where, chains.take, kind, version, body, leaf)
        if kind != "erased":
            faults.check(where, texts.check_shown, body, version)


class Events:
    """All rows, each looked at by itself and with the others."""

    def __init__(self, directory, texts, faults):
        lines = faults.check("events.ndjson", read_lines, directory / "events.ndjson") or []
        chains, naming = Chains(), Naming()
        self.count, self.erased, self.part = len(lines), 0, False
        self.leaves, self.proofs, following = [], [], 0
        for position, line in enumerate(lines):
            where = f"row {position}"
            row = faults.check(where, read_row, line)
            if row is None:
                following += 1
                continue
            if position == 0:
                self.part = "proof" in row
            faults.check(where, check_members, row, self.part)
            index = faults.check(where, index_of, row, following, self.part)
            following = (following if index is None else index) + 1
            self.erased += "salt" not in row and "body" not in row
            leaf = faults.check(where, leaf_bytes, row)
            if leaf is None:
                continue
            self.leaves.append(leaf_hash(leaf))
            self.proofs.append((where, index, leaf_hash(leaf), row.get("proof")))
            check_row(row, leaf, where, index, texts, chains, naming, faults)
        for index in naming.rows:
            faults.check(f"index {index}", naming.check, index)
        self.adopted = naming.adopted[0] if naming.adopted else None
        self.root = None if self.part else tree_root(self.leaves)


# A part of a ledger: a proof for each row, and extent.jws


def check_proof(index, leaf, proof, size, root):
    """RFC 9162, 2.1.3.2."""
    require(isinstance(proof, list), "it has no inclusion proof")
    require(index is not None and index < size, "its index is not in the tree")
    node, last, reached = index, size - 1, leaf
    for step in proof:
        require(isinstance(step, str) and last > 0, "its inclusion proof is not one")
        other = from_base64(step, 32)
        if node % 2 or node == last:
            reached = sha256(b"\x01" + other + reached)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            reached = sha256(b"\x01" + reached + other)
        node, last = node // 2, last // 2
    leads = last == 0 and reached == root
    require(leads, "its inclusion proof does not lead to the root")


def check_extent(directory, keys, events, statement):
    header, payload, signature = (directory / "extent.jws").read_text().strip().split(".")
    origin, size, root = statement
    said = parse(from_base64url(header).decode())
    require(member(said, "typ", str) == "ledger-extent+jws", "it is another kind of JWS")
    known = member(said, "alg", str) in ("Ed25519", "EdDSA")
    require(known and "crit" not in said, "it is signed otherwise")
    known = {vkey: key for vkey, key in keys.values()}
    signer = member(said, "kid", str)
    require(signer in known, "it is signed by no key of keys.json")
    check_signature(f"{header}.{payload}", known[signer], from_base64url(signature))
    expected = {
        "events": events.count,
        "origin": origin,
        "root": to_base64(root),
        "sha256": sha256_hex((directory / "events.ndjson").read_bytes()),
        "size": size,
    }
    same = parse(from_base64url(payload).decode()) == expected
    require(same, "it is a word on other events, or on another checkpoint")


# keys.json


def read_keys(path):
    keys = member(json.loads(path.read_bytes(), object_pairs_hook=unique_members), "keys", list)
    require(keys, "no keys")
    return dict(read_key(member(key, "vkey", str)) for key in keys)


def read_key(vkey):
    """What names the key in a signature line, with its vkey and its public key."""
    # The base64 may have more plus signs, the name may not.
    parts = vkey.split("+", 2)
    require(len(parts) == 3, f"{vkey!r} is not a vkey")
    name, identifier, encoded = parts
    require(name and not re.search(r"\s", name), f"{vkey!r} has no proper name")
    key = from_base64(encoded, 33)
    require(key.startswith(ED25519), f"{vkey!r} is not Ed25519")
    expected = sha256(name.encode() + b"\n" + key)[:4]
    require(identifier == expected.hex(), f"{vkey!r} should have the key id {expected.hex()}")
    return (name, expected), (vkey, key.removeprefix(ED25519))


# checkpoint


def split_note(path):
    """The text, with the newline that is signed with it, and the signature lines."""
    note = path.read_bytes().decode()
    require(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "it has control characters")
    require(note.endswith("\n"), "it does not end with a newline")
    text, blank, signatures = note.rpartition("\n\n")
    require(text and blank and signatures, "no signatures after a blank line")
    return text + "\n", signatures.removesuffix("\n").split("\n")


def read_statement(text):
    """Origin, size and root."""
    lines = text.removesuffix("\n").split("\n")
    # Lines of extensions may follow; nothing here depends on them.
    require(len(lines) >= 3 and all(lines), "its text is not origin, size and root")
    origin, size, root = lines[:3]
    require(re.fullmatch(r"0|[1-9][0-9]{0,17}", size), f"{size!r} is not a size")
    return origin, int(size), from_base64(root, 32)


def read_signature(line):
    """What names the key, and the signature."""
    match = re.fullmatch(r"— (\S+) (\S+)", line)
    require(match, f"{line!r} is not a signature line")
    data = base64.b64decode(match[2])
    require(to_base64(data) == match[2] and len(data) > 4, f"{line!r} has no proper signature")
    return (match[1], data[:4]), data[4:]


def check_signature(text, key, signature):
    with tempfile.TemporaryDirectory() as folder:
        files = {"key": ED25519_SPKI_PREFIX + key, "text": text.encode(), "signature": signature}
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text"
        result = subprocess.run(
            [*command.split(), "-sigfile", "signature"], cwd=folder, capture_output=True, text=True
        )
    said = " ".join((result.stdout + result.stderr).split())
    require(result.returncode == 0, f"the signature does not verify, openssl: {said}")


def find_signer(text, lines, keys):
    """The vkey of the first known key that signed; signatures by unknown keys do not count."""
    signers = []
    for line in lines:
        named, signature = read_signature(line)
        if named in keys:
            vkey, key = keys[named]
            check_signature(text, key, signature)
            signers.append(vkey)
    require(signers, "no signature by a key of keys.json")
    return signers[0]


def check_origin(statement, signer):
    """A key signs for the ledger that bears its name, in whichever epoch since."""
    name, origin = signer.split("+", 1)[0], statement[0]
    own = re.fullmatch(re.escape(name) + r"(/r([2-9]|[1-9][0-9]+))?", origin)
    require(own, f"it is of {origin!r}, and signed by the key of {name!r}")


def check_against_events(statement, events):
    _, size, signed_root = statement
    require(size == events.count, f"its size is {size}, there are {events.count} events")
    signed, given = to_base64(signed_root), to_base64(events.root)
    require(signed == given, f"its root is {signed}, the events give {given}")


def check_part(directory, keys, events, statement, faults):
    _, size, root = statement
    for where, index, leaf, proof in events.proofs:
        faults.check(where, check_proof, index, leaf, proof, size, root)
    faults.check("extent.jws", check_extent, directory, keys, events, statement)


def read_checkpoint(directory, events, faults):
    """Origin, size and signer, each None where the checkpoint does not say."""
    keys = faults.check("keys.json", read_keys, directory / "keys.json") or {}
    note = faults.check("checkpoint", split_note, directory / "checkpoint")
    if note is None:
        return None, None, None
    text, signatures = note
    signer = faults.check("checkpoint", find_signer, text, signatures, keys)
    statement = faults.check("checkpoint", read_statement, text)
    if statement is None:
        return None, None, signer
    if signer is not None:
        faults.check("checkpoint", check_origin, statement, signer)
    if events.part:
        check_part(directory, keys, events, statement, faults)
    else:
        faults.check("checkpoint", check_against_events, statement, events)
    origin, size, _ = statement
    return origin, size, signer


# What nothing names


def check_rest(directory, texts, part, faults):
    """Time stamps are looked at by others: here each only has its checkpoint beside it, and the other way round."""
    files = {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}
    known = {"events.ndjson", "checkpoint", "keys.json"} | ({"extent.jws"} if part else set())
    for path in sorted(files - known - texts.named):
        stamp = re.fullmatch(r"timestamps/(\d{4}-\d\d-\d\d)\.(tsr|checkpoint)", path)
        pair = stamp and {f"timestamps/{stamp[1]}.{ending}" for ending in ("tsr", "checkpoint")}
        if not (pair and pair <= files):
            faults.append(f"{path}: nothing names it")


def read_bundle(directory):
    faults = Faults()
    texts = Texts(directory, faults)
    events = Events(directory, texts, faults)
    check_rest(directory, texts, events.part, faults)
    origin, size, signer = read_checkpoint(directory, events, faults)
    return {
        "events": events.count,
        "erased": events.erased,
        "adopted": events.adopted,
        "part": events.part,
        "root": None if events.part else to_base64(events.root),
        "size": size,
        "origin": origin,
        "signed_by": signer,
        "faults": faults,
    }


def main():
    # 1 means faults, so a reader that cannot read must exit with something else.
    if len(sys.argv) != 2 or not shutil.which("openssl"):
        print("usage: read_bundle.py DIR (needs the openssl command)", file=sys.stderr)
        sys.exit(2)
    report = read_bundle(Path(sys.argv[1]))
    print(json.dumps(report))
    sys.exit(1 if report["faults"] else 0)


if __name__ == "__main__":
    main()
