// SPDX-License-Identifier: BSD-3-Clause
// From an exception to the crash record.
#include <stddef.h>

#include "cortex_m.h"

// Fault status: CFSR.
#define IACCVIOL (1u << 0)
#define DACCVIOL (1u << 1)
#define MSTKERR (1u << 4)
#define MMARVALID (1u << 7)
#define IBUSERR (1u << 8)
#define PRECISERR (1u << 9)
#define IMPRECISERR (1u << 10)
#define STKERR (1u << 12)
#define BFARVALID (1u << 15)
#define UNDEFINSTR (1u << 16)
#define INVSTATE (1u << 17)
#define NOCP (1u << 19)
#define STKOF (1u << 20)
#define UNALIGNED (1u << 24)
#define DIVBYZERO (1u << 25)

/// What the core pushes when it takes an exception.
struct frame {
    uint32_t r[4];
    uint32_t r12;
    uint32_t lr;
    uint32_t pc;
    uint32_t psr;
};

/// The stack that faulted may be what is broken, so the handler has one of its own.
_Alignas(8) static char fault_stack[256];
__attribute__((used)) static char *const fault_stack_top = fault_stack + sizeof fault_stack;

// r0: where the core pushed to; r1: how it would return; r2: r4 to r11.
__asm__(".section .text.cm_fault, \"ax\"\n"
        ".globl cm_fault\n"
        ".type cm_fault, %function\n"
        ".thumb_func\n"
        "cm_fault:\n"
#if defined(__ARM_ARCH_8M_MAIN__)
        "    movs r0, #0\n"
        "    msr msplim, r0\n"
#endif
        "    mrs r0, msp\n"
        "    mov r1, lr\n"
        "    ldr r2, =fault_stack_top\n"
        "    ldr r2, [r2]\n"
        "    mov sp, r2\n"
        "    push {r4-r11}\n"
        "    mov r2, sp\n"
        "    b cm_record_fault\n"
        ".ltorg\n"
        ".size cm_fault, . - cm_fault\n"
        ".text\n");

static uint32_t cause_of(uint32_t status)
{
    static const struct {
        uint32_t bits;
        uint32_t cause;
    } causes[] = {
        {STKOF | MSTKERR | STKERR, YOKE_CRASH_STACK},
        {UNDEFINSTR | INVSTATE | NOCP, YOKE_CRASH_INSTRUCTION},
        {DIVBYZERO, YOKE_CRASH_DIVISION},
        {UNALIGNED, YOKE_CRASH_ALIGNMENT},
        {IACCVIOL | IBUSERR, YOKE_CRASH_FETCH},
        {DACCVIOL | PRECISERR | IMPRECISERR, YOKE_CRASH_DATA},
    };

    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if ((status & causes[i].bits) != 0) {
            return causes[i].cause;
        }
    }
    return YOKE_CRASH_OTHER;
}

/// Begins a record: the host sees none of it until it is complete.
static struct yoke_crash *begin(uint32_t cause)
{
    struct yoke_crash *const record = cm_board_crash_record;

    *record = (struct yoke_crash){.version = YOKE_CRASH_VERSION, .cause = cause};
    return record;
}

static void complete(struct yoke_crash *record)
{
    __asm__ volatile("dmb" ::: "memory");
    __atomic_store_n(&record->magic, YOKE_CRASH_MAGIC, __ATOMIC_RELAXED);
}

_Noreturn void cm_record_fault(const struct frame *frame, uint32_t exc_return,
                               const uint32_t *r4_to_r11);

__attribute__((used)) void cm_record_fault(const struct frame *frame, uint32_t exc_return,
                                           const uint32_t *r4_to_r11)
{
    const uint32_t status = CM_CFSR;
    struct yoke_crash *const record = begin(cause_of(status));
    const uintptr_t at = (uintptr_t)frame;
    // Without floating point the core pushes 8 words, with it 26.
    const uint32_t pushed = (exc_return & 0x10) != 0 ? 32 : 104;

    record->status[0] = status;
    record->status[1] = CM_HFSR;
    record->address = (status & MMARVALID) != 0   ? CM_MMFAR
                      : (status & BFARVALID) != 0 ? CM_BFAR
                                                  : 0;
    for (uint32_t i = 0; i < 8; i++) {
        record->x[4 + i] = r4_to_r11[i];
    }
    record->sp = at;
    // A frame that did not fit on the stack was not written, and what is known ends here.
    if (at >= (uintptr_t)board_stack_bottom && at + pushed <= (uintptr_t)board_stack_top &&
        at % 4 == 0 && (status & (MSTKERR | STKERR)) == 0) {
        for (uint32_t i = 0; i < 4; i++) {
            record->x[i] = frame->r[i];
        }
        record->x[12] = frame->r12;
        record->lr = frame->lr;
        record->pc = frame->pc;
        record->psr = frame->psr;
        record->sp = at + pushed + ((frame->psr & (1u << 9)) != 0 ? 4 : 0);
        record->registers = 13;
    }
    complete(record);
    cm_board_crashed();
}

void cm_record_exit(int code)
{
    struct yoke_crash *const record = begin(YOKE_CRASH_EXIT);

    record->status[0] = (uint32_t)code;
    complete(record);
}
