# SPDX-License-Identifier: BSD-3-Clause
"""The yoke command, run as a user would.

usage: test_tool.py YOKE FIRMWARE_DIRECTORY [EMULATOR...]
"""
import json
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

EMULATOR = sys.argv[3:]
YOKE = EMULATOR + [sys.argv[1]]
FIRMWARE = sys.argv[2]
ERROR = re.compile(r"^yoke: .+", re.M)


def elf(app):
    return os.path.join(FIRMWARE, app + ".elf")


def yoke(*arguments, **options):
    return subprocess.run(YOKE + list(arguments), capture_output=True, text=True, timeout=60,
                          check=False, **options)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def is_gone(pid):
    """True if there is no such process, or only what its parent has not waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


class Case(unittest.TestCase):
    def run_yoke(self, code, *arguments, **options):
        """Runs yoke and expects this exit code, and an error message just when it is not 0."""
        result = yoke(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertEqual(bool(ERROR.search(result.stderr)), code != 0, result.stderr)
        return result

    def start(self, *arguments):
        """Starts yoke run, and waits until its firmware offers a service."""
        process = subprocess.Popen(YOKE + ["run", *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        for line in process.stdout:
            if line.startswith("first service"):
                return process
        self.fail(process.stderr.read())


class Usage(Case):
    def test_help_comes_from_every_way_of_asking(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            self.assertIn("commands:", self.run_yoke(0, *arguments).stdout)
        for command in ("run", "inspect", "table", "size"):
            texts = {self.run_yoke(0, *way).stdout for way in
                     (["help", command], [command, "--help"], [command, "x", "-h"])}
            self.assertEqual(len(texts), 1)
            self.assertIn(f"usage: yoke {command}", texts.pop())

    def test_the_version_is_printed(self):
        self.assertRegex(self.run_yoke(0, "--version").stdout, r"^yoke \d+\.\d+\.\d+\n$")

    def test_wrong_command_lines_exit_with_2_and_say_what_is_wrong(self):
        for arguments, said in (
                (["rnu"], 'no command "rnu"'),
                (["help", "rnu"], 'no command "rnu"'),
                (["run"], "no firmware was named"),
                (["inspect"], "no firmware was named"),
                (["inspect", "a", "b"], "b: only one firmware at a time"),
                (["inspect", "--jsn", "a"], "--jsn: there is no such option"),
                (["run", "--pong", "x"], "--pong: there is no such option"),
                (["run", "x", "--ping"], "--ping: needs a value"),
                (["run", "x", "--ping", ":3"], "name has 1 to 31 bytes, this one 0"),
                (["run", "x", "--ping", "e" * 32], "name has 1 to 31 bytes, this one 32"),
                (["run", "x", "--ping", "echo:-1"], "SIZE must be a number from 0 to 65528"),
                (["run", "x", "--ping", "echo:65529"], "SIZE must be a number from 0 to 65528"),
                (["run", "x", "--ping", "echo:16:0"], "COUNT must be a number from 1 to 10000000"),
                (["run", "x", "--ping", "echo:16:1x"], "COUNT must be a number from 1 to"),
                (["run", "x", "--ping", "echo:16:1:1"], "COUNT must be a number from 1 to"),
                (["run", "x", "--for", "soon"], "--for soon: must be a number from 0 to"),
                (["run", "x", "--for", "-1"], "--for -1: must be a number from 0 to"),
                (["run", "x", "--for", "nan"], "--for nan: must be a number from 0 to"),
                (["run", "x", "--timeout", "1s"], "--timeout 1s: must be a number from 0 to"),
                (["run"] + ["x"] * 17, "at most 16 firmwares at once")):
            self.assertIn(said, self.run_yoke(2, *arguments).stderr)
        result = yoke()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("usage: yoke", result.stderr)


class Inspect(Case):
    def test_segments_entries_and_map_are_shown(self):
        out = self.run_yoke(0, "inspect", elf("echo")).stdout
        for part in (r"64 bits, entry 0x4001", r"\n0 +load +rw- +0x40000000 +0 B +65536 B",
                     r"\n1 +load +r-x ", r"\n0 +trace +log, 1024 B at 0x4001",
                     r"\n1 +vdev +rpmsg \(device id 7\), features 0x20000001",
                     r"vring 1 +64 descriptors, aligned to 16, at any",
                     r"memory shared: device address 0x50000000, physical 0x1050000000, 4 MiB",
                     r"0x50000000 +1686 B +\S+ +vring 1: queue 0, 64 descriptors, doorbell 0",
                     r"buffers 1: queue 1, 64 buffers of 512 bytes"):
            self.assertRegex(out, part)

    def test_the_bar_is_drawn_in_ascii_where_the_terminal_wants_that(self):
        environment = {**os.environ, "LC_ALL": "C"}
        out = self.run_yoke(0, "inspect", elf("echo"), env=environment).stdout
        self.assertTrue(out.isascii())
        self.assertIn("#", out)

    def test_json_holds_the_same(self):
        data = json.loads(self.run_yoke(0, "inspect", "--json", elf("echo")).stdout)
        self.assertEqual([s["paddr"] for s in data["segments"]][0], "0x40000000")
        self.assertEqual([e["kind"] for e in data["entries"]], ["trace", "vdev"])
        self.assertEqual(data["entries"][1]["vrings"][0], {"da": "any", "num": 64, "align": 16})
        kinds = [a["kind"] for a in data["plan"]["areas"]]
        self.assertEqual(kinds.count("vring"), 2)
        self.assertEqual(kinds.count("segment"), 3)

    def test_areas_in_json_lie_inside_their_regions_and_shared_ones_do_not_overlap(self):
        plan = json.loads(self.run_yoke(0, "inspect", "--json", elf("echo")).stdout)["plan"]
        ranges = [(int(a["da"], 16), a["size"]) for a in plan["areas"]]
        regions = [(int(r["da"], 16), r["size"]) for r in plan["regions"]]
        for da, size in ranges:
            self.assertTrue(any(da >= r and da + size <= r + n for r, n in regions))
        shared = sorted(r for r in ranges if r[0] >= 0x50000000)
        self.assertEqual(len(shared), 4)  # two rings, and the buffers of each
        for (a, size), (b, _) in zip(shared, shared[1:]):
            self.assertLessEqual(a + size, b)


class Run(Case):
    def test_every_app_boots_and_offers_its_services_within_50_ms(self):
        for app, services in (("hello", ["hello"]), ("matrix", ["matrix"]), ("crash", ["crash"]),
                              ("echo", ["echo", "echo-held", "echo-nocopy"])):
            data = json.loads(self.run_yoke(0, "run", elf(app), "--for", "1", "--json").stdout)
            self.assertEqual(sorted(s["name"] for s in data["services"]), services)
            # Other programs may delay one run, not all; an emulated processor keeps no time.
            if not EMULATOR:
                best = min(json.loads(self.run_yoke(0, "run", elf(app), "--for", "0",
                                                    "--json").stdout)["first_service_ms"]
                           for _ in range(5))
                self.assertLess(best, 50)

    def test_ping_reports_times_that_are_in_order(self):
        data = json.loads(self.run_yoke(
            0, "run", elf("echo"), "--json", "--ping", "echo", "--ping", "echo-held:0:500",
            "--ping", "echo-nocopy:496:500").stdout)
        self.assertEqual([(p["service"], p["size"], p["count"]) for p in data["pings"]],
                         [("echo", 16, 1000), ("echo-held", 0, 500), ("echo-nocopy", 496, 500)])
        for ping in data["pings"]:
            self.assertTrue(ping["echo"])
            self.assertTrue(0 < ping["min_us"] <= ping["p50_us"] <= ping["p99_us"]
                            <= ping["max_us"])
            self.assertGreater(ping["messages_per_second"], 1000)

    def test_ping_prints_a_table(self):
        out = self.run_yoke(0, "run", elf("echo"), "--ping", "echo:16:100").stdout
        self.assertRegex(out, r"service echo at address 10\d\d")
        self.assertRegex(out, r"\nfirst service \d+\.\d ms after the start of yoke run\n")
        self.assertRegex(out, r"\nping +bytes +count +min us +p50 us +p99 us +max us +messages/s"
                              r"\necho +16 +100( +\d+\.\d){4} +\d+\n")
        self.assertRegex(out, r"stopped\n$")

    def test_ping_says_that_a_service_is_no_echo(self):
        out = self.run_yoke(0, "run", elf("hello"), "--ping", "hello:16:10").stdout
        self.assertIn("(answers with something else)", out)

    def test_ping_gives_no_times_for_answers_in_pieces(self):
        out = self.run_yoke(0, "run", elf("big"), "--ping", "echo:4080:10").stdout
        self.assertRegex(out, r"\necho +4080 +10( +\d+\.\d){4} +\d+\n")
        for size in (4081, 65528):
            result = self.run_yoke(1, "run", elf("big"), "--ping", f"echo:{size}:10")
            self.assertIn(f"ping echo: SIZE {size}: the service answers in another size: its first "
                          "answer holds just the first 4080 bytes\n", result.stderr)
            self.assertIn("ask for a SIZE of at most 4080\n", result.stderr)
            self.assertNotIn("min us", result.stdout)

    def test_a_message_beyond_the_largest_is_refused(self):
        self.run_yoke(0, "run", elf("echo"), "--ping", "echo:496:10")
        result = self.run_yoke(1, "run", elf("echo"), "--ping", "echo:497:10")
        self.assertIn("at most 496 bytes", result.stderr)

    def test_trace_is_shown_if_asked_for(self):
        line = "trace: hello from the firmware"
        self.assertIn(line, self.run_yoke(0, "run", elf("hello"), "--trace", "--for", ".1").stdout)
        self.assertNotIn(line, self.run_yoke(0, "run", elf("hello"), "--for", ".1").stdout)

    def test_a_dry_run_shows_the_plan_and_starts_nothing(self):
        out = self.run_yoke(0, "run", elf("echo"), "--dry-run").stdout
        self.assertIn("memory shared: device address 0x50000000", out)
        self.assertNotIn("booted", out)
        # Not even one that dies booting.
        data = json.loads(self.run_yoke(0, "run", elf("dies-booting"), "--dry-run",
                                        "--json").stdout)
        self.assertEqual(data["firmware"][0]["plan"]["entry"][:5], "0x400")

    def test_several_firmwares_run_at_once(self):
        data = json.loads(self.run_yoke(
            0, "run", elf("hello"), elf("echo"), elf("matrix"), elf("echo"), "--json",
            "--ping", "echo:16:100", "--ping", "matrix:16:100", "--ping", "hello:16:100").stdout)
        self.assertEqual(len(data["firmware"]), 4)
        self.assertEqual({s["firmware"] for s in data["services"]}, {0, 1, 2, 3})
        self.assertEqual([p["echo"] for p in data["pings"]], [True, False, False])

    def test_for_ends_the_run(self):
        start = time.monotonic()
        self.run_yoke(0, "run", elf("echo"), "--for", "0.5")
        self.assertTrue(0.4 < time.monotonic() - start < 5)

    def test_signals_stop_it_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start(elf("echo"))
            children = children_of(process.pid)
            self.assertEqual(len(children), 1)
            process.send_signal(number)
            out, errors = process.communicate(timeout=10)
            self.assertEqual((process.returncode, errors), (0, ""))
            self.assertIn("stopped, as asked", out)
            self.assertTrue(is_gone(children[0]))

    def test_a_second_run_beside_the_first_works(self):
        first = self.start(elf("echo"))
        self.run_yoke(0, "run", elf("echo"), "--ping", "echo:16:1000")
        self.assertIsNone(first.poll())
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=10)
        self.assertEqual(first.returncode, 0)

    def test_firmware_does_not_outlive_a_killed_parent_and_leaves_nothing(self):
        before = sorted(os.listdir("/dev/shm"))
        process = self.start(elf("echo"))
        child, = children_of(process.pid)
        self.assertFalse(is_gone(child))
        process.kill()
        self.assertTrue(wait_until(lambda: is_gone(child), 1))
        self.assertEqual(sorted(os.listdir("/dev/shm")), before)

    def test_firmware_has_one_descriptor_and_a_session_of_its_own(self):
        if EMULATOR:
            self.skipTest("the emulator has descriptors of its own")
        process = self.start(elf("echo"))
        child, = children_of(process.pid)
        self.assertEqual(os.listdir(f"/proc/{child}/fd"), ["0"])
        self.assertEqual(os.readlink(f"/proc/{child}/fd/0"), "anon_inode:[eventfd]")
        self.assertEqual(os.getsid(child), child)

    def test_a_firmware_that_is_killed_is_reported(self):
        process = self.start(elf("echo"))
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 1)
        self.assertIn("firmware crashed: signal 9 SIGKILL (killed)", errors)


class Table2(Case):
    """Firmware with a resource table of version 2: duty.c."""

    def test_a_dry_run_shows_what_the_table_asks_for_and_the_values_of_parameters(self):
        arguments = ("run", "--dry-run", elf("duty"), "--param", "level=0x10",
                     "--param", "key=00ff10ee", "--param", "delta=-4", "--param", "loud=true",
                     "--param", "title=a b")
        out = self.run_yoke(0, *arguments).stdout
        for part in (r"parameter 2: level = 16\n", r"parameter 3: delta = -4\n",
                     r"parameter 4: loud = true\n", r"parameter 5: title = a b\n",
                     r"parameter 6: key = 00ff10ee\n", r"power 1: doorbell 3\n",
                     r"trace 0: log, doorbell 2\n", r"locks 7: locks, 4 of them\n",
                     r"buffers 8: queue 0, 4 buffers of 65544 bytes\n",
                     r"buffers 8: queue 1, 8 buffers of 32768 bytes\n"):
            self.assertRegex(out, part)
        self.assertIn("level = as in the image", self.run_yoke(0, "run", "--dry-run",
                                                               elf("duty")).stdout)
        firmware = json.loads(self.run_yoke(0, *arguments, "--json").stdout)["firmware"]
        plan = firmware[0]["plan"]
        self.assertEqual(plan["table_version"], 2)
        values = {a["name"]: a["value"] for a in plan["areas"] if "value" in a}
        self.assertEqual(values, {"level": "16", "delta": "-4", "loud": "true", "title": "a b",
                                  "key": "00ff10ee"})

    def test_trace_is_shown_to_the_end_that_the_firmware_comes_to_by_itself(self):
        out = self.run_yoke(0, "run", elf("duty"), "--trace", "--for", "0.1").stdout
        self.assertRegex(out, r"trace: duty: ready\n")
        self.assertRegex(out, r"trace: stopping\n.*stopped\n")

    def test_values_that_do_not_fit_are_refused_before_anything_runs(self):
        for code, param, words in (
                (2, "speed=1", "none of this name; it has: level, delta, loud, title, key"),
                (2, "level", "must be NAME=VALUE"),
                (2, "level=fast", '"fast" is not a number, decimal or with 0x'),
                (3, "level=0x100000000", "level 0x100000000 must not exceed 0xffffffff")):
            result = self.run_yoke(code, "run", elf("duty"), "--param", param, "--for", "0")
            self.assertIn(words, result.stderr)
            self.assertNotIn("booted", result.stdout)
        twice = self.run_yoke(2, "run", elf("duty"), "--param", "level=1", "--param", "loud=true",
                              "--param", "level=2")
        self.assertIn('parameter "level": has two values', twice.stderr)
        many = [part for i in range(33) for part in ("--param", f"level={i}")]
        self.assertIn("at most 32", self.run_yoke(2, "run", elf("duty"), *many).stderr)


class BadInput(Case):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def changed(self, offset, data, app="echo"):
        """The path of a firmware some of whose bytes are others."""
        with open(elf(app), "rb") as file:
            content = bytearray(file.read())
        content[offset:offset + len(data)] = data
        return self.file(content)

    def file(self, content):
        path = os.path.join(self.directory, "changed.elf")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def refused(self, path, said):
        for command in ("run", "inspect"):
            self.assertIn(said, self.run_yoke(3, command, path).stderr)

    def test_files_that_cannot_be_read_are_refused(self):
        self.refused(os.path.join(self.directory, "none.elf"), "No such file or directory")
        self.refused(self.directory, "Is a directory")
        self.refused("/dev/null", "Invalid argument")

    def test_what_is_no_elf_is_refused(self):
        self.refused(self.file(b""), "size 0 must be at least")
        self.refused(self.file(b"#!/bin/sh\n" * 100), "EI_MAG")

    def test_the_wrong_class_byte_order_type_and_machine_are_refused(self):
        self.refused(self.changed(4, b"\3"), "EI_CLASS 3")
        self.refused(self.changed(5, b"\2"), "EI_DATA 2")
        self.refused(self.changed(16, b"\1\0"), "e_type 1")
        # Another processor's file can be looked at, but there is no machine for it.
        path = self.changed(18, b"\x28\0")
        self.assertIn("e_machine 40", self.run_yoke(3, "run", path).stderr)
        result = self.run_yoke(3, "inspect", path)
        self.assertIn("Arm, 64 bits", result.stdout)
        self.assertIn("e_machine 40", result.stderr)

    def test_a_file_cut_anywhere_is_refused_or_still_whole(self):
        with open(elf("hello"), "rb") as file:
            content = file.read()
        for size in (1, 15, 63, 64, 200, 4096, len(content) // 2, len(content) - 1):
            result = yoke("run", "--dry-run", self.file(content[:size]))
            self.assertIn(result.returncode, (0, 3), size)
            self.assertEqual(result.returncode == 3, bool(ERROR.search(result.stderr)))
        self.refused(self.file(content[:4000]), "must")

    def program_header(self, index):
        with open(elf("echo"), "rb") as file:
            content = file.read()
        return struct.unpack_from("<Q", content, 32)[0] + 56 * index

    def test_segments_that_do_not_fit_are_refused(self):
        code = self.program_header(1)
        self.refused(self.changed(code + 24, struct.pack("<Q", 0x20000000)), "p_paddr 0x20000000")
        self.refused(self.changed(code + 24, struct.pack("<Q", 0x40008000)), "segment")
        self.refused(self.changed(code + 40, struct.pack("<Q", 1)), "p_filesz")
        self.refused(self.changed(code + 8, struct.pack("<Q", 2**64 - 8)), "p_offset")

    def table(self):
        """Offset of the resource table in echo.elf, by its first words."""
        with open(elf("echo"), "rb") as file:
            return file.read().index(struct.pack("<6I", 1, 2, 0, 0, 24, 72))

    def test_tables_that_are_not_sound_are_refused(self):
        table = self.table()
        self.refused(self.changed(table, struct.pack("<I", 2)), "ver 2")
        self.refused(self.changed(table + 4, struct.pack("<I", 2**30)), "num 0x40000000")
        self.refused(self.changed(table + 8, struct.pack("<I", 7)), "reserved")
        self.refused(self.changed(table + 16, struct.pack("<I", 2**32 - 4)), "offset")
        for number in (0, 3, 2**31):
            said = f"num {number if number < 256 else hex(number)}"
            self.refused(self.changed(table + 72 + 28 + 8, struct.pack("<I", number)), said)
        # The largest ring there may be, with its buffers, is more than this machine has.
        self.refused(self.changed(table + 72 + 28 + 8, struct.pack("<I", 32768)),
                     "finds no room in the shared regions, whose size is 0x400000")

    def test_an_entry_of_an_unknown_type_is_noted_and_skipped(self):
        path = self.changed(self.table() + 24, struct.pack("<I", 99))
        self.assertRegex(self.run_yoke(0, "run", path, "--ping", "echo:16:10").stdout, "note: .*99")

    def test_a_fixed_ring_is_pointed_out_because_linux_needs_a_carveout_for_it(self):
        said = "needs a carveout named vdev0vring1 there"
        self.assertNotIn(said, self.run_yoke(0, "inspect", elf("echo")).stdout)
        path = self.changed(self.table() + 72 + 28 + 20, struct.pack("<I", 0x50000000))
        self.assertIn(said, self.run_yoke(0, "inspect", path).stdout)

    def test_firmware_that_never_gets_ready_is_given_up_with_its_last_trace(self):
        start = time.monotonic()
        result = self.run_yoke(1, "run", elf("never-ready"))
        self.assertTrue(1.9 < time.monotonic() - start < 10)
        self.assertIn("never got ready: it offered no service within 2000 ms", result.stderr)
        self.assertIn("| never-ready: waiting for a clock that never comes", result.stderr)
        result = self.run_yoke(1, "run", elf("never-ready"), "--timeout", "100")
        self.assertIn("within 100 ms", result.stderr)

    def test_a_service_that_is_not_offered_is_named(self):
        result = self.run_yoke(1, "run", elf("echo"), "--ping", "ecco", "--timeout", "100")
        self.assertIn('offered service "ecco" within 100 ms', result.stderr)

    def test_firmware_that_dies_booting_is_reported_with_place_and_trace(self):
        result = self.run_yoke(1, "run", elf("dies-booting"), "--ping", "echo")
        self.assertRegex(result.stderr, r"signal 11 SIGSEGV .* at pc 0x400\w+ \(start_the_clock\+0x"
                                        r"\w+\), address 0x18\n")
        self.assertIn("| dies-booting: starting the clock", result.stderr)

    def test_no_space_for_shared_memory_is_an_error(self):
        if EMULATOR:
            self.skipTest("the limit would hit the emulator")

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        result = self.run_yoke(4, "run", elf("echo"), preexec_fn=limit)
        self.assertIn("no space for shared memory: File too large; the machine needs 5124 KiB",
                      result.stderr)

    def test_no_descriptors_is_an_error(self):
        if EMULATOR:
            self.skipTest("the limit would hit the emulator")

        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))

        self.assertIn("Too many open files",
                      self.run_yoke(4, "run", elf("echo"), preexec_fn=limit).stderr)

    def test_control_characters_never_reach_the_terminal(self):
        path = self.changed(self.table() + 24 + 16, b"\x1b[2J\x07\xff")
        for arguments in (["inspect", path], ["run", "--dry-run", path]):
            result = subprocess.run(YOKE + arguments, capture_output=True, timeout=60, check=True)
            self.assertNotIn(b"\x1b", result.stdout)
            self.assertIn(b"\\x1b[2J\\x07\\xff", result.stdout)
        result = subprocess.run(YOKE + ["inspect", "--json", path], capture_output=True,
                                timeout=60, check=True)
        self.assertEqual(json.loads(result.stdout)["entries"][0]["name"][:8], "\\x1b[2J\\")

    def test_json_reports_an_error_too(self):
        result = self.run_yoke(1, "run", elf("dies-booting"), "--json")
        data = json.loads(result.stdout)
        self.assertEqual(data["exit_code"], 1)
        self.assertIn("start_the_clock", data["error"])
        result = self.run_yoke(3, "run", self.file(b""), "--json")
        self.assertEqual(json.loads(result.stdout)["exit_code"], 3)
        result = self.run_yoke(1, "run", elf("never-ready"), "--timeout", "50", "--json")
        self.assertIn("never got ready", json.loads(result.stdout)["error"])
        data = json.loads(self.run_yoke(3, "inspect", self.file(b"x"), "--json").stdout)
        self.assertIn("ELF file: size 1", data["error"])
        for command in ("run", "inspect", "table"):
            data = json.loads(self.run_yoke(3, command, "/nowhere.elf", "--json").stdout)
            self.assertIn("/nowhere.elf", data["error"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
