// SPDX-License-Identifier: BSD-3-Clause
/// \file link.h
/// What the files of the rpmsg module share.
#ifndef YOKE_RPMSG_LINK_H
#define YOKE_RPMSG_LINK_H

#include <yoke/rpmsg.h>

#include "ring/vq.h"

// link->mode: what a link is doing.
#define MODE_UP 1u         ///< The link is up.
#define MODE_CORKED 2u     ///< What is sent waits for yoke_link_flush().
#define MODE_ANNOUNCING 4u ///< Something waits to be announced.
#define MODE_STARVED 8u    ///< A claim found no buffer, so the other side was asked to ring.
#define MODE_LEFT 16u      ///< Device role: we left rings that the driver may still be using.

YOKE_STATIC_ASSERT(offsetof(struct yoke_msg, dst) - offsetof(struct yoke_msg, src) ==
                           offsetof(struct yoke_rpmsg_header, dst) &&
                       offsetof(struct yoke_msg, size) - offsetof(struct yoke_msg, src) ==
                           offsetof(struct yoke_rpmsg_header, len) &&
                       offsetof(struct yoke_msg, flags) - offsetof(struct yoke_msg, src) ==
                           offsetof(struct yoke_rpmsg_header, flags),
                   "a message is read off the ring in one go");

/// Bytes of the header before each payload.
#define YOKE_HEADER ((uint32_t)sizeof(struct yoke_rpmsg_header))

/// link->calm: the other side's status while a poll has nothing but rings to serve; this when it
/// has.
#define CALM_NEVER UINT32_MAX

// link->current: the index of the message whose callback runs, or one of these.
#define CURRENT_NONE UINT32_MAX         ///< No callback runs.
#define CURRENT_OTHER (UINT32_MAX - 1u) ///< One runs, but its message is not ours to hold any more.

/// True unless what is sent now has to wait, for yoke_link_flush() or the end of a poll.
static inline bool link_prompt(const struct yoke_link *link)
{
    return (link->mode & MODE_CORKED) == 0 && link->current == CURRENT_NONE;
}

/// What differs between the two sides of a link. Only a role that is used gets linked. The first
/// seven are src/rpmsg/path.h, compiled for the role.
struct yoke_link_role {
    int (*poll)(struct yoke_link *link, uint32_t budget);
    int (*send)(struct yoke_ept *ept, uint32_t dst, const void *data, size_t size);
    int (*claim)(struct yoke_link *link, struct yoke_tx *tx);
    int (*commit)(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx, size_t size);
    int (*cancel)(struct yoke_link *link, yoke_ticket ticket);
    yoke_ticket (*hold)(struct yoke_link *link);
    int (*release)(struct yoke_link *link, yoke_ticket ticket);
    /// The driver is ready: finds the rings.
    enum yoke_link_fault (*arrive)(struct yoke_link *link);
    uint32_t rx_queue;   ///< The virtqueue that brings messages; the other one takes them away.
    size_t private_size; ///< Private bytes that a descriptor needs.
    bool owns_buffers;   ///< The driver: it has to provide them.
};

/// A buffer as it comes off a ring: nothing in it was looked at yet.
struct link_buffer {
    uint8_t *data;
    uint32_t size; ///< Bytes, the header included.
    uint32_t index;
};

/// What a link sends by itself: linked by who announces, or uses control records too.
struct yoke_link_ns {
    /// Announces what waits to be; all of it if `anew`: the link has come up.
    void (*announce)(struct yoke_link *link, bool anew);
    /// Takes the endpoint's announcement back, if there is one. `closes`: it is about to be closed.
    int (*withdraw)(struct yoke_ept *ept, bool closes);
};

/// The two of a link that only announces.
void yoke_link_announce(struct yoke_link *link, bool anew);
int yoke_link_withdraw(struct yoke_ept *ept, bool closes);

/// Set-up of both roles.
int yoke_link_init(struct yoke_link *link, const struct yoke_link_config *config,
                   const struct yoke_link_role *role);

/// What tells a ring from one of another size: `num` has 16 bits, `align` the bits above them but
/// for its lowest two, which are 0.
static inline uint32_t link_shape(const struct yoke_vq_config *ring)
{
    return ring->num | ring->align << 15;
}

/// Private memory of the rings: rx first, then tx.
static inline void *link_private(const struct yoke_link *link)
{
    return link->buckets + link->bucket_mask + 1;
}

/// Finds both rings in the table: `configs[0]` is for link->rx, `configs[1]` for link->tx. They
/// must have the sizes that they had at set-up.
enum yoke_link_fault yoke_link_rings(const struct yoke_link *link, uint64_t features,
                                     struct yoke_vq_config configs[2]);

/// The link has come up.
void yoke_link_went_up(struct yoke_link *link);

/// Comes up or goes down with the other side, and does what else few polls have to do.
void yoke_link_follow(struct yoke_link *link);

/// The other side broke the protocol in a way that leaves nothing to go on with.
void yoke_link_break(struct yoke_link *link, enum yoke_link_fault fault);

/// True if two services are the same: by name and address together.
bool yoke_ns_same(const struct yoke_service *a, const struct yoke_service *b);

/// The bucket that an address belongs in: a run of addresses reaches every bucket.
static inline struct yoke_ept **link_bucket(const struct yoke_link *link, uint32_t addr)
{
    return &link->buckets[addr & link->bucket_mask];
}

/// See yoke_ept_find().
static inline struct yoke_ept *link_find(const struct yoke_link *link, uint32_t addr)
{
    struct yoke_ept *ept = *link_bucket(link, addr);

    while (ept != NULL && ept->addr != addr) {
        ept = ept->next;
    }
    return ept;
}

#endif
