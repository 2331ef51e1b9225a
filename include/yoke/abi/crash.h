// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/crash.h
/// The crash record: what firmware leaves in shared memory when its core faults or it ends. One
/// layout for all processors. All fields are little endian.
///
/// Where it lies, the board's memory map says. The host zeroes `magic` before it starts the core;
/// firmware stores `magic` last, after a barrier. The host copies the record once and trusts none
/// of it: it serves a report, and nothing else.
#ifndef YOKE_ABI_CRASH_H
#define YOKE_ABI_CRASH_H

#include <yoke/base.h>

/// "YCRS" in memory: the record is complete.
#define YOKE_CRASH_MAGIC UINT32_C(0x53524359)

/// The layout below.
#define YOKE_CRASH_VERSION 1u

// What happened, as far as the processor tells it.
#define YOKE_CRASH_OTHER 0u       ///< None of the below: see `status`.
#define YOKE_CRASH_EXIT 1u        ///< No fault: the firmware ended. status[0]: with what code.
#define YOKE_CRASH_INSTRUCTION 2u ///< An instruction that the processor does not know or allow.
#define YOKE_CRASH_FETCH 3u       ///< No instruction could be fetched from `pc`.
#define YOKE_CRASH_DATA 4u        ///< Data at `address` could not be accessed.
#define YOKE_CRASH_ALIGNMENT 5u   ///< Data at `address` is not aligned as it has to be.
#define YOKE_CRASH_DIVISION 6u    ///< A division by zero.
#define YOKE_CRASH_STACK 7u       ///< The stack left its bounds.

/// Registers are 64 bits wide here, whatever the processor has; those it does not have are 0.
struct yoke_crash {
    uint32_t magic;     ///< YOKE_CRASH_MAGIC, stored last.
    uint32_t version;   ///< YOKE_CRASH_VERSION.
    uint32_t cause;     ///< YOKE_CRASH_*.
    uint32_t registers; ///< How many of `x` are filled in, at most 32.
    uint64_t pc;        ///< The instruction that faulted, or the one after it.
    uint64_t sp;
    uint64_t lr;
    uint64_t psr;       ///< The status register of that moment: xPSR, CPSR, mstatus.
    uint64_t status[2]; ///< Fault status: Arm M: CFSR, HFSR; Arm R: DFSR, IFSR; RISC-V: mcause.
    uint64_t address;   ///< Fault address, if the cause has one.
    uint64_t x[32];     ///< General registers, by their number.
};

YOKE_STATIC_ASSERT(sizeof(struct yoke_crash) == 328, "crash record");
YOKE_STATIC_ASSERT(offsetof(struct yoke_crash, pc) == 16, "crash record");
YOKE_STATIC_ASSERT(offsetof(struct yoke_crash, status) == 48, "crash record");
YOKE_STATIC_ASSERT(offsetof(struct yoke_crash, x) == 72, "crash record");

#endif
