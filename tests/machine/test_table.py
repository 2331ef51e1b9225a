# SPDX-License-Identifier: BSD-3-Clause
"""yoke table and yoke size, run as a user would, on firmware and on bytes by the specification.

usage: test_table.py YOKE FIRMWARE_DIRECTORY [EMULATOR...]
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

YOKE = sys.argv[3:] + [sys.argv[1]]
FIRMWARE = sys.argv[2]
SPEC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "spec")
sys.path.insert(0, os.path.join(SPEC, "vectors"))
from wire import number, octets  # pylint: disable=wrong-import-position
ERROR = re.compile(r"^yoke: .+", re.M)
ANY32 = 0xffffffff
ANY64 = 0xffffffffffffffff


def elf(app):
    return os.path.join(FIRMWARE, app + ".elf")


def name(text):
    return text.encode().ljust(32, b"\0")


# ---- Tables of version 1, by spec/table-1.md

def table_1(*entries, ver=1, num=None, reserved=0, offsets=None):
    at = 16 + 4 * len(entries)
    places = []
    for entry in entries:
        places.append(at)
        at += len(entry)
    head = struct.pack("<IIQ", ver, len(entries) if num is None else num, reserved)
    places = offsets if offsets is not None else places
    return head + struct.pack(f"<{len(places)}I", *places) + b"".join(entries)


def carveout_1(text="memory", da=0x1000, size=0x1000, reserved=0, kind=0):
    return struct.pack("<6I", kind, da, 0, size, 0, reserved) + name(text)


def trace_1(text="log", da=0x1000, size=256, reserved=0):
    return struct.pack("<4I", 2, da, size, reserved) + name(text)


def vring_1(da=ANY32, align=16, num=16):
    return struct.pack("<5I", da, align, num, 0, 0)


def vdev_1(*rings, device=7, features=1, config=b"", status=0, gfeatures=0, count=None,
           config_len=None, reserved=0):
    head = struct.pack("<6IBBH", 3, device, 0, features, gfeatures,
                       len(config) if config_len is None else config_len, status,
                       len(rings) if count is None else count, reserved)
    return head + b"".join(rings) + config


# ---- Tables of version 2, by spec/table-2.md

def table_2(*entries, magic=0x32545259, version=2, header=48, size=None, count=None, flags=0,
            offered=0, host=0, taken=0):
    body = b"".join(entries)
    return struct.pack("<IHHIIIIQQQ", magic, version, header,
                       48 + len(body) if size is None else size,
                       len(entries) if count is None else count, flags, host, offered, taken,
                       0) + body


def entry_2(kind, body, size=None, flags=0, outcome=0, version=1):
    return struct.pack("<IIBBBB", kind, 12 + len(body) if size is None else size, version, flags,
                       outcome, 0) + body


def carveout_2(text="memory", da=0x1000, size=0x1000, align=0, kind=0, **head):
    return entry_2(kind, struct.pack("<IQQQII", 0, da, 0, size, align, 0) + name(text), **head)


def trace_2(text="log", da=0x1000, size=192, notifyid=0, **head):
    return entry_2(2, struct.pack("<IQQ", notifyid, da, size) + name(text), **head)


def queue_2(da=ANY64, buffers=ANY64, num=16, align=16, size=0, count=0):
    return struct.pack("<QQIIIIII", da, buffers, num, align, size, count, 0, 0)


def vdev_2(*queues, device=7, features=1, state=ANY64, base=0, state_size=None, config=b"",
           count=None, **head):
    least = 28 + 20 * len(queues) + len(config) if state_size is None else state_size
    return entry_2(3, struct.pack("<IQQQIIII", device, features, state, base, least, len(config),
                                  len(queues) if count is None else count, 0) +
                   b"".join(queues) + config, **head)


def identity_2(chip="", firmware="app", version="1", drivers=(), count=None, **head):
    return entry_2(16, struct.pack("<I", len(drivers) if count is None else count) + name(chip) +
                   name(firmware) + name(version) + b"".join(map(name, drivers)), **head)


def power_2(state=0x2000, notifyid=0, **head):
    return entry_2(17, struct.pack("<IQ", notifyid, state), **head)


def parameter_2(text="speed", kind=1, da=0x3000, size=4, **head):
    return entry_2(18, struct.pack("<IQII", kind, da, size, 0) + name(text), **head)


def tree_2(da=0x4000, size=4096, **head):
    return entry_2(19, struct.pack("<IQQ", 0, da, size), **head)


def locks_2(text="locks", da=0x5000, count=4, stride=4, kind=0, **head):
    return entry_2(20, struct.pack("<IQIIII", kind, da, count, stride, 1, 0) + name(text), **head)


# ---- An ELF file around tables

def elf_file(tables, base=0x10000, size=None, segments=(), bits=64, outside=False):
    """A firmware whose tables, (section, bytes) pairs, lie one behind the other from `base` on, in
    one segment that is `size` bytes long in memory. `segments`: more, (address, size) pairs."""
    bodies = b"".join(body for _, body in tables)
    loads = [(base, len(bodies), size or max(len(bodies), 4))]
    loads += [(at, 0, length) for at, length in segments]
    if outside:
        loads[0] = (base + 0x100000, len(bodies), loads[0][2])
    names = b"\0" + b"".join(section.encode() + b"\0" for section, _ in tables) + b".shstrtab\0"
    wide = bits == 64
    head, phdr, shdr = (64, 56, 64) if wide else (52, 32, 40)
    data = head + phdr * len(loads)
    strings = data + len(bodies)
    headers = (strings + len(names) + 7) // 8 * 8
    word = "Q" if wide else "I"
    out = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    out += struct.pack(f"<HHI{word}{word}{word}IHHHHHH", 2, 62 if wide else 40, 1, base, head,
                       headers, 0, head, phdr, len(loads), shdr, len(tables) + 2, len(tables) + 1)
    for at, filesz, memsz in loads:
        if wide:
            out += struct.pack("<IIQQQQQQ", 1, 6, data, at, at, filesz, memsz, 4)
        else:
            out += struct.pack("<8I", 1, data, at, at, filesz, memsz, 6, 4)
    out += bodies + names
    out = out.ljust(headers, b"\0") + bytes(shdr)
    at = 0
    for section, body in tables:
        out += struct.pack(f"<II{word}{word}{word}{word}II{word}{word}",
                           names.index(section.encode() + b"\0"), 1, 2, base + at, data + at,
                           len(body), 0, 0, 4, 0)
        at += len(body)
    return out + struct.pack(f"<II{word}{word}{word}{word}II{word}{word}",
                             names.index(b".shstrtab"), 3, 0, 0, strings, len(names), 0, 0, 1, 0)


def elf_1(table, **options):
    return elf_file([(".resource_table", table)], **options)


def elf_2(table, **options):
    return elf_file([(".resource_table.2", table)], **options)


def elf_both(first, second, **options):
    return elf_file([(".resource_table", first), (".resource_table.2", second)], **options)


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, text):
        return os.path.join(self.directory, text)

    def file(self, content, text="table"):
        with open(self.path(text), "wb") as file:
            file.write(content)
        return self.path(text)

    def run_yoke(self, code, *arguments, **options):
        """Runs yoke and expects this exit code, and an error message just when it is not 0."""
        result = subprocess.run(YOKE + list(arguments), capture_output=True, text=True, timeout=60,
                                check=False, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertEqual(bool(ERROR.search(result.stderr)), code != 0, result.stderr)
        return result

    def json(self, code, *arguments):
        data = json.loads(self.run_yoke(code, *arguments, "--json").stdout)
        self.assertEqual(data["exit_code"], code)
        return data

    def codes(self, content, *arguments, code=None):
        """Codes of the findings on a file, with their severities."""
        path = self.file(content, "firmware")
        result = subprocess.run(YOKE + ["table", "--json", *arguments, path], timeout=60,
                                capture_output=True, text=True, check=False)
        if code is not None:
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return {(f["code"], f["severity"]) for f in json.loads(result.stdout)["findings"]}


class Usage(Case):
    def test_wrong_command_lines_exit_with_2_and_say_what_is_wrong(self):
        for arguments, said in (
                (["table"], "no file was named"),
                (["table", "a", "b"], "only one file at a time"),
                (["table", "--diff", "a"], "--diff needs two files"),
                (["table", "--strict", "a"], "--strict goes with --check"),
                (["table", "--node", "/x", "a"], "go with --against"),
                (["table", "--diff", "--against", "x", "a", "b"], "does not go with --diff"),
                (["table", "--check", "--against", "x", "--overlay", "y", "a", "b"],
                 "--overlay is for one file"),
                (["table", "--only", "3", "a"], "--only 3: must be 1 or 2"),
                (["table", "a", "--only"], "--only: needs a value"),
                (["table", "--map", "1=2", "a"], "must be DA=PA:SIZE"),
                (["table", "--map", "1=2:0", "a"], "must be DA=PA:SIZE"),
                (["table", "--map", "1=0xffffffffffffffff:2", "a"], "must be DA=PA:SIZE"),
                (["table", "--jsn", "a"], "--jsn: there is no such option"),
                (["size", "--bufers", "2"], "--bufers: there is no such option"),
                (["size", "--buffers"], "--buffers: needs a value"),
                (["size", "--buffers", "48"], "48 must be a power of two from 2 to 32768"),
                (["size", "--buffers", "16,65536"], "65536 must be a power of two from 2 to"),
                (["size", "--buffers", "1"], "1 must be a power of two"),
                (["size", "--payload", "0"], "--payload 0: must be from 1 to 65528"),
                (["size", "--payload", "65529"], "--payload 65529: must be from 1 to 65528"),
                (["size", "--endpoints", "0"], "--endpoints 0: must be from 1 to 65536"),
                (["size", "--align", "24"], "--align 24: must be a power of two from 4 to"),
                (["size", "--memory", "1T"], "--memory 1T: must be bytes"),
                (["size", "--memory", "99999999999999999999"], "must be bytes"),
                (["size", "--memory", "64K", "--buffers", "2"], "--memory asks how many")):
            result = self.run_yoke(2, *arguments)
            self.assertIn(said, result.stderr, arguments)
            self.assertEqual(len(ERROR.findall(result.stderr)), 1, result.stderr)

    def test_a_file_without_a_table_is_refused_with_3(self):
        self.assertIn("has no resource table",
                      self.run_yoke(3, "table", self.file(elf_file([]))).stderr)
        self.assertIn("No such file", self.run_yoke(3, "table", self.path("nothing")).stderr)
        self.assertIn("--raw", self.run_yoke(3, "table", self.file(table_1())).stderr)
        path = self.file(elf_1(table_1()))
        self.assertIn("of that version", self.run_yoke(3, "table", "--only", "2", path).stderr)


class Show(Case):
    def test_firmware_is_shown_as_tree_and_memory(self):
        out = self.run_yoke(0, "table", elf("echo"), env={**os.environ, "LC_ALL": "C"}).stdout
        self.assertTrue(out.isascii())
        for part in (r"^table version 1, \d+ bytes at 0x4001[0-9a-f]000, 2 entries\n",
                     r"\n\|- 0 trace +log, 1024 B at 0x4001",
                     r"\n`- 1 vdev +rpmsg \(device id 7\)",
                     r"\n   \|- vring 0 +64 descriptors, aligned to 16, at any\n   `- vring 1",
                     r"\nmemory 0x40000000 to 0x4001",
                     r"\n  0x40000000 +65536 B  #+\.+  segment rw-",
                     r"\n  any +1686 B  vring 0 of vdev 0", r"\n  any +65536 B  buffers of vdev 0"):
            self.assertRegex(out, part)

    def test_every_kind_of_version_2_is_shown(self):
        path = self.file(table_2(
            identity_2("acme,chip", "pump", "1.2", ["rproc-a", "rproc-b"]), carveout_2(align=4096),
            carveout_2("uart", 0x9000, kind=1), trace_2(da=0x100), power_2(0x200),
            parameter_2("speed"), tree_2(ANY64), locks_2(), entry_2(0x80010007, b"abcd"),
            vdev_2(queue_2(num=8, size=2048, count=5, buffers=0x100000000), queue_2(),
                   features=1 << 60 | 1 << 16 | 1, state=0x300, state_size=72, flags=1),
            offered=7, flags=1))
        out = self.run_yoke(0, "table", "--raw", path).stdout
        for part in ("table version 2", "owned by the firmware", "offers 0x7 (stop, suspend, host restarts)",
                     "firmware pump 1.2 for acme,chip", "driver    rproc-b",
                     "memory, 4096 B at 0x1000, aligned to 4096", "a trace block with a doorbell",
                     "speed, unsigned of 4 B at 0x3000", "4 words 4 B apart at 0x5000",
                     "vendor 32769, number 7, 16 B", "features 0x1000000000010001",
                     "5 buffers of 2048 B at 0x100000000", "required: the image is refused",
                     "... 0x", "buffers of vring 1 of vdev 0"):
            self.assertIn(part, out)
        data = self.json(0, "table", "--raw", path)
        table = data["tables"][0]
        self.assertEqual([e["kind"] for e in table["entries"]],
                         ["identity", "carveout", "devmem", "trace", "power", "parameter",
                          "devicetree", "locks", "vendor's", "vdev"])
        self.assertEqual(table["entries"][9]["vrings"][0]["buffer_count"], 5)
        memory = {m["what"]: m for m in data["memory"]}
        self.assertEqual(memory["buffers of vring 0 of vdev 0"],
                         {"what": "buffers of vring 0 of vdev 0", "da": "0x100000000",
                          "size": 5 * 2048, "clashes": False})
        self.assertEqual(memory["vring 0 of vdev 0"]["size"], 16 * 8 + 6 + 16 + 10 + 8 * 8 + 6)

    def test_features_have_names_if_the_device_is_known(self):
        for device, features, words in (
                (7, 0x20100001, "features 0x20100001 (name service, acknowledgement, event index),"),
                (7, 2, "features 0x2,"), (3, 1, "features 0x1,")):
            path = self.file(table_1(vdev_1(device=device, features=features)))
            self.assertIn(words, self.run_yoke(0, "table", "--raw", path).stdout)

    def test_both_tables_of_an_image_are_shown_or_one(self):
        path = self.file(elf_both(table_1(carveout_1(da=0x20000)),
                                  table_2(carveout_2(da=0x20000))))
        self.assertEqual([t["version"] for t in self.json(0, "table", path)["tables"]], [1, 2])
        one = self.json(0, "table", "--only", "1", path)["tables"]
        self.assertEqual([t["version"] for t in one], [1])
        self.assertEqual(one[0]["da"], "0x10000")

    def test_control_characters_of_a_firmware_do_not_reach_the_terminal(self):
        path = self.file(table_1(carveout_1("\x1b[2J")))
        for arguments in ((), ("--json",)):
            out = self.run_yoke(0, "table", "--raw", *arguments, path).stdout
            self.assertNotIn("\x1b", out)
            self.assertIn("x1b[2J", out)


# What is refused: bytes, and the field, its byte in the table, and the rule that says so.
LONG = "n" * 32
REFUSED = [
    (b"\x01\0\0\0", "size", 0, "T1-3"),
    (table_1(ver=3), "ver", 0, "T1-3"),
    (table_1(reserved=5), "reserved", 8, "T1-3"),
    (table_1(num=9), "num", 4, "T1-4"),
    (table_1(carveout_1(), offsets=[16]), "offset", 16, "T1-5"),
    (table_1(carveout_1(), offsets=[4096]), "offset", 16, "T1-5"),
    (table_1(trace_1(), carveout_1(), offsets=[24, 74]), "offset", 20, "T1-5"),
    (table_1(trace_1()[:40]), "size", 20, "T1-6"),
    (table_1(vdev_1(vring_1(), vring_1(), config_len=99)), "size", 20 + 20, "T1-17"),
    (table_1(vdev_1(count=9)), "num_of_vrings", 20 + 25, "T1-18"),
    (table_1(vdev_1(vring_1(), reserved=1)), "reserved", 20 + 26, "T1-10"),
    (table_1(vdev_1(vring_1(), vring_1(num=3))), "num", 20 + 28 + 20 + 8, "T1-19"),
    (table_1(vdev_1(vring_1(align=3))), "align", 20 + 28 + 4, "T1-19"),
    (table_1(carveout_1(reserved=1)), "reserved", 20 + 20, "T1-10"),
    (table_1(carveout_1(size=0)), "len", 20 + 12, "T1-12"),
    (table_1(carveout_1(LONG)), None, 20 + 24, "T1-9"),
    (table_1(trace_1(reserved=1)), "reserved", 20 + 12, "T1-10"),
    (table_1(trace_1(size=0)), "len", 20 + 8, "T1-15"),
    (table_1(trace_1(LONG)), None, 20 + 16, "T1-9"),
    (b"YRT2" + bytes(8), "size", 0, "T2-4"),
    (table_2(size=50), "size", 8, "T2-6"),
    (table_2(size=4096), "size", 8, "T2-6"),
    (table_2(version=3), "version", 4, "T2-5"),
    (table_2(header=44), "header_size", 6, "T2-7"),
    (table_2(count=257), "count", 12, "T2-8"),
    (table_2(flags=3), "owner", 16, "T2-10"),
    (table_2(entry_2(99, b"", size=8)), "size", 48 + 4, "T2-14"),
    (table_2(carveout_2(), count=2), "size", 48 + 80 + 4, "T2-14"),
    (table_2(entry_2(0, b"abcd")), "size", 48 + 4, "T2-15"),
    (table_2(carveout_2(align=3)), "align", 48 + 40, "T2-24"),
    (table_2(carveout_2(da=0x1800, align=4096)), "da", 48 + 16, "T2-24"),
    (table_2(carveout_2(da=ANY64, kind=1)), "da", 48 + 16, "T2-23"),
    (table_2(carveout_2(size=0)), "len", 48 + 32, "T2-17"),
    (table_2(carveout_2(LONG)), None, 48 + 48, "T2-16"),
    (table_2(trace_2(da=ANY64)), "da", 48 + 16, "T2-35"),
    (table_2(trace_2(da=0x1002)), "da", 48 + 16, "T2-35"),
    (table_2(trace_2(size=191)), "len", 48 + 24, "T2-35"),
    (table_2(trace_2(LONG)), None, 48 + 32, "T2-16"),
    (table_2(vdev_2(queue_2(), count=2)), "size", 48 + 4, "T2-25"),
    (table_2(vdev_2(count=9)), "queues", 48 + 48, "T2-25"),
    (table_2(vdev_2(queue_2(), state_size=47)), "state_size", 48 + 40, "T2-30"),
    (table_2(vdev_2(queue_2(), features=1 << 60)), "state_size", 48 + 40, "T2-30"),
    (table_2(vdev_2(queue_2(), state=0x1002)), "state", 48 + 24, "T2-30"),
    (table_2(vdev_2(queue_2(), queue_2(num=48))), "num", 48 + 56 + 40 + 16, "T2-26"),
    (table_2(vdev_2(queue_2(align=2))), "align", 48 + 56 + 20, "T2-26"),
    (table_2(vdev_2(queue_2(num=4, count=5))), "buffer_count", 48 + 56 + 28, "T2-26"),
    (table_2(vdev_2(queue_2(size=100))), "buffer_size", 48 + 56 + 24, "T2-27"),
    (table_2(vdev_2(queue_2(size=65552))), "buffer_size", 48 + 56 + 24, "T2-27"),
    (table_2(vdev_2(queue_2(buffers=0x1001))), "buffers", 48 + 56 + 8, "T2-27"),
    (table_2(identity_2(count=1)), "size", 48 + 4, "T2-42"),
    (table_2(identity_2(firmware=LONG)), None, 48 + 16, "T2-16"),
    (table_2(carveout_2(), power_2(0x2001)), "state", 48 + 80 + 16, "T2-47"),
    (table_2(parameter_2(kind=6)), "kind", 48 + 12, "T2-44"),
    (table_2(parameter_2(size=3)), "size", 48 + 24, "T2-44"),
    (table_2(parameter_2(da=ANY64)), "da", 48 + 16, "T2-44"),
    (table_2(parameter_2("")), None, 48 + 32, "T2-44"),
    (table_2(parameter_2(LONG)), None, 48 + 32, "T2-16"),
    (table_2(tree_2(da=0x4004)), "da", 48 + 16, "T2-52"),
    (table_2(tree_2(size=0)), "len", 48 + 24, "T2-17"),
    (table_2(locks_2(da=2)), "da", 48 + 16, "T2-53"),
    (table_2(locks_2(stride=6)), "stride", 48 + 28, "T2-53"),
    (table_2(locks_2(count=0)), "count", 48 + 24, "T2-53"),
    (table_2(locks_2(LONG)), None, 48 + 40, "T2-16"),
]


class Refusal(Case):
    def test_each_refusal_names_field_byte_and_rule(self):
        for content, field, byte, label in REFUSED:
            with self.subTest(label=label, field=field):
                data = self.json(3, "table", "--raw", self.file(content))
                refused = data["tables"][0]["refused"]
                self.assertEqual((refused.get("field"), refused["byte"], refused["label"]),
                                 (field, byte, label))
                self.assertIn(refused["text"], data["error"])
                self.assertTrue(refused["change"])
                with open(os.path.join(SPEC, "..", refused["document"]), encoding="utf-8") as file:
                    self.assertIn(f"**[{label}]**", file.read())

    def test_what_could_be_read_is_shown_before_all_about_the_refusal(self):
        path = self.file(elf_1(table_1(trace_1(da=0x10000), vdev_1(vring_1(num=3)))))
        result = self.run_yoke(3, "table", path)
        for part in ("0 trace", "refused: what follows was not read",
                     "refused   table version 1, vring 0 of table entry 1, field num",
                     "value     3 (0x3)", "must be a power of two from 2 to 32768",
                     "see       T1-19, spec/table-1.md", "change    rings have 2, 4, 8"):
            self.assertIn(part, result.stdout)
        byte = 24 + 48 + 28 + 8
        self.assertIn(f"byte {byte} of the table, byte 0x{64 + 56 + byte:x} of the file",
                      result.stdout)

    def test_values_in_json_are_exact(self):
        path = self.file(table_2(carveout_2(da=ANY64, kind=1)))
        refused = self.json(3, "table", "--raw", path)["tables"][0]["refused"]
        self.assertEqual(refused["value"], "0xffffffffffffffff")
        path = self.file(table_1(vdev_1(vring_1(num=48))))
        refused = self.json(3, "table", "--raw", path)["tables"][0]["refused"]
        self.assertEqual((refused["value"], refused["bound"]), (48, 32768))

    def test_a_section_of_the_wrong_version_is_refused_as_what_it_should_be(self):
        refused = self.json(3, "table", self.file(elf_2(table_1())))["tables"][0]["refused"]
        self.assertEqual((refused["field"], refused["label"]), ("size", "T2-4"))
        refused = self.json(3, "table", self.file(elf_1(table_2())))["tables"][0]["refused"]
        self.assertEqual((refused["field"], refused["label"]), ("ver", "T1-3"))

    def test_no_cut_of_a_table_brings_the_command_down(self):
        whole = table_2(identity_2(drivers=["a"]), vdev_2(queue_2(), queue_2()), locks_2())
        for size in range(0, len(whole), 7):
            self.run_yoke(3, "table", "--raw", self.file(whole[:size]))


class Findings(Case):
    def check(self, content, code, severity, *arguments):
        self.assertIn((code, severity), self.codes(content, *arguments))

    def test_a_sound_image_has_none(self):
        first = table_1(vdev_1(vring_1(), vring_1()))
        second = table_2(vdev_2(queue_2(), queue_2(), state=0x10000 + 20))
        self.assertEqual(self.codes(elf_both(first, second), code=0), set())

    def test_each_kind_fires(self):
        two = (vring_1(), vring_1())
        queues = (queue_2(), queue_2())
        for content, code, severity in (
                (elf_1(table_1(), outside=True), "not-loaded", "error"),
                (elf_2(table_2(flags=2)), "owner", "error"),
                (elf_1(table_1(carveout_1("a", 0x20000), carveout_1("b", 0x20800))), "overlap",
                 "error"),
                (elf_1(table_1(vdev_1(vring_1(0x10000), vring_1()))), "overlap", "error"),
                (elf_1(table_1(vdev_1(vring_1(0x1ff00), vring_1())), segments=[(0x20000, 16)]),
                 "overlap", "error"),
                (elf_2(table_2(parameter_2(da=0x900000))), "outside", "error"),
                (elf_1(table_1(trace_1(da=0x900000))), "outside", "warning"),
                (elf_2(table_2(carveout_2(da=1 << 33)), bits=32), "wide", "warning"),
                (elf_2(table_2(entry_2(0x80000001, b"", flags=1))), "unknown", "error"),
                (elf_1(table_1(struct.pack("<I", 200))), "unknown", "note"),
                (elf_1(table_1(carveout_1("a", 0x20000), carveout_1("a", 0x30000))), "same-name",
                 "warning"),
                (elf_2(table_2(parameter_2(), parameter_2())), "same-name", "error"),
                (elf_2(table_2(vdev_2(queue_2(size=2048), queue_2()))), "buffers", "warning"),
                (elf_1(table_1(vdev_1(*two, vring_1(), device=3))), "linux", "warning"),
                (elf_1(table_1(vdev_1(*two, features=0))), "name-service", "note"),
                (elf_1(table_1(vdev_1(vring_1()))), "queues", "error"),
                (elf_1(table_1(vdev_1(*two, status=7))), "not-zero", "warning"),
                (elf_2(table_2(host=2)), "not-zero", "warning"),
                (elf_2(table_2(carveout_2(da=0x20000, outcome=1))), "not-zero", "warning"),
                (elf_2(table_2(vdev_2(*queues, features=1 << 40 | 1, state_size=72))), "features",
                 "error"),
                (elf_2(table_2(vdev_2(*queues, state=0x10000 + 48))), "state", "error"),
                (elf_2(table_2(vdev_2(queue_2(da=0x20000), queue_2(), base=0x30000))), "base",
                 "error"),
                (elf_1(table_1(vdev_1(vring_1(0xffffff00), vring_1()))), "wraps", "error"),
                (elf_2(table_2(vdev_2(queue_2(da=ANY64 - 255), queue_2(), base=1 << 63))), "wraps",
                 "error"),
                (elf_2(table_2(trace_2(da=0x10004)), size=4096), "cache-line", "note"),
                (elf_1(table_1(carveout_1("uart", 0x90000, kind=1))), "devmem", "note"),
                (elf_2(table_2(offered=1)), "no-power", "warning"),
                (elf_both(table_1(carveout_1("m", 0x20000)),
                          table_2(carveout_2("m", 0x20000, size=8192))), "disagree", "error"),
                (elf_both(table_1(vdev_1(*two)), table_2()), "disagree", "error"),
                (elf_both(table_1(vdev_1(*two)), table_2(vdev_2(*queues, features=3))),
                 "disagree", "error"),
                (elf_both(table_1(vdev_1(*two)), table_2(vdev_2(queue_2(num=32), queue_2()))),
                 "disagree", "error")):
            with self.subTest(code=code, severity=severity):
                self.check(content, code, severity)

    def test_what_may_share_memory_is_no_overlap(self):
        table = table_1(carveout_1(da=0x10000, size=0x4000), trace_1(da=0x10100),
                        vdev_1(vring_1(0x12000), vring_1(0x13000)))
        self.assertNotIn(("overlap", "error"), self.codes(elf_1(table, size=0x1000)))


class Check(Case):
    def setUp(self):
        super().setUp()
        self.fine = self.file(elf_1(table_1(vdev_1(vring_1(), vring_1()))), "fine")
        self.warned = self.file(elf_1(table_1(trace_1(da=0x900000))), "warned")
        self.wrong = self.file(elf_1(table_1(vdev_1(vring_1()))), "wrong")
        self.refused = self.file(elf_1(table_1(carveout_1(size=0))), "refused")

    def test_exit_codes(self):
        result = self.run_yoke(0, "table", "--check", self.fine)
        self.assertEqual(result.stdout, "")
        self.run_yoke(0, "table", "--check", self.fine, self.warned)
        self.run_yoke(1, "table", "--check", "--strict", self.warned)
        self.run_yoke(1, "table", "--check", self.wrong, self.fine)
        self.run_yoke(3, "table", "--check", self.refused, self.wrong)
        self.run_yoke(3, "table", "--check", self.fine, self.path("nothing"))

    def test_firmware_of_this_project_is_as_it_tells_others_to_be(self):
        files = [os.path.join(FIRMWARE, file) for file in os.listdir(FIRMWARE)
                 if file.endswith(".elf")]
        self.assertEqual(self.run_yoke(0, "table", "--check", "--strict", *files).stdout, "")

    def test_each_line_names_file_severity_and_code(self):
        out = self.run_yoke(1, "table", "--check", self.warned, self.wrong).stdout
        self.assertRegex(out, f"(?m)^{self.warned}: warning: .*\\[outside\\]$")
        self.assertRegex(out, f"(?m)^{self.wrong}: error: .*\\[queues\\]$")

    def test_json_has_each_file(self):
        files = self.json(3, "table", "--check", self.fine, self.wrong, self.refused)["files"]
        self.assertEqual([f["exit_code"] for f in files], [0, 1, 3])
        self.assertEqual([f["code"] for f in files[1]["findings"]], ["queues"])


class Vectors(Case):
    """What of the specification's vectors this tool decides, and not the library."""

    def vectors(self, name_of_file, structure):
        with open(os.path.join(SPEC, "vectors", name_of_file), encoding="utf-8") as file:
            found = [each for each in json.load(file)["vectors"]
                     if each.get("structure") == structure]
        self.assertTrue(found)
        return found

    def decides(self, vector, content, code):
        with self.subTest(vector["name"]):
            found = code in (each for each, _severity in self.codes(content))
            self.assertEqual(found, "refused" in vector)

    def test_tables_that_disagree(self):
        for vector in self.vectors("table-2-load.json", "tables_agree"):
            given = vector["given"]
            self.decides(vector, elf_both(octets(given["table1"]), octets(given["table2"])),
                         "disagree")

    def test_buffers_of_other_sizes_without_the_feature(self):
        for vector in self.vectors("extensions-structures.json", "extension_offer"):
            given = vector["given"]
            if "buffer_sizes" in given:
                queues = [queue_2(size=size) for size in given["buffer_sizes"]]
                self.decides(vector, elf_2(table_2(vdev_2(
                    *queues, features=number(given["offered"]), config=octets(vector["in"])))),
                    "buffers")


