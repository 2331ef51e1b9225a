// SPDX-License-Identifier: BSD-3-Clause
/// \file fixture.h
/// One link of the library against the scripted peer, for tests.
///
/// In a library that was built with YOKE_CACHE the link works behind a model of a cache that is not
/// coherent: what it stores reaches the peer only when it is cleaned, and it sees what the peer
/// stored only after it invalidated. A line that is invalidated with stores in it fails the test,
/// and so does any cache operation outside the shared memory.
#ifndef YOKE_TEST_FIXTURE_H
#define YOKE_TEST_FIXTURE_H

#include <yoke/rpmsg.h>

#include "peer.h"

struct fixture;

struct fixture_options {
    struct peer_config peer;
    uint32_t buckets;
    uint32_t buffer_size; ///< Of the link, both ways.
    bool polled;
    uint64_t known; ///< Driver role: features that it knows.
};

/// A message as a callback got it, up to the first bytes of its payload.
struct fixture_message {
    uint32_t src;
    uint32_t dst;
    uint16_t size;
    uint8_t data[62];
};

#define FIXTURE_LOG 64u

struct fixture {
    struct fixture_options options;
    struct peer peer;
    struct yoke_link link;
    struct yoke_link_config config;
    struct yoke_vdev vdev;
    struct yoke_port port;
    struct yoke_window windows[2];
    struct yoke_mem da;
    struct yoke_mem pa;
    void *memory; ///< The link's, of exactly the size that it asks for.

    char events[FIXTURE_LOG]; ///< A letter each: Up, Down, Broken.
    struct fixture_message log[FIXTURE_LOG];
    uint32_t received; ///< Messages that callbacks got; the log has them modulo its length.

    // What a test wants done inside the library's calls.
    void (*on_event)(struct fixture *f, enum yoke_link_event event);
    void (*on_message)(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg);
    void (*on_bell)(struct fixture *f, unsigned queue);
    void (*on_clean)(struct fixture *f); ///< Cached build: after something reached the peer.
    void *data;                          ///< The test's.

    // The cache.
    bool cached;     ///< The library was built with YOKE_CACHE.
    bool lenient;    ///< Invalidating a line with stores in it is the peer's fault.
    uint32_t line;   ///< Bytes of a cache line.
    uint8_t *view;   ///< Memory as the link sees it; peer.memory if there is no cache.
    uint8_t *synced; ///< What the view was when it last agreed with memory.
};

/// The usual one: 8 descriptors, 512-byte buffers, name service, doorbells, 16 buckets.
struct fixture_options fixture_options(enum peer_role peer);

void fixture_open(struct fixture *f, const struct fixture_options *options);
void fixture_close(struct fixture *f);
/// A new link with other options, in the place of the old one.
void fixture_reopen(struct fixture *f, const struct fixture_options *options);

/// Initialises the link as its config says. Returns what the library does.
int fixture_init_link(struct fixture *f);

/// True if the link under test is the driver.
bool fixture_drives(const struct fixture *f);

/// Brings the link up, from whichever side; asserts that it is.
void fixture_up(struct fixture *f);
/// Takes it down, from the driver's side.
void fixture_down(struct fixture *f);

/// Opens an endpoint that logs what it receives.
void fixture_ept(struct fixture *f, struct yoke_ept *ept, uint32_t addr, uint32_t dst);
/// The callback of those endpoints; `context` is the fixture.
void fixture_receive(struct yoke_ept *ept, const struct yoke_msg *msg);

/// Polls until nothing comes any more, asserting each time. Returns how many were delivered.
uint32_t fixture_drain(struct fixture *f);

/// The message that a callback got last.
const struct fixture_message *fixture_last(const struct fixture *f);

/// True if [data, data + size) lies in the buffers that both sides share.
bool fixture_shares(const struct fixture *f, const void *data, size_t size);

// cmocka: a fixture as a test's state, for either role of the link, and a test run in both.
int fixture_setup_device(void **state);
int fixture_setup_driver(void **state);
int fixture_teardown(void **state);
#define IN_DEVICE(test)                                                                            \
    {                                                                                              \
#test " [device]", test, fixture_setup_device, fixture_teardown, NULL                      \
    }
#define IN_DRIVER(test)                                                                            \
    {                                                                                              \
#test " [driver]", test, fixture_setup_driver, fixture_teardown, NULL                      \
    }
#define IN_BOTH(test) IN_DEVICE(test), IN_DRIVER(test)

#endif
