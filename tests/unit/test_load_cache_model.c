// SPDX-License-Identifier: BSD-3-Clause
// What a host writes into incoherent memory for a core: a loaded image, and locks that are free
// again after a crash.
#include "cache_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rproc.h>

#define DA 0x20000000u
#define PA 0x180000000u
#define IMAGE_AT 20480u
#define LOCKS_AT 1024u

static const struct yoke_port host_port = {NULL, model_clean, model_invalidate, &model_host};
static const struct yoke_region region = {
    .da = DA, .pa = PA, .size = MODEL_SIZE, .va = model_host.copy};

static void load(void)
{
    static const char image[] = "segment";
    struct yoke_area area = {.kind = YOKE_AREA_SEGMENT,
                             .da = DA + IMAGE_AT,
                             .size = 300,
                             .bytes = {(const uint8_t *)image, sizeof image}};
    const struct yoke_plan plan = {
        .areas = &area, .area_count = 1, .regions = &region, .region_count = 1};

    memset(model_ram, 0xa5, MODEL_SIZE);
    model_cold(&model_host);
    assert_int_equal(yoke_load(&plan, &host_port), YOKE_OK);
    assert_memory_equal(model_ram + IMAGE_AT, image, sizeof image);
    for (size_t i = sizeof image; i < 300; i++) {
        assert_int_equal(model_ram[IMAGE_AT + i], 0);
    }
}

static void a_loaded_image_is_in_memory(void **state)
{
    (void)state;
    model_each(128, load);
}

enum { LOCKS = 24, FREE = 5, DEAD = 7, OTHER = 9 };

static uint32_t *lock_of(struct model_side *side, uint32_t stride, uint32_t i)
{
    return (uint32_t *)(void *)(side->copy + LOCKS_AT + i * stride);
}

/// A side that has no doubt of what is in memory.
static uint32_t look(struct model_side *side, uint32_t stride, uint32_t i)
{
    model_invalidate(side, lock_of(side, stride, i), 4);
    return *lock_of(side, stride, i);
}

static void take(struct model_side *side, uint32_t stride, uint32_t i, uint32_t owner)
{
    assert_int_equal(look(side, stride, i), FREE);
    *lock_of(side, stride, i) = owner;
    model_clean(side, lock_of(side, stride, i), 4);
}

static void crash_with_locks(uint32_t stride)
{
    struct yoke_area area = {.kind = YOKE_AREA_LOCKS,
                             .da = DA + LOCKS_AT,
                             .size = (LOCKS - 1) * stride + 4,
                             .num = LOCKS,
                             .locks = {.stride = stride, .owner = DEAD, .free = FREE}};
    const struct yoke_plan plan = {
        .areas = &area, .area_count = 1, .regions = &region, .region_count = 1};
    uint32_t owners[LOCKS];

    memset(model_ram, 0xa5, MODEL_SIZE);
    for (uint32_t i = 0; i < LOCKS; i++) {
        const uint32_t free = FREE;
        memcpy(model_ram + LOCKS_AT + i * stride, &free, sizeof free);
        owners[i] = FREE;
    }
    model_cold(&model_host);
    model_cold(&model_device);
    for (int life = 0; life < 20; life++) {
        uint32_t held = 0;
        for (uint32_t i = 0; i < LOCKS; i++) {
            if (owners[i] == FREE && model_any(2) != 0) {
                owners[i] = model_any(8) == 0 ? OTHER : DEAD;
                take(owners[i] == DEAD ? &model_device : &model_host, stride, i, owners[i]);
                held += owners[i] == DEAD;
            }
        }
        model_unrest(&model_host, 8192);
        // The core dies with its cache.
        model_cold(&model_device);
        assert_int_equal(yoke_locks_reclaim(&plan, &host_port), held);
        for (uint32_t i = 0; i < LOCKS; i++) {
            owners[i] = owners[i] == DEAD ? FREE : owners[i];
            assert_int_equal(look(&model_device, stride, i), owners[i]);
            assert_int_equal(look(&model_host, stride, i), owners[i]);
        }
    }
}

static void crash(void)
{
    crash_with_locks(4);
    crash_with_locks(64);
    crash_with_locks(132);
}

static void locks_of_a_dead_core_are_free_for_the_next_owner(void **state)
{
    (void)state;
    model_each(128, crash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loaded_image_is_in_memory),
        cmocka_unit_test(locks_of_a_dead_core_are_free_for_the_next_owner),
    };

    return cmocka_run_group_tests_name("load_cache_model", tests, NULL, NULL);
}
