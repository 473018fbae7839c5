"""An installation of the program with sample content and without limits, and what a reader does there."""

import contextlib
import html
import http.client
import os
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from .processes import Spent, Trouble, free_port, in_memory, memory_of, start, stop, tail, until

FILE_SIZE = 5 * 1024 * 1024
POLICY, NEWSLETTER, REPORT = "2026-11", "weekly", "bench"
LANDING_PAGE = f"/reports/{REPORT}"
READER = {"name": "Ada Lovelace", "organisation": "Analytical Engines Ltd", "job_title": "Analyst",
          "consent": "yes", "website": ""}
# As `src/domain/signup/link.rs` writes a token, on a line of its own in the plain text.
CONFIRMATION = re.compile(rb"/confirm/([a-z2-7]{55})\r?\n")
PLAIN_TEXT = 4096
QUEUED = "SELECT count(*) FROM outbox WHERE state = 'queued'"
HELD = "SELECT {id} FROM outbox WHERE state = 'queued' AND lease_until IS NOT NULL"


def file_of_report(path):
    """A file of 5 MiB that nothing makes smaller."""
    head, end = b"%PDF-1.7\n", b"\n%%EOF\n"
    with open(path, "wb") as out:
        out.write(head + random.Random(5).randbytes(FILE_SIZE - len(head) - len(end)) + end)


