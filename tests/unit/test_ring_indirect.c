// SPDX-License-Identifier: BSD-3-Clause
// Indirect tables (VIRTIO 1.3, 2.7.5.3), and the path of messages, which are one buffer each, from
// a driver that does not keep to the rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ring/device.h"
#include "unit/ring_rig.h"

#define NUM 8
#define OUTSIDE UINT64_C(0x40000000)

static struct ring_rig rig;
static struct yoke_vq_part part;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, NUM, 16, YOKE_F_RING_INDIRECT);
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

/// An indirect table of `count` descriptors at the start of the low window, behind descriptor 0.
static void put_table(uint32_t count)
{
    put(0, RIG_LOW, 16 * count, YOKE_DESC_INDIRECT, 0);
}

static void put_in_table(uint32_t index, uint64_t address, uint32_t size, uint16_t flags,
                         uint16_t next)
{
    rig_put_desc(rig.low + 16 * index, address, size, flags, next);
}

// ------------------------------------------------------------------------------- indirect tables

static void an_indirect_table_is_followed_from_its_first_descriptor(void **state)
{
    struct yoke_chain chain;

    (void)state;
    put_table(3);
    put_in_table(0, RIG_HIGH, 1, YOKE_DESC_NEXT, 2);
    put_in_table(2, RIG_HIGH + 8, 2, YOKE_DESC_WRITE, 0);
    chain = rig_offered(&rig, 0);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_ptr_equal(part.data, rig.high);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_ptr_equal(part.data, rig.high + 8);
    assert_true(part.write);
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 0);
}

static void an_indirect_table_may_come_behind_plain_descriptors(void **state)
{
    (void)state;
    put(4, RIG_HIGH, 1, YOKE_DESC_NEXT, 5);
    put(5, RIG_HIGH, 1, YOKE_DESC_NEXT, 0);
    put_table(2);
    put_in_table(0, RIG_HIGH, 1, YOKE_DESC_NEXT, 1);
    put_in_table(1, RIG_HIGH, 1, YOKE_DESC_WRITE, 0);
    rig_good(&rig, 4, 4);
}

static void the_write_flag_of_an_indirect_descriptor_is_ignored(void **state)
{
    (void)state;
    put(0, RIG_LOW, 16, YOKE_DESC_INDIRECT | YOKE_DESC_WRITE, 0);
    put_in_table(0, RIG_HIGH, 1, 0, 0);
    assert_false(rig_good(&rig, 1, 0).write);
}

static void an_indirect_table_as_long_as_the_queue_is_good_and_a_longer_chain_refused(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 2 * NUM; i++) {
        put_in_table(i, RIG_HIGH, 1, YOKE_DESC_NEXT, (uint16_t)(i + 1));
    }
    put_table(2 * NUM);
    rig_refused_after(&rig, NUM, 0);
    put_in_table(NUM - 1, RIG_HIGH, 1, 0, 0);
    rig_good(&rig, NUM, 0);
}

static void a_loop_in_an_indirect_table_ends(void **state)
{
    (void)state;
    put_table(2);
    put_in_table(0, RIG_HIGH, 1, YOKE_DESC_NEXT, 1);
    put_in_table(1, RIG_HIGH, 1, YOKE_DESC_NEXT, 0);
    rig_refused_after(&rig, NUM, 0);
}

static void a_next_beyond_the_indirect_table_is_refused(void **state)
{
    (void)state;
    put_table(2);
    put_in_table(0, RIG_HIGH, 1, YOKE_DESC_NEXT, 2);
    put_in_table(2, RIG_HIGH, 1, 0, 0);
    rig_refused_after(&rig, 1, 0);
}

static void an_indirect_table_that_was_not_negotiated_is_refused(void **state)
{
    (void)state;
    rig_close(&rig);
    rig_open(&rig, NUM, 16, 0);
    put_table(1);
    put_in_table(0, RIG_HIGH, 1, 0, 0);
    rig_refused_after(&rig, 0, 0);
}

static void an_indirect_table_in_an_indirect_table_is_refused(void **state)
{
    (void)state;
    put_table(2);
    put_in_table(0, RIG_LOW + 16, 16, YOKE_DESC_INDIRECT, 0);
    put_in_table(1, RIG_HIGH, 1, 0, 0);
    rig_refused_after(&rig, 0, 0);
}

