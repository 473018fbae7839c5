"""What each round of a fault is given: one installation for all rounds, a relay, a server and chance."""

import collections
import os
import random
import subprocess
import tempfile

from measuring.postgres import Postgres
from measuring.processes import ROOT, Trouble
from measuring.relay import Relay

from .forms import Forms
from .site import Site

# MiB, of which the report takes 5, or an empty PostgreSQL about 60.
SMALL = {"data": 48, "server": 192}


class Trial:
    """All rounds of one fault on one database. `number` is the round's, from 1 on."""

    def __init__(self, fault, database, program, seed):
        self.fault, self.database, self.program, self.seed = fault, database, program, seed
        self.number, self.chance, self.kept = 0, None, {}
        self.relay, self.server, self.site, self.mounted = Relay(), None, None, []
        # How often each mail may come again: once for each fault that met it under way.
        self.again = collections.Counter()
        # The same where it is not known which were under way: how many faults there were.
        self.faults = 0
        # Acknowledged addresses of all rounds.
        self.acknowledged = []
        self._remarks = {}
        # What is wrong by all rounds together, as the last of them sees it.
        self.standing = []

    def next(self):
        """The next round; its chance follows from the seed, the fault and its number alone."""
        self.number += 1
        self.chance = random.Random(f"{self.fault} {self.seed} {self.number}")
        return self

    def remark(self, about, text):
        """What the last line says besides figures; of what is said about the same thing the last."""
        self._remarks[about] = text

    def remarks(self):
        return list(self._remarks.values())

    @property
    def name(self):
        """By which the forms of this round are known."""
        return f"r{self.number}s{self.seed}"

    def install(self, small=False, **settings):
        """The installation, begun and answering; made by the first round, the same for all others.

        `small`: the data directory has a disk of few MiB to itself, and so has PostgreSQL.
        """
        if self.site is None:
            data = os.path.join(self.disk(SMALL["data"]), "data") if small else None
            if self.database == "postgres":
                # What is written ahead must not fill a small disk by itself.
                options = ("-c", "max_wal_size=64MB", "-c", "min_wal_size=32MB") if small else ()
                self.server = Postgres(self.disk(SMALL["server"]) if small else None, options)
            self.site = Site(self.program, self.relay, self.server, data, settings)
        return self.site

    def disk(self, mib):
        """A file system in memory of so many MiB."""
        if not ROOT:
            raise Trouble("a small disk is mounted by root alone: run it as root")
        path = tempfile.mkdtemp(prefix="small-")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "assent-fault", path],
                              capture_output=True, text=True)
        if done.returncode:
            raise Trouble(f"a small disk cannot be mounted, {done.stderr.strip()}: run it where mount is allowed")
        self.mounted.append(path)
        return path

    def up(self):
        """The installation, running; begun if it is not."""
        site = self.site
        if site.process is None or site.process.poll() is not None:
            site.begin()
        site.up()
        return site

    def forms(self, **how):
        return Forms(self.site.port, self.site.form(), self.name, **how)

    def seen(self, forms, outcome):
        """Counts what a round's forms were answered, and looks which of them are stored."""
        outcome.count(forms)
        self.kept["longest"] = max(self.kept.get("longest", 0), forms.longest())
        self.remark("longest", f"no answer took more than {self.kept['longest']:.1f} s")
        self.acknowledged += forms.emails()
        outcome.look(forms.emails(), self.site.stored(self.name))
        return outcome

    def close(self):
        if self.site:
            self.site.__exit__()
        if self.server:
            self.server.stop()
        self.relay.stop()
        for path in self.mounted:
            subprocess.run(["umount", "--lazy", path], capture_output=True)