class Installation:
    """`serve` on a fresh directory, and a fresh database of PostgreSQL if a server is given."""

    def __init__(self, program, server=None, data=None, settings=None):
        self.program, self.server, self.process = program, server, None
        self.directory, self.port = tempfile.mkdtemp(prefix="installation-"), free_port()
        self.data = data or os.path.join(self.directory, "data")
        self.log = os.path.join(self.directory, "log")
        # A relay takes no disk of ours, and thousands of small files are the file system's work.
        self.mailbox = tempfile.mkdtemp(prefix="mailbox-", dir=in_memory())
        self.environment = {
            "PATH": os.environ["PATH"], "RUST_LOG": "warn",
            "ASSENT_DATA_DIR": self.data,
            "ASSENT_MAIL_URL": f"file:{self.mailbox}",
            "ASSENT_LISTEN": f"127.0.0.1:{self.port}",
            "ASSENT_BASE_URL": f"http://127.0.0.1:{self.port}",
            "ASSENT_CONTROLLER_NAME": "Sample Press",
            "ASSENT_CONTROLLER_ADDRESS": "1 Sample Street",
            "ASSENT_CONTROLLER_CONTACT": "privacy@sample.example",
            "ASSENT_LIMIT_SIGNUPS_PER_IP": "off",
            "ASSENT_LIMIT_MAIL_PER_ADDRESS": "off",
            "ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE": "off",
            **(settings or {}),
        }
        if server:
            self.database = f"bench_{random.randrange(1 << 60):x}"
            server.fresh(self.database)
            self.environment["ASSENT_DATABASE_URL"] = server.url(self.database)
        self.environment |= settings or {}
        policy, self.report = os.path.join(self.directory, "policy.md"), os.path.join(self.directory, "report.pdf")
        with open(policy, "w") as out:
            out.write("# Privacy\n\nWe keep little.\n")
        file_of_report(self.report)
        self.command("policy", "publish", policy, "--version", POLICY)
        self.command("newsletter", "add", NEWSLETTER, "--name", "The weekly")
        self.command("report", "add", self.report, "--slug", REPORT, "--title", "A report of the bench",
                     "--newsletter", NEWSLETTER, "--publish")

    def __enter__(self):
        self.start_serving()
        return self

    def __exit__(self, *_):
        self.stop_serving()
        self.remove()

    def start_serving(self, *arguments, seconds=60):
        """`serve`, in a role that answers."""
        self.process = start([self.program, "serve", *arguments], self.log, env=self.environment)
        until("the program answers", self.answers, seconds)

    def stop_serving(self):
        if self.process:
            stop(self.process)
            self.process = None

    @contextlib.contextmanager
    def working(self, workers=1):
        """Processes that do the work beside pages."""
        started = [start([self.program, "serve", "--role", "worker"], self.log, env=self.environment)
                   for _ in range(workers)]
        try:
            yield started
        finally:
            for each in started:
                stop(each)

    def remove(self):
        if self.server:
            self.server.drop(self.database)
        for directory in (self.directory, self.mailbox):
            shutil.rmtree(directory, ignore_errors=True)

    def command(self, *arguments):
        done = subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=120)
        if done.returncode:
            raise Trouble(f"{' '.join(arguments)}: {done.stderr.strip()}")

    def sql(self, text):
        """The first column of each row as text; changes nothing.

        Whoever may write would also put what was written ahead into its place, which is the program's to do.
        """
        if self.server:
            return self.server.run(text, self.database)
        database = sqlite3.connect(f"file:{self.data}/assent.db?mode=ro", uri=True, timeout=30)
        try:
            return [str(row[0]) for row in database.execute(text)]
        finally:
            database.close()

    def count(self, text):
        return int(self.sql(text)[0])

    def change(self, *statements):
        """Runs statements in one transaction."""
        if self.server:
            self.server.run("; ".join(statements), self.database)
            return
        database = sqlite3.connect(f"{self.data}/assent.db", timeout=30, isolation_level=None)
        try:
            for statement in ("BEGIN IMMEDIATE", *statements, "COMMIT"):
                database.execute(statement)
        finally:
            database.close()

    def keys(self, text):
        """Keys of mails, written the same for both databases."""
        of = "replace(CAST(outbox_id AS text), '-', '')" if self.server else "lower(hex(outbox_id))"
        return self.sql(text.format(id=of))

    def held(self):
        """The mails that a worker has claimed and not settled: after its death they may come again, once."""
        return self.keys(HELD)

    def spent(self, *arguments, out=None):
        """Runs a command that may take long; what it took."""
        return Spent([self.program, *arguments], self.environment, out)

    def answers(self):
        if self.process.poll() is not None:
            raise Trouble(f"the program does not start: {tail(self.log)}")
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def ask(self, method, path, body=None, headers=None):
        """Status, headers and body of one answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            said = form if method == "POST" else {}
            connection.request(method, path, body, {**said, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def form(self):
        """What a browser sends besides the address, with the hidden fields of the page as it is now."""
        status, _, page = self.ask("GET", LANDING_PAGE)
        if status != 200:
            raise Trouble(f"GET {LANDING_PAGE} was answered {status}: {tail(self.log)}")
        fields = {**READER, "newsletter": NEWSLETTER}
        for tag in re.findall(r'<input type="hidden"[^>]*>', page.decode()):
            name, value = (re.search(rf'{which}="([^"]*)"', tag) for which in ("name", "value"))
            fields[html.unescape(name.group(1))] = html.unescape(value.group(1))
        return urllib.parse.urlencode(fields)

    def sign_up(self, email):
        body = f"email={urllib.parse.quote(email)}&{self.form()}"
        status, _, _ = self.ask("POST", LANDING_PAGE, body)
        if status != 303:
            raise Trouble(f"a signup was answered {status}: {tail(self.log)}")

    def confirmations(self):
        """The tokens in the mails that ask to confirm, of those that have come."""
        tokens = []
        for entry in os.scandir(self.mailbox):
            if entry.name.endswith(".eml"):
                with open(entry.path, "rb") as mail:
                    told = CONFIRMATION.search(mail.read(PLAIN_TEXT))
                if told:
                    tokens.append(told.group(1).decode())
        return tokens

    def mailed(self, count, seconds):
        """Tokens once so many mails have come; those that are there when the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if sum(name.endswith(".eml") for name in os.listdir(self.mailbox)) >= count:
                break
            time.sleep(0.3)
        return self.confirmations()

    def download(self):
        """The path of the file that one reader gets, who signs up and confirms."""
        self.sign_up("reader@example.com")
        tokens = self.mailed(1, 30)
        if not tokens:
            raise Trouble(f"no mail that asks to confirm came within 30 s: {tail(self.log)}")
        status, headers, _ = self.ask("POST", f"/confirm/{tokens[0]}")
        to = headers.get("location", "")
        if status != 303 or not to.startswith("/downloads/"):
            raise Trouble(f"a confirmation was answered {status}, to {to!r}: {tail(self.log)}")
        return f"{to}/file"

    def memory(self, which):
        return memory_of(self.process.pid, which)