static void an_indirect_table_that_refers_to_itself_is_refused(void **state)
{
    (void)state;
    put_table(1);
    put_in_table(0, RIG_LOW, 16, YOKE_DESC_INDIRECT, 0);
    rig_refused_after(&rig, 0, 0);
}

static void the_rings_own_table_as_an_indirect_table_is_refused(void **state)
{
    (void)state;
    // The ring itself may lie inside a window, so a descriptor can name the table that it is in.
    rig.windows[1] = (struct yoke_window){RIG_HIGH, rig.ring_bytes, rig.ring};
    put(0, RIG_HIGH, 16 * NUM, YOKE_DESC_INDIRECT, 0);
    rig_refused_after(&rig, 0, 0);
    put(0, RIG_HIGH + 16, 16, YOKE_DESC_INDIRECT, 0);
    put(1, RIG_HIGH, 16 * NUM, YOKE_DESC_INDIRECT, 0);
    rig_refused_after(&rig, 0, 0);
}

static void an_indirect_descriptor_with_a_next_is_refused(void **state)
{
    (void)state;
    put(0, RIG_LOW, 16, YOKE_DESC_INDIRECT | YOKE_DESC_NEXT, 1);
    put(1, RIG_HIGH, 1, 0, 0);
    put_in_table(0, RIG_HIGH, 1, 0, 0);
    rig_refused_after(&rig, 0, 0);
}

static void an_indirect_table_of_a_broken_size_is_refused(void **state)
{
    static const uint32_t wrong[] = {0, 1, 8, 15, 17, 31, RIG_WINDOW - 1, UINT32_MAX, 0xfffffff0};

    (void)state;
    put_in_table(0, RIG_HIGH, 1, 0, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put(0, RIG_LOW, wrong[i], YOKE_DESC_INDIRECT, 0);
        rig_refused_after(&rig, 0, 0);
    }
}

static void a_misaligned_indirect_table_is_refused(void **state)
{
    (void)state;
    for (unsigned by = 1; by < _Alignof(struct yoke_vring_desc); by++) {
        rig_put_desc(rig.low + by, RIG_HIGH, 1, 0, 0);
        put(0, RIG_LOW + by, 16, YOKE_DESC_INDIRECT, 0);
        rig_refused_after(&rig, 0, 0);
    }
}

static void an_indirect_table_outside_the_windows_is_refused(void **state)
{
    static const uint64_t wrong[] = {OUTSIDE, RIG_LOW - 16, RIG_LOW + RIG_WINDOW - 16,
                                     RIG_LOW + RIG_WINDOW, UINT64_MAX - 15};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put(0, wrong[i], 32, YOKE_DESC_INDIRECT, 0);
        rig_refused_after(&rig, 0, 0);
    }
}

static void a_buffer_of_an_indirect_table_outside_the_windows_is_refused(void **state)
{
    (void)state;
    put_table(1);
    put_in_table(0, OUTSIDE, 1, 0, 0);
    rig_refused_after(&rig, 0, 0);
}

static void reading_behind_writing_is_refused_across_the_tables_too(void **state)
{
    (void)state;
    put(4, RIG_HIGH, 1, YOKE_DESC_NEXT | YOKE_DESC_WRITE, 0);
    put_table(1);
    put_in_table(0, RIG_HIGH, 1, 0, 0);
    rig_refused_after(&rig, 1, 4);
}

// ------------------------------------------------------------ one buffer: the path of a message

/// What a message's path gets for the chain at `head`, if it wants at least 16 bytes.
static int one_buffer(uint16_t head, bool write)
{
    int taken;

    rig_raw_offer(&rig, head);
    taken = vq_device_take(&rig.device);
    assert_int_equal(taken, head);
    return vq_device_buffer(&rig.device, write, 16, &part, (uint32_t)taken);
}

static void assert_buffer(uint16_t head, bool write, const void *data, uint32_t size)
{
    assert_int_equal(one_buffer(head, write), 1);
    assert_ptr_equal(part.data, data);
    assert_int_equal(part.size, size);
    vq_device_return(&rig.device, head, 0);
}

