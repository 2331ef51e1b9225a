// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image_builder.h"
#include "refused.h"

#include <yoke/image.h>

static struct table table;
static struct yoke_rsc rsc;
static struct yoke_rsc_entry entry;
static struct yoke_refusal refusal;

static int open_table(void)
{
    return yoke_rsc_open(&rsc, yoke_bytes(table.bytes, table.size), &refusal);
}

/// Opens the table and reads entries up to the first that is refused, or all.
static int read_all(void)
{
    int status = open_table();

    while (status == YOKE_OK) {
        status = yoke_rsc_next(&rsc, &entry, &refusal);
    }
    return status;
}

static void reads_each_kind_of_entry(void **state)
{
    static const uint8_t golden[] = {
        1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                    // ver, num, reserved
        36, 0, 0, 0, 92, 0, 0, 0, 148, 0, 0, 0, 196, 0, 0, 0, 12, 1, 0, 0, // offsets
        // 36: carveout
        0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0x40, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, //
        'c', 'o', 'd', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                          //
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                                  //
        // 92: devmem
        1, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x50, 0, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, //
        'u', 'a', 'r', 't', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                       //
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                               //
        // 148: trace
        2, 0, 0, 0, 0, 0x14, 0, 0x10, 0, 2, 0, 0, 0, 0, 0, 0,     //
        't', 'r', 'a', 'c', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,           //
        // 196: vdev 7, notifyid 9, dfeatures 1, gfeatures 2, config_len 4, status 5, two vrings
        3, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 5, 2, 0, 0, //
        0xff, 0xff, 0xff, 0xff, 16, 0, 0, 0, 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,           //
        0, 0, 0x10, 0x10, 0, 0x10, 0, 0, 0, 0x80, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x30,          //
        0xc0, 0xc1, 0xc2, 0xc3, // configuration space
        // 268: of a vendor
        0x2a, 1, 0, 0, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0, 0, //
    };

    (void)state;
    assert_int_equal(yoke_rsc_open(&rsc, yoke_bytes(golden, sizeof(golden)), &refusal), YOKE_OK);
    assert_int_equal(rsc.num, 5);

    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.index, 0);
    assert_int_equal(entry.type, YOKE_RSC_CARVEOUT);
    assert_int_equal(entry.offset, 36);
    assert_int_equal(entry.bytes.size, 56);
    assert_int_equal(entry.of.carveout.da, 0x10000000);
    assert_int_equal(entry.of.carveout.pa, 0x20000000);
    assert_int_equal(entry.of.carveout.len, 0x4000);
    assert_int_equal(entry.of.carveout.flags, 3);
    assert_string_equal(entry.of.carveout.name, "code");
    assert_null(yoke_rsc_vring(&entry, 0));

    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.type, YOKE_RSC_DEVMEM);
    assert_int_equal(entry.of.devmem.da, 0x40000000);
    assert_int_equal(entry.of.devmem.pa, 0x50000000);
    assert_int_equal(entry.of.devmem.len, 0x100);
    assert_int_equal(entry.of.devmem.flags, 4);
    assert_string_equal(entry.of.devmem.name, "uart");

    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.type, YOKE_RSC_TRACE);
    assert_int_equal(entry.of.trace.da, 0x10001400);
    assert_int_equal(entry.of.trace.len, 0x200);
    assert_string_equal(entry.of.trace.name, "trace");

    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.type, YOKE_RSC_VDEV);
    assert_int_equal(entry.bytes.size, 72);
    assert_int_equal(entry.of.vdev.id, 7);
    assert_int_equal(entry.of.vdev.notifyid, 9);
    assert_int_equal(entry.of.vdev.features, 1);
    assert_int_equal(entry.of.vdev.gfeatures, 2);
    assert_int_equal(entry.of.vdev.status, 5);
    assert_int_equal(entry.of.vdev.num_of_vrings, 2);
    assert_int_equal(entry.of.vdev.config.size, 4);
    assert_int_equal(entry.of.vdev.config.data[3], 0xc3);
    assert_true(yoke_rsc_vring(&entry, 0)->da == YOKE_ADDR_ANY);
    assert_int_equal(yoke_rsc_vring(&entry, 0)->align, 16);
    assert_int_equal(yoke_rsc_vring(&entry, 0)->num, 64);
    assert_int_equal(yoke_rsc_vring(&entry, 0)->notifyid, 1);
    assert_int_equal(yoke_rsc_vring(&entry, 1)->da, 0x10100000);
    assert_int_equal(yoke_rsc_vring(&entry, 1)->align, 4096);
    assert_int_equal(yoke_rsc_vring(&entry, 1)->num, 32768);
    assert_int_equal(yoke_rsc_vring(&entry, 1)->notifyid, 2);
    assert_int_equal(yoke_rsc_vring(&entry, 1)->pa, 0x30000000);
    assert_null(yoke_rsc_vring(&entry, 2));

    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.type, 298);
    assert_true(entry.vendor);
    assert_false(entry.known);
    assert_int_equal(entry.bytes.size, 12);
    assert_int_equal(entry.bytes.data[4], 0xde);

    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_NOT_FOUND);
    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_NOT_FOUND);
}

