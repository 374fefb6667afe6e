# SPDX-License-Identifier: GPL-2.0-only
"""What the graft keeps in the tree, and how it gets there in one piece.

TREE/.graft/state.json    what is grafted: every file, its sum, its stat
TREE/.graft/orig/         the pristine files, as renamed away
TREE/.graft/journal.json  only while files are being exchanged
TREE/.graft.tmp/          staging: complete before the first file changes

Files are exchanged by link() and rename() alone, never written in place, so a
tree may share its inodes with another one.  The journal is the new state.json
under another name: the last step of a commit is a rename, which needs no disk
space.  Whatever a killed run leaves behind is undone to the pristine tree.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil

from steps import GraftError


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


def sum_of_file(name):
    try:
        with open(name, "rb") as f:
            return sum_of(f.read())
    except FileNotFoundError:
        return None


class Tree:
    def __init__(self, top, force):
        self.top = os.path.abspath(top)
        self.force = force
        self.locked = False
        self.dir = os.path.join(self.top, ".graft")
        self.tmp = os.path.join(self.top, ".graft.tmp")
        self.state_name = os.path.join(self.dir, "state.json")
        self.journal_name = os.path.join(self.dir, "journal.json")
        self.check_kernel()

    def check_kernel(self):
        for name in "Makefile", "Kbuild", "Kconfig", "include/linux/kernel.h":
            if not os.path.isfile(os.path.join(self.top, name)):
                raise GraftError(f"{self.top} is not a kernel source tree: "
                                 f"it has no {name}")

    def lock(self):
        """One run at a time; the lock is on the directory itself."""
        fd = os.open(self.top, os.O_RDONLY)	# held until exit
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.locked = True
        except BlockingIOError:
            raise GraftError(f"another graft runs on {self.top}")

    def path(self, name):
        return os.path.join(self.top, name)

    def orig(self, name):
        return os.path.join(self.dir, "orig", name)

    def load(self, name):
        try:
            with open(name, encoding="utf-8") as f:
                return json.load(f)
        except FileNotFoundError:
            return None
        except ValueError as e:
            raise GraftError(f"{name} is damaged: {e}")

    def state(self):
        return self.load(self.state_name)

    def journal(self):
        return self.load(self.journal_name)

    def stat(self, name):
        st = os.stat(self.path(name))
        return [st.st_size, st.st_mtime_ns]

    def edited(self, state):
        """Grafted files that are no longer as the graft left them."""
        found, touched = [], False
        for name, rec in state["files"].items():
            try:
                stat = self.stat(name)
            except FileNotFoundError:
                found.append(name)
                continue
            if stat == rec["stat"]:
                continue
            if sum_of_file(self.path(name)) != rec["sum"]:
                found.append(name)
            else:
                rec["stat"], touched = stat, True
        if touched and self.locked:
            self.write_json(self.state_name, state)
        return found

    def write_json(self, name, data):
        tmp = name + ".new"
        try:
            with open(tmp, "w", encoding="utf-8") as f:
                json.dump(data, f, indent=1)
                f.flush()
                os.fsync(f.fileno())
            os.rename(tmp, name)
        except BaseException:
            if os.path.exists(tmp):
                os.unlink(tmp)
            raise

    def stage(self, path, text, like):
        """Write one new text into the staging directory."""
        name = os.path.join(self.tmp, "new", path)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as f:
            f.write(text)
        os.chmod(name, os.stat(like).st_mode & 0o7777)

    def record(self, path, text, new):
        st = os.stat(os.path.join(self.tmp, "new", path))
        return {"sum": sum_of(text), "new": new,
                "stat": [st.st_size, st.st_mtime_ns]}

    def commit(self, state, changed, gone):
        """Exchange the staged files; state describes the result."""
        old = self.state() or {"dirs": []}
        dirs = set(old["dirs"])
        for path in changed:
            d = os.path.dirname(path)
            while d and not os.path.isdir(self.path(d)):
                dirs.add(d)
                d = os.path.dirname(d)
        state["dirs"] = sorted(dirs)
        for path in changed:
            if not state["files"][path]["new"]:
                os.makedirs(os.path.dirname(self.orig(path)), exist_ok=True)
        os.makedirs(self.dir, exist_ok=True)
        self.write_json(self.journal_name, state)
        for path in changed:
            if state["files"][path]["new"]:
                os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            elif not os.path.lexists(self.orig(path)):
                self.keep(path)
            os.rename(os.path.join(self.tmp, "new", path), self.path(path))
        for path in gone:
            if os.path.lexists(self.path(path)):
                os.unlink(self.path(path))
        self.prune(state["dirs"])
        os.rename(self.journal_name, self.state_name)
        shutil.rmtree(self.tmp)

    def prune(self, dirs):
        """Remove those of our directories that are empty."""
        for d in sorted(dirs, reverse=True):
            try:
                os.rmdir(self.path(d))
            except OSError as e:
                if e.errno not in (errno.ENOENT, errno.ENOTEMPTY):
                    raise

    def keep(self, path):
        try:
            os.link(self.path(path), self.orig(path))
        except OSError as e:
            if e.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                raise
            shutil.copy2(self.path(path), self.orig(path) + ".new")
            os.rename(self.orig(path) + ".new", self.orig(path))

    def undo(self):
        """Back to the pristine tree from any state, complete or not."""
        states = [s for s in (self.state(), self.journal()) if s]
        known = {}
        for s in states:
            for path, rec in s["files"].items():
                known.setdefault(path, []).append(rec)
        edited = [p for p, recs in known.items() if self.foreign(p, recs)]
        if edited and not self.force:
            raise GraftError("edited by hand since the graft:\n  "
                             + "\n  ".join(sorted(edited)) + "\nsave what "
                             "you need; --force throws these edits away")
        if not self.journal():
            os.rename(self.state_name, self.journal_name)
        for path, recs in known.items():
            self.restore(path, recs[0]["new"])
        self.prune({d for s in states for d in s["dirs"]})
        shutil.rmtree(self.tmp, ignore_errors=True)
        shutil.rmtree(os.path.join(self.dir, "orig"), ignore_errors=True)
        for name in self.state_name, self.journal_name:
            if os.path.exists(name):
                os.unlink(name)
        shutil.rmtree(self.dir)
        return len(known)

    def foreign(self, path, recs):
        """Is the file neither ours nor the pristine one?"""
        now = sum_of_file(self.path(path))
        if now in [r["sum"] for r in recs]:
            return False
        if recs[0]["new"]:
            return now is not None
        kept = self.orig(path)
        if os.path.lexists(kept):
            return now is not None and now != sum_of_file(kept)
        return now is None	# not exchanged yet, or restored already

    def restore(self, path, new):
        if new:
            if os.path.lexists(self.path(path)):
                os.unlink(self.path(path))
            return
        if not os.path.lexists(self.orig(path)):
            return
        if os.path.lexists(self.path(path)) and os.path.samefile(
                self.orig(path), self.path(path)):
            os.unlink(self.orig(path))	# rename() would keep both links
        else:
            os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            os.rename(self.orig(path), self.path(path))
