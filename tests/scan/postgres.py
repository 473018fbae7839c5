"""A PostgreSQL server of one's own, for as long as a scanner looks."""

import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def binaries():
    if "TEST_POSTGRES_BIN" in os.environ:
        return os.environ["TEST_POSTGRES_BIN"]
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
    if not found:
        raise SystemExit("PostgreSQL is not here")
    return found[-1]


@contextlib.contextmanager
def server():
    """Where its one database is found."""
    directory = tempfile.mkdtemp(prefix="assent-scan-postgres-")
    port = free_port()
    user = {}
    # It refuses to run as root.
    if os.getuid() == 0:
        there = pwd.getpwnam("postgres")
        user = {"user": there.pw_uid, "group": there.pw_gid, "extra_groups": []}
        os.chown(directory, there.pw_uid, there.pw_gid)
    data = os.path.join(directory, "data")
    initdb = ["--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([os.path.join(binaries(), "initdb"), *initdb], check=True, stdout=subprocess.DEVNULL, cwd=directory,
                   **user)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={directory}", "fsync=off"]
    command = [os.path.join(binaries(), "postgres"), "-D", data]
    command += [part for setting in settings for part in ("-c", setting)]
    with open(os.path.join(directory, "log"), "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory, **user)
    try:
        until_ready(process, data, log.name)
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def until_ready(process, data, log):
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError, IndexError):
            with open(os.path.join(data, "postmaster.pid"), encoding="utf-8") as said:
                if said.read().splitlines()[7].strip() == "ready":
                    return
        time.sleep(0.05)
    with open(log, encoding="utf-8", errors="replace") as said:
        raise SystemExit(f"PostgreSQL does not start:\n{said.read()}")
