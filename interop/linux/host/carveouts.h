// SPDX-License-Identifier: BSD-3-Clause
/// \file carveouts.h
/// The carveouts that the kernel has of a core's shared memory, as offsets in it. Firmware that
/// asks for one by name or by address finds them here too.
#ifndef INTEROP_CARVEOUTS_H
#define INTEROP_CARVEOUTS_H

#include <stdint.h>

/// vdev0vring0, vdev0vring1, vdev1vring0, vdev1vring1, one after another from the start.
#define CARVEOUT_RING_SIZE UINT64_C(0x4000)

/// "pool": for a carveout entry without an address.
#define CARVEOUT_POOL UINT64_C(0x100000)
#define CARVEOUT_POOL_SIZE UINT64_C(0x10000)

/// "window": for a carveout entry with an address.
#define CARVEOUT_WINDOW UINT64_C(0x200000)
#define CARVEOUT_WINDOW_SIZE UINT64_C(0x10000)

/// vdev0buffer, vdev1buffer, one after another: where the core does not see the kernel's memory.
#define CARVEOUT_BUFFERS UINT64_C(0x300000)
#define CARVEOUT_BUFFERS_SIZE UINT64_C(0x40000)

#endif
