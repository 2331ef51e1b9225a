// SPDX-License-Identifier: BSD-3-Clause
/// \file vq.h
/// What the two sides of a queue share, inline: every message takes these paths.
#ifndef YOKE_RING_VQ_H
#define YOKE_RING_VQ_H

#include <yoke/ring.h>

#include "port/access.h"
#include "ring/order.h"

/// Checks a configuration and fills in the common part. `driver`: which area is ours.
int yoke_vq_setup(struct yoke_vq *vq, const struct yoke_vq_config *config, bool driver);

/// How many elements of the peer's wait, as its index says now.
/// Returns YOKE_DOWN if it cannot have put as many as that.
YOKE_HOT int vq_look(struct yoke_vq *vq)
{
    yoke_invalidate(vq->port, &vq->peer[YOKE_RING_IDX], sizeof(uint16_t));
    // Acquire: the elements and buffers behind this index are read after it. Partner: the release
    // in the peer's vq_show().
    const uint16_t index = YOKE_SWAP16(vq->swap, yoke_load16_acquire(&vq->peer[YOKE_RING_IDX]));
    const uint32_t waiting = (uint16_t)(index - vq->seen);
    if (YOKE_RARELY(waiting > vq->limit)) {
        return YOKE_DOWN;
    }
    return (int)waiting;
}

/// Whether any wait: 1, 0 or YOKE_DOWN. Does not look at the shared index before all known elements
/// are taken.
YOKE_HOT int vq_waiting(struct yoke_vq *vq)
{
    if (vq->known == vq->seen) {
        const int waiting = vq_look(vq);
        if (waiting <= 0) {
            return waiting;
        }
        vq->known = vq->seen + (uint32_t)waiting;
    }
    return 1;
}

// yoke_vq_publish() and yoke_vq_arm() in steps, so that work on several queues shares one barrier:
// show and ask, then yoke_barrier_full(), then notify and look.

/// Stores our index. What was shown before is vq->shown until then.
YOKE_HOT void vq_show(struct yoke_vq *vq)
{
    vq->shown = vq->next;
    // Release: the peer sees elements, descriptors and buffers before the index. Partner: the
    // acquire in the peer's vq_look().
    yoke_store16_release(&vq->own[YOKE_RING_IDX], YOKE_SWAP16(vq->swap, (uint16_t)vq->shown));
    yoke_clean(vq->port, &vq->own[YOKE_RING_IDX], sizeof(uint16_t));
}

/// Asks for a doorbell if none is asked for. Returns true if the barrier is needed.
bool yoke_vq_ask(struct yoke_vq *vq);

/// Rings, if the peer asked for a doorbell for what was shown since `old` (2.7.7, 2.7.10).
YOKE_HOT void vq_notify(const struct yoke_vq *vq, uint32_t old)
{
    if (vq->event_idx) {
        yoke_invalidate(vq->port, vq->peer_event, sizeof(uint16_t));
        const uint16_t event = YOKE_SWAP16(vq->swap, YOKE_LOAD(*vq->peer_event));
        if ((uint16_t)(vq->shown - event - 1) >= vq->shown - old) {
            return;
        }
    } else {
        yoke_invalidate(vq->port, &vq->peer[YOKE_RING_FLAGS], sizeof(uint16_t));
        const uint16_t flags = YOKE_SWAP16(vq->swap, YOKE_LOAD(vq->peer[YOKE_RING_FLAGS]));
        if ((flags & YOKE_RING_NO_NOTIFY) != 0) {
            return;
        }
    }
    vq->port->notify(vq->port->context, vq->notify_id);
}

/// Makes a new ticket for descriptor `index`. Stamps are odd: in the tables that say who has a
/// descriptor, even values are states of the side's own, 0 among them.
YOKE_HOT yoke_ticket vq_stamp(struct yoke_vq *vq, uint32_t index)
{
    vq->stamp += 2u << 16;
    return vq->stamp | index;
}

/// True if a table says that a descriptor belongs to this ticket.
YOKE_HOT bool vq_ticket_fits(yoke_ticket ticket, uint32_t stamp)
{
    return (stamp & 1) != 0 && ticket >> 16 == stamp;
}

#endif
