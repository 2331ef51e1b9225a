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

/// Opening leaves the core as it is. There is one such core, and one program governs it: a second
/// one is refused.
extern const struct yoke_machine_kind yoke_versal_kind;

#ifdef __cplusplus
}
#endif
#endif
