"""PostgreSQL away: stopped at once, all its sessions ended, or asleep."""

import os
import signal
import time

from measuring.processes import STARTED

from .disks import still_there
from .forms import Pages
from .outcome import Outcome

BACK_WITHIN = 60


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def immediate(it):
    """What `pg_ctl -m immediate` does: no checkpoint, no goodbye; away for a moment, and begun again."""
    server = it.server
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(30)
    STARTED.remove(server.process)
    time.sleep(it.chance.uniform(0, 2))
    server.begin()


def sessions_ended(it):
    for _ in range(it.chance.randrange(1, 4)):
        it.server.run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                      f"WHERE datname = '{it.site.database}' AND pid <> pg_backend_pid()")
        time.sleep(it.chance.uniform(0, 0.3))


def asleep(it):
    """Stopped where it stands, for up to five seconds."""
    server = it.server.process.pid
    pids = [server, *children_of(server)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(it.chance.uniform(1, 5))
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


WAYS = {"stopped at once": immediate, "all sessions ended": sessions_ended, "asleep": asleep}


def away(it):
    """One of the three by the seed, while forms come and a page is asked for."""
    site, outcome = it.install(), Outcome()
    it.up()
    it.faults += 1
    way = it.chance.choice(list(WAYS))
    with it.forms() as forms, Pages(site) as pages:
        time.sleep(it.chance.uniform(0.1, 0.5))
        WAYS[way](it)
        ended = time.monotonic()
        answered = forms.until_answered("acknowledged", ended, BACK_WITHIN)
        outcome.gap = (answered or time.monotonic()) - ended
    outcome.notes.append(way)
    still_there(it, pages, outcome)
    return it.seen(forms, outcome)
