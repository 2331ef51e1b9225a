// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image_builder.h"

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

static const uint8_t *cleaned[32];
static size_t cleaned_size[32];
static unsigned cleans, invalidates;

static void count_clean(void *context, const void *start, size_t size)
{
    (void)context;
    assert_true(cleans < 32);
    cleaned[cleans] = start;
    cleaned_size[cleans++] = size;
}

static void count_invalidate(void *context, const void *start, size_t size)
{
    (void)context;
    (void)start;
    (void)size;
    invalidates++;
}

static const struct yoke_port port = {.clean = count_clean, .invalidate = count_invalidate};

static uint32_t word(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void make_plan(uint64_t shared_pa)
{
    map[0] = (struct yoke_region){"ram", FW_TEXT, FW_TEXT, sizeof(ram), ram, YOKE_REGION_IMAGE};
    map[1] = (struct yoke_region){"shared",       SHARED_DA, shared_pa,
                                  sizeof(shared), shared,    YOKE_REGION_SHARED};
    memset(&plan, 0, sizeof(plan));
    plan.areas = areas;
    plan.area_max = 32;
    firmware_table(&table);
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, 2, NULL, &refusal), YOKE_OK);
    memset(ram, 0xee, sizeof(ram));
    memset(shared, 0xee, sizeof(shared));
    cleans = 0;
}

static int all_are(const uint8_t *bytes, size_t size, uint8_t value)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != value) {
            return 0;
        }
    }
    return 1;
}

static void copies_segments_and_zeroes_their_rest(void **state)
{
    (void)state;
    make_plan(0x90000000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    assert_memory_equal(ram, image.bytes + image_get(&image, P_OFFSET, 0), FW_TEXT_SIZE);
    assert_true(all_are(ram + FW_TEXT_SIZE, 0x1000 - FW_TEXT_SIZE, 0xee)); // Not ours.
    assert_true(all_are(ram + 0x1000, 0x40, 0xda));
    assert_true(all_are(ram + 0x1000 + 0x40 + table.size, FW_DATA_SIZE - 0x40 - table.size, 0xda));
    assert_true(all_are(ram + 0x1000 + FW_DATA_SIZE, FW_DATA_MEMSZ - FW_DATA_SIZE, 0));
    assert_true(all_are(ram + 0x1000 + FW_DATA_MEMSZ, sizeof(ram) - 0x1000 - FW_DATA_MEMSZ, 0xee));
}

static void zeroes_rings_buffers_and_placed_carveouts(void **state)
{
    const struct yoke_area *last;

    (void)state;
    make_plan(0x90000000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    last = yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 3, 1);
    for (uint32_t i = 0; i < plan.area_count; i++) {
        if (plan.areas[i].region == 1) {
            const uint8_t *at = yoke_plan_at(&plan, &plan.areas[i]);
            assert_ptr_equal(at, shared + (plan.areas[i].da - SHARED_DA));
            assert_true(all_are(at, plan.areas[i].size, 0));
        }
    }
    assert_int_equal(shared[last->da - SHARED_DA + last->size], 0xee);
}

static void clears_a_trace_buffer_that_is_no_part_of_a_segment(void **state)
{
    (void)state;
    make_plan(0x90000000);
    table_begin(&table, 1);
    table_trace(&table, FW_TEXT + 0x3000, 0x80, "trace");
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, 2, NULL, &refusal), YOKE_OK);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    assert_true(all_are(ram + 0x3000, 0x80, 0));
    assert_int_equal(ram[0x3080], 0xee);
}

static void keeps_the_text_that_a_trace_buffer_starts_with(void **state)
{
    (void)state;
    make_plan(0x90000000);
    table_begin(&table, 1);
    table_trace(&table, FW_DATA, 0x40, "trace"); // In the file's part of the segment.
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, 2, NULL, &refusal), YOKE_OK);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    assert_true(all_are(ram + 0x1000, 0x40, 0xda));
}

