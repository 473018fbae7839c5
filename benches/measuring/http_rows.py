"""Rows that are load over HTTP."""

import os
import tempfile
import time

from . import ceilings
from .load import load
from .program import FILE_SIZE, LANDING_PAGE
from .rounds import Line, Reach, database_name, line

BATCH = 64


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
        work = f"signups, {database_name(on_postgres)}, {connections} connections"
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
        work = f"confirm (POST), {database_name(on_postgres)}, 64"
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


