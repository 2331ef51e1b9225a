// SPDX-License-Identifier: BSD-3-Clause
// Boards `mps2-an521-cpu0` and `-cpu1`: what the two cores have in common: memory maps, doorbells,
// protection. BOARD_CORE is 0 or 1.
#include <board.h>
#include <board_note.h>

#include <cortex-m/cortex_m.h>

#include "board_core.h"
#include "memory.h"

#define OTHER_CORE (1 - BOARD_CORE)
#define ALL_BELLS 0xfu
#define TIMER(offset) CM_REGISTER(BOARD_TIMER + (offset))

// Of the linker script: where data begins.
extern char board_code_end[];

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    CM_REGISTER(BOARD_MHU + BOARD_MHU_SET(OTHER_CORE)) = 1u << (notify_id % 4);
}

void board_wait(void)
{
    // Interrupts are masked: a doorbell makes one pending, which ends the sleep or prevents it.
    cm_wait_for_interrupt();
    CM_REGISTER(BOARD_MHU + BOARD_MHU_CLEAR(BOARD_CORE)) = ALL_BELLS;
    // A ring from here on raises the interrupt again.
    cm_clear_interrupt(BOARD_IRQ_MHU);
}

static void allow(uint32_t number, uint64_t first, uint64_t size, uint32_t access, uint32_t kind)
{
    char *const start = (char *)(uintptr_t)first;

    cm_mpu_allow(number, start, start + size, access, kind);
}

void cm_board_start(void)
{
    const uint32_t image = (uint32_t)BOARD_IMAGE_DA(BOARD_CORE);
    const uint32_t code_end = (uint32_t)(uintptr_t)board_code_end;

    allow(0, image, code_end - image, CM_MPU_CODE, CM_MPU_NORMAL);
    allow(1, code_end, image + BOARD_IMAGE_SIZE - code_end, CM_MPU_DATA, CM_MPU_NORMAL);
    allow(2, BOARD_COMMON_DA, BOARD_COMMON_SIZE, CM_MPU_DATA, CM_MPU_NORMAL);
    allow(3, BOARD_REGISTERS_DA, BOARD_REGISTERS_SIZE, CM_MPU_DATA, CM_MPU_DEVICE);
    core_start();
    TIMER(BOARD_TIMER_RELOAD) = UINT32_MAX;
    TIMER(BOARD_TIMER_CTRL) = 1;
    cm_mpu_enable();
    cm_enable_interrupt(BOARD_IRQ_MHU);
}

struct yoke_crash *const cm_board_crash_record = (struct yoke_crash *)BOARD_CRASH_DA(BOARD_CORE);

uint32_t board_clock(void)
{
    return ~TIMER(BOARD_TIMER_VALUE);
}

const uint32_t board_clock_hz = BOARD_TIMER_HZ;

const struct yoke_port board_port = {.notify = notify};
