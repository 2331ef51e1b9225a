// SPDX-License-Identifier: BSD-3-Clause
// Status, features, set-up, life.
#include "groups.h"

static void entry_is_the_devices(struct conform *c)
{
    device_echo(c, device_meet(c, &(struct device_up){0}), 50, 1);
    device_expect_clean(c);
}

static void statuses(struct conform *c)
{
    static const uint8_t order[] = {0, 1, 3, 7};
    uint32_t at = 0;

    device_begin(c, &(struct device_up){0});
    for (uint32_t i = 0; i < c->device.status_count; i++) {
        const uint8_t status = c->device.statuses[i];
        if (status == 0) {
            at = 0; // Allowed at any time.
        }
        while (at < 4 && order[at] != status) {
            at++;
        }
        expect(c, at < 4, "status goes 0, 1, 3, 7", "value number %u that was seen is %u", i + 1,
               status);
    }
    device_load(c, &(struct device_up){0});
}

static void lets_go(struct conform *c)
{
    device_begin(c, &(struct device_up){0});
    load(c);
    const uint8_t status = c->target->left;
    expect(c, status <= 1 || (status & 0x80) != 0, "who lets go of a device writes 0 (Linux: 1)",
           "status %u", status);
}

/// Offers features, and looks at what is taken.
static void takes(struct conform *c, uint32_t offered, uint32_t allowed)
{
    device_begin(c, &(struct device_up){.features = offered});
    expect(c, (c->device.features & ~allowed) == 0, "only what is offered and known is taken",
           "of 0x%08x it took 0x%08x", offered, c->device.features);
}

static void only_what_is_offered(struct conform *c)
{
    takes(c, FEATURE_NS, FEATURE_NS);
    takes(c, FEATURE_NS | FEATURE_INDIRECT, FEATURE_NS | FEATURE_INDIRECT);
    takes(c, FEATURE_NS | FEATURE_EVENT_IDX, FEATURE_NS | FEATURE_EVENT_IDX);
    takes(c, 1u << 13, 0);
}

static void reserved_features(struct conform *c)
{
    takes(c, UINT32_MAX & ~(1u << 16), 0x00ffffffu | FEATURE_INDIRECT | FEATURE_EVENT_IDX);
}

static void untaken_event_idx(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){.features = FEATURE_NS});
    struct ring *const ring = &c->device.ring[1];

    // With the feature this would mean: no doorbell.
    put16(ring_avail_event(ring), (uint16_t)(ring->seen + 1000));
    drop_bells(c);
    device_send(c, SERVICE_ADDRESS, client, "x", 1);
    const bool rang = await_bell(c, ring->notify_id);
    expect(c, rang, "without EVENT_IDX flags of 0 ask for a doorbell, whatever the event field",
           "no doorbell");
}

/// What lies in the rings' memory before a start.
static void spoil(struct conform *c)
{
    for (unsigned q = 0; q < 2; q++) {
        struct ring *const ring = &c->device.ring[q];
        for (uint32_t i = 0; i < ring_bytes(ring->num, ring->align); i++) {
            ring->desc[i] = 0xe7;
        }
    }
}

static void rings_are_zeroed(struct conform *c)
{
    device_begin(c, &(struct device_up){0});
    device_load(c, &(struct device_up){0});
    spoil(c);
    const bool ready = device_start(c);
    expect(c, ready, "the driver brings the device up", "it does not");
    for (unsigned q = 0; q < 2; q++) {
        const struct ring *const ring = &c->device.ring[q];
        const uint8_t *const was =
            window_at(c->target->da, get32(c->target->entry + ENTRY_RING(q, RING_DA)),
                      (uint64_t)ring->num * 16);
        for (uint32_t i = 0; was == ring->desc && i < 4 + 8 * ring->num; i++) {
            expect(c, get8(ring->used + i) == 0, "rings are zeroed before status 7",
                   "queue %u: byte %u of the used part is 0x%02x", q, i, get8(ring->used + i));
        }
        expect(c, get16(ring->avail + 2) <= ring->num, "rings are zeroed before status 7",
               "queue %u: available index %u", q, get16(ring->avail + 2));
    }
    device_echo(c, device_meet(c, &(struct device_up){0}), 5, 5);
}

static void kicks_after_7(struct conform *c)
{
    device_begin(c, &(struct device_up){0}); // Waits for it.
}

static void notify_ids(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    device_want(c, QUEUE_TO_DEVICE, true);
    drop_bells(c);
    device_send(c, SERVICE_ADDRESS, client, "x", 1);
    const bool rang = await_bell(c, c->device.ring[1].notify_id);
    expect(c, rang, "news for a queue ring the number in its vring's notifyid",
           "for queue 1, with notifyid %u, rang: 0x%x", c->device.ring[1].notify_id, c->rang);
}

