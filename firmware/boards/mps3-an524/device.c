// SPDX-License-Identifier: BSD-3-Clause
// Core 1: the device role, the one that every app but `pair` has.
#include <board.h>
#include <board_note.h>

#include <cortex-m/cortex_m.h>

#include "memory.h"

BOARD_NOTE(BOARD_NAME_1);

void cm_board_crashed(void)
{
    board_port.notify(board_port.context, 0);
    for (;;) {
        cm_wait_for_interrupt();
    }
}

void board_exit(int code)
{
    cm_record_exit(code);
    cm_board_crashed();
}
