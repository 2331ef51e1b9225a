# SPDX-License-Identifier: BSD-3-Clause
"""Two bare-metal cores of one QEMU board, library to library: core 0 runs app pair, in the host's
role; core 1 runs the same apps as every board. Runs them all, and reads what pair prints."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from debian import ROOT, run

ROW = re.compile(r" *(\d+) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+)$")
CRASH_PC = re.compile(r" at pc (0x[0-9a-f]+)")

# What the crash app is told, and what has to be seen of it.
CRASHES = {
    "n": "(null_dereference+0x",
    "i": "(illegal_instruction+0x",
    "d": "(divide_by_zero+0x",
    "s": "stack overflow at pc 0x",
    "x": "the other core's firmware ended with code 3",
    "r": "a ring index is further ahead than the ring is long",
}

# What has to be seen of other apps, if it is not that all answers were right.
WANTED = {"selftest": "other core: passed"}

MODES = {
    "multi": ["-accel", "tcg,thread=multi"],
    "single": ["-accel", "tcg,thread=single"],
    "icount": ["-icount", "shift=6,sleep=off"],
}


class Board:
    """A board of two cores: where its parts are, and QEMU's command line."""

    def __init__(self, name, family, driver, device, argument, command, whole=True):
        self.name = name
        self.whole = whole        # has a clock, to measure with, and a guard at address 0
        folder = ROOT / f"build/firmware-{family}/firmware"
        self.family = family
        self.nm = {"arm": "arm-none-eabi-nm", "riscv": "riscv64-unknown-elf-nm"}[family]
        self.driver = folder / driver
        self.device = folder / device
        self.argument = argument  # address of board_peer's argument
        self.command = command    # function of the two images

    def words(self, image, mode, letter):
        """QEMU's command line for an app on core 1."""
        words = [*self.command(self.driver / "pair.elf", image), *MODES[mode],
                 "-display", "none", "-monitor", "none", "-serial", "stdio"]
        if letter:
            words += ["-device",
                      f"loader,addr={self.argument:#x},data={ord(letter)},data-len=4"]
        return [str(word) for word in words]


def board_of(image):
    """The name in an image's board note, or None."""
    data = image.read_bytes()
    at = data.find(b"\x01\0\0\0Yoke\0\0\0\0")
    return data[at + 12:data.find(b"\0", at + 12)].decode("ascii", "replace") if at >= 0 else None


def with_symbol(board, image, line):
    """A line with the nearest symbol behind the program counter in it."""
    found = CRASH_PC.search(line)
    if not found:
        return line
    pc, nearest = int(found[1], 16), (0, "?")
    for entry in run(board.nm, image).splitlines():
        address, kind, name = entry.rsplit(maxsplit=2)
        if kind in "tT" and nearest[0] < int(address, 16) <= pc and not name.startswith("$"):
            nearest = int(address, 16), name
    text = f"{found[0]} ({nearest[1]}+{pc - nearest[0]:#x})"
    return line[:found.start()] + text + line[found.end():]


def run_once(board, image, mode, letter, timeout):
    """One machine from start to end. Returns its exit code, None if it took too long; its lines."""
    words = ["setpriv", "--pdeathsig", "KILL", *board.words(image, mode, letter)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, "QEMU_AUDIO_DRV": "none"}) as qemu:
        try:
            said, code = qemu.communicate(timeout=timeout)[0], qemu.returncode
        except subprocess.TimeoutExpired:
            qemu.kill()
            said, code = qemu.communicate()[0], None
    return code, [with_symbol(board, image, line) for line in said.splitlines()]


def step(board, app, mode, letter, timeout):
    """Runs one app: a result for the table."""
    code, lines = run_once(board, board.device / f"{app}.elf", mode, letter, timeout)
    rows = [dict(zip(("size", "count", "min_us", "p50_us", "p99_us"),
                     (int(row[1]), int(row[2]), *map(float, row.groups()[2:]))))
            for row in map(ROW.match, lines) if row]
    why = None
    wanted = CRASHES[letter] if letter else WANTED.get(app, "0 wrong: ok")
    if code != 0:
        why = f"took more than {timeout:g} s" if code is None else f"exit code {code}"
    elif not any(wanted in line for line in lines):
        why = f"does not say \"{wanted}\""
    elif app == "echo" and board.whole and len(rows) != 3:
        why = f"{len(rows)} measurements in place of 3"
    said = next((line for line in lines if line.startswith("the other core")), "")
    name = f"{app} {letter}" if letter else app
    return {"step": name, "mode": mode, "ok": why is None, "why": why, "pings": rows,
            "said": said, "lines": lines}


