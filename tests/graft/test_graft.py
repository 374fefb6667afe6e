#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the graft tool on a toy kernel tree.

The toy has a handful of files and its own steps, so that a run takes
milliseconds: the tool can be killed at each system call that changes a file,
one after the other, and must recover from every one of them.
"""

import contextlib
import errno
import importlib.machinery
import importlib.util
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

sys.dont_write_bytecode = True
REPO = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

KERNEL = {
    "Makefile": "VERSION = 6\n", "Kbuild": "\n", "Kconfig": "\n",
    "include/linux/kernel.h": "#define KERNEL 1\n",
    "lib/Makefile": "a\nb\nc\nobj-y := x.o\nd\ne\nf\n",
    "lib/x.c": "int x(struct bio *b)\n{\n\treturn b->old + b->old;\n}\n",
    "lib/y.c": "int y(struct bio *b)\n{\n\treturn b->old;\n}\n",
    "lib/z.c": "int z(void)\n{\n\treturn 0;\n}\n",
}
COCCI = """// SPDX-License-Identifier: GPL-2.0-only
//
// Toy.
//
// Needs: a_kernel
// Grep: \\<old\\>
// Hunks: 2

@@ expression E; @@
- E->old
+ young(E)
"""
FACTS = """# what there is
a_kernel include/linux/kernel.h define[[:space:]]+KERNEL
a_zed lib/z.c int z
a_moon lib/moon.c .
"""
PATCH = """Toy.

--- a/lib/Makefile
+++ b/lib/Makefile
@@ -4,2 +4,3 @@
 obj-y := x.o
+obj-y += ours.o
 d
