// SPDX-License-Identifier: BSD-3-Clause
// Messages, their buffers, and addresses.
#include "groups.h"

#include <string.h>

static void queues(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    device_echo(c, client, 30, 1); // device_take() looks at each buffer's direction.
}

static void buffers(struct conform *c)
{
    device_begin(c, &(struct device_up){0});
    const struct device *const d = &c->device;
    const uint32_t count = device_available(c);
    uint32_t ids[RING_MAX], id;

    expect(c, count != 0, "buffers of queue 0 are available at status 7", "none");
    for (uint32_t i = 0; i < count; i++) {
        id = device_claim(c);
        const struct offered *const o = &d->was[0][id];
        ids[i] = id;
        expect(c, o->len == BUFFER_BYTES, "each buffer has 512 bytes", "one has %u", o->len);
        for (uint32_t j = 0; j < i; j++) {
            const struct offered *const p = &d->was[0][ids[j]];
            expect(c, o->address >= p->address + p->len || p->address >= o->address + o->len,
                   "each descriptor has a buffer of its own", "0x%llx and 0x%llx overlap",
                   (unsigned long long)o->address, (unsigned long long)p->address);
        }
    }
}

static void whole_length(struct conform *c)
{
    device_begin(c, &(struct device_up){0});
    for (uint32_t i = device_available(c); i != 0; i--) {
        const uint32_t id = device_claim(c); // Looks at WRITE.
        expect(c, c->device.was[0][id].len == BUFFER_BYTES,
               "buffers are made available with all of their length", "%u bytes",
               c->device.was[0][id].len);
    }
}

static void unused_fields(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct message m = {.src = SERVICE_ADDRESS,
                        .dst = client,
                        .reserved = 0xdeadbeef,
                        .flags = 0xffff,
                        .len = 3,
                        .whole = HEADER_BYTES + 3,
                        .data = "odd"};

    device_send_raw(c, &m);
    const bool came = device_receive(c, SERVICE_ADDRESS, &m);
    expect(c, came, "reserved and flags that are not 0 do not matter", "no answer");
    expect(c, m.reserved == 0 && m.flags == 0, "reserved and flags are written as 0",
           "reserved 0x%x, flags 0x%x", m.reserved, m.flags);
}

static void descriptor_length(struct conform *c)
{
    static const uint16_t sizes[] = {0, 1, 17, 300, 496};
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        device_echo(c, client, sizes[i], 1); // device_receive_now() looks at the length.
    }
}

static const struct {
    uint16_t len;
    uint32_t whole;
} bad[] = {{5, 20}, {497, 512}, {65535, 512}, {1, 16}, {0x8000, 100}, {0, 15}, {0, 0}, {4, 8}};

static void length_beyond_what_was_written(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct message m = {
            .src = SERVICE_ADDRESS, .dst = client, .len = bad[i].len, .whole = bad[i].whole};
        device_send_raw(c, &m);
        device_expect_nothing(c,
                              "a message whose header promises more than was written is refused");
        device_echo(c, client, 12, 1);
    }
}

static void refusals_cost_nothing(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t before = device_available(c) + c->device.held[0];

    for (uint32_t i = 0; i < 3 * c->device.ring[0].num; i++) {
        const struct message m = {
            .src = SERVICE_ADDRESS, .dst = client, .len = 400, .whole = 20 + i % 3};
        device_send_raw(c, &m);
    }
    device_echo(c, client, 400, 1);
    quiet(c);
    expect(c, device_available(c) + c->device.held[0] == before,
           "refused messages' buffers come back", "%u of %u are there",
           device_available(c) + c->device.held[0], before);
}

static void every_size(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (uint32_t size = 0; size <= PAYLOAD_MAX; size += c->target->quick ? 31 : 1) {
        device_echo(c, client, size, size);
    }
}

