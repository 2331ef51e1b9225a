# SPDX-License-Identifier: BSD-3-Clause
"""Debian's own armhf kernel, and modules for it. Nothing is installed: see lab/debian.py."""
import hashlib
import shutil
import subprocess
from pathlib import Path

import debian

MODULE = Path(__file__).resolve().parent.parent / "module"
COMPILER = "arm-linux-gnueabihf-"
# In the order in which they need one another.
DRIVERS = ("rpmsg/rpmsg_core", "rpmsg/rpmsg_ns", "rpmsg/virtio_rpmsg_bus", "rpmsg/rpmsg_char",
           "rpmsg/rpmsg_ctrl", "tty/rpmsg_tty")
SAMPLE = "samples/rpmsg/rpmsg_client_sample.c"


class Kernel:
    """Where the kernel is, and what was built for it."""

    def __init__(self):
        self.base = debian.CACHE / "armhf"
        self.release = None
        self.image = None
        self.busybox = None
        self.modules = []  # In the order in which they are loaded, but for the sample, the last.

    def ready(self):
        """True once everything was there."""
        return (self.base / "ready").exists()

    def make(self):
        """Fetches and builds what is missing."""
        packages = debian.Packages("armhf")  # Holds a lock, and is gone with this function.
        image, = (name for name in packages.depends("linux-image-armmp")
                  if name.startswith("linux-image-"))
        self.release = image.removeprefix("linux-image-")
        if not self.ready():
            print(f"armhf: fetching Linux {self.release} (200 MB)", flush=True)
        root = packages.fetch(image, "busybox-static")
        self.image = root / f"boot/vmlinuz-{self.release}"
        self.busybox = root / "bin/busybox"
        drivers = root / "lib/modules" / self.release / "kernel/drivers"
        self.modules = [*(drivers / f"{name}.ko" for name in DRIVERS), self._module(packages),
                        self._sample(packages)]
        (self.base / "ready").touch()

    def _module(self, packages):
        """Our module, built if its source changed."""
        source = b"".join(path.read_bytes() for path in sorted(MODULE.iterdir()) if path.is_file())
        key = hashlib.sha256(source).hexdigest()[:12]
        folder = self.base / f"yoke-{self.release}-{key}"
        built = folder / "yoke_ivshmem.ko"
        if not built.exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(MODULE, folder)
            packages.build_modules(self.release, COMPILER, folder, "YOKE_TRANSPORT=ivshmem")
        return built

    def _sample(self, packages):
        """The kernel's own client, which Debian has only as source."""
        folder = self.base / f"sample-{self.release}"
        built = folder / "rpmsg_client_sample.ko"
        if not built.exists():
            name = f"linux-source-{'.'.join(self.release.split('.')[:2])}"
            root = packages.fetch(name)
            folder.mkdir(exist_ok=True)
            with open(folder / "rpmsg_client_sample.c", "wb") as file:
                subprocess.run(["tar", "xf", f"{root}/usr/src/{name}.tar.xz", "-O",
                                f"{name}/{SAMPLE}"], stdout=file, check=True)
            (folder / "Kbuild").write_text("obj-m := rpmsg_client_sample.o\n")
            packages.build_modules(self.release, COMPILER, folder)
        return built
