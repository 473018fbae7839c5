"""What a receiver needs besides its tool: webhooks by Standard Webhooks (v1), the cursor of withdrawals, and patience.

An event only says whose consent to look at: the person is read from assent, and added or removed as things stand.
So events may come twice, late or out of order. Kept are the cursor and, for each subscriber, the id that the tool
knows them by, so that somebody who was erased at assent can be erased there without their address.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENDED = ("consent.withdrawn", "consent.lapsed")
LOOKED_AT = (*ENDED, "consent.given", "subscriber.erased", "mail.bounced")
LARGEST, TOLERANCE = 65536, 300


class Away(Exception):
    """The other side can't be asked now."""


class Stays(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the token would go along, and a head be asked for as a whole."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Stays)


def needed(environment, *names):
    """What these variables hold; nothing goes on without them."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise SystemExit(f"set {' and '.join(missing)}: see README.md")
    return [environment[name] for name in names]


def call(method, url, body=None, headers=None, tries=6, read=json.loads):
    """The status and what `read` makes of the answer; of a refusal, the problem document that it may be. Asked again
    after 429, 5xx, no answer and half an answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
    for failures in range(1, tries + 1):
        wait = min(2 ** failures, 30)
        try:
            request = urllib.request.Request(url, data, headers, method=method)
            with OPENER.open(request, timeout=9) as answer:
                raw = answer.read()
                return answer.status, read(raw) if raw else None
        except urllib.error.HTTPError as error:
            if error.code != 429 and error.code < 500:
                return error.code, problem(error)
            told = error.headers.get("Retry-After", "")
            wait = min(int(told), 60) if told.isdigit() else wait
        except (OSError, http.client.HTTPException, ValueError):
            pass
        if failures < tries:
            time.sleep(wait)
    # Paths hold addresses.
    raise Away(f"{urllib.parse.urlsplit(url).netloc} does not answer as it should")


def problem(error):
    """Why something was refused, as assent says it (RFC 9457). None: something else refused it, such as a proxy."""
    try:
        told = json.loads(error.read()) if error.headers.get_content_type() == "application/problem+json" else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return told if isinstance(told, dict) and told.get("status") == error.code and "errors" in told else None


def is_secret(text):
    try:
        return text.startswith("whsec_") and len(base64.b64decode(text[6:], validate=True)) > 0
    except (binascii.Error, ValueError):
        return False


def is_signed(secrets, headers, body, now=None):
    """Whether one of the secrets (`whsec_…`) signed this, within five minutes of now."""
    key, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (at.isascii() and at.isdigit() and len(at) < 15) or abs((now or time.time()) - int(at)) > TOLERANCE:
        return False
    signed = f"{key}.{at}.".encode() + body
    macs = [hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest() for secret in secrets]
    wanted = ["v1," + base64.b64encode(mac).decode() for mac in macs]
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in wanted for other in given)


