// SPDX-License-Identifier: BSD-3-Clause
// Core 1: the device role. It has neither console nor clock.
#include <board.h>
#include <board_note.h>

#include <cortex-m/cortex_m.h>

#include "board_core.h"
#include "memory.h"

BOARD_NOTE("mps2-an521-cpu1");

void core_start(void)
{
}

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

static const struct yoke_window windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
};

const struct yoke_mem board_da = {windows, 1};
const struct yoke_mem board_pa = {windows, 1};
