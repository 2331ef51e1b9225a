// SPDX-License-Identifier: BSD-3-Clause
// Holds an image against a device tree: is the memory there that it asks for, and kept free?
#include "board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>

#include "file.h"

/// An image and the board that it is held against.
struct meeting {
    const struct subject *subject;
    struct board *board;
    struct findings *findings;
    struct overlay overlay;
    uint64_t loose; ///< Bytes of rings and buffers that the host places, in whole pages.
};

/// The name by which Linux finds the memory of a range that the image fixes: see tool_ring_name().
static const char *range_name(const struct subject *subject, const struct range *range, char *text,
                              size_t size)
{
    const struct table *const table = subject_best(subject);

    switch (range->kind) {
    case RANGE_CARVEOUT:
        for (uint32_t i = 0; i < table->count; i++) {
            const struct yoke_rsc_entry *const entry = &table->entries[i];
            if (entry->known && entry->type == YOKE_RSC_CARVEOUT &&
                entry->of.carveout.da == range->da && entry->of.carveout.name[0] != '\0') {
                return tool_clean(text, size, entry->of.carveout.name,
                                  strlen(entry->of.carveout.name));
            }
        }
        return "carveout";
    case RANGE_RING:
        return tool_ring_name(range->vdev, range->queue, text, size);
    case RANGE_BUFFERS:
        (void)snprintf(text, size, "vdev%ubuffer", range->vdev);
        return text;
    default:
        return "firmware";
    }
}

// ------------------------------------------------------------------------------------- one range

/// What is wrong with the node that holds a range.
static void check_node(const struct meeting *meeting, const struct range *range,
                       struct board_reserved *reserved)
{
    const struct board *const board = meeting->board;
    struct findings *const findings = meeting->findings;
    char text[160];

    reserved->used = true;
    if (reserved->path[0] == '\0') {
        return; // The blob's own list: no more is known.
    }
    if (!reserved->no_map) {
        findings_add(findings, PROBLEM, "no-map",
                     "%s: has no no-map, so the host's kernel uses it as its own memory, cached\n"
                     "add the property no-map to the node",
                     reserved->path);
    }
    if (reserved->reusable) {
        findings_add(findings, PROBLEM, "reusable",
                     "%s: is reusable, so the host's kernel puts its own data there\n"
                     "drop the property reusable, and add no-map",
                     reserved->path);
    }
    if (reserved->disabled) {
        findings_add(findings, PROBLEM, "disabled",
                     "%s: its status is not \"okay\", so nothing is reserved\nset it to \"okay\"",
                     reserved->path);
    }
    if (board->core >= 0 && !reserved->listed) {
        findings_add(findings, PROBLEM, "not-listed",
                     "%s: %s lies there, but memory-region of %s does not name it%s%s\n"
                     "add the node to the core's memory-region",
                     reserved->path, range->what, board->core_path,
                     reserved->other[0] != '\0' ? "; it belongs to " : "", reserved->other);
    }
    if ((range->kind == RANGE_CARVEOUT || range->kind == RANGE_RING) &&
        subject_table(meeting->subject, 1) != NULL) {
        const char *const name = range_name(meeting->subject, range, text, sizeof text);
        if (strcmp(name, reserved->name) != 0 && !reserved->pool) {
            findings_add(
                findings, WARNING, "name",
                "%s: Linux looks for memory called \"%s\" for %s, and puts it elsewhere if it "
                "finds none\ncall the node %s@%llx",
                reserved->path, name, range->what, name, (unsigned long long)reserved->pa);
        }
    }
}

/// Nothing reserves the range.
static void check_free(struct meeting *meeting, const struct range *range, uint64_t pa)
{
    const struct board *const board = meeting->board;
    char text[160];

    if (board_block_of(board->memory, board->memory_count, pa, range->size) != NULL) {
        findings_add(meeting->findings, PROBLEM, "not-reserved",
                     "%s, %llu bytes at 0x%llx, is memory that the host's kernel uses too\n"
                     "reserve it: see the overlay",
                     range->what, (unsigned long long)range->size, (unsigned long long)pa);
        overlay_want(&meeting->overlay, range_name(meeting->subject, range, text, sizeof text), pa,
                     range->size);
        return;
    }
    for (uint32_t i = 0; i < board->memory_count; i++) {
        if (yoke_overlap(pa, range->size, board->memory[i].pa, board->memory[i].size)) {
            findings_add(
                meeting->findings, PROBLEM, "beyond",
                "%s, %llu bytes at 0x%llx, reaches beyond the memory of the device tree, 0x%llx "
                "bytes at 0x%llx\nmove it, or make it smaller",
                range->what, (unsigned long long)range->size, (unsigned long long)pa,
                (unsigned long long)board->memory[i].size, (unsigned long long)board->memory[i].pa);
            return;
        }
    }
    if (board_block_of(board->chip, board->chip_count, pa, range->size) == NULL) {
        findings_add(meeting->findings, WARNING, "nowhere",
                     "%s, %llu bytes at 0x%llx: the device tree has no memory there\n"
                     "if the core knows memory by another address, say --map DA=PA:SIZE",
                     range->what, (unsigned long long)range->size, (unsigned long long)pa);
    }
}

