// SPDX-License-Identifier: BSD-3-Clause
// Plans of images with a resource table of version 2.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image_builder.h"
#include "refused.h"

#include <yoke/abi/virtio.h>
#include <yoke/rproc.h>

#define SHARED_DA 0x20000000u
#define SHARED_PA 0x80000000u

static struct image image;
static struct table table;
static struct yoke_elf elf;
static struct yoke_refusal refusal;
static struct yoke_area areas[32];
static struct yoke_refusal notes[8];
static struct yoke_plan plan;
static struct yoke_plan_options options;
static struct yoke_region map[2];

static int set_up(void **state)
{
    (void)state;
    memset(&options, 0, sizeof(options));
    plan = (struct yoke_plan){.areas = areas, .area_max = 32, .notes = notes, .note_max = 8};
    map[0] = (struct yoke_region){"ram", FW_TEXT, FW_TEXT, 0x10000, NULL, YOKE_REGION_IMAGE};
    map[1] =
        (struct yoke_region){"shared", SHARED_DA, SHARED_PA, 0x10000, NULL, YOKE_REGION_SHARED};
    firmware2_table(&table);
    return 0;
}

static int plan_both(const struct table *table1)
{
    firmware2_build(&image, 1, YOKE_EM_ARM, table1, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    return yoke_plan_make(&plan, &elf, map, 2, &options, &refusal);
}

static int plan_table(void)
{
    return plan_both(NULL);
}

/// Begins a table for a test of its own; each ends with plan_ended().
static void begin(void)
{
    table2_begin(&table, 0, 7);
}

static int plan_ended(void)
{
    table2_end(&table);
    return plan_table();
}

static const struct yoke_area *area_of(enum yoke_area_kind kind, uint32_t index, uint32_t queue)
{
    const struct yoke_area *area = yoke_plan_find(&plan, kind, index, queue);

    assert_non_null(area);
    return area;
}

/// A refusal leaves nothing in the plan.
#define assert_plan_refused(call, text)                                                            \
    do {                                                                                           \
        assert_refused(call, &refusal, text);                                                      \
        assert_int_equal(plan.area_count, 0);                                                      \
        assert_int_equal(plan.note_count, 0);                                                      \
    } while (0)

/// The entry is left out, with this note, and the image runs; if it is required, the same words
/// refuse the image.
static void assert_optional(const char *text, uint32_t index, uint8_t outcome)
{
    char line[200];

    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.note_count, 1);
    yoke_refusal_text(&notes[0], line, sizeof(line));
    assert_string_equal(line, text);
    assert_int_equal(plan.outcomes[index], outcome);
    for (uint32_t i = 0; i < plan.area_count; i++) {
        assert_true(plan.areas[i].kind <= YOKE_AREA_TABLE || plan.areas[i].index != index);
    }
    assert_null(refusal.part);
    table.bytes[table2_at(&table) + 9] |= 1;
    assert_plan_refused(plan_table(), text);
}

