// SPDX-License-Identifier: BSD-3-Clause
// The driver's side: chains of several buffers, and a device that does not keep to the rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

#define NUM 8

static struct ring_rig rig;
static yoke_ticket ticket;
static uint32_t size;

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

static int used(void)
{
    return yoke_vq_driver_used(&rig.driver, &ticket, &size);
}

/// Takes all free descriptors and gives them back. Each must be there once.
static unsigned free_descriptors(void)
{
    yoke_ticket tickets[NUM + 1];
    unsigned count = 0, seen = 0;

    while (count <= NUM && (tickets[count] = yoke_vq_driver_take(&rig.driver)) != YOKE_NO_TICKET) {
        const unsigned bit = 1u << yoke_ticket_index(tickets[count]);
        assert_true(yoke_ticket_index(tickets[count]) < NUM);
        assert_int_equal(seen & bit, 0);
        seen |= bit;
        count++;
    }
    for (unsigned i = count; i-- != 0;) {
        assert_int_equal(yoke_vq_driver_give(&rig.driver, tickets[i]), YOKE_OK);
    }
    return count;
}

// --------------------------------------------------------------------------------- hostile device

static void a_used_id_out_of_range_is_skipped(void **state)
{
    static const uint32_t wrong[] = {NUM, NUM + 1, 255, 65535, 65536, 0x80000000, UINT32_MAX};
    const uint16_t head = rig_offer(&rig, RIG_LOW, 64, true);

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_raw_use(&rig, wrong[i], 4);
        assert_int_equal(used(), YOKE_BAD_PEER);
        assert_int_equal(used(), 0);
    }
    rig_raw_use(&rig, head, 4);
    assert_int_equal(used(), 1);
    assert_int_equal(yoke_ticket_index(ticket), head);
}

static void a_used_id_with_the_right_low_half_is_no_id(void **state)
{
    const uint16_t head = rig_offer(&rig, RIG_LOW, 64, true);

    (void)state;
    rig_raw_use(&rig, 0x10000u | head, 4);
    assert_int_equal(used(), YOKE_BAD_PEER);
}

static void a_used_id_that_was_not_offered_is_skipped(void **state)
{
    const yoke_ticket taken = yoke_vq_driver_take(&rig.driver);

    (void)state;
    rig_offer(&rig, RIG_LOW, 64, true);
    rig_raw_use(&rig, yoke_ticket_index(taken), 4); // ours
    assert_int_equal(used(), YOKE_BAD_PEER);
    rig_raw_use(&rig, NUM - 1, 4); // free
    assert_int_equal(used(), YOKE_BAD_PEER);
    assert_int_equal(free_descriptors(), NUM - 2);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, taken), YOKE_OK);
}

static void a_used_id_that_comes_twice_is_taken_once(void **state)
{
    const uint16_t head = rig_offer(&rig, RIG_LOW, 64, true);

    (void)state;
    rig_offer(&rig, RIG_LOW, 64, true);
    rig_raw_use(&rig, head, 4);
    rig_raw_use(&rig, head, 5);
    assert_int_equal(used(), 1);
    assert_int_equal(used(), YOKE_BAD_PEER);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    rig_raw_use(&rig, head, 6);
    assert_int_equal(used(), YOKE_BAD_PEER);
    assert_int_equal(free_descriptors(), NUM - 1);
}

static void the_id_of_a_chains_middle_is_skipped(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {{RIG_LOW, 1}, {RIG_LOW, 2}, {RIG_LOW, 3}};
    uint16_t head;

    (void)state;
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 1, 2, &head), YOKE_OK);
    yoke_vq_publish(&rig.driver.vq);
    for (uint16_t i = 0; i < 3; i++) {
        if (i != head) {
            rig_raw_use(&rig, i, 1);
            assert_int_equal(used(), YOKE_BAD_PEER);
        }
    }
    assert_int_equal(free_descriptors(), NUM - 3);
    rig_raw_use(&rig, head, 1);
    assert_int_equal(used(), 1);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    assert_int_equal(free_descriptors(), NUM);
}

static void a_used_index_beyond_what_was_offered_is_down(void **state)
{
    static const uint16_t wrong[] = {3, NUM, NUM + 1, 32768, 65535};

    (void)state;
    rig_offer(&rig, RIG_LOW, 64, true);
    rig_offer(&rig, RIG_LOW, 64, true);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        yoke_put_le16(rig_used(&rig) + 2, wrong[i]);
        assert_int_equal(used(), YOKE_DOWN);
        assert_true(yoke_vq_arm(&rig.driver.vq)); // "Look again", not "sleep".
    }
    yoke_put_le16(rig_used(&rig) + 2, 0);
    assert_int_equal(used(), 0);
    rig_raw_use(&rig, 1, 0);
    assert_int_equal(used(), 1);
}

