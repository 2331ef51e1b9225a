// SPDX-License-Identifier: BSD-3-Clause
// A tiny driver with a client that sends back what it gets, and says that it listens.
#include "wrong_driver.h"
#include "wrong.h"

#include <string.h>

#define DA 0x21000000u
#define PA UINT64_C(0x8200000000)
#define RINGS 0x10000u
#define SIZE 0xa0000u
#define NUM_MAX 256u
#define CLIENTS 6u
#define HELD 32u
#define NS 1u
#define SIZES (1u << 16)
#define ACK (1u << 20)
#define INDIRECT (1u << 28)
#define EVENT (1u << 29)

struct queue {
    uint8_t *desc, *avail, *used;
    uint32_t num, id, outstanding;
    uint16_t seen, next, shown;
    bool out[NUM_MAX];
};

struct note {
    uint32_t src, dst, size, service_of;
    uint8_t data[1024];
};

static struct {
    struct conform_target target;
    unsigned wrong;
    uint64_t now;
    uint32_t bells, rang, features, next_address;
    uint32_t size[2]; ///< Bytes of a buffer of each queue.
    bool up, broken, placed;
    struct queue q[2];
    uint16_t spare[NUM_MAX];
    uint32_t spares, sent, taken;
    struct client {
        uint32_t address, service;
        char name[32];
        bool due;   ///< It was not said yet that it listens.
        bool heard; ///< A message came for it.
    } clients[CLIENTS];
    struct note held[HELD];
    uint32_t held_count;
    uint32_t entry[20];
    _Alignas(4096) uint8_t memory[SIZE];
} d;

