#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the converters of scripts/coccinelle/api and account for every site.

  tools/convert.py TREE OUT       the whole of TREE (pristine or grafted)
  tools/convert.py FILE... OUT    some files, wherever they are

What is converted is written below the directory OUT, under the same path; the
files themselves are not touched.  A site is a use of one of a converter's
names in code: not in a comment, a string or the declaration of the name.  Sites
are counted without spatch; each must be converted or reported with a reason,
and one that spatch says nothing about is named and counts as a failure.

OUT/sites.txt has every site that stays, OUT/touched.txt the changed files.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 1)
TIMEOUT = 300		# of one file, in seconds
SKIP = ("Documentation/", "tools/", "scripts/", "samples/", "lib/tests/",
        "usr/", ".graft/")

# Converter, the names it is about, and who provides them.
CONVERTERS = [
    ("bvec_fields", ["bv_page", "bv_offset"],
     ["include/linux/bvec.h"]),
    ("dma_map_phys",
     ["dma_map_page", "dma_map_page_attrs", "dma_unmap_page",
      "dma_unmap_page_attrs", "dma_map_bvec", "dma_map_resource",
      "dma_unmap_resource"],
     ["include/linux/dma-mapping.h", "include/linux/blkdev.h",
      "include/linux/skbuff.h", "include/trace/events/dma.h",
      "include/rdma/ib_verbs.h", "kernel/dma/"]),
    ("blk_rq_map_sg", ["blk_rq_map_sg", "__blk_rq_map_sg"],
     ["include/linux/blk-mq.h", "block/blk-merge.c"]),
    ("dma_map_ops",
     ["map_page", "unmap_page", "iommu_map_page", "iommu_unmap_page",
      "vduse_domain_map_page", "vduse_domain_unmap_page",
      "iommu_dma_map_page", "iommu_dma_unmap_page", "dma_direct_map_page",
      "dma_direct_unmap_page"],
     ["include/linux/dma-map-ops.h"]),
    ("pci_p2pmem",
     ["pci_p2pdma_add_resource", "pci_alloc_p2pmem", "pci_free_p2pmem",
      "pci_p2pmem_virt_to_bus", "pci_p2pmem_alloc_sgl",
      "pci_p2pmem_free_sgl", "pci_p2pmem_publish", "pci_p2pmem_find_many",
      "is_pci_p2pdma_page"],
     ["include/linux/pci-p2pdma.h", "include/linux/memremap.h",
      "drivers/pci/p2pdma.c", "drivers/pci/p2pmem.c"]),
]

BLANK = re.compile(rb"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|"
                   rb"'(?:\\.|[^'\\\n])*'", re.S)


class Converter:
    def __init__(self, name, names, home):
        self.name = name
        self.script = os.path.join(REPO, "scripts/coccinelle/api",
                                   name + ".cocci")
        self.home = tuple(home)
        # A variable may be called like a field; it is none.
        member, called = r"(?:->|\.|\bbio_vec\s*,)\s*", r"\s*\("
        word = r"%s\b(%s)\b%s"
        if name == "bvec_fields":
            word %= member, "|".join(names), r"(?!\s*\()"
        elif name == "dma_map_ops":
            word = r"%s\b(%s)\b|\b(%s)%s" % (
                member, "|".join(names[:2]), "|".join(names[2:]), called)
        else:
            word %= "", "|".join(names), called
        self.word = re.compile(word.encode())
        self.grep = "|".join(names)
        with open(self.script, encoding="utf-8") as f:
            text = f.read()
        self.patches = "\nvirtual patch\n" in text
        self.options = re.search("^// Options: *(.*)$", text,
                                 re.M).group(1).split()

    def sites(self, text):
        """Lines and columns of every use, and the name used."""
        def blank(m):
            return re.sub(rb"[^\n]", b" ", m.group(0))

        code = BLANK.sub(blank, text)
        found = []
        for m in self.word.finditer(code):
            at = m.start(m.lastindex)
            line = code.count(b"\n", 0, at) + 1
            col = at - (code.rfind(b"\n", 0, at) + 1)
            found.append((line, col, m.group(m.lastindex).decode()))
        return found


