// SPDX-License-Identifier: BSD-3-Clause
// Boards `mps3-an524-0` and `-1`: what the two cores have in common. BOARD_CORE is 0 or 1.
#include <board.h>

#include <cortex-m/cortex_m.h>

#include "memory.h"

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    CM_REGISTER(BOARD_MHU + BOARD_MHU_SET(1 - BOARD_CORE)) = 1u << (notify_id % 4);
}

void board_wait(void)
{
    // Interrupts are masked: a doorbell makes one pending, which ends the sleep or prevents it.
    cm_wait_for_interrupt();
    CM_REGISTER(BOARD_MHU + BOARD_MHU_CLEAR(BOARD_CORE)) = 0xf;
    // A ring from here on raises the interrupt again.
    cm_clear_interrupt(BOARD_IRQ_MHU);
}

void cm_board_start(void)
{
    CM_REGISTER(BOARD_TIMER + BOARD_TIMER_RELOAD) = UINT32_MAX;
    CM_REGISTER(BOARD_TIMER + BOARD_TIMER_CTRL) = 1;
    cm_enable_interrupt(BOARD_IRQ_MHU);
}

uint32_t board_clock(void)
{
    return ~CM_REGISTER(BOARD_TIMER + BOARD_TIMER_VALUE);
}

const uint32_t board_clock_hz = BOARD_TIMER_HZ;

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
