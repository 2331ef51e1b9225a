// SPDX-License-Identifier: BSD-3-Clause
// The device's side against a driver that does not keep to the rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

#define NUM 8
#define OUTSIDE UINT64_C(0x40000000)

static struct ring_rig rig;
static struct yoke_vq_part part;

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

static void put(uint32_t index, uint64_t address, uint32_t size, uint16_t flags, uint16_t next)
{
    rig_put_desc(rig_desc(&rig, index), address, size, flags, next);
}

// ---------------------------------------------------------------------------- the available ring

static void an_index_that_jumps_beyond_the_ring_is_down(void **state)
{
    static const uint16_t wrong[] = {NUM + 1, 100, 32768, 65535};
    struct yoke_chain chain;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        yoke_put_le16(rig_avail(&rig) + 2, wrong[i]);
        assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), YOKE_DOWN);
        assert_true(yoke_vq_arm(&rig.device.vq)); // "Look again", not "sleep".
    }
    // Nothing was taken: once the index makes sense again, so does the queue.
    put(3, RIG_LOW, 4, 0, 0);
    yoke_put_le16(rig_avail(&rig) + 2, 0);
    rig_good(&rig, 1, 3);
}

static void an_index_that_goes_back_is_down(void **state)
{
    struct yoke_chain chain;

    (void)state;
    put(0, RIG_LOW, 4, 0, 0);
    rig_good(&rig, 1, 0);
    rig_good(&rig, 1, 0);
    yoke_put_le16(rig_avail(&rig) + 2, 1);
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), YOKE_DOWN);
}

static void a_full_ring_is_no_jump(void **state)
{
    struct yoke_chain chain;

    (void)state;
    for (uint16_t i = 0; i < NUM; i++) {
        put(i, RIG_LOW, i, 0, 0);
        rig_raw_offer(&rig, i);
    }
    for (uint16_t i = 0; i < NUM; i++) {
        chain = rig_pop(&rig);
        assert_int_equal(yoke_ticket_index(chain.ticket), i);
    }
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 0);
}

static void a_head_out_of_range_is_skipped(void **state)
{
    static const uint16_t wrong[] = {NUM, NUM + 1, 255, 256, 32768, 65535};
    struct yoke_chain chain;

    (void)state;
    put(2, RIG_LOW, 4, 0, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_raw_offer(&rig, wrong[i]);
        rig_raw_offer(&rig, 2);
        assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), YOKE_BAD_PEER);
        chain = rig_pop(&rig);
        assert_int_equal(yoke_ticket_index(chain.ticket), 2);
        assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
    }
}

static void a_head_offered_again_while_it_is_ours_is_refused(void **state)
{
    const struct yoke_chain first = rig_offered(&rig, 5);
    struct yoke_chain second;

    (void)state;
    rig_raw_offer(&rig, 5);
    assert_int_equal(yoke_vq_device_pop(&rig.device, &second), YOKE_BAD_PEER);
    assert_int_equal(yoke_vq_device_push(&rig.device, first.ticket, 0), YOKE_OK);
    assert_int_equal(yoke_vq_device_push(&rig.device, first.ticket, 0), YOKE_INVALID);
    second = rig_offered(&rig, 5);
    assert_int_equal(yoke_vq_device_push(&rig.device, second.ticket, 0), YOKE_OK);
}

static void a_head_offered_again_while_it_is_spare_is_refused(void **state)
{
    struct yoke_chain chain = rig_offered(&rig, 5);

    (void)state;
    assert_int_equal(yoke_vq_device_unpop(&rig.device, chain.ticket), YOKE_OK);
    rig_raw_offer(&rig, 5);
    chain = rig_pop(&rig); // The spare.
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), YOKE_BAD_PEER);
}

// ---------------------------------------------------------------------------------------- chains

static void a_chain_gives_its_buffers_in_order(void **state)
{
    struct yoke_chain chain;

    (void)state;
    put(6, RIG_LOW + 16, 32, YOKE_DESC_NEXT, 1);
    put(1, RIG_HIGH, RIG_WINDOW, YOKE_DESC_NEXT, 4);
    put(4, RIG_LOW + RIG_WINDOW - 1, 1, YOKE_DESC_WRITE, 7);
    chain = rig_offered(&rig, 6);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_ptr_equal(part.data, rig.low + 16);
    assert_int_equal(part.size, 32);
    assert_false(part.write);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_ptr_equal(part.data, rig.high);
    assert_int_equal(part.size, RIG_WINDOW);
    assert_false(part.write);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_ptr_equal(part.data, rig.low + RIG_WINDOW - 1);
    assert_int_equal(part.size, 1);
    assert_true(part.write);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 0);
}

