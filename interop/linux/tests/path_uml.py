# SPDX-License-Identifier: BSD-3-Clause
"""Path uml: User-Mode Linux, and process machines as its coprocessors."""
import os
import sys

import core_dump
import debian
import guest
import suite

sys.path.insert(0, str(guest.LINUX / "kernel"))
import uml  # pylint: disable=wrong-import-position,wrong-import-order

MEMORY = 96  # MiB


class Uml(suite.Suite):
    """See suite.Suite."""
    name = "uml"
    title = "Linux 6.12 and process machines"
    compiler = "gcc"
    core = core_dump.Process

    def __init__(self):
        super().__init__()
        self.kernel = uml.Kernel()
        self.ddr = os.memfd_create("yoke-ddr", 0)
        os.ftruncate(self.ddr, MEMORY << 20)
        self.options = {"pass_fds": [self.ddr]}
        # The kernel's physical memory is ours.
        self.environment = {"env": os.environ | {
            "YOKE_DDR_FD": str(self.ddr),
            "LD_PRELOAD": str(suite.BUILD / "interop/linux/libinterop_preload.so")}}

    def ready(self):
        return self.kernel.ready()

    def make(self):
        self.kernel.make()
        self.kernel.module()
        self.build("interop_preload", *(f"firmware_process_{name}" for name in suite.FIRMWARE))

    def firmware(self, name):
        return suite.BUILD / f"firmware/process/{name}.elf"

    def guest_files(self):
        busybox = debian.Packages("amd64").fetch("busybox-static") / "bin/busybox"
        if not busybox.exists():
            busybox = debian.Packages("amd64").root / "usr/bin/busybox"
        return busybox, [self.kernel.module(), self.kernel.sample()], self.kernel.base

    def coprocessor(self, number):
        return ["uml", "--name", f"yoke{number}", "--ddr", str(self.ddr)]

    def command(self, initramfs, words, shell):
        # Without randomised addresses, which would change the size of the kernel's memory.
        console = "con0=fd:0,fd:1" if shell else "con0=null,fd:1"
        return ["setpriv", "--pdeathsig", "KILL", "setarch", "-R", str(self.kernel.linux),
                f"mem={MEMORY}M", f"initrd={initramfs}", "rdinit=/init", "con=null", console,
                "ssl=null", "panic=1", *self.parameters,
                *words]


def main(words):
    """See run."""
    return Uml().main(words)
