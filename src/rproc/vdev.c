// SPDX-License-Identifier: BSD-3-Clause
// Virtio devices in the plan: state, rings, buffers.
#include "rproc/plan.h"

#include <yoke/abi/rpmsg.h>
#include <yoke/abi/virtio.h>
#include <yoke/abi/vring.h>

/// Where the fields of a queue lie in the table.
static uint32_t queue_offset(const struct yoke_plan *plan, const struct yoke_rsc_entry *entry,
                             uint32_t queue)
{
    const size_t offset =
        plan->version == 2 ? sizeof(struct yoke_rsc2_vdev) + queue * sizeof(struct yoke_rsc2_queue)
                           : sizeof(struct yoke_rsc_vdev) + queue * sizeof(struct yoke_rsc_vring);

    return (uint32_t)(entry->offset + offset);
}

static int add_vring(struct planner *planner, const struct yoke_rsc_entry *entry, uint32_t queue)
{
    const struct yoke_rsc_device *vdev = &entry->of.vdev;
    const struct yoke_rsc_queue *vring = &vdev->vrings[queue];
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
    area->base = vdev->base;
    area->notify_id = planner->plan->vring_count++;
    if (planner->options.table.size != 0) {
        area->notify_id = vring->notifyid;
    }
    area->table_offset = queue_offset(planner->plan, entry, queue);
    if (vring->da == YOKE_ADDR_ANY) {
        return YOKE_OK;
    }
    if (vring->da % align != 0) {
        return yoke_plan_refuse(planner, area, "da", vring->da, "must be a multiple of", align);
    }
    if (!yoke_inside(vring->da, 1, vdev->base, YOKE_RSC_ADDR_ANY)) {
        return yoke_plan_refuse(planner, area, "da", vring->da,
                                "must lie within 4 GiB from the base of its vdev,", vdev->base);
    }
    return yoke_plan_locate(planner, area, YOKE_REGION_SHARED);
}

/// Bytes of each buffer of a queue, and whether the table has a say in them: in the size of rpmsg
/// buffers only if both sides take the feature for it.
static bool size_of_buffers(const struct planner *planner, const struct yoke_rsc_device *vdev,
                            const struct yoke_rsc_queue *queue, uint32_t *size)
{
    const uint64_t known = planner->options.known != 0 ? planner->options.known : UINT64_MAX;

    *size = queue->buffer_size;
    if (vdev->id != YOKE_ID_RPMSG) {
        return true;
    }
    if (*size == YOKE_RPMSG_BUFFER_SIZE || (vdev->features & known & YOKE_F_RPMSG_BUFFERS) != 0) {
        *size = *size != 0 ? *size : YOKE_RPMSG_BUFFER_SIZE;
        return true;
    }
    *size = planner->options.buffer_size;
    return queue->buffer_size == 0 && *size == YOKE_RPMSG_BUFFER_SIZE;
}

static int add_buffers(struct planner *planner, const struct yoke_rsc_entry *entry, uint32_t queue)
{
    const struct yoke_rsc_device *vdev = &entry->of.vdev;
    const struct yoke_rsc_queue *vring = &vdev->vrings[queue];
    uint32_t size;
    const bool by_table = size_of_buffers(planner, vdev, vring, &size);
    const bool fixed = by_table && vring->buffers != YOKE_ADDR_ANY && vring->buffers != 0;

    if (size == 0) {
        return YOKE_OK;
    }
    struct yoke_area *area =
        yoke_plan_add(planner, YOKE_AREA_BUFFERS, entry->index,
                      fixed ? vring->buffers : YOKE_ADDR_ANY, (uint64_t)vring->buffer_count * size);
    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    area->queue = queue;
    area->num = vring->buffer_count;
    area->buffer_size = size;
    if (vring->buffers != 0 && planner->plan->version == 2) {
        area->table_offset = queue_offset(planner->plan, entry, queue);
    }
    return yoke_plan_locate_later(planner, area, YOKE_REGION_SHARED);
}

/// Version 1: the state of the device is its entry in the loaded table. Version 2: it has a place
/// of its own.
static int add_state(struct planner *planner, const struct yoke_area *table,
                     const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_device *vdev = &entry->of.vdev;
    const bool in_table = planner->plan->version == 1;
    struct yoke_area *area = yoke_plan_add(planner, YOKE_AREA_VDEV, entry->index,
                                           in_table ? table->da + entry->offset : vdev->state,
                                           in_table ? entry->bytes.size : vdev->state_size);

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    area->table_offset = (uint32_t)entry->offset;
    area->num = vdev->num_of_vrings;
    area->device_id = vdev->id;
    area->features = vdev->features;
    area->base = vdev->base;
    area->bytes = vdev->config;
    if (in_table) {
        area->region = table->region;
        area->pa = table->pa + entry->offset;
        return YOKE_OK;
    }
    if (area->da != YOKE_ADDR_ANY && yoke_overlap(area->da, area->size, table->da, table->size)) {
        return yoke_plan_refuse(planner, area, "state", area->da,
                                "must not lie in the table itself, at", table->da);
    }
    return yoke_plan_locate_later(planner, area, 0);
}

int yoke_plan_vdev(struct planner *planner, const struct yoke_area *table,
                   const struct yoke_rsc_entry *entry)
{
    const uint32_t queues = entry->of.vdev.num_of_vrings;
    // Numbers count every queue, also those of a device that is left out.
    const uint32_t end = planner->plan->vring_count + queues;
    int status = add_state(planner, table, entry);

    for (uint32_t queue = 0; status == YOKE_OK && queue < queues; queue++) {
        status = add_vring(planner, entry, queue);
    }
    for (uint32_t queue = 0; status == YOKE_OK && queue < queues; queue++) {
        status = add_buffers(planner, entry, queue);
    }
    planner->plan->vring_count = end;
    return status;
}
