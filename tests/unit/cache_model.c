// SPDX-License-Identifier: BSD-3-Clause
#include "cache_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

_Alignas(128) struct model_side model_host, model_device;
_Alignas(128) uint8_t model_ram[MODEL_SIZE];
size_t model_line;

static bool restless;
static uint32_t state;

uint32_t model_any(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static bool dirty(const struct model_side *side, size_t at)
{
    return memcmp(side->copy + at, side->sync + at, model_line) != 0;
}

static void write_back(struct model_side *side, size_t at)
{
    if (dirty(side, at)) {
        memcpy(model_ram + at, side->copy + at, model_line);
        memcpy(side->sync + at, model_ram + at, model_line);
    }
}

static void refill(struct model_side *side, size_t at)
{
    memcpy(side->copy + at, model_ram + at, model_line);
    memcpy(side->sync + at, model_ram + at, model_line);
}

static void drop(struct model_side *side, size_t at)
{
    // A real cache would lose these stores.
    assert_false(dirty(side, at));
    refill(side, at);
}

static void lines(struct model_side *side, const void *start, size_t size,
                  void (*each)(struct model_side *side, size_t at))
{
    const size_t from = (size_t)((const uint8_t *)start - side->copy);

    assert_true(from <= MODEL_SIZE && size <= MODEL_SIZE - from);
    for (size_t at = from - from % model_line; size != 0 && at < from + size; at += model_line) {
        each(side, at);
    }
}

void model_clean(void *context, const void *start, size_t size)
{
    lines(context, start, size, write_back);
}

void model_invalidate(void *context, const void *start, size_t size)
{
    lines(context, start, size, drop);
}

void model_cold(struct model_side *side)
{
    memcpy(side->copy, model_ram, MODEL_SIZE);
    memcpy(side->sync, model_ram, MODEL_SIZE);
}

void model_unrest(struct model_side *side, size_t size)
{
    for (int i = 0; restless && i < 40; i++) {
        const size_t at = model_any((uint32_t)(size / model_line)) * model_line;
        write_back(side, at);
        refill(side, at);
    }
}

void model_each(size_t longest, void (*run)(void))
{
    for (model_line = 32; model_line <= longest; model_line *= 2) {
        restless = false;
        state = 1;
        run();
        restless = true;
        for (uint32_t seed = 1; seed < 100000; seed = seed * 7 + 3) {
            state = seed;
            run();
        }
    }
}
