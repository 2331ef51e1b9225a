// SPDX-License-Identifier: BSD-3-Clause
// Control records and acknowledgement, as the one who announces. What firmware knows of its
// listeners shows by whom it speaks to: here it speaks to each that is bound, once.
#include "groups.h"

#include <string.h>

#define LISTENER 3000u ///< The first of the checker's listeners.

struct record {
    uint32_t kind;
    uint32_t endpoint;
    uint32_t peer;
    uint32_t value;
};

// ------------------------------------------------------------------------------------- helpers

/// Sends a control message of `size` bytes, records at its start.
static void send_from(struct conform *c, uint32_t src, const struct record *records, size_t count,
                      size_t size)
{
    uint8_t data[PAYLOAD_MAX] = {0};

    for (size_t i = 0; i < count; i++) {
        uint8_t *const at = data + i * RECORD_BYTES;
        put32(at, records[i].kind);
        put32(at + 4, records[i].endpoint);
        put32(at + 8, records[i].peer);
        put32(at + 12, records[i].value);
    }
    (void)driver_send(c, src, CONTROL_ADDRESS, data, size);
}

static void send_records(struct conform *c, const struct record *records, size_t count)
{
    send_from(c, CONTROL_ADDRESS, records, count, count * RECORD_BYTES);
}

static void bound(struct conform *c, uint32_t listener, uint32_t service, uint32_t value)
{
    send_records(c, &(struct record){KIND_BOUND, listener, service, value}, 1);
}

/// Waits until a listener is spoken to. False if none is.
static bool hears(struct conform *c, uint32_t listener)
{
    const uint32_t before = c->driver.others;
    struct message m = {0};

    if (!driver_receive(c, listener, &m)) {
        return false;
    }
    expect(c, c->driver.others == before + 1, "nobody is spoken to but who was bound",
           "%u messages for others than %u", c->driver.others - before - 1, listener);
    return true;
}

static void expect_heard(struct conform *c, uint32_t listener, const char *expected)
{
    const bool heard = hears(c, listener);

    expect(c, heard, expected, "nothing comes for listener %u", listener);
}

/// Expects that nobody is spoken to.
static void expect_unheard(struct conform *c, const char *expected)
{
    struct message m = {0};

    quiet(c);
    while (driver_take(c, &m)) {
        expect(c, m.dst == NS_ADDRESS, expected, "a message of %u bytes from 0x%x to 0x%x", m.len,
               m.src, m.dst);
    }
}

/// The link comes up. Returns the service's address.
static uint32_t come_up(struct conform *c, uint32_t features)
{
    driver_begin(c);
    if ((get32(c->driver.entry + ENTRY_DFEATURES) & FEATURE_ACK) == 0) {
        not_applicable(c, "the device does not offer bit 20");
    }
    driver_up(c, &(struct up){.also = features});
    return driver_find(c);
}

/// The same with bit 20, and one listener, which was spoken to.
static uint32_t meet(struct conform *c)
{
    const uint32_t service = come_up(c, FEATURE_ACK);

    bound(c, LISTENER, service, 1);
    if (!hears(c, LISTENER)) {
        not_applicable(c, "the application does not speak to who is bound");
    }
    return service;
}

/// All goes on: a listener that comes now is spoken to, and every buffer comes back.
static void expect_well(struct conform *c, uint32_t service, uint32_t listener)
{
    bound(c, listener, service, 1);
    expect_heard(c, listener, "whatever came before, a listener that is bound counts");
    driver_await_spares(c, c->driver.ring[1].num);
}

// --------------------------------------------------------------------------------- control records

static void nothing_else_at_54(struct conform *c)
{
    (void)meet(c);
    driver_drain(c);
    for (uint32_t i = 0; i < c->driver.service_count; i++) {
        expect(c, c->driver.services[i].address != CONTROL_ADDRESS,
               "address 54 belongs to control records", "service %s is there",
               c->driver.services[i].name);
    }
    (void)driver_send(c, LISTENER + 1, CONTROL_ADDRESS, "0123456789abcdef", RECORD_BYTES);
    expect_unheard(c, "address 54 answers nobody");
}