static void a_message_may_lie_in_any_window_and_in_an_indirect_table(void **state)
{
    (void)state;
    put(1, RIG_LOW + 32, 16, 0, 0);
    assert_buffer(1, false, rig.low + 32, 16);
    put(1, RIG_LOW + 32, 16, YOKE_DESC_WRITE, 0);
    assert_buffer(1, true, rig.low + 32, 16);
    put(1, RIG_HIGH, RIG_WINDOW, 0, 0);
    assert_buffer(1, false, rig.high, RIG_WINDOW);
    put_table(1);
    put_in_table(0, RIG_HIGH + 64, 17, YOKE_DESC_WRITE, 0);
    assert_buffer(0, true, rig.high + 64, 17);
}

static void a_message_that_is_not_one_fitting_buffer_goes_back_empty(void **state)
{
    const uint8_t *element = rig_used(&rig) + 4;
    unsigned used = 0;

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        bool write = false;
        put(1, RIG_LOW, 16, 0, 0);
        put(2, RIG_LOW, 16, 0, 0);
        switch (i) {
        case 0: // too short
            put(1, RIG_LOW, 15, 0, 0);
            break;
        case 1: // not for writing
            write = true;
            break;
        case 2: // not for reading
            put(1, RIG_LOW, 16, YOKE_DESC_WRITE, 0);
            break;
        case 3: // two buffers
            put(1, RIG_LOW, 16, YOKE_DESC_NEXT, 2);
            break;
        case 4: // outside
            put(1, OUTSIDE, 16, 0, 0);
            break;
        case 5: // over the end
            put(1, RIG_LOW + RIG_WINDOW - 15, 16, 0, 0);
            break;
        default: // loop
            put(1, RIG_LOW, 16, YOKE_DESC_NEXT, 1);
            break;
        }
        assert_int_equal(one_buffer(1, write), YOKE_BAD_PEER);
        yoke_vq_publish(&rig.device.vq);
        assert_int_equal(yoke_le16(rig_used(&rig) + 2), ++used);
        assert_int_equal(yoke_le32(element), 1);
        assert_int_equal(yoke_le32(element + 4), 0);
        element += 8;
    }
}

static void
a_chain_that_was_given_up_serves_as_a_message_and_may_then_be_offered_again(void **state)
{
    struct yoke_chain chain;

    (void)state;
    put(3, RIG_LOW, 16, 0, 0);
    chain = rig_offered(&rig, 3);
    assert_int_equal(yoke_vq_device_unpop(&rig.device, chain.ticket), YOKE_OK);
    assert_int_equal(vq_device_take(&rig.device), 3);
    assert_int_equal(vq_device_buffer(&rig.device, false, 16, &part, 3), 1);
    vq_device_return(&rig.device, 3, 0);
    assert_buffer(3, false, rig.low, 16);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_indirect_table_is_followed_from_its_first_descriptor),
        TEST(an_indirect_table_may_come_behind_plain_descriptors),
        TEST(the_write_flag_of_an_indirect_descriptor_is_ignored),
        TEST(an_indirect_table_as_long_as_the_queue_is_good_and_a_longer_chain_refused),
        TEST(a_loop_in_an_indirect_table_ends),
        TEST(a_next_beyond_the_indirect_table_is_refused),
        TEST(an_indirect_table_that_was_not_negotiated_is_refused),
        TEST(an_indirect_table_in_an_indirect_table_is_refused),
        TEST(an_indirect_table_that_refers_to_itself_is_refused),
        TEST(the_rings_own_table_as_an_indirect_table_is_refused),
        TEST(an_indirect_descriptor_with_a_next_is_refused),
        TEST(an_indirect_table_of_a_broken_size_is_refused),
        TEST(a_misaligned_indirect_table_is_refused),
        TEST(an_indirect_table_outside_the_windows_is_refused),
        TEST(a_buffer_of_an_indirect_table_outside_the_windows_is_refused),
        TEST(reading_behind_writing_is_refused_across_the_tables_too),
        TEST(a_message_may_lie_in_any_window_and_in_an_indirect_table),
        TEST(a_message_that_is_not_one_fitting_buffer_goes_back_empty),
        TEST(a_chain_that_was_given_up_serves_as_a_message_and_may_then_be_offered_again),
    };
    return cmocka_run_group_tests_name("ring_indirect", tests, NULL, NULL);
}