static void places_what_each_entry_asks_for(void **state)
{
    const struct yoke_area *area;

    (void)state;
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.version, 2);
    assert_int_equal(plan.owner, YOKE_RSC2_OWNER_HOST);
    assert_int_equal(plan.taken, 7);
    assert_int_equal(plan.vring_count, 2);
    area = area_of(YOKE_AREA_TABLE, 0, 0);
    assert_int_equal(area->da, FW2_DATA);
    area = area_of(YOKE_AREA_CARVEOUT, FW2_HEAP, 0);
    assert_int_equal(area->da, SHARED_DA);
    assert_int_equal(area->align, 4096);
    assert_true(area->placed);
    area = area_of(YOKE_AREA_TRACE, FW2_TRACES, 0);
    assert_int_equal(area->da, FW2_TRACE);
    assert_int_equal(area->notify_id, 2);
    assert_true(area->late);
    area = area_of(YOKE_AREA_VDEV, FW2_RPMSG, 0);
    assert_int_equal(area->da, FW2_STATE);
    assert_int_equal(area->size, 68);
    assert_int_equal(area->features, 0x10001);
    // A ring of 4, aligned to 16: 64 + 14 -> 80, + 38 = 118; of 8: 128 + 22 -> 160, + 70 = 230.
    area = area_of(YOKE_AREA_VRING, FW2_RPMSG, 0);
    assert_int_equal(area->da, SHARED_DA + 0x1000);
    assert_int_equal(area->size, 118);
    assert_int_equal(area->notify_id, 0);
    area = area_of(YOKE_AREA_VRING, FW2_RPMSG, 1);
    assert_int_equal(area->da, SHARED_DA + 0x1080);
    assert_int_equal(area->size, 230);
    assert_int_equal(area->notify_id, 1);
    area = area_of(YOKE_AREA_BUFFERS, FW2_RPMSG, 0);
    assert_int_equal(area->da, SHARED_DA + 0x1180);
    assert_int_equal(area->num, 4);
    assert_int_equal(area->buffer_size, 1024);
    area = area_of(YOKE_AREA_BUFFERS, FW2_RPMSG, 1);
    assert_int_equal(area->da, SHARED_DA + 0x2180);
    assert_int_equal(area->num, 6);
    assert_int_equal(area->size, 6 * 2048);
    area = area_of(YOKE_AREA_POWER, FW2_POWERS, 0);
    assert_int_equal(area->da, FW2_POWER);
    assert_int_equal(area->size, 128);
    assert_int_equal(area->notify_id, 3);
    area = area_of(YOKE_AREA_PARAMETER, FW2_STRING, 0);
    assert_int_equal(area->da, FW2_PARAMETERS + 0x10);
    assert_null(area->value);
    area = area_of(YOKE_AREA_LOCKS, FW2_LOCK, 0);
    assert_int_equal(area->size, 3 * 8 + 4);
    assert_int_equal(area->num, 4);
}

static void says_what_became_of_each_entry(void **state)
{
    char line[200];

    (void)state;
    assert_int_equal(plan_table(), YOKE_OK);
    for (uint32_t i = 0; i < FW2_ENTRIES; i++) {
        assert_int_equal(plan.outcomes[i], i == FW2_TREES    ? YOKE_RSC2_OUTCOME_IMPOSSIBLE
                                           : i == FW2_VENDOR ? YOKE_RSC2_OUTCOME_UNKNOWN
                                                             : YOKE_RSC2_OUTCOME_DONE);
    }
    assert_int_equal(plan.note_count, 2);
    yoke_refusal_text(&notes[0], line, sizeof(line));
    assert_string_equal(line, "table entry 9: asks for a device tree, and there is none here");
    yoke_refusal_text(&notes[1], line, sizeof(line));
    assert_string_equal(line,
                        "table entry 12: type 0x80000001 belongs to a vendor and is left alone");
}

static void the_host_reads_the_highest_version_that_it_knows(void **state)
{
    struct table old;

    (void)state;
    firmware_table(&old);
    assert_int_equal(plan_both(&old), YOKE_OK);
    assert_int_equal(plan.version, 2);
    options.versions = YOKE_RSC_KNOW_1;
    assert_int_equal(plan_both(&old), YOKE_OK);
    assert_int_equal(plan.version, 1);
    assert_int_equal(area_of(YOKE_AREA_TABLE, 0, 0)->da, FW_TABLE);
    assert_plan_refused(plan_table(),
                        "image: has no resource table: no section is called .resource_table");
    options.versions = YOKE_RSC_KNOW_2;
    assert_int_equal(plan_both(&old), YOKE_OK);
    assert_int_equal(plan.version, 2);
    firmware_build(&image, 1, YOKE_EM_ARM, &old);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_plan_refused(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal),
                        "image: has no resource table: no section is called .resource_table.2");
}

