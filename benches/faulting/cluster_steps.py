"""What is done to the cluster while forms come, each step bounded in time. A step says what it saw."""

import http.client
import time

from measuring.processes import until
from measuring.program import LANDING_PAGE

# Before a fault, and after all is back.
STEADY = 1.5
# Longer than a reader is kept waiting for the database.
STANDBY_AWAY = 20
# How long after a fault forms must be taken again.
BACK = 30


class Step:
    """What a step is given: the cluster, its own chances, and the forms under way."""

    def __init__(self, cluster, chance, forms):
        self.cluster, self.chance, self.forms = cluster, chance, forms
        # What went another way than promised.
        self.faults = []

    def wait(self, least, most):
        time.sleep(self.chance.uniform(least, most))

    def until_acknowledged(self):
        """How long it takes until a form that is sent from now on is acknowledged."""
        begun = time.monotonic()
        while not self.forms.acknowledged_since(begun):
            if time.monotonic() > begun + BACK:
                self.faults.append(f"no form was acknowledged within {BACK} s after all was back")
                return f"no forms taken within {BACK} s"
            time.sleep(0.01)
        return f"forms taken {time.monotonic() - begun:.1f} s"


def kill_web(step):
    return kill(step, step.cluster.webs, step.cluster.wait_for_proxy)


def kill_worker(step):
    return kill(step, step.cluster.workers, lambda worker: None)


def kill(step, processes, wait_for_proxy):
    process = step.chance.choice(processes)
    step.wait(0.5, STEADY)
    process.kill()
    step.wait(0.3, 2)
    process.begin()
    process.wait()
    wait_for_proxy(process)
    time.sleep(STEADY)
    return f"{process.name} killed"


def roll(step):
    told = []
    for web in step.cluster.webs:
        step.wait(0.5, STEADY)
        code, took = web.end()
        told.append(f"{web.name} ended with {code} after {took:.1f} s")
        if code or took > 30:
            step.faults.append(told[-1])
        web.begin()
        web.wait()
        step.cluster.wait_for_proxy(web)
    time.sleep(STEADY)
    if broken := [answer for answer in step.forms.answers if answer.kind != "acknowledged"]:
        step.faults.append(f"{len(broken)} forms failed while webs were restarted one after the other: "
                           + ", ".join(f"{count} × {said}" for said, count in step.forms.said().items()))
    return ", ".join(told)


def failover(step):
    pair, how = step.cluster.pair, step.chance.choice(["immediate", "kill"])
    step.wait(0.5, STEADY)
    if pair.asynchronous:
        pair.leave_behind()
    pair.primary.end_at_once(how)
    # Whoever decides that a primary is gone takes a moment, too.
    step.wait(0.2, 2)
    pair.promote()
    until("haproxy leads to the new primary", step.cluster.primary_is_led_to, 20)
    back = step.until_acknowledged()
    pair.replace_lost()
    time.sleep(STEADY)
    return f"primary ended ({how}), {back} after haproxy led to the new one"


def standby_away(step):
    pair, cluster = step.cluster.pair, step.cluster
    step.wait(0.5, STEADY)
    pair.standby.end_at_once("immediate")
    gone, pages, ready = time.monotonic(), [], {}
    while time.monotonic() < gone + STANDBY_AWAY:
        begun = time.monotonic()
        pages.append((page(cluster), time.monotonic() - begun))
        for web in cluster.webs:
            status, said = web.ask("/readyz")
            ready.setdefault(f"{status} {', '.join(said.splitlines())}", begun - gone)
        time.sleep(0.5)
    held = pair.run("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")[0]
    refused = [answer for answer in step.forms.answers if answer.kind == "refused" and answer.at > gone]
    first = f"first refused after {min(a.at for a in refused) - gone:.0f} s" if refused else "no form refused"
    pair.standby.begin_again()
    pair.wait_for_standby()
    back = step.until_acknowledged()
    time.sleep(STEADY)
    if wrong := [status for status, _ in pages if status != 200]:
        step.faults.append(f"{len(wrong)} of {len(pages)} landing pages were answered {wrong[0]}")
    return (f"standby away for {STANDBY_AWAY} s: {first}, {held} commits held, page at most "
            f"{1000 * max(took for _, took in pages):.0f} ms, {back} after it was back; readyz: "
            + "; ".join(f"after {at:.0f} s {said}" for said, at in ready.items()))


def page(cluster):
    try:
        return cluster.ask("GET", LANDING_PAGE)[0]
    except (OSError, http.client.HTTPException):
        return 0


STEPS = {
    "kill-web": ("kill -9 of one that serves pages, and its restart", kill_web),
    "kill-worker": ("kill -9 of one that sends mail, and its restart", kill_worker),
    "roll": ("SIGTERM and restart of both that serve pages, one after the other: no form may fail", roll),
    "failover": ("the primary is stopped at once, the standby promoted, a new standby made", failover),
    "standby-away": (f"no standby for {STANDBY_AWAY} s, so that no commit is acknowledged", standby_away),
}
