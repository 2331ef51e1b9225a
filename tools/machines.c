// SPDX-License-Identifier: BSD-3-Clause
// yoke machines: what firmware can run on here.
#include <string.h>

#include "tool.h"

const char tool_machines_help[] =
    "usage: yoke machines [--json]\n"
    "\n"
    "Lists the machines that firmware can run on, the board that each is, and whether it can be\n"
    "used on this computer; if not, what is missing. yoke run picks the machine by the board that\n"
    "the firmware was built for; --machine NAME overrides that.\n"
    "\n"
    "options:\n"
    "  --json    one JSON object on stdout\n"
    "  --help    this text\n";

static void show(const struct yoke_machine_kind *kind)
{
    char why[200];

    (void)printf("%-10s %-14s %s\n", kind->name, kind->board, kind->about);
    if (!kind->here(why, sizeof why)) {
        (void)printf("%-10s %-14s not here: %s\n", "", "", why);
    }
}

static cJSON *kind_json(const struct yoke_machine_kind *kind)
{
    cJSON *const json = cJSON_CreateObject();
    char why[200];
    const bool here = kind->here(why, sizeof why);

    (void)cJSON_AddStringToObject(json, "name", kind->name);
    (void)cJSON_AddStringToObject(json, "board", kind->board);
    (void)cJSON_AddStringToObject(json, "about", kind->about);
    (void)cJSON_AddBoolToObject(json, "here", here);
    if (!here) {
        (void)cJSON_AddStringToObject(json, "missing", why);
    }
    return json;
}

int tool_machines(int argc, char **argv)
{
    const bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !as_json) {
        tool_error("try: yoke help machines", "%s: there is no such option", argv[1]);
        return TOOL_USAGE;
    }
    cJSON *const json = as_json ? cJSON_CreateObject() : NULL;
    cJSON *const array = cJSON_AddArrayToObject(json, "machines");
    if (!as_json) {
        (void)printf("%-10s %-14s %s\n", "machine", "board", "what it is");
    }
    for (const struct yoke_machine_kind *const *kind = yoke_machine_kinds; *kind != NULL; kind++) {
        if (as_json) {
            (void)cJSON_AddItemToArray(array, kind_json(*kind));
        } else {
            show(*kind);
        }
    }
    return as_json ? tool_json_print(json) : TOOL_OK;
}
