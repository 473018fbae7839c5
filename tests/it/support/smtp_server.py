"""An SMTP server with TLS for the tests, on aiosmtpd.

Arguments: starttls | implicit, an empty directory. Makes an authority (ca.pem) and a certificate by
it there, and prints its port once it listens. Each message becomes one JSON file in messages/.
"""

import asyncio
import base64
import itertools
import json
import os
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

MODE, DIRECTORY = sys.argv[1:]
MESSAGES = os.path.join(DIRECTORY, "messages")


def openssl(arguments):
    # Standard output is for the port.
    subprocess.run(
        ["openssl", *arguments.split()], cwd=DIRECTORY, check=True, stdout=sys.stderr
    )


def make_certificates():
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl(
        f"req -x509 {key} -days 2 -subj /CN=test-authority"
        " -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem"
    )
    openssl(f"req {key} -subj /CN=localhost -keyout server.key -out server.csr")
    # rustls wants version 3 with a subjectAltName; `x509 -req` adds extensions from a file only.
    with open(os.path.join(DIRECTORY, "extensions"), "w", encoding="ascii") as file:
        file.write("basicConstraints=critical,CA:FALSE\n")
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(
        "x509 -req -in server.csr -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial"
        " -extfile extensions -out server.pem"
    )


class Recorder:
    def __init__(self):
        self.numbers = itertools.count()

    async def handle_DATA(self, server, session, envelope):
        received = {
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
        return "250 OK"


def accept_any_login(server, session, envelope, mechanism, data):
    return AuthResult(success=True, auth_data=data.login.decode())


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(
        os.path.join(DIRECTORY, "server.pem"), os.path.join(DIRECTORY, "server.key")
    )
    implicit = MODE == "implicit"
    recorder = Recorder()

    def session():
        return SMTP(
            recorder,
            hostname="localhost",
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            authenticator=accept_any_login,
            # Under implicit TLS the server can't see that the line is already encrypted.
            auth_require_tls=not implicit,
        )

    server = await asyncio.get_running_loop().create_server(
        session,
        "127.0.0.1",
        0,
        ssl=context if implicit else None,
        # A client that waits for a greeting in clear is hung up on, not kept for a minute.
        ssl_handshake_timeout=3 if implicit else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


os.mkdir(MESSAGES)
make_certificates()
asyncio.run(main())
