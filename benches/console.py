#!/usr/bin/env python3
"""How long the console's pages take with 1,000,000 subscribers, on SQLite and on PostgreSQL, with the
release build.

Run by hand from the project's directory: benches/console.py [SUBSCRIBERS] [sqlite|postgres]

The database is filled by plain inserts: invented people of 4,000 councils, their signups and consents, as
they would stand after years; 20,000 of them came from one import long ago. Then the program is started,
which splits all of them into the words they are found by (that time is told too), somebody signs in, and
each page is fetched 41 times, the first fetch apart. Milliseconds, over HTTP.
"""

import base64
import hashlib
import hmac
import os
import random
import sqlite3
import subprocess
import sys
import time
import uuid

from measuring.filling import FIRST, LAST
from measuring.postgres import Postgres
from measuring.processes import Trouble, Workspace
from measuring.program import Installation
from measuring.staff import Console, add_staff

PROGRAM = os.path.abspath("target/release/assent")
TIMES = 40
# The newest subscriber came at this moment, and one every five minutes before: nine and a half years.
NEWEST = 1_790_000_000_000_000
APART = 300_000_000

# What marketing looks at: a name, and an address. Somebody's own page stands at PERSON.
PAGES = [
    ("subscribers", "/console/subscribers"),
    ("subscribers, last page", "/console/subscribers?before=00000000-0000-7000-8000-000000000000"),
    ("a whole address", "/console/subscribers?q=ada.ashby.0%40council-0.gov.uk"),
    ("a common beginning", "/console/subscribers?q=a"),
    ("a common first name", "/console/subscribers?q=ada"),
    ("two common words", "/console/subscribers?q=ada+north"),
    ("a common word", "/console/subscribers?q=council"),
    ("a rare word", "/console/subscribers?q=zebedee"),
    ("a domain", "/console/subscribers?q=%40council-7.gov.uk"),
    ("a large domain, long ago", "/console/subscribers?q=%40health.example"),
    ("a large beginning, long ago", "/console/subscribers?q=health.exam"),
    ("everybody's domain", "/console/subscribers?q=%40gov.uk"),
    ("a common consent", "/console/subscribers?purpose=newsletter%3Aweekly&state=given"),
    ("a rare consent", "/console/subscribers?purpose=partner-offers&state=given"),
    ("withdrawn", "/console/subscribers?purpose=newsletter%3Aweekly&state=withdrawn"),
    ("a rare consent, a common word", "/console/subscribers?purpose=partner-offers&q=council"),
    ("a common consent, a rare word",
     "/console/subscribers?purpose=privacy-policy&state=given&q=zebedee"),
    ("two that exclude each other",
     "/console/subscribers?purpose=newsletter%3Aweekly&state=given&q=health.exam"),
    ("a rare report", "/console/subscribers?report=rare"),
    ("a common report", "/console/subscribers?report=common&q=ada"),
    ("the old policy", "/console/subscribers?policy=2020-01"),
    ("a month", "/console/subscribers?since=2024-03-01&until=2024-04-01"),
    ("long ago, a common word", "/console/subscribers?until=2018-01-01&q=ada"),
    ("suppressed", "/console/subscribers?suppressed=yes"),
    ("all at once", "/console/subscribers?q=ada+%40gov.uk&purpose=newsletter%3Aweekly&state=given"
                    "&report=common&policy=2024-01&since=2019-01-01&until=2026-01-01&suppressed=no"),
    ("suppressions", "/console/suppressions"),
    ("suppressions of one reason", "/console/suppressions?reason=bounced"),
    ("one person", "PERSON"),
    ("the first page", "/console"),
    ("reports", "/console/reports"),
    ("one report", "/console/reports/common"),
    ("newsletters", "/console/newsletters"),
    ("one newsletter", "/console/newsletters/weekly/edit"),
    ("policies", "/console/policies"),
    ("exports", "/console/exports"),
    ("an export counted and shown", "/console/exports?purpose=newsletter%3Aweekly"),
    ("mail", "/console/mail"),
    ("audit", "/console/audit"),
    ("ledger", "/console/ledger"),
]


def key_of(at, n):
    """UUIDv7, as the program makes them."""
    millis = at // 1000
    value = (millis << 80) | (7 << 76) | ((n & 0xFFF) << 64) | (2 << 62) | (n << 8) & ((1 << 62) - 1)
    return uuid.UUID(int=value)


