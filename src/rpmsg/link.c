// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "rpmsg/link.h"

/// True inside callbacks. A link that was never set up is all zero.
static bool callback_runs(const struct yoke_link *link)
{
    return link->role != NULL && link->current != CURRENT_NONE;
}

/// True for a size that a message may have with its header: the length of its payload has 16 bits.
static bool is_size(uint32_t size)
{
    return size % 8 == 0 && size > YOKE_HEADER && size <= UINT16_MAX + YOKE_HEADER;
}

int yoke_link_init(struct yoke_link *link, const struct yoke_link_config *config,
                   const struct yoke_link_role *role)
{
    static const struct yoke_mem nowhere;
    const uint32_t buckets = config->buckets;
    const uint32_t rx_size = config->rx_size != 0 ? config->rx_size : YOKE_RPMSG_BUFFER_SIZE;
    const uint32_t tx_size = config->tx_size != 0 ? config->tx_size : YOKE_RPMSG_BUFFER_SIZE;
    uint32_t shape[2];
    uint32_t slots = 0;

    if (callback_runs(link) || config->vdev == NULL || config->da == NULL ||
        config->memory == NULL || (uintptr_t)config->memory % sizeof(void *) != 0 ||
        config->vdev->id != YOKE_ID_RPMSG || config->vdev->rings != 2 || buckets == 0 ||
        (buckets & (buckets - 1)) != 0 || !is_size(rx_size) || !is_size(tx_size)) {
        return YOKE_INVALID;
    }
    if (yoke_order_differs(false, config->big_endian) && !YOKE_BYTE_SWAP) {
        return YOKE_UNSUPPORTED;
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct yoke_vq_config ring;
        (void)yoke_vdev_ring(config->vdev, i, &nowhere, &ring); // not placed yet; for its size
        if (yoke_vring_bytes(ring.num, ring.align) == 0) {
            return YOKE_INVALID;
        }
        shape[i ^ role->rx_queue] = link_shape(&ring);
        slots += ring.num;
    }
    const size_t bucket_bytes = buckets * sizeof(struct yoke_ept *);
    const size_t pool_bytes = role->owns_buffers ? 2 * sizeof(struct yoke_link_pool) : 0;
    const size_t needed = bucket_bytes + (size_t)slots * role->private_size + pool_bytes;
    if (config->memory_size < needed || (role->owns_buffers && (config->rx_pool.size < rx_size ||
                                                                config->tx_pool.size < tx_size))) {
        return YOKE_NO_SPACE;
    }
    // Stamps survive: tickets from before must not fit after.
    const uint32_t stamps[2] = {link->rx.vq.stamp, link->tx.vq.stamp};
    memset(link, 0, sizeof *link);
    memset(config->memory, 0, needed);
    link->rx.vq.stamp = stamps[0];
    link->tx.vq.stamp = stamps[1];
    link->role = role;
    link->current = CURRENT_NONE;
    link->calm = CALM_NEVER;
    link->vdev = config->vdev;
    link->da = config->da;
    link->event = config->event;
    link->context = config->context;
    link->buckets = config->memory;
    link->bucket_mask = buckets - 1;
    link->rx_size = rx_size;
    link->tx_size = tx_size;
    link->next_addr = YOKE_RPMSG_DYNAMIC_ADDR;
    link->rx_shape = shape[0];
    link->tx_shape = shape[1];
    link->polled = config->polled;
    link->big_endian = config->big_endian;
    return YOKE_OK;
}

enum yoke_link_fault yoke_link_rings(const struct yoke_link *link, uint64_t features,
                                     struct yoke_vq_config configs[2])
{
    const uint32_t shapes[2] = {link->rx_shape, link->tx_shape};

    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t queue = link->role->rx_queue ^ i;
        if (yoke_vdev_ring(link->vdev, queue, link->da, &configs[i]) != YOKE_OK ||
            link_shape(&configs[i]) != shapes[i]) {
            return YOKE_FAULT_RING;
        }
        configs[i].features = features;
        configs[i].big_endian = link->big_endian;
    }
    return YOKE_FAULT_NONE;
}

static void tell(struct yoke_link *link, enum yoke_link_event event)
{
    const uint32_t current = link->current;

    if (link->event != NULL) {
        link->current = CURRENT_OTHER;
        link->event(link, event, link->context);
        link->current = current == CURRENT_NONE ? CURRENT_NONE : CURRENT_OTHER;
    }
}

void yoke_link_went_up(struct yoke_link *link)
{
    link->swap = link->rx.vq.swap;
    // Buffers that come back wake nobody, unless somebody waits for one: see yoke_link_claim().
    yoke_vq_quiet(&link->tx.vq);
    if (link->polled) {
        yoke_vq_quiet(&link->rx.vq);
    }
    link->mode |= MODE_UP;
    if (link->ns != NULL) {
        link->ns->announce(link, true);
    }
    if ((link->mode & MODE_UP) == 0) {
        return; // broken while announcing
    }
    tell(link, YOKE_LINK_UP);
    // What the event sent: yoke_link_start() has no end of a poll that would show it.
    if ((link->mode & MODE_UP) != 0 && link_prompt(link)) {
        yoke_vq_publish(&link->tx.vq);
    }
}

