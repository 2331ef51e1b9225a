// SPDX-License-Identifier: BSD-3-Clause
// A vdev entry of a resource table, byte by byte as Linux's remoteproc writes and reads it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/virtio.h>

// Offsets in the entry: type 0, id 4, notifyid 8, dfeatures 12, gfeatures 16, config_len 20,
// status 24, num_of_vrings 25, reserved 26; each vring from 28: da 0, align 4, num 8, notifyid 12,
// pa 16; the configuration space behind the second, at 68.
#define GFEATURES 16
#define STATUS 24
#define VRING(i) (28 + 20 * (i))
#define CONFIG 68
#define CONFIG_SIZE 12
#define SIZE (CONFIG + CONFIG_SIZE)

/// What a firmware's build puts into its table.
static const uint8_t fresh[SIZE] = {
    3,    0,    0,    0,    // VDEV
    7,    0,    0,    0,    // rpmsg
    0,    0,    0,    0,    //
    0x01, 0x00, 0x00, 0x30, // offers the name service, INDIRECT and EVENT_IDX
    0,    0,    0,    0,    //
    12,   0,    0,    0,    // bytes of configuration space
    0,    2,    0,    0,    // status 0, two vrings
    0xff, 0xff, 0xff, 0xff, // vring 0: da any
    0x10, 0,    0,    0,    // align 16
    4,    0,    0,    0,    // num 4
    0,    0,    0,    0,    //
    0,    0,    0,    0,    //
    0xff, 0xff, 0xff, 0xff, // vring 1: the same, align 4096, num 256
    0,    0x10, 0,    0,    //
    0,    1,    0,    0,    //
    0,    0,    0,    0,    //
    0,    0,    0,    0,    //
    'c',  'o',  'n',  'f',  //
    'i',  'g',  'u',  'r',  //
    'e',  'd',  '!',  '!'};

static _Alignas(8) uint8_t entry[SIZE + 8];
static struct yoke_vdev vdev;
static uint8_t shared[16384];
static const struct yoke_window window = {0x10000000, sizeof shared, shared};
static const struct yoke_mem mem = {&window, 1};

static void hush(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id;
}

static const struct yoke_port port = {hush, NULL, NULL, NULL};

static int set_up(void **state)
{
    (void)state;
    memcpy(entry, fresh, SIZE);
    memset(entry + SIZE, 0xee, sizeof entry - SIZE);
    assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE, &port), YOKE_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = SIZE; i < sizeof entry; i++) {
        assert_int_equal(entry[i], 0xee);
    }
    return 0;
}

static void place(unsigned index, uint32_t da, uint32_t align, uint32_t num, uint32_t notify_id)
{
    yoke_put_le32(entry + VRING(index), da);
    yoke_put_le32(entry + VRING(index) + 4, align);
    yoke_put_le32(entry + VRING(index) + 8, num);
    yoke_put_le32(entry + VRING(index) + 12, notify_id);
}

// ------------------------------------------------------------------------------------------
// opening

static void opening_copies_what_must_not_change(void **state)
{
    (void)state;
    assert_int_equal(vdev.id, YOKE_ID_RPMSG);
    assert_true(vdev.features == 0x30000001);
    assert_int_equal(vdev.rings, 2);
    assert_int_equal(vdev.config_size, 12);
    assert_memory_equal(entry, fresh, SIZE);

    // From here on the peer may say what it likes.
    uint8_t byte;
    uint64_t features;
    yoke_put_le32(entry + 12, UINT32_MAX); // dfeatures
    yoke_put_le32(entry + 20, UINT32_MAX); // config_len
    entry[25] = 255;                       // num_of_vrings
    yoke_put_le32(entry + GFEATURES, 2);
    struct yoke_vq_config config;
    assert_int_equal(yoke_vdev_features(&vdev, &features), YOKE_BAD_PEER);
    assert_int_equal(yoke_vdev_config_read(&vdev, 12, &byte, 1), YOKE_INVALID);
    assert_int_equal(yoke_vdev_ring(&vdev, 2, &mem, &config), YOKE_NOT_FOUND);
}

static void an_entry_of_another_type_is_refused(void **state)
{
    static const uint32_t wrong[] = {0, 1, 2, 4, 128, 512, 0x300, 0x03000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        yoke_put_le32(entry, wrong[i]);
        assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE, &port), YOKE_INVALID);
    }
}

static void an_entry_longer_than_what_is_mapped_is_refused_at_every_size(void **state)
{
    const struct yoke_vdev before = vdev;

    (void)state;
    for (size_t size = 0; size < SIZE; size++) {
        assert_int_equal(yoke_vdev_open(&vdev, entry, size, &port), YOKE_INVALID);
    }
    assert_memory_equal(&before, &vdev, sizeof vdev);
    assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE + 1, &port), YOKE_OK);
}

