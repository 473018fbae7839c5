#!/usr/bin/env python3
"""Sends mail with the release build into Postfix's smtp-sink, and counts what arrives.

Run by hand from the project's directory, after tests/run has unpacked Postfix there:
benches/mail.py [PART[=COUNT]]...   PARTs, all of them by default:
  transport  5 runs of 20,000 messages over 1 and over 20 connections, through our transport alone and
             through Postfix's smtp-source: medians of alternating runs
  delivery   10,000 mails out of the outbox: two workers on PostgreSQL, one on SQLite; beside them
             smtp-source handing the same sink as many messages of that size
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
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from measuring.postgres import Postgres
from measuring.processes import ROOT, STARTED, free_port, listens, until

PROGRAM = os.path.abspath("target/release/assent")
TOOLS = os.path.dirname(os.path.abspath(os.environ.get("TEST_SMTP_SINK", "target/test-tools/smtp-sink")))
POSTFIX = os.path.join(TOOLS, "postfix")
# What benches/transport.rs sends: about the size of mail 1.
SIZE = 12 * 1024
# The kernel's file times may be a tick early.
TICK = 0.004

END_LEASES = {
    "SQLite": "UPDATE outbox SET lease_until = 0 WHERE lease_until IS NOT NULL",
    "PostgreSQL": "UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL",
}
QUEUED = "SELECT count(*) FROM outbox WHERE state = 'queued'"
SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"
HELD = "SELECT {id} FROM outbox WHERE state = 'queued' AND lease_until IS NOT NULL"


def postfix(name, *arguments):
    environment = {"LD_LIBRARY_PATH": os.path.join(POSTFIX, "usr/lib/postfix"), "PATH": os.environ["PATH"]}
    return {"args": [os.path.join(POSTFIX, "usr/sbin", name), *arguments], "env": environment}


class Sink:
    """smtp-sink, with a file for each message."""

    def __init__(self):
        self.directory, self.port = tempfile.mkdtemp(prefix="sink-"), free_port()
        options = ["-u", "root"] if ROOT else []
        self.process = subprocess.Popen(
            **postfix("smtp-sink", *options, "-d", os.path.join(self.directory, "message."),
                      f"127.0.0.1:{self.port}", "1000"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("smtp-sink", lambda: listens(self.port))

    def url(self):
        return f"smtp://127.0.0.1:{self.port}?tls=none"

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

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory)


class Publisher:
    """An installation with one report on offer, on either database."""

    def __init__(self, kind, server, relay):
        self.kind, self.server = kind, server
        self.directory = tempfile.mkdtemp(prefix="publisher-")
        self.database = f"bench_{random.randrange(1 << 60):x}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "ASSENT_DATA_DIR": os.path.join(self.directory, "data"),
            "ASSENT_MAIL_URL": relay,
            "ASSENT_CONTROLLER_NAME": "Bench Press",
            "ASSENT_CONTROLLER_ADDRESS": "1 Bench Street",
            "ASSENT_CONTROLLER_CONTACT": "privacy@bench.example",
            "ASSENT_LIMIT_SIGNUPS_PER_IP": "off",
            "RUST_LOG": "error",
        }
        if kind == "PostgreSQL":
            server.run(f"CREATE DATABASE {self.database}", "postgres")
            self.environment["ASSENT_DATABASE_URL"] = server.url(self.database)
        policy, report = os.path.join(self.directory, "policy.md"), os.path.join(self.directory, "report.pdf")
        with open(policy, "w") as out:
            out.write("# Privacy\n\nWe keep little.\n")
        with open(report, "w") as out:
            out.write("%PDF-1.7\n%%EOF\n")
        self.command("policy", "publish", policy, "--version", "2024-01")
        self.command("report", "add", report, "--slug", "bench", "--title", "A report of the bench", "--publish")

    def command(self, *arguments):
        subprocess.run([PROGRAM, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def start(self, *arguments):
        """`serve`, and its port if it answers any."""
        port = free_port()
        environment = {"ASSENT_LISTEN": f"127.0.0.1:{port}", "ASSENT_BASE_URL": f"http://127.0.0.1:{port}"}
        served = subprocess.Popen([PROGRAM, "serve", *arguments], env={**self.environment, **environment},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        STARTED.append(served)
        return served, port

    def sql(self, text):
        if self.kind == "PostgreSQL":
            return self.server.run(text, self.database)
        with sqlite3.connect(os.path.join(self.directory, "data/assent.db"), timeout=60) as database:
            rows = [str(row[0]) for row in database.execute(text)]
        database.close()
        return rows

    def count(self, text):
        return int(self.sql(text)[0])

    def fill(self, count):
        """Lets so many mails wait, each about a form of its own."""
        web, port = self.start("--role", "web")
        until("the program", lambda: listens(port))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            emails = (f"r{random.randrange(1 << 60):x}@council{n % 400}.example" for n in range(count))
            list(pool.map(lambda email: sign_up(port, email), emails))
        stop(web)

    def held(self):
        """The mails that a worker has claimed and not settled."""
        of = "lower(hex(outbox_id))" if self.kind == "SQLite" else "replace(CAST(outbox_id AS text), '-', '')"
        return self.sql(HELD.format(id=of))

    def close(self):
        shutil.rmtree(self.directory)


def stop(*served):
    for each in served:
        each.terminate()
    for each in served:
        if each.wait() != 0:
            sys.exit(f"a polite stop ended with {each.returncode}")


def sign_up(port, email):
    body = urllib.parse.urlencode({"email": email, "consent": "yes", "policy": "2024-01", "website": ""})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/reports/bench", body, {"content-type": "application/x-www-form-urlencoded"})
    status = connection.getresponse().status
    connection.close()
    if status != 303:
        sys.exit(f"a signup was answered with {status}")


def source(port, connections, count):
    """Messages a second by smtp-source, over connections that are kept."""
    begun = time.monotonic()
    subprocess.run(**postfix("smtp-source", "-d", "-s", str(connections), "-m", str(count), "-l", str(SIZE),
                             f"127.0.0.1:{port}"), check=True)
    return count / (time.monotonic() - begun)


def transport(count):
    cargo = [os.environ.get("CARGO", "cargo"), "bench", "--quiet", "--bench", "transport"]
    subprocess.run([*cargo, "--no-run"], check=True)
    port = free_port()
    options = ["-u", "root"] if ROOT else []
    sink = subprocess.Popen(**postfix("smtp-sink", *options, f"127.0.0.1:{port}", "1000"), stderr=subprocess.DEVNULL)
    try:
        until("smtp-sink", lambda: listens(port))
        for connections in (1, 20):
            ours, theirs = [], []
            for _ in range(5):
                theirs.append(source(port, connections, count))
                arguments = ["--", "127.0.0.1", str(port), str(connections), str(count)]
                told = subprocess.run([*cargo, *arguments], check=True, capture_output=True, text=True).stdout
                ours.append(float(re.search(r"([\d.]+) messages/s", told).group(1)))
            ours, theirs = statistics.median(ours), statistics.median(theirs)
            print(f"transport, {connections} connections: {ours:,.0f} messages/s; "
                  f"smtp-source {theirs:,.0f}, ratio {ours / theirs:.2f}")
    finally:
        sink.kill()
        sink.wait()


def seconds_of(pid):
    """Seconds of processor that a process and its ended children have used."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def delivery(count):
    server, sink = Postgres(), Sink()
    try:
        ceiling = source(sink.port, 16, count)
        collections.deque(sink.take(), maxlen=0)
        print(f"delivery: smtp-source hands the sink {ceiling:,.0f} messages/s")
        for kind, workers in (("PostgreSQL", 2), ("SQLite", 1)):
            publisher = Publisher(kind, server, sink.url())
            publisher.fill(count)
            waiting = publisher.count(QUEUED)
            database = lambda: sum(map(seconds_of, children_of(server.process.pid)), seconds_of(server.process.pid))
            before = database(), seconds_of(sink.process.pid)
            begun = time.time()
            served = [publisher.start("--role", "worker")[0] for _ in range(workers)]
            until("an empty outbox", lambda: time.sleep(0.2) or publisher.count(QUEUED) == 0, 600)
            ours = sum(seconds_of(each.pid) for each in served)
            spent = database() - before[0], seconds_of(sink.process.pid) - before[1]
            stop(*served)
            arrived = list(sink.take())
            ids = collections.Counter(each[0] for each in arrived)
            took = max(each[2] for each in arrived) - min(each[2] for each in arrived)
            first = min(each[2] for each in arrived) - begun
            lost, twice = waiting - len(ids), sum(ids.values()) - len(ids)
            rate = waiting / took
            print(f"delivery, {workers} on {kind}: {waiting:,} mails, {lost} lost, {twice} duplicates; "
                  f"{rate:,.0f} mails/s, ratio {rate / ceiling:.2f}; first after {first:.2f} s; "
                  f"in {took:.1f} s of {os.cpu_count()} cores: workers {ours:.1f} s, "
                  + (f"PostgreSQL {spent[0]:.1f} s, " if kind == "PostgreSQL" else "") + f"sink {spent[1]:.1f} s")
            publisher.close()
            if lost or twice:
                sys.exit("a mail was lost or came twice")
    finally:
        sink.stop()
        server.stop()


