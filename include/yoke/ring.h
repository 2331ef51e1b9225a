// SPDX-License-Identifier: BSD-3-Clause
/// \file ring.h
/// Split virtqueues (VIRTIO 1.3, section 2.7): the driver's side, the device's side, and what both
/// share. The two sides are separate objects; firmware links the one that it calls.
///
/// Context of every call: the queue's one owning context. Nothing blocks or allocates.
///
/// What decides safety lies in private memory: which descriptors are whose, how many were offered,
/// what was read so far. The peer's fields are read once and checked. The worst that a peer can do
/// is to end the conversation: a call then returns YOKE_DOWN, as long as the peer's index makes no
/// sense, and the queue has to be set up anew.
#ifndef YOKE_RING_H
#define YOKE_RING_H

#include <yoke/abi/virtio.h>
#include <yoke/abi/vring.h>
#include <yoke/base.h>
#include <yoke/mem.h>
#include <yoke/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A descriptor chain that is ours for now: a descriptor's index in the low half, a stamp above
/// it. The stamp changes each time the descriptor changes hands, so a ticket that was handed in
/// before is refused, whoever has the descriptor meanwhile. Never 0.
typedef uint32_t yoke_ticket;

#define YOKE_NO_TICKET 0u

/// The descriptor's index, for tables of the caller's that go beside the ring.
static inline uint16_t yoke_ticket_index(yoke_ticket ticket)
{
    return (uint16_t)ticket;
}

/// What both sides need to know to set a queue up.
struct yoke_vq_config {
    void *memory;                 ///< The ring: yoke_vring_bytes(num, align) bytes, 16-aligned.
    uint32_t num;                 ///< Descriptors: a power of two from 2 to YOKE_RING_MAX.
    uint32_t align;               ///< Alignment of the used ring: a power of two, 4 or more.
    uint64_t features;            ///< Negotiated: YOKE_F_RING_*, YOKE_F_VERSION_1.
    bool big_endian;              ///< The driver is big endian (it matters without VERSION_1).
    const struct yoke_port *port; ///< Doorbell and caches; constant while the queue is in use.
    uint32_t notify_id;           ///< What port->notify() is told.
};

/// What the two sides have in common: one area that we write, one that the peer writes.
/// Treat as opaque.
struct yoke_vq {
    struct yoke_vring_desc *desc;
    uint16_t *own;              ///< Our ring: flags, idx, elements.
    const uint16_t *peer;       ///< The peer's ring.
    uint16_t *own_event;        ///< "Ring my doorbell when you get here."
    const uint16_t *peer_event; ///< The same, from the peer.
    const struct yoke_port *port;
    uint32_t notify_id;
    // Counters run freely, in 32 bits; the ring shows the low 16.
    uint32_t mask;     ///< Number of descriptors, less one.
    uint32_t next;     ///< Elements that we wrote.
    uint32_t shown;    ///< Of these, the ones that the peer was shown.
    uint32_t seen;     ///< Elements of the peer's that we took.
    uint32_t known;    ///< Elements of the peer's, when last looked at and found sane.
    uint32_t limit;    ///< Elements that the peer can have put at most, beyond `seen`.
    uint32_t armed_at; ///< The value of `seen` for which a doorbell was last asked.
    uint32_t stamp;    ///< The last stamp given out, in the upper half.
    bool event_idx;    ///< YOKE_F_RING_EVENT_IDX was negotiated.
    bool indirect;     ///< YOKE_F_RING_INDIRECT was negotiated.
    bool swap;         ///< The ring's byte order is not ours.
    bool armed;        ///< Without event_idx: a doorbell was asked for.
};

/// Shows the peer all that was put since the last call: one index write, at most one doorbell, and
/// that only if the peer asks for it (2.7.7, 2.7.9, 2.7.10).
///
/// Cost: nothing if there is nothing new; otherwise one full barrier.
void yoke_vq_publish(struct yoke_vq *vq);

/// Asks the peer for a doorbell when it puts something, and looks again.
///
/// Call it when the queue was found empty and before going to sleep: drain, arm, look, sleep.
/// Returns true if something came meanwhile: drain again. Cost: one full barrier.
bool yoke_vq_arm(struct yoke_vq *vq);

/// Tells the peer that no doorbell is wanted. A doorbell may still come.
void yoke_vq_quiet(struct yoke_vq *vq);

// ---------------------------------------------------------------------------------- driver side

/// Private state of one descriptor. Opaque.
struct yoke_vq_slot {
    uint32_t room;  ///< Bytes that the device may write.
    uint16_t next;  ///< The next free descriptor, or the next one of the chain.
    uint16_t stamp; ///< Who has it: see src/ring/driver.c.
};

/// The driver's side of a queue. Opaque; zero before the first set-up.
struct yoke_vq_driver {
    struct yoke_vq vq;
    struct yoke_vq_slot *slots;
    uint16_t free;       ///< First free descriptor.
    uint16_t free_count; ///< Free descriptors.
};

/// Sets up the driver's side and clears the ring, which the device must not be using yet.
///
/// `slots`: private memory for config->num slots, the queue's until the next set-up.
/// Returns YOKE_OK, or YOKE_INVALID for a size, alignment or missing pointer; YOKE_UNSUPPORTED for
/// a byte order that needs a build with YOKE_BYTE_SWAP.
int yoke_vq_driver_init(struct yoke_vq_driver *driver, const struct yoke_vq_config *config,
                        struct yoke_vq_slot *slots);

