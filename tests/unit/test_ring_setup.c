// SPDX-License-Identifier: BSD-3-Clause
// Where the parts of a ring lie, and which rings are refused (VIRTIO 1.3, 2.7 and 2.7.2).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

static struct ring_rig rig;

/// Each line worked out by hand: 16 * num; + 6 + 2 * num, rounded up; + 6 + 8 * num.
static void parts_lie_where_the_standard_says(void **state)
{
    static const struct {
        uint32_t num, align, avail, used, bytes;
    } rings[] = {
        {2, 4, 32, 44, 66},
        {2, 4096, 32, 4096, 4118},
        {4, 4, 64, 80, 118},
        {4, 16, 64, 80, 118},
        {4, 64, 64, 128, 166},
        {8, 4, 128, 152, 222},
        {16, 16, 256, 304, 438},
        {64, 4096, 1024, 4096, 4614},
        {256, 4096, 4096, 8192, 10246},
        {512, 4096, 8192, 12288, 16390},
        {32768, 4, 524288, 589832, 851982},
        {32768, 4096, 524288, 593920, 856070},
        {32768, 65536, 524288, 655360, 917510},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        assert_int_equal(yoke_vring_avail(rings[i].num), rings[i].avail);
        assert_int_equal(yoke_vring_used(rings[i].num, rings[i].align), rings[i].used);
        assert_int_equal(yoke_vring_bytes(rings[i].num, rings[i].align), rings[i].bytes);
    }
}

static void event_fields_lie_behind_the_last_element(void **state)
{
    (void)state;
    // Without bytes of ring between them: avail 64..78, used_event at 64 + 4 + 8 = 76;
    // used 80..118, avail_event at 80 + 4 + 32 = 116.
    rig_open(&rig, 4, 4, YOKE_F_RING_EVENT_IDX);
    rig_age(&rig, 0x1234);
    rig.driver.vq.armed_at = rig.device.vq.armed_at = 0;
    yoke_vq_arm(&rig.driver.vq);
    assert_int_equal(yoke_le16(rig.ring + 76), 0x1234);
    yoke_put_le16(rig.ring + 76, 0);
    yoke_vq_arm(&rig.device.vq);
    assert_int_equal(yoke_le16(rig.ring + 116), 0x1234);
    assert_int_equal(yoke_le16(rig.ring + 76), 0);
    rig_close(&rig);
}

/// Tries both sides with a changed configuration, on queues that work and must go on working.
static void assert_refused(const struct yoke_vq_config *config)
{
    const struct yoke_vq_driver driver = rig.driver;
    const struct yoke_vq_device device = rig.device;

    assert_int_equal(yoke_vq_driver_init(&rig.driver, config, rig.slots), YOKE_INVALID);
    assert_int_equal(yoke_vq_device_init(&rig.device, config, &rig.mem, rig.owned), YOKE_INVALID);
    assert_memory_equal(&driver, &rig.driver, sizeof driver);
    assert_memory_equal(&device, &rig.device, sizeof device);
}

static void a_number_that_is_no_power_of_two_from_2_to_32768_is_refused(void **state)
{
    static const uint32_t wrong[] = {0,     1,     3,     5,       6,          7,         12,
                                     100,   255,   257,   1000,    32767,      32769,     49152,
                                     65535, 65536, 65537, 1 << 20, 0x80000000, UINT32_MAX};

    (void)state;
    rig_open(&rig, 4, 16, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct yoke_vq_config config = rig.driver_config;
        config.num = wrong[i];
        assert_int_equal(yoke_vring_bytes(wrong[i], 4096), 0);
        assert_refused(&config);
    }
    rig_close(&rig);
}

static void an_alignment_that_is_no_power_of_two_from_4_is_refused(void **state)
{
    static const uint32_t wrong[] = {0,    1,     2,     3,      5,          6,          7,  12,
                                     4095, 65535, 65537, 131072, 0x80000000, UINT32_MAX, 100};

    (void)state;
    rig_open(&rig, 4, 16, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct yoke_vq_config config = rig.driver_config;
        config.align = wrong[i];
        assert_int_equal(yoke_vring_bytes(4, wrong[i]), 0);
        assert_refused(&config);
    }
    rig_close(&rig);
}

static void every_number_from_0_to_65537_is_taken_or_refused_rightly(void **state)
{
    (void)state;
    for (uint32_t num = 0; num <= 65537; num++) {
        bool power = false;
        for (uint32_t good = 2; good <= 32768; good *= 2) {
            power = power || num == good;
        }
        assert_int_equal(yoke_vring_bytes(num, 4096) != 0, power);
    }
}

