// SPDX-License-Identifier: BSD-3-Clause
// Board `zcu102-r5-host`: core 0 in the device role, for a host that shares the memory.
#include <board_note.h>
#include <cortex-r/cortex_r.h>

#include "board_core.h"

BOARD_NOTE(BOARD_HOST_NAME);

void core_start(void)
{
    cortex_r_region(0, (uint32_t)BOARD_IMAGE_DA(0), 12, CORTEX_R_READ_ONLY | CORTEX_R_UNCACHED);
    UART(BOARD_UART_1, BOARD_UART_CONTROL) = BOARD_UART_ON;
}

void core_wake(void)
{
    // Bytes that have not left yet wake the host for this ring too.
    if ((UART(BOARD_UART_1, BOARD_UART_STATE) & BOARD_UART_FULL) == 0) {
        UART(BOARD_UART_1, BOARD_UART_DATA) = 0;
    }
}
