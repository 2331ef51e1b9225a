// SPDX-License-Identifier: BSD-3-Clause
// The emulator where Unicorn was not there when this was built: in the list, with what is missing.
#include <stdio.h>

#include "an521/an521.h"
#include "boards/mps2-an521/memory.h"
#include "emulator/emulator.h"

#define MISSING                                                                                    \
    "not built in, for want of the Unicorn library: install libunicorn-dev (Debian), then "        \
    "configure and build again"

static bool here(char *why, size_t size)
{
    (void)snprintf(why, size, "%s", MISSING);
    return false;
}

static struct yoke_machine *open_none(char *error, size_t size)
{
    (void)here(error, size);
    return NULL;
}

size_t yoke_emulator_bytes(void)
{
    return 0;
}

struct yoke_machine *yoke_emulator_open_on(void *memory, char *error, size_t size)
{
    (void)memory;
    return open_none(error, size);
}

void yoke_emulator_set_pa(struct yoke_machine *machine, uint64_t pa)
{
    (void)machine;
    (void)pa;
}

int yoke_emulator_settle(struct yoke_machine *machine)
{
    (void)machine;
    return YOKE_AGAIN;
}

const struct yoke_machine_kind yoke_emulator_kind = {
    .name = "emulator",
    .about = "a Cortex-M33 emulated inside this process (Unicorn)",
    .board = BOARD_NAME,
    .target = &an521_target,
    .map = an521_map,
    .map_count = AN521_REGIONS,
    .here = here,
    .open = open_none,
};