class Filled:
    """Rows for both databases, table by table."""

    def __init__(self, count, secret):
        self.count, self.secret = count, secret
        self.policies = [key_of(NEWEST - count * APART - 1, n) for n in (1, 2)]
        self.reports = [key_of(NEWEST - count * APART - 1, n) for n in (3, 4)]
        self.newsletter = key_of(NEWEST - count * APART - 1, 5)
        self.notices = {code: key_of(NEWEST - count * APART - 1, 6 + n) for n, code in
                        enumerate(("privacy-policy", "newsletter:weekly", "partner-offers"))}

    def who(self, n):
        chance = random.Random(n)
        first, last = chance.choice(FIRST), chance.choice(LAST)
        council = min(int(chance.expovariate(0.003)), 3999)
        # The oldest 20,000 came together.
        if self.count - n <= 20_000:
            return first, last, f"{first}.{last}.{n}@health.example".lower(), "Health Board"
        if n % 100_000 == 77:
            first = "Zebedee"
        return first, last, f"{first}.{last}.{n}@council-{council}.gov.uk".lower(), f"Town {council} Council"

    def address_key(self, email):
        return hmac.new(self.secret, b"address\0" + email.encode() + b"\0", hashlib.sha256).digest()

    def offers(self):
        begun = NEWEST - self.count * APART - 1
        for policy, label in zip(self.policies, ("2020-01", "2024-01")):
            at = begun if label == "2020-01" else NEWEST - self.count * APART // 3
            yield "policy_version", dict(policy_version_id=policy, label=label, lang="en-GB", body="Text.",
                                         sha256="0" * 64, change_class="editorial", published_at=T(at))
        yield "newsletter", dict(newsletter_id=self.newsletter, slug="weekly", name="The weekly",
                                 description="", created_at=T(begun))
        yield "purpose", dict(code="newsletter:weekly", newsletter_id=self.newsletter, created_at=T(begun))
        yield "purpose", dict(code="partner-offers", newsletter_id=None, created_at=T(begun),
                              name="Partner offers", words="Send me offers.")
        for code, notice in self.notices.items():
            yield "notice", dict(notice_id=notice, purpose=code, lang="en-GB", words=f"I agree to {code}.",
                                 sha256="1" * 64, created_at=T(begun))
        for report, slug in zip(self.reports, ("common", "rare")):
            yield "report", dict(report_id=report, slug=slug, title=f"The {slug} report", summary="",
                                 file_key=slug, media_type="application/pdf", byte_size=1, sha256="2" * 64,
                                 requires_name=False, requires_organisation=False, requires_job_title=False,
                                 status="published", created_at=T(begun), published_at=T(begun))

    def people(self, part):
        """`part` 0: subscribers; 1: signups; 2: events; 3: consents; 4: suppressions."""
        for n in range(self.count - 1, -1, -1):
            at = NEWEST - n * APART
            first, last, email, organisation = self.who(n)
            subscriber, address = key_of(at, n), self.address_key(email)
            policy = self.policies[1 if n < self.count // 3 else 0]
            report = self.reports[1 if n % 25_000 == 3 else 0]
            if part == 0:
                yield dict(subscriber_id=subscriber, email=email, address_key=address,
                           name=f"{first} {last}", organisation=organisation, job_title="Officer",
                           last_seq=2, verified_at=T(at), created_at=T(at))
            elif part == 1:
                pending = n % 20 == 0
                yield dict(signup_id=key_of(at - 60_000_000, n), email=email, address_key=address,
                           limiter_key=address, name=f"{first} {last}", organisation=organisation,
                           report_id=report, policy_version_id=policy, source="/reports/common",
                           method="form", status="pending" if pending else "confirmed",
                           created_at=T(at - 60_000_000), expires_at=T(at + 172_800_000_000),
                           confirmed_at=None if pending else T(at),
                           subscriber_id=None if pending else subscriber)
            elif part == 4:
                if n % 80 == 9:
                    yield dict(address_key=address, reason="bounced", purpose="*", since=T(at + 1))
                if n % 11 == 5:
                    yield dict(address_key=address, reason="unsubscribed", purpose="newsletter:weekly",
                               since=T(at + 2))
            else:
                agreed = [("privacy-policy", "withdrawn" if n % 50 == 1 else "given")]
                if n % 5 < 2 and self.count - n > 20_000:
                    agreed.append(("newsletter:weekly", "withdrawn" if n % 11 == 5 else "given"))
                if n % 3333 == 7:
                    agreed.append(("partner-offers", "given"))
                for seq, (purpose, state) in enumerate(agreed, 1):
                    event = key_of(at, (n << 2) | seq)
                    shared = dict(subscriber_id=subscriber, purpose=purpose, event_id=event,
                                  notice_id=self.notices[purpose], policy_version_id=policy)
                    if part == 2:
                        yield dict(shared, subject_id=subscriber, seq=seq, type=state, leaf="{}",
                                   recorded_at=T(at))
                    else:
                        yield dict(shared, state=state, report_id=report, source="/reports/common",
                                   requested_at=T(at - 60_000_000), confirmed_at=T(at))


class T(int):
    """A moment in microseconds."""


TABLES = ("subscriber", "signup", "consent_event", "consent", "suppression")


def fill_sqlite(file, filled):
    database = sqlite3.connect(file)
    database.execute("PRAGMA synchronous = OFF")

    def plain(value):
        return value.bytes if isinstance(value, uuid.UUID) else value

    def insert(table, rows):
        rows = iter(rows)
        row = next(rows)
        names = list(row)
        text = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        database.execute(text, [plain(row[name]) for name in names])
        database.executemany(text, ([plain(row[name]) for name in names] for row in rows))

    with database:
        for table, row in filled.offers():
            insert(table, [row])
        for part, table in enumerate(TABLES):
            insert(table, filled.people(part))
    database.close()


def fill_postgres(server, database, filled):
    def plain(value):
        if value is None:
            return "\\N"
        if isinstance(value, bool):
            return "t" if value else "f"
        if isinstance(value, bytes):
            return "\\\\x" + value.hex()
        if isinstance(value, T):
            seconds, micros = divmod(int(value), 1_000_000)
            return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros:06}Z"
        return str(value)

    def copy(table, rows):
        rows = iter(rows)
        row = next(rows)
        names = list(row)
        psql = subprocess.Popen([f"{server.bin}/psql", "-qX", "-v", "ON_ERROR_STOP=1", server.url(database)],
                                stdin=subprocess.PIPE, text=True)
        # Without foreign keys, as a restore fills tables.
        psql.stdin.write("SET session_replication_role = replica;\n")
        psql.stdin.write(f"COPY {table} ({', '.join(names)}) FROM STDIN;\n")
        while row is not None:
            psql.stdin.write("\t".join(plain(row[name]) for name in names) + "\n")
            row = next(rows, None)
        psql.stdin.write("\\.\n")
        psql.stdin.close()
        if psql.wait() != 0:
            raise Trouble(f"{table} could not be filled")

    for table, row in filled.offers():
        copy(table, [row])
    for part, table in enumerate(TABLES):
        copy(table, filled.people(part))
    server.run("VACUUM ANALYZE", database)


