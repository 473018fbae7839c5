"""What must hold once the program runs again on what the disk kept."""

import glob
import hashlib
import os

from measuring.processes import Trouble

# Of `assent check`; the others say nothing of what is stored.
PARTS = ("keys", "data directory", "files", "database", "ledger", "endings", "policy")


def keys(data):
    """Keys by their names, as they lie there now."""
    found = {}
    for file in glob.glob(os.path.join(data, "**", "*key*"), recursive=True):
        if os.path.isfile(file) and not file.endswith(".new"):
            with open(file, "rb") as key:
                found[os.path.relpath(file, data)] = key.read()
    return found


def endings(data):
    """What is noted of who left, in the data directory."""
    try:
        with open(os.path.join(data, "endings.log")) as noted:
            return noted.read()
    except FileNotFoundError:
        return ""


def heads(place):
    """The signed heads in one of the two places."""
    found = set()
    for file in glob.glob(os.path.join(place, "outside", "heads", "**"), recursive=True):
        # What was being written has another name.
        if os.path.isfile(file) and "#" not in os.path.basename(file):
            with open(file, errors="replace") as head:
                found.add(head.read())
    return found


class Checked:
    def __init__(self):
        self.acknowledged = self.stored = 0
        self.faults, self.ledger = [], "unknown"

    @property
    def lost(self):
        return self.acknowledged - self.stored


def check(site, acknowledged, keys_before, seed):
    """Starts the program on the disk; `acknowledged` are kinds and what they are of."""
    checked = Checked()
    checked.acknowledged = len({what for kind, what in acknowledged if kind == "form"})
    try:
        checked.faults += lost_outside(site, acknowledged)
        site.start({})
        _check(site, acknowledged, keys_before, seed, checked)
    except Trouble as trouble:
        checked.faults.append(str(trouble))
    finally:
        site.stop()
    return checked


def lost_outside(site, acknowledged):
    """What was kept outside the database and is not there any more: looked at before a start repairs it."""
    noted = endings(site.data)
    for text in (what for kind, what in acknowledged if kind == "endings"):
        if not noted.startswith(text):
            yield f"who was erased was noted in endings.log, and is not: {text.splitlines()[-1]}"
    for place in (site.data, os.path.join(site.data, "files")):
        there = heads(place)
        for note in (what for kind, what in acknowledged if kind == "ledger"):
            if note not in there:
                yield f"a head of {size(note)} leaves was shown, and is not kept in {place}"


def _check(site, acknowledged, keys_before, seed, checked):
    faults = checked.faults
    set_up = any(kind == "set up" for kind, _ in acknowledged)
    # Nothing is acknowledged of a key that nobody used yet.
    if set_up:
        now = keys(site.data)
        faults += [f"the key {name} is gone or another" for name, key in keys_before.items() if now.get(name) != key]
    if set_up:
        # Before anything repairs what it finds.
        said = site.run("check", "--no-dns", check=False)
        lines = dict(line.split(": ", 1) for line in said.stdout.splitlines() if ": " in line)
        # What a killed program left to do is done by the next.
        faults += [f"check says: {part}: {lines.get(part)}" for part in PARTS
                   if not lines.get(part, "").startswith("ok")]
    site.serve()
    if any(kind == "report" and what == "bench" for kind, what in acknowledged):
        site.sign_up(f"again{seed}@example.com")
    _check_rows(site, acknowledged, checked)
    verified = site.run("ledger", "verify", check=False)
    checked.ledger = "holds" if verified.returncode == 0 else "does not hold"
    if verified.returncode:
        faults.append(f"ledger verify: {verified.stdout.strip()} {verified.stderr.strip()}")
    sealed = site.run("ledger", "checkpoint", check=False)
    if sealed.returncode:
        faults.append(f"ledger checkpoint: {sealed.stderr.strip()}")
    else:
        sizes = [size(note) for kind, note in acknowledged if kind == "ledger"]
        if sizes and size(sealed.stdout) < max(sizes):
            faults.append(f"a head of {max(sizes)} leaves was shown, and there are {size(sealed.stdout)}")


def _check_rows(site, acknowledged, checked):
    faults = checked.faults
    forms = {what for kind, what in acknowledged if kind == "form"}
    confirmed = {what for kind, what in acknowledged if kind == "confirmed"}
    erased = {what for kind, what in acknowledged if kind == "erase"}
    leaving = {what for kind, what in acknowledged if kind == "leaving"}
    status = dict(site.rows("SELECT email, status FROM signup"))
    checked.stored = len({email for email in forms if email in status or email in leaving})
    if checked.lost:
        missing = sorted(forms - status.keys() - leaving)
        faults.append(f"{checked.lost} forms are lost: {', '.join(missing[:3])}")
    faults += [f"{email} confirmed, and is {status.get(email)}" for email in sorted(confirmed - leaving)
               if status.get(email) != "confirmed"]
    faults += [f"{email} was erased, and is here" for email in sorted(erased) if email in status]
    stored = {slug: rest for slug, *rest in site.rows("SELECT slug, status, file_key, sha256 FROM report")}
    for slug in (what for kind, what in acknowledged if kind == "report"):
        if slug not in stored or stored[slug][0] != "published":
            faults.append(f"the report {slug} was published, and is {stored.get(slug)}")
    for slug, (_, key, sha256) in stored.items():
        file = os.path.join(site.data, "files", key)
        if not os.path.isfile(file):
            faults.append(f"the file of {slug} is gone: {file}")
            continue
        with open(file, "rb") as content:
            if hashlib.sha256(content.read()).hexdigest() != sha256:
                faults.append(f"the file of {slug} is not whole: {file}")


def size(note):
    return int(note.split("\n")[1])
