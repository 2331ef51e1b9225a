// SPDX-License-Identifier: BSD-3-Clause
// Acknowledgement, the side that announces: listeners come and go, and what a peer may get wrong.
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

#define US 1024u
#define BOUND 3u

struct announcer {
    struct fixture *f;
    struct yoke_control control;
    struct yoke_listeners listeners;
    struct yoke_listener table[2];
    struct yoke_ept ept;
    char log[128]; ///< What the callback was told: "+LISTENER@SERVICE".
    void (*on_bound)(struct announcer *a, uint32_t listener); ///< What a test does in it.
};

static void on_bound(struct yoke_listeners *listeners, struct yoke_ept *ept, uint32_t listener,
                     bool bound)
{
    struct announcer *const a = listeners->context;
    const size_t length = strlen(a->log);

    (void)snprintf(a->log + length, sizeof a->log - length, "%c%u@%u", bound ? '+' : '-',
                   (unsigned)listener, (unsigned)ept->addr);
    if (a->on_bound != NULL) {
        a->on_bound(a, listener);
    }
}

/// An endpoint that announces "echo", with the feature on `both` sides or not the peer's; not up
/// yet.
static void begin(struct fixture *f, struct announcer *a, bool both)
{
    struct fixture_options options = f->options;

    options.peer.offered |= both || !fixture_drives(f) ? PEER_F_ACK : 0;
    options.peer.taken |= both ? PEER_F_ACK : 0;
    fixture_reopen(f, &options);
    memset(a, 0, sizeof *a);
    a->f = f;
    assert_int_equal(yoke_control_open(&f->link, &a->control), YOKE_OK);
    assert_int_equal(yoke_listeners_open(&a->control, &a->listeners, a->table, 2, on_bound, a),
                     YOKE_OK);
    fixture_ept(f, &a->ept, US, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_announce(&a->ept, "echo"), YOKE_OK);
}

static void skip_announcement(struct fixture *f)
{
    struct peer_message m;

    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.dst, 53);
}

/// The same, and up.
static void begin_up(struct fixture *f, struct announcer *a)
{
    begin(f, a, true);
    fixture_up(f);
    skip_announcement(f);
}

static void put_record(const struct fixture *f, uint8_t *at, uint32_t kind, uint32_t endpoint,
                       uint32_t peer, uint32_t value)
{
    peer_put32(&f->peer, at, kind);
    peer_put32(&f->peer, at + 4, endpoint);
    peer_put32(&f->peer, at + 8, peer);
    peer_put32(&f->peer, at + 12, value);
}

static void come(struct fixture *f, uint32_t endpoint, uint32_t peer, uint32_t value)
{
    uint8_t record[16];

    put_record(f, record, BOUND, endpoint, peer, value);
    assert_true(peer_send(&f->peer, 54, 54, record, sizeof record));
    assert_int_equal(fixture_drain(f), 1);
}

static void assert_told(struct announcer *a, const char *log)
{
    assert_string_equal(a->log, log);
    a->log[0] = '\0';
}

static void speak(struct announcer *a, uint32_t listener)
{
    assert_int_equal(yoke_send_to(&a->ept, listener, "hello", 5), YOKE_OK);
}

static void a_service_learns_of_its_listener_and_speaks_first(void **state)
{
    struct fixture *const f = *state;
    // kind 3, endpoint 1030, peer 1024, value 1.
    static const uint8_t record[16] = {3, 0, 0, 0, 6, 4, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0};
    struct announcer a;
    struct peer_message m;

    begin_up(f, &a);
    a.on_bound = speak;
    assert_true(peer_send(&f->peer, 54, 54, record, sizeof record));
    assert_int_equal(fixture_drain(f), 1);
    assert_told(&a, "+1030@1024");
    assert_int_equal(a.listeners.count, 1);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.src, US);
    assert_int_equal(m.dst, 1030);
    assert_memory_equal(m.data, "hello", 5);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void what_is_known_is_told_once(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;

    begin_up(f, &a);
    come(f, 1030, US, 0); // never came
    come(f, 1030, US, 1);
    come(f, 1030, US, 1);
    come(f, 1031, US, 1);
    come(f, 1030, US, 1);
    assert_told(&a, "+1030@1024+1031@1024");
    come(f, 1030, US, 0);
    come(f, 1030, US, 0);
    come(f, 1031, US, 0);
    come(f, 1030, US, 1);
    assert_told(&a, "-1030@1024-1031@1024+1030@1024");
}

