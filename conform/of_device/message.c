// SPDX-License-Identifier: BSD-3-Clause
// Messages, their buffers, and addresses.
#include "groups.h"

#include <string.h>

/// Buffers that the driver kept have not changed.
static void expect_same(struct conform *c, const uint32_t *kept, uint32_t count)
{
    const struct driver *const d = &c->driver;

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *const at = driver_buffer(d, 0, kept[i]);
        const uint8_t *const copy = driver_copy(d, at);
        expect(c, memcmp(at, copy, BUFFER_BYTES) == 0,
               "a buffer that is not the device's is not written to",
               "buffer %u of queue 0, which it gave back, was", kept[i]);
    }
}

static void is_rpmsg(struct conform *c)
{
    driver_load(c); // Looks at id and number of vrings.
}

static void unused_fields(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const struct message *const a = &c->driver.announcement;
    const struct message odd = {.src = CHECKER_ADDRESS,
                                .dst = service,
                                .reserved = 0xdeadbeef,
                                .flags = 0xffff,
                                .len = 3,
                                .whole = HEADER_BYTES + 3,
                                .data = "odd"};
    struct message m;

    expect(c, a->reserved == 0 && a->flags == 0, "reserved and flags are written as 0",
           "an announcement has reserved 0x%x, flags 0x%x", a->reserved, a->flags);
    (void)driver_send_raw(c, &odd);
    const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
    expect(c, came, "reserved and flags that are not 0 do not matter", "no answer");
    expect(c, m.reserved == 0 && m.flags == 0, "reserved and flags are written as 0",
           "an answer has reserved 0x%x, flags 0x%x", m.reserved, m.flags);
}

static void longer_descriptor(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct message m = {
        .src = CHECKER_ADDRESS, .dst = service, .len = 5, .whole = BUFFER_BYTES, .data = "short"};

    (void)driver_send_raw(c, &m);
    const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
    expect(c, came && m.len == 5, "the header says how long the payload is",
           came ? "an answer of %u bytes" : "no answer%.0u", m.len);
}

static void used_length(struct conform *c)
{
    static const uint16_t sizes[] = {0, 1, 3, 40, 255, 256, 495, 496};
    const uint32_t service = driver_meet(c, &(struct up){0});
    uint8_t data[PAYLOAD_MAX] = {0};
    struct message m;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        (void)driver_send(c, CHECKER_ADDRESS, service, data, sizes[i]);
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came && m.whole == HEADER_BYTES + m.len,
               "the used length is 16 more than that in the header", "%u for %u bytes",
               came ? m.whole : 0, sizes[i]);
    }
}

static void length_beyond_the_descriptor(struct conform *c)
{
    static const struct {
        uint16_t len;
        uint32_t whole;
    } bad[] = {{5, 20}, {497, 512}, {65535, 512}, {1, 16}, {0x8000, 100}, {65520, 512}};
    const uint32_t service = driver_meet(c, &(struct up){0});

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct message m = {
            .src = CHECKER_ADDRESS + 1, .dst = service, .len = bad[i].len, .whole = bad[i].whole};
        const uint32_t id = driver_send_raw(c, &m);
        const uint32_t len = driver_await_back(c, id);
        expect(c, len == 0, "its buffer comes back with length 0", "length %u", len);
        driver_echo(c, service, 12, 1);
        expect(c, c->driver.others == 0,
               "a message whose header promises more than the descriptor has is refused",
               "%u bytes in %u were answered", bad[i].len, bad[i].whole);
    }
    driver_expect_clean(c);
}

static void every_size(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    for (uint32_t size = 0; size <= PAYLOAD_MAX; size += c->target->quick ? 31 : 1) {
        driver_echo(c, service, size, size);
    }
    driver_expect_clean(c);
}

