// SPDX-License-Identifier: BSD-3-Clause
// A tiny device with an echo service that greets its listeners.
#include "wrong_device.h"
#include "wrong.h"

#include <string.h>

#define DA 0x30000000u
#define PA UINT64_C(0x9000000000)
#define SIZE 0x100000u
#define NUM 16u
#define ALIGN 32u
#define ECHO 1024u
#define TO_DRIVER 1024u ///< Bytes of its buffers, each way.
#define TO_DEVICE 768u
#define LISTENERS 4u
#define NS 1u
#define SIZES (1u << 16)
#define ACK (1u << 20)
#define INDIRECT (1u << 28)
#define EVENT (1u << 29)

struct queue {
    uint8_t *desc, *avail, *used;
    uint32_t num, id;
    uint16_t seen, next, shown;
    bool has[NUM];
};

static struct {
    struct conform_target target;
    unsigned wrong;
    uint64_t now;
    uint32_t bells, rang, features, ups, bell;
    bool started, booted, up, broken, stuck, announced, dead;
    uint32_t first_features, early_da[2];
    struct queue q[2];
    uint16_t held[64];
    unsigned held_count, sent, names;
    uint32_t limit; ///< Bytes of a message that comes, at most.
    struct {
        uint32_t address;
        bool waits; ///< It was not greeted yet.
    } listeners[LISTENERS];
    unsigned listener_count;
    uint8_t old[20]; ///< A message from before a reset.
    uint32_t entry[20];
    _Alignas(4096) uint8_t memory[SIZE + 1024];
} d;

// Little endian and unaligned: as the documents have it.
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

/// Memory by physical address, if all of it is there.
static uint8_t *memory_at(uint64_t address, uint32_t size)
{
    if (d.wrong == ONLY_32_BITS) {
        address = PA | (address & 0x0fffffffff);
    }
    const uint64_t offset = address - (d.wrong == BUFFERS_BY_DA ? DA : PA);

    if (offset >= SIZE || (size > SIZE - offset && d.wrong != ONLY_THE_START)) {
        return NULL;
    }
    return d.memory + offset;
}

static bool live(void)
{
    const uint32_t status = get(field(24), 1);

    switch (d.wrong) {
    case LIVE_AT_3:
        return (status & 0xc3) == 3;
    case LIVE_ONLY_AT_7:
        return status == 7;
    case RESET_ONLY_BY_0:
        return d.up ? status != 0 : (status & 0xc7) == 7;
    default:
        return (status & 0xc7) == 7;
    }
}

// ---------------------------------------------------------------------------------------- ring

static void ring_if_asked(struct queue *q, uint16_t old)
{
    const uint16_t flags = (uint16_t)get(q->avail, 2);
    const uint16_t event = (uint16_t)get(q->avail + 4 + 2 * q->num, 2);
    bool asked = (flags & 1) == 0;

    if (d.wrong == ANY_FLAG_SUPPRESSES) {
        asked = flags == 0;
    }
    if ((d.features & EVENT) != 0 || d.wrong == EVENT_UNASKED) {
        asked = (uint16_t)(q->next - event - 1) < (uint16_t)(q->next - old);
        asked = d.wrong == EVENT_LATE ? (uint16_t)(event + 2) == q->next : asked;
    }
    if (asked && (d.wrong != NEVER_RINGS || q->next % 16 == 3)) {
        d.rang |= 1u << (d.wrong == RINGS_QUEUE_NUMBER ? (uint32_t)(q - d.q) : q->id) % 32;
    }
}

static void give_back(struct queue *q, uint32_t id, uint32_t len)
{
    if (d.wrong == READS_BACK) {
        q->next = (uint16_t)get(q->used + 2, 2);
    }
    uint8_t *const element = q->used + 4 + 8 * (q->next % q->num);
    const uint16_t old = q->next;

    set(element, 4, id);
    set(element + 4, 4, len);
    q->next++;
    set(q->used + 2, 2, q->next);
    if (id < NUM) {
        q->has[id] = false;
    }
    ring_if_asked(q, old);
}

