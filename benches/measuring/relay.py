"""A mail relay on loopback that writes down what arrives, and misbehaves when it is told to."""

import asyncio
import collections
import email
import email.policy
import random
import re
import threading

from .processes import Trouble, free_port
from .program import CONFIRMATION, PLAIN_TEXT

# `id` as the outbox knows it: 32 hexadecimal digits.
Mail = collections.namedtuple("Mail", "id to subject token")
HEAD = re.compile(rb"^(Message-ID|To|Subject): (.*(?:\r\n[ \t].*)*)", re.MULTILINE | re.IGNORECASE)


def readable(head, name):
    # An address may be folded, and a subject encoded.
    value = head.get(name, b"").decode("ascii", "replace")
    return str(email.policy.default.header_factory(name, value.replace("\r\n", "")))


def read(content):
    """What one message is: its key, whom it is for, what it says it is, and the link in it that confirms."""
    head = {name.decode().lower(): value for name, value in HEAD.findall(content.partition(b"\r\n\r\n")[0])}
    found = re.search(rb"<([0-9a-f-]{32,36})@", head.get("message-id", b""))
    token = CONFIRMATION.search(content[:PLAIN_TEXT * 4])
    return Mail(found.group(1).decode().replace("-", "") if found else "", readable(head, "to").strip("<> "),
                readable(head, "subject"), token.group(1).decode() if token else "")


class Manners:
    """How it behaves: seconds before each answer, and which share of messages it refuses or leaves unanswered."""

    def __init__(self, delay=0.0, refuse=0.0, drop=0.0, chance=None):
        self.delay, self.refuse, self.drop, self.chance = delay, refuse, drop, chance or random.Random(1)


class Relay:
    """It answers from a thread of its own, until it is stopped."""

    def __init__(self):
        self.port, self.manners = free_port(), Manners()
        # All that arrived in order; keys of what was taken and not answered; how many were refused.
        self.mails, self.dropped, self.refused = [], collections.Counter(), 0
        self._loop, ready = asyncio.new_event_loop(), threading.Event()

        async def listen():
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 20, backlog=200)
            ready.set()

        def run():
            asyncio.set_event_loop(self._loop)
            self._loop.create_task(listen())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise Trouble("the relay of this command does not listen: look for what holds loopback's ports")

    def url(self):
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _serve(self, reader, writer):
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader, writer):
        async def say(text):
            # Each answer waits for itself, also where several commands came at once.
            if self.manners.delay:
                await asyncio.sleep(self.manners.delay * self.manners.chance.uniform(0.5, 1.5))
            writer.write(text + b"\r\n")
            await writer.drain()

        await say(b"220 relay.example ESMTP")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                await say(b"250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == b"RCPT" and self.manners.chance.random() < self.manners.refuse:
                self.refused += 1
                await say(b"451 4.3.0 Come back later")
            elif verb in (b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP"):
                await say(b"250 2.0.0 Ok")
            elif verb == b"DATA":
                await say(b"354 Go on")
                # What breaks off before its end raises, and is no mail.
                mail = read(await reader.readuntil(b"\r\n.\r\n"))
                self.mails.append(mail)
                if self.manners.chance.random() < self.manners.drop:
                    self.dropped[mail.id] += 1
                    return
                await say(b"250 2.0.0 Taken")
            elif verb == b"QUIT":
                await say(b"221 2.0.0 Bye")
                return
            else:
                await say(b"502 5.5.1 Not known here")
