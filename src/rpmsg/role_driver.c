// SPDX-License-Identifier: BSD-3-Clause
#include "ring/driver.h"
#include "rpmsg/path.h"

/// The buffer that goes with a descriptor of `queue` (0: rx, 1: tx): the first ones receive.
static uint32_t buffer_offset(const struct yoke_link *link, uint32_t queue, yoke_ticket ticket)
{
    return (queue * link->rx_num + yoke_ticket_index(ticket)) * link->buffer_size;
}

YOKE_HOT int role_next(struct yoke_link *link, struct yoke_rx *rx)
{
    const int got = vq_driver_next(&link->rx.driver, &rx->ticket, &rx->size);

    if (got > 0) {
        rx->data = link->buffers + buffer_offset(link, 0, rx->ticket);
        yoke_invalidate(link->rx.vq.port, rx->data, rx->size);
    }
    return got;
}

YOKE_HOT bool role_holds(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_driver_owns(&link->rx.driver, ticket);
}

YOKE_HOT void role_give_back(struct yoke_link *link, yoke_ticket ticket)
{
    const uint64_t address = link->buffers_pa + buffer_offset(link, 0, ticket);

    vq_driver_offer(&link->rx.driver, ticket, address, link->buffer_size, true);
}

YOKE_HOT int role_claim(struct yoke_link *link, struct yoke_tx *tx)
{
    uint32_t written;

    tx->ticket = vq_driver_take(&link->tx.driver);
    if (tx->ticket == YOKE_NO_TICKET) {
        const int got = yoke_vq_driver_used(&link->tx.driver, &tx->ticket, &written);
        if (got <= 0) {
            return got;
        }
    }
    tx->data = link->buffers + buffer_offset(link, 1, tx->ticket);
    tx->size = link->buffer_size;
    return 1;
}

YOKE_HOT bool role_owns(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_driver_owns(&link->tx.driver, ticket);
}

YOKE_HOT void role_commit(struct yoke_link *link, yoke_ticket ticket, uint32_t size)
{
    const uint64_t address = link->buffers_pa + buffer_offset(link, 1, ticket);

    vq_driver_offer(&link->tx.driver, ticket, address, size, false);
}

YOKE_HOT void role_cancel(struct yoke_link *link, yoke_ticket ticket)
{
    (void)yoke_vq_driver_give(&link->tx.driver, ticket);
}

static const struct yoke_link_role role = {
    YOKE_PATH,
    .arrive = NULL, // others follow this side
    .rx_queue = YOKE_RPMSG_QUEUE_RX,
    .private_size = sizeof(struct yoke_vq_slot),
};

int yoke_link_driver_init(struct yoke_link *link, const struct yoke_link_config *config)
{
    const uint64_t all = YOKE_F_RPMSG_NS | YOKE_F_RING_INDIRECT | YOKE_F_RING_EVENT_IDX;

    if (link == NULL || config == NULL || config->buffers == NULL ||
        (uintptr_t)config->buffers % 16 != 0) {
        return YOKE_INVALID;
    }
    const int status = yoke_link_init(link, config, &role);
    if (status != YOKE_OK) {
        return status;
    }
    if (config->buffers_size <
        yoke_link_buffer_bytes(link->rx_num, link->tx_num, link->buffer_size)) {
        return YOKE_NO_SPACE;
    }
    link->buffers = config->buffers;
    link->buffers_pa = config->buffers_pa;
    link->known = (uint32_t)(config->known != 0 ? config->known & all : all);
    link->status = &link->driving;
    return YOKE_OK;
}

int yoke_link_start(struct yoke_link *link)
{
    struct yoke_vq_config configs[2];
    struct yoke_vq_slot *const slots = link_private(link);
    yoke_ticket ticket;

    if (link->role != &role || (link->mode & MODE_POLLING) != 0) {
        return YOKE_INVALID;
    }
    yoke_link_close(link);
    yoke_vdev_driver_begin(link->vdev);
    const uint64_t features = yoke_vdev_driver_features(link->vdev, link->known);
    if (yoke_link_rings(link, features, configs) != YOKE_FAULT_NONE ||
        yoke_vq_driver_init(&link->rx.driver, &configs[0], slots) != YOKE_OK ||
        yoke_vq_driver_init(&link->tx.driver, &configs[1], slots + link->rx_num) != YOKE_OK) {
        yoke_vdev_driver_reset(link->vdev);
        return YOKE_BAD_PEER;
    }
    while ((ticket = yoke_vq_driver_take(&link->rx.driver)) != YOKE_NO_TICKET) {
        role_give_back(link, ticket);
    }
    // The index is out before DRIVER_OK, and the doorbell, rung whatever the flags say, after it.
    vq_show(&link->rx.vq);
    link->features = (uint32_t)features;
    yoke_vdev_driver_ok(link->vdev);
    link->driving = YOKE_STATUS_ACKNOWLEDGE | YOKE_STATUS_DRIVER | YOKE_STATUS_DRIVER_OK;
    yoke_barrier_full();
    link->rx.vq.port->notify(link->rx.vq.port->context, link->rx.vq.notify_id);
    yoke_link_went_up(link);
    return YOKE_OK;
}
