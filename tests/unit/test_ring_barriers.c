// SPDX-License-Identifier: BSD-3-Clause
// Publishing and arming take their steps in the right order. The code is compiled into this test
// with barriers that tell it, so it can look at the ring, and change it, at just that moment.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define YOKE_PORT_BARRIERS "unit/ring_barriers.h"
#include "ring/vq.c"

#include "unit/ring_rig.h"

#define NUM 4

static struct ring_rig rig;
static char order[16];
static size_t order_count;

/// What the other side does at the moment of a full barrier.
static void (*meanwhile)(void);

void ring_barrier(char kind)
{
    if (order_count < sizeof order - 1) {
        order[order_count++] = kind;
    }
    if (kind == 'f' && meanwhile != NULL) {
        meanwhile();
    }
}

static void open(uint64_t features)
{
    rig_open(&rig, NUM, 16, features);
    memset(order, 0, sizeof order);
    order_count = 0;
    meanwhile = NULL;
}

static int open_flags(void **state)
{
    (void)state;
    open(0);
    return 0;
}

static int open_event_idx(void **state)
{
    (void)state;
    open(YOKE_F_RING_EVENT_IDX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

#if defined(YOKE_TSAN)
#define SKIP_WITH_TSAN() skip()
#else
#define SKIP_WITH_TSAN()
#endif

static void put(void)
{
    assert_int_equal(
        yoke_vq_driver_offer(&rig.driver, yoke_vq_driver_take(&rig.driver), RIG_LOW, 4, true),
        YOKE_OK);
}

static void index_is_out_and_peer_falls_asleep(void)
{
    assert_int_equal(yoke_le16(rig_avail(&rig) + 2), 1);
    assert_int_equal(rig.driver_rang, 0);
    yoke_put_le16(rig_used(&rig), 0);
    yoke_put_le16(rig_avail_event(&rig), 0);
}

static void
publishing_shows_the_index_then_a_barrier_then_asks_whether_the_peer_sleeps(void **state)
{
    (void)state;
    SKIP_WITH_TSAN();
    yoke_put_le16(rig_used(&rig), YOKE_RING_NO_NOTIFY); // Awake, until the barrier.
    yoke_put_le16(rig_avail_event(&rig), 100);
    put();
    meanwhile = index_is_out_and_peer_falls_asleep;
    yoke_vq_publish(&rig.driver.vq);
    assert_string_equal(order, "rf");
    assert_int_equal(rig.driver_rang, 1);
}

static void publishing_nothing_costs_no_barrier(void **state)
{
    (void)state;
    yoke_vq_publish(&rig.driver.vq);
    yoke_vq_publish(&rig.device.vq);
    assert_string_equal(order, "");
}

static void doorbell_is_asked_for_and_something_comes(void)
{
    assert_int_equal(yoke_le16(rig_used(&rig)), 0);
    assert_int_equal(yoke_le16(rig_avail_event(&rig)), rig.device.vq.event_idx ? 1 : 0);
    rig_raw_offer(&rig, 1);
}

static void arming_asks_for_a_doorbell_then_a_barrier_then_looks(void **state)
{
    (void)state;
    SKIP_WITH_TSAN();
    put();
    yoke_vq_publish(&rig.driver.vq);
    yoke_vq_quiet(&rig.device.vq);
    rig_pop(&rig);
    order_count = 0;
    memset(order, 0, sizeof order);
    meanwhile = doorbell_is_asked_for_and_something_comes;
    assert_true(yoke_vq_arm(&rig.device.vq));
    assert_string_equal(order, "fa");
}

static void a_side_that_is_armed_already_looks_without_a_full_barrier(void **state)
{
    (void)state;
    SKIP_WITH_TSAN();
    assert_false(yoke_vq_arm(&rig.device.vq));
    assert_string_equal(order, "a");
}

#define FLAGS(name) cmocka_unit_test_setup_teardown(name, open_flags, tear_down)
#define EVENT(name) cmocka_unit_test_setup_teardown(name, open_event_idx, tear_down)
#define BOTH(name) FLAGS(name), EVENT(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(publishing_shows_the_index_then_a_barrier_then_asks_whether_the_peer_sleeps),
        BOTH(publishing_nothing_costs_no_barrier),
        BOTH(arming_asks_for_a_doorbell_then_a_barrier_then_looks),
        BOTH(a_side_that_is_armed_already_looks_without_a_full_barrier),
    };
    return cmocka_run_group_tests_name("ring_barriers", tests, NULL, NULL);
}
