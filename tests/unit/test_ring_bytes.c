// SPDX-License-Identifier: BSD-3-Clause
// What a ring of four descriptors holds, byte by byte, after each step of 2.7.13 and 2.7.14 of
// VIRTIO 1.3. The vectors are written from the structures of 2.7.5, 2.7.6 and 2.7.8. They are the
// same for VERSION_1 and for a little-endian legacy driver.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

// Offsets: descriptors 0..64, available ring 64..78, padding, used ring 80..118.
#define RING 118

static struct ring_rig rig;
static uint8_t expected[RING];

static int open_legacy(void **state)
{
    (void)state;
    rig_open(&rig, 4, 16, 0);
    memset(expected, 0, sizeof expected);
    return 0;
}

static int open_version_1(void **state)
{
    (void)state;
    rig_open(&rig, 4, 16, YOKE_F_VERSION_1);
    memset(expected, 0, sizeof expected);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void expect(size_t offset, const char *bytes, size_t count)
{
    memcpy(expected + offset, bytes, count);
}

#define EXPECT(offset, bytes) expect(offset, bytes, sizeof(bytes) - 1)

static void assert_ring(void)
{
    assert_int_equal(rig.ring_bytes, RING);
    assert_memory_equal(rig.ring, expected, RING);
}

static void a_new_ring_is_all_zero(void **state)
{
    (void)state;
    assert_ring();
}

static void an_offer_fills_a_descriptor_and_an_element_and_publishing_the_index(void **state)
{
    const yoke_ticket ticket = yoke_vq_driver_take(&rig.driver);

    (void)state;
    assert_ring();
    assert_int_equal(yoke_ticket_index(ticket), 0);
    assert_int_equal(
        yoke_vq_driver_offer(&rig.driver, ticket, UINT64_C(0x1122334455667788), 0x99aabbcc, true),
        YOKE_OK);
    //        addr, le64                      | len, le32      | flags: WRITE | next
    EXPECT(0, "\x88\x77\x66\x55\x44\x33\x22\x11\xcc\xbb\xaa\x99\x02\x00\x00\x00");
    EXPECT(68, "\x00\x00"); // avail.ring[0] = 0, and avail.idx still 0.
    assert_ring();
    yoke_vq_publish(&rig.driver.vq);
    EXPECT(66, "\x01\x00");
    assert_ring();
}

static void a_second_offer_for_reading_goes_behind_the_first(void **state)
{
    (void)state;
    rig_offer(&rig, 0x1000, 0x10, true);
    assert_int_equal(rig_offer(&rig, 0x20304050, 0x201, false), 1);
    EXPECT(0, "\x00\x10\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x02\x00\x00\x00");
    EXPECT(16, "\x50\x40\x30\x20\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x00\x00");
    EXPECT(66, "\x02\x00\x00\x00\x01\x00");
    assert_ring();
}

static void a_chain_links_its_descriptors_reads_first(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {{0x1000, 1}, {0x2000, 2}, {0x3000, 3}};
    uint16_t head = 9;

    (void)state;
    rig_offer(&rig, 0x7000, 7, true);
    assert_int_equal(yoke_vq_driver_offer_chain(&rig.driver, buffers, 2, 1, &head), YOKE_OK);
    assert_int_equal(head, 1);
    EXPECT(0, "\x00\x70\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x02\x00\x00\x00");
    EXPECT(16, "\x00\x10\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x02\x00");
    EXPECT(32, "\x00\x20\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x01\x00\x03\x00");
    EXPECT(48, "\x00\x30\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00");
    EXPECT(66, "\x01\x00\x00\x00\x01\x00"); // The chain is put, not shown.
    assert_ring();
    yoke_vq_publish(&rig.driver.vq);
    EXPECT(66, "\x02\x00");
    assert_ring();
}

static void using_fills_an_element_and_publishing_the_index(void **state)
{
    struct yoke_chain chain;

    (void)state;
    rig_offer(&rig, RIG_LOW, 0x200, true);
    rig_offer(&rig, RIG_LOW, 0x200, true);
    rig_pop(&rig);
    chain = rig_pop(&rig);
    memcpy(expected, rig.ring, RING);
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0x123), YOKE_OK);
    //         flags     | idx     | id: 1           | len
    EXPECT(80, "\x00\x00\x00\x00\x01\x00\x00\x00\x23\x01\x00\x00");
    assert_ring();
    yoke_vq_publish(&rig.device.vq);
    EXPECT(82, "\x01\x00");
    assert_ring();
}

