"""All faults: what each is, on which databases, and the function that brings it once."""

import collections

from . import clock, databases, disks, ledger, processes, slow_relay, uploads

BOTH = ("sqlite", "postgres")

# `mounts`: whether it needs file systems of its own, which go with the process.
Fault = collections.namedtuple("Fault", "told round databases mounts", defaults=(BOTH, False))

# A fault is a function of one round: it is given a `Trial` and gives an `Outcome`.
FAULTS = {
    "kill": Fault("kill -9 of serve 50 to 600 ms after load begins, begun again on the same data", processes.kill),
    "sigterm": Fault("asked to stop under load: exit code 0 within 30 s", processes.sigterm),
    "disk-full": Fault("the database's disk is filled up, and emptied again", disks.full, BOTH, True),
    "read-only": Fault("what is written is refused for some seconds", disks.read_only, BOTH, True),
    "postgres": Fault("the server stops at once and comes back, or all sessions end, or it sleeps", databases.away,
                      ("postgres",)),
    "clock": Fault("the program's clock jumps a day ahead or back, and returns", clock.jump),
    "two-workers": Fault("2,000 mails by two workers, one of them killed in two rounds of three",
                         processes.two_workers, ("postgres",)),
    "ledger": Fault("a sealed row is changed by SQL, and put right again", ledger.changed),
    "upload": Fault("the program is killed while a report's file comes in", uploads.killed),
    "slow-relay": Fault("a relay that is slow, refuses some mail and drops some after DATA", slow_relay.slow),
}
