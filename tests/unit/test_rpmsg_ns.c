// SPDX-License-Identifier: BSD-3-Clause
// The name service: announcing, listening, and what a peer may get wrong.
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

static void assert_ns(struct fixture *f, const char *name, uint32_t addr, uint32_t flags)
{
    struct peer_message m;

    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.dst, 53);
    assert_int_equal(m.len, 40);
    assert_string_equal((const char *)m.data, name);
    assert_int_equal(peer_get32(&f->peer, m.data + 32), addr);
    assert_int_equal(peer_get32(&f->peer, m.data + 36), flags);
}

static void assert_silence(struct fixture *f)
{
    struct peer_message m;

    assert_false(peer_receive(&f->peer, &m));
}

static void an_announcement_has_the_bytes_of_the_protocol(void **state)
{
    struct fixture *const f = *state;
    // Header: src 30, dst 53, reserved 0, len 40, flags 0. Then name[32], addr, flags.
    static const uint8_t created[56] = {30, 0,  0, 0, 53, 0,   0,   0,   0,   0,         0,
                                        0,  40, 0, 0, 0,  'e', 'c', 'h', 'o', [48] = 30, [52] = 0};
    static const uint8_t destroyed[56] = {30, 0, 0, 0, 53,  0,   0,   0,   0,         0,       0, 0,
                                          40, 0, 0, 0, 'e', 'c', 'h', 'o', [48] = 30, [52] = 1};
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.whole, 56);
    assert_memory_equal(m.data - 16, created, 56);
    assert_int_equal(yoke_withdraw(&ept), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data - 16, destroyed, 56);
    assert_silence(f);
}

static void names_have_1_to_31_bytes(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    char name[] = "0123456789012345678901234567890"; // 31

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_announce(&ept, ""), YOKE_INVALID);
    assert_int_equal(yoke_announce(&ept, NULL), YOKE_INVALID);
    assert_int_equal(yoke_announce(&ept, "01234567890123456789012345678901"), YOKE_TOO_LONG);
    assert_silence(f);
    assert_int_equal(yoke_announce(&ept, name), YOKE_OK);
    assert_ns(f, name, US, 0);
    assert_int_equal(yoke_announce(&ept, "second"), YOKE_INVALID); // it has a name
    assert_silence(f);
}

static void what_was_not_announced_cannot_be_withdrawn(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_withdraw(&ept), YOKE_INVALID);
    fixture_up(f);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    assert_int_equal(yoke_withdraw(&ept), YOKE_OK);
    assert_int_equal(yoke_withdraw(&ept), YOKE_INVALID);
    assert_int_equal(yoke_announce(&ept, "again"), YOKE_OK);
    assert_ns(f, "echo", US, 0);
    assert_ns(f, "echo", US, 1);
    assert_ns(f, "again", US, 0);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_int_equal(yoke_announce(&ept, "closed"), YOKE_INVALID);
    assert_int_equal(yoke_withdraw(&ept), YOKE_INVALID);
}

static void everything_with_a_name_is_announced_each_time_the_link_comes_up(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept a, b, nameless;

    fixture_ept(f, &a, 1, THEM);
    fixture_ept(f, &b, 2, THEM);
    fixture_ept(f, &nameless, 3, THEM);
    assert_int_equal(yoke_announce(&a, "a"), YOKE_OK);
    assert_int_equal(yoke_announce(&b, "b"), YOKE_OK);
    for (int round = 0; round < 3; round++) {
        fixture_up(f);
        assert_ns(f, "a", 1, 0);
        assert_ns(f, "b", 2, 0);
        assert_silence(f);
        fixture_down(f);
    }
    assert_int_equal(yoke_withdraw(&a), YOKE_OK); // nobody to tell
    fixture_up(f);
    assert_ns(f, "b", 2, 0);
    assert_silence(f);
}

static void close_withdraws_what_was_announced(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    fixture_up(f);
    assert_ns(f, "echo", US, 0);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_ns(f, "echo", US, 1);
    assert_silence(f);
}

