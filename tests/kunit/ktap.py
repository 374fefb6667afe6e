#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: ktap.py LOG SOURCE CONFIG [--any|--part] [--skips REASON]... SUITE...

Judge a kernel log with KTAP in it.  kunit.py's own verdict is not enough: it
does not miss cases that never ran, nor does it mind what lockdep has to say.
SOURCE is where the kernel's tests are in its tree, which has cases that steps of
the graft add; CONFIG is its configuration, on which some depend.

Says what went wrong and, as the last line, `<passed> <failed>`.  Failed are:
cases that did not pass, suites that did not run or broke off, cases that the
kernel counted and that are not in the log, cases of the source that are not in
it, cases that were skipped, and what the kernel complained about.
--any: not all suites need be there; --part: nor all cases of one.
--skips: cases may be skipped for this reason, but not all of a suite.
"""

import glob
import os
import re
import sys

STAMP = re.compile(r"^\[\s*\d+\.\d+\] ?")
RESULT = re.compile(r"^((?:    )*)(ok|not ok) (\d+) ?-? ?(.*?)"
                    r"(?: # (SKIP|TODO|FAIL)\b ?(.*))?$")
PLAN = re.compile(r"^((?:    )*)1\.\.(\d+)$")
NAME = re.compile(r"^((?:    )*)# (?:Subtest|Subsuite): (.*)$")
TOTAL = re.compile(r"^# Totals: pass:\d+ fail:\d+ skip:\d+ total:(\d+)$")
SPLAT = re.compile(r"^(WARNING:|BUG:|INFO: possible|INFO: task|INFO: rcu|"
                   r"Kernel panic|UBSAN:|KASAN:|Kernel tried|"
                   r"WARNING: suspicious|DEBUG_LOCKS_WARN_ON|"
                   r"[a-z]+: BUG|\S+: Underflow|refcount_t:|"
                   r"kmemleak: \d+ new suspected)")
# Plain accesses of the stock kernel that race by design.  Readers of the maple
# tree look afterwards whether the node was dead, which is what the writer, or
# the node's way to RCU, has written.  percpu_ref_tryget_live(), inlined in ours,
# reads a word that resurrecting changes.  KASAN sees what is freed too early.
# device_del() changes current->flags, where an interrupt, in rcu_core(), looks
# whether this is the idle task.
READS = r"(?:mtree_load|mtree_range_walk|mas_start|mas_next_slot)"
WRITES = r"(?:mas_[a-z_]+|mt_destroy_walk|__call_rcu_common)(?:\.\S+)?"
RACES = (rf"(?:{READS} / {WRITES}|{WRITES} / {READS}|"
         r"p2p_range_get / percpu_ref_resurrect|device_del / rcu_core)")
# Said by every UML kernel of this configuration, in code that is not ours.
HARMLESS = re.compile(r"^WARNING: can't (?:dereference|open)|"
                      r"PERCPU: max_distance|"
                      rf"BUG: KCSAN: data-race in {RACES}$")


class Case:
    def __init__(self, name, good, why):
        self.name, self.good, self.why = name, good, why


class Log:
    """Cases are results with no results below them."""

    def __init__(self, lines):
        self.cases, self.problems, self.suites = [], [], []
        self.names = {}		# depth -> name of the open subtest
        self.plans = {}		# depth -> how many results are to come
        self.seen = {}		# depth -> how many came
        self.message = []	# what a failing case said
        self.total = None	# of the suite's cases, as the kernel has it
        self.before = 0		# cases of the suites that have ended
        for line in lines:
            self.line(STAMP.sub("", line.rstrip("\n")))
        self.broken_off()

    def line(self, line):
        if m := PLAN.match(line):
            depth = len(m[1]) // 4
            self.plans[depth], self.seen[depth] = int(m[2]), 0
        elif m := NAME.match(line):
            self.names[len(m[1]) // 4 - 1] = m[2]
        elif m := TOTAL.match(line):
            self.total = int(m[1])
        elif m := RESULT.match(line):
            self.result(len(m[1]) // 4, m)
        elif SPLAT.match(line.strip()) and not HARMLESS.match(line.strip()):
            self.problems.append(f"the kernel complained: {line.strip()}")
        elif line.startswith("    "):
            self.message.append(line.strip())

    def result(self, depth, m):
        good, name = m[2] == "ok", m[4]
        self.seen[depth] = self.seen.get(depth, 0) + 1
        self.closing = self.seen.pop(depth + 1, 0)
        if self.closing:			# a sum, no case
            self.close(depth + 1, name)
            if depth == 0:
                self.suites.append(name)
                self.add_up(name)
        elif depth == 0:
            self.problems.append(f"suite {name} ran no case")
        elif m[5] == "SKIP":
            self.cases.append(Case(self.path(depth, name), None, [m[6]]))
        else:
            why = [t for t in self.message if not t.startswith("# module:")]
            self.cases.append(Case(self.path(depth, name), good, why))
        self.message = []

    def path(self, depth, name):
        return ": ".join([self.names.get(d, "?") for d in range(depth)]
                         + [name])

    def close(self, depth, name):
        plan, seen = self.plans.pop(depth, None), self.closing
        if plan is not None and seen != plan:
            self.problems.append(f"{name}: {seen} of {plan} cases ran")

    def add_up(self, suite):
        """No result of a case with parameters is lost: they have no plan."""
        seen = len(self.cases) - self.before
        total = self.total or 1		# of a single one it says nothing
        if seen != total:
            self.problems.append(f"{suite}: {seen} results, and the kernel"
                                 f" counted {total}")
        self.before, self.total = len(self.cases), None

    def broken_off(self):
        for depth, n in self.seen.items():
            plan = self.plans.get(depth)
            if plan is not None and n < plan:
                where = self.names.get(depth - 1, "the kernel")
                self.problems.append(f"{where} broke off: {n} of {plan} ran")


def configured(body, options):
    """What is left of it with these options, of #ifdef CONFIG_X alone."""
    lines, needs = [], None
    for line in body.split("\n"):
        if m := re.match(r"#ifdef (CONFIG_\w+)$", line):
            needs = m[1]
        elif line == "#endif":
            needs = None
        elif line.startswith("#"):
            sys.exit(f"ktap.py cannot tell whether there are cases: {line}")
        elif needs is None or needs in options:
            lines.append(line)
    return "\n".join(lines)