static void what_came_back_cannot_come_back_once_more(void **state)
{
    (void)state;
    rig_offer(&rig, RIG_LOW, 64, true);
    rig_offer(&rig, RIG_LOW, 64, true);
    rig_raw_use(&rig, 0, 0);
    assert_int_equal(used(), 1);
    yoke_put_le16(rig_used(&rig) + 2, 3); // Two more, and one is out.
    assert_int_equal(used(), YOKE_DOWN);
}

static void a_used_index_without_any_offer_is_down(void **state)
{
    (void)state;
    yoke_put_le16(rig_used(&rig) + 2, 1);
    assert_int_equal(used(), YOKE_DOWN);
}

static void wrong_elements_do_not_eat_up_the_offers(void **state)
{
    const uint16_t head = rig_offer(&rig, RIG_LOW, 64, true);

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        rig_raw_use(&rig, NUM, 0);
        assert_int_equal(used(), YOKE_BAD_PEER);
    }
    rig_raw_use(&rig, head, 0);
    rig_raw_use(&rig, head, 0);
    assert_int_equal(used(), YOKE_DOWN); // Two, and one was offered.
}

static void more_written_than_there_is_room_counts_as_0(void **state)
{
    static const uint32_t written[] = {0, 1, 63, 64, 65, 65536, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        rig_raw_use(&rig, rig_offer(&rig, RIG_LOW, 64, true), written[i]);
        assert_int_equal(used(), 1);
        assert_int_equal(size, written[i] <= 64 ? written[i] : 0);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    }
}

static void a_buffer_that_the_device_only_reads_has_no_room(void **state)
{
    (void)state;
    rig_raw_use(&rig, rig_offer(&rig, RIG_LOW, 64, false), 1);
    assert_int_equal(used(), 1);
    assert_int_equal(size, 0);
}

static void the_room_of_a_chain_is_that_of_its_written_buffers(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {{RIG_LOW, 100}, {RIG_LOW, 20}, {RIG_LOW, 3}};
    uint16_t head;

    (void)state;
    for (uint32_t written = 22; written <= 24; written++) {
        assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 1, 2, &head), YOKE_OK);
        rig_raw_use(&rig, head, written);
        assert_int_equal(used(), 1);
        assert_int_equal(size, written <= 23 ? written : 0);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    }
}

/// Everything that the driver writes is scribbled over after each step: the free list, the chains
/// and the sizes must not notice.
static void scribbling_over_the_drivers_memory_changes_nothing_for_it(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {{RIG_LOW, 1}, {RIG_LOW, 2}, {RIG_LOW, 3}};

    (void)state;
    for (unsigned round = 0; round < 3 * NUM; round++) {
        uint8_t *const avail = rig_avail(&rig);
        uint16_t chain, single;
        assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 1, 2, &chain), YOKE_OK);
        single = rig_offer(&rig, RIG_LOW, 9, true);
        memset(rig.ring, (int)(0x11 * round), (size_t)(avail - rig.ring)); // desc.next, too
        memset(avail, 0xff, 6 + 2 * NUM);
        assert_int_equal(free_descriptors(), NUM - 4);
        rig_raw_use(&rig, single, 9);
        rig_raw_use(&rig, chain, 5);
        assert_int_equal(used(), 1);
        assert_int_equal(size, 9);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
        assert_int_equal(used(), 1);
        assert_int_equal(size, 5);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
        assert_int_equal(free_descriptors(), NUM);
    }
    // And the index comes from private memory, too.
    yoke_put_le16(rig_avail(&rig) + 2, 0x5555);
    rig_offer(&rig, RIG_LOW, 9, true);
    assert_int_equal(yoke_le16(rig_avail(&rig) + 2), 3 * NUM * 2 + 1);
}

// ------------------------------------------------------------------------------------------ chains

static void a_chain_reaches_the_device_whole_and_giving_it_back_frees_all_of_it(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {
        {RIG_LOW, 1}, {RIG_LOW + 8, 2}, {RIG_HIGH, 3}, {RIG_HIGH + 8, 4}, {RIG_HIGH + 16, 5}};

    (void)state;
    for (uint16_t reads = 0; reads <= 5; reads++) {
        struct yoke_chain chain;
        struct yoke_vq_part part;
        uint16_t head;
        assert_int_equal(
            yoke_vq_driver_offer_chain(&rig.driver, buffers, reads, (uint16_t)(5 - reads), &head),
            YOKE_OK);
        assert_int_equal(free_descriptors(), NUM - 5);
        yoke_vq_publish(&rig.driver.vq);
        chain = rig_pop(&rig);
        assert_int_equal(yoke_ticket_index(chain.ticket), head);
        for (uint16_t i = 0; i < 5; i++) {
            assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
            assert_int_equal(part.size, i + 1);
            assert_int_equal(part.write, i >= reads);
            assert_ptr_equal(part.data, i < 2 ? rig.low + 8 * i : rig.high + 8 * (i - 2));
        }
        assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 0);
        assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
        yoke_vq_publish(&rig.device.vq);
        assert_int_equal(used(), 1);
        assert_int_equal(yoke_ticket_index(ticket), head);
        assert_int_equal(free_descriptors(), NUM - 5);
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
        assert_int_equal(free_descriptors(), NUM);
    }
}

