"""A mail relay that is slow, refuses a tenth and drops a tenth of its connections after DATA."""

import time

from .outcome import Outcome
from .relay import Manners

SECONDS = 2.0


def slow(it):
    """Forms come while mail is hard to get rid of; afterwards the relay is as it should be, and all is worked off."""
    site, outcome = it.install(), Outcome()
    it.up()
    with it.forms() as forms:
        if "quick" not in it.kept:
            it.relay.manners = Manners()
            time.sleep(SECONDS)
            it.kept["quick"] = forms.p99()
        begun = time.monotonic()
        it.relay.manners = Manners(it.chance.uniform(0.01, 0.1), 0.1, 0.1, it.chance)
        time.sleep(SECONDS)
    slow, quick = forms.p99(begun), it.kept["quick"]
    it.kept["slow"] = max(it.kept.get("slow", 0), slow or 0)
    it.remark("slow", f"forms took {it.kept['slow']:.0f} ms (p99, slowest round), {quick:.0f} beside a quick relay")
    it.remark("relay", f"the relay refused {it.relay.refused:,} and dropped {it.relay.dropped.total():,}")
    # Slow mail must not make forms slow; twice, and some milliseconds for what else the machine does.
    if slow is None or slow > 2 * quick + 50:
        outcome.wrong.append(f"forms took {slow or 0:.0f} ms (p99) beside a slow relay, {quick:.0f} before")
    # Only what was taken and not answered may come again, once each time.
    it.again = it.relay.dropped
    return it.seen(forms, outcome)
