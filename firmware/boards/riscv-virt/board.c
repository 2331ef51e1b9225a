// SPDX-License-Identifier: BSD-3-Clause
// What the two harts of boards `riscv64-virt` and `riscv32-virt` have in common: doorbells,
// protection, crash records. BOARD_HART is 0 or 1.
#include <string.h>

#include <board.h>
#include <riscv/riscv.h>

#include "board_hart.h"

#define OTHER_HART (1 - BOARD_HART)

// By the linker script: this image, and the page below the stack.
extern char board_image_start[];
extern char board_code_end[];
extern char board_stack_guard[4096];

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id; // One doorbell for all rings: the other hart looks at each.
    riscv_fence();
    BOARD_REGISTER(uint32_t, BOARD_MSIP(OTHER_HART)) = 1;
}

void board_wait(void)
{
    // Interrupts are masked: a doorbell makes one pending, which ends the sleep or prevents it.
    riscv_wfi();
    BOARD_REGISTER(uint32_t, BOARD_MSIP(BOARD_HART)) = 0;
    // A ring from here on makes it pending again.
    riscv_fence();
}

void hart_record(struct yoke_crash *crash)
{
    volatile struct yoke_crash *const record = &CONTROL->crash[BOARD_HART];

    if (crash->address - (uintptr_t)board_stack_guard < sizeof board_stack_guard) {
        crash->cause = YOKE_CRASH_STACK;
    }
    crash->magic = 0;
    crash->version = YOKE_CRASH_VERSION;
    memcpy((void *)(uintptr_t)record, crash, sizeof *crash);
    riscv_fence();
    record->magic = YOKE_CRASH_MAGIC;
    notify(NULL, 0);
}

_Noreturn void board_start(void)
{
    riscv_protect(board_stack_guard, board_image_start, board_code_end);
    RISCV_SET(mie, RISCV_MIE_MSIE);
    board_exit(main());
}

uint32_t board_clock(void)
{
    return BOARD_REGISTER(uint32_t, BOARD_MTIME);
}

const uint32_t board_clock_hz = 10000000;

const struct yoke_port board_port = {.notify = notify};
