// SPDX-License-Identifier: BSD-3-Clause
/// \file board.h
/// What a device tree says about memory, and about one coprocessor: for `yoke table --against`.
#ifndef YOKE_TOOL_BOARD_H
#define YOKE_TOOL_BOARD_H

#include "table.h"

#define BOARD_BLOCKS 32u
#define BOARD_RESERVED 64u
#define BOARD_PAGE UINT64_C(4096)

/// Memory by its physical addresses.
struct board_block {
    uint64_t pa;
    uint64_t size;
};

/// A node below /reserved-memory, or an entry of the blob's own list of reservations.
struct board_reserved {
    uint64_t pa;
    uint64_t size;
    char name[64];    ///< Of the node, without its address; "" in the blob's own list.
    char path[128];   ///< "" likewise.
    uint32_t phandle; ///< 0: none.
    bool no_map;
    bool reusable;
    bool pool;      ///< A pool to allocate from.
    bool disabled;  ///< Its status is not "okay".
    bool listed;    ///< The core's memory-region names it.
    bool used;      ///< Something of the firmware lies there.
    char other[64]; ///< Another device that names it, or "".
};

struct board {
    const void *fdt;
    const char *path;    ///< Of the file.
    int core;            ///< The core's node, or negative.
    char core_path[128]; ///< "" if there is none.
    struct board_map maps[2 * BOARD_MAPS];
    uint32_t map_count;
    struct board_block memory[BOARD_BLOCKS];
    uint32_t memory_count;
    struct board_block chip[BOARD_BLOCKS]; ///< Memory on the chip: SRAM, and the core's own.
    uint32_t chip_count;
    struct board_reserved reserved[BOARD_RESERVED];
    uint32_t reserved_count;
    uint32_t address_cells; ///< Of /reserved-memory, or of / where it is missing.
    uint32_t size_cells;
    uint32_t root_address_cells;
    uint32_t root_size_cells;
};

/// Reads all of this. The blob, as long as its file, must stay. Returns TOOL_OK, or another exit
/// code, having said why.
int board_read(struct board *board, struct yoke_bytes blob, const struct board_options *options,
               struct findings *findings);

/// True if a name is one of the board's own (its root's `compatible`).
bool board_is(const struct board *board, const char *chip);

/// The physical address of device addresses [da, da + size). False if a map has only a part.
bool board_translate(const struct board *board, uint64_t da, uint64_t size, uint64_t *pa);

/// The reserved memory that has a byte of the range, or NULL; one that has all of it if possible.
struct board_reserved *board_reserved_at(struct board *board, uint64_t pa, uint64_t size);

/// The block among `count` that has all of the range, or NULL.
const struct board_block *board_block_of(const struct board_block *blocks, uint32_t count,
                                         uint64_t pa, uint64_t size);

// ---- What is missing

/// Nodes to add, as an overlay.
struct overlay {
    struct wanted {
        uint64_t pa;
        uint64_t size;
        char name[64];
        bool pool;
    } wanted[BOARD_RESERVED];
    uint32_t count;
};

/// Wants [pa, pa + size) reserved, in whole pages, and joins it with what it touches.
void overlay_want(struct overlay *overlay, const char *name, uint64_t pa, uint64_t size);

/// Wants a pool of so many bytes, where nothing else is. False if there is no such place.
bool overlay_want_pool(struct overlay *overlay, const struct board *board, const char *name,
                       uint64_t size);

/// The overlay as source, to be freed; NULL if nothing is missing.
char *overlay_source(const struct overlay *overlay, const struct board *board,
                     const char *firmware);

#endif
