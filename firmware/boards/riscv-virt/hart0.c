// SPDX-License-Identifier: BSD-3-Clause
// Hart 0: the driver role, with a console and a clock, and what hart 1 does until it is started.
#include <board_note.h>
#include <peer.h>
#include <riscv/riscv.h>

#include "board_hart.h"
#include "print.h"

#if __riscv_xlen == 64
BOARD_NOTE("riscv64-virt-0");
#define LOAD "ld"
#else
BOARD_NOTE("riscv32-virt-0");
#define LOAD "lw"
#endif

// Both harts start here. Hart 1 sleeps until the doorbell rings and the control page says where to
// go on.
__asm__(".section .text.first, \"ax\"\n"
        "    csrr t0, mhartid\n"
        "    beqz t0, riscv_start\n"
        "    csrci mstatus, 8\n"
        "    csrwi mie, 8\n"
        "    li t0, 0x80401000\n" // BOARD_CONTROL_DA
        "1:  wfi\n"
        "    " LOAD " t1, 0(t0)\n"
        "    beqz t1, 1b\n"
        "    li t2, 0x02000004\n" // BOARD_MSIP(1)
        "    sw zero, 0(t2)\n"
        "    fence iorw, iorw\n"
        "    fence.i\n"
        "    jr t1\n"
        ".text\n");

void board_put(char character)
{
    while ((BOARD_REGISTER(uint8_t, BOARD_UART_STATE) & BOARD_UART_EMPTY) == 0) {
    }
    BOARD_REGISTER(uint8_t, BOARD_UART) = (uint8_t)character;
}

void board_peer_start(void)
{
    CONTROL->start_1 = (uintptr_t)BOARD_IMAGE_DA(1);
    board_port.notify(NULL, 0);
}

void board_exit(int code)
{
    BOARD_REGISTER(uint32_t, BOARD_EXIT) = code == 0 ? 0x5555 : (uint32_t)code << 16 | 0x3333;
    for (;;) {
        riscv_wfi();
    }
}

_Noreturn void board_crash(struct yoke_crash *crash)
{
    hart_record(crash);
    print("hart 0 crashed at ");
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
