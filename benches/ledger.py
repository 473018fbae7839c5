#!/usr/bin/env python3
"""Imports contacts and checks the ledger over them, on SQLite, with the release build.

Run by hand from the project's directory: benches/ledger.py [CONTACTS]   (1,000,000 by default)

Figures stand beside ceilings measured in the same run, and are best read as ratios:
  import   against the plain insert of the same rows by Python's sqlite3: one transaction, one index
  verify   against SHA-256 alone over the same bytes, by Python's hashlib on one core
Memory is the most that the program's process ever held (maxrss).
"""

import hashlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath("target/release/assent")
FIRST = 100_000


def run(environment, *arguments):
    """Seconds, MiB and the last line of output of one command."""
    read, write = os.pipe()
    # A child of its own for each, so that its memory is known apart from all others'.
    child = os.fork()
    if child == 0:
        begun = time.monotonic()
        done = subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, text=True)
        took = time.monotonic() - begun
        mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        last = (done.stdout.strip().splitlines() or [""])[-1]
        told = f"{took}\n{mib}\n{last}" if done.returncode == 0 else f"failed\n{done.stderr}{done.stdout}"
        os.write(write, told.encode()[:4000])
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as answer:
        told = answer.read()
    if told.startswith("failed\n"):
        sys.exit(f"{' '.join(arguments)}: {told[7:]}")
    took, mib, line = told.split("\n", 2)
    return float(took), float(mib), line


def contacts(file, first, count):
    with open(file, "w") as out:
        out.write("email,name,organisation,job_title,consented_at,method\n")
        for n in range(first, first + count):
            out.write(f"reader.{n}@council-{n % 4000}.example,Reader {n},Council {n % 4000},Officer,"
                      f"2024-0{1 + n % 9}-1{n % 10}T09:00:00Z,paper form at a conference\n")


def insert_plainly(directory, file):
    begun = time.monotonic()
    database = sqlite3.connect(os.path.join(directory, "plain.db"))
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE contact (email, name, organisation, job_title, consented_at, method)")
    database.execute("CREATE UNIQUE INDEX contact_email ON contact (email)")
    with open(file) as rows, database:
        next(rows)
        split = (row.rstrip("\n").split(",") for row in rows)
        database.executemany("INSERT INTO contact VALUES (?, ?, ?, ?, ?, ?)", split)
    database.close()
    return time.monotonic() - begun


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


def measure(directory, count):
    environment = {
        "PATH": os.environ["PATH"],
        "ASSENT_DATA_DIR": os.path.join(directory, "data"),
        "ASSENT_CONTROLLER_NAME": "Bench Press",
        "ASSENT_CONTROLLER_ADDRESS": "1 Bench Street",
        "ASSENT_CONTROLLER_CONTACT": "privacy@bench.example",
    }
    policy = os.path.join(directory, "policy.md")
    with open(policy, "w") as out:
        out.write("# Privacy\n\nWe keep little.\n")
    run(environment, "policy", "publish", policy, "--version", "2024-01")
    run(environment, "newsletter", "add", "weekly", "--name", "The weekly")
    _, idle, _ = run(environment, "policy", "list")
    print(f"a command that does next to nothing holds {idle:.0f} MiB")

    file = os.path.join(directory, "contacts.csv")
    bring_in = ["import", file, "--purpose", "newsletter:weekly", "--policy", "2024-01",
                "--source", "conference 2024"]
    first = min(FIRST, count)
    contacts(file, 0, first)
    took, mib, line = run(environment, *bring_in)
    plain = insert_plainly(directory, file)
    print(f"import of {first:,}: {took:.1f} s, {mib:.0f} MiB ({line}); "
          f"plain insert {plain:.2f} s, ratio {plain / took:.3f}")
    if count > first:
        contacts(file, first, count - first)
        took, mib, line = run(environment, *bring_in)
        print(f"import of {count - first:,} more: {took:.1f} s, {mib:.0f} MiB ({line})")

    took, _, _ = run(environment, "ledger", "checkpoint")
    print(f"seal of {count:,}: {took:.1f} s")
    for _ in range(3):
        took, mib, line = run(environment, "ledger", "verify")
        print(f"verify: {took:.1f} s, {mib:.0f} MiB ({line})")
    plain, total = hash_plainly(os.path.join(environment["ASSENT_DATA_DIR"], "assent.db"))
    print(f"hashing alone of {total / 1e6:.0f} MB: {plain:.2f} s, ratio {plain / took:.3f}")

    bundle = os.path.join(directory, "bundle")
    took, mib, _ = run(environment, "ledger", "bundle", bundle)
    print(f"bundle: {took:.1f} s, {mib:.0f} MiB")
    took, mib, _ = run(environment, "ledger", "audit", bundle)
    print(f"audit: {took:.1f} s, {mib:.0f} MiB")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    directory = tempfile.mkdtemp(prefix="assent-bench-", dir=os.path.abspath("target"))
    try:
        measure(directory, count)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
