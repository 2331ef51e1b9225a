// SPDX-License-Identifier: BSD-3-Clause
// Rings: where they lie, indices, elements, and reading what the other side can write.
#include "groups.h"

static void layout(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    // Twice round: each element and each descriptor was used.
    for (uint32_t i = 0; i < 2 * c->driver.ring[1].num; i++) {
        driver_echo(c, service, 16 + i, i);
    }
    driver_expect_clean(c);
}

static void only_its_own_part(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){.without = FEATURE_EVENT_IDX});

    for (uint32_t i = 0; i < 40; i++) {
        driver_echo(c, service, i, i);
    }
    driver_down(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 1, 1);
    driver_expect_clean(c);
}

static void buffers_by_pa(struct conform *c)
{
    if (c->target->free_da == c->target->free_pa) {
        not_applicable(c, "device and physical addresses are the same here");
    }
    driver_echo(c, driver_meet(c, &(struct up){0}), 100, 1);
}

static void little_endian(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const struct message m = {.src = 0x04030201, .dst = service, .len = 0x0102, .whole = 16 + 258};
    struct message answer;

    (void)driver_send_raw(c, &m);
    const bool came = driver_receive(c, 0x04030201, &answer);
    expect(c, came && answer.len == 0x0102, "fields have the driver's byte order",
           "no answer to address 0x04030201 with 0x0102 bytes");
}

static void heads_run_full(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;
    struct message m;

    // All at once, the descriptors in an order of their own.
    for (uint32_t i = 0; i < num; i++) {
        const uint32_t j = c->driver.spares - 1;
        const uint32_t k = (i * 7) % c->driver.spares;
        const uint16_t swapped = c->driver.spare[j];
        c->driver.spare[j] = c->driver.spare[k];
        c->driver.spare[k] = swapped;
        (void)driver_put(c, CHECKER_ADDRESS, service, &i, sizeof i);
    }
    driver_show(c, QUEUE_TO_DEVICE);
    for (uint32_t i = 0; i < num; i++) {
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came && get32(m.data) == i, "num heads at once are all taken, in their order",
               "message %u of %u: %s", i, num, came ? "another one" : "did not come");
    }
}

static void indices_wrap(struct conform *c)
{
    uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;
    const uint32_t batch = num < c->driver.ring[0].num ? num : c->driver.ring[0].num;
    uint32_t sent = 0, received = 0;
    struct message m;

    if (c->target->quick) {
        not_applicable(c, "65536 messages take too long here");
    }
    while (received < 65536 + 3 * num) {
        for (uint32_t i = 0; i < batch; i++, sent++) {
            (void)driver_put(c, CHECKER_ADDRESS, service, &sent, sizeof sent);
        }
        driver_show(c, QUEUE_TO_DEVICE);
        for (; received < sent; received++) {
            const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
            expect(c, came && get32(m.data) == received,
                   "all goes on when an index goes from 65535 to 0",
                   "message %u, available index %u: %s", received, c->driver.ring[1].next,
                   came ? "another one" : "no answer");
        }
    }
}

/// The index of messages jumps. Then nothing happens any more until a reset.
static void index_jumps(struct conform *c, uint16_t by)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct ring *const ring = &c->driver.ring[1];

    driver_echo(c, service, 5, 5);
    quiet(c);
    driver_watch(c);
    driver_put16(&c->driver, ring->avail + 2, (uint16_t)(ring->next + by));
    driver_kick(c, 1);
    driver_expect_silence(c, "an index that is further ahead than num: no element is used");
    driver_put16(&c->driver, ring->avail + 2, ring->next);
    driver_kick(c, 0);
    driver_kick(c, 1);
    driver_expect_silence(c, "the link is broken until the status was not live");
    driver_down(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 5, 5);
}

static void index_of_messages_jumps(struct conform *c)
{
    index_jumps(c, 300);
    index_jumps(c, 32768);
}

static void index_just_too_far(struct conform *c)
{
    driver_load(c);
    index_jumps(c, (uint16_t)(c->driver.ring[1].num + 1));
}

static void index_goes_back(struct conform *c)
{
    index_jumps(c, (uint16_t)-1);
}

