// SPDX-License-Identifier: BSD-3-Clause
/// \file peer.h
/// The opposite side of a link, played on raw shared memory: a driver that behaves as Linux does,
/// or a device. Written from VIRTIO 1.3 (2.7), rpmsg and version 1 of the resource table; shares no
/// code with src/, so that a mistake made there is not made here again.
///
/// It does what a test scripts, one step a call, and misbehaves by name.
#ifndef YOKE_TEST_PEER_H
#define YOKE_TEST_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum peer_role { PEER_DRIVER, PEER_DEVICE };

// Shared memory: the vdev entry and the rings by device address, the buffers by physical address.
#define PEER_DA 0x10000000u
#define PEER_PA 0x480000000u
#define PEER_NOTIFY 40u ///< The driver's doorbell numbers: 40 for queue 0, 41 for queue 1.

#define PEER_F_NS (1u << 0)
#define PEER_F_CREDITS (1u << 18)
#define PEER_F_ACK (1u << 20)
#define PEER_F_INDIRECT (1u << 28)
#define PEER_F_EVENT_IDX (1u << 29)

struct peer_config {
    enum peer_role role;
    uint32_t num;         ///< Descriptors of each ring.
    uint32_t align;       ///< Of the used rings.
    uint32_t buffer_size; ///< Bytes of each buffer.
    uint32_t offered;     ///< Features in the table.
    uint32_t taken;       ///< Driver: features that it takes.
    bool big_endian;      ///< Byte order of rings and messages.
};

struct peer_queue {
    uint8_t *desc;
    uint8_t *avail;
    uint8_t *used;
    uint16_t next;  ///< Elements that the peer put.
    uint16_t shown; ///< Of these, those behind its index.
    uint16_t seen;  ///< Elements that it took.
};

struct peer {
    struct peer_config config;
    uint8_t *memory; ///< All that is shared.
    size_t size;
    size_t buffers_at; ///< Where in it the buffers begin.
    size_t ring_at[2]; ///< Where in it the rings begin.
    struct peer_queue queue[2];
    uint16_t *spare; ///< Driver: free descriptors of queue 1.
    uint32_t spares;
    uint32_t rang[2];  ///< Doorbells of each queue that the peer rang.
    uint32_t bells[2]; ///< Doorbells of each queue that the side under test rang.
};

/// Makes the shared memory, and in it the table as firmware has it at the start.
void peer_open(struct peer *peer, const struct peer_config *config);
void peer_close(struct peer *peer);

/// The queue that brings the peer messages, and the one that takes its messages away.
unsigned peer_rx(const struct peer *peer);
unsigned peer_tx(const struct peer *peer);

// Fields of the vdev entry, by their offset.
#define PEER_DFEATURES 12u
#define PEER_GFEATURES 16u
#define PEER_STATUS 24u
#define PEER_VRING(index, field) (28u + 20u * (index) + (field))
#define PEER_VRING_DA 0u
#define PEER_VRING_ALIGN 4u
#define PEER_VRING_NUM 8u
#define PEER_VRING_NOTIFYID 12u
void peer_set_table(struct peer *peer, uint32_t offset, uint32_t value);
uint32_t peer_table(const struct peer *peer, uint32_t offset);
void peer_set_status(struct peer *peer, uint8_t status);
uint8_t peer_status(const struct peer *peer);

// Fields of the rings and messages, in their byte order.
uint16_t peer_get16(const struct peer *peer, const uint8_t *at);
uint32_t peer_get32(const struct peer *peer, const uint8_t *at);
uint64_t peer_get64(const struct peer *peer, const uint8_t *at);
void peer_put16(const struct peer *peer, uint8_t *at, uint16_t value);
void peer_put32(const struct peer *peer, uint8_t *at, uint32_t value);
void peer_put64(const struct peer *peer, uint8_t *at, uint64_t value);

