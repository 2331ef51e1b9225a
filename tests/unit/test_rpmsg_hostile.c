// SPDX-License-Identifier: BSD-3-Clause
// A peer that breaks the rules, mistake by mistake: counted, not followed, and nothing is lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define US 30u
#define THEM 1024u

static uint32_t bad(const struct fixture *f)
{
    return yoke_link_stats(&f->link)->bad;
}

/// As many good messages as there are buffers go both ways.
static void assert_nothing_lost(struct fixture *f, struct yoke_ept *ept)
{
    const uint32_t received = f->received;
    struct peer_message m;

    while (peer_receive(&f->peer, &m)) {
        continue;
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(peer_put(&f->peer, THEM, ept->addr, &i, 4));
    }
    assert_false(peer_put(&f->peer, THEM, ept->addr, "x", 1));
    peer_show(&f->peer, peer_tx(&f->peer));
    assert_int_equal(fixture_drain(f), 8);
    assert_int_equal(f->received, received + 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(yoke_send(ept, &i, 4), YOKE_OK);
    }
    assert_int_equal(yoke_send(ept, "x", 1), YOKE_AGAIN);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(peer_receive(&f->peer, &m));
        assert_memory_equal(m.data, &i, 4);
    }
}

static void every_bad_message_is_counted_and_its_buffer_kept(void **state)
{
    struct fixture *const f = *state;

    for (int mistake = 0; mistake < PEER_MISTAKES; mistake++) {
        const struct fixture_options options = f->options;
        struct yoke_ept ept;
        if (mistake == PEER_ID_TWICE) {
            continue; // see an_id_of_a_held_message_is_refused
        }
        fixture_reopen(f, &options);
        f->lenient = true;
        fixture_ept(f, &ept, US, THEM);
        fixture_up(f);
        for (uint32_t i = 0; i < 50; i++) {
            if (!peer_misbehave(&f->peer, mistake, US)) {
                assert_int_equal(i, 0); // not one that this role can make
                break;
            }
            if (mistake == PEER_WHOLE_TOO_LONG || mistake <= PEER_NOTHING ||
                mistake > PEER_ID_TWICE) {
                assert_int_equal(fixture_drain(f), 1);
                assert_int_equal(bad(f), i + 1);
            } else {
                // A made-up element: its message's own descriptor stays the peer's.
                assert_int_equal(fixture_drain(f), 1);
                assert_int_equal(bad(f), i + 1);
                continue;
            }
            assert_int_equal(f->received, 0);
        }
        if (mistake < PEER_ID_OUTSIDE || mistake > PEER_ID_TWICE) {
            assert_nothing_lost(f, &ept);
        }
    }
}

static void a_single_indirect_buffer_is_accepted_where_it_was_negotiated(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept ept;

    options.peer.offered = options.peer.taken = PEER_F_INDIRECT;
    fixture_reopen(f, &options);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_true(peer_misbehave(&f->peer, PEER_DESC_INDIRECT, US));
        assert_int_equal(fixture_drain(f), 1);
        assert_int_equal(f->received, i);
        assert_memory_equal(fixture_last(f)->data, "spoilt!", 8);
    }
    assert_int_equal(bad(f), 0);
    static const enum peer_mistake refused[] = {PEER_DESC_INDIRECT_SELF, PEER_DESC_INDIRECT_EMPTY,
                                                PEER_DESC_CHAINED, PEER_DESC_SELF};
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(peer_misbehave(&f->peer, refused[i], US));
        assert_int_equal(fixture_drain(f), 1);
        assert_int_equal(bad(f), i + 1);
    }
    assert_int_equal(f->received, 20);
    assert_nothing_lost(f, &ept);
}

static void hold(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    yoke_ticket *const ticket = f->data;

    (void)ept;
    (void)msg;
    if (*ticket == YOKE_NO_TICKET) {
        *ticket = yoke_hold(&f->link);
    }
}

