#!/usr/bin/env python3
"""Tells by the time that a form's answer takes what becomes of an address, with the release build: an unknown one
against one whose owner said "not me", one that is sent no more for now, and known ones of both kinds.

Run by hand from the project's directory: benches/answer_times.py [ROUNDS]   (1,000 by default)
On SQLite; where ASSENT_DATABASE_URL names a database of PostgreSQL, an empty one, on that.

Each round sends one form for each kind in an order that is drawn anew, each over a connection of its own; unknown
addresses twice, to show what chance makes of them. Prints medians and, against the unknown ones, AUC: 0.5 is a
coin's toss. Fails when one is beyond 0.55. TMPDIR says on which disk; one in memory tells most.
"""

import email
import email.policy
import glob
import http.client
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from measuring.processes import free_port

PROGRAM = os.path.abspath(os.environ.get("PROGRAM", "target/release/assent"))
MOST = 0.55
PAUSE = 0.02


def command(environment, *arguments):
    done = subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")


def post(port, path, fields, cookie=None):
    """Milliseconds until the answer to one form, and the cookie it sets."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    if cookie:
        headers["Cookie"] = cookie
    connection.connect()
    begun = time.perf_counter()
    connection.request("POST", path, urllib.parse.urlencode(fields), headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - begun) * 1000
    connection.close()
    if answer.status not in (200, 303):
        sys.exit(f"POST {path} was answered {answer.status}")
    return took, (answer.headers.get("set-cookie") or "").split(";")[0]


def ask(port, address, cookie=None):
    form = {"email": address, "consent": "yes", "policy": "2026-11", "website": "", "newsletter": "weekly"}
    return post(port, "/newsletters", form, cookie)


def link(directory, address, path):
    """The path of a link in the first mail to an address, once it has come."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for name in sorted(glob.glob(os.path.join(directory, "mailbox", "*.eml"))):
            with open(name, "rb") as mail:
                message = email.message_from_binary_file(mail, policy=email.policy.default)
            if address in message["to"]:
                text = message.get_body(("plain",)).get_content()
                found = re.search(rf"http://[^/\s]+(\S*{path}\S*)", text)
                if found:
                    return found.group(1)
        time.sleep(0.05)
    sys.exit(f"no mail to {address}")


def auc(those, unknown):
    wins = sum((k > u) + (k == u) / 2 for k in those for u in unknown)
    return wins / (len(those) * len(unknown))


def measure(port, directory, rounds):
    for address in ("owner@a.example", "member@a.example"):
        ask(port, address)
    post(port, link(directory, "owner@a.example", "/not-me"), {})
    post(port, link(directory, "member@a.example", "/confirm/"), {})
    for _ in range(4):
        ask(port, "many@a.example")
        ask(port, "member@a.example")
    kinds = {
        "unknown": lambda n: ask(port, f"new{n}@a.example")[0],
        "unknown again": lambda n: ask(port, f"other{n}@a.example")[0],
        "not me": lambda _: ask(port, "owner@a.example")[0],
        "too many": lambda _: ask(port, "many@a.example")[0],
        "known, too many": lambda _: ask(port, "member@a.example")[0],
    }
    times = {kind: [] for kind in kinds}
    for n in range(rounds):
        for kind in random.sample(list(kinds), len(kinds)):
            # What followed from the form before is over: whoever measures waits for that too.
            time.sleep(PAUSE)
            times[kind].append(kinds[kind](n))
    worst = 0.5
    for kind, took in times.items():
        told = auc(took, times["unknown"])
        worst = max(worst, told, 1 - told)
        print(f"{kind:16} median {statistics.median(took):.3f} ms, AUC {told:.3f}")
    return worst


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    directory = tempfile.mkdtemp(prefix="assent-bench-")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "ASSENT_DATA_DIR": directory, "ASSENT_LISTEN": f"127.0.0.1:{port}",
        "ASSENT_BASE_URL": f"http://127.0.0.1:{port}", "ASSENT_LIMIT_SIGNUPS_PER_IP": "off", "RUST_LOG": "warn",
        "ASSENT_CONTROLLER_NAME": "Sample Press", "ASSENT_CONTROLLER_ADDRESS": "1 Sample Street",
        "ASSENT_CONTROLLER_CONTACT": "privacy@sample.example",
    }
    if "ASSENT_DATABASE_URL" in os.environ:
        environment["ASSENT_DATABASE_URL"] = os.environ["ASSENT_DATABASE_URL"]
    policy = os.path.join(directory, "privacy.md")
    with open(policy, "w") as out:
        out.write("# Privacy\n\nWe keep little.\n")
    command(environment, "policy", "publish", policy, "--version", "2026-11")
    command(environment, "newsletter", "add", "weekly", "--name", "The weekly")
    server = subprocess.Popen([PROGRAM, "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit("the server does not start")
                time.sleep(0.05)
        worst = measure(port, directory, rounds)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    sys.exit(0 if worst <= MOST else 1)


main()
