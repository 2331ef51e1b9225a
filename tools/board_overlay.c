// SPDX-License-Identifier: BSD-3-Clause
// Reserved memory that a device tree lacks, as the source of an overlay.
#include "board.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/// Rings hold addresses of 32 bits in version 1: pools stay below.
#define POOL_END (UINT64_C(1) << 32)

static void remove_wanted(struct overlay *overlay, uint32_t index)
{
    overlay->count--;
    memmove(&overlay->wanted[index], &overlay->wanted[index + 1],
            (overlay->count - index) * sizeof overlay->wanted[0]);
}

void overlay_want(struct overlay *overlay, const char *name, uint64_t pa, uint64_t size)
{
    uint64_t start = pa / BOARD_PAGE * BOARD_PAGE;
    uint64_t end = (pa + size + BOARD_PAGE - 1) / BOARD_PAGE * BOARD_PAGE;
    struct wanted wanted = {0};

    (void)snprintf(wanted.name, sizeof wanted.name, "%s", name);
    for (uint32_t i = 0; i < overlay->count;) {
        const struct wanted *const other = &overlay->wanted[i];
        const bool touch = start <= other->pa + other->size && other->pa <= end;
        const bool share = yoke_overlap(start, end - start, other->pa, other->size);
        // What shares a page goes together; so do neighbours that are called the same.
        if (!share && !(touch && strcmp(other->name, name) == 0)) {
            i++;
            continue;
        }
        start = other->pa < start ? other->pa : start;
        end = other->pa + other->size > end ? other->pa + other->size : end;
        memcpy(wanted.name, other->name, sizeof wanted.name);
        remove_wanted(overlay, i);
        i = 0;
    }
    wanted.pa = start;
    wanted.size = end - start;
    if (overlay->count < BOARD_RESERVED) {
        overlay->wanted[overlay->count++] = wanted;
    }
}

/// The start of what overlaps the range, reserved or wanted; false if nothing does.
static bool obstacle(const struct overlay *overlay, const struct board *board, uint64_t pa,
                     uint64_t size, uint64_t *start)
{
    for (uint32_t i = 0; i < board->reserved_count; i++) {
        if (yoke_overlap(pa, size, board->reserved[i].pa, board->reserved[i].size)) {
            *start = board->reserved[i].pa;
            return true;
        }
    }
    for (uint32_t i = 0; i < overlay->count; i++) {
        if (yoke_overlap(pa, size, overlay->wanted[i].pa, overlay->wanted[i].size)) {
            *start = overlay->wanted[i].pa;
            return true;
        }
    }
    return false;
}

bool overlay_want_pool(struct overlay *overlay, const struct board *board, const char *name,
                       uint64_t size)
{
    size = (size + BOARD_PAGE - 1) / BOARD_PAGE * BOARD_PAGE;
    for (uint32_t i = 0; i < board->memory_count && overlay->count < BOARD_RESERVED; i++) {
        const struct board_block *const block = &board->memory[i];
        const uint64_t last = block->pa + (block->size - 1);
        uint64_t end = last < POOL_END ? last + 1 : POOL_END;
        // From the top down: each obstacle moves the end, so this ends.
        while (end >= block->pa && end - block->pa >= size) {
            const uint64_t pa = (end - size) / BOARD_PAGE * BOARD_PAGE;
            if (pa < block->pa) {
                break;
            }
            if (!obstacle(overlay, board, pa, size, &end)) {
                struct wanted *const wanted = &overlay->wanted[overlay->count++];
                *wanted = (struct wanted){.pa = pa, .size = size, .pool = true};
                (void)snprintf(wanted->name, sizeof wanted->name, "%s", name);
                return true;
            }
        }
    }
    return false;
}

/// Writes a number in cells.
static void put_cells(FILE *out, uint64_t value, uint32_t cells)
{
    if (cells == 2) {
        (void)fprintf(out, "0x%llx ", (unsigned long long)(value >> 32));
    }
    (void)fprintf(out, "0x%llx", (unsigned long long)(value & UINT32_MAX));
}

