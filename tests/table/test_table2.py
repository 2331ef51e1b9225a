#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The bytes that the macros of yoke/table2.h make, on each processor that there is a compiler for.

usage: test_table2.py CC

CC compiles for this computer. The bytes below were written from spec/table-2.md; app.ld says which
addresses the objects have.
"""
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ANY = 0xffffffffffffffff


def words(*values):
    return struct.pack(f"<{len(values)}I", *values)


def quads(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def name(text):
    return text.encode().ljust(32, b"\0")


def head(kind, size, flags=0):
    return words(kind, size) + bytes([1, flags, 0, 0])


def queue(da, buffers, num, align, size):
    return quads(da, buffers) + words(num, align, size, 0, 0, 0)


def version_2(states):
    """The table, if the states of its three vdevs lie there."""
    table = (
        # Magic, version 2 and 48 bytes of header, size, 13 entries, owner 0, host 0; STOP and
        # SUSPEND are offered, nothing is taken, reserved.
        b"YRT2" + words(2 | 48 << 16, 1112, 13, 0, 0) + quads(3, 0, 0) +
        head(16, 144) + words(1) + name("arm,mps2") + name("app") + name("1.2") + name("yoke") +
        head(0, 80) + words(2) + quads(0x10000000, 0, 0x10000) + words(0, 0) + name("code") +
        head(0, 80, 1 | 2) + words(0) + quads(ANY, 0, 0x2000) + words(0, 0) + name("pool") +
        head(1, 80) + words(0) + quads(0x40001000, 0x50001000, 0x100) + words(0, 0) + name("uart") +
        head(2, 64) + words(0) + quads(0x20001000, 192) + name("log") +
        head(17, 24) + words(0) + quads(0x20002000) +
        head(18, 64) + words(1) + quads(0x20003000) + words(2, 0) + name("level") +
        head(19, 32, 1) + words(0) + quads(0x20004000, 128) +
        head(20, 72) + words(0) + quads(0x20005000) + words(3, 8, 7, 0) + name("locks") +
        head(0x80000005, 16) + words(4) +
        head(3, 136) + words(3) + quads(4, states[0], 0) + words(68, 0, 2, 0) +
        queue(0x20000000, 0, 8, 4096, 0) + queue(ANY, 0, 4, 4096, 0) +
        head(3, 136) + words(7) + quads(1 | 1 << 29, states[1], 0) + words(68, 0, 2, 0) +
        queue(ANY, ANY, 16, 16, 0) + queue(ANY, ANY, 16, 16, 0) +
        head(3, 136) + words(7) + quads(1 | 1 << 16, states[2], 0) + words(68, 0, 2, 0) +
        queue(ANY, ANY, 16, 16, 2048) + queue(ANY, ANY, 4, 16, 65544))
    assert len(table) == 1112
    return table


def vdev(number, features, *rings):
    return words(3, number, 0, features, 0, 0, 2 << 8) + b"".join(
        words(da, align, num, 0, 0) for da, align, num in rings)


SOME = 0xffffffff
VDEVS = [vdev(3, 4, (0x20000000, 4096, 8), (SOME, 4096, 4)),
         vdev(7, 1 | 1 << 29, (SOME, 16, 16), (SOME, 16, 16)),
         vdev(7, 1 | 1 << 16, (SOME, 16, 16), (SOME, 16, 4))]
VERSION_1 = (
    words(1, 7, 0, 0) + words(44, 100, 156, 212, 260, 328, 396) +
    words(0, 0x10000000, 0, 0x10000, 2, 0) + name("code") +
    words(0, SOME, 0, 0x2000, 0, 0) + name("pool") +
    words(1, 0x40001000, 0x50001000, 0x100, 0, 0) + name("uart") +
    # The text of the trace block, behind its head.
    words(2, 0x20001080, 64, 0) + name("log") + b"".join(VDEVS))

EXPECTED = {
    "YOKE_TABLE": {".resource_table": VERSION_1, ".resource_table.2": b""},
    "YOKE_TABLE_2": {".resource_table": b"", ".app.states": b"".join(VDEVS),
                     ".resource_table.2": version_2([0x20030000, 0x20030044, 0x20030088])},
    "YOKE_TABLE_BOTH": {".resource_table": VERSION_1,
                        ".resource_table.2": version_2([0x20010104, 0x20010148, 0x2001018c])},
}
TRACE = b"YTR2" + words(64) + bytes(120 + 64)


def section(objcopy, image, which):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([objcopy, "-O", "binary", "-j", which, image, out.name], check=True,
                       stderr=subprocess.DEVNULL)
        return pathlib.Path(out.name).read_bytes()


def check(compiler, objcopy, options):
    wrong = 0
    for macro, sections in EXPECTED.items():
        with tempfile.TemporaryDirectory() as directory:
            image = f"{directory}/app.elf"
            subprocess.run(
                [*compiler, *options, "-std=c11", "-Os", "-Wall", "-Wextra", "-Werror",
                 "-Wno-unused-variable", "-ffreestanding", "-fdata-sections", "-nostdlib",
                 "-static", f"-I{ROOT}/include", f"-I{ROOT}/firmware/freestanding", f"-DDEFINE={macro}",
                 f"-Wl,-T,{HERE}/app.ld,-e,main,--build-id=none", HERE / "app.c", "-o", image],
                check=True)
            if macro != "YOKE_TABLE":
                sections = {**sections, ".app.trace": TRACE}
            for which, golden in sections.items():
                found = section(objcopy, image, which)
                if found != golden:
                    at = next((i for i, (a, b) in enumerate(zip(found, golden)) if a != b),
                              min(len(found), len(golden)))
                    wrong += 1
                    print(f"{compiler[0]} {macro} {which}: {len(found)} bytes, {len(golden)} "
                          f"expected, which differ at {at}:\n  {found[at:at + 16].hex(' ')}\n"
                          f"  {golden[at:at + 16].hex(' ')}")
    print(f"{compiler[0]}: {'ok' if wrong == 0 else 'wrong'}")
    return wrong


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    wrong = check([sys.argv[1]], "objcopy", ["-fno-pic"])
    for prefix, options in (("arm-none-eabi", ["-mcpu=cortex-m33", "-mthumb"]),
                            ("riscv64-unknown-elf", ["-march=rv32imac", "-mabi=ilp32"]),
                            ("riscv64-unknown-elf", ["-march=rv64imac", "-mabi=lp64"])):
        if shutil.which(f"{prefix}-gcc"):
            wrong += check([f"{prefix}-gcc"], f"{prefix}-objcopy", options)
        else:
            print(f"{prefix}-gcc: not there")
    return 1 if wrong else 0


sys.exit(main())
