// SPDX-License-Identifier: BSD-3-Clause
// The host's side of a power block: spec/table-2.md, 4.6.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rproc.h>

// Where the fields of a block lie, by the specification.
enum { STATE = 0, ANSWERED = 4, REQUEST = 64, NUMBER = 68 };

static _Alignas(4) uint8_t block[128];
static struct yoke_power power;
static unsigned rings;

static void put(size_t offset, uint32_t value)
{
    memcpy(block + offset, &value, 4);
}

static uint32_t get(size_t offset)
{
    uint32_t value;

    memcpy(&value, block + offset, 4);
    return value;
}

static void count_ring(void *context, uint32_t notify_id)
{
    (void)context;
    assert_int_equal(notify_id, 6);
    // All is there when the doorbell rings.
    assert_int_equal(get(NUMBER), power.number);
    rings++;
}

static const struct yoke_port port = {.notify = count_ring};

static int set_up(void **state)
{
    (void)state;
    memset(block, 0, sizeof(block));
    rings = 0;
    yoke_power_init(&power, block, 6, &port);
    return 0;
}

static void a_request_is_numbered_and_rung_for(void **state)
{
    (void)state;
    assert_true(yoke_power_answered(&power));
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_SUSPEND), YOKE_OK);
    assert_int_equal(get(REQUEST), 2);
    assert_int_equal(get(NUMBER), 1);
    assert_int_equal(rings, 1);
    assert_false(yoke_power_answered(&power));
    put(STATE, 2);
    put(ANSWERED, 1);
    assert_true(yoke_power_answered(&power));
    assert_int_equal(yoke_power_state(&power), YOKE_RSC2_POWER_SUSPENDED);
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_RUN), YOKE_OK);
    assert_int_equal(get(REQUEST), 1);
    assert_int_equal(get(NUMBER), 2);
}

static void one_request_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_SUSPEND), YOKE_OK);
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_STOP), YOKE_AGAIN);
    assert_int_equal(get(REQUEST), 2);
    assert_int_equal(get(NUMBER), 1);
    assert_int_equal(rings, 1);
}

static void a_new_host_waits_for_the_request_of_the_one_before(void **state)
{
    (void)state;
    put(NUMBER, UINT32_MAX);
    put(ANSWERED, UINT32_MAX - 1);
    yoke_power_init(&power, block, 6, &port);
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_STOP), YOKE_AGAIN);
    put(ANSWERED, UINT32_MAX);
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_STOP), YOKE_OK);
    assert_int_equal(get(NUMBER), 0); // It wraps.
}

static void firmware_cannot_count_for_the_host(void **state)
{
    (void)state;
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_STOP), YOKE_OK);
    put(NUMBER, 77);
    put(ANSWERED, 77);
    assert_false(yoke_power_answered(&power));
    put(ANSWERED, 1);
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_STOP), YOKE_OK);
    assert_int_equal(get(NUMBER), 2);
}

static void a_state_that_is_none_counts_as_failed(void **state)
{
    (void)state;
    for (uint32_t value = 0; value <= 4; value++) {
        put(STATE, value);
        assert_int_equal(yoke_power_state(&power), value);
    }
    put(STATE, 5);
    assert_int_equal(yoke_power_state(&power), YOKE_RSC2_POWER_FAILED);
    put(STATE, UINT32_MAX);
    assert_int_equal(yoke_power_state(&power), YOKE_RSC2_POWER_FAILED);
}

static void without_a_doorbell_nothing_rings(void **state)
{
    (void)state;
    yoke_power_init(&power, block, YOKE_NO_DOORBELL, &port);
    assert_int_equal(yoke_power_request(&power, YOKE_RSC2_REQUEST_STOP), YOKE_OK);
    assert_int_equal(get(NUMBER), 1);
    assert_int_equal(rings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_request_is_numbered_and_rung_for, set_up),
        cmocka_unit_test_setup(one_request_at_a_time, set_up),
        cmocka_unit_test_setup(a_new_host_waits_for_the_request_of_the_one_before, set_up),
        cmocka_unit_test_setup(firmware_cannot_count_for_the_host, set_up),
        cmocka_unit_test_setup(a_state_that_is_none_counts_as_failed, set_up),
        cmocka_unit_test_setup(without_a_doorbell_nothing_rings, set_up),
    };

    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
