// SPDX-License-Identifier: BSD-3-Clause
// Reads from a device tree what memory there is, what is reserved, and which core is meant.
#include "board.h"

#include <string.h>

#include <libfdt.h>

#define CORES 16u

/// Takes a number of one or two cells off a property. False if it is not there.
static bool take(const fdt32_t **cells, int *left, uint32_t count, uint64_t *value)
{
    if (count > 2 || *left < (int)count) {
        return false;
    }
    *value = 0;
    for (uint32_t i = 0; i < count; i++) {
        *value = *value << 32 | fdt32_ld(*cells + i);
    }
    *cells += count;
    *left -= (int)count;
    return true;
}

static const fdt32_t *cells_of(const void *fdt, int node, const char *name, int *count)
{
    const fdt32_t *const cells = fdt_getprop(fdt, node, name, count);

    *count = cells != NULL ? *count / 4 : 0;
    return cells;
}

static bool has(const void *fdt, int node, const char *name)
{
    return fdt_getprop(fdt, node, name, NULL) != NULL;
}

static bool compatible(const void *fdt, int node, const char *name)
{
    return fdt_node_check_compatible(fdt, node, name) == 0;
}

/// Cells of addresses and sizes of a node's children; 0 where the tree says nonsense.
static void child_cells(const void *fdt, int node, uint32_t *address, uint32_t *size)
{
    const int addresses = fdt_address_cells(fdt, node);
    const int sizes = fdt_size_cells(fdt, node);

    *address = addresses > 0 ? (uint32_t)addresses : 0;
    *size = sizes > 0 ? (uint32_t)sizes : 0;
}

// ----------------------------------------------------------------------------------------
// addresses

/// Translates an address below `bus` to what the root calls it, over all buses between.
static bool to_root(const void *fdt, int bus, uint64_t *address)
{
    while (bus > 0) {
        const int parent = fdt_parent_offset(fdt, bus);
        uint32_t address_cells = 0;
        uint32_t size_cells = 0;
        uint32_t parent_cells = 0;
        uint32_t unused = 0;
        uint64_t child = 0;
        uint64_t up = 0;
        uint64_t size = 0;
        int left = 0;
        const fdt32_t *cells = cells_of(fdt, bus, "ranges", &left);
        bool found = cells != NULL && left == 0;

        if (cells == NULL || parent < 0) {
            return false;
        }
        child_cells(fdt, bus, &address_cells, &size_cells);
        child_cells(fdt, parent, &parent_cells, &unused);
        while (!found && take(&cells, &left, address_cells, &child) &&
               take(&cells, &left, parent_cells, &up) && take(&cells, &left, size_cells, &size)) {
            if (*address >= child && *address - child < size) {
                *address = *address - child + up;
                found = true;
            }
        }
        if (!found) {
            return false;
        }
        bus = parent;
    }
    return bus == 0;
}

/// Adds the ranges of `reg` that can be translated.
static void add_blocks(const void *fdt, int node, struct board_block *blocks, uint32_t *count)
{
    const int parent = fdt_parent_offset(fdt, node);
    uint32_t address_cells = 0;
    uint32_t size_cells = 0;
    uint64_t pa = 0;
    uint64_t size = 0;
    int left = 0;
    const fdt32_t *cells = cells_of(fdt, node, "reg", &left);

    if (parent < 0) {
        return;
    }
    child_cells(fdt, parent, &address_cells, &size_cells);
    while (*count < BOARD_BLOCKS && take(&cells, &left, address_cells, &pa) &&
           take(&cells, &left, size_cells, &size)) {
        if (size != 0 && to_root(fdt, parent, &pa) && size - 1 <= UINT64_MAX - pa) {
            blocks[(*count)++] = (struct board_block){pa, size};
        }
    }
}

/// Adds what a node's `dma-ranges` or `ranges` says about the core's addresses.
static void add_maps(struct board *board, int node, const char *name)
{
    const int parent = fdt_parent_offset(board->fdt, node);
    uint32_t address_cells = 0;
    uint32_t size_cells = 0;
    uint32_t parent_cells = 0;
    uint32_t unused = 0;
    struct board_map map;
    int left = 0;
    const fdt32_t *cells = cells_of(board->fdt, node, name, &left);

    if (parent < 0) {
        return;
    }
    child_cells(board->fdt, node, &address_cells, &size_cells);
    child_cells(board->fdt, parent, &parent_cells, &unused);
    while (board->map_count < 2 * BOARD_MAPS && take(&cells, &left, address_cells, &map.da) &&
           take(&cells, &left, parent_cells, &map.pa) &&
           take(&cells, &left, size_cells, &map.size)) {
        if (map.size != 0 && to_root(board->fdt, parent, &map.pa) &&
            map.size - 1 <= UINT64_MAX - map.pa && map.size - 1 <= UINT64_MAX - map.da) {
            board->maps[board->map_count++] = map;
        }
    }
}

