"""What is measured: each row's rounds.

A row is a function that measures one round and gives a list of `Line`s, each a line of the table. What is not load
over HTTP, such as an import or an export, comes in as another function in `ROWS`.
"""

import dataclasses
import typing

from .export_rows import count, exports, other_forms
from .growth_rows import growth
from .http_rows import alone, confirmations, file, memory, page, signups
from .import_rows import imports
from .mail_rows import large_mails, mails, signed_mails, slow_relay
from .rounds import Reach


@dataclasses.dataclass
class Row:
    """One that takes `long` is measured when it is named, or with all others by --all."""

    told: str
    measure: typing.Callable
    rounds: int = 3
    long: bool = False


# What each row needs besides the program and wrk is found out when it runs.
ROWS = {
    "signup-sqlite": Row("signups on SQLite over 64 connections", signups(64, False, Reach(ratio=0.5, p99=50))),
    "signup-postgres": Row("signups on PostgreSQL over 64 connections", signups(64, True, Reach(ratio=2.0, p99=50))),
    "signup-postgres-256": Row("the same over 256", signups(256, True, Reach(ratio=3.0, p99=80))),
    "signup-alone": Row("one signup after the other on SQLite, beside one raw commit", alone),
    "page": Row("a landing page over 64 connections, plain and compressed", page),
    "file": Row("a file of 5 MiB through a download link, over 16", file),
    "confirm": Row("confirmations on SQLite over 64, by links out of mails", confirmations(False)),
    "confirm-postgres": Row("the same on PostgreSQL", confirmations(True)),
    "memory": Row("resident memory, idle and at most while 64 sign up", memory),
    "mail-sqlite": Row("mail out of the outbox on SQLite, one worker", mails(False, 1), long=True),
    "mail-postgres": Row("the same on PostgreSQL, two workers", mails(True, 2), long=True),
    "mail-signed": Row("the same on SQLite with an RSA key, beside signing alone", signed_mails, long=True),
    "mail-large": Row("the same on SQLite with bodies of 100 kB", large_mails, long=True),
    "mail-slow": Row("the same on SQLite into a relay that is slow and refuses a tenth", slow_relay, long=True),
    "import-sqlite": Row("an import of --people with evidence on SQLite", imports(False), long=True),
    "import-postgres": Row("the same on PostgreSQL, and what it reads from end to end", imports(True), long=True),
    # What works on the same people stands together: they are brought in once.
    "export-sqlite": Row("an export of --people on SQLite as CSV", exports(False, 1.0), rounds=5, long=True),
    "export-forms-sqlite": Row("the same as NDJSON and XLSX", other_forms(False), long=True),
    "count-sqlite": Row("the console's count of them before an export", count(False), long=True),
    "export-postgres": Row("an export of --people on PostgreSQL as CSV", exports(True, 1.1), rounds=5, long=True),
    "export-forms-postgres": Row("the same as NDJSON and XLSX", other_forms(True), long=True),
    "count-postgres": Row("the console's count of them before an export", count(True), long=True),
    "growth-sqlite": Row("signup, confirm and console at --people beside 10,000 on SQLite", growth(False), long=True),
    "growth-postgres": Row("the same on PostgreSQL", growth(True), long=True),
}
