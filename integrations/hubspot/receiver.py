#!/usr/bin/env python3
"""HubSpot's contacts and one of its subscription types, as assent says. See README.md."""

import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from assent_receiver import Away, call, main, needed  # noqa: E402


class HubSpot:
    def __init__(self, environment=os.environ):
        self.base = environment.get("HUBSPOT_URL", "https://api.hubapi.com").rstrip("/")
        token, subscription = needed(environment, "HUBSPOT_TOKEN", "HUBSPOT_SUBSCRIPTION_ID")
        if not subscription.isdecimal():
            raise SystemExit("HUBSPOT_SUBSCRIPTION_ID is a number: see README.md")
        self.head, self.subscription = {"Authorization": f"Bearer {token}"}, int(subscription)

    def post(self, path, body, fine=(200, 201, 204)):
        status, told = call("POST", self.base + path, body, self.head, tries=3)
        if status not in fine:
            raise Away(f"HubSpot says {status} to {path.split('/statuses/')[0]}")
        return told

    def add(self, person):
        known = {"email": person["email"], "firstname": person.get("name"), "company": person.get("organisation"), "jobtitle": person.get("job_title")}
        properties = {name: value for name, value in known.items() if value}
        told = self.post("/crm/v3/objects/contacts/batch/upsert", {"inputs": [{"idProperty": "email", "id": person["email"], "properties": properties}]})
        self.subscribes(person, "SUBSCRIBED")
        return str(told["results"][0]["id"])

    def subscribes(self, person, state):
        self.post("/communication-preferences/v4/statuses/" + urllib.parse.quote(person["email"], safe=""), {
            "channel": "EMAIL", "statusState": state, "subscriptionId": self.subscription,
            "legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "The person's own choice, kept with its words at assent"})

    def remove(self, person):
        self.subscribes(person, "UNSUBSCRIBED")

    def erase(self, their_id):
        self.post("/crm/v3/objects/contacts/gdpr-delete", {"objectId": their_id}, (200, 204, 404))


if __name__ == "__main__":
    main(HubSpot)
