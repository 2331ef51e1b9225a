// SPDX-License-Identifier: BSD-3-Clause
// Doorbells, suppression, event indices.
#include "groups.h"

/// A request is answered with the doorbell that `flags` ask for.
static void rings_with_flags(struct conform *c, uint16_t flags)
{
    const uint32_t service = driver_meet(c, &(struct up){.without = FEATURE_EVENT_IDX});
    struct ring *const ring = &c->driver.ring[0];
    struct message m;

    for (uint32_t i = 0; i < 10; i++) {
        driver_put16(&c->driver, ring->avail, flags);
        full_barrier();
        drop_bells(c);
        (void)driver_send(c, CHECKER_ADDRESS, service, &i, sizeof i);
        const bool rang = await_bell(c, ring->notify_id);
        expect(c, rang, "an index that moves rings, unless bit 0 of flags is set",
               "flags 0x%x, no doorbell", flags);
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "each request is answered", "request %u is not", i);
    }
}

static void flags_ask(struct conform *c)
{
    rings_with_flags(c, 0);
}

static void other_flags_do_not_count(struct conform *c)
{
    rings_with_flags(c, 0xfffe);
}

static void needs_event_idx(struct conform *c)
{
    if ((c->driver.features & FEATURE_EVENT_IDX) == 0) {
        not_applicable(c, "the device does not offer EVENT_IDX");
    }
}

/// Asks for a doorbell at the `ahead`th message from now; `burst` come at once, often.
static void event_asks(struct conform *c, uint32_t ahead, uint32_t burst)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct ring *const ring = &c->driver.ring[0];

    needs_event_idx(c);
    if (c->driver.ring[1].num < burst || ring->num < burst) {
        not_applicable(c, "the rings are too short");
    }
    for (uint32_t i = 0; i < 8; i++) {
        driver_drain(c);
        (void)driver_reap(c);
        // Flags would forbid it, but do not count.
        driver_put16(&c->driver, ring->avail, NO_NOTIFY);
        driver_put16(&c->driver, ring_used_event(ring), (uint16_t)(ring->seen + ahead - 1));
        full_barrier();
        drop_bells(c);
        for (uint32_t j = 0; j < burst; j++) {
            (void)driver_put(c, CHECKER_ADDRESS, service, &j, sizeof j);
        }
        driver_show(c, QUEUE_TO_DEVICE);
        const bool rang = await_bell(c, ring->notify_id);
        expect(c, rang, "an index that passes the event rings, whatever flags say",
               "the event was %u ahead of used index %u, and no doorbell rang", ahead, ring->seen);
    }
}

static void event_next(struct conform *c)
{
    event_asks(c, 1, 1);
}

static void event_ahead(struct conform *c)
{
    event_asks(c, 3, 4);
}

static void flags_are_zero(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    needs_event_idx(c);
    for (uint32_t i = 0; i < 20; i++) {
        driver_echo(c, service, 9, i);
        for (unsigned q = 0; q < 2; q++) {
            const uint16_t flags = get16(c->driver.ring[q].used);
            expect(c, flags == 0, "with EVENT_IDX flags are 0", "queue %u: 0x%x", q, flags);
        }
    }
}

/// Round trips that lean on doorbells alone, both ways.
static void leans_on_doorbells(struct conform *c, uint32_t without)
{
    const uint32_t service = driver_meet(c, &(struct up){.without = without});
    const uint32_t count = c->target->quick ? 100 : 2000;
    struct message m;

    driver_drain(c);
    for (uint32_t i = 0; i < count; i++) {
        bool came = false;
        driver_want(c, QUEUE_TO_DRIVER, i % 3 != 0);
        driver_want(c, QUEUE_TO_DRIVER, true);
        (void)driver_send(c, CHECKER_ADDRESS, service, &i, sizeof i);
        // The doorbell may be an older one's: then it is slept once more.
        while (!came && await_bell(c, c->driver.ring[0].notify_id)) {
            while (driver_take(c, &m)) {
                came |= m.dst == CHECKER_ADDRESS;
            }
        }
        expect(c, came, "who asked for a doorbell and sleeps is woken",
               "round trip %u: neither doorbell nor answer", i);
        (void)driver_reap(c);
    }
}

static void no_doorbell_is_lost(struct conform *c)
{
    leans_on_doorbells(c, 0);
}

static void no_doorbell_is_lost_with_flags(struct conform *c)
{
    leans_on_doorbells(c, FEATURE_EVENT_IDX);
}

/// Requests come while the device is about to sleep: it has to look once more.
static void looks_again(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t count = c->target->quick ? 60 : 1500;
    struct message m;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t burst = 1 + i % 3;
        for (uint32_t j = 0; j < burst; j++) {
            (void)driver_send(c, CHECKER_ADDRESS, service, &i, sizeof i);
            for (volatile uint32_t k = 0; k < (i * 37) % 2000; k = k + 1) {
            }
        }
        for (uint32_t j = 0; j < burst; j++) {
            const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
            expect(c, came,
                   "who waits for a doorbell asked for it, and looked at the index once more",
                   "a request was not seen, though its doorbell was not wanted or was rung");
        }
        (void)driver_reap(c);
    }
}

static void doorbells_in_spite(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    c->driver.always = true;
    for (uint32_t i = 0; i < 50; i++) {
        driver_echo(c, service, i, i);
        driver_kick(c, i % 2);
    }
    for (uint32_t i = 0; i < 4; i++) {
        quiet(c); // It has nothing to do.
        driver_kick(c, i % 2);
        quiet(c);
        driver_echo(c, service, i, i);
    }
    driver_expect_clean(c);
}

const struct conform_check device_doorbell_checks[] = {
    {"RING-18", "flags 0 ask for a doorbell", flags_ask},
    {"RING-18", "other bits of flags do not count", other_flags_do_not_count},
    {"RING-19", "the next index is the event", event_next},
    {"RING-19", "the event is passed by several at once", event_ahead},
    {"RING-19", "with EVENT_IDX flags are 0", flags_are_zero},
    {"RING-20", "no doorbell is lost, with event indices", no_doorbell_is_lost},
    {"RING-20", "no doorbell is lost, with flags", no_doorbell_is_lost_with_flags},
    {"RING-21", "it looks again before it sleeps", looks_again},
    {"RING-22", "doorbells in spite of suppression", doorbells_in_spite},
    {0},
};
