// SPDX-License-Identifier: BSD-3-Clause
#include "mem/at.h"

void *yoke_mem_at(const struct yoke_mem *mem, uint64_t address, uint64_t size)
{
    return mem_at(mem, address, size);
}
