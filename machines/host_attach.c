// SPDX-License-Identifier: BSD-3-Clause
// A core that runs already: is it this firmware, and taking it over.
#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>

#include "host_internal.h"

/// Zeroes in a copy of a table of version 1 what hosts write into it.
static void mask1(const struct yoke_plan *plan, uint8_t *table)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        uint8_t *const at = table + area->table_offset;
        if (area->kind == YOKE_AREA_VDEV) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_vdev, gfeatures), 0);
            at[offsetof(struct yoke_rsc_vdev, status)] = 0;
        } else if (area->kind == YOKE_AREA_CARVEOUT) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_carveout, pa), 0);
        } else if (area->kind == YOKE_AREA_VRING && area->placed) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_vring, da), 0);
        }
        if (area->kind == YOKE_AREA_VRING) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_vring, notifyid), 0);
        }
    }
}

/// The same for what a loader wrote into an entry of a table of version 2.
static void mask_entry2(const struct yoke_area *area, uint8_t *at)
{
    switch (area->kind) {
    case YOKE_AREA_CARVEOUT:
        yoke_put_le64(at + offsetof(struct yoke_rsc2_memory, pa), 0);
        if (area->placed) {
            yoke_put_le64(at + offsetof(struct yoke_rsc2_memory, da), 0);
        }
        break;
    case YOKE_AREA_TRACE:
        yoke_put_le32(at + offsetof(struct yoke_rsc2_trace, notifyid), 0);
        break;
    case YOKE_AREA_POWER:
        yoke_put_le32(at + offsetof(struct yoke_rsc2_power, notifyid), 0);
        break;
    case YOKE_AREA_VDEV:
        if (area->placed) {
            yoke_put_le64(at + offsetof(struct yoke_rsc2_vdev, state), 0);
        }
        break;
    case YOKE_AREA_VRING:
        yoke_put_le32(at + offsetof(struct yoke_rsc2_queue, notifyid), 0);
        if (area->placed) {
            yoke_put_le64(at + offsetof(struct yoke_rsc2_queue, da), 0);
        }
        break;
    case YOKE_AREA_BUFFERS:
        if (area->placed) {
            yoke_put_le64(at + offsetof(struct yoke_rsc2_queue, buffers), 0);
        }
        break;
    default:
        break;
    }
}

static void mask2(const struct yoke_plan *plan, uint8_t *table)
{
    struct yoke_refusal refusal;
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;

    yoke_put_le32(table + offsetof(struct yoke_rsc2_header, host), 0);
    yoke_put_le64(table + offsetof(struct yoke_rsc2_header, taken), 0);
    for (uint32_t i = 0; i < plan->area_count; i++) {
        if (plan->areas[i].table_offset != 0) {
            mask_entry2(&plan->areas[i], table + plan->areas[i].table_offset);
        }
    }
    if (yoke_rsc2_open(&rsc, plan->table, &refusal) != YOKE_OK) {
        return; // Cannot be: the plan was made from it.
    }
    while (yoke_rsc_next(&rsc, &entry, &refusal) == YOKE_OK) {
        uint8_t *const at = table + entry.offset;
        at[offsetof(struct yoke_rsc2_entry, outcome)] = 0;
        if (entry.type == YOKE_RSC2_DEVICETREE && entry.known &&
            entry.of.devicetree.da == YOKE_ADDR_ANY) {
            yoke_put_le64(at + offsetof(struct yoke_rsc2_devicetree, da), 0);
        }
    }
}

static void mask(const struct yoke_plan *plan, uint8_t *table)
{
    if (plan->version == 2) {
        mask2(plan, table);
    } else {
        mask1(plan, table);
    }
}

