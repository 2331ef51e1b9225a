// SPDX-License-Identifier: BSD-3-Clause
// Loading images with a resource table of version 2: what firmware finds in memory, byte by byte,
// by spec/table-2.md.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image_builder.h"
#include "refused.h"

#include <yoke/rproc.h>

#define SHARED_DA 0x20000000u

static _Alignas(64) uint8_t ram[0x4000];
static _Alignas(64) uint8_t shared[0x8000];
static struct image image;
static struct table table;
static struct yoke_elf elf;
static struct yoke_refusal refusal;
static struct yoke_area areas[32];
static struct yoke_region map[2];
static struct yoke_plan plan;
static struct yoke_plan_options options;

/// Memory that was cleaned, byte by byte: ram, then shared.
static uint8_t clean_ram[sizeof(ram)];
static uint8_t clean_shared[sizeof(shared)];

static void note_clean(void *context, const void *start, size_t size)
{
    const uint8_t *at = start;

    (void)context;
    if (at >= ram && at < ram + sizeof(ram)) {
        memset(clean_ram + (at - ram), 1, size);
    } else {
        memset(clean_shared + (at - shared), 1, size);
    }
}

static const struct yoke_port port = {.clean = note_clean};

/// Where a device address lies here.
static uint8_t *at(uint32_t da)
{
    return da >= SHARED_DA ? shared + (da - SHARED_DA) : ram + (da - FW_TEXT);
}

static int set_up(void **state)
{
    (void)state;
    map[0] = (struct yoke_region){"ram", FW_TEXT, FW_TEXT, sizeof(ram), ram, YOKE_REGION_IMAGE};
    map[1] = (struct yoke_region){"shared",       SHARED_DA, 0x1234567000,
                                  sizeof(shared), shared,    YOKE_REGION_SHARED};
    plan = (struct yoke_plan){.areas = areas, .area_max = 32};
    memset(&options, 0, sizeof(options));
    memset(ram, 0xee, sizeof(ram));
    memset(shared, 0xee, sizeof(shared));
    memset(clean_ram, 0, sizeof(clean_ram));
    memset(clean_shared, 0, sizeof(clean_shared));
    firmware2_table(&table);
    return 0;
}

static void load_both(const struct table *table1)
{
    firmware2_build(&image, 1, YOKE_EM_ARM, table1, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal), YOKE_OK);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
}

static void set_quad(struct table *patched, size_t offset, uint64_t quad)
{
    table_set(patched, offset, (uint32_t)quad);
    table_set(patched, offset + 4, (uint32_t)(quad >> 32));
}

static void assert_all(const uint8_t *bytes, size_t size, uint8_t value)
{
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(bytes[i], value);
    }
}

// Entries of firmware2_table(), by the sizes of section 4: carveout at 48, trace at 128, vdev at
// 192 with queues at 248 and 288, power at 328, parameters at 352, 416, 480, 544 and 608, device
// tree at 672, locks at 704, identity at 776 with 2 names, vendor's at 952.
enum { HEAP = 48, TRACE = 128, VDEV = 192, QUEUE = 248, POWER = 328, PARAM = 352, TREE = 672 };

static void tells_the_firmware_what_the_plan_chose(void **state)
{
    static const size_t entries[] = {48,  128, 192, 328, 352, 416, 480,
                                     544, 608, 672, 704, 776, 952};
    struct table patched = table;

    (void)state;
    load_both(NULL);
    table_set(&patched, 20, 2); // host
    set_quad(&patched, 32, 7);  // taken
    for (size_t i = 0; i < FW2_ENTRIES; i++) {
        patched.bytes[entries[i] + 10] = i == FW2_TREES ? 3 : i == FW2_VENDOR ? 2 : 1;
    }
    set_quad(&patched, HEAP + 16, SHARED_DA);
    set_quad(&patched, HEAP + 24, 0x1234567000); // pa
    table_set(&patched, TRACE + 12, 2);          // notifyid: behind those of both queues
    set_quad(&patched, QUEUE, SHARED_DA + 0x1000);
    set_quad(&patched, QUEUE + 8, SHARED_DA + 0x1180); // buffers
    table_set(&patched, QUEUE + 32, 0);                // notifyid
    set_quad(&patched, QUEUE + 40, SHARED_DA + 0x1080);
    set_quad(&patched, QUEUE + 48, SHARED_DA + 0x2180);
    table_set(&patched, QUEUE + 72, 1);
    table_set(&patched, POWER + 12, 3);
    assert_memory_equal(at(FW2_DATA), patched.bytes, table.size);
    assert_memory_equal(at(FW2_DATA) + table.size,
                        image.bytes + image_get(&image, P_OFFSET, 2) + table.size,
                        0x800 - table.size);
}

