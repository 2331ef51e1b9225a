// SPDX-License-Identifier: BSD-3-Clause
// Doorbells, suppression, event indices.
#include "groups.h"

static void rings_with_flags(struct conform *c, uint16_t flags)
{
    const uint32_t client = device_meet(c, &(struct device_up){.features = FEATURE_NS});
    struct ring *const ring = &c->device.ring[1];
    struct message m;

    for (uint32_t i = 0; i < 10; i++) {
        put16(ring->used, flags);
        full_barrier();
        drop_bells(c);
        device_send(c, SERVICE_ADDRESS, client, "x", 1);
        const bool rang = await_bell(c, ring->notify_id);
        expect(c, rang, "an index that moves rings, unless bit 0 of flags is set",
               "flags 0x%x, no doorbell", flags);
        const bool came = device_receive(c, SERVICE_ADDRESS, &m);
        expect(c, came, "each message is answered", "message %u is not", i);
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

static void event_asks(struct conform *c, uint32_t ahead, uint32_t burst)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct ring *const ring = &c->device.ring[1];
    struct message m;

    if ((c->device.features & FEATURE_EVENT_IDX) == 0) {
        not_applicable(c, "the driver does not take EVENT_IDX");
    }
    for (uint32_t i = 0; i < 8; i++) {
        quiet(c);
        while (device_receive_now(c, &m)) {
        }
        put16(ring->used, NO_NOTIFY); // Does not count.
        put16(ring_avail_event(ring), (uint16_t)(ring->seen + ahead - 1));
        full_barrier();
        drop_bells(c);
        for (uint32_t j = 0; j < burst; j++) {
            device_queue(c, client, j);
        }
        device_show(c, QUEUE_TO_DRIVER);
        const bool rang = await_bell(c, ring->notify_id);
        expect(c, rang, "an index that passes the event rings, whatever flags say",
               "the event was %u ahead of available index %u, and no doorbell rang", ahead,
               ring->seen);
        put16(ring->used, 0);
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
    const uint32_t client = device_meet(c, &(struct device_up){0});

    if ((c->device.features & FEATURE_EVENT_IDX) == 0) {
        not_applicable(c, "the driver does not take EVENT_IDX");
    }
    for (uint32_t i = 0; i < 20; i++) {
        device_echo(c, client, 9, i);
        for (unsigned q = 0; q < 2; q++) {
            const uint16_t flags = get16(c->device.ring[q].avail);
            expect(c, flags == 0, "with EVENT_IDX flags are 0", "queue %u: 0x%x", q, flags);
        }
    }
}

static void leans_on_doorbells(struct conform *c, uint32_t features)
{
    const uint32_t client = device_meet(c, &(struct device_up){.features = features});
    const uint32_t count = c->target->quick ? 100 : 2000;
    struct message m;

    for (uint32_t i = 0; i < count; i++) {
        bool came = false;
        device_want(c, QUEUE_TO_DEVICE, true);
        device_send(c, SERVICE_ADDRESS, client, &i, sizeof i);
        while (!came && await_bell(c, c->device.ring[1].notify_id)) {
            while (device_receive_now(c, &m)) {
                came |= m.dst == SERVICE_ADDRESS;
            }
        }
        expect(c, came, "who asked for a doorbell and sleeps is woken",
               "round trip %u: neither doorbell nor answer", i);
    }
}

static void no_doorbell_is_lost(struct conform *c)
{
    leans_on_doorbells(c, 0);
}

static void no_doorbell_is_lost_with_flags(struct conform *c)
{
    leans_on_doorbells(c, FEATURE_NS);
}

static void looks_again(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t count = c->target->quick ? 60 : 1500;
    struct message m;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t burst = 1 + i % 3;
        for (uint32_t j = 0; j < burst; j++) {
            device_send(c, SERVICE_ADDRESS, client, &i, sizeof i);
        }
        for (uint32_t j = 0; j < burst; j++) {
            const bool came = device_receive(c, SERVICE_ADDRESS, &m);
            expect(c, came,
                   "who waits for a doorbell asked for it, and looked at the index once more",
                   "a message was not seen, though its doorbell was not wanted or was rung");
        }
    }
}

static void doorbells_in_spite(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    c->device.always = true;
    for (uint32_t i = 0; i < 50; i++) {
        device_echo(c, client, i, i);
        device_ring(c, i % 2);
    }
    for (uint32_t i = 0; i < 4; i++) {
        quiet(c); // It has nothing to do.
        device_ring(c, i % 2);
        quiet(c);
        device_echo(c, client, i, i);
    }
}

const struct conform_check driver_doorbell_checks[] = {
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
