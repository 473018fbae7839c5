#!/usr/bin/env python3
"""Checks mails by the RFCs alone, with Python's email package and dkimpy: nothing here is the program's.

Arguments: RECORDS MESSAGE... RECORDS is a JSON file that stands for the DNS: {NAME: TXT record}. Each
message must be signed once by every key in it, and not at all if it is empty. Prints a line for each rule
that a message breaks, `FILE: RULE`, and ends with 1 if there was any.
"""

import base64
import email
import email.policy
import json
import os
import quopri
import re
import sys
import time
import types
from html.parser import HTMLParser

import dkim

# RFC 5322 §3.6, RFC 2045 §4, RFC 3834 §5.
ONCE = ["from", "to", "subject", "date", "message-id", "mime-version", "content-type", "auto-submitted"]
# Nobody else is written to, and this is nobody's bulk mail.
NEVER = ["cc", "bcc", "precedence", "return-path"]
ENCODED_WORD = re.compile(r"=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=")


def split(raw):
    """The header fields as they stand, and the body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return re.split(rb"\r\n(?![ \t])", head), body


def join(fields, body):
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def name_of(field):
    return field.partition(b":")[0].strip().lower().decode("ascii", "replace")


def bytes_rules(raw):
    if any(byte > 127 for byte in raw):
        yield "a byte above 127 (RFC 5321 §2.4)"
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw):
        yield "a control character (RFC 5322 §2.2)"
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        yield "a bare CR or LF (RFC 5321 §2.3.8)"
    if not raw.endswith(b"\r\n"):
        yield "no CRLF at its end"
    if any(len(line) > 998 for line in raw.split(b"\r\n")):
        yield "a line above 998 octets (RFC 5322 §2.1.1)"


def word_rules(name, line):
    for word in ENCODED_WORD.finditer(line):
        charset, encoding, text = word.groups()
        if len(word.group()) > 75 or len(line) > 76:
            yield f"an encoded word too long in {name} (RFC 2047 §2)"
        if re.search(r"[^\s(\"]$", line[: word.start()]) or re.match(r"[^\s)\"]", line[word.end() :]):
            yield f"an encoded word within a word in {name} (RFC 2047 §5)"
        try:
            if encoding.lower() == "b":
                octets = base64.b64decode(text, validate=True)
            else:
                octets = quopri.decodestring(text, header=True)
            octets.decode(charset)
        except (LookupError, ValueError):
            yield f"an encoded word that is none in {name} (RFC 2047 §5)"


def head_rules(raw, message):
    fields, _ = split(raw)
    names = [name_of(field) for field in fields]
    for name in ONCE:
        if names.count(name) != 1:
            yield f"{names.count(name)} {name} fields"
    for name in NEVER:
        if name in names:
            yield f"a {name} field"
    for field in fields:
        if not re.match(rb"[!-9;-~]+:", field):
            yield f"a field without a name: {field[:40]!r} (RFC 5322 §2.2)"
        for line in field.split(b"\r\n"):
            if not line.strip():
                yield f"an empty line folded into {name_of(field)} (RFC 5322 §3.2.2)"
            yield from word_rules(name_of(field), line.decode("ascii", "replace"))
    for name, value in message.items():
        for defect in value.defects:
            yield f"{name}: {type(defect).__name__}"
    for name in ("from", "to"):
        if name in message and len(message[name].addresses) != 1:
            yield f"{len(message[name].addresses)} addresses in {name}"
    if "date" in message and message["date"].datetime is None:
        yield "a date that is none"
    if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(message["message-id"])):
        yield "a message-id that is none (RFC 5322 §3.6.4)"
    if str(message["auto-submitted"]) not in ("auto-generated", "auto-replied"):
        yield "an auto-submitted that says nothing (RFC 3834 §5)"


def list_rules(message, text):
    leave, post = message.get_all("list-unsubscribe", []), message.get_all("list-unsubscribe-post", [])
    if leave and (len(leave) > 1 or not re.fullmatch(r"<https?://[^<>,\s]+>", str(leave[0]))):
        yield "a list-unsubscribe that is not one address of the web (RFC 8058 §3.1)"
    if post and (not leave or [str(value) for value in post] != ["List-Unsubscribe=One-Click"]):
        yield "a list-unsubscribe-post that says nothing (RFC 8058 §3.1)"
    if post and "list-id" not in message:
        yield "a list without list-id (RFC 2919)"
    if "/confirm/" in text and post:
        yield "a confirmation with list-unsubscribe-post"


def decoded(part):
    return part.get_payload(decode=True).decode(part.get_content_charset("us-ascii"))


FORMS = ["multipart/alternative", "text/plain", "text/html"]


def part_rules(message):
    parts = [part.get_content_type() for part in message.walk()]
    if parts not in (FORMS, ["multipart/mixed", *FORMS, "text/plain"]):
        yield f"parts other than text and then HTML as alternatives, and perhaps a text file: {', '.join(parts)}"
        return
    leaves = [part for part in message.walk() if not part.is_multipart()]
    for file in leaves[2:]:
        plain = re.fullmatch(r"[a-z-]+\.txt", file.get_filename() or "")
        if file.get_content_disposition() != "attachment" or not plain:
            yield "a file that is no attachment with a plain name (RFC 2183 §2.2, §2.3)"
    for part in leaves:
        kind = part.get_content_type()
        if part.get_content_charset() not in ("utf-8", "us-ascii"):
            yield f"{kind}: no charset of ours"
        encoding = str(part.get("content-transfer-encoding", "7bit"))
        if encoding not in ("7bit", "quoted-printable", "base64"):
            yield f"{kind}: content-transfer-encoding {encoding}"
        lines = part.get_payload().splitlines()
        if encoding != "7bit" and any(len(line) > 76 for line in lines):
            yield f"{kind}: an encoded line above 76 (RFC 2045 §6.7, §6.8)"
        if part in leaves[:2] and part.get_content_disposition() is not None:
            yield f"{kind}: an attachment"
        try:
            decoded(part)
        except (LookupError, ValueError) as error:
            yield f"{kind}: cannot be decoded: {type(error).__name__} {error}"


class Html(HTMLParser):
    """What a reader's program would fetch without being asked, and whether dark is thought of."""

    TAGS = {"img", "image", "link", "script", "iframe", "frame", "object", "embed", "applet", "video",
            "audio", "source", "track", "picture", "base", "form", "input", "svg", "math", "v:image",
            "v:fill", "v:imagedata", "bgsound"}
    ATTRIBUTES = {"src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "ping", "action"}

    def __init__(self):
        super().__init__()
        self.found, self.schemes, self.inside = [], "", ""

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        attributes = {name: value or "" for name, value in attributes}
        if tag in self.TAGS:
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in attributes if name in self.ATTRIBUTES]
        self.style(attributes.get("style", ""))
        if tag == "a" and not re.match(r"https?://|mailto:", attributes.get("href", "")):
            self.found.append(f"a link to {attributes.get('href', 'nothing')}")
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.found.append("meta refresh")
        if tag == "meta" and attributes.get("name", "").lower() == "color-scheme":
            self.schemes = attributes.get("content", "")
        self.found += [f"{tag} {name}" for name in attributes if name.startswith("on")]

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        if self.inside == "style":
            self.style(data)

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_comment(self, data):
        # Outlook reads what stands in a conditional one.
        inner = Html()
        inner.feed(re.sub(r"^\[if[^\]]*\]>|<!\[endif\]$", "", data))
        self.found += inner.found

    def style(self, text):
        self.found += re.findall(r"url\s*\(|@import|image(?:-set)?\s*\(|expression\s*\(|behavior\s*:", text.lower())


