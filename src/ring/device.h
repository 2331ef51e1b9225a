// SPDX-License-Identifier: BSD-3-Clause
/// \file device.h
/// The device's side, inline: the paths that every message takes. The functions of yoke/ring.h are
/// these same ones.
#ifndef YOKE_RING_DEVICE_H
#define YOKE_RING_DEVICE_H

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

// A chain that is taken and handed back in one go, with no other call on the queue in between,
// needs no ticket: vq_device_next() and vq_device_return(). vq_device_own() makes it one that
// stays.

/// Takes the next head, one that waits. Returns it, or YOKE_BAD_PEER.
YOKE_HOT int vq_device_next(struct yoke_vq_device *device)
{
    struct yoke_vq *const vq = &device->vq;
    const uint16_t *const element = &vq->peer[YOKE_RING_HEAD / 2 + (vq->seen & vq->mask)];

    yoke_invalidate(vq->port, element, sizeof *element);
    const uint32_t head = YOKE_SWAP16(vq->swap, YOKE_LOAD(*element));
    vq->seen++;
    return YOKE_RARELY(head > vq->mask) || YOKE_RARELY(device->owned[head] != 0) ? YOKE_BAD_PEER
                                                                                 : (int)head;
}

/// Makes a chain that was taken ours until its ticket is handed in.
YOKE_HOT yoke_ticket vq_device_own(struct yoke_vq_device *device, uint32_t head)
{
    const yoke_ticket ticket = vq_stamp(&device->vq, head);

    device->owned[head] = (uint16_t)(ticket >> 16);
    return ticket;
}

/// Hands a chain back that nobody owns.
YOKE_HOT void vq_device_return(struct yoke_vq_device *device, uint32_t head, uint32_t size)
{
    struct yoke_vq *const vq = &device->vq;
    struct yoke_vring_used_elem *const ring = (void *)&vq->own[YOKE_RING_HEAD / 2];
    struct yoke_vring_used_elem *const element = &ring[vq->next & vq->mask];

    YOKE_STORE(element->id, YOKE_SWAP32(vq->swap, head));
    YOKE_STORE(element->len, YOKE_SWAP32(vq->swap, size));
    yoke_clean(vq->port, element, sizeof *element);
    vq->next++;
}

/// Takes the next head, if there is one. Returns it, YOKE_AGAIN, YOKE_BAD_PEER or YOKE_DOWN.
YOKE_HOT int vq_device_take(struct yoke_vq_device *device)
{
    if (YOKE_RARELY(device->spares != 0)) {
        return (int)yoke_vq_device_spare(device);
    }
    const int waiting = vq_waiting(&device->vq);
    if (YOKE_RARELY(waiting <= 0)) {
        return waiting == 0 ? YOKE_AGAIN : waiting;
    }
    return vq_device_next(device);
}

/// Starts to follow the chain of a head that was taken. There is no ticket yet.
YOKE_HOT void vq_chain_begin(const struct yoke_vq_device *device, uint32_t head,
                             struct yoke_chain *chain)
{
    chain->table = device->vq.desc;
    chain->size = device->vq.mask + 1;
    chain->left = device->vq.mask + 1;
    chain->next = (uint16_t)head;
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

/// Finishes vq_device_buffer() for a chain that is not one plain buffer.
int yoke_vq_device_odd_buffer(struct yoke_vq_device *device, bool write, uint32_t least,
                              struct yoke_vq_part *part, uint32_t head);

/// The one buffer of a chain that was taken, for writing or reading and at least `least` bytes
/// long. A chain that is anything else goes back to the driver with size 0.
/// Returns 1 or YOKE_BAD_PEER.
YOKE_HOT int vq_device_buffer(struct yoke_vq_device *device, bool write, uint32_t least,
                              struct yoke_vq_part *part, uint32_t head)
{
    const struct yoke_vring_desc desc = vq_device_read(&device->vq, &device->vq.desc[head]);

    // Most are one plain buffer in the first window; everything else goes the long way.
    const struct yoke_window *const window = device->mem->windows;
    const uint64_t offset = desc.addr - window->address;
    if (YOKE_RARELY(desc.flags != (write ? YOKE_DESC_WRITE : 0)) || YOKE_RARELY(desc.len < least) ||
        YOKE_RARELY(offset > window->size) || YOKE_RARELY(desc.len > window->size - offset)) {
        struct yoke_vq_part odd;
        const int got = yoke_vq_device_odd_buffer(device, write, least, &odd, head);
        *part = odd;
        return got;
    }
    part->data = (char *)window->va + (size_t)offset;
    part->size = desc.len;
    return 1;
}

#endif