"""
CHANGERS = ("link", "rename", "unlink", "mkdir", "rmdir", "chmod")


class Toy(unittest.TestCase):
    def setUp(self):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.dir = tempfile.mkdtemp(prefix="graft-test-", dir=memory)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.repo = os.path.join(self.dir, "repo")
        self.top = os.path.join(self.dir, "tree")
        shutil.copytree(os.path.join(REPO, "graft"),
                        os.path.join(self.repo, "graft"),
                        ignore=shutil.ignore_patterns(
                            "steps", "facts", "census", "manifest",
                            "__pycache__"))
        self.put("repo/graft/facts", FACTS)
        self.put("repo/graft/census", "")
        self.put("repo/graft/manifest",
                 "# ours\nlib/ours.c lib/new/deep/ours.c\n")
        self.put("repo/lib/ours.c", "int ours;\n")
        self.put("repo/lib/ours.h", "extern int ours;\n")
        self.put("repo/graft/steps/0002-make.patch", PATCH)
        for name, text in KERNEL.items():
            self.put(f"tree/{name}", text)
            os.utime(self.at(f"tree/{name}"), ns=(10**18, 10**18 + 12345))
        os.chmod(self.at("tree/lib/y.c"), 0o755)
        self.pristine = self.snapshot()

    def at(self, name):
        return os.path.join(self.dir, name)

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "w", encoding="utf-8") as f:
            f.write(text)

    def get(self, name):
        with open(self.at(name), encoding="utf-8") as f:
            return f.read()

    def cocci(self, text=COCCI, name="0001-toy.cocci", top="graft"):
        self.put(f"repo/{top}/steps/{name}", text)

    def snapshot(self, stamps=True):
        """Everything about every file; empty directories count too."""
        shot = {}
        for d, dirs, files in os.walk(self.top):
            for name in dirs:
                shot[os.path.relpath(os.path.join(d, name), self.top)] = "dir"
            for name in files:
                full = os.path.join(d, name)
                st = os.stat(full)
                with open(full, "rb") as f:
                    shot[os.path.relpath(full, self.top)] = (
                        f.read(), st.st_mode, stamps and st.st_mtime_ns)
        return shot

    def grafted(self):
        return {k: v for k, v in self.snapshot(False).items()
                if not k.startswith(".graft")}

    def command(self, *args):
        return [sys.executable, os.path.join(self.repo, "graft", "graft"),
                args[0], self.top, *args[1:]]

    def run_graft(self, *args, **env):
        if not env:
            return self.in_process(lambda: None, *args)
        r = subprocess.run(self.command(*args), env=dict(os.environ, **env),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           encoding="utf-8")
        self.assertNotIn("Traceback", r.stdout)
        return r.returncode, r.stdout

    def ok(self, *args):
        status, text = self.run_graft(*args)
        self.assertEqual(status, 0, text)
        return text

    def refused(self, pattern, *args, **env):
        """The command fails, says why, and changes nothing."""
        before = self.snapshot()
        status, text = self.run_graft(*args, **env)
        self.assertNotEqual(status, 0, text)
        self.assertRegex(text, pattern)
        self.assertEqual(self.snapshot(), before)

    def expect_check(self, status, pattern="."):
        got, text = self.run_graft("check")
        self.assertEqual(got, status, text)
        self.assertRegex(text, pattern)

    def in_process(self, patch, *args):
        """Run the tool in a forked child in which os is doctored."""
        sys.stdout.flush()
        r, w = os.pipe()
        pid = os.fork()
        if not pid:
            status = 99
            try:
                os.close(r)
                sys.argv = self.command(*args)[1:]
                path = sys.argv[0]
                loader = importlib.machinery.SourceFileLoader("g", path)
                for name in "steps", "tree":
                    sys.modules.pop(name, None)
                spec = importlib.util.spec_from_loader("g", loader)
                module = importlib.util.module_from_spec(spec)
                out = io.StringIO()
                with contextlib.redirect_stdout(out), \
                        contextlib.redirect_stderr(out):
                    loader.exec_module(module)
                    patch()
                    try:
                        status = module.main()
                    except SystemExit as e:
                        status = e.code
                    except Exception:
                        traceback.print_exc()
                os.write(w, out.getvalue().encode())
            finally:
                os._exit(status)
        os.close(w)
        with os.fdopen(r) as f:
            text = f.read()
        self.assertNotIn("Traceback", text)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text

    def doctor(self, nth, action):
        """Before the nth call that changes a directory, do the action."""
        count = [0]

        def wrap(real):
            def call(*args, **kwargs):
                count[0] += 1
                if count[0] == nth:
                    action()
                return real(*args, **kwargs)
            return call

        def patch():
            for name in CHANGERS:
                setattr(os, name, wrap(getattr(os, name)))
        return patch


class Ordinary(Toy):
    def test_apply_then_revert_gives_the_pristine_tree(self):
        self.cocci()
        text = self.ok("apply")
        self.assertRegex(text, r"\[ 1/2\] 0001-toy.cocci 2 files 2 hunks")
        self.assertIn("young(b) + young(b)", self.get("tree/lib/x.c"))
        self.assertIn("ours.o", self.get("tree/lib/Makefile"))
        self.assertEqual(self.get("tree/lib/new/deep/ours.c"), "int ours;\n")
        self.assertEqual(os.stat(self.at("tree/lib/y.c")).st_mode & 0o777,
                         0o755)
        self.expect_check(0, "up to date")
        self.ok("revert")
        self.assertEqual(self.snapshot(), self.pristine)
        self.expect_check(1, "not grafted")

    def test_second_apply_changes_nothing(self):
        self.cocci()
        self.ok("apply")
        before = self.snapshot()
        self.assertIn("nothing to do", self.ok("apply"))
        self.assertEqual(self.snapshot(), before)

    def test_recomputing_gives_no_second_diff(self):
        self.cocci()
        self.ok("apply")
        before = self.grafted()
        self.cocci(COCCI + "\n// an afterthought\n")
        self.expect_check(2, "not with the present")
        self.assertRegex(self.ok("apply"), "grafted: 0 files written")
        self.assertEqual(self.grafted(), before)

    def test_only_our_changed_file_is_copied(self):
        self.cocci()
        self.ok("apply")
        before = self.snapshot()
        self.put("repo/lib/ours.h", "extern long ours;\n")
        text = self.ok("apply")
        self.assertRegex(text, "grafted: 1 files written")
        self.assertNotIn("0001", text)
        after = self.snapshot()
        changed = {k for k in after if after[k] != before.get(k)}
        self.assertEqual(changed, {"lib/ours.h", ".graft/state.json"})

    def test_step_that_goes_leaves_a_fresh_pristine_file(self):
        self.ok("apply")
        os.unlink(self.at("repo/graft/steps/0002-make.patch"))
        self.ok("apply")
        name = self.at("tree/lib/Makefile")
        self.assertEqual(self.get("tree/lib/Makefile"),
                         KERNEL["lib/Makefile"])
        self.assertGreater(os.stat(name).st_mtime_ns, 10**18 + 12345)
        self.ok("revert")
        self.assertEqual(self.snapshot(), self.pristine)

    def test_file_of_ours_that_goes_is_removed(self):
        self.ok("apply")
        self.put("repo/graft/manifest", "lib/ours.c -\n")
        self.ok("apply")
        self.assertFalse(os.path.exists(self.at("tree/lib/new/deep/ours.c")))
        self.ok("revert")
        self.assertEqual(self.snapshot(), self.pristine)

    def test_offset_is_fine(self):
        self.put("tree/lib/Makefile", "1\n2\n3\n" + KERNEL["lib/Makefile"])
        self.ok("apply")
        self.assertIn("obj-y += ours.o\nd\n", self.get("tree/lib/Makefile"))

    def test_steps_see_the_steps_before(self):
        self.put("repo/graft/steps/0003-again.patch",
                 "--- a/lib/Makefile\n+++ b/lib/Makefile\n"
                 "@@ -5,1 +5,1 @@\n-obj-y += ours.o\n+obj-m += ours.o\n")
        self.ok("apply")
        self.assertIn("obj-m += ours.o", self.get("tree/lib/Makefile"))

    def test_shared_inodes_are_left_alone(self):
        other = self.at("other")
        shutil.copytree(self.top, other, copy_function=os.link)
        self.cocci()
        self.ok("apply")
        for name, text in KERNEL.items():
            self.assertEqual(self.get(f"other/{name}"), text)


class Skips(Toy):
    def test_what_is_true_is_said(self):
        text = self.ok("apply")
        self.assertRegex(text, "(?m)^true of this tree: a_kernel a_zed$")
        self.assertRegex(text, "(?m)^not true of this tree: a_moon$")

    def test_facts_are_of_the_pristine_tree(self):
        self.put("repo/graft/steps/0003-z.patch",
                 "--- a/lib/z.c\n+++ b/lib/z.c\n@@ -1,1 +1,1 @@\n"
                 "-int z(void)\n+int zz(void)\n")
        self.put("repo/graft/facts", FACTS.replace("int z", "int z\\("))
        self.ok("apply")
        self.expect_check(0)
        self.assertIn("nothing to do", self.ok("apply"))

    def test_what_the_tree_lacks_and_what_it_has_are_two_words(self):
        self.cocci(COCCI.replace("a_kernel", "a_moon"))
        self.assertRegex(self.ok("apply"), "0001-toy.cocci does not apply "
                         "here: no a_moon .lib/moon.c: ")
        self.assertEqual(self.get("tree/lib/x.c"), KERNEL["lib/x.c"])
        self.cocci(COCCI.replace("// Needs: a_kernel", "// Unless: a_zed"))
        self.assertRegex(self.ok("apply"), "0001-toy.cocci the tree has it "
                         "already: a_zed .lib/z.c: int z")

    def test_file_of_ours_for_some_trees(self):
        self.put("repo/lib/moon.h", "moon\n")
        self.put("repo/graft/manifest", "lib/ours.c lib/new/deep/ours.c\n"
                 "lib/moon.h lib/ Needs: a_kernel Unless: a_zed\n")
        self.ok("apply")
        self.assertFalse(os.path.exists(self.at("tree/lib/moon.h")))
        self.put("tree/lib/z.c", "int a;\n")
        self.ok("revert")
        self.ok("apply")
        self.assertEqual(self.get("tree/lib/moon.h"), "moon\n")

    def variants(self, *facts):
        for fact in facts:
            self.cocci(COCCI.replace("young", "is_" + fact.replace("-", "_")),
                       f"0001-toy@{fact}.cocci")

    def test_the_variant_for_the_tree_is_taken(self):
        self.variants("a_zed", "no-a_zed")
        self.assertRegex(self.ok("apply"), r"\[ 1/2\] 0001-toy@a_zed.cocci 2")
        self.assertIn("is_a_zed(b) + is_a_zed(b)", self.get("tree/lib/x.c"))

    def test_a_variant_may_be_of_the_backport(self):
        self.variants("a_moon")
        self.cocci(top="backport", name="0001-toy@no-a_moon.cocci")
        self.ok("apply")
        self.assertIn("young(b) + young(b)", self.get("tree/lib/x.c"))

    def test_ours_are_brought_down(self):
        self.put("repo/lib/ours.c", "int ours(struct bio *b)\n{\n"
                 "\treturn b->old;\n}\n")
        self.cocci(COCCI.replace("// Grep", "// Ours").replace(
            "Hunks: 2", "Hunks: 1"))
        self.ok("apply")
        self.assertIn("young", self.get("tree/lib/new/deep/ours.c"))
        self.assertEqual(self.get("tree/lib/x.c"), KERNEL["lib/x.c"])
        before = self.snapshot()
        self.put("repo/lib/ours.h", "extern long ours;\n")
        text = self.ok("apply")
        self.assertRegex(text, "grafted: 1 files written")
        self.assertNotIn("0001", text)
        self.put("repo/lib/ours.c", "int mine(struct bio *b)\n{\n"
                 "\treturn b->old;\n}\n")
        self.assertIn("0001", self.ok("apply"))
        self.assertIn("mine", self.get("tree/lib/new/deep/ours.c"))
        self.assertIn("young", self.get("tree/lib/new/deep/ours.c"))
        self.assertNotEqual(self.snapshot(), before)
        self.ok("revert")
        self.assertEqual(self.snapshot(), self.pristine)

    def test_not_excludes(self):
        self.cocci(COCCI.replace("// Hunks: 2", "// Not: lib/x.c\n"
                                 "// Hunks: 1"))
        self.ok("apply")
        self.assertEqual(self.get("tree/lib/x.c"), KERNEL["lib/x.c"])
        self.assertIn("young", self.get("tree/lib/y.c"))


class Refusals(Toy):
    def test_too_few_hunks(self):
        self.cocci(COCCI.replace("Hunks: 2", "Hunks: 3"))
        self.refused("0001-toy.cocci: expected at least 3 hunks, found 2",
                     "apply")

    def test_no_hunks_line(self):
        self.cocci(COCCI.replace("Hunks: 2", ""))
        self.refused("0001-toy.cocci: .*no `Hunks:`", "apply")

    def test_a_caller_that_is_not_known(self):
        self.put("tree/lib/w.c", "int w(struct bio *b)\n{\n"
                 "\treturn take(b);\n}\n")
        self.put("repo/graft/census", "# who takes\ntake lib/v.c v\n")
        self.refused("unknown(.|\n)*lib/w.c: w\\(\\) calls take\\(\\)",
                     "apply")
        self.put("repo/graft/census", "take lib/w.c w\ntake lib/v.c v\n")
        self.ok("apply")

    def test_a_method_that_is_kept_to_be_called(self):
        self.put("tree/lib/w.c", "int w(struct file *f)\n{\n"
                 "\tif (!f->f_op->take)\n\t\treturn 0;\n"
                 "\tcall = f->f_op->take;\n\treturn call(f);\n}\n")
        self.put("repo/graft/census", "f_op->take lib/v.c v\n")
        self.refused("lib/w.c: w\\(\\) calls f_op->take\\(\\)", "apply")

    def test_another_version_under_the_graft(self):
        self.put("repo/graft/census", "take lib/v.c v\n")
        self.ok("apply")
        self.put("tree/lib/w.c", "int w(struct bio *b)\n{\n"
                 "\treturn take(b);\n}\n")
        self.put("tree/Makefile", "VERSION = 6\nSUBLEVEL = 1\n")
        self.refused("lib/w.c: w\\(\\) calls take\\(\\)", "apply")

    def test_a_caller_in_a_comment_is_none(self):
        self.put("tree/lib/w.c", "int w(struct bio *b)\n{\n"
                 "\t/* take(b) */\n\treturn mistake(b);\n}\n")
        self.put("repo/graft/census", "take lib/v.c v\n")
        self.ok("apply")

    def test_census_of_nothing(self):
        self.put("repo/graft/census", "take lib/v.c\n")
        self.refused("census:1: not", "apply")

    def test_no_such_fact(self):
        self.cocci(COCCI.replace("a_kernel", "a_colonel"))
        self.refused("0001-toy.cocci: there is no such fact: a_colonel",
                     "apply")

    def test_no_variant_for_the_tree(self):
        for fact in "a_moon", "no-a_zed":
            self.cocci(name=f"0001-toy@{fact}.cocci")
        self.refused("0001-toy: the code is unknown: none(.|\n)*no a_moon"
                     "(.|\n)*has it already: a_zed", "apply")

    def test_two_variants_for_the_tree(self):
        for fact in "a_kernel", "a_zed":
            self.cocci(name=f"0001-toy@{fact}.cocci")
        self.refused("0001-toy: more than one variant is for", "apply")

    def test_fuzz(self):
        self.put("tree/lib/Makefile", KERNEL["lib/Makefile"].replace(
            "d\n", "D\n"))
        self.refused("0002-make.patch: does not apply", "apply")

    def test_patch_already_in_the_tree(self):
        self.put("tree/lib/Makefile", KERNEL["lib/Makefile"].replace(
            "d\n", "obj-y += ours.o\nd\n"))
        self.refused("0002-make.patch: does not apply", "apply")

    def test_patch_of_a_file_that_is_not_there(self):
        os.unlink(self.at("tree/lib/Makefile"))
        self.refused("0002-make.patch: lib/Makefile is not in the tree",
                     "apply")

    def test_broken_semantic_patch(self):
        self.cocci(COCCI.replace("expression E;", "expression E"))
        self.refused("0001-toy.cocci: spatch failed", "apply")

    def test_file_of_ours_that_the_tree_has(self):
        self.put("tree/lib/ours.h", "theirs\n")
        self.refused("has a lib/ours.h of its own", "apply")

    def test_file_of_ours_that_is_missing(self):
        os.unlink(self.at("repo/lib/ours.c"))
        self.refused("manifest:2: no such file: lib/ours.c", "apply")

    def test_no_kernel_tree(self):
        os.unlink(self.at("tree/Kbuild"))
        for command in "apply", "check", "revert":
            self.refused("not a kernel source tree: it has no Kbuild",
                         command)

    def test_no_spatch(self):
        self.cocci()
        self.put("bin/patch", "")
        os.chmod(self.at("bin/patch"), 0o755)
        self.refused("spatch is not installed", "apply", PATH=self.at("bin"))

    def test_edits_by_hand(self):
        self.ok("apply")
        self.put("tree/lib/Makefile", "mine\n")
        os.unlink(self.at("tree/lib/ours.h"))
        self.expect_check(4, "lib/Makefile\n(.|\n)*lib/ours.h")
        self.refused("edited by hand(.|\n)*lib/Makefile", "apply")
        self.refused("edited by hand(.|\n)*lib/Makefile", "revert")
        self.ok("apply", "--force")
        self.expect_check(0)
        self.put("tree/lib/Makefile", "mine\n")
        self.ok("revert", "--force")
        self.assertEqual(self.snapshot(), self.pristine)

    def test_touched_file_is_no_edit(self):
        self.ok("apply")
        os.utime(self.at("tree/lib/Makefile"))
        self.expect_check(0)
        self.assertIn("nothing to do", self.ok("apply"))

    def test_code_that_spatch_cannot_parse_is_named(self):
        self.put("tree/lib/z.c", "int z(struct bio *b)\n{\n"
                 "\tfor_all(x, b->old) if (b) x = (b->old int;\n}\n")
        self.cocci()
        self.assertRegex(self.ok("apply", "--log", self.at("log")),
                         "failed to parse: lib/z.c: 1 matching")
        self.assertRegex(self.get("log"), r"failed to parse: lib/z.c:\d")


class Interrupted(Toy):
    """Killed, or out of space, at each call that changes a directory."""

    def reference(self):
        self.ok("apply")
        want = self.grafted()
        self.ok("revert")
        return want

    def reset(self):
        shutil.rmtree(self.top)
        for name, text in KERNEL.items():
            self.put(f"tree/{name}", text)
            os.utime(self.at(f"tree/{name}"), ns=(10**18, 10**18 + 12345))
        os.chmod(self.at("tree/lib/y.c"), 0o755)
        self.assertEqual(self.snapshot(), self.pristine)

    def everywhere(self, action, prepare, after, *command):
        """Do the action at the first, second, ... call, until none is left."""
        for n in range(1, 200):
            self.reset()
            prepare()
            status, text = self.in_process(self.doctor(n, action), *command)
            if status == 0:
                return n - 1
            with self.subTest(call=n, command=command):
                after(status, text)
        self.fail(f"does not end: {text}")

    def two_files(self):
        self.put("repo/graft/steps/0003-x.patch",
                 "Toy.\n\n--- a/lib/x.c\n+++ b/lib/x.c\n@@ -1,1 +1,1 @@\n"
                 "-int x(struct bio *b)\n+int xx(struct bio *b)\n")

    def old_graft(self):
        """A graft of other steps and files, to be replaced."""
        self.put("repo/graft/manifest", "lib/ours.c lib/z2/gone.h\n")
        self.put("repo/lib/ours.h", "old\n")
        os.unlink(self.at("repo/graft/steps/0003-x.patch"))
        self.ok("apply")
        self.put("repo/lib/ours.h", "extern int ours;\n")
        self.put("repo/graft/manifest", "lib/ours.c lib/new/deep/ours.c\n")
        self.two_files()

    def killed(self, prepare, *command):
        self.two_files()
        want = self.reference()

        def again(status, text):
            self.assertEqual(status, 137, text)
            half = os.path.exists(self.at("tree/.graft/journal.json"))
            got, says = self.run_graft("check")
            self.assertEqual(got == 3, half or not os.path.exists(
                self.at("tree/.graft/state.json")) and os.path.exists(
                self.at("tree/.graft")), says)
            text = self.ok("apply")
            if half:
                self.assertIn("interrupted", text)
            self.expect_check(0)
            self.assertEqual(self.grafted(), want)

        def back(status, text):
            self.assertEqual(status, 137, text)
            self.ok("revert")
            self.assertEqual(self.snapshot(), self.pristine)
            self.expect_check(1)

        def die():
            os._exit(137)

        for after in again, back:
            n = self.everywhere(die, prepare, after, *command)
            self.assertGreater(n, 6)

    def test_killed_in_a_first_apply(self):
        self.killed(lambda: None, "apply")

    def test_killed_in_a_later_apply(self):
        self.killed(self.old_graft, "apply")

    def test_killed_in_a_revert(self):
        self.killed(lambda: self.ok("apply"), "revert")

    def test_killed_while_undoing(self):
        def prepare(n=None):
            patch = self.doctor(n or late, lambda: os._exit(137))
            self.in_process(patch, "apply")
            return os.path.exists(self.at("tree/.graft/journal.json"))

        late = 1
        while not prepare(late):
            late += 1
            self.reset()
        late += 4	# some files are exchanged, some are not
        self.killed(prepare, "apply")

    def test_no_space_anywhere(self):
        self.two_files()

        def full():
            raise OSError(errno.ENOSPC, "No space left on device")

        def after(status, text):
            self.assertEqual(status, 1, text)
            self.assertIn("no space left on the disk", text)
            self.assertFalse(os.path.exists(self.at("tree/.graft.tmp")))
            self.expect_check(1)
            self.ok("revert")
            self.assertEqual(self.snapshot(), self.pristine)
            self.ok("apply")

        self.everywhere(full, lambda: None, after, "apply")

    def test_interrupt_while_files_change(self):
        self.two_files()
        want = self.reference()

        def after(status, text):
            self.assertEqual(status, 130, text)
            self.assertIn("interrupted", text)
            self.ok("apply")
            self.assertEqual(self.grafted(), want)

        self.everywhere(lambda: os.kill(os.getpid(), signal.SIGINT),
                        lambda: None, after, "apply")

    def slow(self):
        """A graft that has just started an spatch that never ends."""
        self.cocci()
        self.put("bin/spatch", f"#!/bin/sh\necho $$ >{self.dir}/pid\n"
                 "exec sleep 100\n")
        os.chmod(self.at("bin/spatch"), 0o755)
        path = self.at("bin") + ":" + os.environ["PATH"]
        child = subprocess.Popen(
            self.command("apply"), env=dict(os.environ, PATH=path),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.default_int_handler))
        while not os.path.exists(self.at("pid")) or not self.get("pid"):
            time.sleep(0.01)
        return child

    def test_interrupt_while_spatch_runs(self):
        for number in signal.SIGINT, signal.SIGTERM:
            child = self.slow()
            child.send_signal(number)
            text = child.communicate()[0]
            self.assertEqual(child.returncode, 130, text)
            self.assertIn("no file of the tree was touched", text)
            self.assertEqual(self.snapshot(), self.pristine)
            with self.assertRaises(ProcessLookupError):
                os.kill(int(self.get("pid")), 0)
            os.unlink(self.at("pid"))
        self.ok("apply")

    def test_kill_while_spatch_runs(self):
        child = self.slow()
        child.kill()
        child.communicate()
        os.kill(int(self.get("pid")), signal.SIGKILL)
        self.expect_check(1, "killed before it touched anything")
        self.assertIn("interrupted before it touched", self.ok("apply"))
        self.expect_check(0)

    def test_two_at_once(self):
        child = self.slow()
        status, text = self.run_graft("apply")
        self.assertEqual(status, 1, text)
        self.assertIn("another graft runs", text)
        self.assertTrue(os.path.isdir(self.at("tree/.graft.tmp")))
        child.terminate()
        child.communicate()


class Report(unittest.TextTestResult):
    """One line a test, and a count that the Makefile understands."""

    def startTest(self, test):
        super(unittest.TextTestResult, self).startTest(test)
        self.bad = len(self.failures) + len(self.errors)

    def stopTest(self, test):
        super().stopTest(test)
        bad = len(self.failures) + len(self.errors) > self.bad
        name = re.sub("^test_", "", test._testMethodName).replace("_", " ")
        print(f"  {'FAIL' if bad else 'PASS'}  graft: {name}", flush=True)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])
    result = unittest.TextTestRunner(sys.stderr, verbosity=0,
                                     resultclass=Report).run(suite)
    failed = len({str(t).split(" (call")[0] for t, _ in
                  result.failures + result.errors})
    print(f"graft: {result.testsRun - failed} passed, {failed} failed")
    sys.exit(bool(failed))
