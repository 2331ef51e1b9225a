// SPDX-License-Identifier: BSD-3-Clause
// What the loader writes for a table of version 2: spec/table-2.md, 5.
#include "rproc/load.h"

#include <string.h>

/// Writes an address that the plan chose.
static void put_address(uint8_t *at, const struct yoke_area *area)
{
    if (area->placed) {
        yoke_put_le64(at, area->da);
    }
}

static void put_doorbell(uint8_t *at, const struct yoke_area *area)
{
    if (area->notify_id != YOKE_NO_DOORBELL) {
        yoke_put_le32(at, area->notify_id);
    }
}

static void write_entry(uint8_t *table, const struct yoke_area *area)
{
    switch (area->kind) {
    case YOKE_AREA_CARVEOUT:
        put_address(FIELD_AT(table, area, yoke_rsc2_memory, da), area);
        yoke_put_le64(FIELD_AT(table, area, yoke_rsc2_memory, pa), area->pa);
        break;
    case YOKE_AREA_TRACE:
        put_doorbell(FIELD_AT(table, area, yoke_rsc2_trace, notifyid), area);
        break;
    case YOKE_AREA_POWER:
        put_doorbell(FIELD_AT(table, area, yoke_rsc2_power, notifyid), area);
        break;
    case YOKE_AREA_VDEV:
        put_address(FIELD_AT(table, area, yoke_rsc2_vdev, state), area);
        break;
    case YOKE_AREA_VRING:
        put_address(FIELD_AT(table, area, yoke_rsc2_queue, da), area);
        put_doorbell(FIELD_AT(table, area, yoke_rsc2_queue, notifyid), area);
        break;
    case YOKE_AREA_BUFFERS:
        if (area->table_offset != 0) {
            put_address(FIELD_AT(table, area, yoke_rsc2_queue, buffers), area);
        }
        break;
    case YOKE_AREA_DEVICETREE:
        put_address(FIELD_AT(table, area, yoke_rsc2_devicetree, da), area);
        break;
    default:
        break;
    }
}

void yoke_load_table2(const struct yoke_plan *plan, uint8_t *table)
{
    struct yoke_refusal refusal;
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;

    yoke_put_le32(table + offsetof(struct yoke_rsc2_header, host), YOKE_RSC2_VERSION);
    yoke_put_le64(table + offsetof(struct yoke_rsc2_header, taken), plan->taken);
    for (uint32_t i = 0; i < plan->area_count; i++) {
        write_entry(table, &plan->areas[i]);
    }
    if (yoke_rsc2_open(&rsc, plan->table, &refusal) != YOKE_OK) {
        return; // Cannot be: the plan was made from it.
    }
    while (yoke_rsc_next(&rsc, &entry, &refusal) == YOKE_OK) {
        table[entry.offset + offsetof(struct yoke_rsc2_entry, outcome)] =
            plan->outcomes[entry.index];
    }
}

/// Fills in the state of a vdev, which is laid out as its entry in a table of version 1.
static void write_state(const struct yoke_plan *plan, const struct yoke_area *vdev, uint8_t *at)
{
    uint8_t *vrings = at + sizeof(struct yoke_rsc_vdev);

    memset(at, 0, (size_t)vdev->size);
    yoke_put_le32(at + offsetof(struct yoke_rsc_vdev, type), YOKE_RSC_VDEV);
    yoke_put_le32(at + offsetof(struct yoke_rsc_vdev, id), vdev->device_id);
    yoke_put_le32(at + offsetof(struct yoke_rsc_vdev, dfeatures), (uint32_t)vdev->features);
    yoke_put_le32(at + offsetof(struct yoke_rsc_vdev, config_len), (uint32_t)vdev->bytes.size);
    at[offsetof(struct yoke_rsc_vdev, num_of_vrings)] = (uint8_t)vdev->num;
    for (uint32_t queue = 0; queue < vdev->num; queue++) {
        const struct yoke_area *ring = yoke_plan_find(plan, YOKE_AREA_VRING, vdev->index, queue);
        uint8_t *vring = vrings + queue * sizeof(struct yoke_rsc_vring);
        yoke_put_le32(vring + offsetof(struct yoke_rsc_vring, da),
                      (uint32_t)(ring->da - vdev->base));
        yoke_put_le32(vring + offsetof(struct yoke_rsc_vring, align), ring->align);
        yoke_put_le32(vring + offsetof(struct yoke_rsc_vring, num), ring->num);
        yoke_put_le32(vring + offsetof(struct yoke_rsc_vring, notifyid), ring->notify_id);
    }
    if (vdev->bytes.size != 0) {
        memcpy(vrings + vdev->num * sizeof(struct yoke_rsc_vring), vdev->bytes.data,
               vdev->bytes.size);
    }
}

/// Writes the caller's value of a parameter, which was checked to fit.
static void write_value(const struct yoke_area *area, uint8_t *at)
{
    const struct yoke_parameter *value = area->value;

    memset(at, 0, (size_t)area->size);
    if (value->kind == YOKE_RSC2_STRING || value->kind == YOKE_RSC2_BYTES) {
        if (value->bytes.size != 0) {
            memcpy(at, value->bytes.data, value->bytes.size);
        }
        return;
    }
    for (uint32_t i = 0; i < area->size; i++) {
        at[i] = (uint8_t)(value->number >> (8 * i));
    }
}

void yoke_load_area2(const struct yoke_plan *plan, const struct yoke_area *area)
{
    uint8_t *at = (uint8_t *)yoke_plan_at(plan, area);

    switch (area->kind) {
    case YOKE_AREA_VDEV:
        write_state(plan, area, at);
        break;
    case YOKE_AREA_POWER:
        memset(at, 0, (size_t)area->size);
        break;
    case YOKE_AREA_TRACE:
        // The host's own fields; the rest may be set up in the image.
        yoke_put_le32(at + offsetof(struct yoke_rsc2_trace_block, read), 0);
        yoke_put_le32(at + offsetof(struct yoke_rsc2_trace_block, notify_at), 0);
        break;
    case YOKE_AREA_PARAMETER:
        if (area->value != NULL) {
            write_value(area, at);
        }
        break;
    case YOKE_AREA_DEVICETREE:
        if (area->bytes.size != 0) {
            memcpy(at, area->bytes.data, area->bytes.size);
        } else {
            memset(at, 0, area->size < 8 ? (size_t)area->size : 8);
        }
        break;
    default:
        break;
    }
}
