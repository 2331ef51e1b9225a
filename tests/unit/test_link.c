// SPDX-License-Identifier: BSD-3-Clause
// A link's life: coming up, going down, coming up again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define US 30u
#define THEM 1024u

static void polls_say_down_until_the_driver_is_ready(void **state)
{
    struct fixture *const f = *state;
    static const uint8_t steps[] = {0, 1, 3, 4, 5, 6, 8, 11, 135, 71};

    for (size_t i = 0; i < sizeof steps; i++) {
        peer_set_status(&f->peer, steps[i]);
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
        assert_false(yoke_link_is_up(&f->link));
    }
    assert_string_equal(f->events, "");
    assert_int_equal(f->peer.bells[0] + f->peer.bells[1], 0);
}

static void rings_are_looked_for_only_at_driver_ok(void **state)
{
    struct fixture *const f = *state;

    peer_set_status(&f->peer, 3);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    // As Linux does: features, addresses and doorbell numbers come after the firmware started.
    peer_set_table(&f->peer, PEER_GFEATURES, PEER_F_NS);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    peer_place(&f->peer);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    peer_set_status(&f->peer, 7);
    assert_int_equal(yoke_link_poll(&f->link, 8), 0);
    assert_string_equal(f->events, "U");
    assert_int_equal(yoke_link_features(&f->link), YOKE_F_RPMSG_NS);
}

static void a_driver_that_also_sets_features_ok_is_ready(void **state)
{
    struct fixture *const f = *state;

    fixture_up(f);
    peer_set_status(&f->peer, 15);
    assert_int_equal(yoke_link_poll(&f->link, 8), 0);
    assert_string_equal(f->events, "U");
}

static void start_writes_what_the_standard_asks_for(void **state)
{
    struct fixture *const f = *state;

    peer_set_table(&f->peer, PEER_DFEATURES, PEER_F_NS | PEER_F_INDIRECT | 1u << 5);
    assert_int_equal(yoke_vdev_open(&f->vdev, f->view, 68, &f->port), YOKE_OK);
    fixture_up(f);
    assert_int_equal(peer_status(&f->peer), 7);
    assert_int_equal(peer_table(&f->peer, PEER_GFEATURES), PEER_F_NS | PEER_F_INDIRECT);
    assert_int_equal(f->peer.bells[0], 1); // Linux's doorbell after DRIVER_OK
    assert_int_equal(f->peer.bells[1], 0);
    // Every receive buffer is on offer, in order, for the device to write.
    const struct peer_queue *const rx = &f->peer.queue[0];
    assert_int_equal(peer_get16(&f->peer, rx->avail + 2), 8);
    for (uint32_t i = 0; i < 8; i++) {
        const uint8_t *const desc = rx->desc + 16 * i;
        assert_int_equal(peer_get16(&f->peer, rx->avail + 4 + 2 * i), i);
        assert_int_equal(peer_get64(&f->peer, desc), PEER_PA + 512 * i);
        assert_int_equal(peer_get32(&f->peer, desc + 8), 512);
        assert_int_equal(peer_get16(&f->peer, desc + 12), 2);
    }
    assert_int_equal(peer_get16(&f->peer, f->peer.queue[1].avail + 2), 0);
    assert_int_equal(peer_get16(&f->peer, f->peer.queue[1].avail), 1); // no doorbell for old ones
}

static void only_features_that_the_owner_knows_are_taken(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;

    options.peer.offered = PEER_F_NS | PEER_F_EVENT_IDX | PEER_F_INDIRECT;
    options.known = YOKE_F_RING_EVENT_IDX;
    fixture_reopen(f, &options);
    fixture_up(f);
    assert_int_equal(peer_table(&f->peer, PEER_GFEATURES), PEER_F_EVENT_IDX);
    assert_int_equal(yoke_link_features(&f->link), YOKE_F_RING_EVENT_IDX);
}

static void the_up_event_comes_once(void **state)
{
    struct fixture *const f = *state;

    fixture_up(f);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(yoke_link_poll(&f->link, 8), 0);
    }
    assert_string_equal(f->events, "U");
}

static void send_first(struct fixture *f, enum yoke_link_event event)
{
    if (event == YOKE_LINK_UP) {
        assert_true(yoke_link_is_up(&f->link));
        assert_int_equal(yoke_send(f->data, "first", 5), YOKE_OK);
    }
}

