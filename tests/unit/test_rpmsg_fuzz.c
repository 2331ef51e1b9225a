// SPDX-License-Identifier: BSD-3-Clause
// A million random corruptions of shared memory between random calls, in each role: never a crash,
// never a byte outside the windows, and private bookkeeping that adds up after every call.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/ack.h>

#include "fixture.h"
#include "ring/device.h"
#include "ring/driver.h"
#include "rpmsg/link.h"

#define ROUNDS 1000000u
#define SEED UINT64_C(0x796f6b652d312e30)
#define NUM 8u
#define EPTS 6u

struct fuzz {
    struct fixture *f;
    uint64_t random;
    struct yoke_ept ept[EPTS];
    struct yoke_ns ns;
    struct yoke_service services[3];
    struct yoke_control control;
    struct yoke_listeners listeners;
    struct yoke_listener listener_table[3];
    struct yoke_bindings bindings;
    struct yoke_binding binding_table[3];
    uint32_t bound, binds; ///< Listeners that came, theirs and ours.
    struct yoke_tx tx[NUM];
    uint32_t claims;
    yoke_ticket held[NUM];
    uint32_t holds;
    uint8_t table[68]; ///< As it was before it was corrupted.
    uint16_t next[2];
    uint32_t ups, breaks;
    uint32_t sum; ///< Of all payloads: each byte is read.
};

static uint32_t any(struct fuzz *z, uint32_t bound)
{
    z->random ^= z->random << 13; // xorshift64
    z->random ^= z->random >> 7;
    z->random ^= z->random << 17;
    return (uint32_t)(z->random >> 32) % bound;
}

// --------------------------------------------------------------------------------- what must hold

static void check_device_queue(const struct yoke_vq_device *device)
{
    uint32_t spares = 0;

    for (uint32_t i = 0; i < NUM; i++) {
        spares += device->owned[i] == OWNED_SPARE;
        assert_true(device->owned[i] == 0 || device->owned[i] == OWNED_SPARE ||
                    device->owned[i] % 2 == 1);
    }
    assert_int_equal(spares, device->spares);
}

static void check_driver_queue(const struct yoke_vq_driver *driver)
{
    uint32_t free = 0, offered = 0, walked = 0;

    for (uint32_t i = 0; i < NUM; i++) {
        free += driver->slots[i].stamp == SLOT_FREE;
        offered += driver->slots[i].stamp == SLOT_OFFERED;
        assert_true(driver->slots[i].stamp != SLOT_LINKED);
    }
    assert_int_equal(free, driver->free_count);
    assert_int_equal(offered, driver->vq.limit);
    for (uint32_t at = driver->free; walked < free; walked++) {
        assert_true(at < NUM && driver->slots[at].stamp == SLOT_FREE);
        at = driver->slots[at].next;
    }
}

/// Who listens is known, and so is what is listened to.
static void check_listeners(const struct fuzz *z)
{
    assert_true(z->listeners.count <= 3 && z->bindings.count <= 3);
    for (uint32_t i = 0; i < z->listeners.count; i++) {
        const struct yoke_ept *const ept = yoke_ept_find(&z->f->link, z->listener_table[i].service);
        assert_true(ept != NULL && ept->announced);
    }
    for (uint32_t i = 0; i < z->bindings.count; i++) {
        const struct yoke_binding *const binding = &z->binding_table[i];
        uint32_t at = 0;
        while (at < z->ns.count && !yoke_ns_same(&z->services[at], &binding->service)) {
            at++;
        }
        assert_true(at < z->ns.count && binding->state != 0);
    }
}

static void check(const struct fuzz *z)
{
    const struct yoke_link *const link = &z->f->link;
    uint32_t count = 0;

    for (uint32_t i = 0; i <= link->bucket_mask; i++) {
        uint32_t depth = 0;
        for (const struct yoke_ept *ept = link->buckets[i]; ept != NULL; ept = ept->next) {
            assert_true(ept->link == link && (ept->addr & link->bucket_mask) == i);
            depth++;
        }
        assert_true(depth <= YOKE_LINK_BUCKET_DEPTH);
        count += depth;
    }
    assert_int_equal(count, link->ept_count);
    if (!yoke_link_is_up(link)) {
        return;
    }
    check_listeners(z);
    if (fixture_drives(z->f)) {
        check_driver_queue(&link->rx.driver);
        check_driver_queue(&link->tx.driver);
    } else {
        check_device_queue(&link->rx.device);
        check_device_queue(&link->tx.device);
    }
}

