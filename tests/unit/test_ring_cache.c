// SPDX-License-Identifier: BSD-3-Clause
// Cache maintenance. This test runs twice: linked with the library that maintains caches, where it
// sees every call, and with the one that does not, where it must not see any.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/virtio.h>

#include "unit/ring_rig.h"

static bool cached; ///< The program's name says which library it is linked with.

static struct ring_rig rig;
static char calls[512];
static const void *base; ///< What the ranges below are counted from.

static void note(const char *kind, const void *start, size_t size)
{
    const size_t length = strlen(calls);
    const char *const area = (const uint8_t *)start == rig.low ? "low " : "";
    const size_t offset = area[0] != '\0' ? 0 : (size_t)((const uint8_t *)start - (uint8_t *)base);

    assert_in_range(length, 0, sizeof calls - 64);
    snprintf(calls + length, sizeof calls - length, "%s%s %s%zu+%zu", length != 0 ? ", " : "", kind,
             area, offset, size);
}

static void note_clean(void *context, const void *start, size_t size)
{
    (void)context;
    note("clean", start, size);
}

static void note_invalidate(void *context, const void *start, size_t size)
{
    (void)context;
    note("invalidate", start, size);
}

/// Asserts which calls there were since the last time: none in the build without caches.
static void assert_calls(const char *expected)
{
    assert_string_equal(calls, cached ? expected : "");
    calls[0] = '\0';
}

/// A ring of 4: descriptors at 0, available ring at 64, used ring at 80; 118 bytes.
static void open(uint64_t features)
{
    rig_open(&rig, 4, 16, features);
    base = rig.ring;
    rig.driver_port.clean = rig.device_port.clean = note_clean;
    rig.driver_port.invalidate = rig.device_port.invalidate = note_invalidate;
    calls[0] = '\0';
}

static int open_flags(void **state)
{
    (void)state;
    open(YOKE_F_RING_INDIRECT);
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

static void setting_up_cleans_the_whole_ring_and_the_device_forgets_its_copy(void **state)
{
    (void)state;
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &rig.driver_config, rig.slots), YOKE_OK);
    assert_calls("clean 0+118");
    assert_int_equal(yoke_vq_device_init(&rig.device, &rig.device_config, &rig.mem, rig.owned),
                     YOKE_OK);
    assert_calls("invalidate 0+118");
}

static void a_message_cleans_what_was_written_and_invalidates_what_is_read(void **state)
{
    struct yoke_chain chain;
    struct yoke_vq_part part;
    yoke_ticket ticket = yoke_vq_driver_take(&rig.driver);
    uint32_t size;

    (void)state;
    assert_calls("");
    yoke_vq_driver_offer(&rig.driver, ticket, RIG_LOW, 4, true);
    assert_calls("clean 0+16, clean 68+2");
    yoke_vq_publish(&rig.driver.vq);
    assert_calls("clean 66+2, invalidate 80+2");
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 1);
    assert_calls("invalidate 66+2, invalidate 68+2");
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_calls("invalidate 0+16");
    assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 4), YOKE_OK);
    assert_calls("clean 84+8");
    yoke_vq_publish(&rig.device.vq);
    assert_calls("clean 82+2, invalidate 64+2");
    assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 1);
    assert_calls("invalidate 82+2, invalidate 84+8");
    assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
    assert_int_equal(yoke_vq_driver_used(&rig.driver, &ticket, &size), 0);
    assert_calls("invalidate 82+2");
}

static void a_batch_shares_the_index(void **state)
{
    struct yoke_chain chain;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        yoke_vq_driver_offer(&rig.driver, yoke_vq_driver_take(&rig.driver), RIG_LOW, 4, true);
    }
    assert_calls("clean 0+16, clean 68+2, clean 16+16, clean 70+2");
    yoke_vq_publish(&rig.driver.vq);
    assert_calls("clean 66+2, invalidate 80+2");
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 1);
    assert_calls("invalidate 66+2, invalidate 68+2");
    assert_int_equal(yoke_vq_device_pop(&rig.device, &chain), 1);
    assert_calls("invalidate 70+2");
}

static void a_chain_cleans_each_descriptor_and_one_element(void **state)
{
    static const struct yoke_vq_buffer buffers[] = {{RIG_LOW, 1}, {RIG_LOW, 2}};
    uint16_t head;

    (void)state;
    yoke_vq_driver_offer_chain(&rig.driver, buffers, 1, 1, &head);
    assert_calls("clean 0+16, clean 16+16, clean 68+2");
}