static void a_chain_longer_than_what_is_free_is_for_later_and_changes_nothing(void **state)
{
    static const struct yoke_vq_buffer buffers[NUM + 1];
    uint8_t before[512];
    uint16_t head = 77;

    (void)state;
    rig_offer(&rig, RIG_LOW, 1, false);
    assert_true(rig.ring_bytes <= sizeof before);
    memcpy(before, rig.ring, rig.ring_bytes);
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 3, NUM - 3, &head),
                     YOKE_AGAIN);
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 65535, 65535, &head),
                     YOKE_TOO_LONG);
    yoke_vq_publish(&rig.driver.vq);
    assert_int_equal(head, 77);
    assert_memory_equal(rig.ring, before, rig.ring_bytes);
    assert_int_equal(free_descriptors(), NUM - 1);
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 3, NUM - 4, &head), YOKE_OK);
    assert_int_equal(free_descriptors(), 0);
}

static void a_chain_of_no_buffer_is_refused(void **state)
{
    uint16_t head = 77;

    (void)state;
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, NULL, 0, 0, &head), YOKE_INVALID);
    assert_int_equal(head, 77);
    assert_int_equal(free_descriptors(), NUM);
}

static void a_chain_of_several_that_came_back_cannot_be_offered_as_one_buffer(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {{RIG_LOW, 1}, {RIG_LOW, 2}};
    uint16_t head;

    (void)state;
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 1, 1, &head), YOKE_OK);
    rig_raw_use(&rig, head, 0);
    assert_int_equal(used(), 1);
    assert_int_equal(yoke_vq_driver_offer(&rig.driver, ticket, RIG_LOW, 1, false), YOKE_INVALID);
    assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    assert_int_equal(free_descriptors(), NUM);
}

static void a_chain_of_one_may_be_offered_anew(void **state)
{
    static const struct yoke_vq_buffer buffer = {RIG_LOW, 1};
    uint16_t head;

    (void)state;
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, &buffer, 0, 1, &head), YOKE_OK);
    rig_raw_use(&rig, head, 1);
    assert_int_equal(used(), 1);
    assert_int_equal(size, 1);
    assert_int_equal(yoke_vq_driver_offer(&rig.driver, ticket, RIG_LOW, 1, false), YOKE_OK);
}

static void there_are_as_many_descriptors_as_the_queue_has(void **state)
{
    (void)state;
    assert_int_equal(free_descriptors(), NUM);
    for (unsigned i = 0; i < NUM; i++) {
        rig_offer(&rig, RIG_LOW, 1, false);
    }
    assert_int_equal(yoke_vq_driver_take(&rig.driver), YOKE_NO_TICKET);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_used_id_out_of_range_is_skipped),
        TEST(a_used_id_with_the_right_low_half_is_no_id),
        TEST(a_used_id_that_was_not_offered_is_skipped),
        TEST(a_used_id_that_comes_twice_is_taken_once),
        TEST(the_id_of_a_chains_middle_is_skipped),
        TEST(a_used_index_beyond_what_was_offered_is_down),
        TEST(what_came_back_cannot_come_back_once_more),
        TEST(a_used_index_without_any_offer_is_down),
        TEST(wrong_elements_do_not_eat_up_the_offers),
        TEST(more_written_than_there_is_room_counts_as_0),
        TEST(a_buffer_that_the_device_only_reads_has_no_room),
        TEST(the_room_of_a_chain_is_that_of_its_written_buffers),
        TEST(scribbling_over_the_drivers_memory_changes_nothing_for_it),
        TEST(a_chain_reaches_the_device_whole_and_giving_it_back_frees_all_of_it),
        TEST(a_chain_longer_than_what_is_free_is_for_later_and_changes_nothing),
        TEST(a_chain_of_no_buffer_is_refused),
        TEST(a_chain_of_several_that_came_back_cannot_be_offered_as_one_buffer),
        TEST(a_chain_of_one_may_be_offered_anew),
        TEST(there_are_as_many_descriptors_as_the_queue_has),
    };
    return cmocka_run_group_tests_name("ring_driver", tests, NULL, NULL);
}