static void what_the_up_event_sends_reaches_the_peer_at_once(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    f->on_event = send_first;
    f->data = &ept;
    fixture_up(f); // and no poll after it
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.src, US);
    assert_memory_equal(m.data, "first", 5);
    assert_int_equal(f->peer.bells[peer_rx(&f->peer)], 1);
}

static void the_other_side_may_speak_first(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    if (fixture_drives(f)) {
        fixture_up(f);
        assert_true(peer_send(&f->peer, THEM, US, "hello", 5));
    } else {
        peer_up(&f->peer);
        assert_true(peer_send(&f->peer, THEM, US, "hello", 5));
    }
    assert_int_equal(yoke_link_poll(&f->link, 8), 1);
    assert_string_equal(f->events, "U");
    assert_int_equal(fixture_last(f)->src, THEM);
    assert_memory_equal(fixture_last(f)->data, "hello", 5);
}

static void nothing_can_be_sent_before_the_link_is_up(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct yoke_tx tx = {0};

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_DOWN);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_DOWN);
    assert_int_equal(yoke_commit(&ept, &tx, 0), YOKE_DOWN);
    assert_int_equal(yoke_cancel(&ept, &tx), YOKE_DOWN);
    assert_int_equal(yoke_release(&f->link, 1), YOKE_INVALID);
    assert_int_equal(yoke_link_features(&f->link), 0);
    yoke_link_flush(&f->link);
    assert_int_equal(f->peer.bells[0] + f->peer.bells[1], 0);
}

static void assert_announced(struct fixture *f, const char *name, uint32_t addr)
{
    struct peer_message m;

    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.dst, 53);
    assert_int_equal(m.src, addr);
    assert_int_equal(m.len, 40);
    assert_string_equal((const char *)m.data, name);
    assert_int_equal(peer_get32(&f->peer, m.data + 32), addr);
    assert_int_equal(peer_get32(&f->peer, m.data + 36), 0);
}

static void a_reset_takes_the_link_down_and_it_comes_up_again_by_itself(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    for (uint32_t round = 1; round <= 3; round++) {
        fixture_up(f);
        assert_announced(f, "echo", US);
        assert_false(peer_receive(&f->peer, &m));
        assert_true(peer_send(&f->peer, THEM, US, "ping", 4));
        assert_int_equal(fixture_drain(f), 1);
        assert_int_equal(f->received, round);
        assert_int_equal(yoke_send(&ept, "pong", 4), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        fixture_down(f);
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    }
    assert_string_equal(f->events, "UDUDUD");
}

static void a_status_of_failure_takes_the_link_down(void **state)
{
    struct fixture *const f = *state;

    fixture_up(f);
    peer_set_status(&f->peer, 7 | 128);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    assert_string_equal(f->events, "UD");
}

static void hold_it(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg;
    *(yoke_ticket *)f->data = yoke_hold(&f->link);
}

static void holds_and_claims_from_before_are_void(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct yoke_tx tx;
    yoke_ticket held = YOKE_NO_TICKET;

    fixture_ept(f, &ept, US, THEM);
    f->on_message = hold_it;
    f->data = &held;
    for (int round = 0; round < 2; round++) {
        fixture_up(f);
        if (round == 1) {
            break;
        }
        assert_true(peer_send(&f->peer, THEM, US, "keep", 4));
        assert_int_equal(fixture_drain(f), 1);
        assert_int_not_equal(held, YOKE_NO_TICKET);
        assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
        fixture_down(f);
        assert_int_equal(yoke_release(&f->link, held), YOKE_INVALID);
        assert_int_equal(yoke_commit(&ept, &tx, 4), YOKE_DOWN);
        assert_int_equal(yoke_cancel(&ept, &tx), YOKE_DOWN);
    }
    assert_int_equal(yoke_release(&f->link, held), YOKE_INVALID);
    assert_int_equal(yoke_commit(&ept, &tx, 4), YOKE_INVALID);
    assert_int_equal(yoke_cancel(&ept, &tx), YOKE_INVALID);
    // The same buffers under new tickets do not make the old ones good.
    struct yoke_tx again;
    const yoke_ticket old = held;
    assert_true(peer_send(&f->peer, THEM, US, "keep", 4));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(yoke_claim(&ept, &again), YOKE_OK);
    assert_int_equal(yoke_release(&f->link, old), YOKE_INVALID);
    assert_int_equal(yoke_commit(&ept, &tx, 4), YOKE_INVALID);
    assert_int_equal(yoke_release(&f->link, held), YOKE_OK);
    assert_int_equal(yoke_commit(&ept, &again, 4), YOKE_OK);
}

static void start_again_without_close_is_a_restart(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    fixture_up(f);
    assert_string_equal(f->events, "UDU");
    assert_true(peer_send(&f->peer, THEM, US, "ping", 4));
    assert_int_equal(fixture_drain(f), 1);
}

static void a_device_that_closed_waits_for_a_reset_and_gets_nothing_twice(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_true(peer_send(&f->peer, THEM, US, "once", 4));
    assert_int_equal(fixture_drain(f), 1);
    yoke_link_close(&f->link);
    assert_string_equal(f->events, "UD");
    // The driver still uses the old rings: what lies in them was delivered already.
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    assert_int_equal(f->received, 1);
    peer_down(&f->peer);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    fixture_up(f);
    assert_string_equal(f->events, "UDU");
    assert_int_equal(f->received, 1);
}

static void a_device_that_closes_before_the_driver_is_there_misses_nothing(void **state)
{
    struct fixture *const f = *state;

    yoke_link_close(&f->link);
    fixture_up(f);
    assert_string_equal(f->events, "U");
}

static void try_everything_refused(struct fixture *f)
{
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_INVALID);
    assert_int_equal(yoke_link_start(&f->link), YOKE_INVALID);
    assert_int_equal(fixture_init_link(f), YOKE_INVALID);
}