static void writes_addresses_and_doorbells_into_the_loaded_table(void **state)
{
    const uint8_t *loaded = ram + 0x1040;
    uint8_t expected[sizeof(table.bytes)];
    struct table patched;

    (void)state;
    make_plan(0x90000000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    // Entry 0 at 36, entry 1 at 92, trace at 148, vdev at 196 with vrings at 224 and 244.
    patched = table;
    table_set(&patched, 36 + 8, FW_TEXT);
    table_set(&patched, 92 + 4, SHARED_DA);
    table_set(&patched, 92 + 8, 0x90000000);
    table_set(&patched, 196 + 16, 0); // gfeatures
    patched.bytes[196 + 24] = 0;      // status
    table_set(&patched, 224 + 0, SHARED_DA + 0x1000);
    table_set(&patched, 224 + 12, 0);
    table_set(&patched, 244 + 0, SHARED_DA + 0x11c0);
    table_set(&patched, 244 + 12, 1);
    memcpy(expected, patched.bytes, sizeof(expected));
    assert_memory_equal(loaded, expected, table.size);
    // The image itself stays as it was: it can be loaded again.
    assert_memory_equal(image.bytes + image_get(&image, P_OFFSET, 1) + 0x40, table.bytes,
                        table.size);
}

static void writes_no_cut_physical_address(void **state)
{
    (void)state;
    make_plan(0x890000000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    assert_int_equal(word(ram + 0x1040 + 92 + 8), 0xffffffff);
}

static void loading_again_restores_everything(void **state)
{
    static uint8_t first[sizeof(ram)];

    (void)state;
    make_plan(0x90000000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    memcpy(first, ram, sizeof(ram));
    // A firmware gone wild, its table included.
    memset(ram + 0x1000, 0xff, FW_DATA_MEMSZ);
    memset(ram, 0xff, FW_TEXT_SIZE);
    memset(shared, 0xff, 0x3000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    assert_memory_equal(ram, first, sizeof(ram));
    assert_true(all_are(shared, 0x1000, 0));
}

static void writes_nothing_if_a_region_is_not_mapped(void **state)
{
    (void)state;
    make_plan(0x90000000);
    map[1].va = NULL;
    assert_int_equal(yoke_load(&plan, &port), YOKE_INVALID);
    assert_true(all_are(ram, sizeof(ram), 0xee));
    assert_true(all_are(shared, sizeof(shared), 0xee));
}

static void loads_an_image_without_a_table(void **state)
{
    const struct yoke_plan_options options = {.table_optional = true};

    (void)state;
    make_plan(0x90000000);
    firmware_build(&image, 2, YOKE_EM_X86_64, NULL);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal), YOKE_OK);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    assert_true(all_are(ram + 0x1000, FW_DATA_SIZE, 0xda));
    assert_true(all_are(shared, sizeof(shared), 0xee));
}

/// True if the library was built for cached memory: then reading a trace invalidates.
static int library_is_cached(void)
{
    struct yoke_trace trace;
    char text[1];

    invalidates = 0;
    yoke_trace_init(&trace, "", 1, &port);
    yoke_trace_read(&trace, text, 1);
    return invalidates != 0;
}

static int was_cleaned(const uint8_t *at)
{
    for (unsigned i = 0; i < cleans; i++) {
        if (at >= cleaned[i] && at < cleaned[i] + cleaned_size[i]) {
            return 1;
        }
    }
    return 0;
}

static void cleans_each_byte_that_it_wrote(void **state)
{
    (void)state;
    make_plan(0x90000000);
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    if (!library_is_cached()) {
        assert_int_equal(cleans, 0);
        return;
    }
    for (size_t i = 0; i < sizeof(ram); i++) {
        assert_true(ram[i] == 0xee || was_cleaned(ram + i));
    }
    for (size_t i = 0; i < sizeof(shared); i++) {
        assert_true(shared[i] == 0xee || was_cleaned(shared + i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_segments_and_zeroes_their_rest),
        cmocka_unit_test(zeroes_rings_buffers_and_placed_carveouts),
        cmocka_unit_test(clears_a_trace_buffer_that_is_no_part_of_a_segment),
        cmocka_unit_test(keeps_the_text_that_a_trace_buffer_starts_with),
        cmocka_unit_test(writes_addresses_and_doorbells_into_the_loaded_table),
        cmocka_unit_test(writes_no_cut_physical_address),
        cmocka_unit_test(loading_again_restores_everything),
        cmocka_unit_test(writes_nothing_if_a_region_is_not_mapped),
        cmocka_unit_test(loads_an_image_without_a_table),
        cmocka_unit_test(cleans_each_byte_that_it_wrote),
    };

    return cmocka_run_group_tests_name("rproc", tests, NULL, NULL);
}
