// SPDX-License-Identifier: BSD-3-Clause
// Each descriptor has one buffer for good, so it is written once; later only a message's length is.
#include <string.h>

#include "ring/driver.h"
#include "rpmsg/link.h"

/// Where the buffer of a descriptor lies.
YOKE_HOT uint8_t *rx_buffer(const struct yoke_link *link, uint32_t index)
{
    return link->of.buffers.rx + (size_t)index * link->rx_size;
}

YOKE_HOT uint8_t *tx_buffer(const struct yoke_link *link, uint32_t index)
{
    return link->of.buffers.tx + (size_t)index * link->tx_size;
}

/// Where the two pools are kept, in front of the slots: aligned for pointers, perhaps not for a
/// pool.
static void *kept_pools(const struct yoke_link *link)
{
    return link_private(link);
}

/// How many buffers a ring of `num` descriptors has.
static uint32_t buffers_of(const struct yoke_link_pool *pool, uint32_t size, uint32_t num)
{
    return pool->size / size < num ? (uint32_t)(pool->size / size) : num;
}

YOKE_HOT int role_next(struct yoke_link *link, struct link_buffer *buffer)
{
    const int index = vq_driver_next(&link->rx.driver, &buffer->size);

    if (YOKE_RARELY(index < 0)) {
        return index;
    }
    if (YOKE_RARELY(buffer->size < YOKE_HEADER)) {
        vq_driver_put(&link->rx.vq, (uint32_t)index);
        return YOKE_BAD_PEER;
    }
    buffer->data = rx_buffer(link, (uint32_t)index);
    buffer->index = (uint32_t)index;
    yoke_invalidate(link->rx.vq.port, buffer->data, buffer->size);
    return 1;
}

YOKE_HOT void role_return(struct yoke_link *link, uint32_t index)
{
    vq_driver_put(&link->rx.vq, index);
}

YOKE_HOT yoke_ticket role_hold(struct yoke_link *link, uint32_t index)
{
    return vq_driver_own(&link->rx.driver, index);
}

YOKE_HOT bool role_holds(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_driver_owns(&link->rx.driver, ticket);
}

YOKE_HOT void role_unhold(struct yoke_link *link, yoke_ticket ticket)
{
    link->rx.driver.slots[yoke_ticket_index(ticket)].stamp = SLOT_OFFERED;
}

YOKE_HOT int role_claim(struct yoke_link *link, struct link_buffer *buffer)
{
    int index;

    if (link->tx.driver.free_count != 0) {
        index = (int)vq_driver_take_free(&link->tx.driver);
        link->tx.driver.slots[index].stamp = SLOT_OFFERED;
    } else {
        uint32_t written;
        const int waiting = vq_waiting(&link->tx.vq);
        if (waiting <= 0) {
            return waiting == 0 ? YOKE_AGAIN : waiting;
        }
        index = vq_driver_next(&link->tx.driver, &written);
        if (YOKE_RARELY(index < 0)) {
            return index;
        }
    }
    buffer->data = tx_buffer(link, (uint32_t)index);
    buffer->size = link->tx_size;
    buffer->index = (uint32_t)index;
    return 1;
}

YOKE_HOT void role_commit(struct yoke_link *link, uint32_t index, uint32_t size)
{
    struct yoke_vring_desc *const desc = &link->tx.vq.desc[index];

    desc->len = YOKE_SWAP32(link->swap, size);
    yoke_clean(link->tx.vq.port, desc, sizeof *desc);
    vq_driver_put(&link->tx.vq, index);
}

YOKE_HOT yoke_ticket role_own(struct yoke_link *link, uint32_t index)
{
    link->tx.driver.slots[index].next = (uint16_t)index;
    return vq_driver_own(&link->tx.driver, index);
}

YOKE_HOT bool role_owns(const struct yoke_link *link, yoke_ticket ticket)
{
    return vq_driver_owns(&link->tx.driver, ticket);
}

YOKE_HOT void role_disown(struct yoke_link *link, yoke_ticket ticket)
{
    link->tx.driver.slots[yoke_ticket_index(ticket)].stamp = SLOT_OFFERED;
}

YOKE_HOT void role_cancel(struct yoke_link *link, yoke_ticket ticket)
{
    (void)yoke_vq_driver_give(&link->tx.driver, ticket);
}

#include "rpmsg/path.h"

static const struct yoke_link_role role = {
    YOKE_PATH,
    .arrive = NULL, // others follow this side
    .rx_queue = YOKE_RPMSG_QUEUE_RX,
    .private_size = sizeof(struct yoke_vq_slot),
    .owns_buffers = true,
};

static bool is_pool(const struct yoke_link_pool *pool)
{
    return pool->memory != NULL && (uintptr_t)pool->memory % 16 == 0;
}

int yoke_link_driver_init(struct yoke_link *link, const struct yoke_link_config *config)
{
    const uint64_t usual = YOKE_F_RPMSG_NS | YOKE_F_RING_INDIRECT | YOKE_F_RING_EVENT_IDX;

    if (link == NULL || config == NULL || !is_pool(&config->rx_pool) ||
        !is_pool(&config->tx_pool)) {
        return YOKE_INVALID;
    }
    const int status = yoke_link_init(link, config, &role);
    if (status != YOKE_OK) {
        return status;
    }
    const struct yoke_link_pool pools[2] = {config->rx_pool, config->tx_pool};
    memcpy(kept_pools(link), pools, sizeof pools);
    link->of.buffers.rx = pools[0].memory;
    link->of.buffers.tx = pools[1].memory;
    link->known =
        (uint32_t)(config->known != 0 ? config->known & (usual | YOKE_F_RPMSG_BUFFERS) : usual);
    link->status = &link->driving;
    return YOKE_OK;
}

int yoke_link_start(struct yoke_link *link)
{
    struct yoke_vq_config configs[2];
    struct yoke_link_pool pools[2];
    struct yoke_vq_slot *const slots =
        (void *)((uint8_t *)kept_pools(link) + sizeof(struct yoke_link_pool[2]));

    if (link->role != &role || link->current != CURRENT_NONE) {
        return YOKE_INVALID;
    }
    yoke_link_close(link);
    yoke_vdev_driver_begin(link->vdev);
    const uint64_t features = yoke_vdev_driver_features(link->vdev, link->known);
    if (yoke_link_rings(link, features, configs) != YOKE_FAULT_NONE ||
        yoke_vq_driver_init(&link->rx.driver, &configs[0], slots) != YOKE_OK ||
        yoke_vq_driver_init(&link->tx.driver, &configs[1], slots + configs[0].num) != YOKE_OK) {
        yoke_vdev_driver_reset(link->vdev);
        return YOKE_BAD_PEER;
    }
    memcpy(pools, kept_pools(link), sizeof pools);
    // A new ring's free descriptors come in their order, so those with a buffer come first.
    const uint32_t rx_count = buffers_of(&pools[0], link->rx_size, configs[0].num);
    const uint32_t tx_count = buffers_of(&pools[1], link->tx_size, configs[1].num);
    for (uint32_t i = 0; i < rx_count; i++) {
        const uint32_t index = vq_driver_take_free(&link->rx.driver);
        vq_driver_offer(&link->rx.driver, index, pools[0].pa + (uint64_t)index * link->rx_size,
                        link->rx_size, true);
    }
    for (uint32_t index = 0; index < tx_count; index++) {
        vq_driver_write(&link->tx.vq, index, pools[1].pa + (uint64_t)index * link->tx_size, 0, 0,
                        0);
    }
    link->tx.driver.free_count = (uint16_t)tx_count;
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
