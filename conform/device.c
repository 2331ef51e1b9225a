// SPDX-License-Identifier: BSD-3-Clause
#include "check.h"

#include <string.h>

// --------------------------------------------------------------------------------- coming up

static void write_entry(struct conform *c, const struct device_up *up)
{
    uint8_t *const entry = c->target->entry;
    const uint32_t usual = FEATURE_NS | FEATURE_EVENT_IDX | FEATURE_INDIRECT;

    if (!c->target->fixed_rings) {
        memset(entry, 0, ENTRY_BYTES);
        put32(entry, TYPE_VDEV);
        put32(entry + ENTRY_ID, ID_RPMSG);
        put8(entry + ENTRY_RINGS, 2);
        for (unsigned i = 0; i < 2; i++) {
            put32(entry + ENTRY_RING(i, RING_DA), DA_ANY);
            put32(entry + ENTRY_RING(i, RING_ALIGN), up->align != 0 ? up->align : DEVICE_ALIGN);
            put32(entry + ENTRY_RING(i, RING_NUM), up->num != 0 ? up->num : DEVICE_NUM);
        }
    } else if (up->num != 0 || up->align != 0) {
        not_applicable(c, "the image's ring sizes are fixed here");
    }
    put32(entry + ENTRY_DFEATURES, up->features != 0 ? up->features : usual);
    put32(entry + ENTRY_GFEATURES, 0);
    put8(entry + ENTRY_STATUS, 0);
    memcpy(c->device.entry, entry, ENTRY_BYTES);
}

void device_load(struct conform *c, const struct device_up *up)
{
    load(c);
    write_entry(c, up);
    memcpy(c->target->buffer_size, up->sizes, sizeof up->sizes);
    c->device.status_count = 0;
    c->device.keeps = false;
}

static void note_status(struct conform *c)
{
    struct device *const d = &c->device;
    const uint8_t status = get8(c->target->entry + ENTRY_STATUS);

    if (d->status_count < DEVICE_STATUSES &&
        (d->status_count == 0 || d->statuses[d->status_count - 1] != status)) {
        d->statuses[d->status_count++] = status;
    }
}

bool device_start(struct conform *c)
{
    note_status(c);
    start(c);
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    do {
        note_status(c);
        if ((get8(c->target->entry + ENTRY_STATUS) & STATUS_READY) == STATUS_READY) {
            return true;
        }
    } while (let_run(c, deadline));
    return false;
}

/// The rings are where the entry says.
static void find_rings(struct conform *c)
{
    struct device *const d = &c->device;

    d->features = get32(c->target->entry + ENTRY_GFEATURES);
    memset(d->out, 0, sizeof d->out);
    memset(d->held, 0, sizeof d->held);
    memset(d->used, 0, sizeof d->used);
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *const vring = c->target->entry + ENTRY_RING(i, 0);
        const uint32_t num = get32(d->entry + ENTRY_RING(i, RING_NUM));
        const uint32_t align = get32(d->entry + ENTRY_RING(i, RING_ALIGN));
        const uint32_t da = get32(vring + RING_DA);
        expect(c, da != DA_ANY, "at status 7 each ring has its place", "ring %u has none", i);
        uint8_t *const at = window_at(c->target->da, da, ring_bytes(num, align));
        expect(c, at != NULL, "a ring lies in memory that the device has, by device address",
               "ring %u: da 0x%x, %u bytes", i, da, ring_bytes(num, align));
        expect(c, da % 16 == 0 && da % align == 0,
               "a ring's address is a multiple of 16 and of its align", "ring %u: da 0x%x", i, da);
        d->ring[i] = (struct ring){.desc = at,
                                   .avail = at + (size_t)16 * num,
                                   .used = at + used_offset(num, align),
                                   .num = num,
                                   .align = align,
                                   .notify_id = get32(vring + RING_NOTIFYID)};
    }
}

