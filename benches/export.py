#!/usr/bin/env python3
"""Exports contacts from both databases with the release build, beside the databases' own ways to do it.

Run by hand from the project's directory: benches/export.py [CONTACTS] [DIRECTORY]

1,000,000 contacts by default. DIRECTORY keeps the data for the next run; without it, it is made and removed.
Needs sqlite3, and PostgreSQL's server programs (TEST_POSTGRES_BIN, or the newest that Debian has).

Figures stand beside ceilings measured in the same run, and are best read as ratios:
  PostgreSQL   against psql with COPY (the same select) TO STDOUT (FORMAT csv)
  SQLite       against sqlite3 -csv of the same select, bare and in the words that exports have
Memory is the most that the program's process ever held (maxrss), above a command that does next to nothing.
"""

import csv
import glob
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath("target/release/assent")
TIMES = 3
PURPOSE = "newsletter:weekly"
EXPORT = ["export", "--purpose", PURPOSE, "--format"]

COLUMNS = """u.email, u.name, u.organisation, u.job_title, c.purpose, c.state, n.sha256, p.label,
    c.requested_at, c.confirmed_at, r.slug, c.source"""
REST = """FROM consent c
    JOIN subscriber u ON u.subscriber_id = c.subscriber_id
    JOIN notice n ON n.notice_id = c.notice_id
    JOIN policy_version p ON p.policy_version_id = c.policy_version_id
    LEFT JOIN report r ON r.report_id = c.report_id
    WHERE c.purpose = 'newsletter:weekly' AND c.state IN ('given', 'renewed')
      AND c.policy_version_id NOT IN (
          SELECT old.policy_version_id FROM policy_version old
          JOIN policy_version asks ON asks.lang = old.lang AND asks.change_class = 'reconsent'
            AND asks.renew_until <= {now} AND asks.published_at > old.published_at)
      AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key
                      AND (s.reason IN ('bounced', 'complained', 'erased', 'manual')
                           OR (s.reason = 'unsubscribed' AND s.purpose = c.purpose)))
    ORDER BY c.confirmed_at, c.subscriber_id"""
COPY = (f"COPY (SELECT c.subscriber_id, {COLUMNS}, c.event_id "
        + REST.format(now="now()") + ") TO STDOUT (FORMAT csv)")
# Keys are bytes there, and times are microseconds: as bare as the shell writes them, and as exports do.
SELECT = (f"SELECT hex(c.subscriber_id), {COLUMNS}, hex(c.event_id) "
          + REST.format(now="unixepoch() * 1000000"))


def as_exported():
    def key(column):
        parts = ", ".join(f"substr(hex({column}), {at}, {length})"
                          for at, length in [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)])
        return f"lower(format('%s-%s-%s-%s-%s', {parts}))"

    def time_of(column):
        return (f"strftime('%Y-%m-%dT%H:%M:%S', {column} / 1000000, 'unixepoch')"
                f" || format('.%06dZ', {column} % 1000000)")

    columns = COLUMNS.replace("c.requested_at, c.confirmed_at",
                              f"{time_of('c.requested_at')}, {time_of('c.confirmed_at')}")
    return (f"SELECT {key('c.subscriber_id')}, {columns}, {key('c.event_id')} "
            + REST.format(now="unixepoch() * 1000000"))


def run(environment, *command, out=None):
    """Seconds and MiB of one command, whose output goes to a file."""
    read, write = os.pipe()
    # A child of its own for each, so that its memory is known apart from all others'.
    child = os.fork()
    if child == 0:
        with open(out or os.devnull, "wb") as to:
            begun = time.monotonic()
            done = subprocess.run(command, env=environment, stdout=to, stderr=subprocess.PIPE, text=True)
            took = time.monotonic() - begun
        mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        told = f"{took} {mib}" if done.returncode == 0 else f"failed {done.stderr}"
        os.write(write, told.encode()[:4000])
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as answer:
        told = answer.read()
    if told.startswith("failed"):
        sys.exit(f"{' '.join(command)[:200]}: {told[7:]}")
    took, mib = told.split()
    return float(took), float(mib)


def best(environment, *command, out=None):
    """The least seconds of some runs, and the most MiB."""
    runs = [run(environment, *command, out=out) for _ in range(TIMES)]
    return min(took for took, _ in runs), max(mib for _, mib in runs)