static uint32_t get(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = bytes; i-- != 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

static void set(uint8_t *at, unsigned bytes, uint32_t value)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint8_t *field(unsigned offset)
{
    return (uint8_t *)d.entry + offset;
}

static uint8_t *buffer(unsigned queue, uint32_t i)
{
    if (d.wrong == SHARES_BUFFERS && i == 1) {
        i = 0;
    }
    return d.memory + RINGS + (queue * 256u + i) * 1024u;
}

static void put(unsigned queue, uint32_t i, uint32_t len)
{
    struct queue *const q = &d.q[queue];
    uint8_t *const desc = q->desc + 16 * i;
    const uint64_t base = d.wrong == BUFFERS_BY_DA ? DA : PA;
    const uint64_t address = base + (uint64_t)(buffer(queue, i) - d.memory);
    const bool write = queue == 0 ? d.wrong != NO_WRITE : d.wrong == WRITE_IN_QUEUE_1;

    if (d.wrong == READS_INDEX_BACK) {
        q->next = (uint16_t)get(q->avail + 2, 2);
    }
    set(desc, 4, (uint32_t)address);
    set(desc + 4, 4, (uint32_t)(address >> 32));
    set(desc + 8, 4, d.wrong == SHORT_BUFFERS && queue == 0 ? 256 : len);
    set(desc + 12, 2, write ? 2 : 0);
    set(q->avail + 4 + 2 * (q->next % q->num), 2, i);
    q->next++;
    if (d.wrong == HEADS_TWICE && q->next % 7 == 0) {
        set(q->avail + 4 + 2 * (q->next % q->num), 2, i);
        q->next++;
    }
    set(q->avail + 2, 2, q->next);
    q->out[i] = true;
    q->outstanding++;
}

static void ring_if_asked(unsigned queue)
{
    struct queue *const q = &d.q[queue];
    const uint16_t flags = (uint16_t)get(q->used, 2);
    const uint16_t event = (uint16_t)get(q->used + 4 + 8 * q->num, 2);
    bool asked = d.wrong == ANY_FLAG_SUPPRESSES ? flags == 0 : (flags & 1) == 0;

    if ((d.features & EVENT) != 0 || d.wrong == EVENT_UNASKED) {
        asked = (uint16_t)(q->next - event - 1) < (uint16_t)(q->next - q->shown);
        asked = d.wrong == EVENT_LATE ? (uint16_t)(event + 2) == q->next : asked;
    }
    if (q->next != q->shown && asked && (d.wrong != RINGS_NOW_AND_THEN || q->next % 8 == 3)) {
        d.rang |= 1u << (d.wrong == RINGS_QUEUE_NUMBER ? queue : q->id);
    }
    q->shown = q->next;
}

/// The next used id, or -1.
static int next_used(unsigned queue, uint32_t *len)
{
    struct queue *const q = &d.q[queue];
    const uint16_t index = (uint16_t)get(q->used + 2, 2);

    if ((uint16_t)(index - q->seen) > q->outstanding && d.wrong != ANY_INDEX) {
        d.broken = true;
    }
    while (!d.broken && (d.wrong == COMPARES_INDICES ? q->seen < index : q->seen != index)) {
        const uint8_t *const element = q->used + 4 + 8 * (q->seen % q->num);
        uint32_t id = get(element, 4);
        *len = get(element + 4, 4);
        q->seen++;
        if (d.wrong == IDS_OF_16_BITS) {
            id &= 0xffff;
        }
        if (id < q->num && q->out[id]) {
            q->out[id] = false;
            q->outstanding--;
            return (int)id;
        }
        if (d.wrong == STOPS_AT_BAD_ID) {
            d.broken = true;
        }
    }
    return -1;
}

static bool send(uint32_t src, uint32_t dst, const uint8_t *data, uint32_t size)
{
    uint32_t len;
    int id;

    while ((id = next_used(1, &len)) >= 0) {
        d.spare[d.spares++] = (uint16_t)id;
    }
    if (d.broken) {
        return true;
    }
    if (d.spares == 0) {
        if (d.wrong == WRITES_SENT) {
            buffer(1, 1)[16] ^= 0x11;
        }
        return false;
    }
    id = d.spare[--d.spares];
    uint8_t *const at = buffer(1, (uint32_t)id);
    set(at, 4, src);
    set(at + 4, 4, d.wrong == OTHER_BYTE_ORDER ? __builtin_bswap32(dst) : dst);
    if (d.wrong != JUNK_IN_HEADER) {
        set(at + 8, 4, 0);
    }
    size = d.wrong == CUTS && size > 400 ? 400 : size;
    set(at + 12, 2, size);
    set(at + 14, 2, 0);
    memcpy(at + 16, data, size);
    put(1, (uint32_t)id, d.wrong == DESC_WITHOUT_HEADER ? size : 16 + size);
    d.sent++;
    return true;
}

// ------------------------------------------------------------------------------------- service

/// Says of who listens that it does.
static void say(uint32_t endpoint, uint32_t service, uint32_t value)
{
    uint8_t record[20] = {3};
    const uint32_t src = d.wrong == RECORDS_FROM_CLIENTS ? endpoint : 54;

    set(record + 4, 4, d.wrong == SAYS_THE_SERVICE ? service : endpoint);
    set(record + 8, 4, service);
    set(record + 12, 4, value);
    (void)send(src, 54, record, d.wrong == RECORDS_OF_20 ? 20 : 16);
}

static void say_all(void)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *const c = &d.clients[i];
        if (c->address != 0 && c->due && ((d.features & ACK) != 0 || d.wrong == SAYS_UNASKED) &&
            d.spares != 0) {
            c->due = false;
            say(c->address, c->service, 1);
        }
    }
}

static void open_client(const uint8_t *name, uint32_t service)
{
    for (unsigned i = 0; i <= CLIENTS; i++) {
        struct client *const c = &d.clients[d.wrong == TABLE_OVERFLOWS && i == CLIENTS ? 0 : i];
        if (i == CLIENTS && d.wrong != TABLE_OVERFLOWS) {
            return;
        }
        if (c->address == 0 || i == CLIENTS) {
            c->address = d.wrong == LOW_ADDRESSES ? 500 + i
                         : d.wrong == ONE_ADDRESS ? 1024
                                                  : d.next_address++;
            c->service = service;
            memcpy(c->name, name, 32);
            c->heard = false;
            c->due =
                d.wrong == SAYS_ALWAYS || (memcmp(name, "svc", 4) == 0 && d.wrong != SAYS_NOTHING);
            if (memcmp(name, "svc", 4) == 0) {
                (void)send(c->address, service, (const uint8_t *)"hello", 5);
            }
            return;
        }
    }
}