static void sets_up_the_vdev_state(void **state)
{
    struct table expected;

    (void)state;
    load_both(NULL);
    memset(&expected, 0, sizeof(expected));
    for (size_t i = 0; i < 17; i++) {
        static const uint32_t words[17] = {
            3,
            7,
            0,
            0x10001,
            0,
            0,
            0x200, // type, id, notifyid, features, taken, config, queues
            SHARED_DA + 0x1000,
            16,
            4,
            0,
            0,
            SHARED_DA + 0x1080,
            16,
            8,
            1,
            0};
        table_word(&expected, words[i]);
    }
    assert_memory_equal(at(FW2_STATE), expected.bytes, 68);
    assert_all(at(FW2_STATE) + 68, 0x1c, 0xdb); // The image's own.
}

static void a_state_has_its_base_its_configuration_and_room(void **state)
{
    static const uint8_t config[6] = {1, 2, 3, 4, 5, 6};
    uint32_t words[12] = {3, 42, 0, 0x80000001, 0, 6, 0x100, 0x3000, 64, 16, 0, 0};
    uint8_t expected[64];

    (void)state;
    table2_begin(&table, 0, 0);
    table2_vdev(&table, 1, 42, UINT64_C(0x4000000080000001), ANY, SHARED_DA - 0x3000, 64, 6, 1);
    table2_queue(&table, SHARED_DA, ANY, 16, 64, 0, 0);
    memcpy(table.bytes + table.size, config, 6);
    table.size += 8;
    table2_end(&table);
    load_both(NULL);
    memset(expected, 0, sizeof(expected));
    for (size_t i = 0; i < 12; i++) {
        for (size_t k = 0; k < 4; k++) {
            expected[4 * i + k] = (uint8_t)(words[i] >> (8 * k));
        }
    }
    memcpy(expected + 48, config, 6);
    // The ring, of 256 + 38 -> 320 + 134 bytes, comes first in the region.
    assert_memory_equal(shared + 0x200, expected, 64);
    assert_int_equal(yoke_le64(at(FW2_DATA) + 48 + 24), SHARED_DA + 0x200);
    assert_int_equal(yoke_le64(at(FW2_DATA) + 48 + 56), SHARED_DA);
}

static void leaves_the_table_that_is_not_in_force(void **state)
{
    struct table old;

    (void)state;
    firmware_table(&old);
    load_both(&old);
    assert_memory_equal(at(FW_TABLE), old.bytes, old.size);
    assert_int_equal(yoke_le32(at(FW2_DATA) + 20), 2);
    set_up(NULL);
    options.versions = YOKE_RSC_KNOW_1;
    load_both(&old);
    assert_memory_equal(at(FW2_DATA), table.bytes, table.size);
    assert_int_equal(yoke_le32(at(FW_TABLE) + 224), SHARED_DA + 0x1000);
}

