// SPDX-License-Identifier: BSD-3-Clause
// Vectors, start-up and the way into the fault handler. A core starts in supervisor mode, in Arm
// state, with interrupts masked and everything else switched off.
#include "cortex_r.h"

/// Stack of the fault handler, which the abort and undefined modes share.
static _Alignas(8) __attribute__((used)) char cortex_r_fault_stack[1024];

// Where it faulted (lr, less what the mode adds), the status register of that moment and all other
// registers go to the stack: struct cortex_r_frame in fault.c. Registers 13 and 14 are those of
// system mode, in which firmware runs.
__asm__(".syntax unified\n"
        ".arm\n"
        ".section .text.vectors, \"ax\"\n"
        ".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "    b cortex_r_reset\n"
        "    b cortex_r_undefined\n"
        "    b cortex_r_unexpected\n" // supervisor call
        "    b cortex_r_prefetch_abort\n"
        "    b cortex_r_data_abort\n"
        "    b cortex_r_unexpected\n" // reserved
        "    b cortex_r_unexpected\n" // interrupt
        "    b cortex_r_unexpected\n" // fast interrupt
        "cortex_r_reset:\n"
        "    ldr r0, =cortex_r_fault_stack + 1024\n"
        "    cps #0x11\n"
        "    mov sp, r0\n"
        "    cps #0x12\n"
        "    mov sp, r0\n"
        "    cps #0x13\n"
        "    mov sp, r0\n"
        "    cps #0x17\n"
        "    mov sp, r0\n"
        "    cps #0x1b\n"
        "    mov sp, r0\n"
        "    cps #0x1f\n"
        "    ldr sp, =board_stack_top\n"
        "    mov fp, #0\n"
        "    mov lr, #0\n"
        "    ldr r0, =board_start\n"
        "    bx r0\n"
        "cortex_r_undefined:\n"
        "    stmdb sp!, {r0-r12}\n"
        "    mrs r0, spsr\n"
        "    tst r0, #0x20\n" // Thumb
        "    subne lr, lr, #2\n"
        "    subeq lr, lr, #4\n"
        "    mov r2, #0\n"
        "    b cortex_r_report\n"
        "cortex_r_prefetch_abort:\n"
        "    sub lr, lr, #4\n"
        "    stmdb sp!, {r0-r12}\n"
        "    mov r2, #1\n"
        "    b cortex_r_report\n"
        "cortex_r_data_abort:\n"
        "    sub lr, lr, #8\n"
        "    stmdb sp!, {r0-r12}\n"
        "    mov r2, #2\n"
        "    b cortex_r_report\n"
        "cortex_r_unexpected:\n"
        "    stmdb sp!, {r0-r12}\n"
        "    mov r2, #3\n"
        "cortex_r_report:\n"
        "    mrs r1, spsr\n"
        "    mov r0, sp\n"
        "    sub sp, sp, #20\n"
        "    str r2, [sp]\n"
        "    str lr, [sp, #4]\n"
        "    str r1, [sp, #8]\n"
        "    add r1, sp, #12\n"
        "    stmia r1, {sp, lr}^\n"
        "    nop\n"
        "    mov r0, sp\n"
        "    bic sp, sp, #7\n"
        "    ldr r1, =cortex_r_fault\n"
        "    bx r1\n"
        ".ltorg\n"
        ".size _start, . - _start\n"
        ".text\n");
