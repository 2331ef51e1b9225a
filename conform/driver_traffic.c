// SPDX-License-Identifier: BSD-3-Clause
// The driver's messages, there and back.
#include "check.h"

#include <string.h>

// -------------------------------------------------------------------------------------- rings

static bool event_idx(const struct driver *d)
{
    return (d->features & FEATURE_EVENT_IDX) != 0;
}

void driver_want(struct conform *c, unsigned queue, bool wanted)
{
    struct ring *const ring = &c->driver.ring[queue];

    if (event_idx(&c->driver)) {
        driver_put16(&c->driver, ring_used_event(ring),
                     wanted ? ring->seen : (uint16_t)(ring->seen - 1));
    } else {
        driver_put16(&c->driver, ring->avail, wanted ? 0 : NO_NOTIFY);
    }
    full_barrier();
}

void driver_offer(struct conform *c, unsigned queue, uint32_t id)
{
    struct ring *const ring = &c->driver.ring[queue];

    driver_put16(&c->driver, ring_head(ring, ring->next), (uint16_t)id);
    ring->next++;
    if (id < ring->num) {
        c->driver.out[queue][id] = true;
    }
}

void driver_kick(struct conform *c, unsigned queue)
{
    full_barrier();
    c->target->ops->ring(c->target, c->driver.ring[queue].notify_id);
}

void driver_show(struct conform *c, unsigned queue)
{
    struct ring *const ring = &c->driver.ring[queue];
    const uint16_t old = ring->shown;

    driver_put16(&c->driver, ring->avail + 2, ring->next);
    ring->shown = ring->next;
    full_barrier();
    bool wanted = (get16(ring->used) & NO_NOTIFY) == 0;
    if (event_idx(&c->driver)) {
        const uint16_t event = get16(ring_avail_event(ring));
        wanted = passes(event, old, ring->next);
    }
    if (wanted || c->driver.always) {
        driver_kick(c, queue);
    }
}

bool driver_used(struct conform *c, unsigned queue, uint32_t *id, uint32_t *len)
{
    struct driver *const d = &c->driver;
    struct ring *const ring = &d->ring[queue];
    const uint16_t index = get16(ring->used + 2);
    const uint16_t waiting = (uint16_t)(index - ring->seen);

    expect(c, waiting <= ring->num && waiting <= (uint16_t)(ring->next - ring->seen),
           "the used index is never ahead of what was made available",
           "queue %u: used index %u, available index %u", queue, index, ring->next);
    if (waiting == 0) {
        return false;
    }
    const uint8_t *const element = ring_element(ring, ring->seen);
    *id = get32(element);
    *len = get32(element + 4);
    expect(c, *id < ring->num && d->out[queue][*id],
           "each used element names a descriptor that the device has, once",
           "queue %u: id %u, which %s", queue, *id,
           *id < ring->num ? "the device does not have" : "is outside of the ring");
    d->out[queue][*id] = false;
    ring->seen++;
    return true;
}

// ----------------------------------------------------------------------------------- messages

/// Takes one of queue 1: it is spare then.
static bool reap_one(struct conform *c, uint32_t *id, uint32_t *len)
{
    if (!driver_used(c, QUEUE_TO_DEVICE, id, len)) {
        return false;
    }
    c->driver.spare[c->driver.spares++] = (uint16_t)*id;
    return true;
}

uint32_t driver_reap(struct conform *c)
{
    uint32_t count = 0, id, len;

    while (reap_one(c, &id, &len)) {
        expect(c, len == 0, "a buffer that the device only read comes back with length 0",
               "descriptor %u with length %u", id, len);
        count++;
    }
    return count;
}

uint32_t driver_await_back(struct conform *c, uint32_t id)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    uint32_t got = 0, len = 0;

    do {
        while (reap_one(c, &got, &len)) {
            if (got == id) {
                return len;
            }
        }
    } while (let_run(c, deadline));
    expect(c, false, "every buffer comes back", "descriptor %u of queue 1 did not", id);
    return len;
}

void driver_await_spares(struct conform *c, uint32_t count)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);

    (void)driver_reap(c);
    while (c->driver.spares < count && let_run(c, deadline)) {
        (void)driver_reap(c);
    }
    expect(c, c->driver.spares == count, "every buffer comes back, once",
           "%u of queue 1 are free instead of %u", c->driver.spares, count);
}

uint32_t driver_claim(struct conform *c)
{
    struct driver *const d = &c->driver;
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);

    while (d->spares == 0 && driver_reap(c) == 0) {
        const bool running = let_run(c, deadline);
        expect(c, running || driver_reap(c) != 0, "every buffer comes back",
               "none of queue 1 did, and all are out");
    }
    return d->spare[--d->spares];
}

void driver_write(struct conform *c, uint32_t id, const struct message *m)
{
    struct driver *const d = &c->driver;
    uint8_t *const buffer = driver_buffer(d, 1, id);
    const size_t size = m->len <= PAYLOAD_MAX ? m->len : PAYLOAD_MAX;

    driver_put32(d, buffer, m->src);
    driver_put32(d, buffer + 4, m->dst);
    driver_put32(d, buffer + 8, m->reserved);
    driver_put16(d, buffer + 12, m->len);
    driver_put16(d, buffer + 14, m->flags);
    memcpy(buffer + HEADER_BYTES, m->data, size);
    memcpy(driver_copy(d, buffer + HEADER_BYTES), m->data, size);
    driver_desc(c, 1, id, driver_buffer_pa(d, 1, id), m->whole, 0, 0);
}