def declares(text, line, name):
    """Is it where the name is defined or declared, not a use?"""
    row = text.split(b"\n")[line - 1].decode(errors="replace")
    return bool(re.match(r"^(static |inline |extern |struct |void |int |bool "
                         r"|dma_addr_t |#\s*define\s+)[^=;]*\b%s\b" % name,
                         row))


class Result:
    def __init__(self):
        self.found = self.declared = 0
        self.left = []		# (line, column, name, reason)
        self.silent = []
        self.text = None	# the new text, if it changed
        self.error = None
        self.again = False	# a second run changed something


def spatch(conv, mode, name, in_place):
    cmd = ["spatch", "-D", mode, "--verbose-parsing", *conv.options,
           "--timeout", str(TIMEOUT), "--sp-file", conv.script, name]
    if in_place:
        cmd[1:1] = ["--in-place", "--no-show-diff"]
    return subprocess.run(cmd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                          ).stdout.decode(errors="replace")


def broken_lines(out, text):
    """Lines of functions that spatch stepped over."""
    bad, start = set(), 0
    for row in out.split("\n"):
        m = re.match(r' = File "[^"]+", line (\d+)', row)
        if m:
            start = int(m.group(1))
        if re.match(r"(bad:|BAD:!+) ?", row):
            code = re.sub(r"(bad:|BAD:!+) ?", "", row).strip().encode()
            for n, line in enumerate(text.split(b"\n"), 1):
                if code and line.strip() == code:
                    bad.add(n)
    return bad


def failure(out):
    # what it shows of a function that it cannot parse may say anything
    m = re.search(r"^(EXN:.*|(?!bad:|BAD:).*"
                  r"(?:Fatal error|Python failure|timeout).*)$", out, re.M)
    return m.group(1)[:120] if m else None


def one(job):
    """One converter on one file: patch, then report what is left."""
    conv, name, path, scratch = job
    res = Result()
    with open(name, "rb") as f:
        old = f.read()
    uses = conv.sites(old)
    home = path.startswith(conv.home) if conv.home else False
    declared = [u for u in uses if home or declares(old, u[0], u[2])]
    uses = [u for u in uses if u not in declared]
    res.found, res.declared = len(uses), len(declared)
    if not uses:
        return path, res
    # spatch takes a name with a blank in it for two.
    work = os.path.join(tempfile.mkdtemp(dir=scratch),
                        os.path.basename(path).replace(" ", "_"))
    with open(work, "wb") as f:
        f.write(old)
    if conv.patches:
        out = spatch(conv, "patch", work, True)
        res.error = failure(out)
    with open(work, "rb") as f:
        new = f.read()
    if new != old:
        res.text = new
    left = [u for u in conv.sites(new) if not declares(new, u[0], u[2])]
    if left:
        out = spatch(conv, "report", work, False)
        res.error = res.error or failure(out)
        said = {}
        for row in out.split("\n"):
            m = re.match(r"[^ ]+:(\d+):(\d+)-\d+: (.*)$", row)
            if m:
                said[int(m.group(1)), int(m.group(2))] = m.group(3)
        bad = broken_lines(out, new)
        rows = new.split(b"\n")
        for line, col, word in left:
            why = said.get((line, col))
            if why:
                why = re.sub(r"^WARNING: |not converted: ", "", why)
            elif line in bad:
                why = "spatch cannot parse this function"
            elif re.match(rb"\s*(_S|s)tatic_assert\b", rows[line - 1]) or \
                    re.match(rb"\s*(_S|s)tatic_assert\b", rows[line - 2]):
                why = "an assertion about the layout, outside of functions"
            elif re.match(rb"\s*#\s*define", rows[line - 1]) or \
                    rows[line - 2].endswith(b"\\"):
                why = "in a macro that spatch does not look into"
            if why:
                res.left.append((line, col, word, why))
            else:
                res.silent.append((line, col, word))
    if res.text is not None and left and conv.patches:
        spatch(conv, "patch", work, True)
        with open(work, "rb") as f:
            res.again = f.read() != new
    shutil.rmtree(os.path.dirname(work))
    return path, res