def signups(seconds):
    server, sink = Postgres(), Sink()
    try:
        for kind in ("SQLite", "PostgreSQL"):
            publisher = Publisher(kind, server, sink.url())
            served, port = publisher.start()
            until("the program", lambda: listens(port))
            for n in range(20):
                sign_up(port, f"warm{n}@council.example")
            asked, answered = {}, []

            def one(n):
                email = f"reader{n}@council{n % 400}.example"
                time.sleep(max(0, begun + n / 50 - time.time()))
                asked[email] = time.time()
                sign_up(port, email)
                answered.append(time.time() - asked[email])

            begun = time.time() + 1
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                list(pool.map(one, range(50 * seconds)))
            until("an empty outbox", lambda: time.sleep(0.2) or publisher.count(QUEUED) == 0)
            stop(served)
            took = sorted(at - asked[to] for _, to, at in sink.take() if to in asked)
            if len(took) != len(asked):
                sys.exit(f"{len(asked)} asked, {len(took)} mails came")
            at = lambda times, share: 1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))]
            print(f"signups on {kind}, 50 a second, {len(took):,} in all, from form to mail: "
                  f"p50 {at(took, 0.5):.0f} ms, p99 {at(took, 0.99):.0f} ms, max {at(took, 1):.0f} ms; "
                  f"of it the answer to the form p50 {at(answered, 0.5):.0f} ms, p99 {at(answered, 0.99):.0f} ms")
            publisher.close()
    finally:
        sink.stop()
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
                worker, _ = publisher.start("--role", "worker")
                until("mail under way", sink.under_way)
                time.sleep(random.uniform(0.005, 0.3))
                worker.kill()
                worker.wait()
                allowed.update(publisher.held())
                publisher.sql(END_LEASES[kind])
                arrived.update(each[0] for each in sink.take())
            worker, _ = publisher.start("--role", "worker")
            until("an empty outbox", lambda: time.sleep(0.2) or publisher.count(QUEUED) == 0)
            stop(worker)
            arrived.update(each[0] for each in sink.take())
            sent = publisher.count(SENT)
            lost = publisher.count("SELECT count(*) FROM outbox") - len(arrived)
            twice = sum(arrived.values()) - len(arrived)
            often = sum(times > 1 + allowed[each] for each, times in arrived.items())
            print(f"kills on {kind}: {count:,} kill -9, {sent:,} mails, {lost} lost, {twice} duplicates of "
                  f"{sum(allowed.values()):,} that were held, {often} more often than once a kill; "
                  f"{time.monotonic() - begun:.0f} s")
            publisher.close()
            if lost or often:
                sys.exit("a mail was lost or came too often")
    finally:
        sink.stop()
        server.stop()


PARTS = {
    "transport": (transport, 20_000),
    "delivery": (delivery, 10_000),
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
    tempfile.tempdir = tempfile.mkdtemp(prefix="assent-bench-")
    # PostgreSQL's directory lies in it, and its user may be another.
    os.chmod(tempfile.tempdir, 0o755)
    try:
        for name, _, count in asked:
            run, by_default = PARTS[name]
            run(int(count or by_default))
    finally:
        for each in STARTED:
            if each.poll() is None:
                each.kill()
                each.wait()
        shutil.rmtree(tempfile.tempdir)


if __name__ == "__main__":
    main()
