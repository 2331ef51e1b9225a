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

/// Opens what there is on the link from the start: the services, and what listens to them.
static int open_endpoints(struct yoke_host *host)
{
    int status = yoke_ns_listen(&host->link, &host->ns, host->services, YOKE_HOST_SERVICES,
                                on_service, host);

    if (status == YOKE_OK && (host->options.known & YOKE_F_RPMSG_ACK) != 0) {
        status = yoke_control_open(&host->link, &host->control);
        if (status == YOKE_OK) {
            status = yoke_bindings_open(&host->control, &host->bindings, &host->ns,
                                        host->binding_table, YOKE_HOST_BINDINGS);
        }
    }
    return status;
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

/// Device addresses as the vdev's state has them: counted from its base.
static void make_windows(struct yoke_host *host)
{
    const struct yoke_machine *const machine = host->machine;
    const uint64_t base = host->vdev_base;
    uint32_t count = 0;

    for (uint32_t i = 0; i < machine->region_count && count < 4; i++) {
        const struct yoke_region *const region = &machine->regions[i];
        const uint64_t below = region->da < base ? base - region->da : 0;
        if ((region->flags & (YOKE_REGION_SHARED | YOKE_REGION_IMAGE)) != 0 &&
            below < region->size) {
            host->windows[count++] = (struct yoke_window){
                region->da + below - base, region->size - below, (uint8_t *)region->va + below};
        }
    }
    host->da = (struct yoke_mem){host->windows, count};
}

/// The features to take. Sizes of buffers are known from a table of version 2 alone.
static uint64_t known_features(const struct yoke_host *host)
{
    const uint64_t all =
        YOKE_F_RPMSG_NS | YOKE_F_RING_INDIRECT | YOKE_F_RING_EVENT_IDX | YOKE_F_RPMSG_BUFFERS;
    const uint64_t wanted = host->options.known != 0 ? host->options.known : all;

    return host->plan.version == 2 ? wanted : wanted & ~YOKE_F_RPMSG_BUFFERS;
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
    const struct yoke_area *const rx_pool = yoke_plan_find(plan, YOKE_AREA_BUFFERS, vdev->index, 0);
    const struct yoke_area *const tx_pool = yoke_plan_find(plan, YOKE_AREA_BUFFERS, vdev->index, 1);
    if (rx == NULL || tx == NULL || rx_pool == NULL || tx_pool == NULL) {
        return host_fail(host, YOKE_BAD_IMAGE, "entry %u: an rpmsg device without rings",
                         vdev->index);
    }
    const uint32_t buckets = buckets_for(host->options.endpoints);
    const size_t size = YOKE_LINK_DRIVER_BYTES(rx->num, tx->num, buckets);
    host->link_memory = calloc(1, size);
    if (host->link_memory == NULL) {
        return host_fail(host, YOKE_NO_SPACE, "no memory for the link: %zu bytes", size);
    }
    host->vdev_index = vdev->index;
    host->vdev_base = vdev->base;
    make_windows(host);
    const struct yoke_link_config config = {
        .vdev = &host->vdev,
        .da = &host->da,
        .memory = host->link_memory,
        .memory_size = size,
        .buckets = buckets,
        .event = on_link,
        .context = host,
        .rx_size = rx_pool->buffer_size,
        .tx_size = tx_pool->buffer_size,
        .rx_pool = {yoke_plan_at(plan, rx_pool), rx_pool->pa, (size_t)rx_pool->size},
        .tx_pool = {yoke_plan_at(plan, tx_pool), tx_pool->pa, (size_t)tx_pool->size},
        .known = known_features(host),
    };
    int status =
        yoke_vdev_open(&host->vdev, yoke_plan_at(plan, vdev), (size_t)vdev->size, &host->port);
    if (status == YOKE_OK) {
        status = yoke_link_driver_init(&host->link, &config);
    }
    if (status == YOKE_OK) {
        status = open_endpoints(host);
    }
    if (status != YOKE_OK) {
        return host_fail(host, status, "entry %u: no link: %s", vdev->index,
                         yoke_status_text(status));
    }
    host->linked = true;
    return YOKE_OK;
}
