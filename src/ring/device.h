// SPDX-License-Identifier: BSD-3-Clause
/// \file device.h
/// The device's side, inline: the paths that every message takes. The functions of yoke/ring.h are
/// these same ones.
#ifndef YOKE_RING_DEVICE_H
#define YOKE_RING_DEVICE_H

#include "mem/at.h"
#include "ring/vq.h"

// What owned[] says: 0 is the driver's, SPARE waits to be popped again, anything else is the stamp
// of the ticket that has the chain.
#define OWNED_SPARE 0xffffu

/// True if a ticket's chain is ours, and the ticket the one under which we have it.
static inline bool vq_device_owns(const struct yoke_vq_device *device, yoke_ticket ticket)
{
    const uint16_t head = yoke_ticket_index(ticket);
    const uint32_t stamp = ticket >> 16;
    return head <= device->vq.mask && stamp - 1 < YOKE_STAMP_LAST && device->owned[head] == stamp;
}

/// Takes back one of the chains that were given up.
uint16_t yoke_vq_device_spare(struct yoke_vq_device *device);

/// Takes the next head, without following the chain. Returns as yoke_vq_device_pop().
static inline int vq_device_take(struct yoke_vq_device *device, yoke_ticket *ticket)
{
    struct yoke_vq *const vq = &device->vq;
    uint16_t head;

    if (device->spares != 0) {
        head = yoke_vq_device_spare(device);
    } else {
        const int waiting = vq_waiting(vq);
        if (waiting <= 0) {
            return waiting;
        }
        const uint16_t *const element = &vq->peer[YOKE_RING_HEAD / 2 + (vq->seen & vq->mask)];
        yoke_invalidate(vq->port, element, sizeof *element);
        head = YOKE_SWAP16(vq->swap, YOKE_LOAD(*element));
        vq->seen++;
        if (head > vq->mask || device->owned[head] != 0) {
            return YOKE_BAD_PEER;
        }
    }
    *ticket = vq_stamp(vq, head);
    device->owned[head] = (uint16_t)(*ticket >> 16);
    return 1;
}

/// Starts to follow the chain of a ticket.
static inline void vq_chain_begin(const struct yoke_vq_device *device, yoke_ticket ticket,
                                  struct yoke_chain *chain)
{
    chain->ticket = ticket;
    chain->table = device->vq.desc;
    chain->size = device->vq.mask + 1u;
    chain->left = device->vq.mask + 1u;
    chain->next = yoke_ticket_index(ticket);
    chain->more = true;
    chain->written = false;
}

/// Reads a descriptor, once.
static inline struct yoke_vring_desc vq_device_read(const struct yoke_vq *vq,
                                                    const struct yoke_vring_desc *desc)
{
    struct yoke_vring_desc read;

    yoke_invalidate(vq->port, desc, sizeof *desc);
    yoke_snapshot(&read, desc, sizeof read);
    read.addr = YOKE_SWAP64(vq->swap, read.addr);
    read.len = YOKE_SWAP32(vq->swap, read.len);
    read.flags = YOKE_SWAP16(vq->swap, read.flags);
    read.next = YOKE_SWAP16(vq->swap, read.next);
    return read;
}

/// See yoke_vq_device_push().
static inline int vq_device_push(struct yoke_vq_device *device, yoke_ticket ticket, uint32_t size)
{
    struct yoke_vq *const vq = &device->vq;
    const uint16_t head = yoke_ticket_index(ticket);

    if (!vq_device_owns(device, ticket)) {
        return YOKE_INVALID;
    }
    struct yoke_vring_used_elem *const ring = (void *)&vq->own[YOKE_RING_HEAD / 2];
    struct yoke_vring_used_elem *const element = &ring[vq->next & vq->mask];
    YOKE_STORE(element->id, YOKE_SWAP32(vq->swap, (uint32_t)head));
    YOKE_STORE(element->len, YOKE_SWAP32(vq->swap, size));
    yoke_clean(vq->port, element, sizeof *element);
    vq->next++;
    device->owned[head] = 0;
    return YOKE_OK;
}

/// Takes the next chain, which has to be one buffer, for writing or reading and at least `least`
/// bytes long. Any other goes back to the driver with size 0, and is YOKE_BAD_PEER.
/// Otherwise returns as yoke_vq_device_pop().
static inline int vq_device_take_buffer(struct yoke_vq_device *device, bool write, uint32_t least,
                                        struct yoke_vq_part *part, yoke_ticket *ticket)
{
    const int got = vq_device_take(device, ticket);

    if (got <= 0) {
        return got;
    }
    const struct yoke_vring_desc desc =
        vq_device_read(&device->vq, &device->vq.desc[yoke_ticket_index(*ticket)]);
    if (desc.flags == (write ? YOKE_DESC_WRITE : 0)) {
        part->data = mem_at(device->mem, desc.addr, desc.len);
        part->size = desc.len;
    } else {
        struct yoke_chain chain;
        vq_chain_begin(device, *ticket, &chain);
        if ((desc.flags & YOKE_DESC_INDIRECT) == 0 || yoke_chain_next(device, &chain, part) != 1 ||
            chain.more || part->write != write) {
            part->data = NULL;
        }
    }
    if (part->data == NULL || part->size < least) {
        (void)vq_device_push(device, *ticket, 0);
        return YOKE_BAD_PEER;
    }
    return 1;
}

#endif