// -------------------------------------------------------------------------------------- the peer

/// Makes a message of control records.
static void put_records(struct fuzz *z, uint8_t *buffer)
{
    const struct peer *const p = &z->f->peer;
    const uint32_t count = any(z, 4);

    peer_put32(p, buffer, 54);
    peer_put16(p, buffer + 12, (uint16_t)(16 * count));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *const record = buffer + 16 + (size_t)16 * i;
        peer_put32(p, record, any(z, 4) == 0 ? any(z, 6) : 3);
        peer_put32(p, record + 4, any(z, 4));
        peer_put32(p, record + 8, 30 + any(z, EPTS));
        peer_put32(p, record + 12, any(z, 3));
    }
}

/// An element that could be right: its index, and a descriptor and a message to match.
static void put_plausible(struct fuzz *z, unsigned queue)
{
    struct peer *const p = &z->f->peer;
    const struct peer_queue *const q = &p->queue[queue];
    const uint32_t id = any(z, 16) == 0 ? any(z, 70000) : any(z, NUM);
    const uint32_t size = any(z, 8) == 0 ? any(z, 2000) : any(z, 513);
    const bool drives = fixture_drives(z->f);
    const uint32_t slot = z->next[queue]++ % NUM;
    uint8_t *const buffer = p->memory + p->buffers_at + (queue * NUM + id % NUM) * 512;

    if (any(z, 4) != 0) {
        const uint32_t dst = any(z, 3) == 0 ? 53 + any(z, 2) : 30 + any(z, EPTS);
        peer_put32(p, buffer + 4, dst);
        peer_put16(p, buffer + 12, (uint16_t)(any(z, 4) == 0 ? 40 : any(z, size + 1)));
        memcpy(buffer + 16, any(z, 2) == 0 ? "svc\0" : "echo", 4);
        peer_put32(p, buffer + 52, any(z, 3));
        if (dst == 54) {
            put_records(z, buffer);
        }
    }
    if (drives) {
        peer_put32(p, q->used + 4 + 8 * slot, id);
        peer_put32(p, q->used + 8 + 8 * slot, size);
        peer_put16(p, q->used + 2, z->next[queue]);
    } else {
        uint8_t *const desc = q->desc + 16 * (id % NUM);
        peer_put64(p, desc, PEER_PA + (queue * NUM + id % NUM) * 512);
        peer_put32(p, desc + 8, size);
        peer_put16(p, desc + 12, (uint16_t)(any(z, 16) == 0 ? any(z, 8) : queue == 0 ? 2 : 0));
        peer_put16(p, q->avail + 4 + 2 * slot, (uint16_t)id);
        peer_put16(p, q->avail + 2, z->next[queue]);
    }
}

static void corrupt(struct fuzz *z)
{
    struct peer *const p = &z->f->peer;
    const unsigned queue = any(z, 2);
    const struct peer_queue *const q = &p->queue[queue];
    size_t at;

    switch (any(z, 12)) {
    case 0: // anywhere at all
        at = any(z, (uint32_t)p->size);
        break;
    case 1: // the table, its status included
        at = any(z, 40) == 0 ? any(z, 68) : 68 + any(z, 60);
        break;
    case 2: // descriptors
        at = (size_t)(q->desc - p->memory) + any(z, 16 * NUM);
        break;
    case 3: // rings, indices and flags included
        at = (size_t)(q->avail - p->memory) + any(z, 6 + 2 * NUM);
        break;
    case 4:
        at = (size_t)(q->used - p->memory) + any(z, 6 + 8 * NUM);
        break;
    case 5: // headers
        at = p->buffers_at + any(z, 2 * NUM) * 512 + any(z, 60);
        break;
    default:
        put_plausible(z, queue);
        return;
    }
    p->memory[at] = any(z, 3) == 0 ? (uint8_t)any(z, 4) : (uint8_t)any(z, 256);
}

// ------------------------------------------------------------------------------------- our side

/// Old tickets are tried as well: nothing may come of them.
static void forget(struct fuzz *z)
{
    z->claims = 0;
    z->holds = 0;
}

static void bring_up(struct fuzz *z)
{
    struct fixture *const f = z->f;

    memcpy(f->peer.memory, z->table, sizeof z->table);
    if (f->cached) {
        memcpy(f->view, f->peer.memory, f->peer.size);
        memcpy(f->synced, f->peer.memory, f->peer.size);
    }
    forget(z);
    fixture_up(f);
    z->next[0] = fixture_drives(f) ? 0 : NUM;
    z->next[1] = 0;
    z->ups++;
}

