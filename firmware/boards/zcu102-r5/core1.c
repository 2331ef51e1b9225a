// SPDX-License-Identifier: BSD-3-Clause
// Core 1: the device role. Its vectors are the high ones, for core 0 has the low ones.
#include <board_note.h>
#include <cortex-r/cortex_r.h>

#include "board_core.h"

BOARD_NOTE("zcu102-r5-1");

/// By start.c: eight branches, one for each exception.
extern const uint32_t _start[8];

void core_start(void)
{
    volatile uint32_t *const vectors = (volatile uint32_t *)(uintptr_t)BOARD_HIGH_VECTORS;

    for (uint32_t i = 0; i < 8; i++) {
        vectors[i] = 0xe59ff018; // ldr pc, the word 32 bytes further on
        vectors[8 + i] = (uint32_t)(uintptr_t)&_start[i];
    }
    cortex_r_dsb();
    CORTEX_R_SET(0, c1, c0, 0, CORTEX_R_GET(0, c1, c0, 0) | 1u << 13); // SCTLR.V
    cortex_r_isb();
    // Core 0's image, and with it address 0.
    cortex_r_region(0, (uint32_t)BOARD_IMAGE_DA(0), 21, CORTEX_R_NO_ACCESS | CORTEX_R_NO_EXECUTE);
}

void core_wake(void)
{
    // Core 0 polls.
}