static void knows_the_range_of_vendors(void **state)
{
    static const uint32_t types[] = {127, 128, 512, 513};

    (void)state;
    table_begin(&table, 4);
    for (uint32_t i = 0; i < 4; i++) {
        table_entry(&table, types[i]);
    }
    assert_int_equal(open_table(), YOKE_OK);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
        assert_int_equal(entry.type, types[i]);
        assert_int_equal(entry.vendor, types[i] == 128 || types[i] == 512);
    }
}

static void reads_an_empty_table(void **state)
{
    (void)state;
    table_begin(&table, 0);
    assert_int_equal(open_table(), YOKE_OK);
    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_NOT_FOUND);
}

static void unknown_entries_reach_to_the_next_one_in_memory(void **state)
{
    (void)state;
    table_begin(&table, 2);
    table_entry(&table, 77);
    table_word(&table, 1);
    table_word(&table, 2);
    table_entry(&table, 600);
    table_word(&table, 3);
    table_set(&table, 16, 36); // The two offsets, exchanged.
    table_set(&table, 20, 24);
    assert_int_equal(open_table(), YOKE_OK);
    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.type, 600);
    assert_int_equal(entry.bytes.size, 8);
    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
    assert_int_equal(entry.type, 77);
    assert_int_equal(entry.bytes.size, 12);
}

static void reads_a_table_at_any_alignment(void **state)
{
    uint8_t copy[sizeof(table.bytes) + 4];

    (void)state;
    firmware_table(&table);
    for (size_t shift = 0; shift < 4; shift++) {
        memcpy(copy + shift, table.bytes, table.size);
        assert_int_equal(yoke_rsc_open(&rsc, yoke_bytes(copy + shift, table.size), &refusal),
                         YOKE_OK);
        for (unsigned i = 0; i < 5; i++) {
            assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
        }
    }
}

static void refuses_a_wrong_head(void **state)
{
    (void)state;
    firmware_table(&table);
    table.size = 15;
    assert_refused(open_table(), &refusal, "resource table: size 15 must be at least 16");

    firmware_table(&table);
    table_set(&table, 0, 2);
    assert_refused(open_table(), &refusal, "resource table: ver 2 must be 1");

    firmware_table(&table);
    table_set(&table, 12, 0x10);
    assert_refused(open_table(), &refusal, "resource table: reserved 0x1000000000 must be 0");
}

static void refuses_counts_that_wrap_or_leave_the_table(void **state)
{
    (void)state;
    firmware_table(&table);
    table_set(&table, 4, 0x40000000); // Times 4, this is 0 in 32 bits.
    assert_refused(open_table(), &refusal, "resource table: num 0x40000000 must not exceed 0x100");

    firmware_table(&table);
    table_set(&table, 4, 257);
    assert_refused(open_table(), &refusal, "resource table: num 0x101 must not exceed 0x100");

    firmware_table(&table);
    table_set(&table, 4, 256);
    assert_refused(open_table(), &refusal,
                   "resource table: num 0x100 must leave room for all offsets in the table, whose "
                   "size is 0x110");
}