/// The next head, or -1.
static int next_head(struct queue *q)
{
    const uint16_t index = (uint16_t)get(q->avail + 2, 2);
    const uint16_t waiting = (uint16_t)(index - q->seen);

    if (waiting > q->num && d.wrong != ANY_INDEX) {
        d.broken = true;
        return -1;
    }
    while (d.wrong == COMPARES_INDICES ? q->seen < index : q->seen != index) {
        const uint32_t head = get(q->avail + 4 + 2 * (q->seen % q->num), 2);
        q->seen++;
        if (head >= q->num && d.wrong == GIVES_BACK_ANY_HEAD) {
            give_back(q, head, 0);
        } else if (head < q->num && (!q->has[head] || d.wrong == TAKES_HEADS_TWICE)) {
            q->has[head] = true;
            return (int)head;
        }
        if (d.wrong == ANY_INDEX && (uint16_t)(index - q->seen) > 400) {
            q->seen = (uint16_t)(index - 400);
        }
    }
    return -1;
}

/// The one buffer of a chain, or NULL: it has to be refused.
static uint8_t *buffer_of(struct queue *q, uint32_t head, bool write, uint32_t *len)
{
    const uint8_t *desc = q->desc + 16 * head;
    uint32_t flags = get(desc + 12, 2);

    for (unsigned depth = 0; (flags & 4) != 0; depth++) {
        const uint64_t table = get(desc, 4) | (uint64_t)get(desc + 4, 4) << 32;
        const uint32_t size = get(desc + 8, 4);
        if (((d.features & INDIRECT) == 0 && d.wrong != INDIRECT_UNASKED) ||
            (depth != 0 && d.wrong != INDIRECT_NESTED) || depth > 3 ||
            ((flags & 1) != 0 && d.wrong != INDIRECT_WITH_NEXT) ||
            ((size % 16 != 0 || size == 0) && d.wrong != INDIRECT_ANY_LENGTH)) {
            return NULL;
        }
        desc = memory_at(table, d.wrong == INDIRECT_ANY_LENGTH ? 16 : size);
        if (desc == NULL) {
            return NULL;
        }
        flags = get(desc + 12, 2);
    }
    const uint64_t address = get(desc, 4) | (uint64_t)get(desc + 4, 4) << 32;
    *len = get(desc + 8, 4);
    const bool is_write = (flags & 2) != 0;
    const bool wrong_way = is_write != write && !(write && d.wrong == WRITES_WITHOUT_WRITE) &&
                           !(!write && d.wrong == TAKES_WRITE_BUFFERS);
    if (((flags & 1) != 0 && d.wrong != FOLLOWS_NOTHING) || wrong_way || *len < 16) {
        return NULL;
    }
    return memory_at(address, *len);
}

// ------------------------------------------------------------------------------------ messages

/// False if there is no buffer.
static bool send(uint32_t src, uint32_t dst, const uint8_t *data, uint32_t size)
{
    struct queue *const q = &d.q[0];
    uint32_t room = 0;
    uint8_t *buffer = NULL;
    int head;

    while (buffer == NULL) {
        head = next_head(q);
        if (head < 0) {
            if (d.wrong == SENDS_WITHOUT_BUFFER && d.up && d.sent > NUM) {
                memory_at(get(q->desc, 4) | (uint64_t)get(q->desc + 4, 4) << 32, 512)[20] ^= 0xff;
            }
            return false;
        }
        buffer = buffer_of(q, (uint32_t)head, true, &room);
        if (buffer == NULL && d.wrong != KEEPS_REFUSED) {
            give_back(q, (uint32_t)head, 0);
        }
    }
    if (d.wrong == OVERRUNS) {
        room = 512;
    } else if (d.wrong == OVERRUNS_AGREED && (d.features & SIZES) != 0) {
        room = TO_DRIVER;
    }
    if (size > room - 16) {
        if (d.wrong != CUTS) {
            give_back(q, (uint32_t)head, 0); // Not sent at all.
            return true;
        }
        size = room - 16;
    }
    set(buffer, 4, src);
    set(buffer + 4, 4, dst);
    if (d.wrong != JUNK_IN_HEADER) {
        set(buffer + 8, 4, 0);
    }
    set(buffer + 12, 2, size);
    set(buffer + 14, 2, 0);
    memcpy(buffer + 16, data, size);
    give_back(q, (uint32_t)head, d.wrong == USED_WITHOUT_HEADER ? size : 16 + size);
    if (d.wrong == WRITES_RETURNED && d.sent > 2) {
        // The one that it gave back before.
        const uint32_t id = get(q->used + 4 + 8 * ((q->next - 3u) % q->num), 4) % q->num;
        const uint64_t old = get(q->desc + 16 * id, 4) | (uint64_t)get(q->desc + 16 * id + 4, 4)
                                                             << 32;
        memory_at(old, 512)[30] ^= 0x55;
    }
    d.sent++;
    return true;
}

