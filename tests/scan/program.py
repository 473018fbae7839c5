"""The built program with something to read, and somebody's way through it: what every scanner looks at."""

import email
import email.policy
import glob
import html
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from postgres import free_port

PROGRAM = os.path.abspath(os.environ.get("TEST_PROGRAM", "target/release/assent"))
HERE = os.path.dirname(os.path.abspath(__file__))
STAFF, PASSWORD = "admin@press.example", "pylon marmot ferrous quilt"
# One pixel.
COVER = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                      "1f15c4890000000d49444154789c63606060f80f00010401007d2b6a2d0000000049454e44ae426082")

# Whoever is told to end ends what it started first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))


class Program:
    """A server on 127.0.0.1 in a directory of its own, ended and removed at the end of `with`."""

    def __init__(self, database_url=None, base_url=None, clock=None, **settings):
        self.directory = tempfile.mkdtemp(prefix="assent-scan-")
        self.port = free_port()
        self.base_url = base_url or f"http://127.0.0.1:{self.port}"
        self.data = os.path.join(self.directory, "data")
        self.process = None
        self.log = os.path.join(self.directory, "log")
        self.environment = {
            "PATH": os.environ["PATH"], "ASSENT_DATA_DIR": self.data, "ASSENT_LISTEN": f"127.0.0.1:{self.port}",
            "ASSENT_BASE_URL": self.base_url, "ASSENT_MAIL_FROM": "Sample Press <reports@press.example>",
            "ASSENT_CONTROLLER_NAME": "Sample Press Ltd", "ASSENT_CONTROLLER_ADDRESS": "1 Sample Street, Sampleton",
            "ASSENT_CONTROLLER_CONTACT": "privacy@press.example", "ASSENT_LIMIT_SIGNUPS_PER_IP": "off",
            "ASSENT_LIMIT_MAIL_PER_ADDRESS": "off", "RUST_LOG": "warn", **settings,
        }
        if database_url:
            self.environment["ASSENT_DATABASE_URL"] = database_url
        try:
            self.fill(clock)
            self.start(clock)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def environment_at(self, clock):
        """The machine's time, or some days from it, as libfaketime's FAKETIME says."""
        if clock is None:
            return self.environment
        library = os.environ.get("TEST_LIBFAKETIME") or glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0]
        return {**self.environment, "LD_PRELOAD": library, "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_FORCE_MONOTONIC_FIX": "0"}

    def command(self, *arguments, clock=None, said=None):
        done = subprocess.run([PROGRAM, *arguments], env=self.environment_at(clock), input=said, text=True,
                              capture_output=True, check=False, timeout=120)
        if done.returncode:
            raise SystemExit(f"assent {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def file(self, name, content):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as out:
            out.write(content)
        return path

    def publish(self, label, *change, clock=None):
        text = f"# Privacy\n\nWe keep little. This is version {label}.\n"
        self.command("policy", "publish", self.file(f"{label}.md", text.encode()), "--version", label, *change, clock=clock)

    def fill(self, clock):
        self.publish("2026-11", clock=clock)
        self.command("newsletter", "add", "weekly", "--name", "The weekly", "--description", "Each Thursday", clock=clock)
        report = self.file("report.pdf", b"%PDF-1.4\n" + b"A page about councils. " * 40_000 + b"\n%%EOF\n")
        cover = self.file("cover.png", COVER)
        self.command("report", "add", report, "--slug", "councils", "--title", "Digital councils", "--summary",
                     "What 75 councils say", "--cover", cover, "--newsletter", "weekly", "--publish", clock=clock)
        self.command("purpose", "add", "partner-offers", "--name", "Partner offers", "--words",
                     "Sample Press may send me offers of its partners. I can withdraw this at any time.",
                     "--report", "councils", clock=clock)
        self.command("staff", "add", STAFF, "--role", "admin", clock=clock, said=f"{PASSWORD}\n")

    def start(self, clock=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve"], env=self.environment_at(clock), stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the program does not start:\n{self.said()}")
            time.sleep(0.1)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def errors(self):
        """Lines of the log that tell of a bug: nothing that is asked may cause one."""
        return [line for line in self.said().splitlines() if " ERROR " in line or "panicked" in line]

    def is_ready(self):
        try:
            return Browser(self).get("/readyz").status == 200
        except OSError:
            return False

    def mails(self):
        """Each mail that left, by its file."""
        for name in sorted(glob.glob(os.path.join(self.data, "mailbox", "*.eml"))):
            with open(name, "rb") as mail:
                yield name, email.message_from_binary_file(mail, policy=email.policy.default)

    def link(self, to, path):
        """The path of such a link in the newest mail to an address, once there is one."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for _, mail in reversed(list(self.mails())):
                text = mail.get_body(("plain",)).get_content()
                found = re.search(rf"https?://[^/\s]+(/{path}/\S+)", text) if to in mail["to"] else None
                if found:
                    return found.group(1)
            time.sleep(0.1)
        raise SystemExit(f"no mail to {to} has a link /{path}/…\n{self.said()}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def text(self):
        return self.body.decode("utf-8", "replace")

    def hidden(self, name):
        """The value of the first field of that name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text())
        return html.unescape(found.group(1)) if found else None


class Browser:
    """Somebody's browser, with its cookies."""

    def __init__(self, program):
        # What forms of the console carry, once somebody signed in.
        self.program, self.cookies, self.csrf = program, {}, None

    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def send(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=60)
        given = {"Host": urllib.parse.urlsplit(self.program.base_url).netloc, **(headers or {})}
        if self.cookies:
            given["Cookie"] = self.cookie()
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        whole = Answer(answer.status, answer.headers, answer.read())
        connection.close()
        for line in answer.headers.get_all("set-cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return whole

    def get(self, path, headers=None):
        return self.send("GET", path, headers=headers)

    def post(self, path, fields=()):
        """Sends a form, which must be taken."""
        body = urllib.parse.urlencode(fields, doseq=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        answer = self.send("POST", path, body, headers)
        if answer.status not in (200, 303):
            raise SystemExit(f"POST {path} was answered {answer.status}: {answer.text()}")
        return answer

    def ask(self, address, path="/reports/councils", policy="2026-11"):
        fields = {"email": address, "name": "Ada Ashby", "consent": "yes", "policy": policy, "website": "",
                  "newsletter": "weekly"}
        return self.post(path, fields)

    def subscribe(self, address, **form):
        """Asks for the report, and presses the button of the page behind the link."""
        self.ask(address, **form)
        link = self.program.link(address, "confirm")
        page = self.get(link)
        fields = {name: page.hidden(name) for name in ("policy", "notice")}
        self.post(link, {name: value for name, value in fields.items() if value is not None} | {"newsletter": "weekly"})
        return link

    def sign_in(self):
        """Signs in at the console."""
        self.post("/console/sign-in", {"email": STAFF, "password": PASSWORD})
        self.csrf = self.get("/console/tokens").hidden("csrf")

    def token(self):
        """A token that opens all of the API."""
        scopes = ["exports", "withdrawals", "subscribers", "erase"]
        form = self.get("/console/tokens").hidden("form_id")
        page = self.post("/console/tokens", {"name": "Scanner", "scopes": scopes, "csrf": self.csrf, "form_id": form})
        return re.search(r"Bearer (assent_[^\s<]+)", page.text()).group(1)
