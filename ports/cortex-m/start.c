// SPDX-License-Identifier: BSD-3-Clause
#include <board.h>

#include "cortex_m.h"

__attribute__((section(".vectors"), used)) const void *const cm_vectors[16] = {
    board_stack_top, cm_reset, cm_fault, cm_fault, cm_fault, cm_fault, cm_fault, cm_fault,
    cm_fault,        cm_fault, cm_fault, cm_fault, cm_fault, cm_fault, cm_fault, cm_fault,
};

void cm_mpu_allow(uint32_t number, const volatile void *first, const volatile void *end,
                  uint32_t access, uint32_t kind)
{
    CM_MPU_RNR = number;
    CM_MPU_RBAR = (uint32_t)(uintptr_t)first | access;
    CM_MPU_RLAR = ((uint32_t)(uintptr_t)end - 32) | kind;
}

void cm_mpu_enable(void)
{
    CM_MPU_MAIR0 = 0x0444; // 0: memory, not cached; 1: registers.
    CM_MPU_CTRL = 1;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void cm_reset(void)
{
    cm_mask_interrupts();
#if defined(__ARM_ARCH_8M_MAIN__)
    __asm__ volatile("msr msplim, %0" ::"r"(board_stack_bottom));
#endif
    CM_VTOR = (uint32_t)(uintptr_t)cm_vectors;
    CM_CCR |= CM_CCR_DIV_0_TRP;
    cm_board_start();
    board_exit(main());
}
