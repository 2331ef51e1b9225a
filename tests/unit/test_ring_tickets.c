// SPDX-License-Identifier: BSD-3-Clause
// Tickets: only the one that was handed out last for a descriptor is taken, and only once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

#define NUM 8

static struct ring_rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, NUM, 16, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

/// Hands a ticket to everything on its side that takes one. Nothing may change.
static void driver_refuses(yoke_ticket ticket)
{
    struct yoke_vq_slot slots[NUM];
    const struct yoke_vq_driver driver = rig.driver;
    uint8_t ring[512];

    memcpy(slots, rig.slots, sizeof slots);
    memcpy(ring, rig.ring, rig.ring_bytes);
    assert_int_equal(yoke_vq_driver_offer(&rig.driver, ticket, RIG_LOW, 1, true), YOKE_INVALID);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_INVALID);
    assert_memory_equal(&driver, &rig.driver, sizeof driver);
    assert_memory_equal(slots, rig.slots, sizeof slots);
    assert_memory_equal(ring, rig.ring, rig.ring_bytes);
}

static void device_refuses(yoke_ticket ticket)
{
    uint16_t owned[NUM];
    const struct yoke_vq_device device = rig.device;
    uint8_t ring[512];

    memcpy(owned, rig.owned, sizeof owned);
    memcpy(ring, rig.ring, rig.ring_bytes);
    assert_int_equal(yoke_vq_device_push(&rig.device, ticket, 1), YOKE_INVALID);
    assert_int_equal(yoke_vq_device_unpop(&rig.device, ticket), YOKE_INVALID);
    assert_memory_equal(&device, &rig.device, sizeof device);
    assert_memory_equal(owned, rig.owned, sizeof owned);
    assert_memory_equal(ring, rig.ring, rig.ring_bytes);
}

/// Lets one element through the queue and gives its descriptor back.
static void pass_one(void)
{
    yoke_ticket ticket;
    uint32_t size;

    rig_offer(&rig, RIG_LOW, 1, true);
    assert_int_equal(yoke_vq_device_push(&rig.device, rig_pop(&rig).ticket, 1), YOKE_OK);
    yoke_vq_publish(&rig.device.vq);
    assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 1);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
}

static void a_ticket_is_taken_once_by_the_driver(void **state)
{
    const yoke_ticket offered = yoke_vq_driver_take(&rig.driver);
    const yoke_ticket given = yoke_vq_driver_take(&rig.driver);

    (void)state;
    assert_int_equal(yoke_vq_driver_offer(&rig.driver, offered, RIG_LOW, 1, true), YOKE_OK);
    driver_refuses(offered);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, given), YOKE_OK);
    driver_refuses(given);
}

static void a_ticket_is_taken_once_by_the_device(void **state)
{
    struct yoke_chain chain;

    (void)state;
    rig_offer(&rig, RIG_LOW, 1, true);
    chain = rig_pop(&rig);
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 1), YOKE_OK);
    device_refuses(chain.ticket);
}

static void a_stale_ticket_does_not_fit_after_the_descriptor_came_back(void **state)
{
    const yoke_ticket old = yoke_vq_driver_take(&rig.driver);
    yoke_ticket fresh;
    struct yoke_chain old_chain, chain;
    uint32_t size;

    (void)state;
    assert_int_equal(yoke_vq_driver_offer(&rig.driver, old, RIG_LOW, 1, true), YOKE_OK);
    yoke_vq_publish(&rig.driver.vq);
    old_chain = rig_pop(&rig);
    assert_int_equal(yoke_vq_device_push(&rig.device, old_chain.ticket, 1), YOKE_OK);
    yoke_vq_publish(&rig.device.vq);
    assert_int_equal(yoke_vq_driver_used(&rig.driver, &fresh, &size), 1);
    assert_int_equal(yoke_ticket_index(fresh), yoke_ticket_index(old));
    assert_int_not_equal(fresh, old);
    driver_refuses(old);

    assert_int_equal(yoke_vq_driver_offer(&rig.driver, fresh, RIG_LOW, 1, true), YOKE_OK);
    yoke_vq_publish(&rig.driver.vq);
    chain = rig_pop(&rig);
    assert_int_equal(yoke_ticket_index(chain.ticket), yoke_ticket_index(old_chain.ticket));
    device_refuses(old_chain.ticket);
    driver_refuses(fresh);
    driver_refuses(old);
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 1), YOKE_OK);
}

