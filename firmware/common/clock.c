// SPDX-License-Identifier: BSD-3-Clause
// For boards without a clock.
#include <board.h>

__attribute__((weak)) uint32_t board_clock(void)
{
    return 0;
}

__attribute__((weak)) const uint32_t board_clock_hz = 0;
