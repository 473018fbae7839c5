"""Somebody's program, on the client that openapi-python-client made: client.py sign-up | confirm | export"""

import hashlib
import os
import sys
from uuid import UUID

from made import AuthenticatedClient, Client
from made.api.contacts import export_contacts, show_export
from made.api.forms import confirm_by_code, show_form, sign_up
from made.models import CodeBody, ConsentBody, DrawnByBody, SignupBody

FORM = "local-digital-transformation"
elsewhere = Client(base_url=os.environ["BASE"], headers={"Origin": os.environ["PAGE"]})
office = AuthenticatedClient(base_url=os.environ["BASE"], token=os.environ["TOKEN"])


def begin():
    form = show_form.sync(FORM, client=elsewhere)
    boxes = [box.newsletter for box in form.boxes if box.newsletter]
    consent = ConsentBody(accepted=True, policy=form.policy.label)
    filled_in = SignupBody(email=os.environ["READER"], form=form.form, consent=consent, newsletters=boxes,
                           drawn_by=DrawnByBody.ELEMENT)
    return sign_up.sync(client=elsewhere, body=filled_in).waiting


def confirm():
    body = CodeBody(waiting=os.environ["WAITING"], code=os.environ["CODE"])
    return confirm_by_code.sync(client=elsewhere, body=body).download


def export():
    answer = export_contacts.sync_detailed(client=office, purpose="newsletter:weekly-briefing")
    assert os.environ["READER"] in answer.content.decode("utf-8-sig"), answer
    end = show_export.sync(UUID(answer.headers["X-Export-Id"]), client=office)
    assert (end.state, end.sha256) == ("done", hashlib.sha256(answer.content).hexdigest()), end
    return f"{end.rows} contacts"


print({"sign-up": begin, "confirm": confirm, "export": export}[sys.argv[1]]())
