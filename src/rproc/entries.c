// SPDX-License-Identifier: BSD-3-Clause
#include "rproc/plan.h"

#include <string.h>
#include <yoke/abi/rpmsg.h>
#include <yoke/abi/virtio.h>
#include <yoke/abi/vring.h>

/// A fixed address is looked up at once, an open one placed when all fixed ones are known.
static int locate_or_defer(struct planner *planner, struct yoke_area *area, uint32_t flags)
{
    return area->da == YOKE_ADDR_ANY ? YOKE_OK : yoke_plan_locate(planner, area, flags);
}

static int add_memory(struct planner *planner, const struct yoke_rsc_entry *entry,
                      enum yoke_area_kind kind)
{
    const struct yoke_rsc_memory *memory = &entry->of.carveout;
    struct yoke_area *area = yoke_plan_add(planner, kind, entry->index, memory->da, memory->len);

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    memcpy(area->name, memory->name, sizeof(area->name));
    area->flags = memory->flags;
    area->table_offset = (uint32_t)entry->offset;
    if (locate_or_defer(planner, area, 0) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    // Nothing can be programmed to make registers appear elsewhere: the map must have them so.
    if (kind == YOKE_AREA_DEVMEM && area->pa != memory->pa) {
        return yoke_plan_refuse(planner, area, "pa", memory->pa, "must be, by the memory map,",
                                area->pa);
    }
    return YOKE_OK;
}

static int add_trace(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_text *trace = &entry->of.trace;
    struct yoke_area *area =
        yoke_plan_add(planner, YOKE_AREA_TRACE, entry->index, trace->da, trace->len);

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    memcpy(area->name, trace->name, sizeof(area->name));
    return yoke_plan_locate(planner, area, 0);
}

static int add_vring(struct planner *planner, const struct yoke_rsc_entry *entry, uint32_t queue)
{
    const struct yoke_rsc_queue *vring = yoke_rsc_vring(entry, queue);
    // Rings start at a multiple of a descriptor's size, and of `align`, because sides differ in
    // whether they round up the used ring's offset or its address.
    const uint32_t align = vring->align > 16 ? vring->align : 16;
    struct yoke_area *area = yoke_plan_add(planner, YOKE_AREA_VRING, entry->index, vring->da,
                                           yoke_vring_bytes(vring->num, vring->align));

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    area->queue = queue;
    area->num = vring->num;
    area->align = vring->align;
    area->notify_id = planner->plan->vring_count++;
    area->table_offset = (uint32_t)(entry->offset + sizeof(struct yoke_rsc_vdev) +
                                    queue * sizeof(struct yoke_rsc_vring));
    if (vring->da != YOKE_ADDR_ANY && vring->da % align != 0) {
        return yoke_plan_refuse(planner, area, "da", vring->da, "must be a multiple of", align);
    }
    return locate_or_defer(planner, area, YOKE_REGION_SHARED);
}

static int add_vdev(struct planner *planner, const struct yoke_area *table,
                    const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_device *vdev = &entry->of.vdev;
    struct yoke_area *area = yoke_plan_add(planner, YOKE_AREA_VDEV, entry->index,
                                           table->da + entry->offset, entry->bytes.size);
    uint32_t buffers = 0;

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    area->region = table->region;
    area->pa = table->pa + entry->offset;
    area->table_offset = (uint32_t)entry->offset;
    area->num = vdev->num_of_vrings;
    area->device_id = vdev->id;
    area->features = (uint32_t)vdev->features;
    for (uint32_t queue = 0; queue < vdev->num_of_vrings; queue++) {
        if (add_vring(planner, entry, queue) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        buffers += vdev->vrings[queue].num;
    }
    if (vdev->id != YOKE_ID_RPMSG || buffers == 0) {
        return YOKE_OK;
    }
    area = yoke_plan_add(planner, YOKE_AREA_BUFFERS, entry->index, YOKE_ADDR_ANY,
                         (uint64_t)buffers * planner->options.buffer_size);
    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    area->num = buffers;
    return YOKE_OK;
}

static int add_entry(struct planner *planner, const struct yoke_area *table,
                     const struct yoke_rsc_entry *entry)
{
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
        return add_memory(planner, entry, YOKE_AREA_CARVEOUT);
    case YOKE_RSC_DEVMEM:
        return add_memory(planner, entry, YOKE_AREA_DEVMEM);
    case YOKE_RSC_TRACE:
        return add_trace(planner, entry);
    case YOKE_RSC_VDEV:
        return add_vdev(planner, table, entry);
    default:
        yoke_plan_note(planner, entry->index, "type", entry->type,
                       entry->vendor ? "belongs to a vendor and is left alone"
                                     : "is unknown and is skipped");
        return YOKE_OK;
    }
}

int yoke_plan_entries(struct planner *planner, const struct yoke_area *table,
                      struct yoke_bytes bytes)
{
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;
    int status = yoke_rsc_open(&rsc, bytes, planner->refusal);

    while (status == YOKE_OK) {
        status = yoke_rsc_next(&rsc, &entry, planner->refusal);
        if (status == YOKE_OK) {
            status = add_entry(planner, table, &entry);
        }
    }
    return status == YOKE_NOT_FOUND ? YOKE_OK : status;
}
