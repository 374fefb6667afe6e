# SPDX-License-Identifier: GPL-2.0-only
"""What the tools share that hold a table of a page against the grafted tree.

A place is a function in a file.  The tables are rows of csv-tables in
Documentation/: file, function, a word or two, and why, the last in quotes.
"""

import csv
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "graft"))

from census import functions  # noqa: E402,F401

# The kernels that the tables are about; "" if the tree is none of them.
KERNELS = sorted(f[:-len(".conf")] for f in os.listdir(
    os.path.join(TOP, "kernels")) if f.endswith(".conf"))
MAY = "may"
KERNEL = "" if os.environ.get("KSRC") else os.environ.get("KERNEL") or "6.12"

WHERE = ("arch block certs crypto drivers fs include init io_uring ipc kernel "
         "lib mm net samples security sound virt").split()


def grep(tree, pattern):
    """Files that have one of these words: a regular expression of grep -E.

    Nothing found is a failure, as is a grep that does not work: what is looked
    for is known to be there, and a tree in which it is not is no tree.
    """
    r = subprocess.run(
        ["grep", "-rlwE", "--include=*.[ch]", "-e", pattern] +
        [d for d in WHERE if os.path.isdir(os.path.join(tree, d))],
        cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8", check=False)
    if r.returncode or r.stderr or not r.stdout:
        sys.exit(f"grep in {tree}: status {r.returncode} {r.stderr.strip()}")
    return sorted(r.stdout.split())


def read(tree, file):
    """The lines of a file, without its comments."""
    with open(os.path.join(tree, file), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"),
                      f.read(), flags=re.S)
    return text.split("\n")


class Row:
    """What a table says of a place."""

    def __init__(self):
        self.words = []		# sets, of which one must be right
        self.must = False	# the place must be in this kernel


def table(path, words):
    """{(file, function): Row}; words are the ones that may be.

    A kernel's name among them: there is such a place in that kernel, or it is
    as this row says there.  MAY: some of its updates have such a place.
    """
    rows, seen = {}, set()
    with open(path, encoding="utf-8") as f:
        lines = [s.strip() for s in f if re.match(r"   [\w/.-]+\.[ch], ", s)]
    for row in csv.reader(lines, skipinitialspace=True):
        has = set(row[2].split()) if len(row) == 4 else set()
        may = MAY in has
        has.discard(MAY)
        kernels = has.intersection(KERNELS)
        place = tuple(row[:2])
        keys = {(*place, k) for k in kernels or KERNELS}
        if not has - kernels or not has <= {*words, *KERNELS} or \
           not row[3] or keys & seen:
            sys.exit(f"{path}: what is this: {row}")
        seen |= keys
        if KERNEL in KERNELS and kernels and KERNEL not in kernels:
            continue
        r = rows.setdefault(place, Row())
        r.words.append(has - kernels)
        r.must = not may and (not kernels or KERNEL in kernels)
    if not rows:
        sys.exit(f"{path}: no table")
    return rows


def verdict(name, passed, bad):
    """Print the outcome; true if it is a failure."""
    for line in bad:
        print(f"FAIL  {line}")
    print(f"{name}: {passed} passed, {len(bad)} failed")
    return bool(bad)
