// SPDX-License-Identifier: BSD-3-Clause
#include "ring/device.h"
#include "rpmsg/link.h"

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
        yoke_vq_device_init(&link->rx.device, &configs[0], link->of.device.pa, owned) != YOKE_OK ||
        yoke_vq_device_init(&link->tx.device, &configs[1], link->of.device.pa,
                            owned + configs[0].num) != YOKE_OK) {
        return YOKE_FAULT_RING;
    }
    link->features = (uint32_t)features;
    // A driver that was offered the firmware's own sizes, and did not take them, has 512 bytes.
    const uint32_t untaken = (uint32_t)(link->vdev->features ^ features);
    link->of.device.rx_size =
        (untaken & YOKE_F_RPMSG_BUFFERS) != 0 ? YOKE_RPMSG_BUFFER_SIZE : link->rx_size;
    return YOKE_FAULT_NONE;
}

YOKE_HOT int role_next(struct yoke_link *link, struct link_buffer *buffer)
{
    struct yoke_vq_part part;
    const int head = vq_device_next(&link->rx.device);

    if (YOKE_RARELY(head < 0)) {
        return head;
    }
    const int got = vq_device_buffer(&link->rx.device, false, YOKE_HEADER, &part, (uint32_t)head);
    buffer->data = part.data;
    buffer->size = part.size;
    if (YOKE_RARELY(part.size > link->of.device.rx_size)) {
        buffer->size = link->of.device.rx_size;
    }
    buffer->index = (uint32_t)head;
    if (got > 0) {
        yoke_invalidate(link->rx.vq.port, part.data, part.size);
    }
    return got;
}

YOKE_HOT void role_return(struct yoke_link *link, uint32_t index)
{
    vq_device_return(&link->rx.device, index, 0);
}

YOKE_HOT yoke_ticket role_hold(struct yoke_link *link, uint32_t index)
{
    return vq_device_own(&link->rx.device, index);
}

YOKE_HOT bool role_holds(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_device_owns(&link->rx.device, ticket);
}

YOKE_HOT void role_unhold(struct yoke_link *link, yoke_ticket ticket)
{
    link->rx.device.owned[yoke_ticket_index(ticket)] = 0;
}

YOKE_HOT int role_claim(struct yoke_link *link, struct link_buffer *buffer)
{
    struct yoke_vq_part part;
    const int head = vq_device_take(&link->tx.device);

    if (YOKE_RARELY(head < 0)) {
        return head;
    }
    const int got = vq_device_buffer(&link->tx.device, true, YOKE_HEADER, &part, (uint32_t)head);
    buffer->data = part.data;
    buffer->size = part.size < link->tx_size ? part.size : link->tx_size;
    buffer->index = (uint32_t)head;
    return got;
}

YOKE_HOT void role_commit(struct yoke_link *link, uint32_t index, uint32_t size)
{
    vq_device_return(&link->tx.device, index, size);
}

YOKE_HOT yoke_ticket role_own(struct yoke_link *link, uint32_t index)
{
    return vq_device_own(&link->tx.device, index);
}

YOKE_HOT bool role_owns(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_device_owns(&link->tx.device, ticket);
}

YOKE_HOT void role_disown(struct yoke_link *link, yoke_ticket ticket)
{
    link->tx.device.owned[yoke_ticket_index(ticket)] = 0;
}

YOKE_HOT void role_cancel(struct yoke_link *link, yoke_ticket ticket)
{
    (void)yoke_vq_device_unpop(&link->tx.device, ticket);
}

#include "rpmsg/path.h"

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
        link->of.device.pa = config->pa;
        link->status = &link->vdev->entry->status;
    }
    return status;
}
