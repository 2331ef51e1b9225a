// SPDX-License-Identifier: BSD-3-Clause
// Tables as trees, with the memory that they ask for, and as JSON.
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>

/// The strokes of a tree.
struct strokes {
    const char *child; ///< One of many.
    const char *last;  ///< The last one.
    const char *line;  ///< What is beside a child's own children.
    const char *blank;
};

static const struct strokes strokes_utf8 = {"├─ ", "└─ ", "│  ", "   "};
static const struct strokes strokes_ascii = {"|- ", "`- ", "|  ", "   "};

static const char *owner_text(uint32_t owner)
{
    static const char *const owners[] = {"the host", "the firmware", "neither side"};

    return owner < sizeof owners / sizeof owners[0] ? owners[owner] : "nobody";
}

/// Each line of an entry but the first is a child of its own.
static void show_entry(const struct table *table, uint32_t index, bool last,
                       const struct strokes *strokes)
{
    const struct yoke_rsc_entry *const entry = &table->entries[index];
    char *const text = tool_entry_text(entry, table->version, table_vdevs(table, index));
    char *next = text;

    (void)printf("%s%u %-10s ", last ? strokes->last : strokes->child, entry->index,
                 tool_entry_kind(entry));
    for (char *line = strsep(&next, "\n"); line != NULL; line = strsep(&next, "\n")) {
        if (line != text) {
            (void)printf("%s%s", last ? strokes->blank : strokes->line,
                         next != NULL ? strokes->child : strokes->last);
        }
        (void)printf("%s\n", line);
    }
    free(text);
}

static void show_features(const char *name, uint64_t features)
{
    static const char *const names[] = {"stop", "suspend", "host restarts"};

    if (features == 0) {
        return;
    }
    (void)printf(", %s ", name);
    tool_put_features(stdout, features, names, sizeof names / sizeof names[0]);
}

static void show_table(const struct table *table, const struct strokes *strokes)
{
    const bool opened = table->entries != NULL;

    (void)printf("table version %u, %zu bytes", table->version,
                 opened ? table->rsc.table.size : table->bytes.size);
    if (table->da != NOWHERE) {
        (void)printf(" at 0x%llx", (unsigned long long)table->da);
    }
    if (opened) {
        (void)printf(", %u %s", table->rsc.num, table->rsc.num == 1 ? "entry" : "entries");
    }
    if (opened && table->version != 1) {
        (void)printf(", owned by %s", owner_text(table->rsc.owner));
        show_features("offers", table->rsc.offered);
        show_features("taken", table->rsc.taken);
    }
    (void)printf("\n");
    for (uint32_t i = 0; opened && i < table->count; i++) {
        const bool last = i + 1 == table->count && table->refusal.part == NULL;
        show_entry(table, i, last, strokes);
    }
    if (table->refusal.part != NULL) {
        (void)printf("%srefused: what follows was not read\n", strokes->last);
    }
}

/// The ranges of what a host would use: of the last table.
static void show_memory(const struct subject *subject)
{
    struct ranges ranges;

    if (ranges_make(&ranges, subject, subject_best(subject))) {
        ranges_draw(&ranges);
    }
    ranges_free(&ranges);
}

void table_show(const struct subject *subject)
{
    const struct strokes *const strokes = tool_is_utf8() ? &strokes_utf8 : &strokes_ascii;

    for (uint32_t i = 0; i < subject->table_count; i++) {
        show_table(&subject->tables[i], strokes);
    }
    show_memory(subject);
}

static cJSON *one_json(const struct subject *subject, const struct table *table)
{
    cJSON *const json = cJSON_CreateObject();

    (void)cJSON_AddNumberToObject(json, "version", table->version);
    (void)cJSON_AddNumberToObject(json, "size", (double)table->rsc.table.size);
    if (table->da != NOWHERE) {
        tool_json_address(json, "da", table->da);
    }
    if (table->version != 1 && table->entries != NULL) {
        (void)cJSON_AddNumberToObject(json, "owner", table->rsc.owner);
        tool_json_address(json, "offered", table->rsc.offered);
        tool_json_address(json, "taken", table->rsc.taken);
        (void)cJSON_AddNumberToObject(json, "host", table->rsc.host);
    }
    cJSON *const entries = cJSON_AddArrayToObject(json, "entries");
    for (uint32_t i = 0; i < table->count; i++) {
        (void)cJSON_AddItemToArray(
            entries, tool_entry_json(&table->entries[i], table->version, table_vdevs(table, i)));
    }
    if (table->refusal.part != NULL) {
        (void)cJSON_AddItemToObject(json, "refused", table_explain_json(subject, table));
    }
    return json;
}

void table_json(const struct subject *subject, cJSON *json)
{
    cJSON *const tables = cJSON_AddArrayToObject(json, "tables");
    struct ranges ranges;

    for (uint32_t i = 0; i < subject->table_count; i++) {
        (void)cJSON_AddItemToArray(tables, one_json(subject, &subject->tables[i]));
    }
    if (ranges_make(&ranges, subject, subject_best(subject))) {
        (void)cJSON_AddItemToObject(json, "memory", ranges_json(&ranges));
    }
    ranges_free(&ranges);
}
