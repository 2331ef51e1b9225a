# SPDX-License-Identifier: BSD-3-Clause
"""Path uml: User-Mode Linux, and process machines as its coprocessors."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import core_dump
import debian
import guest

sys.path.insert(0, str(guest.LINUX / "kernel"))
import uml  # pylint: disable=wrong-import-position,wrong-import-order

BUILD = Path(os.environ.get("YOKE_BUILD", guest.ROOT / "build/release"))
MEMORY = 96  # MiB
# Core 0 and 1 are plain; 2 has no carveouts for its rings; 3 runs before there is a kernel.
CORES = ((), (), ("--no-rings",), ("--boot",))
# After this one the kernel is started again, on the same memory, with the same cores.
LEAVES = "5b-leave"
TIMEOUT = 600
SKIPPED = 77  # As CTest has it.


class Cores:
    """The host's side: one process for each coprocessor, and the memory that all share."""

    def __init__(self, folder):
        self.ddr = os.memfd_create("yoke-ddr", 0)
        os.ftruncate(self.ddr, MEMORY << 20)
        self.processes = []
        self.parameters = []
        for number, options in enumerate(CORES):
            command = [str(BUILD / "interop/linux/interop_coprocessor"), "--name", f"yoke{number}",
                       "--socket", f"{folder}/core{number}", "--ddr", str(self.ddr), *options]
            if "--boot" in options:
                command.append(str(BUILD / "firmware/process/linux-services.elf"))
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, pass_fds=[self.ddr], stdout=subprocess.PIPE, text=True,
                stderr=open(f"{folder}/cores.log", "a", encoding="utf-8"))
            self.processes.append(process)
            self.parameters += process.stdout.readline().split()

    def close(self):
        """Ends them; their firmware dies with them."""
        for process in self.processes:
            process.terminate()
            process.wait()
        os.close(self.ddr)


def build():
    """All that is needed, built if it is not there. Returns the kernel."""
    kernel = uml.Kernel()
    kernel.make()
    if not (BUILD / "CMakeCache.txt").exists():
        debian.run("cmake", "--preset", "release", cwd=guest.ROOT)
    debian.run("cmake", "--build", BUILD, "--target", "interop_coprocessor", "interop_physmem",
               *(f"firmware_process_{name}" for name in firmware_names()))
    return kernel


def firmware_names():
    """Firmware that the tests load."""
    return ["crash", "echo", *(f"linux-{path.stem}"
                               for path in sorted((guest.LINUX / "firmware").glob("*.c")))]


def make_initramfs(kernel, folder):
    """Writes it, and returns its path."""
    busybox = debian.Packages("amd64").fetch("busybox-static") / "bin/busybox"
    if not busybox.exists():
        busybox = debian.Packages("amd64").root / "usr/bin/busybox"
    path = folder / "initramfs"
    path.write_bytes(guest.archive(
        "uml", busybox, "gcc", kernel.base, [kernel.module(), kernel.sample()],
        [BUILD / f"firmware/process/{name}.elf" for name in firmware_names()]))
    return path


def command_line(kernel, cores, initramfs, *words):
    """How the kernel is started: without randomised addresses, which would change its memory's size."""
    return ["setarch", "-R", str(kernel.linux), f"mem={MEMORY}M", f"initrd={initramfs}", "rdinit=/init",
            "con=null", "con0=null,fd:1", "ssl=null", "panic=1", *cores.parameters, *words]


def environment(cores):
    """With what: its physical memory is ours."""
    return {"pass_fds": [cores.ddr],
            "env": os.environ | {"YOKE_DDR_FD": str(cores.ddr), "LD_PRELOAD":
                                 str(BUILD / "interop/linux/libinterop_physmem.so")}}


def shell(kernel, folder):
    """A shell in the guest, for people."""
    cores = Cores(folder)
    try:
        command = command_line(kernel, cores, make_initramfs(kernel, folder), "yoke.shell", "quiet")
        command[command.index("con0=null,fd:1")] = "con0=fd:0,fd:1"
        subprocess.run(command, check=False, **environment(cores))
    finally:
        cores.close()
        subprocess.run(["stty", "sane"], stderr=subprocess.DEVNULL, check=False)
    return 0


def boots(names):
    """Splits the tests where the kernel is started anew."""
    result = [[]]
    for name in names:
        result[-1].append(name)
        if name == LEAVES:
            result.append([])
    return [part for part in result if part]


def test(kernel, folder, names):
    """Runs the tests and prints what came out."""
    started = time.monotonic()
    log = BUILD / "interop-uml.log"
    log.unlink(missing_ok=True)
    console = guest.Console(log)
    initramfs = make_initramfs(kernel, folder)
    cores = Cores(folder)
    try:
        for part in boots(names):
            console.done = False
            began = console.follow(
                command_line(kernel, cores, initramfs, f"yoke.tests={','.join(part)}"), TIMEOUT,
                **environment(cores))
            if not console.done:
                console.complaints.append(f"the guest ended early, after {began:.0f} s")
    finally:
        cores.close()
        shutil.copy(f"{folder}/cores.log", BUILD / "interop-uml-cores.log")
    dumps = 0
    for name, data in console.files.items():
        why = core_dump.check(name, data, BUILD / "firmware/process/crash.elf", folder)
        if not why:
            dumps += 1
        else:
            console.results["4-crash"] = why
            print(f"  FAILED  4-crash: {why}")
    if console.files:
        console.figures["core_dumps_read_back"] = (str(dumps), f"of {len(console.files)}")
    if console.up is not None:
        console.figures["kernel_boot"] = (f"{console.up * 1000:.0f}", "ms")
    console.figures["all"] = (f"{time.monotonic() - started:.1f}", "s")
    return guest.verdict(names, console)


def main(words):
    """See run."""
    if "--list" in words:
        print("\n".join(guest.tests()))
        return 0
    names = [name for name in guest.tests()
             if any(name.startswith(word) for word in words) or not set(words) - {"--if-built"}]
    if not names and "--shell" not in words and "--build" not in words:
        print(f"no such test: {' '.join(words)}; there are {' '.join(guest.tests())}")
        return 2
    if "--if-built" in words and not uml.Kernel().ready():
        print("User-Mode Linux is not built: interop/linux/run uml --build")
        return SKIPPED
    kernel = build()
    if "--build" in words:
        kernel.module()
        return 0
    print("uml: Linux 6.12 and process machines", flush=True)
    with tempfile.TemporaryDirectory(prefix="yoke-") as folder:
        return (shell if "--shell" in words else test)(
            kernel, Path(folder), *([] if "--shell" in words else [names]))
