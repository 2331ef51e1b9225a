// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/ack.h>

#include "fixture.h"
#include "vectors_ack.h"

#define FAIL(play, ...) vectors_fail((play)->vector, "step %d: " __VA_ARGS__)
#define MOST 16u

struct play {
    struct fixture f;
    const struct vector *vector;
    int step; ///< The one that is played.
    struct yoke_control control;
    struct yoke_listeners listeners;
    struct yoke_listener listener_table[MOST];
    struct yoke_bindings bindings;
    struct yoke_binding binding_table[MOST];
    struct yoke_ns ns;
    struct yoke_service services[MOST];
    struct yoke_ept epts[MOST];
    unsigned ept_count;
    struct yoke_ept filler; ///< Uses buffers up.
    struct {
        const char *name;
        struct yoke_ept *ept;
    } wishes[MOST]; ///< What endpoints listen to.
    unsigned wish_count;
    uint32_t ours[MOST]; ///< Addresses of the services that the subject has.
    unsigned our_count;
    bool limited;        ///< Buffers do not come back by themselves.
    uint16_t kept[MOST]; ///< Those that the peer keeps.
    unsigned kept_count;
    cJSON *sent; ///< What happened since the last expect.
    cJSON *received;
    cJSON *told;
};

// ------------------------------------------------------------------------------------- the subject

static void add_number(cJSON *array, uint32_t value)
{
    cJSON *const object = cJSON_CreateObject();

    vectors_add(object, "", value);
    cJSON_AddItemToArray(array, cJSON_DetachItemFromObject(object, ""));
    cJSON_Delete(object);
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct play *const play = ept->context;
    cJSON *const message = cJSON_CreateArray();

    add_number(message, msg->src);
    add_number(message, msg->dst);
    cJSON_AddItemToArray(message, vectors_hex(msg->data, msg->size));
    cJSON_AddItemToArray(play->received, message);
}

static void on_bound(struct yoke_listeners *listeners, struct yoke_ept *ept, uint32_t listener,
                     bool bound)
{
    struct play *const play = listeners->context;
    cJSON *const told = cJSON_CreateArray();

    add_number(told, ept->addr);
    add_number(told, listener);
    cJSON_AddItemToArray(told, cJSON_CreateBool(bound));
    cJSON_AddItemToArray(play->told, told);
}

static void on_service(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    struct play *const play = ns->context;

    for (unsigned i = 0; up && i < play->wish_count; i++) {
        if (play->wishes[i].ept->link != NULL && strcmp(play->wishes[i].name, service->name) == 0) {
            assert_int_equal(yoke_bind(&play->bindings, play->wishes[i].ept, service), YOKE_OK);
        }
    }
}

static void on_event(struct fixture *f, enum yoke_link_event event)
{
    struct play *const play = f->data;

    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&play->ns);
    }
}

static int open_ept(struct play *play, uint32_t addr)
{
    assert_true(play->ept_count < MOST);
    return yoke_ept_open(&play->f.link, &play->epts[play->ept_count++], addr, YOKE_RPMSG_ADDR_ANY,
                         receive, play);
}

static struct yoke_ept *get_ept(struct play *play, uint32_t addr)
{
    if (yoke_ept_find(&play->f.link, addr) == NULL) {
        assert_int_equal(open_ept(play, addr), YOKE_OK);
    }
    return yoke_ept_find(&play->f.link, addr);
}

// ---------------------------------------------------------------------------------------- the peer

/// Takes a message of the subject's. False if there is none.
static bool take(struct play *play, struct peer_message *m)
{
    if (!play->limited) {
        return peer_receive(&play->f.peer, m);
    }
    if (!peer_receive_keep(&play->f.peer, m)) {
        return false;
    }
    assert_true(play->kept_count < MOST);
    play->kept[play->kept_count++] = m->id;
    return true;
}

