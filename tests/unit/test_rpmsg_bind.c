// SPDX-License-Identifier: BSD-3-Clause
// Acknowledgement, the side that listens: what is sent when listeners are bound and leave.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/ack.h>

#include "fixture.h"

#define US 1030u

struct listener {
    struct yoke_control control;
    struct yoke_bindings bindings;
    struct yoke_binding table[3];
    struct yoke_ns ns;
    struct yoke_service services[4];
    struct yoke_ept ept;
};

static void on_event(struct fixture *f, enum yoke_link_event event)
{
    struct listener *const l = f->data;

    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&l->ns);
    }
}

/// One endpoint, with the feature on `both` sides or not the peer's; not up yet.
static void begin(struct fixture *f, struct listener *l, bool both)
{
    struct fixture_options options = f->options;

    options.peer.offered |= both || !fixture_drives(f) ? PEER_F_ACK : 0;
    options.peer.taken |= both ? PEER_F_ACK : 0;
    fixture_reopen(f, &options);
    memset(l, 0, sizeof *l);
    f->data = l;
    f->on_event = on_event;
    assert_int_equal(yoke_ns_listen(&f->link, &l->ns, l->services, 4, NULL, NULL), YOKE_OK);
    assert_int_equal(yoke_control_open(&f->link, &l->control), YOKE_OK);
    assert_int_equal(yoke_bindings_open(&l->control, &l->bindings, &l->ns, l->table, 3), YOKE_OK);
    fixture_ept(f, &l->ept, US, YOKE_RPMSG_ADDR_ANY);
}

static void announce(struct fixture *f, const char *name, uint32_t addr, uint32_t flags)
{
    assert_true(peer_send_ns(&f->peer, name, addr, flags));
    assert_int_equal(fixture_drain(f), 1);
}

/// The same, up, and "echo" at 1024 is known.
static void begin_up(struct fixture *f, struct listener *l)
{
    begin(f, l, true);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
}

static int bind(struct listener *l, const char *name)
{
    return yoke_bind(&l->bindings, &l->ept, yoke_ns_find(&l->ns, name));
}

static int unbind(struct listener *l, const char *name)
{
    return yoke_unbind(&l->bindings, &l->ept, yoke_ns_find(&l->ns, name));
}

static void assert_record(const struct fixture *f, const struct peer_message *m, uint32_t endpoint,
                          uint32_t peer, uint32_t value)
{
    assert_int_equal(m->src, 54);
    assert_int_equal(m->dst, 54);
    assert_int_equal(m->reserved, 0);
    assert_int_equal(m->flags, 0);
    assert_int_equal(m->len, 16);
    assert_int_equal(peer_get32(&f->peer, m->data), 3);
    assert_int_equal(peer_get32(&f->peer, m->data + 4), endpoint);
    assert_int_equal(peer_get32(&f->peer, m->data + 8), peer);
    assert_int_equal(peer_get32(&f->peer, m->data + 12), value);
}

static void assert_sent(struct fixture *f, uint32_t endpoint, uint32_t peer, uint32_t value)
{
    struct peer_message m;

    assert_true(peer_receive(&f->peer, &m));
    assert_record(f, &m, endpoint, peer, value);
}

static void assert_silence(struct fixture *f)
{
    struct peer_message m;

    assert_int_equal(fixture_drain(f), 0);
    assert_false(peer_receive(&f->peer, &m));
}

static void a_listener_has_the_bytes_of_the_protocol(void **state)
{
    struct fixture *const f = *state;
    // Header: src 54, dst 54, reserved 0, len 16, flags 0. Then kind 3, 1030, 1024, value.
    static const uint8_t bound[32] = {54, 0, 0, 0, 54, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0,
                                      3,  0, 0, 0, 6,  4, 0, 0, 0, 4, 0, 0, 1,  0, 0, 0};
    static const uint8_t gone[32] = {54, 0, 0, 0, 54, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0,
                                     3,  0, 0, 0, 6,  4, 0, 0, 0, 4, 0, 0, 0,  0, 0, 0};
    struct listener l;
    struct peer_message m;

    begin_up(f, &l);
    assert_silence(f); // nobody listens yet
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.whole, 32);
    assert_memory_equal(m.data - 16, bound, 32);
    assert_int_equal(unbind(&l, "echo"), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data - 16, gone, 32);
    assert_silence(f);
}

static void bind_at_once(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    struct listener *const l = ns->context;

    if (up) {
        assert_int_equal(yoke_bind(&l->bindings, &l->ept, service), YOKE_OK);
    }
}

static void the_event_of_a_service_may_bind(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    begin(f, &l, true);
    l.ns.event = bind_at_once;
    l.ns.context = &l;
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    assert_sent(f, US, 1024, 1);
    assert_silence(f);
    assert_true(peer_send(&f->peer, 1024, US, "first", 5));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(fixture_last(f)->dst, US);
}