static void a_table_of_a_later_version_leaves_the_first_one(void **state)
{
    struct table old;

    (void)state;
    firmware_table(&old);
    table.bytes[4] = 3;
    assert_int_equal(plan_both(&old), YOKE_OK);
    assert_int_equal(plan.version, 1);
    assert_plan_refused(plan_table(), "resource table: version 3 must be 2");
}

static void required_entries_that_are_unknown_refuse_the_image(void **state)
{
    (void)state;
    begin();
    table2_entry(&table, 99, 0);
    table2_locks(&table, 0, 1, 1, 0, 0, 1, 0, "not words in memory");
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.note_count, 2);
    assert_int_equal(plan.outcomes[0], YOKE_RSC2_OUTCOME_UNKNOWN);
    assert_int_equal(plan.outcomes[1], YOKE_RSC2_OUTCOME_UNKNOWN);
    begin();
    table2_entry(&table, 99, 1);
    assert_plan_refused(plan_ended(), "table entry 0: type 99 is required, and it, or this version "
                                      "of it, is unknown here");
    begin();
    table2_entry(&table, 0x10005, 1);
    assert_plan_refused(
        plan_ended(),
        "table entry 0: type 0x10005 belongs to a vendor, is required, and is unknown here");
    // A version of an entry that is not known.
    begin();
    table2_power(&table, 1, 0, FW2_POWER);
    table.bytes[table2_at(&table) + 8] = 2;
    assert_plan_refused(plan_ended(), "table entry 0: type 17 is required, and it, or this version "
                                      "of it, is unknown here");
}

static void entries_that_cannot_be_had_are_left_out_or_refuse_the_image(void **state)
{
    (void)state;
    begin();
    table2_memory(&table, 0, 0, 0x30000000, 0, 0x100, 0, "far");
    assert_optional("table entry 0: da 0x30000000 lies outside all regions of the memory map, with "
                    "size 0x100",
                    0, YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_memory(&table, 0, 0, ANY, 0, 0x20000, 0, "big");
    assert_optional(
        "table entry 0: size 0x20000 finds no room in the shared regions, whose size is "
        "0x10000",
        0, YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_memory(&table, 1, 0, SHARED_DA, 0x1234, 0x100, 0, "uart");
    assert_optional("table entry 0: pa 0x1234 must be, by the memory map, 0x80000000", 0,
                    YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_trace(&table, 0, 0, 0x30000000, 0x200, "log");
    assert_optional("table entry 0: da 0x30000000 lies outside all regions of the memory map, with "
                    "size 0x200",
                    0, YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_power(&table, 0, 0, SHARED_DA + 0x10000);
    assert_optional("table entry 0: state 0x20010000 lies outside all regions of the memory map, "
                    "with size 128",
                    0, YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_vdev(&table, 0, 7, 1, FW2_STATE, 0, 48, 0, 1);
    table2_queue(&table, 0x30000000, ANY, 4, 16, 0, 0);
    assert_optional(
        "vring 0 of table entry 0: da 0x30000000 lies outside all shared regions of the "
        "memory map, with size 118",
        0, YOKE_RSC2_OUTCOME_IMPOSSIBLE);
}

static void what_is_left_out_makes_room_for_the_others(void **state)
{
    (void)state;
    begin();
    table2_memory(&table, 0, 0, ANY, 0, 0x8000, 0, "first");
    table2_memory(&table, 0, 0, ANY, 0, 0xc000, 0, "second");
    table2_memory(&table, 0, 1, ANY, 0, 0x8000, 0, "third");
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.outcomes[1], YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    assert_int_equal(area_of(YOKE_AREA_CARVEOUT, 2, 0)->da, SHARED_DA + 0x8000);
    assert_null(yoke_plan_find(&plan, YOKE_AREA_CARVEOUT, 1, 0));
}

static void numbers_of_doorbells_count_the_queues_of_what_is_left_out(void **state)
{
    (void)state;
    begin();
    table2_vdev(&table, 0, 7, 1, FW2_STATE, 0, 68, 0, 2);
    table2_queue(&table, 0x30000000, ANY, 4, 16, 0, 0);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    table2_trace(&table, 0, 0xffffffff, FW2_TRACE, 0x100, "quiet");
    table2_power(&table, 0, 0, FW2_POWER);
    table2_vdev(&table, 0, 7, 1, FW2_STATE, 0, 68, 0, 1);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.vring_count, 3);
    assert_int_equal(area_of(YOKE_AREA_VRING, 3, 0)->notify_id, 2);
    assert_int_equal(area_of(YOKE_AREA_TRACE, 1, 0)->notify_id, YOKE_NO_DOORBELL);
    assert_int_equal(area_of(YOKE_AREA_POWER, 2, 0)->notify_id, 3);
}

static void requests_are_taken_only_with_a_power_block(void **state)
{
    (void)state;
    begin();
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.taken, YOKE_RSC2_F_HOST_RESTARTS);
    table2_begin(&table, 0, UINT64_C(0xfffffffffffffff8) | YOKE_RSC2_F_STOP);
    table2_power(&table, 0, 0, FW2_POWER);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.taken, YOKE_RSC2_F_STOP);
}

static void addresses_have_64_bits(void **state)
{
    const uint64_t base = UINT64_C(0x1200000000);

    (void)state;
    map[1].da = base + 0x1000;
    begin();
    table2_memory(&table, 0, 1, ANY, 0, 0x1000, 0, "heap");
    table2_vdev(&table, 1, 7, 1, ANY, base, 48, 0, 1);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_CARVEOUT, 0, 0)->da, base + 0x1000);
    assert_int_equal(area_of(YOKE_AREA_VDEV, 1, 0)->da, base + 0x2000);
    assert_int_equal(area_of(YOKE_AREA_VRING, 1, 0)->da, base + 0x2040);
    assert_int_equal(area_of(YOKE_AREA_VRING, 1, 0)->base, base);
}

