// SPDX-License-Identifier: BSD-3-Clause
// The host's side of a power block: spec/table-2.md, 4.6.
#include "port/access.h"

#include <yoke/rproc.h>

void yoke_power_init(struct yoke_power *power, void *memory, uint32_t notify_id,
                     const struct yoke_port *port)
{
    *power = (struct yoke_power){.block = memory, .port = port, .notify_id = notify_id};
    yoke_invalidate(port, &power->block->number, sizeof power->block->number);
    power->number = YOKE_LOAD(power->block->number);
}

uint32_t yoke_power_state(const struct yoke_power *power)
{
    yoke_invalidate(power->port, &power->block->state, sizeof power->block->state);
    const uint32_t state = YOKE_LOAD(power->block->state);
    return state < YOKE_RSC2_POWER_FAILED ? state : YOKE_RSC2_POWER_FAILED;
}

bool yoke_power_answered(const struct yoke_power *power)
{
    yoke_invalidate(power->port, &power->block->answered, sizeof power->block->answered);
    const uint32_t answered = YOKE_LOAD(power->block->answered);
    // What the firmware stored before its answer is read after it, its state above all. Partner:
    // the barrier that it has between the two.
    YOKE_BARRIER_ACQUIRE();
    return answered == power->number;
}

int yoke_power_request(struct yoke_power *power, uint32_t request)
{
    struct yoke_rsc2_power_block *const block = power->block;

    if (!yoke_power_answered(power)) {
        return YOKE_AGAIN;
    }
    power->number++;
    YOKE_STORE(block->request, request);
    // The request is there before its number. Partner: the firmware's between reading the two.
    YOKE_BARRIER_RELEASE();
    YOKE_STORE(block->number, power->number);
    yoke_clean(power->port, &block->request, 2 * sizeof block->request);
    if (power->notify_id != YOKE_NO_DOORBELL) {
        yoke_barrier_full();
        power->port->notify(power->port->context, power->notify_id);
    }
    return YOKE_OK;
}