/// The table of the running firmware is that of the file, but for what hosts write.
static int compare_table(struct yoke_host *host, const struct yoke_area *table,
                         const struct yoke_area *segment)
{
    const size_t offset = (size_t)(table->da - segment->da);
    const size_t size = (size_t)table->size;
    if (size == 0 || offset > segment->bytes.size || size > segment->bytes.size - offset) {
        return host_fail(host, YOKE_BAD_IMAGE, "the resource table has no bytes in the file");
    }
    // One copy of what the core can write: that is compared, and used from now on.
    uint8_t *const copies = malloc(3 * size);
    if (copies == NULL) {
        return host_fail(host, YOKE_NO_SPACE, "no memory for a copy of the resource table");
    }
    free(host->table);
    host->table = copies;
    memcpy(copies, yoke_plan_at(&host->plan, table), size);
    memcpy(copies + size, copies, size);
    memcpy(copies + 2 * size, segment->bytes.data + offset, size);
    mask(&host->plan, copies + size);
    mask(&host->plan, copies + 2 * size);
    const bool same = memcmp(copies + size, copies + 2 * size, size) == 0;
    return same ? YOKE_OK
                : host_fail(host, YOKE_BAD_IMAGE,
                            "the core runs another firmware: its resource table at 0x%llx is not "
                            "that of the file",
                            (unsigned long long)table->da);
}

/// True if a loader may have written there, also where the firmware itself never does: the table,
/// which is compared for itself, and what its entries name.
static bool is_loaders(const struct yoke_plan *plan, uint64_t da)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        if (area->kind != YOKE_AREA_SEGMENT && area->kind != YOKE_AREA_CARVEOUT &&
            yoke_inside(da, 1, area->da, area->size)) {
            return true;
        }
    }
    return false;
}

/// Code and constants in memory are those of the file.
static int compare_code(struct yoke_host *host, const struct yoke_area *segment)
{
    const uint8_t *const memory = yoke_plan_at(&host->plan, segment);

    for (size_t i = 0; i < segment->bytes.size; i++) {
        if (memory[i] != segment->bytes.data[i] && !is_loaders(&host->plan, segment->da + i)) {
            return host_fail(host, YOKE_BAD_IMAGE,
                             "the core runs another firmware: at 0x%llx is 0x%02x, in the file "
                             "0x%02x",
                             (unsigned long long)segment->da + i, memory[i],
                             segment->bytes.data[i]);
        }
    }
    return YOKE_OK;
}

/// What the machine says about a status.
static int by_machine(struct yoke_host *host, int status)
{
    return status == YOKE_OK ? YOKE_OK : host_fail(host, status, "%s", host->machine->error);
}

static int replan(struct yoke_host *host, uint32_t versions, struct yoke_bytes table)
{
    char text[200];

    if (host_make_plan(host, host->machine->regions, host->machine->region_count, versions,
                       table) == YOKE_OK) {
        return YOKE_OK;
    }
    (void)yoke_refusal_text(&host->refusal, text, sizeof text);
    return host_fail(host, YOKE_BAD_IMAGE, "the table that the core runs with: %s", text);
}

/// A core that was loaded by a host which does not know version 2 runs with version 1, if its image
/// has that. Whoever owns a table of version 2 says in it that it is in force.
static int choose_table(struct yoke_host *host)
{
    const struct yoke_area *const table = yoke_plan_find(&host->plan, YOKE_AREA_TABLE, 0, 0);

    if (host->plan.version != 2) {
        return YOKE_OK;
    }
    const uint32_t in_force = yoke_le32((uint8_t *)yoke_plan_at(&host->plan, table) +
                                        offsetof(struct yoke_rsc2_header, host));
    if (in_force == YOKE_RSC2_VERSION) {
        return YOKE_OK;
    }
    if (host->options.versions != 0 && (host->options.versions & YOKE_RSC_KNOW_1) == 0) {
        return host_fail(host, YOKE_BAD_IMAGE, "the core does not run with a table of version 2");
    }
    return replan(host, YOKE_RSC_KNOW_1, yoke_bytes(NULL, 0));
}

