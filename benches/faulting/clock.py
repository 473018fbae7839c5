"""The wall clock jumps while the program runs; what measures waiting does not."""

import glob
import os
import tempfile
import time

from measuring.processes import Trouble

from .outcome import Outcome

JUMPS = ("+1d", "-1d")
SIGNUPS = "SELECT count(*) FROM signup"


def library():
    told = [os.environ.get("TEST_LIBFAKETIME", ""), *glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")]
    for path in filter(os.path.exists, told):
        return path
    raise Trouble("libfaketime is not here: apt-get install faketime, or say where libfaketimeMT.so.1 is by "
                  "TEST_LIBFAKETIME")


def set_clock(path, to):
    """Put there whole, for the program reads it each time it asks what time it is."""
    with open(path + ".new", "w") as out:
        out.write(to + "\n")
    os.rename(path + ".new", path)


def jump(it):
    """A day ahead or back, and where it belongs again; forms come all the time, and links are pressed."""
    if it.site is None:
        it.kept["clock"] = os.path.join(tempfile.mkdtemp(prefix="clock-"), "clock")
        set_clock(it.kept["clock"], "+0d")
        # Commands run under the machine's clock: they are asked about what was, not when.
        it.install()
        it.kept["environment"] = {
            "LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": it.kept["clock"], "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0", "NO_FAKE_STAT": "1"}
        it.site.environment.update(it.kept["environment"])
        it.site.begin()
        for name in it.kept["environment"]:
            del it.site.environment[name]
        it.site.up()
    site, outcome, clock = it.site, Outcome(), it.kept["clock"]
    before, came = int(site.sql(SIGNUPS)[0]), len(it.relay.mails)
    to = it.chance.choice(JUMPS)
    with it.forms() as forms:
        time.sleep(it.chance.uniform(0.3, 0.8))
        old = links(it, came, outcome)
        set_clock(clock, to)
        jumped = time.monotonic()
        follows(site, to)
        press(site, old[0::2], f"at {to}", outcome)
        first = forms.until_answered("acknowledged", jumped, 15)
        time.sleep(it.chance.uniform(0.5, 1.5))
        set_clock(clock, "+0d")
        back = time.monotonic()
        press(site, old[1::2], f"back from {to}", outcome)
        second = forms.until_answered("acknowledged", back, 15)
        outcome.gap = max((first or time.monotonic()) - jumped, (second or time.monotonic()) - back)
    if int(site.sql(SIGNUPS)[0]) < before + len(forms.by("acknowledged")):
        outcome.wrong.append("signups are missing after the clock jumped")
    it.kept["links"] = it.kept.get("links", 0) + len(old)
    it.remark("links", f"{it.kept['links']:,} links pressed")
    outcome.notes.append(to)
    return it.seen(forms, outcome)


def links(it, since, outcome):
    """Some links out of mails of this round, none of which was pressed."""
    end = time.monotonic() + 10
    while len(it.relay.mails) < since + 8 and time.monotonic() < end:
        time.sleep(0.02)
    found = [mail.token for mail in it.relay.mails[since:] if mail.token][:8]
    if not found:
        outcome.wrong.append("no mail with a link came within 10 s")
    return found


def press(site, tokens, when, outcome):
    for token in tokens:
        status, _, _ = site.ask("POST", f"/confirm/{token}")
        if status != 303:
            outcome.wrong.append(f"a valid link was answered {status} {when}")


def follows(site, to):
    """Waits until a form was stored under the other day, so that it is sure that the program saw it.

    The `Date` of its answers says less: it is kept, and stays where it is while the clock is behind it.
    """
    if site.server:
        ahead, behind = ("> now() + interval '12 hours'", "< now() - interval '12 hours'")
    else:
        now = int(time.time() * 1_000_000)
        ahead, behind = f"> {now + 43_200_000_000}", f"< {now - 43_200_000_000}"
    seen = f"SELECT count(*) FROM signup WHERE created_at {ahead if to == '+1d' else behind}"
    before, end = site.sql(seen), time.monotonic() + 10
    while site.sql(seen) == before:
        if time.monotonic() > end:
            raise Trouble("the program's clock does not follow libfaketime: look whether it is linked statically")
        time.sleep(0.02)
