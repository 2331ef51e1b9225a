// SPDX-License-Identifier: BSD-3-Clause
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

// ------------------------------------------------------------------------------------------ fields

void peer_set_table(struct peer *peer, uint32_t offset, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        peer->memory[offset + i] = (uint8_t)(value >> 8 * i); // the table is little endian
    }
}

uint32_t peer_table(const struct peer *peer, uint32_t offset)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 4; i++) {
        value |= (uint32_t)peer->memory[offset + i] << 8 * i;
    }
    return value;
}

void peer_set_status(struct peer *peer, uint8_t status)
{
    peer->memory[PEER_STATUS] = status;
}

uint8_t peer_status(const struct peer *peer)
{
    return peer->memory[PEER_STATUS];
}

static uint64_t get(const struct peer *peer, const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)at[peer->config.big_endian ? size - 1 - i : i] << 8 * i;
    }
    return value;
}

static void put(const struct peer *peer, uint8_t *at, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        at[peer->config.big_endian ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
    }
}

uint16_t peer_get16(const struct peer *peer, const uint8_t *at)
{
    return (uint16_t)get(peer, at, 2);
}

uint32_t peer_get32(const struct peer *peer, const uint8_t *at)
{
    return (uint32_t)get(peer, at, 4);
}

uint64_t peer_get64(const struct peer *peer, const uint8_t *at)
{
    return get(peer, at, 8);
}

void peer_put16(const struct peer *peer, uint8_t *at, uint16_t value)
{
    put(peer, at, 2, value);
}

void peer_put32(const struct peer *peer, uint8_t *at, uint32_t value)
{
    put(peer, at, 4, value);
}

void peer_put64(const struct peer *peer, uint8_t *at, uint64_t value)
{
    put(peer, at, 8, value);
}

// ------------------------------------------------------------------------------------------- rings

unsigned peer_rx(const struct peer *peer)
{
    return peer->config.role == PEER_DRIVER ? 0 : 1;
}

unsigned peer_tx(const struct peer *peer)
{
    return peer->config.role == PEER_DRIVER ? 1 : 0;
}

/// The ring that the peer writes, and the other one.
static uint8_t *own_ring(const struct peer *peer, unsigned queue)
{
    const struct peer_queue *const q = &peer->queue[queue];
    return peer->config.role == PEER_DRIVER ? q->avail : q->used;
}

static uint8_t *other_ring(const struct peer *peer, unsigned queue)
{
    const struct peer_queue *const q = &peer->queue[queue];
    return peer->config.role == PEER_DRIVER ? q->used : q->avail;
}

/// Where the event index behind a ring lies: used_event is behind the available ring (2.7.6),
/// avail_event behind the used ring (2.7.8).
static uint8_t *event_of(const struct peer *peer, unsigned queue, bool own)
{
    const bool avail = own == (peer->config.role == PEER_DRIVER);
    const struct peer_queue *const q = &peer->queue[queue];
    return avail ? q->avail + 4 + 2 * peer->config.num : q->used + 4 + 8 * peer->config.num;
}

static bool event_idx(const struct peer *peer)
{
    return (peer_table(peer, PEER_GFEATURES) & PEER_F_EVENT_IDX) != 0;
}

void peer_arm(struct peer *peer, unsigned queue)
{
    if (event_idx(peer)) {
        peer_put16(peer, event_of(peer, queue, true), peer->queue[queue].seen);
    } else {
        peer_put16(peer, own_ring(peer, queue), 0);
    }
}

void peer_quiet(struct peer *peer, unsigned queue)
{
    if (event_idx(peer)) {
        peer_put16(peer, event_of(peer, queue, true), (uint16_t)(peer->queue[queue].seen - 1));
    } else {
        peer_put16(peer, own_ring(peer, queue), 1);
    }
}