static void refuses_offsets_of_which_the_last_lies_outside(void **state)
{
    (void)state;
    firmware_table(&table);
    table_set(&table, 4, 65); // 16 + 4 * 65 = 0x114 bytes of 0x110.
    assert_refused(open_table(), &refusal,
                   "resource table: num 65 must leave room for all offsets in the table, whose "
                   "size is 0x110");
}

static void accepts_a_range_that_ends_with_the_address_space(void **state)
{
    (void)state;
    table_begin(&table, 1);
    table_trace(&table, 0xffffff00, 0x100, "x");
    assert_int_equal(read_all(), YOKE_NOT_FOUND);
}

static void refuses_wrong_offsets(void **state)
{
    (void)state;
    firmware_table(&table);
    table_set(&table, 16, 0x7ffffffd);
    assert_refused(open_table(), &refusal,
                   "table entry 0: offset 0x7ffffffd must be a multiple of 4");
    table_set(&table, 16, 0xfffffffc);
    assert_refused(open_table(), &refusal,
                   "table entry 0: offset 0xfffffffc must be less than the table's size, 0x110");
    table_set(&table, 16, 0x110);
    assert_refused(open_table(), &refusal,
                   "table entry 0: offset 0x110 must be less than the table's size, 0x110");
    table_set(&table, 16, 32);
    assert_refused(open_table(), &refusal,
                   "table entry 0: offset 32 must not be less than the end of all offsets, 36");
}

static void refuses_entries_that_run_into_each_other_or_out_of_the_table(void **state)
{
    (void)state;
    firmware_table(&table);
    table_set(&table, 20, 36); // Entries 0 and 1 at the same place.
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 4 must not reach the next entry or the table's end, "
                   "after 0");

    firmware_table(&table);
    table_set(&table, 20, 88); // Entry 1 starts in the last word of entry 0.
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 56 must not reach the next entry or the table's end, "
                   "after 52");

    table_begin(&table, 1);
    table_trace(&table, 0x1000, 0x100, "x");
    table.size -= 4;
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 48 must not reach the next entry or the table's end, "
                   "after 44");

    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 0, 0);
    table.size -= 1;
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 28 must not reach the next entry or the table's end, "
                   "after 27");

    table_begin(&table, 1);
    table_entry(&table, 999);
    table.size -= 1;
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 4 must not reach the next entry or the table's end, "
                   "after 3");
}

static void refuses_a_vdev_whose_vrings_or_config_do_not_fit(void **state)
{
    (void)state;
    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 2, 0);
    table_vring(&table, 0xffffffff, 16, 16);
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 68 must not reach the next entry or the table's end, "
                   "after 48");

    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 1, 0xffffffff);
    table_vring(&table, 0xffffffff, 16, 16);
    assert_refused(read_all(), &refusal,
                   "table entry 0: size 0x10000002f must not reach the next entry or the table's "
                   "end, after 48");

    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 9, 0);
    assert_refused(read_all(), &refusal, "table entry 0: num_of_vrings 9 must not exceed 8");

    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 0, 0);
    table.bytes[20 + 27] = 1;
    assert_refused(read_all(), &refusal, "table entry 0: reserved 0x100 must be 0");
}

static void vring_case(uint32_t align, uint32_t num, const char *text)
{
    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 8, 0);
    for (int i = 0; i < 8; i++) {
        table_vring(&table, 0xffffffff, i == 7 ? align : 4, i == 7 ? num : 2);
    }
    if (text == NULL) {
        assert_int_equal(read_all(), YOKE_NOT_FOUND);
    } else {
        assert_refused(read_all(), &refusal, text);
    }
}

static void refuses_vring_sizes_zero_three_and_huge(void **state)
{
    (void)state;
    vring_case(16, 0, "vring 7 of table entry 0: num 0 must be a power of two from 2 to 0x8000");
    vring_case(16, 1, "vring 7 of table entry 0: num 1 must be a power of two from 2 to 0x8000");
    vring_case(16, 3, "vring 7 of table entry 0: num 3 must be a power of two from 2 to 0x8000");
    vring_case(16, 0x10000,
               "vring 7 of table entry 0: num 0x10000 must be a power of two from 2 to 0x8000");
    vring_case(16, 0x80000000,
               "vring 7 of table entry 0: num 0x80000000 must be a power of two from 2 to 0x8000");
    vring_case(0, 16, "vring 7 of table entry 0: align 0 must be a power of two from 4 to 0x10000");
    vring_case(2, 16, "vring 7 of table entry 0: align 2 must be a power of two from 4 to 0x10000");
    vring_case(24, 16,
               "vring 7 of table entry 0: align 24 must be a power of two from 4 to 0x10000");
    vring_case(0x20000, 16,
               "vring 7 of table entry 0: align 0x20000 must be a power of two from 4 to 0x10000");
    vring_case(4, 2, NULL);
    vring_case(65536, 32768, NULL);
}

