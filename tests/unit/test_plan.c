// SPDX-License-Identifier: BSD-3-Clause
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
#define SHARED_PA 0x80000000u

static struct image image;
static struct table table;
static struct yoke_elf elf;
static struct yoke_refusal refusal;
static struct yoke_area areas[32];
static struct yoke_refusal notes[4];
static struct yoke_plan plan;
static struct yoke_plan_options options;
static struct yoke_region map[3];
static uint32_t map_count;

/// Everything as it should be: an image region, a shared one of 64 KiB, the usual firmware.
static int set_up(void **state)
{
    (void)state;
    memset(&options, 0, sizeof(options));
    memset(&plan, 0, sizeof(plan));
    plan.areas = areas;
    plan.area_max = 32;
    plan.notes = notes;
    plan.note_max = 4;
    map[0] = (struct yoke_region){"ram", FW_TEXT, FW_TEXT, 0x10000, NULL, YOKE_REGION_IMAGE};
    map[1] =
        (struct yoke_region){"shared", SHARED_DA, SHARED_PA, 0x10000, NULL, YOKE_REGION_SHARED};
    map_count = 2;
    firmware_table(&table);
    return 0;
}

static int plan_image(void)
{
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    return yoke_plan_make(&plan, &elf, map, map_count, &options, &refusal);
}

static int plan_table(void)
{
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    return plan_image();
}

/// A refusal leaves nothing in the plan.
#define assert_plan_refused(call, text)                                                            \
    do {                                                                                           \
        assert_refused(call, &refusal, text);                                                      \
        assert_int_equal(plan.area_count, 0);                                                      \
        assert_int_equal(plan.note_count, 0);                                                      \
        assert_int_equal(plan.vring_count, 0);                                                     \
    } while (0)

static void places_a_firmware_of_either_class(void **state)
{
    (void)state;
    for (int elf_class = 1; elf_class <= 2; elf_class++) {
        const struct yoke_area *area;

        firmware_build(&image, elf_class, elf_class == 1 ? YOKE_EM_ARM : YOKE_EM_X86_64, &table);
        assert_int_equal(plan_image(), YOKE_OK);
        assert_int_equal(plan.entry, FW_TEXT + 0x10);
        assert_int_equal(plan.area_count, 11);
        assert_int_equal(plan.vring_count, 2);

        area = &plan.areas[0];
        assert_int_equal(area->kind, YOKE_AREA_SEGMENT);
        assert_int_equal(area->da, FW_TEXT);
        assert_int_equal(area->pa, FW_TEXT);
        assert_int_equal(area->size, FW_TEXT_SIZE);
        assert_int_equal(area->bytes.size, FW_TEXT_SIZE);
        assert_int_equal(area->flags, YOKE_PF_R | YOKE_PF_X);
        area = &plan.areas[1];
        assert_int_equal(area->kind, YOKE_AREA_SEGMENT);
        assert_int_equal(area->index, 1);
        assert_int_equal(area->size, FW_DATA_MEMSZ);
        assert_int_equal(area->bytes.size, FW_DATA_SIZE);
        area = yoke_plan_find(&plan, YOKE_AREA_TABLE, 0, 0);
        assert_int_equal(area->da, FW_TABLE);
        assert_int_equal(area->size, table.size);
        area = yoke_plan_find(&plan, YOKE_AREA_CARVEOUT, 0, 0);
        assert_int_equal(area->da, FW_TEXT);
        assert_string_equal(area->name, "code");
        assert_false(area->placed);
        area = yoke_plan_find(&plan, YOKE_AREA_TRACE, 2, 0);
        assert_int_equal(area->da, FW_TRACE);
        assert_int_equal(area->size, FW_TRACE_SIZE);
        assert_string_equal(area->name, "trace");
        area = yoke_plan_find(&plan, YOKE_AREA_VDEV, 3, 0);
        assert_int_equal(area->da, FW_TABLE + area->table_offset);
        assert_int_equal(area->size, 68);
        assert_int_equal(area->device_id, 7);
        assert_int_equal(area->features, 1);
        assert_int_equal(area->num, 2);

        // What is placed comes in order, 64 bytes aligned: carveout 0x1000; a ring of 16 with
        // alignment 16 has 256 + 38 -> 304, + 134 = 438 bytes; 16 buffers of 512 bytes
        // for each ring.
        area = yoke_plan_find(&plan, YOKE_AREA_CARVEOUT, 1, 0);
        assert_true(area->placed);
        assert_int_equal(area->region, 1);
        assert_int_equal(area->da, SHARED_DA);
        assert_int_equal(area->pa, SHARED_PA);
        assert_int_equal(area->size, 0x1000);
        area = yoke_plan_find(&plan, YOKE_AREA_VRING, 3, 0);
        assert_int_equal(area->da, SHARED_DA + 0x1000);
        assert_int_equal(area->pa, SHARED_PA + 0x1000);
        assert_int_equal(area->size, 438);
        assert_int_equal(area->notify_id, 0);
        assert_int_equal(area->num, 16);
        assert_int_equal(area->align, 16);
        area = yoke_plan_find(&plan, YOKE_AREA_VRING, 3, 1);
        assert_int_equal(area->da, SHARED_DA + 0x11c0);
        assert_int_equal(area->notify_id, 1);
        area = yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 3, 0);
        assert_int_equal(area->da, SHARED_DA + 0x1380);
        assert_int_equal(area->size, 16 * 512);
        assert_int_equal(area->num, 16);
        assert_int_equal(area->buffer_size, 512);
        area = yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 3, 1);
        assert_int_equal(area->da, SHARED_DA + 0x3380);
        assert_int_equal(area->size, 16 * 512);

        assert_null(yoke_plan_find(&plan, YOKE_AREA_VRING, 3, 2));
        assert_null(yoke_plan_at(&plan, area));
        assert_int_equal(plan.note_count, 1);
    }
}

