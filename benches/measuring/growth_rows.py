"""Rows about what becomes slower with many subscribers."""

import os
import tempfile
import uuid

from .ceilings import Ceiling
from .filling import SEEDS, filled, seed
from .load import load
from .processes import Trouble
from .rounds import Line, Reach, database_name
from .staff import Console

FEW = 10_000
TIMES = 10
# How many times as long anything may take; and which share of its rate must be left.
MOST, LEFT = 1.5, 0.67

# What marketing looks at. Somebody's own page stands at PERSON.
PAGES = {
    "subscribers": "/console/subscribers",
    "the last subscribers": "/console/subscribers?before=00000000-0000-7000-8000-000000000000",
    "a whole address": f"/console/subscribers?q={seed(3)['email'].replace('@', '%40')}",
    "a common beginning": "/console/subscribers?q=a",
    "a common first name": "/console/subscribers?q=ada",
    "two common words": "/console/subscribers?q=ada+council",
    "a common word": "/console/subscribers?q=council",
    "a domain": "/console/subscribers?q=%40council-7.example",
    "a consent": "/console/subscribers?purpose=newsletter%3Aweekly&state=given",
    "a consent, a common word": "/console/subscribers?purpose=newsletter%3Aweekly&state=given&q=ada",
    "withdrawn": "/console/subscribers?purpose=newsletter%3Aweekly&state=withdrawn",
    "a report": "/console/subscribers?report=bench&q=ada",
    "a policy": "/console/subscribers?policy=2026-11",
    "a month": "/console/subscribers?since=2024-03-01&until=2024-04-01",
    "suppressed": "/console/subscribers?suppressed=yes",
    "one person": "PERSON",
    "the first page": "/console",
    "reports": "/console/reports",
    "one report": "/console/reports/bench",
    "newsletters": "/console/newsletters",
    "one newsletter": "/console/newsletters/weekly/edit",
    "policies": "/console/policies",
    "exports": "/console/exports",
    "mail": "/console/mail",
    "suppressions": "/console/suppressions",
    "audit": "/console/audit",
    "ledger": "/console/ledger",
}


class Measured:
    """What one installation does: its pages first, before more people come."""

    def __init__(self, round, installation):
        for mail in os.scandir(installation.mailbox):
            os.unlink(mail)
        installation.start_serving("--role", "web")
        console = Console(installation)
        someone = installation.sql(f"SELECT {'subscriber_id' if installation.server else 'hex(subscriber_id)'} "
                                   f"FROM subscriber WHERE email = '{seed(7)['email']}'")[0]
        self.pages = {name: console.measure(path.replace("PERSON", f"/console/subscribers/{uuid.UUID(someone)}"), TIMES)
                      for name, path in PAGES.items()}
        self.alone, self.crowd = round.sign_up(installation, 1), round.sign_up(installation, 64)
        # Mail is written between what is measured.
        with installation.working():
            tokens = installation.mailed(self.alone.answers + self.crowd.answers, 120 + 30 * round.seconds)
        if not tokens:
            raise Trouble("no mail with a link came")
        links = os.path.join(tempfile.gettempdir(), "links")
        with open(links, "w") as out:
            out.writelines(f"/confirm/{token}\n" for token in tokens)
        self.confirmed = load(installation.url("/"), 64, round.seconds, "confirm.lua", links=links)
        installation.stop_serving()


def growth(on_postgres):
    database = database_name(on_postgres)

    def measure(round):
        if round.people < 2 * FEW or round.people % SEEDS:
            raise Trouble(f"growth is measured from {2 * FEW:,} --people on, in thousands")
        # Few become more in each round, so each has them anew; many hardly do.
        with filled(round, on_postgres, FEW) as installation:
            few = Measured(round, installation)
        many = Measured(round, round.kept(("filled", on_postgres), lambda: filled(round, on_postgres, round.people)))
        beside = f"at {FEW:,} subscribers"

        def rate(what, one, other):
            return Line(f"{what}, {database}, at {round.people:,}", "/s", one.rate, Reach(ratio=LEFT),
                        one.p50, one.p99, Ceiling(other.rate, other.p50, other.p99), beside,
                        one.wrong + other.wrong, one.said or other.said)

        def took(what, one, other, wrong=0, said="", note=""):
            return Line(f"{what}, {database}, at {round.people:,}", "ms", one, Reach(times=MOST),
                        ceiling=Ceiling(other), beside=beside, wrong=wrong, said=said, note=note)

        times = {name: page.median / few.pages[name].median for name, page in many.pages.items()}
        order = sorted(times, key=times.get, reverse=True)
        told = [f"{name} {few.pages[name].median:.1f} → {many.pages[name].median:.1f} ms" for name in order[:8]]
        wrong = sum(page.wrong for each in (few, many) for page in each.pages.values())
        return [
            took("one signup after the other, p50", many.alone.p50, few.alone.p50, many.alone.wrong + few.alone.wrong),
            rate("signups over 64 connections", many.crowd, few.crowd),
            rate("confirmations over 64 connections", many.confirmed, few.confirmed),
            took(f"console: {len(PAGES)} pages, one after the other", *(
                sum(page.median for page in each.pages.values()) for each in (many, few)), wrong),
            took("console: the page that grew most", many.pages[order[0]].median, few.pages[order[0]].median,
                 note="; ".join(told)),
        ]
    return measure
