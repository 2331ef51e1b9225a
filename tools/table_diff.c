// SPDX-License-Identifier: BSD-3-Clause
// What differs between two tables. Entries are compared as the JSON that they are shown as, so that
// whatever is shown is compared.
#include "table.h"

#include <stdlib.h>
#include <string.h>

/// Two tables under comparison.
struct comparison {
    const struct table *from;
    const struct table *to;
    cJSON *array;
    uint32_t count;
    const char *entry; ///< The title of the entry at hand.
};

/// What only version 2 says, so that it is no difference between the two. `path` ends in the field.
static bool only_one_version_has(const char *path)
{
    static const char *const fields[] = {"state", "state_size", "base",    "late",
                                         "align", "required",   "buffers", "notifies"};
    const char *const dot = strrchr(path, '.');
    const char *const field = dot != NULL ? dot + 1 : path;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(field, fields[i]) == 0 && (dot == NULL || strcmp(field, "align") != 0)) {
            return true;
        }
    }
    return false;
}

static void add(struct comparison *comparison, const char *field, const cJSON *from,
                const cJSON *to)
{
    cJSON *const json = cJSON_CreateObject();

    comparison->count++;
    (void)cJSON_AddStringToObject(json, "entry", comparison->entry);
    (void)cJSON_AddStringToObject(json, "field", field);
    (void)cJSON_AddItemToObject(json, "from",
                                from != NULL ? cJSON_Duplicate(from, true) : cJSON_CreateNull());
    (void)cJSON_AddItemToObject(json, "to",
                                to != NULL ? cJSON_Duplicate(to, true) : cJSON_CreateNull());
    (void)cJSON_AddItemToArray(comparison->array, json);
}

/// Compares two values that may hold others, as deep as JSON of an entry. `path` names them.
// NOLINTNEXTLINE(misc-no-recursion)
static void compare(struct comparison *comparison, const char *path, const cJSON *from,
                    const cJSON *to)
{
    char field[80];

    if (from == NULL || to == NULL || from->type != to->type ||
        (from->child == NULL && to->child == NULL)) {
        if (!cJSON_Compare(from, to, true)) {
            add(comparison, path, from, to);
        }
        return;
    }
    const bool array = cJSON_IsArray(from);
    uint32_t index = 0;
    for (const cJSON *child = from->child; child != NULL; child = child->next, index++) {
        if (array) {
            (void)snprintf(field, sizeof field, "%s[%u]", path, index);
        } else {
            (void)snprintf(field, sizeof field, "%s%s%s", path, path[0] != '\0' ? "." : "",
                           child->string);
        }
        if (strcmp(field, "index") == 0 ||
            (comparison->from->version != comparison->to->version && only_one_version_has(field))) {
            continue;
        }
        compare(comparison, field, child,
                array ? cJSON_GetArrayItem(to, (int)index)
                      : cJSON_GetObjectItemCaseSensitive(to, child->string));
    }
    for (const cJSON *child = to->child; child != NULL && !array; child = child->next) {
        if (cJSON_GetObjectItemCaseSensitive(from, child->string) == NULL) {
            compare(comparison, child->string, NULL, child);
        }
    }
    for (; array && (int)index < cJSON_GetArraySize(to); index++) {
        (void)snprintf(field, sizeof field, "%s[%u]", path, index);
        compare(comparison, field, NULL, cJSON_GetArrayItem(to, (int)index));
    }
}

static const char *title(const struct table *table, uint32_t index, char *text, size_t size)
{
    return tool_entry_title(&table->entries[index], table_vdevs(table, index), text, size);
}

/// The entry of `other` that is meant by entry `index`: the one that is called the same, as often
/// as it was before. Returns its index, or the count.
static uint32_t counterpart(const struct table *table, uint32_t index, const struct table *other)
{
    char mine[160];
    char text[160];
    uint32_t before = 0;

    (void)title(table, index, mine, sizeof mine);
    for (uint32_t i = 0; i < index; i++) {
        before += strcmp(title(table, i, text, sizeof text), mine) == 0;
    }
    for (uint32_t i = 0; i < other->count; i++) {
        if (strcmp(title(other, i, text, sizeof text), mine) == 0 && before-- == 0) {
            return i;
        }
    }
    return other->count;
}

/// An entry as JSON: as in version 2 unless both tables are of version 1.
static cJSON *entry_json(const struct comparison *comparison, const struct table *table,
                         uint32_t index)
{
    const bool both_1 = comparison->from->version == 1 && comparison->to->version == 1;

    return tool_entry_json(&table->entries[index], both_1 ? 1 : 2, table_vdevs(table, index));
}

static void compare_heads(struct comparison *comparison)
{
    const struct yoke_rsc *const from = &comparison->from->rsc;
    const struct yoke_rsc *const to = &comparison->to->rsc;
    cJSON *const heads[] = {cJSON_CreateObject(), cJSON_CreateObject()};

    for (int i = 0; i < 2; i++) {
        const struct yoke_rsc *const rsc = i == 0 ? from : to;
        (void)cJSON_AddNumberToObject(heads[i], "version", rsc->version);
        (void)cJSON_AddNumberToObject(heads[i], "entries", rsc->num);
        if (from->version == to->version && rsc->version != 1) {
            (void)cJSON_AddNumberToObject(heads[i], "owner", rsc->owner);
            tool_json_address(heads[i], "offered", rsc->offered);
            tool_json_address(heads[i], "taken", rsc->taken);
            (void)cJSON_AddNumberToObject(heads[i], "host", rsc->host);
        }
    }
    comparison->entry = "table";
    compare(comparison, "", heads[0], heads[1]);
    cJSON_Delete(heads[0]);
    cJSON_Delete(heads[1]);
}

