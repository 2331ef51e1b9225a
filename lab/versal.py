# SPDX-License-Identifier: BSD-3-Clause
"""Linux on the Cortex-A72 and our firmware on the Cortex-R5F of QEMU's xlnx-versal-virt: puts the
parts together, runs them, and reads what the scripts in lab/guest report."""
import argparse
import gzip
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from debian import CACHE, ROOT, Packages, need, run
from initramfs import Archive

LAB = ROOT / "lab"
FIRMWARE = ROOT / "build/firmware-arm/firmware/versal-r5"
YOKE = ROOT / "build/aarch64-static/yoke"
NEEDS = ["qemu-system-aarch64=qemu-system-arm", "dtc=device-tree-compiler", "make=make",
         "aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu", "arm-none-eabi-gcc=gcc-arm-none-eabi",
         "/usr/aarch64-linux-gnu/include/stdio.h=libc6-dev-arm64-cross", "cmake=cmake",
         "ninja=ninja-build", "dpkg-deb=dpkg", "setpriv=util-linux", "cc=gcc", "xz=xz-utils",
         "<stdio.h>=libc6-dev"]


def say(text):
    """Progress: to stderr, so that --json has stdout to itself."""
    print(text, file=sys.stderr, flush=True)


# ---- The parts

def newer(target, *sources):
    """True if `target` is there and not older than any source."""
    return target.exists() and all(target.stat().st_mtime >= Path(source).stat().st_mtime
                                   for source in sources)


def build():
    """The firmware, and the yoke command for the guest."""
    need(*NEEDS)
    run(ROOT / "scripts/cross-libraries")
    for preset in ("firmware-arm", "aarch64-static"):
        run("cmake", "--preset", preset, cwd=ROOT)
        run("cmake", "--build", "--preset", preset, cwd=ROOT)


def kernel(packages):
    """Debian's kernel: its name and the path of the image, as arm64 machines boot it."""
    image, = (name for name in packages.depends("linux-image-arm64")
              if name.startswith("linux-image-"))
    release = image.removeprefix("linux-image-")
    packed = packages.fetch(image) / f"boot/vmlinuz-{release}"
    plain = packages.base / f"Image-{release}"
    if not newer(plain, packed):
        data = packed.read_bytes()
        plain.write_bytes(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    return release, plain


def module(packages, release):
    """Our kernel module, built against that kernel's headers."""
    sources = LAB / "module"
    target = packages.base / f"module-{release}" / "yoke_r5.ko"
    if newer(target, *sources.iterdir()):
        return target
    target.parent.mkdir(exist_ok=True)
    for source in sources.iterdir():
        (target.parent / source.name).write_bytes(source.read_bytes())
    packages.build_modules(release, "aarch64-linux-gnu-", target.parent)
    return target


def device_tree(folder):
    """QEMU's own device tree with what our board adds."""
    base, added, tree = (folder / name for name in ("base.dtb", "added.dtbo", "versal.dtb"))
    run("qemu-system-aarch64", "-M", f"xlnx-versal-virt,dumpdtb={base}", "-smp", "4", "-m", "2G",
        "-display", "none")
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", added, LAB / "versal-r5.dtso")
    run("fdtoverlay", "-i", base, "-o", tree, added)
    return tree


def boot_image(folder, linux, firmware):
    """A kernel image that starts the R5 with `firmware`, then enters `linux`."""
    flat, objects, image = (folder / name for name in ("r5.bin", "boot.elf", "boot.img"))
    run("arm-none-eabi-objcopy", "-O", "binary", firmware, flat)
    run("aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-Ttext=0",
        "-Wl,-z,max-page-size=4096", f'-DFIRMWARE="{flat}"', f'-DKERNEL="{linux}"',
        LAB / "boot/boot.S", "-o", objects)
    run("aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", objects, image)
    return image


def base_initramfs(packages):
    """Busybox and /init."""
    archive = Archive()
    archive.console()
    archive.file("bin/busybox", packages.fetch("busybox-static") / "bin/busybox")
    archive.file("init", LAB / "guest/init")
    return archive.bytes()


def lab_initramfs(module_file, own):
    """What the lab adds to any initramfs: the yoke command, firmware, scripts, the module."""
    archive = Archive()
    with tempfile.TemporaryDirectory() as folder:
        run("aarch64-linux-gnu-strip", "-o", f"{folder}/yoke", YOKE)
        archive.file("bin/yoke", f"{folder}/yoke")
    for script in (LAB / "guest").iterdir():
        if script.name != "init":
            archive.file(f"lab/{script.name}", script)
    for file in FIRMWARE.glob("*.elf"):
        archive.file(f"lab/firmware/{file.name}", file)
    if module_file:
        archive.file("lab/yoke_r5.ko", module_file)
    if own:
        archive.file(f"lab/firmware/own/{own.firmware.name}", own.firmware)
        arguments = ["--machine", "versal", f"/lab/firmware/own/{own.firmware.name}"]
        arguments += [word for ping in own.ping for word in ("--ping", ping)]
        arguments += [] if own.ping else ["--for", "2"]
        archive.file("lab/own", shlex.join(arguments).encode())
    return archive.bytes()


# ---- Running

class Steps:
    """Follows what the guest reports."""

    def __init__(self, path):
        self.path = path
        self.position = 0
        self.text = []
        self.current = None
        self.up = self.uptime = None
        self.done = False
        self.results = {}

    def follow(self):
        """Reads on."""
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self.position)
            while (line := file.readline()).endswith("\n"):
                self.position = file.tell()
                self._line(line.rstrip("\r\n"))

    def _line(self, line):
        word, _, rest = line.partition(" ")
        if word == "@up":
            self.up, self.uptime = time.monotonic(), float(rest)
        elif word == "@step":
            self.current, self.text = rest, []
        elif word == "@end":
            code, _, error = rest.partition(" ")
            try:
                output = json.loads("\n".join(self.text))
            except ValueError:
                output = {}
            self.results[self.current] = {"code": int(code), "error": error, "output": output}
            say(f"  {self.current}: exit code {code}{' ' + error if error else ''}")
        elif word == "@result":
            pass  # Says the same, for others who read this.
        elif word == "@done":
            self.done = True
        else:
            self.text.append(line)


