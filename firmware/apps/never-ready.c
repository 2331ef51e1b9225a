// SPDX-License-Identifier: BSD-3-Clause
// Starts, and never gets ready: for tests of whoever waits for firmware.
#include <board.h>
#include <yoke/table.h>

#define NEVER_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, rpmsg, 16)
YOKE_TABLE(table, NEVER_TABLE);

int main(void)
{
    board_trace("never-ready: waiting for a clock that never comes\n");
    for (;;) {
        board_wait();
    }
}
