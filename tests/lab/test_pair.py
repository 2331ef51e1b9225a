#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lab/m33-m33 and its like where they must fail, and say why. Uses firmware as it was built."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "build/firmware-arm/firmware"


def lab(*arguments, **options):
    """Runs lab/m33-m33. Returns its exit code and all that it says."""
    done = subprocess.run([ROOT / "lab/m33-m33", "--no-build", *map(str, arguments)], check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          **options)
    return done.returncode, done.stdout


class Fails(unittest.TestCase):
    """A topology that does not hold does not pass."""

    def test_firmware_that_dies(self):
        """The crash is shown with its symbol."""
        code, said = lab("--firmware", FIRMWARE / "mps2-an521-cpu1/dies-booting.elf")
        self.assertEqual(code, 1, said)
        self.assertRegex(said, r"invalid memory access at pc 0x[0-9a-f]+ \((start_the_clock|main)\+")

    def test_firmware_that_never_answers(self):
        """It is given up. Its log may not be seen: text rings no doorbell, and `pair` sleeps."""
        code, said = lab("--timeout", "3", "--firmware",
                         FIRMWARE / "mps2-an521-cpu1/never-ready.elf")
        self.assertEqual(code, 1, said)
        self.assertIn("pair: driver role, starting the other core", said)
        self.assertIn("took more than 3 s", said)

    def test_firmware_for_another_board(self):
        """The board note tells."""
        code, said = lab("--firmware", FIRMWARE / "versal-r5/echo.elf")
        self.assertEqual(code, 2, said)
        self.assertIn("is for board versal-r5; this topology needs one for mps2-an521-cpu1", said)

    def test_no_such_file(self):
        """Said so."""
        code, said = lab("--firmware", "nowhere.elf")
        self.assertEqual(code, 2, said)
        self.assertIn("nowhere.elf: there is no such file", said)

    def test_no_qemu(self):
        """The package is named."""
        with tempfile.TemporaryDirectory() as folder:
            for tool in ("python3", "env"):
                os.symlink(f"/usr/bin/{tool}", f"{folder}/{tool}")
            code, said = lab(env={**os.environ, "PATH": folder})
        self.assertEqual(code, 1, said)
        self.assertIn("there is no qemu-system-arm on this computer: install qemu-system-arm", said)


if __name__ == "__main__":
    unittest.main()
