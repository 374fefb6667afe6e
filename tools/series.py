#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make the graft a series of patches: tools/series.py PRISTINE GRAFTED OUT

Runs the graft's steps on PRISTINE, one after the other, sorts what they do to
each file into patches that a maintainer reviews, and commits these in a git
repository that holds just the files concerned: OUT/git, branch "series", with
the pristine files as the first commit.  What comes out at the end must be what
GRAFTED holds, byte for byte.

graft/series has the patches: their order, subject, text, steps and files.
"""

import os
import re
import shutil
import subprocess
import sys
import textwrap

REPO = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(REPO, "graft"))
sys.dont_write_bytecode = True

from ours import read_ours  # noqa: E402
from steps import Facts, GraftError, View, choose_steps, load_steps  # noqa: E402

KEYS = ("Step", "Own", "Take", "Hold", "Rest", "Patch", "Conv")


class Patch:
    """One section of graft/series."""

    def __init__(self, subject):
        self.subject = subject
        self.body = []
        self.keys = {k: [] for k in KEYS}


def read_series(name):
    patches = []
    with open(name, encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line.startswith("#"):
                continue
            m = re.match(r"^\[(.*)\]$", line)
            if m:
                patches.append(Patch(m.group(1)))
                continue
            m = re.match(r"^(%s): *(.*)$" % "|".join(KEYS), line)
            if m:
                patches[-1].keys[m.group(1)] += [m.group(2)]
            elif patches:
                patches[-1].body.append(line)
    shared = {p.subject[2:]: p.body for p in patches
              if p.subject.startswith("= ")}
    patches = [p for p in patches if not p.subject.startswith("= ")]
    for p in patches:
        for name in p.keys["Conv"]:
            p.body += shared[name]
    return patches


def wrap(text):
    """Paragraphs at the width of a commit message; lists stay as they are."""
    return "\n\n".join(
        p if re.search(r"^[\s*-]", p, re.M) else textwrap.fill(
            " ".join(p.split("\n")), 72, break_long_words=False,
            break_on_hyphens=False)
        for p in text.split("\n\n"))


def prose(step):
    """What a step says of itself, and its rules if spatch runs them."""
    text = step.data.decode()
    out, rules = [], []
    for line in text.split("\n"):
        if step.is_patch:
            if line.startswith(("--- ", "diff ")):
                break
        elif not line.startswith("//"):
            rules = text[text.index("\n" + line):].strip("\n").split("\n")
            break
        line = re.sub(r"^//\s?", "", line)
        if "SPDX" in line or re.match(r"^(%s):" % "|".join(step.head), line):
            continue
        out.append(line)
    body = wrap(re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip())
    if not step.is_patch and not step.head["Script"]:
        body += "\n\nThe semantic patch that did it:\n\n\t// <smpl>\n" + \
            "\n".join(("\t" + r).rstrip() for r in rules) + "\n\t// </smpl>"
    return body


class Work:
    def __init__(self, pristine, grafted, out):
        self.pristine, self.grafted = pristine, grafted
        self.git_dir = os.path.join(out, "git")
        self.steps = {}		# number -> step
        self.texts = {}		# step -> {path: text after it}
        self.now = {}		# path -> text in the series so far
        self.own = {}
        self.used = set()

    def run_steps(self, scratch):
        view = View(self.pristine, {}, set(), {})
        facts = Facts(os.path.join(REPO, "graft/facts"), view)
        chosen = choose_steps(load_steps(REPO), facts)
        self.steps = {s.name[:4]: s for s, _ in chosen}
        view.ours = {p: t for p, (_, t) in read_ours(REPO, facts).items()}
        cand = view.candidates(sorted({g for s, why in chosen if not why
                                       for g, _ in s.greps}))
        for step, why in chosen:
            before = dict(view.changed)
            if not why:
                step.run(view, cand, os.path.join(scratch, "step"),
                         lambda text: None)
            self.texts[step.name[:4]] = {
                p: t for p, t in view.changed.items()
                if before.get(p) != t and p not in view.ours}
        self.own = {p: view.read(p) for p in view.ours}
        self.final = dict(view.changed)
        self.final.update(self.own)

    def git(self, *args, **kw):
        return subprocess.run(["git", "-C", self.git_dir, *args], check=True,
                              stdout=subprocess.PIPE, **kw).stdout

    def base(self):
        shutil.rmtree(self.git_dir, ignore_errors=True)
        os.makedirs(self.git_dir)
        self.git("init", "-q", "-b", "series")
        for path in self.final:
            name = os.path.join(self.pristine, path)
            if os.path.exists(name):
                with open(name, "rb") as f:
                    self.now[path] = f.read()
                self.write(path, self.now[path], name)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "The pristine files", env=self.env())
        self.git("tag", "base")

    def env(self):
        return dict(os.environ, GIT_COMMITTER_DATE="@0 +0000",
                    GIT_AUTHOR_DATE="@0 +0000")

    def write(self, path, text, like=None):
        name = os.path.join(self.git_dir, path)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as f:
            f.write(text)
        if like:
            os.chmod(name, os.stat(like).st_mode & 0o777)

    def early(self):
        """Files in which accessors are all that changes.

        They may go before the switch of the representation: what they say
        means the same on both sides of it.
        """
        last = max(n for n in self.steps if n < "0200")
        files = set()
        for path, text in self.texts["0120"].items():
            others = {n for n in self.steps if n <= last and n not in
                      ("0105", "0117", "0120", "0130", "0131",
                       "0132", "0133") and path in self.texts[n]}
            new = text.decode(errors="replace")
            if not others and not re.search(r"\bbv_phys\b", new):
                files.add(path)
        return files

    def changes(self, patch):
        texts = {}
        take = [re.compile(t) for t in patch.keys["Take"]]

        def wanted(path):
            return not take or any(t.match(path) for t in take)

        for name in " ".join(patch.keys["Step"]).split():
            for path, text in self.texts[name].items():
                if not wanted(path):
                    continue
                if name == "0120" and "early" in patch.keys["Rest"] and \
                        path not in self.early_files:
                    continue
                texts[path] = text
                self.used.add((name, path))
        for pattern in patch.keys["Own"]:
            for path, text in self.own.items():
                if re.match(pattern, path):
                    texts[path] = text
        for path in list(texts):
            # A file that a later patch has had is not set back.
            if (self.now.get(path) == self.final[path] and
                    texts[path] != self.final[path]):
                del texts[path]
        if "all" in patch.keys["Rest"]:
            for path, text in self.final.items():
                if self.now.get(path) != text and wanted(path):
                    texts[path] = text
        for name in patch.keys["Patch"]:
            texts.update(self.apply(os.path.join(REPO, "graft", name), texts))
        for hold in patch.keys["Hold"]:
            path, pattern = hold.split(None, 1)
            if path in texts:
                texts[path] = re.sub(pattern.encode(), b"", texts[path],
                                     flags=re.M | re.S)
        return {p: t for p, t in texts.items() if self.now.get(p) != t}

    def apply(self, name, texts):
        """A small patch of the series alone, on the text so far."""
        subprocess.run(["patch", "-s", "-p1", "-F0", "-d", self.git_dir, "-i",
                        name, "--no-backup-if-mismatch"], check=True)
        out = {}
        with open(name, "rb") as f:
            for path in re.findall(rb"^\+\+\+ b/(\S+)", f.read(), re.M):
                path = path.decode()
                with open(os.path.join(self.git_dir, path), "rb") as g:
                    out[path] = g.read()
        return out

    def commit(self, patch):
        texts = self.changes(patch)
        if not texts:
            raise GraftError(f"series: [{patch.subject}] changes nothing")
        for path, text in texts.items():
            like = os.path.join(self.grafted, path)
            self.write(path, text, like if os.path.exists(like) else None)
            self.now[path] = text
        body = "\n".join(patch.body).strip()
        for name in " ".join(patch.keys["Step"]).split():
            if name != "0120":
                body += "\n\n" + prose(self.steps[name])
        who = self.git("var", "GIT_AUTHOR_IDENT").decode()
        who = re.match(r"(.*>)", who).group(1)
        text = f"{patch.subject}\n\n{body.strip()}\n\nSigned-off-by: {who}\n"
        self.git("add", "-A")
        self.git("commit", "-q", "--cleanup=verbatim", "-F", "-",
                 input=text.encode(), env=self.env())
        print(f"  {len(texts):4} files  {patch.subject}")

    def missing(self):
        return sorted(p for p in self.final if self.now.get(p) !=
                      self.final[p])


def main():
    pristine, grafted, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    work = Work(pristine, grafted, out)
    work.run_steps(out)
    work.early_files = work.early()
    work.base()
    for patch in read_series(os.path.join(REPO, "graft/series")):
        work.commit(patch)
    left = work.missing()
    for path in left:
        print(f"  FAIL  {path}: not in the series as the graft has it")
    return bool(left)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GraftError as e:
        sys.exit(f"series: {e}")
