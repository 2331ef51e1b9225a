// SPDX-License-Identifier: BSD-3-Clause
// From a fault to a crash record.
#include "cortex_r.h"

/// What start.c puts on the stack.
struct cortex_r_frame {
    uint32_t kind;
    uint32_t pc;
    uint32_t psr;
    uint32_t sp;
    uint32_t lr;
    uint32_t r[13];
};

enum { UNDEFINED, PREFETCH_ABORT, DATA_ABORT, UNEXPECTED };

_Noreturn void cortex_r_fault(const struct cortex_r_frame *frame);

static uint32_t cause_of(const struct cortex_r_frame *frame, uint32_t data_status)
{
    switch (frame->kind) {
    case UNDEFINED:
        return YOKE_CRASH_INSTRUCTION;
    case PREFETCH_ABORT:
        return YOKE_CRASH_FETCH;
    case DATA_ABORT:
        return (data_status & 15u) == 1 ? YOKE_CRASH_ALIGNMENT : YOKE_CRASH_DATA;
    default:
        return YOKE_CRASH_OTHER;
    }
}

_Noreturn __attribute__((used)) void cortex_r_fault(const struct cortex_r_frame *frame)
{
    static struct yoke_crash crash; // Not on this small stack. A fault in here overwrites it.
    const uint32_t data_status = CORTEX_R_GET(0, c5, c0, 0);
    const uint32_t fetch_status = CORTEX_R_GET(0, c5, c0, 1);

    crash.cause = cause_of(frame, data_status);
    crash.registers = 15;
    crash.pc = frame->pc;
    crash.sp = frame->sp;
    crash.lr = frame->lr;
    crash.psr = frame->psr;
    if (frame->kind == DATA_ABORT) {
        crash.status[0] = data_status;
        crash.address = CORTEX_R_GET(0, c6, c0, 0);
    } else if (frame->kind == PREFETCH_ABORT) {
        crash.status[1] = fetch_status;
        crash.address = CORTEX_R_GET(0, c6, c0, 2);
    }
    for (uint32_t i = 0; i < 13; i++) {
        crash.x[i] = frame->r[i];
    }
    crash.x[13] = frame->sp;
    crash.x[14] = frame->lr;
    board_crash(&crash);
}