static void a_listener_of_two_services_counts_for_each(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;
    struct yoke_ept second;

    begin_up(f, &a);
    fixture_ept(f, &second, 7, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_announce(&second, "shell"), YOKE_OK);
    come(f, 1030, US, 1);
    come(f, 1030, 7, 1);
    come(f, 1030, US, 0);
    assert_told(&a, "+1030@1024+1030@7-1030@1024");
}

static void records_are_handled_in_order_and_those_of_others_skipped(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;
    uint8_t records[7][16];

    begin_up(f, &a);
    put_record(f, records[0], BOUND, 1030, US, 1);
    put_record(f, records[1], 1, 1030, US, 2); // credits were not taken
    put_record(f, records[2], BOUND, 1030, US, 0);
    put_record(f, records[3], 0, 1030, US, 1); // no kind
    put_record(f, records[4], 5, 1030, US, 1);
    put_record(f, records[5], BOUND | 1u << 31, 1030, US, 1);
    put_record(f, records[6], BOUND, 1031, US, 1);
    assert_true(peer_send(&f->peer, 54, 54, records, sizeof records));
    assert_int_equal(fixture_drain(f), 1);
    assert_told(&a, "+1030@1024-1030@1024+1031@1024");
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void senseless_records_change_nothing(void **state)
{
    struct fixture *const f = *state;
    static const uint32_t senseless[][3] = {
        {1030, US, 2},         {1030, US, 0x100}, {1030, US, UINT32_MAX}, {UINT32_MAX, US, 1},
        {UINT32_MAX, US, 0},   {1030, 7, 1},      {1030, 8, 1},           {1030, 54, 1},
        {1030, UINT32_MAX, 1}, {1031, US, 0},     {US, 1030, 1},
    };
    struct announcer a;
    struct yoke_ept silent;

    begin_up(f, &a);
    fixture_ept(f, &silent, 7, YOKE_RPMSG_ADDR_ANY); // not announced
    come(f, 1030, US, 1);
    assert_told(&a, "+1030@1024");
    for (size_t i = 0; i < sizeof senseless / sizeof senseless[0]; i++) {
        come(f, senseless[i][0], senseless[i][1], senseless[i][2]);
        assert_told(&a, "");
        assert_int_equal(a.listeners.count, 1);
        assert_int_equal(a.listeners.dropped, 0);
    }
    come(f, 1030, US, 0);
    assert_told(&a, "-1030@1024");
}

static void malformed_messages_are_counted_and_ignored(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;
    uint8_t records[3][16];
    uint32_t bad = 0;

    begin_up(f, &a);
    for (unsigned i = 0; i < 3; i++) {
        put_record(f, records[i], BOUND, 1030 + i, US, 1);
    }
    for (size_t size = 0; size < sizeof records; size++) {
        if (size % 16 != 0 || size == 0) {
            assert_true(peer_send(&f->peer, 54, 54, records, size));
            assert_int_equal(fixture_drain(f), 1);
            assert_int_equal(yoke_link_stats(&f->link)->bad, ++bad);
        }
    }
    assert_true(peer_send(&f->peer, 1030, 54, records, 16));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(yoke_link_stats(&f->link)->bad, bad + 1);
    assert_told(&a, "");
    assert_true(peer_send(&f->peer, 54, 54, records, 16)); // and a good one still goes through
    assert_int_equal(fixture_drain(f), 1);
    assert_told(&a, "+1030@1024");
}

static void a_full_table_counts_what_it_drops(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;

    begin_up(f, &a);
    come(f, 1, US, 1);
    come(f, 2, US, 1);
    come(f, 3, US, 1);
    come(f, 1, US, 1); // known: not dropped
    come(f, 3, US, 0); // not known
    assert_told(&a, "+1@1024+2@1024");
    assert_int_equal(a.listeners.dropped, 1);
    come(f, 1, US, 0);
    come(f, 3, US, 1);
    come(f, 2, US, 0);
    assert_told(&a, "-1@1024+3@1024-2@1024");
}

static void withdrawing_forgets_the_services_listeners(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;
    struct yoke_ept second;

    begin_up(f, &a);
    fixture_ept(f, &second, 7, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_announce(&second, "shell"), YOKE_OK);
    come(f, 1030, US, 1);
    come(f, 1030, 7, 1);
    assert_told(&a, "+1030@1024+1030@7");
    assert_int_equal(yoke_withdraw(&a.ept), YOKE_OK);
    assert_int_equal(a.listeners.count, 1);
    come(f, 1030, US, 0); // on its way when the service went
    assert_told(&a, "");
    assert_int_equal(yoke_announce(&a.ept, "echo"), YOKE_OK);
    come(f, 1030, US, 1);
    assert_told(&a, "+1030@1024");
    // Closing withdraws.
    assert_int_equal(yoke_ept_close(&a.ept), YOKE_OK);
    assert_int_equal(a.listeners.count, 1);
    fixture_ept(f, &a.ept, US, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_announce(&a.ept, "echo"), YOKE_OK);
    come(f, 1030, US, 1);
    assert_told(&a, "+1030@1024");
    come(f, 1030, 7, 0); // that one was not touched
    assert_told(&a, "-1030@7");
}

static void a_withdrawal_that_finds_no_buffer_forgets_nothing(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;
    struct peer_message m, kept;

    begin_up(f, &a);
    come(f, 1030, US, 1);
    assert_int_equal(yoke_send_to(&a.ept, 1030, "x", 1), YOKE_OK);
    assert_true(peer_receive_keep(&f->peer, &kept));
    while (yoke_send_to(&a.ept, 1030, "x", 1) == YOKE_OK) {
        assert_true(peer_receive_keep(&f->peer, &m));
    }
    assert_int_equal(yoke_withdraw(&a.ept), YOKE_AGAIN);
    assert_int_equal(yoke_ept_close(&a.ept), YOKE_AGAIN);
    assert_int_equal(a.listeners.count, 1);
    peer_recycle(&f->peer, kept.id);
    assert_int_equal(yoke_ept_close(&a.ept), YOKE_OK);
    assert_int_equal(a.listeners.count, 0);
}

static void all_are_forgotten_when_the_link_goes_down(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;

    begin_up(f, &a);
    for (int round = 0; round < 3; round++) {
        come(f, 1030, US, 1);
        come(f, 1030, US, 1);
        assert_told(&a, "+1030@1024");
        fixture_down(f);
        fixture_up(f);
        skip_announcement(f);
        assert_int_equal(a.listeners.count, 0);
        come(f, 1030, US, 0);
        assert_told(&a, "");
    }
}

static void what_waits_to_be_announced_has_no_listener(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;
    struct yoke_ept late;
    struct peer_message m;

    begin_up(f, &a);
    while (yoke_send_to(&a.ept, 1, "x", 1) == YOKE_OK) {
        assert_true(peer_receive_keep(&f->peer, &m));
    }
    fixture_ept(f, &late, 7, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_announce(&late, "late"), YOKE_OK);
    come(f, 1030, 7, 1);
    assert_told(&a, "");
    peer_recycle(&f->peer, m.id);
    assert_int_equal(fixture_drain(f), 0);
    skip_announcement(f);
    come(f, 1030, 7, 1);
    assert_told(&a, "+1030@7");
}

static void close_link(struct announcer *a, uint32_t listener)
{
    (void)listener;
    yoke_link_close(&a->f->link);
}

static void close_service(struct announcer *a, uint32_t listener)
{
    (void)listener;
    assert_int_equal(yoke_ept_close(&a->ept), YOKE_OK);
}

static void send_two(struct fixture *f)
{
    uint8_t records[2][16];

    put_record(f, records[0], BOUND, 1030, US, 1);
    put_record(f, records[1], BOUND, 1031, US, 1);
    assert_true(peer_send(&f->peer, 54, 54, records, sizeof records));
}

static void the_callback_may_close_its_service_or_the_link(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;

    begin_up(f, &a);
    a.on_bound = close_service;
    send_two(f);
    assert_int_equal(fixture_drain(f), 1);
    assert_told(&a, "+1030@1024");
    assert_int_equal(a.listeners.count, 0);

    begin_up(f, &a);
    a.on_bound = close_link;
    send_two(f);
    assert_int_equal(yoke_link_poll(&f->link, 8), 1);
    assert_told(&a, "+1030@1024"); // the rest of the message is void
    assert_false(yoke_link_is_up(&f->link));
}

static void a_peer_without_the_feature_is_not_believed(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;

    begin(f, &a, false);
    fixture_up(f);
    assert_int_equal(yoke_link_features(&f->link), YOKE_F_RPMSG_NS);
    skip_announcement(f);
    come(f, 1030, US, 1);
    assert_told(&a, "");
    assert_int_equal(a.listeners.count, 0);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 1);
}