static void close_without_a_buffer_for_the_withdrawal_changes_nothing(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m, kept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    assert_true(peer_receive_keep(&f->peer, &kept));
    while (yoke_send(&ept, "x", 1) == YOKE_OK) {
        assert_true(peer_receive_keep(&f->peer, &m));
    }
    assert_int_equal(yoke_ept_close(&ept), YOKE_AGAIN);
    assert_int_equal(yoke_withdraw(&ept), YOKE_AGAIN);
    assert_ptr_equal(yoke_ept_find(&f->link, US), &ept);
    assert_ptr_equal(ept.link, &f->link);
    peer_recycle(&f->peer, kept.id);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_ns(f, "echo", US, 1);
}

static void a_peer_without_the_feature_gets_nothing(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept ept;

    options.peer.taken = 0;
    options.known = YOKE_F_RING_INDIRECT;
    fixture_reopen(f, &options);
    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "early"), YOKE_OK);
    fixture_up(f);
    assert_int_equal(yoke_withdraw(&ept), YOKE_OK);
    assert_int_equal(yoke_announce(&ept, "late"), YOKE_OK);
    assert_int_equal(fixture_drain(f), 0);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_silence(f);
    assert_int_equal(yoke_link_stats(&f->link)->tx_sent, 0);
}

static void a_peer_that_lost_the_feature_gets_nothing(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    fixture_up(f);
    assert_ns(f, "echo", US, 0);
    fixture_down(f);
    f->peer.config.taken = 0;
    fixture_up(f);
    assert_int_equal(yoke_withdraw(&ept), YOKE_OK); // was not announced this time
    assert_silence(f);
}

static void pending_announcement(struct fixture *f)
{
    struct yoke_ept ept[3], busy;
    struct peer_message m[8];
    const unsigned queue = peer_rx(&f->peer);

    fixture_ept(f, &busy, 9, THEM);
    fixture_up(f);
    for (uint32_t i = 0; i < 3; i++) {
        fixture_ept(f, &ept[i], i, THEM);
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(yoke_send(&busy, "x", 1), YOKE_OK);
        assert_true(peer_receive_keep(&f->peer, &m[i]));
    }
    assert_int_equal(yoke_announce(&ept[0], "zero"), YOKE_OK);
    assert_int_equal(yoke_announce(&ept[1], "one"), YOKE_OK);
    assert_int_equal(yoke_announce(&ept[2], "two"), YOKE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_drain(f), 0);
    }
    // However often it polled, a free buffer rings, and then one goes out.
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t rang = f->peer.rang[queue];
        peer_recycle(&f->peer, m[i].id);
        assert_int_equal(f->peer.rang[queue], rang + 1);
        assert_int_equal(fixture_drain(f), 0);
        assert_true(peer_receive_keep(&f->peer, &m[i]));
        assert_string_equal((const char *)m[i].data, i == 0 ? "zero" : "one");
    }
    // One that was not announced yet needs no withdrawal, so closing it needs no buffer.
    assert_int_equal(yoke_ept_close(&ept[2]), YOKE_OK);
    peer_recycle(&f->peer, m[0].id);
    assert_int_equal(fixture_drain(f), 0);
    assert_silence(f);
}

static void an_announcement_that_finds_no_buffer_goes_out_later_by_itself(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;

    pending_announcement(f);
    options.peer.offered |= PEER_F_EVENT_IDX;
    options.peer.taken |= PEER_F_EVENT_IDX;
    fixture_reopen(f, &options);
    pending_announcement(f);
}

