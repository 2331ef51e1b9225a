// SPDX-License-Identifier: BSD-3-Clause
#include "port/access.h"

#include <string.h>
#include <yoke/abi/rsc.h>
#include <yoke/rproc.h>

/// Where a field of the loaded table lies.
#define FIELD_AT(table, area, type, field)                                                         \
    ((table) + (area)->table_offset + offsetof(struct type, field))

/// True for memory that must not show what it held before. A trace buffer may be a variable of the
/// program: then its segment comes over it afterwards.
static bool is_cleared(const struct yoke_area *area)
{
    return area->kind == YOKE_AREA_TRACE || area->kind == YOKE_AREA_VRING ||
           area->kind == YOKE_AREA_BUFFERS || (area->kind == YOKE_AREA_CARVEOUT && area->placed);
}

/// Tells the firmware what the plan chose for an area. The table's own bytes are never looked at.
static void write_back(uint8_t *table, const struct yoke_area *area)
{
    switch (area->kind) {
    case YOKE_AREA_CARVEOUT:
        yoke_put_le32(FIELD_AT(table, area, yoke_rsc_carveout, da), (uint32_t)area->da);
        yoke_put_le32(FIELD_AT(table, area, yoke_rsc_carveout, pa),
                      area->pa > UINT32_MAX ? YOKE_RSC_ADDR_ANY : (uint32_t)area->pa);
        break;
    case YOKE_AREA_VRING:
        yoke_put_le32(FIELD_AT(table, area, yoke_rsc_vring, da), (uint32_t)area->da);
        yoke_put_le32(FIELD_AT(table, area, yoke_rsc_vring, notifyid), area->notify_id);
        break;
    case YOKE_AREA_VDEV:
        yoke_put_le32(FIELD_AT(table, area, yoke_rsc_vdev, gfeatures), 0);
        *FIELD_AT(table, area, yoke_rsc_vdev, status) = 0;
        break;
    default:
        break;
    }
}

int yoke_load(const struct yoke_plan *plan, const struct yoke_port *port)
{
    uint8_t *table = NULL;

    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        uint8_t *at = (uint8_t *)yoke_plan_at(plan, area);
        if (at == NULL) {
            return YOKE_INVALID;
        }
        if (area->kind == YOKE_AREA_TABLE) {
            table = at;
        }
    }
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (is_cleared(area)) {
            memset(yoke_plan_at(plan, area), 0, (size_t)area->size);
        }
    }
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (area->kind == YOKE_AREA_SEGMENT) {
            uint8_t *at = (uint8_t *)yoke_plan_at(plan, area);
            memcpy(at, area->bytes.data, area->bytes.size);
            memset(at + area->bytes.size, 0, (size_t)area->size - area->bytes.size);
        }
    }
    for (uint32_t i = 0; table != NULL && i < plan->area_count; i++) {
        write_back(table, &plan->areas[i]);
    }
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (area->kind == YOKE_AREA_SEGMENT || is_cleared(area)) {
            yoke_clean(port, yoke_plan_at(plan, area), (size_t)area->size);
        }
    }
    return YOKE_OK;
}
