"""Postfix's own programs that take mail and hand it over."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from .processes import ROOT, Trouble, found, free_port, in_memory, listens, start, stop, until

UNPACKED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../target/test-tools/smtp-sink")


def postfix(name):
    """How to call one of them, and where it finds what belongs to it: as tests/run unpacks them, or as installed."""
    directory = os.path.dirname(os.path.abspath(os.environ.get("TEST_SMTP_SINK", UNPACKED)))
    program = os.path.join(directory, "postfix/usr/sbin", name)
    environment = {"PATH": os.environ["PATH"]}
    if os.path.exists(program):
        environment["LD_LIBRARY_PATH"] = os.path.join(directory, "postfix/usr/lib/postfix")
        return program, environment
    if installed := found(name, None):
        return installed, environment
    raise Trouble(f"{name} is not here: let tests/run unpack Postfix, say where that is by TEST_SMTP_SINK, or "
                  "apt-get install postfix")


def source(port, connections, count, size):
    """Messages a second by smtp-source, over connections that are kept."""
    program, environment = postfix("smtp-source")
    begun = time.monotonic()
    done = subprocess.run([program, "-d", "-s", str(connections), "-m", str(count), "-l", str(size),
                           f"127.0.0.1:{port}"], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"smtp-source: {done.stderr.strip()[-1000:]}")
    return count / (time.monotonic() - begun)


class Sink:
    """smtp-sink; it counts what it takes."""

    options = ("-c",)

    def __init__(self):
        self.port, self.log = free_port(), os.path.join(tempfile.mkdtemp(prefix="sink-", dir=in_memory()), "log")
        program, environment = postfix("smtp-sink")
        self.process = start([program, *(["-u", "root"] if ROOT else []), *self.options,
                              f"127.0.0.1:{self.port}", "1000"], self.log, env=environment)
        until("smtp-sink", lambda: listens(self.port))

    def url(self):
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def taken(self):
        """How many messages have come."""
        with open(self.log, "rb") as told:
            told.seek(max(0, os.path.getsize(self.log) - 200))
            counts = re.findall(rb"mesg=(\d+)", told.read())
        return int(counts[-1]) if counts else 0

    def close(self):
        stop(self.process)
        shutil.rmtree(os.path.dirname(self.log))