bool board_translate(const struct board *board, uint64_t da, uint64_t size, uint64_t *pa)
{
    for (uint32_t i = 0; i < board->map_count; i++) {
        const struct board_map *const map = &board->maps[i];
        if (yoke_inside(da, size, map->da, map->size)) {
            *pa = map->pa + (da - map->da);
            return true;
        }
    }
    for (uint32_t i = 0; i < board->map_count; i++) {
        if (yoke_overlap(da, size, board->maps[i].da, board->maps[i].size)) {
            return false;
        }
    }
    *pa = da;
    return true;
}

const struct board_block *board_block_of(const struct board_block *blocks, uint32_t count,
                                         uint64_t pa, uint64_t size)
{
    for (uint32_t i = 0; i < count; i++) {
        if (yoke_inside(pa, size, blocks[i].pa, blocks[i].size)) {
            return &blocks[i];
        }
    }
    return NULL;
}

struct board_reserved *board_reserved_at(struct board *board, uint64_t pa, uint64_t size)
{
    struct board_reserved *part = NULL;

    for (uint32_t i = 0; i < board->reserved_count; i++) {
        struct board_reserved *const reserved = &board->reserved[i];
        if (yoke_inside(pa, size, reserved->pa, reserved->size)) {
            return reserved;
        }
        if (part == NULL && yoke_overlap(pa, size, reserved->pa, reserved->size)) {
            part = reserved;
        }
    }
    return part;
}

// ----------------------------------------------------------------------------------------- the
// core

/// True if a text has `word`, at its end if that is how the word begins: with "-".
static bool says(const char *text, const char *word)
{
    const char *const at = text != NULL ? strstr(text, word) : NULL;

    return at != NULL && (word[0] != '-' || at[strlen(word)] == '\0');
}

/// True if a node looks like a coprocessor, by its name or what it is compatible with.
static bool looks_like_core(const void *fdt, int node)
{
    static const char *const words[] = {"rproc", "remoteproc", "r5f",  "-cm4", "-cm7",
                                        "-cm33", "-m33",       "-m4",  "-m0",  "-ipu",
                                        "-dsp",  "-c66",       "-c71x"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (says(fdt_get_name(fdt, node, NULL), words[i])) {
            return true;
        }
        for (int k = 0; k < fdt_stringlist_count(fdt, node, "compatible"); k++) {
            if (says(fdt_stringlist_get(fdt, node, "compatible", k, NULL), words[i])) {
                return true;
            }
        }
    }
    return false;
}

