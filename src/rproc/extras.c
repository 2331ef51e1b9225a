// SPDX-License-Identifier: BSD-3-Clause
// Entries that only tables of version 2 have, parameters aside.
#include "image/refuse.h"
#include "rproc/plan.h"

#include <string.h>

static int cannot(struct planner *planner, const struct yoke_rsc_entry *entry, const char *field,
                  uint64_t value, const char *rule, uint64_t bound)
{
    yoke_refuse(planner->refusal, "table entry", entry->index, field, value, rule, bound);
    return YOKE_UNSUPPORTED;
}

/// True if `chip`, which is not empty, is one of the names, ended by NULL.
static bool is_among(const char *chip, const char *const *names)
{
    while (*names != NULL && !yoke_same_text(chip, *names)) {
        names++;
    }
    return *names != NULL;
}

int yoke_plan_identity(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_identity *identity = &entry->of.identity;
    const char *driver = planner->options.driver;
    uint32_t i = 0;

    if (planner->options.chips != NULL && identity->chip[0] != '\0' &&
        !is_among(identity->chip, planner->options.chips)) {
        return cannot(planner, entry, NULL, 0, "chip is not the one that is here", YOKE_NO_BOUND);
    }
    if (driver == NULL || identity->drivers == 0) {
        return YOKE_OK;
    }
    while (i < identity->drivers && !yoke_same_text(driver, yoke_rsc_driver(entry, i))) {
        i++;
    }
    return i < identity->drivers
               ? YOKE_OK
               : cannot(planner, entry, "drivers", identity->drivers,
                        "are named, and none of them is the driver here", YOKE_NO_BOUND);
}

int yoke_plan_power(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_power *power = &entry->of.power;
    struct yoke_area *area = yoke_plan_add(planner, YOKE_AREA_POWER, entry->index, power->state,
                                           sizeof(struct yoke_rsc2_power_block));

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    area->table_offset = (uint32_t)entry->offset;
    area->notify_id = power->notifies ? power->notifyid : YOKE_NO_DOORBELL;
    return yoke_plan_locate(planner, area, 0);
}

int yoke_plan_devicetree(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_devicetree *tree = &entry->of.devicetree;
    const struct yoke_bytes blob = planner->options.devicetree;
    const bool fits = blob.size != 0 && blob.size <= tree->len;

    if (planner->options.attach) {
        return YOKE_OK;
    }
    if (fits || tree->da != YOKE_ADDR_ANY) {
        struct yoke_area *area =
            yoke_plan_add(planner, YOKE_AREA_DEVICETREE, entry->index, tree->da, tree->len);
        if (area == NULL) {
            return YOKE_BAD_IMAGE;
        }
        area->table_offset = (uint32_t)entry->offset;
        area->bytes = fits ? blob : yoke_bytes(NULL, 0);
        const int status = yoke_plan_locate_later(planner, area, 0);
        if (status != YOKE_OK) {
            return status;
        }
    }
    if (fits) {
        return YOKE_OK;
    }
    if (blob.size == 0) {
        (void)cannot(planner, entry, NULL, 0, "asks for a device tree, and there is none here",
                     YOKE_NO_BOUND);
    } else {
        (void)cannot(planner, entry, "len", tree->len, "must not be less than the device tree has,",
                     blob.size);
    }
    // Where it would be, the firmware finds 0.
    return yoke_plan_forgo(planner, entry->index);
}

int yoke_plan_locks(struct planner *planner, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_locks *locks = &entry->of.locks;
    const uint64_t size = (uint64_t)(locks->count - 1) * locks->stride + sizeof(uint32_t);
    struct yoke_area *area = yoke_plan_add(planner, YOKE_AREA_LOCKS, entry->index, locks->da, size);

    if (area == NULL) {
        return YOKE_BAD_IMAGE;
    }
    memcpy(area->name, locks->name, sizeof(area->name));
    area->num = locks->count;
    area->locks = *locks;
    return yoke_plan_locate(planner, area, 0);
}
