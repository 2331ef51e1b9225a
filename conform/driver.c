// SPDX-License-Identifier: BSD-3-Clause
// The driver's set-up, and a watch over what the device writes.
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define MARGIN 64u   ///< Between buffers, and behind each ring.
#define UNUSED 0x5au ///< What lies there.
#define PLACES 2u    ///< Where rings may lie.

// ------------------------------------------------------------------------------------ writing

static const uint8_t *base_of(const struct driver *d)
{
    return d->buffers - d->stride[0];
}

uint8_t *driver_copy(const struct driver *d, const uint8_t *at)
{
    return d->copy + (at - base_of(d));
}

void driver_put16(struct driver *d, uint8_t *at, uint16_t value)
{
    put16(driver_copy(d, at), value);
    put16(at, value);
}

void driver_put32(struct driver *d, uint8_t *at, uint32_t value)
{
    put32(driver_copy(d, at), value);
    put32(at, value);
}

void driver_put64(struct driver *d, uint8_t *at, uint64_t value)
{
    put64(driver_copy(d, at), value);
    put64(at, value);
}

void driver_entry32(struct conform *c, uint32_t offset, uint32_t value)
{
    put32(c->driver.entry + offset, value);
    put32(c->target->entry + offset, value);
}

void driver_status(struct conform *c, uint8_t status)
{
    c->driver.entry[ENTRY_STATUS] = status;
    put8(c->target->entry + ENTRY_STATUS, status);
}

void driver_desc(struct conform *c, unsigned queue, uint32_t id, uint64_t address, uint32_t len,
                 uint16_t flags, uint16_t next)
{
    uint8_t *const desc = ring_desc(&c->driver.ring[queue], id);

    driver_put64(&c->driver, desc, address);
    driver_put32(&c->driver, desc + 8, len);
    driver_put16(&c->driver, desc + 12, flags);
    driver_put16(&c->driver, desc + 14, next);
}

uint8_t *driver_buffer(const struct driver *d, unsigned queue, uint32_t id)
{
    const size_t before = queue == 0 ? 0 : (d->ring[0].num + 1) * (size_t)d->stride[0];

    return d->buffers + before + (size_t)id * d->stride[queue];
}

uint64_t driver_pa(const struct driver *d, const uint8_t *at)
{
    return d->buffers_pa + (uint64_t)(at - d->buffers);
}

uint64_t driver_buffer_pa(const struct driver *d, unsigned queue, uint32_t id)
{
    return driver_pa(d, driver_buffer(d, queue, id));
}

// ------------------------------------------------------------------------------------- set-up

void driver_load(struct conform *c)
{
    struct driver *const d = &c->driver;

    load(c);
    const uint8_t *const entry = c->target->entry;
    expect(c, get32(entry) == TYPE_VDEV && get32(entry + ENTRY_ID) == ID_RPMSG,
           "a vdev entry with id 7", "type %u, id %u", get32(entry), get32(entry + ENTRY_ID));
    expect(c, get8(entry + ENTRY_RINGS) == 2, "two vrings", "%u", get8(entry + ENTRY_RINGS));
    memcpy(d->entry, entry, ENTRY_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        const uint32_t num = get32(entry + ENTRY_RING(i, RING_NUM));
        d->ring[i].num = num;
        d->ring[i].align = get32(entry + ENTRY_RING(i, RING_ALIGN));
        if (num < 2 || num > RING_MAX || (num & (num - 1)) != 0) {
            not_applicable(c, "the checker plays rings of 2 to 256 descriptors");
        }
    }
}

void driver_begin(struct conform *c)
{
    driver_load(c);
    start(c);
}

/// A ring at an offset of the free memory; returns the offset behind it.
static size_t place_ring(struct conform *c, unsigned queue, size_t offset, uint32_t notify_id)
{
    struct ring *const ring = &c->driver.ring[queue];
    uint8_t *const at = c->target->free + offset;
    const uint32_t bytes = ring_bytes(ring->num, ring->align);

    memset(at, 0, bytes);
    memset(driver_copy(&c->driver, at), 0, bytes);
    *ring = (struct ring){
        .desc = at,
        .avail = at + (size_t)16 * ring->num,
        .used = at + used_offset(ring->num, ring->align),
        .num = ring->num,
        .align = ring->align,
        .notify_id = notify_id,
    };
    driver_entry32(c, ENTRY_RING(queue, RING_DA), (uint32_t)(c->target->free_da + offset));
    driver_entry32(c, ENTRY_RING(queue, RING_NOTIFYID), notify_id);
    return (offset + bytes + MARGIN + PAGE - 1) / PAGE * PAGE;
}