void peer_show(struct peer *peer, unsigned queue)
{
    struct peer_queue *const q = &peer->queue[queue];
    bool wanted;

    peer_put16(peer, own_ring(peer, queue) + 2, q->next);
    if (event_idx(peer)) {
        // 2.7.10: ring if the index passed the event.
        const uint16_t event = peer_get16(peer, event_of(peer, queue, false));
        wanted = false;
        for (uint16_t i = q->shown; i != q->next; i++) {
            wanted = wanted || i == event;
        }
    } else {
        wanted = q->shown != q->next && peer_get16(peer, other_ring(peer, queue)) == 0;
    }
    q->shown = q->next;
    peer->rang[queue] += wanted;
}

static void put_avail(struct peer *peer, unsigned queue, uint16_t head)
{
    struct peer_queue *const q = &peer->queue[queue];

    peer_put16(peer, q->avail + 4 + 2 * (q->next % peer->config.num), head);
    q->next++;
}

static void put_used(struct peer *peer, unsigned queue, uint32_t id, uint32_t len)
{
    struct peer_queue *const q = &peer->queue[queue];
    uint8_t *const element = q->used + 4 + 8 * (q->next % peer->config.num);

    peer_put32(peer, element, id);
    peer_put32(peer, element + 4, len);
    q->next++;
}

/// Hands over a buffer of the ring that the peer writes: an available head, or a used element.
static void put_own(struct peer *peer, unsigned queue, uint32_t id, uint32_t len)
{
    if (peer->config.role == PEER_DRIVER) {
        put_avail(peer, queue, (uint16_t)id);
    } else {
        put_used(peer, queue, id, len);
    }
}

/// Takes the next element that the other side put.
static bool take_other(struct peer *peer, unsigned queue, uint32_t *id, uint32_t *len)
{
    struct peer_queue *const q = &peer->queue[queue];

    if (peer_get16(peer, other_ring(peer, queue) + 2) == q->seen) {
        return false;
    }
    if (peer->config.role == PEER_DRIVER) {
        const uint8_t *const element = q->used + 4 + 8 * (q->seen % peer->config.num);
        *id = peer_get32(peer, element);
        *len = peer_get32(peer, element + 4);
    } else {
        *id = peer_get16(peer, q->avail + 4 + 2 * (q->seen % peer->config.num));
        *len = peer_get32(peer, q->desc + 16 * *id + 8);
    }
    q->seen++;
    return true;
}

static void set_desc(struct peer *peer, unsigned queue, uint32_t id, uint64_t addr, uint32_t len,
                     uint16_t flags, uint16_t next)
{
    uint8_t *const desc = peer->queue[queue].desc + 16 * id;

    peer_put64(peer, desc, addr);
    peer_put32(peer, desc + 8, len);
    peer_put16(peer, desc + 12, flags);
    peer_put16(peer, desc + 14, next);
}

/// Driver: the buffers of queue 0 come first, then those of queue 1.
static size_t buffer_offset(const struct peer *peer, unsigned queue, uint32_t id)
{
    return ((size_t)queue * peer->config.num + id) * peer->config.buffer_size;
}

static uint8_t *buffer_at(const struct peer *peer, unsigned queue, uint32_t id)
{
    size_t offset = buffer_offset(peer, queue, id);

    if (peer->config.role == PEER_DEVICE) {
        offset = (size_t)(peer_get64(peer, peer->queue[queue].desc + 16 * id) - PEER_PA);
    }
    return peer->memory + peer->buffers_at + offset;
}

// ------------------------------------------------------------------------------------------ set-up

static size_t avail_at(uint32_t num)
{
    return 16 * (size_t)num;
}

static size_t used_at(uint32_t num, uint32_t align)
{
    const size_t end = avail_at(num) + 4 + 2 * (size_t)num + 2;
    return (end + align - 1) / align * align;
}

