// SPDX-License-Identifier: BSD-3-Clause
// Faults on command: the first byte of a message to service "crash" says how. For tests of whoever
// watches over firmware. Unknown commands are sent back.
#include <board.h>
#include <yoke/table.h>

#include "serve.h"

#define CRASH_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(VDEV, rpmsg, SERVE_RPMSG)
YOKE_TABLE(table, CRASH_TABLE);

static volatile int zero;
static volatile int one = 1;

static __attribute__((noinline)) void null_dereference(void)
{
    *(volatile int *)(uintptr_t)zero = 1;
}

static __attribute__((noinline)) void illegal_instruction(void)
{
    __builtin_trap();
}

/// Traps on processors whose division does, and on the others too.
static __attribute__((noinline)) void divide_by_zero(void)
{
    volatile int result = one / zero;

    (void)result;
    __builtin_trap();
}

static __attribute__((noinline)) void infinite_loop(void)
{
    for (;;) {
        zero = 0;
    }
}

static __attribute__((noinline)) int stack_overflow(volatile int *above)
{
    volatile int frame[256];

    frame[0] = *above + 1;
    return zero != 0 ? 0 : frame[0] + stack_overflow(frame) + frame[0];
}

/// Claims in the ring that it writes to more than the host ever gave.
static __attribute__((noinline)) void corrupt_ring_index(void)
{
    const struct yoke_rsc_vring *const vring = &table.rpmsg.vring[YOKE_RPMSG_QUEUE_RX];
    const uint32_t used = yoke_vring_used(vring->num, vring->align);
    uint16_t *const ring =
        yoke_mem_at(&board_da, vring->da, yoke_vring_bytes(vring->num, vring->align));

    if (ring != NULL) {
        volatile uint16_t *const index = &ring[used / sizeof *ring + YOKE_RING_IDX];
        *index = (uint16_t)(*index + 0x4000);
        board_port.notify(board_port.context, vring->notifyid);
    }
}

static int answer(struct service *service, const struct yoke_msg *request)
{
    switch (request->size != 0 ? *(const char *)request->data : '?') {
    case 'n':
        null_dereference();
        break;
    case 'i':
        illegal_instruction();
        break;
    case 'd':
        divide_by_zero();
        break;
    case 'l':
        infinite_loop();
        break;
    case 's':
        return stack_overflow(&zero);
    case 'x':
        board_exit(3);
    case 'r':
        corrupt_ring_index();
        return YOKE_OK; // An answer would put the index right again.
    default:
        break;
    }
    return yoke_send_to(&service->ept, request->src, request->data, request->size);
}

int main(void)
{
    static struct service services[] = {{.name = "crash", .answer = answer}};

    board_trace("crash: ready to\n");
    return serve(&table.rpmsg, services, 1);
}
