// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yoke/rproc.h>

#include "image_builder.h"
#include "vectors_load.h"

enum { SEGMENT = 0x10000000, FILE_SIZE = 0x1000, MEMORY_SIZE = 0x2000, MACHINE = 40 };
#define SHARED 0x20000000u

static _Alignas(64) uint8_t ram[0x4000];
static _Alignas(64) uint8_t shared[0x8000];
static struct image image;

static const struct yoke_region regions[] = {
    {"ram", SEGMENT, 0x40000000, sizeof ram, ram, YOKE_REGION_IMAGE},
    {"shared", SHARED, 0x480000000, sizeof shared, shared, YOKE_REGION_SHARED},
};

static uint8_t *memory_at(uint64_t da, size_t size)
{
    if (da >= SHARED) {
        assert_true(da + size <= SHARED + sizeof shared);
        return shared + (da - SHARED);
    }
    assert_true(da >= SEGMENT && da + size <= SEGMENT + sizeof ram);
    return ram + (da - SEGMENT);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/// The image, with the tables that the vector gives.
static void build(const cJSON *given)
{
    static const char *const keys[][3] = {{"table1", "at1", ".resource_table"},
                                          {"table2", "at2", ".resource_table.2"}};
    static const uint32_t places[] = {0x100, 0x800};
    uint8_t data[FILE_SIZE];
    size_t sizes[2] = {0, 0};

    memset(data, 0x5a, sizeof data);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *const table = vectors_bytes(member(given, keys[i][0]), &sizes[i]);
        assert_true(sizes[i] <= 0x700);
        memcpy(data + places[i], table, sizes[i]);
        free(table);
    }
    image_begin(&image, 1, MACHINE, SEGMENT, 1);
    const size_t offset = image_segment(&image, SEGMENT, data, FILE_SIZE, MEMORY_SIZE, 7);
    (void)image_section(&image, "", 0, 0, 0, 0);
    for (unsigned i = 0; i < 2; i++) {
        if (cJSON_HasObjectItem(given, keys[i][0])) {
            (void)image_section(&image, keys[i][2], 1,
                                vectors_member(given, keys[i][1], SEGMENT + places[i]),
                                offset + places[i], sizes[i]);
        }
    }
    image_end(&image);
}

/// Names, ended by NULL, or NULL if there is no such list.
static const char **names_of(const cJSON *list)
{
    static const char *names[8];
    const cJSON *each;
    unsigned count = 0;

    cJSON_ArrayForEach(each, list)
    {
        names[count++] = each->valuestring;
        assert_true(count < sizeof names / sizeof names[0]);
    }
    names[count] = NULL;
    return list == NULL ? NULL : names;
}

static uint32_t versions_of(const cJSON *list)
{
    const cJSON *each;
    uint32_t versions = 0;

    cJSON_ArrayForEach(each, list)
    {
        versions |= 1u << (vectors_number(each) - 1);
    }
    return versions;
}

static uint32_t parameters_of(const cJSON *list, struct yoke_parameter *parameters)
{
    const cJSON *each;
    uint32_t count = 0;

    cJSON_ArrayForEach(each, list)
    {
        size_t size;
        struct yoke_parameter *const parameter = &parameters[count++];
        assert_true(count <= 8);
        parameter->name = member(each, "name")->valuestring;
        parameter->kind = (uint32_t)vectors_member(each, "kind", 0);
        parameter->number = vectors_member(each, "number", 0);
        parameter->bytes.data = vectors_bytes(member(each, "bytes"), &size);
        parameter->bytes.size = size;
    }
    return count;
}

/// Writes what a crash left behind, and has the host tidy up.
static void crash(const struct yoke_plan *plan, const cJSON *writes)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, writes)
    {
        size_t size;
        uint8_t *const bytes = vectors_bytes(each, &size);
        memcpy(memory_at(strtoul(each->string, NULL, 0), size), bytes, size);
        free(bytes);
    }
    (void)yoke_locks_reclaim(plan, NULL);
}

