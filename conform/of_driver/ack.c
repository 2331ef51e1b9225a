// SPDX-License-Identifier: BSD-3-Clause
// Acknowledgement, as the one who listens, and its control records.
#include "groups.h"

#include <string.h>

#define USUAL (FEATURE_NS | FEATURE_EVENT_IDX | FEATURE_INDIRECT)
#define WITH_ACK (USUAL | FEATURE_ACK)
#define OTHER (SERVICE_ADDRESS + 50u)

/// What the driver said of one service.
struct said {
    uint32_t bound;    ///< Records with value 1,
    uint32_t unbound;  ///< and with others.
    uint32_t endpoint; ///< That of the last one.
    uint32_t client;   ///< Who greeted the service; 0: nobody yet.
};

/// Takes a message that the driver sent: a control message has to be a proper one.
static void take(struct conform *c, const struct message *m, uint32_t service, struct said *said)
{
    if (m->dst == service) {
        said->client = m->src;
    }
    if (m->dst != CONTROL_ADDRESS) {
        return;
    }
    expect(c, m->src == CONTROL_ADDRESS && m->reserved == 0 && m->flags == 0,
           "a control message comes from 54, with reserved and flags 0",
           "src %u, reserved 0x%x, flags 0x%x", m->src, m->reserved, m->flags);
    expect(c, m->len != 0 && m->len % RECORD_BYTES == 0, "a control message is records of 16 bytes",
           "%u bytes", m->len);
    for (const uint8_t *at = m->data; at < m->data + m->len; at += RECORD_BYTES) {
        expect(c, get32(at) == KIND_BOUND, "of control records BOUND was negotiated, and no other",
               "kind %u", get32(at));
        if (get32(at + 8) == service) {
            said->bound += get32(at + 12) == 1;
            said->unbound += get32(at + 12) != 1;
            said->endpoint = get32(at + 4);
        }
    }
}

/// Listens for a while to what is said of a service.
static struct said listen_for(struct conform *c, uint32_t service)
{
    struct said said = {0};
    struct message m = {0};

    quiet(c);
    while (device_receive_now(c, &m)) {
        take(c, &m, service, &said);
    }
    return said;
}

/// The link is up with bit 20, and the service is announced.
static void meet(struct conform *c)
{
    device_begin(c, &(struct device_up){.features = WITH_ACK});
    if ((c->device.features & FEATURE_ACK) == 0) {
        not_applicable(c, "the driver does not take bit 20");
    }
    device_announce(c, c->target->service, SERVICE_ADDRESS, NS_CREATE);
}

/// The same, and it is known who listens.
static struct said meet_listener(struct conform *c)
{
    struct said said = {0};
    struct message m = {0};

    meet(c);
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    do {
        while (device_receive_now(c, &m)) {
            take(c, &m, SERVICE_ADDRESS, &said);
        }
    } while ((said.client == 0 || said.bound == 0) && let_run(c, deadline));
    expect(c, said.client != 0, "the application greets a service that was announced",
           "no greeting");
    return said;
}

static void put_record(uint8_t *at, uint32_t kind, uint32_t endpoint, uint32_t peer, uint32_t value)
{
    put32(at, kind);
    put32(at + 4, endpoint);
    put32(at + 8, peer);
    put32(at + 12, value);
}

/// Sends control messages of all sorts, none of which has anything to say to this driver.
static void send_void_records(struct conform *c, uint32_t client)
{
    static const uint32_t kinds[] = {0, KIND_GRANT, KIND_CLOSED, KIND_RETURN, 5, UINT32_MAX};
    _Alignas(4) uint8_t data[6 * RECORD_BYTES];

    for (unsigned i = 0; i < 6; i++) {
        put_record(data + (size_t)i * RECORD_BYTES, kinds[i], SERVICE_ADDRESS, client, 1);
    }
    device_send(c, CONTROL_ADDRESS, CONTROL_ADDRESS, data, sizeof data);
    device_send(c, CONTROL_ADDRESS, CONTROL_ADDRESS, data, 0);
    device_send(c, CONTROL_ADDRESS, CONTROL_ADDRESS, data, RECORD_BYTES + 1);
    for (unsigned value = 0; value < 3; value++) {
        put_record(data, KIND_BOUND, SERVICE_ADDRESS, client, value);
        device_send(c, CONTROL_ADDRESS, CONTROL_ADDRESS, data, RECORD_BYTES);
    }
}

// ------------------------------------------------------------------------------- control records

static void nothing_else_at_54(struct conform *c)
{
    const struct said said = meet_listener(c);

    expect(c, said.client != CONTROL_ADDRESS, "address 54 belongs to control records",
           "the client is there");
    device_send(c, SERVICE_ADDRESS, CONTROL_ADDRESS, "0123456789abcdef", RECORD_BYTES);
    device_expect_nothing(c, "address 54 answers nobody");
}