static void refused_in_message(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg;
    try_everything_refused(f);
    assert_int_not_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
    try_everything_refused(f); // the message is held, but the callback still runs
}

static void refused_in_event(struct fixture *f, enum yoke_link_event event)
{
    (void)event;
    try_everything_refused(f);
    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
}

static void poll_start_and_init_are_refused_inside_callbacks(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    f->on_event = refused_in_event;
    f->on_message = refused_in_message;
    fixture_up(f);
    assert_true(peer_send(&f->peer, THEM, US, "x", 1));
    assert_int_equal(fixture_drain(f), 1);
    fixture_down(f);
    assert_string_equal(f->events, "UD");
    assert_int_equal(f->received, 1);
}

static void start_belongs_to_the_driver(void **state)
{
    struct fixture *const f = *state;

    assert_int_equal(yoke_link_start(&f->link), YOKE_INVALID);
}

static void close_it(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)msg;
    yoke_link_close(&f->link);
    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
    assert_int_equal(yoke_send(ept, "late", 4), YOKE_DOWN);
    assert_int_equal(yoke_link_poll(&f->link, 1), YOKE_INVALID);
}

static void hold_and_close_it(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg;
    assert_int_not_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
    yoke_link_close(&f->link);
}

static void a_callback_may_close_the_link(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    for (int round = 0; round < 4; round++) {
        f->on_message = round % 2 == 0 ? close_it : hold_and_close_it;
        fixture_up(f);
        assert_true(peer_send(&f->peer, THEM, US, "one", 3));
        assert_true(peer_send(&f->peer, THEM, US, "two", 3));
        assert_int_equal(yoke_link_poll(&f->link, 8), 1);
        assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
        if (!fixture_drives(f)) {
            peer_down(&f->peer);
            assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
        }
    }
    assert_string_equal(f->events, "UDUDUDUD");
    assert_int_equal(f->received, 4);
}

static void a_callback_may_close_a_link_that_nobody_watches(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    f->config.event = NULL;
    assert_int_equal(fixture_init_link(f), YOKE_OK);
    fixture_ept(f, &ept, US, THEM);
    f->on_message = close_it;
    fixture_up(f);
    assert_true(peer_send(&f->peer, THEM, US, "one", 3));
    assert_true(peer_send(&f->peer, THEM, US, "two", 3));
    assert_int_equal(yoke_link_poll(&f->link, 8), 1);
    assert_int_equal(f->received, 1);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
}

static void close_in_event(struct fixture *f, enum yoke_link_event event)
{
    if (event == YOKE_LINK_UP) {
        yoke_link_close(&f->link);
    }
}

