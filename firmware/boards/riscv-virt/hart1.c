// SPDX-License-Identifier: BSD-3-Clause
// Hart 1: the device role. It has neither console nor clock.
#include <board.h>
#include <board_note.h>
#include <riscv/riscv.h>

#include "board_hart.h"

#if __riscv_xlen == 64
BOARD_NOTE("riscv64-virt-1");
#else
BOARD_NOTE("riscv32-virt-1");
#endif

static _Noreturn void park(void)
{
    RISCV_SET(mie, 0);
    for (;;) {
        riscv_wfi();
    }
}

_Noreturn void board_crash(struct yoke_crash *crash)
{
    hart_record(crash);
    park();
}

void board_exit(int code)
{
    static struct yoke_crash crash;

    crash.cause = YOKE_CRASH_EXIT;
    crash.status[0] = (uint32_t)code;
    hart_record(&crash);
    park();
}

static const struct yoke_window windows[] = {
    {BOARD_SHARED_DA, BOARD_SHARED_SIZE, (void *)BOARD_SHARED_DA},
};

const struct yoke_mem board_da = {windows, 1};
const struct yoke_mem board_pa = {windows, 1};
