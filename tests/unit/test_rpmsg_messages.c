// SPDX-License-Identifier: BSD-3-Clause
// Messages on the wire, sending and claiming, against the scripted peer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define US 0x30u
#define THEM 0x01020304u
#define MTU 496u

static uint8_t pattern[65536];

static void fill_pattern(uint32_t seed)
{
    for (size_t i = 0; i < sizeof pattern; i++) {
        pattern[i] = (uint8_t)(seed + i * 7 + (i >> 8));
    }
}

static void a_message_has_the_bytes_of_the_protocol(void **state)
{
    struct fixture *const f = *state;
    // u32 src, dst, reserved; u16 len, flags; payload.
    static const uint8_t golden[] = {0x30, 0, 0, 0, 4, 3,   2,   1,   0,   0,  0,
                                     0,    5, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'};
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_send(&ept, "hello", 5), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data - 16, golden, sizeof golden);
    assert_int_equal(m.whole, sizeof golden);
    assert_int_equal(yoke_link_stats(&f->link)->tx_sent, 1);
}

static void a_message_of_those_bytes_is_received(void **state)
{
    struct fixture *const f = *state;
    const struct peer_message sent = {.src = THEM,
                                      .dst = US,
                                      .reserved = 0xa1a2a3a4,
                                      .len = 5,
                                      .flags = 0xb1b2,
                                      .data = (const uint8_t *)"hello",
                                      .whole = 30}; // more than is needed
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_true(peer_send_frame(&f->peer, &sent));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(fixture_last(f)->src, THEM);
    assert_int_equal(fixture_last(f)->dst, US);
    assert_int_equal(fixture_last(f)->size, 5);
    assert_memory_equal(fixture_last(f)->data, "hello", 5);
    assert_int_equal(yoke_link_stats(&f->link)->rx_done, 1);
}

static void check_fields(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)f;
    (void)ept;
    assert_int_equal(msg->reserved, 0xa1a2a3a4);
    assert_int_equal(msg->flags, 0xb1b2);
}

static void reserved_and_flags_are_passed_on_as_sent(void **state)
{
    struct fixture *const f = *state;
    const struct peer_message sent = {
        .dst = US, .reserved = 0xa1a2a3a4, .flags = 0xb1b2, .whole = 16};
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    f->on_message = check_fields;
    fixture_up(f);
    assert_true(peer_send_frame(&f->peer, &sent));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(f->received, 1);
}

static void check_payload(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)f;
    (void)ept;
    assert_memory_equal(msg->data, pattern, msg->size);
}

