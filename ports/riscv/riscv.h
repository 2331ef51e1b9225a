// SPDX-License-Identifier: BSD-3-Clause
/// \file riscv.h
/// What firmware on a RISC-V hart in machine mode needs of its processor, 32 or 64 bits, whatever
/// the board: barriers, waiting, interrupt masking, caches, memory protection, faults.
///
/// A board links ports/riscv/{start,fault}.c, defines `board_stack_top` in its linker script,
/// enters at riscv_start(), and has the two functions at the end. The privileged architecture,
/// version 1.12, says what the registers mean.
#ifndef RISCV_H
#define RISCV_H

#include <stddef.h>
#include <stdint.h>

#include <yoke/abi/crash.h>

/// Reads and writes a control and status register.
#define RISCV_GET(csr)                                                                             \
    ({                                                                                             \
        uintptr_t value_;                                                                          \
        __asm__ volatile("csrr %0, " #csr : "=r"(value_)::"memory");                               \
        value_;                                                                                    \
    })
#define RISCV_SET(csr, value)                                                                      \
    __asm__ volatile("csrw " #csr ", %0" ::"r"((uintptr_t)(value)) : "memory")

#define RISCV_MSTATUS_MIE (1u << 3) ///< Interrupts run handlers.
#define RISCV_MIE_MSIE (1u << 3)    ///< The software interrupt ends riscv_wfi().

/// All accesses before it, memory and registers, come before all after it.
static inline void riscv_fence(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}

/// Sleeps until an interrupt that mie allows is pending; returns at once if one is. It does so too
/// while interrupts are masked, and then no handler runs.
static inline void riscv_wfi(void)
{
    __asm__ volatile("fence iorw, iorw\n\twfi" ::: "memory");
}

/// Masks interrupts. Returns what riscv_irq_restore() wants.
static inline uintptr_t riscv_irq_mask(void)
{
    uintptr_t before;

    __asm__ volatile("csrrci %0, mstatus, 8" : "=r"(before)::"memory");
    return before & RISCV_MSTATUS_MIE;
}

static inline void riscv_irq_restore(uintptr_t before)
{
    __asm__ volatile("csrs mstatus, %0" ::"r"(before) : "memory");
}

/// Writes `size` bytes at `start` back from the data cache, whose lines have `line` bytes. For
/// harts with the extension Zicbom; on others the instruction faults. Board virt has none.
static inline void riscv_clean(const void *start, size_t size, uintptr_t line)
{
    const uintptr_t end = (uintptr_t)start + size;

    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line) {
        __asm__ volatile(".insn i 0x0f, 2, x0, %0, 1" ::"r"(at) : "memory"); // cbo.clean
    }
    riscv_fence();
}

/// Drops `size` bytes at `start` from the data cache; they must not be dirty. As riscv_clean().
static inline void riscv_invalidate(const void *start, size_t size, uintptr_t line)
{
    const uintptr_t end = (uintptr_t)start + size;

    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line) {
        __asm__ volatile(".insn i 0x0f, 2, x0, %0, 0" ::"r"(at) : "memory"); // cbo.inval
    }
    riscv_fence();
}

/// Protects three ranges from this hart, machine mode included, until it is reset: nothing touches
/// the 4 KiB at address 0 and at `guard` (a multiple of that), and nothing writes from `code` up to
/// `code_end` (multiples of 4). Everything else stays allowed.
static inline void riscv_protect(const void *guard, const void *code, const void *code_end)
{
    // Entries 0 and 1: naturally aligned powers of two; 2 and 3: a range from one to the other.
    RISCV_SET(pmpaddr0, 0x1ff);
    RISCV_SET(pmpaddr1, (uintptr_t)guard >> 2 | 0x1ff);
    RISCV_SET(pmpaddr2, (uintptr_t)code >> 2);
    RISCV_SET(pmpaddr3, (uintptr_t)code_end >> 2);
    RISCV_SET(pmpcfg0, 0x8d009898u); // from the right: none; none; off; read and execute. Locked.
}

/// Where a hart enters: sets stack and trap vector, masks interrupts, calls board_start(). The
/// loader has put data where it belongs and zeroed the rest.
_Noreturn void riscv_start(void);

/// The board's: where firmware begins.
_Noreturn void board_start(void);

/// The board's: the hart has trapped, and this is how. Runs on a small stack of its own.
_Noreturn void board_crash(struct yoke_crash *crash);

#endif