static void doorbells_without_need(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (uint32_t i = 0; i < 20; i++) {
        device_ring(c, i % 2);
    }
    device_echo(c, client, 20, 1);
}

static void doorbell_of_another_queue(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t id = device_claim(c);
    struct ring *const ring = &c->device.ring[0];
    struct message m = {
        .src = SERVICE_ADDRESS, .dst = client, .len = 4, .whole = HEADER_BYTES + 4, .data = "look"};

    quiet(c);
    device_write(c, id, &m);
    device_give(c, QUEUE_TO_DRIVER, id, m.whole);
    const uint32_t own = ring->notify_id;
    ring->notify_id = c->device.ring[1].notify_id;
    c->device.always = true;
    device_show(c, QUEUE_TO_DRIVER);
    ring->notify_id = own;
    const bool came = device_receive(c, SERVICE_ADDRESS, &m);
    expect(c, came, "at a doorbell of any number every queue is looked at",
           "a message that was announced with the other queue's number was not seen");
}

static void down_is_silent(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t id = device_claim(c);
    const struct message m = {
        .src = SERVICE_ADDRESS, .dst = client, .len = 4, .whole = HEADER_BYTES + 4, .data = "late"};

    device_write(c, id, &m);
    load(c);
    const uint16_t index[2] = {get16(c->device.ring[0].avail + 2),
                               get16(c->device.ring[1].avail + 2)};
    drop_bells(c);
    device_give(c, QUEUE_TO_DRIVER, id, m.whole);
    c->device.always = true;
    device_show(c, QUEUE_TO_DRIVER);
    quiet(c);
    for (unsigned q = 0; q < 2; q++) {
        expect(c, get16(c->device.ring[q].avail + 2) == index[q],
               "after a reset nothing is taken, sent or given back", "queue %u moved on", q);
    }
    expect(c, c->rang == 0, "a link that is down does not ring", "doorbells 0x%x", c->rang);
}

static void nothing_survives(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t id = device_claim(c);
    const struct message m = {
        .src = SERVICE_ADDRESS, .dst = client, .len = 3, .whole = HEADER_BYTES + 3, .data = "old"};
    struct message got;

    // Shown, but the driver is not told; then it begins anew.
    device_write(c, id, &m);
    device_give(c, QUEUE_TO_DRIVER, id, m.whole);
    put16(c->device.ring[0].used + 2, c->device.ring[0].next);
    const uint32_t again = device_meet(c, &(struct device_up){0});
    device_echo(c, again, 10, 1);
    quiet(c);
    const bool came = device_receive_now(c, &got);
    expect(c, !came, "what was sent before a reset is not delivered after", "it was answered");
}

static void says_nothing_first(struct conform *c)
{
    device_begin(c, &(struct device_up){0});
    struct message m = {0};
    const bool came = device_receive_now(c, &m);
    expect(c, !came, "a driver sends nothing before status 7", "a message to 0x%x was there",
           m.dst);
}

static void places_anew(struct conform *c)
{
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t client = device_meet(c, &(struct device_up){0});
        device_echo(c, client, 60, i);
        device_send(c, SERVICE_ADDRESS, client, "left behind", 11);
        device_load(c, &(struct device_up){0});
        spoil(c);
    }
    device_echo(c, device_meet(c, &(struct device_up){0}), 60, 9);
}

const struct conform_check driver_vdev_checks[] = {
    {"VDEV-1", "of the entry it writes only what is its own", entry_is_the_devices},
    {"VDEV-4", "status goes 0, 1, 3, 7", statuses},
    {"VDEV-4", "who lets go of a device resets it", lets_go},
    {"VDEV-6", "only what is offered is taken", only_what_is_offered},
    {"VDEV-8", "an event field without EVENT_IDX", untaken_event_idx},
    {"VDEV-9", "reserved features are not taken", reserved_features},
    {"VDEV-10", "rings have a place and are zeroed", rings_are_zeroed},
    {"VDEV-14", "the doorbell of queue 0 rings after status 7", kicks_after_7},
    {"VDEV-17", "doorbells have their vring's number", notify_ids},
    {"VDEV-18", "doorbells without need", doorbells_without_need},
    {"VDEV-18", "a doorbell with the other queue's number", doorbell_of_another_queue},
    {"LIFE-1", "a link that is down", down_is_silent},
    {"LIFE-3", "messages from before a reset", nothing_survives},
    {"LIFE-7", "nothing is sent before status 7", says_nothing_first},
    {"LIFE-9", "after a reset nothing in the rings is a message", down_is_silent},
    {"LIFE-14", "rings are placed and zeroed anew, whatever lies there", places_anew},
    {0},
};
