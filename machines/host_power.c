// SPDX-License-Identifier: BSD-3-Clause
// Requests to the firmware: rest, go on, come to an end. See spec/table-2.md, 4.6.
#include "host_internal.h"

/// How often to look while no doorbell tells.
#define LOOK_MS 5

void host_start_power(struct yoke_host *host)
{
    host->has_power = false;
    for (uint32_t i = 0; i < host->plan.area_count; i++) {
        const struct yoke_area *const area = &host->plan.areas[i];
        if (area->kind == YOKE_AREA_POWER && !host->has_power) {
            yoke_power_init(&host->power, yoke_plan_at(&host->plan, area), area->notify_id,
                            &host->port);
            host->has_power = true;
        }
    }
}

bool host_says_failed(const struct yoke_host *host)
{
    return host->has_power && yoke_power_state(&host->power) == YOKE_RSC2_POWER_FAILED;
}

/// Lets time pass until there is an answer. Returns YOKE_OK, YOKE_AGAIN if there is none, or
/// YOKE_DOWN.
static int await_answer(struct yoke_host *host, uint64_t deadline)
{
    // The answer first: firmware that came to its end may be gone.
    while (!yoke_power_answered(&host->power)) {
        const uint64_t now = yoke_host_clock();
        if (!yoke_host_runs(host)) {
            return YOKE_DOWN;
        }
        if (now >= deadline) {
            return host_fail(host, YOKE_AGAIN, "the firmware does not answer a request");
        }
        const uint64_t left_ms = (deadline - now) / 1000000u + 1;
        (void)yoke_host_wait(host, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
    }
    return YOKE_OK;
}

/// Makes a request, and waits until the firmware is in the state that it leads to.
static int ask(struct yoke_host *host, uint64_t feature, uint32_t request, uint32_t state,
               int timeout_ms)
{
    const uint64_t deadline =
        yoke_host_clock() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000u;

    if (!yoke_host_runs(host)) {
        return host_fail(host, YOKE_DOWN, "the firmware does not run");
    }
    if (!host->has_power || (host->plan.taken & feature) == 0) {
        return host_fail(host, YOKE_UNSUPPORTED, "the firmware does not offer this request");
    }
    // A request of a host before may be under way.
    int status = await_answer(host, deadline);
    if (status == YOKE_OK) {
        (void)yoke_power_request(&host->power, request);
        status = await_answer(host, deadline);
    }
    if (status != YOKE_OK) {
        return status;
    }
    const uint32_t reached = yoke_power_state(&host->power);
    return reached == state
               ? YOKE_OK
               : host_fail(host, YOKE_INVALID,
                           "the firmware answers a request with state %u, not %u", reached, state);
}

int yoke_host_suspend(struct yoke_host *host, int timeout_ms)
{
    return ask(host, YOKE_RSC2_F_SUSPEND, YOKE_RSC2_REQUEST_SUSPEND, YOKE_RSC2_POWER_SUSPENDED,
               timeout_ms);
}

int yoke_host_resume(struct yoke_host *host, int timeout_ms)
{
    return ask(host, YOKE_RSC2_F_SUSPEND, YOKE_RSC2_REQUEST_RUN, YOKE_RSC2_POWER_RUNNING,
               timeout_ms);
}

int yoke_host_end(struct yoke_host *host, int timeout_ms)
{
    const int status =
        ask(host, YOKE_RSC2_F_STOP, YOKE_RSC2_REQUEST_STOP, YOKE_RSC2_POWER_STOPPED, timeout_ms);

    yoke_host_stop(host);
    return status;
}