static void a_record_of_an_extension_that_was_not_taken_is_skipped(void **state)
{
    struct fixture *const f = *state;
    struct announcer a;

    f->options.peer.offered |= PEER_F_CREDITS;
    f->options.peer.taken |= PEER_F_CREDITS; // so that there are records, but not these
    begin(f, &a, false);
    fixture_up(f);
    skip_announcement(f);
    come(f, 1030, US, 1);
    assert_told(&a, "");
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void the_driver_takes_the_feature_only_with_a_use_for_it(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct announcer a;
    struct yoke_ept other;

    begin_up(f, &a);
    assert_int_equal(yoke_link_features(&f->link), YOKE_F_RPMSG_NS | YOKE_F_RPMSG_ACK);
    options.peer.offered |= PEER_F_ACK;
    fixture_reopen(f, &options);
    fixture_ept(f, &other, 54, YOKE_RPMSG_ADDR_ANY); // an address as any other
    assert_int_equal(yoke_control_open(&f->link, &a.control), YOKE_EXISTS);
    fixture_up(f);
    assert_int_equal(yoke_link_features(&f->link), YOKE_F_RPMSG_NS);
    assert_true(peer_send(&f->peer, 54, 54, "ping", 4));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(fixture_last(f)->size, 4);
}

static void set_up_refuses_what_is_missing(void **state)
{
    struct fixture *const f = *state;
    struct yoke_control control = {0};
    struct yoke_listeners listeners;
    struct yoke_listener table[1];

    assert_int_equal(yoke_control_open(&f->link, NULL), YOKE_INVALID);
    assert_int_equal(yoke_control_open(NULL, &control), YOKE_INVALID);
    assert_int_equal(yoke_listeners_open(&control, &listeners, table, 1, on_bound, NULL),
                     YOKE_INVALID); // not open
    assert_int_equal(yoke_control_open(&f->link, &control), YOKE_OK);
    assert_int_equal(yoke_listeners_open(NULL, &listeners, table, 1, on_bound, NULL), YOKE_INVALID);
    assert_int_equal(yoke_listeners_open(&control, NULL, table, 1, on_bound, NULL), YOKE_INVALID);
    assert_int_equal(yoke_listeners_open(&control, &listeners, NULL, 1, on_bound, NULL),
                     YOKE_INVALID);
    assert_int_equal(yoke_listeners_open(&control, &listeners, table, 1, NULL, NULL), YOKE_INVALID);
    assert_int_equal(yoke_listeners_open(&control, &listeners, NULL, 0, on_bound, NULL), YOKE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_service_learns_of_its_listener_and_speaks_first),
        IN_BOTH(what_is_known_is_told_once),
        IN_BOTH(a_listener_of_two_services_counts_for_each),
        IN_BOTH(records_are_handled_in_order_and_those_of_others_skipped),
        IN_BOTH(senseless_records_change_nothing),
        IN_BOTH(malformed_messages_are_counted_and_ignored),
        IN_BOTH(a_full_table_counts_what_it_drops),
        IN_BOTH(withdrawing_forgets_the_services_listeners),
        IN_BOTH(a_withdrawal_that_finds_no_buffer_forgets_nothing),
        IN_BOTH(all_are_forgotten_when_the_link_goes_down),
        IN_BOTH(what_waits_to_be_announced_has_no_listener),
        IN_BOTH(the_callback_may_close_its_service_or_the_link),
        IN_BOTH(a_peer_without_the_feature_is_not_believed),
        IN_DEVICE(a_record_of_an_extension_that_was_not_taken_is_skipped),
        IN_DRIVER(the_driver_takes_the_feature_only_with_a_use_for_it),
        IN_BOTH(set_up_refuses_what_is_missing),
    };
    return cmocka_run_group_tests_name("rpmsg_listeners", tests, NULL, NULL);
}
