"""Rows about bringing people in, each with the evidence of their consent."""

import os
import shutil
import sqlite3
import tempfile
import time

from . import contacts
from .ceilings import Ceiling
from .processes import Trouble, until
from .rounds import Line, Reach, database_name

# Below so many rows a table is read whole for good reason.
MANY = 1000
READ_WHOLE = "SELECT relname || '=' || seq_scan FROM pg_stat_user_tables"
LARGE = f"SELECT relname FROM pg_stat_user_tables WHERE n_live_tup >= {MANY}"
OTHERS = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
          "AND backend_type = 'client backend'")


def sqlite_insert(count):
    """Rows a second: the same rows into a table with the same columns, in one commit."""
    directory = tempfile.mkdtemp(prefix="ceiling-")
    database = sqlite3.connect(os.path.join(directory, "plain.db"), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"CREATE TABLE contact ({', '.join(contacts.COLUMNS)})")
    database.execute("CREATE UNIQUE INDEX contact_email ON contact (email)")
    places = ", ".join("?" * len(contacts.COLUMNS))
    rows = list(contacts.contacts(0, count))
    begun = time.monotonic()
    database.execute("BEGIN")
    database.executemany(f"INSERT INTO contact VALUES ({places})", rows)
    database.execute("COMMIT")
    took = time.monotonic() - begun
    database.close()
    shutil.rmtree(directory)
    return Ceiling(count / took)


def postgres_copy(server, file, count):
    server.fresh("ceiling")
    columns = ", ".join(f"{name} text" for name in contacts.COLUMNS)
    server.run(f"CREATE TABLE contact ({columns}); CREATE UNIQUE INDEX ON contact (email)", "ceiling")
    begun = time.monotonic()
    server.run(f"\\copy contact FROM '{file}' (FORMAT csv, HEADER)", "ceiling")
    took = time.monotonic() - begun
    stored = int(server.run("SELECT count(*) FROM contact", "ceiling")[0])
    server.drop("ceiling")
    if stored != count:
        raise Trouble(f"COPY stored {stored:,} of {count:,} rows")
    return Ceiling(count / took)


def read_whole(installation):
    """How often each table of PostgreSQL's was read from its beginning to its end."""
    # A session tells the server's counts what it did when it ends, which takes a moment.
    until("the end of the program's sessions", lambda: installation.count(OTHERS) == 0, 10)
    return {name: int(often) for name, often in (row.split("=") for row in installation.sql(READ_WHOLE))}


def imports(on_postgres):
    name = database_name(on_postgres)

    def measure(round):
        file = contacts.write(os.path.join(tempfile.gettempdir(), "contacts.csv"), round.people)
        ceiling = postgres_copy(round.server, file, round.people) if on_postgres else sqlite_insert(round.people)
        installation = round.install(on_postgres)
        try:
            before = read_whole(installation) if on_postgres else {}
            took = contacts.bring_in(installation, file)
            stored = installation.count(contacts.CONSENTS)
            scans = read_whole(installation) if on_postgres else {}
            large = set(installation.sql(LARGE)) if on_postgres else set()
        finally:
            installation.remove()
            os.unlink(file)
        wrong = abs(round.people - stored)
        lines = [Line(f"import of {round.people:,}, {name}", "/s", round.people / took.seconds, Reach(ratio=0.1),
                      ceiling=ceiling, beside="COPY of the rows" if on_postgres else "plain insert of the rows",
                      wrong=wrong, said=f"{stored:,} are stored: {took.said[-200:]}" if wrong else "",
                      note=f"took {took.seconds:.1f} s and {took.mib:.0f} MiB")]
        if on_postgres:
            often = {table: scans[table] - before.get(table, 0) for table in large}
            told = ", ".join(f"{table} {times}" for table, times in sorted(often.items()) if times)
            lines.append(Line(f"sequential scans of tables with {MANY:,} rows and more", "", sum(often.values()),
                              Reach(none=True), note=told))
        return lines
    return measure