static void unknown_and_vendor_entries_are_noted_and_skipped(void **state)
{
    char line[160];

    (void)state;
    table_begin(&table, 6);
    for (int i = 0; i < 5; i++) {
        table_entry(&table, i == 0 ? 0x4d : i == 1 ? 0x80 : 600);
    }
    table_trace(&table, FW_TRACE, 16, "x");
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.note_count, 4); // All that the array holds.
    yoke_refusal_text(&notes[0], line, sizeof(line));
    assert_string_equal(line, "table entry 0: type 77 is unknown and is skipped");
    yoke_refusal_text(&notes[1], line, sizeof(line));
    assert_string_equal(line, "table entry 1: type 128 belongs to a vendor and is left alone");
    assert_non_null(yoke_plan_find(&plan, YOKE_AREA_TRACE, 5, 0));

    plan.notes = NULL;
    plan.note_max = 0;
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.note_count, 0);
}

static void works_without_options(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    assert_int_equal(plan_image(), YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, map_count, NULL, &refusal), YOKE_OK);
}

static void follows_the_options(void **state)
{
    (void)state;
    options.buffer_size = 128;
    options.align = 4096;
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 3, 0)->size, 16 * 128);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 3, 1)->da, SHARED_DA + 0x2000);

    options.align = 24;
    assert_plan_refused(plan_table(),
                        "options: align 24 must be a power of two from 16 to 0x10000");
    options.align = 8;
    assert_plan_refused(plan_table(), "options: align 8 must be a power of two from 16 to 0x10000");
    options.align = 0x20000;
    assert_plan_refused(plan_table(),
                        "options: align 0x20000 must be a power of two from 16 to 0x10000");
    options.align = 0;
    options.buffer_size = 12;
    assert_plan_refused(plan_table(),
                        "options: buffer_size 12 must be a multiple of 4, at least 16");
    options.buffer_size = 130;
    assert_plan_refused(plan_table(),
                        "options: buffer_size 130 must be a multiple of 4, at least 16");
}

static void refuses_a_map_that_makes_no_sense(void **state)
{
    (void)state;
    map[1].da += 8;
    assert_plan_refused(plan_table(), "region 1: da 0x20000008 must be a multiple of 16");
    set_up(NULL);
    map[1].pa += 8;
    assert_plan_refused(plan_table(), "region 1: pa 0x80000008 must be a multiple of 16");
    set_up(NULL);
    map[1].va = (void *)(uintptr_t)0x1001;
    assert_plan_refused(plan_table(), "region 1: va 0x1001 must be a multiple of 16");
    set_up(NULL);
    map[1].size = 0;
    assert_plan_refused(plan_table(), "region 1: size 0 must not be 0");
    set_up(NULL);
    map[1].pa = UINT64_MAX - 15;
    assert_plan_refused(plan_table(),
                        "region 1: size 0x10000 must not wrap round when added to da, pa or va");
    set_up(NULL);
    map[1].da = FW_TEXT + 0xfff0;
    assert_plan_refused(plan_table(), "region 1: da 0x1000fff0 must not overlap region 0");
}

