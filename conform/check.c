// SPDX-License-Identifier: BSD-3-Clause
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void expect(struct conform *c, bool met, const char *expected, const char *seen, ...)
{
    va_list arguments;

    if (met) {
        return;
    }
    c->result.verdict = CONFORM_FAIL;
    (void)snprintf(c->result.expected, sizeof c->result.expected, "%s", expected);
    va_start(arguments, seen);
    (void)vsnprintf(c->result.seen, sizeof c->result.seen, seen, arguments);
    va_end(arguments);
    longjmp(c->end, 1);
}

void not_applicable(struct conform *c, const char *why)
{
    c->result.verdict = CONFORM_NOT_APPLICABLE;
    (void)snprintf(c->result.seen, sizeof c->result.seen, "%s", why);
    longjmp(c->end, 1);
}

void load(struct conform *c)
{
    const bool loaded = c->target->ops->load(c->target);

    expect(c, loaded, "it can be begun anew", "%s", c->target->why);
}

void start(struct conform *c)
{
    drop_bells(c);
    const bool started = c->target->ops->start(c->target);
    expect(c, started, "it starts", "%s", c->target->why);
}

uint64_t deadline_in(const struct conform *c, uint32_t ms)
{
    return c->target->ops->clock(c->target) + ms;
}

bool let_run(struct conform *c, uint64_t deadline)
{
    const uint64_t now = c->target->ops->clock(c->target);
    const bool alive = c->target->ops->alive(c->target);

    expect(c, alive, "whatever it is handed, it goes on", "%s", c->target->why);
    if (now >= deadline) {
        return false;
    }
    // Not for long: who polls may do something without a doorbell.
    c->target->ops->wait(c->target, deadline - now < 5 ? (uint32_t)(deadline - now) : 5);
    c->rang |= c->target->ops->rings(c->target);
    return true;
}

void quiet(struct conform *c)
{
    const uint64_t deadline = deadline_in(c, c->target->quiet_ms);

    while (let_run(c, deadline)) {
    }
}

bool take_bell(struct conform *c, uint32_t notify_id)
{
    const uint32_t bit = UINT32_C(1) << notify_id % 32;

    c->rang |= c->target->ops->rings(c->target);
    const bool rang = (c->rang & bit) != 0;
    c->rang &= ~bit;
    return rang;
}

bool await_bell(struct conform *c, uint32_t notify_id)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);

    while (!take_bell(c, notify_id)) {
        if (!let_run(c, deadline)) {
            return take_bell(c, notify_id);
        }
    }
    return true;
}

void drop_bells(struct conform *c)
{
    (void)c->target->ops->rings(c->target);
    c->rang = 0;
}

uint8_t *window_at(const struct conform_window *windows, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; i < CONFORM_WINDOWS; i++) {
        const struct conform_window *const w = &windows[i];
        if (w->at != NULL && address >= w->address && address - w->address <= w->size &&
            size <= w->size - (address - w->address)) {
            return w->at + (address - w->address);
        }
    }
    return NULL;
}

void fill(uint8_t *data, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(seed * 29u + (uint32_t)i * 7u + (uint32_t)(i >> 8));
    }
}

struct conform_result conform_run(struct conform_target *target, const struct conform_check *check)
{
    struct conform *const c = calloc(1, sizeof *c);
    struct conform_result result = {.check = check, .verdict = CONFORM_NOT_APPLICABLE};

    if (c == NULL) {
        (void)snprintf(result.seen, sizeof result.seen, "no memory");
        return result;
    }
    c->target = target;
    c->result = (struct conform_result){.check = check, .verdict = CONFORM_PASS};
    if (setjmp(c->end) == 0) {
        check->run(c);
    }
    if (target->role == CONFORM_DEVICE) {
        driver_free(&c->driver);
    }
    result = c->result;
    free(c);
    return result;
}