/// Where rings and buffers go: a margin, the buffers, the rings, and once more the rings.
static void lay_out(struct conform *c, const struct up *up)
{
    struct driver *const d = &c->driver;
    size_t rings = 0, behind = 0;

    for (unsigned i = 0; i < 2; i++) {
        const size_t bytes = ring_bytes(d->ring[i].num, d->ring[i].align);
        rings += (bytes + MARGIN + PAGE - 1) / PAGE * PAGE;
        d->size_of[i] = up->sizes ? c->target->buffer_size[i] : BUFFER_BYTES;
        d->stride[i] = (d->size_of[i] + MARGIN + 7) / 8 * 8;
        behind += (d->ring[i].num + 1) * (size_t)d->stride[i];
    }
    d->buffers = c->target->free + d->stride[0];
    d->buffers_pa = c->target->free_pa + d->stride[0];
    behind = (d->stride[0] + behind + PAGE - 1) / PAGE * PAGE;
    const size_t size = behind + PLACES * rings + PAGE;
    if (size > c->target->free_size) {
        not_applicable(c, "not enough shared memory for rings, buffers and margins");
    }
    if (d->copy == NULL || d->size != size) {
        free(d->copy);
        d->copy = malloc(size);
        d->size = size;
    }
    if (d->copy == NULL) {
        not_applicable(c, "no memory");
    }
    memset(c->target->free, UNUSED, size);
    memset(d->copy, UNUSED, size);
    const size_t at = place_ring(c, 0, behind + (up->elsewhere ? rings : 0), up->ids);
    (void)place_ring(c, 1, at, up->ids + 1);
}

static void provide_buffers(struct conform *c, uint32_t withheld)
{
    struct driver *const d = &c->driver;

    memset(d->out, 0, sizeof d->out);
    d->spares = 0;
    for (uint32_t i = 0; i < d->ring[1].num; i++) {
        d->spare[d->spares++] = (uint16_t)(d->ring[1].num - 1 - i);
    }
    for (uint32_t i = 0; i < d->ring[0].num; i++) {
        driver_desc(c, 0, i, driver_buffer_pa(d, 0, i), d->size_of[0], DESC_WRITE, 0);
        if (i + withheld < d->ring[0].num) {
            driver_offer(c, 0, i);
        }
    }
    driver_put16(d, d->ring[0].avail + 2, d->ring[0].next);
    d->ring[0].shown = d->ring[0].next;
}

