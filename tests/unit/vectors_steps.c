// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vectors_play.h"

#define FAIL(play, ...) vectors_fail((play)->vector, "step %d: " __VA_ARGS__)

/// Where the parts of a queue's ring lie.
static size_t ring_at(unsigned queue)
{
    return 0x100 * (queue + 1);
}

static size_t avail_at(unsigned queue)
{
    return ring_at(queue) + 0x40;
}

static size_t used_at(unsigned queue)
{
    return ring_at(queue) + 0x50;
}

// -------------------------------------------------------------- what the subject put into the
// rings

/// Logs a message that lies in the buffer of a descriptor.
static void log_sent(struct play *play, unsigned queue, uint32_t index, uint32_t size)
{
    const size_t desc = ring_at(queue) + 16 * (size_t)index;

    if (index >= PLAY_NUM || size > play_get(play, desc + 8, 4)) {
        FAIL(play, "a message of %u bytes in descriptor %u", play->step, size, index);
    }
    const uint64_t pa = play_get(play, desc, 4) | (uint64_t)play_get(play, desc + 4, 4) << 32;
    if (pa < PLAY_PA + PLAY_BUFFERS || size > sizeof play->sent.messages[0].data ||
        pa > PLAY_PA + PLAY_SIZE - size || play->sent.count == PLAY_LOG) {
        FAIL(play, "a message of %u bytes at %#llx", play->step, size, (unsigned long long)pa);
    }
    struct play_message *const to = &play->sent.messages[play->sent.count++];
    to->size = size;
    memcpy(to->data, play->memory + (pa - PLAY_PA), size);
}

static void collect_device(struct play *play)
{
    for (unsigned queue = 0; queue < 2; queue++) {
        for (; play->seen[queue] != play_get(play, used_at(queue) + 2, 2); play->seen[queue]++) {
            const size_t at = used_at(queue) + 4 + 8 * (play->seen[queue] % PLAY_NUM);
            const uint32_t id = play_get(play, at, 4);
            const uint32_t length = play_get(play, at + 4, 4);
            assert_true(play->returned_count < PLAY_LOG && play->empty_count < PLAY_LOG);
            if (queue == 1) {
                play->returned[play->returned_count][0] = id;
                play->returned[play->returned_count++][1] = length;
            } else if (length == 0) {
                play->empty[play->empty_count++] = id;
            } else {
                log_sent(play, 0, id, length);
            }
        }
    }
}

static void collect_driver(struct play *play)
{
    for (unsigned queue = 0; queue < 2; queue++) {
        for (; play->seen[queue] != play_get(play, avail_at(queue) + 2, 2); play->seen[queue]++) {
            const size_t at = avail_at(queue) + 4 + 2 * (play->seen[queue] % PLAY_NUM);
            const uint32_t id = play_get(play, at, 2);
            if (id >= PLAY_NUM) {
                FAIL(play, "head %u", play->step, id);
            }
            const uint32_t length = play_get(play, ring_at(queue) + 16 * (size_t)id + 8, 4);
            const uint32_t flags = play_get(play, ring_at(queue) + 16 * (size_t)id + 12, 2);
            if (queue == 1) {
                log_sent(play, 1, id, length);
            }
            const bool sized = (yoke_link_features(&play->link) & YOKE_F_RPMSG_BUFFERS) != 0;
            if (flags != (queue == 0 ? 2u : 0u) ||
                (queue == 0 && length != (sized ? play->sizes[0] : 512))) {
                FAIL(play, "a descriptor of %u bytes, flags %u", play->step, length, flags);
            }
            play->returned_count += queue == 0;
        }
    }
}

// --------------------------------------------------------------------------------------- the steps

/// The peer writes memory; where that holds an index which this side counts, counting goes on
/// there.
static void do_write(struct play *play, const cJSON *writes)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, writes)
    {
        const size_t at = strtoul(each->string, NULL, 0);
        size_t size;
        uint8_t *const bytes = vectors_bytes(each, &size);
        assert_true(at + size <= PLAY_SIZE);
        memcpy(play->memory + at, bytes, size);
        free(bytes);
        for (unsigned queue = 0; queue < 2; queue++) {
            const size_t idx = used_at(queue) + 2;
            if (at < idx + 2 && at + size > idx) {
                (play->driver ? play->given : play->seen)[queue] = (uint16_t)play_get(play, idx, 2);
            }
        }
    }
}

static const char *send_result(int status)
{
    switch (status) {
    case YOKE_OK:
        return "ok";
    case YOKE_AGAIN:
        return "no buffer";
    case YOKE_TOO_LONG:
        return "too long";
    case YOKE_DOWN:
        return "down";
    default:
        return "no address";
    }
}