static void the_state_may_be_the_vdev_entry_of_version_1(void **state)
{
    struct table old;
    uint8_t by_version_1[68];

    (void)state;
    table_begin(&old, 1);
    table_vdev(&old, 7, 1, 2, 0);
    table_vring(&old, 0xffffffff, 16, 4);
    table_vring(&old, 0xffffffff, 16, 8);
    table2_begin(&table, 0, 0);
    table2_vdev(&table, 0, 7, 1, FW_TABLE + 20, 0, 68, 0, 2);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    table2_queue(&table, ANY, ANY, 8, 16, 0, 0);
    table2_end(&table);
    options.versions = YOKE_RSC_KNOW_1;
    load_both(&old);
    memcpy(by_version_1, at(FW_TABLE + 20), 68);
    // The vdev's own doorbell: a loader of version 1 leaves it.
    memset(by_version_1 + 8, 0, 4);
    options.versions = 0;
    load_both(&old);
    assert_memory_equal(at(FW_TABLE + 20), by_version_1, 68);
    assert_memory_equal(at(FW_TABLE), old.bytes, 20);
}

static void trace_and_power_blocks_start_afresh(void **state)
{
    (void)state;
    load_both(NULL);
    assert_all(at(FW2_TRACE), FW2_TRACE_SIZE, 0); // It is late: what the image had is gone.
    assert_all(at(FW2_POWER), 128, 0);
    // Early: the image sets the block up, but for what is the host's.
    table.bytes[128 + 9] = 0;
    set_up(NULL);
    table.bytes[128 + 9] = 0;
    load_both(NULL);
    assert_all(at(FW2_TRACE), 64, 0xdb);
    assert_all(at(FW2_TRACE) + 64, 8, 0);
    assert_all(at(FW2_TRACE) + 72, FW2_TRACE_SIZE - 72, 0xdb);
}

static void a_device_tree_lies_where_there_is_room_for_it(void **state)
{
    static uint8_t blob[0x90];

    (void)state;
    memset(blob, 0x77, sizeof(blob));
    load_both(NULL);
    assert_all(at(FW2_TREE), 8, 0); // There is none.
    assert_all(at(FW2_TREE) + 8, 0xf8, 0xdb);
    options.devicetree = yoke_bytes(blob, sizeof(blob));
    load_both(NULL);
    assert_memory_equal(at(FW2_TREE), blob, sizeof(blob));
    assert_int_equal(at(FW2_DATA)[TREE + 10], 1);
    table2_begin(&table, 0, 0);
    table2_devicetree(&table, 0, ANY, 0x100);
    table2_devicetree(&table, 0, FW2_TREE, 0x80);
    table2_end(&table);
    load_both(NULL);
    assert_memory_equal(shared, blob, sizeof(blob));
    assert_int_equal(yoke_le64(at(FW2_DATA) + 48 + 16), SHARED_DA);
    assert_all(at(FW2_TREE), 8, 0); // Too long for that one.
    assert_int_equal(at(FW2_DATA)[80 + 10], 3);
}

static void all_that_was_written_is_cleaned(void **state)
{
    (void)state;
    load_both(NULL);
    if (clean_ram[0] == 0) {
        skip(); // A library for coherent memory cleans nothing.
    }
    assert_all(clean_ram + 0x2000, FW2_DATA_MEMSZ, 1);
    for (size_t i = 0; i < sizeof(shared); i++) {
        assert_true(shared[i] == 0xee || clean_shared[i] == 1);
    }
}

static void locks_of_a_core_that_died_are_freed(void **state)
{
    static const uint32_t words[8] = {0xa5, 0xa5, 0x5a, 0xa5, 0xb6, 0xa5, 0xa5, 0xa5};
    static const uint32_t after[8] = {0x5a, 0xa5, 0x5a, 0xa5, 0xb6, 0xa5, 0x5a, 0xa5};

    (void)state;
    load_both(NULL);
    memcpy(at(FW2_LOCKS), words, sizeof(words)); // Four locks, every other word.
    assert_int_equal(yoke_locks_reclaim(&plan, &port), 2);
    assert_memory_equal(at(FW2_LOCKS), after, sizeof(after));
    assert_int_equal(yoke_locks_reclaim(&plan, &port), 0);
    map[0].va = NULL;
    assert_int_equal(yoke_locks_reclaim(&plan, &port), 0);
}

