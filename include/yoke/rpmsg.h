// SPDX-License-Identifier: BSD-3-Clause
/// \file rpmsg.h
/// Messages between endpoints on two processors: links, endpoints, sending, receiving, holding,
/// and the name service.
///
/// A link is one rpmsg vdev. The host drives it and owns the buffers; the firmware is the device.
/// After set-up the two roles have the same interface.
///
/// Context: a link has one owning context, a thread or a main loop. All calls belong to it, unless
/// a comment says otherwise; callbacks run in it, inside yoke_link_poll(), and may call everything
/// but yoke_link_poll() itself. Threads that share a link share a lock around every call. Nothing
/// blocks or allocates; where there is nothing to be had a call returns YOKE_AGAIN, and waiting
/// belongs to the caller: for a doorbell, which the platform turns into yoke_link_signal().
#ifndef YOKE_RPMSG_H
#define YOKE_RPMSG_H

#include <yoke/abi/rpmsg.h>
#include <yoke/base.h>
#include <yoke/mem.h>
#include <yoke/port.h>
#include <yoke/ring.h>
#include <yoke/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct yoke_ept;
struct yoke_link;

// --------------------------------------------------------------------------------------- the link

/// What a link's owner is told.
enum yoke_link_event {
    YOKE_LINK_UP,     ///< Ready: messages can be sent and received.
    YOKE_LINK_DOWN,   ///< The other side reset the link. Holds and claims are void.
    YOKE_LINK_BROKEN, ///< The other side broke the protocol; see yoke_link_fault().
};

/// Why a link is broken.
enum yoke_link_fault {
    YOKE_FAULT_NONE,
    YOKE_FAULT_FEATURES, ///< The driver took a feature that was not offered.
    YOKE_FAULT_RING,     ///< A ring has no valid size, or lies where this side has no memory.
    YOKE_FAULT_INDEX,    ///< A ring's index made no sense.
};

/// Told about the link. Context: inside yoke_link_poll(), yoke_link_start() or
/// yoke_link_close().
typedef void yoke_link_event_fn(struct yoke_link *link, enum yoke_link_event event, void *context);

/// Counts since set-up; they wrap.
struct yoke_link_stats {
    uint32_t tx_sent;    ///< Messages sent.
    uint32_t tx_again;   ///< Claims refused because no buffer was free.
    uint32_t rx_done;    ///< Messages delivered to an endpoint.
    uint32_t rx_unknown; ///< Messages to an address that no endpoint has.
    uint32_t bad;        ///< Messages, buffers and ring elements of the peer's that were refused.
};

/// Shared memory for the buffers of one direction. A link has as many buffers as fit into it, at
/// most as many as the ring has descriptors.
struct yoke_link_pool {
    void *memory; ///< 16-aligned.
    uint64_t pa;  ///< The same, as the device knows it.
    size_t size;  ///< Bytes.
};

/// How to set a link up. What it points to is the caller's and lives as long as the link.
struct yoke_link_config {
    struct yoke_vdev *vdev;    ///< The vdev, opened: id YOKE_ID_RPMSG, two rings.
    const struct yoke_mem *da; ///< Device addresses: where the rings may lie.
    const struct yoke_mem *pa; ///< Device role: physical addresses, which descriptors hold.
    void *memory;              ///< Private memory, aligned for pointers:
    size_t memory_size;        ///< YOKE_LINK_DEVICE_BYTES() or YOKE_LINK_DRIVER_BYTES() of it.
    uint32_t buckets;          ///< For endpoints: a power of two, best as many as endpoints.
    uint32_t rx_size;          ///< Bytes of a message that comes, with its header; 0 is 512. From a
                               ///< driver that does not take YOKE_F_RPMSG_BUFFERS up to 512 come,
                               ///< even if this is less.
    uint32_t tx_size;          ///< The same of one that goes: see yoke_link_mtu().
    bool polled;               ///< The owner polls all the time and never waits for a doorbell.
    bool big_endian;           ///< The driver is big endian (see yoke_vq_config).
    yoke_link_event_fn *event; ///< May be NULL.
    void *context;             ///< Passed to `event`.

    // Driver role only.
    struct yoke_link_pool rx_pool; ///< Buffers for messages that come.
    struct yoke_link_pool tx_pool; ///< Buffers for messages that go.
    uint64_t known; ///< Features to take if offered: YOKE_F_RPMSG_*, YOKE_F_RING_*; 0 is all but
                    ///< BUFFERS, which says that both sizes are those that the firmware asks for.
};

/// Private memory that a device-role link needs: ring sizes and buckets are powers of two.
/// Constant.
#define YOKE_LINK_DEVICE_BYTES(rx_num, tx_num, buckets)                                            \
    ((size_t)(buckets) * sizeof(void *) + ((size_t)(rx_num) + (tx_num)) * sizeof(uint16_t))

