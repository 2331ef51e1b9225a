// SPDX-License-Identifier: BSD-3-Clause
// Status, features, and the ready point.
#include "groups.h"

/// The link comes up again after whatever was before, and works.
static void works_again(struct conform *c)
{
    driver_down(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 20, 3);
}

static void entry_is_only_read(struct conform *c)
{
    driver_echo(c, driver_meet(c, &(struct up){0}), 100, 1);
    works_again(c);
    driver_expect_clean(c);
}

static void not_live_is_silent(struct conform *c)
{
    static const uint8_t dead[] = {1, 3, 4, 5, 6, 0x47, 0x87, 0xc7, 0xf8};

    driver_begin(c);
    for (size_t i = 0; i < sizeof dead; i++) {
        driver_offer_all(c, &(struct up){0});
        drop_bells(c);
        driver_status(c, dead[i]);
        driver_kick(c, 0);
        driver_expect_silence(c, "rings and buffers are not touched while the status is not live");
    }
}

static void other_bits_do_not_count(struct conform *c)
{
    static const uint8_t live[] = {0x0f, 0x17, 0x27, 0x3f};

    driver_begin(c);
    for (size_t i = 0; i < sizeof live; i++) {
        driver_offer_all(c, &(struct up){0});
        driver_status(c, live[i]);
        driver_kick(c, 0);
        driver_echo(c, driver_find(c), 8, live[i]);
        driver_down(c);
    }
}

static void any_dead_status_is_a_reset(struct conform *c)
{
    static const uint8_t dead[] = {1, 3, 0, 6, 2, 0x87, 0x47, 0xff};

    driver_echo(c, driver_meet(c, &(struct up){0}), 8, 0);
    for (size_t i = 0; i < sizeof dead; i++) {
        driver_status(c, dead[i]);
        driver_kick(c, i % 2);
        quiet(c);
        driver_up(c, &(struct up){.elsewhere = i % 2 != 0});
        driver_echo(c, driver_find(c), 8, dead[i]);
    }
}

static void feature_not_offered(struct conform *c)
{
    driver_begin(c);
    const uint32_t offered = get32(c->driver.entry + ENTRY_DFEATURES);
    const uint32_t bits[] = {1u << 27, FEATURE_INDIRECT, FEATURE_EVENT_IDX, 1u << 31, 1u << 5};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if ((offered & bits[i]) != 0) {
            continue;
        }
        drop_bells(c);
        driver_up(c, &(struct up){.also = bits[i]});
        driver_expect_silence(c, "with a feature taken that was not offered, no ring is used");
        driver_down(c);
    }
    works_again(c);
}

static void untaken_event_idx_does_not_count(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){.without = FEATURE_EVENT_IDX});
    struct ring *const ring = &c->driver.ring[0];

    // With the feature this would mean: no doorbell.
    driver_put16(&c->driver, ring->avail, 0);
    driver_put16(&c->driver, ring_used_event(ring), (uint16_t)(ring->seen + 1000));
    drop_bells(c);
    (void)driver_send(c, CHECKER_ADDRESS, service, "x", 1);
    const bool rang = await_bell(c, ring->notify_id);
    expect(c, rang, "without EVENT_IDX flags of 0 ask for a doorbell, whatever the event field",
           "no doorbell");
}

static void reserved_features(struct conform *c)
{
    driver_load(c);
    const uint32_t offered = get32(c->driver.entry + ENTRY_DFEATURES);
    expect(c, (offered & 0xff000000u & ~(FEATURE_INDIRECT | FEATURE_EVENT_IDX)) == 0,
           "of bits 24 to 31 only 28 and 29 are offered", "dfeatures 0x%08x", offered);
}

static void rings_are_placed_late(struct conform *c)
{
    driver_load(c);
    for (unsigned i = 0; i < 2; i++) {
        driver_entry32(c, ENTRY_RING(i, RING_DA), DA_ANY);
        driver_entry32(c, ENTRY_RING(i, RING_NOTIFYID), 77);
    }
    driver_entry32(c, ENTRY_GFEATURES, UINT32_MAX);
    start(c);
    quiet(c);
    driver_kick(c, 0);
    quiet(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 64, 1);
    driver_expect_clean(c);
}

