// SPDX-License-Identifier: BSD-3-Clause
// Chains that have to be refused.
#include "chain.h"

uint32_t chain_prepare(struct conform *c, uint32_t service)
{
    const struct message m = {
        .src = STRANGER, .dst = service, .len = 4, .whole = HEADER_BYTES + 4, .data = {'b', 'a'}};
    const uint32_t id = driver_claim(c);

    driver_write(c, id, &m);
    return id;
}

void chain_refused(struct conform *c, uint32_t service, uint32_t id)
{
    driver_offer(c, QUEUE_TO_DEVICE, id);
    driver_show(c, QUEUE_TO_DEVICE);
    const uint32_t len = driver_await_back(c, id);
    expect(c, len == 0, "a chain that is refused comes back with length 0", "length %u", len);
    const uint32_t before = c->driver.others;
    driver_echo(c, service, 24, id);
    expect(c, c->driver.others == before, "a chain that is refused is not taken as a message",
           "it was answered");
}

/// Offers a chain of queue 0 that has to be refused, with all other buffers withheld: it comes back
/// with length 0, and the answer goes into the good buffer behind it.
static void refused_to_driver(struct conform *c, uint32_t service, uint32_t id)
{
    const uint32_t good = (id + 1) % c->driver.ring[0].num;
    uint32_t got, len;

    driver_offer(c, QUEUE_TO_DRIVER, id);
    driver_show(c, QUEUE_TO_DRIVER);
    driver_desc(c, 0, good, driver_buffer_pa(&c->driver, 0, good), BUFFER_BYTES, DESC_WRITE, 0);
    driver_offer(c, QUEUE_TO_DRIVER, good);
    driver_show(c, QUEUE_TO_DRIVER);
    (void)driver_send(c, CHECKER_ADDRESS, service, "x", 1);
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    for (unsigned i = 0; i < 2; i++) {
        bool came;
        while (!(came = driver_used(c, QUEUE_TO_DRIVER, &got, &len)) && let_run(c, deadline)) {
        }
        expect(c, came, "a chain that is refused comes back, and the next one is used",
               "only %u of 2 came back", i);
        expect(c, got == id ? len == 0 : len == HEADER_BYTES + 1,
               "a chain that is refused comes back with length 0, the message in the next one",
               "descriptor %u came back with length %u", got, len);
    }
    driver_expect_clean(c);
}

/// Comes up, and all buffers of queue 0 are the driver's.
static uint32_t meet_without_buffers(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    uint32_t kept[RING_MAX];

    driver_use_up(c, service, kept, c->driver.ring[0].num);
    return service;
}

static void outside_of_memory(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint64_t bad[] = {0x10, UINT64_C(0xffff800000000000), UINT64_MAX - 7};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (window_at(c->target->pa, bad[i], 1) == NULL) {
            const uint32_t id = chain_prepare(c, service);
            driver_desc(c, 1, id, bad[i], HEADER_BYTES + 4, 0, 0);
            chain_refused(c, service, id);
        }
    }
    driver_expect_clean(c);
}

static void over_the_edge(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const struct conform_target *const target = c->target;
    const uint64_t end = target->free_pa + target->free_size;
    uint8_t *const at = target->free + target->free_size - HEADER_BYTES - 4;

    if (window_at(target->pa, end, 1) != NULL) {
        not_applicable(c, "memory goes on where the checker's ends");
    }
    // All of a message that would be answered, but for its last bytes.
    put32(at, STRANGER);
    put32(at + 4, service);
    put32(at + 8, 0);
    put32(at + 12, 8);
    const uint32_t id = chain_prepare(c, service);
    driver_desc(c, 1, id, end - HEADER_BYTES - 4, HEADER_BYTES + 8, 0, 0);
    chain_refused(c, service, id);
}

static void wrapping_length(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t id = chain_prepare(c, service);

    driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), UINT32_MAX, 0, 0);
    chain_refused(c, service, id);
}

static void bits_above_32(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    for (unsigned bit = 33; bit < 64; bit += 10) {
        const uint32_t id = chain_prepare(c, service);
        const uint64_t bad = driver_buffer_pa(&c->driver, 1, id) ^ UINT64_C(1) << bit;
        if (window_at(c->target->pa, bad, 1) == NULL) {
            driver_desc(c, 1, id, bad, HEADER_BYTES + 4, 0, 0);
            chain_refused(c, service, id);
        }
    }
}

static void buffer_to_driver_outside(struct conform *c)
{
    const uint32_t service = meet_without_buffers(c);

    driver_desc(c, 0, 0, 0x10, BUFFER_BYTES, DESC_WRITE, 0);
    refused_to_driver(c, service, 0);
}

static void loops(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t id = chain_prepare(c, service);

    driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), HEADER_BYTES + 4, DESC_NEXT,
                (uint16_t)id);
    chain_refused(c, service, id);
    // A longer one: every descriptor points to the next, the last one to the first.
    const uint32_t num = c->driver.ring[1].num;
    for (uint32_t i = 0; i < num; i++) {
        driver_desc(c, 1, i, driver_buffer_pa(&c->driver, 1, i), HEADER_BYTES + 4, DESC_NEXT,
                    (uint16_t)((i + 1) % num));
    }
    driver_offer(c, QUEUE_TO_DEVICE, driver_claim(c));
    driver_show(c, QUEUE_TO_DEVICE);
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    while (driver_reap(c) == 0 && let_run(c, deadline)) {
    }
    driver_echo(c, service, 24, 2);
}

