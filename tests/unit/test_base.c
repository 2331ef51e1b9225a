// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/base.h>

// ------------------------------------------------------------------------------------ byte views

static void slice_gives_what_lies_inside(void **state)
{
    static const uint8_t data[8];
    struct yoke_bytes part = {NULL, 0};

    (void)state;
    assert_int_equal(yoke_bytes_slice(yoke_bytes(data, 8), 0, 8, &part), YOKE_OK);
    assert_ptr_equal(part.data, data);
    assert_int_equal(part.size, 8);
    assert_int_equal(yoke_bytes_slice(yoke_bytes(data, 8), 3, 5, &part), YOKE_OK);
    assert_ptr_equal(part.data, data + 3);
    assert_int_equal(part.size, 5);
}

static void slice_of_nothing_at_the_end_is_inside(void **state)
{
    static const uint8_t data[8];
    struct yoke_bytes part = {NULL, 1};

    (void)state;
    assert_int_equal(yoke_bytes_slice(yoke_bytes(data, 8), 8, 0, &part), YOKE_OK);
    assert_int_equal(part.size, 0);
    assert_int_equal(yoke_bytes_slice(yoke_bytes(NULL, 0), 0, 0, &part), YOKE_OK);
    assert_int_equal(part.size, 0);
}

static void slice_refuses_what_leaves_the_view_and_changes_nothing(void **state)
{
    static const uint8_t data[8];
    static const uint64_t outside[][2] = {
        {0, 9},          {1, 8},          {8, 1},
        {9, 0},          {UINT64_MAX, 1}, {1, UINT64_MAX},
        {UINT64_MAX, 0}, {0, UINT64_MAX}, {UINT64_C(1) << 32, 0},
    };
    struct yoke_bytes part = {data + 1, 2};

    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        assert_int_equal(yoke_bytes_slice(yoke_bytes(data, 8), outside[i][0], outside[i][1], &part),
                         YOKE_INVALID);
        assert_ptr_equal(part.data, data + 1);
        assert_int_equal(part.size, 2);
    }
}

// --------------------------------------------------------------------------------- little endian

static void loads_are_little_endian_at_every_offset(void **state)
{
    static const uint8_t value[] = {0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88};
    _Alignas(8) uint8_t bytes[16];

    (void)state;
    for (size_t at = 0; at <= 8; at++) {
        memset(bytes, 0x5a, sizeof bytes);
        memcpy(bytes + at, value, sizeof value);
        assert_int_equal(yoke_le16(bytes + at), 0xe2f1);
        assert_int_equal(yoke_le32(bytes + at), 0xc4d3e2f1);
        assert_true(yoke_le64(bytes + at) == UINT64_C(0x8897a6b5c4d3e2f1));
    }
}

static void stores_are_little_endian_and_touch_nothing_else(void **state)
{
    static const uint8_t value[] = {0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88};
    _Alignas(8) uint8_t bytes[16], expected[16];

    (void)state;
    for (size_t size = 2; size <= 8; size *= 2) {
        for (size_t at = 0; at <= 8; at++) {
            memset(bytes, 0x5a, sizeof bytes);
            memset(expected, 0x5a, sizeof expected);
            memcpy(expected + at, value, size);
            if (size == 2) {
                yoke_put_le16(bytes + at, 0xe2f1);
            } else if (size == 4) {
                yoke_put_le32(bytes + at, 0xc4d3e2f1);
            } else {
                yoke_put_le64(bytes + at, UINT64_C(0x8897a6b5c4d3e2f1));
            }
            assert_memory_equal(bytes, expected, sizeof bytes);
        }
    }
}

// ---------------------------------------------------------------------------------------- ranges

static void overlap_is_a_shared_byte(void **state)
{
    (void)state;
    assert_true(yoke_overlap(0, 4, 3, 1));
    assert_true(yoke_overlap(3, 1, 0, 4));
    assert_true(yoke_overlap(5, 2, 5, 9));
    assert_true(yoke_overlap(UINT64_MAX - 1, 1, UINT64_MAX - 3, 4));
    assert_false(yoke_overlap(0, 4, 4, 4));
    assert_false(yoke_overlap(4, 4, 0, 4));
    assert_false(yoke_overlap(2, 0, 0, 4));
    assert_false(yoke_overlap(0, 4, 2, 0));
    assert_false(yoke_overlap(0, 1, UINT64_MAX, 1));
}

/// Small numbers, and the same right below 2^64, against the definition byte by byte.
static void overlap_and_inside_agree_with_counting_bytes(void **state)
{
    static const uint64_t bases[] = {0, UINT64_C(0xfffffffffffffff0)};

    (void)state;
    for (unsigned i = 0; i < 2 * 6 * 6 * 6 * 6; i++) {
        const uint64_t base = bases[i % 2];
        const unsigned a = i / 2 % 6, a_size = i / 12 % 6, b = i / 72 % 6, b_size = i / 432 % 6;
        unsigned shared = 0;
        for (unsigned byte = 0; byte < 12; byte++) {
            shared += byte >= a && byte < a + a_size && byte >= b && byte < b + b_size;
        }
        assert_int_equal(yoke_overlap(base + a, a_size, base + b, b_size), shared != 0);
        assert_int_equal(yoke_inside(base + a, a_size, base + b, b_size),
                         a >= b && a + a_size <= b + b_size);
    }
}

