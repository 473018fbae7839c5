"""Reads a ledger bundle and says what is wrong with it.

    python3 read_bundle.py DIR

Prints {"events":N,"erased":N,"root":…,"size":N,"origin":…,"signed_by":…,"faults":[…]} and exits
with 0, or with 1 if there are faults. `root` is the one that the events give; `size`, `origin` and
`signed_by` are the checkpoint's, and null where it does not say. Rows are counted from 0, like
their indices. It shares no code with the program that writes bundles, so that a mistake in either
shows against the other.
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


def tree_root(leaves):
    # RFC 6962 splits at the largest power of two below the size. From the bottom up, that is to
    # pair neighbours and let an odd last one rise as it is.
    level = [sha256(b"\x00" + leaf) for leaf in leaves]
    if not level:
        return sha256(b"")
    while len(level) > 1:
        pairs = zip(level[0::2], level[1::2])
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + left + right) for left, right in pairs] + odd
    return level[0]


# notices/ and policies/


def read_folder(path):
    files = sorted(path.iterdir()) if path.exists() else []
    return {file.name: file.read_bytes() for file in files}


def check_notice_name(name, data):
    require(name == f"{sha256_hex(data)}.txt", "the name is not the SHA-256 of the content")


def check_notice(body, notices):
    notice = body.get("notice")
    if notice is None:
        return
    digest = member(notice, "sha256", str)
    require(f"{digest}.txt" in notices, f"notices/{digest}.txt is missing")
    data = notices[f"{digest}.txt"]
    require(sha256_hex(data) == digest, f"notices/{digest}.txt has another SHA-256")
    if "text" in notice:
        text = member(notice, "text", str)
        require(text.encode() == data, f"notices/{digest}.txt has another text")


def check_policy(body, policies):
    policy = body.get("policy")
    if policy is None:
        return
    name = member(policy, "label", str) + ".md"
    require(name in policies, f"policies/{name} is missing")
    same = sha256_hex(policies[name]) == member(policy, "sha256", str)
    require(same, f"policies/{name} has another SHA-256")


# events.ndjson


def read_lines(path):
    return path.read_bytes().removesuffix(b"\n").split(b"\n") if path.stat().st_size else []


def read_row(line):
    row = parse(line.decode())
    require(isinstance(row, dict), "not an object")
    return row


def check_members(row):
    require(("salt" in row) == ("body" in row), "only one of salt and body")
    unknown = sorted(row.keys() - {"index", "leaf", "salt", "body"})
    require(not unknown, f"unknown members {unknown}")


def check_index(row, position):
    index = row.get("index")
    # True equals 1 in Python.
    require(type(index) is int and index == position, f"index is {index!r}")


def leaf_bytes(row):
    return member(row, "leaf", str).encode()


def commitment_in(leaf):
    """The leaf's C, once its text is known to be exactly what it should be."""
    parts = parse(leaf.decode())
    commitment = member(parts, "c", str)
    expected = {"c": commitment, "t": member(parts, "t", str), "v": 1}
    require(canonical(expected).encode() == leaf, "leaf is not the RFC 8785 text of c, t and v 1")
    require(parts["t"], "leaf has an empty t")
    require(len(from_base64url(commitment)) == 32, "leaf's c is not 32 bytes")
    return commitment


def check_commitment(row, commitment):
    body = member(row, "body", dict)
    salt = from_base64url(member(row, "salt", str))
    require(salt, "salt is empty")
    expected = hmac.digest(salt, canonical(body).encode(), "sha256")
    require(to_base64url(expected) == commitment, "leaf does not commit to salt and body")


def check_row(row, where, position, notices, policies, faults):
    """The leaf as it is hashed, or None."""
    faults.check(where, check_members, row)
    faults.check(where, check_index, row, position)
    leaf = faults.check(where, leaf_bytes, row)
    if leaf is None:
        return None
    commitment = faults.check(where, commitment_in, leaf)
    if commitment and "salt" in row and "body" in row:
        faults.check(where, check_commitment, row, commitment)
    if isinstance(row.get("body"), dict):
        faults.check(where, check_notice, row["body"], notices)
        faults.check(where, check_policy, row["body"], policies)
    return leaf


def read_events(directory, notices, policies, faults):
    """The number of rows, that of the erased among them, and the root."""
    lines = faults.check("events.ndjson", read_lines, directory / "events.ndjson") or []
    leaves, erased = [], 0
    for position, line in enumerate(lines):
        where = f"row {position}"
        row = faults.check(where, read_row, line)
        if row is None:
            continue
        erased += "salt" not in row and "body" not in row
        leaf = check_row(row, where, position, notices, policies, faults)
        if leaf is not None:
            leaves.append(leaf)
    return len(lines), erased, tree_root(leaves)


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
    require(len(lines) == 3 and lines[0], "its text is not origin, size and root")
    origin, size, root = lines
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


def check_against_events(statement, events, root):
    _, size, signed_root = statement
    require(size == events, f"its size is {size}, there are {events} events")
    given = to_base64(root)
    require(signed_root == root, f"its root is {to_base64(signed_root)}, the events give {given}")


def read_checkpoint(directory, events, root, faults):
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
    faults.check("checkpoint", check_against_events, statement, events, root)
    origin, size, _ = statement
    return origin, size, signer


def read_bundle(directory):
    faults = Faults()
    notices = faults.check("notices", read_folder, directory / "notices") or {}
    policies = faults.check("policies", read_folder, directory / "policies") or {}
    for name, data in notices.items():
        faults.check(f"notices/{name}", check_notice_name, name, data)
    events, erased, root = read_events(directory, notices, policies, faults)
    origin, size, signer = read_checkpoint(directory, events, root, faults)
    return {
        "events": events,
        "erased": erased,
        "root": to_base64(root),
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