/// The subject does all that it has to do.
static void settle(struct play *play)
{
    struct peer_message m;
    bool again = yoke_link_is_up(&play->f.link);

    while (again) {
        again = fixture_drain(&play->f) != 0;
        while (take(play, &m)) {
            assert_int_equal(m.whole, 16u + m.len);
            cJSON_AddItemToArray(play->sent, vectors_hex(m.data - 16, m.whole));
            again = true;
        }
    }
}

static void do_come(struct play *play, const cJSON *value)
{
    size_t size;
    uint8_t *const bytes = vectors_bytes(value, &size);
    const struct peer *const peer = &play->f.peer;

    assert_true(size >= 16);
    const struct peer_message message = {
        .src = peer_get32(peer, bytes),
        .dst = peer_get32(peer, bytes + 4),
        .reserved = peer_get32(peer, bytes + 8),
        .len = peer_get16(peer, bytes + 12),
        .flags = peer_get16(peer, bytes + 14),
        .data = bytes + 16,
        .whole = (uint32_t)size,
    };
    assert_int_equal(16 + message.len, size);
    assert_true(peer_send_frame(&play->f.peer, &message));
    free(bytes);
}

/// So many buffers are free from now on, and no more come back.
static void do_room(struct play *play, unsigned count)
{
    struct peer_message m;

    play->limited = true;
    while (yoke_send_to(&play->filler, 1, "x", 1) == YOKE_OK) {
        assert_true(take(play, &m));
    }
    for (; count != 0; count--) {
        assert_int_not_equal(play->kept_count, 0);
        peer_recycle(&play->f.peer, play->kept[--play->kept_count]);
    }
}

// --------------------------------------------------------------------------------------- the steps

static const char *do_send(struct play *play, const cJSON *value)
{
    struct yoke_ept *const ept = get_ept(play, (uint32_t)vectors_member(value, "from", 0));
    size_t size;
    uint8_t *const bytes = vectors_bytes(cJSON_GetObjectItemCaseSensitive(value, "data"), &size);
    const int status = yoke_send_to(ept, (uint32_t)vectors_member(value, "to", 0), bytes, size);

    free(bytes);
    return status == YOKE_OK ? "ok" : status == YOKE_AGAIN ? "no buffer" : "down";
}

static const char *do_announce(struct play *play, const cJSON *value)
{
    const uint32_t addr = (uint32_t)vectors_number(cJSON_GetArrayItem(value, 1));
    const char *const name = cJSON_GetArrayItem(value, 0)->valuestring;

    assert_true(play->our_count < MOST);
    play->ours[play->our_count++] = addr;
    return yoke_announce(get_ept(play, addr), name) == YOKE_OK ? "ok" : "no";
}

static const char *do_withdraw(struct play *play, uint32_t addr)
{
    for (unsigned i = play->our_count; i-- != 0;) {
        if (play->ours[i] == addr) {
            play->ours[i] = play->ours[--play->our_count];
        }
    }
    return yoke_withdraw(get_ept(play, addr)) == YOKE_OK ? "ok" : "no";
}

static void do_listen(struct play *play, const cJSON *value)
{
    const char *const name = cJSON_GetObjectItemCaseSensitive(value, "to")->valuestring;
    struct yoke_ept *const ept = get_ept(play, (uint32_t)vectors_member(value, "at", 0));

    assert_true(play->wish_count < MOST);
    play->wishes[play->wish_count].name = name;
    play->wishes[play->wish_count++].ept = ept;
    for (uint32_t i = 0; i < play->ns.count; i++) {
        if (strcmp(play->services[i].name, name) == 0) {
            assert_int_equal(yoke_bind(&play->bindings, ept, &play->services[i]), YOKE_OK);
        }
    }
}

/// "Ends it, or is closed": one way for each role.
static void do_leave(struct play *play, uint32_t addr)
{
    struct yoke_ept *const ept = get_ept(play, addr);

    for (unsigned i = play->wish_count; i-- != 0;) {
        if (play->wishes[i].ept == ept) {
            play->wishes[i] = play->wishes[--play->wish_count];
        }
    }
    if (!fixture_drives(&play->f)) {
        assert_int_equal(yoke_ept_close(ept), YOKE_OK);
        return;
    }
    for (uint32_t i = 0; i < play->ns.count; i++) {
        (void)yoke_unbind(&play->bindings, ept, &play->services[i]);
    }
}

