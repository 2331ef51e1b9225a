// SPDX-License-Identifier: BSD-3-Clause
/// \file driver.h
/// The driver's side, inline: the paths that every message takes. The functions of yoke/ring.h are
/// these same ones.
#ifndef YOKE_RING_DRIVER_H
#define YOKE_RING_DRIVER_H

#include "ring/vq.h"

// What slot.stamp says: 0 is free, OFFERED is a chain's head that the device has, LINKED is a
// later descriptor of a chain, anything else is the stamp of the ticket that has the descriptor.
#define SLOT_FREE 0u
#define SLOT_OFFERED 2u
#define SLOT_LINKED 4u

/// True if a ticket's descriptor is ours, and the ticket the one under which we have it.
YOKE_HOT bool vq_driver_owns(const struct yoke_vq_driver *driver, yoke_ticket ticket)
{
    const uint32_t index = yoke_ticket_index(ticket);
    return index <= driver->vq.mask && vq_ticket_fits(ticket, driver->slots[index].stamp);
}

YOKE_HOT uint32_t vq_driver_take_free(struct yoke_vq_driver *driver)
{
    const uint32_t index = driver->free;
    driver->free = driver->slots[index].next;
    driver->free_count--;
    return index;
}

// A descriptor that comes back and is put again in one go, with no other call on the queue in
// between, stays SLOT_OFFERED and needs no ticket. vq_driver_own() makes it one that stays.

/// Makes a descriptor, just taken or come back, ours until its ticket is handed in.
YOKE_HOT yoke_ticket vq_driver_own(struct yoke_vq_driver *driver, uint32_t index)
{
    const yoke_ticket ticket = vq_stamp(&driver->vq, index);

    driver->slots[index].stamp = (uint16_t)(ticket >> 16);
    return ticket;
}

YOKE_HOT void vq_driver_write(struct yoke_vq *vq, uint32_t index, uint64_t address, uint32_t size,
                              uint16_t flags, uint16_t next)
{
    struct yoke_vring_desc *const desc = &vq->desc[index];

    desc->addr = YOKE_SWAP64(vq->swap, address);
    desc->len = YOKE_SWAP32(vq->swap, size);
    desc->flags = YOKE_SWAP16(vq->swap, flags);
    desc->next = YOKE_SWAP16(vq->swap, next);
    yoke_clean(vq->port, desc, sizeof *desc);
}

/// Puts a written chain into the available ring (2.7.13.2); showing it is a step of its own.
YOKE_HOT void vq_driver_put(struct yoke_vq *vq, uint32_t head)
{
    uint16_t *const element = &vq->own[YOKE_RING_HEAD / 2 + (vq->next & vq->mask)];

    YOKE_STORE(*element, YOKE_SWAP16(vq->swap, (uint16_t)head));
    yoke_clean(vq->port, element, sizeof *element);
    vq->next++;
    vq->limit++;
}

/// Puts one buffer, in a descriptor that was just taken or has come back.
YOKE_HOT void vq_driver_offer(struct yoke_vq_driver *driver, uint32_t index, uint64_t address,
                              uint32_t size, bool write)
{
    driver->slots[index].room = write ? size : 0;
    driver->slots[index].next = (uint16_t)index;
    vq_driver_write(&driver->vq, index, address, size, write ? YOKE_DESC_WRITE : 0, 0);
    driver->slots[index].stamp = SLOT_OFFERED;
    vq_driver_put(&driver->vq, index);
}

/// Takes back the next chain, one that waits. Returns its head, or YOKE_BAD_PEER.
/// `*size` is as yoke_vq_driver_used() says.
YOKE_HOT int vq_driver_next(struct yoke_vq_driver *driver, uint32_t *size)
{
    struct yoke_vq *const vq = &driver->vq;
    const struct yoke_vring_used_elem *const ring = (const void *)&vq->peer[YOKE_RING_HEAD / 2];
    const struct yoke_vring_used_elem *const element = &ring[vq->seen & vq->mask];

    yoke_invalidate(vq->port, element, sizeof *element);
    const uint32_t index = YOKE_SWAP32(vq->swap, YOKE_LOAD(element->id));
    const uint32_t written = YOKE_SWAP32(vq->swap, YOKE_LOAD(element->len));
    vq->seen++;
    if (YOKE_RARELY(index > vq->mask) || YOKE_RARELY(driver->slots[index].stamp != SLOT_OFFERED)) {
        return YOKE_BAD_PEER;
    }
    vq->limit--;
    *size = YOKE_RARELY(written > driver->slots[index].room) ? 0 : written;
    return (int)index;
}

#endif
