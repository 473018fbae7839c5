"""The disk under the database: full, and read-only."""

import os
import signal
import subprocess
import time

from measuring.processes import STARTED, Trouble, found, start, until

from .forms import Pages
from .outcome import Outcome

REFUSED_WITHIN = 20
BACK_WITHIN = 30

# The calls that change a file or what is in a directory. SQLite and the file store use no others.
WRITES = ("pwrite64,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,"
          "mkdir,mkdirat,link,linkat,symlink,symlinkat")


def fill(path):
    """Takes every byte that is left, or that is left again."""
    with open(path, "ab", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while out.write(b"\0" * size):
                    pass
            except OSError:
                pass


def full(it):
    """Filled up by a file, until forms are refused and a moment longer; then the file goes.

    On PostgreSQL the data directory is another disk than the server's, and in a round of three it is that one: forms
    may be acknowledged then, for what they say is stored elsewhere.
    """
    site, outcome = it.install(small=True), Outcome()
    it.up()
    it.faults += 1
    elsewhere = it.server is not None and it.chance.random() < 1 / 3
    filling = os.path.join(it.mounted[0 if elsewhere else -1], "filling")
    with it.forms() as forms, Pages(site) as pages:
        time.sleep(it.chance.uniform(0.1, 0.5))
        begun = time.monotonic()
        fill(filling)
        if elsewhere:
            outcome.notes.append("the data directory's disk full")
        elif forms.until_answered("refused", begun, REFUSED_WITHIN) is None:
            outcome.wrong.append(f"no form was refused within {REFUSED_WITHIN} s")
        stays = time.monotonic() + it.chance.uniform(0.3, 2.0)
        while time.monotonic() < stays:
            time.sleep(0.1)
            fill(filling)
        os.unlink(filling)
        ended = time.monotonic()
        if it.server and it.server.process.poll() is not None:
            # Whatever watches over it would begin it again; where its log had no room, it has ended.
            it.server.begin()
            outcome.notes.append("PostgreSQL ended by itself and was begun again")
        answered = forms.until_answered("acknowledged", ended, BACK_WITHIN)
        outcome.gap = (answered or time.monotonic()) - ended
    still_there(it, pages, outcome)
    return it.seen(forms, outcome)


def read_only(it):
    """What is written is refused for a while; what is read is not."""
    site, outcome = it.install(small=True), Outcome()
    it.up()
    it.faults += 1
    fault = server_refuses if it.server else disk_refuses
    with it.forms() as forms, Pages(site) as pages:
        time.sleep(it.chance.uniform(0.1, 0.5))
        ended = fault(it, forms, outcome)
        answered = forms.until_answered("acknowledged", ended, BACK_WITHIN)
        outcome.gap = (answered or time.monotonic()) - ended
    still_there(it, pages, outcome)
    return it.seen(forms, outcome)


def wait_refused(it, forms, outcome):
    """Until a form is refused, and a moment longer by the seed."""
    if forms.until_answered("refused", time.monotonic(), REFUSED_WITHIN) is None:
        outcome.wrong.append(f"no form was refused within {REFUSED_WITHIN} s")
    time.sleep(it.chance.uniform(0.3, 2.0))


def server_refuses(it, forms, outcome):
    """Begun again as a standby, which reads alone, and then as itself: a transaction says itself that it writes, so that
    `default_transaction_read_only` would refuse nothing."""
    standby = os.path.join(it.server.data, "standby.signal")
    it.server.end()
    with open(standby, "x"):
        pass
    it.server.begin()
    wait_refused(it, forms, outcome)
    it.server.end()
    os.unlink(standby)
    it.server.begin()
    return time.monotonic()


def disk_refuses(it, forms, outcome):
    """`remount,ro`, which Linux refuses while a file is open for writing; then each call that writes is answered
    EROFS, as on a disk that became read-only under open files."""
    small = it.mounted[0]
    if subprocess.run(["mount", "-o", "remount,ro", small], capture_output=True).returncode == 0:
        wait_refused(it, forms, outcome)
        subprocess.run(["mount", "-o", "remount,rw", small], check=True, capture_output=True)
        return time.monotonic()
    outcome.notes.append("remount,ro was refused as busy, so each write was answered EROFS by strace")
    log = os.path.join(it.site.directory, "strace")
    strace = start([found("strace", "strace"), "-f", "-p", str(it.site.process.pid), "-e", f"trace={WRITES}",
                    "-e", f"inject={WRITES}:error=EROFS", "-o", "/dev/null"], log)

    def attached():
        if strace.poll() is not None:
            with open(log) as said:
                raise Trouble(f"strace cannot attach, {said.read().strip()}: run it where ptrace is allowed")
        with open(f"/proc/{it.site.process.pid}/status") as status:
            return "TracerPid:\t0\n" not in status.read()

    until("strace", attached, 10)
    try:
        wait_refused(it, forms, outcome)
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(10)
        STARTED.remove(strace)
    return time.monotonic()


def still_there(it, pages, outcome):
    """Whether pages were served all the while, by the same process."""
    outcome.wrong += pages.wrong
    it.kept["page"] = max(it.kept.get("page", 0), pages.longest)
    it.remark("page", f"no page took more than {it.kept['page']:.1f} s")
    if it.site.process.poll() is not None:
        outcome.wrong.append(f"serve ended with {it.site.process.returncode}")