/// The index of buffers jumps when there are none left, and `waiting` requests may wait for some.
static void index_of_buffers_jumps_with(struct conform *c, uint32_t waiting)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct ring *const ring = &c->driver.ring[0];
    uint32_t kept[RING_MAX];

    // It knows of no other buffer when it looks.
    driver_use_up(c, service, kept, ring->num);
    for (uint32_t i = 0; i < waiting; i++) {
        (void)driver_send(c, CHECKER_ADDRESS, service, "x", 1);
    }
    if (waiting != 0) {
        quiet(c);
    }
    const uint16_t used = get16(ring->used + 2);
    driver_put16(&c->driver, ring->avail + 2, (uint16_t)(ring->next + 1000));
    driver_kick(c, 0);
    (void)driver_send(c, CHECKER_ADDRESS, service, "x", 1);
    quiet(c);
    expect(c, get16(ring->used + 2) == used,
           "an index that is further ahead than num: no element is used",
           "queue 0: a buffer was taken");
    c->driver.keeps = false;
    driver_down(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 5, 5);
}

static void index_of_buffers_jumps(struct conform *c)
{
    index_of_buffers_jumps_with(c, 0);
}

static void index_jumps_for_who_waits(struct conform *c)
{
    index_of_buffers_jumps_with(c, 3);
}

static void head_out_of_range(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;
    const uint32_t bad[] = {num, num + 1, 65535, 32768};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const uint32_t before = c->driver.spares;
        driver_offer(c, QUEUE_TO_DEVICE, bad[i]);
        // No used element stands for it: indices differ by one more from here on.
        driver_echo(c, service, 10, (uint32_t)i);
        driver_await_spares(c, before);
    }
    // The same among buffers, with no more than num heads outstanding.
    uint32_t kept[RING_MAX];
    const uint32_t count = c->driver.ring[0].num;
    driver_use_up(c, service, kept, count);
    c->driver.keeps = false;
    for (uint32_t i = 0; i < count / 2; i++) {
        driver_offer(c, QUEUE_TO_DRIVER, bad[i % 4]);
        driver_offer(c, QUEUE_TO_DRIVER, kept[i]);
    }
    driver_show(c, QUEUE_TO_DRIVER);
    for (uint32_t i = 0; i < 2 * count; i++) {
        driver_echo(c, service, 10, i);
    }
    driver_expect_clean(c);
}

/// A head that the device holds, twice.
static void head_doubled(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct ring *const ring = &c->driver.ring[1];
    struct message m;
    uint32_t held = RING_MAX, kept[RING_MAX], count = 0;

    // Without buffers to answer into, who loses no request holds it.
    c->driver.keeps = true;
    for (uint32_t i = 0; i < c->driver.ring[0].num + 2 && held == RING_MAX; i++) {
        const uint32_t id = driver_send(c, CHECKER_ADDRESS, service, &i, sizeof i);
        if (driver_receive(c, CHECKER_ADDRESS, &m)) {
            kept[count++] = m.id;
            continue;
        }
        (void)driver_reap(c);
        held = c->driver.out[1][id] ? id : RING_MAX;
        break;
    }
    if (held == RING_MAX) {
        not_applicable(c, "the application gives each buffer back before it looks at the next one");
    }
    const uint16_t used = get16(ring->used + 2);
    driver_offer(c, QUEUE_TO_DEVICE, held);
    driver_offer(c, QUEUE_TO_DEVICE, held);
    driver_show(c, QUEUE_TO_DEVICE);
    quiet(c);
    expect(c, get16(ring->used + 2) == used, "a head that the device has already is skipped",
           "it was given back %u times at once",
           (unsigned)(uint16_t)(get16(ring->used + 2) - used));
    c->driver.keeps = false;
    for (uint32_t i = 0; i < count; i++) {
        driver_return(c, kept[i]);
    }
    const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
    expect(c, came, "the request that was held is answered", "no answer");
    quiet(c);
    const bool twice = driver_take(c, &m);
    expect(c, !twice, "a head that the device has already is skipped", "it was answered twice");
    (void)driver_reap(c);
    expect(c, (uint16_t)(get16(ring->used + 2) - used) == 1,
           "a head that was offered three times while the device had it comes back once",
           "%u times", (unsigned)(uint16_t)(get16(ring->used + 2) - used));
    driver_echo(c, service, 7, 7);
}

static void used_elements(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct message m;

    for (uint32_t i = 0; i < 3 * c->driver.ring[1].num; i++) {
        const uint32_t id = driver_send(c, CHECKER_ADDRESS, service, &i, sizeof i);
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "each request is answered", "request %u is not", i);
        const uint32_t len = driver_await_back(c, id);
        expect(c, len == 0, "a chain that was only read comes back with length 0", "length %u",
               len);
        expect(c, m.whole == HEADER_BYTES + m.len,
               "a used element's length is the number of bytes that were written",
               "%u for a message of %u bytes", m.whole, m.len);
    }
    driver_await_spares(c, c->driver.ring[1].num);
}