static const char *do_send(struct play *play, uint32_t from, uint32_t to, const cJSON *data)
{
    size_t size;
    uint8_t *const bytes = vectors_bytes(data, &size);
    struct yoke_ept *const ept = yoke_ept_find(&play->link, from);

    assert_non_null(ept);
    const int status = yoke_send_to(ept, to, bytes, size);
    free(bytes);
    return send_result(status);
}

static const char *do_open(struct play *play, const cJSON *address)
{
    const bool any = cJSON_IsString(address) && strcmp(address->valuestring, "any") == 0;
    const unsigned index = play->ept_count;
    const int status =
        play_ept(play, any ? YOKE_RPMSG_ADDR_ANY : (uint32_t)vectors_number(address));

    if (status != YOKE_OK) {
        return status == YOKE_EXISTS ? "taken" : "no room";
    }
    for (unsigned i = 0; i < index; i++) {
        if (play->epts[i].addr == play->epts[index].addr) {
            return "twice";
        }
    }
    const uint32_t addr = play->epts[index].addr;
    return any && (addr < 1024 || addr == UINT32_MAX) ? "not dynamic" : "ok";
}

static void do_release(struct play *play)
{
    for (unsigned i = 0; i < play->kept_count; i++) {
        (void)yoke_release(&play->link, play->kept[i]); // void after a reset
    }
    play->kept_count = 0;
}

/// The device gives a buffer of the driver's back.
static void do_give(struct play *play, unsigned queue, const cJSON *step)
{
    size_t size;
    uint8_t *const bytes = vectors_bytes(cJSON_GetObjectItemCaseSensitive(step, "deliver"), &size);
    uint32_t id = play->last[queue];

    if (cJSON_HasObjectItem(step, "id")) {
        id = (uint32_t)vectors_member(step, "id", 0);
    } else if (!cJSON_HasObjectItem(step, "again")) {
        if (play->taken[queue] == play_get(play, avail_at(queue) + 2, 2)) {
            FAIL(play, "no buffer of queue %u is available", play->step, queue);
        }
        const size_t at = avail_at(queue) + 4 + 2 * (play->taken[queue]++ % PLAY_NUM);
        id = play_get(play, at, 2);
        const size_t desc = ring_at(queue) + 16 * (size_t)id;
        const uint64_t pa = play_get(play, desc, 4) | (uint64_t)play_get(play, desc + 4, 4) << 32;
        assert_true(id < PLAY_NUM && pa >= PLAY_PA + PLAY_BUFFERS &&
                    pa + play_get(play, desc + 8, 4) <= PLAY_PA + PLAY_SIZE);
        memcpy(play->memory + (pa - PLAY_PA), bytes, size);
    }
    play->last[queue] = id;
    const size_t element = used_at(queue) + 4 + 8 * (play->given[queue]++ % PLAY_NUM);
    play_put(play, element, 4, id);
    play_put(play, element + 4, 4, vectors_member(step, "len", size));
    play_put(play, used_at(queue) + 2, 2, play->given[queue]);
    free(bytes);
}

static void make_available(struct play *play, unsigned queue, uint32_t index)
{
    const uint32_t idx = play_get(play, avail_at(queue) + 2, 2);

    play_put(play, avail_at(queue) + 4 + 2 * (size_t)(idx % PLAY_NUM), 2, index);
    play_put(play, avail_at(queue) + 2, 2, idx + 1);
}

/// The driver sends a message, in the next buffer of queue 1.
static void do_offer(struct play *play, const cJSON *data)
{
    const uint32_t index = play_get(play, avail_at(1) + 2, 2) % PLAY_NUM;
    const size_t at = 0xc00 + 512 * (size_t)index;
    const size_t desc = ring_at(1) + 16 * (size_t)index;
    size_t size;
    uint8_t *const bytes = vectors_bytes(data, &size);

    assert_true(size <= 512);
    memcpy(play->memory + at, bytes, size);
    free(bytes);
    play_put(play, desc, 8, PLAY_PA + at);
    play_put(play, desc + 8, 4, size);
    play_put(play, desc + 12, 4, 0);
    make_available(play, 1, index);
}

/// The driver gives the buffer that it got back longest ago to the device anew.
static void do_refill(struct play *play)
{
    const uint16_t first = (uint16_t)(play_get(play, avail_at(0) + 2, 2) - PLAY_NUM);

    if (first == play_get(play, used_at(0) + 2, 2)) {
        FAIL(play, "all buffers of queue 0 are with the device", play->step);
    }
    make_available(play, 0, play_get(play, used_at(0) + 4 + 8 * (size_t)(first % PLAY_NUM), 4));
}

static void do_start(struct play *play)
{
    memset(play->seen, 0, sizeof play->seen);
    memset(play->taken, 0, sizeof play->taken);
    memset(play->given, 0, sizeof play->given);
    assert_int_equal(yoke_link_start(&play->link), YOKE_OK);
}

