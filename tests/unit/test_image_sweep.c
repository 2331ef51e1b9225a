// SPDX-License-Identifier: BSD-3-Clause
// Firmware images damaged at random: each one loads to a plan that holds what it promises, or is
// refused with a reason. Cut files are in test_elf.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image_builder.h"

#include <yoke/rproc.h>

enum { CORRUPTIONS = 100000, AREAS = 32, REGION_SIZE = 0x10000 };

static const uint64_t seed = UINT64_C(0x59b997fa17b90d2b);
static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

static struct image image;
static struct table table;
static bool sweeps_2; ///< Images with tables of both versions; else with version 1 alone.
static struct yoke_area areas[AREAS];
static struct yoke_refusal notes[8];
static struct yoke_region map[2];

/// One place to damage: mostly where the decisions are.
static size_t random_place(size_t table_at)
{
    switch (random_below(5)) {
    case 0:
        return random_below((uint32_t)image.size);
    case 1:
        return random_below((uint32_t)image.program_headers);
    case 2:
        return image.program_headers + random_below((sweeps_2 ? 3 : 2) * 56);
    case 3:
        return image.section_headers + random_below((uint32_t)(image.size - image.section_headers));
    default:
        return table_at + random_below((uint32_t)table.size);
    }
}

static void damage(struct image *victim, size_t table_at)
{
    static const uint32_t values[] = {0,          1,          3,          4,          0x10,
                                      0xff,       0x100,      0x8000,     0x10000,    0x7fffffff,
                                      0x80000000, 0xfffffffc, 0xffffffff, FW_TEXT,    FW_DATA,
                                      0x20000000, 0x2000fff0, 0x10000ffc, 0x10001200, 77};

    for (uint32_t n = 1 + random_below(3); n != 0; n--) {
        const size_t at = random_place(table_at);
        switch (random_below(3)) {
        case 0:
            victim->bytes[at] ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            victim->bytes[at] = (uint8_t)random_below(256);
            break;
        default:
            for (size_t i = 0, word = values[random_below(20)]; i < 4; i++, word >>= 8) {
                victim->bytes[(at & ~(size_t)3) + i] = (uint8_t)word;
            }
            break;
        }
    }
    if (random_below(64) == 0) {
        victim->size = random_below((uint32_t)victim->size + 1);
    }
}

static int disjoint(const struct yoke_area *a, const struct yoke_area *b)
{
    return a->da + a->size <= b->da || b->da + b->size <= a->da;
}

static int is_part(const struct yoke_plan *plan, const struct yoke_area *area)
{
    return area->kind == YOKE_AREA_TABLE || (plan->version == 1 && area->kind == YOKE_AREA_VDEV);
}

static int within(const struct yoke_area *inner, const struct yoke_area *outer)
{
    return inner->da >= outer->da && inner->da + inner->size <= outer->da + outer->size;
}

/// What the plan promises of one area.
static void check_area(const struct yoke_plan *plan, const struct yoke_area *area)
{
    const struct yoke_region *region = &map[area->region];

    assert_true(area->region < 2);
    // No sum here can wrap: the regions lie far below 2^64.
    assert_true(area->size <= region->size && area->da >= region->da &&
                area->da + area->size <= region->da + region->size);
    assert_true(area->pa - region->pa == area->da - region->da);
    if (area->kind == YOKE_AREA_SEGMENT) {
        assert_true(area->bytes.size <= area->size);
    }
    if (area->kind == YOKE_AREA_VRING) {
        assert_true(area->da % 16 == 0 && area->da % area->align == 0);
        assert_true(area->notify_id < plan->vring_count);
    }
    if (area->placed) {
        assert_true(area->da % 64 == 0);
    }
    if (area->kind == YOKE_AREA_TABLE) {
        int inside = 0;
        for (uint32_t i = 0; i < plan->area_count; i++) {
            inside |= plan->areas[i].kind == YOKE_AREA_SEGMENT && within(area, &plan->areas[i]);
        }
        assert_true(inside);
    }
    const struct yoke_area *loaded = yoke_plan_find(plan, YOKE_AREA_TABLE, 0, 0);
    if (plan->version == 1 && area->kind == YOKE_AREA_VDEV) {
        assert_true(within(area, loaded));
    }
    if (plan->version == 2 && area->kind > YOKE_AREA_CARVEOUT) {
        assert_true(disjoint(area, loaded));
    }
    if (plan->version == 2 && area->kind == YOKE_AREA_VRING) {
        assert_true(area->da >= area->base && area->da - area->base < 0xffffffff);
    }
}

