// SPDX-License-Identifier: BSD-3-Clause
// Buffers of other sizes than 512. What is longer than a buffer of the way back may come back in
// several pieces.
#include "groups.h"

#include <string.h>

/// Sends a payload of any size, in a descriptor of `whole` bytes. Returns the descriptor.
static uint32_t send_big(struct conform *c, uint32_t service, size_t size, size_t whole,
                         uint32_t seed)
{
    struct driver *const d = &c->driver;
    const uint32_t id = driver_claim(c);
    uint8_t *const payload = driver_buffer(d, 1, id) + HEADER_BYTES;

    driver_write(c, id,
                 &(struct message){.src = CHECKER_ADDRESS,
                                   .dst = service,
                                   .len = (uint16_t)size,
                                   .whole = (uint32_t)whole});
    fill(payload, size, seed);
    memcpy(driver_copy(d, payload), payload, size);
    driver_offer(c, QUEUE_TO_DEVICE, id);
    driver_show(c, QUEUE_TO_DEVICE);
    return id;
}

/// Waits for the next answer. Its buffer stays ours.
static bool receive(struct conform *c, struct message *m)
{
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);

    do {
        c->driver.keeps = true;
        while (driver_take(c, m)) {
            if (m->dst == CHECKER_ADDRESS) {
                c->driver.keeps = false;
                return true;
            }
            driver_return(c, m->id);
        }
        c->driver.keeps = false;
    } while (let_run(c, deadline));
    return false;
}

/// Sends, and expects the same back, in pieces that fit.
static void echo_big(struct conform *c, uint32_t service, size_t size, uint32_t seed)
{
    struct driver *const d = &c->driver;
    const uint32_t most = d->size_of[0] - HEADER_BYTES;
    const uint32_t id = send_big(c, service, size, HEADER_BYTES + size, seed);
    const uint8_t *const sent = driver_buffer(d, 1, id) + HEADER_BYTES;
    size_t got = 0;

    do {
        struct message m = {0};
        const bool came = receive(c, &m);
        expect(c, came, "payloads have up to the buffer's size - 16 bytes, in each direction",
               "of %zu bytes %zu came back", size, got);
        expect(c, m.len <= most && m.whole == HEADER_BYTES + (uint32_t)m.len,
               "a message fits into its buffer", "len %u, used length %u", m.len, m.whole);
        const uint8_t *const payload = driver_buffer(d, 0, m.id) + HEADER_BYTES;
        expect(c, m.len <= size - got && memcmp(payload, sent + got, m.len) == 0,
               "the payload arrives as it was sent, and so does the answer",
               "of %zu bytes others came back, behind %zu right ones", size, got);
        got += m.len;
        driver_return(c, m.id);
    } while (got < size);
}

/// A message that is longer than the buffer may be: it is refused, and the next one is not.
static void refuses_longer(struct conform *c, uint32_t service)
{
    const uint32_t size = c->driver.size_of[1];
    const uint32_t id = send_big(c, service, size - HEADER_BYTES + 1, size + 1, 1);

    struct message m;

    (void)driver_await_back(c, id);
    quiet(c);
    while (driver_take(c, &m)) {
        expect(c, m.dst != CHECKER_ADDRESS, "what is longer than the buffers in force is refused",
               "an answer of %u bytes", m.len);
    }
    echo_big(c, service, 9, 2);
    driver_expect_clean(c);
}

/// Brings up a device that offers bit 16, which is taken or not. Returns the service.
static uint32_t meet(struct conform *c, bool taken)
{
    driver_begin(c);
    if ((get32(c->driver.entry + ENTRY_DFEATURES) & FEATURE_BUFFERS) == 0) {
        not_applicable(c, "the device does not offer bit 16");
    }
    if (c->target->buffer_size[0] == 0) {
        not_applicable(c, "no table of version 2 says its buffers' sizes");
    }
    driver_up(c, &(struct up){.sizes = taken});
    return driver_find(c);
}

static void offered(struct conform *c)
{
    const uint32_t *const sizes = c->target->buffer_size;

    driver_load(c);
    if (sizes[0] == 0) {
        not_applicable(c, "no table of version 2 says its buffers' sizes");
    }
    const bool offers = (get32(c->driver.entry + ENTRY_DFEATURES) & FEATURE_BUFFERS) != 0;
    expect(c, offers || (sizes[0] == BUFFER_BYTES && sizes[1] == BUFFER_BYTES),
           "with buffers of other sizes than 512 bit 16 is offered", "sizes %u and %u", sizes[0],
           sizes[1]);
}

static void every_size(struct conform *c)
{
    const uint32_t service = meet(c, true);
    const size_t to_driver = c->driver.size_of[0] - HEADER_BYTES;
    const size_t to_device = c->driver.size_of[1] - HEADER_BYTES;
    const size_t sizes[] = {0,
                            1,
                            PAYLOAD_MAX - 1,
                            PAYLOAD_MAX,
                            PAYLOAD_MAX + 1,
                            to_driver,
                            to_driver + 1,
                            to_device / 2,
                            to_device - 1,
                            to_device};

    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (sizes[i] <= to_device) {
                echo_big(c, service, sizes[i], (uint32_t)i + round);
            }
        }
    }
    driver_await_spares(c, c->driver.ring[1].num);
    driver_expect_clean(c);
}

static void longer_than_buffers(struct conform *c)
{
    refuses_longer(c, meet(c, true));
}

static void shorter_buffers(struct conform *c)
{
    const uint32_t room = HEADER_BYTES + NS_BYTES + 8;

    (void)meet(c, true);
    const struct driver *const d = &c->driver;
    driver_down(c);
    driver_offer_all(c, &(struct up){.sizes = true, .withheld = d->ring[0].num});
    for (uint32_t i = 0; i < d->ring[0].num; i++) {
        driver_desc(c, 0, i, driver_buffer_pa(d, 0, i), room, DESC_WRITE, 0);
        driver_offer(c, 0, i);
    }
    driver_show(c, 0);
    driver_status(c, STATUS_READY);
    driver_kick(c, 0);
    const uint32_t service = driver_find(c);
    for (uint32_t i = 0; i < 2 * d->ring[1].num; i++) {
        (void)send_big(c, service, d->size_of[1] / 2, HEADER_BYTES + d->size_of[1] / 2, i);
    }
    driver_drain(c);
    driver_expect_clean(c);
}

static void not_taken(struct conform *c)
{
    static const size_t sizes[] = {0, 1, PAYLOAD_MAX - 1, PAYLOAD_MAX};
    const uint32_t service = meet(c, false);

    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            echo_big(c, service, sizes[i], (uint32_t)i + round);
        }
    }
    refuses_longer(c, service);
}

static void taken_anew(struct conform *c)
{
    uint32_t service = meet(c, true);

    for (unsigned round = 0; round < 5; round++) {
        echo_big(c, service, c->driver.size_of[1] - HEADER_BYTES, round);
        driver_down(c);
        driver_up(c, &(struct up){.sizes = round % 2 != 0});
        service = driver_find(c);
    }
    refuses_longer(c, service);
}

const struct conform_check device_buffer_checks[] = {
    {"BUF-1", "who has other sizes offers bit 16", offered},
    {"BUF-2", "messages as long as buffers", every_size},
    {"BUF-2", "a message that is longer", longer_than_buffers},
    {"BUF-2", "buffers that are shorter than agreed", shorter_buffers},
    {"BUF-3", "bit 16 is not taken", not_taken},
    {"BUF-3", "taken and not taken in turns", taken_anew},
    {0},
};
