"""A demo on 127.0.0.1 in a directory of its own, its console and its mail."""

import email
import email.policy
import glob
import html
import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PAGE = "https://press.example"
RELAY_KEY = "hook:sixteen-letters-and-more"
STAFF = "admin@civicdigitalpress.example"
SCOPES = ["exports", "withdrawals", "subscribers", "erase"]

# Whoever is told to end ends what it started first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until(look, what, seconds=60):
    """What `look` finds, once it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {seconds} s")


class Demo:
    def __init__(self, directory):
        self.data, self.log = f"{directory}/demo", f"{directory}/log"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            "PATH": os.environ["PATH"], "TMPDIR": directory, "ASSENT_LISTEN": f"127.0.0.1:{port}", "ASSENT_BASE_URL": self.url,
            "ASSENT_EMBED_ORIGINS": PAGE, "ASSENT_LIMIT_MAIL_PER_ADDRESS": "off", "ASSENT_LIMIT_SIGNUPS_PER_IP": "off",
            "ASSENT_MAIL_RELAY_EVENTS": "postmark", "ASSENT_MAIL_RELAY_EVENTS_KEY": RELAY_KEY,
        }
        command = [os.path.abspath(os.environ["TEST_PROGRAM"]), "demo", "--dir", self.data]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(cookies)
        try:
            until(self.is_ready, "the demo")
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)

    def is_ready(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise SystemExit(f"the demo does not start:\n{log.read()}")
        try:
            return self.read("/readyz")
        except OSError:
            return None

    def bugs(self):
        """Lines of the log that tell of a bug: nothing that is asked may cause one."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return [line for line in log if " ERROR " in line or "panicked" in line]

    def read(self, path, form=None):
        body = None if form is None else urllib.parse.urlencode(form, doseq=True).encode()
        with self.browser.open(self.url + path, body, timeout=30) as answer:
            return answer.read().decode()

    def token(self):
        """A token that opens all of the API."""
        with open(f"{self.data}/console-password", encoding="utf-8") as kept:
            password = kept.read().strip()
        self.read("/console/sign-in", {"email": STAFF, "password": password})
        page = self.read("/console/tokens")
        hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("csrf", "form_id")}
        page = self.read("/console/tokens", {"name": "A client", "scopes": SCOPES, **hidden})
        return html.unescape(re.search(r"Bearer (assent_[^\s<]+)", page)[1])

    def code(self, to):
        """The code of the mail to this address, once it is there."""
        def look():
            for name in sorted(glob.glob(f"{self.data}/mailbox/*.eml"), reverse=True):
                with open(name, "rb") as mail:
                    message = email.message_from_binary_file(mail, policy=email.policy.default)
                text = message.get_body(("plain",)).get_content()
                found = re.search(r"^\s*(\d{6})\s*$", text, re.MULTILINE) if to in message["to"] else None
                if found:
                    return found[1]
            return None
        return until(look, f"a mail to {to}")
