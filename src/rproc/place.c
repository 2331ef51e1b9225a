// SPDX-License-Identifier: BSD-3-Clause
#include "image/refuse.h"
#include "rproc/plan.h"

#include <yoke/abi/rsc.h>

#define BIT(kind) (1u << (kind))

/// What may be a variable of the program.
#define VARIABLES                                                                                  \
    (BIT(YOKE_AREA_TRACE) | BIT(YOKE_AREA_VDEV) | BIT(YOKE_AREA_POWER) |                           \
     BIT(YOKE_AREA_PARAMETER) | BIT(YOKE_AREA_DEVICETREE) | BIT(YOKE_AREA_LOCKS))
#define PROGRAM (BIT(YOKE_AREA_SEGMENT) | BIT(YOKE_AREA_CARVEOUT))

/// What each kind of area may share bytes with, if the firmware fixed both addresses: a carveout is
/// a claim that others may live in.
static const uint32_t may_share[] = {
    [YOKE_AREA_SEGMENT] = BIT(YOKE_AREA_CARVEOUT) | VARIABLES,
    [YOKE_AREA_CARVEOUT] =
        BIT(YOKE_AREA_SEGMENT) | BIT(YOKE_AREA_VRING) | BIT(YOKE_AREA_BUFFERS) | VARIABLES,
    [YOKE_AREA_DEVMEM] = BIT(YOKE_AREA_DEVMEM),
    [YOKE_AREA_TRACE] = PROGRAM,
    [YOKE_AREA_VDEV] = PROGRAM,
    [YOKE_AREA_VRING] = BIT(YOKE_AREA_CARVEOUT),
    [YOKE_AREA_BUFFERS] = BIT(YOKE_AREA_CARVEOUT),
    [YOKE_AREA_POWER] = PROGRAM,
    [YOKE_AREA_PARAMETER] = PROGRAM,
    [YOKE_AREA_DEVICETREE] = PROGRAM,
    [YOKE_AREA_LOCKS] = PROGRAM | BIT(YOKE_AREA_LOCKS),
};

/// The field that says where an area lies.
static const char *address_field(const struct yoke_area *area)
{
    switch (area->kind) {
    case YOKE_AREA_SEGMENT:
        return "p_paddr";
    case YOKE_AREA_VDEV:
    case YOKE_AREA_POWER:
        return "state";
    case YOKE_AREA_BUFFERS:
        return "buffers";
    default:
        return "da";
    }
}

int yoke_plan_refuse(struct planner *planner, const struct yoke_area *area, const char *field,
                     uint64_t value, const char *rule, uint64_t bound)
{
    const char *part = "table entry";

    if (area->kind == YOKE_AREA_SEGMENT) {
        part = "segment";
    } else if (area->kind == YOKE_AREA_VRING) {
        part = yoke_vring_part(area->queue);
    } else if (area->kind == YOKE_AREA_BUFFERS) {
        part = "buffers of table entry";
    }
    return yoke_refuse(planner->refusal, part, area->index, field, value, rule, bound);
}

static int refuse_region(struct planner *planner, uint32_t index, const char *field, uint64_t value,
                         const char *rule, uint64_t bound)
{
    return yoke_refuse(planner->refusal, "region", index, field, value, rule, bound);
}

int yoke_plan_check_map(struct planner *planner)
{
    const struct yoke_plan *plan = planner->plan;

    for (uint32_t i = 0; i < plan->region_count; i++) {
        const struct yoke_region *region = &plan->regions[i];
        const uintptr_t va = (uintptr_t)region->va;
        if (region->da % 16 != 0) {
            return refuse_region(planner, i, "da", region->da, "must be a multiple of", 16);
        }
        if (region->pa % 16 != 0) {
            return refuse_region(planner, i, "pa", region->pa, "must be a multiple of", 16);
        }
        if (va % 16 != 0) {
            return refuse_region(planner, i, "va", va, "must be a multiple of", 16);
        }
        if (region->size == 0) {
            return refuse_region(planner, i, "size", 0, "must not be", 0);
        }
        if (region->size - 1 > UINT64_MAX - region->da ||
            region->size - 1 > UINT64_MAX - region->pa || region->size - 1 > UINTPTR_MAX - va) {
            return refuse_region(planner, i, "size", region->size,
                                 "must not wrap round when added to da, pa or va", YOKE_NO_BOUND);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (yoke_overlap(region->da, region->size, plan->regions[k].da,
                             plan->regions[k].size)) {
                return refuse_region(planner, i, "da", region->da, "must not overlap region", k);
            }
        }
    }
    return YOKE_OK;
}

/// Puts an area into the region that holds [da, da + size) and has the flags.
static bool settle(const struct yoke_plan *plan, struct yoke_area *area, uint32_t flags)
{
    for (uint32_t i = 0; i < plan->region_count; i++) {
        const struct yoke_region *region = &plan->regions[i];
        if ((region->flags & flags) == flags &&
            yoke_inside(area->da, area->size, region->da, region->size)) {
            area->region = i;
            area->pa = region->pa + (area->da - region->da);
            return true;
        }
    }
    return false;
}

/// True if an area is an obstacle by itself. The table and, of version 1, its vdevs are parts of a
/// segment, which is one in their place; but what entries of version 2 let the loader write must
/// not come over the table.
static bool is_obstacle(const struct yoke_plan *plan, const struct yoke_area *area,
                        const struct yoke_area *against)
{
    switch (area->kind) {
    case YOKE_AREA_TABLE:
        return plan->version == 2 && against->kind != YOKE_AREA_CARVEOUT;
    case YOKE_AREA_VDEV:
        return plan->version == 2;
    default:
        return true;
    }
}