static void other_sources(struct conform *c)
{
    const uint32_t service = meet(c);
    const struct record record = {KIND_BOUND, LISTENER + 1, service, 1};

    send_from(c, LISTENER + 1, &record, 1, RECORD_BYTES);
    send_from(c, NS_ADDRESS, &record, 1, RECORD_BYTES);
    send_from(c, ADDRESS_ANY, &record, 1, RECORD_BYTES);
    expect_unheard(c, "a control message comes from address 54, or is refused");
    expect_well(c, service, LISTENER + 2);
}

static void lengths(struct conform *c)
{
    static const uint8_t sizes[] = {0, 1, 15, 17, 24, 31};
    const uint32_t service = meet(c);
    const struct record record = {KIND_BOUND, LISTENER + 1, service, 1};

    for (size_t i = 0; i < sizeof sizes; i++) {
        send_from(c, CONTROL_ADDRESS, &record, 1, sizes[i]);
        expect_unheard(c, "a control message of 0 bytes, or not of whole records, is refused");
    }
    expect_well(c, service, LISTENER + 2);
}

static void in_order(struct conform *c)
{
    const uint32_t service = meet(c);
    const struct record records[] = {{KIND_BOUND, LISTENER, service, 0},
                                     {KIND_BOUND, LISTENER, service, 1}};

    send_records(c, records, 2);
    expect_heard(c, LISTENER, "all records of a message are handled, in their order");
    expect_unheard(c, "each once");
}

static void reserved(struct conform *c)
{
    const uint32_t service = meet(c);
    struct message m = {.src = CONTROL_ADDRESS,
                        .dst = CONTROL_ADDRESS,
                        .reserved = 0x12345678,
                        .len = RECORD_BYTES,
                        .whole = HEADER_BYTES + RECORD_BYTES};

    put32(m.data, KIND_BOUND);
    put32(m.data + 4, LISTENER);
    put32(m.data + 8, service);
    (void)driver_send_raw(c, &m);
    put32(m.data + 12, 1);
    (void)driver_send_raw(c, &m);
    expect_heard(c, LISTENER, "nothing depends on what is reserved");
}

static void other_kinds(struct conform *c)
{
    const uint32_t service = meet(c);
    const uint32_t other = LISTENER + 1;
    const struct record records[] = {
        {0, other, service, 1},           {KIND_GRANT, other, service, 1},
        {KIND_CLOSED, other, service, 1}, {KIND_RETURN, other, service, 1},
        {5, other, service, 1},           {0x103, other, service, 1},
        {UINT32_MAX, other, service, 1},  {KIND_BOUND, LISTENER + 2, service, 1}};

    send_records(c, records, sizeof records / sizeof records[0]);
    expect_heard(c, LISTENER + 2, "records of other kinds are skipped, and the next one handled");
    expect_unheard(c, "records of other kinds change nothing");
}

static void not_taken(struct conform *c)
{
    (void)meet(c);
    driver_down(c);
    driver_up(c, &(struct up){0});
    const uint32_t service = driver_find(c);
    for (uint32_t i = 0; i < 2 * c->driver.ring[1].num; i++) {
        bound(c, LISTENER + i, service, 1);
    }
    expect_unheard(c, "if bit 20 was not taken, BOUND is skipped");
    driver_await_spares(c, c->driver.ring[1].num);
    driver_down(c);
    driver_up(c, &(struct up){.also = FEATURE_ACK});
    expect_well(c, driver_find(c), LISTENER);
}

/// The listener comes and goes more often than there are buffers to speak to it.
static void without_buffers(struct conform *c)
{
    const uint32_t service = meet(c);
    const uint32_t rounds = 2 * (c->driver.ring[0].num + c->driver.ring[1].num);
    struct message m;

    driver_drain(c);
    c->driver.keeps = true;
    for (uint32_t i = 0; i < rounds; i++) {
        bound(c, LISTENER, service, i % 2);
        quiet(c);
        while (driver_take(c, &m)) {
        }
    }
    driver_await_spares(c, c->driver.ring[1].num);
    for (uint32_t i = 0; i < c->driver.ring[0].num; i++) {
        if (!c->driver.out[QUEUE_TO_DRIVER][i]) {
            driver_return(c, i);
        }
    }
    c->driver.keeps = false;
    driver_drain(c);
    bound(c, LISTENER, service, 0);
    expect_well(c, service, LISTENER);
}