static void more_services_than_buffers_are_all_announced(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept[40];
    char names[40][8];
    uint64_t seen = 0;
    struct peer_message m;

    for (uint32_t i = 0; i < 40; i++) {
        fixture_ept(f, &ept[i], 100 + i, THEM);
        memcpy(names[i], "svc-00", 7);
        names[i][4] = (char)('0' + i / 10);
        names[i][5] = (char)('0' + i % 10);
        assert_int_equal(yoke_announce(&ept[i], names[i]), YOKE_OK);
    }
    fixture_up(f);
    for (uint32_t count = 0; count < 40; count++) {
        if (!peer_receive(&f->peer, &m)) {
            assert_int_equal(fixture_drain(f), 0);
            assert_true(peer_receive(&f->peer, &m));
        }
        const uint64_t bit = UINT64_C(1) << (m.src - 100);
        assert_int_equal(seen & bit, 0);
        seen |= bit;
        assert_string_equal((const char *)m.data, names[m.src - 100]);
    }
    assert_int_equal(fixture_drain(f), 0);
    assert_silence(f);
}

static void withdraw_on_up(struct fixture *f, enum yoke_link_event event)
{
    if (event == YOKE_LINK_UP) {
        assert_int_equal(yoke_withdraw(f->data), YOKE_OK);
    }
}

static void the_up_event_may_withdraw(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    f->data = &ept;
    f->on_event = withdraw_on_up;
    fixture_up(f);
    assert_ns(f, "echo", US, 0);
    assert_ns(f, "echo", US, 1);
    assert_silence(f);
}

// --------------------------------------------------------------------------------------- listening

struct listener {
    struct yoke_ns ns;
    struct yoke_service table[4];
    char log[256];
};

/// Logs "+name" or "-name".
static void on_service(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    struct listener *const l = ns->context;

    strcat(l->log, up ? "+" : "-");
    strcat(l->log, service->name);
}

static void listen(struct fixture *f, struct listener *l)
{
    memset(l, 0, sizeof *l);
    assert_int_equal(yoke_ns_listen(&f->link, &l->ns, l->table, 4, on_service, l), YOKE_OK);
}

static void announce(struct fixture *f, const char *name, uint32_t addr, uint32_t flags)
{
    assert_true(peer_send_ns(&f->peer, name, addr, flags));
    assert_int_equal(fixture_drain(f), 1);
}

static void services_come_go_and_are_found_late(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    listen(f, &l);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    announce(f, "0123456789012345678901234567890", 1025, 0);
    assert_int_equal(yoke_ns_find(&l.ns, "echo")->addr, 1024);
    assert_int_equal(yoke_ns_find(&l.ns, "0123456789012345678901234567890")->addr, 1025);
    assert_null(yoke_ns_find(&l.ns, "ech"));
    assert_null(yoke_ns_find(&l.ns, "echo2"));
    announce(f, "echo", 1024, 1);
    assert_null(yoke_ns_find(&l.ns, "echo"));
    assert_string_equal(l.log, "+echo+0123456789012345678901234567890-echo");
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void the_same_again_changes_nothing_and_another_address_is_kept_in_order(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    listen(f, &l);
    fixture_up(f);
    announce(f, "echo", 7, 0);
    announce(f, "echo", 7, 0);
    announce(f, "echo", 8, 0);
    announce(f, "other", 7, 0);
    assert_string_equal(l.log, "+echo+echo+other");
    assert_int_equal(l.ns.count, 3);
    assert_int_equal(yoke_ns_find(&l.ns, "echo")->addr, 7); // the first
    announce(f, "echo", 9, 1);                              // never came
    assert_int_equal(l.ns.count, 3);
    announce(f, "echo", 7, 1);
    assert_int_equal(yoke_ns_find(&l.ns, "echo")->addr, 8);
    assert_int_equal(yoke_ns_find(&l.ns, "other")->addr, 7);
    yoke_ns_clear(&l.ns);
    assert_int_equal(l.ns.count, 0);
    assert_string_equal(l.log, "+echo+echo+other-echo-other-echo");
}

static void a_full_table_counts_what_it_drops(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    listen(f, &l);
    fixture_up(f);
    for (uint32_t i = 0; i < 7; i++) {
        announce(f, "svc", i, 0);
    }
    assert_int_equal(l.ns.count, 4);
    assert_int_equal(l.ns.dropped, 3);
    announce(f, "svc", 3, 0); // known: not dropped
    assert_int_equal(l.ns.dropped, 3);
    announce(f, "svc", 0, 1);
    announce(f, "svc", 6, 0);
    assert_int_equal(l.ns.count, 4);
    assert_int_equal(l.ns.table[3].addr, 6);
}

static void malformed_announcements_are_counted_and_ignored(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    uint8_t bytes[41] = "echo";
    uint32_t bad = 0;

    listen(f, &l);
    fixture_up(f);
    for (size_t size = 0; size <= 41; size++) {
        if (size != 40) {
            assert_true(peer_send(&f->peer, 1, 53, bytes, size));
            assert_int_equal(fixture_drain(f), 1);
            assert_int_equal(yoke_link_stats(&f->link)->bad, ++bad);
        }
    }
    announce(f, "", 1, 0);
    announce(f, "01234567890123456789012345678901", 1, 0); // 32: not terminated
    announce(f, "echo", 1, 2);
    announce(f, "echo", 1, UINT32_MAX);
    announce(f, "echo", UINT32_MAX, 0);
    announce(f, "echo", UINT32_MAX, 1);
    assert_int_equal(yoke_link_stats(&f->link)->bad, bad + 6);
    assert_int_equal(l.ns.count, 0);
    assert_string_equal(l.log, "");
    announce(f, "echo", 0, 0); // and a good one still goes through
    assert_string_equal(l.log, "+echo");
}

static void reply_to_service(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    if (up) {
        assert_int_equal(yoke_send_to(ns->context, service->addr, service->name, 4), YOKE_OK);
        yoke_ns_clear(ns); // re-enters this function
    }
}

static void a_service_event_may_send_and_clear(void **state)
{
    struct fixture *const f = *state;
    struct yoke_service table[2];
    struct yoke_ns ns;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_ns_listen(&f->link, &ns, table, 2, reply_to_service, &ept), YOKE_OK);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.dst, 1024);
    assert_int_equal(ns.count, 0);
}

