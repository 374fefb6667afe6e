# SPDX-License-Identifier: GPL-2.0-only
"""What the benchmarks found, as a table, a CSV file and plots: see bench/run."""

import csv
import os
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))

ROWS = ["size", "bits32", "register", "map", "iommu", "verdict", "fence", "lookup",
        "null", "off", "stack", "p2p"]
RANGES = ("1", "10", "1000", "100000", "1000000")

TITLES = {
    "register": "Register a BAR as peer-to-peer memory",
    "map": "Map a request of 4 KiB segments for DMA, instructions a segment",
    "iommu": "The same behind an IOMMU (Intel's, lazy)",
    "verdict": "How a client reaches a provider, instructions",
    "fence": "Fence with mappings in flight, from call to drained",
    "lookup": "Who owns an address: the better one of rbtree and xarray as stock",
    "null": "RAM IO on null_blk, instructions an IO",
    "off": "The same where no provider was ever registered",
    "stack": "RAM IO on drives and file systems, instructions an IO",
    "p2p": "Peer-to-peer IO on nvme from user memory, instructions an IO",
    "size": "Code size, bytes",
    "bits32": "32-bit without P2P (i386, no PAE)",
}


class Line:
    """One line of the table; a goal is what ours may be at most."""

    def __init__(self, row, case, unit, stock, ours, goal=None):
        self.row, self.case, self.unit = row, case, unit
        self.stock, self.ours, self.goal = stock, ours, goal

    @property
    def ratio(self):
        if self.stock and not isinstance(self.stock, str) and \
                isinstance(self.ours, (int, float)):
            return self.ours / self.stock
        return None

    @property
    def met(self):
        """None where nothing was asked for."""
        if self.goal is None:
            return None
        return isinstance(self.ours, (int, float)) and \
            self.ours <= self.goal


def number(n):
    if n is None:
        return "-"
    if isinstance(n, str):
        return n
    if isinstance(n, float) and n < 100:
        return f"{n:.1f}"
    return f"{round(n):,}"


def size(n):
    n = int(n)
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if n >= 1 << shift:
            return f"{n >> shift} {unit}"
    return f"{n} B"


class Figures:
    def __init__(self, figures):
        self.stock, self.ours = figures["stock"], figures["ours"]

    def names(self, row):
        return dict.fromkeys(n for n, _ in list(self.stock) + list(self.ours)
                             if n.split(".")[0] == row)

    def both(self, name, figure):
        return self.stock.get((name, figure)), self.ours.get((name, figure))


def of_bar(side, name):
    """(instructions, bytes, struct pages) of a registration, or refusals."""
    if (name, "refused") in side:
        return ("refused",) * 3
    cost, slab, memmap = (side.get((name, figure))
                          for figure in ("instructions", "slab", "memmap"))
    if None in (cost, slab, memmap):
        return (None,) * 3
    return cost, slab + (memmap << 12), (memmap << 12) // STRUCT_PAGE


STRUCT_PAGE = 64


def register(f):
    for name in sorted(f.names("register"), key=lambda n: int(n[9:])):
        for unit, stock, ours, goal in zip(
                ("instructions", "bytes of RAM", "struct pages in it"),
                of_bar(f.stock, name), of_bar(f.ours, name),
                (20000, 1024, None)):
            yield Line("register", size(name[9:]), unit, stock, ours, goal)


MAPPED = {
    "map": "to map, segments and life known",
    "request": "to walk the request and map",
    "unmap": "to unmap",
}


def mapping(f):
    for kind in ("p2p", "ram"):
        for n in (1, 8, 64, 512):
            for figure, unit in MAPPED.items():
                stock, ours = (v and v / n for v in
                               f.both(f"map.{kind}.{n}", figure))
                goal = stock
                if kind == "p2p" and figure == "map":
                    goal = {1: 200, 512: 20}.get(n, stock)
                yield Line("map", f"{kind} x {n}", unit, stock, ours, goal)


def behind_iommu(f):
    """A scatterlist is mapped at once: nothing to compare segments with."""
    for n in (1, 8, 64, 512):
        for figure in ("request", "unmap"):
            stock, ours = (v and v / n for v in
                           f.both(f"iommu.ram.{n}", figure))
            yield Line("iommu", f"ram x {n}", MAPPED[figure], stock, ours,
                       stock)


def verdict(f):
    for figure in ("first", "cached", "lookup"):
        stock, ours = f.both("verdict", figure)
        if ours is not None:
            yield Line("verdict", "", {
                "first": "first use, with the way there",
                "cached": "get and put, cached",
                "lookup": "of that: the range"}[figure], stock, ours)
    cached, lookup = (f.ours.get(("verdict", n)) for n in ("cached", "lookup"))
    if cached and lookup:
        yield Line("verdict", "", "of that: the verdict", None,
                   cached - lookup, 60)


