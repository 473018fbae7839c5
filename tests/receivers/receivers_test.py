"""What the receivers do with webhooks and with the cursor, and when the others fail."""

import base64
import hashlib
import hmac
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from unittest import mock

import stand_ins

INTEGRATIONS = pathlib.Path(__file__).resolve().parents[2] / "integrations"
sys.path.insert(0, str(INTEGRATIONS))
import assent_receiver  # noqa: E402

SECRET, OLDER = "whsec_" + base64.b64encode(b"n" * 32).decode(), "whsec_" + base64.b64encode(b"o" * 32).decode()


def load(name):
    spec = importlib.util.spec_from_file_location(f"{name}_receiver", INTEGRATIONS / name / "receiver.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sign(secret, key, at, body):
    mac = hmac.new(base64.b64decode(secret[6:]), f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


class Stories:
    """Told of both tools."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.waits = []
        patched = mock.patch.object(assent_receiver.time, "sleep", self.waits.append)
        patched.start()
        self.addCleanup(patched.stop)
        self.assent = stand_ins.Assent()
        self.addCleanup(self.assent.close)
        self.there, self.tool = self.make()
        self.addCleanup(self.there.close)
        self.begin()

    def begin(self, **changes):
        self.environment = {
            "FROM_URL": self.assent.url + "/", "FROM_TOKEN": "token", "PURPOSE": "newsletter:weekly",
            "WEBHOOK_SECRETS": f"{SECRET} {OLDER}", "STATE": self.directory.name + "/state.db"}
        self.receiver = assent_receiver.Receiver(self.tool, {**self.environment, **changes})
        self.addCleanup(self.receiver.state.close)

    def happens(self, kind, who="ada", purpose="newsletter:weekly"):
        self.receiver.take({"type": kind, "timestamp": "2026-11-30T12:00:00Z", "data": {"subscriber_id": who, "purpose": purpose}})

    def test_consent_adds_and_its_end_removes(self):
        self.assent.sets("ada", True)
        self.happens("consent.given")
        self.assertTrue(self.there.has("ada@Northmoor.example"))
        # The event says given, and meanwhile they left.
        self.assent.sets("ada", False)
        self.happens("consent.given")
        self.assertFalse(self.there.has("ada@Northmoor.example"))
        self.assent.sets("ada", True)
        self.happens("consent.given")
        self.assertTrue(self.there.has("ada@Northmoor.example"))
        for _ in range(2):
            self.assent.sets("ada", False)
            self.happens("consent.lapsed")
            self.assertFalse(self.there.has("ada@Northmoor.example"))

    def test_nobody_is_told_of_who_never_agreed(self):
        self.assent.sets("ada", False)
        for kind in ("consent.given", "mail.bounced", "signup.confirmed", "report.downloaded", "import.finished"):
            self.happens(kind)
        self.assent.sets("ada", True, "newsletter:other")
        self.happens("consent.withdrawn", purpose="newsletter:other")
        self.assertEqual(self.there.asked, [])

    def test_an_erased_person_is_erased_without_their_address(self):
        self.assent.sets("ada", True)
        self.happens("consent.given")
        self.assent.people.clear()
        self.begin()
        self.happens("subscriber.erased")
        self.assertFalse(self.there.has("ada@Northmoor.example"))
        self.assertEqual(self.receiver.state.execute("SELECT count(*) FROM person").fetchone(), (0,))
        with open(self.directory.name + "/state.db", "rb") as state:
            self.assertNotIn(b"northmoor", state.read().lower())

    def test_a_bounce_removes_who_was_added(self):
        self.assent.sets("ada", True)
        self.happens("consent.given")
        self.assent.sets("ada", False)
        self.receiver.take({"type": "mail.bounced", "data": {"subscriber_id": "ada"}})
        self.assertFalse(self.there.has("ada@Northmoor.example"))

    def test_the_cursor_goes_on_where_it_was(self):
        for who in ("ada", "bo", "cy", "di", "ed"):
            self.assent.sets(who, True)
        self.receiver.add_all()
        self.assertTrue(all(self.there.has(f"{who}@Northmoor.example") for who in self.assent.people))
        for who in ("ada", "bo", "cy", "di"):
            self.assent.sets(who, False)
        del self.assent.people["cy"]
        # Bo left and came back; Ed left another newsletter.
        self.assent.sets("bo", True)
        self.assent.withdrawn = [("ada", "newsletter:weekly"), ("bo", "newsletter:weekly"), ("ed", "newsletter:other"),
                                 ("cy", "newsletter:weekly"), ("di", "newsletter:weekly")]
        self.receiver.follow_withdrawals()
        there = [who for who in ("ada", "bo", "cy", "di", "ed") if self.there.has(f"{who}@Northmoor.example")]
        self.assertEqual(there, ["bo", "ed"])
        self.assent.asked.clear()
        self.begin()
        self.receiver.follow_withdrawals()
        self.assertEqual([path for method, path, _ in self.assent.asked if method == "GET"], ["/api/v1/withdrawals?after=e1.5"])

    def test_a_refused_export_is_no_empty_one(self):
        self.assent.sets("ada", True)
        for status in (401, 403, 409):
            self.assent.faults = [status]
            with self.assertRaises(SystemExit) as stopped:
                self.receiver.add_all()
            self.assertIn(str(status), str(stopped.exception.code))
        self.assertEqual(self.there.asked, [])
        self.receiver.add_all()
        self.assertTrue(self.there.has("ada@Northmoor.example"))

    def test_half_a_page_moves_nothing_on(self):
        self.assent.sets("ada", True)
        self.receiver.add_all()
        self.assent.sets("ada", False)
        self.assent.withdrawn = [("ada", "newsletter:weekly")]
        self.assent.faults = [None, "half", "drop", 503, 429]
        self.receiver.follow_withdrawals()
        self.assertFalse(self.there.has("ada@Northmoor.example"))
        self.assertEqual(self.waits, [2, 4, 8, 7])
        # Where the tool fails for good, the page is asked for again next time.
        self.assent.sets("bo", True)
        self.happens("consent.given", "bo")
        self.assent.sets("bo", False)
        self.assent.withdrawn.append(("bo", "newsletter:weekly"))
        self.there.faults = [500] * 3
        with self.assertRaises(assent_receiver.Away):
            self.receiver.follow_withdrawals()
        self.assertTrue(self.there.has("bo@Northmoor.example"))
        self.receiver.follow_withdrawals()
        self.assertFalse(self.there.has("bo@Northmoor.example"))

    def test_a_cursor_from_before_a_restore_stops_it(self):
        self.assent.faults = [None, 409]
        with self.assertRaises(SystemExit):
            self.receiver.follow_withdrawals()

    def test_an_export_that_is_refused_is_no_empty_one(self):
        self.assent.sets("ada", True)
        for refused in (401, 403, 404, 409):
            self.assent.faults = [None, refused]
            with self.assertRaisesRegex(SystemExit, f"{refused} to the export of newsletter:weekly"):
                self.receiver.add_all()
        self.assertEqual(self.there.asked, [])
        self.receiver.add_all()
        self.assertTrue(self.there.has("ada@Northmoor.example"))
        # Nobody may be written to: nothing to add, and nothing amiss.
        self.assent.people.clear()
        self.receiver.add_all()

    def test_a_purpose_that_is_not_there_stops_all_of_it(self):
        self.assent.sets("ada", True)
        self.receiver.add_all()
        self.assent.sets("ada", False)
        self.assent.withdrawn = [("ada", "newsletter:weekly")]
        self.begin(PURPOSE="newsletter:weekyl & more")
        told = "no purpose newsletter:weekyl & more, .* offer newsletter:weekly, partner-offers, privacy-policy"
        for act in (self.receiver.follow_withdrawals, self.receiver.add_all, lambda: self.receiver.server("127.0.0.1:0")):
            with self.assertRaisesRegex(SystemExit, told):
                act()
        self.assertIsNone(self.receiver.state.execute("SELECT cursor FROM place").fetchone())
        # Nor does anything go on where that can't be known.
        for refused, hint in ((401, "FROM_TOKEN"), (403, "must open exports"), (404, "FROM_URL"), (302, "FROM_URL")):
            self.assent.faults = [refused]
            with self.assertRaisesRegex(SystemExit, hint):
                self.receiver.follow_withdrawals()
        self.assertEqual([path for _, path, _ in self.assent.asked if "withdrawals" in path], [])
        self.begin()
        self.receiver.follow_withdrawals()
        self.assertFalse(self.there.has("ada@Northmoor.example"))

    def test_only_assent_says_that_somebody_was_erased(self):
        self.assent.sets("ada", True)
        self.happens("consent.given")
        # A proxy, say, whose assent is stopped.
        self.assent.faults = [404]
        with self.assertRaises(assent_receiver.Away):
            self.happens("consent.given")
        self.assertTrue(self.there.has("ada@Northmoor.example"))

    def runs(self, what, **changes):
        """What the program ends with, run as it is from a shell."""
        settings = {**self.environment, **self.settings, **changes}
        with mock.patch.dict(os.environ, {name: value for name, value in settings.items() if value is not None}, clear=True), \
                mock.patch.object(sys, "argv", ["receiver.py", *what.split()]), self.assertRaises(SystemExit) as ended:
            assent_receiver.main(type(self.tool))
        return str(ended.exception.code)

    def test_what_stops_it_is_said_in_a_sentence(self):
        self.assertIn("say serve", self.runs(""))
        for name in ("FROM_URL", "FROM_TOKEN", "PURPOSE", *(name for name in self.settings if not name.endswith("_URL"))):
            self.assertIn(f"set {name}: see", self.runs("all", **{name: None}))
        self.assertIn("FROM_URL is an address", self.runs("all", FROM_URL="reports.example.org"))
        for secrets in (None, "", "secret", f"{SECRET} whsec_!"):
            self.assertIn("set WEBHOOK_SECRETS", self.runs("serve", WEBHOOK_SECRETS=secrets))
        self.assertIn("LISTEN=8099 can't", self.runs("serve", LISTEN="8099"))
        self.assertIn("STATE can't", self.runs("all", STATE=self.directory.name))
        self.assent.sets("ada", True)
        self.there.faults = ["drop"] * 3
        self.assertIn(f"{self.there.url[7:]} does not answer as it should", self.runs("all"))
        self.assent.faults = ["drop"] * 6
        self.assertIn(f"{self.assent.url[7:]} does not answer as it should", self.runs("withdrawals"))

    def test_the_tool_is_waited_for(self):
        self.assent.sets("ada", True)
        self.there.faults = [429, "half"]
        self.happens("consent.given")
        self.assertEqual(self.waits[0], 7)
        self.assertTrue(self.there.has("ada@Northmoor.example"))

    def post(self, body, **headers):
        request = urllib.request.Request(self.door, body, {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})
        try:
            return urllib.request.urlopen(request, timeout=20).status
        except urllib.error.HTTPError as error:
            return error.code

    def test_only_signed_webhooks_are_taken(self):
        server = self.receiver.server("127.0.0.1:0")
        self.door = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.assent.sets("ada", True)
        body = json.dumps({"type": "consent.given", "data": {"subscriber_id": "ada", "purpose": "newsletter:weekly"}}).encode()
        now = int(time.time())

        def sent(secret=SECRET, at=now, signed=body, sent_body=body, key="msg_1", more=""):
            return self.post(sent_body, webhook_id=key, webhook_timestamp=str(at), webhook_signature=sign(secret, key, at, signed) + more)

        other = "whsec_" + base64.b64encode(b"x" * 32).decode()
        self.assertEqual(sent(secret=other), 401)
        self.assertEqual(sent(sent_body=body.replace(b"ada", b"bob")), 401)
        self.assertEqual(sent(at=now - 301), 401)
        self.assertEqual(sent(at=now + 301), 401)
        self.assertEqual(self.post(body), 401)
        self.assertEqual(self.post(body, webhook_id="é", webhook_timestamp="²", webhook_signature="v1,é"), 401)
        self.assertEqual(self.post(b"x" * 70_000, webhook_id="msg_1"), 413)
        self.assertFalse(self.there.has("ada@Northmoor.example"))
        # While a secret is changed, two sign.
        both = " " + sign(OLDER, "msg_1", now, body)
        self.assertEqual(sent(secret=other, more=both), 204)
        self.assertTrue(self.there.has("ada@Northmoor.example"))
        for junk in (b"", b"[]", b'"x"', b"{}", b'{"type":"consent.given","data":[1]}', b"\xff"):
            self.assertIn(sent(signed=junk, sent_body=junk), (204, 400), junk)
        # What can't be done now comes again.
        self.assent.faults = [500]
        self.assertEqual(sent(), 503)
        self.assertEqual(sent(), 204)

    def test_the_example_of_the_specification_is_signed(self):
        headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                   "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        self.assertTrue(assent_receiver.is_signed([secret], headers, b'{"test": 2432232314}', 1614265330))
        self.assertFalse(assent_receiver.is_signed([secret], headers, b'{"test": 2432232315}', 1614265330))


class HubSpotStories(Stories, unittest.TestCase):
    def make(self):
        there = stand_ins.HubSpot()
        self.settings = {"HUBSPOT_URL": there.url, "HUBSPOT_TOKEN": "pat", "HUBSPOT_SUBSCRIPTION_ID": "7"}
        return there, load("hubspot").HubSpot(self.settings)


class MailchimpStories(Stories, unittest.TestCase):
    def make(self):
        there = stand_ins.Mailchimp()
        self.settings = {"MAILCHIMP_URL": there.url, "MAILCHIMP_KEY": "key-us1", "MAILCHIMP_LIST": "list1"}
        return there, load("mailchimp").Mailchimp(self.settings)

    def test_who_left_at_mailchimp_stays_away(self):
        self.there.compliance.add("ada@Northmoor.example")
        self.assent.sets("ada", True)
        self.happens("consent.given")
        self.assertFalse(self.there.has("ada@Northmoor.example"))


if __name__ == "__main__":
    unittest.main()