static void an_indirect_table_is_invalidated_one_descriptor_at_a_time(void **state)
{
    struct yoke_chain chain;
    struct yoke_vq_part part;

    (void)state;
    rig_put_desc(rig_desc(&rig, 0), RIG_LOW, 16, YOKE_DESC_INDIRECT, 0);
    rig_put_desc(rig.low, RIG_HIGH, 1, 0, 0);
    chain = rig_offered(&rig, 0);
    calls[0] = '\0';
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
    assert_calls("invalidate 0+16, invalidate low 0+16");
}

static void quiet_and_arm_clean_the_flags(void **state)
{
    (void)state;
    yoke_vq_arm(&rig.device.vq);
    assert_calls("invalidate 66+2");
    yoke_vq_quiet(&rig.device.vq);
    assert_calls("clean 80+2");
    yoke_vq_quiet(&rig.device.vq);
    assert_calls("");
    yoke_vq_arm(&rig.device.vq);
    assert_calls("clean 80+2, invalidate 66+2");
    yoke_vq_quiet(&rig.driver.vq);
    assert_calls("clean 64+2");
    yoke_vq_arm(&rig.driver.vq);
    assert_calls("clean 64+2, invalidate 82+2");
}

static void with_event_idx_the_event_fields_take_the_place_of_flags(void **state)
{
    struct yoke_chain chain;

    (void)state;
    yoke_vq_driver_offer(&rig.driver, yoke_vq_driver_take(&rig.driver), RIG_LOW, 4, true);
    assert_calls("clean 0+16, clean 68+2");
    yoke_vq_publish(&rig.driver.vq);
    assert_calls("clean 66+2, invalidate 116+2");
    chain = rig_pop(&rig);
    assert_calls("invalidate 66+2, invalidate 68+2");
    yoke_vq_arm(&rig.device.vq);
    assert_calls("clean 116+2, invalidate 66+2");
    yoke_vq_quiet(&rig.device.vq);
    assert_calls("clean 116+2");
    yoke_vq_device_push(&rig.device, chain.ticket, 0);
    yoke_vq_publish(&rig.device.vq);
    assert_calls("clean 84+8, clean 82+2, invalidate 76+2");
    yoke_vq_quiet(&rig.driver.vq);
    assert_calls("clean 76+2");
}

// ------------------------------------------------------------------- two caches that do not agree

/// What is in memory; the driver's and the device's rings are what their caches hold.
static _Alignas(16) uint8_t memory[118], driver_cache[128], device_cache[128];

static size_t in_cache(const void *start, size_t size, const uint8_t *cache)
{
    const size_t offset = (size_t)((const uint8_t *)start - cache);

    assert_true(offset < sizeof memory && size <= sizeof memory - offset);
    return offset;
}

static void write_back(void *context, const void *start, size_t size)
{
    memcpy(memory + in_cache(start, size, context), start, size);
}

static void fetch(void *context, const void *start, size_t size)
{
    const size_t offset = in_cache(start, size, context);

    memcpy((uint8_t *)context + offset, memory + offset, size);
}

static void hush(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id;
}

static void sides_with_caches_of_their_own_see_each_other(void **state)
{
    static struct yoke_port driver_port = {hush, write_back, fetch, driver_cache};
    static struct yoke_port device_port = {hush, write_back, fetch, device_cache};
    uint32_t expected = 0;

    (void)state;
    if (!cached) {
        skip();
    }
    memset(memory, 0xee, sizeof memory);
    memset(driver_cache, 0xdd, sizeof driver_cache);
    memset(device_cache, 0xcc, sizeof device_cache);
    rig.driver_config.memory = driver_cache;
    rig.driver_config.port = &driver_port;
    rig.device_config.memory = device_cache;
    rig.device_config.port = &device_port;
    assert_int_equal(yoke_vq_driver_init(&rig.driver, &rig.driver_config, rig.slots), YOKE_OK);
    assert_int_equal(yoke_vq_device_init(&rig.device, &rig.device_config, &rig.mem, rig.owned),
                     YOKE_OK);
    for (uint32_t i = 0; i < 70000; i++) {
        struct yoke_chain chain;
        struct yoke_vq_part part;
        yoke_ticket ticket;
        uint32_t size;
        for (uint32_t batch = i % 4 + 1; batch != 0; batch--) {
            assert_int_equal(yoke_vq_driver_offer(&rig.driver, yoke_vq_driver_take(&rig.driver),
                                                  RIG_LOW, ++expected % RIG_WINDOW, true),
                             YOKE_OK);
        }
        yoke_vq_publish(&rig.driver.vq);
        assert_true(yoke_vq_arm(&rig.device.vq));
        while (yoke_vq_device_pop(&rig.device, &chain) == 1) {
            assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
            assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, part.size), YOKE_OK);
        }
        assert_false(yoke_vq_arm(&rig.device.vq));
        assert_false(yoke_vq_arm(&rig.driver.vq));
        yoke_vq_publish(&rig.device.vq);
        for (uint32_t batch = i % 4; yoke_vq_driver_used(&rig.driver, &ticket, &size) == 1;
             batch--) {
            assert_int_equal(size, (expected - batch) % RIG_WINDOW);
            assert_int_equal(yoke_vq_driver_give(&rig.driver, ticket), YOKE_OK);
        }
    }
}

