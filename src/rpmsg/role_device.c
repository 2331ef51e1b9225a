// SPDX-License-Identifier: BSD-3-Clause
#include "ring/device.h"
#include "rpmsg/path.h"

static enum yoke_link_fault arrive(struct yoke_link *link)
{
    struct yoke_vq_config configs[2];
    uint64_t features;

    // Again, with a barrier: what the driver wrote before it set DRIVER_OK is read after this.
    (void)yoke_vdev_status(link->vdev);
    if (yoke_vdev_features(link->vdev, &features) != YOKE_OK) {
        return YOKE_FAULT_FEATURES;
    }
    const enum yoke_link_fault fault = yoke_link_rings(link, features, configs);
    uint16_t *const owned = link_private(link);
    if (fault != YOKE_FAULT_NONE ||
        yoke_vq_device_init(&link->rx.device, &configs[0], link->pa, owned) != YOKE_OK ||
        yoke_vq_device_init(&link->tx.device, &configs[1], link->pa, owned + link->rx_num) !=
            YOKE_OK) {
        return YOKE_FAULT_RING;
    }
    link->features = (uint32_t)features;
    return YOKE_FAULT_NONE;
}

YOKE_HOT int role_next(struct yoke_link *link, struct yoke_rx *rx)
{
    struct yoke_vq_part part;
    int got = vq_device_next(&link->rx.device, &rx->ticket);

    if (got > 0) {
        got = vq_device_buffer(&link->rx.device, false, YOKE_HEADER, &part, rx->ticket);
        rx->data = part.data;
        rx->size = part.size;
        yoke_invalidate(link->rx.vq.port, part.data, part.size);
    }
    return got;
}

YOKE_HOT bool role_holds(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_device_owns(&link->rx.device, ticket);
}

YOKE_HOT void role_give_back(struct yoke_link *link, yoke_ticket ticket)
{
    vq_device_push(&link->rx.device, ticket, 0);
}

YOKE_HOT int role_claim(struct yoke_link *link, struct yoke_tx *tx)
{
    struct yoke_vq_part part;
    int got = vq_device_take(&link->tx.device, &tx->ticket);

    if (got > 0) {
        got = vq_device_buffer(&link->tx.device, true, YOKE_HEADER, &part, tx->ticket);
        tx->data = part.data;
        tx->size = part.size;
    }
    return got;
}

YOKE_HOT bool role_owns(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_device_owns(&link->tx.device, ticket);
}

YOKE_HOT void role_commit(struct yoke_link *link, yoke_ticket ticket, uint32_t size)
{
    vq_device_push(&link->tx.device, ticket, size);
}

YOKE_HOT void role_cancel(struct yoke_link *link, yoke_ticket ticket)
{
    (void)yoke_vq_device_unpop(&link->tx.device, ticket);
}

static const struct yoke_link_role role = {
    YOKE_PATH,
    .arrive = arrive,
    .rx_queue = YOKE_RPMSG_QUEUE_TX,
    .private_size = sizeof(uint16_t),
};

int yoke_link_device_init(struct yoke_link *link, const struct yoke_link_config *config)
{
    if (link == NULL || config == NULL || config->pa == NULL) {
        return YOKE_INVALID;
    }
    const int status = yoke_link_init(link, config, &role);
    if (status == YOKE_OK) {
        link->status = &link->vdev->entry->status;
    }
    return status;
}
