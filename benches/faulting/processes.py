"""Faults of the program's own processes: killed, asked to stop, and two workers of which one is killed."""

import signal
import time

from .outcome import Outcome

EXIT_WITHIN = 30
MAILS = 2000


def begin_again(site, forms, outcome, ended):
    """Starts it on what it left; the gap lasts until a form is acknowledged."""
    site.begin()
    site.up()
    answered = forms.until_answered("acknowledged", ended, 20)
    outcome.gap = (answered or time.monotonic()) - ended


def kill(it):
    """kill -9 at any moment of a busy time, and begun again on what it left."""
    site, outcome = it.install(), Outcome()
    it.up()
    with it.forms(connections=16, pause=0.005) as forms:
        time.sleep(it.chance.uniform(0.05, 0.6))
        site.end()
        ended = time.monotonic()
        for key in site.held():
            it.again[key] += 1
        begin_again(site, forms, outcome, ended)
    return it.seen(forms, outcome)


def sigterm(it):
    """Asked to stop at any moment of a busy time: it ends by itself, and what it answered is there."""
    site, outcome = it.install(), Outcome()
    it.up()
    with it.forms() as forms:
        time.sleep(it.chance.uniform(0.05, 0.6))
        asked = time.monotonic()
        code = site.end(with_signal=signal.SIGTERM, seconds=EXIT_WITHIN)
        ended = time.monotonic()
        if code is None:
            outcome.wrong.append(f"asked to stop, it ran on for {EXIT_WITHIN} s")
        elif code:
            outcome.wrong.append(f"asked to stop, it ended with {code}")
        it.kept["slowest"] = max(it.kept.get("slowest", 0), ended - asked)
        it.remark("slowest", f"it ended within {it.kept['slowest']:.2f} s")
        left = len(site.held())
        if left:
            outcome.wrong.append(f"{left} mails were neither settled nor given back")
        begin_again(site, forms, outcome, ended)
    return it.seen(forms, outcome)


def two_workers(it):
    """Two workers on one outbox, of which one is killed in the middle in two rounds of three."""
    site, outcome = it.install(), Outcome()
    if site.process is not None and site.process.poll() is None:
        site.end(with_signal=signal.SIGTERM)
    site.begin("--role", "web")
    site.up()
    with it.forms(connections=16, pause=0) as forms:
        end = time.monotonic() + 60
        while len(forms.by("acknowledged")) < MAILS and time.monotonic() < end:
            time.sleep(0.02)
    before = len(it.relay.mails)
    workers = [site.start("--role", "worker") for _ in range(2)]
    killed = it.chance.random() < 2 / 3
    if killed:
        # After so many mails, each time another number.
        some = it.chance.randrange(50, MAILS * 3 // 4)
        end = time.monotonic() + 60
        while len(it.relay.mails) - before < some and time.monotonic() < end:
            time.sleep(0.002)
        which = it.chance.randrange(2)
        site.end(workers[which])
        # What the other one holds is among them: it repeats nothing by itself, but that is not seen here.
        for key in site.held():
            it.again[key] += 1
        workers[which] = site.start("--role", "worker")
    end = time.monotonic() + 120
    while (waiting := site.queued()) and time.monotonic() < end:
        time.sleep(0.2)
    if waiting:
        outcome.wrong.append(f"two workers left {waiting:,} mails")
    for worker in workers:
        code = site.end(worker, with_signal=signal.SIGTERM)
        if code:
            outcome.wrong.append(f"a worker that was asked to stop ended with {code}")
    came = [mail.id for mail in it.relay.mails[before:]]
    outcome.repeated = len(came) - len(set(came))
    if outcome.repeated and not killed:
        outcome.wrong.append(f"{outcome.repeated} mails came twice, and no worker was killed")
    outcome.notes.append("a worker killed" if killed else "nothing killed")
    return it.seen(forms, outcome)