def command(options, folder, script):
    """QEMU's command line."""
    packages = Packages("arm64")
    if options.kernel:
        linux, module_file = options.kernel, None
    else:
        release, linux = kernel(packages)
        say(f"Linux {release}, as Debian has it")
        module_file = None if options.polled else module(packages, release)
    if script == "linux-r5-attach":
        linux = boot_image(folder, linux, options.firmware or FIRMWARE / "echo.elf")
    initrd = folder / "initrd"
    parts = [options.initrd.read_bytes() if options.initrd else base_initramfs(packages),
             lab_initramfs(module_file, options if script == "own-firmware" else None)]
    for overlay in options.overlay:
        archive = Archive()
        archive.tree(overlay)
        parts.append(archive.bytes())
    # Each begins at a multiple of 4.
    initrd.write_bytes(b"".join(part + bytes(-len(part) % 4) for part in parts))
    console = "mon:stdio" if options.console else f"file:{folder}/console"
    words = ["qemu-system-aarch64", "-M", "xlnx-versal-virt", "-smp", "4", "-m", "2G",
             "-kernel", linux, "-dtb", options.dtb or device_tree(folder), "-initrd", initrd,
             "-append", f"console=ttyAMA0 rdinit=/init panic=-1 quiet yoke.script={script} "
                        f"{options.append}",
             "-display", "none", "-monitor", "none", "-no-reboot",
             "-serial", console, "-serial", f"file:{folder}/report"]
    if options.console:
        del words[words.index("-monitor"):][:2]
    return [str(word) for word in words]


def export(folder, words):
    """Puts kernel, device tree and initramfs into a folder, for a lab of another kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for option, name in (("-kernel", "Image"), ("-dtb", "versal.dtb"), ("-initrd", "initrd")):
        shutil.copy(words[words.index(option) + 1], folder / name)
    say(f"Image, versal.dtb and initrd are in {folder}; see lab/lava")
    return 0


def run_guest(options, script):
    """Boots and runs the script. Returns its Steps, and the seconds from QEMU's start to /init."""
    with tempfile.TemporaryDirectory(prefix="yoke-lab-") as name:
        folder = Path(name)
        words = command(options, folder, script)
        if options.export:
            return export(options.export, words)
        say("booting" + (" (leave with Ctrl-A X)" if options.console else ""))
        if options.console:
            return subprocess.call(words)
        (folder / "report").touch()
        started = time.monotonic()
        # It ends with us, however we end.
        qemu = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        steps = Steps(folder / "report")
        try:
            while qemu.poll() is None and time.monotonic() < started + options.timeout:
                steps.follow()
                time.sleep(0.02)
            timed_out = qemu.poll() is None
        finally:
            qemu.kill()
            said = qemu.communicate()[0]
        steps.follow()
        if not steps.done:
            log = folder / "console"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            say(f"the guest {'took too long' if timed_out else 'ended too early'}"
                f"{' in step ' + steps.current if steps.current else ' before its first step'}; "
                f"QEMU said: {said.strip() or 'nothing'}; its console ends with:\n{tail}")
        return steps, (steps.up - started if steps.up else None)


