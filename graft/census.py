# SPDX-License-Identifier: GPL-2.0-only
"""Who calls the functions through which memory comes into the block layer.

A step that puts a question there holds for the callers that are known.  One that
is not may go past it: that code has to be looked at, so it is an error.
"""

import os
import re

from steps import GraftError


def functions(lines):
    """For each line, the function or macro that it is in; and their lines."""
    name, start, out, spans = None, 0, [], {}
    for i, line in enumerate(lines):
        m = re.match(r"#define\s+(\w+)\(", line) or \
            re.match(r"(?!#|/|\*|typedef|__context_unsafe|struct \w+ [\w*]+ =)"
                     r"(?:\w[^=;]*?)?\b(\w+)\s*\(", line)
        if m and not line.rstrip().endswith(";"):
            call = re.match(r"\w*(?:SYSCALL_DEFINE|BPF_CALL_)\d\((\w+)",
                            line)
            name, start = (call or m)[1], i
        out.append(name)
        if name:
            spans[name] = (spans.get(name, (start, 0))[0], i + 1)
        if line.startswith("}"):
            name = None
    return out, spans


def read_census(filename):
    """{function: {(file, caller)}}"""
    known = {}
    with open(filename, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if len(words) < 3:
                raise GraftError(f"census:{n}: not `FUNCTION FILE CALLER...`")
            known.setdefault(words[0], set()).update(
                (words[1], caller) for caller in words[2:])
    return known


def callers(view, known):
    """{function: {(file, caller)}} of the pristine tree."""
    found = {name: set() for name in known}
    # a method may be taken to be called later
    calls = {name: re.compile(re.escape(name) + r"\s*[(;]"
                              if name.startswith("f_op") else
                              r"(?<![\w>.])" + re.escape(name) + r"\s*\(")
             for name in known}
    words = [re.escape(n) + "[[:space:]]*[(;]" for n in known]
    for path in view.candidates(words) if known else ():
        text = (view.kernels(path) or b"").decode(errors="replace")
        text = re.sub(r"/\*.*?\*/|//[^\n]*",
                      lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
        lines = text.split("\n")
        owner = None
        for name, hit in calls.items():
            if not hit.search(text):
                continue
            owner = owner or functions(lines)[0]
            found[name].update(
                (path, owner[i] or "?") for i, line in enumerate(lines)
                if line[:1] in " \t" and hit.search(line))
    return found


def take(view, filename):
    """Compare; an error names each caller that is new."""
    if not os.path.exists(filename):
        return
    known = read_census(filename)
    new = [f"{path}: {caller}() calls {name}()"
           for name, found in sorted(callers(view, known).items())
           for path, caller in sorted(found - known[name])]
    if new:
        raise GraftError(
            "the code is unknown: memory may come in past what asks for "
            "peer-to-peer memory:\n  " + "\n  ".join(new) + "\nlook at it, "
            "see that it asks (bio_phys_check_iter(), p2p_dio_check()) or never "
            "gets such memory, and write it into graft/census")
