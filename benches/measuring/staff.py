"""Somebody of the staff, signed in at the console of an installation that serves."""

import html
import http.client
import re
import statistics
import subprocess
import time
import urllib.parse

from .processes import Trouble

EMAIL, PASSWORD = "admin@press.example", "correct horse battery staple 7"


class Took:
    """Milliseconds of one page: its first fetch apart from the others, and how many were not answered by 200."""

    def __init__(self, first, others, wrong):
        self.first, self.others, self.wrong = first, sorted(others), wrong
        self.median, self.slowest = statistics.median(others), self.others[-1]

    def of_a_hundred(self, number):
        return self.others[len(self.others) * number // 100]


def add_staff(installation):
    done = subprocess.run([installation.program, "staff", "add", EMAIL, "--role", "admin"],
                          env=installation.environment, input=PASSWORD + "\n", capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"staff add: {done.stderr.strip()}")


class Console:
    """Pages come over one connection, compressed, as a browser asks for them."""

    def __init__(self, installation):
        self.origin = installation.url("")
        if not installation.count(f"SELECT count(*) FROM staff WHERE email = '{EMAIL}'"):
            add_staff(installation)
        self.connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=120)
        self.cookie = ""
        body = urllib.parse.urlencode({"email": EMAIL, "password": PASSWORD})
        answer = self._ask("POST", "/console/sign-in", body, {
            "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
            "Origin": self.origin})
        answer.read()
        if answer.status != 303:
            raise Trouble(f"nobody could sign in: {answer.status}")
        self.cookie = "; ".join(value.split(";")[0] for name, value in answer.getheaders()
                                if name.lower() == "set-cookie")

    def _ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, {"Cookie": self.cookie, **(headers or {})})
        return self.connection.getresponse()

    def get(self, path):
        """A page as text."""
        answer = self._ask("GET", path)
        page = answer.read().decode()
        if answer.status != 200:
            raise Trouble(f"GET {path} was answered {answer.status}")
        return page

    def headings(self, page):
        return [html.unescape(re.sub(r"<[^>]*>", "", told)).strip() for told in re.findall(r"<h2>(.*?)</h2>", page)]

    def measure(self, path, times):
        """What so many fetches take after the first one."""
        took, wrong = [], 0
        for _ in range(times + 1):
            begun = time.perf_counter()
            answer = self._ask("GET", path, headers={"Accept-Encoding": "gzip"})
            answer.read()
            took.append((time.perf_counter() - begun) * 1000)
            wrong += answer.status != 200
        return Took(took[0], took[1:], wrong)
