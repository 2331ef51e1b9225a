// SPDX-License-Identifier: BSD-3-Clause
// Start-up, and the way into the trap handler.
#include "riscv.h"

#if __riscv_xlen == 64
#define STORE "sd"
#define WORD "8"
#else
#define STORE "sw"
#define WORD "4"
#endif

/// Stack of the trap handler.
static _Alignas(16) __attribute__((used)) char riscv_trap_stack[1024];

// A trap puts all registers on the handler's stack, as x0 to x31, for riscv_trapped() in fault.c.
// mscratch keeps the old stack pointer meanwhile.
__asm__(".section .text.start, \"ax\"\n"
        ".globl riscv_start\n"
        ".type riscv_start, @function\n"
        "riscv_start:\n"
        "    csrci mstatus, 8\n"
        "    csrw mie, zero\n"
        "    la t0, riscv_trap\n"
        "    csrw mtvec, t0\n"
        "    la sp, board_stack_top\n"
        "    li s0, 0\n"
        "    li ra, 0\n"
        "    j board_start\n"
        ".size riscv_start, . - riscv_start\n"
        ".balign 4\n"
        ".type riscv_trap, @function\n"
        "riscv_trap:\n"
        "    csrw mscratch, sp\n"
        "    la sp, riscv_trap_stack + 1024 - 32 * " WORD "\n"
        "    .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, "
        "23, 24, 25, 26, 27, 28, 29, 30, 31\n"
        "    " STORE " x\\n, \\n * " WORD "(sp)\n"
        "    .endr\n"
        "    csrr t0, mscratch\n"
        "    " STORE " zero, 0(sp)\n"
        "    " STORE " t0, 2 * " WORD "(sp)\n"
        "    mv a0, sp\n"
        "    j riscv_trapped\n"
        ".size riscv_trap, . - riscv_trap\n"
        ".text\n");