static void an_id_of_a_held_message_is_refused(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    yoke_ticket ticket = YOKE_NO_TICKET;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &ticket;
    f->on_message = hold;
    if (fixture_drives(f)) {
        assert_true(peer_misbehave(&f->peer, PEER_ID_TWICE, US));
    } else {
        // The driver offers the same head again while the device has it.
        struct peer_queue *const q = &f->peer.queue[1];
        assert_true(peer_put(&f->peer, THEM, US, "x", 1));
        memcpy(q->avail + 4 + 2, q->avail + 4, 2);
        q->next++;
        peer_show(&f->peer, 1);
    }
    assert_int_equal(fixture_drain(f), 2);
    assert_int_equal(f->received, 1);
    assert_int_equal(bad(f), 1);
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_OK);
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_INVALID);
}

// ----------------------------------------------------------------------------------------- indices

static void assert_broken(struct fixture *f, const char *events, enum yoke_link_fault fault)
{
    struct yoke_tx tx;
    struct yoke_ept *const ept = yoke_ept_find(&f->link, US);

    assert_string_equal(f->events, events);
    assert_int_equal(yoke_link_fault(&f->link), fault);
    assert_false(yoke_link_is_up(&f->link));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
    }
    assert_int_equal(yoke_send(ept, "x", 1), YOKE_DOWN);
    assert_int_equal(yoke_claim(ept, &tx), YOKE_DOWN);
    assert_string_equal(f->events, events);
}

static void assert_recovers(struct fixture *f)
{
    fixture_down(f);
    assert_int_equal(yoke_link_fault(&f->link), YOKE_FAULT_NONE);
    fixture_up(f);
    assert_nothing_lost(f, yoke_ept_find(&f->link, US));
}

static void an_impossible_receive_index_breaks_the_link_until_reset(void **state)
{
    struct fixture *const f = *state;

    for (uint32_t by = 9; by < 65536; by = by * 3 + 1) {
        const struct fixture_options options = f->options;
        struct yoke_ept ept;
        fixture_reopen(f, &options);
        fixture_ept(f, &ept, US, THEM);
        fixture_up(f);
        peer_jump(&f->peer, peer_tx(&f->peer), (uint16_t)by);
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
        assert_broken(f, "UB", YOKE_FAULT_INDEX);
        assert_recovers(f);
        assert_string_equal(f->events, "UBU");
    }
}

static void an_index_that_goes_back_breaks_the_link(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (int i = 0; i < 3; i++) {
        assert_true(peer_send(&f->peer, THEM, US, "x", 1));
    }
    assert_int_equal(fixture_drain(f), 3);
    peer_jump(&f->peer, peer_tx(&f->peer), UINT16_MAX);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
    assert_broken(f, "UB", YOKE_FAULT_INDEX);
    assert_recovers(f);
}

static void an_index_that_is_possible_costs_no_more_than_the_budget(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    peer_jump(&f->peer, peer_tx(&f->peer), 8);
    assert_int_equal(yoke_link_poll(&f->link, 5), 5);
    assert_int_equal(yoke_link_poll(&f->link, 5), 3);
    assert_int_equal(f->received, 0);
    assert_string_equal(f->events, "U");
    assert_recovers(f);
}

static int send_until_it_fails(struct yoke_ept *ept)
{
    for (int i = 0; i < 20; i++) {
        const int status = yoke_send(ept, "x", 1);
        if (status != YOKE_OK) {
            return status;
        }
    }
    return YOKE_OK;
}

static void an_impossible_send_index_breaks_the_link_until_reset(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    peer_jump(&f->peer, peer_rx(&f->peer), 9);
    assert_int_equal(send_until_it_fails(&ept), YOKE_DOWN);
    assert_broken(f, "UB", YOKE_FAULT_INDEX);
    assert_recovers(f);
    assert_string_equal(f->events, "UBU");
}

static void an_endpoint_can_be_closed_although_its_withdrawal_breaks_the_link(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    }
    while (peer_receive_keep(&f->peer, &m)) {
        continue;
    }
    peer_jump(&f->peer, peer_rx(&f->peer), 9);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_null(yoke_ept_find(&f->link, US));
    assert_string_equal(f->events, "UB");
}

static void break_by_sending(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)msg;
    assert_int_equal(send_until_it_fails(ept), YOKE_DOWN);
    assert_false(yoke_link_is_up(&f->link));
    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
}