uint32_t table_differences(const struct table *from, const struct table *to, cJSON *array)
{
    struct comparison comparison = {.from = from, .to = to, .array = array};
    char text[160];

    compare_heads(&comparison);
    comparison.entry = text;
    for (uint32_t i = 0; i < from->count; i++) {
        const uint32_t other = counterpart(from, i, to);
        cJSON *const a = entry_json(&comparison, from, i);
        cJSON *const b = other < to->count ? entry_json(&comparison, to, other) : NULL;
        (void)title(from, i, text, sizeof text);
        compare(&comparison, "", a, b);
        if (b != NULL && from->version == to->version && i != other) {
            compare(&comparison, "place", cJSON_GetObjectItem(a, "index"),
                    cJSON_GetObjectItem(b, "index"));
        }
        cJSON_Delete(a);
        cJSON_Delete(b);
    }
    for (uint32_t i = 0; i < to->count; i++) {
        if (counterpart(to, i, from) == from->count) {
            cJSON *const b = entry_json(&comparison, to, i);
            (void)title(to, i, text, sizeof text);
            compare(&comparison, "", NULL, b);
            cJSON_Delete(b);
        }
    }
    return comparison.count;
}

// ---------------------------------------------------------------------------------------- two
// files

/// Prints a value: text bare, bits in hexadecimal, everything else as JSON.
static void print_value(const char *field, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        (void)printf("%s", value->valuestring);
        return;
    }
    if (cJSON_IsNumber(value) && strncmp(field, "features", strlen("features")) == 0) {
        (void)printf("0x%x", (unsigned)value->valuedouble);
        return;
    }
    char *const text = cJSON_PrintUnformatted(value);
    (void)printf("%s", text != NULL ? text : "?");
    cJSON_free(text);
}

static void print_difference(const cJSON *difference)
{
    const cJSON *const from = cJSON_GetObjectItem(difference, "from");
    const cJSON *const to = cJSON_GetObjectItem(difference, "to");
    const char *const field = cJSON_GetStringValue(cJSON_GetObjectItem(difference, "field"));

    (void)printf("  %s: ", cJSON_GetStringValue(cJSON_GetObjectItem(difference, "entry")));
    if (field[0] == '\0') {
        (void)printf(cJSON_IsNull(from) ? "only in the second\n" : "only in the first\n");
        return;
    }
    (void)printf("%s ", field);
    print_value(field, from);
    (void)printf(" -> ");
    print_value(field, to);
    (void)printf("\n");
}

static bool refused(const struct subject *subject, const struct table *table)
{
    if (table->refusal.part == NULL) {
        return false;
    }
    char text[200];
    (void)yoke_refusal_text(&table->refusal, text, sizeof text);
    tool_error("look closer with: yoke table FILE", "%s: %s", subject->path, text);
    return true;
}

/// One table of each file.
static int diff_tables(const struct subject *from, const struct table *first,
                       const struct subject *to, const struct table *second, cJSON *json,
                       uint32_t *count)
{
    if (refused(from, first) || refused(to, second)) {
        return TOOL_REFUSED;
    }
    cJSON *const array = cJSON_CreateArray();
    const uint32_t differences = table_differences(first, second, array);
    const cJSON *difference = NULL;

    *count += differences;
    if (json != NULL) {
        cJSON *const item = cJSON_CreateObject();
        (void)cJSON_AddNumberToObject(item, "from_version", first->version);
        (void)cJSON_AddNumberToObject(item, "to_version", second->version);
        (void)cJSON_AddItemToObject(item, "differences", array);
        (void)cJSON_AddItemToArray(cJSON_GetObjectItem(json, "tables"), item);
        return TOOL_OK;
    }
    (void)printf("table version %u of %s, version %u of %s: %u %s\n", first->version,
                 tool_basename(from->path), second->version, tool_basename(to->path), differences,
                 differences == 1 ? "difference" : "differences");
    cJSON_ArrayForEach(difference, array)
    {
        print_difference(difference);
    }
    cJSON_Delete(array);
    return TOOL_OK;
}

/// A version that only one of the files has.
static void only_in(const struct subject *subject, uint32_t version, cJSON *json)
{
    if (json == NULL) {
        (void)printf("table version %u: only in %s\n", version, tool_basename(subject->path));
        return;
    }
    cJSON *const item = cJSON_CreateObject();
    (void)cJSON_AddNumberToObject(item, "version", version);
    (void)cJSON_AddStringToObject(item, "only_in", subject->path);
    (void)cJSON_AddItemToArray(cJSON_GetObjectItem(json, "tables"), item);
}

int table_diff(const struct subject *from, const struct subject *to, cJSON *json)
{
    uint32_t count = 0;
    bool common = false;
    int status = TOOL_OK;

    (void)cJSON_AddArrayToObject(json, "tables");
    for (uint32_t version = 1; version <= 2 && status == TOOL_OK; version++) {
        const struct table *const first = subject_table(from, version);
        const struct table *const second = subject_table(to, version);
        if (first != NULL && second != NULL) {
            common = true;
            status = diff_tables(from, first, to, second, json, &count);
        }
    }
    if (!common) {
        status = diff_tables(from, subject_best(from), to, subject_best(to), json, &count);
    }
    for (uint32_t version = 1; version <= 2 && common && status == TOOL_OK; version++) {
        const bool in_from = subject_table(from, version) != NULL;
        if (in_from != (subject_table(to, version) != NULL)) {
            only_in(in_from ? from : to, version, json);
            count++;
        }
    }
    if (status == TOOL_OK && count != 0) {
        status = TOOL_FAILED;
    }
    return status;
}