static void everything_is_read_anew(struct conform *c)
{
    driver_echo(c, driver_meet(c, &(struct up){0}), 64, 1);
    driver_down(c);
    // Other rings, other doorbells, other features than before.
    driver_up(c, &(struct up){
                     .elsewhere = true, .ids = 6, .without = FEATURE_EVENT_IDX | FEATURE_INDIRECT});
    const uint32_t service = driver_find(c);
    driver_put16(&c->driver, ring_used_event(&c->driver.ring[0]), 999);
    drop_bells(c);
    driver_echo(c, service, 64, 2);
    const bool rang = await_bell(c, 6);
    expect(c, rang, "rings, doorbells and features are those of this ready point",
           "the doorbell of queue 0, now number 6, did not ring");
    driver_expect_clean(c);
}

static void live_before_it_looks(struct conform *c)
{
    driver_load(c);
    driver_up(c, &(struct up){.silent = true});
    start(c);
    driver_echo(c, driver_find(c), 64, 1);
}

static void any_doorbell_is_a_look(struct conform *c)
{
    driver_begin(c);
    quiet(c);
    driver_kick(c, 0); // Not live: no ready point.
    driver_kick(c, 1);
    quiet(c);
    for (unsigned i = 0; i < 3; i++) {
        driver_up(c, &(struct up){.silent = true});
        c->target->ops->ring(c->target, i == 2 ? 13 : 1 - i);
        driver_echo(c, driver_find(c), 16, i);
        driver_down(c);
    }
}

/// It has come up once: it knows its image by now, if it has that from the entry.
static void meet_and_part(struct conform *c)
{
    (void)driver_meet(c, &(struct up){0});
    driver_down(c);
}

/// Comes up with one word of the entry changed, expects nothing, and then that all is well again.
static void refuses(struct conform *c, uint32_t offset, uint32_t value)
{
    driver_offer_all(c, &(struct up){0});
    const uint32_t good = get32(c->driver.entry + offset);
    driver_entry32(c, offset, value);
    drop_bells(c);
    driver_status(c, STATUS_READY);
    driver_kick(c, 0);
    driver_expect_silence(c, "with a ring that is not sound no ring is touched");
    // Nor if it is put right: not before a reset.
    driver_entry32(c, offset, good);
    driver_kick(c, 1);
    driver_expect_silence(c, "the link is broken until the status was not live");
    driver_down(c);
}

static void unplaced_ring(struct conform *c)
{
    meet_and_part(c);
    refuses(c, ENTRY_RING(0, RING_DA), DA_ANY);
    refuses(c, ENTRY_RING(1, RING_DA), DA_ANY);
    works_again(c);
}

static void ring_elsewhere(struct conform *c)
{
    static const uint32_t outside[] = {0x00000010, 0x0ffff000, 0xfffff000};

    meet_and_part(c);
    for (size_t i = 0; i < 3; i++) {
        if (window_at(c->target->da, outside[i], 16) == NULL) {
            refuses(c, ENTRY_RING(i % 2, RING_DA), outside[i]);
        }
    }
    works_again(c);
}

static void ring_over_the_edge(struct conform *c)
{
    meet_and_part(c);
    for (unsigned i = 0; i < CONFORM_WINDOWS; i++) {
        const struct conform_window *const w = &c->target->da[i];
        if (w->at != NULL && window_at(c->target->da, w->address + w->size, 1) == NULL) {
            refuses(c, ENTRY_RING(1, RING_DA), (uint32_t)(w->address + w->size - 16));
        }
    }
    works_again(c);
}

static void ring_of_another_size(struct conform *c)
{
    meet_and_part(c);
    const uint32_t num = c->driver.ring[0].num;
    refuses(c, ENTRY_RING(0, RING_NUM), num * 2);
    refuses(c, ENTRY_RING(1, RING_NUM), num > 2 ? num / 2 : 4);
    works_again(c);
}

static void ring_of_another_align(struct conform *c)
{
    meet_and_part(c);
    const uint32_t align = c->driver.ring[0].align;
    refuses(c, ENTRY_RING(0, RING_ALIGN), align > 4 ? align / 2 : 8);
    works_again(c);
}

static void ring_without_sense(struct conform *c)
{
    meet_and_part(c);
    const uint32_t num = c->driver.ring[0].num;
    const uint32_t nums[] = {0, 1, num + 1, num - 1, 65536, num | 0x80000000u};
    for (size_t i = 0; i < sizeof nums / sizeof nums[0]; i++) {
        refuses(c, ENTRY_RING(i % 2, RING_NUM), nums[i]);
    }
    works_again(c);
}

static void align_without_sense(struct conform *c)
{
    static const uint32_t aligns[] = {0, 1, 3, 96, 131072, 0x80000000u};

    meet_and_part(c);
    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
        refuses(c, ENTRY_RING(i % 2, RING_ALIGN), aligns[i]);
    }
    works_again(c);
}

