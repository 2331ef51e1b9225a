#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lab/linux-r5 with parts of one's own: kernel, device tree, initramfs, overlay, firmware; and with
parts that make no sense."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from debian import Packages  # pylint: disable=wrong-import-position
from initramfs import Archive  # pylint: disable=wrong-import-position

# Goes on only if the overlay is there: over it, and with links and modes as they were.
INIT = b"""#!/bin/busybox sh
/bin/busybox mkdir -p /dev /proc /sys /tmp
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
[ "$(/etc/link)" = "from the overlay" ] || poweroff -f
exec /lab/run
"""


def lab(*arguments):
    """Runs lab/linux-r5 on what was built before."""
    return subprocess.run([ROOT / "lab/linux-r5", *map(str, arguments)], check=False, text=True,
                          capture_output=True, timeout=300)


class Own(unittest.TestCase):
    """Bring your own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)

    def test_kernel_device_tree_initramfs_overlay_and_firmware(self):
        """All at once. An own kernel goes without our module, so this is polled."""
        given = lab("--export", self.path / "given")
        self.assertEqual(given.returncode, 0, given.stderr)
        busybox = Packages("arm64").fetch("busybox-static") / "bin/busybox"
        archive = Archive()
        archive.console()
        archive.file("bin/busybox", busybox)
        archive.file("init", INIT)
        (self.path / "initrd").write_bytes(archive.bytes())
        overlay = self.path / "overlay/etc"
        overlay.mkdir(parents=True)
        (overlay / "script").write_text("#!/bin/sh\necho from the overlay\n")
        (overlay / "script").chmod(0o700)
        (overlay / "link").symlink_to("script")
        firmware = self.path / "mine.elf"
        firmware.write_bytes(
            (ROOT / "build/firmware-arm/firmware/versal-r5/echo.elf").read_bytes())
        result = lab("--no-build", "--json", "--kernel", self.path / "given/Image",
                     "--dtb", self.path / "given/versal.dtb", "--initrd", self.path / "initrd",
                     "--overlay", self.path / "overlay", "--firmware", firmware,
                     "--ping", "echo-held:100:50")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        step = json.loads(result.stdout)["steps"]["own-firmware"]
        self.assertEqual(step["output"]["pings"][0]["service"], "echo-held")
        self.assertEqual(step["output"]["pings"][0]["count"], 50)

    def test_an_initramfs_that_runs_nothing_fails_in_words(self):
        """The overlay is not there."""
        archive = Archive()
        archive.console()
        archive.file("bin/busybox", Packages("arm64").fetch("busybox-static") / "bin/busybox")
        archive.file("init", INIT)
        (self.path / "initrd").write_bytes(archive.bytes())
        result = lab("--no-build", "--initrd", self.path / "initrd")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the guest ended too early before its first step", result.stderr)

    def test_firmware_for_another_board_is_refused(self):
        """It is yoke in the guest that says so."""
        result = lab("--no-build", "--firmware",
                     ROOT / "build/firmware-arm/firmware/mps2-an521/echo.elf")
        self.assertEqual(result.returncode, 1)
        self.assertIn('built for board "mps2-an521", but machine versal runs firmware for "versal-r5"',
                      result.stdout)

    def test_options_that_make_no_sense(self):
        """Refused before anything is built."""
        for arguments, words in ((["--kernel", "/nowhere"], "/nowhere"),
                                 (["--ping", "echo"], "--ping needs --firmware")):
            result = lab(*arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn(words, result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