/// The same for the driver role.
#define YOKE_LINK_DRIVER_BYTES(rx_num, tx_num, buckets)                                            \
    ((size_t)(buckets) * sizeof(void *) + 2 * sizeof(struct yoke_link_pool) +                      \
     ((size_t)(rx_num) + (tx_num)) * sizeof(struct yoke_vq_slot))

/// Endpoints that share a bucket, at most; one more is refused. This bounds each look-up.
#define YOKE_LINK_BUCKET_DEPTH 4

/// A link. Opaque; zero before the first set-up, and not moved while set up.
struct yoke_link {
    const struct yoke_link_role *role;
    const struct yoke_link_ns *ns; ///< Set once something is announced.
    struct yoke_vdev *vdev;
    const struct yoke_mem *da;
    union {
        struct {
            const struct yoke_mem *pa;
            uint32_t rx_size; ///< Of buffers that come, as the driver agreed to it.
        } device;             ///< Device role.
        struct {
            uint8_t *rx;
            uint8_t *tx;
        } buffers; ///< Driver role: where they begin.
    } of;
    yoke_link_event_fn *event;
    void *context;
    const uint8_t *status;     ///< Says whether the other side is there.
    struct yoke_ept **buckets; ///< The role's private memory follows them.
    struct yoke_ept *fallback;
    union yoke_link_vq {
        struct yoke_vq vq; ///< What both sides have in common.
        struct yoke_vq_driver driver;
        struct yoke_vq_device device;
    } rx, tx;
    struct yoke_link_stats stats;
    uint32_t rx_size;
    uint32_t tx_size;
    uint32_t features; ///< In force.
    uint32_t known;    ///< Driver role: those to take.
    uint32_t bucket_mask;
    uint32_t ept_count;
    uint32_t next_addr;
    uint32_t rx_shape; ///< Sizes of the rings, which do not change: see src/rpmsg/link.h.
    uint32_t tx_shape;
    uint32_t mode; ///< See src/rpmsg/link.h, and for the next two.
    uint32_t calm;
    uint32_t current; ///< The message whose callback runs, unless it was held.
    uint8_t driving;  ///< Driver role: the status that this side set.
    uint8_t fault;
    bool polled;
    bool big_endian;
    bool swap;
    bool signalled;
};

/// Sets a link up in the device role. It comes up in yoke_link_poll(), when the driver is ready.
///
/// Returns YOKE_OK; YOKE_INVALID for a NULL, a vdev that is not rpmsg with two rings, a number of
/// buckets that is not a power of two, a size that is not a multiple of 8 from 24 to 65544,
/// or from inside a callback; YOKE_UNSUPPORTED for a byte order that needs a build with
/// YOKE_BYTE_SWAP; YOKE_NO_SPACE if `memory` is too small for the rings' sizes.
int yoke_link_device_init(struct yoke_link *link, const struct yoke_link_config *config);

/// Sets a link up in the driver role. Open endpoints, then start it: yoke_link_start().
///
/// Returns as yoke_link_device_init(); YOKE_NO_SPACE also if a pool has no room for one buffer.
int yoke_link_driver_init(struct yoke_link *link, const struct yoke_link_config *config);

/// Driver role: resets the device, takes features, hands it the rings and its buffers, sets
/// DRIVER_OK and rings (VIRTIO 1.3, 3.1.1). The event comes before this returns. The vdev entry
/// says where the rings are (yoke_load() or yoke_vdev_driver_place() wrote it). After the
/// coprocessor was restarted, open the vdev again and call it again: endpoints stay open.
///
/// Returns YOKE_OK; YOKE_BAD_PEER if a ring is not valid, has another size than at set-up, or is
/// not in the windows of `da`; YOKE_INVALID in the device role or inside a callback.
int yoke_link_start(struct yoke_link *link);

/// Takes the link down: the driver role resets the device. Endpoints stay open; holds and claims
/// are void. The driver role goes on with yoke_link_start(), the device role once the driver has
/// reset the device and is ready again: the rings as they are hold what was delivered already.
/// Allowed inside callbacks.
void yoke_link_close(struct yoke_link *link);

/// Says that the doorbell rang. Context: any, ISR included. Cost: one store.
void yoke_link_signal(struct yoke_link *link);

/// True if the doorbell rang since the last poll began. Context: any.
bool yoke_link_signalled(const struct yoke_link *link);

/// Does the link's work: comes up or goes down with the other side, delivers at most `budget`
/// messages, sends what callbacks sent, announces.
///
/// Returns how many messages were delivered or refused: `budget` if there may be more, so poll
/// again; if less, all was drained and the doorbell armed, so that waiting for it is safe.
/// YOKE_DOWN while the other side is not there; YOKE_BAD_PEER while the link is broken;
/// YOKE_INVALID from inside a callback. Cost: bounded by `budget`.
int yoke_link_poll(struct yoke_link *link, uint32_t budget);

