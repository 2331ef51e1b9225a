// SPDX-License-Identifier: BSD-3-Clause
// Core 0: the driver role, with a console and a clock, and the code by which the A53 starts both.
#include <board_note.h>
#include <cortex-r/cortex_r.h>
#include <peer.h>

#include "board_core.h"
#include "print.h"

BOARD_NOTE("zcu102-r5-0");

/// What the A53 runs, from 0x500000: PSCI CPU_ON (0xc4000003) of core 0, and of core 1 when
/// `start_1` is set. The call takes the core's MPIDR (the R5s: 4 and 5), its entry and an argument.
/// This is A64, so it stands here as data.
__attribute__((section(".a53"), used)) static const uint32_t a53_code[] = {
    0xd2800064, // mov  x4, #3
    0xf2b88004, // movk x4, #0xc400, lsl #16
    0xaa0403e0, // mov  x0, x4
    0xd2800081, // mov  x1, #4
    0xd2800002, // mov  x2, #0
    0xd2800003, // mov  x3, #0
    0xd4000003, // smc  #0
    0xd2821005, // mov  x5, #0x1080
    0xf2a00805, // movk x5, #0x40, lsl #16   BOARD_CONTROL_DA, start_1
    0xd503203f, // yield
    0xb94000a6, // ldr  w6, [x5]
    0x34ffffc6, // cbz  w6, the yield
    0xaa0403e0, // mov  x0, x4
    0xd28000a1, // mov  x1, #5
    0xd2a00402, // mov  x2, #0x200000
    0xd2800003, // mov  x3, #0
    0xd4000003, // smc  #0
    0xd503207f, // wfi
    0x17ffffff, // b    the wfi
};

YOKE_STATIC_ASSERT(offsetof(struct board_control, start_1) == 0x80, "the A53's code has it");

void core_start(void)
{
    cortex_r_region(0, (uint32_t)BOARD_IMAGE_DA(0), 12, CORTEX_R_READ_ONLY | CORTEX_R_UNCACHED);
    UART(BOARD_UART_0, BOARD_UART_CONTROL) = BOARD_UART_ON;
}

void core_wake(void)
{
    // Core 1 polls.
}

void board_put(char character)
{
    while ((UART(BOARD_UART_0, BOARD_UART_STATE) & BOARD_UART_FULL) != 0) {
    }
    UART(BOARD_UART_0, BOARD_UART_DATA) = (uint8_t)character;
}

void board_peer_start(void)
{
    cortex_r_dsb();
    CONTROL->start_1 = 1;
}

void board_exit(int code)
{
    cortex_r_semihosting_exit(code);
}

_Noreturn void board_crash(struct yoke_crash *crash)
{
    core_record(crash);
    print("core 0 crashed at ");
    print_hex(crash->pc);
    print(", address ");
    print_hex(crash->address);
    print("\n");
    board_exit(2);
}

const struct board_peer board_peer = {
    .table_da = BOARD_TABLE_DA,
    .table_max = BOARD_TABLE_SIZE,
    .shared_da = BOARD_SHARED_DA,
    .shared_size = BOARD_SHARED_SIZE,
    .crash_da = BOARD_CONTROL_DA + offsetof(struct board_control, crash[1]),
    .argument_da = BOARD_CONTROL_DA + offsetof(struct board_control, argument),
};

static const struct yoke_window windows[] = {
    {BOARD_COMMON_DA, BOARD_COMMON_SIZE, (void *)BOARD_COMMON_DA},
    {BOARD_IMAGE_DA(1), BOARD_IMAGE_SIZE, (void *)BOARD_IMAGE_DA(1)},
};

const struct yoke_mem board_da = {windows, 2};
const struct yoke_mem board_pa = {windows, 2};