// ------------------------------------------------------------------------------------ vdev entries

static void a_vdev_entry_is_invalidated_before_reading_and_cleaned_after_writing(void **state)
{
    struct {
        struct yoke_rsc_vdev head;       // 0..28; gfeatures at 16, status at 24
        struct yoke_rsc_vring vrings[2]; // 28..48, 48..68
        uint8_t config[8];               // 68..76
    } entry = {.head = {.type = YOKE_RSC_VDEV, .num_of_vrings = 2, .config_len = 8}};
    struct yoke_vdev vdev;
    struct yoke_vq_config config;
    uint64_t features;
    uint8_t bytes[4] = {0};

    (void)state;
    base = &entry;
    assert_int_equal(yoke_vdev_open(&vdev, &entry, sizeof entry, &rig.device_port), YOKE_OK);
    assert_calls("invalidate 0+28");
    yoke_vdev_status(&vdev);
    assert_calls("invalidate 24+1");
    yoke_vdev_features(&vdev, &features);
    assert_calls("invalidate 16+4");
    yoke_vdev_ring(&vdev, 1, &rig.mem, &config);
    assert_calls("invalidate 48+20");
    yoke_vdev_config_read(&vdev, 2, bytes, 4);
    assert_calls("invalidate 70+4");
    yoke_vdev_config_write(&vdev, 3, bytes, 2);
    assert_calls("clean 71+2");
    yoke_vdev_driver_begin(&vdev);
    assert_calls("clean 24+1, clean 24+1, clean 24+1");
    yoke_vdev_driver_features(&vdev, 0);
    assert_calls("clean 16+4");
    yoke_vdev_driver_place(&vdev, 0, 0x1000, 3);
    assert_calls("clean 28+20");
    yoke_vdev_driver_ok(&vdev);
    assert_calls("clean 24+1");
    yoke_vdev_driver_reset(&vdev);
    assert_calls("clean 24+1");
}

static const uint8_t *status_byte;
static char statuses[32];

static void note_status(void *context, const void *start, size_t size)
{
    (void)context;
    (void)size;
    if (start == status_byte) {
        const size_t length = strlen(statuses);
        snprintf(statuses + length, sizeof statuses - length, "%u ", *status_byte);
    }
}

static void the_driver_takes_the_device_through_status_0_1_3_and_7(void **state)
{
    struct yoke_rsc_vdev entry = {.type = YOKE_RSC_VDEV, .status = 7};
    struct yoke_vdev vdev;

    (void)state;
    status_byte = &entry.status;
    statuses[0] = '\0';
    rig.driver_port.clean = note_status;
    assert_int_equal(yoke_vdev_open(&vdev, &entry, sizeof entry, &rig.driver_port), YOKE_OK);
    yoke_vdev_driver_begin(&vdev);
    yoke_vdev_driver_features(&vdev, 0);
    yoke_vdev_driver_ok(&vdev);
    assert_string_equal(statuses, cached ? "0 1 3 7 " : "");
}

#define FLAGS(name) cmocka_unit_test_setup_teardown(name, open_flags, tear_down)
#define EVENT(name) cmocka_unit_test_setup_teardown(name, open_event_idx, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FLAGS(setting_up_cleans_the_whole_ring_and_the_device_forgets_its_copy),
        FLAGS(a_message_cleans_what_was_written_and_invalidates_what_is_read),
        FLAGS(a_batch_shares_the_index),
        FLAGS(a_chain_cleans_each_descriptor_and_one_element),
        FLAGS(an_indirect_table_is_invalidated_one_descriptor_at_a_time),
        FLAGS(quiet_and_arm_clean_the_flags),
        EVENT(with_event_idx_the_event_fields_take_the_place_of_flags),
        FLAGS(sides_with_caches_of_their_own_see_each_other),
        EVENT(sides_with_caches_of_their_own_see_each_other),
        FLAGS(the_driver_takes_the_device_through_status_0_1_3_and_7),
        FLAGS(a_vdev_entry_is_invalidated_before_reading_and_cleaned_after_writing),
    };
    cached = argc > 0 && strstr(argv[0], "cached") != NULL;
    return cmocka_run_group_tests_name("ring_cache", tests, NULL, NULL);
}