static void next_leaves_the_table(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;
    const uint32_t bad[] = {num, 65535, num + 1};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const uint32_t id = chain_prepare(c, service);
        driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), HEADER_BYTES + 4, DESC_NEXT,
                    (uint16_t)bad[i]);
        chain_refused(c, service, id);
    }
}

static void writes_before_reads(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t second = driver_claim(c);
    const uint32_t id = chain_prepare(c, service);

    driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), BUFFER_BYTES, DESC_WRITE | DESC_NEXT,
                (uint16_t)second);
    driver_desc(c, 1, second, driver_buffer_pa(&c->driver, 1, second), HEADER_BYTES + 4, 0, 0);
    chain_refused(c, service, id);
    driver_expect_clean(c);
}

static void not_to_be_written(struct conform *c)
{
    const uint32_t service = meet_without_buffers(c);

    driver_desc(c, 0, 0, driver_buffer_pa(&c->driver, 1, c->driver.ring[1].num), BUFFER_BYTES, 0,
                0);
    refused_to_driver(c, service, 0);
}

static void bad_among_good(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t num = c->driver.ring[1].num;
    uint32_t answers = 0;
    struct message m;

    // Every other one is bad; all are shown at once.
    for (uint32_t i = 0; i < num; i++) {
        if (i % 2 == 0) {
            (void)driver_put(c, CHECKER_ADDRESS, service, &i, sizeof i);
            continue;
        }
        const uint32_t id = chain_prepare(c, service);
        driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), HEADER_BYTES + 4,
                    i % 4 == 1 ? DESC_NEXT : DESC_WRITE, (uint16_t)id);
        driver_offer(c, QUEUE_TO_DEVICE, id);
    }
    driver_show(c, QUEUE_TO_DEVICE);
    while (answers < num / 2) {
        const bool came = driver_receive(c, CHECKER_ADDRESS, &m);
        expect(c, came, "chains behind one that is refused are used", "%u of %u messages arrived",
               answers, num / 2);
        answers++;
    }
    driver_await_spares(c, num);
}

static void two_buffers(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t second = driver_claim(c);
    const uint32_t id = chain_prepare(c, service);

    driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), HEADER_BYTES + 4, DESC_NEXT,
                (uint16_t)second);
    driver_desc(c, 1, second, driver_buffer_pa(&c->driver, 1, second), 100, 0, 0);
    chain_refused(c, service, id);
}

static void buffer_to_be_written(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t id = chain_prepare(c, service);

    driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), HEADER_BYTES + 4, DESC_WRITE, 0);
    chain_refused(c, service, id);
    driver_expect_clean(c);
}

static void too_short_for_a_header(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    static const uint32_t lens[] = {15, 8, 1, 0};

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const uint32_t id = chain_prepare(c, service);
        // Even if the header says that there is no payload.
        driver_put16(&c->driver, driver_buffer(&c->driver, 1, id) + 12, 0);
        driver_desc(c, 1, id, driver_buffer_pa(&c->driver, 1, id), lens[i], 0, 0);
        chain_refused(c, service, id);
    }
}

static void buffer_to_driver_of_two(struct conform *c)
{
    const uint32_t service = meet_without_buffers(c);

    driver_desc(c, 0, 0, driver_buffer_pa(&c->driver, 0, 0), BUFFER_BYTES, DESC_WRITE | DESC_NEXT,
                3);
    driver_desc(c, 0, 3, driver_buffer_pa(&c->driver, 0, 3), BUFFER_BYTES, DESC_WRITE, 0);
    refused_to_driver(c, service, 0);
}

static void buffer_to_driver_too_short(struct conform *c)
{
    const uint32_t service = meet_without_buffers(c);

    driver_desc(c, 0, 0, driver_buffer_pa(&c->driver, 0, 0), HEADER_BYTES - 1, DESC_WRITE, 0);
    refused_to_driver(c, service, 0);
}

const struct conform_check device_chain_checks[] = {
    {"RING-3", "a buffer outside of the memory for buffers", outside_of_memory},
    {"RING-3", "a buffer that leaves memory at its end", over_the_edge},
    {"RING-3", "a buffer whose end wraps or lies far away", wrapping_length},
    {"RING-3", "addresses have 64 bits", bits_above_32},
    {"RING-3", "a buffer to the driver outside of memory", buffer_to_driver_outside},
    {"RING-6", "chains that loop", loops},
    {"RING-6", "a chain that leaves its table", next_leaves_the_table},
    {"RING-7", "a buffer to write before one to read", writes_before_reads},
    {"RING-7", "nothing is written to a buffer without WRITE", not_to_be_written},
    {"RING-10", "refused chains come back, those between them are used", bad_among_good},
    {"MSG-5", "a message in two buffers", two_buffers},
    {"MSG-5", "a message in a buffer with WRITE", buffer_to_be_written},
    {"MSG-5", "a buffer that is too short for a header", too_short_for_a_header},
    {"MSG-5", "a buffer to the driver that is a chain of two", buffer_to_driver_of_two},
    {"MSG-5", "a buffer to the driver that is too short for a header", buffer_to_driver_too_short},
    {0},
};
