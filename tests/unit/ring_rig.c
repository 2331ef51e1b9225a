// SPDX-License-Identifier: BSD-3-Clause
#include "ring_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOTIFY_ID 7u

static void ring_bell(void *context, uint32_t notify_id)
{
    assert_int_equal(notify_id, NOTIFY_ID);
    ++*(unsigned *)context;
}

static size_t round_up(size_t size, size_t align)
{
    return (size + align - 1) / align * align;
}

void rig_open(struct ring_rig *rig, uint32_t num, uint32_t align, uint64_t features)
{
    memset(rig, 0, sizeof *rig);
    rig->ring_bytes = round_up(16 * num + 6 + 2 * num, align) + 6 + 8 * num;
    rig->ring = aligned_alloc(16, round_up(rig->ring_bytes, 16));
    rig->slots = malloc(num * sizeof *rig->slots);
    rig->owned = malloc(num * sizeof *rig->owned);
    rig->low = calloc(RIG_WINDOW, 1);
    rig->high = calloc(RIG_WINDOW, 1);
    assert_true(rig->ring && rig->slots && rig->owned && rig->low && rig->high);
    memset(rig->ring, 0xaa, rig->ring_bytes);

    rig->driver_port = (struct yoke_port){ring_bell, NULL, NULL, &rig->driver_rang};
    rig->device_port = (struct yoke_port){ring_bell, NULL, NULL, &rig->device_rang};
    rig->windows[0] = (struct yoke_window){RIG_LOW, RIG_WINDOW, rig->low};
    rig->windows[1] = (struct yoke_window){RIG_HIGH, RIG_WINDOW, rig->high};
    rig->mem = (struct yoke_mem){rig->windows, 2};
    rig->driver_config = (struct yoke_vq_config){.memory = rig->ring,
                                                 .num = num,
                                                 .align = align,
                                                 .features = features,
                                                 .port = &rig->driver_port,
                                                 .notify_id = NOTIFY_ID};
    rig->device_config = rig->driver_config;
    rig->device_config.port = &rig->device_port;
    assert_int_equal(yoke_vq_driver_init(&rig->driver, &rig->driver_config, rig->slots), YOKE_OK);
    assert_int_equal(yoke_vq_device_init(&rig->device, &rig->device_config, &rig->mem, rig->owned),
                     YOKE_OK);
}

void rig_close(struct ring_rig *rig)
{
    free(rig->ring);
    free(rig->slots);
    free(rig->owned);
    free(rig->low);
    free(rig->high);
}

void rig_age(struct ring_rig *rig, uint32_t count)
{
    struct yoke_vq *const sides[] = {&rig->driver.vq, &rig->device.vq};

    for (size_t i = 0; i < 2; i++) {
        sides[i]->next = sides[i]->shown = sides[i]->seen = sides[i]->known = count;
        sides[i]->armed_at = count;
    }
    yoke_put_le16(rig_avail(rig) + 2, (uint16_t)count);
    yoke_put_le16(rig_used(rig) + 2, (uint16_t)count);
    if (rig->driver.vq.event_idx) {
        yoke_put_le16(rig_used_event(rig), (uint16_t)count);
        yoke_put_le16(rig_avail_event(rig), (uint16_t)count);
    }
}

uint8_t *rig_desc(const struct ring_rig *rig, uint32_t index)
{
    return rig->ring + 16 * index;
}

uint8_t *rig_avail(const struct ring_rig *rig)
{
    return rig->ring + 16 * rig->driver_config.num;
}

uint8_t *rig_used(const struct ring_rig *rig)
{
    const uint32_t num = rig->driver_config.num;
    return rig->ring + round_up(16 * num + 6 + 2 * num, rig->driver_config.align);
}

uint8_t *rig_used_event(const struct ring_rig *rig)
{
    return rig_avail(rig) + 4 + 2 * rig->driver_config.num;
}

uint8_t *rig_avail_event(const struct ring_rig *rig)
{
    return rig_used(rig) + 4 + 8 * rig->driver_config.num;
}

void rig_put_desc(void *desc, uint64_t address, uint32_t size, uint16_t flags, uint16_t next)
{
    uint8_t *const bytes = desc;

    yoke_put_le64(bytes, address);
    yoke_put_le32(bytes + 8, size);
    yoke_put_le16(bytes + 12, flags);
    yoke_put_le16(bytes + 14, next);
}

void rig_raw_offer(struct ring_rig *rig, uint16_t head)
{
    uint8_t *const avail = rig_avail(rig);
    const uint16_t idx = yoke_le16(avail + 2);

    yoke_put_le16(avail + 4 + 2 * (idx % rig->driver_config.num), head);
    yoke_put_le16(avail + 2, (uint16_t)(idx + 1));
}

void rig_raw_use(struct ring_rig *rig, uint32_t id, uint32_t size)
{
    uint8_t *const used = rig_used(rig);
    const uint16_t idx = yoke_le16(used + 2);
    uint8_t *const element = used + 4 + 8 * (idx % rig->driver_config.num);

    yoke_put_le32(element, id);
    yoke_put_le32(element + 4, size);
    yoke_put_le16(used + 2, (uint16_t)(idx + 1));
}

struct yoke_chain rig_offered(struct ring_rig *rig, uint16_t head)
{
    rig_raw_offer(rig, head);
    return rig_pop(rig);
}

/// Follows a chain by `count` buffers, sees that it then ends with `end`, and hands it back.
static struct yoke_vq_part follow(struct ring_rig *rig, unsigned count, uint16_t head, int end)
{
    struct yoke_chain chain = rig_offered(rig, head);
    struct yoke_vq_part last = {NULL, 0, false}, none;

    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(yoke_chain_next(&rig->device, &chain, &last), 1);
    }
    assert_int_equal(yoke_chain_next(&rig->device, &chain, &none), end);
    assert_int_equal(yoke_chain_next(&rig->device, &chain, &none), end);
    assert_int_equal(yoke_vq_device_push(&rig->device, chain.ticket, 0), YOKE_OK);
    return last;
}

void rig_refused_after(struct ring_rig *rig, unsigned good, uint16_t head)
{
    follow(rig, good, head, YOKE_BAD_PEER);
}

struct yoke_vq_part rig_good(struct ring_rig *rig, unsigned count, uint16_t head)
{
    return follow(rig, count, head, 0);
}

uint16_t rig_offer(struct ring_rig *rig, uint64_t address, uint32_t size, bool write)
{
    const yoke_ticket ticket = yoke_vq_driver_take(&rig->driver);

    assert_int_not_equal(ticket, YOKE_NO_TICKET);
    assert_int_equal(yoke_vq_driver_offer(&rig->driver, ticket, address, size, write), YOKE_OK);
    yoke_vq_publish(&rig->driver.vq);
    return yoke_ticket_index(ticket);
}

struct yoke_chain rig_pop(struct ring_rig *rig)
{
    struct yoke_chain chain;

    assert_int_equal(yoke_vq_device_pop(&rig->device, &chain), 1);
    assert_int_not_equal(chain.ticket, YOKE_NO_TICKET);
    return chain;
}
