// SPDX-License-Identifier: BSD-3-Clause
/// \file at.h
/// yoke_mem_at() inline, for the paths that every message takes.
#ifndef YOKE_MEM_AT_H
#define YOKE_MEM_AT_H

#include <yoke/mem.h>

/// See yoke_mem_at(). The first window, the busiest, is tried in line. There must be one.
static inline void *mem_at(const struct yoke_mem *mem, uint64_t address, uint64_t size)
{
    const struct yoke_window *const window = mem->windows;
    // Below the window the difference wraps to a huge offset, which the comparison refuses.
    const uint64_t offset = address - window->address;

    if (offset <= window->size && size <= window->size - offset) {
        return (char *)window->va + (size_t)offset;
    }
    return yoke_mem_at(mem, address, size);
}

#endif