static void hear(const uint8_t *ns, uint32_t size)
{
    const uint32_t service = get(ns + 32, 4);
    const uint32_t flags = get(ns + 36, 4);
    uint8_t name[32] = {0};
    bool known = false;

    if ((size != 40 && (d.wrong != NAMES_OF_ANY_SIZE || size < 39)) || service == UINT32_MAX ||
        (flags > 1 && d.wrong != FLAGS_OF_ANY_VALUE)) {
        return;
    }
    if (memchr(ns, 0, 32) == NULL && d.wrong != NAMES_WITHOUT_END) {
        return;
    }
    if (ns[0] == 0 && d.wrong != NAMES_WITHOUT_END) {
        return;
    }
    if (d.wrong == NAMES_WITHOUT_END && (ns[0] == 0 || memchr(ns, 0, 32) == NULL)) {
        open_client((const uint8_t *)"svc\0                            ", service);
        return;
    }
    memcpy(name, ns, d.wrong == NAMES_OF_32_BYTES ? 32 : strlen((const char *)ns));
    if (d.wrong == NAMES_OF_32_BYTES && memcmp(name, "svc\0\0", 5) != 0) {
        name[0] = '?';
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *const c = &d.clients[i];
        const bool same_name = c->address != 0 && memcmp(c->name, name, 32) == 0;
        const bool same = same_name && c->service == service;
        if (flags == 1 && d.wrong != NEVER_DESTROYS &&
            (same || (same_name && d.wrong == DESTROYS_BY_NAME))) {
            c->address = 0;
            if (d.wrong == SAYS_WITHDRAWN && (d.features & ACK) != 0) {
                say(1024, service, 0);
            }
        } else if (same && flags == 0 && memcmp(name, "svc", 4) == 0) {
            c->due = d.wrong != SAYS_ONCE && d.wrong != SAYS_NOTHING;
        }
        known |= same || (same_name && d.wrong == ONE_OF_A_NAME);
    }
    if (flags != 1 && (!known || d.wrong == GREETS_AGAIN)) {
        open_client(name, service);
    }
}

static void receive(const struct note *note)
{
    struct client *client = NULL;

    if (note->dst == 53) {
        hear(note->data, note->size);
        if (d.wrong != ANSWERS_AT_53 || note->size == 40) {
            return;
        }
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (d.clients[i].address != 0 && (d.clients[i].address == note->dst ||
                                          (d.wrong == ANSWERS_NOBODY && note->dst == UINT32_MAX))) {
            client = &d.clients[i];
        }
    }
    if (note->dst == 54 && (d.features & ACK) != 0) {
        d.broken |= d.wrong == STOPS_AT_KINDS && note->size != 0 && get(note->data, 4) != 3;
        if (d.wrong == ANSWERS_AT_54 && note->src != 54) {
            (void)send(54, note->src, note->data, note->size);
        }
        return;
    }
    if (client != NULL && !client->heard) {
        client->heard = true;
        if (d.wrong == DEAF_AT_FIRST) {
            return;
        }
    }
    if ((client == NULL && d.wrong != BOUNCES && d.wrong != ANSWERS_AT_53) ||
        note->src == UINT32_MAX) {
        return;
    }
    if (client == NULL && d.wrong == ANSWERS_AT_53 && note->dst != 53) {
        return;
    }
    if (d.held_count < HELD) {
        d.held[d.held_count] = *note;
        d.held[d.held_count++].service_of = client != NULL ? client->service : note->src;
    }
}

static void answer_held(void)
{
    while (d.held_count != 0) {
        const uint32_t at = d.wrong == LAST_FIRST ? d.held_count - 1 : 0;
        const struct note *const note = &d.held[at];
        if (!send(note->dst, d.wrong == ANSWERS_THE_SERVICE ? note->service_of : note->src,
                  note->data, note->size)) {
            return;
        }
        d.held_count--;
        memmove(&d.held[at], &d.held[at + 1], (d.held_count - at) * sizeof d.held[0]);
    }
}

