// SPDX-License-Identifier: BSD-3-Clause
// Parameters: the caller's values, held against what the table's entries say.
#include "image/refuse.h"
#include "rproc/plan.h"

#include <string.h>

/// Refuses a value, by the name of its parameter.
static int refuse_value(struct planner *planner, const struct yoke_parameter *value,
                        const char *rule, uint64_t bound)
{
    return yoke_refuse(planner->refusal, "parameter", YOKE_NO_INDEX, value->name, value->number,
                       rule, bound);
}

static int refuse_bytes(struct planner *planner, const struct yoke_parameter *value,
                        const char *rule, uint64_t bound)
{
    return yoke_refuse(planner->refusal, "length of parameter", YOKE_NO_INDEX, value->name,
                       value->bytes.size, rule, bound);
}

/// The largest number of so many bytes; what has more than 8 is no number.
static uint64_t largest(uint32_t size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
}

/// Checks that a value fits its parameter.
static int check_value(struct planner *planner, const struct yoke_rsc_parameter *parameter,
                       const struct yoke_parameter *value)
{
    const uint64_t top = largest(parameter->size);
    // Half of the numbers are negative: these, moved up by that half, are below `top` too.
    const uint64_t moved = value->number + top / 2 + 1;

    if (value->kind != parameter->kind) {
        return yoke_refuse(planner->refusal, "kind of parameter", YOKE_NO_INDEX, value->name,
                           value->kind, "must be, by the table,", parameter->kind);
    }
    switch (parameter->kind) {
    case YOKE_RSC2_UNSIGNED:
        return value->number <= top ? YOKE_OK
                                    : refuse_value(planner, value, "must not exceed", top);
    case YOKE_RSC2_SIGNED:
        return moved <= top ? YOKE_OK
                            : refuse_value(planner, value,
                                           "must fit, with its sign, bytes:", parameter->size);
    case YOKE_RSC2_BOOLEAN:
        return value->number <= 1 ? YOKE_OK : refuse_value(planner, value, "must not exceed", 1);
    case YOKE_RSC2_STRING:
        return value->bytes.size < parameter->size
                   ? YOKE_OK
                   : refuse_bytes(planner, value, "must, for the NUL behind, be less than",
                                  parameter->size);
    default:
        return value->bytes.size == parameter->size
                   ? YOKE_OK
                   : refuse_bytes(planner, value, "must be", parameter->size);
    }
}

/// True if an area shares a byte with one of the image's tables.
static bool is_in_table(const struct planner *planner, const struct yoke_area *area)
{
    static const char *const names[] = {YOKE_RSC_SECTION, YOKE_RSC2_SECTION};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct yoke_section section;
        if (yoke_elf_find_section(planner->elf, names[i], &section) == YOKE_OK &&
            section.size - 1 <= UINT64_MAX - section.addr &&
            yoke_overlap(area->da, area->size, section.addr, section.size)) {
            return true;
        }
    }
    return false;
}

int yoke_plan_parameter(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_parameter *parameter = &entry->of.parameter;
    struct yoke_area *area =
        yoke_plan_add(planner, YOKE_AREA_PARAMETER, entry->index, parameter->da, parameter->size);

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    memcpy(area->name, parameter->name, sizeof(area->name));
    if (yoke_plan_segment(planner->plan, area->da, area->size, true) == NULL) {
        return yoke_plan_refuse(planner, area, "da", area->da,
                                "must lie in one loaded segment, with size", area->size);
    }
    if (is_in_table(planner, area)) {
        return yoke_plan_refuse(planner, area, "da", area->da, "must not lie in a resource table",
                                YOKE_NO_BOUND);
    }
    for (uint32_t i = 0; i < planner->options.parameter_count; i++) {
        const struct yoke_parameter *value = &planner->options.parameters[i];
        if (yoke_same_text(value->name, parameter->name)) {
            area->value = value;
            if (check_value(planner, parameter, value) != YOKE_OK) {
                return YOKE_BAD_IMAGE;
            }
        }
    }
    return yoke_plan_locate(planner, area, 0);
}

int yoke_plan_check_values(struct planner *planner)
{
    const struct yoke_plan *plan = planner->plan;
    const struct yoke_parameter *values = planner->options.parameters;

    for (uint32_t i = 0; i < planner->options.parameter_count; i++) {
        uint32_t takers = 0;
        for (uint32_t k = 0; k < plan->area_count; k++) {
            takers += plan->areas[k].kind == YOKE_AREA_PARAMETER &&
                      yoke_same_text(plan->areas[k].name, values[i].name);
        }
        for (uint32_t k = 0; k < i; k++) {
            takers += takers == 1 && yoke_same_text(values[k].name, values[i].name);
        }
        if (takers != 1) {
            return yoke_refuse(planner->refusal, "parameter", i, NULL, 0,
                               takers == 0 ? "has a name that no entry of the table has"
                                           : "has a name that is there more than once",
                               YOKE_NO_BOUND);
        }
    }
    return YOKE_OK;
}
