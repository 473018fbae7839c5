#!/usr/bin/env python3
"""What SpamAssassin says of one of every kind of mail, by its own rules alone: nothing is asked of a network, and
nothing that it learned counts.

Five points would be spam; here nothing may count against a mail at all.
"""

import os
import re
import subprocess
import sys
import tempfile

import mails

# What counts against a mail and is not ours to mend.
NOT_OURS = {
    # The relay's address is one that is kept for examples.
    "RCVD_ILLEGAL_IP",
}

SETTINGS = "use_bayes 0\nuse_auto_whitelist 0\nuse_txrep 0\ndns_available no\nclear_headers\nreport_safe 0\n"


def judge(mail, directory):
    """Its score, and the rules that gave something."""
    settings = os.path.join(directory, "user_prefs")
    command = ["spamassassin", "--local", "--nocreate-prefs", "--test-mode", f"--prefspath={settings}"]
    with open(settings, "w", encoding="utf-8") as out:
        out.write(SETTINGS)
    done = subprocess.run(command, input=mail.arrived, capture_output=True, check=True, timeout=60,
                          env={**os.environ, "HOME": directory})
    said = done.stdout.decode("utf-8", "replace")
    _, begun, report = said.rpartition("Content analysis details:")
    if not begun:
        sys.exit(f"SpamAssassin has no report on {mail.name}:\n{said}{done.stderr.decode()}")
    return [(float(score), name) for score, name in re.findall(r"^\s*(-?\d+\.\d)\s+(\w+)", report, re.MULTILINE)]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for mail in mails.every():
            hits = judge(mail, directory)
            score = sum(score for score, name in hits if name not in NOT_OURS)
            against = [name for score, name in hits if score > 0 and name not in NOT_OURS]
            print(f"{score:5.1f} {mail.name}: {', '.join(against) or 'nothing against it'}")
            failed += bool(against)
    sys.exit(f"SpamAssassin: {failed} mails have something against them" if failed else 0)


if __name__ == "__main__":
    main()