/// Nothing that was held or claimed is good any more: the rings' set-up makes new stamps.
static void go_down(struct yoke_link *link, enum yoke_link_event event)
{
    link->mode &= ~(MODE_UP | MODE_ANNOUNCING | MODE_STARVED);
    link->calm = CALM_NEVER;
    if (link->current != CURRENT_NONE) {
        link->current = CURRENT_OTHER;
    }
    tell(link, event);
}

void yoke_link_break(struct yoke_link *link, enum yoke_link_fault fault)
{
    link->fault = (uint8_t)fault;
    go_down(link, YOKE_LINK_BROKEN);
}

void yoke_link_close(struct yoke_link *link)
{
    if (link->driving != 0) {
        link->driving = 0;
        yoke_vdev_driver_reset(link->vdev);
    } else if ((link->mode & MODE_UP) != 0 || link->fault != YOKE_FAULT_NONE) {
        link->mode |= MODE_LEFT;
    }
    link->fault = YOKE_FAULT_NONE;
    if ((link->mode & MODE_UP) != 0) {
        go_down(link, YOKE_LINK_DOWN);
    }
}

void yoke_link_signal(struct yoke_link *link)
{
    YOKE_STORE(link->signalled, true);
}

bool yoke_link_signalled(const struct yoke_link *link)
{
    return YOKE_LOAD(link->signalled);
}

void yoke_link_cork(struct yoke_link *link)
{
    link->mode |= MODE_CORKED;
}

void yoke_link_flush(struct yoke_link *link)
{
    link->mode &= ~MODE_CORKED;
    if ((link->mode & MODE_UP) != 0) {
        yoke_vq_publish(&link->rx.vq);
        yoke_vq_publish(&link->tx.vq);
    }
}

void yoke_link_follow(struct yoke_link *link)
{
    const uint8_t status = yoke_load8_acquire(link->status);

    if (!yoke_status_live(status)) {
        link->fault = YOKE_FAULT_NONE;
        link->mode &= ~MODE_LEFT;
        if ((link->mode & MODE_UP) != 0) {
            go_down(link, YOKE_LINK_DOWN);
        }
        return;
    }
    if ((link->mode & (MODE_UP | MODE_LEFT)) == 0 && link->fault == YOKE_FAULT_NONE) {
        const enum yoke_link_fault fault = link->role->arrive(link);
        if (fault == YOKE_FAULT_NONE) {
            yoke_link_went_up(link);
        } else {
            yoke_link_break(link, fault);
        }
    }
    if ((link->mode & MODE_STARVED) != 0 && vq_waiting(&link->tx.vq) != 0) {
        // A buffer came. Who still finds none will ask again: the announcements below first.
        link->mode &= ~MODE_STARVED;
        yoke_vq_quiet(&link->tx.vq);
    }
    if ((link->mode & MODE_ANNOUNCING) != 0) {
        link->ns->announce(link, false);
    }
    if ((link->mode & (MODE_UP | MODE_ANNOUNCING | MODE_STARVED)) == MODE_UP) {
        link->calm = status;
    }
}

int yoke_link_poll(struct yoke_link *link, uint32_t budget)
{
    return link->role->poll(link, budget);
}

bool yoke_link_is_up(const struct yoke_link *link)
{
    return (link->mode & MODE_UP) != 0;
}

enum yoke_link_fault yoke_link_fault(const struct yoke_link *link)
{
    return (enum yoke_link_fault)link->fault;
}

const char *yoke_link_fault_text(enum yoke_link_fault fault)
{
    switch (fault) {
    case YOKE_FAULT_FEATURES:
        return "the driver took a feature that was not offered";
    case YOKE_FAULT_RING:
        return "a ring has no valid size or lies outside the memory that this side can reach";
    case YOKE_FAULT_INDEX:
        return "a ring index is further ahead than the ring is long";
    default:
        return "no fault";
    }
}

uint64_t yoke_link_features(const struct yoke_link *link)
{
    return yoke_link_is_up(link) ? link->features : 0;
}

uint32_t yoke_link_mtu(const struct yoke_link *link)
{
    const uint32_t untaken = (uint32_t)link->vdev->features & ~link->features;
    uint32_t size = link->tx_size;

    if ((untaken & YOKE_F_RPMSG_BUFFERS) != 0 && !link->role->owns_buffers &&
        size > YOKE_RPMSG_BUFFER_SIZE) {
        size = YOKE_RPMSG_BUFFER_SIZE;
    }
    return size - YOKE_HEADER;
}

const struct yoke_link_stats *yoke_link_stats(const struct yoke_link *link)
{
    return &link->stats;
}