static void values_of_parameters_are_written(void **state)
{
    static const struct yoke_parameter values[] = {
        {.name = "rate", .kind = YOKE_RSC2_UNSIGNED, .number = 200},
        {.name = "offset", .kind = YOKE_RSC2_SIGNED, .number = (uint64_t)-2},
        {.name = "loud", .kind = YOKE_RSC2_BOOLEAN, .number = 1},
        {.name = "title", .kind = YOKE_RSC2_STRING, .bytes = {(const uint8_t *)"hello", 5}},
        {.name = "key", .kind = YOKE_RSC2_BYTES, .bytes = {(const uint8_t *)"\1\2\3\4", 4}},
    };
    static const uint8_t expected[0x24] = {
        200, 0xdb, 0xfe, 0xff, 1, 0, 0, 0, 0xdb, 0xdb, 0xdb, 0xdb, 0xdb, 0xdb, 0xdb, 0xdb, 'h', 'e',
        'l', 'l',  'o',  0,    0, 0, 0, 0, 0,    0,    0,    0,    0,    0,    1,    2,    3,   4};

    (void)state;
    load_both(NULL);
    assert_all(at(FW2_PARAMETERS), 0x24, 0xdb); // As in the image.
    options.parameters = values;
    options.parameter_count = 5;
    load_both(NULL);
    assert_memory_equal(at(FW2_PARAMETERS), expected, sizeof(expected));
}

/// Refused with just this text, for these values.
static void assert_values_refused(const struct yoke_parameter *values, uint32_t count,
                                  const char *text)
{
    options.parameters = values;
    options.parameter_count = count;
    firmware2_build(&image, 1, YOKE_EM_ARM, NULL, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_refused(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal), &refusal, text);
    assert_int_equal(plan.area_count, 0);
}

static void assert_number_refused(const char *name, uint32_t kind, uint64_t number,
                                  const char *text)
{
    const struct yoke_parameter value = {.name = name, .kind = kind, .number = number};

    assert_values_refused(&value, 1, text);
}

static void assert_bytes_refused(const char *name, uint32_t kind, size_t size, const char *text)
{
    const struct yoke_parameter value = {
        .name = name, .kind = kind, .bytes = {(const uint8_t *)"0123456789abcdef", size}};

    assert_values_refused(&value, 1, text);
}

static void values_that_do_not_fit_are_refused(void **state)
{
    static const struct yoke_parameter twice[] = {
        {.name = "rate", .kind = YOKE_RSC2_UNSIGNED, .number = 1},
        {.name = "rate", .kind = YOKE_RSC2_UNSIGNED, .number = 2},
    };

    (void)state;
    assert_number_refused("rate", YOKE_RSC2_UNSIGNED, 256,
                          "parameter: rate 0x100 must not exceed 255");
    assert_number_refused("offset", YOKE_RSC2_SIGNED, 32768,
                          "parameter: offset 0x8000 must fit, with its sign, bytes: 2");
    assert_number_refused("offset", YOKE_RSC2_SIGNED, (uint64_t)-32769,
                          "parameter: offset 0xffffffffffff7fff must fit, with its sign, bytes: 2");
    assert_number_refused("loud", YOKE_RSC2_BOOLEAN, 2, "parameter: loud 2 must not exceed 1");
    assert_number_refused("rate", YOKE_RSC2_SIGNED, 1,
                          "kind of parameter: rate 2 must be, by the table, 1");
    assert_bytes_refused("title", YOKE_RSC2_STRING, 16,
                         "length of parameter: title 16 must, for the NUL behind, be less than 16");
    assert_bytes_refused("key", YOKE_RSC2_BYTES, 3, "length of parameter: key 3 must be 4");
    assert_number_refused("speed", YOKE_RSC2_UNSIGNED, 1,
                          "parameter 0: has a name that no entry of the table has");
    assert_values_refused(twice, 2, "parameter 1: has a name that is there more than once");
    table2_parameter(&table, 0, 1, FW2_PARAMETERS + 0x30, 1, "rate");
    table2_end(&table);
    assert_number_refused("rate", YOKE_RSC2_UNSIGNED, 1,
                          "parameter 0: has a name that is there more than once");
}

