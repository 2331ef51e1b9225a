// SPDX-License-Identifier: BSD-3-Clause
/// \file cortex_r.h
/// What firmware on a Cortex-R needs of its processor, whatever the board: barriers, waiting,
/// interrupt masking, caches, memory protection, faults.
///
/// A board links ports/cortex-r/{start,fault}.c, defines `board_stack_top` in its linker script
/// (which puts .text.vectors where the core starts), and the two functions at the end.
#ifndef CORTEX_R_H
#define CORTEX_R_H

#include <stddef.h>
#include <stdint.h>

#include <yoke/abi/crash.h>

/// Reads and writes a register of the system control coprocessor.
#define CORTEX_R_GET(op1, crn, crm, op2)                                                           \
    ({                                                                                             \
        uint32_t value_;                                                                           \
        __asm__ volatile("mrc p15, " #op1 ", %0, " #crn ", " #crm ", " #op2                        \
                         : "=r"(value_)::"memory");                                                \
        value_;                                                                                    \
    })
#define CORTEX_R_SET(op1, crn, crm, op2, value)                                                    \
    __asm__ volatile("mcr p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 ::"r"(value) : "memory")

/// Waits until all accesses before it are complete, wherever they go.
static inline void cortex_r_dsb(void)
{
    __asm__ volatile("dsb" ::: "memory");
}

/// Instructions after it are fetched anew.
static inline void cortex_r_isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}

/// One round of a polling loop: says so to whoever emulates or shares this core.
static inline void cortex_r_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

/// Sleeps until an interrupt is pending, masked ones included.
static inline void cortex_r_wfi(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

/// Ends a virtual machine that has semihosting switched on, with an exit code. Elsewhere it faults.
_Noreturn static inline void cortex_r_semihosting_exit(int code)
{
    const uint32_t block[2] = {0x20026, (uint32_t)code}; // ADP_Stopped_ApplicationExit
    register uint32_t operation __asm__("r0") = 0x20;    // SYS_EXIT_EXTENDED
    register const uint32_t *argument __asm__("r1") = block;

#if defined(__thumb__)
    __asm__ volatile("svc 0xab" ::"r"(operation), "r"(argument) : "memory");
#else
    __asm__ volatile("svc 0x123456" ::"r"(operation), "r"(argument) : "memory");
#endif
    for (;;) {
        cortex_r_wfi();
    }
}

/// Masks interrupts. Returns what cortex_r_irq_restore() wants.
static inline uint32_t cortex_r_irq_mask(void)
{
    uint32_t cpsr;

    __asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(cpsr)::"memory");
    return cpsr;
}

static inline void cortex_r_irq_restore(uint32_t cpsr)
{
    __asm__ volatile("msr cpsr_c, %0" ::"r"(cpsr) : "memory");
}

/// Bytes of a data cache line.
static inline uint32_t cortex_r_cache_line(void)
{
    return 4u << (CORTEX_R_GET(0, c0, c0, 1) >> 16 & 15u); // CTR.DminLine
}

/// Writes `size` bytes at `start` back from the data cache.
static inline void cortex_r_clean(const void *start, size_t size)
{
    const uint32_t line = cortex_r_cache_line();
    const uintptr_t end = (uintptr_t)start + size;

    for (uintptr_t at = (uintptr_t)start & ~(uintptr_t)(line - 1); at < end; at += line) {
        CORTEX_R_SET(0, c7, c10, 1, at); // DCCMVAC
    }
    cortex_r_dsb();
}

/// Drops `size` bytes at `start` from the data cache; they must not be dirty.
static inline void cortex_r_invalidate(const void *start, size_t size)
{
    const uint32_t line = cortex_r_cache_line();
    const uintptr_t end = (uintptr_t)start + size;

    for (uintptr_t at = (uintptr_t)start & ~(uintptr_t)(line - 1); at < end; at += line) {
        CORTEX_R_SET(0, c7, c6, 1, at); // DCIMVAC
    }
    cortex_r_dsb();
}

// Access control of a memory protection region (PMSAv7): access, and kind of memory.
#define CORTEX_R_NO_ACCESS 0u
#define CORTEX_R_READ_WRITE (3u << 8)
#define CORTEX_R_READ_ONLY (5u << 8)
#define CORTEX_R_NO_EXECUTE (1u << 12)
#define CORTEX_R_UNCACHED (1u << 3)              ///< Normal memory, not cached.
#define CORTEX_R_SHARED (CORTEX_R_UNCACHED | 4u) ///< The same, shared with other processors.

/// Sets one protection region: 2^`log_size` bytes (at least 32) at `base`, a multiple of that. Of
/// regions that overlap, the one with the highest number counts.
static inline void cortex_r_region(uint32_t number, uint32_t base, uint32_t log_size,
                                   uint32_t access)
{
    CORTEX_R_SET(0, c6, c2, 0, number);
    CORTEX_R_SET(0, c6, c1, 0, base);
    CORTEX_R_SET(0, c6, c1, 4, access);
    CORTEX_R_SET(0, c6, c1, 2, (log_size - 1) << 1 | 1);
}

/// Switches protection on. Outside the regions the processor's default map holds. Divisions by
/// zero trap, where the processor can.
static inline void cortex_r_protect(void)
{
    const uint32_t on = 1u << 0 | 1u << 17 | 1u << 19; // M, BR, DZ

    cortex_r_dsb();
    CORTEX_R_SET(0, c1, c0, 0, CORTEX_R_GET(0, c1, c0, 0) | on);
    cortex_r_isb();
}

/// The board's: where firmware begins, in system mode, interrupts masked, on the board's stack.
_Noreturn void board_start(void);

/// The board's: the core has faulted, and this is how. Runs on a small stack of its own.
_Noreturn void board_crash(struct yoke_crash *crash);

#endif
