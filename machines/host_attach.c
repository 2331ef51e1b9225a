// SPDX-License-Identifier: BSD-3-Clause
// A core that runs already: is it this firmware, and taking it over.
#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc.h>

#include "host_internal.h"

/// Zeroes in a copy of the table what hosts write into it.
static void mask(const struct yoke_plan *plan, uint8_t *table)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        uint8_t *const at = table + area->table_offset;
        if (area->kind == YOKE_AREA_VDEV) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_vdev, gfeatures), 0);
            at[offsetof(struct yoke_rsc_vdev, status)] = 0;
        } else if (area->kind == YOKE_AREA_VRING && area->placed) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_vring, da), 0);
        }
        if (area->kind == YOKE_AREA_VRING) {
            yoke_put_le32(at + offsetof(struct yoke_rsc_vring, notifyid), 0);
        }
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
    uint8_t *const copies = malloc(2 * size);
    if (copies == NULL) {
        return host_fail(host, YOKE_NO_SPACE, "no memory for a copy of the resource table");
    }
    memcpy(copies, segment->bytes.data + offset, size);
    memcpy(copies + size, yoke_plan_at(&host->plan, table), size);
    mask(&host->plan, copies);
    mask(&host->plan, copies + size);
    const bool same = memcmp(copies, copies + size, size) == 0;
    free(copies);
    return same ? YOKE_OK
                : host_fail(host, YOKE_BAD_IMAGE,
                            "the core runs another firmware: its resource table at 0x%llx is not "
                            "that of the file",
                            (unsigned long long)table->da);
}

/// Code and constants in memory are those of the file.
static int compare_code(struct yoke_host *host, const struct yoke_area *segment)
{
    const uint8_t *const memory = yoke_plan_at(&host->plan, segment);

    for (size_t i = 0; i < segment->bytes.size; i++) {
        if (memory[i] != segment->bytes.data[i]) {
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
    for (uint32_t i = 0; status == YOKE_OK && i < host->plan.area_count; i++) {
        const struct yoke_area *const area = &host->plan.areas[i];
        if (area->kind == YOKE_AREA_TABLE) {
            table = area;
        } else if (area->kind == YOKE_AREA_CARVEOUT && area->placed) {
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
    return status;
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
            status = yoke_vdev_driver_place(&host->vdev, area->queue, area->da, area->notify_id);
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
    yoke_host_read_trace(host);
    if (host->linked) {
        yoke_link_close(&host->link);
    }
    return yoke_rproc_event(&host->rproc, YOKE_EVENT_DETACH);
}