static void elements_start_anew_behind_the_last(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        yoke_ticket ticket;
        uint32_t size;
        rig_offer(&rig, 0x100 * (i + 1), i, false);
        assert_int_equal(yoke_vq_device_push(&rig.device, rig_pop(&rig).ticket, 0), YOKE_OK);
        yoke_vq_publish(&rig.device.vq);
        assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 1);
        if (i < 3) { // Held, so that the next offer has another descriptor.
            continue;
        }
        assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    }
    EXPECT(0, "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    EXPECT(16, "\x00\x02\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00");
    EXPECT(32, "\x00\x03\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00");
    EXPECT(48, "\x00\x05\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00");
    EXPECT(64, "\x00\x00\x05\x00\x03\x00\x01\x00\x02\x00\x03\x00");
    EXPECT(80, "\x00\x00\x05\x00\x03\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00");
    EXPECT(100, "\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00");
    assert_ring();
}

static void quiet_and_arm_are_one_bit_of_flags(void **state)
{
    (void)state;
    yoke_vq_quiet(&rig.driver.vq);
    EXPECT(64, "\x01\x00"); // avail.flags: VIRTQ_AVAIL_F_NO_INTERRUPT.
    assert_ring();
    yoke_vq_quiet(&rig.device.vq);
    EXPECT(80, "\x01\x00"); // used.flags: VIRTQ_USED_F_NO_NOTIFY.
    assert_ring();
    yoke_vq_arm(&rig.driver.vq);
    EXPECT(64, "\x00\x00");
    assert_ring();
    yoke_vq_arm(&rig.device.vq);
    EXPECT(80, "\x00\x00");
    assert_ring();
}

static void with_event_idx_flags_stay_0_and_the_event_fields_move(void **state)
{
    struct yoke_chain chain;
    yoke_ticket ticket;
    uint32_t size;

    const uint64_t features = rig.driver_config.features | YOKE_F_RING_EVENT_IDX;

    (void)state;
    rig_close(&rig);
    rig_open(&rig, 4, 16, features);
    yoke_vq_quiet(&rig.driver.vq);
    yoke_vq_quiet(&rig.device.vq);
    EXPECT(76, "\xff\xff");  // used_event: the entry before the next.
    EXPECT(116, "\xff\xff"); // avail_event.
    assert_ring();
    rig_offer(&rig, 0x1000, 0x10, true);
    chain = rig_pop(&rig);
    yoke_vq_arm(&rig.device.vq);
    EXPECT(0, "\x00\x10\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x02\x00\x00\x00");
    EXPECT(66, "\x01\x00");
    EXPECT(116, "\x01\x00"); // A doorbell for the second entry, please: that of index 1.
    assert_ring();
    yoke_vq_device_push(&rig.device, chain.ticket, 3);
    yoke_vq_publish(&rig.device.vq);
    assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 1);
    yoke_vq_arm(&rig.driver.vq);
    EXPECT(82, "\x01\x00\x00\x00\x00\x00\x03\x00\x00\x00");
    EXPECT(76, "\x01\x00");
    assert_ring();
}

#define BOTH(test)                                                                                 \
    {#test " (legacy)", test, open_legacy, close_rig, NULL},                                       \
    {                                                                                              \
#test " (VERSION_1)", test, open_version_1, close_rig, NULL                                \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_new_ring_is_all_zero),
        BOTH(an_offer_fills_a_descriptor_and_an_element_and_publishing_the_index),
        BOTH(a_second_offer_for_reading_goes_behind_the_first),
        BOTH(a_chain_links_its_descriptors_reads_first),
        BOTH(using_fills_an_element_and_publishing_the_index),
        BOTH(elements_start_anew_behind_the_last),
        BOTH(quiet_and_arm_are_one_bit_of_flags),
        BOTH(with_event_idx_flags_stay_0_and_the_event_fields_move),
    };
    return cmocka_run_group_tests_name("ring_bytes", tests, NULL, NULL);
}
