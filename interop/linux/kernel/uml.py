# SPDX-License-Identifier: BSD-3-Clause
"""User-Mode Linux from Debian's linux-source-6.12, and our module for it: built once, kept."""
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import debian

HERE = Path(__file__).resolve().parent
MODULE = HERE.parent / "module"
SOURCE = "linux-source-6.12"
# What tinyconfig plus uml.config compile, roughly: only for the progress shown.
STEPS = 1450


class Kernel:
    """Where the kernel is, and how it is made."""

    def __init__(self):
        config = (HERE / "uml.config").read_bytes()
        key = hashlib.sha256(config).hexdigest()[:12]
        self.base = debian.CACHE.parent / "linux" / f"uml-{key}"
        self.source = self.base / SOURCE
        self.build = self.base / "build"
        self.log = self.base / "build.log"

    @property
    def linux(self):
        """The kernel, an executable."""
        return self.build / "linux"

    def ready(self):
        """True once it is built."""
        return (self.base / "done").exists()

    def _make(self, environment, *words, progress=None):
        # Kind to whatever else the machine does.
        command = ["nice", "-n", "10", "make", "ARCH=um", *map(str, words)]
        with open(self.log, "a", encoding="utf-8") as log, subprocess.Popen(
                command, cwd=self.build, env=environment, text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as process:
            for count, line in enumerate(process.stdout):
                log.write(line)
                if progress and count % 20 == 0:
                    progress(count)
        if process.returncode != 0:
            tail = self.log.read_text(errors="replace").splitlines()[-15:]
            raise SystemExit("\n".join([f"\nfailed: {' '.join(command)}", *tail,
                                        f"all of it: {self.log}"]))

    def make(self):
        """Fetches, configures and builds, unless that was done."""
        if self.ready():
            return
        started = time.monotonic()
        architecture = debian.run("dpkg", "--print-architecture").strip()
        if architecture != "amd64":
            raise SystemExit("User-Mode Linux needs an x86-64 machine")
        print(f"User-Mode Linux: fetching {SOURCE} (140 MB) and tools", flush=True)
        # The object holds a lock, and is gone at once.
        root = debian.Packages(architecture).fetch(SOURCE, "flex", "bison", "m4", "bc")
        environment = os.environ | {
            "PATH": f"{root}/usr/bin:{os.environ['PATH']}",
            "BISON_PKGDATADIR": f"{root}/usr/share/bison", "M4": f"{root}/usr/bin/m4"}
        print("User-Mode Linux: unpacking (1.5 GB)", flush=True)
        shutil.rmtree(self.base, ignore_errors=True)
        self.build.mkdir(parents=True)
        debian.run("tar", "xf", f"{root}/usr/src/{SOURCE}.tar.xz", "-C", self.base)
        self._make(environment, "-C", self.source, f"O={self.build}", "tinyconfig")
        with open(self.build / ".config", "ab") as config:
            config.write((HERE / "uml.config").read_bytes())
        self._make(environment, "olddefconfig")
        self._check_config()

        def progress(count):
            tty = sys.stdout.isatty()
            if tty or count % 200 == 0:
                print(f"User-Mode Linux: building, {min(99, 100 * count // STEPS)} %, "
                      f"{time.monotonic() - started:.0f} s", end="\r" if tty else "\n", flush=True)

        self._make(environment, f"-j{os.cpu_count()}", "linux", "modules", progress=progress)
        (self.base / "done").touch()
        print(f"User-Mode Linux: built in {time.monotonic() - started:.0f} s", flush=True)

    def _check_config(self):
        """Options that the kernel does not know are dropped silently: not here."""
        got = set((self.build / ".config").read_text().splitlines())
        lost = [line for line in (HERE / "uml.config").read_text().splitlines()
                if line.startswith("CONFIG_") and line not in got]
        if lost:
            raise SystemExit(f"the kernel did not take: {' '.join(lost)}")

    def module(self):
        """Our module, built if its source changed. Returns its path."""
        source = b"".join(path.read_bytes() for path in sorted(MODULE.iterdir()) if path.is_file())
        folder = self.base / f"module-{hashlib.sha256(source).hexdigest()[:12]}"
        built = folder / "yoke_uml.ko"
        if not built.exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(MODULE, folder)
            debian.run("make", "-C", self.build, "ARCH=um", f"M={folder}", "YOKE_TRANSPORT=uml",
                       "modules")
        return built

    def sample(self):
        """The kernel's own client."""
        return self.build / "samples/rpmsg/rpmsg_client_sample.ko"