static void a_made_up_ticket_is_refused(void **state)
{
    const yoke_ticket held = yoke_vq_driver_take(&rig.driver);
    struct yoke_chain chain;

    (void)state;
    rig_offer(&rig, RIG_LOW, 1, true); // One that the device has and one that both have seen.
    rig_offer(&rig, RIG_LOW, 1, true);
    chain = rig_pop(&rig);
    for (uint32_t index = 0; index < 2 * NUM; index++) {
        for (uint32_t stamp = 0; stamp <= 65535; stamp++) {
            const yoke_ticket ticket = stamp << 16 | index;
            // The whole loop with all comparisons takes too long: compare around small stamps.
            if (stamp < 32 || stamp % 4096 < 4 || stamp > 65500) {
                if (ticket != held) {
                    driver_refuses(ticket);
                }
                if (ticket != chain.ticket) {
                    device_refuses(ticket);
                }
            } else if (ticket != held && ticket != chain.ticket) {
                assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_INVALID);
                assert_int_equal(yoke_vq_device_push(&rig.device, ticket, 0), YOKE_INVALID);
            }
        }
    }
    driver_refuses(YOKE_NO_TICKET);
    device_refuses(YOKE_NO_TICKET);
    driver_refuses(held | 0x8000u);
    device_refuses(chain.ticket | 0x8000u);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, held), YOKE_OK);
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
}

static void a_ticket_with_another_descriptors_index_is_refused(void **state)
{
    const yoke_ticket a = yoke_vq_driver_take(&rig.driver);
    const yoke_ticket b = yoke_vq_driver_take(&rig.driver);
    struct yoke_chain c, d;

    (void)state;
    driver_refuses((a & 0xffff0000u) | yoke_ticket_index(b));
    driver_refuses((b & 0xffff0000u) | yoke_ticket_index(a));
    rig_offer(&rig, RIG_LOW, 1, true);
    rig_offer(&rig, RIG_LOW, 1, true);
    c = rig_pop(&rig);
    d = rig_pop(&rig);
    device_refuses((c.ticket & 0xffff0000u) | yoke_ticket_index(d.ticket));
    device_refuses((d.ticket & 0xffff0000u) | yoke_ticket_index(c.ticket));
}

static void a_ticket_from_before_a_restart_is_refused_after_it(void **state)
{
    (void)state;
    for (unsigned passed = 0; passed < 3; passed++) {
        const yoke_ticket held = yoke_vq_driver_take(&rig.driver);
        struct yoke_chain chain;
        rig_offer(&rig, RIG_LOW, 1, true);
        chain = rig_pop(&rig);
        for (unsigned i = 0; i < passed; i++) {
            pass_one();
        }
        assert_int_equal(yoke_vq_driver_init(&rig.driver, &rig.driver_config, rig.slots), YOKE_OK);
        assert_int_equal(yoke_vq_device_init(&rig.device, &rig.device_config, &rig.mem, rig.owned),
                         YOKE_OK);
        driver_refuses(held);
        device_refuses(chain.ticket);
        // Nor when the same descriptors are out again.
        for (unsigned i = 0; i < NUM; i++) {
            const yoke_ticket fresh = yoke_vq_driver_take(&rig.driver);
            assert_int_not_equal(fresh, held);
            driver_refuses(held);
            assert_int_equal(yoke_vq_driver_offer(&rig.driver, fresh, RIG_LOW, 1, true), YOKE_OK);
            yoke_vq_publish(&rig.driver.vq);
            assert_int_not_equal(rig_pop(&rig).ticket, chain.ticket);
            device_refuses(chain.ticket);
        }
        assert_int_equal(yoke_vq_driver_init(&rig.driver, &rig.driver_config, rig.slots), YOKE_OK);
        assert_int_equal(yoke_vq_device_init(&rig.device, &rig.device_config, &rig.mem, rig.owned),
                         YOKE_OK);
    }
}

static void a_set_up_that_was_refused_leaves_the_tickets_valid(void **state)
{
    const yoke_ticket held = yoke_vq_driver_take(&rig.driver);
    struct yoke_vq_config wrong = rig.driver_config;
    struct yoke_chain chain;

    (void)state;
    wrong.num = 3;
    rig_offer(&rig, RIG_LOW, 1, true);
    chain = rig_pop(&rig);
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &wrong, rig.slots), YOKE_INVALID);
    assert_int_equal(yoke_vq_device_init(&rig.device, &wrong, &rig.mem, rig.owned), YOKE_INVALID);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, held), YOKE_OK);
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
}