void peer_open(struct peer *peer, const struct peer_config *config)
{
    const size_t ring = used_at(config->num, config->align) + 4 + 8 * (size_t)config->num + 2;
    const size_t ring_pages = (ring + PAGE - 1) / PAGE * PAGE;

    *peer = (struct peer){.config = *config};
    peer->ring_at[0] = PAGE;
    peer->ring_at[1] = PAGE + ring_pages;
    peer->buffers_at = PAGE + 2 * ring_pages;
    peer->size = peer->buffers_at + 2 * (size_t)config->num * config->buffer_size;
    peer->size = (peer->size + PAGE - 1) / PAGE * PAGE;
    peer->memory = aligned_alloc(PAGE, peer->size);
    peer->spare = calloc(config->num, sizeof *peer->spare);
    if (peer->memory == NULL || peer->spare == NULL) {
        abort();
    }
    memset(peer->memory, 0, peer->size);
    peer_set_table(peer, 0, 3); // RSC_VDEV
    peer_set_table(peer, 4, 7); // VIRTIO_ID_RPMSG
    peer_set_table(peer, PEER_DFEATURES, config->offered);
    peer->memory[25] = 2; // num_of_vrings
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *const base = peer->memory + peer->ring_at[i];
        peer_set_table(peer, PEER_VRING(i, PEER_VRING_DA), UINT32_MAX);
        peer_set_table(peer, PEER_VRING(i, PEER_VRING_ALIGN), config->align);
        peer_set_table(peer, PEER_VRING(i, PEER_VRING_NUM), config->num);
        peer->queue[i] = (struct peer_queue){
            .desc = base,
            .avail = base + avail_at(config->num),
            .used = base + used_at(config->num, config->align),
        };
    }
}

void peer_close(struct peer *peer)
{
    free(peer->memory);
    free(peer->spare);
    peer->memory = NULL;
    peer->spare = NULL;
}

void peer_place(struct peer *peer)
{
    const uint32_t num = peer->config.num;

    memset(peer->memory + PAGE, 0, peer->buffers_at - PAGE);
    for (unsigned i = 0; i < 2; i++) {
        struct peer_queue *const q = &peer->queue[i];
        q->next = q->shown = q->seen = 0;
        peer_set_table(peer, PEER_VRING(i, PEER_VRING_DA), (uint32_t)(PEER_DA + peer->ring_at[i]));
        peer_set_table(peer, PEER_VRING(i, PEER_VRING_NOTIFYID), PEER_NOTIFY + i);
    }
    peer->spares = num;
    for (uint32_t i = 0; i < num; i++) {
        set_desc(peer, 0, i, PEER_PA + buffer_offset(peer, 0, i), peer->config.buffer_size, 2, 0);
        put_avail(peer, 0, (uint16_t)i);
        peer->spare[i] = (uint16_t)(num - 1 - i);
    }
    peer_put16(peer, peer->queue[0].avail + 2, (uint16_t)num);
    peer->queue[0].shown = (uint16_t)num;
}

void peer_up(struct peer *peer)
{
    if (peer->config.role == PEER_DEVICE) {
        for (unsigned i = 0; i < 2; i++) {
            struct peer_queue *const q = &peer->queue[i];
            uint8_t *const base =
                peer->memory + (peer_table(peer, PEER_VRING(i, PEER_VRING_DA)) - PEER_DA);
            q->used = base + (q->used - q->desc);
            q->avail = base + (q->avail - q->desc);
            q->desc = base;
            q->next = q->shown = q->seen = 0;
        }
        return;
    }
    peer_set_status(peer, 0);
    peer_set_status(peer, 1);
    peer_set_status(peer, 3);
    peer_set_table(peer, PEER_GFEATURES, peer->config.taken);
    peer_place(peer);
    peer_set_status(peer, 7);
    peer->rang[0]++;
}

void peer_down(struct peer *peer)
{
    peer_set_status(peer, 0);
}

// ---------------------------------------------------------------------------------------- messages

/// Finds a buffer for a message of the peer's: its id, or -1.
static int free_buffer(struct peer *peer)
{
    uint32_t id, len;

    if (peer->config.role == PEER_DRIVER) {
        while (take_other(peer, 1, &id, &len)) {
            peer->spare[peer->spares++] = (uint16_t)id;
        }
        return peer->spares == 0 ? -1 : peer->spare[--peer->spares];
    }
    return take_other(peer, 0, &id, &len) ? (int)id : -1;
}

