"""A primary and its standby: how one takes the other's place, and how a lost one is made anew."""

import os
import shutil
import signal
import time

from measuring.postgres import Postgres
from measuring.processes import stop, until

STANDBYS = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as told:
        return [int(child) for child in told.read().split()]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as told:
            return told.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Node(Postgres):
    """One server, on a port that is its own however often it is made."""

    def __init__(self, port, leader=None):
        self.place(port, f"postgres-{port}.log")
        if leader:
            self.tool("pg_basebackup", "-D", self.data, "--write-recovery-conf", "--wal-method=stream",
                      "--checkpoint=fast", "--no-sync", "-d", f"host=127.0.0.1 port={leader.port} user=postgres")
        else:
            self.make()
            # What a killed server shared in memory would stay behind outside its directory.
            with open(os.path.join(self.data, "postgresql.conf"), "a") as settings:
                settings.write("dynamic_shared_memory_type = mmap\n")
        self.begin()

    def end_at_once(self, how):
        """Stops it without a checkpoint. None of its processes is left to commit anything afterwards."""
        mine = children(self.process.pid)
        # What `pg_ctl stop -m immediate` sends, or what takes it away without a word to its processes.
        self.process.send_signal({"immediate": signal.SIGQUIT, "kill": signal.SIGKILL}[how])
        stop(self.process)
        until("the end of the processes of a server that was stopped", lambda: not any(map(is_alive, mine)), 20)

    def begin_again(self):
        try:
            os.unlink(os.path.join(self.data, "postmaster.pid"))
        except FileNotFoundError:
            pass
        self.begin()

    def throw_away(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class Pair:
    """A primary and a standby, which holds each commit before it is acknowledged unless `asynchronous`."""

    def __init__(self, ports, front, asynchronous):
        self.ports, self.front, self.asynchronous = ports, front, asynchronous
        self.primary = Node(ports[0])
        self.standby = Node(ports[1], self.primary)
        self.demand_standby()

    def demand_standby(self):
        if not self.asynchronous:
            self.primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.primary.run("SELECT pg_reload_conf()")
        self.wait_for_standby()

    def wait_for_standby(self):
        wanted = ["async" if self.asynchronous else "sync"]
        until("the standby follows", lambda: self.primary.run(STANDBYS) == wanted, 60)

    def leave_behind(self):
        """A standby that nobody waits for follows no more, as over a network that broke half a second ago."""
        self.standby.run("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.run("SELECT pg_reload_conf()")
        until("the standby follows no more", lambda: not self.primary.run(STANDBYS), 20)
        time.sleep(0.5)

    def promote(self):
        """The standby becomes the primary, which waits for nobody until it has a standby of its own."""
        self.standby.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.standby.run("SELECT pg_reload_conf()")
        self.standby.run("SELECT pg_promote()")
        self.lost, self.primary, self.standby = self.primary, self.standby, None

    def replace_lost(self):
        """What the lost primary has beside the new one's history is thrown away."""
        self.lost.throw_away()
        self.standby = Node(self.lost.port, self.primary)
        self.demand_standby()

    # What an installation asks of its server; it connects through the front.

    def run(self, sql, database="postgres"):
        return self.primary.run(sql, database)

    def fresh(self, database):
        self.primary.fresh(database)

    def drop(self, database):
        self.primary.drop(database)

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.front}/{database}"
