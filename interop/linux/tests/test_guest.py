#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A guest's console is judged rightly: what must fail a run does."""
import contextlib
import io
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent),
                str(Path(__file__).resolve().parents[3] / "lab")]

import guest  # pylint: disable=wrong-import-position
import suite  # pylint: disable=wrong-import-position

GOOD = ["yoke: up 0.25", "figure round_trip 12.5 us", "ok 1-talk", "yoke: done"]
REPORT = ["------------[ cut here ]------------",
          "WARNING: CPU: 0 PID: 30 at kernel/sched/core.c:8500 __might_sleep+0x1/0x2",
          "do not call blocking ops when !TASK_RUNNING; state=1", "Call Trace:"]
END = ["---[ end trace 0000000000000000 ]---"]


class Judgement(unittest.TestCase):
    """Each case is a console's text."""

    def verdict(self, lines, names=("1-talk",)):
        """What a run with this console returns, and what it prints."""
        console = guest.Console(Path("log"))
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            for line in lines:
                console.line(line)
            code = guest.verdict(names, console)
        return code, text.getvalue()

    def test_a_run_without_anything_wrong_passes(self):
        code, text = self.verdict(GOOD)
        self.assertEqual(code, 0, text)
        self.assertIn("12.5 us", text)

    def test_a_test_that_fails_or_says_nothing_fails_the_run(self):
        self.assertEqual(self.verdict(GOOD + ["not ok 2-features: no EVENT_IDX"])[0], 1)
        code, text = self.verdict(GOOD, ("1-talk", "3-restart"))
        self.assertEqual(code, 1)
        self.assertIn("3-restart: no result", text)

    def test_what_the_kernel_complains_of_fails_the_run(self):
        for line in ("BUG: sleeping function called from invalid context at mm/slab.h:1",
                     "WARNING: possible circular locking dependency detected",
                     "Oops: general protection fault",
                     "BUG: scheduling while atomic: kworker/0:1/12/0x0002",
                     "INFO: task rp:30 blocked for more than 20 seconds.",
                     "Internal error: Oops: 5 [#1] SMP ARM",
                     "Unhandled fault: page domain fault (0x01b) at 0x0000001c",
                     "8<--- cut here --- Unable to handle kernel NULL pointer dereference",
                     "Kernel panic - not syncing: Attempted to kill init!"):
            code, text = self.verdict([line] + GOOD)
            self.assertEqual(code, 1, line)
            self.assertIn(line, text)

    def test_only_the_known_report_of_the_kernel_s_own_is_passed_over(self):
        known = REPORT + [" [<600a>] get_a_tx_buf+0x10/0x20"] + END
        other = REPORT + [" [<600a>] rpmsg_recv_done+0x10/0x20"] + END
        self.assertEqual(self.verdict(known + GOOD)[0], 0)
        self.assertEqual(self.verdict(other + GOOD)[0], 1)


class Options(unittest.TestCase):
    """Command lines without sense are no tests' names."""

    def wrong(self, *words):
        """What is said to them."""
        return suite.Suite().options_of(list(words))

    def test_options(self):
        self.assertIsNone(self.wrong("1-talk", "--if-built"))
        self.assertIn("--bogus", self.wrong("--bogus"))
        self.assertIn("name an ELF file", self.wrong("--firmware"))
        self.assertIn("nowhere.elf", self.wrong("--firmware", "nowhere.elf", "--shell"))

    def test_own_firmware_is_kept_and_no_name_of_a_test(self):
        words = ["--firmware", __file__, "--shell"]
        mine = suite.Suite()
        self.assertIsNone(mine.options_of(words))
        self.assertEqual((mine.own, words), ([Path(__file__)], ["--shell"]))


if __name__ == "__main__":
    unittest.main()
