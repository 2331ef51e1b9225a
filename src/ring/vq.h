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

/// Stamps up to this one mark tickets; the two sides use the values above as states.
#define YOKE_STAMP_LAST 0xfff0u

/// Makes a new ticket for descriptor `index`.
static inline yoke_ticket yoke_vq_stamp(struct yoke_vq *vq, uint16_t index)
{
    vq->stamp = vq->stamp >= YOKE_STAMP_LAST ? 1 : (uint16_t)(vq->stamp + 1);
    return (yoke_ticket)vq->stamp << 16 | index;
}

#endif
