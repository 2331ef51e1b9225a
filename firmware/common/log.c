// SPDX-License-Identifier: BSD-3-Clause
#include <board.h>

char board_log[1024];

/// Where the next character goes. The last byte of the log stays NUL.
static uint32_t end;

void board_trace(const char *text)
{
    // The NUL behind a character is stored before it: so the host never reads on into old text.
    for (; *text != '\0'; text++) {
        if (end == sizeof board_log - 1) {
            end = 0;
        }
        __atomic_store_n(&board_log[end + 1], '\0', __ATOMIC_RELEASE);
        __atomic_store_n(&board_log[end++], *text, __ATOMIC_RELEASE);
    }
}