/// Takes one buffer of queue 0.
static void take(uint32_t id, uint32_t len)
{
    const uint8_t *at = buffer(0, id);
    struct note note;
    uint32_t room = d.size[0];
    bool refused = true;

    if (d.wrong == READS_LENGTH_BACK) {
        room = get(d.q[0].desc + 16 * id + 8, 4);
    }
    if (d.wrong == READS_PLACE_BACK) {
        const uint64_t address =
            get(d.q[0].desc + 16 * id, 4) | (uint64_t)get(d.q[0].desc + 16 * id + 4, 4) << 32;
        at = address - PA < SIZE ? d.memory + (address - PA) : d.memory;
    }
    if (len > room && d.wrong != BELIEVES_LENGTH) {
        len = 0;
    }
    if (len >= 16) {
        const uint32_t src = get(at, 4);
        note.src = d.wrong == OTHER_BYTE_ORDER ? __builtin_bswap32(src) ^ 1 : src;
        note.dst = get(at + 4, 4);
        note.size = get(at + 12, 2);
        refused =
            note.size > len - 16 || note.size > (d.wrong == STAYS_AT_496 ? 512 : d.size[0]) - 16;
        if (d.wrong == ANY_HEADER_LEN && refused) {
            note.size = 4;
            refused = false;
        }
        refused |= d.wrong == WANTS_FLAGS_0 && get(at + 14, 2) != 0;
    }
    if (!refused) {
        memcpy(note.data, at + 16, note.size);
    }
    const bool kept = d.wrong == KEEPS_RECORDS && len >= 16 && note.dst == 54;
    if ((!refused || d.wrong != KEEPS_REFUSED) && !kept) {
        put(0, id, d.wrong == RETURNS_LESS && len > 16 ? len : d.size[0]);
    }
    if (!refused) {
        receive(&note);
    }
}

static void work(uint32_t bells)
{
    uint32_t len, before;
    int id;

    if (d.wrong == OFFENDED_BY_BELLS && get(d.q[0].used + 2, 2) == d.q[0].seen) {
        d.broken = true;
    }
    do {
        before = d.q[0].seen;
        answer_held();
        while (d.held_count < HELD / 2 && (d.wrong != LOOKS_AT_ONE_QUEUE || (bells & 8) != 0) &&
               (id = next_used(0, &len)) >= 0) {
            take((uint32_t)id, len);
            if (d.wrong != LAST_FIRST) {
                answer_held();
            }
        }
        answer_held();
    } while (d.q[0].seen != before);
    if (d.broken) {
        return;
    }
    say_all();
    ring_if_asked(0);
    ring_if_asked(1);
    if ((d.features & EVENT) != 0 && d.wrong != NEVER_ASKS) {
        set(d.q[0].avail + 4 + 2 * d.q[0].num, 2, d.q[0].seen);
        if (d.wrong != FORGETS_TO_WAIT) {
            set(d.q[1].avail + 4 + 2 * d.q[1].num, 2, d.q[1].seen);
        }
    }
    if (d.wrong == FLAGS_WITH_EVENT) {
        set(d.q[1].avail, 2, 1);
    }
    if (d.wrong == WRITES_USED) {
        set(d.q[0].used, 2, 0x8000);
    }
}

// -------------------------------------------------------------------------------------- target

static bool load(struct conform_target *target)
{
    if (d.wrong != STAYS_AT_7) {
        set(field(24), 1, 0);
    }
    target->left = (uint8_t)get(field(24), 1);
    d.up = d.up && (d.wrong == GOES_ON_WHEN_DOWN || d.wrong == RINGS_WHEN_DOWN);
    return true;
}

/// Places a ring. False if it is not sound.
static bool place(unsigned i)
{
    struct queue *const q = &d.q[i];
    uint32_t align = get(field(32 + 20 * i), 4);
    uint32_t num = get(field(36 + 20 * i), 4);
    const bool sound = num >= 2 && num <= NUM_MAX && (num & (num - 1)) == 0 && align >= 4 &&
                       align <= 65536 && (align & (align - 1)) == 0;

    if (!sound && d.wrong != ANY_SHAPE) {
        return false;
    }
    num = sound ? num : 8;
    align = sound && d.wrong != USED_ELSEWHERE ? align : 4;
    const uint32_t used = (16 * num + 6 + 2 * num + align - 1) / align * align;
    *q = (struct queue){.desc = d.memory + i * (RINGS / 2), .num = num, .id = 3 + i};
    q->avail = q->desc + 16 * num;
    q->used = q->desc + used;
    if (d.wrong == TAKES_RINGS_AS_THEY_ARE && d.placed) {
        q->seen = (uint16_t)get(q->used + 2, 2);
        q->next = q->shown = (uint16_t)get(q->avail + 2, 2);
    } else if (d.wrong == ZEROES_NOTHING) {
        memset(q->desc, 0, used);
    } else {
        memset(q->desc, 0, used + 6 + 8 * num);
    }
    set(field(28 + 20 * i), 4, DA + (uint32_t)(q->desc - d.memory));
    set(field(40 + 20 * i), 4, q->id);
    if (d.wrong == WRITES_NUM) {
        set(field(36 + 20 * i), 4, num | 1u << 20);
    }
    return true;
}

