// SPDX-License-Identifier: BSD-3-Clause
/// \file versal.h
/// The Linux side of board versal-r5: the Cortex-R5F beside the processors that this program runs
/// on. For user space on the board itself, or on QEMU's xlnx-versal-virt.
///
/// Memory and the reset register are reached through /dev/mem, and so the program needs root, and
/// the device tree must keep Linux out of that memory: lab/versal-r5.dtso.
///
/// The doorbell from the core: with the kernel module lab/module its interrupt; without, it is
/// polled: for a short while without pause, then with sleeps that grow to a millisecond. The
/// module also maps the memory as ordinary uncached memory, on which any access is allowed;
/// /dev/mem maps it as a device, on which real processors fault at unaligned accesses.
#ifndef MACHINE_VERSAL_H
#define MACHINE_VERSAL_H

#include <yoke/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The processor that this machine has.
extern const struct yoke_elf_target yoke_versal_target;

/// The map, without memory behind it: for plans.
extern const struct yoke_region yoke_versal_map[2];

/// Whether this computer is such a board; looks at the device tree. If not, `why`, of `size` bytes,
/// says so in words.
bool yoke_versal_here(char *why, size_t size);

/// Opens the machine: leaves the core as it is. Returns NULL, and `error`, of `size` bytes, says
/// what failed.
///
/// There is one such core, and one program governs it: a second one is refused.
struct yoke_machine *yoke_versal_open(char *error, size_t size);

#ifdef __cplusplus
}
#endif
#endif
