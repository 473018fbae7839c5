"""Readers who send forms through the proxy, and what each of them was answered."""

import collections
import dataclasses
import http.client
import threading
import time

from measuring.program import LANDING_PAGE

CONNECTIONS = 16
# Between two forms of one connection: the machine is to have time for what is tried beside them.
PAUSE = 0.04
PATIENCE = 30


@dataclasses.dataclass
class Answer:
    """`kind` is acknowledged, refused, unknown or wrong."""

    address: str
    kind: str
    said: str
    at: float
    took: float


def judge(status, headers):
    """What an answer says of the form: whether it is stored, is not promised to be, or nobody knows."""
    if status == 303:
        return "acknowledged", "303"
    if status == 503:
        return "refused", "503" if headers.get("retry-after") else "503 of the proxy"
    # The proxy's, when the connection behind it broke or said nothing.
    if status in (502, 504):
        return "unknown", str(status)
    return "wrong", str(status)


class Forms:
    """Load of one step, while it is entered; each form has an address of its own."""

    def __init__(self, port, form, name):
        self.port, self.form, self.name = port, form, name
        self.answers, self.lock, self.over = [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.send, args=(n,), daemon=True) for n in range(CONNECTIONS)]

    def __enter__(self):
        self.begun = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.ended = time.monotonic()
        for thread in self.threads:
            thread.join(PATIENCE + 5)

    def send(self, n):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = 0
        while not self.over.wait(PAUSE):
            sent += 1
            address, begun = f"{self.name}x{n}x{sent}@example.com", time.monotonic()
            try:
                connection.request("POST", LANDING_PAGE, f"email={address.replace('@', '%40')}&{self.form}",
                                   {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"})
                answer = connection.getresponse()
                answer.read()
                kind, said = judge(answer.status, answer.headers)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                kind, said = "unknown", type(error).__name__
            at = time.monotonic()
            with self.lock:
                self.answers.append(Answer(address, kind, said, at, at - begun))
        connection.close()

    def count(self, kind):
        return sum(answer.kind == kind for answer in self.answers)

    def said(self):
        """How often each answer that was no acknowledgement came."""
        return collections.Counter(answer.said for answer in self.answers if answer.kind != "acknowledged")

    def gap(self):
        """The longest time without a form that was acknowledged."""
        moments = sorted(answer.at for answer in self.answers if answer.kind == "acknowledged")
        moments = [self.begun, *(at for at in moments if at < self.ended), self.ended]
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))

    def acknowledged_since(self, moment):
        with self.lock:
            return any(answer.kind == "acknowledged" and answer.at - answer.took > moment for answer in self.answers)