/// Sends each size from 0 to `mtu` by copy, by claim, and from the peer.
static void exchange_all_sizes(struct fixture *f, uint32_t mtu, uint32_t step)
{
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    f->on_message = check_payload;
    fixture_up(f);
    assert_int_equal(yoke_link_mtu(&f->link), mtu);
    for (uint32_t size = 0; size <= mtu; size += step) {
        struct yoke_tx tx;
        fill_pattern(size);
        assert_int_equal(yoke_send(&ept, pattern, size), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        assert_int_equal(m.len, size);
        assert_int_equal(m.whole, 16 + size);
        assert_memory_equal(m.data, pattern, size);
        assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
        assert_int_equal(tx.size, mtu);
        assert_true(fixture_shares(f, tx.data, tx.size));
        memcpy(tx.data, pattern, size);
        assert_int_equal(yoke_commit(&ept, &tx, size), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        assert_int_equal(m.len, size);
        assert_memory_equal(m.data, pattern, size);
        assert_true(peer_send(&f->peer, THEM, US, pattern, size));
        assert_int_equal(fixture_drain(f), 1);
        assert_int_equal(fixture_last(f)->size, size);
    }
    assert_int_equal(f->received, mtu / step + 1);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void every_size_goes_both_ways_copied_and_claimed(void **state)
{
    exchange_all_sizes(*state, MTU, 1);
}

static void buffers_may_have_other_sizes(void **state)
{
    struct fixture *const f = *state;
    static const uint32_t sizes[] = {24, 32, 1024, 65544};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct fixture_options options = f->options;
        options.peer.num = 4;
        options.peer.buffer_size = sizes[i];
        options.buffer_size = sizes[i];
        fixture_reopen(f, &options);
        exchange_all_sizes(f, sizes[i] - 16, sizes[i] > 1024 ? 8191 : 1);
    }
}

static void the_largest_message_is_65528_bytes(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept ept;
    struct peer_message m;

    options.peer.num = 2;
    options.peer.buffer_size = options.buffer_size = 65544;
    fixture_reopen(f, &options);
    fixture_ept(f, &ept, US, THEM);
    f->on_message = check_payload;
    fixture_up(f);
    fill_pattern(1);
    assert_int_equal(yoke_send(&ept, pattern, 65528), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data, pattern, 65528);
    assert_true(peer_send(&f->peer, THEM, US, pattern, 65528));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(fixture_last(f)->size, 65528);
    assert_int_equal(yoke_send(&ept, pattern, 65529), YOKE_TOO_LONG);
}

static void assert_nothing_sent(struct fixture *f)
{
    struct peer_message m;
    const struct peer_queue *const q = &f->peer.queue[peer_rx(&f->peer)];
    const uint8_t *const ring = fixture_drives(f) ? q->avail : q->used;

    yoke_link_flush(&f->link);
    assert_int_equal(peer_get16(&f->peer, ring + 2), q->seen);
    assert_false(peer_receive(&f->peer, &m));
}

static void one_byte_too_many_is_refused_and_nothing_changes(void **state)
{
    struct fixture *const f = *state;
    const struct yoke_link_stats *const stats = yoke_link_stats(&f->link);
    struct yoke_ept ept;
    struct yoke_tx tx[8];

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (int i = 0; i < 100; i++) { // more often than there are buffers
        assert_int_equal(yoke_send(&ept, pattern, MTU + 1), YOKE_TOO_LONG);
        assert_int_equal(yoke_send(&ept, pattern, SIZE_MAX), YOKE_TOO_LONG);
        assert_int_equal(yoke_send(&ept, pattern, (size_t)UINT32_MAX + 1), YOKE_TOO_LONG);
        assert_int_equal(yoke_send_to(&ept, 5, pattern, SIZE_MAX - 15), YOKE_TOO_LONG);
    }
    assert_nothing_sent(f);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(yoke_claim(&ept, &tx[i]), YOKE_OK);
        assert_int_equal(yoke_commit(&ept, &tx[i], MTU + 1), YOKE_TOO_LONG);
        assert_int_equal(yoke_commit(&ept, &tx[i], SIZE_MAX), YOKE_TOO_LONG);
    }
    // No buffer is free: waiting for one would not help, so this is not YOKE_AGAIN.
    assert_int_equal(yoke_send(&ept, pattern, MTU + 1), YOKE_TOO_LONG);
    assert_int_equal(stats->tx_sent, 0);
    assert_int_equal(stats->tx_again, 0);
    assert_int_equal(yoke_send(&ept, pattern, MTU), YOKE_AGAIN);
    assert_int_equal(stats->tx_again, 1);
    assert_nothing_sent(f);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(yoke_commit(&ept, &tx[i], MTU), YOKE_OK); // the claim stayed
    }
}

static void smaller_buffers_of_the_drivers_bound_a_message(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept ept;
    struct yoke_tx tx;
    struct peer_message m;

    options.peer.buffer_size = 64;
    fixture_reopen(f, &options);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(yoke_send(&ept, pattern, 49), YOKE_TOO_LONG);
    }
    assert_nothing_sent(f);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
    assert_int_equal(tx.size, 48);
    assert_int_equal(yoke_commit(&ept, &tx, 48), YOKE_OK);
    assert_int_equal(yoke_send(&ept, pattern, 48), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.len, 48);
}

static void larger_buffers_of_the_drivers_do_not_raise_the_mtu(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept ept;
    struct yoke_tx tx;

    options.peer.buffer_size = 1024;
    fixture_reopen(f, &options);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_send(&ept, pattern, MTU + 1), YOKE_TOO_LONG);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
    assert_int_equal(tx.size, MTU);
    // Whoever receives may rely on the bound too.
    assert_true(peer_send(&f->peer, THEM, US, pattern, MTU));
    assert_true(peer_send(&f->peer, THEM, US, pattern, MTU + 1));
    assert_int_equal(fixture_drain(f), 2);
    assert_int_equal(f->received, 1);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 1);
}

static void sends_to_nowhere_and_from_closed_endpoints_are_refused(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct yoke_tx tx;

    fixture_ept(f, &ept, US, YOKE_RPMSG_ADDR_ANY);
    fixture_up(f);
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_INVALID);
    assert_int_equal(yoke_send_to(&ept, YOKE_RPMSG_ADDR_ANY, "x", 1), YOKE_INVALID);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
    assert_int_equal(yoke_commit(&ept, &tx, 1), YOKE_INVALID);
    assert_int_equal(yoke_commit_to(&ept, YOKE_RPMSG_ADDR_ANY, &tx, 1), YOKE_INVALID);
    assert_nothing_sent(f);
    assert_int_equal(yoke_commit_to(&ept, 9, &tx, 1), YOKE_OK);
    assert_int_equal(yoke_send_to(&ept, 0, "x", 1), YOKE_OK); // 0 is an address like others
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_INVALID);
    assert_int_equal(yoke_send_to(&ept, THEM, "x", 1), YOKE_INVALID);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_INVALID);
    assert_int_equal(yoke_commit_to(&ept, 9, &tx, 1), YOKE_INVALID);
    assert_int_equal(yoke_cancel(&ept, &tx), YOKE_INVALID);
}