static void there_is_no_room_behind_the_last_address(void **state)
{
    (void)state;
    map[0] = (struct yoke_region){
        "all", 0, 0, 0 - UINT64_C(16), NULL, YOKE_REGION_IMAGE | YOKE_REGION_SHARED};
    begin();
    table2_memory(&table, 0, 1, 16, 0, 0 - UINT64_C(32), 0, "all");
    table2_memory(&table, 0, 1, ANY, 0, 0x100, 0, "more");
    table2_end(&table);
    firmware2_build(&image, 1, YOKE_EM_ARM, NULL, &table);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_plan_refused(yoke_plan_make(&plan, &elf, map, 1, &options, &refusal),
                        "table entry 1: size 0x100 finds no room in the shared regions, whose size "
                        "is 0xfffffffffffffff0");
}

static void rings_lie_within_reach_of_their_base(void **state)
{
    (void)state;
    // All of the region lies below the base, or beyond its 4 GiB.
    for (unsigned i = 0; i < 2; i++) {
        begin();
        table2_vdev(&table, 1, 7, 1, FW2_STATE, i == 0 ? SHARED_DA + 0x10000 : 0, 48, 0, 1);
        table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
        map[1].da = i == 0 ? SHARED_DA : UINT64_C(0x100000000);
        assert_plan_refused(plan_ended(), "vring 0 of table entry 0: size 118 finds no room in the "
                                          "shared regions, whose size is 0x10000");
    }
    map[1].da = SHARED_DA;
    begin();
    table2_vdev(&table, 0, 7, 1, FW2_STATE, SHARED_DA + 0x8000, 48, 0, 1);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_VRING, 0, 0)->da, SHARED_DA + 0x8000);
    begin();
    table2_vdev(&table, 0, 7, 1, FW2_STATE, SHARED_DA + 0x8000, 48, 0, 1);
    table2_queue(&table, SHARED_DA, ANY, 4, 16, 0, 0);
    assert_plan_refused(plan_ended(), "vring 0 of table entry 0: da 0x20000000 must lie within 4 "
                                      "GiB from the base of its vdev, 0x20008000");
}

