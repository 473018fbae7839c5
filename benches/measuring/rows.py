"""What is measured: each row's rounds, and how far it is to reach.

A row is a function that measures one round and gives a list of `Line`s, each a line of the table. What is not load
over HTTP, such as an import or an export, comes in as another function in `ROWS`.
"""

import contextlib
import dataclasses
import os
import tempfile
import time

from . import ceilings
from .load import load
from .postgres import Postgres
from .program import FILE_SIZE, LANDING_PAGE, Installation

BATCH = 64


@dataclasses.dataclass
class Reach:
    """What the issue asks for; what is None is not asked."""

    ratio: float | None = None
    p99: float | None = None
    # For p99: this many times the ceiling's own, and so many milliseconds more.
    commits: float | None = None
    more: float = 0
    most: float | None = None

    def said(self):
        told = []
        if self.ratio is not None:
            told.append(f"ratio {self.ratio}")
        if self.p99 is not None:
            told.append(f"p99 < {self.p99:g} ms")
        if self.commits is not None:
            told.append(f"p99 < {self.commits:g} × commit's + {self.more:g} ms")
        if self.most is not None:
            told.append(f"< {self.most:g}")
        return ", ".join(told)


@dataclasses.dataclass
class Line:
    """One figure of one round beside its ceiling."""

    work: str
    unit: str
    figure: float
    reach: Reach
    p50: float | None = None
    p99: float | None = None
    ceiling: ceilings.Ceiling = dataclasses.field(default_factory=lambda: ceilings.Ceiling(None))
    beside: str = ""
    # Answers that were wrong, and what was said of the first of them.
    wrong: int = 0
    said: str = ""

    @property
    def ratio(self):
        return self.figure / self.ceiling.figure if self.ceiling.figure else None


class Round:
    """What a round of a row is given."""

    def __init__(self, program, server, seconds, number):
        self.program, self._server, self.seconds, self.number = program, server, seconds, number

    @property
    def server(self):
        return self._server()

    def install(self, on_postgres=False):
        return Installation(self.program, self.server if on_postgres else None)

    def sign_up(self, installation, connections):
        return load(installation.url(LANDING_PAGE), connections, self.seconds, "signup.lua",
                    form=installation.form(), seed=f"{self.number}r{connections}")


def line(work, done, reach, ceiling, beside):
    return Line(work, "/s", done.rate, reach, done.p50, done.p99, ceiling, beside, done.wrong, done.said)


def signups(connections, on_postgres, reach):
    def measure(round):
        # The ceiling goes first, while nothing is left to do of a round's signups.
        if on_postgres:
            ceiling = ceilings.postgres_commits(round.server, round.seconds)
            beside = "pgbench, one signup a commit, 16 clients"
        else:
            ceiling = ceilings.sqlite_batches(round.seconds, BATCH)
            beside = f"raw batches of {BATCH}"
        with round.install(on_postgres) as installation:
            done = round.sign_up(installation, connections)
        work = f"signups, {'PostgreSQL' if on_postgres else 'SQLite'}, {connections} connections"
        return [line(work, done, reach, ceiling, beside)]
    return measure


def alone(round):
    ceiling = ceilings.sqlite_batches(round.seconds, 1)
    with round.install() as installation:
        done = round.sign_up(installation, 1)
    return [line("one signup after the other, SQLite", done, Reach(commits=2, more=2), ceiling, "one raw commit")]


def page(round):
    with round.install() as installation:
        def get(path, **settings):
            return load(installation.url(path), 64, round.seconds, "get.lua", **settings)

        least = len(installation.ask("GET", LANDING_PAGE)[2])
        alive = get("/livez")
        ceiling = ceilings.Ceiling(alive.rate, alive.p50, alive.p99)
        plain = get(LANDING_PAGE, least=least)
        compressed = get(LANDING_PAGE, accept_encoding="gzip, deflate, br, zstd")
    lines = [line("landing page, 64", plain, Reach(ratio=0.6), ceiling, "/livez of the same server"),
             line("landing page compressed, 64", compressed, Reach(ratio=0.6), ceiling, "/livez of the same server")]
    for each in lines:
        each.wrong += alive.wrong
    return lines


def file(round):
    installation = round.install()
    ceiling = ceilings.nginx_file(installation.report, 16, round.seconds)
    with installation:
        done = load(installation.url(installation.download()), 16, round.seconds, "get.lua", least=FILE_SIZE)
    return [line("file of 5 MiB, 16", done, Reach(ratio=0.95), ceiling, "nginx, sendfile")]


def confirmations(on_postgres):
    def measure(round):
        with round.install(on_postgres) as installation:
            signed = round.sign_up(installation, 64)
            tokens = installation.mailed(signed.answers, 30 + 15 * round.seconds)
            links = os.path.join(tempfile.gettempdir(), "links")
            with open(links, "w") as out:
                out.writelines(f"/confirm/{token}\n" for token in tokens)
            if not tokens:
                return [Line("", "/s", 0, Reach(ratio=0.5), wrong=1, said="no mail with a link came")]
            done = load(installation.url("/"), 64, round.seconds, "confirm.lua", links=links)
        work = f"confirm (POST), {'PostgreSQL' if on_postgres else 'SQLite'}, 64"
        measured = line(work, done, Reach(ratio=0.5), ceilings.Ceiling(signed.rate, signed.p50, signed.p99),
                        "signups of the same round")
        measured.wrong += signed.wrong
        return [measured]
    return measure


def memory(round):
    with round.install() as installation:
        time.sleep(min(3, round.seconds))
        idle = installation.memory("VmRSS")
        done = round.sign_up(installation, 64)
        highest = installation.memory("VmHWM")
    return [Line("memory, idle", "MiB", idle, Reach(most=40)),
            Line("memory, most while 64 sign up", "MiB", highest, Reach(most=200), done.p50, done.p99,
                 wrong=done.wrong, said=done.said)]


# What each row needs besides the program and wrk is found out when it runs.
ROWS = {
    "signup-sqlite": ("signups on SQLite over 64 connections", signups(64, False, Reach(ratio=0.5, p99=50))),
    "signup-postgres": ("signups on PostgreSQL over 64 connections", signups(64, True, Reach(ratio=2.0, p99=50))),
    "signup-postgres-256": ("the same over 256", signups(256, True, Reach(ratio=3.0, p99=80))),
    "signup-alone": ("one signup after the other on SQLite, beside one raw commit", alone),
    "page": ("a landing page over 64 connections, plain and compressed", page),
    "file": ("a file of 5 MiB through a download link, over 16", file),
    "confirm": ("confirmations on SQLite over 64, by links out of mails", confirmations(False)),
    "confirm-postgres": ("the same on PostgreSQL", confirmations(True)),
    "memory": ("resident memory, idle and at most while 64 sign up", memory),
}


@contextlib.contextmanager
def one_server():
    """A PostgreSQL that is started when a row first asks for it, and serves all of them."""
    held = []

    def ask():
        if not held:
            held.append(Postgres())
        return held[0]

    try:
        yield ask
    finally:
        for server in held:
            server.stop()