static void send_something(struct fuzz *z, struct yoke_ept *ept)
{
    static const uint8_t payload[600];
    const size_t size = any(z, 600);
    const int status = yoke_send_to(ept, any(z, 100), payload, size);

    assert_true(status == YOKE_OK || status == YOKE_AGAIN || status == YOKE_DOWN ||
                status == YOKE_TOO_LONG || ept->link == NULL);
    assert_true(status != YOKE_OK || size <= yoke_link_mtu(&z->f->link));
}

static void claim(struct fuzz *z, struct yoke_ept *ept)
{
    struct yoke_tx tx;

    if (z->claims < NUM && yoke_claim(ept, &tx) == YOKE_OK) {
        assert_true(fixture_shares(z->f, tx.data, tx.size));
        assert_true(tx.size <= yoke_link_mtu(&z->f->link));
        memset(tx.data, 0x5a, tx.size);
        z->tx[z->claims++] = tx;
    }
}

/// Ends a claim; an endpoint that is closed cannot.
static void end_claim(struct fuzz *z, struct yoke_ept *ept)
{
    if (z->claims != 0 && ept->link != NULL) {
        const uint32_t which = any(z, z->claims);
        const struct yoke_tx tx = z->tx[which];
        const int status = any(z, 2) == 0
                               ? yoke_commit_to(ept, any(z, 60), &tx, any(z, tx.size + 1))
                               : yoke_cancel(ept, &tx);
        assert_int_equal(status, yoke_link_is_up(&z->f->link) ? YOKE_OK : YOKE_DOWN);
        if (status == YOKE_OK) {
            assert_int_equal(yoke_cancel(ept, &tx), YOKE_INVALID);
        }
        z->tx[which] = z->tx[--z->claims];
    }
}

static void release(struct fuzz *z)
{
    if (z->holds != 0) {
        const uint32_t which = any(z, z->holds);
        const int status = yoke_release(&z->f->link, z->held[which]);
        assert_int_equal(status, yoke_link_is_up(&z->f->link) ? YOKE_OK : YOKE_INVALID);
        assert_int_equal(yoke_release(&z->f->link, z->held[which]), YOKE_INVALID);
        z->held[which] = z->held[--z->holds];
    }
}

static void toggle_ept(struct fuzz *z, struct yoke_ept *ept)
{
    if (ept->link != NULL) {
        const int status = yoke_ept_close(ept);
        assert_true(status == YOKE_OK || status == YOKE_AGAIN || status == YOKE_TOO_LONG);
    } else {
        const uint32_t addr = any(z, 3) == 0 ? YOKE_RPMSG_ADDR_ANY : 30 + any(z, EPTS);
        const int status = yoke_ept_open(&z->f->link, ept, addr, 9, fixture_receive, z->f);
        assert_true(status == YOKE_OK || status == YOKE_EXISTS);
    }
}

static void bind_or_unbind(struct fuzz *z, struct yoke_ept *ept)
{
    if (z->ns.count != 0) {
        const struct yoke_service *const service = &z->services[any(z, z->ns.count)];
        const int status = any(z, 2) == 0 ? yoke_bind(&z->bindings, ept, service)
                                          : yoke_unbind(&z->bindings, ept, service);
        assert_true(status == YOKE_OK || status == YOKE_EXISTS || status == YOKE_NOT_FOUND ||
                    status == YOKE_NO_SPACE || ept->link == NULL);
        z->binds += status == YOKE_OK;
    }
}

static void act(struct fuzz *z, uint32_t what)
{
    struct yoke_ept *const ept = &z->ept[any(z, EPTS)];
    struct yoke_link *const link = &z->f->link;

    switch (what) {
    case 0:
        toggle_ept(z, ept);
        break;
    case 1:
        (void)yoke_announce(ept, "service");
        break;
    case 2:
        (void)yoke_withdraw(ept);
        break;
    case 3:
        yoke_link_cork(link);
        break;
    case 4:
        yoke_link_flush(link);
        break;
    case 5:
    case 6:
        claim(z, ept);
        break;
    case 7:
    case 8:
        end_claim(z, ept);
        break;
    case 9:
    case 10:
        release(z);
        break;
    case 11:
        if (any(z, 200) == 0) {
            yoke_link_close(link);
        }
        break;
    case 12:
        assert_int_equal(yoke_release(link, any(z, UINT32_MAX) & ~(1u << 16)), YOKE_INVALID);
        break;
    case 13:
        bind_or_unbind(z, ept);
        break;
    default:
        if (ept->link != NULL) {
            send_something(z, ept);
        }
        break;
    }
}

