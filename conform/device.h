// SPDX-License-Identifier: BSD-3-Clause
/// \file device.h
/// The device, played on raw memory against a driver under test: what firmware would do, and the
/// vdev entry of its image.
#ifndef CONFORM_DEVICE_H
#define CONFORM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

struct conform;

#define DEVICE_NUM 16u        ///< Descriptors of each ring, if the checker chooses.
#define DEVICE_ALIGN 64u      ///< The same of its alignment.
#define SERVICE_ADDRESS 1100u ///< Where the checker's service is.
#define DEVICE_STATUSES 8u

/// A descriptor that was made available, copied.
struct offered {
    uint64_t address;
    uint32_t len;
    uint16_t flags;
    uint8_t *at; ///< Its bytes, or NULL: not in memory that both sides have.
};

struct device {
    struct ring ring[2];   ///< `next` and `shown` count used elements, `seen` heads taken.
    bool out[2][RING_MAX]; ///< We have this head.
    uint32_t held[2];      ///< How many we have.
    struct offered was[2][RING_MAX];   ///< As it was when it was taken.
    uint8_t entry[ENTRY_BYTES];        ///< The entry as it was before the driver began.
    uint8_t used[2][6 + 8 * RING_MAX]; ///< Used parts as we wrote them.
    uint32_t features;                 ///< Taken.
    uint8_t statuses[DEVICE_STATUSES]; ///< Those that were seen, in order.
    uint32_t status_count;
    bool always; ///< Rings whether asked to or not.
    bool keeps;  ///< Keeps messages' buffers.
};

/// How a driver is brought up. Zero is the usual.
struct device_up {
    uint32_t features; ///< To offer; 0: name service, EVENT_IDX and INDIRECT_DESC.
    uint32_t num;      ///< Of both rings; 0: DEVICE_NUM.
    uint32_t align;    ///< The same; 0: DEVICE_ALIGN.
    uint32_t sizes[2]; ///< Of buffers, to tell the driver; 0: nothing.
};

/// The driver lets go, and the entry is that of an image; a device that it may drive.
void device_load(struct conform *c, const struct device_up *up);
/// The driver begins; returns true if it is ready. Statuses are noted.
bool device_start(struct conform *c);
/// Both, and it is ready: rings are found, and the driver's doorbell has come.
void device_begin(struct conform *c, const struct device_up *up);
/// The same; the service is announced and greeted. Returns the client's address.
uint32_t device_meet(struct conform *c, const struct device_up *up);

/// Takes the next head of a queue: checks that it is a proper one. False if there is none.
bool device_take(struct conform *c, unsigned queue, uint32_t *id);
/// Puts a used element, whatever it says.
void device_put(struct conform *c, unsigned queue, uint32_t id, uint32_t len);
/// Gives a head back; device_show() shows the index and rings if asked for.
void device_give(struct conform *c, unsigned queue, uint32_t id, uint32_t len);
void device_show(struct conform *c, unsigned queue);
void device_ring(struct conform *c, unsigned queue);
/// Says whether a queue's doorbells are wanted.
void device_want(struct conform *c, unsigned queue, bool wanted);

/// Takes a buffer of queue 0, waiting for one as long as an answer may take.
uint32_t device_claim(struct conform *c);
/// Writes a message into a buffer that was claimed.
void device_write(struct conform *c, uint32_t id, const struct message *m);
/// Sends: what m->whole says is the used length.
void device_send_raw(struct conform *c, const struct message *m);
void device_send(struct conform *c, uint32_t src, uint32_t dst, const void *data, size_t size);
/// A message of 4 bytes that says a number, given back but not shown: see device_show().
void device_queue(struct conform *c, uint32_t client, uint32_t number);
/// Announces a service, or takes it back.
void device_announce(struct conform *c, const char *name, uint32_t address, uint32_t flags);

/// Takes the next message of queue 1 that is not an announcement.
bool device_receive_now(struct conform *c, struct message *m);
/// Waits for the next one to `dst`, as long as an answer may take; others are dropped.
bool device_receive(struct conform *c, uint32_t dst, struct message *m);
/// Waits for the greeting of a service. Returns who sent it.
uint32_t device_greeted(struct conform *c, uint32_t address);
/// Sends to a client, and expects the same back.
void device_echo(struct conform *c, uint32_t client, size_t size, uint32_t seed);
/// Expects that nothing comes for some time.
void device_expect_nothing(struct conform *c, const char *expected);
/// How many buffers of queue 0 are available.
uint32_t device_available(const struct conform *c);

/// Expects that the driver wrote nothing that it must not.
void device_expect_clean(struct conform *c);

#endif
