// SPDX-License-Identifier: BSD-3-Clause
// Buffers of other sizes than 512, of which a driver was told or not.
#include "groups.h"

#include <string.h>

#define WITH_SIZES (FEATURE_NS | FEATURE_EVENT_IDX | FEATURE_INDIRECT | FEATURE_BUFFERS)

/// The link is up, with bit 16. Returns the client's address.
static uint32_t meet(struct conform *c, uint32_t to_driver, uint32_t to_device)
{
    if (!c->target->told) {
        not_applicable(c, "it cannot be told a table of version 2 here");
    }
    const uint32_t client = device_meet(
        c, &(struct device_up){.features = WITH_SIZES, .sizes = {to_driver, to_device}});
    if ((c->device.features & FEATURE_BUFFERS) == 0) {
        not_applicable(c, "the driver does not take bit 16");
    }
    return client;
}

/// Sends a payload of any size; the header may say more.
static void send_big(struct conform *c, uint32_t client, uint32_t size, uint32_t said,
                     uint32_t seed)
{
    const uint32_t id = device_claim(c);
    const struct offered *const o = &c->device.was[QUEUE_TO_DRIVER][id];

    expect(c, o->len >= HEADER_BYTES + size, "buffers have the size that the table says",
           "%u bytes, no room for %u", o->len, HEADER_BYTES + size);
    device_write(c, id,
                 &(struct message){.src = SERVICE_ADDRESS, .dst = client, .len = (uint16_t)said});
    fill(o->at + HEADER_BYTES, size, seed);
    device_give(c, QUEUE_TO_DRIVER, id, HEADER_BYTES + size);
    device_show(c, QUEUE_TO_DRIVER);
}

/// Takes the next message to the service, if there is one.
static const struct offered *take_big(struct conform *c, uint32_t *id)
{
    while (device_take(c, QUEUE_TO_DEVICE, id)) {
        const struct offered *const o = &c->device.was[QUEUE_TO_DEVICE][*id];
        expect(c, o->len >= HEADER_BYTES, "a message has a header", "a buffer of %u bytes", o->len);
        if (get32(o->at + 4) == SERVICE_ADDRESS) {
            return o;
        }
        device_give(c, QUEUE_TO_DEVICE, *id, 0);
        device_show(c, QUEUE_TO_DEVICE);
    }
    device_want(c, QUEUE_TO_DEVICE, true);
    return NULL;
}

static void echo_big(struct conform *c, uint32_t client, uint32_t size, uint32_t seed)
{
    static uint8_t data[UINT16_MAX];
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    const struct offered *o;
    uint32_t id = 0;

    fill(data, size, seed);
    send_big(c, client, size, size, seed);
    while ((o = take_big(c, &id)) == NULL && let_run(c, deadline)) {
    }
    if (o == NULL) {
        expect(c, false, "payloads have up to the buffer's size - 16 bytes, in each direction",
               "no answer to %u bytes", size);
        return;
    }
    const uint32_t len = get16(o->at + 12);
    expect(c,
           len == size && o->len >= HEADER_BYTES + len &&
               memcmp(o->at + HEADER_BYTES, data, size) == 0,
           "the payload arrives as it was sent, and so does the answer",
           "%u bytes came back as %u%s", size, len, len == size ? ", and other ones" : "");
    device_give(c, QUEUE_TO_DEVICE, id, 0);
    device_show(c, QUEUE_TO_DEVICE);
}

static void every_size(struct conform *c)
{
    static const uint32_t sizes[][2] = {{1024, 1024}, {768, 1024}, {400, 512}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint32_t most = sizes[i][0] - HEADER_BYTES;
        const uint32_t client = meet(c, sizes[i][0], sizes[i][1]);
        for (uint32_t round = 0; round < 2 * c->device.ring[0].num; round++) {
            echo_big(c, client, round % 2 == 0 ? most : round, round);
        }
        uint32_t id = 0;
        while (device_take(c, QUEUE_TO_DRIVER, &id)) {
            expect(c, c->device.was[0][id].len == sizes[i][0],
                   "buffers have the size that the table says", "%u instead of %u",
                   c->device.was[0][id].len, sizes[i][0]);
        }
    }
}

static void promises_more(struct conform *c)
{
    const uint32_t client = meet(c, 1024, 1024);

    send_big(c, client, 1024 - HEADER_BYTES, 1024 - HEADER_BYTES + 1, 1);
    device_expect_nothing(c, "a message whose header promises more than was written is refused");
    echo_big(c, client, 1024 - HEADER_BYTES, 2);
}

static void how_many(struct conform *c)
{
    const uint32_t client = meet(c, 768, 1024);
    const uint32_t num = c->device.ring[0].num;
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    uint32_t kept = 0, id = 0;

    quiet(c);
    expect(c, device_available(c) == num, "each queue has the buffers that the table says",
           "%u of %u of queue 0", device_available(c), num);
    for (uint32_t i = 0; i < c->device.ring[1].num; i++) {
        send_big(c, client, 4, 4, i);
    }
    do {
        while (take_big(c, &id) != NULL) {
            kept++;
        }
    } while (kept < c->device.ring[1].num && let_run(c, deadline));
    expect(c, kept == c->device.ring[1].num, "each queue has the buffers that the table says",
           "%u of %u of queue 1", kept, c->device.ring[1].num);
}

static void untold_sizes(struct conform *c)
{
    device_begin(c, &(struct device_up){.features = WITH_SIZES});
    expect(c, (c->device.features & FEATURE_BUFFERS) == 0,
           "who has read no buffer sizes does not take bit 16", "it does");
}

static void of_512(struct conform *c)
{
    uint32_t id = 0;

    device_begin(c, &(struct device_up){.features = WITH_SIZES});
    if ((c->device.features & FEATURE_BUFFERS) != 0) {
        not_applicable(c, "the driver took bit 16");
    }
    while (device_take(c, QUEUE_TO_DRIVER, &id)) {
        expect(c, c->device.was[0][id].len == BUFFER_BYTES,
               "if bit 16 was not taken, buffers have 512 bytes", "one has %u",
               c->device.was[0][id].len);
    }
}

const struct conform_check driver_buffer_checks[] = {
    {"BUF-1", "bit 16 is offered, and no table says sizes", untold_sizes},
    {"BUF-2", "messages as long as buffers", every_size},
    {"BUF-2", "a header that promises more than a buffer", promises_more},
    {"BUF-3", "bit 16 is offered, and not taken", of_512},
    {"BUF-4", "the number of buffers", how_many},
    {0},
};
