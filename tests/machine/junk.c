// SPDX-License-Identifier: BSD-3-Clause
// Firmware for board process that writes junk to the board's registers for ever, and now and then
// looks like it would get ready.
#include <board.h>
#include <yoke/table.h>

#include "boards/process/memory.h"

#define JUNK_TABLE(ENTRY) ENTRY(RPMSG, rpmsg, 16)
YOKE_TABLE(table, JUNK_TABLE);

int main(void)
{
    volatile uint32_t *const control = (volatile uint32_t *)BOARD_CONTROL_DA;
    uint32_t random = 1;

    for (;;) {
        for (uint32_t i = 0; i < BOARD_CONTROL_SIZE / 4; i++) {
            random = random * 1664525 + 1013904223;
            control[i] = random;
        }
        board_port.notify(board_port.context, random);
    }
}
