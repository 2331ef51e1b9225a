// SPDX-License-Identifier: BSD-3-Clause
/// \file driver.h
/// The driver, played on raw memory against a device under test. Everything that it writes it also
/// writes to a copy of its own: whatever differs from that later, the device wrote.
#ifndef CONFORM_DRIVER_H
#define CONFORM_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

struct conform;

#define SERVICES_MAX 32u

/// An announced service.
struct service {
    char name[NAME_BYTES + 1];
    uint32_t address;
    uint32_t flags;
    uint32_t times;
};

struct driver {
    struct ring ring[2];
    uint32_t size_of[2]; ///< Bytes of a buffer of each queue.
    uint32_t stride[2];  ///< From buffer to buffer: a margin lies between them.
    uint8_t *buffers;
    uint64_t buffers_pa;
    uint8_t *copy;              ///< Of all memory that is laid out; NULL before the first up.
    size_t size;                ///< Bytes of it.
    uint8_t entry[ENTRY_BYTES]; ///< The same of the entry.
    bool out[2][RING_MAX];      ///< The device has this descriptor.
    uint16_t spare[RING_MAX];   ///< Free descriptors of queue 1.
    uint32_t spares;
    uint32_t features; ///< Taken.
    bool always;       ///< Rings whether asked to or not.
    bool keeps;        ///< Keeps received buffers.
    struct service services[SERVICES_MAX];
    uint32_t service_count;
    uint32_t announcements;      ///< All that came.
    uint32_t others;             ///< Messages neither to CHECKER_ADDRESS nor to address 53.
    struct message announcement; ///< The last one, whole.
};

/// How a link is to come up. Zero is the usual.
struct up {
    uint32_t without;  ///< Features not to take.
    uint32_t also;     ///< Features to take that are not offered.
    uint32_t withheld; ///< Buffers of queue 0 not to hand out yet.
    uint32_t ids;      ///< Added to the numbers of the doorbells.
    bool elsewhere;    ///< Other places for the rings.
    bool silent;       ///< Without a doorbell.
    bool sizes;        ///< Bit 16 is taken: buffers have the sizes that the device's table says.
};

/// The device under test is loaded and started; status 0, no rings yet.
void driver_load(struct conform *c);
void driver_begin(struct conform *c);
/// From status 0 to 3: features, rings and buffers, and all of it in the entry.
void driver_offer_all(struct conform *c, const struct up *up);
/// The same, to status 7 and a doorbell.
void driver_up(struct conform *c, const struct up *up);
/// Waits for the application's service. Returns its address.
uint32_t driver_find(struct conform *c);
/// All of that.
uint32_t driver_meet(struct conform *c, const struct up *up);
/// Status 0, a doorbell, and time to notice it.
void driver_down(struct conform *c);
void driver_free(struct driver *d);

/// Writes shared memory, and the copy.
void driver_put16(struct driver *d, uint8_t *at, uint16_t value);
void driver_put32(struct driver *d, uint8_t *at, uint32_t value);
void driver_put64(struct driver *d, uint8_t *at, uint64_t value);
void driver_entry32(struct conform *c, uint32_t offset, uint32_t value);
void driver_status(struct conform *c, uint8_t status);
void driver_desc(struct conform *c, unsigned queue, uint32_t id, uint64_t address, uint32_t len,
                 uint16_t flags, uint16_t next);

/// A buffer of the checker's, and one more of each queue that no ring has.
uint8_t *driver_buffer(const struct driver *d, unsigned queue, uint32_t id);
uint64_t driver_buffer_pa(const struct driver *d, unsigned queue, uint32_t id);
/// The copy of any place in memory that is laid out.
uint8_t *driver_copy(const struct driver *d, const uint8_t *at);
/// The physical address of one.
uint64_t driver_pa(const struct driver *d, const uint8_t *at);

/// A free descriptor of queue 1, waiting for one as long as an answer may take.
uint32_t driver_claim(struct conform *c);
/// Puts a head into the available ring; driver_show() shows the index and rings if asked for.
void driver_offer(struct conform *c, unsigned queue, uint32_t id);
void driver_show(struct conform *c, unsigned queue);
void driver_kick(struct conform *c, unsigned queue);

/// Writes a message into the buffer of descriptor `id` of queue 1. Nothing is offered yet.
void driver_write(struct conform *c, uint32_t id, const struct message *m);
/// Writes an ordinary message and offers it. Nothing is shown yet. Returns the descriptor.
uint32_t driver_put(struct conform *c, uint32_t src, uint32_t dst, const void *data, size_t size);
/// The same, shown.
uint32_t driver_send(struct conform *c, uint32_t src, uint32_t dst, const void *data, size_t size);
/// One whose header says what `m` says; the ring speaks of m->whole bytes.
uint32_t driver_send_raw(struct conform *c, const struct message *m);

/// Takes the next used element of a queue: it has to be one that the device has.
bool driver_used(struct conform *c, unsigned queue, uint32_t *id, uint32_t *len);
/// Waits for one of queue 1 with this id, and returns its length; the descriptor is spare again.
uint32_t driver_await_back(struct conform *c, uint32_t id);
/// Takes what queue 1 gave back. Returns how many.
uint32_t driver_reap(struct conform *c);
/// Waits until so many descriptors of queue 1 are spare.
void driver_await_spares(struct conform *c, uint32_t count);
/// Takes the next message, announcements too.
bool driver_take(struct conform *c, struct message *m);
/// Waits for the next one to `dst`; announcements on the way are noted.
bool driver_receive(struct conform *c, uint32_t dst, struct message *m);
/// Sends, and expects the same back.
void driver_echo(struct conform *c, uint32_t service, size_t size, uint32_t seed);
/// Takes all messages that come meanwhile.
void driver_drain(struct conform *c);
/// Uses up `count` buffers of queue 0, by answers that are kept; `kept` gets which.
void driver_use_up(struct conform *c, uint32_t service, uint32_t *kept, uint32_t count);
/// Gives a kept buffer back.
void driver_return(struct conform *c, uint32_t id);

/// Says whether a queue's doorbells are wanted.
void driver_want(struct conform *c, unsigned queue, bool wanted);

/// Expects that the device wrote nothing but what it may.
void driver_expect_clean(struct conform *c);
/// What the device has written so far, it may have. For the next one.
void driver_watch(struct conform *c);
/// Expects that the device does nothing any more: no byte has changed since driver_watch() or since
/// the rings were laid out, and no doorbell rang.
void driver_expect_silence(struct conform *c, const char *expected);

#endif