/// Does one step of the subject's, or of its peer's devices. Returns its result, or NULL.
static const char *act(struct play *play, const cJSON *step)
{
    const cJSON *const value = step->child;
    const char *const kind = value->string;

    if (strcmp(kind, "kick") == 0 || strcmp(kind, "run") == 0) {
        play_run(play);
    } else if (strcmp(kind, "send") == 0) {
        return do_send(play, (uint32_t)vectors_member(value, "from", 0),
                       (uint32_t)vectors_member(value, "to", 0),
                       cJSON_GetObjectItemCaseSensitive(value, "data"));
    } else if (strcmp(kind, "answer") == 0) {
        assert_true(play->received.count != 0);
        const struct play_message *const last = &play->received.messages[play->received.count - 1];
        return do_send(play, last->dst, last->src, value);
    } else if (strcmp(kind, "withdraw") == 0) {
        return send_result(
            yoke_withdraw(yoke_ept_find(&play->link, (uint32_t)vectors_number(value))));
    } else if (strcmp(kind, "open") == 0) {
        return do_open(play, value);
    } else if (strcmp(kind, "hold") == 0) {
        play->hold = vectors_number(value);
    } else if (strcmp(kind, "release") == 0) {
        do_release(play);
    } else if (strcmp(kind, "start") == 0) {
        do_start(play);
    } else if (strcmp(kind, "stop") == 0) {
        yoke_link_close(&play->link);
    } else if (strcmp(kind, "deliver") == 0 || strcmp(kind, "take") == 0) {
        do_give(play, kind[0] == 't', step);
    } else if (strcmp(kind, "offer") == 0) {
        do_offer(play, value);
    } else if (strcmp(kind, "refill") == 0) {
        do_refill(play);
    } else {
        FAIL(play, "there is no step \"%s\"", play->step, kind);
    }
    return NULL;
}

// -------------------------------------------------------------------------------------- the
// expects

static void demand_memory(struct play *play, const char *what, const uint8_t *memory,
                          const cJSON *want)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, want)
    {
        const size_t at = strtoul(each->string, NULL, 0);
        size_t size;
        uint8_t *const bytes = vectors_bytes(each, &size);
        assert_true(at + size <= PLAY_SIZE);
        if (memcmp(memory + at, bytes, size) != 0) {
            FAIL(play, "%s %s is %s", play->step, what, each->string,
                 cJSON_PrintUnformatted(vectors_hex(memory + at, size)));
        }
        free(bytes);
    }
}

static void demand_messages(struct play *play, const char *what, const struct play_log *log,
                            const cJSON *want, bool addressed)
{
    if ((unsigned)cJSON_GetArraySize(want) != log->count) {
        FAIL(play, "%s: %u messages", play->step, what, log->count);
    }
    for (unsigned i = 0; i < log->count; i++) {
        const struct play_message *const have = &log->messages[i];
        const cJSON *const message = cJSON_GetArrayItem(want, (int)i);
        size_t size;
        uint8_t *const bytes =
            vectors_bytes(addressed ? cJSON_GetArrayItem(message, 2) : message, &size);
        if (size != have->size || memcmp(bytes, have->data, size) != 0) {
            FAIL(play, "%s: message %u is %s", play->step, what, i,
                 cJSON_PrintUnformatted(vectors_hex(have->data, have->size)));
        }
        if (addressed && (vectors_number(cJSON_GetArrayItem(message, 0)) != have->src ||
                          vectors_number(cJSON_GetArrayItem(message, 1)) != have->dst)) {
            FAIL(play, "%s: message %u from %u to %u", play->step, what, i, have->src, have->dst);
        }
        free(bytes);
    }
}

/// A device's buffers that came back, in any order; or how many of a driver's did.
static void demand_returned(struct play *play, const cJSON *returned, const cJSON *empty)
{
    const unsigned want = play->driver ? (returned == NULL ? 0 : (unsigned)vectors_number(returned))
                                       : (unsigned)cJSON_GetArraySize(returned);
    const cJSON *const list = play->driver ? NULL : returned;
    const cJSON *each;

    if (want != play->returned_count) {
        FAIL(play, "returned: %u buffers", play->step, play->returned_count);
    }
    if ((unsigned)cJSON_GetArraySize(empty) != play->empty_count) {
        FAIL(play, "empty: %u buffers", play->step, play->empty_count);
    }
    cJSON_ArrayForEach(each, list)
    {
        unsigned i = 0;
        while (i < want && (play->returned[i][0] != vectors_number(cJSON_GetArrayItem(each, 0)) ||
                            play->returned[i][1] != vectors_number(cJSON_GetArrayItem(each, 1)))) {
            i++;
        }
        if (i == want) {
            FAIL(play, "returned: %s is not there", play->step, cJSON_PrintUnformatted(each));
        }
        play->returned[i][1] = UINT32_MAX; // found once
    }
    cJSON_ArrayForEach(each, empty)
    {
        unsigned i = 0;
        while (i < play->empty_count && play->empty[i] != vectors_number(each)) {
            i++;
        }
        if (i == play->empty_count) {
            FAIL(play, "empty: %s is not there", play->step, cJSON_PrintUnformatted(each));
        }
        play->empty[i] = UINT32_MAX;
    }
}

