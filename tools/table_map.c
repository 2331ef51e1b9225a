// SPDX-License-Identifier: BSD-3-Clause
// What lies where: ranges of device addresses, drawn, and held against one another.
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>
#include <yoke/abi/vring.h>

/// Memory further away than this is drawn in a picture of its own.
#define FAR UINT64_C(0x10000)

/// Ranges that one entry has at most: rings and buffers of a vdev, and its state.
#define RANGES_EACH (2u * YOKE_RSC_VRINGS_MAX + 1u)

// -------------------------------------------------------------------------------------- collecting

static struct range *add(struct ranges *ranges, enum range_kind kind, uint64_t da, uint64_t size)
{
    struct range *const range = &ranges->list[ranges->count++];

    *range = (struct range){.da = da, .size = size, .kind = kind};
    return range;
}

static void add_entry(struct ranges *ranges, const struct yoke_rsc_entry *entry,
                      enum range_kind kind, uint64_t da, uint64_t size)
{
    struct range *const range = add(ranges, kind, da, size);

    range->owner = entry->index;
    (void)tool_entry_title(entry, 0, range->what, sizeof range->what);
}

/// In version 1 all buffers of an rpmsg device are one block that the host places.
static void add_block(struct ranges *ranges, const struct yoke_rsc_entry *entry, uint32_t vdev)
{
    const struct yoke_rsc_device *const device = &entry->of.vdev;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < device->num_of_vrings; i++) {
        bytes += (uint64_t)device->vrings[i].num * tool_buffer_size(device, &device->vrings[i]);
    }
    if (bytes != 0) {
        struct range *const range = add(ranges, RANGE_BUFFERS, YOKE_ADDR_ANY, bytes);
        range->owner = entry->index;
        range->vdev = vdev;
        (void)snprintf(range->what, sizeof range->what, "buffers of vdev %u", vdev);
    }
}

static void add_vdev(struct ranges *ranges, const struct yoke_rsc_entry *entry, uint32_t version,
                     uint32_t vdev)
{
    const struct yoke_rsc_device *const device = &entry->of.vdev;

    for (uint32_t i = 0; i < device->num_of_vrings; i++) {
        const struct yoke_rsc_queue *const ring = &device->vrings[i];
        struct range *range =
            add(ranges, RANGE_RING, ring->da, yoke_vring_bytes(ring->num, ring->align));
        range->owner = entry->index;
        range->queue = i;
        range->vdev = vdev;
        (void)snprintf(range->what, sizeof range->what, "vring %u of vdev %u", i, vdev);
        if (version != 1 && tool_buffer_size(device, ring) != 0) {
            // Address 0 says that the driver finds a place.
            range = add(ranges, RANGE_BUFFERS, ring->buffers != 0 ? ring->buffers : YOKE_ADDR_ANY,
                        (uint64_t)ring->buffer_count * tool_buffer_size(device, ring));
            range->owner = entry->index;
            range->queue = i;
            range->vdev = vdev;
            (void)snprintf(range->what, sizeof range->what, "buffers of vring %u of vdev %u", i,
                           vdev);
        }
    }
    if (version == 1) {
        add_block(ranges, entry, vdev);
    } else {
        struct range *const range = add(ranges, RANGE_VARIABLE, device->state, device->state_size);
        range->owner = entry->index;
        (void)snprintf(range->what, sizeof range->what, "state of vdev %u", vdev);
    }
}

