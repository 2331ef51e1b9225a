// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/mem.h>

void *yoke_mem_at(const struct yoke_mem *mem, uint64_t address, uint64_t size)
{
    const struct yoke_window *window = mem->windows;

    for (uint32_t left = mem->count; left != 0; left--, window++) {
        // Below the window the difference wraps to a huge offset, which the comparison refuses.
        const uint64_t offset = address - window->address;
        if (offset <= window->size && size <= window->size - offset) {
            return (char *)window->va + (size_t)offset;
        }
    }
    return NULL;
}
