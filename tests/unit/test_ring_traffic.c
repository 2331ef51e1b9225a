// SPDX-License-Identifier: BSD-3-Clause
// Honest traffic: all sizes, across every wrap, in batches, with chains held and out of order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

static struct ring_rig rig;

/// A small generator with a fixed seed: the same traffic in each run.
static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

static void seed(void)
{
    random_state = 0x59034b1d;
    printf("seed 0x%08x\n", random_state);
}

/// Fills the queue, empties it on the device's side, and again on the driver's. Each buffer carries
/// its number as its size and comes back with it as what was written.
static void pass_full_queue(uint32_t num)
{
    struct yoke_chain chain;
    struct yoke_vq_part part;
    yoke_ticket ticket;
    uint32_t size;

    for (uint32_t i = 0; i < num; i++) {
        ticket = yoke_vq_driver_take(&rig.driver);
        assert_int_not_equal(ticket, YOKE_NO_TICKET);
        assert_int_equal(yoke_vq_driver_offer(&rig.driver, ticket, RIG_LOW, i % RIG_WINDOW, true),
                         YOKE_OK);
    }
    assert_int_equal(yoke_vq_driver_take(&rig.driver), YOKE_NO_TICKET);
    yoke_vq_publish(&rig.driver.vq);
    for (uint32_t i = 0; i < num; i++) {
        chain = rig_pop(&rig);
        assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
        assert_int_equal(part.size, i % RIG_WINDOW);
        assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, part.size), YOKE_OK);
    }
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 0);
    yoke_vq_publish(&rig.device.vq);
    for (uint32_t i = 0; i < num; i++) {
        assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 1);
        assert_int_equal(size, i % RIG_WINDOW);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    }
    assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 0);
}

static void rings_of_every_size_carry_full_queues(void **state)
{
    static const uint32_t aligns[] = {4, 16, 64, 4096, 65536};

    (void)state;
    for (uint32_t num = 2; num <= YOKE_RING_MAX; num *= 2) {
        for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
            rig_open(&rig, num, aligns[i], i % 2 == 0 ? 0 : YOKE_F_RING_EVENT_IDX);
            for (unsigned round = 0; round < 3; round++) { // 3 * 32768 wraps the 16 bits, too.
                pass_full_queue(num);
            }
            rig_close(&rig);
        }
    }
}

/// Sends and returns at random, holding back up to `num` chains, which go back in any order.
static void mix(uint32_t elements)
{
    struct {
        yoke_ticket ticket;
        uint32_t size;
    } held[64];
    const uint32_t num = rig.driver_config.num;
    static uint32_t expected[64]; // by descriptor: the size that it was offered with, or 0
    uint32_t held_count = 0, sent = 0, done = 0;

    memset(expected, 0, sizeof expected);
    while (done < elements) {
        for (uint32_t batch = random_below(num + 1); batch != 0 && sent < elements; batch--) {
            const yoke_ticket ticket = yoke_vq_driver_take(&rig.driver);
            const uint32_t size = 1 + random_below(RIG_WINDOW - 1);
            if (ticket == YOKE_NO_TICKET) {
                break;
            }
            assert_int_equal(expected[yoke_ticket_index(ticket)], 0);
            expected[yoke_ticket_index(ticket)] = size;
            assert_int_equal(yoke_vq_driver_offer(&rig.driver, ticket, RIG_HIGH, size, true),
                             YOKE_OK);
            sent++;
        }
        yoke_vq_publish(&rig.driver.vq);

        struct yoke_chain chain;
        int got;
        while ((got = yoke_vq_device_pop(&rig.device, &chain)) == 1) {
            struct yoke_vq_part part;
            assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
            held[held_count].ticket = chain.ticket;
            held[held_count].size = part.size;
            held_count++;
        }
        assert_int_equal(got, 0);
        for (uint32_t batch = random_below(held_count + 1); batch != 0; batch--) {
            const uint32_t which = random_below(held_count);
            assert_int_equal(yoke_vq_device_push(&rig.device, held[which].ticket, held[which].size),
                             YOKE_OK);
            held[which] = held[--held_count];
        }
        yoke_vq_publish(&rig.device.vq);

        yoke_ticket ticket;
        uint32_t size;
        while ((got = yoke_vq_driver_used(&rig.driver, &ticket, &size)) == 1) {
            assert_int_equal(size, expected[yoke_ticket_index(ticket)]);
            expected[yoke_ticket_index(ticket)] = 0;
            assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
            done++;
        }
        assert_int_equal(got, 0);
    }
    assert_int_equal(held_count, 0);
}

static void held_chains_go_back_in_any_order_across_65536(void **state)
{
    (void)state;
    seed();
    for (uint32_t num = 2; num <= 64; num *= 2) {
        rig_open(&rig, num, 16, 0);
        mix(70000);
        assert_int_equal(yoke_le16(rig_avail(&rig) + 2), 70000 - 65536);
        assert_int_equal(yoke_le16(rig_used(&rig) + 2), 70000 - 65536);
        rig_close(&rig);
    }
}