static void announce(void)
{
    uint8_t ns[44] = "echo";

    if (d.announced || ((d.features & NS) == 0 && d.wrong != ANNOUNCES_UNASKED)) {
        return;
    }
    if (d.wrong == ANNOUNCES_ONCE_EVER && d.ups > 1) {
        return;
    }
    if (d.wrong == NAME_NOT_FILLED) {
        memset(ns + 5, 0x77, 27);
    }
    set(ns + 32, 4, d.wrong == NO_ADDRESS ? UINT32_MAX : ECHO);
    set(ns + 36, 4, 0);
    const uint32_t size = d.wrong == ANNOUNCES_44 ? 44 : 40;
    d.announced = send(ECHO, 53, ns, size) || d.wrong == LOSES_ANNOUNCEMENTS;
    if (d.announced && d.wrong == ANNOUNCES_TWICE) {
        (void)send(ECHO, 53, ns, size);
    }
    if (d.announced && d.wrong == TWO_AT_ONE_ADDRESS) {
        memcpy(ns, "also", 5);
        (void)send(ECHO, 53, ns, size);
    }
}

// ------------------------------------------------------------------------------------- records

/// Speaks to listeners that were not spoken to. False if some have to wait for a buffer.
static bool greet(void)
{
    for (unsigned i = 0; i < d.listener_count; i++) {
        if (d.listeners[i].waits) {
            d.listeners[i].waits = !send(ECHO, d.listeners[i].address, (const uint8_t *)"hello", 5);
        }
        if (d.listeners[i].waits) {
            return false;
        }
    }
    return true;
}

static void hear_record(const uint8_t *record)
{
    const uint32_t address = get(record + 4, 4);
    uint32_t value = get(record + 12, 4);
    unsigned at = 0;

    if (d.wrong == ANY_VALUE_ENDS && value != 1) {
        value = 0;
    }
    if ((get(record + 8, 4) != ECHO && d.wrong != ANY_PEER) ||
        (value > 1 && d.wrong != ANY_VALUE) || (address == UINT32_MAX && d.wrong != BINDS_NOBODY)) {
        return;
    }
    while (at < d.listener_count && d.listeners[at].address != address) {
        at++;
    }
    if (value == 0 && at < d.listener_count) {
        d.listeners[at] = d.listeners[--d.listener_count];
        d.listener_count = d.wrong == FORGETS_ALL ? 0 : d.listener_count;
    } else if (value != 0 && at < d.listener_count) {
        d.listeners[at].waits |= d.wrong == BINDS_TWICE;
    } else if (value != 0 && at < LISTENERS) {
        d.listeners[at].address = address;
        d.listeners[at].waits = true;
        d.listener_count++;
    } else if (value != 0) {
        d.stuck |= d.wrong == STOPS_WHEN_FULL;
    }
}