static void check_plan(const struct yoke_plan *plan)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *a = &plan->areas[i];
        check_area(plan, a);
        for (uint32_t k = 0; k < i; k++) {
            const struct yoke_area *b = &plan->areas[k];
            if (is_part(plan, a) || is_part(plan, b) ||
                (a->kind == b->kind && a->kind == YOKE_AREA_LOCKS)) {
                continue;
            }
            if (a->placed || b->placed || a->kind == b->kind || a->kind == YOKE_AREA_VRING ||
                b->kind == YOKE_AREA_VRING) {
                const int ring_in_carveout =
                    !a->placed && !b->placed &&
                    (a->kind == YOKE_AREA_CARVEOUT || b->kind == YOKE_AREA_CARVEOUT) &&
                    a->kind != b->kind;
                assert_true(ring_in_carveout || a->kind == YOKE_AREA_DEVMEM || disjoint(a, b));
            }
        }
    }
}

/// The loaded table, as the firmware finds it, says what the plan says.
static void check_loaded(const struct yoke_plan *plan)
{
    const struct yoke_area *at = yoke_plan_find(plan, YOKE_AREA_TABLE, 0, 0);
    static uint8_t copy[IMAGE_MAX];
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;
    struct yoke_refusal refusal;

    assert_true(at->size <= sizeof(copy));
    memcpy(copy, yoke_plan_at(plan, at), at->size);
    assert_int_equal(yoke_rsc_open(&rsc, yoke_bytes(copy, at->size), &refusal), YOKE_OK);
    assert_int_equal(rsc.version, plan->version);
    assert_int_equal(rsc.host, plan->version == 2 ? 2 : 0);
    while (yoke_rsc_next(&rsc, &entry, &refusal) == YOKE_OK) {
        if (plan->version == 2) {
            assert_int_equal(entry.bytes.data[10], plan->outcomes[entry.index]);
        }
        if (plan->version == 2 && plan->outcomes[entry.index] != YOKE_RSC2_OUTCOME_DONE) {
            continue;
        }
        for (uint32_t q = 0; yoke_rsc_vring(&entry, q) != NULL; q++) {
            const struct yoke_area *ring = yoke_plan_find(plan, YOKE_AREA_VRING, entry.index, q);
            assert_non_null(ring);
            assert_true(yoke_rsc_vring(&entry, q)->da == ring->da);
            assert_int_equal(yoke_rsc_vring(&entry, q)->notifyid, ring->notify_id);
        }
    }
}

/// Opens, plans and loads the damaged image. Returns true if it was accepted.
static int attempt(uint8_t *exact, size_t size, uint16_t machine)
{
    const struct yoke_elf_target target = {machine, (uint8_t)image.elf_class};
    const struct yoke_port port = {0};
    static const uint8_t blob[0x90] = {0xd0, 0x0d, 0xfe, 0xed};
    static const struct yoke_parameter values[] = {
        {.name = "rate", .kind = YOKE_RSC2_UNSIGNED, .number = 200},
        {.name = "title", .kind = YOKE_RSC2_STRING, .bytes = {blob, 9}},
    };
    const struct yoke_plan_options options = {.parameters = values,
                                              .parameter_count = sweeps_2 ? 2 : 0,
                                              .devicetree = yoke_bytes(blob, sizeof blob)};
    struct yoke_plan plan = {.areas = areas, .area_max = AREAS, .notes = notes, .note_max = 8};
    struct yoke_refusal refusal = {0};
    struct yoke_elf elf;
    const char *name;
    uint64_t offset;
    char line[256];

    int status = yoke_elf_open(&elf, yoke_bytes(exact, size), &target, 1, &refusal);
    if (status == YOKE_OK) {
        yoke_elf_symbol(&elf, FW_TEXT + random_below(0x2000), &name, &offset);
        status = yoke_plan_make(&plan, &elf, map, 2, &options, &refusal);
    }
    if (status == YOKE_OK) {
        check_plan(&plan);
        assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
        check_loaded(&plan);
        return 1;
    }
    assert_int_equal(status, YOKE_BAD_IMAGE);
    assert_int_equal(plan.area_count, 0);
    assert_non_null(refusal.part);
    assert_non_null(refusal.rule);
    assert_in_range(yoke_refusal_text(&refusal, line, sizeof(line)), 10, sizeof(line) - 1);
    return 0;
}