# ---- What came out

def expect(steps, name, code=0, says=""):
    """None if a step ended as it should; else why not, in words."""
    result = steps.results.get(name)
    if result is None:
        return "was not reached"
    if result["code"] != code:
        return f"exit code {result['code']} in place of {code}: {result['error']}"
    if says not in result["error"]:
        return f"says \"{result['error']}\" in place of \"{says}\""
    return None


def pings(steps, name):
    """The pings of a step."""
    result = steps.results.get(name)
    return result["output"].get("pings", []) if result else []


def report(options, steps, boot, wanted):
    """Prints the table or JSON. Returns the exit code: 0 if all was as wanted."""
    outcome = {name: expect(steps, name, *how) for name, how in wanted.items()}
    good = steps.done and not any(outcome.values())
    if options.json:
        print(json.dumps({"ok": good, "boot_s": boot, "kernel_s": steps.uptime,
                          "steps": {name: {"ok": why is None, "why": why,
                                           **steps.results.get(name, {})}
                                    for name, why in outcome.items()}}, indent=1))
        return 0 if good else 1
    if boot:
        print(f"/init {boot:.1f} s after the start of QEMU, {steps.uptime:.1f} s of them Linux's")
    print(f"{'step':20} {'ping':12} {'bytes':>5} {'p50 us':>8} {'p99 us':>8} {'messages/s':>10}")
    for name, why in outcome.items():
        rows = pings(steps, name)
        for ping in rows:
            print(f"{name:20} {ping['service']:12} {ping['size']:5} {ping['p50_us']:8.1f} "
                  f"{ping['p99_us']:8.1f} {ping['messages_per_second']:10.0f}")
        if why is not None:
            print(f"{name:20} FAILED: {why}")
        elif not rows:
            output = steps.results[name]["output"]
            print(f"{name:20} " + (f"{output['count']} times, {output['failed']} failed"
                                   if "count" in output else
                                   steps.results[name]["error"] or "as it should be"))
    print("all as it should be" if good else "FAILED")
    return 0 if good else 1


def parse(description):
    """The command line that the topologies share."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    file = lambda text: Path(text).resolve(strict=True)
    parser.add_argument("--kernel", type=file, metavar="FILE",
                        help="boots this arm64 Image; without our module, so polled")
    parser.add_argument("--initrd", type=file, metavar="FILE",
                        help="an initramfs of your own, whose /init ends with: exec /lab/run")
    parser.add_argument("--overlay", type=file, metavar="DIR", action="append", default=[],
                        help="adds the files in DIR to the initramfs; may be repeated")
    parser.add_argument("--dtb", type=file, metavar="FILE", help="a device tree of your own")
    parser.add_argument("--append", default="", metavar="WORDS", help="adds to Linux's command line")
    parser.add_argument("--firmware", type=file, metavar="FILE",
                        help="boots this firmware on the R5 in place of the usual sequence")
    parser.add_argument("--ping", action="append", default=[], metavar="SERVICE[:SIZE[:COUNT]]",
                        help="with --firmware: as yoke run has it")
    parser.add_argument("--polled", action="store_true", help="leaves the kernel module out")
    parser.add_argument("--console", action="store_true", help="a shell in place of all that")
    parser.add_argument("--export", type=Path, metavar="DIR",
                        help="runs nothing: writes kernel, device tree and initramfs to DIR")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--json", action="store_true", help="the results as JSON")
    parser.add_argument("--no-build", action="store_true",
                        help="takes firmware and yoke as they were built before")
    try:
        options = parser.parse_args()
    except FileNotFoundError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    if options.ping and not options.firmware:
        parser.error("--ping needs --firmware")
    os.chdir(ROOT)
    CACHE.mkdir(parents=True, exist_ok=True)
    if not options.no_build:
        say("building firmware and yoke")
        build()
    return options


def main(description, script, wanted):
    """Runs a topology."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))  # and so cleans up
    options = parse(description)
    if options.firmware and script == "linux-r5":
        script, wanted = "own-firmware", {"own-firmware": ()}
    if options.console or options.export:
        return run_guest(options, "console" if options.console else script)
    if options.polled or options.kernel:
        wanted = {name: how for name, how in wanted.items() if name not in ("module", "interrupt")}
    steps, boot = run_guest(options, script)
    return report(options, steps, boot, wanted)
