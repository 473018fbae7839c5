"""An installation that faults are brought upon: begun, ended in every way, begun again, and asked by SQL."""

import glob
import os
import signal
import subprocess
import time

from measuring.processes import STARTED, Trouble, start, stop, tail, until
from measuring.program import QUEUED, Installation

ADMIN, PASSWORD = "admin@sample.example", "pylon+marmot+ferrous+quilt"
ALL_MAILS = "SELECT {id} FROM outbox"


class Site(Installation):
    """Mail goes to a relay of ours, so that a message that comes twice is seen twice."""

    def __init__(self, program, relay, server=None, data=None, settings=None):
        super().__init__(program, server, data, {"ASSENT_MAIL_URL": relay.url(), **(settings or {})})
        self.relay, self.started = relay, []
        # A start tells what is missing, and an account is.
        self.ask_program("staff", "add", ADMIN, "--role", "admin", input=PASSWORD + "\n", must=True)

    def __exit__(self, *_):
        # Whoever works on the database ends before it does.
        for process in self.started:
            stop(process)
        super().__exit__()

    def begin(self, *arguments):
        """Starts `serve`; it may not answer yet."""
        self.process = self.start(*arguments)

    def start(self, *arguments):
        process = start([self.program, "serve", *arguments], self.log, env=self.environment)
        self.started.append(process)
        return process

    def up(self, seconds=60):
        until(f"the program answers; its log is {self.log}", self.answers, seconds)

    def end(self, process=None, with_signal=signal.SIGKILL, seconds=30):
        """Ends a process by a signal; gives its exit code, None when it had to be killed after all."""
        process = process or self.process
        process.send_signal(with_signal)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        for among in (STARTED, self.started):
            if process in among:
                among.remove(process)
        for left in glob.glob(f"/dev/shm/*faketime*_{process.pid}"):
            os.unlink(left)
        return code

    def ask_program(self, *arguments, input=None, must=False, seconds=120):
        """Runs a command of the program's; gives what subprocess gives."""
        done = subprocess.run([self.program, *arguments], env=self.environment, input=input, capture_output=True,
                              text=True, timeout=seconds)
        if must and done.returncode:
            raise Trouble(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return done

    # What is in the database.

    def stored(self, name):
        """The addresses of signups that a round's forms made, by how its forms are named."""
        return set(self.sql(f"SELECT email FROM signup WHERE email LIKE '{name}c%'"))

    def queued(self):
        return self.count(QUEUED)

    def due_now(self):
        """Lets the time pass for which mail was put off; who holds one keeps it."""
        late = "state = 'queued' AND lease_until IS NULL"
        if self.server:
            free = f"SELECT outbox_id FROM outbox WHERE {late} FOR UPDATE SKIP LOCKED"
            self.change(f"UPDATE outbox SET next_at = now() WHERE outbox_id IN ({free})")
        else:
            self.change(f"UPDATE outbox SET next_at = {int(time.time() * 1_000_000)} WHERE {late}")

    def said(self):
        return tail(self.log)