static void hear(const uint8_t *message, uint32_t size)
{
    const uint32_t count = size / 16;

    if (((d.features & ACK) == 0 && d.wrong != BOUND_UNASKED) ||
        (get(message, 4) != 54 && d.wrong != RECORDS_OF_ANYBODY) ||
        (size % 16 != 0 && d.wrong != RECORDS_OF_ANY_LENGTH) ||
        (get(message + 8, 4) != 0 && d.wrong == WANTS_RESERVED_0)) {
        return;
    }
    for (uint32_t i = 0; i < count && (i == 0 || d.wrong != ONE_RECORD); i++) {
        const uint8_t *const record =
            message + 16 + 16 * (d.wrong == LAST_RECORD_FIRST ? count - 1 - i : i);
        const uint32_t kind = get(record, d.wrong == KINDS_OF_8_BITS ? 1 : 4);
        if (kind == 3) {
            hear_record(record);
        } else if (d.wrong == STOPS_AT_KINDS) {
            return;
        }
    }
}

// ------------------------------------------------------------------------------------- answers

/// False if it has to wait for a buffer.
static bool answer(const uint8_t *buffer, uint32_t len)
{
    const uint32_t src =
        d.wrong == OTHER_BYTE_ORDER ? __builtin_bswap32(get(buffer, 4)) : get(buffer, 4);
    const uint32_t dst = get(buffer + 4, 4);
    uint32_t size = get(buffer + 12, 2);

    if (dst == 53 && d.wrong == DIES_OF_NAMES && memchr(buffer + 16, 0, 32) == NULL) {
        d.dead = true;
    }
    if (dst == 53 && d.wrong == FULL_OF_NAMES && ++d.names > 100) {
        d.stuck = true;
    }
    if (size > len - 16) {
        if (d.wrong == STOPS_AT_BAD) {
            d.stuck = true;
        }
        if (d.wrong != ANY_HEADER_LEN) {
            return true;
        }
        size = len - 16;
    }
    if (size > d.limit - 16 && d.wrong != ANY_SIZE) {
        return true;
    }
    if (dst == 54) {
        if (d.wrong == KEEPS_RECORDS && !greet()) {
            return false;
        }
        hear(buffer, size);
        return src == 54 || d.wrong != ANSWERS_AT_54 || send(54, src, buffer + 16, size);
    }
    if (d.wrong == WANTS_FLAGS_0 && get(buffer + 14, 2) != 0) {
        return true;
    }
    if (dst != ECHO && !(dst == 53 && d.wrong == SERVICE_AT_53)) {
        return d.wrong != BOUNCES || send(dst, src, buffer + 16, size);
    }
    if (src == UINT32_MAX && d.wrong != ANSWERS_NOBODY) {
        return true;
    }
    if (size > 496 && (d.features & SIZES) == 0) {
        size = 496; // No right device gets here.
    }
    return send(dst, d.wrong == ANSWERS_TO_1024 ? 1024 : src, buffer + 16, size);
}

/// Answers what is held, in order, and gives its buffers back.
static void answer_held(void)
{
    struct queue *const q = &d.q[1];

    while (d.held_count != 0) {
        const unsigned at = d.wrong == LAST_FIRST ? d.held_count - 1 : 0;
        const uint32_t head = d.held[at];
        uint32_t len = 0;
        const uint8_t *const buffer = buffer_of(q, head, false, &len);
        if (buffer != NULL && !answer(buffer, len)) {
            return;
        }
        d.held_count--;
        memmove(&d.held[at], &d.held[at + 1], (d.held_count - at) * sizeof d.held[0]);
        if (buffer == NULL && d.wrong == KEEPS_REFUSED) {
            continue;
        }
        if (d.wrong != LOSES_BUFFERS || q->seen % 7 != 0) {
            give_back(q, head, d.wrong == LENGTH_OF_READS ? len : 0);
        }
    }
}

static void work(void)
{
    int head;

    announce();
    if (d.announced && get(d.old, 4) != 0) {
        (void)send(ECHO, get(d.old, 4), d.old + 16, 4);
        set(d.old, 4, 0);
    }
    answer_held();
    for (;;) {
        while (!d.broken && !d.stuck && d.held_count < 64 && (head = next_head(&d.q[1])) >= 0) {
            d.held[d.held_count++] = (uint16_t)head;
        }
        const unsigned before = d.held_count;
        answer_held();
        if (d.broken || d.stuck || before == 0 || d.held_count == before) {
            break;
        }
    }
    if (d.broken) {
        return;
    }
    (void)greet();
    if (d.wrong != NEVER_ASKS) {
        for (unsigned i = d.wrong == WAITS_FOR_NO_BUFFER; i < 2 && (d.features & EVENT) != 0; i++) {
            set(d.q[i].used + 4 + 8 * d.q[i].num, 2, d.q[i].seen);
        }
    }
    if (d.wrong == FLAGS_WITH_EVENT && (d.features & EVENT) != 0) {
        set(d.q[0].used, 2, 1);
    }
    if (d.wrong == WRITES_AVAIL) {
        set(d.q[0].avail, 2, 0x8000);
    }
}