void device_begin(struct conform *c, const struct device_up *up)
{
    device_load(c, up);
    const bool ready = device_start(c);
    expect(c, ready, "the driver brings the device up", "status %u",
           get8(c->target->entry + ENTRY_STATUS));
    find_rings(c);
    const bool kicked = await_bell(c, c->device.ring[0].notify_id);
    expect(c, kicked, "after status 7 the doorbell of queue 0 rings", "it did not");
    device_want(c, QUEUE_TO_DEVICE, true);
}

uint32_t device_meet(struct conform *c, const struct device_up *up)
{
    device_begin(c, up);
    if ((c->device.features & FEATURE_NS) == 0) {
        not_applicable(c, "the driver takes no name service");
    }
    device_announce(c, c->target->service, SERVICE_ADDRESS, NS_CREATE);
    return device_greeted(c, SERVICE_ADDRESS);
}

// -------------------------------------------------------------------------------------- rings

static uint8_t *used_copy(struct conform *c, unsigned queue, const uint8_t *at)
{
    return c->device.used[queue] + (at - c->device.ring[queue].used);
}

static void put_used16(struct conform *c, unsigned queue, uint8_t *at, uint16_t value)
{
    put16(used_copy(c, queue, at), value);
    put16(at, value);
}

static void put_used32(struct conform *c, unsigned queue, uint8_t *at, uint32_t value)
{
    memcpy(used_copy(c, queue, at), &(uint32_t){htole32(value)}, sizeof value);
    put32(at, value);
}

static bool event_idx(const struct conform *c)
{
    return (c->device.features & FEATURE_EVENT_IDX) != 0;
}

bool device_take(struct conform *c, unsigned queue, uint32_t *id)
{
    struct device *const d = &c->device;
    struct ring *const ring = &d->ring[queue];
    const uint16_t index = get16(ring->avail + 2);
    const uint16_t waiting = (uint16_t)(index - ring->seen);

    expect(c, waiting + d->held[queue] <= ring->num, "no more than num heads are outstanding",
           "queue %u: available index %u, %u heads taken, %u not given back", queue, index,
           ring->seen, d->held[queue]);
    if (waiting == 0) {
        return false;
    }
    *id = get16(ring_head(ring, ring->seen));
    expect(c, *id < ring->num && !d->out[queue][*id],
           "each head is below num, and not one that the device has",
           "queue %u, head number %u: %u", queue, ring->seen, *id);
    const uint8_t *const desc = ring_desc(ring, *id);
    struct offered *const o = &d->was[queue][*id];
    *o =
        (struct offered){.address = get64(desc), .len = get32(desc + 8), .flags = get16(desc + 12)};
    expect(c, (o->flags & (DESC_INDIRECT | DESC_NEXT)) == 0, "a message lies in one buffer",
           "queue %u, descriptor %u: flags 0x%x", queue, *id, o->flags);
    expect(c, (o->flags & DESC_WRITE) == (queue == QUEUE_TO_DRIVER ? DESC_WRITE : 0),
           "WRITE is set in queue 0, and not in queue 1", "queue %u, descriptor %u: flags 0x%x",
           queue, *id, o->flags);
    o->at = window_at(c->target->pa, o->address, o->len);
    expect(c, o->at != NULL, "buffers lie in memory that both sides reach, by physical address",
           "queue %u, descriptor %u: 0x%llx, %u bytes", queue, *id, (unsigned long long)o->address,
           o->len);
    d->out[queue][*id] = true;
    d->held[queue]++;
    ring->seen++;
    return true;
}

void device_put(struct conform *c, unsigned queue, uint32_t id, uint32_t len)
{
    struct ring *const ring = &c->device.ring[queue];
    uint8_t *const element = ring_element(ring, ring->next);

    put_used32(c, queue, element, id);
    put_used32(c, queue, element + 4, len);
    ring->next++;
}

void device_give(struct conform *c, unsigned queue, uint32_t id, uint32_t len)
{
    device_put(c, queue, id, len);
    c->device.out[queue][id] = false;
    c->device.held[queue]--;
}