// Driver, step by step.
void peer_place(struct peer *peer); ///< Clears and places the rings, and fills queue 0.
/// Status 0, 1, 3, features, rings, 7, as Linux does; a device finds out where its rings are.
void peer_up(struct peer *peer);
/// Driver: resets the device, as Linux does when a coprocessor stops.
void peer_down(struct peer *peer);

// ---------------------------------------------------------------------------------------- messages

struct peer_message {
    uint32_t src;
    uint32_t dst;
    uint32_t reserved;
    uint16_t len;
    uint16_t flags;
    const uint8_t *data; ///< In shared memory.
    uint32_t whole;      ///< Bytes that the ring speaks of.
    uint16_t id;         ///< For peer_recycle().
};

/// Sends a message as the protocol has it. Returns false if there is no buffer.
bool peer_send(struct peer *peer, uint32_t src, uint32_t dst, const void *data, size_t size);

/// The same without showing it: peer_show() does, for several at once.
bool peer_put(struct peer *peer, uint32_t src, uint32_t dst, const void *data, size_t size);
void peer_show(struct peer *peer, unsigned queue);

/// Sends a name-service message. `name` is 32 bytes or terminated earlier.
bool peer_send_ns(struct peer *peer, const char *name, uint32_t addr, uint32_t flags);

/// Sends whatever `message` says, `data` being `len` bytes or NULL for none, in a buffer of which
/// the ring claims `whole` bytes.
bool peer_send_frame(struct peer *peer, const struct peer_message *message);

/// Takes a message and hands its buffer back. Its data stays until the other side goes on.
bool peer_receive(struct peer *peer, struct peer_message *message);

/// Takes a message and keeps its buffer, until peer_recycle().
bool peer_receive_keep(struct peer *peer, struct peer_message *message);
void peer_recycle(struct peer *peer, uint16_t id);

/// Whether the side under test wants doorbells: asks for one, or says that it needs none.
void peer_arm(struct peer *peer, unsigned queue);
void peer_quiet(struct peer *peer, unsigned queue);

// ---------------------------------------------------------------------------------------- mistakes

enum peer_mistake {
    // In messages, of both roles.
    PEER_LEN_BEYOND_BUFFER, ///< The header promises more than the buffer has.
    PEER_LEN_BEYOND_RING,   ///< The header promises more than the ring says was written.
    PEER_NO_HEADER,         ///< Fewer bytes than a header.
    PEER_NOTHING,           ///< 0 bytes.
    PEER_WHOLE_TOO_LONG,    ///< The ring speaks of more bytes than any buffer has.
    // In elements of the ring that brings messages, of both roles.
    PEER_ID_OUTSIDE, ///< An id that no descriptor has.
    PEER_ID_HUGE,    ///< Device: an id whose low half is valid.
    PEER_ID_TWICE,   ///< An id that was used a moment ago, and is not the peer's to use.
    // In descriptors, of the driver.
    PEER_DESC_OUTSIDE,        ///< A buffer just outside the windows.
    PEER_DESC_STRADDLES,      ///< A buffer that leaves its window with the last byte.
    PEER_DESC_WRAPS,          ///< An address and length that wrap at 2^64.
    PEER_DESC_WRITES,         ///< A message in a buffer that the device should write.
    PEER_DESC_CHAINED,        ///< A message in two buffers.
    PEER_DESC_SELF,           ///< A descriptor whose next is itself.
    PEER_DESC_INDIRECT,       ///< A table of one descriptor, which INDIRECT allows.
    PEER_DESC_INDIRECT_SELF,  ///< A table that holds a table.
    PEER_DESC_INDIRECT_EMPTY, ///< A table of no descriptor.
    PEER_MISTAKES
};

/// Makes one mistake on the queue that takes the peer's messages, addressed to `dst`. Returns false
/// if this role cannot make it.
bool peer_misbehave(struct peer *peer, enum peer_mistake mistake, uint32_t dst);

/// Moves a queue's index by `by` elements that are not there.
void peer_jump(struct peer *peer, unsigned queue, uint16_t by);

#endif