static void counts_that_would_overflow_are_refused(void **state)
{
    (void)state;
    entry[25] = 255;
    assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE, &port), YOKE_INVALID);
    entry[25] = 2;
    yoke_put_le32(entry + 20, UINT32_MAX);
    assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE, &port), YOKE_INVALID);
    yoke_put_le32(entry + 20, UINT32_MAX - 67); // + 68 is 0, in 32 bits
    assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE, &port), YOKE_INVALID);
}

static void a_vdev_without_rings_and_configuration_is_good(void **state)
{
    struct yoke_vq_config config;
    uint8_t byte;

    (void)state;
    entry[25] = 0;
    yoke_put_le32(entry + 20, 0);
    assert_int_equal(yoke_vdev_open(&vdev, entry, 28, &port), YOKE_OK);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_NOT_FOUND);
    assert_int_equal(yoke_vdev_config_read(&vdev, 0, &byte, 1), YOKE_INVALID);
    assert_int_equal(yoke_vdev_driver_place(&vdev, 0, 0x1000, 0), YOKE_NOT_FOUND);
}

static void missing_pointers_and_misaligned_entries_are_refused(void **state)
{
    (void)state;
    assert_int_equal(yoke_vdev_open(&vdev, NULL, SIZE, &port), YOKE_INVALID);
    assert_int_equal(yoke_vdev_open(&vdev, entry, SIZE, NULL), YOKE_INVALID);
    for (unsigned by = 1; by < 4; by++) {
        memmove(entry + by, fresh, SIZE);
        assert_int_equal(yoke_vdev_open(&vdev, entry + by, SIZE, &port), YOKE_INVALID);
    }
    memcpy(entry + 4, fresh, SIZE);
    assert_int_equal(yoke_vdev_open(&vdev, entry + 4, SIZE, &port), YOKE_OK);
    memset(entry + SIZE, 0xee, sizeof entry - SIZE);
}

// -------------------------------------------------------------------------------------------
// device

static void the_device_reads_the_status_byte(void **state)
{
    (void)state;
    for (unsigned status = 0; status <= 255; status++) {
        entry[STATUS] = (uint8_t)status;
        assert_int_equal(yoke_vdev_status(&vdev), status);
    }
}

static void features_are_those_that_the_driver_took(void **state)
{
    uint64_t features = 77;

    (void)state;
    assert_int_equal(yoke_vdev_features(&vdev, &features), YOKE_OK);
    assert_true(features == 0);
    yoke_put_le32(entry + GFEATURES, 0x20000001);
    assert_int_equal(yoke_vdev_features(&vdev, &features), YOKE_OK);
    assert_true(features == (YOKE_F_RING_EVENT_IDX | YOKE_F_RPMSG_NS));
}

static void each_feature_that_was_not_offered_is_refused(void **state)
{
    uint64_t features = 77;

    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        const bool offered = bit == 0 || bit == 28 || bit == 29;
        yoke_put_le32(entry + GFEATURES, UINT32_C(1) << bit);
        features = 77;
        assert_int_equal(yoke_vdev_features(&vdev, &features), offered ? YOKE_OK : YOKE_BAD_PEER);
        assert_true(features == (offered ? UINT64_C(1) << bit : 77));
    }
}

static void a_ring_is_found_where_the_driver_placed_it(void **state)
{
    struct yoke_vq_config config;

    (void)state;
    memset(&config, 0x5a, sizeof config);
    config.features = 99;
    config.big_endian = true;
    place(1, 0x10001000, 4096, 64, 17);
    assert_int_equal(yoke_vdev_ring(&vdev, 1, &mem, &config), YOKE_OK);
    assert_ptr_equal(config.memory, shared + 4096);
    assert_int_equal(config.num, 64);
    assert_int_equal(config.align, 4096);
    assert_int_equal(config.notify_id, 17);
    assert_ptr_equal(config.port, &port);
    assert_true(config.features == 99); // Left as it was.
    assert_true(config.big_endian);
}

static void a_ring_must_lie_inside_the_windows_to_its_last_byte(void **state)
{
    // 4 descriptors, aligned to 16: 118 bytes.
    const uint32_t last = 0x10000000 + sizeof shared - 118;
    struct yoke_vq_config config;

    (void)state;
    place(0, last, 16, 4, 0);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_OK);
    place(0, last + 1, 16, 4, 0);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_BAD_PEER);
    assert_null(config.memory);
    place(0, 0x0fffffff, 16, 4, 0);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_BAD_PEER);
    place(0, 0x10000000, 4096, 1024, 0);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_BAD_PEER);
    assert_null(config.memory);
}