def unprivileged(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--", *command]


class Postgres:
    """A server of its own, with the settings it comes with."""

    def __init__(self, directory):
        found = glob.glob("/usr/lib/postgresql/*/bin")
        newest = max(found, key=lambda path: int(path.split("/")[4]), default="")
        self.bin = os.environ.get("TEST_POSTGRES_BIN") or newest
        self.directory = os.path.join(directory, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self):
        if not os.path.exists(self.directory):
            os.mkdir(self.directory)
            if os.geteuid() == 0:
                shutil.chown(self.directory, "postgres", "postgres")
            subprocess.run(unprivileged(f"{self.bin}/initdb", "-D", self.directory, "-U", "postgres",
                                        "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
                           check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            unprivileged(f"{self.bin}/postgres", "-D", self.directory, "-p", str(self.port),
                         "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.directory}"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def contacts(file, count):
    with open(file, "w") as out:
        out.write("email,name,organisation,job_title,consented_at,method\n")
        for n in range(count):
            out.write(f"reader.{n}@council-{n % 4000}.example,Reader {n},Council {n % 4000},Officer,"
                      f"2024-0{1 + n % 9}-1{n % 10}T09:00:00Z,paper form at a conference\n")


def fill(environment, directory, count):
    policy, file = os.path.join(directory, "policy.md"), os.path.join(directory, "contacts.csv")
    with open(policy, "w") as out:
        out.write("# Privacy\n\nWe keep little.\n")
    if not os.path.exists(file):
        contacts(file, count)
    run(environment, PROGRAM, "policy", "publish", policy, "--version", "2024-01")
    run(environment, PROGRAM, "newsletter", "add", "weekly", "--name", "The weekly")
    took, _ = run(environment, PROGRAM, "import", file, "--purpose", PURPOSE, "--policy", "2024-01",
                  "--source", "conference 2024")
    print(f"  import of {count:,}: {took:.0f} s")


def export(environment, directory, count, *ceilings):
    _, idle = run(environment, PROGRAM, "policy", "list")
    # Where the last check is a day old, an export has the ledger checked first.
    run(environment, PROGRAM, "ledger", "verify")
    out = os.path.join(directory, "out")
    for form in ["csv", "ndjson", "xlsx"]:
        took, mib = best(environment, PROGRAM, *EXPORT, form, out=out)
        size = os.path.getsize(out)
        if form == "csv":
            with open(out, "rb") as rows:
                lines = sum(1 for _ in rows)
            if lines != count + 1:
                sys.exit(f"the export has {lines - 1:,} rows, not {count:,}")
        ratios = ", ".join(f"{took / ceiling:.2f} × {name}" for name, ceiling in ceilings)
        print(f"  {form}: {took:.2f} s, {size / 1e6:.0f} MB, {mib - idle:.0f} MiB above idle; {ratios}")


def on_postgres(environment, directory, count, server):
    begun = time.monotonic()
    psql = [os.path.join(server.bin, "psql"), "-q", "-d", server.url, "-c"]
    run(environment, *psql, "VACUUM ANALYZE")
    print(f"PostgreSQL (analysed in {time.monotonic() - begun:.0f} s)")
    ceiling, _ = best(environment, *psql, COPY, out=os.path.join(directory, "out"))
    print(f"  psql with COPY: {ceiling:.2f} s")
    export(environment, directory, count, ("COPY", ceiling))


def on_sqlite(environment, directory, count):
    print("SQLite")
    database = os.path.join(environment["ASSENT_DATA_DIR"], "assent.db")
    shell = ["sqlite3", "-csv", f"file:{database}?mode=ro"]
    out = os.path.join(directory, "shell")
    bare, _ = best(environment, *shell, SELECT, out=out)
    same, _ = best(environment, *shell, as_exported(), out=out)
    print(f"  sqlite3 -csv: {bare:.2f} s as it keeps them, {same:.2f} s in the words of an export")
    export(environment, directory, count, ("bare", bare), ("in the same words", same))
    run(environment, PROGRAM, *EXPORT, "csv", out=os.path.join(directory, "out"))
    # The shell quotes more than it must, so cells are held against cells.
    with open(out, newline="") as theirs, open(os.path.join(directory, "out"), newline="") as ours:
        next(ours)
        if any(one != other for one, other in zip(csv.reader(ours), csv.reader(theirs), strict=True)):
            sys.exit("the export and sqlite3 do not say the same")
    print("  the export and sqlite3 say the same, cell for cell")


def measure(directory, count):
    environment = {
        "PATH": os.environ["PATH"],
        "ASSENT_CONTROLLER_NAME": "Bench Press",
        "ASSENT_CONTROLLER_ADDRESS": "1 Bench Street",
        "ASSENT_CONTROLLER_CONTACT": "privacy@bench.example",
    }
    with Postgres(directory) as server:
        places = [
            {**environment, "ASSENT_DATA_DIR": os.path.join(directory, "sqlite")},
            {**environment, "ASSENT_DATA_DIR": os.path.join(directory, "beside"),
             "ASSENT_DATABASE_URL": server.url},
        ]
        for place in places:
            if not os.path.exists(place["ASSENT_DATA_DIR"]):
                fill(place, directory, count)
        on_sqlite(places[0], directory, count)
        on_postgres(places[1], directory, count, server)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        os.makedirs(sys.argv[2], exist_ok=True)
        os.chmod(sys.argv[2], 0o755)
        measure(os.path.abspath(sys.argv[2]), count)
        return
    directory = tempfile.mkdtemp(prefix="assent-bench-", dir=os.path.abspath("target"))
    os.chmod(directory, 0o755)
    try:
        measure(directory, count)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
