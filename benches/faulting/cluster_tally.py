"""What became of each form: acknowledged, stored, mailed; lost or doubled."""

import time

from measuring.program import QUEUED

STORED = "SELECT email, count(*) FROM signup GROUP BY email"
# A mail that was under way at a kill is taken up again about half a minute later.
SETTLE = 90


def settle(cluster):
    """Waits until nothing is left to be mailed; what is left when the time is over is counted as not mailed."""
    end = time.monotonic() + SETTLE
    while time.monotonic() < end and cluster.pair.run(QUEUED, cluster.database) != ["0"]:
        time.sleep(0.3)


def stored(cluster):
    rows = (row.rpartition("|") for row in cluster.pair.run(STORED, cluster.database))
    return {email: int(count) for email, _, count in rows}


class Tally:
    """One step of one round, counted once its mail has been sent. A mail may come once more for each process or
    server that was taken away in this round (`kills`), no oftener."""

    def __init__(self, step, forms, told, faults):
        self.step, self.forms, self.told, self.faults = step, forms, told, faults

    def count(self, in_database, taken, kills):
        forms = self.forms
        self.acknowledged, self.refused, self.unknown, self.wrong = (
            forms.count(kind) for kind in ("acknowledged", "refused", "unknown", "wrong"))
        sent = [answer.address for answer in forms.answers]
        promised = {answer.address for answer in forms.answers if answer.kind == "acknowledged"}
        there = {address for address in sent if address in in_database}
        mailed = {address for address in sent if taken.get(address)}
        self.stored, self.mailed, self.gap = len(there), len(mailed), forms.gap()
        self.beyond = len(there - promised)
        self.lost = len(promised - there)
        self.not_mailed = len((promised | there) - mailed - (promised - there))
        self.doubled = sum(in_database[address] > 1 for address in there)
        self.mailed_twice = sum(len(taken[address]) > 1 for address in mailed)
        wrong = ", ".join(sorted({answer.said for answer in forms.answers if answer.kind == "wrong"}))
        two_mails = sum(len(set(taken[address])) > 1 for address in mailed)
        too_often = sum(len(taken[address]) > 1 + kills for address in mailed)
        for count, what in ((self.lost, "acknowledged forms were lost"),
                            (self.doubled, "forms were stored twice"),
                            (self.not_mailed, "stored forms were not mailed"),
                            (two_mails, "forms had two mails decided for them"),
                            (too_often, "mails came oftener than anything was taken away"),
                            (self.wrong, f"forms were answered neither 303 nor 503, but {wrong}")):
            if count:
                self.faults.append(f"{count} {what}")


COLUMNS = ["acknowledged", "refused", "unknown", "stored", "beyond", "mailed", "lost", "doubled", "mailed_twice"]
HEADINGS = ["step", "rounds", "acknowledged", "refused", "unknown", "stored", "of them not acknowledged", "mailed",
            "lost", "doubled", "mailed twice", "longest gap"]


def row(name, tallies):
    rounds = len(tallies) if name != "all" else max(1, len({tally.round for tally in tallies}))
    return [name, str(rounds), *(f"{sum(getattr(tally, column) for tally in tallies):,}" for column in COLUMNS),
            f"{max(tally.gap for tally in tallies):.1f} s"]


def table(tallies):
    """A line for each kind of step, and one for all."""
    names = dict.fromkeys(tally.step for tally in tallies)
    rows = [HEADINGS, *(row(name, [tally for tally in tallies if tally.step == name]) for name in names),
            row("all", tallies)]
    widths = [max(len(each[at]) for each in rows) for at in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(each, widths)).rstrip() for each in rows)
