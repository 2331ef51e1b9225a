// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/rproc.h>

#define TO(state, actions)                                                                         \
    {                                                                                              \
        true, state, actions                                                                       \
    }

// What is not listed is refused. A loaded core is given up before it is loaded again, so that a
// load that fails never leaves half an image that counts as ready. A crash is only believed of a
// core that is watched. A core that runs on its own must be attached before anything else is done
// to it.
static const struct yoke_transition table[YOKE_STATES][YOKE_EVENTS] = {
    [YOKE_OFFLINE] =
        {
            [YOKE_EVENT_LOAD] = TO(YOKE_READY, YOKE_DO_LOAD),
        },
    [YOKE_READY] =
        {
            [YOKE_EVENT_START] = TO(YOKE_RUNNING, YOKE_DO_START),
            [YOKE_EVENT_STOP] = TO(YOKE_OFFLINE, 0),
        },
    [YOKE_RUNNING] =
        {
            [YOKE_EVENT_STOP] = TO(YOKE_OFFLINE, YOKE_DO_STOP),
            [YOKE_EVENT_CRASH] = TO(YOKE_CRASHED, 0),
            [YOKE_EVENT_DETACH] = TO(YOKE_DETACHED, YOKE_DO_DETACH),
        },
    [YOKE_CRASHED] =
        {
            [YOKE_EVENT_STOP] = TO(YOKE_OFFLINE, YOKE_DO_STOP),
            [YOKE_EVENT_RECOVER] = TO(YOKE_RUNNING, YOKE_DO_STOP | YOKE_DO_LOAD | YOKE_DO_START),
        },
    [YOKE_ATTACHED] =
        {
            [YOKE_EVENT_STOP] = TO(YOKE_OFFLINE, YOKE_DO_STOP),
            [YOKE_EVENT_CRASH] = TO(YOKE_CRASHED, 0),
            [YOKE_EVENT_DETACH] = TO(YOKE_DETACHED, YOKE_DO_DETACH),
        },
    [YOKE_DETACHED] =
        {
            [YOKE_EVENT_ATTACH] = TO(YOKE_ATTACHED, YOKE_DO_ATTACH),
        },
};

struct yoke_transition yoke_life_next(enum yoke_state state, enum yoke_event event)
{
    const struct yoke_transition refused = {false, state, 0};

    if ((unsigned)state >= YOKE_STATES || (unsigned)event >= YOKE_EVENTS ||
        !table[state][event].valid) {
        return refused;
    }
    return table[state][event];
}

const char *yoke_state_text(enum yoke_state state)
{
    static const char *const texts[YOKE_STATES] = {
        [YOKE_OFFLINE] = "offline", [YOKE_READY] = "ready",       [YOKE_RUNNING] = "running",
        [YOKE_CRASHED] = "crashed", [YOKE_ATTACHED] = "attached", [YOKE_DETACHED] = "detached",
    };

    return (unsigned)state < YOKE_STATES ? texts[state] : "unknown";
}

void yoke_rproc_init(struct yoke_rproc *rproc, const struct yoke_rproc_ops *ops, void *context,
                     enum yoke_state state)
{
    rproc->ops = ops;
    rproc->context = context;
    rproc->state = state;
    rproc->crashes = 0;
    rproc->busy = false;
}

/// Runs actions in their order until one fails.
static int run(const struct yoke_rproc *rproc, uint32_t actions)
{
    const struct yoke_rproc_ops *ops = rproc->ops;
    int (*const order[])(void *) = {ops->stop, ops->load, ops->start, ops->attach, ops->detach};
    const unsigned count = sizeof(order) / sizeof(order[0]);

    for (unsigned i = 0; i < count; i++) {
        if ((actions & 1u << i) != 0 && order[i] == NULL) {
            return YOKE_UNSUPPORTED;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if ((actions & 1u << i) != 0) {
            const int status = order[i](rproc->context);
            if (status != YOKE_OK) {
                return status;
            }
        }
    }
    return YOKE_OK;
}

int yoke_rproc_event(struct yoke_rproc *rproc, enum yoke_event event)
{
    if (rproc->busy) {
        return YOKE_AGAIN;
    }
    const struct yoke_transition transition = yoke_life_next(rproc->state, event);
    if (!transition.valid) {
        return YOKE_INVALID;
    }
    rproc->busy = true;
    const int status = run(rproc, transition.actions);
    rproc->busy = false;
    if (status == YOKE_OK) {
        rproc->state = transition.next;
        rproc->crashes += event == YOKE_EVENT_CRASH;
    }
    return status;
}