class Empty(Installation):
    """What it offers is filled in with everything else."""

    def command(self, *_):
        pass


def told(took):
    """Median, 95th of a hundred and slowest of all fetches but the first, and that, in milliseconds."""
    if took.wrong:
        return f"{took.wrong} were not answered by 200"
    return f"{took.median:8.1f} {took.of_a_hundred(95):8.1f} {took.slowest:8.1f} {took.first:8.1f}"


def bench(kind, count):
    options = ("-c", "shared_buffers=512MB", "-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=30min")
    server = Postgres(options=options) if kind == "postgres" else None
    installation = Empty(PROGRAM, server)
    wrong = 0
    try:
        # The first command makes keys and tables.
        add_staff(installation)
        with open(os.path.join(installation.data, "address.key")) as file:
            filled = Filled(count, base64.b64decode(file.read().strip()))
        begun = time.monotonic()
        if server:
            fill_postgres(server, installation.database, filled)
        else:
            fill_sqlite(os.path.join(installation.data, "assent.db"), filled)
        print(f"{kind}: {count} subscribers stored in {time.monotonic() - begun:.0f} s", flush=True)
        begun = time.monotonic()
        installation.start_serving("--role", "web", seconds=1800)
        print(f"{kind}: split into words in {time.monotonic() - begun:.0f} s, at the first start alone", flush=True)
        if server:
            server.run("VACUUM ANALYZE", installation.database)
        console = Console(installation)
        print(f"{'':36}   median       95  slowest    first   (ms)")
        person = key_of(NEWEST - 7 * APART, 7)
        for name, path in PAGES:
            took = console.measure(path.replace("PERSON", f"/console/subscribers/{person}"), TIMES)
            wrong += took.wrong
            print(f"{name:36} {told(took)}", flush=True)
    finally:
        installation.stop_serving()
        installation.remove()
        if server:
            server.stop()
    return wrong


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with Workspace(None):
        wrong = [bench(kind, count) for kind in sys.argv[2:] or ["sqlite", "postgres"]]
    sys.exit(1 if any(wrong) else 0)


if __name__ == "__main__":
    main()
