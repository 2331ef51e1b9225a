// SPDX-License-Identifier: BSD-3-Clause
// Indirect descriptors, good ones and bad ones.
#include "chain.h"

/// A table of descriptors in the spare buffer of queue 1, of which the first is the message's.
static uint8_t *make_table(struct conform *c, unsigned entry, uint64_t address, uint32_t len,
                           uint16_t flags, uint16_t next)
{
    struct driver *const d = &c->driver;
    uint8_t *const table = driver_buffer(d, 1, d->ring[1].num);
    uint8_t *const at = table + (size_t)16 * entry;

    driver_put64(d, at, address);
    driver_put32(d, at + 8, len);
    driver_put16(d, at + 12, flags);
    driver_put16(d, at + 14, next);
    return table;
}

/// Comes up, with indirect descriptors if `negotiated`.
static uint32_t meet_indirect(struct conform *c, bool negotiated)
{
    const uint32_t service =
        driver_meet(c, &(struct up){.without = negotiated ? 0 : FEATURE_INDIRECT});

    if (negotiated && (c->driver.features & FEATURE_INDIRECT) == 0) {
        not_applicable(c, "the device does not offer INDIRECT_DESC");
    }
    return service;
}

static void indirect(struct conform *c, uint32_t service, uint32_t len, uint16_t flags, bool good)
{
    struct driver *const d = &c->driver;
    const uint32_t id = chain_prepare(c, service);
    struct message m;

    const uint8_t *const table =
        make_table(c, 0, driver_buffer_pa(d, 1, id), HEADER_BYTES + 4, 0, 0);
    driver_desc(c, 1, id, driver_pa(d, table), len, (uint16_t)(DESC_INDIRECT | flags),
                (uint16_t)((id + 1) % d->ring[1].num));
    if (!good) {
        chain_refused(c, service, id);
        return;
    }
    driver_offer(c, QUEUE_TO_DEVICE, id);
    driver_show(c, QUEUE_TO_DEVICE);
    const bool came = driver_receive(c, STRANGER, &m);
    expect(c, came, "an indirect chain of one buffer is a message", "it was not answered");
    (void)driver_await_back(c, id);
}

static void indirect_is_taken(struct conform *c)
{
    const uint32_t service = meet_indirect(c, true);

    indirect(c, service, 16, 0, true);
    indirect(c, service, 16, DESC_WRITE, true); // WRITE does not count there.
    driver_echo(c, service, 30, 1);
    driver_expect_clean(c);
}

static void indirect_not_negotiated(struct conform *c)
{
    indirect(c, meet_indirect(c, false), 16, 0, false);
}

static void indirect_lengths(struct conform *c)
{
    const uint32_t service = meet_indirect(c, true);

    indirect(c, service, 0, 0, false);
    indirect(c, service, 8, 0, false);
    indirect(c, service, 17, 0, false);
    indirect(c, service, 0xfffffff0, 0, false);
}

static void indirect_with_next(struct conform *c)
{
    indirect(c, meet_indirect(c, true), 16, DESC_NEXT, false);
}

static void indirect_in_indirect(struct conform *c)
{
    const uint32_t service = meet_indirect(c, true);
    struct driver *const d = &c->driver;
    const uint32_t id = chain_prepare(c, service);
    uint8_t *const table = make_table(c, 1, driver_buffer_pa(d, 1, id), HEADER_BYTES + 4, 0, 0);

    (void)make_table(c, 0, driver_pa(d, table + 16), 16, DESC_INDIRECT, 0);
    driver_desc(c, 1, id, driver_pa(d, table), 16, DESC_INDIRECT, 0);
    chain_refused(c, service, id);
}

static void indirect_too_long(struct conform *c)
{
    const uint32_t service = meet_indirect(c, true);
    struct driver *const d = &c->driver;
    const uint32_t id = chain_prepare(c, service);
    const uint8_t *table = NULL;

    // It loops, and leaves its table.
    for (unsigned i = 0; i < 2; i++) {
        table = make_table(c, i, driver_buffer_pa(d, 1, id), HEADER_BYTES + 4, DESC_NEXT,
                           (uint16_t)(1 - i));
    }
    driver_desc(c, 1, id, driver_pa(d, table), 32, DESC_INDIRECT, 0);
    chain_refused(c, service, id);
    const uint32_t another = chain_prepare(c, service);
    (void)make_table(c, 0, driver_buffer_pa(d, 1, another), HEADER_BYTES + 4, DESC_NEXT, 2);
    driver_desc(c, 1, another, driver_pa(d, table), 32, DESC_INDIRECT, 0);
    chain_refused(c, service, another);
}

const struct conform_check device_indirect_checks[] = {
    {"RING-6", "an indirect chain that loops or leaves its table", indirect_too_long},
    {"RING-8", "indirect descriptors work", indirect_is_taken},
    {"RING-8", "indirect without having been negotiated", indirect_not_negotiated},
    {"RING-8", "indirect with an impossible length", indirect_lengths},
    {"RING-8", "indirect with NEXT", indirect_with_next},
    {"RING-8", "indirect in an indirect table", indirect_in_indirect},
    {0},
};
