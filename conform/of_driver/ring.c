// SPDX-License-Identifier: BSD-3-Clause
// Rings: where they lie, indices, elements, and reading what a device can write.
#include "groups.h"

#define IDX_AHEAD "a used index ahead of what is outstanding: no element is used"

static void refuses_shape(struct conform *c, uint32_t num, uint32_t align)
{
    device_load(c, &(struct device_up){.num = num, .align = align});
    const bool begun = c->target->ops->start(c->target);
    const uint64_t deadline = deadline_in(c, c->target->quiet_ms);
    while (begun && let_run(c, deadline)) {
    }
    const uint8_t status = get8(c->target->entry + ENTRY_STATUS);
    expect(c, (status & 7) != 7, "a ring that is not sound is refused",
           "num 0x%x, align 0x%x: status %u", num, align, status);
}

static void shapes_without_sense(struct conform *c)
{
    static const uint32_t nums[] = {1, 3, 24, 65536, 0x80000010u};
    static const uint32_t aligns[] = {1, 2, 3, 96, 131072};

    for (unsigned i = 0; i < 5; i++) {
        refuses_shape(c, nums[i], DEVICE_ALIGN);
        refuses_shape(c, DEVICE_NUM, aligns[i]);
    }
    device_echo(c, device_meet(c, &(struct device_up){0}), 10, 1);
}

static void layout(struct conform *c)
{
    const uint32_t nums[] = {0, 2, 8, 64, 256};
    const uint32_t aligns[] = {0, 4, 16, 4096, 256};

    for (unsigned i = 0; i < (c->target->fixed_rings ? 1 : 5); i++) {
        const uint32_t client =
            device_meet(c, &(struct device_up){.num = nums[i], .align = aligns[i]});
        for (uint32_t j = 0; j < 2 * c->device.ring[0].num + 2; j++) {
            device_echo(c, client, 10 + j % 400, j);
        }
    }
}

static void addresses(struct conform *c)
{
    device_begin(c, &(struct device_up){0}); // Rings by da; buffers by pa:
    (void)device_claim(c);
}

static void little_endian(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t src = c->target->same_address ? SERVICE_ADDRESS : 0x04030201;
    const struct message m = {.src = src, .dst = client, .len = 0x0102, .whole = 16 + 258};
    struct message answer = {0};

    device_send_raw(c, &m);
    const bool came = device_receive(c, src, &answer);
    expect(c, came && answer.len == 0x0102, "fields have the driver's byte order",
           "no answer with 0x0102 bytes");
}

static void used_part_is_the_devices(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (uint32_t i = 0; i < 40; i++) {
        device_echo(c, client, i, i);
    }
    device_expect_clean(c);
}

static void heads(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct message m;

    // All buffers at once: their answers fill queue 1 too. device_take() looks at each head.
    const uint32_t count = device_available(c);
    for (uint32_t i = 0; i < count; i++) {
        device_queue(c, client, i);
    }
    device_show(c, QUEUE_TO_DRIVER);
    for (uint32_t i = 0; i < count; i++) {
        const bool came = device_receive(c, SERVICE_ADDRESS, &m);
        expect(c, came && get32(m.data) == i, "heads are put in order, each once",
               "answer %u of %u: %s", i, count, came ? "another one" : "none");
    }
}

static void indices_wrap(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    uint32_t sent = 0, received = 0;
    struct message m;

    if (c->target->quick) {
        not_applicable(c, "65536 messages take too long here");
    }
    while (received < 65536 + 100) {
        const uint32_t count = 1 + sent % (c->device.ring[0].num / 2);
        for (uint32_t i = 0; i < count; i++) {
            device_queue(c, client, sent++);
        }
        device_show(c, QUEUE_TO_DRIVER);
        for (; received < sent; received++) {
            const bool came = device_receive(c, SERVICE_ADDRESS, &m);
            expect(c, came && get32(m.data) == received,
                   "all goes on when an index goes from 65535 to 0",
                   "message %u, used index %u: %s", received, c->device.ring[0].next,
                   came ? "another one" : "no answer");
        }
    }
}

/// The used index jumps. Then nothing of the queue is used until a reset.
static void index_jumps(struct conform *c, uint16_t by)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct ring *const ring = &c->device.ring[0];

    device_echo(c, client, 5, 5);
    quiet(c);
    // Elements that would be good, so that what is taken is seen.
    for (uint32_t i = 0; i < ring->num / 2; i++) {
        device_queue(c, client, i);
    }
    put16(ring->used + 2, (uint16_t)(ring->next + by));
    const uint16_t index = get16(ring->avail + 2);
    device_ring(c, QUEUE_TO_DRIVER);
    device_expect_nothing(c, IDX_AHEAD);
    expect(c, get16(ring->avail + 2) == index, IDX_AHEAD, "a buffer was given back");
    device_echo(c, device_meet(c, &(struct device_up){0}), 5, 6);
}

static void index_far_ahead(struct conform *c)
{
    index_jumps(c, 1000);
    index_jumps(c, 32768);
}