def html_rules(html):
    page = Html()
    page.feed(html)
    page.close()
    for what in dict.fromkeys(page.found):
        yield f"HTML that fetches or acts: {what}"
    if "dark" not in page.schemes.split():
        yield "HTML without a dark color-scheme"


def tags(field):
    value = re.sub(rb"\s+", b"", field.partition(b":")[2]).decode("ascii")
    return dict(tag.split("=", 1) for tag in value.split(";") if tag)


def signed_by(raw, number, records):
    """Whether the signature of this number holds."""

    def txt(name, timeout=5):
        return records.get(name.decode().rstrip(".").lower(), "").encode()

    try:
        return dkim.DKIM(raw, minkey=2048).verify(number, dnsfunc=txt)
    except dkim.DKIMException:
        return False


def altered(raw, names):
    """The message with one thing changed that was signed, and what it was."""
    fields, body = split(raw)
    for name in names:
        for at, field in enumerate(fields):
            if name_of(field) == name:
                yield f"{name} changed", join([*fields[:at], field + b"x", *fields[at + 1 :]], body)
        extra = f"{name}: x@elsewhere.example".encode()
        yield f"{name} added before", join([extra, *fields], body)
        yield f"{name} added after", join([*fields, extra], body)
    letter = re.search(rb"[A-Za-z]", body).start()
    other = b"b" if body[letter : letter + 1] == b"a" else b"a"
    yield "the body changed", join(fields, body[:letter] + other + body[letter + 1 :])
    yield "the body continued", join(fields, body + b"More.\r\n")


