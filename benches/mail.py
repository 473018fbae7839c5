#!/usr/bin/env python3
"""Sends mail with the release build into Postfix's smtp-sink, and counts what arrives.

Run by hand from the project's directory, after tests/run has unpacked Postfix there:
benches/mail.py [PART[=COUNT]]...   PARTs, all of them by default:
  transport  5 runs of 20,000 messages over 1 and over 20 connections, through our transport alone and
             through Postfix's smtp-source: medians of alternating runs
  signups    50 signups a second for 20 seconds: from sending the form to the end of the mail at the sink
  kills      1,000 kill -9 of a worker while mail is under way, on each database

Figures are best read as ratios of one run. Fails when a mail is lost or comes too often.
"""

import collections
import concurrent.futures
import glob
import http.client
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from measuring import postfix
from measuring.postgres import Postgres
from measuring.processes import Trouble, Workspace, start, stop, until
from measuring.program import LANDING_PAGE, QUEUED, Installation

PROGRAM = os.path.abspath("target/release/assent")
# What benches/transport.rs sends: about the size of mail 1.
SIZE = 12 * 1024
# The kernel's file times may be a tick early.
TICK = 0.004

END_LEASES = {
    "SQLite": "UPDATE outbox SET lease_until = 0 WHERE lease_until IS NOT NULL",
    "PostgreSQL": "UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL",
}
SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"