static void listening_needs_no_table_and_no_event(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ns ns, second;

    assert_int_equal(yoke_ns_listen(&f->link, NULL, NULL, 0, NULL, NULL), YOKE_INVALID);
    assert_int_equal(yoke_ns_listen(&f->link, &ns, NULL, 1, NULL, NULL), YOKE_INVALID);
    assert_int_equal(yoke_ns_listen(&f->link, &ns, NULL, 0, NULL, NULL), YOKE_OK);
    assert_int_equal(yoke_ns_listen(&f->link, &second, NULL, 0, NULL, NULL), YOKE_EXISTS);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    assert_int_equal(ns.dropped, 1);
    assert_null(yoke_ns_find(&ns, "echo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(an_announcement_has_the_bytes_of_the_protocol),
        IN_BOTH(names_have_1_to_31_bytes),
        IN_BOTH(what_was_not_announced_cannot_be_withdrawn),
        IN_BOTH(everything_with_a_name_is_announced_each_time_the_link_comes_up),
        IN_BOTH(close_withdraws_what_was_announced),
        IN_BOTH(close_without_a_buffer_for_the_withdrawal_changes_nothing),
        IN_BOTH(a_peer_without_the_feature_gets_nothing),
        IN_DEVICE(a_peer_that_lost_the_feature_gets_nothing),
        IN_BOTH(an_announcement_that_finds_no_buffer_goes_out_later_by_itself),
        IN_BOTH(more_services_than_buffers_are_all_announced),
        IN_BOTH(the_up_event_may_withdraw),
        IN_BOTH(services_come_go_and_are_found_late),
        IN_BOTH(the_same_again_changes_nothing_and_another_address_is_kept_in_order),
        IN_BOTH(a_full_table_counts_what_it_drops),
        IN_BOTH(malformed_announcements_are_counted_and_ignored),
        IN_BOTH(a_service_event_may_send_and_clear),
        IN_BOTH(listening_needs_no_table_and_no_event),
    };
    return cmocka_run_group_tests_name("rpmsg_ns", tests, NULL, NULL);
}