static void the_vdev_state_lies_anywhere_but_in_its_table(void **state)
{
    (void)state;
    begin();
    table2_vdev(&table, 0, 7, 1, FW2_DATA + 0x20, 0, 48, 0, 1);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    assert_plan_refused(plan_ended(), "table entry 0: state 0x10002020 must not lie in the table "
                                      "itself, at 0x10002000");
    // In the table of version 1.
    begin();
    table2_vdev(&table, 1, 7, 1, FW_TABLE + 196, 0, 68, 0, 1);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_VDEV, 0, 0)->da, FW_TABLE + 196);
    // Two vdevs do not share one.
    table2_vdev(&table, 1, 7, 1, FW_TABLE + 200, 0, 68, 0, 0);
    assert_plan_refused(plan_ended(), "table entry 1: state 0x10001108 must not overlap what the "
                                      "table asks for at 0x10001104");
}

static void buffers_lie_where_the_table_says(void **state)
{
    (void)state;
    begin();
    table2_memory(&table, 0, 0, SHARED_DA, 0, 0x8000, 0, "pool");
    table2_vdev(&table, 1, 7, YOKE_F_RPMSG_BUFFERS, FW2_STATE, 0, 68, 0, 2);
    table2_queue(&table, SHARED_DA, SHARED_DA + 0x1000, 4, 16, 2048, 3);
    table2_queue(&table, ANY, 0, 4, 16, 0, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, 1, 0)->da, SHARED_DA + 0x1000);
    assert_false(area_of(YOKE_AREA_BUFFERS, 1, 0)->placed);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, 1, 0)->size, 3 * 2048);
    // 0: the driver finds a place, which the table is not told.
    assert_true(area_of(YOKE_AREA_BUFFERS, 1, 1)->placed);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, 1, 1)->table_offset, 0);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, 1, 1)->buffer_size, 512);
    begin();
    table2_vdev(&table, 1, 7, YOKE_F_RPMSG_BUFFERS, FW2_STATE, 0, 48, 0, 1);
    table2_queue(&table, ANY, SHARED_DA + 8, 4, 16, 1024, 0);
    assert_plan_refused(plan_ended(),
                        "vring 0 of table entry 0: buffers 0x20000008 must be a multiple of 16");
}

static void sizes_of_buffers_need_the_feature_on_both_sides(void **state)
{
    (void)state;
    options.known = YOKE_F_RPMSG_NS;
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, FW2_RPMSG, 0)->buffer_size, 512);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, FW2_RPMSG, 1)->size, 6 * 512);
    options.known = 0;
    begin();
    table2_vdev(&table, 1, 7, YOKE_F_RPMSG_NS, FW2_STATE, 0, 48, 0, 1);
    table2_queue(&table, ANY, SHARED_DA, 4, 16, 1024, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, 0, 0)->buffer_size, 512);
    assert_true(area_of(YOKE_AREA_BUFFERS, 0, 0)->placed);
    // Other devices have what the table says, and none without a size.
    begin();
    table2_vdev(&table, 1, 3, 0, FW2_STATE, 0, 68, 0, 2);
    table2_queue(&table, ANY, ANY, 4, 16, 100, 0);
    table2_queue(&table, ANY, ANY, 4, 16, 0, 0);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, 0, 0)->size, 400);
    assert_null(yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 0, 1));
}

