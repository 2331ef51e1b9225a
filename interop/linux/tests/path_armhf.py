# SPDX-License-Identifier: BSD-3-Clause
"""Path armhf: Debian's own armhf kernel in QEMU, and emulated Cortex-M33 as its coprocessors."""
import sys

import core_dump
import debian
import guest
import suite

sys.path.insert(0, str(guest.LINUX / "kernel"))
import armhf  # pylint: disable=wrong-import-position,wrong-import-order

NEEDS = ("arm-linux-gnueabihf-gcc=gcc-arm-linux-gnueabihf",
         "/usr/arm-linux-gnueabihf/include/stdio.h=libc6-dev-armhf-cross",
         "arm-none-eabi-gcc=gcc-arm-none-eabi", "qemu-system-arm=qemu-system-arm",
         "gdb-multiarch=gdb-multiarch", "<unicorn/unicorn.h>=libunicorn-dev", "make=make",
         "xz=xz-utils", "setpriv=util-linux")


class Armhf(suite.Suite):
    """See suite.Suite."""
    name = "armhf"
    title = "Debian's Linux in QEMU, and Cortex-M33 in the emulator"
    compiler = "arm-linux-gnueabihf-gcc"
    core = core_dump.CortexM

    def __init__(self):
        super().__init__()
        self.kernel = armhf.Kernel()

    def ready(self):
        return self.kernel.ready()

    def make(self):
        debian.need(*NEEDS)
        self.kernel.make()
        self.title = f"Linux {self.kernel.release} in QEMU, and Cortex-M33 in the emulator"
        self.build()
        debian.run(guest.ROOT / "scripts/firmware", "arm")

    def firmware(self, name):
        return guest.ROOT / f"build/firmware-arm/firmware/mps2-an521/{name}.elf"

    def guest_files(self):
        return self.kernel.busybox, self.kernel.modules, self.kernel.base

    def coprocessor(self, number):
        return ["ivshmem"]

    def command(self, initramfs, words, shell):
        # Two processors: with one, QEMU leaves out the barriers between it and the coprocessor.
        command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-arm",
                   "-M", "virt,highmem=off,gic-version=2", "-cpu", "cortex-a15", "-smp", "2",
                   "-m", "256M", "-accel", "tcg,thread=multi", "-nodefaults", "-display", "none",
                   "-no-reboot", "-serial", "mon:stdio" if shell else "stdio",
                   "-kernel", str(self.kernel.image), "-initrd", str(initramfs), "-append",
                   " ".join(("console=ttyAMA0 rdinit=/init panic=-1", *self.parameters, *words))]
        for number, socket in enumerate(self.sockets):
            command += ["-chardev", f"socket,id=core{number},path={socket}",
                        "-device", f"ivshmem-doorbell,chardev=core{number},vectors=1,"
                                   f"addr={number + 1}"]
        return command


def main(words):
    """See run."""
    return Armhf().main(words)