/// Takes one free descriptor. Returns YOKE_NO_TICKET if there is none.
yoke_ticket yoke_vq_driver_take(struct yoke_vq_driver *driver);

/// Puts one buffer, which the device sees after yoke_vq_publish(). The ticket is used up.
///
/// `address` is the buffer's address as the device knows it; `write`: the device writes it.
/// Returns YOKE_OK, or YOKE_INVALID if the ticket is not one of ours now.
int yoke_vq_driver_offer(struct yoke_vq_driver *driver, yoke_ticket ticket, uint64_t address,
                         uint32_t size, bool write);

/// A buffer of a chain, as the device knows it.
struct yoke_vq_buffer {
    uint64_t address;
    uint32_t size; ///< Bytes.
};

/// Puts one chain: `reads` buffers that the device reads, then `writes` that it writes.
///
/// Sets `*head` to the index by which the chain comes back.
/// Returns YOKE_OK; YOKE_AGAIN if fewer descriptors are free; YOKE_TOO_LONG if the queue never has
/// that many; YOKE_INVALID if there is no buffer.
int yoke_vq_driver_offer_chain(struct yoke_vq_driver *driver, const struct yoke_vq_buffer *buffers,
                               uint16_t reads, uint16_t writes, uint16_t *head);

/// Takes back one chain that the device has finished with.
///
/// `*ticket` is ours again: give it back, or offer it anew if it is one buffer. `*size` is how many
/// bytes the device says that it wrote: 0 for chains that it only reads, and 0 if it claims more
/// than there is room. Returns 1 for a chain; 0 if there is none; YOKE_BAD_PEER for an element that
/// names none of our offers, which is skipped; YOKE_DOWN if the ring is broken.
int yoke_vq_driver_used(struct yoke_vq_driver *driver, yoke_ticket *ticket, uint32_t *size);

/// Returns a descriptor, and the rest of its chain, to the free ones.
/// Returns YOKE_OK, or YOKE_INVALID if the ticket is not one of ours now.
int yoke_vq_driver_give(struct yoke_vq_driver *driver, yoke_ticket ticket);

// ---------------------------------------------------------------------------------- device side

/// The device's side of a queue. Opaque; zero before the first set-up.
struct yoke_vq_device {
    struct yoke_vq vq;
    const struct yoke_mem *mem; ///< What descriptors' addresses mean.
    uint16_t *owned;            ///< For each descriptor: its stamp if we have it, or 0.
    uint16_t spares;            ///< Chains that we have and that wait to be popped again.
};

/// Sets up the device's side. The driver has cleared the ring.
///
/// `mem`: what descriptors' addresses mean; constant while the queue is in use.
/// `owned`: private memory for config->num values, the queue's until the next set-up.
/// Returns as yoke_vq_driver_init().
int yoke_vq_device_init(struct yoke_vq_device *device, const struct yoke_vq_config *config,
                        const struct yoke_mem *mem, uint16_t *owned);

/// A chain that was popped, and how far it was read. Opaque, but for `ticket`.
struct yoke_chain {
    yoke_ticket ticket;                  ///< For yoke_vq_device_push().
    const struct yoke_vring_desc *table; ///< The ring's table, or an indirect one.
    uint32_t size;                       ///< Descriptors in that table.
    uint32_t left;                       ///< Descriptors that the chain may still have.
    uint16_t next;                       ///< The next one.
    bool more;                           ///< There is a next one.
    bool written;                        ///< A buffer for writing came, so none for reading may.
};

/// One buffer of a chain, checked against the memory windows.
struct yoke_vq_part {
    void *data;    ///< Where it lies here.
    uint32_t size; ///< Bytes.
    bool write;    ///< The device may write it; otherwise it may only read it.
};

/// Takes the next chain that the driver offers.
///
/// Returns 1 and a chain, of which nothing has been followed yet; 0 if there is none;
/// YOKE_BAD_PEER for a head that does not exist or that we have already, which is skipped;
/// YOKE_DOWN if the ring is broken.
int yoke_vq_device_pop(struct yoke_vq_device *device, struct yoke_chain *chain);

/// Follows the chain by one buffer, through an indirect table if there is one (2.7.5.3).
///
/// However the chain loops, it ends after as many steps as the queue has descriptors.
/// Returns 1 and a buffer; 0 at the end; YOKE_BAD_PEER if the chain is malformed or a buffer lies
/// outside the windows: push the chain with size 0 and count it.
int yoke_chain_next(struct yoke_vq_device *device, struct yoke_chain *chain,
                    struct yoke_vq_part *part);

/// Hands a chain back, having written `size` bytes; the driver sees it after yoke_vq_publish().
/// Chains go back in any order. Returns YOKE_OK, or YOKE_INVALID if the ticket is not one of ours.
int yoke_vq_device_push(struct yoke_vq_device *device, yoke_ticket ticket, uint32_t size);

/// Gives up a chain that was popped and not used: a later pop takes it again, under a new ticket.
/// The driver sees nothing of it. Returns as yoke_vq_device_push().
int yoke_vq_device_unpop(struct yoke_vq_device *device, yoke_ticket ticket);

#ifdef __cplusplus
}
#endif
#endif