static void tickets_are_never_0_and_do_not_repeat_for_32767_turns(void **state)
{
    static uint8_t met[65536];
    const yoke_ticket first = yoke_vq_driver_take(&rig.driver);

    (void)state;
    memset(met, 0, sizeof met);
    met[first >> 16] = 1;
    assert_int_equal(yoke_vq_driver_give(&rig.driver, first), YOKE_OK);
    for (unsigned i = 0; i < 32767; i++) {
        const yoke_ticket ticket = yoke_vq_driver_take(&rig.driver);
        assert_int_not_equal(ticket, YOKE_NO_TICKET);
        assert_int_equal(yoke_ticket_index(ticket), yoke_ticket_index(first));
        assert_int_equal(met[ticket >> 16], 0);
        met[ticket >> 16] = 1;
        assert_int_equal(yoke_vq_driver_give(&rig.driver, first), YOKE_INVALID);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    }
}

// ---------------------------------------------------------------------------------- giving up

static void a_chain_that_was_given_up_is_popped_again_under_a_new_ticket(void **state)
{
    struct yoke_chain first, again;
    struct yoke_vq_part part;
    uint8_t ring[512];

    (void)state;
    rig_offer(&rig, RIG_LOW + 64, 17, true);
    first = rig_pop(&rig);
    assert_int_equal(yoke_chain_next(&rig.device, &first, &part), 1);
    memcpy(ring, rig.ring, rig.ring_bytes);
    assert_int_equal(yoke_vq_device_unpop(&rig.device, first.ticket), YOKE_OK);
    device_refuses(first.ticket);
    yoke_vq_publish(&rig.device.vq);
    assert_memory_equal(ring, rig.ring, rig.ring_bytes); // The driver sees nothing of it.
    assert_int_equal(rig.device_rang, 0);

    again = rig_pop(&rig);
    assert_int_equal(yoke_ticket_index(again.ticket), yoke_ticket_index(first.ticket));
    assert_int_not_equal(again.ticket, first.ticket);
    device_refuses(first.ticket);
    assert_int_equal(yoke_chain_next(&rig.device, &again, &part), 1);
    assert_ptr_equal(part.data, rig.low + 64);
    assert_int_equal(yoke_vq_device_push(&rig.device, again.ticket, 17), YOKE_OK);
    assert_int_equal(yoke_vq_device_pop(&rig.device, &again), 0);
}

static void every_chain_that_was_given_up_comes_again_before_new_ones(void **state)
{
    struct yoke_chain chains[NUM], chain;
    unsigned met = 0;

    (void)state;
    for (unsigned i = 0; i < NUM - 1; i++) {
        rig_offer(&rig, RIG_LOW, 1, true);
        chains[i] = rig_pop(&rig);
    }
    rig_offer(&rig, RIG_LOW, 1, true); // A new one.
    for (unsigned i = NUM - 1; i-- != 1;) {
        assert_int_equal(yoke_vq_device_unpop(&rig.device, chains[i].ticket), YOKE_OK);
    }
    // Used meanwhile, in another order: the ones that were given up stay.
    assert_int_equal(yoke_vq_device_push(&rig.device, chains[0].ticket, 0), YOKE_OK);
    for (unsigned i = 1; i < NUM - 1; i++) {
        chain = rig_pop(&rig);
        assert_int_equal(met & 1u << yoke_ticket_index(chain.ticket), 0);
        met |= 1u << yoke_ticket_index(chain.ticket);
        chains[i] = chain;
    }
    assert_int_equal(met & 1u << yoke_ticket_index(chains[0].ticket), 0);
    chain = rig_pop(&rig);
    assert_int_equal(met & 1u << yoke_ticket_index(chain.ticket), 0);
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
    for (unsigned i = 1; i < NUM - 1; i++) {
        assert_int_equal(yoke_vq_device_push(&rig.device, chains[i].ticket, 0), YOKE_OK);
    }
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_is_taken_once_by_the_driver),
        TEST(a_ticket_is_taken_once_by_the_device),
        TEST(a_stale_ticket_does_not_fit_after_the_descriptor_came_back),
        TEST(a_made_up_ticket_is_refused),
        TEST(a_ticket_with_another_descriptors_index_is_refused),
        TEST(a_ticket_from_before_a_restart_is_refused_after_it),
        TEST(a_set_up_that_was_refused_leaves_the_tickets_valid),
        TEST(tickets_are_never_0_and_do_not_repeat_for_32767_turns),
        TEST(a_chain_that_was_given_up_is_popped_again_under_a_new_ticket),
        TEST(every_chain_that_was_given_up_comes_again_before_new_ones),
    };
    return cmocka_run_group_tests_name("ring_tickets", tests, NULL, NULL);
}
