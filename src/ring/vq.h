// SPDX-License-Identifier: BSD-3-Clause
/// \file vq.h
/// What the two sides of a queue share inside the ring module.
#ifndef YOKE_RING_VQ_H
#define YOKE_RING_VQ_H

#include <yoke/ring.h>

#include "port/access.h"
#include "ring/order.h"

/// Checks a configuration and fills in the common part. `driver`: which area is ours.
int yoke_vq_init(struct yoke_vq *vq, const struct yoke_vq_config *config, bool driver);

/// Reads the peer's index and checks that it is at most vq->limit elements ahead of us.
/// Returns how many elements wait, or YOKE_DOWN and breaks the queue.
int yoke_vq_look(struct yoke_vq *vq);

/// How many elements of the peer's wait, looking at the shared index only when all known are taken.
static inline int yoke_vq_waiting(struct yoke_vq *vq)
{
    const uint16_t waiting = (uint16_t)(vq->known - vq->seen);
    return waiting != 0 ? waiting : yoke_vq_look(vq);
}

// yoke_vq_publish() and yoke_vq_arm() in steps, so that work on several queues shares one barrier:
// show and ask, then yoke_barrier_full(), then ring and look.

/// Stores our index if there is something new. Returns true if the barrier is needed.
bool yoke_vq_show(struct yoke_vq *vq);

/// Asks for a doorbell if none is asked for. Returns true if the barrier is needed.
bool yoke_vq_ask(struct yoke_vq *vq);

/// Rings the doorbell if the peer asked for it for what was shown since the last call.
void yoke_vq_ring(struct yoke_vq *vq);

/// Stamps up to this one mark tickets; the two sides use the values above as states.
#define YOKE_STAMP_LAST 0xfff0u

/// Makes a new ticket for descriptor `index`.
static inline yoke_ticket yoke_vq_stamp(struct yoke_vq *vq, uint16_t index)
{
    vq->stamp = vq->stamp >= YOKE_STAMP_LAST ? 1 : (uint16_t)(vq->stamp + 1);
    return (yoke_ticket)vq->stamp << 16 | index;
}

/// True if a ticket's descriptor is ours, and the ticket the one under which we have it.
static inline bool yoke_vq_device_owns(const struct yoke_vq_device *device, yoke_ticket ticket)
{
    const uint16_t head = yoke_ticket_index(ticket);
    const uint32_t stamp = ticket >> 16;
    return head <= device->vq.mask && stamp - 1 < YOKE_STAMP_LAST && device->owned[head] == stamp;
}

/// \copydoc yoke_vq_device_owns
static inline bool yoke_vq_driver_owns(const struct yoke_vq_driver *driver, yoke_ticket ticket)
{
    const uint16_t index = yoke_ticket_index(ticket);
    const uint32_t stamp = ticket >> 16;
    return index <= driver->vq.mask && stamp - 1 < YOKE_STAMP_LAST &&
           driver->slots[index].stamp == stamp;
}

#endif