static bool start(struct conform_target *target)
{
    const uint32_t offered = get(field(12), 4);
    uint32_t len;
    int id;

    (void)snprintf(target->why, sizeof target->why, "a ring is not sound");
    struct note old = {.size = 0};
    if (d.wrong == DELIVERS_OLD && d.placed && (id = next_used(0, &len)) >= 0) {
        old = (struct note){.src = get(buffer(0, (uint32_t)id), 4), .size = 3};
    }
    d.up = d.broken = false;
    set(field(24), 1, 1);
    set(field(24), 1, 3);
    d.features = offered & (NS | INDIRECT | EVENT | ACK | (d.wrong == TAKES_BIT_30 ? 1u << 30 : 0) |
                            (d.wrong == TAKES_BIT_16 ? SIZES : 0));
    if (d.wrong == TAKES_TOO_MUCH) {
        d.features |= INDIRECT;
    }
    const bool told = target->buffer_size[0] != 0 && (offered & SIZES) != 0;
    for (unsigned i = 0; i < 2; i++) {
        d.size[i] = told ? target->buffer_size[d.wrong == SIZES_SWAPPED ? 1 - i : i] : 512;
    }
    d.features |= told ? SIZES : 0;
    set(field(16), 4, d.features);
    if (!place(0) || !place(1)) {
        set(field(24), 1, 0);
        return false;
    }
    d.placed = true;
    d.bells = d.rang = d.held_count = 0;
    d.sent = d.spares = 0;
    d.next_address = 1024;
    if (d.wrong != REMEMBERS_SERVICES) {
        memset(d.clients, 0, sizeof d.clients);
    }
    const unsigned part = told && d.wrong == HALF_THE_BUFFERS ? 2 : 1;
    for (uint32_t i = 0; i < d.q[1].num / part; i++) {
        d.spare[d.spares++] = (uint16_t)i;
    }
    for (uint32_t i = 0; i < d.q[0].num / part; i++) {
        memset(buffer(1, i), 0xcc, d.size[1]);
        put(0, i, d.wrong == BUFFERS_OF_400 && (offered & SIZES) != 0 ? 400 : d.size[0]);
    }
    d.q[0].shown = d.q[0].next;
    if (d.wrong == SENDS_EARLY || (d.wrong == ANNOUNCES_UNASKED && (d.features & NS) == 0)) {
        (void)send(1024, 2000, d.memory, 40);
    }
    set(field(24), 1, d.wrong == STATUS_15 ? 15 : 7);
    if (d.wrong != NO_KICK) {
        d.rang |= 1u << (d.wrong == RINGS_QUEUE_NUMBER ? 0 : d.q[0].id);
    }
    d.up = true;
    if (old.size != 0) {
        (void)send(1024, old.src, d.memory, 3);
    }
    return true;
}

static void ring(struct conform_target *target, uint32_t id)
{
    (void)target;
    d.bells |= 1u << id % 32;
}

static uint32_t rings(struct conform_target *target)
{
    const uint32_t rang = d.rang;

    (void)target;
    d.rang = 0;
    return rang;
}

static void wait(struct conform_target *target, uint32_t ms)
{
    const uint32_t bells = d.bells;

    (void)target;
    d.now += ms != 0 ? ms : 1;
    d.bells = 0;
    if (d.up && bells != 0) {
        if (d.wrong == RINGS_WHEN_DOWN && get(field(24), 1) == 0) {
            d.rang |= 1;
            return;
        }
        work(bells);
    }
}

static uint64_t clock_ms(struct conform_target *target)
{
    (void)target;
    return d.now;
}

static bool alive(struct conform_target *target)
{
    (void)target;
    return true;
}

struct conform_target *wrong_driver(unsigned deviation)
{
    static const struct conform_target_ops ops = {load, start, ring, rings, wait, clock_ms, alive};

    memset(&d, 0, sizeof d);
    d.wrong = deviation;
    d.target = (struct conform_target){
        .ops = &ops,
        .role = CONFORM_DRIVER,
        .name = "a tiny driver",
        .entry = (uint8_t *)d.entry,
        .da = {{DA, RINGS, d.memory}},
        .pa = {{PA + RINGS, SIZE - RINGS, d.memory + RINGS}},
        .told = true,
        .service = "svc",
        .answer_ms = 60,
        .quiet_ms = 12,
    };
    return &d.target;
}