/// What the device wrote is overwritten: it may not read it back.
static void own_fields_are_spoilt(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    for (uint32_t i = 0; i < 12; i++) {
        struct ring *const ring = &c->driver.ring[i % 2];
        driver_echo(c, service, 30, i);
        quiet(c);
        (void)driver_reap(c); // Last: a buffer may come back after its answer.
        const uint16_t index = get16(ring->used + 2);
        put16(ring->used + 2, (uint16_t)(index + 5000 * i));
        for (uint32_t j = 0; j < ring->num; j++) {
            put32(ring_element(ring, j), UINT32_MAX);
        }
        (void)driver_put(c, CHECKER_ADDRESS, service, &i, sizeof i);
        driver_put16(&c->driver, c->driver.ring[1].avail + 2, c->driver.ring[1].next);
        c->driver.ring[1].shown = c->driver.ring[1].next;
        driver_kick(c, 1);
        const uint64_t deadline = deadline_in(c, c->target->answer_ms);
        while (get16(ring->used + 2) != (uint16_t)(index + 1) && let_run(c, deadline)) {
        }
        expect(c, get16(ring->used + 2) == (uint16_t)(index + 1),
               "an index is counted in private memory, not read back",
               "queue %u: used index %u after %u was overwritten", i % 2, get16(ring->used + 2),
               index);
        struct message m;
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "the next request is answered", "it is not");
    }
}

/// A header's length changes while the device looks at it: either value counts.
static void length_changes_meanwhile(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    if (c->target->quick) {
        not_applicable(c, "it takes too long here");
    }
    for (uint32_t i = 0; i < 400; i++) {
        const uint64_t deadline = deadline_in(c, c->target->quiet_ms);
        struct message m = {
            .src = CHECKER_ADDRESS, .dst = service, .len = 8, .whole = HEADER_BYTES + 8};
        const uint32_t id = driver_claim(c);
        driver_write(c, id, &m);
        uint8_t *const len = driver_buffer(&c->driver, 1, id) + 12;
        uint8_t *const whole = ring_desc(&c->driver.ring[1], id) + 8;
        driver_offer(c, 1, id);
        driver_show(c, QUEUE_TO_DEVICE);
        bool back = false;
        do {
            for (uint32_t j = 0; j < 2000 && !back; j++) {
                put16(len, j % 2 != 0 ? 8 : 0xfff0);
                put32(whole, j % 3 != 0 ? 24 : 0xffffff00);
                back = get16(c->driver.ring[1].used + 2) != c->driver.ring[1].seen;
            }
        } while (!back && let_run(c, deadline));
        driver_put16(&c->driver, len, 8);
        driver_put32(&c->driver, whole, 24);
        (void)driver_reap(c);
        while (driver_take(c, &m)) {
            if (m.dst == CHECKER_ADDRESS) {
                expect(c, m.len == 8, "either value counts, never a mix of checked and unchecked",
                       "an answer of %u bytes", m.len);
            }
        }
    }
    driver_drain(c);
    (void)driver_reap(c);
    driver_echo(c, service, 8, 1);
    driver_expect_clean(c);
}

const struct conform_check device_ring_checks[] = {
    {"RING-2", "the parts of a ring lie where the text says", layout},
    {"RING-3", "descriptors hold physical addresses", buffers_by_pa},
    {"RING-4", "fields are little endian", little_endian},
    {"RING-5", "descriptors and the available part are only read", only_its_own_part},
    {"RING-11", "num heads at once", heads_run_full},
    {"RING-11", "indices go from 65535 to 0", indices_wrap},
    {"RING-12", "the index of messages jumps far ahead", index_of_messages_jumps},
    {"RING-12", "the index of messages is one too far", index_just_too_far},
    {"RING-12", "the index of messages goes back", index_goes_back},
    {"RING-12", "the index of buffers jumps", index_of_buffers_jumps},
    {"RING-12", "the same while requests wait for buffers", index_jumps_for_who_waits},
    {"RING-13", "a head that is not below num", head_out_of_range},
    {"RING-13", "a head that the device has already", head_doubled},
    {"RING-14", "each chain comes back once, with its length", used_elements},
    {"RING-23", "used index and elements are overwritten", own_fields_are_spoilt},
    {"RING-23", "lengths change while they are looked at", length_changes_meanwhile},
    {0},
};
