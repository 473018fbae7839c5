"""Processes that end with who started them, and waiting for what they do."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.geteuid() == 0

# What must not outlive this, however it ends.
STARTED = []


class Trouble(SystemExit):
    """Why nothing can be measured, and what to do about it; a command that does not catch it says so and ends."""


def until(what, ask, seconds=120):
    """Asks until the answer is true."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds} s in vain: {what}")
        time.sleep(0.005)
    return answer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def found(name, package):
    """Where a program lies; what only root's PATH leads to counts."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None and package is not None:
        raise Trouble(f"{name} is not here: apt-get install {package}, or put it on PATH")
    return path


def start(command, log, **more):
    """Starts what is ended at the end; what it says goes to a file."""
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)
    STARTED.append(process)
    return process


def stop(process, with_signal=signal.SIGTERM, seconds=30):
    """Ends what was started here, by force if it does not end by itself."""
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process in STARTED:
        STARTED.remove(process)


def seconds_of(pid):
    """Seconds of processor that a process and its ended children have used."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid, which):
    """MiB by a field of the kernel's, VmRSS or VmHWM; 0 if the process has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            told = re.search(rf"{which}:\s+(\d+)", status.read())
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(told.group(1)) / 1024 if told else 0.0


def in_memory():
    """Where files take no disk, if there is such a place."""
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


class Spent:
    """What one command took: seconds, the most MiB that its process ever held, and what it said."""

    def __init__(self, command, environment, out=None):
        # Each says what it does into files: a pipe that fills up would have it wait.
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors, \
                open(out or os.devnull, "wb") as written:
            begun = time.monotonic()
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=written if out else said, stderr=errors)
            STARTED.append(process)
            # What the system tells of an ended child counts what this process held when it began.
            self.mib = 0.0
            while process.poll() is None:
                self.mib = max(self.mib, memory_of(process.pid, "VmHWM"))
                time.sleep(0.005)
            self.seconds = time.monotonic() - begun
            STARTED.remove(process)
            self.said, self.errors = (file.seek(0) or file.read().decode(errors="replace").strip()
                                      for file in (said, errors))
        if process.returncode:
            raise Trouble(f"{' '.join(command)[:200]}: {(self.errors or self.said)[-1000:]}")


def tail(log):
    with open(log, errors="replace") as said:
        return said.read()[-2000:].strip() or "it said nothing"


class Workspace:
    """A directory that goes when this ends, and with it all that was started."""

    def __init__(self, below):
        self.below = below

    def __enter__(self):
        # Asked to end, Python would leave everything behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
        try:
            self.path = tempfile.mkdtemp(prefix="assent-bench-", dir=self.below)
        except OSError as error:
            raise Trouble(f"{error}: give another directory by --directory") from error
        # PostgreSQL's directory lies in it, and its user may be another.
        os.chmod(self.path, 0o755)
        tempfile.tempdir = self.path
        return self.path

    def __exit__(self, *_):
        # The newest first: a program before the database it uses.
        for process in reversed(STARTED[:]):
            stop(process, signal.SIGINT, 10)
        tempfile.tempdir = None
        shutil.rmtree(self.path, ignore_errors=True)