// -------------------------------------------------------------------------------------- status

/// Finds a ring. False if it is not sound.
static bool find(unsigned i)
{
    struct queue *const q = &d.q[i];
    const uint8_t *const vring = field(28 + 20 * i);
    uint32_t da = get(vring, 4);
    uint32_t align = get(vring + 4, 4);
    uint32_t num = get(vring + 8, 4);

    if (d.wrong == RINGS_BEFORE_READY) {
        da = d.early_da[i];
    }
    if (d.wrong == ANY_DA && da == UINT32_MAX) {
        da = DA + 0x80000 + 0x4000 * i;
    }
    if (d.wrong == ANY_NUM && num != 0 && num < NUM) {
        q->num = num;
    } else if (d.wrong == NUM_3 && num == NUM - 1) {
        num = NUM;
    }
    if (d.wrong == ANY_ALIGN && align >= 4 && align <= 64) {
    } else if (align != ALIGN) {
        return false;
    }
    if (num != NUM && d.wrong != ANY_NUM) {
        return false;
    }
    num = num == 0 || num > NUM ? NUM : num;
    if (d.wrong == USED_ELSEWHERE) {
        align = 4;
    }
    const uint32_t used = (16 * num + 6 + 2 * num + align - 1) / align * align;
    if (da < DA || da - DA >= SIZE || SIZE - (da - DA) < used + 6 + 8 * num) {
        return false;
    }
    const uint16_t seen = q->seen, next = q->next;
    *q = (struct queue){.desc = d.memory + (da - DA), .num = num, .id = get(vring + 12, 4)};
    q->avail = q->desc + 16 * num;
    q->used = q->desc + used;
    if (d.wrong == KEEPS_INDICES) {
        q->seen = seen;
        q->next = next;
    }
    return true;
}

static void come_up(void)
{
    const uint32_t offered = get(field(12), 4);

    if (d.wrong == UP_ONLY_TWICE && d.ups >= 2) {
        return;
    }
    d.up = true;
    d.ups++;
    d.broken = false;
    d.announced = false;
    d.stuck = false;
    d.features = get(field(16), 4);
    if (d.ups == 1) {
        d.first_features = d.features;
    } else if (d.wrong == FEATURES_BEFORE_READY) {
        d.features = d.first_features;
    }
    if (d.wrong != KEEPS_HELD) {
        d.held_count = 0;
    }
    if (d.wrong != REMEMBERS_LISTENERS) {
        d.listener_count = 0;
    }
    if (d.wrong != FIRST_SIZES || d.ups == 1) {
        const bool sizes = d.wrong == ALWAYS_SIZES || (d.features & SIZES) != 0;
        d.limit = sizes && d.wrong != ALWAYS_512 ? TO_DEVICE : 512;
    }
    d.broken =
        ((d.features & ~offered) != 0 && d.wrong != TAKES_ANY_FEATURE) || !find(0) || !find(1);
    if (d.wrong == WRITES_STATUS) {
        *field(24) |= 0x20;
    }
}

static void look(void)
{
    if (live() && !d.up) {
        come_up();
    } else if (!live() && d.up) {
        if (d.wrong == DELIVERS_OLD && !d.broken) {
            const int head = next_head(&d.q[1]);
            uint32_t len;
            const uint8_t *const buffer =
                head >= 0 ? buffer_of(&d.q[1], (uint32_t)head, false, &len) : NULL;
            if (buffer != NULL) {
                memcpy(d.old, buffer, sizeof d.old);
            }
        }
        if (d.wrong == SPEAKS_WHEN_DOWN && ++d.bell % 8 != 0 && !d.broken) {
            work();
            return;
        }
        d.up = false;
    }
    if (!d.up && d.wrong == SENDS_BEFORE_READY && get(field(24), 1) == 3 && find(0)) {
        static const uint8_t name[40] = "echo";
        d.features = NS;
        (void)send(ECHO, 53, name, sizeof name);
    }
}