/// Buffers of queue 0 that are shorter than 512 bytes.
static void short_buffers(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){.without = FEATURE_INDIRECT});
    struct driver *const d = &c->driver;
    const uint32_t num = d->ring[0].num;
    uint8_t data[PAYLOAD_MAX];
    uint32_t kept[RING_MAX];
    struct message m;

    // Every buffer goes round once, and is shorter from then on.
    driver_use_up(c, service, kept, num);
    for (uint32_t i = 0; i < num; i++) {
        driver_desc(c, 0, i, driver_buffer_pa(d, 0, i), 64, DESC_WRITE, 0);
        driver_return(c, i);
    }
    d->keeps = false;
    driver_echo(c, service, 48, 1);
    fill(data, sizeof data, 1);
    (void)driver_send(c, CHECKER_ADDRESS, service, data, 49);
    (void)driver_send(c, CHECKER_ADDRESS, service, data, 400);
    quiet(c);
    while (driver_take(c, &m)) {
        expect(c, m.len == 49 || m.len == 400, "a message that does not fit is not cut",
               "%u bytes of it came", m.len);
        expect(c, m.whole <= 64, "nothing is written beyond the descriptor's length",
               "%u bytes in a buffer of 64", m.whole);
    }
    driver_expect_clean(c);
}

static void refusals_cost_nothing(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;

    for (uint32_t i = 0; i < 3 * num; i++) {
        const struct message m = {
            .src = CHECKER_ADDRESS + 1, .dst = service, .len = 400, .whole = 20 + i % 3};
        (void)driver_send_raw(c, &m);
    }
    driver_echo(c, service, 400, 1);
    driver_await_spares(c, num);
    expect(c, c->driver.others == 0, "refused messages are not delivered", "%u were answered",
           c->driver.others);
}

static void nobody_there(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;

    for (uint32_t i = 0; i < 3 * num; i++) {
        (void)driver_send(c, CHECKER_ADDRESS + 1, 0x70000000 + i, "hello", 5);
    }
    driver_echo(c, service, 8, 1);
    driver_await_spares(c, num);
    expect(c, c->driver.others == 0, "nothing is sent back for an address that nobody has",
           "%u messages came", c->driver.others);
}

static void in_order(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;
    uint32_t sent = 0, received = 0;
    struct message m;

    while (received < 6 * num) {
        const uint32_t burst = 1 + sent % num;
        for (uint32_t i = 0; i < burst; i++, sent++) {
            (void)driver_put(c, CHECKER_ADDRESS, service, &sent, sizeof sent);
        }
        driver_show(c, QUEUE_TO_DEVICE);
        for (; received < sent; received++) {
            const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
            expect(c, came && get32(m.data) == received, "messages are delivered in their order",
                   came ? "answer %u is number %u" : "answer %u did not come", received,
                   came ? get32(m.data) : 0);
        }
    }
}

static void buffers_come_back(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;

    for (uint32_t i = 0; i < 5 * num; i++) {
        driver_echo(c, service, i % 400, i);
    }
    driver_await_spares(c, num);
}

static void returned_buffers_stay(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t half = c->driver.ring[0].num / 2;
    uint32_t kept[RING_MAX];

    driver_use_up(c, service, kept, half);
    c->driver.keeps = false;
    for (uint32_t i = 0; i < 2 * half; i++) {
        driver_echo(c, service, 300, i + 1000);
    }
    expect_same(c, kept, half);
}

/// Nothing is sent, nothing changes; and it goes on when there are buffers.
static void no_buffer_is_free(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[0].num;
    uint32_t kept[RING_MAX];

    driver_use_up(c, service, kept, num);
    const uint16_t used = get16(c->driver.ring[0].used + 2);
    for (uint32_t i = 0; i < c->driver.ring[1].num / 2; i++) {
        (void)driver_send(c, CHECKER_ADDRESS, service, "full", 4);
    }
    quiet(c);
    expect(c, get16(c->driver.ring[0].used + 2) == used, "without a free buffer nothing is sent",
           "queue 0 has a message");
    expect_same(c, kept, num);
    c->driver.keeps = false;
    for (uint32_t i = 0; i < num; i++) {
        driver_return(c, kept[i]);
    }
    driver_drain(c);
    driver_echo(c, service, 100, 1);
}

/// A sender that waits for a buffer is told of one by the doorbell that it asked for.
static void starved_sender(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t waiting = c->driver.ring[1].num / 2;
    uint32_t kept[RING_MAX];
    struct message m;

    driver_use_up(c, service, kept, c->driver.ring[0].num);
    for (uint32_t i = 0; i < waiting; i++) {
        (void)driver_send(c, CHECKER_ADDRESS, service, "y", 1);
    }
    quiet(c);
    (void)driver_reap(c);
    if (c->driver.spares == c->driver.ring[1].num) {
        not_applicable(c, "the application drops requests that it cannot answer");
    }
    // One at a time, with a doorbell only if it is asked for.
    for (uint32_t i = 0; i < waiting; i++) {
        driver_return(c, kept[i]);
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "a sender that waits asks for a doorbell, and goes on when one comes",
               "after %u of %u answers it stopped", i, waiting);
        kept[i] = m.id;
    }
}