void device_ring(struct conform *c, unsigned queue)
{
    full_barrier();
    c->target->ops->ring(c->target, c->device.ring[queue].notify_id);
}

void device_show(struct conform *c, unsigned queue)
{
    struct ring *const ring = &c->device.ring[queue];
    const uint16_t old = ring->shown;

    put_used16(c, queue, ring->used + 2, ring->next);
    ring->shown = ring->next;
    full_barrier();
    bool wanted = (get16(ring->avail) & NO_NOTIFY) == 0;
    if (event_idx(c)) {
        wanted = passes(get16(ring_used_event(ring)), old, ring->next);
    }
    if (wanted || c->device.always) {
        device_ring(c, queue);
    }
}

void device_want(struct conform *c, unsigned queue, bool wanted)
{
    struct ring *const ring = &c->device.ring[queue];

    if (event_idx(c)) {
        put_used16(c, queue, ring_avail_event(ring),
                   wanted ? ring->seen : (uint16_t)(ring->seen - 1));
    } else {
        put_used16(c, queue, ring->used, wanted ? 0 : NO_NOTIFY);
    }
    full_barrier();
}

// ----------------------------------------------------------------------------------- messages

uint32_t device_claim(struct conform *c)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    uint32_t id = 0;

    while (!device_take(c, QUEUE_TO_DRIVER, &id)) {
        const bool running = let_run(c, deadline);
        expect(c, running, "the driver gives every buffer back",
               "no buffer of queue 0 is available, and the device has %u", c->device.held[0]);
    }
    return id;
}

void device_write(struct conform *c, uint32_t id, const struct message *m)
{
    const struct offered *const o = &c->device.was[QUEUE_TO_DRIVER][id];
    size_t size = m->len <= PAYLOAD_MAX ? m->len : PAYLOAD_MAX;

    expect(c, o->len >= HEADER_BYTES, "a buffer has room for a header", "%u bytes", o->len);
    size = size <= o->len - HEADER_BYTES ? size : o->len - HEADER_BYTES;
    put32(o->at, m->src);
    put32(o->at + 4, m->dst);
    put32(o->at + 8, m->reserved);
    put16(o->at + 12, m->len);
    put16(o->at + 14, m->flags);
    memcpy(o->at + HEADER_BYTES, m->data, size);
}

void device_send_raw(struct conform *c, const struct message *m)
{
    const uint32_t id = device_claim(c);

    device_write(c, id, m);
    device_give(c, QUEUE_TO_DRIVER, id, m->whole);
    device_show(c, QUEUE_TO_DRIVER);
}

void device_send(struct conform *c, uint32_t src, uint32_t dst, const void *data, size_t size)
{
    struct message m = {
        .src = src, .dst = dst, .len = (uint16_t)size, .whole = HEADER_BYTES + (uint32_t)size};

    memcpy(m.data, data, size);
    device_send_raw(c, &m);
}

void device_queue(struct conform *c, uint32_t client, uint32_t number)
{
    struct message m = {.src = SERVICE_ADDRESS, .dst = client, .len = 4, .whole = HEADER_BYTES + 4};
    const uint32_t id = device_claim(c);

    put32(m.data, number);
    device_write(c, id, &m);
    device_give(c, QUEUE_TO_DRIVER, id, m.whole);
}

void device_announce(struct conform *c, const char *name, uint32_t address, uint32_t flags)
{
    uint8_t ns[NS_BYTES] = {0};

    put_name(ns, name);
    memcpy(ns + NAME_BYTES, &(uint32_t){htole32(address)}, 4);
    memcpy(ns + NAME_BYTES + 4, &(uint32_t){htole32(flags)}, 4);
    device_send(c, address, NS_ADDRESS, ns, sizeof ns);
}