static void on_message(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct fuzz *const z = f->data;

    (void)ept;
    for (uint32_t i = 0; i < msg->size; i++) {
        z->sum += ((const uint8_t *)msg->data)[i];
    }
    if (z->holds < NUM && any(z, 4) == 0) {
        const yoke_ticket ticket = yoke_hold(&f->link);
        assert_int_not_equal(ticket, YOKE_NO_TICKET);
        z->held[z->holds++] = ticket;
    }
    act(z, any(z, 20));
}

static void on_bound(struct yoke_listeners *listeners, struct yoke_ept *ept, uint32_t listener,
                     bool bound)
{
    struct fuzz *const z = listeners->context;

    assert_true(ept->announced && listener != YOKE_RPMSG_ADDR_ANY);
    z->bound += bound;
    act(z, any(z, 20));
}

static void on_event(struct fixture *f, enum yoke_link_event event)
{
    struct fuzz *const z = f->data;

    if (event != YOKE_LINK_UP) {
        z->breaks += event == YOKE_LINK_BROKEN;
        yoke_ns_clear(&z->ns);
        forget(z);
    }
}

static void a_million_corruptions_break_nothing_on_our_side(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct fuzz *const z = calloc(1, sizeof *z);

    assert_non_null(z);
    options.peer.num = NUM;
    options.peer.offered = PEER_F_NS | PEER_F_ACK | PEER_F_INDIRECT | PEER_F_EVENT_IDX;
    z->f = f;
    z->random = SEED;
    print_message("seed %016llx, %u rounds\n", (unsigned long long)SEED, ROUNDS);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        // Now and then a new link, with other features.
        if (round % (ROUNDS / 8) == 0) {
            options.peer.taken = options.peer.offered & (any(z, 2) == 0 ? UINT32_MAX : PEER_F_NS);
            options.known = options.peer.taken;
            options.polled = any(z, 2) == 0;
            fixture_reopen(f, &options);
            f->lenient = true;
            f->data = z;
            f->on_message = on_message;
            f->on_event = on_event;
            memset(z->ept, 0, sizeof z->ept);
            assert_int_equal(yoke_ns_listen(&f->link, &z->ns, z->services, 3, NULL, NULL), YOKE_OK);
            assert_int_equal(yoke_control_open(&f->link, &z->control), YOKE_OK);
            assert_int_equal(
                yoke_listeners_open(&z->control, &z->listeners, z->listener_table, 3, on_bound, z),
                YOKE_OK);
            assert_int_equal(
                yoke_bindings_open(&z->control, &z->bindings, &z->ns, z->binding_table, 3),
                YOKE_OK);
            memcpy(z->table, f->peer.memory, sizeof z->table);
            bring_up(z);
        }
        corrupt(z);
        if (any(z, 3) == 0) {
            const uint32_t budget = any(z, 20);
            const uint32_t received = f->received;
            const int done = yoke_link_poll(&f->link, budget);
            assert_true(done <= (int)budget);
            assert_true(f->received - received <= budget);
            assert_true(done >= 0 || done == YOKE_DOWN || done == YOKE_BAD_PEER);
        } else {
            act(z, any(z, 20));
        }
        check(z);
        if (!yoke_link_is_up(&f->link) && any(z, 8) == 0) {
            yoke_link_close(&f->link);
            memcpy(f->peer.memory, z->table, sizeof z->table);
            peer_set_status(&f->peer, 0);
            assert_int_equal(yoke_link_poll(&f->link, 1), YOKE_DOWN);
            bring_up(z);
        }
    }
    // It was not all refused at the door.
    assert_true(z->ups > 100 && z->breaks > 100);
    assert_true(f->received > 1000 && z->bound > 100 && z->binds > 100);
    assert_true(yoke_link_stats(&f->link)->bad > 1000);
    assert_true(yoke_link_stats(&f->link)->tx_sent > 1000);
    print_message(
        "%u times up, %u broken, %u and %u bound; of the last link %u received, %u sent, %u bad\n",
        z->ups, z->breaks, z->bound, z->binds, f->received, yoke_link_stats(&f->link)->tx_sent,
        yoke_link_stats(&f->link)->bad);
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_million_corruptions_break_nothing_on_our_side),
    };
    return cmocka_run_group_tests_name("rpmsg_fuzz", tests, NULL, NULL);
}
