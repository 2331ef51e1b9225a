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
#define OWNED_SPARE 2u

/// True if a ticket's chain is ours, and the ticket the one under which we have it.
YOKE_HOT bool vq_device_owns(const struct yoke_vq_device *device, yoke_ticket ticket)
{
    const uint32_t head = yoke_ticket_index(ticket);
    return head <= device->vq.mask && vq_ticket_fits(ticket, device->owned[head]);
}

/// Takes back one of the chains that were given up, of which there must be one.
uint32_t yoke_vq_device_spare(struct yoke_vq_device *device);

/// Takes the next head, one that waits, without following the chain.
/// Returns as yoke_vq_device_pop().
YOKE_HOT int vq_device_next(struct yoke_vq_device *device, yoke_ticket *ticket)
{
    struct yoke_vq *const vq = &device->vq;
    const uint16_t *const element = &vq->peer[YOKE_RING_HEAD / 2 + (vq->seen & vq->mask)];

    yoke_invalidate(vq->port, element, sizeof *element);
    const uint32_t head = YOKE_SWAP16(vq->swap, YOKE_LOAD(*element));
    vq->seen++;
    if (head > vq->mask || device->owned[head] != 0) {
        return YOKE_BAD_PEER;
    }
    *ticket = vq_stamp(vq, head);
    device->owned[head] = (uint16_t)(*ticket >> 16);
    return 1;
}

/// Takes the next head, if there is one. Returns as yoke_vq_device_pop().
YOKE_HOT int vq_device_take(struct yoke_vq_device *device, yoke_ticket *ticket)
{
    if (device->spares != 0) {
        const uint32_t head = yoke_vq_device_spare(device);
        *ticket = vq_stamp(&device->vq, head);
        device->owned[head] = (uint16_t)(*ticket >> 16);
        return 1;
    }
    const int waiting = vq_waiting(&device->vq);
    return waiting > 0 ? vq_device_next(device, ticket) : waiting;
}

/// Starts to follow the chain of a ticket.
YOKE_HOT void vq_chain_begin(const struct yoke_vq_device *device, yoke_ticket ticket,
                             struct yoke_chain *chain)
{
    chain->ticket = ticket;
    chain->table = device->vq.desc;
    chain->size = device->vq.mask + 1;
    chain->left = device->vq.mask + 1;
    chain->next = yoke_ticket_index(ticket);
    chain->more = true;
    chain->written = false;
}

/// Reads a descriptor, once.
YOKE_HOT struct yoke_vring_desc vq_device_read(const struct yoke_vq *vq,
                                               const struct yoke_vring_desc *desc)
{
    struct yoke_vring_desc read;

    yoke_invalidate(vq->port, desc, sizeof *desc);
    yoke_snapshot16(&read, desc);
    read.addr = YOKE_SWAP64(vq->swap, read.addr);
    read.len = YOKE_SWAP32(vq->swap, read.len);
    read.flags = YOKE_SWAP16(vq->swap, read.flags);
    read.next = YOKE_SWAP16(vq->swap, read.next);
    return read;
}

/// Hands a chain back, under a ticket that is known to be good.
YOKE_HOT void vq_device_push(struct yoke_vq_device *device, yoke_ticket ticket, uint32_t size)
{
    struct yoke_vq *const vq = &device->vq;
    const uint32_t head = yoke_ticket_index(ticket);
    struct yoke_vring_used_elem *const ring = (void *)&vq->own[YOKE_RING_HEAD / 2];
    struct yoke_vring_used_elem *const element = &ring[vq->next & vq->mask];

    YOKE_STORE(element->id, YOKE_SWAP32(vq->swap, head));
    YOKE_STORE(element->len, YOKE_SWAP32(vq->swap, size));
    yoke_clean(vq->port, element, sizeof *element);
    vq->next++;
    device->owned[head] = 0;
}

/// Finishes vq_device_buffer() for a chain that is not one plain buffer.
int yoke_vq_device_odd_buffer(struct yoke_vq_device *device, bool write, uint32_t least,
                              struct yoke_vq_part *part, yoke_ticket ticket);

/// The one buffer of a chain that was taken, for writing or reading and at least `least` bytes
/// long. A chain that is anything else goes back to the driver with size 0.
/// Returns 1 or YOKE_BAD_PEER.
YOKE_HOT int vq_device_buffer(struct yoke_vq_device *device, bool write, uint32_t least,
                              struct yoke_vq_part *part, yoke_ticket ticket)
{
    const struct yoke_vring_desc desc =
        vq_device_read(&device->vq, &device->vq.desc[yoke_ticket_index(ticket)]);

    if (desc.flags == (write ? YOKE_DESC_WRITE : 0) && desc.len >= least) {
        part->data = mem_at(device->mem, desc.addr, desc.len);
        part->size = desc.len;
        if (part->data != NULL) {
            return 1;
        }
    }
    return yoke_vq_device_odd_buffer(device, write, least, part, ticket);
}

#endif
