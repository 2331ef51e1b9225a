# SPDX-License-Identifier: BSD-3-Clause
"""What every path does, whichever kernel it has: starts coprocessors, runs guests, judges them."""
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import debian
import guest

BUILD = Path(os.environ.get("YOKE_BUILD", guest.ROOT / "build/release"))
# Core 0 and 1 are plain; 2 has no carveouts for its rings; 3 runs before there is a kernel; 4 is the
# conformance checker.
CORES = ((), (), ("--no-rings",), ("--boot",), ("--conform",))
# Firmware that the tests load.
FIRMWARE = ("crash", "echo", *(f"linux-{path.stem}"
                               for path in sorted((guest.LINUX / "firmware").glob("*.c"))))
# After this one the kernel is started again, on the same memory, with the same cores.
LEAVES = "5b-leave"
CHECKS = "9-conform"
OPTIONS = ("--build", "--if-built", "--list", "--shell")
TIMEOUT = 600
SKIPPED = 77  # As CTest has it.


def boots(names):
    """Splits the tests where the kernel is started anew."""
    result = [[]]
    for name in names:
        result[-1].append(name)
        if name == LEAVES:
            result.append([])
    return [part for part in result if part]


class Suite:
    """One path. What is missing here is for path_*.py to say."""
    name = ""        # As `run` has it.
    title = ""       # For people.
    compiler = ""    # For programs of the guest's.
    core = None      # The class of core_dump that reads dumps of the coprocessors.
    options = {}     # For the coprocessors' and the kernel's Popen().
    environment = {} # For the kernel's, besides.

    def ready(self):
        """True if nothing large has to be fetched or built."""
        raise NotImplementedError

    def make(self):
        """Fetches and builds what is missing."""
        raise NotImplementedError

    def firmware(self, name):
        """An app's ELF file."""
        raise NotImplementedError

    def guest_files(self):
        """(busybox, modules, a folder for the programs)"""
        raise NotImplementedError

    def coprocessor(self, number):
        """The first words for a coprocessor's command line."""
        raise NotImplementedError

    def command(self, initramfs, words, shell):
        """What runs the guest; its console is stdout, and stdin for a shell."""
        raise NotImplementedError

    # ---- What they share

    def __init__(self):
        self.cores = []
        self.sockets = []     # Of each coprocessor.
        self.parameters = []  # That the coprocessors want for the kernel.
        self.own = []         # Firmware files of the user's, for the guest's /lib/firmware.

    @staticmethod
    def build(*targets):
        """Builds these of the host's side."""
        if not (BUILD / "CMakeCache.txt").exists():
            debian.run("cmake", "--preset", "release", cwd=guest.ROOT)
        debian.run("cmake", "--build", BUILD, "--target", "interop_coprocessor", *targets)

    def _start_cores(self, folder):
        """One process for each coprocessor. Their firmware dies with them."""
        for number, options in enumerate(CORES):
            self.sockets.append(f"{folder}/core{number}")
            command = [str(BUILD / "interop/linux/interop_coprocessor"),
                       *self.coprocessor(number), "--socket", self.sockets[-1], *options]
            if "--boot" in options:
                command.append(str(self.firmware("linux-services")))
            if "--conform" in options:
                command.append(f"{folder}/conform.json")
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdout=subprocess.PIPE, text=True, **self.options,
                stderr=open(f"{folder}/cores.log", "a", encoding="utf-8"))
            self.cores.append(process)
            self.parameters += process.stdout.readline().split()

    def _stop_cores(self):
        for process in self.cores:
            process.terminate()
            process.wait()

    def _initramfs(self, folder):
        busybox, modules, programs = self.guest_files()
        path = folder / "initramfs"
        path.write_bytes(guest.archive(self.name, busybox, self.compiler, programs, modules,
                                       [*map(self.firmware, FIRMWARE), *self.own]))
        return path

    def _shell(self, folder):
        """A shell in the guest, for people."""
        initramfs = self._initramfs(folder)
        self._start_cores(folder)
        try:
            subprocess.run(self.command(initramfs, ["yoke.shell", "quiet"], True), check=False,
                           **self.options | self.environment)
        finally:
            self._stop_cores()
            subprocess.run(["stty", "sane"], stderr=subprocess.DEVNULL, check=False)
        return 0

    def _run(self, folder, names, console):
        """Runs the tests."""
        initramfs = self._initramfs(folder)
        self._start_cores(folder)
        try:
            for part in boots(names):
                console.done = False
                began = console.follow(
                    self.command(initramfs, [f"yoke.tests={','.join(part)}"], False), TIMEOUT,
                    **self.options | self.environment)
                if not console.done:
                    console.complaints.append(f"the guest ended early, after {began:.0f} s")
        finally:
            self._stop_cores()
            shutil.copy(f"{folder}/cores.log", BUILD / f"interop-{self.name}-cores.log")
            self._keep_report(folder / "conform.json", console)

    def _keep_report(self, path, console):
        """What the conformance checker found: what of Linux is otherwise is no failure of ours."""
        if not path.exists() or not path.stat().st_size:
            if CHECKS in console.results:
                console.results[CHECKS] = "the checker left no report"
            return
        shutil.copy(path, BUILD / f"interop-{self.name}-conform.json")
        report = json.loads(path.read_text())
        for rule in report["rules"]:
            for check in rule["checks"]:
                if check["verdict"] == "fail":
                    print(f"  differs {rule['rule']}, {check['title']}: {check['seen']}")
        console.figures["rules_kept"] = (str(report["pass"]),
                                         f"of {report['pass'] + report['fail']}")

    def _read_dumps(self, folder, console):
        """Opens the core dumps that came out of the guest with gdb."""
        good = 0
        for name, data in console.files.items():
            why = self.core.check(name, data, self.firmware("crash"), folder)
            if not why:
                good += 1
            else:
                console.results["4-crash"] = why
                print(f"  FAILED  4-crash: {why}")
        if console.files:
            console.figures["core_dumps_read_back"] = (str(good), f"of {len(console.files)}")

    def _test(self, folder, names):
        """Runs the tests and prints what came out."""
        started = time.monotonic()
        log = BUILD / f"interop-{self.name}.log"
        log.unlink(missing_ok=True)
        console = guest.Console(log)
        self._run(folder, names, console)
        self._read_dumps(folder, console)
        if console.up is not None:
            console.figures["kernel_boot"] = (f"{console.up * 1000:.0f}", "ms")
        console.figures["all"] = (f"{time.monotonic() - started:.1f}", "s")
        return guest.verdict(names, console)

    def options_of(self, words):
        """Takes what has a value out of the words. Returns what is wrong with the options."""
        while "--firmware" in words:
            at = words.index("--firmware")
            if not words[at + 1:] or not Path(words[at + 1]).is_file():
                return f"{' '.join(words[at:at + 2])}: no such file; name an ELF file"
            self.own.append(Path(words[at + 1]))
            del words[at:at + 2]
        unknown = [word for word in words if word.startswith("-") and word not in OPTIONS]
        return f"{unknown[0]}: there is no such option; see --help" if unknown else None

    def main(self, words):
        """See run."""
        wrong = self.options_of(words)
        if wrong:
            print(wrong)
            return 2
        if "--list" in words:
            print("\n".join(guest.tests()))
            return 0
        names = [name for name in guest.tests()
                 if any(name.startswith(word) for word in words) or not set(words) - {"--if-built"}]
        if not names and "--shell" not in words and "--build" not in words:
            print(f"no such test: {' '.join(words)}; there are {' '.join(guest.tests())}")
            return 2
        if "--if-built" in words and not self.ready():
            print(f"not built yet: interop/linux/run {self.name} --build")
            return SKIPPED
        self.make()
        if "--build" in words:
            return 0
        print(f"{self.name}: {self.title}", flush=True)
        with tempfile.TemporaryDirectory(prefix="yoke-") as folder:
            if "--shell" in words:
                return self._shell(Path(folder))
            return self._test(Path(folder), names)