static void addresses_are_distinct(struct conform *c)
{
    (void)driver_meet(c, &(struct up){0});
    driver_drain(c);
    const struct driver *const d = &c->driver;
    for (uint32_t i = 0; i < d->service_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            expect(c, d->services[i].address != d->services[j].address,
                   "an address belongs to one endpoint", "%s and %s are both at %u",
                   d->services[i].name, d->services[j].name, d->services[i].address);
        }
    }
}

static void names_have_53(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    for (uint32_t i = 0; i < c->driver.service_count; i++) {
        expect(c, c->driver.services[i].address != NS_ADDRESS, "no service is at address 53",
               "%s is", c->driver.services[i].name);
    }
    (void)driver_send(c, CHECKER_ADDRESS + 1, NS_ADDRESS, "not a name", 10);
    driver_echo(c, service, 5, 1);
    expect(c, c->driver.others == 0, "address 53 answers nobody", "it did");
}

static void chosen_addresses(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    if (service < DYNAMIC_ADDRESS) {
        not_applicable(c, "the service has a fixed address");
    }
    expect(c, service != ADDRESS_ANY, "an address of 1024 to 0xfffffffe", "0x%x", service);
}

static void no_address(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    (void)driver_send(c, CHECKER_ADDRESS + 1, ADDRESS_ANY, "nobody", 6);
    (void)driver_send(c, ADDRESS_ANY, service, "from nobody", 11);
    driver_echo(c, service, 5, 1);
    quiet(c);
    struct message m;
    while (driver_take(c, &m)) {
        expect(c, m.dst != ADDRESS_ANY && m.src != ADDRESS_ANY,
               "nothing is sent to 0xffffffff or from it", "from 0x%x to 0x%x", m.src, m.dst);
    }
    expect(c, c->driver.others == 0, "nothing is sent to 0xffffffff, and nothing answers there",
           "%u messages", c->driver.others);
    driver_await_spares(c, c->driver.ring[1].num);
}

static void answers_go_back(struct conform *c)
{
    static const uint32_t from[] = {0, 1, 52, 54, 1023, 1024, 0x80000000, 0xfffffffe};
    const uint32_t service = driver_meet(c, &(struct up){0});
    struct message m;

    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        (void)driver_send(c, from[i], service, "who", 3);
        const bool came = driver_receive(c, from[i], &m);
        expect(c, came, "an answer goes to the src of what it answers", "nothing came to 0x%x",
               from[i]);
        expect(c, m.src == service, "an answer comes from the address that was written to",
               "from 0x%x instead of 0x%x", m.src, service);
    }
}

const struct conform_check device_message_checks[] = {
    {"MSG-1", "virtio id 7, two vrings", is_rpmsg},
    {"MSG-4", "reserved and flags", unused_fields},
    {"MSG-4", "a descriptor that is longer than the message", longer_descriptor},
    {"MSG-7", "the used length", used_length},
    {"MSG-8", "a header that promises more than there is", length_beyond_the_descriptor},
    {"MSG-9", "every size from 0 to 496", every_size},
    {"MSG-9", "buffers that are shorter than 512 bytes", short_buffers},
    {"MSG-10", "refused messages cost nothing", refusals_cost_nothing},
    {"MSG-11", "an address that nobody has", nobody_there},
    {"MSG-12", "messages keep their order", in_order},
    {"MSG-13", "buffers come back", buffers_come_back},
    {"MSG-14", "buffers that were given back stay as they are", returned_buffers_stay},
    {"MSG-14", "no buffer is free", no_buffer_is_free},
    {"MSG-15", "a sender that waits for buffers goes on", starved_sender},
    {"ADDR-1", "services have addresses of their own", addresses_are_distinct},
    {"ADDR-2", "address 53", names_have_53},
    {"ADDR-3", "addresses that were chosen", chosen_addresses},
    {"ADDR-4", "address 0xffffffff", no_address},
    {"ADDR-5", "answers go back to who asked", answers_go_back},
    {0},
};