static void nobody_there(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    for (uint32_t i = 0; i < 3 * c->device.ring[0].num; i++) {
        device_send(c, SERVICE_ADDRESS, 0x70000000 + i, "hello", 5);
    }
    device_expect_nothing(c, "nothing is sent back for an address that nobody has");
    device_echo(c, client, 8, 1);
}

static void in_order(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    uint32_t sent = 0, received = 0;
    struct message m;

    while (received < 100) {
        const uint32_t count = 1 + sent % (c->device.ring[0].num - 1);
        for (uint32_t i = 0; i < count; i++, sent++) {
            device_send(c, SERVICE_ADDRESS, client, &sent, sizeof sent);
        }
        for (; received < sent; received++) {
            const bool came = device_receive(c, SERVICE_ADDRESS, &m);
            expect(c, came && get32(m.data) == received, "messages are delivered in their order",
                   came ? "answer %u is number %u" : "answer %u did not come", received,
                   came ? get32(m.data) : 0);
        }
    }
}

static void buffers_come_back(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t num = c->device.ring[0].num;
    const uint32_t before = device_available(c) + c->device.held[0];

    for (uint32_t i = 0; i < 5 * num; i++) {
        device_echo(c, client, i % 400, i);
    }
    quiet(c);
    const uint32_t now = device_available(c) + c->device.held[0];
    expect(c, now == before, "every buffer comes back when its message is done with",
           "%u of %u are there", now, before);
    for (uint32_t i = 0; i < now; i++) {
        const uint32_t id = device_claim(c);
        expect(c, c->device.was[0][id].len == BUFFER_BYTES, "with its full length", "%u bytes",
               c->device.was[0][id].len);
    }
}

/// Keeps all that the driver can send; nothing of that changes, and nothing more comes.
static uint32_t starve(struct conform *c, uint32_t client, struct message *kept)
{
    const uint32_t num = c->device.ring[1].num;
    uint32_t count = 0;
    struct message m;

    c->device.keeps = true;
    for (uint32_t i = 0; i < num + 4; i++) {
        device_send(c, SERVICE_ADDRESS, client, &i, sizeof i);
        quiet(c);
        while (device_receive_now(c, &m)) {
            kept[count++ % RING_MAX] = m;
        }
    }
    return count;
}

static void sent_buffers_stay(struct conform *c)
{
    static struct message kept[RING_MAX];
    const uint32_t client =
        device_meet(c, &(struct device_up){.num = c->target->fixed_rings ? 0 : 8});

    if (c->device.ring[1].num > 64) {
        not_applicable(c, "its rings are too long for this check");
    }
    const uint32_t count = starve(c, client, kept);
    expect(c, count <= c->device.ring[1].num, "no more than num messages are outstanding", "%u",
           count);
    for (uint32_t i = 0; i < count; i++) {
        const struct offered *const o = &c->device.was[1][kept[i].id];
        expect(c, get32(o->at + HEADER_BYTES) == get32(kept[i].data) && get32(o->at) == kept[i].src,
               "a buffer that the device has is not written to", "message %u changed", i);
    }
}

/// It had no buffer, asked for a doorbell, and goes on.
static void starved_sender(struct conform *c)
{
    static struct message kept[RING_MAX];
    const uint32_t client =
        device_meet(c, &(struct device_up){.num = c->target->fixed_rings ? 0 : 8});
    struct message m;

    if (c->device.ring[1].num > 64) {
        not_applicable(c, "its rings are too long for this check");
    }
    uint32_t count = starve(c, client, kept);
    const uint32_t sent = c->device.ring[1].num + 4;
    c->device.keeps = false;
    const uint32_t first = count;
    for (uint32_t i = 0; i < first; i++) {
        device_give(c, QUEUE_TO_DEVICE, kept[i].id, 0);
        device_show(c, QUEUE_TO_DEVICE);
        quiet(c);
        while (device_receive_now(c, &m)) {
            expect(c, get32(m.data) == count, "a sender that waited goes on where it was",
                   "message %u instead of %u", get32(m.data), count);
            count++;
        }
    }
    // One that did not ask goes on when it is rung all the same; one that dropped them does not.
    const uint32_t woken = count;
    device_ring(c, QUEUE_TO_DRIVER);
    device_ring(c, QUEUE_TO_DEVICE);
    quiet(c);
    while (device_receive_now(c, &m)) {
        count++;
    }
    if (count == first) {
        not_applicable(c, "the application drops what it cannot send");
    }
    count = woken;
    expect(c, count >= sent, "a sender that waits asks for a doorbell, and goes on when one comes",
           "%u of %u messages came", count, sent);
}