/// Collects what is sent from here on, until yoke_link_flush(): one index write, at most one
/// doorbell for all. Inside callbacks this is so by itself, until yoke_link_poll() returns; a poll
/// ends by showing everything.
void yoke_link_cork(struct yoke_link *link);

/// Shows the other side all that was sent and given back, and ends a cork.
void yoke_link_flush(struct yoke_link *link);

/// True while the link is up.
bool yoke_link_is_up(const struct yoke_link *link);

/// Why the link is broken.
enum yoke_link_fault yoke_link_fault(const struct yoke_link *link);

/// A fault in words. Static storage.
const char *yoke_link_fault_text(enum yoke_link_fault fault);

/// The features that are in force; 0 while the link is down.
uint64_t yoke_link_features(const struct yoke_link *link);

/// The largest payload that can be sent, in bytes. Device role: while the driver has not taken
/// YOKE_F_RPMSG_BUFFERS that was offered to it, it gives buffers of 512 bytes.
uint32_t yoke_link_mtu(const struct yoke_link *link);

/// The counts, valid as long as the link.
const struct yoke_link_stats *yoke_link_stats(const struct yoke_link *link);

// -------------------------------------------------------------------------------------- endpoints

/// A message, valid inside the callback and as long as it is held. The payload lies in memory that
/// the other side can write: check a copy, not the payload itself.
struct yoke_msg {
    const void *data;  ///< The payload.
    uint32_t src;      ///< The sender's endpoint.
    uint32_t dst;      ///< The endpoint that it was sent to.
    uint32_t reserved; ///< As sent; 0 in rpmsg as it is.
    uint16_t size;     ///< Bytes of payload.
    uint16_t flags;    ///< As sent; 0 in rpmsg as it is.
};

/// Receives a message. It may send, hold, open and close endpoints, `ept` included.
typedef void yoke_receive_fn(struct yoke_ept *ept, const struct yoke_msg *msg);

/// An endpoint. Memory and lifetime are the caller's; `context` is the caller's to use, `addr` and
/// `dst` may be read, the rest is opaque.
struct yoke_ept {
    struct yoke_ept *next;
    struct yoke_link *link; ///< NULL while closed.
    yoke_receive_fn *receive;
    void *context;
    const char *name; ///< What it is announced as, or NULL.
    uint32_t addr;    ///< Its own address.
    uint32_t dst;     ///< Where yoke_send() sends to; may be YOKE_RPMSG_ADDR_ANY: nowhere yet.
    bool announced;   ///< The other side was told.
};

/// Opens an endpoint at address `addr`, or at a free dynamic one (1024 and up) if that is
/// YOKE_RPMSG_ADDR_ANY. The link may be down. Dynamic addresses are not used again soon.
///
/// Returns YOKE_OK; YOKE_EXISTS if the address is taken; YOKE_NO_SPACE if YOKE_LINK_BUCKET_DEPTH
/// endpoints share its bucket, or all dynamic addresses' buckets are full: give the link more
/// buckets; YOKE_INVALID for a NULL. Cost: one look-up; for dynamic addresses mostly one too, at
/// most YOKE_LINK_BUCKET_DEPTH + 1 a bucket.
int yoke_ept_open(struct yoke_link *link, struct yoke_ept *ept, uint32_t addr, uint32_t dst,
                  yoke_receive_fn *receive, void *context);

/// Closes an endpoint; its memory is the caller's again. An announced one is withdrawn first.
///
/// Returns YOKE_OK; YOKE_AGAIN if no buffer is free for the withdrawal, and it stays open;
/// YOKE_INVALID if it is not open.
int yoke_ept_close(struct yoke_ept *ept);

/// Finds the endpoint with an address, or NULL. Cost: constant.
struct yoke_ept *yoke_ept_find(const struct yoke_link *link, uint32_t addr);

/// Messages to addresses that no endpoint has go to `ept`, which may be NULL for none and need not
/// be open: only its `receive`, `context` and `link` are used, and `link` is set here.
void yoke_link_fallback(struct yoke_link *link, struct yoke_ept *ept);

/// Keeps the message of the running callback after it returns: the buffer is ours until it is
/// released, in any order.
///
/// Returns its ticket, or YOKE_NO_TICKET outside a callback or when it is held already.
yoke_ticket yoke_hold(struct yoke_link *link);

/// Gives a held message back.
/// Returns YOKE_OK; YOKE_INVALID if it is not held: released before, or void since the link went
/// down; nothing is changed.
int yoke_release(struct yoke_link *link, yoke_ticket ticket);

// ---------------------------------------------------------------------------------------- sending

