"""A row of the sealed ledger is changed by SQL, by whoever owns the database, and put right again."""

import os
import time

from measuring.processes import Trouble

from .outcome import Outcome

CONFIRMED = 12
EVENT = "consent_event"
TRIGGER = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'consent_event' AND name = '{}'"
IMMUTABLE, KEPT = "consent_event_is_immutable", "consent_event_is_kept"
# What is changed, and the value that is put there: each another of the same type, that the table's own rules allow.
CHANGES = {
    "body": "replace(body, '\"at\":\"2', '\"at\":\"1')",
    "type": "CASE type WHEN 'requested' THEN 'given' ELSE 'requested' END",
    "recorded_at": {"sqlite": "recorded_at - 86400000000", "postgres": "recorded_at - interval '1 day'"},
    "salt": {"sqlite": "CAST(zeroblob(length(salt)) AS BLOB)", "postgres": "set_byte(salt, 0, get_byte(salt, 0) # 1)"},
    "purpose": "CASE purpose WHEN 'privacy-policy' THEN 'newsletter:weekly' ELSE 'privacy-policy' END",
}


def changed(it):
    """`ledger verify` must name the row, an export must be refused, and forms must be acknowledged all the while."""
    site, outcome = it.install(), Outcome()
    it.up()
    prepare(it)
    rows = site.sql(f"SELECT {key(site)} FROM {EVENT} WHERE leaf_index IS NOT NULL AND body IS NOT NULL "
                    "ORDER BY leaf_index")
    row, column = it.chance.choice(rows), it.chance.choice(sorted(CHANGES))
    new = CHANGES[column]
    new = new if isinstance(new, str) else new[it.database]
    # A table of ours for a moment, by which the row gets exactly its old value back.
    saved = f"CREATE TABLE fault_saved AS SELECT {column} AS old FROM {EVENT} WHERE {is_row(site, row)}"
    with it.forms() as forms:
        time.sleep(it.chance.uniform(0.1, 0.3))
        begun = time.monotonic()
        rewrite(site, saved, f"UPDATE {EVENT} SET {column} = {new} WHERE {is_row(site, row)}")
        verified = site.ask_program("ledger", "verify")
        if verified.returncode == 0:
            outcome.wrong.append(f"`ledger verify` holds over a changed {column} (row {row})")
        elif row not in (verified.stdout + verified.stderr).replace("-", ""):
            outcome.wrong.append(f"`ledger verify` does not name the row whose {column} was changed")
            it.remark("said", f"said: {(verified.stdout + verified.stderr).strip()[:300]}")
        if export(site).returncode == 0:
            outcome.wrong.append(f"an export was made over a changed {column} (row {row})")
        if forms.until_answered("acknowledged", time.monotonic(), 10) is None:
            outcome.wrong.append("no form was acknowledged while the ledger was changed")
        rewrite(site, f"UPDATE {EVENT} SET {column} = (SELECT old FROM fault_saved) WHERE {is_row(site, row)}",
                "DROP TABLE fault_saved")
        ended = time.monotonic()
        again = site.ask_program("ledger", "verify")
        if again.returncode:
            outcome.wrong.append(f"`ledger verify` does not hold once the {column} is as it was")
        if export(site).returncode:
            outcome.wrong.append("no export is made once the row is as it was")
        answered = forms.until_answered("acknowledged", ended, 15)
        outcome.gap = (answered or time.monotonic()) - ended
    slowest = forms.p99(begun)
    it.remark("p99", f"forms took {slowest or 0:.0f} ms (p99) in the last round")
    outcome.notes.append(f"{column} changed")
    for form in forms.sent:
        if form.answer != "acknowledged" and form.answer != "wrong":
            outcome.wrong.append(f"a form was {form.answer} while the ledger was changed")
    return it.seen(forms, outcome)


def prepare(it):
    """Some who agreed, sealed; once for all rounds."""
    if it.kept.get("ready"):
        return
    for n in range(CONFIRMED):
        it.site.sign_up(f"reader{n}@council{n}.example")
    end = time.monotonic() + 30
    while len({mail.token for mail in it.relay.mails if mail.token}) < CONFIRMED:
        if time.monotonic() > end:
            raise Trouble(f"no mail that asks to confirm came within 30 s: {it.site.said()}")
        time.sleep(0.05)
    for token in {mail.token for mail in it.relay.mails if mail.token}:
        status, _, _ = it.site.ask("POST", f"/confirm/{token}")
        if status != 303:
            raise Trouble(f"a confirmation was answered {status}: {it.site.said()}")
    it.site.ask_program("ledger", "checkpoint", must=True)
    if export(it.site).returncode:
        raise Trouble(f"nothing can be exported before any fault: {export(it.site).stderr.strip()}")
    it.kept["ready"] = True


def export(site):
    out = os.path.join(site.directory, "export.csv")
    done = site.ask_program("export", "--purpose", "newsletter:weekly", "--format", "csv", "--out", out)
    if os.path.exists(out):
        os.unlink(out)
    return done


def key(site):
    return "replace(CAST(event_id AS text), '-', '')" if site.server else "lower(hex(event_id))"


def is_row(site, row):
    return f"event_id = '{row}'" if site.server else f"event_id = x'{row}'"


def rewrite(site, *statements):
    """Past the triggers that keep events as they are, which stand again afterwards, letter by letter."""
    if site.server:
        site.change("SET session_replication_role = replica", *statements)
        return
    triggers = {name: site.sql(TRIGGER.format(name))[0] for name in (IMMUTABLE, KEPT)}
    site.change(*(f"DROP TRIGGER {name}" for name in triggers), *statements, *triggers.values())
