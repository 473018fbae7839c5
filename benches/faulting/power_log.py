"""The layer under the program that writes down what changes on the disk (`power.c`), and what it wrote."""

import dataclasses
import mmap
import os
import struct
import subprocess

from measuring.processes import Trouble, found, until

HERE = os.path.dirname(os.path.abspath(__file__))
# Sparse: what is not written takes no room.
LOG_SIZE = 2 << 30
WRITE, TRUNCATE, ALLOCATE, FLUSH, CREATE, MKDIR, LINK, UNLINK, RMDIR, RENAME, UNKNOWN = range(1, 12)
HEAD, RECORD = struct.Struct("<QQIIIi"), struct.Struct("<QIIQQQqqII")
OVER, FIRST = HEAD.size - 8, 64


def build(directory):
    """The layer, built there."""
    library = os.path.join(directory, "power.so")
    made = subprocess.run([found("gcc", "gcc"), "-O2", "-shared", "-fPIC", "-o", library,
                           os.path.join(HERE, "power.c")], capture_output=True, text=True, timeout=60)
    if made.returncode:
        raise Trouble(f"the layer does not build: {made.stderr.strip()}")
    return library


@dataclasses.dataclass(slots=True)
class Operation:
    """One call: `before` and `after` are numbers of one counter for all processes."""

    kind: int
    before: int
    after: int
    file: int
    a: int
    b: int
    path: str
    other: str
    data: bytes


class Record:
    """What processes with this environment do below a directory."""

    def __init__(self, library, root, file):
        self.file = file
        with open(file, "wb") as out:
            out.write(HEAD.pack(0, FIRST, 0, 0, 0, 0))
            out.truncate(LOG_SIZE)
        # PostgreSQL is another user.
        os.chmod(file, 0o666)
        with open(file, "r+b") as log:
            self.log = mmap.mmap(log.fileno(), LOG_SIZE)
        self.environment = {"LD_PRELOAD": library, "POWER_ROOT": os.path.realpath(root), "POWER_LOG": file}

    def number(self):
        """The newest number: what was called and has returned by now has smaller ones, or this one."""
        return HEAD.unpack_from(self.log)[0]

    def end(self):
        """No call begins from here on, and those that had begun are written down when this returns.

        So the disk is as the log says once all is killed.
        """
        struct.pack_into("<I", self.log, OVER, 1)
        until("calls that had begun return", lambda: HEAD.unpack_from(self.log)[5] <= 0, 20)

    def save(self, file):
        with open(file, "wb") as out:
            out.write(self.log[:HEAD.unpack_from(self.log)[1]])

    def operations(self):
        return operations(self.log)

    def close(self):
        self.log.close()
        os.unlink(self.file)


def operations(log):
    """All calls in the order in which they ended."""
    end, at, found_there = HEAD.unpack_from(log)[1], FIRST, []
    while at < end:
        size, kind, ready, before, after, file, a, b, first, second = RECORD.unpack_from(log, at)
        if size == 0:
            break
        if ready:
            start = at + RECORD.size
            path = os.fsdecode(log[start:start + first])
            rest = log[start + first:start + first + second]
            data = kind == WRITE
            found_there.append(Operation(kind, before, after, file, a, b, path, "" if data else os.fsdecode(rest),
                                         rest if data else b""))
        at += size
    return sorted(found_there, key=lambda each: each.after)
