// SPDX-License-Identifier: BSD-3-Clause
// The command line of yoke table.
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char **text, uint64_t *value, char end)
{
    char *rest = NULL;

    errno = 0;
    *value = strtoull(*text, &rest, 0);
    if (errno != 0 || rest == *text || *rest != end || **text == '-') {
        return false;
    }
    *text = end != '\0' ? rest + 1 : rest;
    return true;
}

/// DA=PA:SIZE.
static int take_map(struct board_options *board, const char *text)
{
    struct board_map map;
    const char *rest = text;

    if (!parse_number(&rest, &map.da, '=') || !parse_number(&rest, &map.pa, ':') ||
        !parse_number(&rest, &map.size, '\0') || map.size == 0 ||
        map.size - 1 > UINT64_MAX - map.da || map.size - 1 > UINT64_MAX - map.pa) {
        tool_error("say, for example, --map 0x0=0xffe00000:0x10000",
                   "--map %s: must be DA=PA:SIZE, three numbers that do not wrap round", text);
        return TOOL_USAGE;
    }
    if (board->map_count == BOARD_MAPS) {
        tool_error("leave some out", "--map %s: at most %u of them", text, BOARD_MAPS);
        return TOOL_USAGE;
    }
    board->maps[board->map_count++] = map;
    return TOOL_OK;
}

static int take_only(struct table_options *options, const char *text)
{
    if (strcmp(text, "1") != 0 && strcmp(text, "2") != 0) {
        tool_error("try: yoke help table", "--only %s: must be 1 or 2", text);
        return TOOL_USAGE;
    }
    options->only = text[0] - '0';
    return TOOL_OK;
}

/// Options with a value that is taken as it is.
static const char **text_option(struct table_options *options, const char *name)
{
    if (strcmp(name, "--convert") == 0) {
        options->mode = TABLE_CONVERT;
        return &options->output;
    }
    if (strcmp(name, "--against") == 0) {
        return &options->board.path;
    }
    if (strcmp(name, "--overlay") == 0) {
        return &options->board.overlay;
    }
    return strcmp(name, "--node") == 0 ? &options->board.node : NULL;
}

/// An option with a value, or none that is known.
static int take_valued(struct table_options *options, const char *name, const char *value)
{
    const bool only = strcmp(name, "--only") == 0;
    const bool map = strcmp(name, "--map") == 0;
    const char **const text = text_option(options, name);

    if (!only && !map && text == NULL) {
        tool_error("try: yoke help table", "%s: there is no such option", name);
        return TOOL_USAGE;
    }
    if (value == NULL) {
        tool_error("try: yoke help table", "%s: needs a value", name);
        return TOOL_USAGE;
    }
    if (text != NULL) {
        *text = value;
        return TOOL_OK;
    }
    return only ? take_only(options, value) : take_map(&options->board, value);
}

/// An option without a value. Returns false if there is none of this name.
static bool take_flag(struct table_options *options, const char *name)
{
    if (strcmp(name, "--raw") == 0) {
        options->raw = true;
    } else if (strcmp(name, "--strict") == 0) {
        options->strict = true;
    } else if (strcmp(name, "--json") == 0) {
        options->as_json = true;
    } else if (strcmp(name, "--diff") == 0) {
        options->mode = TABLE_DIFF;
    } else if (strcmp(name, "--check") == 0) {
        options->mode = TABLE_CHECK;
    } else {
        return false;
    }
    return true;
}

/// What does not go together.
static int check_options(const struct table_options *options)
{
    const char *wrong = NULL;

    if (options->file_count == 0) {
        wrong = "no file was named";
    } else if (options->mode == TABLE_DIFF && options->file_count != 2) {
        wrong = "--diff needs two files";
    } else if (options->mode != TABLE_DIFF && options->mode != TABLE_CHECK &&
               options->file_count != 1) {
        wrong = "only one file at a time, except with --diff and --check";
    } else if (options->strict && options->mode != TABLE_CHECK) {
        wrong = "--strict goes with --check";
    } else if (options->board.path == NULL &&
               (options->board.overlay != NULL || options->board.node != NULL ||
                options->board.map_count != 0)) {
        wrong = "--overlay, --node and --map go with --against";
    } else if (options->board.path != NULL &&
               (options->mode == TABLE_DIFF || options->mode == TABLE_CONVERT)) {
        wrong = "--against does not go with --diff or --convert";
    } else if (options->board.overlay != NULL && options->file_count != 1) {
        wrong = "--overlay is for one file";
    }
    if (wrong != NULL) {
        tool_error("try: yoke help table", "%s", wrong);
        return TOOL_USAGE;
    }
    return TOOL_OK;
}

int table_parse(struct table_options *options, int argc, char **argv)
{
    bool only_files = false;
    int status = TOOL_OK;

    options->files = argv; // The names of files move to the front, where options were.
    for (int i = 1; i < argc && status == TOOL_OK; i++) {
        if (!only_files && strcmp(argv[i], "--") == 0) {
            only_files = true;
        } else if (only_files || argv[i][0] != '-') {
            options->files[options->file_count++] = argv[i];
        } else if (!take_flag(options, argv[i])) {
            status = take_valued(options, argv[i], argv[i + 1]); // NULL behind the last one.
            i++;
        }
    }
    return status == TOOL_OK ? check_options(options) : status;
}