def show(result):
    """A result as lines of the table."""
    start = f"{result['step']:10} {result['mode']:7}"
    measured = result["pings"] if result["step"] == "echo" else []
    for row in measured:
        print(f"{start} {row['size']:5} {row['min_us']:8.1f} {row['p50_us']:8.1f} "
              f"{row['p99_us']:8.1f}")
    if not result["ok"]:
        print(f"{start} FAILED: {result['why']}; it said:")
        for line in result["lines"] or ["nothing"]:
            print(f"    {line}")
    elif not measured:
        print(f"{start} {result['said'] or 'as it should be'}", flush=True)


def parse(description, board):
    """The command line that these topologies share."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firmware", type=Path, metavar="FILE",
                        help=f"runs only this on core 1, an image for board {board.device.name}, "
                             "and shows what core 0 prints")
    parser.add_argument("--mode", choices=MODES, default="multi",
                        help="with --firmware: how QEMU runs the cores (default: multi)")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS",
                        help="for each run (default: 30)")
    parser.add_argument("--json", action="store_true", help="the results as JSON")
    parser.add_argument("--no-build", action="store_true", help="takes firmware as it was built")
    options = parser.parse_args()
    if options.firmware:
        if not options.firmware.is_file():
            parser.error(f"{options.firmware}: there is no such file")
        for_board = board_of(options.firmware)
        if for_board != board.device.name:
            parser.error(f"{options.firmware} is for board {for_board or 'unknown'}; this topology "
                         f"needs one for {board.device.name}: build it with "
                         f"scripts/firmware {board.family}")
    return options


def build(board, emulator):
    """Tools and firmware."""
    run("bash", "-c", 'exec 3>&2; source "$0"; need_packages "$@"', ROOT / "scripts/setup.sh",
        emulator, "cmake=cmake", "ninja=ninja-build", "setpriv=util-linux",
        {"arm": "arm-none-eabi-gcc=gcc-arm-none-eabi",
         "riscv": "riscv64-unknown-elf-gcc=gcc-riscv64-unknown-elf"}[board.family], cwd=ROOT)
    run(ROOT / "scripts/firmware", board.family)


def main(description, boards, emulator, modes):
    """Runs a topology on its boards; `emulator` is a probe for need_packages."""
    options = parse(description, boards[0])
    if not options.no_build:
        print("building firmware", file=sys.stderr, flush=True)
        build(boards[0], emulator)
    command = boards[0].words("", modes[0], None)[0]
    if not shutil.which(command):
        print(f"there is no {command} on this computer: install {emulator.split('=')[1]} (Debian)")
        return 1
    if options.firmware:
        code, lines = run_once(boards[0], options.firmware, options.mode, None, options.timeout)
        print("\n".join(lines))
        if code is None:
            print(f"took more than {options.timeout:g} s")
        return 1 if code is None else code
    results = []
    for board in boards:
        if not options.json:
            print(f"{board.name}\n{'app':10} {'mode':7} {'bytes':>5} {'min us':>8} {'p50 us':>8} "
                  f"{'p99 us':>8}")
        steps = [(app, mode, None) for app in ("echo", "selftest")
                 for mode in (modes if board.whole else modes[:1])]
        steps += [(app, modes[0], None) for app in ("hello", "matrix")]
        steps += [("crash", modes[0], letter) for letter in CRASHES
                  if board.whole or letter != "n"]
        for app, mode, letter in steps:
            result = step(board, app, mode, letter, options.timeout)
            results.append({"board": board.name, **result})
            if not options.json:
                show(result)
    good = all(result["ok"] for result in results)
    if options.json:
        print(json.dumps({"ok": good, "steps": results}, indent=1))
    else:
        print("all as it should be" if good else "FAILED")
    return 0 if good else 1