class Diff(Case):
    def diff(self, code, first, second, *arguments):
        data = self.json(code, "table", "--diff", "--raw", *arguments, self.file(first, "a"),
                         self.file(second, "b"))
        return [(d["entry"], d["field"], d["from"], d["to"])
                for d in data["tables"][0]["differences"]]

    def test_the_same_is_the_same(self):
        table = table_2(vdev_2(queue_2(), queue_2()), carveout_2(), carveout_2())
        self.assertEqual(self.diff(0, table, table), [])

    def test_fields_entries_and_places_are_compared(self):
        self.assertEqual(
            self.diff(1, table_1(carveout_1("a"), vdev_1(vring_1(), vring_1())),
                      table_1(carveout_1("a", size=64), vdev_1(vring_1(), vring_1(num=32)))),
            [("carveout a", "len", 4096, 64), ("vdev 0 (rpmsg)", "vrings[1].num", 16, 32)])
        differences = self.diff(1, table_1(carveout_1("a")), table_1(carveout_1("b")))
        self.assertEqual([(e, f) for e, f, _, _ in differences],
                         [("carveout a", ""), ("carveout b", "")])
        self.assertIsNone(differences[0][3])
        self.assertIsNone(differences[1][2])
        differences = self.diff(1, table_1(carveout_1("a"), carveout_1("b")),
                                table_1(carveout_1("b"), carveout_1("a")))
        self.assertEqual({(e, f) for e, f, _, _ in differences},
                         {("carveout a", "place"), ("carveout b", "place")})
        self.assertEqual(self.diff(1, table_2(offered=1), table_2(flags=1)),
                         [("table", "owner", 0, 1), ("table", "offered", "0x1", "0x0")])

    def test_words_say_the_same_and_the_exit_code_is_1(self):
        out = self.run_yoke(1, "table", "--diff", "--raw", self.file(table_1(carveout_1("a")), "a"),
                            self.file(table_1(carveout_1("a", size=64)), "b")).stdout
        self.assertIn("version 1 of a, version 1 of b: 1 difference\n"
                      "  carveout a: len 4096 -> 64\n", out)

    def test_bits_are_compared_in_hexadecimal(self):
        out = self.run_yoke(1, "table", "--diff", "--raw", self.file(table_1(vdev_1()), "a"),
                            self.file(table_1(vdev_1(features=0x30000001)), "b")).stdout
        self.assertIn("  vdev 0 (rpmsg): features 0x1 -> 0x30000001\n", out)

    def test_a_version_that_only_one_file_has_is_named(self):
        first, second = table_1(carveout_1()), table_2(carveout_2())
        data = self.json(1, "table", "--diff", self.file(elf_both(first, second), "both"),
                         self.file(elf_1(first), "one"))
        self.assertEqual(data["tables"][0]["differences"], [])
        self.assertEqual((data["tables"][1]["version"], data["tables"][1]["only_in"]),
                         (2, self.path("both")))

    def test_a_refused_table_is_not_compared(self):
        self.run_yoke(3, "table", "--diff", "--raw", self.file(table_1(), "a"),
                      self.file(table_1(ver=9), "b"))


    def test_real_firmware_with_one_and_with_both(self):
        data = self.json(1, "table", "--diff", elf("skew-both"), elf("skew-2"))
        self.assertEqual([t.get("only_in") for t in data["tables"]], [None, elf("skew-both")])
        fields = {d["field"] for d in data["tables"][0]["differences"]}
        self.assertLessEqual(fields, {"state", "da"})