# What was altered in one mail need not be altered in all that are like it: each costs two signatures a field.
tried = set()


def dkim_rules(raw, message, records):
    fields, _ = split(raw)
    signatures = [tags(field) for field in fields if name_of(field) == "dkim-signature"]
    if not records:
        if signatures:
            yield "signed by a key that nobody told of"
        return
    wanted = ["ed25519-sha256" if "k=ed25519" in record else "rsa-sha256" for record in records.values()]
    if sorted(tag["a"] for tag in signatures) != sorted(wanted):
        yield f"signed {[tag['a'] for tag in signatures]}, not {wanted}"
        return
    names = [name_of(field) for field in fields]
    mine = [*ONCE, *dict.fromkeys(name for name in names if name.startswith("list-"))]
    domain = message["from"].addresses[0].domain.lower()
    for number, tag in enumerate(signatures):
        algorithm, by = tag["a"], tag["d"].lower()
        if not signed_by(raw, number, records):
            yield f"{algorithm}: the signature does not hold"
            continue
        signed = tag["h"].lower().split(":")
        for name in mine:
            if signed.count(name) <= names.count(name):
                yield f"{algorithm}: {name} could be added (RFC 6376 §8.15)"
        if "l" in tag:
            yield f"{algorithm}: l= lets others write on (RFC 6376 §8.2)"
        if domain != by and not domain.endswith(f".{by}") and not by.endswith(f".{domain}"):
            yield f"{algorithm}: {by} is not of {domain} (RFC 7489 §3.1.1)"
        # Two mails whose fields have the same names, signed alike, would tell the same.
        kind = (algorithm, tag["h"].lower(), tuple(names))
        if kind in tried:
            continue
        tried.add(kind)
        for what, other in altered(raw, list(dict.fromkeys([*mine, *signed]))):
            if signed_by(other, number, records):
                yield f"{algorithm}: holds with {what}"


def rules(raw, records):
    yield from bytes_rules(raw)
    try:
        message = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
        yield from head_rules(raw, message)
        yield from part_rules(message)
        text, html = message.get_body(["plain"]), message.get_body(["html"])
        yield from list_rules(message, decoded(text) if text else "")
        yield from html_rules(decoded(html) if html else "")
        yield from dkim_rules(raw, message, records)
    except Exception as error:  # Whatever it is that a strict reader stumbles over.
        yield f"cannot be read: {type(error).__name__} {error}"


def main():
    # A signature's time is that of the test's clock, which dkimpy would call the future or the past.
    dkim.time = types.SimpleNamespace(time=lambda: time.time() + 100 * 365 * 86400)
    with open(sys.argv[1], encoding="utf-8") as file:
        records = json.load(file)
    sound = True
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            raw = file.read()
        for rule in rules(raw, records):
            sound = False
            print(f"{os.path.basename(path)}: {rule}")
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
