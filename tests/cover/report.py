#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: report.py MERGED TREE INFO... FILE...

Add up lcov's INFO files (*.info) for our FILEs into MERGED, and say what is
covered and what is not.  The last line is `<passed> <failed>`.  A FILE is
called as in this repository; its lines are those of the grafted TREE.

Lines are the same wherever they were compiled.  Branches are only where both
compilations see as many at a line: the macros behind them may differ.
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

# at least this much, in per cent
LINES, BRANCHES = 95, 85
ASSERTED = ("lib/p2p_range_tree.c", "kernel/dma/phys_map.c",
            "block/bio-phys.c", "drivers/pci/p2pmem.c",
            "drivers/pci/p2pmem-buf.c")


class File:
    def __init__(self):
        self.lines, self.branches = {}, {}	# line -> count; -> {id: taken}
        self.starts, self.calls = {}, {}	# function -> line; -> count
        self.inlined = {}	# those that gcov knows no start of

    def record(self, kind, rest):
        f = rest.split(",")
        if kind == "DA":
            self.add(self.lines, int(f[0]), int(f[1]))
        elif kind == "BRDA":
            taken = 0 if f[3] == "-" else int(f[3])
            self.add(self.branches.setdefault(int(f[0]), {}),
                     (int(f[1]), int(f[2])), taken)
        elif kind == "FN":
            self.starts[f[1]] = int(f[0])
        elif kind == "FNDA":
            self.add(self.calls, f[1], int(f[0]))

    @staticmethod
    def add(counts, key, n):
        counts[key] = counts.get(key, 0) + n

    def merge(self, other):
        for n, count in other.lines.items():
            self.add(self.lines, n, count)
        for n, branches in other.branches.items():
            mine = self.branches.get(n, {})
            if mine.keys() == branches.keys():
                for key, taken in branches.items():
                    self.add(mine, key, taken)
        for name, count in other.calls.items():
            self.add(self.calls, name, count)
        self.starts = {**other.starts, **self.starts}

    def function(self, line):
        before = [(n, f) for f, n in [*self.starts.items(),
                                      *self.inlined.items()] if n <= line]
        return max(before)[1] if before else ""

    def write(self, out, path):
        out.write(f"TN:\nSF:{path}\n")
        for name, line in self.starts.items():
            out.write(f"FN:{line},{name}\n")
        for name in self.starts:
            out.write(f"FNDA:{self.calls.get(name, 0)},{name}\n")
        for n, branches in sorted(self.branches.items()):
            for (block, i), taken in sorted(branches.items()):
                out.write(f"BRDA:{n},{block},{i},"
                          f"{taken if self.lines.get(n) else '-'}\n")
        for n, count in sorted(self.lines.items()):
            out.write(f"DA:{n},{count}\n")
        out.write("end_of_record\n")


def placed(name):
    """Where the graft puts it."""
    return name.removeprefix("backport/")


def read(path, wanted):
    """What lcov says of the wanted files, wherever they were compiled."""
    files, file = {}, None
    with open(path) as f:
        for line in f:
            kind, _, rest = line.rstrip("\n").partition(":")
            if kind == "SF":
                name = next((w for w in wanted
                             if rest.endswith("/" + placed(w))), None)
                file = files.setdefault(name, File()) if name else None
            elif file:
                file.record(kind, rest)
    return files


def reasons():
    """{file: {"function" or "function: text": reason}}"""
    found, file, reason = {}, None, None
    with open(os.path.join(HERE, "reasons.txt")) as f:
        for line in f:
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            if line.startswith("@ "):
                file = found.setdefault(text[2:], {})
            elif line.startswith("* "):
                reason = text[2:]
            elif line.startswith("  "):
                reason += " " + text
            else:
                file[text] = reason
    return found


def rate(part, whole):
    return 100 * part / whole if whole else 100


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def verdict(self, good, text):
        self.passed += good
        self.failed += not good
        if not good:
            print(f"  FAILED: {text}")

    def table(self, name, file):
        taken = [t for b in file.branches.values() for t in b.values()]
        n, m = sum(map(bool, file.lines.values())), len(file.lines)
        a, b = sum(map(bool, taken)), len(taken)
        print(f"  {name:31} {n:5} of {m:3} {rate(n, m):5.1f} %"
              f" {a:7} of {b:3} {rate(a, b):5.1f} %")
        return rate(n, m), rate(a, b)

    def uncovered(self, tree, name, file, why):
        with open(os.path.join(tree, placed(name))) as f:
            source = [""] + [line.strip() for line in f]
        for n, line in enumerate(source):
            m = re.match(r"static __always_inline .*?(\w+)\(", line)
            if m:
                file.inlined[m[1]] = n
        used, bare, last = set(), 0, None
        for n in sorted(n for n, count in file.lines.items() if not count):
            function = file.function(n)
            line = f"{function}: {source[n]}"
            key = function if function in why else line
            used.add(key)
            bare += key not in why
            reason = why.get(key, "no reason given")
            if reason != last:
                print(f"  {name}: {reason}")
            last = reason
            print(f"    {n}: {source[n]}")
        for key in why.keys() - used:
            function, _, text = key.partition(": ")
            if function not in {**file.starts, **file.inlined} or \
                    text and text not in source:
                self.verdict(False, f"{name} has no '{key}' any more:"
                             " reasons.txt")
            else:
                print(f"  {name}: covered by now, needs no reason: {key}")
        self.verdict(not bare, f"{name}: {bare} lines are not covered, and"
                     " reasons.txt gives no reason")


def main():
    merged, tree, *rest = sys.argv[1:]
    infos = [a for a in rest if a.endswith(".info")]
    wanted = [a for a in rest if not a.endswith(".info")]
    files, why, report, rates = {}, reasons(), Report(), {}

    for info in infos:
        for name, file in read(info, wanted).items():
            if name in files:
                files[name].merge(file)
            else:
                files[name] = file
    with open(merged, "w") as out:
        for name, file in files.items():
            file.write(out, placed(name))

    print(f"  {'':31} {'lines':>18} {'branches':>20}")
    for name in wanted:
        if name in files:
            rates[name] = report.table(name, files[name])
        else:
            report.verdict(False, f"{name} was not compiled")
    print()
    for name in rates:
        report.uncovered(tree, name, files[name], why.get(name, {}))
    for name in why.keys() - set(wanted):
        # not every kernel wants the backport
        if not name.startswith("backport/") or \
                not os.path.exists(os.path.join(TOP, name)):
            report.verdict(False, f"{name} is no file that is covered:"
                           " reasons.txt")
    for name in ASSERTED:
        lines, branches = rates.get(name, (0, 0))
        report.verdict(lines >= LINES, f"{name}: {lines:.1f} % of lines, and"
                       f" {LINES} % are wanted")
        report.verdict(branches >= BRANCHES, f"{name}: {branches:.1f} % of"
                       f" branches, and {BRANCHES} % are wanted")
    print(report.passed, report.failed)


main()
