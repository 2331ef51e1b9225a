#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""yoke conform as a command: what it says when it cannot be, exit codes, JSON.

usage: test_command.py YOKE FIRMWARE_FOLDER [EMULATOR...]
"""
import json
import subprocess
import sys
import unittest

YOKE, FIRMWARE, WRAPPER = sys.argv[1], sys.argv[2], sys.argv[3:]


def conform(*words):
    """Exit code, stdout, stderr."""
    run = subprocess.run([*WRAPPER, YOKE, "conform", *words], capture_output=True, text=True,
                         check=False)
    return run.returncode, run.stdout, run.stderr


class Command(unittest.TestCase):
    """Each test is one way to call it."""

    def refused(self, code, words, *said):
        """It ends with that code, and says what to try next."""
        got, out, err = conform(*words)
        self.assertEqual((got, out), (code, ""))
        for text in said:
            self.assertIn(text, err)

    def test_command_lines_without_sense(self):
        self.refused(2, [], "no firmware was named", "try:")
        self.refused(2, ["--driver", "x.elf"], "--driver goes without firmware")
        self.refused(2, ["--driver", "--only"], "--only: a value must follow")
        self.refused(2, ["--loud"], "--loud: there is no such option")
        self.refused(2, ["a.elf", "b.elf"], "b.elf: only one firmware at a time")
        self.refused(2, ["--driver", "--quiet", "1s"], "--quiet 1s", "from 0 to 99999")
        self.refused(2, [f"{FIRMWARE}/echo.elf", "--machine", "toaster"], '"toaster"')
        self.refused(2, ["--driver", "--only", "RING-99"], "RING-99: no check has such a label")

    def test_firmware_that_cannot_be_checked(self):
        self.refused(3, ["/nowhere.elf"], "/nowhere.elf", "name a firmware file")
        self.refused(3, [__file__], "build it anew")
        self.refused(3, [f"{FIRMWARE}/matrix.elf"], "service echo", "--service NAME")

    def test_text(self):
        code, out, err = conform("--driver", "--only", "RING-16")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("RING-16  4.4   pass  ids that are not outstanding\n", out)
        self.assertIn("1 check; rules: 1 passed, 0 failed, 0 not applicable", out)

    def test_json(self):
        code, out, _ = conform("--json", "--only", "NS", f"{FIRMWARE}/echo.elf")
        report = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual(report["role"], "device")
        rules = {rule["rule"]: rule for rule in report["rules"]}
        self.assertEqual(list(rules), [f"NS-{i}" for i in range(1, 12)])
        self.assertEqual(rules["NS-8"]["verdict"], "pass")
        self.assertEqual(rules["NS-5"]["verdict"], "not applicable")
        self.assertTrue(rules["NS-5"]["why"])

    def test_json_of_what_cannot_be_checked(self):
        for words, said in ((["/nowhere.elf"], "/nowhere.elf"),
                            (["--driver", "--only", "RING-99"], "RING-99")):
            code, out, err = conform("--json", *words)
            report = json.loads(out)
            self.assertEqual(report["exit_code"], code)
            self.assertNotIn(code, (0, 1))
            self.assertIn(said, report["error"])
            self.assertIn(said, err)

    def test_extensions_that_are_not_offered(self):
        code, out, _ = conform("--only", "ACK", f"{FIRMWARE}/echo.elf")
        self.assertEqual(code, 0)
        self.assertIn("ACK-4    6     -     the device does not offer bit 20\n", out)
        self.assertIn("5 checks; rules: 0 passed, 0 failed, 6 not applicable", out)

    def test_a_broken_rule_is_shown(self):
        # It multiplies instead of sending back what it gets.
        code, out, _ = conform("--service", "matrix", "--only", "RING-2", f"{FIRMWARE}/matrix.elf")
        self.assertEqual(code, 1)
        self.assertIn("RING-2   4.1   FAIL", out)
        self.assertIn("expected: the payload arrives as it was sent", out)
        self.assertIn("seen: 16 bytes came back as 4", out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