static void the_up_event_may_close_the_link(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    f->on_event = close_in_event;
    if (fixture_drives(f)) {
        for (unsigned i = 0; i < 2; i++) {
            yoke_vdev_driver_place(&f->vdev, i, PEER_DA + f->peer.ring_at[i], PEER_NOTIFY + i);
        }
        (void)yoke_link_start(&f->link);
        assert_int_equal(peer_status(&f->peer), 0);
    } else {
        peer_up(&f->peer);
    }
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    assert_int_equal(yoke_link_poll(&f->link, 8), YOKE_DOWN);
    assert_string_equal(f->events, "UD");
}

static void signals_are_seen_until_the_next_poll(void **state)
{
    struct fixture *const f = *state;

    assert_false(yoke_link_signalled(&f->link));
    yoke_link_signal(&f->link);
    yoke_link_signal(&f->link);
    assert_true(yoke_link_signalled(&f->link));
    assert_int_equal(yoke_link_poll(&f->link, 1), YOKE_DOWN);
    assert_false(yoke_link_signalled(&f->link));
}

static void a_link_without_an_event_function_works(void **state)
{
    struct fixture *const f = *state;

    f->config.event = NULL;
    assert_int_equal(fixture_init_link(f), YOKE_OK);
    fixture_up(f);
    fixture_down(f);
    assert_string_equal(f->events, "");
}

/// Asserts that a link with `field` set to `value` is refused with `status`.
#define assert_refuses(f, field, value, status)                                                    \
    do {                                                                                           \
        const struct yoke_link_config good_ = (f)->config;                                         \
        (f)->config.field = (value);                                                               \
        assert_int_equal(fixture_init_link(f), status);                                            \
        (f)->config = good_;                                                                       \
    } while (0)

static void set_up_refuses_what_is_not_valid(void **state)
{
    struct fixture *const f = *state;
    char *const memory = f->config.memory;

    assert_refuses(f, vdev, NULL, YOKE_INVALID);
    assert_refuses(f, da, NULL, YOKE_INVALID);
    assert_refuses(f, memory, NULL, YOKE_INVALID);
    assert_refuses(f, memory, memory + 1, YOKE_INVALID);
    assert_refuses(f, buckets, 0, YOKE_INVALID);
    assert_refuses(f, buckets, 3, YOKE_INVALID);
    assert_refuses(f, rx_size, 16, YOKE_INVALID);
    assert_refuses(f, rx_size, 28, YOKE_INVALID);
    assert_refuses(f, rx_size, 65552, YOKE_INVALID);
    assert_refuses(f, tx_size, 16, YOKE_INVALID);
    assert_refuses(f, tx_size, 28, YOKE_INVALID);
    assert_refuses(f, tx_size, 65552, YOKE_INVALID);
    assert_refuses(f, memory_size, f->config.memory_size - 1, YOKE_NO_SPACE);
    assert_refuses(f, buckets, 32, YOKE_NO_SPACE);
    assert_refuses(f, big_endian, true, YOKE_UNSUPPORTED);
    if (fixture_drives(f)) {
        assert_refuses(f, rx_pool.memory, NULL, YOKE_INVALID);
        assert_refuses(f, tx_pool.memory, NULL, YOKE_INVALID);
        assert_refuses(f, rx_pool.memory, f->view + f->peer.buffers_at + 8, YOKE_INVALID);
        assert_refuses(f, tx_pool.memory, f->view + f->peer.buffers_at + 8, YOKE_INVALID);
        assert_refuses(f, rx_pool.size, 511, YOKE_NO_SPACE);
        assert_refuses(f, tx_pool.size, 511, YOKE_NO_SPACE);
        assert_int_equal(yoke_link_driver_init(NULL, &f->config), YOKE_INVALID);
        assert_int_equal(yoke_link_driver_init(&f->link, NULL), YOKE_INVALID);
    } else {
        assert_refuses(f, pa, NULL, YOKE_INVALID);
        assert_int_equal(yoke_link_device_init(NULL, &f->config), YOKE_INVALID);
        assert_int_equal(yoke_link_device_init(&f->link, NULL), YOKE_INVALID);
    }
    static const uint32_t nums[] = {0, 1, 3, 65536, UINT32_MAX};
    for (size_t i = 0; i < sizeof nums / sizeof nums[0]; i++) {
        peer_set_table(&f->peer, PEER_VRING(1, PEER_VRING_NUM), nums[i]);
        assert_int_equal(fixture_init_link(f), YOKE_INVALID);
    }
    peer_set_table(&f->peer, PEER_VRING(1, PEER_VRING_NUM), 8);
    peer_set_table(&f->peer, 4, 3); // a console
    assert_int_equal(yoke_vdev_open(&f->vdev, f->view, 68, &f->port), YOKE_OK);
    assert_int_equal(fixture_init_link(f), YOKE_INVALID);
    peer_set_table(&f->peer, 4, 7);
    f->peer.memory[25] = 1; // one ring
    assert_int_equal(yoke_vdev_open(&f->vdev, f->view, 68, &f->port), YOKE_OK);
    assert_int_equal(fixture_init_link(f), YOKE_INVALID);
    f->peer.memory[25] = 2;
    assert_int_equal(yoke_vdev_open(&f->vdev, f->view, 68, &f->port), YOKE_OK);
    assert_int_equal(fixture_init_link(f), YOKE_OK);
    fixture_up(f);
}

