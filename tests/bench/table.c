// SPDX-License-Identifier: BSD-3-Clause
// Firmware that reads its own resource table, over and over, for an instruction counter. Words at
// the start of shared memory: mode, 3 for version 1 or 4 for version 2; one that is not used; how
// often. The table has a trace, a carveout and an rpmsg device.
#include <board.h>
#include <yoke/image.h>
#include <yoke/table2.h>

#define ENTRIES 3u

YOKE_TRACE_BLOCK(trace, 64);

#define BENCH_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE_BLOCK, trace, trace, "log")                                                        \
    ENTRY(CARVEOUT, pool, .da = YOKE_TABLE_ANY, .len = 0x1000, .name = "pool")                     \
    ENTRY(RPMSG, rpmsg, 16)
YOKE_TABLE_BOTH(table, BENCH_TABLE);

static int read_table(bool version_2)
{
    static struct yoke_rsc_entry entry;
    struct yoke_refusal refusal;
    struct yoke_rsc rsc;
    uint32_t count = 0;

    int status = version_2 ? yoke_rsc2_open(&rsc, yoke_bytes(&table_2, sizeof table_2), &refusal)
                           : yoke_rsc1_open(&rsc, yoke_bytes(&table, sizeof table), &refusal);
    while (status == YOKE_OK) {
        status = yoke_rsc_next(&rsc, &entry, &refusal);
        count += status == YOKE_OK;
    }
    return status == YOKE_NOT_FOUND && count == ENTRIES ? YOKE_OK : YOKE_BAD_IMAGE;
}

int main(void)
{
    const uint32_t *const order = yoke_mem_at(&board_da, board_da.windows[0].address, 12);
    int status = YOKE_OK;

    for (uint32_t i = 0; status == YOKE_OK && i < order[2]; i++) {
        status = read_table(order[0] == 4);
    }
    return status;
}
