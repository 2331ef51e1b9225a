// SPDX-License-Identifier: BSD-3-Clause
// Board `versal-r5`: start-up, memory maps, doorbells, crash record.
#include <string.h>

#include <board.h>
#include <board_note.h>
#include <cortex-r/cortex_r.h>

#include "memory.h"

BOARD_NOTE("versal-r5");

#define CONTROL ((volatile struct board_control *)BOARD_CONTROL_DA)

/// By the linker script: the page below the stack, and the stack's end.
extern char board_stack_guard[4096];
extern char board_stack_top[];

/// Rings of the host's doorbell that board_wait() has returned for.
static uint32_t seen;

// ---- The doorbell to the host: a channel of the LPD's DMA controller copies one word, and
// interrupts when it is done. Registers: AM012, module ADMA.

#define DMA(offset) (*(volatile uint32_t *)(uintptr_t)(BOARD_DMA_DA + (offset)))
#define DMA_ISR 0x100u
#define DMA_IEN 0x108u
#define DMA_FROM 0x128u
#define DMA_TO 0x138u
#define DMA_ENABLE 0x200u
#define DMA_DONE (1u << 10)

static void interrupt_host(void)
{
    const uint32_t from = (uint32_t)(BOARD_CONTROL_DA + offsetof(struct board_control, dma_from));
    const uint32_t to = (uint32_t)(BOARD_CONTROL_DA + offsetof(struct board_control, dma_to));

    DMA(DMA_IEN) = DMA_DONE;
    DMA(DMA_FROM) = from;
    DMA(DMA_FROM + 4) = 0;
    DMA(DMA_FROM + 8) = sizeof(uint32_t);
    DMA(DMA_TO) = to;
    DMA(DMA_TO + 4) = 0;
    DMA(DMA_TO + 8) = sizeof(uint32_t);
    cortex_r_dsb();
    DMA(DMA_ENABLE) = 1;
}

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id; // One doorbell for all rings: the host looks at each.
    cortex_r_dsb();
    CONTROL->to_host.rung++;
    // Partner: versal_arm() in machines/versal.
    cortex_r_dsb();
    if (CONTROL->to_host.asleep != 0) {
        interrupt_host();
    }
}

void board_wait(void)
{
    volatile struct board_bell *const bell = &CONTROL->to_firmware;

    // Everything that was rung for is done. Partner: versal_settled() in machines/versal.
    cortex_r_dsb();
    bell->handled = seen;
    while (bell->rung == seen) {
        cortex_r_relax();
    }
    seen = bell->rung;
    cortex_r_dsb();
}

// ---- The end

static _Noreturn void park(void)
{
    (void)cortex_r_irq_mask();
    for (;;) {
        cortex_r_wfi();
    }
}

_Noreturn void board_crash(struct yoke_crash *crash)
{
    if (crash->address - (uintptr_t)board_stack_guard < sizeof board_stack_guard) {
        crash->cause = YOKE_CRASH_STACK;
    }
    crash->magic = 0;
    crash->version = YOKE_CRASH_VERSION;
    memcpy((void *)(uintptr_t)&CONTROL->crash, crash, sizeof *crash);
    cortex_r_dsb();
    CONTROL->crash.magic = YOKE_CRASH_MAGIC;
    notify(NULL, 0);
    park();
}

void board_exit(int code)
{
    static struct yoke_crash crash;

    crash.cause = YOKE_CRASH_EXIT;
    crash.status[0] = (uint32_t)code;
    crash.pc = (uintptr_t)__builtin_return_address(0);
    board_crash(&crash);
}

// ---- The beginning

/// Nothing is written near address 0, nothing passes the stack's end unseen, and shared memory is
/// not cached.
static void protect(void)
{
    cortex_r_region(0, (uint32_t)BOARD_IMAGE_DA, 12, CORTEX_R_READ_ONLY | CORTEX_R_UNCACHED);
    cortex_r_region(1, (uint32_t)(uintptr_t)board_stack_guard, 12,
                    CORTEX_R_NO_ACCESS | CORTEX_R_NO_EXECUTE | CORTEX_R_UNCACHED);
    cortex_r_region(2, (uint32_t)BOARD_CONTROL_DA, 20,
                    CORTEX_R_READ_WRITE | CORTEX_R_NO_EXECUTE | CORTEX_R_SHARED);
    cortex_r_protect();
}

_Noreturn void board_start(void)
{
    // First of all: until here the image is as it was loaded, and the host may start again.
    CONTROL->state = BOARD_STATE_STARTED;
    cortex_r_dsb();
    protect();
    // The first look at the rings comes after this, so what was rung for before is seen then.
    seen = CONTROL->to_firmware.rung;
    CONTROL->crash.magic = 0;
    cortex_r_dsb();
    board_exit(main());
}

const struct yoke_port board_port = {.notify = notify};

static const struct yoke_window windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
    {BOARD_IMAGE_DA, BOARD_IMAGE_SIZE, (void *)BOARD_IMAGE_DA},
};

const struct yoke_mem board_da = {windows, 2};
const struct yoke_mem board_pa = {windows, 2};
