"""What people and staff do until the power goes, and what of it was acknowledged."""

import contextlib
import http.client
import os
import random
import re
import threading
import time
import urllib.parse

from measuring.processes import Trouble, tail
from measuring.program import CONFIRMATION, LANDING_PAGE, NEWSLETTER, PLAIN_TEXT, REPORT

from .power_check import endings

PEOPLE = 8
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


class Load:
    """Each acknowledgement has the number that calls had come to once it had arrived."""

    def __init__(self, site, record, seed):
        self.site, self.record, self.random = site, record, random.Random(seed)
        self.acknowledged, self.wrong, self.over = [], [], False
        self.confirmed, self.threads = [], []

    def acknowledge(self, kind, what):
        self.acknowledged.append((self.record.number(), kind, what))

    def run(self, setup, seconds):
        """Sets up, where that is asked for, and lets everybody come for so long."""
        self.site.start(self.record.environment)
        if setup:
            for command in self.site.setup:
                self.site.run(*command)
                self.acknowledge("report", REPORT) if command[0] == "report" else self.acknowledge("set up", command[0])
        else:
            self.acknowledge("set up", "before")
            self.acknowledge("report", REPORT)
        self.site.serve()
        body = self.site.form()
        work = [lambda at=at: self._sign_up(at, body) for at in range(PEOPLE)]
        work += [self._confirm, self._staff]
        if self.site.cluster and not setup and self.random.random() < 0.5:
            # Not where tables are new: PostgreSQL flushes no folder for a new table's name, on which POSIX would have
            # a checkpoint lose it.
            work.append(self._checkpoint)
        self.threads = [threading.Thread(target=self._until_over, args=(each,), daemon=True) for each in work]
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)

    def end(self):
        """When all is killed: whoever waits for an answer gets none."""
        self.over = True
        for thread in self.threads:
            thread.join(30)

    def _until_over(self, work):
        try:
            work()
        except (OSError, http.client.HTTPException, Trouble) as error:
            if not self.over:
                self.wrong.append(f"{error!r}: {tail(self.site.log)}")

    @contextlib.contextmanager
    def _connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=20)

        def post(path, body):
            connection.request("POST", path, body, FORM)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 303 and not self.over:
                self.wrong.append(f"POST {path[:20]} was answered {answer.status}: {tail(self.site.log)}")
            return answer.status == 303

        try:
            yield post
        finally:
            connection.close()

    def _sign_up(self, person, body):
        with self._connection() as post:
            for form in range(1_000_000):
                email = f"p{person}x{form}@example.com"
                if self.over:
                    return
                if post(LANDING_PAGE, f"email={urllib.parse.quote(email)}&{body}"):
                    self.acknowledge("form", email)

    def _confirm(self):
        """Presses one link in three, as mails come."""
        seen = set()
        with self._connection() as post:
            while not self.over:
                for entry in list(os.scandir(self.site.mailbox)):
                    if self.over or entry.name in seen or not entry.name.endswith(".eml"):
                        continue
                    seen.add(entry.name)
                    with open(entry.path, "rb") as mail:
                        text = mail.read(PLAIN_TEXT)
                    token, to = CONFIRMATION.search(text), re.search(rb"^To:.*?([\w]+@example\.com)", text, re.M)
                    if token and to and len(seen) % 3 == 0 and post(f"/confirm/{token.group(1).decode()}", ""):
                        email = to.group(1).decode()
                        self.acknowledge("confirmed", email)
                        self.confirmed.append(email)
                time.sleep(0.02)

    def _staff(self):
        """Publishes reports, seals the ledger and erases people, one after the other."""
        count = 0
        while not self.over:
            time.sleep(self.random.random() * 0.1)
            what = self.random.choice(["report", "checkpoint", "erase"])
            count += 1
            if what == "report":
                slug = f"report-{count}"
                file = os.path.join(self.site.directory, f"{slug}.pdf")
                with open(file, "wb") as out:
                    out.write(b"%PDF-1.7\n" + self.random.randbytes(self.random.randrange(1, 300_000)) + b"\n%%EOF\n")
                self._told(slug, "report", "add", file, "--slug", slug, "--title", slug, "--newsletter", NEWSLETTER,
                           "--publish")
            elif what == "checkpoint":
                self._told("", "ledger", "checkpoint")
            elif self.confirmed:
                email = self.random.choice(self.confirmed)
                self._told(email, "erase", email)

    def _told(self, what, *command):
        if command[0] == "erase":
            # From here on nobody is promised that this address is there.
            self.acknowledge("leaving", what)
        done = self.site.run(*command, check=False)
        if done.returncode == 0:
            self.acknowledge(command[0], what or done.stdout)
            if command[0] == "erase":
                # Nobody else leaves here, so that all of it was noted before the answer.
                self.acknowledge("endings", endings(self.site.data))
        elif not self.over:
            self.wrong.append(f"{' '.join(command)}: {done.stderr.strip()}")

    def _checkpoint(self):
        while not self.over:
            time.sleep(0.1 + self.random.random())
            if not self.over:
                self.site.cluster.ask("CHECKPOINT", check=False)