class Convert(Case):
    def test_the_bytes_are_those_of_the_specification(self):
        out = self.path("out")
        path = self.file(elf_1(table_1(
            carveout_1("ram", 0x20000), carveout_1("any", ANY32, 64),
            vdev_1(vring_1(0x30000, 32, 8), vring_1(), features=0x20000001, config=b"conf"),
            carveout_1("uart", 0x90000, kind=1), struct.pack("<II", 200, 0x11223344))))
        data = self.json(0, "table", "--convert", out, path)
        self.assertEqual((data["carried"], data["of"]), (5, 5))
        state = 0x10000 + 16 + 4 * 5 + 2 * 56
        expected = table_2(
            carveout_2("ram", 0x20000, flags=1), carveout_2("any", ANY64, 64, flags=1),
            vdev_2(queue_2(0x30000, 0, 8, 32), queue_2(buffers=0), features=0x20000001,
                   config=b"conf", state=state, flags=1),
            carveout_2("uart", 0x90000, kind=1, flags=1),
            entry_2(200, struct.pack("<I", 0x11223344)))
        with open(out, "rb") as file:
            self.assertEqual(file.read(), expected)

    def test_what_was_converted_agrees_with_what_it_came_from(self):
        first = table_1(carveout_1("ram", 0x20000), vdev_1(vring_1(), vring_1()))
        self.run_yoke(0, "table", "--convert", self.path("out"), self.file(elf_1(first)))
        with open(self.path("out"), "rb") as file:
            second = file.read()
        self.assertEqual(self.codes(elf_both(first, second), code=0), set())
        data = self.json(1, "table", "--diff", "--raw", self.file(first, "a"), self.path("out"))
        self.assertEqual([d["field"] for d in data["tables"][0]["differences"]], ["version"])

    def test_what_cannot_be_carried_over_is_said(self):
        path = self.file(table_1(trace_1(), struct.pack("<I", 77), struct.pack("<I", 512)))
        data = self.json(0, "table", "--raw", "--convert", self.path("out"), path)
        codes = [f["code"] for f in data["findings"]]
        self.assertEqual((data["carried"], data["of"]), (1, 3))
        self.assertEqual(codes[:3], ["trace", "type", "vendor"])
        self.assertLessEqual({"add", "link"}, set(codes))
        path = self.file(table_1(vdev_1(vring_1(), vring_1())))
        data = self.json(0, "table", "--raw", "--convert", self.path("out"), path)
        self.assertIn("state", [f["code"] for f in data["findings"]])
        entry = self.json(0, "table", "--raw", self.path("out"))["tables"][0]["entries"][0]
        self.assertEqual((entry["state"], entry["state_size"]), ("any", 68))

    def test_there_has_to_be_a_version_1_and_a_place_for_the_output(self):
        self.run_yoke(3, "table", "--raw", "--convert", self.path("out"), self.file(table_2()))
        self.assertFalse(os.path.exists(self.path("out")))
        self.run_yoke(4, "table", "--raw", "--convert", self.path("no/out"), self.file(table_1()))


