// SPDX-License-Identifier: BSD-3-Clause
/// \file cache_model.h
/// Two sides with caches that know nothing of each other: each works on a copy of the shared
/// memory, and only clean and invalidate move bytes, whole lines of them. Tests on it are named
/// test_*cache_model.c: scripts/cache-mutants takes the core's calls out one by one, and sees one
/// of them fail each time.
#ifndef YOKE_TEST_CACHE_MODEL_H
#define YOKE_TEST_CACHE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_SIZE 65536u

/// One side: the context of its port.
struct model_side {
    uint8_t copy[MODEL_SIZE]; ///< What this side's loads and stores touch.
    uint8_t sync[MODEL_SIZE]; ///< The same when it was last like memory: a difference is dirty.
    bool rang;                ///< For the test's doorbells.
};

extern struct model_side model_host, model_device;
extern uint8_t model_ram[MODEL_SIZE]; ///< Memory itself; aligned to 128, and so are the copies.
extern size_t model_line;             ///< Bytes of a line.

/// What a port calls; `context` is the side.
void model_clean(void *context, const void *start, size_t size);
void model_invalidate(void *context, const void *start, size_t size);

/// The cache holds what is in memory, and nothing that is dirty: as after a reset of that side.
void model_cold(struct model_side *side);

/// If caches are restless, some lines of the first `size` bytes leave this one, and come back: it
/// may happen at any time.
void model_unrest(struct model_side *side, size_t size);

/// A number below `below`, of the seed of this run.
uint32_t model_any(uint32_t below);

/// Runs it with lines of 32 bytes up to `longest`: with caches at rest, and restless with several
/// seeds.
void model_each(size_t longest, void (*run)(void));

#endif
