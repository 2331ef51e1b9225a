// SPDX-License-Identifier: BSD-3-Clause
// Doorbells: when they ring, when they need not, and that nobody sleeps through a message.
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

static uint32_t bells(const struct fixture *f)
{
    return f->peer.bells[0] + f->peer.bells[1];
}

/// Runs a test by flags, then with event indices.
static void in_both_ways(struct fixture *f, void (*test)(struct fixture *f))
{
    struct fixture_options options = f->options;

    test(f);
    options.peer.offered |= PEER_F_EVENT_IDX;
    options.peer.taken |= PEER_F_EVENT_IDX;
    fixture_reopen(f, &options);
    test(f);
}

static void cork(struct fixture *f)
{
    struct yoke_ept ept;
    struct yoke_tx tx;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    const uint32_t before = bells(f);
    yoke_link_cork(&f->link);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
        assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
        assert_int_equal(yoke_commit(&ept, &tx, 1), YOKE_OK);
    }
    assert_false(peer_receive(&f->peer, &m));
    assert_int_equal(bells(f), before);
    yoke_link_flush(&f->link);
    assert_int_equal(bells(f), before + 1);
    for (int i = 0; i < 8; i++) {
        assert_true(peer_receive(&f->peer, &m));
    }
    // The flush ended the cork.
    peer_arm(&f->peer, peer_rx(&f->peer));
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    assert_int_equal(bells(f), before + 2);
    yoke_link_flush(&f->link);
    assert_int_equal(bells(f), before + 2);
}

static void a_corked_batch_rings_once(void **state)
{
    in_both_ways(*state, cork);
}

static void suppressed(struct fixture *f)
{
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    peer_quiet(&f->peer, 0);
    peer_quiet(&f->peer, 1);
    const uint32_t before = bells(f);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        assert_true(peer_send(&f->peer, THEM, US, "y", 1));
        assert_int_equal(fixture_drain(f), 1);
    }
    assert_int_equal(bells(f), before);
    peer_arm(&f->peer, peer_rx(&f->peer));
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    assert_int_equal(bells(f), before + 1);
    assert_int_equal(f->peer.bells[peer_rx(&f->peer)], fixture_drives(f) ? 1 : before + 1);
}

static void a_peer_that_wants_no_doorbells_gets_none(void **state)
{
    in_both_ways(*state, suppressed);
}

static void echo_unseen(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct peer_message m;

    assert_int_equal(yoke_send_to(ept, msg->src, msg->data, msg->size), YOKE_OK);
    assert_false(peer_receive(&f->peer, &m)); // not before the poll is over
}

static void replies(struct fixture *f)
{
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->on_message = echo_unseen;
    peer_arm(&f->peer, peer_rx(&f->peer));
    peer_quiet(&f->peer, peer_tx(&f->peer));
    const uint32_t before = bells(f);
    for (int i = 0; i < 6; i++) {
        assert_true(peer_put(&f->peer, THEM, US, "x", 1));
    }
    peer_show(&f->peer, peer_tx(&f->peer));
    assert_int_equal(yoke_link_poll(&f->link, 64), 6);
    assert_int_equal(bells(f), before + 1);
    for (int i = 0; i < 6; i++) {
        assert_true(peer_receive(&f->peer, &m));
    }
}

static void what_callbacks_send_is_collected(void **state)
{
    in_both_ways(*state, replies);
}

static void hold(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg;
    *(yoke_ticket *)f->data = yoke_hold(&f->link);
}

static void released(struct fixture *f)
{
    struct yoke_ept ept;
    yoke_ticket ticket = YOKE_NO_TICKET;
    const unsigned queue = peer_tx(&f->peer);

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &ticket;
    f->on_message = hold;
    for (int i = 0; i < 8; i++) { // all there are
        assert_true(peer_send(&f->peer, THEM, US, "x", 1));
    }
    assert_int_equal(fixture_drain(f), 8);
    assert_false(peer_send(&f->peer, THEM, US, "x", 1));
    peer_arm(&f->peer, queue);
    const uint32_t before = f->peer.bells[queue];
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_OK);
    assert_int_equal(f->peer.bells[queue], before + 1);
}

static void a_released_buffer_rings_if_the_peer_waits_for_it(void **state)
{
    in_both_ways(*state, released);
}

static void a_polled_link_never_asks_for_doorbells(void **state)
{
    struct fixture *const f = *state;

    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct fixture_options options = f->options;
        struct yoke_ept ept;
        struct peer_message m;
        options.polled = true;
        options.peer.offered = options.peer.taken = event_idx ? PEER_F_EVENT_IDX : 0;
        fixture_reopen(f, &options);
        fixture_ept(f, &ept, US, THEM);
        fixture_up(f);
        const uint32_t first = f->peer.rang[0] + f->peer.rang[1];
        for (int i = 0; i < 1000; i++) {
            assert_true(peer_send(&f->peer, THEM, US, "x", 1));
            assert_int_equal(fixture_drain(f), 1);
            assert_int_equal(fixture_drain(f), 0);
            while (yoke_send(&ept, "y", 1) == YOKE_OK) {
                continue;
            }
            while (peer_receive(&f->peer, &m)) {
                continue;
            }
        }
        assert_int_equal(f->peer.rang[0] + f->peer.rang[1], first);
    }
}

