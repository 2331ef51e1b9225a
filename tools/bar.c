// SPDX-License-Identifier: BSD-3-Clause
// Bars that show where something lies, and the characters that pictures are made of.
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "tool.h"

#define BAR 32u

bool tool_is_utf8(void)
{
    (void)setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/// value * BAR / whole, rounded up if asked. Exact while that fits 64 bits; beyond, near enough.
static unsigned cell(uint64_t value, uint64_t whole, bool up)
{
    while (whole > UINT64_MAX / BAR / 2) {
        value >>= 1;
        whole >>= 1;
    }
    return (unsigned)((value * BAR + (up ? whole - 1 : 0)) / whole);
}

void tool_bar(uint64_t from, uint64_t size, uint64_t whole, bool utf8)
{
    if (whole == 0) {
        return; // Nothing lies there.
    }
    const unsigned first = cell(from, whole, false);
    const unsigned last = cell(from + size, whole, true);

    for (unsigned i = 0; i < BAR; i++) {
        const bool inside = i >= first && (i < last || i == first);
        (void)fputs(inside ? (utf8 ? "█" : "#") : (utf8 ? "·" : "."), stdout);
    }
}