static void inside_cannot_be_fooled_by_overflow(void **state)
{
    (void)state;
    assert_false(yoke_inside(UINT64_MAX, 2, 0, 16));
    assert_false(yoke_inside(8, UINT64_MAX, 0, 16));
    assert_false(yoke_inside(8, UINT64_MAX - 7, 0, 16));
    assert_false(yoke_inside(0, 1, 1, UINT64_MAX));
    assert_true(yoke_inside(UINT64_MAX, 1, UINT64_MAX - 1, 2));
}

// ------------------------------------------------------------------------------------------ text

static void each_status_has_its_own_text(void **state)
{
    (void)state;
    for (int a = YOKE_BAD_IMAGE; a <= YOKE_OK; a++) {
        assert_non_null(yoke_status_text(a));
        assert_string_not_equal(yoke_status_text(a), "unknown status");
        for (int b = YOKE_BAD_IMAGE; b < a; b++) {
            assert_string_not_equal(yoke_status_text(a), yoke_status_text(b));
        }
    }
}

static void counts_are_ok_and_foreign_numbers_unknown(void **state)
{
    (void)state;
    assert_string_equal(yoke_status_text(0), "ok");
    assert_string_equal(yoke_status_text(1), "ok");
    assert_string_equal(yoke_status_text(INT32_MAX), "ok");
    assert_string_equal(yoke_status_text(YOKE_BAD_IMAGE - 1), "unknown status");
    assert_string_equal(yoke_status_text(INT32_MIN), "unknown status");
}

static const struct yoke_refusal refused_segment = {"segment",         2,     "p_filesz",
                                                    "must not exceed", 0x900, 0x800};

static void assert_text(const struct yoke_refusal *refusal, const char *expected)
{
    char text[160];

    memset(text, '#', sizeof text);
    assert_int_equal(yoke_refusal_text(refusal, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

static void refusal_names_part_field_value_rule_and_bound(void **state)
{
    (void)state;
    assert_text(&refused_segment, "segment 2: p_filesz 0x900 must not exceed 0x800");
}

static void refusal_without_index_field_or_bound_leaves_them_out(void **state)
{
    struct yoke_refusal refusal = {"file", YOKE_NO_INDEX, NULL, "is not an ELF", 9, YOKE_NO_BOUND};

    (void)state;
    assert_text(&refusal, "file: is not an ELF");
    refusal.field = "e_machine";
    refusal.rule = "is not allowed";
    assert_text(&refusal, "file: e_machine 9 is not allowed");
    refusal.part = NULL;
    assert_text(&refusal, "nothing was refused");
}

static void refusal_shows_small_numbers_decimal_and_large_ones_hexadecimal(void **state)
{
    struct yoke_refusal refusal = {"x", 0, "f", "is not", 0, 10};

    (void)state;
    assert_text(&refusal, "x 0: f 0 is not 10");
    refusal.value = 255;
    refusal.bound = 256;
    assert_text(&refusal, "x 0: f 255 is not 0x100");
    refusal.value = UINT64_MAX;
    refusal.bound = UINT64_MAX - 1;
    assert_text(&refusal, "x 0: f 0xffffffffffffffff is not 0xfffffffffffffffe");
    refusal.index = UINT32_MAX - 1;
    assert_text(&refusal, "x 0xfffffffe: f 0xffffffffffffffff is not 0xfffffffffffffffe");
}

static void refusal_is_cut_to_fit_and_always_terminated(void **state)
{
    static const char whole[] = "segment 2: p_filesz 0x900 must not exceed 0x800";
    char text[sizeof whole + 8];

    (void)state;
    for (size_t size = 1; size <= sizeof text; size++) {
        const size_t kept = size < sizeof whole ? size - 1 : sizeof whole - 1;
        memset(text, '#', sizeof text);
        assert_int_equal(yoke_refusal_text(&refused_segment, text, size), sizeof whole - 1);
        assert_memory_equal(text, whole, kept);
        assert_int_equal(text[kept], '\0');
        for (size_t i = size; i < sizeof text; i++) {
            assert_int_equal(text[i], '#');
        }
    }
}

static void refusal_into_no_space_gives_the_length(void **state)
{
    (void)state;
    assert_int_equal(yoke_refusal_text(&refused_segment, NULL, 0), 47);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slice_gives_what_lies_inside),
        cmocka_unit_test(slice_of_nothing_at_the_end_is_inside),
        cmocka_unit_test(slice_refuses_what_leaves_the_view_and_changes_nothing),
        cmocka_unit_test(loads_are_little_endian_at_every_offset),
        cmocka_unit_test(stores_are_little_endian_and_touch_nothing_else),
        cmocka_unit_test(overlap_is_a_shared_byte),
        cmocka_unit_test(overlap_and_inside_agree_with_counting_bytes),
        cmocka_unit_test(inside_cannot_be_fooled_by_overflow),
        cmocka_unit_test(each_status_has_its_own_text),
        cmocka_unit_test(counts_are_ok_and_foreign_numbers_unknown),
        cmocka_unit_test(refusal_names_part_field_value_rule_and_bound),
        cmocka_unit_test(refusal_without_index_field_or_bound_leaves_them_out),
        cmocka_unit_test(refusal_shows_small_numbers_decimal_and_large_ones_hexadecimal),
        cmocka_unit_test(refusal_is_cut_to_fit_and_always_terminated),
        cmocka_unit_test(refusal_into_no_space_gives_the_length),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