static bool is_enabled(const void *fdt, int node)
{
    const char *const status = fdt_getprop(fdt, node, "status", NULL);

    return status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

/// Cores: nodes that look like one and hold none that does, outside of /reserved-memory.
static uint32_t find_cores(const void *fdt, int *cores)
{
    uint32_t count = 0;

    for (int node = fdt_next_node(fdt, 0, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
        const int parent = fdt_parent_offset(fdt, node);
        const char *const above = fdt_get_name(fdt, parent, NULL);
        if (!looks_like_core(fdt, node) || !is_enabled(fdt, node) ||
            !has(fdt, node, "compatible") ||
            (above != NULL && strcmp(above, "reserved-memory") == 0)) {
            continue;
        }
        if (count != 0 && cores[count - 1] == parent) {
            count--; // A cluster: its cores count.
        }
        if (count < CORES) {
            cores[count++] = node;
        }
    }
    return count;
}

static int refuse_cores(const struct board *board, const int *cores, uint32_t count)
{
    char text[300] = "";
    char path[128];

    for (uint32_t i = 0; i < count; i++) {
        const size_t used = strlen(text);
        if (fdt_get_path(board->fdt, cores[i], path, sizeof path) == 0) {
            (void)snprintf(text + used, sizeof text - used, " %s", path);
        }
    }
    tool_error("say which one, with --node PATH", "%s: several nodes look like cores:%s",
               board->path, text);
    return TOOL_USAGE;
}

static int find_core(struct board *board, const char *wanted, struct findings *findings)
{
    int cores[CORES];

    if (wanted != NULL) {
        board->core = fdt_path_offset(board->fdt, wanted);
        if (board->core < 0) {
            tool_error("name its path, as in /soc/remoteproc@0, or an alias",
                       "--node %s: %s has no such node", wanted, board->path);
            return TOOL_USAGE;
        }
    } else {
        const uint32_t count = find_cores(board->fdt, cores);
        if (count > 1) {
            return refuse_cores(board, cores, count);
        }
        board->core = count == 1 ? cores[0] : -1;
    }
    if (board->core < 0) {
        findings_add(
            findings, WARNING, "no-core",
            "no node of the device tree looks like a coprocessor: what belongs to it is not "
            "checked\nsay which one it is, with --node PATH");
        return TOOL_OK;
    }
    if (fdt_get_path(board->fdt, board->core, board->core_path, sizeof board->core_path) != 0) {
        board->core_path[0] = '\0';
    }
    return TOOL_OK;
}

// ---------------------------------------------------------------------------------- reserved
// memory

/// Marks whose memory it is: of the core, or of another device.
static void mark_users(struct board *board)
{
    const void *const fdt = board->fdt;

    for (int node = fdt_next_node(fdt, 0, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
        uint64_t phandle = 0;
        int left = 0;
        const fdt32_t *cells = cells_of(fdt, node, "memory-region", &left);
        while (take(&cells, &left, 1, &phandle)) {
            for (uint32_t i = 0; i < board->reserved_count; i++) {
                struct board_reserved *const reserved = &board->reserved[i];
                if (reserved->phandle == 0 || reserved->phandle != phandle) {
                    continue;
                }
                if (node == board->core) {
                    reserved->listed = true;
                } else {
                    (void)snprintf(reserved->other, sizeof reserved->other, "%s",
                                   fdt_get_name(fdt, node, NULL));
                }
            }
        }
    }
}

static void add_reserved(struct board *board, int node)
{
    const void *const fdt = board->fdt;
    struct board_reserved reserved = {0};
    int left = 0;
    const fdt32_t *cells = cells_of(fdt, node, "reg", &left);
    const char *const name = fdt_get_name(fdt, node, NULL);

    reserved.no_map = has(fdt, node, "no-map");
    reserved.reusable = has(fdt, node, "reusable");
    reserved.pool = compatible(fdt, node, "shared-dma-pool");
    reserved.disabled = !is_enabled(fdt, node);
    reserved.phandle = fdt_get_phandle(fdt, node);
    (void)snprintf(reserved.name, sizeof reserved.name, "%.*s", (int)strcspn(name, "@"), name);
    (void)fdt_get_path(fdt, node, reserved.path, sizeof reserved.path);
    while (board->reserved_count < BOARD_RESERVED &&
           take(&cells, &left, board->address_cells, &reserved.pa) &&
           take(&cells, &left, board->size_cells, &reserved.size)) {
        if (reserved.size != 0 && reserved.size - 1 <= UINT64_MAX - reserved.pa) {
            board->reserved[board->reserved_count++] = reserved;
        }
    }
}

static void read_reserved(struct board *board)
{
    const void *const fdt = board->fdt;
    const int parent = fdt_path_offset(fdt, "/reserved-memory");
    int node = 0;

    child_cells(fdt, 0, &board->root_address_cells, &board->root_size_cells);
    child_cells(fdt, parent >= 0 ? parent : 0, &board->address_cells, &board->size_cells);
    for (int i = 0; i < fdt_num_mem_rsv(fdt) && board->reserved_count < BOARD_RESERVED; i++) {
        struct board_reserved reserved = {.no_map = true};
        if (fdt_get_mem_rsv(fdt, i, &reserved.pa, &reserved.size) == 0 && reserved.size != 0) {
            board->reserved[board->reserved_count++] = reserved;
        }
    }
    if (parent < 0) {
        return;
    }
    fdt_for_each_subnode(node, fdt, parent)
    {
        add_reserved(board, node);
    }
    mark_users(board);
}

// ----------------------------------------------------------------------------------------- all of
// it

static void read_memory(struct board *board)
{
    const void *const fdt = board->fdt;

    for (int node = fdt_next_node(fdt, 0, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
        const char *const type = fdt_getprop(fdt, node, "device_type", NULL);
        if (type != NULL && strcmp(type, "memory") == 0) {
            add_blocks(fdt, node, board->memory, &board->memory_count);
        } else if (compatible(fdt, node, "mmio-sram") || node == board->core) {
            add_blocks(fdt, node, board->chip, &board->chip_count);
        }
    }
}

int board_read(struct board *board, struct yoke_bytes blob, const struct board_options *options,
               struct findings *findings)
{
    *board = (struct board){.fdt = blob.data, .path = options->path, .core = -1};
    if (blob.size < sizeof(struct fdt_header) || fdt_check_full(blob.data, blob.size) != 0) {
        tool_error("name a blob: dtc -I dts -O dtb -o BOARD.dtb BOARD.dts makes one",
                   "%s: is not a device tree blob", options->path);
        return TOOL_REFUSED;
    }
    const int status = find_core(board, options->node, findings);
    if (status != TOOL_OK) {
        return status;
    }
    memcpy(board->maps, options->maps, options->map_count * sizeof board->maps[0]);
    board->map_count = options->map_count;
    if (board->core >= 0) {
        const int parent = fdt_parent_offset(board->fdt, board->core);
        add_maps(board, board->core, "ranges");
        add_maps(board, board->core, "dma-ranges");
        if (parent > 0) {
            add_maps(board, parent, "dma-ranges");
        }
        // The ranges of a bus are the host's view; those of a cluster of cores are its own.
        if (parent > 0 && !compatible(board->fdt, parent, "simple-bus")) {
            add_maps(board, parent, "ranges");
        }
    }
    read_memory(board);
    read_reserved(board);
    return TOOL_OK;
}

bool board_is(const struct board *board, const char *chip)
{
    return compatible(board->fdt, 0, chip);
}