def files_of(tree, conv):
    found = subprocess.run(
        ["grep", "-rlwE", conv.grep, "--include=*.[ch]", "."], cwd=tree,
        stdout=subprocess.PIPE).stdout.decode().split("\n")
    found = sorted(f[2:] for f in found if f)
    return [f for f in found if not f.startswith(SKIP)]


def general(why):
    """One reason for many sites: without names of variables."""
    why = re.sub(r"\b\w+ comes from", "it comes from", why)
    why = re.sub(r"unmapping of \*?\w+", "unmapping", why)
    why = re.sub(r"(may be an address of) (?!(dma_|skb_|page_pool))\w+.*",
                 r"\1 another function", why)
    why = re.sub(r"^\w+\(\) (converted: )?", "", why)
    return why


def show_tables(rows, reasons):
    print(f"  {'converter':<15}{'files':>6}{'found':>7}{'converted':>11}"
          f"{'reported':>10}{'API':>6}{'time':>8}")
    for r in rows:
        print("  %-15s%6d%7d%11d%10d%6d%7.0fs" % r)
    for name, why in reasons.items():
        print(f"\n  {name}: why sites stay")
        for text, n in sorted(why.items(), key=lambda x: -x[1])[:14]:
            print(f"  {n:6}  {text}")


def main():
    *where, out = sys.argv[1:]
    if not where:
        sys.exit(__doc__)
    scratch = os.path.join(out, "work")
    os.makedirs(scratch, exist_ok=True)
    tree = where[0] if os.path.isdir(where[0]) else None
    only = os.environ.get("CONVERTERS", "").split()
    rows, reasons, problems, touched, texts = [], {}, [], set(), {}
    with open(os.path.join(out, "sites.txt"), "w", encoding="utf-8") as log:
        for conv in (Converter(*c) for c in CONVERTERS):
            if only and conv.name not in only:
                continue
            start = time.monotonic()
            if tree:
                jobs = [(conv, os.path.join(tree, f), f, scratch)
                        for f in files_of(tree, conv)]
            else:
                jobs = [(conv, os.path.abspath(f), os.path.abspath(f),
                         scratch) for f in where]
            # What an earlier converter made of it, and the largest first.
            jobs = [(c, texts.get(p, n), p, s) for c, n, p, s in jobs]
            jobs.sort(key=lambda j: -os.path.getsize(j[1]))
            total = [0, 0, 0, 0]
            with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
                for path, r in pool.map(one, jobs):
                    stay = len(r.left) + len(r.silent)
                    total[0] += bool(r.found)
                    total[1] += r.found
                    total[2] += len(r.left)
                    total[3] += r.declared
                    for line, col, word, why in r.left:
                        log.write(f"{conv.name}: {path}:{line}:{col}: {word}:"
                                  f" {why}\n")
                        g = general(why)
                        reasons.setdefault(conv.name, {}).setdefault(g, 0)
                        reasons[conv.name][g] += 1
                    for line, col, word in r.silent:
                        problems.append(f"{conv.name}: {path}:{line}: {word}:"
                                        " neither converted nor reported")
                    if r.error:
                        problems.append(f"{conv.name}: {path}: {r.error}")
                    if r.again:
                        problems.append(f"{conv.name}: {path}: a second run "
                                        "changes it again")
                    if r.text is not None:
                        new = os.path.join(out, "new", path.lstrip("/"))
                        os.makedirs(os.path.dirname(new), exist_ok=True)
                        with open(new, "wb") as f:
                            f.write(r.text)
                        texts[path] = new
                        touched.add(path)
                    elif stay > r.found:
                        problems.append(f"{conv.name}: {path}: more sites "
                                        "than before")
            silent = sum(p.startswith(conv.name + ": ") and "neither" in p
                         for p in problems)
            rows.append((conv.name, total[0], total[1],
                         total[1] - total[2] - silent, total[2], total[3],
                         time.monotonic() - start))
    show_tables(rows, reasons)
    with open(os.path.join(out, "touched.txt"), "w", encoding="utf-8") as f:
        f.writelines(p + "\n" for p in sorted(touched))
    for p in problems:
        print(f"  FAIL  {p}")
    print(f"sites: {sum(r[2] for r in rows) - len(problems)} accounted for, "
          f"{len(problems)} not")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
