// SPDX-License-Identifier: BSD-3-Clause
// The power block: spec/table-2.md, 4.6.
#include "port/access.h"

#include <yoke/firmware.h>

static void publish(struct yoke_power_device *power)
{
    struct yoke_rsc2_power_block *const block = power->block;

    YOKE_STORE(block->state, power->state);
    // Whoever finds the answer finds the state. Partner: the host, which reads them the other way.
    YOKE_BARRIER_RELEASE();
    YOKE_STORE(block->answered, power->answered);
    yoke_clean(power->port, block, offsetof(struct yoke_rsc2_power_block, reserved));
    const uint32_t bell = YOKE_LOAD(*power->notify_id);
    if (bell != YOKE_RSC2_NO_DOORBELL) {
        yoke_barrier_full();
        power->port->notify(power->port->context, bell);
    }
}

void yoke_power_device_say(struct yoke_power_device *power, uint32_t state)
{
    power->state = state;
    if (YOKE_LOAD(power->table->host) == YOKE_RSC2_VERSION) {
        publish(power);
    }
}

/// The state that a request leads to; the same if it changes nothing.
static uint32_t next_state(const struct yoke_power_device *power, uint32_t request)
{
    const bool at_rest = power->state == YOKE_RSC2_POWER_SUSPENDED;
    const uint64_t taken = power->table->taken;

    switch (request) {
    case YOKE_RSC2_REQUEST_STOP:
        return (taken & YOKE_RSC2_F_STOP) != 0 ? YOKE_RSC2_POWER_STOPPED : power->state;
    case YOKE_RSC2_REQUEST_SUSPEND:
        return power->state == YOKE_RSC2_POWER_RUNNING && (taken & YOKE_RSC2_F_SUSPEND) != 0
                   ? YOKE_RSC2_POWER_SUSPENDED
                   : power->state;
    case YOKE_RSC2_REQUEST_RUN:
        return at_rest && (taken & YOKE_RSC2_F_SUSPEND) != 0 ? YOKE_RSC2_POWER_RUNNING
                                                             : power->state;
    default:
        return power->state;
    }
}

uint32_t yoke_power_device_request(struct yoke_power_device *power)
{
    struct yoke_rsc2_power_block *const block = power->block;

    if (YOKE_LOAD(power->table->host) != YOKE_RSC2_VERSION ||
        power->state >= YOKE_RSC2_POWER_STOPPED) {
        return 0;
    }
    yoke_invalidate(power->port, &block->request, sizeof block->request + sizeof block->number);
    power->number = YOKE_LOAD(block->number);
    if (power->number == power->answered) {
        return 0;
    }
    // The host wrote the request before its number.
    YOKE_BARRIER_ACQUIRE();
    const uint32_t request = YOKE_LOAD(block->request);
    power->next = next_state(power, request);
    if (power->next == power->state) {
        power->answered = power->number;
        publish(power);
        return 0;
    }
    return request;
}

void yoke_power_device_answer(struct yoke_power_device *power)
{
    power->state = power->next;
    power->answered = power->number;
    publish(power);
}
