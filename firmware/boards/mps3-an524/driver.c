// SPDX-License-Identifier: BSD-3-Clause
// Core 0: the driver role, with a console. A board whose host is Linux, or a program on a computer,
// does not need this file.
#include <board_note.h>
#include <peer.h>

#include <cortex-m/cortex_m.h>

#include "memory.h"
#include "print.h"

BOARD_NOTE(BOARD_NAME_0);

#define UART(offset) CM_REGISTER(BOARD_UART + (offset))

void board_put(char character)
{
    UART(BOARD_UART_BAUDDIV) = 16; // The fastest.
    UART(BOARD_UART_CTRL) = BOARD_UART_TX;
    while ((UART(BOARD_UART_STATE) & BOARD_UART_TX) != 0) {
    }
    UART(BOARD_UART_DATA) = (uint8_t)character;
}

void board_peer_start(void)
{
    CM_REGISTER(BOARD_INITSVTOR1) = (uint32_t)BOARD_IMAGE_DA(1);
    CM_REGISTER(BOARD_CPUWAIT) = 0;
}

void board_exit(int code)
{
    cm_semihosting_exit(code);
}

void cm_board_crashed(void)
{
    print("core 0 crashed at ");
    print_hex(cm_board_crash_record->pc);
    print(", address ");
    print_hex(cm_board_crash_record->address);
    print("\n");
    board_exit(2);
}

const struct board_peer board_peer = {
    .table_da = BOARD_TABLE_DA,
    .table_max = BOARD_TABLE_SIZE,
    .shared_da = BOARD_SHARED_DA,
    .shared_size = BOARD_SHARED_SIZE,
    .crash_da = BOARD_CONTROL_DA + offsetof(struct board_control, crash[1]),
    .argument_da = BOARD_CONTROL_DA + offsetof(struct board_control, argument),
};