BOARD = """/dts-v1/;
/ {
    #address-cells = <2>;
    #size-cells = <2>;
    compatible = "acme,board", "acme,chip";
    memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x10000000>; };
    soc {
        compatible = "simple-bus";
        #address-cells = <1>;
        #size-cells = <1>;
        ranges = <0x0 0x0 0xf0000000 0x1000000>;
        sram@20000 { compatible = "mmio-sram"; reg = <0x20000 0x10000>; };
        gpu { %(other)s };
        core: remoteproc@1000 { compatible = "acme,rproc"; reg = <0x1000 0x100>; %(core)s };
        %(more)s
    };
    %(reserved)s
};
"""

RESERVED = """reserved-memory {
    #address-cells = <2>; #size-cells = <2>; ranges;
    %s
};
"""


def node(label, text, at, size, properties="no-map;"):
    return f"{label}: {text}@{at:x} {{ reg = <0 0x{at:x} 0 0x{size:x}>; {properties} }};\n"


@unittest.skipUnless(shutil.which("dtc") and shutil.which("fdtoverlay"), "needs dtc")
class Against(Case):
    @classmethod
    def setUpClass(cls):
        result = subprocess.run(YOKE + ["table", "--against", "x", elf("echo")], check=False,
                                capture_output=True, text=True, timeout=60)
        if "not built in" in result.stderr:
            raise unittest.SkipTest("built without libfdt")

    def board(self, nodes="", core="", other="", more="", text="board"):
        source = BOARD % {"core": core, "other": other, "more": more,
                          "reserved": RESERVED % nodes if nodes else ""}
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", self.path(text + ".dtb"), "-"],
                       input=source, text=True, check=True, timeout=60)
        return self.path(text + ".dtb")

    def against(self, board, content, *arguments, code=None):
        return self.codes(content, "--against", board, *arguments, code=code)

    # Rings and buffers that the host places: a page for each ring, four for the buffers.
    LINK = vdev_1(vring_1(), vring_1())
    POOL = 'compatible = "shared-dma-pool"; no-map;'

    def image(self, *entries, base=0x41000000, size=0x4000, **options):
        return elf_1(table_1(*entries), base=base, size=size, **options)

    def test_a_board_that_fits_has_no_findings(self):
        board = self.board(node("fw", "firmware", 0x41000000, 0x4000) +
                           node("pool", "vdev0buffer", 0x42000000, 0x10000, self.POOL),
                           "memory-region = <&fw>, <&pool>;")
        self.assertEqual(self.against(board, self.image(self.LINK), code=0), set())

    def test_each_kind_of_finding_fires(self):
        fw = node("fw", "firmware", 0x41000000, 0x4000)
        mine = "memory-region = <&fw>;"
        ram = carveout_1("ram", 0x43000000, 0x1000)
        for said, board, image, code, severity in (
                ("nothing reserved", {}, self.image(), "not-reserved", "error"),
                ("cached", {"nodes": node("fw", "firmware", 0x41000000, 0x4000, ""), "core": mine},
                 self.image(), "no-map", "error"),
                ("reusable", {"nodes": node("fw", "firmware", 0x41000000, 0x4000, "reusable;"),
                              "core": mine}, self.image(), "reusable", "error"),
                ("off", {"nodes": node("fw", "firmware", 0x41000000, 0x4000,
                                       'no-map; status = "disabled";'), "core": mine},
                 self.image(), "disabled", "error"),
                ("not the core's", {"nodes": fw, "other": "memory-region = <&fw>;"}, self.image(),
                 "not-listed", "error"),
                ("too short", {"nodes": node("fw", "firmware", 0x41000000, 0x3000), "core": mine},
                 self.image(), "straddles", "error"),
                ("called otherwise", {"nodes": fw + node("ram", "other", 0x43000000, 0x1000),
                                      "core": "memory-region = <&fw>, <&ram>;"},
                 self.image(ram), "name", "warning"),
                ("reaches out", {}, self.image(base=0x4fffe000), "beyond", "error"),
                ("nowhere", {}, self.image(base=0x90000000), "nowhere", "warning"),
                ("beyond a range", {"core": "#address-cells = <1>; #size-cells = <1>;"
                                            "dma-ranges = <0x0 0x20000 0x1000>;"},
                 self.image(base=0x0, size=0x4000), "map", "error"),
                ("no pool", {"nodes": fw, "core": mine}, self.image(self.LINK), "no-pool",
                 "warning"),
                ("small pool", {"nodes": fw + node("pool", "pool", 0x42000000, 0x5000, self.POOL),
                                "core": "memory-region = <&fw>, <&pool>;"},
                 self.image(self.LINK), "pool-small", "error"),
                ("high pool", {"nodes": fw + "pool: pool@200000000 { reg = <2 0 0 0x10000>; " +
                               self.POOL + " };", "core": "memory-region = <&fw>, <&pool>;"},
                 self.image(self.LINK), "pool-high", "warning"),
                ("parts of pages", {"nodes": node("fw", "firmware", 0x41000000, 0x4100),
                                    "core": mine}, self.image(), "alignment", "warning"),
                ("of no use", {"nodes": fw + node("ram", "ram", 0x43000000, 0x1000),
                               "core": "memory-region = <&fw>, <&ram>;"}, self.image(), "unused",
                 "note"),
                ("two nodes at a place", {"nodes": fw + node("b", "b", 0x41003000, 0x2000),
                                          "core": mine}, self.image(), "reserved-overlap",
                 "error"),
                ("no room for a pool", {"nodes": fw, "core": mine},
                 elf_2(table_2(vdev_2(queue_2(num=32768, size=65544), queue_2(),
                                      features=1 << 16 | 1)), base=0x41000000),
                 "no-room", "warning"),
                ("another chip", {}, elf_2(table_2(identity_2("acme,other")), base=0x41000000),
                 "chip", "error")):
            with self.subTest(said):
                expected = 1 if severity == "error" else None
                self.assertIn((code, severity),
                              self.against(self.board(**board), image, code=expected))

    def test_rings_that_the_firmware_fixes_want_nodes_by_their_names(self):
        rings = vdev_1(vring_1(0x43000000), vring_1(0x43001000), device=3)
        nodes = node("fw", "firmware", 0x41000000, 0x4000) + \
            node("r0", "vdev0vring0", 0x43000000, 0x1000) + \
            node("r1", "vdev0vring1", 0x43001000, 0x1000)
        board = self.board(nodes, "memory-region = <&fw>, <&r0>, <&r1>;")
        self.assertEqual(self.against(board, self.image(rings), code=0), set())

    def test_the_chip_of_the_identity_is_one_of_the_boards_names(self):
        image = elf_2(table_2(identity_2("acme,chip")), base=0x41000000)
        self.assertNotIn(("chip", "error"), self.against(self.board(), image))

    def test_memory_on_the_chip_needs_no_reservation(self):
        # SRAM behind a bus that moves its addresses, and memory that the core knows otherwise.
        self.assertEqual(self.against(self.board(), self.image(base=0xf0020000), code=0), set())
        board = self.board(core="#address-cells = <1>; #size-cells = <1>;"
                                "ranges = <0x0 0x20000 0x10000>;")
        self.assertEqual(self.against(board, self.image(base=0x0), code=0), set())
        self.assertEqual(self.against(self.board(), self.image(base=0x0),
                                      "--map", "0=0xf0020000:0x8000", code=0), set())

    def test_a_map_takes_device_addresses_to_reserved_memory(self):
        board = self.board(node("fw", "firmware", 0x41000000, 0x4000), "memory-region = <&fw>;")
        self.assertEqual(self.against(board, self.image(base=0x10000000), "--map",
                                      "0x10000000=0x41000000:0x4000", code=0), set())
        self.assertEqual(self.against(board, self.image(base=0x10000000), "--map",
                                      "0x0ff00000=0x40f00000:0x200000", code=0), set())

    def test_a_core_behind_a_bus_with_its_own_view_and_pools_for_everything(self):
        """As on chips where the core's vectors lie at 0, and every reservation is a pool."""
        def pool(label, at, size):
            return node(label, label, at, size, self.POOL)
        bus = """ahb {
            compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
            ranges = <0x10000000 0 0x10000000 0x60000>;
            dma-ranges = <0x0 0 0x48000000 0x10000>, <0x44000000 0 0x44000000 0x60000>;
            clock@10050000 { compatible = "acme,dpll-m4xen-clock"; reg = <0x10050000 4>; };
            m4@10000000 { compatible = "acme,chip-m4"; reg = <0x10000000 0x40000>;
                          memory-region = <&retram>, <&ram>, <&vdev0buffer>; };
        };"""
        nodes = pool("retram", 0x48000000, 0x10000) + pool("ram", 0x44000000, 0x40000)
        image = self.image(self.LINK, base=0x44000000, segments=[(0, 0x298)], bits=32)
        for buffers, code in ((0x6000, set()), (0x5000, {("pool-small", "error")})):
            source = BOARD % {"core": "", "other": "", "more": "", "reserved": RESERVED % (
                nodes + pool("vdev0buffer", 0x44042000, buffers))}
            source = re.sub(r"soc \{.*\n    \};\n    reserved", bus + "\n    reserved", source,
                            flags=re.S)
            self.assertNotIn("remoteproc", source)
            subprocess.run(["dtc", "-q", "-O", "dtb", "-o", self.path("bus.dtb"), "-"],
                           input=source, text=True, check=True, timeout=60)
            with self.subTest(buffers=buffers):
                self.assertEqual(self.against(self.path("bus.dtb"), image), code)

    def test_the_core_is_found_or_named(self):
        other = 'remoteproc@2000 { compatible = "acme,rproc"; reg = <0x2000 0x100>; };'
        board = self.board(more=other)
        path = self.file(self.image())
        self.assertIn("several nodes look like cores: /soc/remoteproc@1000 /soc/remoteproc@2000",
                      self.run_yoke(2, "table", "--against", board, path).stderr)
        data = self.json(1, "table", "--against", board, "--node", "/soc/remoteproc@2000", path)
        self.assertEqual(data["board"]["core"], "/soc/remoteproc@2000")
        self.assertIn("has no such node", self.run_yoke(
            2, "table", "--against", board, "--node", "/soc/none", path).stderr)
        tree = "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;" \
            'memory@0 { device_type = "memory"; reg = <0 0x80000000>; }; };'
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", self.path("bare.dtb"), "-"], input=tree,
                       text=True, check=True, timeout=60)
        self.assertIn(("no-core", "warning"), self.against(self.path("bare.dtb"), self.image()))

    def test_the_overlay_makes_the_board_fit(self):
        """For every kind of lack: compiled, applied, and held against the firmware once more."""
        fw = node("fw", "firmware", 0x41000000, 0x4000)
        images = {
            "loose": self.image(self.LINK),
            "fixed": self.image(carveout_1("ram,x", 0x43000000, 0x1800),
                                vdev_1(vring_1(0x44000000), vring_1(0x44001000)),
                                segments=[(0x41004000, 0x100), (0x45000000, 0x100)]),
            "version 2": elf_2(table_2(vdev_2(queue_2(0x44000000, 0x44010000),
                                              queue_2(0x44001000, 0x44020000))),
                               base=0x41000000)}
        boards = {"nothing": {}, "a node": {"nodes": fw, "core": "memory-region = <&fw>;"},
                  "a node of nobody": {"nodes": fw.replace("no-map;", "no-map; phandle = <9>;")},
                  "a cached node": {"nodes": node("fw", "firmware", 0x41000000, 0x4000, ""),
                                    "core": "memory-region = <&fw>;"},
                  "a pool": {"nodes": node("pool", "vdev0buffer", 0x42000000, 0x10000, self.POOL),
                             "core": "memory-region = <&pool>;"}}
        for kind, image in images.items():
            for has, board in boards.items():
                with self.subTest(firmware=kind, board=has):
                    dtb = self.board(**board)
                    path = self.file(image, "firmware")
                    # A pool that is missing is no error: it may be that any memory will do.
                    self.run_yoke(0 if (kind, has) == ("loose", "a node") else 1, "table",
                                  "--against", dtb, "--overlay", self.path("o.dts"), path)
                    self.run_yoke(1, "table", "--check", "--strict", "--against", dtb, path)
                    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o",
                                    self.path("o.dtbo"), self.path("o.dts")], check=True,
                                   timeout=60)
                    subprocess.run(["fdtoverlay", "-i", dtb, "-o", self.path("new.dtb"),
                                    self.path("o.dtbo")], check=True, timeout=60)
                    self.run_yoke(0, "table", "--check", "--strict", "--against",
                                  self.path("new.dtb"), path)

    def test_the_overlay_is_printed_where_no_file_is_named(self):
        path = self.file(self.image())
        out = self.run_yoke(1, "table", "--against", self.board(), path).stdout
        self.assertIn("firmware@41000000 {\n\t\t\treg = <0x0 0x41000000 0x0 0x4000>;\n"
                      "\t\t\tno-map;", out)
        data = self.json(1, "table", "--against", self.board(), path)
        self.assertIn(data["board"]["overlay"], out)

    def test_what_is_no_device_tree_is_refused(self):
        path = self.file(self.image())
        self.assertIn("is not a device tree blob",
                      self.run_yoke(3, "table", "--against", path, path).stderr)
        self.run_yoke(3, "table", "--against", self.path("nothing"), path)
        with open(self.board(), "rb") as file:
            blob = file.read()
        for size in range(0, len(blob) - 1, 97):
            self.run_yoke(3, "table", "--against", self.file(blob[:size], "cut"), path)