static void private_counters_wrap_at_32_bits(void **state)
{
    (void)state;
    seed();
    for (uint32_t num = 2; num <= 64; num *= 2) {
        for (uint32_t before = 0; before < 4; before++) {
            rig_open(&rig, num, 16, before % 2 == 0 ? 0 : YOKE_F_RING_EVENT_IDX);
            rig_age(&rig, UINT32_MAX - before * 17);
            mix(500);
            assert_true(rig.driver.vq.next < 1000); // It did wrap.
            assert_int_equal(yoke_le16(rig_avail(&rig) + 2), (uint16_t)(499 - before * 17));
            rig_close(&rig);
        }
    }
}

static void a_full_queue_at_the_wrap_is_full_and_not_empty(void **state)
{
    static const uint32_t ages[] = {65535,          65536,       65536 - 4, UINT32_MAX,
                                    UINT32_MAX - 3, 0x7fffffffu, 32768,     32767};

    (void)state;
    for (uint32_t num = 4; num <= YOKE_RING_MAX; num *= 8192) {
        for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
            rig_open(&rig, num, 16, 0);
            rig_age(&rig, ages[i]);
            pass_full_queue(num);
            pass_full_queue(num);
            rig_close(&rig);
        }
    }
}

static void a_batch_is_one_index_and_at_most_one_doorbell(void **state)
{
    struct yoke_chain chain;

    (void)state;
    for (unsigned event_idx = 0; event_idx <= 1; event_idx++) {
        rig_open(&rig, 64, 16, event_idx != 0 ? YOKE_F_RING_EVENT_IDX : 0);
        for (unsigned i = 0; i < 64; i++) {
            assert_int_equal(yoke_vq_driver_offer(&rig.driver, yoke_vq_driver_take(&rig.driver),
                                                  RIG_LOW, 4, true),
                             YOKE_OK);
            assert_int_equal(yoke_le16(rig_avail(&rig) + 2), 0);
            assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 0);
        }
        assert_int_equal(rig.driver_rang, 0);
        yoke_vq_publish(&rig.driver.vq);
        assert_int_equal(yoke_le16(rig_avail(&rig) + 2), 64);
        assert_int_equal(rig.driver_rang, 1);
        yoke_vq_publish(&rig.driver.vq); // Nothing new: nothing happens.
        assert_int_equal(rig.driver_rang, 1);

        for (unsigned i = 0; i < 64; i++) {
            chain = rig_pop(&rig);
            assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
            assert_int_equal(yoke_le16(rig_used(&rig) + 2), 0);
        }
        assert_int_equal(rig.device_rang, 0);
        yoke_vq_publish(&rig.device.vq);
        assert_int_equal(yoke_le16(rig_used(&rig) + 2), 64);
        assert_int_equal(rig.device_rang, 1);
        yoke_vq_publish(&rig.device.vq);
        assert_int_equal(rig.device_rang, 1);
        rig_close(&rig);
    }
}

static void publishing_nothing_writes_nothing(void **state)
{
    (void)state;
    rig_open(&rig, 4, 16, 0);
    memset(rig.ring, 0x5c, rig.ring_bytes);
    yoke_vq_publish(&rig.driver.vq);
    yoke_vq_publish(&rig.device.vq);
    for (size_t i = 0; i < rig.ring_bytes; i++) {
        assert_int_equal(rig.ring[i], 0x5c);
    }
    assert_int_equal(rig.driver_rang + rig.device_rang, 0);
    rig_close(&rig);
}

/// What was known to wait is taken without another look at the index that the peer writes.
static void a_batch_is_taken_with_one_look_at_the_index(void **state)
{
    struct yoke_chain chain;

    (void)state;
    rig_open(&rig, 4, 16, 0);
    for (unsigned i = 0; i < 3; i++) {
        rig_offer(&rig, RIG_LOW, 4, true);
    }
    rig_pop(&rig);
    yoke_put_le16(rig_avail(&rig) + 2, 999);
    rig_pop(&rig);
    rig_pop(&rig);
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), YOKE_DOWN);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_of_every_size_carry_full_queues),
        cmocka_unit_test(held_chains_go_back_in_any_order_across_65536),
        cmocka_unit_test(private_counters_wrap_at_32_bits),
        cmocka_unit_test(a_full_queue_at_the_wrap_is_full_and_not_empty),
        cmocka_unit_test(a_batch_is_one_index_and_at_most_one_doorbell),
        cmocka_unit_test(publishing_nothing_writes_nothing),
        cmocka_unit_test(a_batch_is_taken_with_one_look_at_the_index),
    };
    return cmocka_run_group_tests_name("ring_traffic", tests, NULL, NULL);
}