static void a_refused_driver_leaves_a_working_link_as_it_was(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_refuses(f, tx_pool.size, 511, YOKE_NO_SPACE);
    assert_true(peer_send(&f->peer, THEM, US, "still", 5));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(f->received, 1);
}

static void a_new_set_up_voids_old_tickets(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct yoke_tx before, after;
    yoke_ticket held, held_before;

    f->on_message = hold_it;
    f->data = &held;
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_claim(&ept, &before), YOKE_OK);
    assert_true(peer_send(&f->peer, THEM, US, "keep", 4));
    assert_int_equal(fixture_drain(f), 1);
    held_before = held;
    assert_int_equal(fixture_init_link(f), YOKE_OK);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_true(peer_send(&f->peer, THEM, US, "keep", 4));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(yoke_release(&f->link, held_before), YOKE_INVALID);
    assert_int_equal(yoke_release(&f->link, held), YOKE_OK);
    assert_int_equal(yoke_claim(&ept, &after), YOKE_OK);
    assert_int_equal(yoke_commit(&ept, &before, 0), YOKE_INVALID);
    assert_int_equal(yoke_commit(&ept, &after, 0), YOKE_OK);
}

static void faults_are_told_in_words(void **state)
{
    (void)state;
    for (int fault = YOKE_FAULT_NONE; fault <= YOKE_FAULT_INDEX; fault++) {
        for (int other = YOKE_FAULT_NONE; other < fault; other++) {
            assert_string_not_equal(yoke_link_fault_text(fault), yoke_link_fault_text(other));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DEVICE(polls_say_down_until_the_driver_is_ready),
        IN_DEVICE(rings_are_looked_for_only_at_driver_ok),
        IN_DEVICE(a_driver_that_also_sets_features_ok_is_ready),
        IN_DRIVER(start_writes_what_the_standard_asks_for),
        IN_DRIVER(only_features_that_the_owner_knows_are_taken),
        IN_BOTH(the_up_event_comes_once),
        IN_BOTH(what_the_up_event_sends_reaches_the_peer_at_once),
        IN_BOTH(the_other_side_may_speak_first),
        IN_BOTH(nothing_can_be_sent_before_the_link_is_up),
        IN_BOTH(a_reset_takes_the_link_down_and_it_comes_up_again_by_itself),
        IN_DEVICE(a_status_of_failure_takes_the_link_down),
        IN_BOTH(holds_and_claims_from_before_are_void),
        IN_DRIVER(start_again_without_close_is_a_restart),
        IN_DEVICE(a_device_that_closed_waits_for_a_reset_and_gets_nothing_twice),
        IN_DEVICE(a_device_that_closes_before_the_driver_is_there_misses_nothing),
        IN_BOTH(poll_start_and_init_are_refused_inside_callbacks),
        IN_DEVICE(start_belongs_to_the_driver),
        IN_BOTH(a_callback_may_close_the_link),
        IN_BOTH(a_callback_may_close_a_link_that_nobody_watches),
        IN_BOTH(the_up_event_may_close_the_link),
        IN_BOTH(signals_are_seen_until_the_next_poll),
        IN_BOTH(a_link_without_an_event_function_works),
        IN_BOTH(set_up_refuses_what_is_not_valid),
        IN_DRIVER(a_refused_driver_leaves_a_working_link_as_it_was),
        IN_BOTH(a_new_set_up_voids_old_tickets),
        cmocka_unit_test(faults_are_told_in_words),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
