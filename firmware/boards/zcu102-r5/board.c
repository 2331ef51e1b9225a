// SPDX-License-Identifier: BSD-3-Clause
// Boards `zcu102-r5-0`, `-1` and `-host`: what they have in common: doorbells, protection, crash
// records. BOARD_CORE is 0 or 1; a host outside of the chip takes the place of core 1.
#include <string.h>

#include <board.h>
#include <cortex-r/cortex_r.h>

#include "board_core.h"

#define OTHER_CORE (1 - BOARD_CORE)

/// By the linker script: the page below the stack.
extern char board_stack_guard[4096];

/// Rings that board_wait() has returned for.
static uint32_t seen;

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id; // One doorbell for all rings: the other side looks at each.
    cortex_r_dsb();
    CONTROL->bell[OTHER_CORE].rung++;
    core_wake();
}

void board_wait(void)
{
    while (CONTROL->bell[BOARD_CORE].rung == seen) {
        cortex_r_relax();
    }
    seen = CONTROL->bell[BOARD_CORE].rung;
    cortex_r_dsb();
}

void core_record(struct yoke_crash *crash)
{
    volatile struct yoke_crash *const record = &CONTROL->crash[BOARD_CORE];

    if (crash->address - (uintptr_t)board_stack_guard < sizeof board_stack_guard) {
        crash->cause = YOKE_CRASH_STACK;
    }
    crash->magic = 0;
    crash->version = YOKE_CRASH_VERSION;
    memcpy((void *)(uintptr_t)record, crash, sizeof *crash);
    cortex_r_dsb();
    record->magic = YOKE_CRASH_MAGIC;
    notify(NULL, 0);
}

_Noreturn void board_start(void)
{
    cortex_r_region(1, (uint32_t)(uintptr_t)board_stack_guard, 12,
                    CORTEX_R_NO_ACCESS | CORTEX_R_NO_EXECUTE | CORTEX_R_UNCACHED);
    cortex_r_region(2, (uint32_t)BOARD_COMMON_DA, 20,
                    CORTEX_R_READ_WRITE | CORTEX_R_NO_EXECUTE | CORTEX_R_SHARED);
    // SCTLR.V is set by reset on this chip: vectors are to be those at 0, but for core 1.
    CORTEX_R_SET(0, c1, c0, 0, CORTEX_R_GET(0, c1, c0, 0) & ~(1u << 13));
    cortex_r_isb();
    core_start();
    CORTEX_R_SET(0, c9, c12, 0, CORTEX_R_GET(0, c9, c12, 0) | 1u); // PMCR: counters run
    CORTEX_R_SET(0, c9, c12, 1, 1u << 31);                         // PMCNTENSET: that of cycles
    cortex_r_protect();
    // The first look at the rings comes after this, so what was rung for before is seen then.
    seen = CONTROL->bell[BOARD_CORE].rung;
    cortex_r_dsb();
    board_exit(main());
}

uint32_t board_clock(void)
{
    return CORTEX_R_GET(0, c9, c13, 0); // PMCCNTR
}

const uint32_t board_clock_hz = 1000000000; // QEMU's. Real: what the clock controller was told.

static void clean(void *context, const void *start, size_t size)
{
    (void)context;
    cortex_r_clean(start, size);
}

static void invalidate(void *context, const void *start, size_t size)
{
    (void)context;
    cortex_r_invalidate(start, size);
}

// The caches are off, so the library is built without YOKE_CACHE and calls neither of the last two.
const struct yoke_port board_port = {.notify = notify, .clean = clean, .invalidate = invalidate};