static void put_cell_counts(FILE *out, const char *indent, uint32_t address, uint32_t size)
{
    (void)fprintf(out, "%s#address-cells = <%u>;\n%s#size-cells = <%u>;\n", indent, address, indent,
                  size);
}

static void put_node(FILE *out, const struct wanted *wanted, uint32_t index,
                     const struct board *board)
{
    (void)fprintf(out, "\n\t\tyoke%u: ", index);
    for (const char *c = wanted->name; *c != '\0'; c++) {
        // Names of nodes have fewer characters than those of carveouts.
        (void)fputc(isalnum((unsigned char)*c) || strchr(",._+-", *c) != NULL ? *c : '-', out);
    }
    (void)fprintf(out, "@%llx {\n", (unsigned long long)wanted->pa);
    if (wanted->pool) {
        (void)fprintf(out, "\t\t\tcompatible = \"shared-dma-pool\";\n");
    }
    (void)fprintf(out, "\t\t\treg = <");
    put_cells(out, wanted->pa, board->address_cells);
    (void)fprintf(out, " ");
    put_cells(out, wanted->size, board->size_cells);
    (void)fprintf(out, ">;\n\t\t\tno-map;\n\t\t};\n");
}

/// The core's list: what it has, what is used without being in it, and what is new.
static void put_list(FILE *out, const struct overlay *overlay, const struct board *board)
{
    const char *comma = "";

    (void)fprintf(out, "\n&{%s} {\n\tmemory-region = ", board->core_path);
    for (uint32_t i = 0; i < board->reserved_count; i++) {
        const struct board_reserved *const reserved = &board->reserved[i];
        if (reserved->phandle != 0 && (reserved->listed || reserved->used)) {
            (void)fprintf(out, "%s<0x%x>", comma, reserved->phandle);
            comma = ", ";
        }
    }
    for (uint32_t i = 0; i < overlay->count; i++) {
        (void)fprintf(out, "%s<&yoke%u>", comma, i);
        comma = ", ";
    }
    (void)fprintf(out, ";\n};\n");
}

char *overlay_source(const struct overlay *overlay, const struct board *board, const char *firmware)
{
    bool list = overlay->count != 0;
    bool unmapped = false;
    char *text = NULL;
    size_t size = 0;

    for (uint32_t i = 0; i < board->reserved_count; i++) {
        const struct board_reserved *const reserved = &board->reserved[i];
        list |= reserved->used && !reserved->listed && reserved->phandle != 0;
        unmapped |= reserved->used && !reserved->no_map;
    }
    FILE *const out = list || unmapped ? open_memstream(&text, &size) : NULL;
    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out, "/dts-v1/;\n/plugin/;\n\n// What %s needs and the device tree lacks.\n",
                  tool_basename(firmware));
    if (overlay->count != 0) {
        // The root's cells as they are: the compiler asks for them beside `ranges`.
        (void)fprintf(out, "&{/} {\n");
        put_cell_counts(out, "\t", board->root_address_cells, board->root_size_cells);
        (void)fprintf(out, "\n\treserved-memory {\n");
        put_cell_counts(out, "\t\t", board->address_cells, board->size_cells);
        (void)fprintf(out, "\t\tranges;\n");
        for (uint32_t i = 0; i < overlay->count; i++) {
            put_node(out, &overlay->wanted[i], i, board);
        }
        (void)fprintf(out, "\t};\n};\n");
    }
    for (uint32_t i = 0; i < board->reserved_count; i++) {
        const struct board_reserved *const reserved = &board->reserved[i];
        if (reserved->used && !reserved->no_map && reserved->path[0] != '\0') {
            (void)fprintf(out, "\n&{%s} {\n\tno-map;\n};\n", reserved->path);
        }
    }
    if (list && board->core_path[0] != '\0') {
        put_list(out, overlay, board);
    }
    return fclose(out) == 0 ? text : NULL;
}