class Receiver:
    """Keeps one tool as assent says. A tool has `add(person)`, which gives its id of them, `remove(person)` and
    `erase(their_id)`."""

    def __init__(self, tool, environment=os.environ):
        self.tool, self.tries, self.lock = tool, 6, threading.Lock()
        self.source, self.token, self.purpose = needed(environment, "FROM_URL", "FROM_TOKEN", "PURPOSE")
        self.source, self.secrets = self.source.rstrip("/"), environment.get("WEBHOOK_SECRETS", "").split()
        if not self.source.startswith(("https://", "http://")):
            raise SystemExit("FROM_URL is an address such as https://reports.example.org")
        self.state = sqlite3.connect(environment.get("STATE", "receiver.db"), check_same_thread=False, isolation_level=None)
        self.state.execute("CREATE TABLE IF NOT EXISTS person (subscriber_id TEXT PRIMARY KEY, their_id TEXT NOT NULL)")
        self.state.execute("CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT NOT NULL)")

    def ask(self, path, read=json.loads):
        return call("GET", f"{self.source}/api/v1/{path}", None, {"Authorization": f"Bearer {self.token}"}, self.tries, read)

    def export(self):
        return f"exports/consented?purpose={urllib.parse.quote(self.purpose, safe=':')}&format=ndjson"

    def check_purpose(self):
        """Stops where assent has no such purpose: nobody would ever be removed, and the cursor would move on all the same.
        The head of an export says whether there is one, and exports nothing."""
        status, _ = call("HEAD", f"{self.source}/api/v1/{self.export()}", None, {"Authorization": f"Bearer {self.token}"}, self.tries)
        if status == 422:
            offered = ", ".join(self.offered())
            raise SystemExit(f"assent has no purpose {self.purpose}, so nothing is done"
                             + (f"; its forms offer {offered}" if offered else "") + ". README.md says where its code stands")
        if status != 200:
            hint = {401: "see FROM_TOKEN", 403: "the token must open exports, too"}.get(status, "see FROM_URL")
            raise SystemExit(f"assent says {status} to whether there is a purpose {self.purpose}, so nothing is done: {hint}")

    def offered(self):
        """The purposes on its forms. There may be others: of newsletters that are archived, and of drafts."""
        found = {}
        _, listed = self.ask("reports")
        for name in ["newsletters", *(report["slug"] for report in (listed or {}).get("reports", [])[:20])]:
            status, form = self.ask(f"forms/{name}")
            found.update(dict.fromkeys(box["purpose"] for box in form["boxes"]) if status == 200 else {})
        return sorted(found)

    def remember(self, subscriber_id, their_id):
        self.state.execute("INSERT OR REPLACE INTO person VALUES (?, ?)", (subscriber_id, their_id))

    def settle(self, subscriber_id, ended=False):
        """Somebody as things stand. Whoever never agreed (`ended` is false and nobody here knows them) is not told of."""
        with self.lock:
            status, person = self.ask(f"subscribers/{subscriber_id}")
            known = self.state.execute("SELECT their_id FROM person WHERE subscriber_id = ?", (subscriber_id,)).fetchone()
            if status == 404 and person is None:
                raise Away("something says 404, and not as assent does")
            if status == 404:
                if known:
                    self.tool.erase(known[0])
                    self.state.execute("DELETE FROM person WHERE subscriber_id = ?", (subscriber_id,))
                elif ended:
                    print(f"{subscriber_id} was erased and is not known here: look for them in your tool", file=sys.stderr)
            elif status != 200:
                raise Away(f"assent says {status}")
            elif any(it["purpose"] == self.purpose and it["may_be_written_to"] for it in person["purposes"]):
                self.remember(subscriber_id, self.tool.add(person))
            elif known or ended:
                self.tool.remove(person)

    def take(self, event):
        """One webhook. What is of no concern is taken, too."""
        data = event.get("data") or {}
        if event.get("type") in LOOKED_AT and data.get("subscriber_id") and data.get("purpose", self.purpose) == self.purpose:
            self.settle(data["subscriber_id"], event["type"] in ENDED)

    def follow_withdrawals(self):
        """Everybody whose consent ended since the last time. The place is kept once a whole page is settled."""
        self.check_purpose()
        more = True
        while more:
            kept = self.state.execute("SELECT cursor FROM place").fetchone()
            status, page = self.ask("withdrawals" + (f"?after={kept[0]}" if kept else ""))
            if status != 200:
                raise SystemExit(f"assent says {status} to the cursor {kept}: see its answer before going on")
            for row in page["withdrawals"]:
                if row["purpose"] == self.purpose:
                    self.settle(row["subscriber_id"], True)
            self.state.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (str(page["after"]),))
            more = page["more"]

    def add_all(self):
        """The first copy: everybody who may be written to now."""
        self.check_purpose()
        status, people = self.ask(self.export(), lambda raw: [json.loads(line) for line in raw.splitlines() if line])
        if status != 200:
            raise SystemExit(f"assent says {status} to the export of {self.purpose}: nobody was added")
        for person in people or []:
            self.remember(person["subscriber_id"], self.tool.add(person))

    def server(self, listen):
        """Takes webhooks, and tries each once: what fails comes again."""
        if not self.secrets or not all(is_secret(secret) for secret in self.secrets):
            raise SystemExit("set WEBHOOK_SECRETS to the secret of the webhook, whsec_…, as assent showed it: "
                             "without it, no webhook can be told from a forged one")
        self.check_purpose()
        receiver, self.tries = self, 1

        class Door(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self):
                self.send_response(self.status())
                self.send_header("Content-Length", "0")
                self.end_headers()

            def status(self):
                length = self.headers.get("Content-Length", "")
                if not length.isdigit() or int(length) > LARGEST:
                    return 413
                body = self.rfile.read(int(length))
                if not is_signed(receiver.secrets, self.headers, body):
                    return 401
                try:
                    receiver.take(json.loads(body))
                except (ValueError, AttributeError, TypeError):
                    return 400
                except Away as away:
                    print(away, file=sys.stderr)
                    return 503
                return 204

            def log_message(self, *_):
                pass

        try:
            host, port = listen.rsplit(":", 1)
            return ThreadingHTTPServer((host, int(port)), Door)
        except (OSError, ValueError, OverflowError) as error:
            raise SystemExit(f"LISTEN={listen} can't be listened to: {error}") from None


def main(make):
    """serve, withdrawals or all, with the tool that `make` gives."""
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what not in ("serve", "withdrawals", "all"):
        sys.exit("say serve, withdrawals or all")
    try:
        receiver = Receiver(make())
        if what == "serve":
            listen = os.environ.get("LISTEN", "127.0.0.1:8099")
            server = receiver.server(listen)
            print(f"follows {receiver.purpose} of {receiver.source}, and takes webhooks at {listen}", file=sys.stderr)
            server.serve_forever()
        elif what == "withdrawals":
            receiver.follow_withdrawals()
        else:
            receiver.add_all()
    except Away as away:
        sys.exit(str(away))
    except sqlite3.Error as error:
        sys.exit(f"STATE can't be used: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