static void refuses_a_segment_outside_every_carveout(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    image_set(&image, P_PADDR, 1, 0x30000000);
    assert_plan_refused(plan_image(), "segment 1: p_paddr 0x30000000 lies outside every carveout "
                                      "of the memory map, with size 0x600");
    image_set(&image, P_PADDR, 1, FW_TEXT + 0xfa01); // One byte too far.
    assert_plan_refused(plan_image(), "segment 1: p_paddr 0x1000fa01 lies outside every carveout "
                                      "of the memory map, with size 0x600");
    image_set(&image, P_PADDR, 1, SHARED_DA); // A region, but not for the image.
    assert_plan_refused(plan_image(), "segment 1: p_paddr 0x20000000 lies outside every carveout "
                                      "of the memory map, with size 0x600");
}

static void refuses_overlapping_segments(void **state)
{
    (void)state;
    firmware_build(&image, 2, YOKE_EM_X86_64, &table);
    image_set(&image, P_PADDR, 1, FW_TEXT + FW_TEXT_SIZE - 1);
    assert_plan_refused(plan_image(),
                        "segment 1: p_paddr 0x100001ff must not overlap the segment at 0x10000000");
}

static void refuses_an_image_with_nothing_to_load(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    image_set(&image, P_TYPE, 0, 6);
    image_set(&image, P_MEMSZ, 1, 0);
    image_set(&image, P_FILESZ, 1, 0);
    assert_plan_refused(plan_image(), "image: has no segment to load");
}

static void refuses_an_entry_point_outside_executable_segments(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    image_set(&image, E_ENTRY, 0, FW_DATA);
    assert_plan_refused(plan_image(),
                        "ELF header: e_entry 0x10001000 lies in no executable segment");
    image_set(&image, E_ENTRY, 0, FW_TEXT + FW_TEXT_SIZE);
    assert_plan_refused(plan_image(),
                        "ELF header: e_entry 0x10000200 lies in no executable segment");
    image_set(&image, E_ENTRY, 0, 0);
    assert_plan_refused(plan_image(), "ELF header: e_entry 0 lies in no executable segment");
}

static void an_entry_point_in_thumb_code_keeps_its_bit(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    image_set(&image, E_ENTRY, 0, FW_TEXT + 0x11);
    assert_int_equal(plan_image(), YOKE_OK);
    assert_int_equal(plan.entry, FW_TEXT + 0x11);
}

static void refuses_a_file_that_changed_after_it_was_opened(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    assert_int_equal(plan_image(), YOKE_OK);
    image_set(&image, P_FILESZ, 0, 0xffffffff);
    assert_plan_refused(yoke_plan_make(&plan, &elf, map, map_count, &options, &refusal),
                        "segment 0: p_offset 120 must leave room for p_filesz bytes in the file, "
                        "whose size is 0x7e0");
}

static void refuses_an_image_without_a_table_unless_it_is_optional(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, NULL);
    assert_plan_refused(plan_image(),
                        "image: has no resource table: no section is called .resource_table");
    options.table_optional = true;
    assert_int_equal(plan_image(), YOKE_OK);
    assert_int_equal(plan.area_count, 2);
}

static void refuses_a_table_that_is_not_where_the_firmware_sees_it(void **state)
{
    (void)state;
    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    image_set(&image, SH_TYPE, FW_S_TABLE, 8);
    assert_plan_refused(plan_image(), "resource table: sh_type 8 has no bytes in the file");

    firmware_build(&image, 1, YOKE_EM_ARM, &table);
    image_set(&image, SH_ADDR, FW_S_TABLE, FW_TABLE + 2);
    assert_plan_refused(plan_image(), "resource table: sh_addr 0x10001042 must be a multiple of 4");
    image_set(&image, SH_ADDR, FW_S_TABLE, 0x30000000);
    assert_plan_refused(plan_image(), "resource table: sh_addr 0x30000000 lies in the file bytes "
                                      "of no loaded segment, with size 0x110");
    image_set(&image, SH_ADDR, FW_S_TABLE, FW_DATA + FW_DATA_SIZE);
    assert_plan_refused(plan_image(), "resource table: sh_addr 0x10001300 lies in the file bytes "
                                      "of no loaded segment, with size 0x110");
    image_set(&image, SH_ADDR, FW_S_TABLE, FW_TABLE + 4); // Other bytes than those in the file.
    assert_plan_refused(plan_image(), "resource table: sh_offset 0x2b8 must be what the segment "
                                      "loads at sh_addr, from 0x2bc");
    // The text segment has bytes there, but not these.
    image_set(&image, SH_ADDR, FW_S_TABLE, FW_TEXT);
    assert_plan_refused(plan_image(), "resource table: sh_offset 0x2b8 must be what the segment "
                                      "loads at sh_addr, from 120");
}

