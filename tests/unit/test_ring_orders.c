// SPDX-License-Identifier: BSD-3-Clause
// No wakeup is lost: all orders of the steps of a side that publishes and one that goes to sleep.
//
// The steps are those of yoke_vq_publish() and yoke_vq_arm(), the same functions; that the two take
// them in this order is seen in test_ring_barriers.c. Each side has a memory of its own: what it
// stores reaches the other at any time from then on, at the latest at its own barrier. That is what
// store buffers do. Without the barriers, or without the second look, the same search finds lost
// wakeups: so it can find them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ring/vq.h"

#define NUM 4
#define RING 118 // 4 descriptors, used ring aligned to 16: at 80.
#define AVAIL 64
#define USED 80

enum publisher { PUT_AND_SHOW, BARRIER, NOTIFY, DONE };
enum sleeper { DRAIN, ASK, ASK_BARRIER, LOOK, ASLEEP };

/// Everything that a step changes.
struct world {
    _Alignas(16) uint8_t driver_ring[RING + 10];
    _Alignas(16) uint8_t device_ring[RING + 10];
    struct yoke_vq_driver driver;
    struct yoke_vq_device device;
    struct yoke_vq_slot slots[NUM];
    uint16_t owned[NUM];
    yoke_ticket held[NUM]; ///< Chains that the device has and will publish.
    enum publisher publisher;
    enum sleeper sleeper;
    uint32_t old;
    unsigned left;          ///< Elements to be published.
    unsigned taken;         ///< Elements that the sleeper took.
    bool publisher_pending; ///< The publisher stored what the sleeper does not see yet.
    bool sleeper_pending;
    bool doorbell; ///< Rung, and not answered yet.
};

static struct world world;

// The case that is searched.
static bool to_device;   ///< The driver publishes and the device sleeps; or the other way round.
static bool quiet;       ///< The sleeper tells that it is awake while it is.
static bool barriers;    ///< Both sides have their barriers.
static bool second_look; ///< The sleeper looks again after it asked for a doorbell.
static unsigned elements;

static unsigned long worlds, ends, lost;

static void ring_bell(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id;
    world.doorbell = true;
}

static const struct yoke_port port = {ring_bell, NULL, NULL, NULL};
static uint8_t buffer[16];
static const struct yoke_window window = {0, sizeof buffer, buffer};
static const struct yoke_mem mem = {&window, 1};

/// Makes visible to the device what the driver stored, or the other way round.
static void driver_stores_arrive(void)
{
    memcpy(world.device_ring, world.driver_ring, USED);
}

static void device_stores_arrive(void)
{
    memcpy(world.driver_ring + USED, world.device_ring + USED, RING - USED);
}

static void publisher_stores_arrive(void)
{
    to_device ? driver_stores_arrive() : device_stores_arrive();
    world.publisher_pending = false;
}

static void sleeper_stores_arrive(void)
{
    to_device ? device_stores_arrive() : driver_stores_arrive();
    world.sleeper_pending = false;
}

static struct yoke_vq *publisher_vq(void)
{
    return to_device ? &world.driver.vq : &world.device.vq;
}

static struct yoke_vq *sleeper_vq(void)
{
    return to_device ? &world.device.vq : &world.driver.vq;
}

static void driver_puts(void)
{
    assert_int_equal(
        yoke_vq_driver_offer(&world.driver, yoke_vq_driver_take(&world.driver), 0, 1, true),
        YOKE_OK);
}

static void publisher_step(void)
{
    struct yoke_vq *const vq = publisher_vq();

    switch (world.publisher) {
    case PUT_AND_SHOW:
        if (to_device) {
            driver_puts();
        } else {
            assert_int_equal(yoke_vq_device_push(&world.device, world.held[world.left - 1], 0),
                             YOKE_OK);
        }
        world.old = vq->shown;
        vq_show(vq);
        world.publisher_pending = true;
        world.publisher = BARRIER;
        break;
    case BARRIER:
        if (barriers) {
            publisher_stores_arrive();
        }
        world.publisher = NOTIFY;
        break;
    default:
        vq_notify(vq, world.old);
        world.publisher = --world.left == 0 ? DONE : PUT_AND_SHOW;
        break;
    }
}

/// Takes one element, if the sleeper sees one.
static bool take(void)
{
    int got;

    if (to_device) {
        struct yoke_chain chain;
        got = yoke_vq_device_pop(&world.device, &chain);
    } else {
        yoke_ticket ticket;
        uint32_t size;
        got = yoke_vq_driver_used(&world.driver, &ticket, &size);
    }
    assert_true(got == 0 || got == 1);
    world.taken += (unsigned)got;
    return got == 1;
}

static void awake(void)
{
    if (quiet) {
        yoke_vq_quiet(sleeper_vq());
        world.sleeper_pending = true;
    }
    world.sleeper = DRAIN;
}

static void sleeper_step(void)
{
    switch (world.sleeper) {
    case DRAIN:
        if (!take()) {
            world.sleeper = ASK;
        }
        break;
    case ASK:
        if (yoke_vq_ask(sleeper_vq())) {
            world.sleeper_pending = true;
            world.sleeper = ASK_BARRIER;
        } else {
            world.sleeper = LOOK;
        }
        break;
    case ASK_BARRIER:
        if (barriers) {
            sleeper_stores_arrive();
        }
        world.sleeper = LOOK;
        break;
    case LOOK:
        if (second_look && vq_waiting(sleeper_vq()) != 0) {
            awake();
        } else {
            world.sleeper = ASLEEP;
        }
        break;
    case ASLEEP:
        world.doorbell = false;
        awake();
        break;
    }
}

