// SPDX-License-Identifier: BSD-3-Clause
/// \file coprocessor.h
/// The carveouts that the kernel has of a process machine's shared memory. Firmware that asks for
/// one by name or by address finds them here too.
#ifndef INTEROP_COPROCESSOR_H
#define INTEROP_COPROCESSOR_H

#include "boards/process/memory.h"

/// vdev0vring0, vdev0vring1, vdev1vring0, vdev1vring1, one after another from BOARD_SHARED_DA.
#define COPROCESSOR_RING_SIZE UINT64_C(0x4000)

/// "pool": for a carveout entry without an address.
#define COPROCESSOR_POOL_DA (BOARD_SHARED_DA + 0x100000)
#define COPROCESSOR_POOL_SIZE UINT64_C(0x10000)

/// "window": for a carveout entry with an address.
#define COPROCESSOR_WINDOW_DA (BOARD_SHARED_DA + 0x200000)
#define COPROCESSOR_WINDOW_SIZE UINT64_C(0x10000)

#endif