def sources(place, config):
    """{suite: its cases in a kernel of this configuration}"""
    with open(config) as f:
        options = set(re.findall(r"^(CONFIG_\w+)=y$", f.read(), re.M))
    suites = {}
    for path in glob.glob(os.path.join(place, "*.c")):
        with open(path) as f:
            text = f.read()
        for name, array in re.findall(
                r"\.name\s*=\s*\"(\w+)\",[^}]*?"
                r"\.test_cases\s*=\s*(\w+)", text):
            body = re.search(rf"kunit_case {array}\[\] = {{(.*?)\n}};", text,
                             re.S)[1]
            suites[name] = re.findall(r"KUNIT_CASE\w*\((\w+)",
                                      configured(body, options))
    return suites


def main():
    any_suite, part, skips, args = False, False, [], sys.argv[4:]
    log_file, *built = sys.argv[1:4]
    while args and args[0].startswith("--"):
        option = args.pop(0)
        if option == "--skips":
            skips.append(args.pop(0))
        else:
            any_suite, part = True, option == "--part"
    with open(log_file, errors="replace") as f:
        log = Log(f)
    good = [c for c in log.cases if c.good]
    bad = [c for c in log.cases if c.good is False]

    for suite in args:
        if suite not in log.suites and not any_suite:
            log.problems.append(f"suite {suite} did not run to its end")
    if not good and not bad:
        log.problems.append("no case ran")

    had = {tuple(c.name.split(": ")[:2]) for c in log.cases}
    ran = {c.name.split(": ")[0] for c in good + bad}
    known = sources(*built)
    for suite in log.suites:
        if not known.get(suite):
            log.problems.append(f"{suite}: no source has such a suite")
        if suite not in ran:
            log.problems.append(f"{suite}: all was skipped")
        log.problems += [f"{suite}: {case} is in the source and did not run"
                         for case in known.get(suite, [])
                         if not part and (suite, case) not in had]
    for c in log.cases:
        if c.good is None:
            print(f"  skipped: {c.name} ({c.why[0]})")
            if c.why[0] not in skips:
                log.problems.append(f"{c.name}: skipped, and should not be")
    for c in bad:
        print(f"  FAILED: {c.name}")
        for text in c.why[:12]:
            print(f"    {text}")
    for text in log.problems[:20]:
        print(f"  FAILED: {text}")
    print(f"  {len(log.suites)} suites: {', '.join(log.suites) or 'none'}")
    print(len(good), len(bad) + len(log.problems))


main()