static void index_just_too_far(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct ring *const ring = &c->device.ring[0];

    device_echo(c, client, 5, 5);
    quiet(c);
    device_queue(c, client, 1);
    const uint32_t outstanding = (uint16_t)(get16(ring->avail + 2) - ring->next) + 1u;
    put16(ring->used + 2, (uint16_t)(ring->next - 1 + outstanding + 1));
    device_ring(c, 0);
    device_expect_nothing(c, IDX_AHEAD);
    device_echo(c, device_meet(c, &(struct device_up){0}), 5, 6);
}

static void unknown_ids(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t num = c->device.ring[0].num;
    struct message m;

    const uint32_t id = device_claim(c);
    const uint32_t bad[] = {num, num + 7, UINT32_MAX, 0x10000 | id, 0x80000000u | id};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        device_put(c, QUEUE_TO_DRIVER, bad[i], 30);
        device_show(c, QUEUE_TO_DRIVER);
        // Those behind it are used. (Elements that stand for nothing: the index counts them.)
        device_queue(c, client, (uint32_t)i);
        device_show(c, QUEUE_TO_DRIVER);
        const bool came = device_receive(c, SERVICE_ADDRESS, &m);
        expect(c, came && get32(m.data) == i, "an id that is not outstanding is skipped",
               "after id 0x%x no message is taken", bad[i]);
    }
}

static void used_length_too_long(struct conform *c)
{
    static const uint32_t lens[] = {BUFFER_BYTES + 1, 65536, UINT32_MAX, 0x80000000u};
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const struct message m = {
            .src = SERVICE_ADDRESS, .dst = client, .len = 8, .whole = lens[i], .data = "too long"};
        device_send_raw(c, &m);
        device_expect_nothing(c, "a length beyond the buffer is taken as 0, the message refused");
        device_echo(c, client, 20, (uint32_t)i);
    }
}

/// What the driver wrote is overwritten: it may not read it back.
static void own_fields_are_spoilt(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct message m;

    for (uint32_t i = 0; i < 12; i++) {
        struct ring *const ring = &c->device.ring[i % 2];
        device_echo(c, client, 30, i);
        quiet(c);
        const uint32_t id = device_claim(c);
        const uint16_t index = get16(ring->avail + 2);
        put16(ring->avail + 2, (uint16_t)(index + 5000 * i));
        for (uint32_t j = 0; i % 2 == 1 && j < ring->num; j++) {
            put16(ring_head(ring, j), 0xffff);
        }
        m = (struct message){
            .src = SERVICE_ADDRESS, .dst = client, .len = 4, .whole = HEADER_BYTES + 4};
        device_write(c, id, &m);
        device_give(c, QUEUE_TO_DRIVER, id, m.whole);
        device_show(c, QUEUE_TO_DRIVER);
        device_ring(c, QUEUE_TO_DRIVER);
        const uint64_t deadline = deadline_in(c, c->target->answer_ms);
        while (get16(ring->avail + 2) != (uint16_t)(index + 1) && let_run(c, deadline)) {
        }
        expect(c, get16(ring->avail + 2) == (uint16_t)(index + 1),
               "an index is counted in private memory, not read back",
               "queue %u: available index %u after %u was overwritten", i % 2,
               get16(ring->avail + 2), index);
        const bool came = device_receive(c, SERVICE_ADDRESS, &m);
        expect(c, came, "the message is answered", "it is not");
    }
}

static void descriptors_are_spoilt(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct ring *const ring = &c->device.ring[0];
    struct message m = {
        .src = SERVICE_ADDRESS, .dst = client, .len = 8, .whole = BUFFER_BYTES + 100};
    struct message answer;

    for (uint32_t i = 0; i < ring->num; i++) {
        // A longer buffer elsewhere, if that is believed.
        const uint32_t id = device_claim(c);
        const struct offered was = c->device.was[0][id];
        put64(ring_desc(ring, id), UINT64_C(0x7ffffffff000));
        put32(ring_desc(ring, id) + 8, UINT32_MAX);
        device_write(c, id, &m);
        device_give(c, QUEUE_TO_DRIVER, id, m.whole);
        device_show(c, QUEUE_TO_DRIVER);
        if (i == 0) {
            device_expect_nothing(c, "a buffer's length is known, not read back");
        } else {
            const bool came = device_receive(c, SERVICE_ADDRESS, &answer);
            expect(c, came, "a buffer's place is known, not read back", "no answer");
        }
        m.whole = HEADER_BYTES + 8;
        put64(ring_desc(ring, id), was.address);
        put32(ring_desc(ring, id) + 8, was.len);
    }
}

const struct conform_check driver_ring_checks[] = {
    {"RING-1", "num or align without sense", shapes_without_sense},
    {"RING-2", "the parts of a ring lie where the text says", layout},
    {"RING-3", "rings by device address, buffers by physical address", addresses},
    {"RING-4", "fields are little endian", little_endian},
    {"RING-5", "used parts are only read", used_part_is_the_devices},
    {"RING-11", "heads are put in order, each once", heads},
    {"RING-11", "indices go from 65535 to 0", indices_wrap},
    {"RING-15", "the used index jumps far ahead", index_far_ahead},
    {"RING-15", "the used index is one too far", index_just_too_far},
    {"RING-16", "ids that are not outstanding", unknown_ids},
    {"RING-17", "lengths that no buffer has", used_length_too_long},
    {"RING-23", "available index and elements are overwritten", own_fields_are_spoilt},
    {"RING-23", "descriptors are overwritten", descriptors_are_spoilt},
    {0},
};