class Sink(postfix.Sink):
    """smtp-sink, with a file for each message."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="sink-")
        self.options = ("-d", os.path.join(self.directory, "message."))
        super().__init__()

    def under_way(self):
        """Whether a message is just coming: its file is open."""
        for descriptor in glob.glob(f"/proc/{self.process.pid}/fd/*"):
            try:
                if os.readlink(descriptor).startswith(self.directory):
                    return True
            except FileNotFoundError:
                pass
        return False

    def take(self):
        """The messages that have come: the id in each Message-ID, its recipient, and when it was complete."""
        until("the end of what is under way", lambda: not self.under_way())
        for path in glob.glob(os.path.join(self.directory, "message.*")):
            with open(path, encoding="ascii", errors="replace") as file:
                text = file.read()
            at = os.stat(path).st_mtime + TICK
            os.unlink(path)
            to = re.search(r"^X-Rcpt-Args: <(.*)>", text, re.MULTILINE)
            found = re.search(r"^Message-ID: <([0-9a-f-]+)@", text, re.MULTILINE)
            yield found.group(1).replace("-", "") if found else None, to and to.group(1), at


class Publisher(Installation):
    """An installation on either database."""

    def __init__(self, kind, server, relay):
        super().__init__(PROGRAM, server if kind == "PostgreSQL" else None, settings={"ASSENT_MAIL_URL": relay})
        self.kind = kind

    def fill(self, count):
        """Lets so many mails wait, each about a form of its own."""
        self.start_serving("--role", "web")
        self.fields = self.form()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            emails = (f"r{random.randrange(1 << 60):x}@council{n % 400}.example" for n in range(count))
            list(pool.map(self.post, emails))
        end(self.process)
        self.process = None

    def worker(self):
        return start([PROGRAM, "serve", "--role", "worker"], self.log, env=self.environment)

    def post(self, email):
        body = f"{urllib.parse.urlencode({'email': email})}&{self.fields}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        connection.request("POST", LANDING_PAGE, body, headers)
        status = connection.getresponse().status
        connection.close()
        if status != 303:
            raise Trouble(f"a signup was answered with {status}")


def end(process):
    """Asks it to end, and it must have done so in peace."""
    stop(process)
    if process.returncode != 0:
        raise Trouble(f"a polite stop ended with {process.returncode}")


def transport(count):
    cargo = [os.environ.get("CARGO", "cargo"), "bench", "--quiet", "--bench", "transport"]
    subprocess.run([*cargo, "--no-run"], check=True)
    sink = postfix.Sink()
    try:
        for connections in (1, 20):
            ours, theirs = [], []
            for _ in range(5):
                theirs.append(postfix.source(sink.port, connections, count, SIZE))
                arguments = ["--", "127.0.0.1", str(sink.port), str(connections), str(count)]
                told = subprocess.run([*cargo, *arguments], check=True, capture_output=True, text=True).stdout
                ours.append(float(re.search(r"([\d.]+) messages/s", told).group(1)))
            ours, theirs = statistics.median(ours), statistics.median(theirs)
            print(f"transport, {connections} connections: {ours:,.0f} messages/s; "
                  f"smtp-source {theirs:,.0f}, ratio {ours / theirs:.2f}")
    finally:
        sink.close()


def signups(seconds):
    server, sink = Postgres(), Sink()
    try:
        for kind in ("SQLite", "PostgreSQL"):
            publisher = Publisher(kind, server, sink.url())
            publisher.start_serving()
            publisher.fields = publisher.form()
            for n in range(20):
                publisher.post(f"warm{n}@council.example")
            asked, answered = {}, []

            def one(n):
                email = f"reader{n}@council{n % 400}.example"
                time.sleep(max(0, begun + n / 50 - time.time()))
                asked[email] = time.time()
                publisher.post(email)
                answered.append(time.time() - asked[email])

            begun = time.time() + 1
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                list(pool.map(one, range(50 * seconds)))
            until("an empty outbox", lambda: time.sleep(0.2) or publisher.count(QUEUED) == 0)
            end(publisher.process)
            took = sorted(at - asked[to] for _, to, at in sink.take() if to in asked)
            if len(took) != len(asked):
                raise Trouble(f"{len(asked)} asked, {len(took)} mails came")
            at = lambda times, share: 1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))]
            print(f"signups on {kind}, 50 a second, {len(took):,} in all, from form to mail: "
                  f"p50 {at(took, 0.5):.0f} ms, p99 {at(took, 0.99):.0f} ms, max {at(took, 1):.0f} ms; "
                  f"of it the answer to the form p50 {at(answered, 0.5):.0f} ms, p99 {at(answered, 0.99):.0f} ms")
            publisher.remove()
    finally:
        sink.close()
        server.stop()


def kills(count):
    server, sink = Postgres(), Sink()
    try:
        for kind in ("SQLite", "PostgreSQL"):
            publisher, begun = Publisher(kind, server, sink.url()), time.monotonic()
            arrived, allowed = collections.Counter(), collections.Counter()
            for _ in range(count):
                waiting = publisher.count(QUEUED)
                if waiting < 300:
                    publisher.fill(600 - waiting)
                worker = publisher.worker()
                until("mail under way", sink.under_way)
                time.sleep(random.uniform(0.005, 0.3))
                worker.kill()
                worker.wait()
                allowed.update(publisher.held())
                publisher.change(END_LEASES[kind])
                arrived.update(each[0] for each in sink.take())
            worker = publisher.worker()
            until("an empty outbox", lambda: time.sleep(0.2) or publisher.count(QUEUED) == 0)
            end(worker)
            arrived.update(each[0] for each in sink.take())
            sent = publisher.count(SENT)
            lost = publisher.count("SELECT count(*) FROM outbox") - len(arrived)
            twice = sum(arrived.values()) - len(arrived)
            often = sum(times > 1 + allowed[each] for each, times in arrived.items())
            print(f"kills on {kind}: {count:,} kill -9, {sent:,} mails, {lost} lost, {twice} duplicates of "
                  f"{sum(allowed.values()):,} that were held, {often} more often than once a kill; "
                  f"{time.monotonic() - begun:.0f} s")
            publisher.remove()
            if lost or often:
                raise Trouble("a mail was lost or came too often")
    finally:
        sink.close()
        server.stop()


PARTS = {
    "transport": (transport, 20_000),
    "signups": (signups, 20),
    "kills": (kills, 1_000),
}


def main():
    # smtp-sink holds a file and a socket for each connection.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    asked = [part.partition("=") for part in sys.argv[1:] or PARTS]
    for name, _, _ in asked:
        if name not in PARTS:
            sys.exit(f"{name} is no part: {', '.join(PARTS)}")
    with Workspace(None):
        for name, _, count in asked:
            run, by_default = PARTS[name]
            run(int(count or by_default))


if __name__ == "__main__":
    main()