void driver_offer_all(struct conform *c, const struct up *up)
{
    struct driver *const d = &c->driver;
    const uint32_t known = FEATURE_NS | FEATURE_EVENT_IDX | FEATURE_INDIRECT;

    d->service_count = 0;
    d->announcements = 0;
    driver_status(c, STATUS_ACKNOWLEDGE);
    driver_status(c, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    d->features = (get32(d->entry + ENTRY_DFEATURES) & known & ~up->without) | up->also;
    d->features |= up->sizes ? FEATURE_BUFFERS : 0;
    driver_entry32(c, ENTRY_GFEATURES, d->features);
    lay_out(c, up);
    provide_buffers(c, up->withheld);
}

void driver_up(struct conform *c, const struct up *up)
{
    driver_offer_all(c, up);
    driver_status(c, STATUS_READY);
    if (!up->silent) {
        driver_kick(c, 0);
    }
}

uint32_t driver_find(struct conform *c)
{
    const struct driver *const d = &c->driver;
    const uint64_t deadline = deadline_in(c, c->target->answer_ms);
    struct message m;

    if ((d->features & FEATURE_NS) == 0) {
        not_applicable(c, "the device offers no name service");
    }
    do {
        while (driver_take(c, &m)) {
        }
        for (uint32_t i = 0; i < d->service_count; i++) {
            if (strcmp(d->services[i].name, c->target->service) == 0) {
                return d->services[i].address;
            }
        }
    } while (let_run(c, deadline));
    expect(c, d->service_count != 0, "the device announces its services when the link is up",
           "no announcement");
    not_applicable(c, "it announces no service of that name");
}

uint32_t driver_meet(struct conform *c, const struct up *up)
{
    driver_begin(c);
    driver_up(c, up);
    return driver_find(c);
}

void driver_down(struct conform *c)
{
    driver_status(c, 0);
    driver_kick(c, 0);
    quiet(c);
    drop_bells(c);
}

void driver_free(struct driver *d)
{
    free(d->copy);
    d->copy = NULL;
}

// -------------------------------------------------------------------------------- what changed

/// True for what the device may write; `*behind` is then the offset behind that.
static bool is_devices(const struct driver *d, size_t offset, size_t *behind)
{
    const uint8_t *const base = base_of(d);

    for (unsigned i = 0; i < 2; i++) {
        const size_t used = (size_t)(d->ring[i].used - base);
        if (offset >= used && offset < used + used_bytes(d->ring[i].num)) {
            *behind = used + used_bytes(d->ring[i].num);
            return true;
        }
    }
    for (uint32_t i = 0; i < d->ring[0].num; i++) {
        const size_t buffer = (size_t)(driver_buffer(d, 0, i) - base);
        const size_t size = get32(d->copy + (ring_desc(&d->ring[0], i) - base) + 8);
        if (offset >= buffer && offset < buffer + size) {
            *behind = buffer + size;
            return true;
        }
    }
    return false;
}

/// Says what lies at an offset.
static void describe(const struct driver *d, size_t offset, char *where, size_t size)
{
    static const char *const names[2] = {"ring to the driver", "ring to the device"};
    const uint8_t *const base = base_of(d);

    for (unsigned i = 0; i < 2; i++) {
        const struct ring *const ring = &d->ring[i];
        const size_t at = (size_t)(ring->desc - base);
        if (offset >= at && offset < at + ring_bytes(ring->num, ring->align)) {
            const size_t inside = offset - at;
            (void)snprintf(where, size, "%s: byte %zu of its %s", names[i], inside,
                           inside < (size_t)16 * ring->num ? "descriptors"
                           : inside < (size_t)(ring->used - ring->desc)
                               ? "available ring and padding"
                               : "ring");
            return;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        const size_t at = (size_t)(driver_buffer(d, i, 0) - base);
        if (offset >= at && offset < at + (d->ring[i].num + 1) * (size_t)d->stride[i]) {
            (void)snprintf(where, size, "buffer %zu of queue %u: byte %zu",
                           (offset - at) / d->stride[i], i, (offset - at) % d->stride[i]);
            return;
        }
    }
    (void)snprintf(where, size, "byte %zu of memory that neither ring nor buffer has", offset);
}

/// The first byte that the device wrote and must not have. `strict`: it must not have at all.
static bool find_change(const struct driver *d, bool strict, char *where, size_t size)
{
    const uint8_t *const base = base_of(d);

    for (size_t i = 0; i < d->size; i++) {
        size_t behind = i;
        if (!strict && is_devices(d, i, &behind)) {
            i = behind - 1;
        } else if (get8(base + i) != d->copy[i]) {
            describe(d, i, where, size);
            return true;
        }
    }
    return false;
}

static void expect_entry(struct conform *c)
{
    uint32_t i = 0;

    while (i < ENTRY_BYTES && get8(c->target->entry + i) == c->driver.entry[i]) {
        i++;
    }
    expect(c, i == ENTRY_BYTES, "the device writes nothing to its vdev entry",
           "byte %u of it was changed", i);
}

void driver_expect_clean(struct conform *c)
{
    char where[120];

    expect_entry(c);
    const bool changed = find_change(&c->driver, false, where, sizeof where);
    expect(c, !changed, "the device writes to used rings and to buffers that it has, nowhere else",
           "it wrote to %s", where);
}

void driver_watch(struct conform *c)
{
    struct driver *const d = &c->driver;

    drop_bells(c);
    memcpy(d->copy, base_of(d), d->size);
}

void driver_expect_silence(struct conform *c, const char *expected)
{
    char where[120];

    quiet(c);
    const bool changed = find_change(&c->driver, true, where, sizeof where);
    expect(c, !changed, expected, "it wrote to %s", where);
    // Others than the rings' have nothing to do with the link.
    const uint32_t bells = UINT32_C(1) << c->driver.ring[0].notify_id % 32 |
                           UINT32_C(1) << c->driver.ring[1].notify_id % 32;
    expect(c, (c->rang & bells) == 0, expected, "it rang: doorbells 0x%x", c->rang & bells);
    expect_entry(c);
}
