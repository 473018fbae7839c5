"""The table: medians of the rounds, and what falls short of what is asked."""

import dataclasses
import os
import platform
import sqlite3
import statistics
import subprocess

from .postgres import directory_of_programs
from .processes import Trouble, found


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def figure(value, unit):
    if value is None:
        return ""
    # Rates are large; of what takes time, and of what there is little of, more is told.
    digits = 0 if unit in ("/s", "") or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{'' if unit == '/s' else ' '}{unit}".strip()


@dataclasses.dataclass
class Summary:
    """The rounds of one line of the table."""

    rounds: list

    def __post_init__(self):
        first = self.rounds[0]
        self.work, self.unit, self.reach, self.beside = first.work, first.unit, first.reach, first.beside
        for name in ("figure", "p50", "p99", "ratio"):
            setattr(self, name, median([getattr(each, name) for each in self.rounds]))
        for name in ("figure", "p50", "p99"):
            setattr(self, f"ceiling_{name}", median([getattr(each.ceiling, name) for each in self.rounds]))
        self.missing = first.ceiling.missing
        self.notes = [each.note for each in self.rounds if each.note]
        self.wrong = sum(each.wrong for each in self.rounds)
        self.said = next((each.said for each in self.rounds if each.said), "")

    def short(self):
        """In what it falls short; empty if in nothing, None if that is not known."""
        reach, told, unknown = self.reach, [], False
        if reach.ratio is not None:
            if self.ratio is None:
                unknown = True
            elif self.ratio < reach.ratio:
                told.append(f"ratio {self.ratio:.2f} of {reach.ratio}")
        if reach.times is not None:
            if self.ratio is None:
                unknown = True
            elif self.ratio > reach.times:
                told.append(f"{self.ratio:.2f} ×")
        if reach.none and self.figure:
            told.append(f"{self.figure:,.0f}")
        if reach.p99 is not None and self.p99 >= reach.p99:
            told.append(f"p99 {self.p99:.0f} ms")
        if reach.commits is not None:
            most = reach.commits * self.ceiling_p99 + reach.more
            if self.p99 >= most:
                told.append(f"p99 {self.p99:.1f} of {most:.1f} ms")
        if reach.most is not None and self.figure >= reach.most:
            told.append(f"{self.figure:.0f} {self.unit}")
        return told or (None if unknown else [])

    def verdict(self):
        if self.wrong:
            return f"FAILED: {self.wrong:,} wrong answers"
        if not self.reach.said():
            return ""
        short = self.short()
        if short is None:
            return "not known"
        return f"short: {', '.join(short)}" if short else "reached"

    def cells(self):
        def number(value, digits=0):
            return "" if value is None else f"{value:,.{digits}f}"

        def times(p50, p99):
            return "" if p50 is None else f"{p50:.2f} / {p99:.2f}"

        ceiling = figure(self.ceiling_figure, self.unit)
        # What a commit takes is asked for where no ratio is.
        if self.reach.commits is not None:
            ceiling += f", {times(self.ceiling_p50, self.ceiling_p99)} ms"
        beside = f"{self.beside}: {ceiling}" if ceiling else "" if not self.beside else f"{self.beside}: not here"
        return [self.work, figure(self.figure, self.unit),
                times(self.p50, self.p99), beside, number(self.ratio, 2), self.reach.said(), self.verdict()]

    def as_json(self):
        plain = {name: getattr(self, name) for name in (
            "work", "unit", "figure", "p50", "p99", "beside", "ceiling_figure", "ceiling_p50", "ceiling_p99", "ratio",
            "wrong", "said", "missing", "notes")}
        rounds = [{**dataclasses.asdict(each), "ratio": each.ratio} for each in self.rounds]
        return {**plain, "reach": self.reach.said(), "verdict": self.verdict(), "rounds": rounds}


HEADINGS = ["work", "figure", "p50 / p99 ms", "beside it", "ratio", "reach", "so"]


def table(summaries):
    """Markdown whose columns stand under each other."""
    rows = [HEADINGS, *(each.cells() for each in summaries)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADINGS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def memory():
    with open("/proc/meminfo") as told:
        return f"{int(told.readline().split()[1]) / 1024 / 1024:.0f} GiB"


def sentence(machine, begun):
    """On what a table was measured, and when."""
    told = ", ".join(str(value) if name in ("processor", "program", "PostgreSQL", "wrk") else f"{name} {value}"
                     for name, value in machine.items() if value)
    return f"Measured on {begun} by `benches/run`: {told}. Figures and ratios are medians of the rounds."


def machine(program, directory):
    """What it was measured on."""
    def said(*command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=10)
        except OSError:
            return ""
        return (done.stdout or done.stderr).strip().split("\n")[0]

    try:
        postgres = directory_of_programs()
    except Trouble:
        postgres = ""
    processor = ""
    with open("/proc/cpuinfo") as told:
        for row in told:
            if row.startswith("model name"):
                processor = row.partition(":")[2].strip()
                break
    return {
        "processor": processor or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": memory(),
        "kernel": platform.release(),
        "file system": said("findmnt", "--noheadings", "--output", "FSTYPE", "--target", directory),
        "disk": said("findmnt", "--noheadings", "--output", "SOURCE", "--target", directory),
        "program": said(program, "--version"),
        "SQLite of the ceiling": sqlite3.sqlite_version,
        "PostgreSQL": said(os.path.join(postgres, "postgres"), "--version"),
        "nginx": said(found("nginx", None) or "nginx", "-v"),
        "wrk": said("wrk", "--version").split(" [")[0],
    }
