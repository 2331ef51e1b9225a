// SPDX-License-Identifier: BSD-3-Clause
/// \file mem.h
/// Memory windows: the only way from an address that a peer wrote to a pointer.
#ifndef YOKE_MEM_H
#define YOKE_MEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One range of shared memory: the address by which the peer calls it, and where it lies here.
struct yoke_window {
    uint64_t address; ///< First address, as the peer writes it.
    uint64_t size;    ///< Bytes; address + size must not exceed 2^64.
    void *va;         ///< The same bytes in this side's address space.
};

/// A map: a list of windows. Device addresses (da) and physical addresses (pa) need one map each.
/// Put the busiest window first. Owned by the caller, constant while in use.
struct yoke_mem {
    const struct yoke_window *windows; ///< The list.
    uint32_t count;                    ///< Its length.
};

/// Turns (address, size) into a pointer, or NULL unless one window holds all of it.
///
/// Context: any, ISR included. Cost: one comparison for each window. Any values are safe.
/// A size of 0 must lie inside a window too.
void *yoke_mem_at(const struct yoke_mem *mem, uint64_t address, uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
