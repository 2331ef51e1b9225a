// SPDX-License-Identifier: BSD-3-Clause
#include "rproc/load.h"

#include "port/access.h"

#include <string.h>

/// True for memory that must not show what it held before. A trace buffer may be a variable of the
/// program: then its segment comes over it afterwards.
static bool is_cleared(const struct yoke_area *area)
{
    return area->kind == YOKE_AREA_TRACE || area->kind == YOKE_AREA_VRING ||
           area->kind == YOKE_AREA_BUFFERS || (area->kind == YOKE_AREA_CARVEOUT && area->placed);
}

/// Clears what is to be cleared before the segments come, or, if `late`, after.
static void clear(const struct yoke_plan *plan, bool late)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (is_cleared(area) && area->late == late) {
            memset(yoke_plan_at(plan, area), 0, (size_t)area->size);
        }
    }
}

static void copy_segments(const struct yoke_plan *plan)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (area->kind == YOKE_AREA_SEGMENT) {
            uint8_t *at = (uint8_t *)yoke_plan_at(plan, area);
            memcpy(at, area->bytes.data, area->bytes.size);
            memset(at + area->bytes.size, 0, (size_t)area->size - area->bytes.size);
        }
    }
}

int yoke_load(const struct yoke_plan *plan, const struct yoke_port *port)
{
    uint8_t *table = NULL;

    if (plan->attach) {
        return YOKE_INVALID;
    }
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
    clear(plan, false);
    copy_segments(plan);
    clear(plan, true);
    for (uint32_t i = 0; plan->version == 2 && i < plan->area_count; i++) {
        yoke_load_area2(plan, &plan->areas[i]);
    }
    if (table != NULL && plan->version == 1) {
        yoke_load_table1(plan, table);
    }
    if (table != NULL && plan->version == 2) {
        yoke_load_table2(plan, table);
    }
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        // What lies in a segment is cleaned with it.
        if (area->kind == YOKE_AREA_SEGMENT || is_cleared(area) ||
            (plan->version == 2 && area->kind >= YOKE_AREA_VDEV)) {
            yoke_clean(port, yoke_plan_at(plan, area), (size_t)area->size);
        }
    }
    return YOKE_OK;
}
