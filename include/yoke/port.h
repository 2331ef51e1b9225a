// SPDX-License-Identifier: BSD-3-Clause
/// \file port.h
/// The port contract: what a platform gives the core.
///
/// Barriers are compile-time (src/port/access.h); everything else is this struct. See PORTING.md.
#ifndef YOKE_PORT_H
#define YOKE_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a platform provides. Owned by the caller, constant while any ring or link uses it.
///
/// No function may call back into the core, block, or fail.
struct yoke_port {
    /// Rings the other side's doorbell for one virtqueue.
    ///
    /// Context: whatever context called into the core. Everything that the core stored before is
    /// visible to the other side before the doorbell is. `notify_id` is the vring's notifyid.
    /// Ringing twice, or without need, is harmless.
    void (*notify)(void *context, uint32_t notify_id);

    /// Writes `size` bytes at `start` back from this side's data cache to memory that the other
    /// side reads. NULL if the memory is coherent or not cached. Called only in builds with
    /// YOKE_CACHE set.
    void (*clean)(void *context, const void *start, size_t size);

    /// Discards `size` bytes at `start` from this side's data cache, so that the next load comes
    /// from memory. NULL as for `clean`. The core never asks for a line that it has dirtied.
    void (*invalidate)(void *context, const void *start, size_t size);

    /// Passed to each function.
    void *context;
};

#ifdef __cplusplus
}
#endif
#endif