static void check_range(struct meeting *meeting, const struct range *range)
{
    uint64_t pa = 0;

    if (!board_translate(meeting->board, range->da, range->size, &pa) ||
        range->size - 1 > UINT64_MAX - pa) {
        findings_add(
            meeting->findings, PROBLEM, "map",
            "%s, %llu bytes at 0x%llx, reaches beyond the part of memory that the core knows\n"
            "move it into one of the core's ranges",
            range->what, (unsigned long long)range->size, (unsigned long long)range->da);
        return;
    }
    struct board_reserved *const reserved = board_reserved_at(meeting->board, pa, range->size);
    if (reserved == NULL) {
        check_free(meeting, range, pa);
    } else if (yoke_inside(pa, range->size, reserved->pa, reserved->size)) {
        check_node(meeting, range, reserved);
    } else {
        findings_add(meeting->findings, PROBLEM, "straddles",
                     "%s, %llu bytes at 0x%llx, lies only in part in %s, 0x%llx bytes at 0x%llx\n"
                     "make the node so large that it holds all of it, or move one of them",
                     range->what, (unsigned long long)range->size, (unsigned long long)pa,
                     reserved->path[0] != '\0' ? reserved->path : "a reservation of the blob",
                     (unsigned long long)reserved->size, (unsigned long long)reserved->pa);
    }
}

// ---------------------------------------------------------------------------------------- all
// ranges

/// True for what needs memory of its own; the rest are parts of it.
static bool needs_memory(const struct range *range)
{
    return range->kind == RANGE_SEGMENT || range->kind == RANGE_CARVEOUT ||
           range->kind == RANGE_RING || range->kind == RANGE_BUFFERS;
}

static uint64_t whole_pages(uint64_t size)
{
    return (size + BOARD_PAGE - 1) / BOARD_PAGE * BOARD_PAGE;
}

static bool check_table(struct meeting *meeting, const struct table *table)
{
    struct ranges ranges;
    uint64_t loose = 0;

    if (!ranges_make(&ranges, meeting->subject, table)) {
        return false;
    }
    for (uint32_t i = 0; i < ranges.count; i++) {
        const struct range *const range = &ranges.list[i];
        if (!needs_memory(range)) {
            continue;
        }
        if (range->da == YOKE_ADDR_ANY) {
            loose += whole_pages(range->size);
        } else {
            check_range(meeting, range);
        }
    }
    meeting->loose = loose > meeting->loose ? loose : meeting->loose;
    ranges_free(&ranges);
    return true;
}

/// Bytes of the core's pools that something of the image lies in, or nothing.
static uint64_t pool_bytes(const struct board *board, bool used)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < board->reserved_count; i++) {
        const struct board_reserved *const reserved = &board->reserved[i];
        if (reserved->listed && reserved->pool && reserved->used == used) {
            bytes += reserved->size;
        }
    }
    return bytes;
}

/// True if a pool reaches beyond the addresses of version 1.
static bool has_high_pool(const struct board *board)
{
    for (uint32_t i = 0; i < board->reserved_count; i++) {
        const struct board_reserved *const reserved = &board->reserved[i];
        if (reserved->listed && reserved->pool &&
            reserved->pa + (reserved->size - 1) > UINT32_MAX) {
            return true;
        }
    }
    return false;
}

/// What the host places needs a pool that the core reaches.
static void check_pools(struct meeting *meeting)
{
    const struct board *const board = meeting->board;
    const uint64_t free_pools = pool_bytes(board, false);
    const uint64_t pools = free_pools != 0 ? free_pools : pool_bytes(board, true);

    if (meeting->loose == 0 || board->core < 0) {
        return;
    }
    if (pools == 0) {
        findings_add(meeting->findings, WARNING, "no-pool",
                     "the host places rings and buffers, %llu bytes in whole pages, but %s has no "
                     "shared-dma-pool: they may lie where the core does not reach\n"
                     "add a pool to its memory-region: see the overlay",
                     (unsigned long long)meeting->loose, board->core_path);
        if (!overlay_want_pool(&meeting->overlay, board, "vdev0buffer", meeting->loose)) {
            findings_add(meeting->findings, WARNING, "no-room",
                         "no memory of the device tree below 4 GiB has %llu bytes left for a pool",
                         (unsigned long long)meeting->loose);
        }
    } else if (pools < meeting->loose) {
        findings_add(meeting->findings, PROBLEM, "pool-small",
                     "the pools of %s have %llu bytes, rings and buffers need %llu in whole pages\n"
                     "make one larger",
                     board->core_path, (unsigned long long)pools,
                     (unsigned long long)meeting->loose);
    }
    if (has_high_pool(board) && subject_table(meeting->subject, 1) != NULL) {
        findings_add(meeting->findings, WARNING, "pool-high",
                     "a pool of %s lies above 4 GiB, where addresses of version 1 do not reach\n"
                     "move it below, or use a table of version 2",
                     board->core_path);
    }
}