/// Send one message to the endpoint's `dst`: copies `size` bytes of `data` into a shared buffer.
///
/// Cost: one buffer claim, one copy, at most one doorbell.
/// Ownership: `data` is the caller's again on return.
/// Returns YOKE_OK; YOKE_AGAIN if no buffer is free (a doorbell comes when one is); YOKE_TOO_LONG
/// above yoke_link_mtu() bytes, and nothing is sent; YOKE_DOWN unless the link is up; YOKE_INVALID
/// if the endpoint is closed or `dst` is YOKE_RPMSG_ADDR_ANY.
/// Counts stats.tx_sent or stats.tx_again.
int yoke_send(struct yoke_ept *ept, const void *data, size_t size);

/// The same to another address, such as the `src` of a message.
int yoke_send_to(struct yoke_ept *ept, uint32_t dst, const void *data, size_t size);

/// A buffer to write a message into, without a copy.
struct yoke_tx {
    void *data;         ///< Write the payload here; write only: the other side can change it.
    uint32_t size;      ///< Bytes that there is room for.
    yoke_ticket ticket; ///< Opaque.
};

/// Claims a buffer. Several may be claimed at once; commit or cancel them in any order.
///
/// Returns YOKE_OK; YOKE_AGAIN, YOKE_DOWN or YOKE_INVALID as yoke_send() does.
int yoke_claim(struct yoke_ept *ept, struct yoke_tx *tx);

/// Sends a claimed buffer with `size` bytes of payload.
///
/// Returns YOKE_OK, and the claim is used up; YOKE_TOO_LONG above tx->size, and the claim stays;
/// YOKE_INVALID as yoke_send_to(), or if the claim is void or used up; YOKE_DOWN unless up.
int yoke_commit_to(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx, size_t size);

/// The same to the endpoint's `dst`.
int yoke_commit(struct yoke_ept *ept, const struct yoke_tx *tx, size_t size);

/// Gives a claimed buffer up; nothing is sent. Returns as yoke_commit_to().
int yoke_cancel(struct yoke_ept *ept, const struct yoke_tx *tx);

// ----------------------------------------------------------------------------------- name service

/// Tells the other side that the endpoint offers service `name`: now if the link is up, and each
/// time it comes up. A message that finds no free buffer is sent by a later poll.
///
/// `name`: at most 31 bytes, not empty; the caller's, constant until the endpoint is closed.
/// Returns YOKE_OK; YOKE_TOO_LONG; YOKE_INVALID if it is empty, or the endpoint is closed or has a
/// name already.
/// Nothing is sent to a peer that did not take the name-service feature.
int yoke_announce(struct yoke_ept *ept, const char *name);

/// Takes an announcement back; the endpoint stays open.
/// Returns YOKE_OK; YOKE_AGAIN if no buffer is free; YOKE_INVALID if it was not announced.
int yoke_withdraw(struct yoke_ept *ept);

/// A service of the other side's: a checked copy.
struct yoke_service {
    char name[YOKE_RPMSG_NAME_SIZE]; ///< Terminated, not empty.
    uint32_t addr;                   ///< Its endpoint.
};

struct yoke_bindings;
struct yoke_ns;

/// Told of a service that came (`up`) or went. Context: inside yoke_link_poll().
/// `service` is valid until the function returns.
typedef void yoke_service_fn(struct yoke_ns *ns, const struct yoke_service *service, bool up);

/// What the other side announced. Memory is the caller's; treat as opaque, but for `context`.
struct yoke_ns {
    struct yoke_ept ept;
    struct yoke_service *table;
    uint32_t capacity;
    uint32_t count;
    yoke_service_fn *event;
    void *context;
    struct yoke_bindings *bindings; ///< See yoke/ack.h; NULL without it.
    uint32_t dropped;               ///< Announcements that found the table full.
};

/// Listens for announcements at address 53 and keeps them in `table`, so that late subscribers find
/// them: yoke_ns_find(). The same announcement again changes nothing. Call it before the link comes
/// up. When the link goes down, call yoke_ns_clear() from its event.
///
/// `table`: room for `capacity` services; the caller's memory. A service that finds it full is
/// counted in `dropped` and not known. `event` may be NULL.
/// Returns as yoke_ept_open().
int yoke_ns_listen(struct yoke_link *link, struct yoke_ns *ns, struct yoke_service *table,
                   uint32_t capacity, yoke_service_fn *event, void *context);

/// Forgets all services, telling `event` of each. For YOKE_LINK_DOWN and YOKE_LINK_BROKEN.
void yoke_ns_clear(struct yoke_ns *ns);

/// Finds a service by name, the one announced first if several have it. NULL if there is none.
const struct yoke_service *yoke_ns_find(const struct yoke_ns *ns, const char *name);

#ifdef __cplusplus
}
#endif
#endif
