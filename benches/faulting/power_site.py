"""An installation whose whole disk is one directory, `disk`: the program's data, and the cluster on PostgreSQL."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading

from measuring.postgres import directory_of_programs, unprivileged
from measuring.processes import ROOT, STARTED, Trouble, free_port, start, stop, tail, until
from measuring.program import Installation

DATABASE = "power"


class Cluster:
    """A PostgreSQL as `initdb` sets it up, in a directory that is told at each start."""

    def __init__(self, directory):
        self.bin, self.port, self.process = directory_of_programs(), free_port(), None
        # Sockets and what it says are on no disk that loses power.
        self.sockets = tempfile.mkdtemp(prefix="sockets-", dir=directory)
        self.log = os.path.join(directory, "postgres.log")
        if ROOT:
            shutil.chown(self.sockets, "postgres", "postgres")

    def make(self, data):
        os.mkdir(data, 0o700)
        if ROOT:
            shutil.chown(data, "postgres", "postgres")
        made = subprocess.run(
            unprivileged([f"{self.bin}/initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync",
                          "--encoding=UTF8", "--locale=C.UTF-8"]),
            cwd=self.sockets, capture_output=True, text=True, timeout=120)
        if made.returncode:
            raise Trouble(f"initdb: {made.stderr.strip()}")

    def start(self, data, environment):
        self.data = data
        # What is looked at afterwards is not cut again: it needs no flushes, of which a recovery makes thousands.
        settings = [] if environment else ["-c", "fsync=off"]
        self.process = start(
            unprivileged([f"{self.bin}/postgres", "-D", data, "-p", str(self.port), "-k", self.sockets,
                          "-c", "listen_addresses=127.0.0.1", *settings]),
            self.log, cwd=self.sockets, env={**os.environ, **environment})

        def answers():
            if self.process.poll() is not None:
                raise Trouble(f"PostgreSQL does not start: {tail(self.log)}")
            return self.ask("SELECT 1", check=False)

        until("PostgreSQL", answers, 60)

    def ask(self, sql, database="postgres", check=True):
        done = subprocess.run([f"{self.bin}/psql", "-AtqX", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", sql],
                              capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise Trouble(f"psql: {done.stderr.strip()}")
        return done.stdout.splitlines()

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def fresh(self, database):
        """The database lies in the cluster already."""

    def stop(self):
        stop(self.process, signal.SIGINT)
        self.process = None

    def kill(self):
        with open(os.path.join(self.data, "postmaster.pid")) as told:
            segment = told.read().split("\n")[6].split()
        shared = set()
        for pid in family(self.process):
            shared.update(re.findall(r"/dev/shm/PostgreSQL\.\d+", told_by_kernel(f"/proc/{pid}/maps")))
        kill_all(self.process)
        self.process = None
        # The kernel would keep the killed server's shared memory.
        if len(segment) == 2:
            subprocess.run(["ipcrm", "-m", segment[1]], capture_output=True, timeout=10)
        for file in shared:
            if os.path.exists(file):
                os.unlink(file)


class Site(Installation):
    """One that is set up when it is told to, and may start again on another disk in the same place."""

    def __init__(self, program, cluster=None):
        self.setup, self.commands, self.cluster = [], [], cluster
        self.lock, self.off = threading.Lock(), True
        super().__init__(program, cluster)
        self.disk = os.path.join(self.directory, "disk")
        self.environment["ASSENT_DATA_DIR"] = self.data = os.path.join(self.disk, "data")
        if cluster:
            self.environment["ASSENT_DATABASE_URL"] = cluster.url(DATABASE)

    def command(self, *arguments):
        # What an installation is set up by waits until it is known whether it is recorded.
        self.setup.append(arguments)

    def run(self, *arguments, check=True):
        """A command of the program's, which goes with the power too."""
        with self.lock:
            if self.off:
                raise Trouble("the power is off")
            command = subprocess.Popen([self.program, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            STARTED.append(command)
            self.commands.append(command)
        try:
            out, said = command.communicate(timeout=60)
        finally:
            self.commands.remove(command)
            stop(command, signal.SIGKILL)
        if check and command.returncode:
            raise Trouble(f"{' '.join(arguments)}: {said.strip()}")
        return subprocess.CompletedProcess(command.args, command.returncode, out, said)

    def make(self):
        """A disk with nothing but an empty data directory, and a cluster with an empty database."""
        os.mkdir(self.disk)
        os.mkdir(self.data)
        if self.cluster:
            self.cluster.make(self.cluster_data)
            self.cluster.start(self.cluster_data, {})
            self.cluster.ask(f"CREATE DATABASE {DATABASE}")
            self.cluster.stop()

    @property
    def cluster_data(self):
        return os.path.join(self.disk, "cluster")

    def start(self, layer):
        """Starts what stores; `layer` is an environment."""
        self.off = False
        self.environment.update(layer)
        if self.cluster:
            self.cluster.start(self.cluster_data, layer)

    def serve(self):
        self.process = start([self.program, "serve"], self.log, env=self.environment)
        until("the program answers", self.answers, 30)

    def kill(self, layer):
        """Kills what runs, if anything does, and leaves the layer away from here on."""
        with self.lock:
            self.off = True
            for command in self.commands:
                command.kill()
        if self.process:
            kill_all(self.process)
            self.process = None
        if self.cluster and self.cluster.process:
            self.cluster.kill()
        for name in layer:
            self.environment.pop(name, None)

    def stop(self):
        if self.process:
            stop(self.process)
            self.process = None
        if self.cluster and self.cluster.process:
            self.cluster.stop()

    def rows(self, sql):
        """Rows of texts, by a statement that both databases understand."""
        if self.cluster:
            return [row.split("|") for row in self.cluster.ask(sql, DATABASE)]
        with sqlite3.connect(f"file:{self.data}/assent.db?mode=ro", uri=True) as database:
            return [[str(value) for value in row] for row in database.execute(sql)]

    def copy_disk(self, to):
        # As it is, owners too.
        subprocess.run(["cp", "-a", self.disk, to], check=True, timeout=120)

    def put_disk(self, base):
        subprocess.run(["cp", "-a", base, self.disk], check=True, timeout=120)

    def clear(self):
        shutil.rmtree(self.disk, ignore_errors=True)


def told_by_kernel(file):
    """Empty of a process that ended meanwhile."""
    try:
        with open(file) as told:
            return told.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def family(process):
    """The process and all that it started, none of which need be in its group."""
    pids = [process.pid]
    for pid in pids:
        pids += [int(child) for child in told_by_kernel(f"/proc/{pid}/task/{pid}/children").split()]
    return pids


def kill_all(process):
    """Kills what was started here with all that it started."""
    pids = family(process)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            # It ended by itself.
            pass
    process.wait()
    if process in STARTED:
        STARTED.remove(process)
    until("what was killed is gone", lambda: not any(is_running(pid) for pid in pids[1:]), 10)


def is_running(pid):
    stat = told_by_kernel(f"/proc/{pid}/stat")
    return bool(stat) and not re.search(r"\) Z ", stat)
