"""What became of it, once the program is up again and has worked off its outbox."""

import collections
import time

from .outcome import Outcome
from .site import ALL_MAILS

# The mail of a worker that died waits for the end of its lease, half a minute.
LEASE = 30
# The ledger is sealed every few seconds, and looked at once a minute whatever woke nobody.
SEALED_WITHIN = 75
UNSEALED = "SELECT count(*) FROM consent_event WHERE leaf_index IS NULL"


def work_off(site, notes):
    """Waits until nothing is queued; what was put off is let go at once. Says whether it came to that."""
    end = time.monotonic() + 2 * LEASE + 30 + site.queued() / 50
    hurry = time.monotonic() + LEASE + 5
    while (waiting := site.queued()) and time.monotonic() < end:
        if time.monotonic() > hurry:
            hurry = time.monotonic() + 5
            ahead = put_off(site)
            if ahead:
                notes.append(f"mails that waited for a time more than an hour ahead, and were let go: {ahead:,}")
            site.due_now()
        time.sleep(0.25)
    return waiting == 0


def sealed(site):
    """Waits until every event has its place in the tree; how many have none, when the time is over."""
    end = time.monotonic() + SEALED_WITHIN
    while (left := int(site.sql(UNSEALED)[0])) and time.monotonic() < end:
        time.sleep(0.25)
    return left


def put_off(site):
    """How many mails wait for a time more than an hour from now: longer than any is put off by a refusal at first."""
    later = "now() + interval '1 hour'" if site.server else str(int((time.time() + 3600) * 1_000_000))
    return int(site.sql(f"SELECT count(*) FROM outbox WHERE state = 'queued' AND next_at > {later}")[0])


def mails(trial, outcome):
    """Holds what arrived at the relay against what was decided and what was acknowledged."""
    arrived = list(trial.relay.mails)
    times = collections.Counter(mail.id for mail in arrived)
    decided = trial.site.keys(ALL_MAILS)
    never = [key for key in decided if key not in times]
    if never:
        outcome.lost += len(never)
        outcome.wrong.append(f"decided and never mailed: {never[0]}")
    mailed = {mail.to for mail in arrived}
    without = [email for email in trial.acknowledged if email not in mailed]
    outcome.mailed = len(trial.acknowledged) - len(without)
    if without:
        outcome.wrong.append(f"acknowledged and never mailed: {without[0]}")
        # Those whose mail was decided are counted already.
        outcome.lost += max(0, len(without) - len(never))

    kinds = collections.defaultdict(set)
    for mail in arrived:
        kinds[mail.to, mail.subject].add(mail.id)
    outcome.doubled = sum(len(keys) - 1 for keys in kinds.values())
    outcome.repeated = sum(times.values()) - len(times)
    for key, count in times.items():
        if count > 1 + trial.again[key] + trial.faults:
            outcome.often += 1
            outcome.wrong.append(f"came {count} times: {key}")
    return outcome


def proof(site, outcome):
    """`assent ledger verify` holds, and `assent check` finds nothing that a start would refuse."""
    for arguments in (("ledger", "verify"), ("check", "--no-dns")):
        done = site.ask_program(*arguments)
        if done.returncode:
            wrong = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("ok")]
            outcome.wrong.append(f"`assent {' '.join(arguments)}` says: {' / '.join(wrong)[:500]}")
    return outcome


def all_rounds(trial, tamper=None):
    """The last look at all that the rounds left."""
    outcome, site = Outcome(notes=trial.remarks(), wrong=trial.standing), trial.up()
    trial.relay.manners = type(trial.relay.manners)()
    if not work_off(site, outcome.notes):
        states = site.sql("SELECT state || ' ' || count(*) FROM outbox GROUP BY state")
        outcome.wrong.append(f"mail still waits: {', '.join(states)}")
    if left := sealed(site):
        outcome.wrong.append(f"{left:,} events are not sealed after {SEALED_WITHIN} s")
    if tamper:
        tamper(trial)
    # Once more, for what was stored after a fault may go later.
    outcome.look(trial.acknowledged, set(site.sql("SELECT email FROM signup")))
    mails(trial, outcome)
    code = site.end(with_signal=15)
    if code != 0:
        outcome.wrong.append(f"asked to stop, it ended with {code}")
    return proof(site, outcome)
