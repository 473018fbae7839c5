"""A PostgreSQL server of its own, as durable as it is by default."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile

from .processes import ROOT, Trouble, free_port, start, stop, tail, until


def directory_of_programs():
    """The directory with `initdb` and `postgres`: as told, else the newest that Debian has, else by `PATH`."""
    by_path = shutil.which("initdb")
    newest = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))[-1:]
    for bin in filter(None, [os.environ.get("TEST_POSTGRES_BIN"), *newest, by_path and os.path.dirname(by_path)]):
        if os.path.exists(os.path.join(bin, "initdb")) and os.path.exists(os.path.join(bin, "pgbench")):
            return bin
    raise Trouble("PostgreSQL's initdb and pgbench are not here: apt-get install postgresql, "
                  "or say where they are by TEST_POSTGRES_BIN")


def unprivileged(command):
    # Neither initdb nor postgres runs as root.
    who = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"] if ROOT else []
    return [*who, *command]


class Postgres:
    """The server; its settings are those that initdb writes, but for where it listens."""

    options = ()

    def __init__(self, directory=None, options=()):
        self.options = options
        self.place(free_port(), directory=directory)
        self.make()
        self.begin()

    def place(self, port, log="postgres.log", directory=None):
        self.bin = directory_of_programs()
        self.directory, self.port = directory or tempfile.mkdtemp(prefix="postgres-"), port
        if ROOT:
            shutil.chown(self.directory, "postgres", "postgres")
        self.data, self.log = os.path.join(self.directory, "data"), os.path.join(tempfile.gettempdir(), log)

    def tool(self, name, *arguments):
        """Runs one of PostgreSQL's programs as who owns the data."""
        done = subprocess.run(unprivileged([f"{self.bin}/{name}", *arguments]), cwd=self.directory,
                              capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise Trouble(f"{name}: {done.stderr.strip()}")

    def make(self):
        self.tool("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8",
                  "--locale=C.UTF-8")

    def begin(self):
        """Starts it on its data; again, after it ended."""
        self.process = start(
            unprivileged([f"{self.bin}/postgres", "-D", self.data, "-p", str(self.port), "-k", self.directory,
                          "-c", "listen_addresses=127.0.0.1", *self.options]), self.log, cwd=self.directory)

        def answers():
            if self.process.poll() is not None:
                raise Trouble(f"PostgreSQL does not start: {tail(self.log)}")
            return self.run("SELECT 1", check=False)

        until("PostgreSQL", answers, 60)

    def run(self, sql, database="postgres", check=True, seconds=300):
        done = subprocess.run([f"{self.bin}/psql", "-AtqX", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", sql],
                              capture_output=True, text=True, timeout=seconds)
        if check and done.returncode:
            raise Trouble(f"psql: {done.stderr.strip()}")
        return done.stdout.split()

    def fresh(self, database):
        """An empty database, and nothing of the one before it left to be written."""
        self.drop(database)
        self.run(f"CREATE DATABASE {database}")
        self.run("CHECKPOINT")

    def drop(self, database):
        self.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def end(self):
        """Has it end as it does for a restart; its data stay."""
        stop(self.process, signal.SIGINT)

    def stop(self):
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)
