"""Signup forms over several connections, and what was answered to each."""

import collections
import http.client
import socket
import threading
import time
import urllib.parse

from measuring.program import LANDING_PAGE

# What an answer says: ACKNOWLEDGED is a promise; REFUSED is 503 with Retry-After; UNKNOWN was sent, and the connection
# broke before an answer; AWAY was never sent, for nobody listened; WRONG is every other answer.
ACKNOWLEDGED, REFUSED, UNKNOWN, AWAY, WRONG = "acknowledged", "refused", "unknown", "away", "wrong"

# `took` in seconds; `at` and `until` by the monotonic clock.
Form = collections.namedtuple("Form", "email at until answer said")

# How long a form waits for its answer; longer than the program takes for any.
PATIENCE = 40


class Connection(http.client.HTTPConnection):
    """One that a reader's browser keeps; small packets do not wait."""

    def connect(self):
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Forms:
    """Sends forms from its beginning to its end, each with an address of its own."""

    def __init__(self, port, body, name, connections=8, pause=0.02):
        self.port, self.body, self.name, self.pause = port, body, name, pause
        self.sent, self._ended = [], threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(n,), daemon=True) for n in range(connections)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Sends no more, and waits for the answers that are under way."""
        self._ended.set()
        deadline = time.monotonic() + PATIENCE + 5
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))

    def _send(self, which):
        connection = Connection("127.0.0.1", self.port, timeout=PATIENCE)
        n = 0
        while not self._ended.is_set():
            n += 1
            # Many domains, for mail to one of them is slowed down by what its server says.
            email = f"{self.name}c{which}n{n}@council{(which * 7919 + n) % 400}.example"
            form = self._one(connection, email)
            self.sent.append(form)
            # Who was refused does not come back at once, nor a thousand times a second.
            time.sleep(self.pause if form.answer == ACKNOWLEDGED else max(self.pause, 0.05))
        connection.close()

    def _one(self, connection, email):
        begun, answer, said = time.monotonic(), WRONG, ""
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            connection.close()
            return Form(email, begun, time.monotonic(), AWAY, "")
        try:
            connection.request("POST", LANDING_PAGE, f"email={urllib.parse.quote(email)}&{self.body}",
                               {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"})
            got = connection.getresponse()
            got.read()
            said = f"{got.status}"
            if got.status == 303:
                answer = ACKNOWLEDGED
            elif got.status == 503 and got.headers.get("retry-after"):
                answer = REFUSED
            elif got.status == 503:
                said = "503 without Retry-After"
        except (OSError, http.client.HTTPException) as error:
            answer, said = UNKNOWN, type(error).__name__
            connection.close()
        return Form(email, begun, time.monotonic(), answer, said)

    # What is asked of it while it goes on, and afterwards.

    def by(self, answer):
        return [form for form in list(self.sent) if form.answer == answer]

    def emails(self, answer=ACKNOWLEDGED):
        return [form.email for form in self.by(answer)]

    def first(self, answer, after):
        """When the first form that was sent after this moment was answered so; None if none was."""
        times = [form.until for form in self.by(answer) if form.at >= after]
        return min(times, default=None)

    def until_answered(self, answer, after, seconds):
        """Waits for such an answer to a form sent after this moment; None when the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.first(answer, after)
            if found is not None:
                return found
            time.sleep(0.02)
        return None

    def longest(self):
        """Seconds that the slowest answer took, whatever it was."""
        return max((form.until - form.at for form in list(self.sent)), default=0.0)

    def p99(self, since=0.0):
        """Milliseconds of what was acknowledged since then."""
        took = sorted(form.until - form.at for form in self.by(ACKNOWLEDGED) if form.at >= since)
        return 1000 * took[len(took) * 99 // 100] if took else None


class Pages:
    """Asks for a page again and again beside the forms: it must be served whatever becomes of the database."""

    def __init__(self, site):
        self.site, self.wrong, self.longest, self._ended = site, [], 0.0, threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(35)

    def _ask(self):
        while not self._ended.wait(0.1):
            begun = time.monotonic()
            try:
                status = self.site.ask("GET", LANDING_PAGE)[0]
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
            self.longest = max(self.longest, time.monotonic() - begun)
            if status != 200:
                self.wrong.append(f"its page was answered {status}")
