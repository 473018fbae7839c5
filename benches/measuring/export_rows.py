"""Rows about giving people to marketing: the file, and the count before it."""

import csv
import os
import tempfile

from .ceilings import Ceiling
from .contacts import PURPOSE, brought_in
from .processes import Spent, found
from .rounds import Line, Reach, database_name
from .staff import Console

COLUMNS = """u.email, u.name, u.organisation, u.job_title, c.purpose, c.state, n.sha256, p.label,
    c.requested_at, c.confirmed_at, r.slug, c.source"""
REST = f"""FROM consent c
    JOIN subscriber u ON u.subscriber_id = c.subscriber_id
    JOIN notice n ON n.notice_id = c.notice_id
    JOIN policy_version p ON p.policy_version_id = c.policy_version_id
    LEFT JOIN report r ON r.report_id = c.report_id
    WHERE c.purpose = '{PURPOSE}' AND c.state IN ('given', 'renewed')
      AND c.policy_version_id NOT IN (
          SELECT old.policy_version_id FROM policy_version old
          JOIN policy_version asks ON asks.lang = old.lang AND asks.change_class = 'reconsent'
            AND asks.renew_until <= {{now}} AND asks.published_at > old.published_at)
      AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key
                      AND (s.reason IN ('bounced', 'complained', 'erased', 'manual')
                           OR (s.reason = 'unsubscribed' AND s.purpose = c.purpose)))
    ORDER BY c.confirmed_at, c.subscriber_id"""
COPY = (f"COPY (SELECT c.subscriber_id, {COLUMNS}, c.event_id "
        + REST.format(now="now()") + ") TO STDOUT (FORMAT csv)")
# Keys are bytes there, and times are microseconds: as bare as the shell writes them, and as exports do.
SELECT = (f"SELECT hex(c.subscriber_id), {COLUMNS}, hex(c.event_id) "
          + REST.format(now="unixepoch() * 1000000"))
TIMES = 10


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


def file_in_work(name):
    return os.path.join(tempfile.gettempdir(), name)


def kept_people(round, on_postgres):
    return round.kept(("brought in", on_postgres), lambda: brought_in(round, on_postgres))


def by_database(installation, out):
    """The database's own way to write the same rows."""
    if installation.server:
        psql = os.path.join(installation.server.bin, "psql")
        command = [psql, "-qX", "-d", installation.server.url(installation.database), "-c", COPY]
    else:
        command = shell(installation, SELECT)
    return Spent(command, {"PATH": os.environ["PATH"]}, out)


def shell(installation, select):
    return [found("sqlite3", "sqlite3"), "-csv", f"file:{installation.data}/assent.db?mode=ro", select]


def export(installation, form, out):
    return installation.spent("export", "--purpose", PURPOSE, "--format", form, out=out)


def differs(installation, ours):
    """In which line the export and the same cells by sqlite3 say something else, if in one."""
    theirs = file_in_work("theirs")
    Spent(shell(installation, as_exported()), {"PATH": os.environ["PATH"]}, theirs)
    # The shell quotes more than it must, so cells are held against cells.
    with open(theirs, newline="") as one, open(ours, newline="") as other:
        next(other)
        for number, (a, b) in enumerate(zip(csv.reader(one), csv.reader(other)), 2):
            if a != b:
                return number
    return None


def exports(on_postgres, most):
    def measure(round):
        installation, out = kept_people(round, on_postgres), file_in_work("export")
        ceiling = by_database(installation, out).seconds
        took = export(installation, "csv", out)
        with open(out, "rb") as rows:
            lines = sum(1 for _ in rows) - 1
        wrong, said = abs(lines - round.people), f"the export has {lines:,} rows"
        if not on_postgres and round.number == 1 and not wrong and (other := differs(installation, out)):
            wrong, said = 1, f"the export and sqlite3 differ in line {other}"
        what = f"export of {round.people:,}, {database_name(on_postgres)}"
        return [Line(f"{what}, CSV", "s", took.seconds, Reach(times=most), ceiling=Ceiling(ceiling),
                     beside="COPY by psql" if on_postgres else "sqlite3 -csv of the bare rows",
                     wrong=wrong, said=said if wrong else "", note=f"{os.path.getsize(out) / 1e6:.0f} MB"),
                Line(f"{what}: memory at most", "MiB", took.mib, Reach())]
    return measure


def other_forms(on_postgres):
    def measure(round):
        installation, out, lines = kept_people(round, on_postgres), file_in_work("export"), []
        beside = Ceiling(export(installation, "csv", out).seconds)
        for form in ("ndjson", "xlsx"):
            took = export(installation, form, out)
            lines.append(Line(f"export of {round.people:,}, {database_name(on_postgres)}, {form.upper()}", "s",
                              took.seconds, Reach(), ceiling=beside, beside="CSV of the same round",
                              note=f"{os.path.getsize(out) / 1e6:.0f} MB, {took.mib:.0f} MiB"))
        return lines
    return measure


def count(on_postgres):
    def measure(round):
        installation = kept_people(round, on_postgres)
        installation.start_serving("--role", "web")
        try:
            console = Console(installation)
            path = f"/console/exports?purpose={PURPOSE.replace(':', '%3A')}"
            took = console.measure(path, TIMES)
            page = console.get(path)
        finally:
            installation.stop_serving()
        # Where there are more than go straight to the browser, it says more than how many.
        told = console.headings(page)
        wrong = took.wrong or int(not any(heading.endswith("contacts") for heading in told))
        return [Line(f"console: {round.people:,} counted before an export, {database_name(on_postgres)}", "ms",
                     took.median, Reach(most=200), ceiling=Ceiling(None), wrong=wrong,
                     said=f"the page says {told}" if wrong else "",
                     note=f"{', '.join(told)}; first {took.first:.0f} ms, slowest {took.slowest:.0f} ms")]
    return measure