static void a_link_may_break_inside_a_callback(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->on_message = break_by_sending;
    assert_true(peer_send(&f->peer, THEM, US, "1", 1));
    assert_true(peer_send(&f->peer, THEM, US, "2", 1));
    peer_jump(&f->peer, peer_rx(&f->peer), 9);
    assert_int_equal(yoke_link_poll(&f->link, 8), 1);
    assert_int_equal(f->received, 1);
    assert_broken(f, "UB", YOKE_FAULT_INDEX);
    f->on_message = NULL;
    assert_recovers(f);
}

static void break_in_first_doorbell(struct fixture *f, unsigned queue)
{
    (void)queue;
    f->on_bell = NULL;
    peer_jump(&f->peer, peer_rx(&f->peer), 9);
}

static void a_link_that_breaks_while_it_announces_never_says_up(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept[20];

    for (uint32_t i = 0; i < 20; i++) { // more than there are buffers
        fixture_ept(f, &ept[i], US + i, THEM);
        assert_int_equal(yoke_announce(&ept[i], "svc"), YOKE_OK);
    }
    if (fixture_drives(f)) {
        for (unsigned i = 0; i < 2; i++) {
            yoke_vdev_driver_place(&f->vdev, i, PEER_DA + f->peer.ring_at[i], PEER_NOTIFY + i);
        }
        f->on_bell = break_in_first_doorbell;
        (void)yoke_link_start(&f->link);
    } else {
        peer_up(&f->peer);
        peer_jump(&f->peer, 0, 9);
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
    }
    assert_broken(f, "B", YOKE_FAULT_INDEX);
}

// ------------------------------------------------------------------------- buffers to send in

/// Spoils the driver's receive buffer `id`.
static void spoil_buffer(struct fixture *f, uint32_t id, unsigned how)
{
    uint8_t *const desc = f->peer.queue[0].desc + 16 * id;

    switch (how % 5) {
    case 0: // outside the windows
        peer_put64(&f->peer, desc, PEER_PA - 1);
        break;
    case 1: // wraps
        peer_put64(&f->peer, desc, UINT64_MAX);
        break;
    case 2: // no room for a header
        peer_put32(&f->peer, desc + 8, 15);
        break;
    case 3: // for reading
        peer_put16(&f->peer, desc + 12, 0);
        break;
    default: // chained to itself
        peer_put16(&f->peer, desc + 12, 3);
        peer_put16(&f->peer, desc + 14, (uint16_t)id);
        break;
    }
}

static void bad_buffers_of_the_drivers_are_skipped_and_given_back(void **state)
{
    struct fixture *const f = *state;

    for (uint32_t spoilt = 0; spoilt < 256; spoilt++) {
        const struct fixture_options options = f->options;
        struct yoke_ept ept;
        struct peer_message m;
        uint32_t good = 0;
        fixture_reopen(f, &options);
        f->lenient = true;
        fixture_ept(f, &ept, US, THEM);
        fixture_up(f);
        for (uint32_t id = 0; id < 8; id++) {
            if ((spoilt >> id & 1) != 0) {
                spoil_buffer(f, id, id + spoilt);
            } else {
                good++;
            }
        }
        for (uint32_t i = 0; i < good; i++) {
            assert_int_equal(yoke_send(&ept, &i, 4), YOKE_OK);
        }
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_AGAIN);
        assert_int_equal(bad(f), 8 - good);
        // All eight came back, the good ones with a message.
        uint32_t number = 0;
        for (uint32_t id = 0; id < 8; id++) {
            assert_true(peer_receive_keep(&f->peer, &m));
            assert_int_equal(m.id, id);
            assert_int_equal(m.whole, (spoilt >> id & 1) != 0 ? 0 : 20);
            if (m.whole != 0) {
                assert_memory_equal(m.data, &number, 4);
                number++;
            }
        }
        assert_false(peer_receive_keep(&f->peer, &m));
    }
}

/// Takes everything and offers the buffers again, all but the last one bad.
static void refill_with_one_good_buffer(struct fixture *f, unsigned queue)
{
    struct peer_message m[8];
    uint32_t count = 0;

    (void)queue;
    while (count < 8 && peer_receive_keep(&f->peer, &m[count])) {
        count++;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *const desc = f->peer.queue[0].desc + 16 * m[i].id;
        peer_put64(&f->peer, desc, PEER_PA + 512 * m[i].id);
        peer_put32(&f->peer, desc + 8, i + 1 < count ? 8 : 512);
        peer_recycle(&f->peer, m[i].id);
    }
    if (count != 0) {
        peer_arm(&f->peer, 0);
    }
}

