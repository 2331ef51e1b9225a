// SPDX-License-Identifier: BSD-3-Clause
// Device trees where libfdt was not there when this was built: says what is missing.
#include "table.h"

int table_against(const struct subject *subject, const struct board_options *options,
                  struct findings *findings, char **source, cJSON *json)
{
    (void)subject;
    (void)findings;
    (void)source;
    (void)json;
    tool_error("install libfdt-dev (Debian), then configure and build again",
               "--against %s: not built in, for want of the libfdt library", options->path);
    return TOOL_RESOURCES;
}
