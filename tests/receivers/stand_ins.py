"""Stand-ins for assent, HubSpot and Mailchimp, by what their API references say, which can be told to fail."""

import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StandIn:
    """A server that answers `routes`: (method, pattern of the path) → function of the match and the body."""

    def __init__(self, head, routes):
        self.asked, self.faults, self.head = [], [], head
        stand_in = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Each answer is its own connection, so that half of one is half of it.
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = urllib.parse.unquote(self.path)
                stand_in.asked.append((self.command, path, body))
                fault = stand_in.faults.pop(0) if stand_in.faults else None
                if fault == "drop":
                    self.close_connection = True
                    return
                if isinstance(fault, int):
                    self.tell(fault, {"message": "fault"}, {429: {"Retry-After": "7"}, 302: {"Location": self.path}}.get(fault, {}))
                    return
                name, value = stand_in.head
                if self.headers.get(name) != value:
                    self.tell(401, {})
                    return
                for (method, pattern), act in routes.items():
                    match = re.fullmatch(pattern, path)
                    if match and method == self.command:
                        self.tell(*act(match, body), half=fault == "half")
                        return
                self.tell(404, {})

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

            def tell(self, status, told, headers=None, half=False):
                raw = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(raw)), "Connection": "close", **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw[:len(raw) // 2] if half else raw)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Assent(StandIn):
    """People by subscriber id, and withdrawals two a page."""

    def __init__(self):
        self.people, self.withdrawn, self.purposes = {}, [], ["privacy-policy", "newsletter:weekly", "newsletter:other"]
        super().__init__(("Authorization", "Bearer token"), {
            ("GET", r"/api/v1/subscribers/([^/]+)"): self.person,
            ("GET", r"/api/v1/withdrawals(?:\?after=(.*))?"): self.withdrawals,
            ("HEAD", r"/api/v1/exports/consented\?purpose=(.*)&format=ndjson"): self.export_head,
            ("GET", r"/api/v1/exports/consented\?.*"): self.export,
            ("GET", r"/api/v1/reports"): lambda *_: (200, {"reports": [{"slug": "digital-councils"}, {"slug": "resting"}]}),
            ("GET", r"/api/v1/forms/(newsletters|digital-councils)"): self.form,
        })

    def sets(self, subscriber_id, allowed, purpose="newsletter:weekly"):
        self.people[subscriber_id] = {
            "subscriber_id": subscriber_id, "email": f"{subscriber_id}@Northmoor.example", "name": "Ada", "organisation": None, "job_title": "Clerk",
            "purposes": [{"purpose": purpose, "may_be_written_to": allowed}, {"purpose": "privacy-policy", "may_be_written_to": True}],
        }

    def person(self, match, _):
        found = self.people.get(match[1])
        return (200, found) if found else self.refusal(404)

    def refusal(self, status):
        return status, {"type": "about:blank", "status": status, "errors": []}, {"Content-Type": "application/problem+json"}

    def export_head(self, match, _):
        return (200, None) if match[1] in self.purposes else self.refusal(422)

    def form(self, match, _):
        return 200, {"boxes": [{"purpose": purpose} for purpose in (self.purposes[:2] if match[1] == "newsletters" else ["partner-offers"])]}

    def withdrawals(self, match, _):
        begin = int((match[1] or "e1.0").split(".")[1])
        rows = [{"cursor": f"e1.{begin + i + 1}", "subscriber_id": who, "email": None, "purpose": purpose, "event": "withdrawn"}
                for i, (who, purpose) in enumerate(self.withdrawn[begin:begin + 2])]
        return 200, {"withdrawals": rows, "after": f"e1.{begin + len(rows)}", "more": len(rows) == 2}

    def export(self, _match, _body):
        allowed = [person for person in self.people.values() if person["purposes"][0]["may_be_written_to"]]
        return 200, "".join(json.dumps(person) + "\n" for person in allowed).encode()


class HubSpot(StandIn):
    def __init__(self):
        self.contacts, self.states, self.bases = {}, {}, []
        super().__init__(("Authorization", "Bearer pat"), {
            ("POST", r"/crm/v3/objects/contacts/batch/upsert"): self.upsert,
            ("POST", r"/communication-preferences/v4/statuses/([^/]+)"): self.status,
            ("POST", r"/crm/v3/objects/contacts/gdpr-delete"): self.erase,
        })

    def upsert(self, _, body):
        one = body["inputs"][0]
        assert one["idProperty"] == "email" and one["properties"]["email"] == one["id"], body
        self.contacts.setdefault(one["id"], str(100 + len(self.contacts)))
        return 200, {"status": "COMPLETE", "results": [{"id": self.contacts[one["id"]], "properties": one["properties"], "new": True}]}

    def status(self, match, body):
        assert body["channel"] == "EMAIL" and body["subscriptionId"] == 7 and body["legalBasis"] == "CONSENT_WITH_NOTICE", body
        self.states[match[1]] = body["statusState"]
        return 200, {"status": "COMPLETE", "results": []}

    def erase(self, _, body):
        self.contacts = {email: number for email, number in self.contacts.items() if number != body["objectId"]}
        return 204, None

    def has(self, email):
        return email in self.contacts and self.states.get(email) == "SUBSCRIBED"


class Mailchimp(StandIn):
    def __init__(self):
        self.members, self.compliance = {}, set()
        super().__init__(("Authorization", "Basic YXNzZW50OmtleS11czE="), {
            ("PUT", r"/3.0/lists/list1/members/([0-9a-f]{32})"): self.put,
            ("PATCH", r"/3.0/lists/list1/members/([0-9a-f]{32})"): self.patch,
            ("POST", r"/3.0/lists/list1/members/([0-9a-f]{32})/actions/delete-permanent"): self.erase,
        })

    def put(self, match, body):
        if body["email_address"] in self.compliance:
            return 400, {"title": "Member In Compliance State", "status": 400}
        self.members[match[1]] = dict(body)
        return 200, {"id": match[1], "status": body["status"]}

    def patch(self, match, body):
        if match[1] not in self.members:
            return 404, {"title": "Resource Not Found"}
        self.members[match[1]].update(body)
        return 200, {}

    def erase(self, match, _):
        return (204, None) if self.members.pop(match[1], None) else (404, {})

    def has(self, email):
        return any(one["email_address"] == email and one["status"] == "subscribed" for one in self.members.values())