static void a_claim_is_used_up_by_commit_and_by_cancel(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct yoke_tx tx;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
    assert_int_equal(yoke_commit(&ept, &tx, 1), YOKE_OK);
    assert_int_equal(yoke_commit(&ept, &tx, 1), YOKE_INVALID);
    assert_int_equal(yoke_cancel(&ept, &tx), YOKE_INVALID);
    assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
    assert_int_equal(yoke_cancel(&ept, &tx), YOKE_OK);
    assert_int_equal(yoke_cancel(&ept, &tx), YOKE_INVALID);
    assert_int_equal(yoke_commit(&ept, &tx, 1), YOKE_INVALID);
    // Made up: every stamp and index that was not given out.
    for (uint32_t i = 0; i < 1u << 20; i += 7) {
        const struct yoke_tx forged = {.ticket = i * 4099u};
        assert_int_equal(yoke_commit(&ept, &forged, 0), YOKE_INVALID);
        assert_int_equal(yoke_cancel(&ept, &forged), YOKE_INVALID);
    }
    assert_int_equal(yoke_link_stats(&f->link)->tx_sent, 1);
}

/// All orders of four claims, each committed or cancelled: nothing is lost, and what is committed
/// arrives in the order of the commits.
static void claims_end_in_any_order(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept ept;
    struct peer_message m;

    options.peer.num = 4;
    fixture_reopen(f, &options);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t order = 0; order < 256; order++) {
        uint32_t at[4], seen = 0;
        for (uint32_t i = 0; i < 4; i++) {
            at[i] = order >> 2 * i & 3;
            seen |= 1u << at[i];
        }
        for (uint32_t commits = 0; seen == 15 && commits < 16; commits++) {
            struct yoke_tx tx[4], fifth;
            for (uint8_t i = 0; i < 4; i++) {
                assert_int_equal(yoke_claim(&ept, &tx[i]), YOKE_OK);
                memset(tx[i].data, i, 4);
            }
            assert_int_equal(yoke_claim(&ept, &fifth), YOKE_AGAIN);
            for (uint32_t i = 0; i < 4; i++) {
                const uint32_t which = at[i];
                if ((commits >> which & 1) != 0) {
                    assert_int_equal(yoke_commit_to(&ept, which, &tx[which], 4), YOKE_OK);
                } else {
                    assert_int_equal(yoke_cancel(&ept, &tx[which]), YOKE_OK);
                }
            }
            for (uint32_t i = 0; i < 4; i++) {
                if ((commits >> at[i] & 1) != 0) {
                    assert_true(peer_receive(&f->peer, &m));
                    assert_int_equal(m.dst, at[i]);
                    assert_int_equal(m.data[3], at[i]);
                }
            }
            assert_false(peer_receive(&f->peer, &m));
        }
    }
}

static void a_peer_that_keeps_all_buffers_makes_sends_return_again(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m[9];
    const unsigned queue = peer_rx(&f->peer);

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(yoke_send(&ept, &i, 4), YOKE_OK);
        assert_true(peer_receive_keep(&f->peer, &m[i]));
    }
    for (int i = 0; i < 1000; i++) { // a stalled peer costs no time
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_AGAIN);
        assert_int_equal(yoke_link_poll(&f->link, 1), 0);
    }
    assert_int_equal(yoke_link_stats(&f->link)->tx_again, 1000);
    // However often it polled meanwhile, the doorbell comes with the first buffer that is free
    // again, and only for it.
    const uint32_t rang = f->peer.rang[queue];
    peer_recycle(&f->peer, m[3].id);
    assert_int_equal(f->peer.rang[queue], rang + 1);
    assert_int_equal(yoke_link_poll(&f->link, 1), 0);
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    peer_recycle(&f->peer, m[4].id);
    assert_int_equal(f->peer.rang[queue], rang + 1);
}

static void a_peer_that_keeps_all_buffers_with_event_idx(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;

    options.peer.offered = options.peer.taken = PEER_F_EVENT_IDX;
    fixture_reopen(f, &options);
    a_peer_that_keeps_all_buffers_makes_sends_return_again(state);
}

