// SPDX-License-Identifier: BSD-3-Clause
// What a core in the device role does at its end, and the memory it may be given.
#include <board.h>
#include <cortex-r/cortex_r.h>

#include "board_core.h"

static _Noreturn void park(void)
{
    for (;;) {
        cortex_r_wfi();
    }
}

_Noreturn void board_crash(struct yoke_crash *crash)
{
    core_record(crash);
    park();
}

void board_exit(int code)
{
    static struct yoke_crash crash;

    crash.cause = YOKE_CRASH_EXIT;
    crash.status[0] = (uint32_t)code;
    core_record(&crash);
    park();
}

static const struct yoke_window windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
};

const struct yoke_mem board_da = {windows, 1};
const struct yoke_mem board_pa = {windows, 1};
