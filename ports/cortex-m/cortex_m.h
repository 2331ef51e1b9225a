// SPDX-License-Identifier: BSD-3-Clause
/// \file cortex_m.h
/// What every board with a Cortex-M core needs, mostly as one instruction each: interrupts, sleep,
/// memory protection, faults. Registers are those of the Armv8-M architecture reference; Armv7-M
/// has the same but for the stack limit and the memory protection.
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

#include <yoke/abi/crash.h>

/// A register of 32 bits.
#define CM_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define CM_NVIC_ISER(n) CM_REGISTER(0xe000e100 + 4 * (n)) ///< Enables interrupts.
#define CM_NVIC_ICPR(n) CM_REGISTER(0xe000e280 + 4 * (n)) ///< Clears what is pending.
#define CM_VTOR CM_REGISTER(0xe000ed08)                   ///< Where the vectors lie.
#define CM_CCR CM_REGISTER(0xe000ed14)
#define CM_CCR_DIV_0_TRP (1u << 4) ///< A division by zero faults.
#define CM_CFSR CM_REGISTER(0xe000ed28)
#define CM_HFSR CM_REGISTER(0xe000ed2c)
#define CM_MMFAR CM_REGISTER(0xe000ed34)
#define CM_BFAR CM_REGISTER(0xe000ed38)
#define CM_MPU_CTRL CM_REGISTER(0xe000ed94)
#define CM_MPU_RNR CM_REGISTER(0xe000ed98)
#define CM_MPU_RBAR CM_REGISTER(0xe000ed9c)
#define CM_MPU_RLAR CM_REGISTER(0xe000eda0)
#define CM_MPU_MAIR0 CM_REGISTER(0xe000edc0)

/// No handler runs from here on; what is pending still ends cm_wait_for_interrupt().
static inline void cm_mask_interrupts(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
}

/// Sleeps until an enabled interrupt is pending; returns at once if one is. All stores before it
/// are done by then.
static inline void cm_wait_for_interrupt(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

static inline void cm_enable_interrupt(uint32_t number)
{
    CM_NVIC_ISER(number / 32) = UINT32_C(1) << (number % 32);
}

/// Forgets that an interrupt was pending; one whose cause is still there stays so.
static inline void cm_clear_interrupt(uint32_t number)
{
    CM_NVIC_ICPR(number / 32) = UINT32_C(1) << (number % 32);
}

/// Ends a virtual machine that has semihosting switched on, with an exit code. Elsewhere it faults.
_Noreturn static inline void cm_semihosting_exit(int code)
{
    const uint32_t block[2] = {0x20026, (uint32_t)code}; // ADP_Stopped_ApplicationExit
    register uint32_t operation __asm__("r0") = 0x20;    // SYS_EXIT_EXTENDED
    register const uint32_t *argument __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" ::"r"(operation), "r"(argument) : "memory");
    for (;;) {
        cm_wait_for_interrupt();
    }
}

// ---- Memory protection (Armv8-M)

#define CM_MPU_CODE 0x6u   ///< RBAR: read and execute.
#define CM_MPU_DATA 0x1u   ///< RBAR: read and write.
#define CM_MPU_NORMAL 0x1u ///< RLAR: memory, not cached.
#define CM_MPU_DEVICE 0x3u ///< RLAR: registers.

/// Allows an access from `first` up to, not including, `end`; both multiples of 32. `access` and
/// `kind` are CM_MPU_*.
void cm_mpu_allow(uint32_t number, const volatile void *first, const volatile void *end,
                  uint32_t access, uint32_t kind);

/// From here on only what was allowed can be accessed; the rest faults.
void cm_mpu_enable(void);

// ---- From reset to main, and faults

/// The vector table: initial stack pointer, cm_reset(), and cm_fault() for everything else.
extern const void *const cm_vectors[16];

/// Where the core starts. Sets the stack's limit, calls cm_board_start() and main(), ends with
/// board_exit(). The loader has put data where it belongs and zeroed the rest.
_Noreturn void cm_reset(void);

/// Where every exception ends: writes the crash record to cm_board_crash_record, then calls
/// cm_board_crashed().
void cm_fault(void);

// What the board and its linker script provide.
extern char board_stack_bottom[];
extern char board_stack_top[];
extern struct yoke_crash *const cm_board_crash_record;
/// Sets up the board. Interrupts are masked, and stay so.
void cm_board_start(void);
/// Tells the host that the record is complete, and halts.
_Noreturn void cm_board_crashed(void);

/// Writes a record that says that the firmware ended by itself. For board_exit().
void cm_record_exit(int code);

#endif