def fence(f):
    for name in f.names("fence"):
        case = name.split(".")[1] + " in flight"
        yield Line("fence", case, "instructions",
                   *f.both(name, "instructions"))
        yield Line("fence", case, "bytes of RAM", *f.both(name, "slab"), 0)


def lookups(f):
    """(ranges, what is looked up, unit, {way: cost})"""
    for name, way in f.ours:
        words = name.split(".")
        if words[:2] == ["native", "lookup"] and way == "maple":
            costs = {w: f.ours[name, w] / 1000 for w in WAYS}
            threads = words[4] + (" thread" if words[4] == "1" else " threads")
            yield int(words[2]), f"{words[3]}, {threads}", "ns", costs
        elif words[0] == "lookup" and way.startswith("maple-"):
            pattern = way[5:]
            costs = {w: f.ours.get((name, w + pattern),
                                   f.stock.get((name, w + pattern)))
                     for w in WAYS}
            yield int(words[1]), f"{pattern[1:]}-random", "instructions", costs


WAYS = ("maple", "rbtree", "xarray")


def lookup(f):
    """The better one of the others stands in the place of stock."""
    for ranges, what, unit, costs in sorted(
            lookups(f), key=lambda x: (x[2], x[0])):
        other = min((w for w in WAYS[1:] if costs[w]), key=costs.get)
        yield Line("lookup", f"{ranges:,} x {what}", f"{unit}, best: {other}",
                   costs[other], costs["maple"], 1.2 * costs[other])


def io(row, goals):
    def lines(f):
        for prefix in dict.fromkeys((row, *goals.get("names", ()))):
            for name in f.names(prefix):
                parts = name.split(".")
                stock, ours = f.both(name, "instructions")
                at = int(parts[2])
                factor = goals["factor"](at)
                words = [parts[0]] if parts[0] != row else []
                words += [parts[1].replace("-", " "), size(at)]
                words += [f"x {d}" for d in parts[3:]]
                # a figure that is not there misses its goal
                yield Line(row, " ".join(words), "instructions", stock, ours,
                           (stock or 0) * factor)
    return lines


STACKS = ("nvme", "ext4", "xfs", "dm-linear", "loop", "md-raid0")


def p2p_factor(at):
    return 1.0 if at <= 4096 else 0.8 if at <= 65536 else 0.6


def code(f):
    for case, figure in (("kernel", "text"), ("kernel", "data")):
        yield Line("size", "kernel, P2P on", figure,
                   *f.both("size." + case, figure))
    ours = [f.ours.get(("size.parts", n)) for n in ("text", "data")]
    if None not in ours:
        yield Line("size", "our parts, P2P on", "text and data", None,
                   sum(ours), 24 << 10)
    each = {n: v for (name, n), v in f.ours.items()
            if name == "size.parts" and n.endswith(".o")}
    for name in sorted(each, key=each.get, reverse=True):
        yield Line("size", name[:-1] + "c", "text and data", None, each[name])


def bits32(f):
    """Goals: bio_vec of 8, slabs a third smaller, nothing larger or slower."""
    exact = {"bio_vec": 8}
    for name in f.names("bits32"):
        case = name[len("bits32."):]
        for figure in ("bytes", "ram", "text", "data", "instructions"):
            stock, ours = f.both(name, figure)
            if ours is None:
                continue
            if case in exact:
                goal = exact[case]
            elif case.startswith("biovec_"):
                goal = stock * 2 // 3
            else:
                goal = None if figure == "data" else stock
            yield Line("bits32", BITS32.get(case, case.translate(READABLE)),
                       {"ram": "bytes of RAM"}.get(figure, figure), stock,
                       ours, goal)


BITS32 = {
    "kernel": "kernel without P2P",
    "bio_vec": "struct bio_vec",
    "bio_and_4": "bio and 4 bvecs in it",
    "load": "slabs, for 64 x 1 MiB in flight",
    "parts": "our parts, P2P compiled out",
}
READABLE = str.maketrans("._", " -")


LINES = {
    "register": register, "map": mapping, "iommu": behind_iommu,
    "verdict": verdict, "fence": fence, "lookup": lookup,
    "null": io("null", {"factor": lambda at: 1.0}),
    "off": io("off", {"factor": lambda at: 1.0}),
    "stack": io("stack", {"factor": lambda at: 1.0, "names": STACKS}),
    "p2p": io("p2p", {"factor": p2p_factor}),
    "size": code, "bits32": bits32,
}