static void refuses_what_the_table_parser_refuses(void **state)
{
    (void)state;
    table_set(&table, 0, 3);
    assert_plan_refused(plan_table(), "resource table: ver 3 must be 1");
    firmware_table(&table);
    table_set(&table, 16, 3000);
    assert_plan_refused(plan_table(),
                        "table entry 0: offset 0xbb8 must be less than the table's size, 0x110");
    firmware_table(&table);
    table_set(&table, 196 + 28 + 20 + 8, 3);
    assert_plan_refused(plan_table(), "vring 1 of table entry 3: num 3 must be a power of two from "
                                      "2 to 0x8000");
}

static void refuses_carveouts_outside_the_map_or_on_each_other(void **state)
{
    (void)state;
    table_begin(&table, 1);
    table_carveout(&table, 0x30000000, 0, 0x1000, "far");
    assert_plan_refused(plan_table(), "table entry 0: da 0x30000000 lies outside all regions of "
                                      "the memory map, with size 0x1000");
    table_begin(&table, 2);
    table_carveout(&table, SHARED_DA, 0, 0x1000, "a");
    table_carveout(&table, SHARED_DA + 0xfff, 0, 0x10, "b");
    assert_plan_refused(plan_table(), "table entry 1: da 0x20000fff must not overlap what the "
                                      "table asks for at 0x20000000");
}

static void a_devmem_must_be_what_the_map_says(void **state)
{
    (void)state;
    map[2] = (struct yoke_region){"uart", 0x40000000, 0x50000000, 0x1000, NULL, 0};
    map_count = 3;
    table_begin(&table, 2);
    table_devmem(&table, 0x40000100, 0x50000100, 0x100, "uart");
    table_devmem(&table, 0x40000180, 0x50000180, 0x10, "part of it");
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_DEVMEM, 0, 0)->pa, 0x50000100);

    table_begin(&table, 1);
    table_devmem(&table, 0x40000100, 0x60000100, 0x100, "uart");
    assert_plan_refused(plan_table(),
                        "table entry 0: pa 0x60000100 must be, by the memory map, 0x50000100");
    table_begin(&table, 1);
    table_devmem(&table, 0x60000000, 0x60000000, 0x100, "uart");
    assert_plan_refused(plan_table(), "table entry 0: da 0x60000000 lies outside all regions of "
                                      "the memory map, with size 0x100");
    table_begin(&table, 1);
    table_devmem(&table, FW_TEXT, FW_TEXT, 0x100, "no registers");
    assert_plan_refused(plan_table(), "table entry 0: da 0x10000000 must not overlap the segment "
                                      "at 0x10000000");
}

static void refuses_a_trace_buffer_outside_the_map_or_on_a_ring(void **state)
{
    (void)state;
    table_begin(&table, 1);
    table_trace(&table, 0x30000000, 0x100, "trace");
    assert_plan_refused(plan_table(), "table entry 0: da 0x30000000 lies outside all regions of "
                                      "the memory map, with size 0x100");
    table_begin(&table, 2);
    table_vdev(&table, 3, 0, 1, 0);
    table_vring(&table, SHARED_DA, 16, 16);
    table_trace(&table, SHARED_DA + 0x100, 0x100, "trace");
    assert_plan_refused(plan_table(), "table entry 1: da 0x20000100 must not overlap what the "
                                      "table asks for at 0x20000000");
}

static void vring_at(uint32_t da, uint32_t align)
{
    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 2, 0);
    table_vring(&table, 0xffffffff, 16, 16);
    table_vring(&table, da, align, 16);
}

static void honours_a_fixed_vring_and_places_the_rest_round_it(void **state)
{
    (void)state;
    vring_at(SHARED_DA + 0x40, 16);
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 0, 1)->da, SHARED_DA + 0x40);
    assert_false(yoke_plan_find(&plan, YOKE_AREA_VRING, 0, 1)->placed);
    // 0x40 + 438 = 0x1f6, rounded up.
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 0, 0)->da, SHARED_DA + 0x200);
}

