"""What a disk may hold after its power was cut, by what was called before and what had been flushed.

Kept is what POSIX promises. Data, size and emptying of a file are kept once a flush of that file, which began after
they had returned, returned as well. A change of a name (made, linked, renamed, removed, for folders too) is kept once
each folder in which it changed one was flushed so; that a file was flushed says nothing of its name.

Of all else anything may have come about: each write by itself is kept, lost, torn by sectors of 512 bytes, or has left
zeros where the file grew; each change of a name is kept or lost by itself, a rename as one. What was written after a
file was emptied or cut lies elsewhere on the disk and is lost with that, if that is lost.

With `journal`, names are as ext4 and XFS keep them: in order, and a flush of a file whose name or size changed since
its last, or of a folder, keeps all changes of names that had returned before it began.
"""

import os
import random
import shutil

from .power_log import ALLOCATE, CREATE, FLUSH, LINK, MKDIR, RENAME, RMDIR, TRUNCATE, UNKNOWN, UNLINK, WRITE

SECTOR = 512
EXCHANGE = 2


class Thing:
    """A file or folder; numbers of files are given again, things are not."""

    def __init__(self, mode, is_folder=False, base=None, owner=None):
        self.mode, self.is_folder, self.base, self.owner = mode, is_folder, base, owner
        self.changes, self.flushed, self.names = [], 0, {}

    def copy_names(self):
        self.kept = dict(self.names)


class Change:
    """A change of names: each is (folder, name, what it names from then on, or None)."""

    def __init__(self, operation, names, thing):
        self.before, self.after, self.names, self.thing = operation.before, operation.after, names, thing
        self.what = f"{operation.path}{' -> ' if operation.other else ''}{operation.other}"
        self.durable = False