/// Plans and loads. Returns whether the image was accepted; `*version` is that of the table.
static bool load(const cJSON *given, uint32_t *version)
{
    static struct yoke_area areas[64];
    struct yoke_parameter parameters[8];
    struct yoke_plan plan = {.areas = areas, .area_max = sizeof areas / sizeof areas[0]};
    struct yoke_elf elf;
    struct yoke_refusal refusal;
    size_t tree_size;
    uint8_t *const tree = vectors_bytes(member(given, "devicetree"), &tree_size);
    size_t found_size;
    uint8_t *const found = vectors_bytes(member(given, "attach"), &found_size);
    const cJSON *const driver = member(given, "driver");

    memset(parameters, 0, sizeof parameters);
    const struct yoke_plan_options options = {
        .versions = versions_of(member(given, "knows")),
        .parameters = parameters,
        .parameter_count = parameters_of(member(given, "parameters"), parameters),
        .chips = names_of(member(given, "chips")),
        .driver = driver == NULL ? NULL : driver->valuestring,
        .devicetree = yoke_bytes(tree, tree_size),
        .attach = found_size != 0,
        .table = yoke_bytes(found, found_size),
    };
    build(given);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    const int status = yoke_plan_make(&plan, &elf, regions, 2, &options, &refusal);
    if (status == YOKE_OK) {
        assert_int_equal(yoke_load(&plan, NULL), options.attach ? YOKE_INVALID : YOKE_OK);
        crash(&plan, member(given, "crash"));
        *version = plan.version;
    }
    for (uint32_t i = 0; i < options.parameter_count; i++) {
        free((void *)(uintptr_t)parameters[i].bytes.data);
    }
    free(found);
    free(tree);
    return status == YOKE_OK;
}

static void check_memory(const struct vector *vector, const cJSON *want)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, want)
    {
        size_t size;
        uint8_t *const bytes = vectors_bytes(each, &size);
        const uint8_t *const have = memory_at(strtoul(each->string, NULL, 0), size);
        if (memcmp(have, bytes, size) != 0) {
            vectors_fail(vector, "memory %s is %s", each->string,
                         cJSON_PrintUnformatted(vectors_hex(have, size)));
        }
        free(bytes);
    }
}

/// Fields that hold addresses which the loader chose.
static void check_placed(const struct vector *vector, const cJSON *want)
{
    uint64_t das[16], sizes[16];
    const cJSON *each;
    unsigned count = 0;

    cJSON_ArrayForEach(each, want)
    {
        const size_t width = vectors_member(each, "width", 4);
        const uint64_t size = vectors_member(each, "size", 0);
        uint64_t da = 0;
        memcpy(&da, memory_at(vectors_member(each, "at", 0), width), width);
        if (da % vectors_member(each, "align", 16) != 0 || da < SHARED ||
            da > SHARED + sizeof shared - size) {
            vectors_fail(vector, "place %u is %#llx", count, (unsigned long long)da);
        }
        for (unsigned i = 0; i < count; i++) {
            if (da < das[i] + sizes[i] && das[i] < da + size) {
                vectors_fail(vector, "places %u and %u overlap", i, count);
            }
        }
        assert_true(count < 16);
        das[count] = da;
        sizes[count++] = size;
    }
}

void load_check(const struct vector *vector)
{
    const cJSON *const out = member(vector->json, "out");
    uint32_t version = 0;

    memset(ram, 0xee, sizeof ram);
    memset(shared, 0xee, sizeof shared);
    const bool accepted = load(member(vector->json, "given"), &version);
    if (accepted != (out != NULL)) {
        vectors_fail(vector, accepted ? "not refused" : "refused");
    }
    if (out != NULL && vectors_member(out, "version", version) != version) {
        vectors_fail(vector, "version %u", version);
    }
    check_memory(vector, member(out, "memory"));
    check_placed(vector, member(out, "placed"));
}