def text(lines):
    out, row = [], None
    for line in lines:
        if line.row != row:
            row = line.row
            out += ["", TITLES[row], f"  {'':28} {'':29} {'stock':>13}"
                    f" {'ours':>11} {'ratio':>7}  goal"]
        goal = "" if line.goal is None else \
            f"{'met' if line.met else 'MISSED'} ({number(line.goal)})"
        ratio = "-" if line.ratio is None else f"{line.ratio:.3f}"
        out.append(f"  {line.case:28} {line.unit:29} {number(line.stock):>13}"
                   f" {number(line.ours):>11} {ratio:>7}  {goal}")
    return "\n".join(out) + "\n"


NOT_MEASURED = """
Not measured: cycles, and throughput and latency of a device, which an emulator
does not have.  Documentation/dev-tools/dma-phys-bench.rst says how, on hardware.
"""


def key(line):
    return str(line.row), str(line.case), str(line.unit)


def last_result(results):
    """(name, {line: ours}, lines with a goal): the newest committed result."""
    names = sorted(os.listdir(results)) if os.path.isdir(results) else []
    names = [n for n in names if n.endswith(".csv")]
    if not names:
        return None, {}, set()
    with open(os.path.join(results, names[-1]), newline="") as file:
        read = {(r["row"], r["case"], r["unit"]): r
                for r in csv.DictReader(file)}
    return (names[-1], {k: r["ours"] for k, r in read.items()},
            {k for k, r in read.items() if r["goal"]})


def vanished(lines, rows, results):
    """Goals of the last committed result that nothing was measured for."""
    name, _, goals = last_result(results)

    def plain(k):
        """Which of the others is best is not the same each time."""
        return *k[:2], k[2].partition(", best")[0]

    now = {plain(key(line)) for line in lines if line.goal is not None}
    gone = sorted(k for k in map(plain, goals) if k[0] in rows and k not in now)
    for k in gone:
        print(f"  not measured, and {name} has a goal for it: {', '.join(k)}")
    return len(gone)


def changes(lines, results):
    """What differs from the last committed result by more than 0.5 %."""
    name, before, _ = last_result(results)
    if not name:
        return ""
    out = [f"Against {name}:"]
    for line in lines:
        was = before.get(key(line))
        if line.unit.startswith("ns") or \
                not isinstance(line.ours, (int, float)):
            continue
        try:
            was = float(was)
        except (TypeError, ValueError):
            continue	# was not measured
        if abs(line.ours - was) > max(0.005 * abs(was), 0.5):
            out.append(f"  {line.row}: {line.case}, {line.unit}: "
                       f"{number(was)} -> {number(line.ours)}")
    if len(out) == 1:
        out.append("  nothing changed by more than 0.5 %")
    return "\n".join(out) + "\n"


def data_files(lines, out):
    """What plots.gnuplot reads: {plot: there is something to draw}."""
    drawn = {
        "p2p": [line for line in lines if line.row == "p2p"
                and line.case.startswith("read")],
        "register": [line for line in lines if line.row == "register"
                     and line.unit == "instructions"],
        "ram": [line for line in lines if line.row in ("null", "stack")
                and " x 32" not in line.case],
    }
    for name, chosen in drawn.items():
        with open(os.path.join(out, name + ".dat"), "w") as file:
            for line in chosen:
                stock = "NaN" if isinstance(line.stock, str) or \
                    line.stock is None else line.stock
                if isinstance(line.ours, (int, float)):
                    case = line.case.removeprefix("read ") \
                        if name == "p2p" else line.case
                    file.write(f"{case},{stock},{line.ours}\n")
    return all(drawn.values())


def show(rows, figures, out, results, name):
    """The exit status.  name: of the CSV file, if all rows were measured."""
    f = Figures(figures)
    lines = [line for row in rows for line in LINES[row](f)]
    table = text(lines) + NOT_MEASURED
    print(table)
    print(changes(lines, results))
    with open(os.path.join(out, "table.txt"), "w") as file:
        file.write(table.lstrip("\n"))
    if rows != ROWS:
        name = "bench.csv"
    with open(os.path.join(out, name), "w", newline="") as file:
        w = csv.writer(file, lineterminator="\n")
        w.writerow(["row", "case", "unit", "stock", "ours", "goal"])
        for line in lines:
            w.writerow([line.row, line.case, line.unit, line.stock, line.ours,
                        line.goal])
    if data_files(lines, out):
        for kind in ("png", "svg"):
            subprocess.run(["gnuplot", "-e", f"dir='{out}'; type='{kind}'",
                            os.path.join(HERE, "plots.gnuplot")], check=True)
    met = [line.met for line in lines if line.met is not None]
    gone = vanished(lines, rows, results)
    print(f"bench: {met.count(True)} passed, {met.count(False) + gone} failed")
    return 0 if met and all(met) and not gone else 1
