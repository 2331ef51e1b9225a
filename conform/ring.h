// SPDX-License-Identifier: BSD-3-Clause
/// \file ring.h
/// A ring and a message, as both players have them.
#ifndef CONFORM_RING_H
#define CONFORM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define RING_MAX 256u ///< Descriptors of a ring that the checker plays.

struct ring {
    uint8_t *desc;
    uint8_t *avail;
    uint8_t *used;
    uint32_t num;
    uint32_t align;
    uint16_t next;  ///< Elements put by the checker.
    uint16_t shown; ///< Of these, those behind its index.
    uint16_t seen;  ///< Elements taken by it.
    uint32_t notify_id;
};

/// Where parts of it lie: a descriptor, head or element number `k`, and the event fields.
static inline uint8_t *ring_desc(const struct ring *ring, uint32_t i)
{
    return ring->desc + (size_t)16 * i;
}

static inline uint8_t *ring_head(const struct ring *ring, uint32_t k)
{
    return ring->avail + 4 + (size_t)2 * (k % ring->num);
}

static inline uint8_t *ring_used_event(const struct ring *ring)
{
    return ring->avail + 4 + (size_t)2 * ring->num;
}

static inline uint8_t *ring_element(const struct ring *ring, uint32_t k)
{
    return ring->used + 4 + (size_t)8 * (k % ring->num);
}

static inline uint8_t *ring_avail_event(const struct ring *ring)
{
    return ring->used + 4 + (size_t)8 * ring->num;
}

/// A message, copied.
struct message {
    uint32_t src;
    uint32_t dst;
    uint32_t reserved;
    uint16_t len;
    uint16_t flags;
    uint32_t whole; ///< Bytes that the ring speaks of.
    uint32_t id;
    uint8_t data[PAYLOAD_MAX];
};

#endif