bool device_receive_now(struct conform *c, struct message *m)
{
    uint32_t id = 0;

    do {
        if (!device_take(c, QUEUE_TO_DEVICE, &id)) {
            device_want(c, QUEUE_TO_DEVICE, true);
            if (!device_take(c, QUEUE_TO_DEVICE, &id)) {
                return false;
            }
        }
        const struct offered *const o = &c->device.was[QUEUE_TO_DEVICE][id];
        expect(c, o->len >= HEADER_BYTES, "a message has a header", "a buffer of %u bytes", o->len);
        *m = (struct message){.src = get32(o->at),
                              .dst = get32(o->at + 4),
                              .reserved = get32(o->at + 8),
                              .len = get16(o->at + 12),
                              .flags = get16(o->at + 14),
                              .whole = o->len,
                              .id = id};
        expect(c, o->len >= HEADER_BYTES + (uint32_t)m->len,
               "a descriptor is at least 16 bytes longer than its header's len",
               "%u bytes for a message of %u", o->len, m->len);
        expect(c, m->len <= PAYLOAD_MAX, "a payload has at most 496 bytes", "%u", m->len);
        memcpy(m->data, o->at + HEADER_BYTES, m->len);
        if (!c->device.keeps) {
            device_give(c, QUEUE_TO_DEVICE, id, 0);
            device_show(c, QUEUE_TO_DEVICE);
        }
    } while (m->dst == NS_ADDRESS);
    return true;
}

bool device_receive(struct conform *c, uint32_t dst, struct message *m)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);

    do {
        while (device_receive_now(c, m)) {
            if (m->dst == dst) {
                return true;
            }
        }
    } while (let_run(c, deadline));
    return false;
}

uint32_t device_greeted(struct conform *c, uint32_t address)
{
    struct message m = {0};

    const bool came = device_receive(c, address, &m);
    expect(c, came, "the application greets a service that was announced", "no greeting");
    return m.src;
}

void device_echo(struct conform *c, uint32_t client, size_t size, uint32_t seed)
{
    uint8_t data[PAYLOAD_MAX];
    struct message m = {0};

    fill(data, size, seed);
    device_send(c, SERVICE_ADDRESS, client, data, size);
    const bool came = device_receive(c, SERVICE_ADDRESS, &m);
    expect(c, came, "the client sends back what it got", "no answer to %zu bytes", size);
    expect(c, m.len == size && memcmp(m.data, data, size) == 0,
           "the payload arrives as it was sent, and so does the answer",
           "%zu bytes came back as %u%s", size, m.len, m.len == size ? ", and other ones" : "");
}

void device_expect_nothing(struct conform *c, const char *expected)
{
    struct message m = {0};

    quiet(c);
    const bool came = device_receive_now(c, &m);
    expect(c, !came, expected, "a message of %u bytes to 0x%x", m.len, m.dst);
}

uint32_t device_available(const struct conform *c)
{
    const struct ring *const ring = &c->device.ring[0];

    return (uint16_t)(get16(ring->avail + 2) - ring->seen);
}

void device_expect_clean(struct conform *c)
{
    const struct device *const d = &c->device;

    for (uint32_t i = 0; i < ENTRY_BYTES; i++) {
        const uint32_t field = i < 28 ? i : (i - 28) % 20;
        const bool drivers =
            i < 28 ? i == ENTRY_STATUS || (i >= ENTRY_GFEATURES && i < ENTRY_GFEATURES + 4)
                   : field < 4 || field >= RING_NOTIFYID;
        expect(c, drivers || get8(c->target->entry + i) == d->entry[i],
               "of the entry the driver writes status, gfeatures, and da, notifyid and pa of rings",
               "byte %u was %u and is %u", i, d->entry[i], get8(c->target->entry + i));
    }
    for (unsigned q = 0; q < 2; q++) {
        for (uint32_t i = 0; i < 6 + 8 * d->ring[q].num; i++) {
            expect(c, get8(d->ring[q].used + i) == d->used[q][i],
                   "the driver does not write to used parts", "byte %u of that of queue %u", i, q);
        }
    }
}