static void demand_bells(struct play *play, const cJSON *queues, bool want)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, queues)
    {
        if (play->rang[vectors_number(each) & 1] != want) {
            FAIL(play, "rang for queue 0: %d, for queue 1: %d", play->step, play->rang[0],
                 play->rang[1]);
        }
    }
}

static void demand_services(struct play *play, const cJSON *want)
{
    const cJSON *each;
    unsigned i = 0;

    if (want == NULL) {
        return;
    }
    if ((unsigned)cJSON_GetArraySize(want) != play->ns.count) {
        FAIL(play, "services: %u", play->step, play->ns.count);
    }
    cJSON_ArrayForEach(each, want)
    {
        const struct yoke_service *const have = &play->services[i++];
        if (strcmp(have->name, cJSON_GetArrayItem(each, 0)->valuestring) != 0 ||
            have->addr != vectors_number(cJSON_GetArrayItem(each, 1))) {
            FAIL(play, "services: %s at %u", play->step, have->name, have->addr);
        }
    }
}

static void demand_state(struct play *play, const cJSON *want)
{
    const char *const state = yoke_link_is_up(&play->link)                      ? "up"
                              : yoke_link_fault(&play->link) != YOKE_FAULT_NONE ? "broken"
                                                                                : "down";

    if (want != NULL && strcmp(want->valuestring, state) != 0) {
        FAIL(play, "state is %s", play->step, state);
    }
}

static void demand(struct play *play, const cJSON *all)
{
    static const char *const kinds[] = {"state",    "memory", "at_doorbell", "sent",  "received",
                                        "returned", "empty",  "kicked",      "quiet", "services"};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    const cJSON *want[KINDS];
    int known = 0;

    for (unsigned i = 0; i < KINDS; i++) {
        want[i] = cJSON_GetObjectItemCaseSensitive(all, kinds[i]);
        known += want[i] != NULL;
    }
    assert_int_equal(known, cJSON_GetArraySize(all));
    demand_state(play, want[0]);
    demand_memory(play, "memory", play->memory, want[1]);
    if (want[2] != NULL && !play->rang_at_all) {
        FAIL(play, "rang no doorbell", play->step);
    }
    demand_memory(play, "at the doorbell", play->at_doorbell, want[2]);
    demand_messages(play, "sent", &play->sent, want[3], false);
    demand_messages(play, "received", &play->received, want[4], true);
    demand_returned(play, want[5], want[6]);
    demand_bells(play, want[7], true);
    demand_bells(play, want[8], false);
    demand_services(play, want[9]);
    play->sent.count = play->received.count = 0;
    play->returned_count = play->empty_count = 0;
    play->rang[0] = play->rang[1] = play->rang_at_all = false;
}

static void play_step(struct play *play, const cJSON *step);

static void play_list(struct play *play, const cJSON *steps)
{
    const cJSON *each;

    assert_true(cJSON_IsArray(steps));
    cJSON_ArrayForEach(each, steps)
    {
        play_step(play, each);
    }
}

static void play_step(struct play *play, const cJSON *step)
{
    const cJSON *const value = step->child;

    if (strcmp(value->string, "play") == 0) {
        play_list(play, cJSON_GetObjectItemCaseSensitive(play->vector->parts, value->valuestring));
    } else if (strcmp(value->string, "repeat") == 0) {
        for (uint64_t left = vectors_number(value); left != 0; left--) {
            play_list(play, cJSON_GetObjectItemCaseSensitive(step, "steps"));
        }
    } else if (strcmp(value->string, "write") == 0) {
        do_write(play, value);
    } else if (strcmp(value->string, "expect") == 0) {
        demand(play, value);
    } else {
        const cJSON *const want = cJSON_GetObjectItemCaseSensitive(step, "result");
        const char *const result = act(play, step);
        if (want != NULL && (result == NULL || strcmp(result, want->valuestring) != 0)) {
            FAIL(play, "%s: result is \"%s\"", play->step, value->string, result);
        }
        if (play->driver) {
            collect_driver(play);
        } else {
            collect_device(play);
        }
    }
}

void play_steps(struct play *play, const cJSON *steps)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, steps)
    {
        play_step(play, each);
        play->step++;
    }
}