static void a_busy_link_asks_for_no_doorbell_for_buffers_that_come_back(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;
    const unsigned queue = peer_rx(&f->peer);

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    const uint32_t before = f->peer.rang[queue];
    for (int i = 0; i < 100; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        assert_int_equal(fixture_drain(f), 0);
    }
    assert_int_equal(f->peer.rang[queue], before);
}

static void the_budget_of_a_poll_is_exact(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t waiting = 0; waiting <= 8; waiting++) {
        for (uint32_t budget = 0; budget <= 9; budget++) {
            for (uint32_t i = 0; i < waiting; i++) {
                assert_true(peer_put(&f->peer, THEM, US + i % 2, "x", 1)); // half go nowhere
            }
            peer_show(&f->peer, peer_tx(&f->peer));
            const uint32_t first = waiting < budget ? waiting : budget;
            assert_int_equal(yoke_link_poll(&f->link, budget), first);
            assert_int_equal(yoke_link_poll(&f->link, 64), waiting - first);
        }
    }
    assert_int_equal(yoke_link_poll(&f->link, UINT32_MAX), 0);
}

/// What arrives in the middle of a poll: the peer sends `in_callback` messages from inside each of
/// the first callbacks, and one from inside the next doorbell.
struct arrivals {
    uint32_t in_callback;
    uint32_t callbacks;
    uint32_t in_bell;
};

static void arrive_in_callback(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct arrivals *const a = f->data;

    (void)msg;
    if (a->callbacks != 0) {
        a->callbacks--;
        for (uint32_t i = 0; i < a->in_callback; i++) {
            (void)peer_send(&f->peer, THEM, US, "c", 1);
        }
    }
    (void)yoke_send(ept, "r", 1); // so that the peer has a reason to be rung
}

static void arrive_in_bell(struct fixture *f, unsigned queue)
{
    struct arrivals *const a = f->data;
    struct peer_message m;

    (void)queue;
    while (peer_receive(&f->peer, &m)) {
        peer_arm(&f->peer, peer_rx(&f->peer));
    }
    if (a->in_bell != 0) {
        a->in_bell--;
        (void)peer_send(&f->peer, THEM, US, "b", 1);
    }
}

/// Whatever came while a poll ran, and whatever its budget: if it returned less than the budget,
/// nothing waits and the next message rings.
static void no_message_is_slept_through_in(struct fixture *f)
{
    const unsigned queue = peer_tx(&f->peer);
    struct yoke_ept ept;
    struct arrivals a;
    uint32_t cases = 0;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &a;
    f->on_message = arrive_in_callback;
    f->on_bell = arrive_in_bell;
    // Enough cases for the ring's index to wrap meanwhile.
    for (uint32_t round = 0; round < 12; round++) {
        for (uint32_t waiting = 0; waiting <= 6; waiting++) {
            for (uint32_t budget = 1; budget <= 9; budget++) {
                for (uint32_t more = 0; more < 27; more++) {
                    a = (struct arrivals){more % 3, more / 3 % 3, more / 9};
                    for (uint32_t i = 0; i < waiting; i++) {
                        (void)peer_send(&f->peer, THEM, US, "w", 1);
                    }
                    while (yoke_link_poll(&f->link, budget) == (int)budget) {
                        continue;
                    }
                    a = (struct arrivals){0, 0, 0};
                    const uint32_t received = f->received;
                    const uint32_t rang = f->peer.rang[queue];
                    assert_true(peer_send(&f->peer, THEM, US, "l", 1));
                    assert_int_equal(f->peer.rang[queue], rang + 1);
                    assert_int_equal(yoke_link_poll(&f->link, 9), 1);
                    assert_int_equal(f->received, received + 1);
                    cases++;
                }
            }
        }
    }
    assert_int_equal(cases, 12 * 7 * 9 * 27);
    assert_true(f->received > 65536);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void no_message_is_slept_through(void **state)
{
    in_both_ways(*state, no_message_is_slept_through_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_corked_batch_rings_once),
        IN_BOTH(a_peer_that_wants_no_doorbells_gets_none),
        IN_BOTH(what_callbacks_send_is_collected),
        IN_BOTH(a_released_buffer_rings_if_the_peer_waits_for_it),
        IN_BOTH(a_polled_link_never_asks_for_doorbells),
        IN_BOTH(a_busy_link_asks_for_no_doorbell_for_buffers_that_come_back),
        IN_BOTH(the_budget_of_a_poll_is_exact),
        IN_BOTH(no_message_is_slept_through),
    };
    return cmocka_run_group_tests_name("rpmsg_doorbell", tests, NULL, NULL);
}