static void refuses_a_fixed_vring_outside_shared_memory_or_misaligned(void **state)
{
    (void)state;
    vring_at(0x30000000, 16);
    assert_plan_refused(plan_table(), "vring 1 of table entry 0: da 0x30000000 lies outside all "
                                      "shared regions of the memory map, with size 0x1b6");
    vring_at(FW_TEXT + 0x8000, 16);
    assert_plan_refused(plan_table(), "vring 1 of table entry 0: da 0x10008000 lies outside all "
                                      "shared regions of the memory map, with size 0x1b6");
    vring_at(SHARED_DA + 0x100, 4096);
    assert_plan_refused(plan_table(),
                        "vring 1 of table entry 0: da 0x20000100 must be a multiple of 0x1000");
    vring_at(SHARED_DA + 8, 4);
    assert_plan_refused(plan_table(),
                        "vring 1 of table entry 0: da 0x20000008 must be a multiple of 16");
}

static void refuses_a_vring_over_a_segment(void **state)
{
    (void)state;
    map[0].flags |= YOKE_REGION_SHARED;
    vring_at(FW_DATA + 0x400, 16);
    assert_plan_refused(plan_table(), "vring 1 of table entry 0: da 0x10001400 must not overlap "
                                      "the segment at 0x10001000");
}

static void a_fixed_vring_may_lie_in_a_fixed_carveout(void **state)
{
    (void)state;
    table_begin(&table, 2);
    table_carveout(&table, SHARED_DA, 0, 0x1000, "vdev0vring0");
    table_vdev(&table, 3, 1, 1, 0);
    table_vring(&table, SHARED_DA, 16, 16);
    assert_int_equal(plan_table(), YOKE_OK);
    assert_null(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 1, 0)); // Not an rpmsg device.
}

static void places_round_segments_in_a_region_for_both(void **state)
{
    (void)state;
    map[0].flags |= YOKE_REGION_SHARED;
    map_count = 1;
    table_begin(&table, 1);
    table_vdev(&table, 7, 1, 1, 0);
    table_vring(&table, 0xffffffff, 16, 64); // 1024 + 134 -> 1168, + 518 = 1686 bytes
    assert_int_equal(plan_table(), YOKE_OK);
    // Between text (to 0x200) and data (from 0x1000).
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 0, 0)->da, FW_TEXT + 0x200);
    // 64 buffers do not fit before data, which ends at 0x1600.
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 0, 0)->da, FW_TEXT + 0x1600);
}

static void tries_each_shared_region(void **state)
{
    (void)state;
    map[2] = map[1];
    map[2].da = SHARED_DA + 0x100000;
    map[2].pa = SHARED_PA + 0x200000;
    map[1].size = 0x1000;
    map_count = 3;
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_CARVEOUT, 1, 0)->region, 1);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 3, 0)->region, 2);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 3, 0)->pa, map[2].pa);
}

static void refuses_when_there_is_no_room(void **state)
{
    (void)state;
    map[1].size = 0x1380 + 32 * 512 - 1;
    map[1].size &= ~UINT64_C(15);
    assert_plan_refused(plan_table(), "buffers of table entry 3: size 0x2000 finds no room in the "
                                      "shared regions, whose size is 0x5370");
    map[1].size += 16;
    assert_int_equal(plan_table(), YOKE_OK);
    map_count = 1;
    assert_plan_refused(plan_table(), "table entry 1: size 0x1000 finds no room in the shared "
                                      "regions, whose size is 0");
}

static void never_places_beyond_32_bits(void **state)
{
    (void)state;
    map[1].da = 0x100000000;
    assert_plan_refused(plan_table(), "table entry 1: size 0x1000 finds no room in the shared "
                                      "regions, whose size is 0x10000");
    // A region at the very end of 64-bit addresses: rounding up wraps.
    map[1].da = UINT64_MAX - 0x100 + 1;
    map[1].size = 0x100;
    options.align = 4096;
    assert_plan_refused(plan_table(), "table entry 1: size 0x1000 finds no room in the shared "
                                      "regions, whose size is 0x100");
}

static void notes_a_carveout_whose_physical_address_does_not_fit(void **state)
{
    char line[160];

    (void)state;
    map[1].pa = 0x880000000;
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.note_count, 2);
    yoke_refusal_text(&notes[1], line, sizeof(line));
    assert_string_equal(line, "table entry 1: pa 0x880000000 does not fit the table, where it is "
                              "written as 0xffffffff");
}