/// The worlds that were met so far, by hash: what follows from one does not depend on how it came.
static struct world *met[1u << 16];
static unsigned met_count;

/// Returns false if this world was met before, and remembers it otherwise.
static bool is_new(void)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < sizeof world; i++) {
        hash = (hash ^ ((const uint8_t *)&world)[i]) * 16777619u;
    }
    for (uint16_t at = (uint16_t)(hash >> 16);; at++) {
        if (met[at] == NULL) {
            assert_true(++met_count < sizeof met / sizeof met[0] / 2);
            met[at] = malloc(sizeof world);
            assert_non_null(met[at]);
            memcpy(met[at], &world, sizeof world);
            return true;
        }
        if (memcmp(met[at], &world, sizeof world) == 0) {
            return false;
        }
    }
}

static void forget(void)
{
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++) {
        free(met[i]);
        met[i] = NULL;
    }
    met_count = 0;
}

/// Takes each step that is possible now, one after the other, and goes on from there.
static void search(void)
{
    struct world here;
    const struct {
        bool possible;
        void (*step)(void);
    } steps[] = {
        {world.publisher != DONE, publisher_step},
        {world.sleeper != ASLEEP || world.doorbell, sleeper_step},
        {world.publisher_pending, publisher_stores_arrive},
        {world.sleeper_pending, sleeper_stores_arrive},
    };
    bool stuck = true;

    if (!is_new()) {
        return;
    }
    memcpy(&here, &world, sizeof world);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].possible) {
            stuck = false;
            steps[i].step();
            search();
            memcpy(&world, &here, sizeof world);
        }
    }
    if (stuck) {
        ends++;
        lost += world.taken != elements;
    }
}

/// Makes the world as it is when a queue has run for `age` elements, and searches it.
static void search_from(uint64_t features, uint32_t age)
{
    const struct yoke_vq_config driver = {world.driver_ring, NUM, 16, features, false, &port, 0};
    const struct yoke_vq_config device = {world.device_ring, NUM, 16, features, false, &port, 0};

    memset(&world, 0, sizeof world);
    assert_int_equal(yoke_vq_driver_init(&world.driver, &driver, world.slots), YOKE_OK);
    assert_int_equal(yoke_vq_device_init(&world.device, &device, &mem, world.owned), YOKE_OK);
    for (uint32_t i = 0; i < 2; i++) {
        struct yoke_vq *const vq = i == 0 ? &world.driver.vq : &world.device.vq;
        vq->next = vq->shown = vq->seen = vq->known = vq->armed_at = age;
        yoke_put_le16((uint8_t *)vq->own + 2, (uint16_t)age);
        yoke_put_le16(vq->own_event, features != 0 ? (uint16_t)age : 0);
    }
    driver_stores_arrive();
    device_stores_arrive();
    world.left = elements;
    if (!to_device) {
        for (unsigned i = 0; i < elements; i++) {
            struct yoke_chain chain;
            driver_puts();
            yoke_vq_publish(&world.driver.vq);
            driver_stores_arrive();
            assert_int_equal(yoke_vq_device_pop(&world.device, &chain), 1);
            world.held[i] = chain.ticket;
        }
        world.doorbell = false;
    }
    if (quiet) {
        awake();
    }
    search();
    worlds += met_count;
    forget();
}

/// Searches both directions, with and without quiet, at ages around the wraps.
static void search_all(uint64_t features)
{
    static const uint32_t ages[] = {0, 65534, 65535, UINT32_MAX};

    worlds = ends = lost = 0;
    for (unsigned i = 0; i < 4 * sizeof ages / sizeof ages[0]; i++) {
        to_device = i % 2 == 0;
        quiet = i / 2 % 2 == 0;
        search_from(features, ages[i / 4]);
    }
}

static void no_order_loses_a_wakeup(uint64_t features)
{
    barriers = second_look = true;
    for (elements = 1; elements <= 3; elements++) {
        search_all(features);
        print_message("%u elements: %lu worlds, %lu ends\n", elements, worlds, ends);
        assert_true(ends >= 16);
        assert_int_equal(lost, 0);
    }
}

static void no_order_loses_a_wakeup_with_flags(void **state)
{
    (void)state;
    no_order_loses_a_wakeup(0);
}

static void no_order_loses_a_wakeup_with_event_idx(void **state)
{
    (void)state;
    no_order_loses_a_wakeup(YOKE_F_RING_EVENT_IDX);
}

static void without_barriers_the_search_finds_lost_wakeups(void **state)
{
    (void)state;
    barriers = false;
    second_look = true;
    elements = 2;
    search_all(0);
    assert_true(lost != 0);
    search_all(YOKE_F_RING_EVENT_IDX);
    assert_true(lost != 0);
}

static void without_the_second_look_the_search_finds_lost_wakeups(void **state)
{
    (void)state;
    barriers = true;
    second_look = false;
    elements = 2;
    search_all(0);
    assert_true(lost != 0);
    search_all(YOKE_F_RING_EVENT_IDX);
    assert_true(lost != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_loses_a_wakeup_with_flags),
        cmocka_unit_test(no_order_loses_a_wakeup_with_event_idx),
        cmocka_unit_test(without_barriers_the_search_finds_lost_wakeups),
        cmocka_unit_test(without_the_second_look_the_search_finds_lost_wakeups),
    };
    return cmocka_run_group_tests_name("ring_orders", tests, NULL, NULL);
}
