"""An SMTP server for the tests, on aiosmtpd: with TLS, and with faults on request.

Arguments: plain | starttls | implicit, an empty directory. Prints its port once it listens. With TLS it
first makes an authority (ca.pem) and a certificate by it there. Each message becomes one JSON file in
messages/, each thing seen a line of the file `seen`. The file `fault` says what goes wrong: a word and a
measure, read anew at each step, so that it can change while the server runs.
"""

import asyncio
import base64
import collections
import itertools
import json
import os
import ssl
import subprocess
import sys
import time

from aiosmtpd.smtp import SMTP, AuthResult

MODE, DIRECTORY = sys.argv[1:]
MESSAGES = os.path.join(DIRECTORY, "messages")

# What `refuse recipient` answers, by how the address begins.
REFUSED = {
    "unknown": "550 5.1.1 No such user",
    "full": "552 5.2.2 Mailbox full",
    "blocked": "554 5.7.1 Not from you",
    # No reply of RFC 5321, whose second digit is 5 at most; and it repeats the address.
    "garbled": "571 5.7.1 <garbled@b.example>: not from you",
}
CLOSING = "421 4.3.2 Closing, try again later"


def openssl(arguments):
    # Standard output is for the port.
    subprocess.run(
        ["openssl", *arguments.split()], cwd=DIRECTORY, check=True, stdout=sys.stderr
    )


# Whoever holds them against a clock reads this machine's or a story's, so they count for a century.
AUTHORITY = """
[ca]
default_ca = authority
[authority]
database = issued
new_certs_dir = .
rand_serial = yes
policy = any_name
default_md = sha256
default_startdate = 20000101000000Z
default_enddate = 20991231235959Z
[any_name]
commonName = supplied
[of_authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[of_server]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:localhost,IP:127.0.0.1
"""


def make_certificates():
    for name, text in [("authority", AUTHORITY), ("issued", "")]:
        with open(os.path.join(DIRECTORY, name), "w", encoding="ascii") as file:
            file.write(text)
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl(f"req {key} -subj /CN=test-authority -keyout ca.key -out ca.csr")
    openssl(f"req {key} -subj /CN=localhost -keyout server.key -out server.csr")
    issue = "ca -config authority -batch -notext -keyfile ca.key"
    openssl(f"{issue} -selfsign -extensions of_authority -in ca.csr -out ca.pem")
    openssl(f"{issue} -cert ca.pem -extensions of_server -in server.csr -out server.pem")


def fault():
    """What goes wrong at present: a word and its measure, both empty for nothing."""
    try:
        with open(os.path.join(DIRECTORY, "fault"), encoding="ascii") as file:
            word, _, measure = file.read().partition(" ")
            return word, measure
    except FileNotFoundError:
        return "", ""


def see(what):
    with open(os.path.join(DIRECTORY, "seen"), "a", encoding="utf-8") as file:
        file.write(what + "\n")


class Recorder:
    """What is answered to each command, and what is kept of it."""

    def __init__(self):
        self.numbers = itertools.count()
        self.tries = collections.Counter()

    async def handle_MAIL(self, server, session, envelope, address, options):
        if fault() == ("refuse", "sender"):
            return "550 5.7.1 You may not send as this"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        see(f"recipient {address}")
        self.tries[address] += 1
        word, measure = fault()
        if word == "greylist" and self.tries[address] <= int(measure):
            return "450 4.7.1 Greylisted, try again later"
        if (word, measure) == ("refuse", "recipient"):
            for beginning, answer in REFUSED.items():
                if address.startswith(beginning):
                    return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        see("message")
        word, measure = fault()
        if (word, measure) == ("refuse", "content"):
            return "554 5.7.1 We do not like what this says"
        if (word, measure) == ("close", "message"):
            return await server.close_with_421()
        if (word, measure) != ("drop", "untaken") and word != "hang":
            self.record(session, envelope)
        if word == "drop":
            server.transport.abort()
        if word in ("drop", "hang"):
            # Ends when the connection does.
            await asyncio.sleep(600)
        return "250 OK"

    def record(self, session, envelope):
        received = {
            "at": time.time(),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "login": session.auth_data,
            "message": base64.b64encode(envelope.content).decode(),
        }
        path = os.path.join(MESSAGES, f"{next(self.numbers):06}")
        # A reader never sees half a file: the name comes last.
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(received, file)
        os.rename(path + ".part", path + ".json")


def at_each(command):
    """The command as aiosmtpd does it, slow or cut short on request."""

    async def step(self, argument):
        word, measure = fault()
        if word == "slow":
            await asyncio.sleep(int(measure) / 1000)
        if word == "crowd":
            # So that conversations overlap.
            await asyncio.sleep(0.02)
        if (word, measure) == ("close", command):
            await self.close_with_421()
        else:
            await getattr(SMTP, f"smtp_{command}")(self, argument)

    return step


class Server(SMTP):
    going_on = 0
    smtp_EHLO, smtp_MAIL, smtp_RCPT, smtp_DATA = map(at_each, ["EHLO", "MAIL", "RCPT", "DATA"])

    async def _handle_client(self):
        see("connection")
        word, measure = fault()
        crowded = word == "crowd" and Server.going_on >= int(measure)
        if crowded or (word, measure) == ("close", "connection"):
            await self.close_with_421()
            return
        Server.going_on += 1
        try:
            await super()._handle_client()
        finally:
            Server.going_on -= 1

    async def push(self, status):
        line = status.encode() if isinstance(status, str) else status
        word, _ = fault()
        # A code may stand alone (RFC 5321, 4.2), and text is in whatever letters the relay has.
        if word == "terse" and line[3:4] == b" ":
            line = line[:3]
        if word == "foreign" and line[3:4] == b" ":
            line += b" d\xe9j\xe0 vu"
        await super().push(line)

    async def close_with_421(self):
        await self.push(CLOSING)
        self.transport.close()
        await asyncio.sleep(600)


def login(server, session, envelope, mechanism, data):
    see("login")
    refused = fault() == ("refuse", "password")
    return AuthResult(success=not refused, handled=False, auth_data=data.login.decode())


async def main():
    tls = None
    if MODE != "plain":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(
            os.path.join(DIRECTORY, "server.pem"), os.path.join(DIRECTORY, "server.key")
        )
    starttls, implicit = MODE == "starttls", MODE == "implicit"
    recorder = Recorder()

    def session():
        word, measure = fault()
        return Server(
            recorder,
            hostname="localhost",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            authenticator=login,
            # Under implicit TLS the server can't see that the line is already encrypted.
            auth_require_tls=starttls,
            enable_SMTPUTF8=word != "ascii",
            data_size_limit=int(measure) if word == "size" else 1 << 25,
        )

    server = await asyncio.get_running_loop().create_server(
        session,
        "127.0.0.1",
        0,
        ssl=tls if implicit else None,
        # A client that waits for a greeting in clear is hung up on, not kept for a minute.
        ssl_handshake_timeout=3 if implicit else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


os.mkdir(MESSAGES)
if MODE != "plain":
    make_certificates()
asyncio.run(main())
