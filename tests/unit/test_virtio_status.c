// SPDX-License-Identifier: BSD-3-Clause
// The device status (VIRTIO 1.3, 2.1 and 3.1.1) and which features both sides have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <yoke/virtio.h>

/// The states that there are, written out: how far the driver came, in the order of 3.1.1 ...
static const uint8_t with_features_ok[] = {0x00, 0x01, 0x03, 0x0b, 0x0f};
static const uint8_t without_features_ok[] = {0x00, 0x01, 0x03, 0x07};

/// ... and what may be set on top at any time: DEVICE_NEEDS_RESET and FAILED.
static const uint8_t on_top[] = {0x00, 0x40, 0x80, 0xc0};

static bool exists(uint8_t status, bool features_ok)
{
    const uint8_t *const states = features_ok ? with_features_ok : without_features_ok;
    const size_t count = features_ok ? sizeof with_features_ok : sizeof without_features_ok;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < sizeof on_top; j++) {
            if (status == (states[i] | on_top[j])) {
                return true;
            }
        }
    }
    return false;
}

/// "The driver MUST NOT clear a device status bit", unless it resets the device.
static bool clears_a_bit(uint8_t from, uint8_t to)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        if ((from >> bit & 1) == 1 && (to >> bit & 1) == 0) {
            return true;
        }
    }
    return false;
}

static void every_pair_of_status_bytes_is_judged_by_the_rules(void **state)
{
    unsigned allowed = 0;

    (void)state;
    for (unsigned i = 0; i < 65536 * 2; i++) {
        const uint8_t from = (uint8_t)i, to = (uint8_t)(i >> 8);
        const bool features_ok = i >= 65536;
        const bool good = to == 0 || (exists(to, features_ok) && !clears_a_bit(from, to));
        assert_int_equal(yoke_status_check(from, to, features_ok), good ? YOKE_OK : YOKE_INVALID);
        allowed += good;
    }
    assert_true(allowed > 2 * 256);
}

static void the_way_of_linux_over_remoteproc_is_allowed(void **state)
{
    static const uint8_t way[] = {0, 1, 3, 7, 0};

    (void)state;
    for (size_t i = 1; i < sizeof way; i++) {
        assert_int_equal(yoke_status_check(way[i - 1], way[i], false), YOKE_OK);
    }
}

static void the_way_of_the_standard_is_allowed(void **state)
{
    static const uint8_t way[] = {0, 1, 3, 11, 15, 0x4f, 0};

    (void)state;
    for (size_t i = 1; i < sizeof way; i++) {
        assert_int_equal(yoke_status_check(way[i - 1], way[i], true), YOKE_OK);
    }
}

static void driver_ok_needs_features_ok_where_there_is_one(void **state)
{
    (void)state;
    assert_int_equal(yoke_status_check(3, 7, true), YOKE_INVALID);
    assert_int_equal(yoke_status_check(3, 11, false), YOKE_INVALID);
    assert_int_equal(yoke_status_check(3, 15, false), YOKE_INVALID);
}

static void a_device_is_live_only_with_all_three_bits_and_no_failure(void **state)
{
    (void)state;
    for (unsigned status = 0; status <= 255; status++) {
        const bool live = status == 0x07 || status == 0x0f || // and with the bits that have no name
                          status == 0x17 || status == 0x1f || status == 0x27 || status == 0x2f ||
                          status == 0x37 || status == 0x3f;
        assert_int_equal(yoke_status_live((uint8_t)status), live);
    }
}

static void common_features_are_those_of_both_that_fit(void **state)
{
    const uint64_t all = UINT64_MAX;

    (void)state;
    assert_true(yoke_features_common(all, all, true) == all);
    assert_true(yoke_features_common(all, all, false) == UINT32_MAX);
    assert_true(yoke_features_common(0, all, true) == 0);
    assert_true(yoke_features_common(all, 0, true) == 0);
    assert_true(yoke_features_common(YOKE_F_VERSION_1 | YOKE_F_RPMSG_NS, all, true) ==
                UINT64_C(0x100000001));
    assert_true(yoke_features_common(YOKE_F_VERSION_1 | YOKE_F_RPMSG_NS, all, false) == 1);
    assert_true(yoke_features_common(0x30000000, 0x21000000, true) == YOKE_F_RING_EVENT_IDX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_status_bytes_is_judged_by_the_rules),
        cmocka_unit_test(the_way_of_linux_over_remoteproc_is_allowed),
        cmocka_unit_test(the_way_of_the_standard_is_allowed),
        cmocka_unit_test(driver_ok_needs_features_ok_where_there_is_one),
        cmocka_unit_test(a_device_is_live_only_with_all_three_bits_and_no_failure),
        cmocka_unit_test(common_features_are_those_of_both_that_fit),
    };
    return cmocka_run_group_tests_name("virtio_status", tests, NULL, NULL);
}
