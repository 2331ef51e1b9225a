// SPDX-License-Identifier: BSD-3-Clause
// yoke machines: what firmware can run on here.
#include "tool.h"

const char tool_machines_help[] =
    "usage: yoke machines\n"
    "\n"
    "Lists the machines that firmware can run on, the board that each is, and whether it can be\n"
    "used on this computer; if not, what is missing. yoke run picks the machine by the board that\n"
    "the firmware was built for; --machine NAME overrides that.\n";

int tool_machines(int argc, char **argv)
{
    char why[200];

    (void)argv;
    if (argc > 1) {
        tool_error("try: yoke help machines", "nothing follows");
        return TOOL_USAGE;
    }
    (void)printf("%-10s %-14s %s\n", "machine", "board", "what it is");
    for (const struct yoke_machine_kind *const *kind = yoke_machine_kinds; *kind != NULL; kind++) {
        (void)printf("%-10s %-14s %s\n", (*kind)->name, (*kind)->board, (*kind)->about);
        if (!(*kind)->here(why, sizeof why)) {
            (void)printf("%-10s %-14s not here: %s\n", "", "", why);
        }
    }
    return TOOL_OK;
}
