// SPDX-License-Identifier: BSD-3-Clause
#include "port/access.h"

#include <yoke/rproc.h>

static uint32_t reclaim(const struct yoke_area *area, uint8_t *at, const struct yoke_port *port)
{
    uint32_t freed = 0;

    yoke_invalidate(port, at, (size_t)area->size);
    for (uint32_t i = 0; i < area->num; i++) {
        uint32_t *word = (uint32_t *)(void *)(at + (size_t)i * area->locks.stride);
        // Nobody takes a lock that is held, and its owner is halted: no one else writes here.
        if (YOKE_LOAD(*word) == area->locks.owner) {
            YOKE_STORE(*word, area->locks.free);
            yoke_clean(port, word, sizeof *word);
            freed++;
        }
    }
    return freed;
}

uint32_t yoke_locks_reclaim(const struct yoke_plan *plan, const struct yoke_port *port)
{
    uint32_t freed = 0;

    // What was stored under the lock is out before the lock is free. Partner: the next owner's.
    YOKE_BARRIER_RELEASE();
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        uint8_t *at = (uint8_t *)yoke_plan_at(plan, area);
        if (area->kind == YOKE_AREA_LOCKS && at != NULL) {
            freed += reclaim(area, at, port);
        }
    }
    return freed;
}