class Size(Case):
    def test_figures_are_those_of_the_specification(self):
        data = self.json(0, "size", "--buffers", "16,4", "--payload", "1000,496",
                         "--endpoints", "5")
        # VIRTIO 2.7: 16 bytes a descriptor, 6 + 2 * num, padding, 6 + 8 * num.
        rings = [16 * 16 + 6 + 32 + 10 + 6 + 8 * 16, 16 * 4 + 6 + 8 + 2 + 6 + 8 * 4]
        self.assertEqual([data[d]["ring_bytes"] for d in ("to_host", "to_firmware")], rings)
        self.assertEqual([data[d]["buffer_size"] for d in ("to_host", "to_firmware")], [1016, 512])
        self.assertEqual(data["buckets"], 8)
        total = 0
        for size in rings + [16 * 1016, 4 * 512]:
            total = (total + 63) // 64 * 64 + size
        self.assertEqual(data["shared_bytes"], total)
        self.assertEqual(data["shared_bytes_linux"], 2 * 4096 + 16 * 1016 + 4 * 512)
        self.assertEqual((data["device_bytes_32"], data["device_bytes_64"]),
                         (8 * 4 + 20 * 2, 8 * 8 + 20 * 2))
        self.assertTrue(data["needs_version_2"])
        self.assertFalse(self.json(0, "size")["needs_version_2"])

    def test_what_it_says_is_what_firmware_gets(self):
        size = self.json(0, "size", "--buffers", "64")
        plan = json.loads(self.run_yoke(0, "inspect", "--json", elf("echo")).stdout)["plan"]
        areas = [a for a in plan["areas"] if a["kind"] in ("vring", "buffers")]
        first = min(int(a["da"], 16) for a in areas)
        last = max(int(a["da"], 16) + a["size"] for a in areas)
        self.assertEqual(size["shared_bytes"], last - first)

    def test_private_memory_of_32_bit_cores_is_what_the_macros_say(self):
        compiler = shutil.which("arm-none-eabi-gcc")
        if compiler is None:
            self.skipTest("needs arm-none-eabi-gcc")
        data = self.json(0, "size", "--buffers", "32,64", "--endpoints", "16")
        source = "#include <yoke/rpmsg.h>\n" + "".join(
            f"_Static_assert(YOKE_LINK_{role}_BYTES(32, 64, 16) == {bytes_32}, \"{role}\");\n"
            for role, bytes_32 in (("DEVICE", data["device_bytes_32"]),
                                   ("DRIVER", data["driver_bytes_32"])))
        subprocess.run([compiler, "-std=c11", "-ffreestanding", "-fsyntax-only", "-xc", "-",
                        "-I" + os.path.join(SPEC, "..", "include")], input=source, text=True,
                       check=True, timeout=60)

    def test_the_most_buffers_that_fit_do_fit_and_no_more(self):
        for memory in (8192, 65536, 100000, 1 << 20):
            for payload in ("496", "64,2000"):
                data = self.json(0, "size", "--memory", str(memory), "--payload", payload)
                count = data["to_host"]["buffer_count"]
                self.assertLessEqual(data["shared_bytes"], memory)
                more = self.json(0, "size", "--buffers", str(2 * count), "--payload", payload)
                self.assertGreater(more["shared_bytes"], memory)
                self.assertGreaterEqual(data["most_version_2"], count)
                self.assertLess(data["most_version_2"], 2 * count)
        # Three of each: rings of four descriptors, at 0 and 128, buffers at 256 and 1792.
        self.assertEqual(self.json(0, "size", "--memory", str(1792 + 1536))["most_version_2"], 3)
        self.assertEqual(self.json(0, "size", "--memory", str(1792 + 1535))["most_version_2"], 2)
        self.assertEqual(self.json(0, "size", "--memory", "64K")["memory"], 65536)
        self.assertEqual(self.json(0, "size", "--memory", "1MiB")["memory"], 1 << 20)

    def test_too_little_memory_is_said(self):
        self.assertIn("2 buffers each way take 2304 bytes already",
                      self.run_yoke(1, "size", "--memory", "2303").stderr)
        self.assertIn("2304 bytes", self.json(1, "size", "--memory", "100")["error"])

    def test_words_say_the_same(self):
        out = self.run_yoke(0, "size", "--memory", "64K", "--payload", "1000").stdout
        for part in ("buffers each way fit into 65536 bytes; table version 2 can name",
                     "left over", "note: this needs table version 2"):
            self.assertIn(part, out)
        self.assertIn("at most 256 buffers each way",
                      self.run_yoke(0, "size", "--buffers", "512").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
