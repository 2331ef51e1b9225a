# SPDX-License-Identifier: BSD-3-Clause
"""Firmware of board mps2-an521 by the yoke command: the choice of the machine, and bad input.

usage: test_boards.py YOKE FIRMWARE_DIRECTORY NATIVE_FIRMWARE_DIRECTORY [MACHINE...]
"""
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

YOKE, FIRMWARE, NATIVE = sys.argv[1:4]
MACHINES = sys.argv[4:]
ERROR = re.compile(r"^yoke: .+", re.M)
NOTE = b"Yoke\0\0\0\0mps2-an521\0"


def elf(app):
    return os.path.join(FIRMWARE, app + ".elf")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def yoke(self, code, *arguments, **options):
        """Runs yoke, and expects this exit code, and an error message just when it is not 0."""
        result = subprocess.run([YOKE, *arguments], capture_output=True, text=True, timeout=120,
                                check=False, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertEqual(bool(ERROR.search(result.stderr)), code != 0, result.stderr)
        return result

    def changed(self, offset, data, app="echo"):
        """The path of a firmware some of whose bytes are others."""
        with open(elf(app), "rb") as file:
            content = bytearray(file.read())
        content[offset:offset + len(data)] = data
        path = os.path.join(self.directory, "changed.elf")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def find(self, data, app="echo"):
        """Where these bytes are in a firmware's file."""
        with open(elf(app), "rb") as file:
            return file.read().index(data)

    def header(self, index, app="echo"):
        """Where a program header of a firmware's file is, and its fields."""
        with open(elf(app), "rb") as file:
            content = file.read()
        at = struct.unpack_from("<I", content, 28)[0] + 32 * index
        return at, struct.unpack_from("<8I", content, at)


class Choice(Case):
    def test_machines_are_listed_with_what_is_missing(self):
        data = json.loads(self.yoke(0, "machines", "--json").stdout)["machines"]
        kinds = {kind["name"]: kind for kind in data}
        self.assertTrue({"process", "emulator", "qemu"} <= set(kinds))
        for name in ["process", *MACHINES]:
            self.assertTrue(kinds[name]["here"], name)
        for kind in data:
            self.assertEqual(kind["here"], "missing" not in kind)
        text = self.yoke(0, "machines").stdout
        for name, kind in kinds.items():
            self.assertRegex(text, rf"(?m)^{name} +{kind['board']} ")

    def test_a_board_that_is_missing_here_is_named_with_its_package(self):
        environment = {**os.environ, "PATH": self.directory}
        kinds = json.loads(self.yoke(0, "machines", "--json", env=environment).stdout)["machines"]
        missing = next(kind["missing"] for kind in kinds if kind["name"] == "qemu")
        self.assertIn("install qemu-system-arm (Debian)", missing)
        result = self.yoke(4, "run", "--machine", "qemu", elf("echo"), env=environment)
        self.assertIn("there is no qemu-system-arm on this computer: install qemu-system-arm",
                      result.stderr)

    def test_the_file_chooses_the_machine(self):
        self.assertIn("memory image: device address 0x80000000",
                      self.yoke(0, "run", "--dry-run", elf("echo")).stdout)
        self.assertIn("memory image: device address 0x40000000",
                      self.yoke(0, "run", "--dry-run", os.path.join(NATIVE, "echo.elf")).stdout)

    def test_a_file_without_note_is_run_by_its_processor(self):
        path = self.changed(self.find(NOTE), b"None")
        self.yoke(0, "run", path, "--machine", MACHINES[0], "--ping", "echo:16:10",
                  "--timeout", "20000")

    def test_every_machine_runs_both_kinds_of_firmware_at_once_with_native_ones(self):
        for machine in MACHINES:
            out = self.yoke(0, "run", elf("echo"), "--machine", machine, "--timeout", "20000",
                            "--ping", "echo:16:100", "--ping", "echo-held:496:100").stdout
            self.assertRegex(out, r"\necho +16 +100( +\d+\.\d){4} +\d+\n")
            self.assertRegex(out, r"stopped\n$")
        self.yoke(0, "run", elf("echo"), os.path.join(NATIVE, "matrix.elf"), "--ping", "matrix",
                  "--ping", "echo:16:100", "--timeout", "20000")


class BadInput(Case):
    def test_firmware_for_another_board_is_refused(self):
        path = self.changed(self.find(NOTE), b"Yoke\0\0\0\0stm32-h747")
        for arguments in (["run"], ["run", "--dry-run"], ["inspect"]):
            said = self.yoke(3, *arguments, path).stderr
            self.assertIn('built for board "stm32-h747", and no machine runs that', said)
        for machine in MACHINES:
            said = self.yoke(3, "run", "--machine", machine, path).stderr
            self.assertIn(f'built for board "stm32-h747", but machine {machine} runs firmware for '
                          '"mps2-an521"', said)

    def test_firmware_for_another_core_is_refused(self):
        for machine in MACHINES:
            path = os.path.join(NATIVE, "echo.elf")
            self.assertIn("EI_CLASS 2", self.yoke(3, "run", "--machine", machine, path).stderr)
        self.assertIn("EI_CLASS 1",
                      self.yoke(3, "run", "--machine", "process", elf("echo")).stderr)
        self.assertIn('no machine "board"',
                      self.yoke(2, "run", "--machine", "board", elf("echo")).stderr)

    def test_an_image_larger_than_memory_is_refused(self):
        at, _ = self.header(1)
        for machine in MACHINES:
            path = self.changed(at + 20, struct.pack("<I", 0x100000))
            self.assertRegex(self.yoke(3, "run", "--machine", machine, path).stderr,
                             r"segment 1: p_paddr 0x8000\w+ lies outside .*, with size 0x100000")

    def test_a_vector_table_outside_ram_is_refused(self):
        at, fields = self.header(0)
        for machine in MACHINES:
            path = self.changed(at + 12, struct.pack("<I", 0x10000000))
            self.assertIn("p_paddr 0x10000000",
                          self.yoke(3, "run", "--machine", machine, path).stderr)
            # In RAM, but it leads out of it; or it is not where the core looks for it.
            path = self.changed(fields[1] + 4, struct.pack("<I", 0x10000101))
            self.assertIn("reset vector 0x10000101 must be the image's entry",
                          self.yoke(3, "run", "--machine", machine, path).stderr)
            path = self.changed(fields[1], struct.pack("<I", 0x20000000))
            self.assertIn("initial stack pointer 0x20000000 must be",
                          self.yoke(3, "run", "--machine", machine, path).stderr)

    def test_a_board_that_never_rings_is_given_up_with_its_last_trace(self):
        for machine in MACHINES:
            said = self.yoke(1, "run", "--machine", machine, elf("never-ready"),
                             "--timeout", "5000").stderr
            self.assertIn("never got ready: it offered no service within 5000 ms", said)
            self.assertIn("| never-ready: waiting for a clock that never comes", said)

    def test_a_crash_while_booting_is_reported_with_registers_and_symbols(self):
        for machine in MACHINES:
            said = self.yoke(1, "run", "--machine", machine, elf("dies-booting")).stderr
            self.assertRegex(said, r"invalid memory access at pc 0x\w+ \(start_the_clock\+0x\w+\), "
                                   r"lr 0x\w+ \(main\+0x\w+\), sp 0x8000\w+, address 0x18")
            self.assertIn("| dies-booting: starting the clock", said)

    def test_a_core_that_locks_up_is_reported_with_its_registers(self):
        if "qemu" not in MACHINES:
            self.skipTest("no QEMU here")
        # The handler of its fault lies where nothing can be executed.
        at = self.header(0, "dies-booting")[1][1]
        path = self.changed(at + 12, struct.pack("<I", 0xe0000001), "dies-booting")
        said = self.yoke(1, "run", "--machine", "qemu", path).stderr
        self.assertRegex(said, "firmware crashed: .* at pc 0xe0000000, .*sp 0x8000")

    def test_a_qemu_that_does_not_work_says_so_itself(self):
        if "qemu" not in MACHINES:
            self.skipTest("no QEMU here")
        path = os.path.join(self.directory, "qemu-system-arm")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\necho 'qemu: no such board' >&2\nexit 3\n")
        os.chmod(path, 0o755)
        environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"}
        said = self.yoke(1, "run", "--machine", "qemu", elf("echo"), env=environment).stderr
        self.assertIn("qemu-system-arm ended with code 3: qemu: no such board", said)
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/no/such/shell\n")
        environment["PATH"] = self.directory
        said = self.yoke(4, "run", "--machine", "qemu", elf("echo"), env=environment).stderr
        self.assertIn("qemu-system-arm could not be started: No such file", said)


class NothingIsLeft(Case):
    def start(self, machine):
        process = subprocess.Popen([YOKE, "run", "--machine", machine, elf("echo"),
                                    "--timeout", "20000"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        for line in process.stdout:
            if line.startswith("first service"):
                return process
        self.fail(process.stderr.read())

    def is_gone(self, pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def test_neither_ctrl_c_nor_a_killed_host_leaves_anything(self):
        for machine in MACHINES:
            for number in (signal.SIGINT, signal.SIGKILL):
                before = sorted(os.listdir("/dev/shm")), sorted(os.listdir(tempfile.gettempdir()))
                process = self.start(machine)
                children = children_of(process.pid)
                self.assertEqual(len(children), 1 if machine == "qemu" else 0)
                process.send_signal(number)
                process.communicate(timeout=20)
                self.assertEqual(process.returncode, 0 if number == signal.SIGINT else -number)
                end = time.monotonic() + 10
                while not all(map(self.is_gone, children)) and time.monotonic() < end:
                    time.sleep(0.01)
                self.assertTrue(all(map(self.is_gone, children)))
                after = sorted(os.listdir("/dev/shm")), sorted(os.listdir(tempfile.gettempdir()))
                self.assertEqual(set(after[0]) - set(before[0]), set())
                self.assertFalse([name for name in set(after[1]) - set(before[1])
                                  if "yoke" in name or "qemu" in name])

    def test_a_board_that_is_killed_is_reported(self):
        if "qemu" not in MACHINES:
            self.skipTest("no QEMU here")
        process = self.start("qemu")
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1)
        self.assertIn("firmware crashed: signal 9 SIGKILL (killed)", errors)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