// --------------------------------------------------------------------------------- acknowledgement

static void each_by_its_endpoint(struct conform *c)
{
    const uint32_t service = meet(c);

    bound(c, LISTENER + 1, service, 1);
    if (!hears(c, LISTENER + 1)) {
        not_applicable(c, "it has room for one listener");
    }
    bound(c, LISTENER, service, 0);
    bound(c, LISTENER + 1, service, 1);
    expect_unheard(c, "a listener stays when another one goes");
    bound(c, LISTENER, service, 1);
    expect_heard(c, LISTENER, "who comes again is bound again");
}

static void senseless(struct conform *c)
{
    const uint32_t service = meet(c);
    const uint32_t other = LISTENER + 1;
    const struct record records[] = {{KIND_BOUND, other, service + 77, 1},
                                     {KIND_BOUND, other, CONTROL_ADDRESS, 1},
                                     {KIND_BOUND, other, NS_ADDRESS, 1},
                                     {KIND_BOUND, other, ADDRESS_ANY, 1},
                                     {KIND_BOUND, other, 0, 1},
                                     {KIND_BOUND, other, service, 2},
                                     {KIND_BOUND, other, service, 0x101},
                                     {KIND_BOUND, other, service, UINT32_MAX},
                                     {KIND_BOUND, other, service, 0},
                                     {KIND_BOUND, ADDRESS_ANY, service, 1},
                                     {KIND_BOUND, ADDRESS_ANY, service, 0},
                                     {KIND_BOUND, LISTENER, service, 2},
                                     {KIND_BOUND, LISTENER, service, 0x100},
                                     {KIND_BOUND, LISTENER, service + 77, 0},
                                     {KIND_BOUND, LISTENER, service, 1}};

    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        send_records(c, &records[i], 1);
        expect_unheard(c, "BOUND without sense changes nothing");
    }
    expect_well(c, service, other);
}

static void known_already(struct conform *c)
{
    const uint32_t service = meet(c);

    for (uint32_t i = 0; i < 2 * c->driver.ring[1].num; i++) {
        bound(c, LISTENER, service, 1);
    }
    expect_unheard(c, "what says again what is known changes nothing");
    expect_well(c, service, LISTENER + 1);
}

static void more_than_room(struct conform *c)
{
    const uint32_t service = meet(c);

    for (uint32_t i = 1; i <= 300; i++) {
        bound(c, LISTENER + i, service, 1);
    }
    driver_drain(c);
    driver_await_spares(c, c->driver.ring[1].num);
    bound(c, LISTENER, service, 0);
    bound(c, LISTENER, service, 1);
    expect_heard(c, LISTENER, "it goes on, and who was bound before is known");
}

static void forgotten(struct conform *c)
{
    (void)meet(c);
    driver_down(c);
    driver_up(c, &(struct up){.also = FEATURE_ACK});
    const uint32_t service = driver_find(c);
    expect_unheard(c, "listeners are forgotten when the link goes down");
    bound(c, LISTENER, service, 1);
    expect_heard(c, LISTENER, "listeners are forgotten, and can be bound again");
}

const struct conform_check device_ack_checks[] = {
    {"EXT-3", "nothing else is at address 54", nothing_else_at_54},
    {"EXT-4", "control messages from other addresses", other_sources},
    {"EXT-4", "control messages of other lengths", lengths},
    {"EXT-4", "several records in one message", in_order},
    {"EXT-4", "a header with something in its reserved field", reserved},
    {"EXT-5", "records of other kinds", other_kinds},
    {"EXT-5", "bit 20 is not taken", not_taken},
    {"EXT-6", "records come while nothing can be sent", without_buffers},
    {"ACK-3", "listeners count by their endpoint", each_by_its_endpoint},
    {"ACK-4", "BOUND without sense", senseless},
    {"ACK-4", "BOUND again", known_already},
    {"ACK-4", "more listeners than there is room for", more_than_room},
    {"ACK-5", "the link goes down and up", forgotten},
    {0},
};
