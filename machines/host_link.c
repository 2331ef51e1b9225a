// SPDX-License-Identifier: BSD-3-Clause
// The link to the firmware, in the driver role.
#include <stdlib.h>

#include "host_internal.h"

static void on_link(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    struct yoke_host *const host = context;

    (void)link;
    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&host->ns);
    }
}

static void on_service(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    struct yoke_host *const host = ns->context;

    if (host->options.service != NULL) {
        host->options.service(host, service, up, host->options.context);
    }
}

/// The first rpmsg device of the plan, or NULL.
static const struct yoke_area *rpmsg_area(const struct yoke_plan *plan)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        if (area->kind == YOKE_AREA_VDEV && area->device_id == YOKE_ID_RPMSG && area->num == 2) {
            return area;
        }
    }
    return NULL;
}

static uint32_t buckets_for(uint32_t endpoints)
{
    uint32_t buckets = 64;

    while (buckets < endpoints && buckets < (UINT32_C(1) << 30)) {
        buckets *= 2;
    }
    return buckets;
}

static void make_windows(struct yoke_host *host)
{
    const struct yoke_machine *const machine = host->machine;
    uint32_t count = 0;

    for (uint32_t i = 0; i < machine->region_count && count < 4; i++) {
        const struct yoke_region *const region = &machine->regions[i];
        if ((region->flags & (YOKE_REGION_SHARED | YOKE_REGION_IMAGE)) != 0) {
            host->windows[count++] = (struct yoke_window){region->da, region->size, region->va};
        }
    }
    host->da = (struct yoke_mem){host->windows, count};
}

int host_make_link(struct yoke_host *host)
{
    const struct yoke_plan *const plan = &host->plan;
    const struct yoke_area *const vdev = rpmsg_area(plan);
    if (vdev == NULL) {
        return YOKE_OK;
    }
    const struct yoke_area *const rx = yoke_plan_find(plan, YOKE_AREA_VRING, vdev->index, 0);
    const struct yoke_area *const tx = yoke_plan_find(plan, YOKE_AREA_VRING, vdev->index, 1);
    const struct yoke_area *const buffers = yoke_plan_find(plan, YOKE_AREA_BUFFERS, vdev->index, 0);
    if (rx == NULL || tx == NULL || buffers == NULL) {
        return host_fail(host, YOKE_BAD_IMAGE, "entry %u: an rpmsg device without rings",
                         vdev->index);
    }
    const uint32_t buckets = buckets_for(host->options.endpoints);
    const size_t size = YOKE_LINK_DRIVER_BYTES(rx->num, tx->num, buckets);
    host->link_memory = calloc(1, size);
    if (host->link_memory == NULL) {
        return host_fail(host, YOKE_NO_SPACE, "no memory for the link: %zu bytes", size);
    }
    make_windows(host);
    uint8_t *const pool = yoke_plan_at(plan, buffers);
    const size_t rx_size = (size_t)rx->num * YOKE_RPMSG_BUFFER_SIZE;
    const size_t tx_size = (size_t)tx->num * YOKE_RPMSG_BUFFER_SIZE;
    const struct yoke_link_config config = {
        .vdev = &host->vdev,
        .da = &host->da,
        .memory = host->link_memory,
        .memory_size = size,
        .buckets = buckets,
        .event = on_link,
        .context = host,
        .rx_pool = {pool, buffers->pa, rx_size},
        .tx_pool = {pool + rx_size, buffers->pa + rx_size, tx_size},
    };
    int status =
        yoke_vdev_open(&host->vdev, yoke_plan_at(plan, vdev), (size_t)vdev->size, &host->port);
    if (status == YOKE_OK) {
        status = yoke_link_driver_init(&host->link, &config);
    }
    if (status == YOKE_OK) {
        status = yoke_ns_listen(&host->link, &host->ns, host->services, YOKE_HOST_SERVICES,
                                on_service, host);
    }
    if (status != YOKE_OK) {
        return host_fail(host, status, "entry %u: no link: %s", vdev->index,
                         yoke_status_text(status));
    }
    host->vdev_index = vdev->index;
    host->linked = true;
    return YOKE_OK;
}
