"""What the machine could do at most, measured beside the product in the same round."""

import dataclasses
import hashlib
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time

from .load import load
from .processes import ROOT, Trouble, found, free_port, listens, start, stop, tail, until

# A signup is three rows, of about as many bytes as the program's own: who, what was agreed to, the mail about it.
NAME, ORGANISATION, TITLE = "Ada Lovelace", "Analytical Engines Ltd", "Analyst"
FILLING, EVENT = "k" * 120, '{"at":"2026-11-23T12:00:00.000000Z",' + '"data":"' + "e" * 560 + '"}'
AT = 1_790_000_000_000_000


@dataclasses.dataclass
class Ceiling:
    """A figure, with the milliseconds of one commit where they are known."""

    figure: float | None
    p50: float | None = None
    p99: float | None = None
    missing: str = ""


SQLITE = """
CREATE TABLE contact (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    organisation TEXT NOT NULL, job_title TEXT NOT NULL, keys TEXT NOT NULL, status TEXT NOT NULL,
    created_at INTEGER NOT NULL);
CREATE TABLE event (id INTEGER PRIMARY KEY, contact_id INTEGER NOT NULL REFERENCES contact (id),
    kind TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX event_of_contact ON event (contact_id);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, contact_id INTEGER NOT NULL REFERENCES contact (id),
    kind TEXT NOT NULL, token BLOB NOT NULL UNIQUE, state TEXT NOT NULL, next_at INTEGER NOT NULL);
CREATE INDEX outbox_due ON outbox (state, next_at);
"""


def sqlite_batches(seconds, batch):
    """Signups a second, each batch in one commit that is flushed; only what SQLite does is timed."""
    directory = tempfile.mkdtemp(prefix="ceiling-")
    database = sqlite3.connect(os.path.join(directory, "ceiling.db"), isolation_level=None)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            database.execute(f"PRAGMA {pragma}")
        database.executescript(SQLITE)
        took, at, end = [], 0, time.monotonic() + seconds
        while time.monotonic() < end:
            ids = range(at + 1, at + batch + 1)
            at += batch
            tokens = [hashlib.sha256(str(n).encode()).digest() for n in ids]
            contacts = [(n, f"u{token.hex()[:16]}@example.com", NAME, ORGANISATION, TITLE, FILLING, "pending", AT + n)
                        for n, token in zip(ids, tokens)]
            events = [(n, n, "requested", EVENT, AT + n) for n in ids]
            mails = [(n, n, "confirm", token, "queued", AT + n) for n, token in zip(ids, tokens)]
            begun = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO contact VALUES (?, ?, ?, ?, ?, ?, ?, ?)", contacts)
            database.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", events)
            database.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)", mails)
            database.execute("COMMIT")
            took.append(time.perf_counter() - begun)
    finally:
        database.close()
        shutil.rmtree(directory)
    return Ceiling(at / sum(took), 1000 * statistics.median(took), 1000 * sorted(took)[len(took) * 99 // 100])


POSTGRES = """
CREATE TABLE contact (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE,
    name text NOT NULL, organisation text NOT NULL, job_title text NOT NULL, keys text NOT NULL,
    status text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contact_id bigint NOT NULL REFERENCES contact (id), kind text NOT NULL, body text NOT NULL,
    at timestamptz NOT NULL DEFAULT now());
CREATE INDEX event_of_contact ON event (contact_id);
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contact_id bigint NOT NULL REFERENCES contact (id), kind text NOT NULL, token bytea NOT NULL UNIQUE,
    state text NOT NULL, next_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX outbox_due ON outbox (state, next_at);
"""
# Drawn from so many that two alike are not to be expected.
ONE_SIGNUP = f"""\\set n random(1, 9000000000000000000)
BEGIN;
INSERT INTO contact (email, name, organisation, job_title, keys, status)
    VALUES ('u' || to_hex(CAST(:n AS bigint)) || '@example.com', '{NAME}', '{ORGANISATION}', '{TITLE}', '{FILLING}',
    'pending') RETURNING id \\gset
INSERT INTO event (contact_id, kind, body) VALUES (:id, 'requested', '{EVENT.replace(":", "-")}');
INSERT INTO outbox (contact_id, kind, token, state)
    VALUES (:id, 'confirm', sha256(int8send(CAST(:n AS bigint))), 'queued');
COMMIT;
"""


def postgres_commits(server, seconds, clients=16):
    """Signups a second, each in a commit of its own, by statements prepared once."""
    server.fresh("ceiling")
    server.run(POSTGRES, "ceiling")
    script = os.path.join(tempfile.gettempdir(), "one_signup.sql")
    with open(script, "w") as out:
        out.write(ONE_SIGNUP)
    try:
        done = subprocess.run(
            [f"{server.bin}/pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2",
             f"--time={seconds}", f"--file={script}", server.url("ceiling")],
            capture_output=True, text=True, timeout=seconds + 120)
        rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
        if done.returncode or not rate or (failed and int(failed.group(1))):
            raise Trouble(f"pgbench: {(done.stderr or done.stdout).strip()[-1000:]}")
    finally:
        server.drop("ceiling")
    return Ceiling(float(rate.group(1)))


NGINX = """daemon off;
{user}
worker_processes auto;
pid {directory}/pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    default_type application/pdf;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{ listen 127.0.0.1:{port}; root {directory}/files; }}
}}
"""


def nginx_file(file, connections, seconds):
    """How often a second nginx sends this file by sendfile, if it is here."""
    program = found("nginx", None)
    if program is None:
        return Ceiling(None, missing="nginx is not here: apt-get install nginx-light")
    directory, port = tempfile.mkdtemp(prefix="nginx-"), free_port()
    os.mkdir(os.path.join(directory, "files"))
    shutil.copyfile(file, os.path.join(directory, "files", "report.pdf"))
    config, log = os.path.join(directory, "nginx.conf"), os.path.join(directory, "log")
    with open(config, "w") as out:
        out.write(NGINX.format(directory=directory, port=port, user="user root;" if ROOT else ""))
    process = start([program, "-p", directory, "-c", config, "-e", "stderr"], log)
    try:
        def answers():
            if process.poll() is not None:
                raise Trouble(f"nginx does not start: {tail(log)}")
            return listens(port)

        until("nginx", answers, 20)
        done = load(f"http://127.0.0.1:{port}/report.pdf", connections, seconds, "get.lua",
                    least=os.path.getsize(file))
    finally:
        stop(process)
        shutil.rmtree(directory)
    if done.wrong:
        raise Trouble(f"nginx answered {done.wrong} of {done.answers} wrongly: {done.said or 'no file was sent whole'}")
    return Ceiling(done.rate, done.p50, done.p99)
