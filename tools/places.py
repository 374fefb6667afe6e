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


def table(path, words):
    """{(file, function): word} of the rows; words are the ones that may be.

    A ? before them: not in every kernel.
    """
    rows = {}
    with open(path, encoding="utf-8") as f:
        lines = [s.strip() for s in f if re.match(r"   [\w/.-]+\.[ch], ", s)]
    for row in csv.reader(lines, skipinitialspace=True):
        if len(row) != 4 or not row[2] or \
           not set(row[2].split()) <= {"?", *words} or \
           not row[3] or (row[0], row[1]) in rows:
            sys.exit(f"{path}: what is this: {row}")
        rows[row[0], row[1]] = row[2]
    if not rows:
        sys.exit(f"{path}: no table")
    return rows


def verdict(name, passed, bad):
    """Print the outcome; true if it is a failure."""
    for line in bad:
        print(f"FAIL  {line}")
    print(f"{name}: {passed} passed, {len(bad)} failed")
    return bool(bad)
