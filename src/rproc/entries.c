// SPDX-License-Identifier: BSD-3-Clause
// The resource table, entry by entry.
#include "image/refuse.h"
#include "rproc/plan.h"

#include <string.h>

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
    area->align = memory->align;
    area->table_offset = (uint32_t)entry->offset;
    const int status = yoke_plan_locate_later(planner, area, 0);
    if (status != YOKE_OK) {
        return status;
    }
    // Nothing can be programmed to make registers appear elsewhere: the map must have them so.
    if (kind == YOKE_AREA_DEVMEM && area->pa != memory->pa) {
        (void)yoke_plan_refuse(planner, area, "pa", memory->pa, "must be, by the memory map,",
                               area->pa);
        return YOKE_UNSUPPORTED;
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
    area->table_offset = (uint32_t)entry->offset;
    area->late = entry->late;
    area->notify_id = trace->notifies ? trace->notifyid : YOKE_NO_DOORBELL;
    return yoke_plan_locate(planner, area, 0);
}

/// An entry that this library does not know: skipped.
static int add_unknown(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const char *rule = "is unknown and is skipped";

    if (entry->vendor) {
        rule = entry->required ? "belongs to a vendor, is required, and is unknown here"
                               : "belongs to a vendor and is left alone";
    } else if (entry->required) {
        rule = "is required, and it, or this version of it, is unknown here";
    }
    yoke_refuse(planner->refusal, "table entry", entry->index, "type", entry->type, rule,
                YOKE_NO_BOUND);
    return YOKE_UNSUPPORTED;
}

static int add_entry(struct planner *planner, const struct yoke_area *table,
                     const struct yoke_rsc_entry *entry)
{
    if (!entry->known) {
        return add_unknown(planner, entry);
    }
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
        return add_memory(planner, entry, YOKE_AREA_CARVEOUT);
    case YOKE_RSC_DEVMEM:
        return add_memory(planner, entry, YOKE_AREA_DEVMEM);
    case YOKE_RSC_TRACE:
        return add_trace(planner, entry);
    case YOKE_RSC_VDEV:
        return yoke_plan_vdev(planner, table, entry);
    case YOKE_RSC2_IDENTITY:
        return yoke_plan_identity(planner, entry);
    case YOKE_RSC2_POWER:
        return yoke_plan_power(planner, entry);
    case YOKE_RSC2_PARAMETER:
        return yoke_plan_parameter(planner, entry);
    case YOKE_RSC2_DEVICETREE:
        return yoke_plan_devicetree(planner, entry);
    default:
        return yoke_plan_locks(planner, entry);
    }
}

/// Notes what an entry means for the image, and adds what it asks for.
static int take_entry(struct planner *planner, const struct yoke_area *table,
                      const struct yoke_rsc_entry *entry)
{
    struct yoke_plan *plan = planner->plan;
    uint8_t before = YOKE_RSC2_OUTCOME_NONE;

    // In version 1 each entry that is known is required.
    planner->required[entry->index] = plan->version == 1 ? entry->known : entry->required;
    plan->outcomes[entry->index] = YOKE_RSC2_OUTCOME_DONE;
    if (planner->options.table.size != 0 && plan->version == 2 && entry->known) {
        // A core that runs relies on what its loader has done, and on nothing else.
        before = entry->bytes.data[offsetof(struct yoke_rsc2_entry, outcome)];
        planner->required[entry->index] |= before == YOKE_RSC2_OUTCOME_DONE;
    }
    if (before > YOKE_RSC2_OUTCOME_DONE && !planner->required[entry->index]) {
        plan->outcomes[entry->index] = before;
        return YOKE_OK;
    }
    return add_entry(planner, table, entry);
}

int yoke_plan_forgo(struct planner *planner, uint32_t index)
{
    if (planner->required[index]) {
        return YOKE_BAD_IMAGE;
    }
    yoke_plan_note(planner, planner->refusal);
    memset(planner->refusal, 0, sizeof(*planner->refusal));
    planner->plan->outcomes[index] = YOKE_RSC2_OUTCOME_IMPOSSIBLE;
    return YOKE_OK;
}

int yoke_plan_leave_out(struct planner *planner, uint32_t index)
{
    struct yoke_plan *plan = planner->plan;
    uint32_t kept = 0;

    if (yoke_plan_forgo(planner, index) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (area->kind <= YOKE_AREA_TABLE || area->index != index) {
            plan->areas[kept++] = *area;
        }
    }
    plan->area_count = kept;
    return YOKE_OK;
}

/// Numbers the doorbells of traces and power blocks, behind those of the rings.
static void number_doorbells(struct yoke_plan *plan)
{
    uint32_t next = plan->vring_count;

    for (uint32_t i = 0; i < plan->area_count; i++) {
        struct yoke_area *area = &plan->areas[i];
        if ((area->kind == YOKE_AREA_TRACE || area->kind == YOKE_AREA_POWER) &&
            area->notify_id != YOKE_NO_DOORBELL) {
            area->notify_id = next++;
        }
    }
}

/// What of the features that the firmware offers is used: requests go to a power block.
static uint64_t take_features(const struct yoke_plan *plan, uint64_t offered)
{
    uint64_t known = YOKE_RSC2_F_HOST_RESTARTS;

    for (uint32_t i = 0; i < plan->area_count; i++) {
        if (plan->areas[i].kind == YOKE_AREA_POWER) {
            known |= YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND;
        }
    }
    return offered & known;
}

static int check_owner(struct planner *planner, uint32_t owner)
{
    if (owner == YOKE_RSC2_OWNER_HOST || planner->options.attach) {
        return YOKE_OK;
    }
    return yoke_refuse(planner->refusal, "resource table", YOKE_NO_INDEX, "owner", owner,
                       "is not the host, which then must not load it: it can attach to a core that "
                       "runs with it",
                       YOKE_NO_BOUND);
}

int yoke_plan_entries(struct planner *planner, struct yoke_area *table, struct yoke_bytes bytes)
{
    struct yoke_plan *plan = planner->plan;
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;
    int status = plan->version == 2 ? yoke_rsc2_open(&rsc, bytes, planner->refusal)
                                    : yoke_rsc1_open(&rsc, bytes, planner->refusal);

    if (status == YOKE_OK) {
        table->size = rsc.table.size;
        plan->owner = rsc.owner;
        status = check_owner(planner, rsc.owner);
    }
    while (status == YOKE_OK) {
        status = yoke_rsc_next(&rsc, &entry, planner->refusal);
        if (status == YOKE_OK) {
            status = take_entry(planner, table, &entry);
        }
        if (status == YOKE_UNSUPPORTED) {
            status = yoke_plan_leave_out(planner, entry.index);
            if (!entry.known) {
                plan->outcomes[entry.index] = YOKE_RSC2_OUTCOME_UNKNOWN;
            }
        }
    }
    if (status != YOKE_NOT_FOUND) {
        return status;
    }
    // A table that the core runs with has its numbers, and what was taken.
    if (planner->options.table.size == 0) {
        number_doorbells(plan);
        plan->taken = take_features(plan, rsc.offered);
    } else {
        plan->taken = rsc.taken & take_features(plan, rsc.offered);
    }
    return YOKE_OK;
}