/// What is wrong with nodes that are the core's, whatever lies there.
static void check_nodes(const struct meeting *meeting)
{
    const struct board *const board = meeting->board;

    for (uint32_t i = 0; i < board->reserved_count; i++) {
        const struct board_reserved *const a = &board->reserved[i];
        if (!a->listed && !a->used) {
            continue;
        }
        if (a->pa % BOARD_PAGE != 0 || a->size % BOARD_PAGE != 0) {
            findings_add(meeting->findings, WARNING, "alignment",
                         "%s: 0x%llx bytes at 0x%llx are not whole pages of 4096 bytes\n"
                         "round its start down, and its end up",
                         a->path, (unsigned long long)a->size, (unsigned long long)a->pa);
        }
        if (!a->used && !a->pool) {
            findings_add(meeting->findings, NOTE, "unused",
                         "%s: nothing of the firmware lies there", a->path);
        }
        for (uint32_t k = 0; k < board->reserved_count; k++) {
            const struct board_reserved *const b = &board->reserved[k];
            if (k != i && (k > i || (!b->listed && !b->used)) &&
                yoke_overlap(a->pa, a->size, b->pa, b->size)) {
                findings_add(meeting->findings, PROBLEM, "reserved-overlap",
                             "%s overlaps %s: 0x%llx bytes at 0x%llx, and 0x%llx at 0x%llx\n"
                             "move one of them",
                             a->path, b->path[0] != '\0' ? b->path : "a reservation of the blob",
                             (unsigned long long)a->size, (unsigned long long)a->pa,
                             (unsigned long long)b->size, (unsigned long long)b->pa);
            }
        }
    }
}

static void check_identity(const struct meeting *meeting, const struct table *table)
{
    char text[160];

    for (uint32_t i = 0; i < table->count; i++) {
        const struct yoke_rsc_entry *const entry = &table->entries[i];
        const char *const chip = entry->of.identity.chip;
        if (entry->known && entry->type == YOKE_RSC2_IDENTITY && chip[0] != '\0' &&
            !board_is(meeting->board, chip)) {
            findings_add(meeting->findings, PROBLEM, "chip",
                         "the firmware is for \"%s\", which the device tree is not compatible with "
                         "(T2-43)\nname the right device tree, or the right chip in the identity",
                         tool_clean(text, sizeof text, chip, strlen(chip)));
        }
    }
}

static void describe(const struct board *board, cJSON *json)
{
    cJSON *const array = cJSON_AddArrayToObject(json, "reserved");

    (void)cJSON_AddStringToObject(json, "core", board->core_path);
    for (uint32_t i = 0; i < board->reserved_count && json != NULL; i++) {
        cJSON *const item = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(item, "path", board->reserved[i].path);
        tool_json_address(item, "pa", board->reserved[i].pa);
        (void)cJSON_AddNumberToObject(item, "size", (double)board->reserved[i].size);
        (void)cJSON_AddBoolToObject(item, "listed", board->reserved[i].listed);
        (void)cJSON_AddBoolToObject(item, "used", board->reserved[i].used);
        (void)cJSON_AddItemToArray(array, item);
    }
}

int table_against(const struct subject *subject, const struct board_options *options,
                  struct findings *findings, char **source, cJSON *json)
{
    static struct board board;
    static struct meeting meeting;
    struct yoke_bytes blob = {0};
    const int error = yoke_file_read(options->path, &blob);

    if (error != 0) {
        tool_error("name a device tree blob", "%s: %s", options->path, strerror(error));
        return TOOL_REFUSED;
    }
    int status = board_read(&board, blob, options, findings);
    if (status == TOOL_OK) {
        meeting = (struct meeting){.subject = subject, .board = &board, .findings = findings};
        for (uint32_t i = 0; i < subject->table_count; i++) {
            findings->lost |= !check_table(&meeting, &subject->tables[i]);
            check_identity(&meeting, &subject->tables[i]);
        }
        check_pools(&meeting);
        check_nodes(&meeting);
        describe(&board, json);
        *source = overlay_source(&meeting.overlay, &board, subject->path);
    }
    yoke_file_free(&blob);
    return status;
}