static void add_of(struct ranges *ranges, const struct table *table, uint32_t index)
{
    const struct yoke_rsc_entry *const entry = &table->entries[index];

    if (!entry->known) {
        return;
    }
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
        add_entry(ranges, entry, RANGE_CARVEOUT, entry->of.carveout.da, entry->of.carveout.len);
        break;
    case YOKE_RSC_DEVMEM:
        add_entry(ranges, entry, RANGE_DEVMEM, entry->of.devmem.da, entry->of.devmem.len);
        break;
    case YOKE_RSC_TRACE:
        add_entry(ranges, entry, RANGE_VARIABLE, entry->of.trace.da, entry->of.trace.len);
        break;
    case YOKE_RSC_VDEV:
        add_vdev(ranges, entry, table->version, table_vdevs(table, index));
        break;
    case YOKE_RSC2_POWER:
        add_entry(ranges, entry, RANGE_VARIABLE, entry->of.power.state,
                  sizeof(struct yoke_rsc2_power_block));
        break;
    case YOKE_RSC2_PARAMETER:
        add_entry(ranges, entry, RANGE_VARIABLE, entry->of.parameter.da, entry->of.parameter.size);
        break;
    case YOKE_RSC2_DEVICETREE:
        add_entry(ranges, entry, RANGE_VARIABLE, entry->of.devicetree.da, entry->of.devicetree.len);
        break;
    case YOKE_RSC2_LOCKS:
        add_entry(ranges, entry, RANGE_VARIABLE, entry->of.locks.da,
                  (uint64_t)entry->of.locks.count * entry->of.locks.stride);
        break;
    default:
        break;
    }
}

/// By address, those without one last; what holds others first.
static int compare(const void *left, const void *right)
{
    const struct range *const a = left;
    const struct range *const b = right;

    if (a->da != b->da) {
        return a->da < b->da ? -1 : 1;
    }
    if (a->size != b->size && a->da != YOKE_ADDR_ANY) {
        return a->size > b->size ? -1 : 1;
    }
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return a->owner != b->owner ? (a->owner < b->owner ? -1 : 1)
                                : (a->queue > b->queue) - (a->queue < b->queue);
}

bool ranges_make(struct ranges *ranges, const struct subject *subject, const struct table *table)
{
    const size_t most = subject->segment_count + subject->table_count +
                        (table != NULL ? (size_t)table->count * RANGES_EACH : 0) + 1;

    ranges->count = 0;
    ranges->list = calloc(most, sizeof *ranges->list);
    if (ranges->list == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < subject->segment_count; i++) {
        const struct yoke_segment *const segment = &subject->segments[i];
        struct range *const range = add(ranges, RANGE_SEGMENT, segment->paddr, segment->memsz);
        range->owner = i;
        (void)snprintf(range->what, sizeof range->what, "segment %c%c%c",
                       (segment->flags & YOKE_PF_R) != 0 ? 'r' : '-',
                       (segment->flags & YOKE_PF_W) != 0 ? 'w' : '-',
                       (segment->flags & YOKE_PF_X) != 0 ? 'x' : '-');
    }
    for (uint32_t i = 0; i < subject->table_count; i++) {
        const struct table *const loaded = &subject->tables[i];
        if (loaded->da != NOWHERE && loaded->da != 0) {
            struct range *const range = add(ranges, RANGE_TABLE, loaded->da, loaded->bytes.size);
            (void)snprintf(range->what, sizeof range->what, "resource table, version %u",
                           loaded->version);
        }
    }
    for (uint32_t i = 0; table != NULL && i < table->count; i++) {
        add_of(ranges, table, i);
    }
    qsort(ranges->list, ranges->count, sizeof *ranges->list, compare);
    return true;
}

void ranges_free(struct ranges *ranges)
{
    free(ranges->list);
    *ranges = (struct ranges){0};
}

// ------------------------------------------------------------------------------ what goes together

#define BIT(kind) (1u << (kind))

/// What may share bytes with what: a carveout is a claim that others live in, a variable is a part
/// of the program.
static const unsigned may_share[] = {
    [RANGE_SEGMENT] = BIT(RANGE_CARVEOUT) | BIT(RANGE_VARIABLE) | BIT(RANGE_TABLE),
    [RANGE_CARVEOUT] = BIT(RANGE_SEGMENT) | BIT(RANGE_VARIABLE) | BIT(RANGE_TABLE) |
                       BIT(RANGE_RING) | BIT(RANGE_BUFFERS),
    [RANGE_DEVMEM] = BIT(RANGE_DEVMEM),
    [RANGE_TABLE] = BIT(RANGE_SEGMENT) | BIT(RANGE_CARVEOUT) | BIT(RANGE_VARIABLE),
    [RANGE_VARIABLE] = BIT(RANGE_SEGMENT) | BIT(RANGE_CARVEOUT) | BIT(RANGE_TABLE),
    [RANGE_RING] = BIT(RANGE_CARVEOUT),
    [RANGE_BUFFERS] = BIT(RANGE_CARVEOUT),
};