/// The number of bad buffers in a row is such that each try of a claim in turn finds the good one.
static void a_good_buffer_behind_bad_ones_is_not_lost(void **state)
{
    struct fixture *const f = *state;

    for (uint32_t num = 2; num <= 8; num *= 2) {
        struct fixture_options options = f->options;
        struct yoke_ept ept;
        options.peer.num = num;
        fixture_reopen(f, &options);
        fixture_ept(f, &ept, US, THEM);
        fixture_up(f);
        f->on_bell = refill_with_one_good_buffer;
        yoke_link_cork(&f->link);
        for (uint32_t i = 0; i < num; i++) {
            assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
        }
        // None is free; showing what waits rings, and the peer refills: num - 1 bad, one good.
        const int status = yoke_send(&ept, "y", 1);
        assert_true(status == YOKE_OK || yoke_send(&ept, "y", 1) == YOKE_OK);
        assert_int_equal(bad(f), num - 1);
    }
}

/// Takes everything, and gives one buffer back: a bad one.
static void give_one_bad_buffer(struct fixture *f, unsigned queue)
{
    struct peer_message first, m = {0};

    (void)queue;
    f->on_bell = NULL;
    assert_true(peer_receive_keep(&f->peer, &first));
    while (peer_receive_keep(&f->peer, &m)) {
        continue;
    }
    *(uint16_t *)f->data = m.id;
    peer_put32(&f->peer, f->peer.queue[0].desc + 16 * first.id + 8, 3);
    peer_recycle(&f->peer, first.id);
}

static void bad_buffer_in_the_race(struct fixture *f)
{
    struct yoke_ept ept;
    uint16_t good;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &good;
    f->on_bell = give_one_bad_buffer;
    yoke_link_cork(&f->link);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    }
    // The bad buffer comes just before this asks for a doorbell, and is all that came.
    assert_int_equal(yoke_send(&ept, "y", 1), YOKE_AGAIN);
    assert_int_equal(bad(f), 1);
    const uint32_t rang = f->peer.rang[0];
    peer_recycle(&f->peer, good);
    assert_int_equal(f->peer.rang[0], rang + 1);
    assert_int_equal(yoke_send(&ept, "y", 1), YOKE_OK);
}

static void a_bad_buffer_does_not_use_up_the_doorbell_for_a_good_one(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;

    bad_buffer_in_the_race(f);
    options.peer.offered = options.peer.taken = PEER_F_EVENT_IDX;
    fixture_reopen(f, &options);
    bad_buffer_in_the_race(f);
}

static void refill_with_bad_buffers(struct fixture *f, unsigned queue)
{
    struct peer_message m;

    (void)queue;
    for (uint32_t id = 0; id < f->options.peer.num; id++) {
        peer_put32(&f->peer, f->peer.queue[0].desc + 16 * id + 8, 3);
    }
    for (uint32_t i = 0; i < f->options.peer.num && peer_receive(&f->peer, &m); i++) {
        continue;
    }
    peer_arm(&f->peer, 0);
}

static void endless_bad_buffers_cost_one_ring_a_call(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->on_bell = refill_with_bad_buffers;
    refill_with_bad_buffers(f, 0);
    for (uint32_t i = 1; i <= 100; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_AGAIN);
        assert_true(bad(f) <= 9 * i);
        assert_int_equal(yoke_link_poll(&f->link, 1), 0);
    }
    assert_string_equal(f->events, "U");
}

static void endless_bad_elements_cost_one_ring_a_call(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(send_until_it_fails(&ept), YOKE_AGAIN);
    // The device hands back elements that name nothing, as many as it likes.
    for (uint32_t i = 1; i <= 100; i++) {
        peer_jump(&f->peer, 1, 8);
        memset(f->peer.queue[1].used + 4, 0xff, 64);
        f->peer.queue[1].next += 8;
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_AGAIN);
        assert_int_equal(bad(f), 8 * i);
    }
    assert_string_equal(f->events, "U");
}

// -------------------------------------------------------------------------------- features, rings

