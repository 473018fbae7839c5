#!/usr/bin/env python3
"""One audience of Mailchimp, as assent says. See README.md."""

import base64
import hashlib
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from assent_receiver import Away, call, main, needed  # noqa: E402


class Mailchimp:
    def __init__(self, environment=os.environ):
        key, audience = needed(environment, "MAILCHIMP_KEY", "MAILCHIMP_LIST")
        base = environment.get("MAILCHIMP_URL", f"https://{key.rsplit('-', 1)[-1]}.api.mailchimp.com").rstrip("/")
        self.members = f"{base}/3.0/lists/{audience}/members/"
        self.head = {"Authorization": "Basic " + base64.b64encode(f"assent:{key}".encode()).decode()}

    def ask(self, method, path, body=None, fine=(200, 204)):
        status, told = call(method, self.members + path, body, self.head, tries=3)
        if status not in fine:
            raise Away(f"Mailchimp says {status}")
        return status, told

    def id_of(self, person):
        return hashlib.md5(person["email"].lower().encode(), usedforsecurity=False).hexdigest()

    def add(self, person):
        known = {"FNAME": person.get("name"), "COMPANY": person.get("organisation")}
        fields = {name: value for name, value in known.items() if value}
        body = {"email_address": person["email"], "status_if_new": "subscribed", "status": "subscribed", "merge_fields": fields}
        # 400: they left at Mailchimp itself, or were deleted for good there, and only they can come back there.
        status, _ = self.ask("PUT", self.id_of(person), body, (200, 400))
        if status == 400:
            print("Mailchimp takes somebody only from their own form", file=sys.stderr)
        return self.id_of(person)

    def remove(self, person):
        self.ask("PATCH", self.id_of(person), {"status": "unsubscribed"}, (200, 404))

    def erase(self, their_id):
        self.ask("POST", their_id + "/actions/delete-permanent", None, (204, 404))


if __name__ == "__main__":
    main(Mailchimp)