static void a_ring_that_is_not_placed_says_its_size_and_has_no_memory(void **state)
{
    struct yoke_vq_config config = {.memory = shared};

    (void)state;
    assert_int_equal(yoke_vdev_ring(&vdev, 1, &mem, &config), YOKE_BAD_PEER);
    assert_null(config.memory);
    assert_int_equal(config.num, 256);
    assert_int_equal(config.align, 4096);
}

static void a_ring_that_is_not_placed_is_nowhere_even_if_a_window_reaches_there(void **state)
{
    const struct yoke_window high = {0xffffff00, sizeof shared, shared};
    const struct yoke_mem all = {&high, 1};
    struct yoke_vq_config config = {.memory = shared};

    (void)state;
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &all, &config), YOKE_BAD_PEER);
    assert_null(config.memory);
    assert_int_equal(config.num, 4);
}

static void a_ring_of_a_wrong_size_or_alignment_is_refused(void **state)
{
    static const uint32_t nums[] = {0, 1, 3, 5, 65536, 0x80000000, UINT32_MAX};
    static const uint32_t aligns[] = {0, 1, 2, 3, 5, 131072, UINT32_MAX};
    struct yoke_vq_config config;

    (void)state;
    for (size_t i = 0; i < sizeof nums / sizeof nums[0]; i++) {
        place(0, 0x10000000, 16, nums[i], 0);
        assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_BAD_PEER);
        assert_null(config.memory);
        place(0, 0x10000000, aligns[i], 4, 0);
        assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_BAD_PEER);
        assert_null(config.memory);
    }
}

static void there_is_no_ring_behind_the_last(void **state)
{
    struct yoke_vq_config config;

    (void)state;
    place(0, 0x10000000, 16, 4, 0);
    place(1, 0x10000000, 16, 4, 0);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_OK);
    assert_int_equal(yoke_vdev_ring(&vdev, 1, &mem, &config), YOKE_OK);
    assert_int_equal(yoke_vdev_ring(&vdev, 2, &mem, &config), YOKE_NOT_FOUND);
    assert_int_equal(yoke_vdev_ring(&vdev, UINT32_MAX, &mem, &config), YOKE_NOT_FOUND);
}

// ------------------------------------------------------------------------------ configuration
// space

static void configuration_is_read_and_written_inside_its_bounds_and_nowhere_else(void **state)
{
    (void)state;
    for (uint32_t offset = 0; offset <= CONFIG_SIZE + 4; offset++) {
        for (uint32_t size = 0; size <= CONFIG_SIZE + 4; size++) {
            const int status = offset + size <= CONFIG_SIZE ? YOKE_OK : YOKE_INVALID;
            uint8_t bytes[CONFIG_SIZE + 4], expected[SIZE];
            memset(bytes, 0x77, sizeof bytes);
            assert_int_equal(yoke_vdev_config_read(&vdev, offset, bytes, size), status);
            if (status == YOKE_OK) {
                assert_memory_equal(bytes, fresh + CONFIG + offset, size);
            }
            for (size_t i = status == YOKE_OK ? size : 0; i < sizeof bytes; i++) {
                assert_int_equal(bytes[i], 0x77);
            }
            memset(bytes, 0x99, sizeof bytes);
            memcpy(expected, fresh, SIZE);
            if (status == YOKE_OK) {
                memset(expected + CONFIG + offset, 0x99, size);
            }
            assert_int_equal(yoke_vdev_config_write(&vdev, offset, bytes, size), status);
            assert_memory_equal(entry, expected, SIZE);
            memcpy(entry, fresh, SIZE);
        }
    }
}

static void configuration_offsets_that_overflow_are_refused(void **state)
{
    uint8_t bytes[4];

    (void)state;
    assert_int_equal(yoke_vdev_config_read(&vdev, UINT32_MAX, bytes, 1), YOKE_INVALID);
    assert_int_equal(yoke_vdev_config_read(&vdev, UINT32_MAX, bytes, 2), YOKE_INVALID);
    assert_int_equal(yoke_vdev_config_read(&vdev, 4, bytes, UINT32_MAX - 3), YOKE_INVALID);
    assert_int_equal(yoke_vdev_config_write(&vdev, UINT32_MAX - 1, bytes, 4), YOKE_INVALID);
    assert_int_equal(yoke_vdev_config_write(&vdev, 1, bytes, UINT32_MAX), YOKE_INVALID);
    assert_memory_equal(entry, fresh, SIZE);
}

// -------------------------------------------------------------------------------------------
// driver

