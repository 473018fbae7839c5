"""One of every kind of mail that the program sends, as it reaches a mailbox."""

import contextlib
import datetime
import email.utils
import html
import http.server
import os
import re
import sqlite3
import threading
import time

from program import HERE, Browser, Program

TEMPLATES = os.path.join(HERE, "..", "..", "templates", "mail")
# Written as they arrive: the envelope sender and the way, as a mail server notes them.
FROM = "reports@example.org"
RELAY, RELAY_IP = "relay.example.org", "198.51.100.25"
WAY = (f"Return-Path: <{FROM}>\r\n"
       f"Received: from {RELAY} ({RELAY} [{RELAY_IP}])\r\n"
       "\tby mx.example.com (Postfix) with ESMTPS id 4XyZ0123456789\r\n"
       "\tfor <{to}>; {date}\r\n"
       "Received: from reports.example.org (localhost [127.0.0.1])\r\n"
       f"\tby {RELAY} (Postfix) with ESMTP id 3AbC0123456789\r\n"
       "\tfor <{to}>; {date}\r\n")


def kinds():
    """What there must be one of; a template that is added is asked for too."""
    written = {name[:-4] for name in os.listdir(TEMPLATES) if name.endswith(".txt")}
    # `mail test` says nothing to readers. One template serves two kinds.
    return written - {"test"} | {"renewal_reminder"}


class Mail:
    def __init__(self, kind, message, raw):
        self.kind, self.message = kind, message
        date = email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc))
        self.arrived = WAY.replace("{to}", message["to"]).replace("{date}", date).encode() + raw

    @property
    def name(self):
        return f"{self.kind}: {self.message['subject']}"


def listed(program):
    """The mails that left within the hour, each with its kind."""
    with contextlib.closing(sqlite3.connect(os.path.join(program.data, "assent.db"))) as database:
        kind = {bytes(key).hex(): kind for key, kind in database.execute("SELECT outbox_id, kind FROM outbox")}
    recent = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    found = []
    for name, message in program.mails():
        if message["date"].datetime < recent:
            continue
        key = message["message-id"].strip("<>").split("@")[0].replace("-", "")
        with open(name, "rb") as raw:
            found.append(Mail(kind[key], message, raw.read()))
    return found


def wait_for(program, what, is_there):
    end = time.monotonic() + 60
    while not is_there(program):
        if time.monotonic() > end:
            raise SystemExit(f"there is no mail: {what}\n{program.said()}")
        time.sleep(0.2)


def has(kind):
    return lambda program: any(mail.kind == kind for mail in listed(program))


def mailed(program, change, kind):
    program.publish(*change)
    # A program that starts looks at once who is to be told.
    program.stop()
    program.start()
    wait_for(program, kind, has(kind))


def day(distance):
    return (datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=distance)).isoformat()


def every():
    """All of them. A reminder is for who was asked days ago, so the first of it happens then."""
    # Names that nobody has, of a kind that filters know.
    settings = {"ASSENT_LEDGER_WITNESS_MAIL": "witness@example.net", "ASSENT_MAIL_FROM": f"Sample Press <{FROM}>",
                "ASSENT_CONTROLLER_CONTACT": "privacy@example.org", "ASSENT_WEBHOOKS_ALLOWED_HOSTS": "127.0.0.1"}
    with Program(base_url="https://reports.example.org", clock="-9d", **settings) as program:
        Browser(program).subscribe("old@example.com")
        program.publish("2026-12", "--change", "reconsent", "--what-changes", "We ask a second company to send our mail.",
                        "--until", day(3), clock="-9d")
        program.stop()
        program.start(clock="-9d")
        wait_for(program, "the first renewal", lambda one: any("renew/" in str(m) for _, m in one.mails()))
        program.stop()
        program.start()
        wait_for(program, "renewal_reminder", has("renewal_reminder"))
        readers(program)
        mailed(program, ("2027-01", "--change", "notify", "--what-changes", "We keep receipts for six years."),
               "policy_notice")
        mailed(program, ("2027-02", "--change", "reconsent", "--what-changes", "We keep receipts for ten years.",
                         "--until", day(40)), "renewal")
        staff(program)
        missing = kinds() - {mail.kind for mail in listed(program)}
        for kind in missing:
            wait_for(program, kind, has(kind))
        return listed(program)


def readers(program):
    browser, form = Browser(program), {"policy": "2026-12"}
    browser.subscribe("ada@example.com", **form)
    # Known from then on, and asked for the press all the same.
    browser.ask("ada@example.com", **form)
    browser.subscribe("ben@example.com", path="/newsletters", **form)
    browser.subscribe("cleo@example.com", **form)
    browser.post(program.link("cleo@example.com", "downloads") + "/fresh")
    browser.post("/preferences", {"email": "ada@example.com"})
    choices = program.link("ada@example.com", "preferences")
    page = browser.get(choices)
    # The newsletter's box comes back without its tick.
    shown = re.findall(r'name="shown" value="([^"]*)"', page.text())
    notices = re.findall(r'name="notice" value="([^"]*)"', page.text())
    fields = {name: page.hidden(name) for name in ("seen", "policy")}
    browser.post(choices, fields | {"shown": shown, "notice": notices, "purpose": "privacy-policy", "name": "Ada Ashby"})
    browser.post(program.link("ben@example.com", "preferences") + "/withdraw-all")


def staff(program):
    browser = Browser(program)
    browser.sign_in()
    browser.post("/console/staff", {"email": "dan@press.example", "role": "viewer", "csrf": browser.csrf})
    Browser(program).post("/console/forgot", {"email": "admin@press.example"})
    fields = {"email": "cleo@example.com", "words": "You still write to me."}
    complaint = Browser(program).post("/complaints", fields).text()
    reference = re.search(r'class="whole">([0-9A-Z-]{14})<', complaint).group(1)
    letter = browser.get(f"/console/requests?reference={reference}").headers["location"] + "/letters/outcome"
    fields = {"csrf": browser.csrf, "form_id": browser.get(letter).hidden("form_id"), "way": "mail",
              "words": "Dear Cleo\n\nYou were right. We do not write to you any more.\n\nYours sincerely\nExample Press"}
    browser.post(letter, fields)
    with Gone() as url:
        page = browser.get("/console/webhooks")
        fields = {"csrf": browser.csrf, "form_id": page.hidden("form_id"), "description": "The CRM of marketing",
                  "url": url, "types": "consent.lapsed"}
        text = html.unescape(browser.post("/console/webhooks", fields).text())
        path = re.search(r'href="(/console/webhooks/[0-9a-f-]+)"', text).group(1)
        browser.post(path + "/test", {"csrf": browser.csrf})
        wait_for(program, "webhook_off", has("webhook_off"))


class Gone:
    """A receiver of webhooks that nobody is behind any more."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(410)
            self.end_headers()

        def log_message(self, *_):
            pass

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_):
        self.server.shutdown()