static void a_corked_send_without_buffers_shows_what_waits(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    yoke_link_cork(&f->link);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    }
    assert_false(peer_receive(&f->peer, &m));
    // A peer can only give back what it was shown: a cork must not wait for ever.
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_AGAIN);
    for (int i = 0; i < 8; i++) {
        assert_true(peer_receive(&f->peer, &m));
    }
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    yoke_link_flush(&f->link);
    assert_true(peer_receive(&f->peer, &m));
}

static void receive_at_once(struct fixture *f)
{
    struct peer_message m;

    if (peer_receive_keep(&f->peer, &m)) {
        const uint32_t number = ++*(uint32_t *)f->data;
        assert_int_equal(m.len, 4);
        assert_int_equal(m.src, US);
        assert_int_equal(peer_get32(&f->peer, m.data), number);
    }
}

/// With a cache: whenever anything at all reaches memory, the peer may only see whole messages.
static void a_message_is_in_memory_before_its_index_is(void **state)
{
    struct fixture *const f = *state;
    uint32_t seen = 0;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &seen;
    f->on_clean = receive_at_once;
    for (uint32_t i = 1; i <= 4; i++) {
        struct yoke_tx tx;
        const uint32_t claimed = 2 * i;
        const uint32_t copied = 2 * i - 1;
        assert_int_equal(yoke_send(&ept, &copied, 4), YOKE_OK);
        assert_int_equal(yoke_claim(&ept, &tx), YOKE_OK);
        memcpy(tx.data, &claimed, 4);
        assert_int_equal(yoke_commit(&ept, &tx, 4), YOKE_OK);
    }
    f->on_clean = NULL;
    assert_int_equal(seen, f->cached ? 8 : 0);
}

static void rings_may_have_every_size_up_to_the_largest(void **state)
{
    struct fixture *const f = *state;

    for (uint32_t num = 2; num <= 32768; num *= num < 64 ? 2 : 8) {
        struct fixture_options options = f->options;
        struct yoke_ept ept;
        struct peer_message m;
        options.peer.num = num;
        options.peer.align = 4096;
        options.peer.buffer_size = options.buffer_size = 64;
        fixture_reopen(f, &options);
        fixture_ept(f, &ept, US, THEM);
        fixture_up(f);
        for (uint32_t i = 0; i < num; i++) {
            assert_int_equal(yoke_send(&ept, &i, 4), YOKE_OK);
            assert_true(peer_put(&f->peer, THEM, US, &i, 4));
        }
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_AGAIN);
        peer_show(&f->peer, peer_tx(&f->peer));
        assert_int_equal(yoke_link_poll(&f->link, num + 1), num);
        for (uint32_t i = 0; i < num; i++) {
            assert_true(peer_receive(&f->peer, &m));
            assert_int_equal(peer_get32(&f->peer, m.data), i);
        }
        assert_int_equal(f->received, num);
    }
}

static void the_ring_indices_wrap(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t i = 0; i < 70000; i++) {
        assert_int_equal(yoke_send(&ept, &i, 4), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        assert_true(peer_send(&f->peer, THEM, US, m.data, m.len));
        assert_int_equal(yoke_link_poll(&f->link, 4), 1);
        assert_memory_equal(fixture_last(f)->data, &i, 4);
    }
    assert_int_equal(yoke_link_stats(&f->link)->rx_done, 70000);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_message_has_the_bytes_of_the_protocol),
        IN_BOTH(a_message_of_those_bytes_is_received),
        IN_BOTH(reserved_and_flags_are_passed_on_as_sent),
        IN_BOTH(every_size_goes_both_ways_copied_and_claimed),
        IN_BOTH(buffers_may_have_other_sizes),
        IN_BOTH(the_largest_message_is_65528_bytes),
        IN_BOTH(one_byte_too_many_is_refused_and_nothing_changes),
        IN_DEVICE(smaller_buffers_of_the_drivers_bound_a_message),
        IN_DEVICE(larger_buffers_of_the_drivers_do_not_raise_the_mtu),
        IN_BOTH(sends_to_nowhere_and_from_closed_endpoints_are_refused),
        IN_BOTH(a_claim_is_used_up_by_commit_and_by_cancel),
        IN_BOTH(claims_end_in_any_order),
        IN_BOTH(a_peer_that_keeps_all_buffers_makes_sends_return_again),
        IN_BOTH(a_peer_that_keeps_all_buffers_with_event_idx),
        IN_BOTH(a_corked_send_without_buffers_shows_what_waits),
        IN_BOTH(a_message_is_in_memory_before_its_index_is),
        IN_BOTH(rings_may_have_every_size_up_to_the_largest),
        IN_BOTH(the_ring_indices_wrap),
    };
    return cmocka_run_group_tests_name("rpmsg_messages", tests, NULL, NULL);
}