uint32_t driver_put(struct conform *c, uint32_t src, uint32_t dst, const void *data, size_t size)
{
    struct message m = {
        .src = src, .dst = dst, .len = (uint16_t)size, .whole = HEADER_BYTES + (uint32_t)size};
    const uint32_t id = driver_claim(c);

    memcpy(m.data, data, size);
    driver_write(c, id, &m);
    driver_offer(c, 1, id);
    return id;
}

uint32_t driver_send(struct conform *c, uint32_t src, uint32_t dst, const void *data, size_t size)
{
    const uint32_t id = driver_put(c, src, dst, data, size);

    driver_show(c, QUEUE_TO_DEVICE);
    return id;
}

uint32_t driver_send_raw(struct conform *c, const struct message *m)
{
    const uint32_t id = driver_claim(c);

    driver_write(c, id, m);
    driver_offer(c, 1, id);
    driver_show(c, QUEUE_TO_DEVICE);
    return id;
}

void driver_return(struct conform *c, uint32_t id)
{
    driver_offer(c, QUEUE_TO_DRIVER, id);
    driver_show(c, QUEUE_TO_DRIVER);
}

/// Notes an announcement.
static void note_service(struct driver *d, const struct message *m)
{
    struct service service = {.address = get32(m->data + NAME_BYTES),
                              .flags = get32(m->data + NAME_BYTES + 4),
                              .times = 1};

    d->announcements++;
    d->announcement = *m;
    memcpy(service.name, m->data, NAME_BYTES);
    for (uint32_t i = 0; i < d->service_count; i++) {
        struct service *const known = &d->services[i];
        if (known->address == service.address && strcmp(known->name, service.name) == 0) {
            known->times++;
            known->flags = service.flags;
            return;
        }
    }
    if (d->service_count < SERVICES_MAX) {
        d->services[d->service_count++] = service;
    }
}

/// The next used element of queue 0 with a message in it: a buffer may also come back without one.
static bool next_message(struct conform *c, uint32_t *id, uint32_t *len)
{
    while (driver_used(c, QUEUE_TO_DRIVER, id, len)) {
        if (*len != 0) {
            return true;
        }
        driver_return(c, *id);
    }
    return false;
}

bool driver_take(struct conform *c, struct message *m)
{
    struct driver *const d = &c->driver;
    uint32_t id, len;

    if (!next_message(c, &id, &len)) {
        driver_want(c, QUEUE_TO_DRIVER, true);
        if (!next_message(c, &id, &len)) {
            return false;
        }
    }
    const uint8_t *const buffer = driver_buffer(d, 0, id);
    *m = (struct message){
        .src = get32(buffer),
        .dst = get32(buffer + 4),
        .reserved = get32(buffer + 8),
        .len = get16(buffer + 12),
        .flags = get16(buffer + 14),
        .whole = len,
        .id = id,
    };
    const size_t room = d->size_of[0] - HEADER_BYTES;
    memcpy(m->data, buffer + HEADER_BYTES, room < sizeof m->data ? room : sizeof m->data);
    if (m->dst == NS_ADDRESS) {
        note_service(d, m);
    } else if (m->dst != CHECKER_ADDRESS) {
        d->others++;
    }
    if (!d->keeps) {
        driver_return(c, id);
    }
    return true;
}

bool driver_receive(struct conform *c, uint32_t dst, struct message *m)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);

    do {
        while (driver_take(c, m)) {
            if (m->dst == dst) {
                return true;
            }
        }
    } while (let_run(c, deadline));
    return false;
}

void driver_echo(struct conform *c, uint32_t service, size_t size, uint32_t seed)
{
    uint8_t data[PAYLOAD_MAX];
    struct message m = {0};

    fill(data, size, seed);
    (void)driver_send(c, CHECKER_ADDRESS, service, data, size);
    const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
    expect(c, came, "the service sends back what it got", "no answer to %zu bytes", size);
    expect(c, m.len == size && memcmp(m.data, data, size) == 0,
           "the payload arrives as it was sent, and so does the answer",
           "%zu bytes came back as %u%s", size, m.len, m.len == size ? ", and other ones" : "");
}

void driver_drain(struct conform *c)
{
    struct message m;

    quiet(c);
    while (driver_take(c, &m)) {
    }
}

void driver_use_up(struct conform *c, uint32_t service, uint32_t *kept, uint32_t count)
{
    struct message m = {0};

    driver_drain(c);
    c->driver.keeps = true;
    for (uint32_t i = 0; i < count; i++) {
        (void)driver_send(c, CHECKER_ADDRESS, service, &i, sizeof i);
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "each request is answered", "request %u is not", i);
        kept[i] = m.id;
    }
    (void)driver_reap(c);
    driver_watch(c);
}
