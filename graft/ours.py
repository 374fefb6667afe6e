# SPDX-License-Identifier: GPL-2.0-only
"""Which files of this repository go into a kernel tree, and where."""

import glob
import os
import re

from steps import GraftError

# What of this repository is at its path in the kernel
KERNEL_DIRS = ("Documentation", "block", "drivers", "include", "kernel", "lib",
               "samples", "scripts")
KERNEL_FILES = re.compile(r"\.([ch]|rst|cocci)$|/(Kconfig|Makefile)$")


def read_manifest(repo):
    """[(file here, path in the kernel or None, needs, unless)]"""
    found = []
    with open(os.path.join(repo, "graft/manifest"), encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            where = f"graft/manifest:{n}"
            if len(words) < 2:
                raise GraftError(f"{where}: not `FILE DEST [Needs: FACT...] "
                                 "[Unless: FACT...]`")
            sources = sorted(glob.glob(os.path.join(repo, words[0])))
            if not sources and words[1] != "-":
                raise GraftError(f"{where}: no such file: {words[0]}")
            kinds = {"Needs:": [], "Unless:": []}
            into = None
            for word in words[2:]:
                into = kinds.get(word, into)
                if into is None:
                    raise GraftError(f"{where}: what is {word}?")
                if word not in kinds:
                    into.append(word)
            for src in sources:
                src = os.path.relpath(src, repo)
                dest = words[1]
                if dest.endswith("/"):
                    dest += os.path.basename(src)
                found.append((src, None if dest == "-" else dest,
                              *kinds.values(), where))
    return found


def read_ours(repo, facts):
    """Our files for a tree: kernel path -> (file here, text).

    Those at their path in the kernel, and what the manifest says.
    """
    listed = read_manifest(repo)
    known = {src for src, *_ in listed}
    for top in KERNEL_DIRS:
        for d, dirs, files in os.walk(os.path.join(repo, top)):
            for name in files:
                src = os.path.relpath(os.path.join(d, name), repo)
                if src not in known and KERNEL_FILES.search("/" + name):
                    listed.append((src, src, [], [], src))
    ours = {}
    for src, dest, needs, unless, where in listed:
        if not dest or facts.why_not(needs, unless, where):
            continue
        if dest in ours:
            raise GraftError(f"{where}: {dest} appears twice")
        with open(os.path.join(repo, src), "rb") as f:
            ours[dest] = os.path.join(repo, src), f.read()
    return ours
