#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How converting changes the code: tools/convert-sizes.py BEFORE AFTER LIST

BEFORE and AFTER are build directories, LIST names objects in them.  Prints how
many have the same code, byte for byte, or the same size, or less, or more.
"""

import subprocess
import sys


def code(name):
    """The text of an object: its sections' contents, without addresses."""
    out = subprocess.run(["objdump", "-h", name], check=True,
                         stdout=subprocess.PIPE).stdout.decode().split("\n")
    size, names = 0, []
    for head, flags in zip(out, out[1:]):
        words = head.split()
        if len(words) == 7 and words[0].isdigit() and "CODE" in flags:
            size += int(words[2], 16)
            names += ["-j", words[1]]
    dump = subprocess.run(["objdump", "-dr", "--no-show-raw-insn",
                           "--no-addresses", *names, name], check=True,
                          stdout=subprocess.PIPE).stdout if names else b""
    return size, dump.split(b"\n", 3)[-1]


def main():
    before, after, names = sys.argv[1:]
    kinds = {"the same code": [], "the same size": [], "smaller": [],
             "larger": []}
    with open(names, encoding="utf-8") as f:
        for name in f.read().split():
            try:
                old, new = (code(f"{d}/{name}") for d in (before, after))
            except subprocess.CalledProcessError:
                continue
            diff = new[0] - old[0]
            kind = "the same code" if old[1] == new[1] else \
                "the same size" if not diff else \
                "smaller" if diff < 0 else "larger"
            kinds[kind].append((diff, old[0], name))
    for kind, found in kinds.items():
        print(f"  {kind:<14}{len(found):5} objects"
              f"{sum(d for d, _, _ in found):+8} of "
              f"{sum(s for _, s, _ in found)} bytes")
    most = sorted(kinds["smaller"] + kinds["larger"],
                  key=lambda k: -abs(k[0]))[:12]
    for diff, size, name in most:
        print(f"  {diff:+7} of {size:7}  {name}")


if __name__ == "__main__":
    main()