int host_compare(struct yoke_host *host)
{
    const struct yoke_area *table = NULL;
    int status = YOKE_OK;

    if (host->machine->ops->attach == NULL) {
        return host_fail(host, YOKE_UNSUPPORTED,
                         "there is nothing to attach to: no core of machine \"%s\" runs by itself",
                         host->machine->name);
    }
    // Of a core that does not run, the memory says nothing.
    status = by_machine(host, host->machine->ops->attach(host->machine));
    if (status == YOKE_OK) {
        status = choose_table(host);
    }
    for (uint32_t i = 0; status == YOKE_OK && i < host->plan.area_count; i++) {
        const struct yoke_area *const area = &host->plan.areas[i];
        if (area->kind == YOKE_AREA_TABLE) {
            table = area;
        } else if (host->plan.version == 1 && area->kind == YOKE_AREA_CARVEOUT && area->placed) {
            status = host_fail(host, YOKE_BAD_IMAGE,
                               "entry %u: a carveout without an address had to be placed before "
                               "the core was started",
                               area->index);
        } else if (area->kind == YOKE_AREA_SEGMENT && (area->flags & YOKE_PF_W) == 0) {
            status = compare_code(host, area);
        }
    }
    for (uint32_t i = 0; status == YOKE_OK && table != NULL && i < host->plan.area_count; i++) {
        const struct yoke_area *const area = &host->plan.areas[i];
        if (area->kind == YOKE_AREA_SEGMENT && table->da - area->da < area->size) {
            status = compare_table(host, table, area);
        }
    }
    // A table of version 2 says where everything is.
    return status == YOKE_OK && table != NULL && host->plan.version == 2
               ? replan(host, YOKE_RSC_KNOW_2, yoke_bytes(host->table, (size_t)table->size))
               : status;
}

int host_do_attach(void *context)
{
    struct yoke_host *const host = context;
    const struct yoke_plan *const plan = &host->plan;
    int status = by_machine(host, host->machine->ops->attach(host->machine));

    if (status != YOKE_OK || !host->linked) {
        return status;
    }
    // A host before us may have died without a word: firmware must have seen that its link is down
    // before the rings are made anew.
    yoke_vdev_driver_reset(&host->vdev);
    status = by_machine(host, host->machine->ops->settle(host->machine));
    for (uint32_t i = 0; status == YOKE_OK && i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        if (area->kind == YOKE_AREA_VRING || area->kind == YOKE_AREA_BUFFERS) {
            memset(yoke_plan_at(plan, area), 0, (size_t)area->size);
        }
        if (area->kind == YOKE_AREA_VRING && area->index == host->vdev_index) {
            status = yoke_vdev_driver_place(&host->vdev, area->queue, area->da - area->base,
                                            area->notify_id);
        }
    }
    return status;
}

int host_do_detach(void *context)
{
    struct yoke_host *const host = context;

    if (host->machine->ops->settle == NULL) {
        return host_fail(host, YOKE_UNSUPPORTED, "machine \"%s\" cannot let its core run on",
                         host->machine->name);
    }
    return by_machine(host, host->machine->ops->settle(host->machine));
}

int yoke_host_attach(struct yoke_host *host)
{
    if (host->machine == NULL || host->rproc.state != YOKE_DETACHED) {
        return host_fail(host, YOKE_INVALID, "not opened to attach, or attached already");
    }
    return host_bring_up(host, YOKE_EVENT_ATTACH);
}

int yoke_host_detach(struct yoke_host *host)
{
    if (host->machine == NULL || !yoke_host_runs(host)) {
        return host_fail(host, YOKE_INVALID, "the firmware does not run");
    }
    if (host->plan.version == 2 && (host->plan.taken & YOKE_RSC2_F_HOST_RESTARTS) == 0) {
        return host_fail(host, YOKE_UNSUPPORTED,
                         "the firmware does not run on without its host: its table does not offer "
                         "that");
    }
    yoke_host_read_trace(host);
    if (host->linked) {
        yoke_link_close(&host->link);
    }
    return yoke_rproc_event(&host->rproc, YOKE_EVENT_DETACH);
}