// -------------------------------------------------------------------------------------- target

static bool load(struct conform_target *target)
{
    (void)target;
    memset(d.entry, 0, sizeof d.entry);
    set(field(0), 4, 3);
    set(field(4), 4, d.wrong == CONSOLE ? 3 : 7);
    set(field(12), 4,
        NS | INDIRECT | EVENT | ACK | (d.wrong == SIZES_WITHOUT_BIT ? 0 : SIZES) |
            (d.wrong == OFFERS_BIT_30 ? 1u << 30 : 0));
    set(field(25), 1, 2);
    for (unsigned i = 0; i < 2; i++) {
        set(field(28 + 20 * i), 4, UINT32_MAX);
        set(field(32 + 20 * i), 4, ALIGN);
        set(field(36 + 20 * i), 4, NUM);
    }
    d.started = d.broken = false;
    d.up = d.up && d.wrong == GOES_ON_AFTER_START;
    return true;
}

static bool start(struct conform_target *target)
{
    (void)target;
    d.started = true;
    d.booted = false;
    d.bells = d.rang = d.ups = d.sent = 0;
    d.held_count = d.listener_count = 0;
    d.early_da[0] = get(field(28), 4);
    d.early_da[1] = get(field(48), 4);
    if (d.wrong != GOES_ON_AFTER_START) {
        memset(d.q, 0, sizeof d.q);
    }
    return true;
}

static void ring(struct conform_target *target, uint32_t id)
{
    (void)target;
    if (d.started) {
        d.bells |= 1u << id % 32;
    }
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
    const bool first = d.started && !d.booted && d.wrong != WAITS_FOR_A_BELL;

    (void)target;
    d.now += ms != 0 ? ms : 1;
    if (!d.started || (bells == 0 && !first)) {
        return;
    }
    d.booted = true;
    d.bells = 0;
    if (d.wrong == GOES_ON_AFTER_START && first && d.up) {
        work();
    }
    if (d.wrong == OFFENDED_BY_BELLS && d.up && d.announced &&
        get(d.q[1].avail + 2, 2) == d.q[1].seen && bells == 1u << d.q[1].id % 32) {
        d.stuck = true;
    }
    if (d.wrong != LOOKS_ONLY_AT_BELL_0 || first || (bells & 1) != 0 || d.up) {
        look();
    }
    if (d.wrong == LOOKS_AT_ONE_QUEUE && d.up && d.ups != 0 && d.announced &&
        (bells & 1u << d.q[1].id % 32) == 0) {
        return;
    }
    if (d.up && !d.broken) {
        work();
    }
}

static uint64_t clock_ms(struct conform_target *target)
{
    (void)target;
    return d.now;
}

static bool alive(struct conform_target *target)
{
    (void)snprintf(target->why, sizeof target->why, "it is dead");
    return !d.dead;
}

struct conform_target *wrong_device(unsigned deviation)
{
    static const struct conform_target_ops ops = {load, start, ring, rings, wait, clock_ms, alive};

    memset(&d, 0, sizeof d);
    d.wrong = deviation;
    d.target = (struct conform_target){
        .ops = &ops,
        .role = CONFORM_DEVICE,
        .name = "a tiny device",
        .entry = (uint8_t *)d.entry,
        .da = {{DA, SIZE, d.memory}},
        .pa = {{PA, SIZE, d.memory}},
        .free = d.memory,
        .free_da = DA,
        .free_pa = PA,
        .free_size = SIZE,
        .buffer_size = {TO_DRIVER, TO_DEVICE},
        .service = "echo",
        .answer_ms = 60,
        .quiet_ms = 12,
    };
    return &d.target;
}