static void it_is_said_again_when_the_service_is_announced_again(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct yoke_ept second;

    begin_up(f, &l);
    fixture_ept(f, &second, 7, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(yoke_bind(&l.bindings, &second, yoke_ns_find(&l.ns, "echo")), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    assert_sent(f, 7, 1024, 1);
    announce(f, "echo", 1024, 0);
    assert_sent(f, US, 1024, 1);
    assert_sent(f, 7, 1024, 1);
    announce(f, "echo", 1025, 0);  // another service
    announce(f, "shell", 1024, 0); // and another
    assert_silence(f);
    assert_int_equal(unbind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 0);
    announce(f, "echo", 1024, 0);
    assert_sent(f, 7, 1024, 1);
    assert_silence(f);
}

static void closing_an_endpoint_ends_what_it_listens_to(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct peer_message m;

    begin_up(f, &l);
    announce(f, "shell", 7, 0);
    assert_int_equal(yoke_announce(&l.ept, "ours"), YOKE_OK);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(bind(&l, "shell"), YOKE_OK);
    while (peer_receive(&f->peer, &m)) {
    }
    assert_int_equal(yoke_withdraw(&l.ept), YOKE_OK); // listens on
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.dst, 53);
    assert_silence(f);
    assert_int_equal(yoke_ept_close(&l.ept), YOKE_OK);
    assert_sent(f, US, 1024, 0);
    assert_sent(f, US, 7, 0);
    assert_silence(f);
    announce(f, "echo", 1024, 0);
    assert_silence(f);
    assert_int_equal(bind(&l, "echo"), YOKE_INVALID); // closed
}

static void nothing_is_sent_for_a_service_that_is_gone(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    begin_up(f, &l);
    announce(f, "other", 1024, 0);
    const struct yoke_service echo = *yoke_ns_find(&l.ns, "echo");
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(bind(&l, "other"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    assert_sent(f, US, 1024, 1);
    announce(f, "echo", 1024, 1);
    assert_int_equal(yoke_unbind(&l.bindings, &l.ept, &echo), YOKE_NOT_FOUND);
    assert_int_equal(yoke_bind(&l.bindings, &l.ept, &echo), YOKE_NOT_FOUND);
    assert_silence(f);
    announce(f, "other", 1024, 0); // is as it was, though it has the same address
    assert_sent(f, US, 1024, 1);
    announce(f, "other", 1024, 1);
    assert_int_equal(yoke_ept_close(&l.ept), YOKE_OK);
    assert_silence(f);
}

/// Takes all buffers; `kept` has room for 8.
static void starve(struct fixture *f, struct listener *l, struct peer_message *kept)
{
    unsigned count = 0;

    while (yoke_send_to(&l->ept, 1, "x", 1) == YOKE_OK) {
        assert_true(count < 8 && peer_receive_keep(&f->peer, &kept[count++]));
    }
    assert_int_equal(count, 8);
}

/// A buffer comes free: it rings, the next poll sends.
static void feed(struct fixture *f, struct peer_message *kept)
{
    const unsigned queue = peer_rx(&f->peer);
    const uint32_t rang = f->peer.rang[queue];

    peer_recycle(&f->peer, kept->id);
    assert_int_equal(f->peer.rang[queue], rang + 1);
    assert_int_equal(fixture_drain(f), 0);
}

static void a_record_that_finds_no_buffer_goes_out_later_by_itself(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct yoke_ept late;
    struct peer_message kept[8], m;

    begin_up(f, &l);
    announce(f, "shell", 7, 0);
    starve(f, &l, kept);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(bind(&l, "shell"), YOKE_OK);
    fixture_ept(f, &late, 8, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_announce(&late, "late"), YOKE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_drain(f), 0);
    }
    feed(f, &kept[0]);
    assert_true(peer_receive_keep(&f->peer, &m));
    assert_int_equal(m.dst, 53);
    feed(f, &m);
    assert_true(peer_receive_keep(&f->peer, &m));
    assert_record(f, &m, US, 1024, 1);
    feed(f, &m);
    assert_true(peer_receive_keep(&f->peer, &m));
    assert_record(f, &m, US, 7, 1);
    peer_recycle(&f->peer, m.id);
    assert_silence(f);
    // Closing needs no buffer either: the end waits, though the endpoint is gone.
    assert_int_equal(yoke_send_to(&late, 1, "x", 1), YOKE_OK);
    assert_true(peer_receive_keep(&f->peer, &m));
    assert_int_equal(yoke_ept_close(&l.ept), YOKE_OK);
    assert_int_equal(fixture_drain(f), 0);
    feed(f, &m);
    assert_true(peer_receive_keep(&f->peer, &m));
    assert_record(f, &m, US, 1024, 0);
    feed(f, &m);
    assert_true(peer_receive_keep(&f->peer, &m));
    assert_record(f, &m, US, 7, 0);
}

static void a_new_listener_at_the_same_address_waits_behind_the_old_ones_end(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct peer_message kept[8];

    begin_up(f, &l);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    starve(f, &l, kept);
    assert_int_equal(yoke_ept_close(&l.ept), YOKE_OK);
    fixture_ept(f, &l.ept, US, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(bind(&l, "echo"), YOKE_EXISTS);
    assert_int_equal(l.bindings.count, 1);
    feed(f, &kept[0]);
    assert_sent(f, US, 1024, 0);
    assert_int_equal(fixture_drain(f), 0);
    assert_sent(f, US, 1024, 1);
    assert_silence(f);
}

static void what_waits_for_a_service_that_goes_is_not_sent(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct peer_message kept[8];

    begin_up(f, &l);
    announce(f, "shell", 7, 0);
    assert_int_equal(bind(&l, "shell"), YOKE_OK);
    assert_sent(f, US, 7, 1);
    starve(f, &l, kept);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(unbind(&l, "shell"), YOKE_OK);
    announce(f, "echo", 1024, 1);
    announce(f, "shell", 7, 1);
    feed(f, &kept[0]);
    assert_silence(f);
    assert_int_equal(l.bindings.count, 0);
}

static void an_end_that_waits_stays_an_end(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct peer_message kept[8];

    begin_up(f, &l);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    starve(f, &l, kept);
    assert_int_equal(unbind(&l, "echo"), YOKE_OK);
    assert_int_equal(unbind(&l, "echo"), YOKE_NOT_FOUND);
    announce(f, "echo", 1024, 0); // again: nobody listens any more
    feed(f, &kept[0]);
    assert_sent(f, US, 1024, 0);
    assert_silence(f);
}

static void records_that_come_are_nothing_to_it(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    begin_up(f, &l);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    for (uint32_t kind = 0; kind < 6; kind++) {
        uint8_t record[16] = {0};
        peer_put32(&f->peer, record, kind);
        peer_put32(&f->peer, record + 4, 1024);
        peer_put32(&f->peer, record + 8, US);
        assert_true(peer_send(&f->peer, 54, 54, record, sizeof record));
        assert_int_equal(fixture_drain(f), 1);
    }
    assert_silence(f);
    assert_int_equal(l.bindings.count, 1);
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void without_its_endpoint_nothing_goes_on(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct yoke_ept other;

    begin_up(f, &l);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    assert_int_equal(yoke_ept_close(&l.control.ept), YOKE_OK);
    fixture_ept(f, &other, 54, YOKE_RPMSG_ADDR_ANY); // of other use
    assert_int_equal(bind(&l, "echo"), YOKE_INVALID);
    assert_int_equal(unbind(&l, "echo"), YOKE_OK);
    announce(f, "echo", 1024, 0);
    assert_int_equal(yoke_ept_close(&l.ept), YOKE_OK);
    fixture_down(f);
    fixture_up(f);
    assert_silence(f);
}

static void bindings_end_with_the_link(void **state)
{
    struct fixture *const f = *state;
    struct listener l;
    struct peer_message kept[8];

    begin_up(f, &l);
    announce(f, "shell", 7, 0);
    const struct yoke_service echo = *yoke_ns_find(&l.ns, "echo");
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    starve(f, &l, kept);
    assert_int_equal(bind(&l, "shell"), YOKE_OK); // waits
    fixture_down(f);
    assert_int_equal(yoke_unbind(&l.bindings, &l.ept, &echo), YOKE_NOT_FOUND);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    assert_silence(f);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_sent(f, US, 1024, 1);
    assert_silence(f);
}

static void bindings_end_with_the_link_though_services_are_not_cleared(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    begin_up(f, &l);
    f->on_event = NULL;
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    fixture_down(f);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    assert_silence(f);
}

static void a_full_table_is_said_and_has_room_again(void **state)
{
    struct fixture *const f = *state;
    static const char *const names[] = {"echo", "b", "c", "d"};
    struct listener l;

    begin_up(f, &l);
    for (uint32_t i = 1; i < 4; i++) {
        announce(f, names[i], i, 0);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(bind(&l, names[i]), YOKE_OK);
        assert_sent(f, US, i == 0 ? 1024 : i, 1);
    }
    assert_int_equal(bind(&l, "d"), YOKE_NO_SPACE);
    assert_int_equal(bind(&l, "b"), YOKE_EXISTS);
    assert_silence(f);
    assert_int_equal(unbind(&l, "b"), YOKE_OK);
    assert_int_equal(unbind(&l, "b"), YOKE_NOT_FOUND);
    assert_sent(f, US, 1, 0);
    assert_int_equal(bind(&l, "d"), YOKE_OK);
    assert_sent(f, US, 3, 1);
    assert_int_equal(unbind(&l, "echo"), YOKE_OK); // the others are still the same
    assert_int_equal(unbind(&l, "c"), YOKE_OK);
    assert_sent(f, US, 1024, 0);
    assert_sent(f, US, 2, 0);
}

static void a_peer_without_the_feature_gets_nothing_and_calls_do_the_same(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    begin(f, &l, false);
    fixture_up(f);
    announce(f, "echo", 1024, 0);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(bind(&l, "echo"), YOKE_EXISTS);
    announce(f, "echo", 1024, 0);
    assert_int_equal(unbind(&l, "echo"), YOKE_OK);
    assert_int_equal(unbind(&l, "echo"), YOKE_NOT_FOUND);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_int_equal(yoke_ept_close(&l.ept), YOKE_OK);
    assert_silence(f);
    assert_int_equal(yoke_link_stats(&f->link)->tx_sent, 0);
    assert_int_equal(l.bindings.count, 0);
}

static void a_ring_that_breaks_meanwhile_ends_it(void **state)
{
    struct fixture *const f = *state;
    struct listener l;

    begin_up(f, &l);
    for (int i = 0; i < 8; i++) { // no buffer is left that the link knows of
        assert_int_equal(yoke_send_to(&l.ept, 1, "x", 1), YOKE_OK);
    }
    peer_jump(&f->peer, peer_rx(&f->peer), 100);
    assert_int_equal(bind(&l, "echo"), YOKE_OK);
    assert_false(yoke_link_is_up(&f->link));
    assert_int_equal(l.bindings.count, 0);
}

static void set_up_refuses_what_is_missing(void **state)
{
    struct fixture *const f = *state;
    struct yoke_control control = {0};
    static const struct yoke_service service = {"echo", 1024};
    struct yoke_bindings bindings = {0};
    struct yoke_binding table[1];
    struct yoke_ns ns = {0};
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, YOKE_RPMSG_ADDR_ANY);
    assert_int_equal(yoke_bind(&bindings, &ept, &service), YOKE_INVALID); // not set up
    assert_int_equal(yoke_unbind(&bindings, &ept, &service), YOKE_NOT_FOUND);
    assert_int_equal(yoke_bindings_open(&control, &bindings, &ns, table, 1), YOKE_INVALID);
    assert_int_equal(yoke_control_open(&f->link, &control), YOKE_OK);
    assert_int_equal(yoke_bindings_open(&control, &bindings, &ns, table, 1), YOKE_INVALID);
    assert_int_equal(yoke_ns_listen(&f->link, &ns, NULL, 0, NULL, NULL), YOKE_OK);
    assert_int_equal(yoke_bindings_open(NULL, &bindings, &ns, table, 1), YOKE_INVALID);
    assert_int_equal(yoke_bindings_open(&control, NULL, &ns, table, 1), YOKE_INVALID);
    assert_int_equal(yoke_bindings_open(&control, &bindings, NULL, table, 1), YOKE_INVALID);
    assert_int_equal(yoke_bindings_open(&control, &bindings, &ns, NULL, 1), YOKE_INVALID);
    assert_int_equal(yoke_bindings_open(&control, &bindings, &ns, NULL, 0), YOKE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_listener_has_the_bytes_of_the_protocol),
        IN_BOTH(the_event_of_a_service_may_bind),
        IN_BOTH(it_is_said_again_when_the_service_is_announced_again),
        IN_BOTH(closing_an_endpoint_ends_what_it_listens_to),
        IN_BOTH(nothing_is_sent_for_a_service_that_is_gone),
        IN_BOTH(a_record_that_finds_no_buffer_goes_out_later_by_itself),
        IN_BOTH(a_new_listener_at_the_same_address_waits_behind_the_old_ones_end),
        IN_BOTH(what_waits_for_a_service_that_goes_is_not_sent),
        IN_BOTH(an_end_that_waits_stays_an_end),
        IN_BOTH(records_that_come_are_nothing_to_it),
        IN_BOTH(without_its_endpoint_nothing_goes_on),
        IN_BOTH(bindings_end_with_the_link),
        IN_BOTH(bindings_end_with_the_link_though_services_are_not_cleared),
        IN_BOTH(a_full_table_is_said_and_has_room_again),
        IN_BOTH(a_peer_without_the_feature_gets_nothing_and_calls_do_the_same),
        IN_BOTH(a_ring_that_breaks_meanwhile_ends_it),
        IN_BOTH(set_up_refuses_what_is_missing),
    };
    return cmocka_run_group_tests_name("rpmsg_bind", tests, NULL, NULL);
}