static bool put_frame(struct peer *peer, const struct peer_message *m)
{
    const unsigned queue = peer_tx(peer);
    const int id = free_buffer(peer);

    if (id < 0) {
        return false;
    }
    uint8_t *const buffer = buffer_at(peer, queue, (uint32_t)id);
    peer_put32(peer, buffer, m->src);
    peer_put32(peer, buffer + 4, m->dst);
    peer_put32(peer, buffer + 8, m->reserved);
    peer_put16(peer, buffer + 12, m->len);
    peer_put16(peer, buffer + 14, m->flags);
    if (m->data != NULL) {
        memcpy(buffer + 16, m->data, m->len);
    }
    if (peer->config.role == PEER_DRIVER) {
        set_desc(peer, queue, (uint32_t)id, PEER_PA + buffer_offset(peer, queue, (uint32_t)id),
                 m->whole, 0, 0);
    }
    put_own(peer, queue, (uint32_t)id, m->whole);
    return true;
}

bool peer_send_frame(struct peer *peer, const struct peer_message *message)
{
    const bool sent = put_frame(peer, message);

    peer_show(peer, peer_tx(peer));
    return sent;
}

bool peer_put(struct peer *peer, uint32_t src, uint32_t dst, const void *data, size_t size)
{
    const struct peer_message message = {
        .src = src, .dst = dst, .len = (uint16_t)size, .data = data, .whole = 16 + (uint32_t)size};
    return put_frame(peer, &message);
}

bool peer_send(struct peer *peer, uint32_t src, uint32_t dst, const void *data, size_t size)
{
    const bool sent = peer_put(peer, src, dst, data, size);

    peer_show(peer, peer_tx(peer));
    return sent;
}

bool peer_send_ns(struct peer *peer, const char *name, uint32_t addr, uint32_t flags)
{
    uint8_t bytes[40] = {0};

    for (unsigned i = 0; i < 32 && name[i] != '\0'; i++) {
        bytes[i] = (uint8_t)name[i];
    }
    peer_put32(peer, bytes + 32, addr);
    peer_put32(peer, bytes + 36, flags);
    return peer_send(peer, addr, 53, bytes, sizeof bytes);
}

bool peer_receive_keep(struct peer *peer, struct peer_message *message)
{
    const unsigned queue = peer_rx(peer);
    uint32_t id, len;

    if (!take_other(peer, queue, &id, &len)) {
        return false;
    }
    const uint8_t *const buffer = buffer_at(peer, queue, id);
    *message = (struct peer_message){
        .src = peer_get32(peer, buffer),
        .dst = peer_get32(peer, buffer + 4),
        .reserved = peer_get32(peer, buffer + 8),
        .len = peer_get16(peer, buffer + 12),
        .flags = peer_get16(peer, buffer + 14),
        .data = buffer + 16,
        .whole = len,
        .id = (uint16_t)id,
    };
    return true;
}

void peer_recycle(struct peer *peer, uint16_t id)
{
    put_own(peer, peer_rx(peer), id, 0);
    peer_show(peer, peer_rx(peer));
}

bool peer_receive(struct peer *peer, struct peer_message *message)
{
    const bool came = peer_receive_keep(peer, message);

    if (came) {
        peer_recycle(peer, message->id);
    }
    return came;
}

// ---------------------------------------------------------------------------------------- mistakes

