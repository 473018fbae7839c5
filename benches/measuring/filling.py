"""An installation with many subscribers: some sign up and confirm as readers do, and all their rows are copied by SQL
under other keys, addresses and times, so that each row is as the program stores it.

What copies are not: their MACs stand for the rows they were copied from, and the ledger's tree does not hold them.
Their places in it lie far beyond its end, where sealing does not come. Checks of the ledger name them, and exports
refuse; signing up, confirming and looking at the console ask for neither.
"""

import contextlib
import hashlib
import http.client
import os
import sqlite3
import sys
import time
import urllib.parse

from .processes import Trouble, until
from .program import LANDING_PAGE, QUEUED
from .rounds import database_name

FIRST = "Ada Ben Cleo Dan Ella Finn Gwen Hal Iris Jack Kate Liam Mary Noor Omar Priya Quinn Rosa Sean Tess".split()
LAST = [a + b for a in "Ash Brook Clay Dun Elm Fair Green Hart Ing Kirk Lang Moor North Oak Park".split()
        for b in "by dale field ford ham ley more ton well wood".split()]
SEEDS = 1000
# All came within five years, microseconds.
SPAN = 5 * 365 * 86_400_000_000
FAR = 1_000_000_000_000

# What a person leaves behind, each before what names it.
TABLES = ("subscriber", "subscriber_word", "signup", "consent_event", "consent", "download_grant", "outbox",
          "delivery")
IDS = {"subscriber_id", "signup_id", "event_id", "subject_id", "outbox_id", "delivery_id", "download_grant_id"}
KEYS = {"address_key", "limiter_key"}


def seed(n):
    first, last = FIRST[n % len(FIRST)], LAST[n * 7 % len(LAST)]
    return {"email": f"{first}.{last}.{n}@council-{n % 40}.example".lower(), "name": f"{first} {last}",
            "organisation": f"Town {n % 40} Council", "job_title": "Officer"}


class Reader:
    """Posts over one connection."""

    def __init__(self, installation):
        self.connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)

    def post(self, path, body):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise Trouble(f"POST {path} was answered {answer.status}")


def sow(installation):
    """Lets some people sign up and confirm, waits for all their mail, and gives all events their places."""
    with contextlib.ExitStack() as ended:
        installation.start_serving()
        ended.callback(installation.stop_serving)
        reader, form = Reader(installation), dict(urllib.parse.parse_qsl(installation.form()))
        for n in range(SEEDS):
            reader.post(LANDING_PAGE, urllib.parse.urlencode({**form, **seed(n)}))
        tokens = installation.mailed(SEEDS, 120)
        if len(tokens) != SEEDS:
            raise Trouble(f"of {SEEDS} mails that ask to confirm {len(tokens)} came")
        for token in tokens:
            reader.post(f"/confirm/{token}", "")
        until("the end of all mail", lambda: time.sleep(0.1) or installation.count(QUEUED) == 0, 120)
    installation.spent("ledger", "checkpoint")


def copied(column, dialect):
    """The text for a column of copy `k`."""
    if column in IDS:
        return dialect.id(column)
    if column in KEYS:
        return dialect.key(column)
    if column == "email":
        return "k || '.' || email"
    if column == "leaf_index":
        return f"{FAR} + k * 1000000 + leaf_index"
    if column.endswith("_at"):
        return dialect.moment(column)
    return column


def insert(table, columns, copies, dialect):
    # The oldest first, as they would have come.
    texts = ", ".join(copied(column, dialect) for column in columns)
    return (f"INSERT INTO {table} ({', '.join(columns)}) SELECT {texts} FROM ({dialect.series(copies)}) AS series "
            f"CROSS JOIN sown_{table} ORDER BY k DESC")


class Sqlite:
    def __init__(self, apart):
        self.apart = apart

    def id(self, column):
        return f"copied_id({column}, k)"

    def key(self, column):
        return f"copied_key({column}, k)"

    def moment(self, column):
        return f"{column} - k * {self.apart}"

    def series(self, copies):
        return (f"WITH RECURSIVE down (k) AS (VALUES ({copies}) UNION ALL SELECT k - 1 FROM down WHERE k > 1) "
                "SELECT k FROM down")

    def copied_id(self, key, k):
        """The time of a UUIDv7 that much earlier, and the copy's number among what chance decides."""
        if key is None:
            return None
        millis = int.from_bytes(key[:6], "big") - k * self.apart // 1000
        return millis.to_bytes(6, "big") + key[6:10] + k.to_bytes(4, "big") + key[14:]

    def copied_key(self, key, k):
        return key and hashlib.sha256(key + k.to_bytes(4, "big")).digest()

    def fill(self, installation, copies):
        database = sqlite3.connect(f"{installation.data}/assent.db", isolation_level=None)
        for pragma in ("synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
            database.execute(f"PRAGMA {pragma}")
        for name in ("copied_id", "copied_key"):
            database.create_function(name, 2, getattr(self, name), deterministic=True)
        for table in TABLES:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            database.execute(f"CREATE TEMP TABLE sown_{table} AS SELECT * FROM {table}")
            database.execute(insert(table, columns, copies, self))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()


class Postgresql(Sqlite):
    def id(self, column):
        return f"pg_temp.copied_id({column}, k, {self.apart // 1000})"

    def key(self, column):
        return f"sha256({column} || int4send(k))"

    def moment(self, column):
        return f"{column} - k * interval '{self.apart} microseconds'"

    def series(self, copies):
        return f"SELECT generate_series({copies}, 1, -1) AS k"

    def fill(self, installation, copies):
        # Without foreign keys, as a restore fills tables.
        script = ["SET session_replication_role = replica", "SET synchronous_commit = off", """
            CREATE FUNCTION pg_temp.copied_id(id uuid, k integer, millis bigint) RETURNS uuid
                LANGUAGE sql IMMUTABLE AS $$
                SELECT CAST(lpad(to_hex(CAST(CAST('x' || substr(replace(CAST(id AS text), '-', ''), 1, 12) AS bit(48))
                    AS bigint) - k * millis), 12, '0') || substr(replace(CAST(id AS text), '-', ''), 13, 8)
                    || lpad(to_hex(k), 8, '0') || right(CAST(id AS text), 4) AS uuid) $$"""]
        for table in TABLES:
            columns = installation.sql("SELECT column_name FROM information_schema.columns WHERE table_schema = "
                                       f"'public' AND table_name = '{table}' ORDER BY ordinal_position")
            script += [f"CREATE TEMP TABLE sown_{table} AS SELECT * FROM {table}",
                       insert(table, columns, copies, self)]
        installation.server.run("; ".join(script), installation.database, seconds=4 * 3600)
        installation.server.run("VACUUM ANALYZE", installation.database, seconds=3600)
        installation.server.run("CHECKPOINT", seconds=3600)


@contextlib.contextmanager
def filled(round, on_postgres, count):
    """An installation with so many subscribers; it does not serve yet."""
    installation, begun = round.install(on_postgres), time.monotonic()
    try:
        sow(installation)
        copies = count // SEEDS - 1
        (Postgresql if on_postgres else Sqlite)(SPAN // (copies + 1)).fill(installation, copies)
        # Else the system writes it back while something else is measured.
        os.sync()
        stored = installation.count("SELECT count(*) FROM subscriber")
        print(f"{stored:,} subscribers stand in {database_name(on_postgres)} after {time.monotonic() - begun:.0f} s",
              file=sys.stderr, flush=True)
        yield installation
    finally:
        installation.stop_serving()
        installation.remove()
