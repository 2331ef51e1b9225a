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

/// How many elements of the peer's wait. Looks at the shared index only when all known are taken.
/// Returns YOKE_DOWN, and breaks the queue, if the peer cannot have put as many as it says.
static inline int vq_waiting(struct yoke_vq *vq)
{
    if (vq->known != vq->seen) {
        return (uint16_t)(vq->known - vq->seen);
    }
    yoke_invalidate(vq->port, &vq->peer[YOKE_RING_IDX], sizeof(uint16_t));
    // Acquire: the elements and buffers behind this index are read after it. Partner: the release
    // in the peer's vq_show().
    const uint16_t index = YOKE_SWAP16(vq->swap, yoke_load16_acquire(&vq->peer[YOKE_RING_IDX]));
    const uint16_t waiting = (uint16_t)(index - vq->seen);
    if (waiting > vq->limit || vq->broken) {
        vq->broken = true;
        return YOKE_DOWN;
    }
    vq->known = index;
    return waiting;
}

// yoke_vq_publish() and yoke_vq_arm() in steps, so that work on several queues shares one barrier:
// show and ask, then yoke_barrier_full(), then ring and look.

/// Stores our index if there is something new. Returns true if the barrier is needed.
static inline bool vq_show(struct yoke_vq *vq)
{
    if (vq->next == vq->shown) {
        return false;
    }
    vq->shown = vq->next;
    // Release: the peer sees elements, descriptors and buffers before the index. Partner: the
    // acquire in the peer's vq_waiting().
    yoke_store16_release(&vq->own[YOKE_RING_IDX], YOKE_SWAP16(vq->swap, vq->shown));
    yoke_clean(vq->port, &vq->own[YOKE_RING_IDX], sizeof(uint16_t));
    return true;
}

/// Asks for a doorbell if none is asked for. Returns true if the barrier is needed.
bool yoke_vq_ask(struct yoke_vq *vq);

/// Whether the peer asked for a doorbell for what was shown since `old` (2.7.7, 2.7.10).
static inline bool vq_wants_notify(const struct yoke_vq *vq, uint16_t old)
{
    if (vq->event_idx) {
        yoke_invalidate(vq->port, vq->peer_event, sizeof(uint16_t));
        const uint16_t event = YOKE_SWAP16(vq->swap, YOKE_LOAD(*vq->peer_event));
        return (uint16_t)(vq->shown - event - 1) < (uint16_t)(vq->shown - old);
    }
    yoke_invalidate(vq->port, &vq->peer[YOKE_RING_FLAGS], sizeof(uint16_t));
    const uint16_t flags = YOKE_SWAP16(vq->swap, YOKE_LOAD(vq->peer[YOKE_RING_FLAGS]));
    return (flags & YOKE_RING_NO_NOTIFY) == 0;
}

/// Rings the doorbell if the peer asked for it for what was shown since the last call.
static inline void vq_ring(struct yoke_vq *vq)
{
    const uint16_t old = vq->rung;

    if (vq->shown != old) {
        vq->rung = vq->shown;
        if (vq_wants_notify(vq, old)) {
            vq->port->notify(vq->port->context, vq->notify_id);
        }
    }
}

/// Tickets bear stamps from 1 to this one; the two sides use the values above as states.
#define YOKE_STAMP_LAST 0x8000u

/// Makes a new ticket for descriptor `index`.
static inline yoke_ticket vq_stamp(struct yoke_vq *vq, uint16_t index)
{
    const uint16_t stamp = (uint16_t)((vq->stamp & (YOKE_STAMP_LAST - 1)) + 1);

    vq->stamp = stamp;
    return (yoke_ticket)stamp << 16 | index;
}

#endif