static void an_identity_must_match_what_is_here(void **state)
{
    static const char *const chips[] = {"acme,other", "acme,chip", NULL};
    static const char *const none[] = {NULL};

    (void)state;
    options.chips = chips;
    options.driver = "other-rproc";
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.outcomes[FW2_IDENTITY], YOKE_RSC2_OUTCOME_DONE);
    begin();
    table2_identity(&table, 0, 1, "acme,chip", "", "");
    table_name(&table, "acme-rproc");
    assert_optional("table entry 0: drivers 1 are named, and none of them is the driver here", 0,
                    YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    options.driver = NULL;
    options.chips = none;
    begin();
    table2_identity(&table, 0, 0, "acme,chip", "", "");
    assert_optional("table entry 0: chip is not the one that is here", 0,
                    YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_identity(&table, 1, 0, "", "", "");
    assert_int_equal(plan_ended(), YOKE_OK);
}

static void a_device_tree_needs_a_blob_that_fits(void **state)
{
    static const uint8_t blob[0x100] = {0xd0, 0x0d, 0xfe, 0xed};

    (void)state;
    begin();
    table2_devicetree(&table, 0, ANY, 0xff);
    assert_optional("table entry 0: asks for a device tree, and there is none here", 0,
                    YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    options.devicetree = yoke_bytes(blob, sizeof(blob));
    begin();
    table2_devicetree(&table, 0, ANY, 0xff);
    assert_optional("table entry 0: len 255 must not be less than the device tree has, 0x100", 0,
                    YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    begin();
    table2_devicetree(&table, 1, ANY, 0x100);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_DEVICETREE, 0, 0)->da, SHARED_DA);
    assert_int_equal(area_of(YOKE_AREA_DEVICETREE, 0, 0)->bytes.size, 0x100);
    // Too small, at a fixed place: the loader will say so there.
    begin();
    table2_devicetree(&table, 0, FW2_TREE, 8);
    assert_int_equal(plan_ended(), YOKE_OK);
    assert_int_equal(plan.outcomes[0], YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    assert_int_equal(area_of(YOKE_AREA_DEVICETREE, 0, 0)->bytes.size, 0);
}

static void fixed_addresses_are_aligned(void **state)
{
    (void)state;
    begin();
    table2_trace(&table, 0, 0, FW2_TRACE + 2, 0x100, "log");
    assert_plan_refused(plan_ended(), "table entry 0: da 0x10002882 must be a multiple of 4");
    begin();
    table2_power(&table, 0, 0, FW2_POWER + 2);
    assert_plan_refused(plan_ended(), "table entry 0: state 0x10002802 must be a multiple of 4");
    begin();
    table2_devicetree(&table, 0, FW2_TREE + 4, 0x10);
    assert_plan_refused(plan_ended(), "table entry 0: da 0x10002a84 must be a multiple of 8");
    begin();
    table2_vdev(&table, 0, 7, 0, FW2_STATE, 0, 48, 0, 1);
    table2_queue(&table, SHARED_DA + 8, ANY, 4, 16, 0, 0);
    assert_plan_refused(plan_ended(),
                        "vring 0 of table entry 0: da 0x20000008 must be a multiple of 16");
    begin();
    table2_memory(&table, 0, 0, SHARED_DA + 0x800, 0, 0x100, 4096, "pool");
    assert_plan_refused(plan_ended(), "table entry 0: da 0x20000800 must be a multiple of 0x1000");
    begin();
    table2_locks(&table, 0, 0, FW2_LOCKS + 2, 1, 4, 1, 0, "locks");
    assert_plan_refused(plan_ended(), "table entry 0: da 0x10002a42 must be a multiple of 4");
    begin();
    table2_locks(&table, 0, 0, FW2_LOCKS, 0, 4, 1, 0, "locks");
    assert_plan_refused(plan_ended(), "table entry 0: count 0 must not be 0");
}

static void a_table_that_is_not_the_hosts_is_not_loaded(void **state)
{
    for (uint32_t owner = 1; owner <= 2; owner++) {
        char text[] =
            "resource table: owner 0 is not the host, which then must not load it: it can "
            "attach to a core that runs with it";
        (void)state;
        text[22] = (char)('0' + owner);
        options.attach = false;
        table2_begin(&table, owner, 0);
        assert_plan_refused(plan_ended(), text);
        options.attach = true;
        assert_int_equal(plan_ended(), YOKE_OK);
        assert_int_equal(plan.owner, owner);
        assert_int_equal(yoke_load(&plan, NULL), YOKE_INVALID);
    }
}

static void a_running_core_is_planned_from_its_own_table(void **state)
{
    struct table running;
    const size_t queue = 48 + 80 + 64 + 56; // Head, carveout, trace, head of the vdev.

    (void)state;
    options.attach = true;
    assert_int_equal(plan_table(), YOKE_OK);
    running = table;
    options.table = yoke_bytes(running.bytes, running.size);
    assert_plan_refused(plan_table(), "table entry 0: da 0xffffffffffffffff must have been chosen "
                                      "before the core was started");
    table_set(&running, 48 + 16, SHARED_DA + 0x8000);
    table_set(&running, 48 + 20, 0);
    table_set(&running, 32, 1);           // taken: STOP
    table_set(&running, 48 + 80 + 12, 9); // trace: notifyid
    for (unsigned i = 0; i < 2; i++) {
        table_set(&running, queue + 40 * i, SHARED_DA + 0x1000 * i);
        table_set(&running, queue + 40 * i + 4, 0);
        table_set(&running, queue + 40 * i + 8, SHARED_DA + 0x2000 + 0x3000 * i);
        table_set(&running, queue + 40 * i + 12, 0);
        table_set(&running, queue + 40 * i + 32, 5 + i);
    }
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(area_of(YOKE_AREA_CARVEOUT, FW2_HEAP, 0)->da, SHARED_DA + 0x8000);
    assert_int_equal(area_of(YOKE_AREA_VRING, FW2_RPMSG, 1)->da, SHARED_DA + 0x1000);
    assert_int_equal(area_of(YOKE_AREA_VRING, FW2_RPMSG, 1)->notify_id, 6);
    assert_int_equal(area_of(YOKE_AREA_BUFFERS, FW2_RPMSG, 1)->da, SHARED_DA + 0x5000);
    assert_int_equal(area_of(YOKE_AREA_TRACE, FW2_TRACES, 0)->notify_id, 9);
    assert_int_equal(plan.taken, YOKE_RSC2_F_STOP);
    // What its loader has left out is not there; what it has done must be.
    running.bytes[48 + 10] = 3;
    table_set(&running, 48 + 16, 0xffffffff);
    table_set(&running, 48 + 20, 0xffffffff);
    assert_int_equal(plan_table(), YOKE_OK);
    assert_int_equal(plan.outcomes[FW2_HEAP], YOKE_RSC2_OUTCOME_IMPOSSIBLE);
    assert_null(yoke_plan_find(&plan, YOKE_AREA_CARVEOUT, FW2_HEAP, 0));
    running.bytes[48 + 10] = 1;
    table_set(&running, 48 + 16, 0x30000000);
    table_set(&running, 48 + 20, 0);
    assert_plan_refused(plan_table(),
                        "table entry 0: da 0x30000000 lies outside all regions of the "
                        "memory map, with size 0x1000");
}

/// Offsets in it are not those of the image's table: loading would write beyond that.
static void a_running_cores_table_is_not_for_loading(void **state)
{
    struct table running = table;

    (void)state;
    begin();
    options.table = yoke_bytes(running.bytes, running.size);
    assert_plan_refused(plan_ended(), "options: a table that a core runs with is for attaching to "
                                      "it only");
}

static void refuses_more_areas_than_the_caller_has_room_for(void **state)
{
    static const uint8_t blob[4] = {0xd0, 0x0d, 0xfe, 0xed};
    uint32_t max = 0;

    (void)state;
    options.devicetree = yoke_bytes(blob, sizeof(blob));
    // Even where all that is missing belongs to optional entries.
    for (; max < 32; max++) {
        plan.area_max = max;
        if (plan_table() == YOKE_OK) {
            break;
        }
        assert_string_equal(refusal.part, "plan");
        assert_string_equal(refusal.field, "areas");
        assert_int_equal(refusal.bound, max);
    }
    assert_int_equal(max, plan.area_count);
    assert_int_equal(max, 3 + 1 + 1 + 1 + 5 + 1 + 5 + 1 + 1);
}

static void fixed_addresses_are_given(void **state)
{
    (void)state;
    begin();
    table2_locks(&table, 0, 0, ANY, 1, 4, 1, 0, "locks");
    assert_plan_refused(plan_ended(),
                        "table entry 0: da 0xffffffffffffffff must be an address, and "
                        "not \"any\"");
    begin();
    table2_power(&table, 0, 0, ANY);
    assert_plan_refused(plan_ended(), "table entry 0: state 0xffffffffffffffff must be an address, "
                                      "and not \"any\"");
    begin();
    table2_locks(&table, 0, 0, ANY - 3, 1, 4, 1, 0, "locks");
    assert_plan_refused(plan_ended(), "table entry 0: len 4 must not wrap round when added to da, "
                                      "0xfffffffffffffffc");
}

static void buffers_of_messages_have_a_size_for_them(void **state)
{
    static const struct {
        uint32_t size;
        const char *text;
    } sizes[] = {
        {16, "buffer_size 16"}, {1020, "buffer_size 0x3fc"}, {65552, "buffer_size 0x10010"}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char line[200];
        begin();
        table2_vdev(&table, 1, 7, YOKE_F_RPMSG_BUFFERS, FW2_STATE, 0, 68, 0, 2);
        table2_queue(&table, ANY, ANY, 4, 16, 24, 0);
        table2_queue(&table, ANY, ANY, 4, 16, sizes[i].size, 0);
        assert_int_equal(plan_ended(), YOKE_BAD_IMAGE);
        yoke_refusal_text(&refusal, line, sizeof(line));
        assert_non_null(strstr(line, sizes[i].text));
        assert_non_null(strstr(line, "must be 0, or a multiple of 8 from 24 to 0x10008"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(places_what_each_entry_asks_for, set_up),
        cmocka_unit_test_setup(says_what_became_of_each_entry, set_up),
        cmocka_unit_test_setup(the_host_reads_the_highest_version_that_it_knows, set_up),
        cmocka_unit_test_setup(a_table_of_a_later_version_leaves_the_first_one, set_up),
        cmocka_unit_test_setup(required_entries_that_are_unknown_refuse_the_image, set_up),
        cmocka_unit_test_setup(entries_that_cannot_be_had_are_left_out_or_refuse_the_image, set_up),
        cmocka_unit_test_setup(what_is_left_out_makes_room_for_the_others, set_up),
        cmocka_unit_test_setup(numbers_of_doorbells_count_the_queues_of_what_is_left_out, set_up),
        cmocka_unit_test_setup(requests_are_taken_only_with_a_power_block, set_up),
        cmocka_unit_test_setup(addresses_have_64_bits, set_up),
        cmocka_unit_test_setup(there_is_no_room_behind_the_last_address, set_up),
        cmocka_unit_test_setup(rings_lie_within_reach_of_their_base, set_up),
        cmocka_unit_test_setup(the_vdev_state_lies_anywhere_but_in_its_table, set_up),
        cmocka_unit_test_setup(buffers_lie_where_the_table_says, set_up),
        cmocka_unit_test_setup(sizes_of_buffers_need_the_feature_on_both_sides, set_up),
        cmocka_unit_test_setup(an_identity_must_match_what_is_here, set_up),
        cmocka_unit_test_setup(a_device_tree_needs_a_blob_that_fits, set_up),
        cmocka_unit_test_setup(fixed_addresses_are_aligned, set_up),
        cmocka_unit_test_setup(a_table_that_is_not_the_hosts_is_not_loaded, set_up),
        cmocka_unit_test_setup(a_running_core_is_planned_from_its_own_table, set_up),
        cmocka_unit_test_setup(a_running_cores_table_is_not_for_loading, set_up),
        cmocka_unit_test_setup(refuses_more_areas_than_the_caller_has_room_for, set_up),
        cmocka_unit_test_setup(fixed_addresses_are_given, set_up),
        cmocka_unit_test_setup(buffers_of_messages_have_a_size_for_them, set_up),
    };

    return cmocka_run_group_tests_name("plan2", tests, NULL, NULL);
}
