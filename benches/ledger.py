#!/usr/bin/env python3
"""Checks the ledger over many events, on SQLite, with the release build.

Run by hand from the project's directory: benches/ledger.py [CONTACTS]   (1,000,000 by default)

Figures stand beside a ceiling measured in the same run, and are best read as ratios: SHA-256 alone over the same
bytes, by Python's hashlib on one core. Memory is the most that the program's process ever held.
"""

import hashlib
import os
import sqlite3
import sys
import tempfile
import time

from measuring import contacts
from measuring.processes import Workspace
from measuring.program import Installation

PROGRAM = os.path.abspath("target/release/assent")


def hash_plainly(database_file):
    """Seconds of hashing alone, and how many bytes."""
    database = sqlite3.connect(f"file:{database_file}?mode=ro", uri=True)
    took, total = 0.0, 0
    for body, leaf in database.execute("SELECT body, leaf FROM consent_event"):
        body, leaf = body.encode(), leaf.encode()
        begun = time.perf_counter()
        hashlib.sha256(body).digest()
        hashlib.sha256(leaf).digest()
        took += time.perf_counter() - begun
        total += len(body) + len(leaf)
    database.close()
    return took, total


def told(what, spent):
    print(f"{what}: {spent.seconds:.1f} s, {spent.mib:.0f} MiB", flush=True)
    return spent


def measure(installation, count):
    told("a command that does next to nothing", installation.spent("policy", "list"))
    file = contacts.write(os.path.join(tempfile.gettempdir(), "contacts.csv"), count)
    told(f"import of {count:,}", contacts.bring_in(installation, file))
    told(f"seal of {count:,}", installation.spent("ledger", "checkpoint"))
    took = [told("verify", installation.spent("ledger", "verify")).seconds for _ in range(3)]
    plain, total = hash_plainly(os.path.join(installation.data, "assent.db"))
    print(f"hashing alone of {total / 1e6:.0f} MB: {plain:.2f} s, ratio {plain / min(took):.3f}")
    bundle = os.path.join(tempfile.gettempdir(), "bundle")
    told("bundle", installation.spent("ledger", "bundle", bundle))
    audit = told("audit", installation.spent("ledger", "audit", bundle))
    print(f"audit beside hashing alone: ratio {plain / audit.seconds:.3f}")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with Workspace(None):
        installation = Installation(PROGRAM)
        try:
            measure(installation, count)
        finally:
            installation.remove()


if __name__ == "__main__":
    main()