static void addresses(struct conform *c)
{
    const uint32_t first = device_meet(c, &(struct device_up){0});

    device_announce(c, c->target->service, SERVICE_ADDRESS + 1, NS_CREATE);
    const uint32_t second = device_greeted(c, SERVICE_ADDRESS + 1);
    expect(c, first != second, "an address belongs to one endpoint", "two clients are at 0x%x",
           first);
}

static void names_have_53(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    expect(c, client != NS_ADDRESS, "no endpoint is at address 53", "the client is");
    device_send(c, SERVICE_ADDRESS, NS_ADDRESS, "not a name", 10);
    device_expect_nothing(c, "address 53 answers nobody");
    device_echo(c, client, 10, 1);
}

static void chosen_addresses(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    expect(c, client >= DYNAMIC_ADDRESS && client != ADDRESS_ANY,
           "an address that was chosen is one of 1024 to 0xfffffffe", "0x%x", client);
}

static void no_address(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    device_send(c, SERVICE_ADDRESS, ADDRESS_ANY, "nobody", 6);
    device_expect_nothing(c, "a message to 0xffffffff goes to no endpoint");
    if (!c->target->same_address) {
        device_send(c, ADDRESS_ANY, client, "from nobody", 11);
        device_expect_nothing(c, "nothing is sent to 0xffffffff");
    }
    device_echo(c, client, 10, 1);
}

static void answers_go_back(struct conform *c)
{
    static const uint32_t from[] = {0, 1, 52, 54, 1023, 1024, 0x80000000, 0xfffffffe};
    const uint32_t client = device_meet(c, &(struct device_up){0});
    struct message m = {0};

    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        const uint32_t src = c->target->same_address ? SERVICE_ADDRESS : from[i];
        device_send(c, src, client, "who", 3);
        const bool came = device_receive(c, src, &m);
        expect(c, came, "an answer goes to the src of what it answers", "nothing came to 0x%x",
               src);
        expect(c, m.src == client, "an answer comes from the address that was written to",
               "from 0x%x instead of 0x%x", m.src, client);
    }
}

const struct conform_check driver_message_checks[] = {
    {"MSG-1", "queue 0 to the driver, queue 1 to the device", queues},
    {"MSG-2", "buffers of 512 bytes, one for each descriptor", buffers},
    {"MSG-3", "buffers of queue 0 with WRITE and their whole length", whole_length},
    {"MSG-4", "reserved and flags", unused_fields},
    {"MSG-6", "a descriptor is as long as its message", descriptor_length},
    {"MSG-8", "a header that promises more than was written", length_beyond_what_was_written},
    {"MSG-9", "every size from 0 to 496", every_size},
    {"MSG-10", "refused messages cost nothing", refusals_cost_nothing},
    {"MSG-11", "an address that nobody has", nobody_there},
    {"MSG-12", "messages keep their order", in_order},
    {"MSG-13", "buffers come back, with their full length", buffers_come_back},
    {"MSG-14", "buffers that the device has stay as they are", sent_buffers_stay},
    {"MSG-15", "a sender that waits for buffers goes on", starved_sender},
    {"ADDR-1", "endpoints have addresses of their own", addresses},
    {"ADDR-2", "address 53", names_have_53},
    {"ADDR-3", "addresses that were chosen", chosen_addresses},
    {"ADDR-4", "address 0xffffffff", no_address},
    {"ADDR-5", "answers go back to who asked", answers_go_back},
    {0},
};