bool ranges_clash(const struct range *a, const struct range *b)
{
    return a->da != YOKE_ADDR_ANY && b->da != YOKE_ADDR_ANY &&
           (may_share[a->kind] & BIT(b->kind)) == 0 && yoke_overlap(a->da, a->size, b->da, b->size);
}

// ----------------------------------------------------------------------------------------- drawing

static bool placed(const struct ranges *ranges, uint32_t i)
{
    return i < ranges->count && ranges->list[i].da != YOKE_ADDR_ANY;
}

/// The first range after `first` that lies far from all before it, and where those end.
static uint32_t group_end(const struct ranges *ranges, uint32_t first, uint64_t *end)
{
    uint32_t i = first;

    *end = ranges->list[first].da;
    while (placed(ranges, i) && (ranges->list[i].da <= *end || ranges->list[i].da - *end < FAR)) {
        const uint64_t last = ranges->list[i].da + ranges->list[i].size;
        *end = last > *end ? last : *end;
        i++;
    }
    return i;
}

/// "!" before what clashes with anything.
static bool clashes(const struct ranges *ranges, uint32_t index)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (i != index && ranges_clash(&ranges->list[i], &ranges->list[index])) {
            return true;
        }
    }
    return false;
}

static void draw_row(char mark, uint64_t start, uint64_t da, uint64_t size, uint64_t whole,
                     const char *what, bool utf8)
{
    (void)printf("%c 0x%08llx %10llu B  ", mark, (unsigned long long)da, (unsigned long long)size);
    tool_bar(da - start, size, whole, utf8);
    (void)printf("  %s\n", what);
}

static void draw_group(const struct ranges *ranges, uint32_t first, uint32_t last, uint64_t end,
                       bool utf8)
{
    const uint64_t start = ranges->list[first].da;
    uint64_t reached = start;
    char size[32];

    (void)printf("memory 0x%llx to 0x%llx, %s\n", (unsigned long long)start,
                 (unsigned long long)end, tool_size(end - start, size, sizeof size));
    for (uint32_t i = first; i < last; i++) {
        const struct range *const range = &ranges->list[i];
        if (range->da > reached) {
            (void)printf("  0x%08llx %10llu B  %*s  (gap)\n", (unsigned long long)reached,
                         (unsigned long long)(range->da - reached), 32, "");
        }
        draw_row(clashes(ranges, i) ? '!' : ' ', start, range->da, range->size, end - start,
                 range->what, utf8);
        if (range->da + range->size > reached) {
            reached = range->da + range->size;
        }
    }
}

void ranges_draw(const struct ranges *ranges)
{
    const bool utf8 = tool_is_utf8();
    uint64_t end = 0;
    uint32_t i = 0;

    while (placed(ranges, i)) {
        const uint64_t before = end;
        const uint32_t last = group_end(ranges, i, &end);
        if (i != 0) {
            (void)printf("  ... 0x%llx bytes without anything ...\n",
                         (unsigned long long)(ranges->list[i].da - before));
        }
        draw_group(ranges, i, last, end, utf8);
        i = last;
    }
    if (i < ranges->count) {
        (void)printf("wherever the loader puts it\n");
    }
    for (; i < ranges->count; i++) {
        (void)printf("  any        %10llu B  %s\n", (unsigned long long)ranges->list[i].size,
                     ranges->list[i].what);
    }
}

cJSON *ranges_json(const struct ranges *ranges)
{
    cJSON *const json = cJSON_CreateArray();

    for (uint32_t i = 0; i < ranges->count; i++) {
        const struct range *const range = &ranges->list[i];
        cJSON *const item = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(item, "what", range->what);
        tool_json_address(item, "da", range->da);
        (void)cJSON_AddNumberToObject(item, "size", (double)range->size);
        (void)cJSON_AddBoolToObject(item, "clashes", clashes(ranges, i));
        (void)cJSON_AddItemToArray(json, item);
    }
    return json;
}
