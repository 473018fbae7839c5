"""What a row of the table is measured by: a round, its lines, and how far each is to reach."""

import contextlib
import dataclasses

from . import ceilings
from .load import load
from .postgres import Postgres
from .program import LANDING_PAGE, Installation


@dataclasses.dataclass
class Reach:
    """What the issue asks for; what is None is not asked."""

    ratio: float | None = None
    p99: float | None = None
    # For p99: this many times the ceiling's own, and so many milliseconds more.
    commits: float | None = None
    more: float = 0
    most: float | None = None
    # Where less is better: how many times the ceiling at most.
    times: float | None = None
    none: bool = False

    def said(self):
        told = []
        if self.ratio is not None:
            told.append(f"ratio {self.ratio}")
        if self.times is not None:
            told.append(f"at most {self.times:g} ×")
        if self.none:
            told.append("none")
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
    # What is worth knowing of a round besides: told below the table.
    note: str = ""

    @property
    def ratio(self):
        return self.figure / self.ceiling.figure if self.ceiling.figure else None


class Round:
    """What a round of a row is given. Of `people`, rows are about that are about many."""

    def __init__(self, program, ground, asked, number):
        self.program, self._ground, self.number = program, ground, number
        self.seconds, self.people = asked.seconds, asked.people

    @property
    def server(self):
        return self._ground.server

    def kept(self, key, make):
        """What all rounds work on, and rows behind this one: made when it is first asked for by that key."""
        return self._ground.kept(key, make)

    def install(self, on_postgres=False):
        return Installation(self.program, self.server if on_postgres else None)

    def sign_up(self, installation, connections):
        return load(installation.url(LANDING_PAGE), connections, self.seconds, "signup.lua",
                    form=installation.form(), seed=f"{self.number}r{connections}")


def line(work, done, reach, ceiling, beside):
    return Line(work, "/s", done.rate, reach, done.p50, done.p99, ceiling, beside, done.wrong, done.said)


def database_name(on_postgres):
    return "PostgreSQL" if on_postgres else "SQLite"


class Ground:
    """What outlives a round: a PostgreSQL that is started when a row first asks for it, and what rounds keep."""

    def __init__(self):
        self._server, self._key, self._kept = None, None, contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._kept.close()
        if self._server:
            self._server.stop()

    @property
    def server(self):
        self._server = self._server or Postgres()
        return self._server

    def kept(self, key, make):
        """One is kept at a time, for it may be large: whoever asks for another has it go."""
        if key != self._key:
            self._key = None
            self._kept.close()
            self._value, self._key = self._kept.enter_context(make()), key
        return self._value
