// SPDX-License-Identifier: BSD-3-Clause
// Dies before it is ready: for tests of whoever waits for firmware.
#include <board.h>
#include <yoke/table.h>

#define DIES_TABLE(ENTRY)                                                                          \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, rpmsg, 16)
YOKE_TABLE(table, DIES_TABLE);

static volatile uintptr_t nowhere = 0x18;

static __attribute__((noinline)) void start_the_clock(void)
{
    *(volatile int *)nowhere = 1;
}

int main(void)
{
    board_trace("dies-booting: starting the clock\n");
    start_the_clock();
    return 0;
}
