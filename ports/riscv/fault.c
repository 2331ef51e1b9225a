// SPDX-License-Identifier: BSD-3-Clause
// From a trap to a crash record.
#include "riscv.h"

_Noreturn void riscv_trapped(const uintptr_t *x);

/// What the exception codes of mcause mean (table 3.6). Interrupts are masked, so none comes here.
static uint32_t cause_of(uintptr_t mcause)
{
    switch (mcause) {
    case 0: // misaligned
    case 1: // access fault
        return YOKE_CRASH_FETCH;
    case 2: // illegal
    case 3: // breakpoint
        return YOKE_CRASH_INSTRUCTION;
    case 4: // load
    case 6: // store
        return YOKE_CRASH_ALIGNMENT;
    case 5: // load
    case 7: // store
        return YOKE_CRASH_DATA;
    default:
        return YOKE_CRASH_OTHER;
    }
}

_Noreturn __attribute__((used)) void riscv_trapped(const uintptr_t *x)
{
    static struct yoke_crash crash; // Not on this small stack. A trap in here overwrites it.

    crash.status[0] = RISCV_GET(mcause);
    crash.cause = cause_of((uintptr_t)crash.status[0]);
    crash.registers = 32;
    crash.pc = RISCV_GET(mepc);
    crash.sp = x[2];
    crash.lr = x[1];
    crash.psr = RISCV_GET(mstatus);
    crash.address = RISCV_GET(mtval);
    for (uint32_t i = 0; i < 32; i++) {
        crash.x[i] = x[i];
    }
    board_crash(&crash);
}