/// Sends a good message whose descriptor is then spoilt.
static bool spoil_desc(struct peer *peer, enum peer_mistake mistake, uint32_t dst)
{
    static const uint8_t data[8] = "spoilt!";
    const uint64_t end = PEER_PA + (uint64_t)(peer->size - peer->buffers_at);

    if (peer->config.role != PEER_DRIVER || !peer_put(peer, 1, dst, data, sizeof data)) {
        return false;
    }
    struct peer_queue *const q = &peer->queue[1];
    const uint16_t id =
        peer_get16(peer, q->avail + 4 + 2 * ((uint16_t)(q->next - 1) % peer->config.num));
    const uint64_t addr = PEER_PA + buffer_offset(peer, 1, id);
    // A table of two descriptors, in the same buffer behind the message.
    const uint64_t table = addr + 64;
    uint8_t *const inner = buffer_at(peer, 1, id) + 64;
    peer_put64(peer, inner, addr);
    peer_put32(peer, inner + 8, 24);
    peer_put16(peer, inner + 12, 0);
    switch (mistake) {
    case PEER_DESC_OUTSIDE:
        set_desc(peer, 1, id, end, 24, 0, 0);
        break;
    case PEER_DESC_STRADDLES:
        set_desc(peer, 1, id, end - 23, 24, 0, 0);
        break;
    case PEER_DESC_WRAPS:
        set_desc(peer, 1, id, UINT64_MAX - 7, 24, 0, 0);
        break;
    case PEER_DESC_WRITES:
        set_desc(peer, 1, id, addr, 24, 2, 0);
        break;
    case PEER_DESC_CHAINED:
        set_desc(peer, 1, id, addr, 16, 1, (uint16_t)((id + 1) % peer->config.num));
        break;
    case PEER_DESC_SELF:
        set_desc(peer, 1, id, addr, 24, 1, id);
        break;
    case PEER_DESC_INDIRECT:
        set_desc(peer, 1, id, table, 16, 4, 0);
        break;
    case PEER_DESC_INDIRECT_SELF:
        peer_put64(peer, inner, table);
        peer_put32(peer, inner + 8, 16);
        peer_put16(peer, inner + 12, 4);
        set_desc(peer, 1, id, table, 16, 4, 0);
        break;
    default:
        set_desc(peer, 1, id, table, 0, 4, 0);
        break;
    }
    peer_show(peer, 1);
    return true;
}

/// Hands over an element that the peer has no right to. The message's own descriptor stays unused.
static bool spoil_id(struct peer *peer, enum peer_mistake mistake, uint32_t dst)
{
    const unsigned queue = peer_tx(peer);
    struct peer_queue *const q = &peer->queue[queue];
    uint32_t id = peer->config.num;

    if (mistake == PEER_ID_HUGE) {
        if (peer->config.role == PEER_DRIVER) {
            return false; // heads have 16 bits
        }
        id = 1u << 16;
    } else if (mistake == PEER_ID_TWICE) {
        if (peer->config.role == PEER_DRIVER || !peer_put(peer, 1, dst, NULL, 0)) {
            return false; // a driver may use a descriptor again, once it came back
        }
        id = peer_get32(peer, q->used + 4 + 8 * ((uint16_t)(q->next - 1) % peer->config.num));
    }
    put_own(peer, queue, id, 16);
    peer_show(peer, queue);
    return true;
}

bool peer_misbehave(struct peer *peer, enum peer_mistake mistake, uint32_t dst)
{
    struct peer_message message = {.src = 1, .dst = dst, .len = 0, .whole = 16};

    switch (mistake) {
    case PEER_LEN_BEYOND_BUFFER:
        message.len = (uint16_t)(peer->config.buffer_size - 15);
        message.whole = peer->config.buffer_size;
        break;
    case PEER_LEN_BEYOND_RING:
        message.len = 1;
        break;
    case PEER_NO_HEADER:
        message.whole = 15;
        break;
    case PEER_NOTHING:
        message.whole = 0;
        break;
    case PEER_WHOLE_TOO_LONG:
        message.whole = UINT32_MAX;
        break;
    case PEER_ID_OUTSIDE:
    case PEER_ID_HUGE:
    case PEER_ID_TWICE:
        return spoil_id(peer, mistake, dst);
    default:
        return spoil_desc(peer, mistake, dst);
    }
    return peer_send_frame(peer, &message);
}

void peer_jump(struct peer *peer, unsigned queue, uint16_t by)
{
    peer_put16(peer, own_ring(peer, queue) + 2, (uint16_t)(peer->queue[queue].next + by));
}
