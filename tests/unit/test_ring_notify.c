// SPDX-License-Identifier: BSD-3-Clause
// When a doorbell is rung (VIRTIO 1.3, 2.7.7 and 2.7.10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

#define NUM 16

static struct ring_rig rig;

static int open_flags(void **state)
{
    (void)state;
    rig_open(&rig, NUM, 16, 0);
    return 0;
}

static int open_event_idx(void **state)
{
    (void)state;
    rig_open(&rig, NUM, 16, YOKE_F_RING_EVENT_IDX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

/// The driver offers `count` buffers and publishes once. Returns how often it rang.
static unsigned offer(unsigned count)
{
    const unsigned before = rig.driver_rang;

    while (count-- != 0) {
        assert_int_equal(
            yoke_vq_driver_offer(&rig.driver, yoke_vq_driver_take(&rig.driver), RIG_LOW, 4, true),
            YOKE_OK);
    }
    yoke_vq_publish(&rig.driver.vq);
    return rig.driver_rang - before;
}

/// The device uses all that was offered and publishes once. Returns how often it rang.
static unsigned use_all(void)
{
    const unsigned before = rig.device_rang;
    struct yoke_chain chain;

    while (yoke_vq_device_pop(&rig.device, &chain) == 1) {
        assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
    }
    yoke_vq_publish(&rig.device.vq);
    return rig.device_rang - before;
}

/// The driver takes back all that was used.
static void take_back(void)
{
    yoke_ticket ticket;
    uint32_t size;

    while (yoke_vq_driver_used(&rig.driver, &ticket, &size) == 1) {
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    }
}

// ------------------------------------------------------------------------------------------ flags

static void a_new_ring_asks_for_doorbells_both_ways(void **state)
{
    (void)state;
    assert_int_equal(offer(1), 1);
    assert_int_equal(use_all(), 1);
}

static void flags_of_1_silence_the_peer_and_0_do_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        yoke_put_le16(rig_used(&rig), 1);
        assert_int_equal(offer(2), 0);
        yoke_put_le16(rig_avail(&rig), 1);
        assert_int_equal(use_all(), 0);
        take_back();
        yoke_put_le16(rig_used(&rig), 0);
        assert_int_equal(offer(2), 1);
        yoke_put_le16(rig_avail(&rig), 0);
        assert_int_equal(use_all(), 1);
        take_back();
    }
}

static void only_the_lowest_flag_silences(void **state)
{
    (void)state;
    yoke_put_le16(rig_used(&rig), 0xfffe);
    assert_int_equal(offer(1), 1);
    yoke_put_le16(rig_avail(&rig), 0xfffe);
    assert_int_equal(use_all(), 1);
    yoke_put_le16(rig_used(&rig), 0xffff);
    assert_int_equal(offer(1), 0);
    yoke_put_le16(rig_avail(&rig), 0xffff);
    assert_int_equal(use_all(), 0);
}

static void without_event_idx_the_event_fields_do_not_matter(void **state)
{
    (void)state;
    yoke_put_le16(rig_avail_event(&rig), 0x7000);
    yoke_put_le16(rig_used_event(&rig), 0x7000);
    assert_int_equal(offer(1), 1);
    assert_int_equal(use_all(), 1);
    take_back();
    yoke_vq_quiet(&rig.driver.vq);
    yoke_vq_arm(&rig.driver.vq);
    assert_int_equal(yoke_le16(rig_used_event(&rig)), 0x7000);
}

static void the_device_silences_and_wakes_the_driver_with_flags(void **state)
{
    (void)state;
    yoke_vq_quiet(&rig.device.vq);
    assert_int_equal(offer(1), 0);
    assert_true(yoke_vq_arm(&rig.device.vq)); // That one waits.
    use_all();
    assert_false(yoke_vq_arm(&rig.device.vq));
    assert_int_equal(offer(1), 1);
    assert_int_equal(offer(1), 1); // It stays armed until it is quiet.
}

static void the_driver_silences_and_wakes_the_device_with_flags(void **state)
{
    (void)state;
    yoke_vq_quiet(&rig.driver.vq);
    offer(1);
    assert_int_equal(use_all(), 0);
    assert_true(yoke_vq_arm(&rig.driver.vq));
    take_back();
    assert_false(yoke_vq_arm(&rig.driver.vq));
    offer(1);
    assert_int_equal(use_all(), 1);
}

// -------------------------------------------------------------------------------------- EVENT_IDX

static void with_event_idx_the_flags_do_not_matter_and_stay_0(void **state)
{
    (void)state;
    yoke_put_le16(rig_used(&rig), 1);
    yoke_put_le16(rig_avail(&rig), 1);
    assert_int_equal(offer(1), 1);
    assert_int_equal(use_all(), 1);
    yoke_put_le16(rig_used(&rig), 0);
    yoke_put_le16(rig_avail(&rig), 0);
    yoke_vq_quiet(&rig.driver.vq);
    yoke_vq_quiet(&rig.device.vq);
    yoke_vq_arm(&rig.driver.vq);
    yoke_vq_arm(&rig.device.vq);
    assert_int_equal(yoke_le16(rig_used(&rig)), 0);
    assert_int_equal(yoke_le16(rig_avail(&rig)), 0);
}

/// The standard's example: with an event of 0 the first element rings, and then the 65537th.
static void an_event_of_0_rings_for_the_first_element_and_again_after_65536(void **state)
{
    unsigned driver_rang = 0, device_rang = 0;

    (void)state;
    for (uint32_t i = 1; i <= 65537; i++) {
        driver_rang += offer(1);
        device_rang += use_all();
        take_back();
        assert_int_equal(driver_rang, i == 65537 ? 2 : 1);
        assert_int_equal(device_rang, driver_rang);
    }
}