static void indices_begin_at_0(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    for (uint32_t i = 0; i < 5; i++) {
        driver_echo(c, service, 12, i);
    }
    works_again(c);
    driver_expect_clean(c);
}

static void buffers_are_forgotten(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    uint32_t kept[RING_MAX];
    struct message m;

    // No buffer to answer into, so that requests may be held.
    driver_use_up(c, service, kept, c->driver.ring[0].num);
    for (uint32_t i = 0; i < c->driver.ring[1].num / 2; i++) {
        (void)driver_send(c, CHECKER_ADDRESS, service, "held", 4);
    }
    quiet(c);
    c->driver.keeps = false;
    driver_down(c);
    driver_up(c, &(struct up){0});
    const uint32_t again = driver_find(c);
    quiet(c);
    while (driver_take(c, &m)) {
        expect(c, m.dst == NS_ADDRESS, "nothing that was held before the reset is answered after",
               "a message to %u", m.dst);
    }
    (void)driver_reap(c);
    driver_echo(c, again, 9, 9);
}

static void notify_ids(struct conform *c)
{
    driver_begin(c);
    driver_up(c, &(struct up){.ids = 9});
    const bool rang = await_bell(c, 9);
    expect(c, rang, "news for queue 0 ring the number in its vring's notifyid",
           "with notifyid 9 and 10 rang: 0x%x", c->rang);
    const uint32_t service = driver_find(c);
    drop_bells(c);
    driver_want(c, QUEUE_TO_DEVICE, true);
    const uint32_t id = driver_send(c, CHECKER_ADDRESS, service, "x", 1);
    (void)driver_await_back(c, id);
    const bool freed = await_bell(c, 10);
    expect(c, freed, "news for queue 1 ring the number in its vring's notifyid",
           "with notifyid 9 and 10 rang: 0x%x", c->rang);
}

static void doorbells_without_need(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct message m;

    for (uint32_t i = 0; i < 20; i++) {
        c->target->ops->ring(c->target, i % 4);
    }
    driver_echo(c, service, 33, 1);
    // With the other queue's number, and with one that no queue has.
    for (uint32_t i = 0; i < 2; i++) {
        quiet(c);
        (void)driver_put(c, CHECKER_ADDRESS, service, "look", 4);
        driver_put16(&c->driver, c->driver.ring[1].avail + 2, c->driver.ring[1].next);
        c->driver.ring[1].shown = c->driver.ring[1].next;
        full_barrier();
        c->target->ops->ring(c->target, i == 0 ? 0 : 21);
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "at a doorbell of any number every queue is looked at",
               "a message that was announced with %s was not seen",
               i == 0 ? "the other queue's number" : "a number that no queue has");
    }
}

const struct conform_check device_vdev_checks[] = {
    {"VDEV-2", "the vdev entry is only read", entry_is_only_read},
    {"VDEV-3", "nothing is touched while the status is not live", not_live_is_silent},
    {"VDEV-3", "bits 3 to 5 do not count", other_bits_do_not_count},
    {"VDEV-5", "each status that is not live is a reset", any_dead_status_is_a_reset},
    {"VDEV-7", "a feature that was not offered breaks the link", feature_not_offered},
    {"VDEV-8", "an event field without EVENT_IDX", untaken_event_idx_does_not_count},
    {"VDEV-9", "reserved features are not offered", reserved_features},
    {"VDEV-11", "rings, doorbells and features come late", rings_are_placed_late},
    {"VDEV-11", "they are others the next time", everything_is_read_anew},
    {"VDEV-12", "a live status from the start needs no doorbell", live_before_it_looks},
    {"VDEV-13", "every doorbell is a look at the status", any_doorbell_is_a_look},
    {"VDEV-15", "rings without a place", unplaced_ring},
    {"VDEV-15", "rings outside of memory", ring_elsewhere},
    {"VDEV-15", "rings that leave memory at its end", ring_over_the_edge},
    {"VDEV-15", "another num than the image has", ring_of_another_size},
    {"VDEV-15", "another align than the image has", ring_of_another_align},
    {"VDEV-16", "indices begin at 0", indices_begin_at_0},
    {"VDEV-16", "buffers are forgotten", buffers_are_forgotten},
    {"VDEV-17", "doorbells have their vring's number", notify_ids},
    {"VDEV-18", "doorbells without need and with other numbers", doorbells_without_need},
    {"RING-1", "num that is no power of two, too small or too large", ring_without_sense},
    {"RING-1", "align that is no power of two, too small or too large", align_without_sense},
    {0},
};