static void a_descriptor_linked_to_itself_ends(void **state)
{
    (void)state;
    put(3, RIG_LOW, 4, YOKE_DESC_NEXT, 3);
    rig_refused_after(&rig, NUM, 3);
}

static void a_loop_of_two_ends(void **state)
{
    (void)state;
    put(0, RIG_LOW, 4, YOKE_DESC_NEXT, 1);
    put(1, RIG_LOW, 4, YOKE_DESC_NEXT, 0);
    rig_refused_after(&rig, NUM, 0);
}

static void a_chain_as_long_as_the_queue_is_good(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < NUM; i++) {
        put(i, RIG_LOW, 4, i < NUM - 1 ? YOKE_DESC_NEXT : 0, (uint16_t)(i + 1));
    }
    rig_good(&rig, NUM, 0);
}

static void a_next_out_of_range_is_refused(void **state)
{
    static const uint16_t wrong[] = {NUM, NUM + 1, 256, 32768, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put(0, RIG_LOW, 4, YOKE_DESC_NEXT, wrong[i]);
        rig_refused_after(&rig, 1, 0);
    }
}

static void a_next_out_of_range_does_not_matter_without_the_flag(void **state)
{
    (void)state;
    put(0, RIG_LOW, 4, 0, 65535);
    rig_good(&rig, 1, 0);
}

static void a_buffer_for_reading_behind_one_for_writing_is_refused(void **state)
{
    (void)state;
    put(0, RIG_LOW, 4, YOKE_DESC_WRITE | YOKE_DESC_NEXT, 1);
    put(1, RIG_LOW, 4, 0, 0);
    rig_refused_after(&rig, 1, 0);
}

static void a_buffer_outside_the_windows_is_refused(void **state)
{
    static const struct {
        uint64_t address;
        uint32_t size;
    } wrong[] = {
        {OUTSIDE, 4},
        {0, 0},
        {RIG_LOW - 1, 1},
        {RIG_LOW - 1, 2},
        {RIG_LOW + RIG_WINDOW, 1},
        {RIG_LOW + RIG_WINDOW - 1, 2},
        {RIG_LOW, RIG_WINDOW + 1},
        {RIG_LOW, UINT32_MAX},
        {RIG_LOW + (RIG_HIGH & ~UINT64_C(0xffffffff)), 4},
        {RIG_HIGH & UINT32_MAX, 4},
        {UINT64_MAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put(0, wrong[i].address, wrong[i].size, 0, 0);
        rig_refused_after(&rig, 0, 0);
        put(0, wrong[i].address, wrong[i].size, YOKE_DESC_WRITE, 0);
        rig_refused_after(&rig, 0, 0);
    }
}

static void an_address_whose_end_overflows_is_refused(void **state)
{
    (void)state;
    put(0, UINT64_MAX, 2, 0, 0);
    rig_refused_after(&rig, 0, 0);
    put(0, UINT64_MAX - 0xfff, UINT32_MAX, 0, 0);
    rig_refused_after(&rig, 0, 0);
    put(0, RIG_LOW + 1, UINT32_MAX, 0, 0);
    rig_refused_after(&rig, 0, 0);
}

static void empty_buffers_are_buffers(void **state)
{
    struct yoke_chain chain;

    (void)state;
    put(0, RIG_LOW, 0, YOKE_DESC_NEXT, 1);
    put(1, RIG_LOW + RIG_WINDOW, 0, YOKE_DESC_WRITE, 0);
    chain = rig_offered(&rig, 0);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_ptr_equal(part.data, rig.low);
    assert_int_equal(part.size, 0);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_int_equal(part.size, 0);
    assert_true(part.write);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_that_jumps_beyond_the_ring_is_down),
        TEST(an_index_that_goes_back_is_down),
        TEST(a_full_ring_is_no_jump),
        TEST(a_head_out_of_range_is_skipped),
        TEST(a_head_offered_again_while_it_is_ours_is_refused),
        TEST(a_head_offered_again_while_it_is_spare_is_refused),
        TEST(a_chain_gives_its_buffers_in_order),
        TEST(a_descriptor_linked_to_itself_ends),
        TEST(a_loop_of_two_ends),
        TEST(a_chain_as_long_as_the_queue_is_good),
        TEST(a_next_out_of_range_is_refused),
        TEST(a_next_out_of_range_does_not_matter_without_the_flag),
        TEST(a_buffer_for_reading_behind_one_for_writing_is_refused),
        TEST(a_buffer_outside_the_windows_is_refused),
        TEST(an_address_whose_end_overflows_is_refused),
        TEST(empty_buffers_are_buffers),
    };
    return cmocka_run_group_tests_name("ring_device", tests, NULL, NULL);
}
