"""Rows about mail out of the outbox, from the first message of a worker's to the last."""

import contextlib
import os
import re
import subprocess
import tempfile
import time

from .ceilings import Ceiling
from .load import load
from .postfix import Sink, source
from .processes import Spent, Trouble, found, seconds_of, tail, until
from .program import LANDING_PAGE, QUEUED, Installation
from .relay import Manners, Relay
from .rounds import Line, Reach, database_name

# About as large as the mail that asks to confirm, with its HTML.
SIZE = 12 * 1024
LARGE = 100_000
SESSIONS = 20
# Seconds before each answer of a slow relay's, on average, and which share of recipients it refuses.
DELAY, REFUSED = 0.02, 0.1
UNTRIED = "SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts = 0"
SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"
LOOK_AGAIN, LOOK_FOR_LOST = 0.01, 2


@contextlib.contextmanager
def filled(round, url, seconds, on_postgres=False, settings=None):
    """An installation in whose outbox the mails of so many seconds of signups wait, and how many these are."""
    installation = Installation(round.program, round.server if on_postgres else None,
                                settings={"ASSENT_MAIL_URL": url, **(settings or {})})
    try:
        installation.start_serving("--role", "web")
        done = load(installation.url(LANDING_PAGE), 64, seconds, "signup.lua", form=installation.form(), seed="m")
        installation.stop_serving()
        # What pages alone left to do besides mail would be done by the worker first.
        installation.spent("ledger", "checkpoint")
        installation.spent("ledger", "verify")
        waiting = installation.count(QUEUED)
        if done.wrong or not waiting:
            raise Trouble(f"{done.wrong:,} signups were refused and {waiting:,} mails wait: {done.said} "
                          f"{tail(installation.log)}")
        yield installation, waiting
    finally:
        installation.stop_serving()
        installation.remove()


class WorkedOff:
    """What it took to hand over all that waits. `taken` says how many messages somebody has an answer for."""

    def __init__(self, installation, waiting, taken, workers):
        with installation.working(workers) as processes:
            first, begun = until("a first mail", lambda: (taken(), time.monotonic()) if taken() else None, 30)
            came, look = first, begun + LOOK_FOR_LOST
            while came < waiting:
                time.sleep(LOOK_AGAIN)
                came = taken()
                if time.monotonic() > look:
                    # Where nothing waits any more, nothing comes.
                    if installation.count(UNTRIED) == 0:
                        break
                    look = time.monotonic() + LOOK_FOR_LOST
            self.rate = (came - first) / (time.monotonic() - begun)
            used = sum(seconds_of(process.pid) for process in processes)
            # What became of the last of them is written down after they came.
            until("what became of the mails", lambda: installation.count(UNTRIED) == 0, 30)
        self.note = f"{waiting:,} mails, {1000 * used / waiting:.2f} ms of processor time of the worker's for each"


def through_sink(round, work, ceiling, on_postgres=False, workers=1, settings=None, reach=Reach(ratio=0.3)):
    """A line of mail into smtp-sink. `ceiling` measures what stands beside it, given the sink."""
    with contextlib.closing(Sink()) as sink:
        beside, figure = ceiling(sink)
        before = sink.taken()
        with filled(round, sink.url(), round.seconds, on_postgres, settings) as (installation, waiting):
            done = WorkedOff(installation, waiting, lambda: sink.taken() - before, workers)
            sent, came = installation.count(SENT), sink.taken() - before
    wrong = abs(came - waiting) + abs(sent - waiting)
    return Line(work, "/s", done.rate, reach, ceiling=Ceiling(figure), beside=beside, wrong=wrong,
                said=f"{waiting:,} waited, {came:,} came, {sent:,} are kept as sent" if wrong else "", note=done.note)


def by_source(round, size=SIZE):
    def measure(sink):
        # As many as take some seconds; a first time for what is to be set up.
        rate = source(sink.port, SESSIONS, 1000, size)
        return f"smtp-source, {SESSIONS} sessions", source(sink.port, SESSIONS, int(rate * round.seconds) + 1, size)
    return measure


def mails(on_postgres, workers):
    said = "one worker" if workers == 1 else f"{workers} workers"

    def measure(round):
        work = f"mail out of the outbox, {database_name(on_postgres)}, {said}"
        return [through_sink(round, work, by_source(round), on_postgres, workers)]
    return measure


def signing(round):
    """Signatures a second by RSA with 2048 bits and nothing else, on all cores."""
    def measure(_):
        command = [found("openssl", "openssl"), "speed", "-seconds", str(round.seconds), "-multi",
                   str(len(os.sched_getaffinity(0))), "rsa2048"]
        done = subprocess.run(command, capture_output=True, text=True)
        told = re.search(r"^rsa 2048 bits +\S+ +\S+ +([\d.]+)", done.stdout, re.MULTILINE)
        if not told:
            raise Trouble(f"openssl speed: {(done.stderr or done.stdout).strip()[-1000:]}")
        return "RSA of 2048 bits alone by openssl, all cores", float(told.group(1))
    return measure


def signed_mails(round):
    key = os.path.join(tempfile.mkdtemp(prefix="key-"), "key.pem")
    settings = {"ASSENT_MAIL_FROM": "Reports <reports@press.example>"}
    Spent([round.program, "dkim", "new", key, "--selector", "bench"], settings)
    settings["ASSENT_MAIL_DKIM_KEYS"] = f"bench:{key}"
    return [through_sink(round, "mail signed with RSA, SQLite", signing(round), settings=settings, reach=Reach())]


def large_mails(round):
    templates = tempfile.mkdtemp(prefix="templates-")
    name = "mail/confirm.txt"
    Spent([round.program, "templates", "export", templates, "--only", name], {})
    with open(os.path.join(templates, name), "a") as out:
        out.write("\n" + f"{'This sentence stands here to make the mail long, and says nothing.':<70}\n"
                  * (LARGE // 72))
    settings = {"ASSENT_TEMPLATES_DIR": templates}
    return [through_sink(round, "mail of 100 kB, SQLite", by_source(round, LARGE), settings=settings)]


def slow_relay(round):
    """As many connections as smtp-source has; it meets the delays alone, for it counts no refusal."""
    relay = Relay()
    try:
        relay.manners = Manners(delay=DELAY)
        ceiling = source(relay.port, SESSIONS, 200 * round.seconds, SIZE)
        relay.mails.clear()
        relay.manners = Manners(delay=DELAY, refuse=REFUSED)
        settings = {"ASSENT_MAIL_CONNECTIONS": str(SESSIONS)}
        # A second of signups keeps the relay busy for several.
        with filled(round, relay.url(), 1, settings=settings) as (installation, waiting):
            done = WorkedOff(installation, waiting, lambda: len(relay.mails) + relay.refused, 1)
            sent, put_off = installation.count(SENT), installation.count(QUEUED)
    finally:
        relay.stop()
    ids, refused = {mail.id for mail in relay.mails}, relay.refused
    wrong = len(relay.mails) - len(ids) + abs(sent - len(ids)) + abs(waiting - sent - put_off)
    return [Line(f"mail into a relay that takes {1000 * DELAY:g} ms an answer and refuses a tenth, SQLite", "/s",
                 done.rate, Reach(ratio=0.3), ceiling=Ceiling(ceiling), wrong=wrong,
                 beside=f"smtp-source, {SESSIONS} sessions, nothing refused", note=f"{done.note}; {refused:,} refused",
                 said=f"{waiting:,} waited, {len(relay.mails):,} came, {len(ids):,} of them different, {sent:,} are "
                      f"kept as sent and {put_off:,} as put off" if wrong else "")]
