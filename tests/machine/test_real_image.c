// SPDX-License-Identifier: BSD-3-Clause
// A firmware image as the linker made it, cut at each byte and damaged at random: it loads to a
// plan inside the map, or is refused with a reason. `test_real_image ECHO.ELF`
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rproc.h>

#include "boards/process/memory.h"

enum { CORRUPTIONS = 100000, AREAS = 32 };

static uint8_t *file;
static size_t file_size;
static struct yoke_region map[2];
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static size_t random_below(size_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state >> 20) % bound;
}

/// Opens, plans and loads. Returns true if the image was accepted.
static bool attempt(const uint8_t *bytes, size_t size)
{
    static struct yoke_area areas[AREAS];
    const struct yoke_port port = {0};
    struct yoke_plan plan = {.areas = areas, .area_max = AREAS};
    struct yoke_refusal refusal = {0};
    struct yoke_elf elf;
    char line[256];

    int status = yoke_elf_open(&elf, yoke_bytes(bytes, size), NULL, 0, &refusal);
    if (status == YOKE_OK) {
        status = yoke_plan_make(&plan, &elf, map, 2, NULL, &refusal);
    }
    if (status != YOKE_OK) {
        assert_int_equal(status, YOKE_BAD_IMAGE);
        assert_non_null(refusal.part);
        assert_true(yoke_refusal_text(&refusal, line, sizeof line) < sizeof line);
        return false;
    }
    for (uint32_t i = 0; i < plan.area_count; i++) {
        const struct yoke_area *const area = &plan.areas[i];
        assert_true(area->region < 2);
        assert_true(
            yoke_inside(area->da, area->size, map[area->region].da, map[area->region].size));
    }
    assert_int_equal(yoke_load(&plan, &port), YOKE_OK);
    return true;
}

static void the_image_itself_is_accepted(void **state)
{
    (void)state;
    assert_true(attempt(file, file_size));
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < file_size; size++) {
        assert_false(attempt(file, size));
    }
}

/// Where to damage: in the headers, the section headers, the table, or anywhere.
static size_t random_place(size_t sections, size_t table_at)
{
    switch (random_below(4)) {
    case 0:
        return random_below(64 + 56 * 6);
    case 1:
        return sections + random_below(file_size - sections);
    case 2:
        return table_at + random_below(160);
    default:
        return random_below(file_size);
    }
}

static void random_damage_is_refused_or_harmless(void **state)
{
    (void)state;
    struct yoke_refusal refusal;
    struct yoke_section table;
    struct yoke_elf elf;
    const size_t sections = (size_t)yoke_le64(file + 40); // e_shoff of ELF64
    unsigned accepted = 0;

    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(file, file_size), NULL, 0, &refusal), YOKE_OK);
    assert_int_equal(yoke_elf_find_section(&elf, YOKE_RSC_SECTION, &table), YOKE_OK);
    for (unsigned i = 0; i < CORRUPTIONS; i++) {
        size_t at[3];
        uint8_t before[3];
        const size_t count = 1 + random_below(3);
        for (size_t k = 0; k < count; k++) {
            at[k] = random_place(sections, (size_t)table.offset);
            before[k] = file[at[k]];
            file[at[k]] = (uint8_t)(random_below(2) != 0 ? before[k] ^ 1u << random_below(8)
                                                         : random_below(256));
        }
        accepted += attempt(file, file_size);
        for (size_t k = count; k-- != 0;) {
            file[at[k]] = before[k];
        }
    }
    print_message("%d times damaged: %u accepted, %u refused\n", CORRUPTIONS, accepted,
                  CORRUPTIONS - accepted);
    assert_in_range(accepted, CORRUPTIONS / 20, CORRUPTIONS - CORRUPTIONS / 20);
}

static bool read_file(const char *path)
{
    FILE *const stream = fopen(path, "rb");
    if (stream == NULL) {
        return false;
    }
    (void)fseek(stream, 0, SEEK_END);
    file_size = (size_t)ftell(stream);
    rewind(stream);
    file = malloc(file_size);
    const bool complete = file != NULL && fread(file, 1, file_size, stream) == file_size;
    (void)fclose(stream);
    return complete;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_image_itself_is_accepted),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(random_damage_is_refused_or_harmless),
    };

    if (argc != 2 || !read_file(argv[1])) {
        fprintf(stderr, "usage: test_real_image FIRMWARE\n");
        return 2;
    }
    map[0] = (struct yoke_region){.name = "image",
                                  .da = BOARD_IMAGE_DA,
                                  .pa = BOARD_IMAGE_DA,
                                  .size = BOARD_IMAGE_SIZE,
                                  .va = malloc(BOARD_IMAGE_SIZE),
                                  .flags = YOKE_REGION_IMAGE};
    map[1] = (struct yoke_region){.name = "shared",
                                  .da = BOARD_SHARED_DA,
                                  .pa = BOARD_SHARED_DA,
                                  .size = BOARD_SHARED_SIZE,
                                  .va = malloc(BOARD_SHARED_SIZE),
                                  .flags = YOKE_REGION_SHARED};
    const int failed = cmocka_run_group_tests_name("real_image", tests, NULL, NULL);
    free(map[0].va);
    free(map[1].va);
    free(file);
    return failed;
}