static void the_driver_writes_status_features_and_rings_as_linux_does(void **state)
{
    uint8_t expected[SIZE];

    (void)state;
    entry[STATUS] = 0xcf;
    memcpy(expected, fresh, SIZE);
    yoke_vdev_driver_begin(&vdev);
    expected[STATUS] = 3;
    assert_memory_equal(entry, expected, SIZE);

    assert_true(yoke_vdev_driver_features(&vdev, UINT64_MAX & ~YOKE_F_RING_INDIRECT) ==
                (YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX));
    memcpy(expected + GFEATURES, "\x01\x00\x00\x20", 4);
    assert_memory_equal(entry, expected, SIZE);

    assert_int_equal(yoke_vdev_driver_place(&vdev, 0, 0x10203040, 0), YOKE_OK);
    assert_int_equal(yoke_vdev_driver_place(&vdev, 1, 0xfffffffe, 0x01020304), YOKE_OK);
    memcpy(expected + VRING(0), "\x40\x30\x20\x10", 4);
    memcpy(expected + VRING(1), "\xfe\xff\xff\xff", 4);
    memcpy(expected + VRING(1) + 12, "\x04\x03\x02\x01", 4);
    assert_memory_equal(entry, expected, SIZE);

    yoke_vdev_driver_ok(&vdev);
    expected[STATUS] = 7;
    assert_memory_equal(entry, expected, SIZE);
    yoke_vdev_driver_reset(&vdev);
    expected[STATUS] = 0;
    assert_memory_equal(entry, expected, SIZE);
}

static void what_the_driver_wrote_is_what_the_device_reads(void **state)
{
    struct yoke_vq_config config;
    uint64_t features;

    (void)state;
    yoke_vdev_driver_begin(&vdev);
    assert_false(yoke_status_live(yoke_vdev_status(&vdev)));
    yoke_vdev_driver_features(&vdev, YOKE_F_RPMSG_NS | YOKE_F_VERSION_1);
    assert_int_equal(yoke_vdev_driver_place(&vdev, 0, 0x10000000, 5), YOKE_OK);
    yoke_vdev_driver_ok(&vdev);
    assert_true(yoke_status_live(yoke_vdev_status(&vdev)));
    assert_int_equal(yoke_vdev_features(&vdev, &features), YOKE_OK);
    assert_true(features == YOKE_F_RPMSG_NS);
    assert_int_equal(yoke_vdev_ring(&vdev, 0, &mem, &config), YOKE_OK);
    assert_ptr_equal(config.memory, shared);
    assert_int_equal(config.notify_id, 5);
    yoke_vdev_driver_reset(&vdev);
    assert_false(yoke_status_live(yoke_vdev_status(&vdev)));
}

static void a_ring_above_32_bits_or_behind_the_last_cannot_be_placed(void **state)
{
    (void)state;
    assert_int_equal(yoke_vdev_driver_place(&vdev, 0, UINT32_MAX, 1), YOKE_INVALID);
    assert_int_equal(yoke_vdev_driver_place(&vdev, 0, UINT64_C(0x100000000), 1), YOKE_INVALID);
    assert_int_equal(yoke_vdev_driver_place(&vdev, 0, UINT64_MAX, 1), YOKE_INVALID);
    assert_int_equal(yoke_vdev_driver_place(&vdev, 2, 0x1000, 1), YOKE_NOT_FOUND);
    assert_memory_equal(entry, fresh, SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opening_copies_what_must_not_change),
        TEST(an_entry_of_another_type_is_refused),
        TEST(an_entry_longer_than_what_is_mapped_is_refused_at_every_size),
        TEST(counts_that_would_overflow_are_refused),
        TEST(a_vdev_without_rings_and_configuration_is_good),
        TEST(missing_pointers_and_misaligned_entries_are_refused),
        TEST(the_device_reads_the_status_byte),
        TEST(features_are_those_that_the_driver_took),
        TEST(each_feature_that_was_not_offered_is_refused),
        TEST(a_ring_is_found_where_the_driver_placed_it),
        TEST(a_ring_must_lie_inside_the_windows_to_its_last_byte),
        TEST(a_ring_that_is_not_placed_says_its_size_and_has_no_memory),
        TEST(a_ring_that_is_not_placed_is_nowhere_even_if_a_window_reaches_there),
        TEST(a_ring_of_a_wrong_size_or_alignment_is_refused),
        TEST(there_is_no_ring_behind_the_last),
        TEST(configuration_is_read_and_written_inside_its_bounds_and_nowhere_else),
        TEST(configuration_offsets_that_overflow_are_refused),
        TEST(the_driver_writes_status_features_and_rings_as_linux_does),
        TEST(what_the_driver_wrote_is_what_the_device_reads),
        TEST(a_ring_above_32_bits_or_behind_the_last_cannot_be_placed),
    };
    return cmocka_run_group_tests_name("virtio_vdev", tests, NULL, NULL);
}