static void a_feature_that_was_not_offered_breaks_the_link(void **state)
{
    struct fixture *const f = *state;

    for (unsigned bit = 1; bit < 32; bit++) {
        struct fixture_options options = f->options;
        struct yoke_ept ept;
        options.peer.taken = PEER_F_NS | 1u << bit;
        fixture_reopen(f, &options);
        fixture_ept(f, &ept, US, THEM);
        peer_up(&f->peer);
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
        assert_broken(f, "B", YOKE_FAULT_FEATURES);
        f->peer.config.taken = PEER_F_NS;
        assert_recovers(f);
        assert_string_equal(f->events, "BU");
    }
}

static void features_changed_in_the_offer_are_not_believed(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    f->peer.config.taken = PEER_F_EVENT_IDX;
    peer_set_table(&f->peer, PEER_DFEATURES, UINT32_MAX); // after the device had read it
    peer_up(&f->peer);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
    assert_broken(f, "B", YOKE_FAULT_FEATURES);
}

static const struct {
    uint32_t field;
    uint32_t value;
} bad_rings[] = {
    {PEER_VRING_NUM, 0},
    {PEER_VRING_NUM, 3},
    {PEER_VRING_NUM, 4},     // valid, but not what there is private memory for
    {PEER_VRING_NUM, 16},    // grown later
    {PEER_VRING_NUM, 65536}, // more than an index can count
    {PEER_VRING_NUM, UINT32_MAX},
    {PEER_VRING_ALIGN, 0},
    {PEER_VRING_ALIGN, 3},
    {PEER_VRING_ALIGN, 0x80000000},
    {PEER_VRING_DA, 0xffffffff}, // not placed
    {PEER_VRING_DA, 0},
    {PEER_VRING_DA, PEER_DA - 16},
    {PEER_VRING_ALIGN, 32},       // valid, but another one than at set-up
    {PEER_VRING_DA, PEER_DA + 8}, // not aligned
    {PEER_VRING_DA, PEER_DA + 0x1000 * 3 - 64},
    {PEER_VRING_DA, 0xfffffff0}, // wraps in 32 bits
};

/// Changes the table behind the driver's back: in its cache too, or its own stores to the same line
/// would write the old value back.
static void change_table(struct fixture *f, uint32_t at, uint32_t value)
{
    peer_set_table(&f->peer, at, value);
    if (f->cached) {
        memcpy(f->view + at, f->peer.memory + at, 4);
        memcpy(f->synced + at, f->peer.memory + at, 4);
    }
}

static void rings_that_are_not_valid_break_the_link(void **state)
{
    struct fixture *const f = *state;

    for (size_t i = 0; i < 2 * (sizeof bad_rings / sizeof bad_rings[0]); i++) {
        const struct fixture_options options = f->options;
        struct yoke_ept ept;
        const uint32_t at = PEER_VRING((uint32_t)i % 2, bad_rings[i / 2].field);
        fixture_reopen(f, &options);
        fixture_ept(f, &ept, US, THEM);
        if (fixture_drives(f)) {
            for (unsigned r = 0; r < 2; r++) {
                yoke_vdev_driver_place(&f->vdev, r, PEER_DA + f->peer.ring_at[r], PEER_NOTIFY + r);
            }
            const uint32_t good = peer_table(&f->peer, at);
            change_table(f, at, bad_rings[i / 2].value);
            assert_int_equal(yoke_link_start(&f->link), YOKE_BAD_PEER);
            assert_int_equal(peer_status(&f->peer), 0);
            assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
            assert_string_equal(f->events, "");
            change_table(f, at, good);
        } else {
            peer_up(&f->peer);
            const uint32_t good = peer_table(&f->peer, at);
            peer_set_table(&f->peer, at, bad_rings[i / 2].value);
            assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_BAD_PEER);
            assert_broken(f, "B", YOKE_FAULT_RING);
            peer_set_table(&f->peer, at, good);
            peer_down(&f->peer);
            assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
        }
        fixture_up(f);
        assert_nothing_lost(f, &ept);
    }
}

static void the_table_does_not_matter_while_the_link_is_up(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    memset(f->peer.memory, 0xff, PEER_STATUS);
    memset(f->peer.memory + PEER_STATUS + 1, 0xff, 43);
    assert_nothing_lost(f, &ept);
    if (fixture_drives(f)) {
        peer_set_status(&f->peer, 0); // not the device's to write
        assert_nothing_lost(f, &ept);
    }
}

