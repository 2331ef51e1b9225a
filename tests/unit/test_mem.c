// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <yoke/mem.h>

static uint8_t low[64], high[64], other[64];

static void *at(struct yoke_window window, uint64_t address, uint64_t size)
{
    const struct yoke_mem mem = {&window, 1};
    return yoke_mem_at(&mem, address, size);
}

static void every_range_of_a_window_is_found_and_no_other(void **state)
{
    const struct yoke_window window = {0x1000, 16, low};

    (void)state;
    for (uint64_t address = 0xff0; address < 0x1020; address++) {
        for (uint64_t size = 0; size <= 40; size++) {
            if (address >= 0x1000 && address + size <= 0x1010) {
                assert_ptr_equal(at(window, address, size), low + (address - 0x1000));
            } else {
                assert_null(at(window, address, size));
            }
        }
    }
}

static void nothing_at_the_end_lies_inside_and_behind_it_does_not(void **state)
{
    const struct yoke_window window = {0x1000, 64, low};

    (void)state;
    assert_ptr_equal(at(window, 0x1040, 0), low + 64);
    assert_null(at(window, 0x1041, 0));
    assert_null(at(window, 0xfff, 0));
}

static void sizes_that_overflow_are_refused(void **state)
{
    const struct yoke_window window = {0x1000, 64, low};

    (void)state;
    assert_null(at(window, 0x1000, UINT64_MAX));
    assert_null(at(window, 0x1001, UINT64_MAX));
    assert_null(at(window, 0x1010, UINT64_MAX - 0xf));
    assert_null(at(window, UINT64_MAX, 2));
    assert_null(at(window, UINT64_MAX, UINT64_MAX));
    assert_null(at(window, UINT64_MAX - 0xfff, 0x2001));
}

static void a_window_may_end_at_two_to_the_64(void **state)
{
    const struct yoke_window window = {UINT64_MAX - 63, 64, high};

    (void)state;
    assert_ptr_equal(at(window, UINT64_MAX - 63, 64), high);
    assert_ptr_equal(at(window, UINT64_MAX, 1), high + 63);
    assert_null(at(window, UINT64_MAX, 2));
    assert_null(at(window, UINT64_MAX - 63, 65));
    assert_null(at(window, UINT64_MAX - 64, 1));
    assert_null(at(window, 0, 1));
}

static void addresses_keep_all_64_bits(void **state)
{
    const struct yoke_window window = {UINT64_C(0x500001000), 64, high};

    (void)state;
    assert_ptr_equal(at(window, UINT64_C(0x500001008), 8), high + 8);
    assert_null(at(window, 0x1008, 8));
    assert_null(at(window, UINT64_C(0x600001008), 8));
    assert_null(at(window, UINT64_C(0x500001008), UINT64_C(0x100000008)));
}

static void each_window_of_several_is_found(void **state)
{
    const struct yoke_window windows[] = {
        {0x1000, 64, low}, {UINT64_C(0x800000000), 64, high}, {0, 32, other}};
    const struct yoke_mem mem = {windows, 3};

    (void)state;
    assert_ptr_equal(yoke_mem_at(&mem, 0x1020, 32), low + 32);
    assert_ptr_equal(yoke_mem_at(&mem, UINT64_C(0x800000001), 1), high + 1);
    assert_ptr_equal(yoke_mem_at(&mem, 0, 32), other);
    assert_null(yoke_mem_at(&mem, 0x20, 1));
    assert_null(yoke_mem_at(&mem, 0x2000, 1));
}

static void a_range_over_two_adjacent_windows_is_refused(void **state)
{
    const struct yoke_window windows[] = {{0x1000, 64, low}, {0x1040, 64, high}};
    const struct yoke_mem mem = {windows, 2};

    (void)state;
    assert_null(yoke_mem_at(&mem, 0x103f, 2));
    assert_null(yoke_mem_at(&mem, 0x1000, 128));
    assert_ptr_equal(yoke_mem_at(&mem, 0x103f, 1), low + 63);
    assert_ptr_equal(yoke_mem_at(&mem, 0x1040, 1), high);
}

static void the_first_of_overlapping_windows_that_holds_all_wins(void **state)
{
    const struct yoke_window windows[] = {{0x1000, 16, low}, {0x1008, 64, high}};
    const struct yoke_mem mem = {windows, 2};

    (void)state;
    assert_ptr_equal(yoke_mem_at(&mem, 0x1008, 8), low + 8);
    assert_ptr_equal(yoke_mem_at(&mem, 0x1008, 9), high);
}

static void a_window_of_size_0_holds_nothing_but_nothing(void **state)
{
    const struct yoke_window window = {0x1000, 0, low};

    (void)state;
    assert_ptr_equal(at(window, 0x1000, 0), low);
    assert_null(at(window, 0x1000, 1));
    assert_null(at(window, 0x1001, 0));
}

static void a_map_without_windows_holds_nothing(void **state)
{
    const struct yoke_mem mem = {NULL, 0};

    (void)state;
    assert_null(yoke_mem_at(&mem, 0, 0));
    assert_null(yoke_mem_at(&mem, 0x1000, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_of_a_window_is_found_and_no_other),
        cmocka_unit_test(nothing_at_the_end_lies_inside_and_behind_it_does_not),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(a_window_may_end_at_two_to_the_64),
        cmocka_unit_test(addresses_keep_all_64_bits),
        cmocka_unit_test(each_window_of_several_is_found),
        cmocka_unit_test(a_range_over_two_adjacent_windows_is_refused),
        cmocka_unit_test(the_first_of_overlapping_windows_that_holds_all_wins),
        cmocka_unit_test(a_window_of_size_0_holds_nothing_but_nothing),
        cmocka_unit_test(a_map_without_windows_holds_nothing),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