class Disk:
    """A directory as it stood when recording began: `live` has its files' numbers, `base` is a copy."""

    def __init__(self, live, base):
        self.root_path, self.things = os.path.realpath(live), {}
        self.root = self._scan(self.root_path, base)
        self.unknown = []

    def _scan(self, live, base):
        stat = os.lstat(live)
        is_folder = os.path.isdir(live)
        thing = Thing(stat.st_mode & 0o7777, is_folder, base, (stat.st_uid, stat.st_gid))
        self.things[stat.st_ino] = thing
        if is_folder:
            for name in os.listdir(live):
                thing.names[name] = self._scan(os.path.join(live, name), os.path.join(base, name))
        thing.copy_names()
        return thing

    def cut(self, operations, number, seed, journal=False, forget=()):
        """Goes through what was called up to a number; what was under way then may have come about.

        Flushes of files in whose path one of `forget` stands are taken as never done.
        """
        self.number, self.random, self.journal = number, random.Random(seed), journal
        self.all_changes, self.lost, self.torn, self.kept, self.flushes = [], [], [], [], 0
        for operation in operations:
            if operation.before <= number:
                self._go(operation, operation.after <= number, forget)
        self._decide_names()

    def _find(self, path):
        """The folder and the last name of a path, as all calls so far left the names."""
        parts = os.path.relpath(os.path.normpath(path), self.root_path).split("/")
        folder = self.root
        for part in parts[:-1]:
            folder = folder.names.get(part)
            if folder is None:
                return None, parts[-1]
        return folder, parts[-1]

    def _go(self, operation, returned, forget):
        kind = operation.kind
        if kind == FLUSH:
            thing = self.things.get(operation.file)
            if not returned or thing is None or any(part in operation.path for part in forget):
                return
            self.flushes += 1
            if self.journal and self._writes_journal(thing, operation.before):
                for change in self.all_changes:
                    change.durable |= change.after < operation.before
            thing.flushed = max(thing.flushed, operation.before)
            if thing.is_folder:
                self._flush_names(thing)
        elif kind in (WRITE, TRUNCATE, ALLOCATE):
            thing = self.things.get(operation.file)
            if thing is None:
                self.unknown.append(f"a file without a beginning: {operation.path or operation.file}")
            else:
                thing.changes.append(operation)
        elif kind == UNKNOWN and operation.path.endswith("-shm"):
            # SQLite's index of its log, which is shared by memory and made anew.
            pass
        elif kind == UNKNOWN:
            self.unknown.append(f"call {operation.a}: {operation.path}")
        else:
            self._change(operation)

    def _writes_journal(self, thing, before):
        grown = any(thing.flushed <= each.after < before for each in thing.changes)
        named = any(change.thing is thing and not change.durable for change in self.all_changes)
        return thing.is_folder or grown or named

    def _flush_names(self, folder):
        for change in self.all_changes:
            folders = [where for where, _, _ in change.names]
            # Both folders of a rename, each by a flush of its own.
            change.durable |= (folder in folders and
                               all(change.after < where.flushed for where in folders))

    def _change(self, operation):
        kind = operation.kind
        if kind in (CREATE, MKDIR):
            thing = self.things[operation.file] = Thing(operation.a, kind == MKDIR)
            thing.copy_names()
            if not operation.path:
                return
        folder, name = self._find(operation.path)
        if kind in (CREATE, MKDIR):
            names = [(folder, name, thing)]
        elif kind in (UNLINK, RMDIR):
            names, thing = [(folder, name, None)], folder and folder.names.get(name)
        elif kind == LINK:
            thing = self.things.get(operation.file)
            names = [(*self._find(operation.other), thing)]
        elif kind == RENAME:
            thing = folder and folder.names.get(name)
            to = self._find(operation.other)
            other = to[0] and to[0].names.get(to[1]) if operation.b == EXCHANGE else None
            if other is thing or thing is None:
                return
            names = [(folder, name, other), (*to, thing)]
        if any(where is None for where, _, _ in names):
            self.unknown.append(f"a name in a folder without a beginning: {operation.path}")
            return
        for where, called, what in names:
            point(where.names, called, what)
        self.all_changes.append(Change(operation, names, thing))

    def _decide_names(self):
        open_changes = [change for change in self.all_changes if not change.durable]
        share = self.random.choice([0, 0.3, 0.7, 1])
        cut = self.random.randrange(len(open_changes) + 1)
        for at, change in enumerate(open_changes):
            change.durable = at < cut if self.journal else self.random.random() < share
            (self.kept if change.durable else self.lost).append(f"name {change.what}")
        for change in self.all_changes:
            if change.durable:
                for where, called, what in change.names:
                    point(where.kept, called, what)

    def differences(self):
        """Paths that are not on the disk as all calls left them: something changed them past the layer."""
        return list(self._differences(self.root, self.root_path))

    def _differences(self, thing, path):
        if thing.is_folder != os.path.isdir(path) or not os.path.lexists(path):
            yield path
        elif thing.is_folder:
            for name in sorted(set(os.listdir(path)) | thing.names.keys()):
                inner = thing.names.get(name)
                at = os.path.join(path, name)
                if inner:
                    yield from self._differences(inner, at)
                else:
                    yield at
        elif not path.endswith("-shm"):
            with open(path, "rb") as file:
                if file.read() != self._all(thing):
                    yield path

    def _all(self, thing):
        content = base_of(thing)
        for change in thing.changes:
            if change.kind == TRUNCATE:
                resize(content, change.a)
            else:
                grow(content, change.a + (len(change.data) if change.kind == WRITE else change.b))
                content[change.a:change.a + len(change.data)] = change.data
        return content

    def build(self, directory):
        """Writes what is on the disk now to a directory that is not there yet."""
        self._build(self.root, directory, self.root.owner)

    def _build(self, thing, path, owner):
        # What was made belongs to whom its folder belongs to.
        owner = thing.owner or owner
        if thing.is_folder:
            os.mkdir(path)
            for name, inner in sorted(thing.kept.items()):
                self._build(inner, os.path.join(path, name), owner)
        elif not thing.changes:
            if thing.base:
                shutil.copyfile(thing.base, path)
            else:
                open(path, "xb").close()
        else:
            with open(path, "wb") as out:
                out.write(self._content(thing, path))
        os.chmod(path, thing.mode)
        os.chown(path, *owner)

    def _content(self, thing, path):
        content = base_of(thing)
        # Each file by itself: all of one may lie on the disk and nothing of another.
        share, torn = self.random.choice([0, 0.5, 1]), self.random.choice([0, 0.3])
        for change in thing.changes:
            fate = "kept"
            if change.after >= thing.flushed or change.after > self.number:
                fate = "kept" if self.random.random() < share else "lost"
                if change.kind == WRITE and self.random.random() < torn:
                    fate = "torn"
                getattr(self, fate).append(f"{os.path.relpath(path)} {change.a}+{len(change.data)}")
            if change.kind == TRUNCATE:
                if fate == "lost":
                    break
                resize(content, change.a)
            elif fate != "lost":
                grow(content, change.a + (len(change.data) if change.kind == WRITE else change.b))
                for start, end in self._sectors(change, fate):
                    content[change.a + start:change.a + end] = change.data[start:end]
        return content

    def _sectors(self, change, fate):
        """The parts of a write that have come to the disk."""
        size = len(change.data)
        if fate == "kept":
            return [(0, size)] if size else []
        # Sectors of the disk, wherever in one of them the write begins.
        edges = [0, *range(SECTOR - change.a % SECTOR, size, SECTOR), size]
        sectors = list(zip(edges, edges[1:]))
        if self.random.random() < 0.5:
            return sectors[:self.random.randrange(len(sectors) + 1)]
        return [sector for sector in sectors if self.random.random() < 0.5]


def base_of(thing):
    content = bytearray()
    if thing.base:
        with open(thing.base, "rb") as base:
            content += base.read()
    return content


def point(names, name, thing):
    if thing is None:
        names.pop(name, None)
    else:
        names[name] = thing


def grow(content, size):
    if len(content) < size:
        content.extend(bytes(size - len(content)))


def resize(content, size):
    del content[size:]
    grow(content, size)