// ---------------------------------------------------------------- what is decided from private
// memory

static void the_free_list_is_not_in_shared_memory(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t i = 0; i < 8; i++) { // `next` of each descriptor points nowhere
        peer_put16(&f->peer, f->peer.queue[0].desc + 16 * i + 14, 0xffff);
        peer_put16(&f->peer, f->peer.queue[1].desc + 16 * i + 14, 0xffff);
    }
    for (int i = 0; i < 5; i++) {
        assert_nothing_lost(f, &ept);
    }
}

static void scribble(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    const struct yoke_msg before = *msg;
    yoke_ticket ticket;

    (void)ept;
    memset(f->peer.memory + f->peer.buffers_at, 0xff, f->peer.size - f->peer.buffers_at);
    memset(f->peer.queue[0].desc, 0xff, 16 * 8);
    memset(f->peer.queue[1].desc, 0xff, 16 * 8);
    assert_memory_equal(msg, &before, sizeof before);
    ticket = yoke_hold(&f->link);
    assert_int_not_equal(ticket, YOKE_NO_TICKET);
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_OK);
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_INVALID);
}

static void a_message_and_its_hold_do_not_depend_on_its_buffer(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    f->lenient = true;
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->on_message = scribble;
    assert_true(peer_send(&f->peer, THEM, US, "fragile", 7));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(fixture_last(f)->size, 7);
    assert_int_equal(f->received, 1);
}

static void a_claimed_buffer_stays_where_it_was_checked(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct yoke_tx tx;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
    const uint64_t address = peer_get64(&f->peer, f->peer.queue[0].desc);
    peer_put64(&f->peer, f->peer.queue[0].desc, 0); // moved after the check
    assert_true(fixture_shares(f, tx.data, tx.size));
    memcpy(tx.data, "here", 4);
    assert_int_equal(yoke_commit(&ept, &tx, 4), YOKE_OK);
    peer_put64(&f->peer, f->peer.queue[0].desc, address);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data, "here", 4);
}

static void a_doorbell_before_set_up_is_harmless(void **state)
{
    struct yoke_link link;

    (void)state;
    memset(&link, 0, sizeof link);
    yoke_link_signal(&link);
    assert_true(yoke_link_signalled(&link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(every_bad_message_is_counted_and_its_buffer_kept),
        IN_DEVICE(a_single_indirect_buffer_is_accepted_where_it_was_negotiated),
        IN_BOTH(an_id_of_a_held_message_is_refused),
        IN_BOTH(an_impossible_receive_index_breaks_the_link_until_reset),
        IN_BOTH(an_index_that_goes_back_breaks_the_link),
        IN_BOTH(an_index_that_is_possible_costs_no_more_than_the_budget),
        IN_BOTH(an_impossible_send_index_breaks_the_link_until_reset),
        IN_BOTH(an_endpoint_can_be_closed_although_its_withdrawal_breaks_the_link),
        IN_BOTH(a_link_may_break_inside_a_callback),
        IN_BOTH(a_link_that_breaks_while_it_announces_never_says_up),
        IN_DEVICE(bad_buffers_of_the_drivers_are_skipped_and_given_back),
        IN_DEVICE(a_good_buffer_behind_bad_ones_is_not_lost),
        IN_DEVICE(a_bad_buffer_does_not_use_up_the_doorbell_for_a_good_one),
        IN_DEVICE(endless_bad_buffers_cost_one_ring_a_call),
        IN_DRIVER(endless_bad_elements_cost_one_ring_a_call),
        IN_DEVICE(a_feature_that_was_not_offered_breaks_the_link),
        IN_DEVICE(features_changed_in_the_offer_are_not_believed),
        IN_BOTH(rings_that_are_not_valid_break_the_link),
        IN_BOTH(the_table_does_not_matter_while_the_link_is_up),
        IN_BOTH(the_free_list_is_not_in_shared_memory),
        IN_BOTH(a_message_and_its_hold_do_not_depend_on_its_buffer),
        IN_DEVICE(a_claimed_buffer_stays_where_it_was_checked),
        cmocka_unit_test(a_doorbell_before_set_up_is_harmless),
    };
    return cmocka_run_group_tests_name("rpmsg_hostile", tests, NULL, NULL);
}
