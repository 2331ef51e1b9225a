// SPDX-License-Identifier: BSD-3-Clause
// Boards `skeleton-0` and `-1`: what the two cores have in common. Doorbells are counters in shared
// memory, and polled: any two cores can do that. BOARD_CORE is 0 or 1.
#include <board.h>

#include <cortex-m/cortex_m.h>

#include "memory.h"

#define CONTROL ((volatile struct board_control *)(uintptr_t)BOARD_CONTROL_DA)

/// Rings that board_wait() has returned for.
static uint32_t seen;

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id; // One doorbell for all rings: the other core looks at each.
    CONTROL->bell[1 - BOARD_CORE].rung++;
}

void board_wait(void)
{
    while (CONTROL->bell[BOARD_CORE].rung == seen) {
        __asm__ volatile("yield");
    }
    seen = CONTROL->bell[BOARD_CORE].rung;
    __asm__ volatile("dmb" ::: "memory");
}

void cm_board_start(void)
{
    // The first look at the rings comes after this, so what was rung for before is seen then.
    seen = CONTROL->bell[BOARD_CORE].rung;
}

struct yoke_crash *const cm_board_crash_record =
    (struct yoke_crash *)(BOARD_CONTROL_DA + offsetof(struct board_control, crash[BOARD_CORE]));

const struct yoke_port board_port = {.notify = notify};

static const struct yoke_window windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
#if BOARD_CORE == 0
    {BOARD_TABLE_DA, BOARD_TABLE_SIZE, (void *)BOARD_TABLE_DA},
    {BOARD_CONTROL_DA, BOARD_CONTROL_SIZE, (void *)BOARD_CONTROL_DA},
    {BOARD_IMAGE_DA(1), BOARD_IMAGE_SIZE, (void *)BOARD_IMAGE_DA(1)},
#endif
};

const struct yoke_mem board_da = {windows, sizeof windows / sizeof windows[0]};
const struct yoke_mem board_pa = {windows, sizeof windows / sizeof windows[0]};