/// What an area runs into at its address, or NULL. Areas without an address are not there yet.
static const struct yoke_area *obstacle(const struct yoke_plan *plan, const struct yoke_area *area)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *other = &plan->areas[i];
        if (other != area && other->da != YOKE_ADDR_ANY && is_obstacle(plan, other, area) &&
            yoke_overlap(area->da, area->size, other->da, other->size) &&
            (area->placed || (may_share[area->kind] & BIT(other->kind)) == 0)) {
            return other;
        }
    }
    return NULL;
}

int yoke_plan_locate(struct planner *planner, struct yoke_area *area, uint32_t flags)
{
    const char *field = address_field(area);

    if (!settle(planner->plan, area, flags)) {
        const char *rule = "lies outside all regions of the memory map, with size";
        if (flags == YOKE_REGION_IMAGE) {
            rule = "lies outside every carveout of the memory map, with size";
        } else if (flags == YOKE_REGION_SHARED) {
            rule = "lies outside all shared regions of the memory map, with size";
        }
        (void)yoke_plan_refuse(planner, area, field, area->da, rule, area->size);
        return YOKE_UNSUPPORTED;
    }
    const struct yoke_area *other = obstacle(planner->plan, area);
    if (other != NULL) {
        const char *rule = other->kind == YOKE_AREA_SEGMENT ? "must not overlap the segment at"
                           : other->kind == YOKE_AREA_TABLE
                               ? "must not overlap the resource table at"
                               : "must not overlap what the table asks for at";
        (void)yoke_plan_refuse(planner, area, field, area->da, rule, other->da);
        return YOKE_UNSUPPORTED;
    }
    return YOKE_OK;
}

int yoke_plan_locate_later(struct planner *planner, struct yoke_area *area, uint32_t flags)
{
    return area->da == YOKE_ADDR_ANY ? YOKE_OK : yoke_plan_locate(planner, area, flags);
}

/// The lowest address that an area may have: rings are counted from their vdev's base.
static uint64_t lowest(const struct yoke_area *area)
{
    return area->kind == YOKE_AREA_VRING ? area->base : 0;
}

/// True if an area can be told to the firmware: fields of a table of version 1, and those of a vdev
/// state, have 32 bits, and the last value means "any".
static bool is_in_reach(const struct yoke_plan *plan, const struct yoke_area *area)
{
    const bool narrow = plan->version == 1 || area->kind == YOKE_AREA_VRING;

    return yoke_inside(area->da, area->size, lowest(area), narrow ? UINT32_MAX : UINT64_MAX);
}

/// Finds the lowest free place in one shared region.
static bool place_in(const struct yoke_plan *plan, struct yoke_area *area,
                     const struct yoke_region *region, uint64_t align)
{
    uint64_t da = region->da > lowest(area) ? region->da : lowest(area);

    // Each turn passes at least one area, so the loop ends.
    for (;;) {
        area->da = (da + align - 1) & ~(align - 1);
        const bool wraps = area->da < da;
        if (wraps || !yoke_inside(area->da, area->size, region->da, region->size) ||
            !is_in_reach(plan, area)) {
            return false;
        }
        const struct yoke_area *other = obstacle(plan, area);
        if (other == NULL) {
            return true;
        }
        da = other->da + other->size;
    }
}

static int place(struct planner *planner, struct yoke_area *area)
{
    const struct yoke_plan *plan = planner->plan;
    const uint64_t align =
        area->align > planner->options.align ? area->align : planner->options.align;
    uint64_t shared = 0;

    area->placed = true;
    for (uint32_t i = 0; i < plan->region_count; i++) {
        const struct yoke_region *region = &plan->regions[i];
        if ((region->flags & YOKE_REGION_SHARED) == 0) {
            continue;
        }
        shared += region->size;
        if (place_in(plan, area, region, align)) {
            area->region = i;
            area->pa = region->pa + (area->da - region->da);
            return YOKE_OK;
        }
    }
    (void)yoke_plan_refuse(planner, area, "size", area->size,
                           "finds no room in the shared regions, whose size is", shared);
    return YOKE_UNSUPPORTED;
}

/// A running core cannot be told an address any more.
static int check_placed_before(struct planner *planner, const struct yoke_area *area)
{
    if (planner->options.table.size == 0 || area->table_offset == 0) {
        return YOKE_OK;
    }
    return yoke_plan_refuse(planner, area, address_field(area), area->da,
                            "must have been chosen before the core was started", YOKE_NO_BOUND);
}

static int place_all(struct planner *planner)
{
    const struct yoke_plan *plan = planner->plan;
    uint32_t i = 0;

    while (i < plan->area_count) {
        struct yoke_area *area = &plan->areas[i];
        int status = YOKE_OK;
        if (area->da == YOKE_ADDR_ANY) {
            status = check_placed_before(planner, area);
            status = status == YOKE_OK ? place(planner, area) : status;
        }
        if (status == YOKE_OK) {
            i++;
            continue;
        }
        if (status != YOKE_UNSUPPORTED || yoke_plan_leave_out(planner, area->index) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        i = 0; // Areas moved up, and there is more room.
    }
    return YOKE_OK;
}

int yoke_plan_place(struct planner *planner)
{
    const struct yoke_plan *plan = planner->plan;

    if (place_all(planner) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    for (uint32_t i = 0; plan->version == 1 && i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        struct yoke_refusal note;
        if (area->kind == YOKE_AREA_CARVEOUT && area->pa > UINT32_MAX) {
            yoke_refuse(&note, "table entry", area->index, "pa", area->pa,
                        "does not fit the table, where it is written as 0xffffffff", YOKE_NO_BOUND);
            yoke_plan_note(planner, &note);
        }
    }
    return YOKE_OK;
}
