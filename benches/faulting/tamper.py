"""Breaks what the rounds left, so that it can be seen that the check notices."""

from measuring.relay import Mail

NONE = "0" * 32


def tamper(trial):
    """Of four acknowledged signups: one is gone, one was never mailed, one was mailed two messages, and of one the
    same message came once more than any fault allows."""
    relay, site = trial.relay, trial.site
    of = {mail.to: mail for mail in relay.mails if mail.token}
    known = [email for email in trial.acknowledged if email in of][:4]
    if len(known) < 4:
        raise SystemExit("fewer than four signups were acknowledged: --tamper needs some, so ask for more rounds")
    gone, unmailed, doubled, repeated = known
    relay.mails = [mail for mail in relay.mails if mail.to != unmailed]
    relay.mails.append(Mail(NONE, *of[doubled][1:]))
    relay.mails += [of[repeated]] * (1 + trial.again[of[repeated].id] + trial.faults)
    past = ["SET session_replication_role = replica"] if site.server else []
    site.change(*past, f"DELETE FROM signup WHERE email = '{gone}'")
