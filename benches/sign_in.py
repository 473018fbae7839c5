#!/usr/bin/env python3
"""Signs in at the console 200 times at once, while readers sign up, with the release build on SQLite.

Run by hand from the project's directory: benches/sign_in.py [TRIES]   (200 by default)

Looking at a password takes 19 MiB and a core on purpose, so this is what somebody would attack. Fails
when memory grows by more than 150 MiB, or one signup in a hundred takes a second or longer. Then tells
known accounts from unknown ones by the time their answers take: AUC, 0.5 is a coin's toss.
"""

import concurrent.futures
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from measuring.processes import free_port

PROGRAM = os.path.abspath("target/release/assent")
PASSWORD = "pylon marmot ferrous quilt"
PAIRS = 500


def command(environment, *arguments, text=None):
    done = subprocess.run([PROGRAM, *arguments], env=environment, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")


def memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def post(port, path, fields, network):
    """Status and seconds of one form, sent from this address of the network."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    headers["X-Forwarded-For"] = network
    begun = time.monotonic()
    connection.request("POST", path, urllib.parse.urlencode(fields), headers)
    answer = connection.getresponse()
    answer.read()
    took = time.monotonic() - begun
    connection.close()
    return answer.status, took


def sign_in(port, n, email):
    network = f"198.51.{n // 250 % 250}.{n % 250 + 1}"
    return post(port, "/console/sign-in", {"email": email, "password": "not the right one"}, network)


def flood(port, pid, tries):
    before, most, stop, signups = memory(pid), [0.0], threading.Event(), []

    def watch():
        while not stop.is_set():
            most[0] = max(most[0], memory(pid))
            time.sleep(0.01)

    def readers():
        n = 0
        while not stop.is_set():
            form = {"email": f"r{n}@council.example", "consent": "yes", "policy": "2026-11", "website": ""}
            status, took = post(port, "/newsletters", {**form, "newsletter": "weekly"}, f"203.0.113.{n % 250 + 1}")
            if status != 303:
                sys.exit(f"a signup was answered {status}")
            signups.append(took)
            n += 1
            time.sleep(0.02)

    threads = [threading.Thread(target=target) for target in (watch, readers)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(tries) as pool:
        answers = list(pool.map(lambda n: sign_in(port, n, f"nobody{n}@sample.example"), range(tries)))
    took = time.monotonic() - begun
    stop.set()
    for thread in threads:
        thread.join()
    grown, worst = most[0] - before, sorted(signups)[int(len(signups) * 0.99)]
    statuses = {status: [s for s, _ in answers].count(status) for status in sorted({s for s, _ in answers})}
    print(f"{tries} tries at once: {took:.2f} s, answered {statuses}, memory +{grown:.0f} MiB")
    print(f"{len(signups)} signups meanwhile: median {statistics.median(signups) * 1000:.0f} ms, "
          f"p99 {worst * 1000:.0f} ms")
    return grown <= 150 and worst < 1


def auc(known, unknown):
    wins = sum((k > u) + (k == u) / 2 for k in known for u in unknown)
    return wins / (len(known) * len(unknown))


def main():
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    directory = tempfile.mkdtemp(prefix="assent-bench-")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "ASSENT_DATA_DIR": directory, "ASSENT_LISTEN": f"127.0.0.1:{port}",
        "ASSENT_BASE_URL": f"http://127.0.0.1:{port}", "ASSENT_TRUSTED_PROXIES": "127.0.0.1",
        "ASSENT_LIMIT_SIGNUPS_PER_IP": "off", "RUST_LOG": "warn", "ASSENT_CONTROLLER_NAME": "Sample Press",
        "ASSENT_CONTROLLER_ADDRESS": "1 Sample Street", "ASSENT_CONTROLLER_CONTACT": "privacy@sample.example",
    }
    policy = os.path.join(directory, "privacy.md")
    with open(policy, "w") as out:
        out.write("# Privacy\n\nWe keep little.\n")
    command(environment, "policy", "publish", policy, "--version", "2026-11")
    command(environment, "newsletter", "add", "weekly", "--name", "The weekly")
    accounts = [f"a{n}@sample.example" for n in range(PAIRS // 4)]
    for email in accounts:
        command(environment, "staff", "add", email, "--role", "viewer", text=PASSWORD)
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
        sign_in(port, 60_000, "first@sample.example")
        sound = flood(port, server.pid, tries)
        known, unknown = [], []
        for n in range(PAIRS):
            known.append(sign_in(port, 1_000 + n, accounts[n // 4])[1])
            unknown.append(sign_in(port, 10_000 + n, f"who{n // 4}@sample.example")[1])
        print(f"known against unknown accounts, {PAIRS} pairs: AUC {auc(known, unknown):.3f}, medians "
              f"{statistics.median(known) * 1000:.1f} and {statistics.median(unknown) * 1000:.1f} ms")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    sys.exit(0 if sound else 1)


main()
