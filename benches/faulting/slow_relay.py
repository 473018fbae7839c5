"""A mail relay that is slow, refuses a tenth and drops a tenth of its connections after DATA."""

import statistics
import time

from measuring.relay import Manners

from .outcome import Outcome

SECONDS = 2.0
# Of fewer rounds no median is taken: beside other work of the machine one of them says little.
JUDGED_FROM = 3
# Twice as long and some milliseconds, for the p99 of two seconds is a handful of forms.
MOST, MORE = 2.0, 50


def slow(it):
    """Forms come while mail is easy to get rid of, and while it is hard; at the end all of it is worked off."""
    it.install()
    it.up()
    outcome = Outcome()
    with it.forms() as forms:
        it.relay.manners = Manners()
        time.sleep(SECONDS)
        quick, begun = forms.p99(), time.monotonic()
        it.relay.manners = Manners(it.chance.uniform(0.01, 0.1), 0.1, 0.1, it.chance)
        time.sleep(SECONDS)
    slow = forms.p99(begun)
    if quick is None or slow is None:
        outcome.wrong.append("no form was acknowledged beside a slow relay")
    else:
        judge(it, quick, slow)
    it.remark("relay", f"the relay refused {it.relay.refused:,} and dropped {it.relay.dropped.total():,}")
    # Only what was taken and not answered may come again, once each time.
    it.again = it.relay.dropped
    return it.seen(forms, outcome)


def judge(it, quick, slow):
    """Slow mail must not make forms slow: the p99 of both halves of a round, by medians of the rounds so far."""
    pairs = it.kept.setdefault("p99", [])
    pairs.append((quick, slow))
    before, beside = (statistics.median(each) for each in zip(*pairs))
    said = f"forms took {beside:.0f} ms (p99, median) beside a slow relay, {before:.0f} beside a quick one"
    it.remark("p99", said)
    # What was told of fewer rounds does not count any more.
    it.standing = [said] if len(pairs) >= JUDGED_FROM and beside > MOST * before + MORE else []