static void misaligned_memory_is_refused(void **state)
{
    (void)state;
    rig_open(&rig, 4, 16, 0);
    for (size_t by = 1; by < 16; by++) {
        struct yoke_vq_config config = rig.driver_config;
        config.memory = rig.ring + by;
        assert_refused(&config);
    }
    rig_close(&rig);
}

static void missing_pointers_are_refused(void **state)
{
    struct yoke_port mute = {NULL, NULL, NULL, NULL};
    const struct yoke_mem no_windows = {NULL, 0};
    struct yoke_vq_config config;

    (void)state;
    rig_open(&rig, 4, 16, 0);
    config = rig.driver_config;
    config.memory = NULL;
    assert_refused(&config);
    config = rig.driver_config;
    config.port = NULL;
    assert_refused(&config);
    config.port = &mute;
    assert_refused(&config);

    config = rig.driver_config;
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &config, NULL), YOKE_INVALID);
    assert_int_equal(yoke_vq_device_init(&rig.device, &config, NULL, rig.owned), YOKE_INVALID);
    assert_int_equal(yoke_vq_device_init(&rig.device, &config, &rig.mem, NULL), YOKE_INVALID);
    assert_int_equal(yoke_vq_device_init(&rig.device, &config, &no_windows, rig.owned),
                     YOKE_INVALID);
    rig_close(&rig);
}

static void a_big_endian_driver_needs_a_build_that_swaps(void **state)
{
    struct yoke_vq_config config;

    (void)state;
    rig_open(&rig, 4, 16, 0);
    config = rig.device_config;
    config.big_endian = true;
    assert_int_equal(yoke_vq_device_init(&rig.device, &config, &rig.mem, rig.owned),
                     YOKE_UNSUPPORTED);
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &config, rig.slots), YOKE_UNSUPPORTED);
    // With VERSION_1 the ring is little endian, whatever the driver is (2.7.3).
    config.features = YOKE_F_VERSION_1;
    assert_int_equal(yoke_vq_device_init(&rig.device, &config, &rig.mem, rig.owned), YOKE_OK);
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &config, rig.slots), YOKE_OK);
    rig_close(&rig);
}

static void the_driver_clears_the_ring_and_not_a_byte_more(void **state)
{
    static _Alignas(16) uint8_t memory[256];
    struct yoke_vq_config config;
    const size_t bytes = 118; // 4 descriptors, used ring aligned to 16.

    (void)state;
    rig_open(&rig, 4, 16, 0);
    memset(memory, 0xa5, sizeof memory);
    config = rig.driver_config;
    config.memory = memory + 16;
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &config, rig.slots), YOKE_OK);
    for (size_t i = 0; i < sizeof memory; i++) {
        assert_int_equal(memory[i], i >= 16 && i < 16 + bytes ? 0 : 0xa5);
    }
    rig_close(&rig);
}

static void the_device_writes_nothing_when_it_is_set_up(void **state)
{
    uint8_t before[256];

    (void)state;
    rig_open(&rig, 4, 16, 0);
    memset(rig.ring, 0x3c, rig.ring_bytes);
    memcpy(before, rig.ring, rig.ring_bytes);
    assert_int_equal(yoke_vq_device_init(&rig.device, &rig.device_config, &rig.mem, rig.owned),
                     YOKE_OK);
    assert_memory_equal(rig.ring, before, rig.ring_bytes);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_lie_where_the_standard_says),
        cmocka_unit_test(event_fields_lie_behind_the_last_element),
        cmocka_unit_test(a_number_that_is_no_power_of_two_from_2_to_32768_is_refused),
        cmocka_unit_test(an_alignment_that_is_no_power_of_two_from_4_is_refused),
        cmocka_unit_test(every_number_from_0_to_65537_is_taken_or_refused_rightly),
        cmocka_unit_test(misaligned_memory_is_refused),
        cmocka_unit_test(missing_pointers_are_refused),
        cmocka_unit_test(a_big_endian_driver_needs_a_build_that_swaps),
        cmocka_unit_test(the_driver_clears_the_ring_and_not_a_byte_more),
        cmocka_unit_test(the_device_writes_nothing_when_it_is_set_up),
    };
    return cmocka_run_group_tests_name("ring_setup", tests, NULL, NULL);
}