/// Whether writing elements old .. new - 1 has to ring: whether the entry with index `event` is
/// among them (2.7.7), counted one by one.
static bool must_ring(uint16_t old, unsigned count, uint16_t event)
{
    for (unsigned i = 0; i < count; i++) {
        if ((uint16_t)(old + i) == event) {
            return true;
        }
    }
    return false;
}

static void the_doorbell_rings_exactly_when_the_event_is_passed(void **state)
{
    static const uint16_t starts[] = {0, 1, 1000, 32760, 32767, 32768, 65520, 65530, 65535};

    (void)state;
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
        for (unsigned count = 1; count <= NUM; count++) {
            for (int distance = -20; distance <= 20; distance++) {
                const uint16_t event = (uint16_t)(starts[s] + distance);
                rig_age(&rig, starts[s]);
                yoke_put_le16(rig_avail_event(&rig), event);
                assert_int_equal(offer(count), must_ring(starts[s], count, event));
                yoke_put_le16(rig_used_event(&rig), event);
                assert_int_equal(use_all(), must_ring(starts[s], count, event));
                take_back();
            }
        }
    }
}

static void every_event_value_is_right_for_a_full_ring(void **state)
{
    (void)state;
    for (uint32_t event = 0; event <= 65535; event++) {
        rig_age(&rig, 65530);
        yoke_put_le16(rig_avail_event(&rig), (uint16_t)event);
        assert_int_equal(offer(NUM), must_ring(65530, NUM, (uint16_t)event));
        yoke_put_le16(rig_used_event(&rig), (uint16_t)event);
        assert_int_equal(use_all(), must_ring(65530, NUM, (uint16_t)event));
        take_back();
    }
}

static void an_armed_side_gets_one_doorbell_for_each_time_that_it_armed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 70000; i++) {
        assert_false(yoke_vq_arm(&rig.device.vq));
        assert_false(yoke_vq_arm(&rig.driver.vq));
        assert_int_equal(offer(1), 1);
        assert_int_equal(offer(1), 0);
        assert_true(yoke_vq_arm(&rig.device.vq));
        assert_int_equal(use_all(), 1);
        assert_true(yoke_vq_arm(&rig.driver.vq));
        take_back();
    }
}

static void a_quiet_side_gets_no_doorbell_for_65535_elements(void **state)
{
    unsigned rang = 0;

    (void)state;
    yoke_vq_quiet(&rig.device.vq);
    yoke_vq_quiet(&rig.driver.vq);
    for (uint32_t i = 0; i < 65535; i++) {
        rang += offer(1);
        rang += use_all();
        take_back();
    }
    assert_int_equal(rang, 0);
    // A quiet side that says so again now and then hears nothing at all.
    for (uint32_t i = 0; i < 70000; i++) {
        if (i % 1000 == 0) {
            yoke_vq_quiet(&rig.device.vq);
            yoke_vq_quiet(&rig.driver.vq);
        }
        rang += offer(1);
        rang += use_all();
        take_back();
    }
    assert_int_equal(rang, 0);
}

static void arming_after_being_quiet_is_heard_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        yoke_vq_quiet(&rig.device.vq);
        yoke_vq_quiet(&rig.driver.vq);
        assert_int_equal(offer(1), 0);
        assert_int_equal(use_all(), 0);
        take_back();
        assert_false(yoke_vq_arm(&rig.device.vq));
        assert_false(yoke_vq_arm(&rig.driver.vq));
        assert_int_equal(offer(1), 1);
        assert_int_equal(use_all(), 1);
        take_back();
    }
}

static void arming_twice_without_traffic_stores_nothing(void **state)
{
    (void)state;
    assert_false(yoke_vq_arm(&rig.device.vq));
    yoke_put_le16(rig_avail_event(&rig), 0x4321);
    assert_false(yoke_vq_arm(&rig.device.vq));
    assert_int_equal(yoke_le16(rig_avail_event(&rig)), 0x4321);
}

#define FLAGS(name) cmocka_unit_test_setup_teardown(name, open_flags, tear_down)
#define EVENT(name) cmocka_unit_test_setup_teardown(name, open_event_idx, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLAGS(a_new_ring_asks_for_doorbells_both_ways),
        FLAGS(flags_of_1_silence_the_peer_and_0_do_not),
        FLAGS(only_the_lowest_flag_silences),
        FLAGS(without_event_idx_the_event_fields_do_not_matter),
        FLAGS(the_device_silences_and_wakes_the_driver_with_flags),
        FLAGS(the_driver_silences_and_wakes_the_device_with_flags),
        EVENT(a_new_ring_asks_for_doorbells_both_ways),
        EVENT(with_event_idx_the_flags_do_not_matter_and_stay_0),
        EVENT(an_event_of_0_rings_for_the_first_element_and_again_after_65536),
        EVENT(the_doorbell_rings_exactly_when_the_event_is_passed),
        EVENT(every_event_value_is_right_for_a_full_ring),
        EVENT(an_armed_side_gets_one_doorbell_for_each_time_that_it_armed),
        EVENT(a_quiet_side_gets_no_doorbell_for_65535_elements),
        EVENT(arming_after_being_quiet_is_heard_at_once),
        EVENT(arming_twice_without_traffic_stores_nothing),
    };
    return cmocka_run_group_tests_name("ring_notify", tests, NULL, NULL);
}
