# SPDX-License-Identifier: GPL-2.0-only
"""The steps of the graft, and the facts that choose them.

Nothing here writes to the kernel tree.  A step reads the tree through a View,
which knows the pristine text of every file and, on top of it, what the steps
before have made of it.  spatch and patch run in a scratch directory that holds
copies of just the files a step selects.
"""

import fnmatch
import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time

KEYS = ("Needs", "Unless", "Files", "Grep", "Ours", "Not", "Hunks", "Options",
        "Script")
HEADER = re.compile(r"^(?://\s*)?(%s):[ \t]*(.*)$" % "|".join(KEYS))
BATCH = 4			# files a spatch call; more gain nothing
C_LOCALE = dict(os.environ, LC_ALL="C")


class GraftError(Exception):
    """Something the user must know; the text is the whole message."""


class Deferred:
    """Hold back ^C for an instant; afterwards, hit tells if there was one."""

    def __enter__(self):
        self.hit = None
        self.old = {s: signal.signal(s, self.note)
                    for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def note(self, number, frame):
        self.hit = number

    def __exit__(self, *exc):
        for s, handler in self.old.items():
            signal.signal(s, handler)


def regex(text, where):
    """Compile a POSIX extended regular expression, line by line."""
    text = re.sub(r"\[:(\w+):\]", lambda m: {
        "space": r"\s", "digit": r"\d", "alnum": "a-zA-Z0-9",
        "alpha": "a-zA-Z", "upper": "A-Z", "lower": "a-z",
        "blank": " \\t"}.get(m.group(1), m.group(0)), text)
    text = text.replace(r"\<", r"\b").replace(r"\>", r"\b")
    try:
        return re.compile(text.encode(), re.M)
    except re.error as e:
        raise GraftError(f"{where}: bad regular expression {text!r}: {e}")


def indented(old, new):
    """New lines that spatch has indented with blanks get tabs."""
    kept = set(old.split(b"\n"))
    return b"\n".join(
        line if line in kept else
        re.sub(rb"^(\t*)((?: {8})+)",
               lambda m: m.group(1) + b"\t" * (len(m.group(2)) // 8), line)
        for line in new.split(b"\n"))


class View:
    """The pristine tree plus what the steps so far have made of it."""

    def __init__(self, tree, originals, new, ours):
        self.tree = tree
        self.originals = originals	# path -> file with the pristine text
        self.new = new			# paths in it that are not the kernel's
        self.ours = ours		# our files: path -> text
        self.changed = {}		# path -> text after the steps so far

    def kernels(self, path):
        """What the kernel has there."""
        if path in self.new:
            return None
        name = self.originals.get(path) or os.path.join(self.tree, path)
        try:
            with open(name, "rb") as f:
                return f.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def pristine(self, path):
        if path in self.ours:
            return self.ours[path]
        return self.kernels(path)

    def read(self, path):
        if path in self.changed:
            return self.changed[path]
        return self.pristine(path)

    def candidates(self, patterns):
        """The C files in which any of the patterns may match."""
        if not patterns:
            return []
        find = subprocess.Popen(
            ["find", ".", "-name", ".?*", "-prune", "-o", "-type", "f",
             "-name", "*.[ch]", "-print0"],
            cwd=self.tree, stdout=subprocess.PIPE)
        args = [a for p in patterns for a in ("-e", p)]
        grep = subprocess.run(
            ["xargs", "-0", "-P", str(os.cpu_count() or 1), "-n", "2000",
             "grep", "-lE", *args, "--"], env=C_LOCALE, cwd=self.tree,
            stdin=find.stdout, stdout=subprocess.PIPE)
        find.wait()
        found = {n[2:] for n in grep.stdout.decode().split("\n") if n}
        found |= {p for p in self.originals if p.endswith((".c", ".h"))}
        return sorted(found - self.new)


class Facts:
    """What is true of a kernel tree: NAME FILE REGEX, one a line."""

    def __init__(self, filename, view):
        self.lines, self.true = {}, set()
        with open(filename, encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                if line.startswith("#") or not line.strip():
                    continue
                where = f"{os.path.basename(filename)}:{n}"
                words = line.split(None, 2)
                if len(words) != 3 or words[0] in self.lines:
                    raise GraftError(f"{where}: not `NAME FILE REGEX`, or "
                                     f"twice: {line.strip()}")
                name, path, pattern = words[0], words[1], words[2].strip()
                self.lines[name] = f"{path}: {pattern}"
                if regex(pattern, where).search(view.kernels(path) or b""):
                    self.true.add(name)

    def about(self, name):
        return f"{name} ({self.lines[name]})"

    def why_not(self, needs, unless, where):
        """Why a step or file is not for this tree; None if it is."""
        for name in needs + unless:
            if name not in self.lines:
                raise GraftError(f"{where}: there is no such fact: {name}")
        for name in unless:
            if name in self.true:
                return f"the tree has it already: {self.about(name)}"
        for name in needs:
            if name not in self.true:
                return f"does not apply here: no {self.about(name)}"
        return None


class Step:
    """One file of steps/: NNNN-area-what[@[no-]FACT].patch or .cocci.

    Of the variants of a step, which have different facts, one is for a tree.
    """

    def __init__(self, filename):
        self.filename = filename
        self.name = os.path.basename(filename)
        self.is_patch = filename.endswith(".patch")
        with open(filename, "rb") as f:
            self.data = f.read()
        self.head = {k: [] for k in KEYS}
        for line in self.data.decode().split("\n"):
            if self.is_patch and line.startswith(("--- ", "diff ")):
                break
            if not self.is_patch and line and not line.startswith("//"):
                break
            m = HEADER.match(line)
            if m:
                self.head[m.group(1)].append(m.group(2).strip())
        self.base, _, fact = os.path.splitext(self.name)[0].partition("@")
        self.needs = " ".join(self.head["Needs"]).split()
        self.unless = " ".join(self.head["Unless"]).split()
        self.variant = bool(fact)
        if fact.startswith("no-"):
            self.unless.append(fact[3:])
        elif fact:
            self.needs.append(fact)
        self.options = shlex.split(" ".join(self.head["Options"]))
        self.greps = [(g, regex(g, self.name)) for g in self.head["Grep"]]
        self.ours = [regex(g, self.name) for g in self.head["Ours"]]
        self.read_selection()
        self.read_script()

    def read_script(self):
        """The rules may be a script of make coccicheck: one text for both."""
        self.script = os.path.abspath(self.filename)
        if not self.head["Script"]:
            return
        self.script = os.path.join(os.path.dirname(os.path.dirname(
            os.path.dirname(self.script))), self.head["Script"][0])
        try:
            with open(self.script, "rb") as f:
                self.data += f.read()
        except OSError as e:
            raise GraftError(f"{self.name}: {e}")
        self.options += ["-D", "patch"]

    def read_selection(self):
        self.files = " ".join(self.head["Files"]).split()
        self.excluded = " ".join(self.head["Not"]).split()
        hunks = self.head["Hunks"]
        if self.is_patch:
            self.files = sorted({os.fsdecode(n) for n in re.findall(
                rb"^\+\+\+ b/(\S+)", self.data, re.M)})
            default = len(re.findall(rb"^@@ ", self.data, re.M))
        elif not hunks:
            raise GraftError(f"{self.name}: the header has no `Hunks:` line")
        elif not self.files and not self.greps and not self.ours:
            raise GraftError(f"{self.name}: the header has no `Files:`, "
                             "`Grep:` or `Ours:` line")
        try:
            self.hunks = int(hunks[0].split()[0]) if hunks else default
        except (ValueError, IndexError):
            raise GraftError(f"{self.name}: `Hunks:` is not a number")

    def may_touch(self, path, text):
        """Does the result depend on this file of ours?"""
        return path in self.files or any(g.search(text) for g in self.ours)

    def select(self, view, candidates):
        """Texts of the files to work on, by path."""
        texts = {}
        for path in self.files:
            texts[path] = view.read(path)
            if texts[path] is None:
                raise GraftError(f"{self.name}: {path} is not in the tree")
        if self.greps:
            for path in (set(candidates) | set(view.changed)) - set(view.ours):
                if path in texts or not path.endswith((".c", ".h")):
                    continue
                text = view.read(path)
                if text and any(g.search(text) for _, g in self.greps):
                    texts[path] = text
        for path in view.ours if self.ours else ():
            text = view.read(path)
            if path.endswith((".c", ".h")) and \
                    any(g.search(text) for g in self.ours):
                texts[path] = text
        for path in list(texts):
            for no in self.excluded:
                if fnmatch.fnmatch(path, no) or (
                        no.endswith("/") and path.startswith(no)):
                    texts.pop(path, None)
        return texts

    def run(self, view, candidates, scratch, log):
        """Apply to the view; returns (files, hunks, notes)."""
        texts = self.select(view, candidates)
        old, new = (os.path.join(scratch, d) for d in "ab")
        try:
            for path, text in texts.items():
                for top in old, new:
                    name = os.path.join(top, path)
                    os.makedirs(os.path.dirname(name), exist_ok=True)
                    with open(name, "wb") as f:
                        f.write(text)
            notes = []
            if self.is_patch:
                self.run_patch(new, log)
            elif texts:
                notes = self.run_spatch(new, texts, scratch, log)
            return *self.collect(view, texts, scratch, log), notes
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def collect(self, view, texts, scratch, log):
        """Count the hunks, take over the new texts."""
        diff = b""
        if texts:
            diff = subprocess.run(["diff", "-U0", "-rN", "a", "b"],
                                  cwd=scratch, env=C_LOCALE,
                                  stdout=subprocess.PIPE).stdout
        log(diff.decode(errors="replace"))
        hunks = len(re.findall(rb"^@@ ", diff, re.M))
        if hunks < self.hunks:
            raise GraftError(f"{self.name}: expected at least {self.hunks} "
                             f"hunks, found {hunks} in {len(texts)} files "
                             "that it selects")
        files = 0
        for path, text in texts.items():
            with open(os.path.join(scratch, "b", path), "rb") as f:
                result = f.read()
            if not self.is_patch:
                result = indented(text, result)
            if result != text:
                view.changed[path] = result
                files += 1
        return files, hunks

    def run_patch(self, top, log):
        """Offsets are fine, fuzz is not: the context is what we rely on."""
        if not self.files:
            raise GraftError(f"{self.name}: no `+++ b/file` line in it")
        r = subprocess.run(
            ["patch", "-p1", "-F0", "-N", "--no-backup-if-mismatch",
             "-r", "-", "-d", top, "-i", os.path.abspath(self.filename)],
            env=C_LOCALE, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = r.stdout.decode(errors="replace")
        log(out)
        if r.returncode:
            if "No space left" in out:
                raise OSError(28, out.strip().split("\n")[-1])
            telling = [l for l in out.split("\n")
                       if re.search("FAILED|rror|malformed|previously", l)]
            raise GraftError(f"{self.name}: does not apply:\n  "
                             + "\n  ".join(telling or [out]))

    def run_spatch(self, top, texts, scratch, log):
        """Run spatch, a few files a call, as many calls as processors."""
        cmd = ["spatch", "--verbose-parsing", "--in-place"]
        if not any("include" in o for o in self.options):
            cmd.append("--no-includes")
        cmd += self.options + ["--sp-file", self.script]
        paths = sorted(texts, key=lambda p: (-len(texts[p]), p))
        batches = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
        env = dict(C_LOCALE, TMPDIR=scratch)
        running, outputs = [], []
        try:
            for n, batch in enumerate(batches):
                while len(running) >= (os.cpu_count() or 1):
                    outputs.append(self.reap(running))
                out = open(os.path.join(scratch, f"out.{n}"), "w+b")
                with Deferred() as signals:	# or nobody knows the child
                    running.append((subprocess.Popen(
                        cmd + batch, cwd=top, env=env, stdout=out, stderr=out,
                        stdin=subprocess.DEVNULL), out, batch))
                if signals.hit:
                    raise KeyboardInterrupt
            while running:
                outputs.append(self.reap(running))
        finally:
            for child, _, _ in running:
                child.kill()
                child.wait()
        return self.unparsed("".join(outputs), log)

    def reap(self, running):
        """Wait for any one child, return what it said."""
        while True:
            for job in running:
                if job[0].poll() is not None:
                    running.remove(job)
                    break
            else:
                time.sleep(0.005)
                continue
            child, out, batch = job
            with out:
                out.seek(0)
                text = out.read().decode(errors="replace")
            if "No space left" in text:
                raise OSError(28, "spatch: no space left")
            if "Py.find_library" in text:
                raise GraftError("spatch finds no library of Python; Debian "
                                 "has it in libpython3-dev")
            if child.returncode or re.search("^EXN:", text, re.M):
                telling = [l for l in text.split("\n") if re.search(
                    "rror|EXN|xception|atal", l)] or text.split("\n")
                raise GraftError(f"{self.name}: spatch failed on "
                                 + " ".join(batch) + ":\n  "
                                 + "\n  ".join(telling[-6:]))
            return text

    def unparsed(self, text, log):
        """Where spatch stepped over code that the step is about.

        spatch skips a function that it cannot parse without a word.  Code
        that the step's Grep matches, or any of a file that it names, may have
        been left alone that way.
        """
        where, line, seen = "", 0, {}
        for t in text.split("\n"):
            m = re.match(r' = File "([^"]+)", line (\d+)', t)
            if m:
                where, line = m.group(1), int(m.group(2))
            m = re.match(r"(?:bad:|BAD:!+) ?(.*)", t)
            if m and not where.startswith("/"):
                if where in self.files or any(
                        g.search(m.group(1).encode()) for _, g in self.greps):
                    seen.setdefault(where, {})[m.group(1).strip()] = line
        notes = []
        for path, lines in sorted(seen.items()):
            for code, n in lines.items():
                log(f"failed to parse: {path}:{n}: left alone: {code}\n")
            notes.append(f"failed to parse: {path}: {len(lines)} matching "
                         "lines left alone")
        return notes


def load_steps(repo):
    """All steps in numerical order, of the graft and of the backport."""
    names = []
    for top in "graft", "backport":
        d = os.path.join(repo, top, "steps")
        if os.path.isdir(d):
            names += [os.path.join(d, n) for n in os.listdir(d)
                      if n.endswith((".cocci", ".patch")) and n[0].isdigit()]
    return [Step(n) for n in sorted(names, key=os.path.basename)]


def choose_steps(steps, facts):
    """The steps for this tree, and why the others are not: [(step, why)]."""
    variants = {}
    for step in steps:
        why = facts.why_not(step.needs, step.unless, step.name)
        variants.setdefault(step.base, []).append((step, why))
    chosen = []
    for base, found in variants.items():
        good = [(s, w) for s, w in found if not w]
        if len(good) > 1:
            raise GraftError(f"{base}: more than one variant is for this "
                             "tree: " + " ".join(s.name for s, _ in good))
        if not good and len(found) > 1:
            raise GraftError(
                f"{base}: the code is unknown: none of the variants is for "
                "this tree:\n  " + "\n  ".join(f"{s.name}: {w}"
                                               for s, w in found))
        chosen.append((good or found)[0])
    return chosen


def hash_of(*parts):
    h = hashlib.sha256()
    for p in parts:
        p = p if isinstance(p, bytes) else p.encode()
        h.update(b"%d:" % len(p) + p)
    return h.hexdigest()


def run_steps(chosen, view, scratch, log, say):
    """Run the steps of choose_steps() on the view; one record a step."""
    steps = [s for s, why in chosen if not why]
    if any(not s.is_patch for s in steps) and not shutil.which("spatch"):
        raise GraftError("spatch is not installed (Debian: coccinelle); "
                         "tools/deps installs what is missing")
    if steps and not shutil.which("patch"):
        raise GraftError("patch is not installed; tools/deps installs it")
    say("looking for the files that the steps touch")
    start = time.monotonic()
    cand = view.candidates(sorted({g for s in steps for g, _ in s.greps}))
    say(f"{len(cand)} candidates {time.monotonic() - start:.1f} s")
    records = []
    for n, (step, why) in enumerate(chosen, 1):
        start = time.monotonic()
        log(f"=== {step.name}\n")
        tag = f"[{n:2}/{len(chosen)}] {step.name}"
        if why:
            say(f"{tag} {why}")
            records.append({"name": step.name, "skipped": why})
            continue
        files, hunks, notes = step.run(view, cand, scratch, log)
        say(f"{tag} {files} files {hunks} hunks "
            f"{time.monotonic() - start:.1f} s")
        for note in notes:
            say(f"        {note}")
        records.append({"name": step.name, "files": files, "hunks": hunks,
                        "notes": notes})
    return records
