// SPDX-License-Identifier: BSD-3-Clause
/// \file qemu.h
/// The QEMU machines: firmware of boards mps2-an521 and zcu102-r5-host on a whole emulated board,
/// in a process of its own.
///
/// The board's RAM is an unnamed shared memory file, doorbells and console are socket pairs: QEMU
/// gets descriptors and nothing is ever on disk. Each start is a new process, for QEMU does not see
/// code that changes under it; it takes a third of a second. It dies with the thread that started
/// it.
#ifndef MACHINE_QEMU_H
#define MACHINE_QEMU_H

#include <yoke/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct yoke_machine_kind yoke_qemu_kind;
extern const struct yoke_machine_kind yoke_qemu_r5_kind;

#ifdef __cplusplus
}
#endif
#endif
