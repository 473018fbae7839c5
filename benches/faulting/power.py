"""Power that goes while people sign up: what the disk may have kept, and what the program makes of it."""

import copy
import dataclasses
import json
import os
import random
import shutil
import tempfile

from measuring.processes import Trouble

from . import power_log
from .power_check import check, keys
from .power_disk import Disk
from .power_load import Load
from .power_site import Cluster, Site


@dataclasses.dataclass
class Options:
    # `posix` or `journal`: what a flush of a file says of names.
    model: str = "posix"
    # How many cuts of power are tried of one load.
    cuts: int = 1
    # Flushes of files in whose path one of these stands are taken as never done.
    forget: tuple = ()
    # The data directory is made by the program too, in loads that begin with nothing.
    fresh: bool = False
    # Where what a failed round needs is kept.
    keep: str | None = None


class Power:
    """The installation of all rounds on one database; each round begins on a disk of its own."""

    def __init__(self, program, database):
        self.directory = tempfile.mkdtemp(prefix=f"power-{database}-")
        os.chmod(self.directory, 0o755)
        self.database = database
        self.library = power_log.build(self.directory)
        self.site = Site(program, Cluster(self.directory) if database == "postgres" else None)
        os.chmod(self.site.directory, 0o755)
        self.bases = {name: os.path.join(self.site.directory, name) for name in ("bare", "prepared")}
        self.site.make()
        self.site.copy_disk(self.bases["bare"])
        self.site.start({})
        for command in self.site.setup:
            self.site.run(*command)
        self.site.stop()
        self.site.copy_disk(self.bases["prepared"])

    def close(self):
        self.site.stop()
        for directory in (self.site.directory, self.site.mailbox, self.directory):
            shutil.rmtree(directory, ignore_errors=True)


@dataclasses.dataclass
class Outcome:
    """Of one cut."""

    database: str
    name: str
    acknowledged: int
    stored: int
    flushes: int
    dropped: int
    torn: int
    kept: int
    ledger: str
    faults: list

    @property
    def lost(self):
        return self.acknowledged - self.stored

    def line(self):
        told = (f"power {self.database} seed {self.name}: acknowledged {self.acknowledged}, stored {self.stored}, "
                f"lost {self.lost}, flushes {self.flushes}, dropped {self.dropped}, torn {self.torn}, "
                f"kept {self.kept}, ledger {self.ledger}")
        return "\n".join([told, *(f"  FAULT: {fault}" for fault in self.faults)])


def round(power, seed, options):
    """One load until the power goes, and its cuts; gives their outcomes one by one."""
    site, chance = power.site, random.Random(seed)
    # Half of them are set up under way; the others begin with what was set up before.
    base = power.bases["bare" if seed % 2 else "prepared"]
    site.clear()
    site.put_disk(base)
    if options.fresh and base == power.bases["bare"]:
        os.rmdir(site.data)
    for mail in os.scandir(site.mailbox):
        os.unlink(mail)
    disk = Disk(site.disk, base)
    record = power_log.Record(power.library, site.disk, os.path.join(power.directory, "log"))
    load = Load(site, record, seed)
    try:
        load.run(setup=base == power.bases["bare"], seconds=chance.uniform(0.3, 1.5))
        last = record.number()
        record.end()
        keys_before = keys(site.data)
        load.over = True
        site.kill(record.environment)
        load.end()
        if load.wrong:
            raise Trouble(f"power {power.database} seed {seed}: before any cut, {load.wrong[0]}")
        operations = record.operations()
        demand_all_recorded(copy.deepcopy(disk), operations)
        for at in range(options.cuts):
            cut = Cut(power, f"{seed}.{at}" if options.cuts > 1 else str(seed), options)
            number = moment(load, operations, last, at, chance)
            yield cut.judge(copy.deepcopy(disk), operations, load, number, keys_before)
            if cut.failed and options.keep:
                record.save(os.path.join(options.keep, cut.name, "log"))
    finally:
        site.kill(record.environment)
        record.close()


def demand_all_recorded(disk, operations):
    """What is on the disk now is what the records say, or a call went past the layer."""
    disk.cut(operations, operations[-1].after, 0)
    missed = disk.differences()
    if missed:
        raise Trouble(f"the layer missed what changed {', '.join(missed[:5])}: find the call by strace, "
                      "and add it to power.c")


def moment(load, operations, last, at, chance):
    """When the power goes: the first time when all is killed, then at any call, or in a moment that is a hard one."""
    acknowledged = [number for number, _, _ in load.acknowledged if number <= last]
    if at == 0 or not acknowledged:
        return last
    hard = chance.choice(["any", "acknowledged", "flush"])
    if hard == "acknowledged":
        return chance.choice(acknowledged)
    if hard == "flush":
        # Just before it is done; files that are flushed seldom as often as SQLite's log.
        flushes = [each for each in operations if each.kind == power_log.FLUSH and acknowledged[0] < each.after <= last]
        if flushes:
            path = chance.choice(sorted({each.path for each in flushes}))
            return chance.choice([each for each in flushes if each.path == path]).after - 1
    return chance.randint(acknowledged[0], last)


class Cut:
    """One cut of a load."""

    def __init__(self, power, name, options):
        self.power, self.name, self.options, self.failed = power, name, options, False

    def judge(self, disk, operations, load, number, keys_before):
        site = self.power.site
        acknowledged = [(kind, what) for at, kind, what in load.acknowledged if at <= number]
        disk.cut(operations, number, self.name, self.options.model == "journal", self.options.forget)
        state = disk.random.getstate()
        site.clear()
        disk.build(site.disk)
        counts = [len(each) for each in (disk.lost, disk.torn, disk.kept)]
        checked = check(site, acknowledged, keys_before, self.name)
        faults = [*checked.faults, *(f"the layer cannot tell: {each}" for each in disk.unknown[:3])]
        self.failed = bool(faults)
        if faults and self.options.keep:
            self._keep(disk, state, acknowledged, faults)
        return Outcome(self.power.database, self.name, checked.acknowledged, checked.stored, disk.flushes, *counts,
                       checked.ledger, faults)

    def _keep(self, disk, state, acknowledged, faults):
        to = os.path.join(self.options.keep, self.name)
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        # The same chance makes the same disk, as it was before the program ran on it.
        disk.random.setstate(state)
        fates = {"lost": disk.lost[:], "torn": disk.torn[:], "kept": disk.kept[:]}
        disk.build(os.path.join(to, "disk"))
        with open(os.path.join(to, "told.json"), "w") as out:
            json.dump({"number": disk.number, "faults": faults, **fates, "acknowledged": acknowledged}, out, indent=1)
        shutil.copyfile(self.power.site.log, os.path.join(to, "assent.log"))

