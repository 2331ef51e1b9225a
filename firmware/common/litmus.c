// SPDX-License-Identifier: BSD-3-Clause
#include "litmus.h"

#include <port/access.h>

#define STOP UINT32_MAX

/// Waits until the other side has begun a round. False if the test is over.
static bool meet(struct litmus_side *own, const struct litmus_side *other, uint32_t round,
                 bool (*enough)(void))
{
    uint32_t ready;

    for (uint32_t i = 1; (ready = YOKE_LOAD(other->ready)) < round; i++) {
        // Now and then only: a clock may be slow to read.
        if (i % 1024 == 0 && enough != NULL && enough()) {
            YOKE_STORE(own->ready, STOP);
            return false;
        }
    }
    return ready != STOP;
}

struct litmus_result litmus_run(struct litmus *shared, uint32_t side, uint32_t rounds,
                                bool (*enough)(void))
{
    struct litmus_side *const own = &shared->side[side];
    const struct litmus_side *const other = &shared->side[1 - side];
    struct litmus_result result = {0, 0, 0};
    bool missed = false;

    for (uint32_t round = 1; side != 0 || round <= rounds; round++) {
        // Message passing: release here, acquire there.
        YOKE_STORE(own->data, round);
        YOKE_BARRIER_RELEASE();
        YOKE_STORE(own->ready, round);
        if (!meet(own, other, round, side == 0 ? enough : NULL)) {
            return result;
        }
        YOKE_BARRIER_ACQUIRE();
        result.stale += YOKE_LOAD(other->data) < round;
        result.crossed += missed && YOKE_LOAD(other->missed[(round - 1) % 2]) != 0;
        // Store buffering: with full barriers, at least one side sees the other's mark.
        YOKE_STORE(own->mark, round);
        YOKE_BARRIER_FULL();
        missed = YOKE_LOAD(other->mark) < round;
        YOKE_STORE(own->missed[round % 2], missed);
        result.rounds = round;
    }
    YOKE_STORE(own->ready, STOP);
    return result;
}
