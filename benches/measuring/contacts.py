"""People who agreed elsewhere, and an installation that they were brought into."""

import contextlib
import os
import sys
import tempfile

from .processes import Trouble
from .program import NEWSLETTER, POLICY
from .rounds import database_name

PURPOSE = f"newsletter:{NEWSLETTER}"
COLUMNS = ("email", "name", "organisation", "job_title", "consented_at", "method")
CONSENTS = f"SELECT count(*) FROM consent WHERE purpose = '{PURPOSE}' AND state = 'given'"


def contacts(first, count):
    for n in range(first, first + count):
        yield (f"reader.{n}@council-{n % 4000}.example", f"Reader {n}", f"Council {n % 4000}", "Officer",
               f"2024-0{1 + n % 9}-1{n % 10}T09:00:00Z", "paper form at a conference")


def write(file, count, first=0):
    with open(file, "w") as out:
        out.write(",".join(COLUMNS) + "\n")
        out.writelines(",".join(row) + "\n" for row in contacts(first, count))
    return file


def bring_in(installation, file):
    """What `assent import` of that file took."""
    return installation.spent("import", file, "--purpose", PURPOSE, "--policy", POLICY, "--source", "conference 2024")


@contextlib.contextmanager
def brought_in(round, on_postgres):
    """An installation with so many people, whose ledger was checked; it does not serve yet."""
    installation = round.install(on_postgres)
    try:
        file = write(os.path.join(tempfile.gettempdir(), "contacts.csv"), round.people)
        took = bring_in(installation, file)
        os.unlink(file)
        if installation.count(CONSENTS) != round.people:
            raise Trouble(f"an import of {round.people:,} left {installation.count(CONSENTS):,}: {took.said}")
        # An export has what waits sealed first, and the ledger checked where the last check is a day old.
        sealed, checked = installation.spent("ledger", "checkpoint"), installation.spent("ledger", "verify")
        if on_postgres:
            installation.server.run("VACUUM ANALYZE", installation.database)
        # Else the system writes it back while something else is measured.
        os.sync()
        print(f"{round.people:,} people were brought into {database_name(on_postgres)} in {took.seconds:.0f} s, "
              f"sealed in {sealed.seconds:.0f} s and checked in {checked.seconds:.0f} s", file=sys.stderr, flush=True)
        yield installation
    finally:
        installation.remove()