static void refuses_reserved_fields_lengths_and_names(void **state)
{
    (void)state;
    table_begin(&table, 1);
    table_carveout(&table, 0x1000, 0, 0x100, "x");
    table_set(&table, 20 + 20, 5);
    assert_refused(read_all(), &refusal, "table entry 0: reserved 5 must be 0");

    table_begin(&table, 1);
    table_trace(&table, 0x1000, 0x100, "x");
    table_set(&table, 20 + 12, 5);
    assert_refused(read_all(), &refusal, "table entry 0: reserved 5 must be 0");

    table_begin(&table, 1);
    table_carveout(&table, 0xffffffff, 0, 0, "x");
    assert_refused(read_all(), &refusal, "table entry 0: len 0 must not be 0");

    table_begin(&table, 1);
    table_trace(&table, 0xffffff00, 0x101, "x");
    assert_refused(read_all(), &refusal,
                   "table entry 0: len 0x101 must not wrap round when added to da, 0xffffff00");

    table_begin(&table, 1);
    table_devmem(&table, 0xffffffff, 0, 0x100, "x"); // No devmem can be placed anywhere.
    assert_refused(read_all(), &refusal,
                   "table entry 0: len 0x100 must not wrap round when added to da, 0xffffffff");

    table_begin(&table, 1);
    table_carveout(&table, 0x1000, 0, 0x100, "x");
    memset(table.bytes + 20 + 24, 'n', 32);
    assert_refused(read_all(), &refusal, "table entry 0: name has no terminating NUL");

    table_begin(&table, 1);
    table_trace(&table, 0x1000, 0x100, "x");
    memset(table.bytes + 20 + 16, 'n', 32);
    assert_refused(read_all(), &refusal, "table entry 0: name has no terminating NUL");
}

static void refuses_a_table_cut_at_any_byte(void **state)
{
    size_t full;

    (void)state;
    // Without the vendor's entry, which may have any length.
    table_begin(&table, 2);
    table_carveout(&table, 0x1000, 0, 0x100, "x");
    table_vdev(&table, 7, 1, 2, 4);
    table_vring(&table, 0xffffffff, 16, 16);
    table_vring(&table, 0xffffffff, 16, 16);
    table_word(&table, 0);
    full = table.size;
    assert_int_equal(read_all(), YOKE_NOT_FOUND);
    for (table.size = 0; table.size < full; table.size++) {
        assert_int_equal(read_all(), YOKE_BAD_IMAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_kind_of_entry),
        cmocka_unit_test(knows_the_range_of_vendors),
        cmocka_unit_test(reads_an_empty_table),
        cmocka_unit_test(unknown_entries_reach_to_the_next_one_in_memory),
        cmocka_unit_test(reads_a_table_at_any_alignment),
        cmocka_unit_test(refuses_a_wrong_head),
        cmocka_unit_test(refuses_counts_that_wrap_or_leave_the_table),
        cmocka_unit_test(refuses_offsets_of_which_the_last_lies_outside),
        cmocka_unit_test(accepts_a_range_that_ends_with_the_address_space),
        cmocka_unit_test(refuses_wrong_offsets),
        cmocka_unit_test(refuses_entries_that_run_into_each_other_or_out_of_the_table),
        cmocka_unit_test(refuses_a_vdev_whose_vrings_or_config_do_not_fit),
        cmocka_unit_test(refuses_vring_sizes_zero_three_and_huge),
        cmocka_unit_test(refuses_reserved_fields_lengths_and_names),
        cmocka_unit_test(refuses_a_table_cut_at_any_byte),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