static void refuses_more_areas_than_the_caller_has_room_for(void **state)
{
    (void)state;
    plan.area_max = 11;
    assert_int_equal(plan_table(), YOKE_OK);
    for (uint32_t max = 0; max < 11; max++) {
        char text[80] = "plan: areas 1 must not exceed 0";
        text[12] = (char)('1' + max);
        text[30] = (char)('0' + max);
        if (max == 9) {
            memcpy(text, "plan: areas 10 must not exceed 9", 33);
        } else if (max == 10) {
            memcpy(text, "plan: areas 11 must not exceed 10", 34);
        }
        plan.area_max = max;
        assert_plan_refused(plan_table(), text);
    }
    table_begin(&table, 1);
    table_devmem(&table, FW_TEXT, FW_TEXT, 16, "x");
    plan.area_max = 3;
    assert_plan_refused(plan_table(), "plan: areas 4 must not exceed 3");
}

static void gives_each_vring_of_several_vdevs_a_doorbell(void **state)
{
    (void)state;
    table_begin(&table, 3);
    table_vdev(&table, 7, 1, 2, 0);
    table_vring(&table, 0xffffffff, 16, 4);
    table_vring(&table, 0xffffffff, 16, 8);
    table_vdev(&table, 3, 0, 1, 4);
    table_vring(&table, 0xffffffff, 4096, 2);
    table_word(&table, 0);
    table_vdev(&table, 7, 0, 0, 0);
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.vring_count, 3);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 0, 1)->notify_id, 1);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 1, 0)->notify_id, 2);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_VRING, 1, 0)->da % 4096, 0);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 0, 0)->num, 4);
    assert_int_equal(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 0, 1)->num, 8);
    assert_null(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 2, 0)); // It has no rings.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(places_a_firmware_of_either_class, set_up),
        cmocka_unit_test_setup(unknown_and_vendor_entries_are_noted_and_skipped, set_up),
        cmocka_unit_test_setup(works_without_options, set_up),
        cmocka_unit_test_setup(follows_the_options, set_up),
        cmocka_unit_test_setup(refuses_a_map_that_makes_no_sense, set_up),
        cmocka_unit_test_setup(refuses_a_segment_outside_every_carveout, set_up),
        cmocka_unit_test_setup(refuses_overlapping_segments, set_up),
        cmocka_unit_test_setup(refuses_an_image_with_nothing_to_load, set_up),
        cmocka_unit_test_setup(refuses_an_entry_point_outside_executable_segments, set_up),
        cmocka_unit_test_setup(an_entry_point_in_thumb_code_keeps_its_bit, set_up),
        cmocka_unit_test_setup(refuses_a_file_that_changed_after_it_was_opened, set_up),
        cmocka_unit_test_setup(refuses_an_image_without_a_table_unless_it_is_optional, set_up),
        cmocka_unit_test_setup(refuses_a_table_that_is_not_where_the_firmware_sees_it, set_up),
        cmocka_unit_test_setup(refuses_what_the_table_parser_refuses, set_up),
        cmocka_unit_test_setup(refuses_carveouts_outside_the_map_or_on_each_other, set_up),
        cmocka_unit_test_setup(a_devmem_must_be_what_the_map_says, set_up),
        cmocka_unit_test_setup(refuses_a_trace_buffer_outside_the_map_or_on_a_ring, set_up),
        cmocka_unit_test_setup(honours_a_fixed_vring_and_places_the_rest_round_it, set_up),
        cmocka_unit_test_setup(refuses_a_fixed_vring_outside_shared_memory_or_misaligned, set_up),
        cmocka_unit_test_setup(refuses_a_vring_over_a_segment, set_up),
        cmocka_unit_test_setup(a_fixed_vring_may_lie_in_a_fixed_carveout, set_up),
        cmocka_unit_test_setup(places_round_segments_in_a_region_for_both, set_up),
        cmocka_unit_test_setup(tries_each_shared_region, set_up),
        cmocka_unit_test_setup(refuses_when_there_is_no_room, set_up),
        cmocka_unit_test_setup(never_places_beyond_32_bits, set_up),
        cmocka_unit_test_setup(notes_a_carveout_whose_physical_address_does_not_fit, set_up),
        cmocka_unit_test_setup(refuses_more_areas_than_the_caller_has_room_for, set_up),
        cmocka_unit_test_setup(gives_each_vring_of_several_vdevs_a_doorbell, set_up),
    };

    return cmocka_run_group_tests_name("rproc", tests, NULL, NULL);
}