/// Builds the image that is to be damaged. Returns where the table in force lies in the file.
static size_t build(int elf_class, uint16_t machine)
{
    struct table old;

    firmware_table(&old);
    if (sweeps_2) {
        firmware2_table(&table);
        firmware2_build(&image, elf_class, machine, &old, &table);
        return image_get(&image, P_OFFSET, 2);
    }
    table = old;
    firmware_build(&image, elf_class, machine, &table);
    return image_get(&image, P_OFFSET, 1) + 0x40;
}

static void sweep(int elf_class, uint16_t machine)
{
    static struct image victim;
    unsigned accepted = 0;

    random_state = seed;
    map[0] = (struct yoke_region){
        "ram", FW_TEXT, FW_TEXT, REGION_SIZE, malloc(REGION_SIZE), YOKE_REGION_IMAGE};
    map[1] = (struct yoke_region){"shared",    0x20000000,          0x80000000,
                                  REGION_SIZE, malloc(REGION_SIZE), YOKE_REGION_SHARED};
    const size_t table_at = build(elf_class, machine);
    for (unsigned i = 0; i < CORRUPTIONS; i++) {
        victim = image;
        damage(&victim, table_at);
        // A block of its own: the address sanitizer sees each read beyond it.
        uint8_t *exact = malloc(victim.size == 0 ? 1 : victim.size);
        memcpy(exact, victim.bytes, victim.size);
        accepted += attempt(exact, victim.size, machine) != 0;
        free(exact);
    }
    print_message("seed 0x%llx: %u damaged ELF%d images, %u accepted, %u refused\n",
                  (unsigned long long)seed, CORRUPTIONS, elf_class * 32, accepted,
                  CORRUPTIONS - accepted);
    // Otherwise it would prove little.
    assert_in_range(accepted, CORRUPTIONS / 20, CORRUPTIONS - CORRUPTIONS / 20);
    free(map[0].va);
    free(map[1].va);
}

static void elf32_images_damaged_at_random(void **state)
{
    (void)state;
    sweep(1, YOKE_EM_ARM);
}

static void elf64_images_damaged_at_random(void **state)
{
    (void)state;
    sweep(2, YOKE_EM_X86_64);
}

static int version_1(void **state)
{
    (void)state;
    sweeps_2 = false;
    return 0;
}

static int version_2(void **state)
{
    (void)state;
    sweeps_2 = true;
    return 0;
}

static void each_single_bit_flipped(void **state)
{
    (void)state;
    map[0] = (struct yoke_region){
        "ram", FW_TEXT, FW_TEXT, REGION_SIZE, malloc(REGION_SIZE), YOKE_REGION_IMAGE};
    map[1] = (struct yoke_region){"shared",    0x20000000,          0x80000000,
                                  REGION_SIZE, malloc(REGION_SIZE), YOKE_REGION_SHARED};
    build(1, YOKE_EM_ARM);
    uint8_t *exact = malloc(image.size);
    memcpy(exact, image.bytes, image.size);
    for (size_t bit = 0; bit < 8 * image.size; bit++) {
        exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
        attempt(exact, image.size, YOKE_EM_ARM);
        exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(attempt(exact, image.size, YOKE_EM_ARM));
    free(exact);
    free(map[0].va);
    free(map[1].va);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(elf32_images_damaged_at_random, version_1),
        cmocka_unit_test_setup(elf64_images_damaged_at_random, version_1),
        cmocka_unit_test_setup(each_single_bit_flipped, version_1),
        cmocka_unit_test_setup(elf32_images_damaged_at_random, version_2),
        cmocka_unit_test_setup(elf64_images_damaged_at_random, version_2),
        cmocka_unit_test_setup(each_single_bit_flipped, version_2),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