static void the_limits_of_numbers_fit(void **state)
{
    struct yoke_parameter values[] = {
        {.name = "wide", .kind = YOKE_RSC2_UNSIGNED, .number = UINT64_MAX},
        {.name = "offset", .kind = YOKE_RSC2_SIGNED, .number = (uint64_t)-32768},
    };

    (void)state;
    table2_begin(&table, 0, 0);
    table2_parameter(&table, 0, 1, FW2_PARAMETERS, 8, "wide");
    table2_parameter(&table, 0, 2, FW2_PARAMETERS + 8, 2, "offset");
    table2_end(&table);
    options.parameters = values;
    options.parameter_count = 2;
    load_both(NULL);
    assert_all(at(FW2_PARAMETERS), 8, 0xff);
    assert_int_equal(yoke_le16(at(FW2_PARAMETERS) + 8), 0x8000);
    values[1].number = 32767;
    load_both(NULL);
    assert_int_equal(yoke_le16(at(FW2_PARAMETERS) + 8), 0x7fff);
}

static void parameters_lie_in_a_segment_and_in_no_table(void **state)
{
    struct table old;

    (void)state;
    table2_begin(&table, 0, 0);
    table2_parameter(&table, 0, 1, FW2_DATA + FW2_DATA_MEMSZ - 4, 8, "wide");
    table2_end(&table);
    assert_values_refused(NULL, 0,
                          "table entry 0: da 0x10002ffc must lie in one loaded segment, "
                          "with size 8");
    table2_begin(&table, 0, 0);
    table2_parameter(&table, 0, 1, FW2_DATA + 0x20, 8, "taken");
    table2_end(&table);
    assert_values_refused(NULL, 0, "table entry 0: da 0x10002020 must not lie in a resource table");
    firmware_table(&old);
    table2_begin(&table, 0, 0);
    table2_parameter(&table, 0, 1, FW_TABLE, 4, "ver");
    table2_end(&table);
    firmware2_build(&image, 1, YOKE_EM_ARM, &old, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_refused(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal), &refusal,
                   "table entry 0: da 0x10001040 must not lie in a resource table");
}

static void an_image_without_a_table_takes_no_values(void **state)
{
    const struct yoke_parameter value = {.name = "rate", .kind = YOKE_RSC2_UNSIGNED};

    (void)state;
    options.table_optional = true;
    options.parameters = &value;
    options.parameter_count = 1;
    firmware_build(&image, 1, YOKE_EM_ARM, NULL);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_refused(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal), &refusal,
                   "parameter 0: has a name that no entry of the table has");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_the_firmware_what_the_plan_chose, set_up),
        cmocka_unit_test_setup(sets_up_the_vdev_state, set_up),
        cmocka_unit_test_setup(a_state_has_its_base_its_configuration_and_room, set_up),
        cmocka_unit_test_setup(leaves_the_table_that_is_not_in_force, set_up),
        cmocka_unit_test_setup(the_state_may_be_the_vdev_entry_of_version_1, set_up),
        cmocka_unit_test_setup(trace_and_power_blocks_start_afresh, set_up),
        cmocka_unit_test_setup(a_device_tree_lies_where_there_is_room_for_it, set_up),
        cmocka_unit_test_setup(all_that_was_written_is_cleaned, set_up),
        cmocka_unit_test_setup(locks_of_a_core_that_died_are_freed, set_up),
        cmocka_unit_test_setup(values_of_parameters_are_written, set_up),
        cmocka_unit_test_setup(values_that_do_not_fit_are_refused, set_up),
        cmocka_unit_test_setup(the_limits_of_numbers_fit, set_up),
        cmocka_unit_test_setup(parameters_lie_in_a_segment_and_in_no_table, set_up),
        cmocka_unit_test_setup(an_image_without_a_table_takes_no_values, set_up),
    };

    return cmocka_run_group_tests_name("load2", tests, NULL, NULL);
}