/// Does one step of the subject's, or of its peer's. Returns its result, or NULL.
static const char *act(struct play *play, const cJSON *value)
{
    const char *const kind = value->string;
    const char *result = NULL;

    if (strcmp(kind, "come") == 0) {
        do_come(play, value);
    } else if (strcmp(kind, "room") == 0) {
        do_room(play, (unsigned)vectors_number(value));
    } else if (strcmp(kind, "down") == 0) {
        fixture_down(&play->f);
        play->limited = false;
        play->kept_count = 0;
    } else if (strcmp(kind, "up") == 0) {
        fixture_up(&play->f);
    } else if (strcmp(kind, "open") == 0) {
        result = open_ept(play, (uint32_t)vectors_number(value)) == YOKE_OK ? "ok" : "taken";
    } else if (strcmp(kind, "send") == 0) {
        result = do_send(play, value);
    } else if (strcmp(kind, "announce") == 0) {
        result = do_announce(play, value);
    } else if (strcmp(kind, "withdraw") == 0) {
        result = do_withdraw(play, (uint32_t)vectors_number(value));
    } else if (strcmp(kind, "listen") == 0) {
        do_listen(play, value);
    } else if (strcmp(kind, "leave") == 0) {
        do_leave(play, (uint32_t)vectors_number(value));
    } else {
        FAIL(play, "there is no step \"%s\"", play->step, kind);
    }
    return result;
}

// ------------------------------------------------------------------------------------- the expects

/// Holds a list of what happened against what should have, and empties it.
static void demand_list(struct play *play, const cJSON *all, const char *key, cJSON **have)
{
    const cJSON *const want = cJSON_GetObjectItemCaseSensitive(all, key);

    if (want == NULL ? cJSON_GetArraySize(*have) != 0 : !vectors_same(want, *have)) {
        FAIL(play, "%s: %s", play->step, key, cJSON_PrintUnformatted(*have));
    }
    cJSON_Delete(*have);
    *have = cJSON_CreateArray();
}

static bool has(const struct play *play, uint32_t service, uint32_t listener)
{
    for (uint32_t i = 0; i < play->listeners.count; i++) {
        if (play->listener_table[i].service == service &&
            play->listener_table[i].address == listener) {
            return true;
        }
    }
    return false;
}

/// Listeners are known by service, and while the link is up.
static void demand_listeners(struct play *play, const cJSON *want)
{
    const uint32_t count = yoke_link_is_up(&play->f.link) ? play->listeners.count : 0;
    const cJSON *service;
    const cJSON *each;
    uint32_t wanted = 0;

    if (want == NULL) {
        return;
    }
    assert_int_equal(cJSON_GetArraySize(want), play->our_count);
    cJSON_ArrayForEach(service, want)
    {
        cJSON_ArrayForEach(each, service)
        {
            wanted++;
            if (!has(play, (uint32_t)strtoul(service->string, NULL, 0),
                     (uint32_t)vectors_number(each))) {
                FAIL(play, "listeners: %s is not known", play->step, cJSON_PrintUnformatted(each));
            }
        }
    }
    if (wanted != count) {
        FAIL(play, "listeners: %u are known", play->step, (unsigned)count);
    }
}

static void demand(struct play *play, const cJSON *all)
{
    static const char *const kinds[] = {"sent", "received", "told", "listeners", "state"};
    const cJSON *const state = cJSON_GetObjectItemCaseSensitive(all, "state");
    int known = 0;

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        known += cJSON_HasObjectItem(all, kinds[i]);
    }
    assert_int_equal(known, cJSON_GetArraySize(all));
    demand_list(play, all, "sent", &play->sent);
    demand_list(play, all, "received", &play->received);
    demand_list(play, all, "told", &play->told);
    demand_listeners(play, cJSON_GetObjectItemCaseSensitive(all, "listeners"));
    if (state != NULL &&
        strcmp(state->valuestring, yoke_link_is_up(&play->f.link) ? "up" : "down") != 0) {
        FAIL(play, "state is not %s", play->step, state->valuestring);
    }
}