static void proper_messages(struct conform *c)
{
    meet(c);
    (void)listen_for(c, SERVICE_ADDRESS);
    device_announce(c, c->target->service, OTHER, NS_CREATE);
    const struct said said = listen_for(c, OTHER);
    if (said.bound == 0) {
        not_applicable(c, "it says of no service that somebody listens");
    }
}

static void void_records(struct conform *c)
{
    const struct said said = meet_listener(c);

    send_void_records(c, said.client);
    device_expect_nothing(c, "records that have nothing to say change nothing");
    device_echo(c, said.client, 20, 1);
}

static void records_go_back(struct conform *c)
{
    const struct said said = meet_listener(c);
    const uint32_t num = c->device.ring[0].num;

    for (uint32_t i = 0; i < num; i++) {
        send_void_records(c, said.client);
    }
    device_echo(c, said.client, 20, 1);
    quiet(c);
    expect(c, device_available(c) == num, "buffers of control messages go back at once",
           "%u of %u are available", device_available(c), num);
}

// ------------------------------------------------------------------------------- acknowledgement

static void is_told(struct conform *c)
{
    const struct said said = meet_listener(c);

    expect(c, said.bound != 0, "a service that gets a listener is told with BOUND", "nothing");
    expect(c, said.endpoint == said.client, "BOUND names the listener's endpoint",
           "0x%x, and 0x%x speaks", said.endpoint, said.client);
    expect(c, said.unbound == 0, "BOUND has value 1", "another value");
}

static void is_told_again(struct conform *c)
{
    (void)meet_listener(c);
    (void)listen_for(c, SERVICE_ADDRESS);
    device_announce(c, c->target->service, SERVICE_ADDRESS, NS_CREATE);
    const struct said said = listen_for(c, SERVICE_ADDRESS);
    expect(c, said.bound != 0, "if a service is announced again, BOUND is sent again", "nothing");
}

static void of_nobody(struct conform *c)
{
    meet(c);
    (void)listen_for(c, SERVICE_ADDRESS);
    device_announce(c, "nobody-wants-this", OTHER, NS_CREATE);
    const struct said said = listen_for(c, OTHER);
    expect(c, said.bound == 0, "of a service without a listener nothing is said",
           "BOUND, from 0x%x", said.endpoint);
}

static void withdrawn(struct conform *c)
{
    (void)meet_listener(c);
    (void)listen_for(c, SERVICE_ADDRESS);
    device_announce(c, c->target->service, SERVICE_ADDRESS, NS_DESTROY);
    const struct said said = listen_for(c, SERVICE_ADDRESS);
    expect(c, said.bound + said.unbound == 0, "nothing is sent for a service that was withdrawn",
           "%u records", said.bound + said.unbound);
}

static void can_be_reached(struct conform *c)
{
    struct said said = {0};
    struct message m = {0};

    meet(c);
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    do {
        while (said.bound == 0 && device_receive_now(c, &m)) {
            take(c, &m, SERVICE_ADDRESS, &said);
        }
    } while (said.bound == 0 && let_run(c, deadline));
    if (said.bound == 0) {
        not_applicable(c, "it says of no service that somebody listens");
    }
    device_send(c, SERVICE_ADDRESS, said.endpoint, "at once", 7);
    do {
        const bool came = device_receive(c, SERVICE_ADDRESS, &m);
        expect(c, came, "who is bound gets messages from then on", "no answer from 0x%x",
               said.endpoint);
    } while (m.len != 7 || memcmp(m.data, "at once", 7) != 0);
}

/// Without the bit nothing of it exists.
static void not_offered(struct conform *c)
{
    struct message m = {0};

    (void)device_meet(c, &(struct device_up){0});
    device_announce(c, c->target->service, SERVICE_ADDRESS, NS_CREATE);
    quiet(c);
    while (device_receive_now(c, &m)) {
        expect(c, m.dst != CONTROL_ADDRESS, "without bit 20 nothing is sent to address 54",
               "a message of %u bytes", m.len);
    }
}

const struct conform_check driver_ack_checks[] = {
    {"VDEV-8", "bit 20 is not offered", not_offered},
    {"EXT-3", "nothing else is at address 54", nothing_else_at_54},
    {"EXT-4", "its control messages", proper_messages},
    {"EXT-5", "records that have nothing to say", void_records},
    {"EXT-6", "buffers of control messages", records_go_back},
    {"ACK-1", "a service gets a listener", is_told},
    {"ACK-1", "it is announced again", is_told_again},
    {"ACK-1", "a service without a listener", of_nobody},
    {"ACK-2", "a service that was withdrawn", withdrawn},
    {"ACK-6", "messages as soon as it is bound", can_be_reached},
    {0},
};