static void play_step(struct play *play, const cJSON *step)
{
    const cJSON *const value = step->child;
    const cJSON *const want = cJSON_GetObjectItemCaseSensitive(step, "result");
    const cJSON *each;

    if (strcmp(value->string, "play") == 0) {
        const cJSON *const part =
            cJSON_GetObjectItemCaseSensitive(play->vector->parts, value->valuestring);
        assert_non_null(part);
        cJSON_ArrayForEach(each, part)
        {
            play_step(play, each);
        }
    } else if (strcmp(value->string, "expect") == 0) {
        demand(play, value);
    } else {
        const char *const result = act(play, value);
        if (want != NULL && (result == NULL || strcmp(result, want->valuestring) != 0)) {
            FAIL(play, "%s: result is \"%s\"", play->step, value->string, result);
        }
        settle(play);
    }
}

// -------------------------------------------------------------------------------------- the set-up

static bool mentions(const cJSON *steps, const char *kind)
{
    const cJSON *each;

    cJSON_ArrayForEach(each, steps)
    {
        if (strcmp(each->child->string, kind) == 0) {
            return true;
        }
    }
    return false;
}

static void begin(struct play *play, const struct vector *vector, enum peer_role peer)
{
    const cJSON *const setup = cJSON_GetObjectItemCaseSensitive(vector->json, "setup");
    const cJSON *const steps = cJSON_GetObjectItemCaseSensitive(vector->json, "steps");
    const cJSON *const endpoints = cJSON_GetObjectItemCaseSensitive(setup, "endpoints");
    const uint32_t both = PEER_F_NS | PEER_F_ACK;
    const uint32_t taken = (uint32_t)vectors_member(setup, "taken", both);
    const uint32_t room = (uint32_t)vectors_member(setup, "listeners", MOST);
    struct fixture_options options = fixture_options(peer);
    const cJSON *each;

    memset(play, 0, sizeof *play);
    options.peer.offered = peer == PEER_DEVICE ? taken : both;
    options.peer.taken = taken;
    fixture_open(&play->f, &options);
    play->f.data = play;
    play->f.on_event = on_event;
    play->vector = vector;
    play->sent = cJSON_CreateArray();
    play->received = cJSON_CreateArray();
    play->told = cJSON_CreateArray();
    assert_int_equal(
        yoke_ns_listen(&play->f.link, &play->ns, play->services, MOST, on_service, play), YOKE_OK);
    // A side without any use for records has none at address 54.
    if ((taken & PEER_F_ACK) != 0 || mentions(steps, "listen")) {
        assert_int_equal(yoke_control_open(&play->f.link, &play->control), YOKE_OK);
        assert_int_equal(yoke_listeners_open(&play->control, &play->listeners, play->listener_table,
                                             room, on_bound, play),
                         YOKE_OK);
        assert_int_equal(yoke_bindings_open(&play->control, &play->bindings, &play->ns,
                                            play->binding_table, MOST),
                         YOKE_OK);
    }
    fixture_ept(&play->f, &play->filler, 9, 1);
    if (endpoints == NULL) {
        (void)get_ept(play, 1024);
    }
    cJSON_ArrayForEach(each, endpoints)
    {
        (void)get_ept(play, (uint32_t)vectors_number(each));
    }
    fixture_up(&play->f);
    settle(play);
}

void vectors_ack(const struct vector *vector)
{
    static struct play play;

    for (int role = 0; role < 2; role++) {
        const cJSON *each;
        begin(&play, vector, role == 0 ? PEER_DRIVER : PEER_DEVICE);
        cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(vector->json, "steps"))
        {
            play_step(&play, each);
            play.step++;
        }
        fixture_close(&play.f);
        cJSON_Delete(play.sent);
        cJSON_Delete(play.received);
        cJSON_Delete(play.told);
    }
}
