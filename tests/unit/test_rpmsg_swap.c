// SPDX-License-Identifier: BSD-3-Clause
// Links whose driver is big endian, on a processor that is not: rings and messages without
// VERSION_1 have the driver's byte order (VIRTIO 1.3, 2.4.3). Linked with YOKE_BYTE_SWAP.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/ack.h>

#include "fixture.h"

#define US 0x30u
#define THEM 0x01020304u

static void open_big_endian(struct fixture *f)
{
    struct fixture_options options = f->options;

    options.peer.big_endian = true;
    fixture_reopen(f, &options);
}

static void a_message_has_the_drivers_byte_order(void **state)
{
    struct fixture *const f = *state;
    static const uint8_t golden[] = {0, 0, 0, 0x30, 1, 2,   3,   4,   0,   0,  0,
                                     0, 0, 5, 0,    0, 'h', 'e', 'l', 'l', 'o'};
    struct yoke_ept ept;
    struct peer_message m;

    open_big_endian(f);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_send(&ept, "hello", 5), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data - 16, golden, sizeof golden);
    assert_true(peer_send(&f->peer, THEM, US, "back", 4));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(fixture_last(f)->src, THEM);
    assert_int_equal(fixture_last(f)->size, 4);
}

static void so_have_announcements_and_rings(void **state)
{
    struct fixture *const f = *state;
    struct yoke_service table[2];
    struct yoke_ns ns;
    struct yoke_ept ept;
    struct peer_message m;

    open_big_endian(f);
    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "echo"), YOKE_OK);
    assert_int_equal(yoke_ns_listen(&f->link, &ns, table, 2, NULL, NULL), YOKE_OK);
    fixture_up(f);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.dst, 53);
    assert_int_equal(peer_get32(&f->peer, m.data + 32), US);
    assert_true(peer_send_ns(&f->peer, "theirs", 77, 0));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(yoke_ns_find(&ns, "theirs")->addr, 77);
    // Round the rings many times, with all sizes of payload.
    for (uint32_t i = 0; i < 70000; i++) {
        uint8_t data[496];
        memset(data, (int)i, sizeof data);
        assert_int_equal(yoke_send(&ept, data, i % 497), YOKE_OK);
        assert_true(peer_receive(&f->peer, &m));
        assert_int_equal(m.len, i % 497);
        assert_memory_equal(m.data, data, m.len);
        assert_true(peer_send(&f->peer, THEM, US, data, i % 497));
        assert_int_equal(fixture_drain(f), 1);
        assert_int_equal(fixture_last(f)->size, i % 497);
    }
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void note_listener(struct yoke_listeners *listeners, struct yoke_ept *ept, uint32_t listener,
                          bool bound)
{
    assert_int_equal(ept->addr, US);
    assert_true(bound);
    *(uint32_t *)listeners->context = listener;
}

static void so_have_control_records(void **state)
{
    struct fixture *const f = *state;
    // kind 3, endpoint 0x30, peer 0x01020304, value 1; and the other side's.
    static const uint8_t golden[16] = {0, 0, 0, 3, 0, 0, 0, 0x30, 1, 2, 3, 4, 0, 0, 0, 1};
    static const uint8_t theirs[16] = {0, 0, 0, 3, 1, 2, 3, 4, 0, 0, 0, 0x30, 0, 0, 0, 1};
    struct fixture_options options = f->options;
    struct yoke_control control;
    struct yoke_listeners listeners;
    struct yoke_listener listener_table[1];
    struct yoke_bindings bindings;
    struct yoke_binding binding_table[1];
    struct yoke_service services[1];
    struct yoke_ns ns;
    struct yoke_ept ept;
    struct peer_message m;
    uint32_t told = 0;

    options.peer.offered |= PEER_F_ACK;
    options.peer.taken |= PEER_F_ACK;
    fixture_reopen(f, &options);
    open_big_endian(f);
    fixture_ept(f, &ept, US, THEM);
    assert_int_equal(yoke_announce(&ept, "ours"), YOKE_OK);
    assert_int_equal(yoke_ns_listen(&f->link, &ns, services, 1, NULL, NULL), YOKE_OK);
    assert_int_equal(yoke_control_open(&f->link, &control), YOKE_OK);
    assert_int_equal(
        yoke_listeners_open(&control, &listeners, listener_table, 1, note_listener, &told),
        YOKE_OK);
    assert_int_equal(yoke_bindings_open(&control, &bindings, &ns, binding_table, 1), YOKE_OK);
    fixture_up(f);
    assert_true(peer_receive(&f->peer, &m));
    assert_true(peer_send_ns(&f->peer, "theirs", THEM, 0));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(yoke_bind(&bindings, &ept, yoke_ns_find(&ns, "theirs")), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_memory_equal(m.data, golden, sizeof golden);
    assert_true(peer_send(&f->peer, 54, 54, theirs, sizeof theirs));
    assert_int_equal(fixture_drain(f), 1);
    assert_int_equal(told, THEM);
}

static void a_little_endian_driver_works_in_the_same_build(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_int_equal(yoke_send(&ept, "hello", 5), YOKE_OK);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.src, US);
    assert_int_equal(m.len, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_message_has_the_drivers_byte_order),
        IN_BOTH(so_have_announcements_and_rings),
        IN_BOTH(so_have_control_records),
        IN_BOTH(a_little_endian_driver_works_in_the_same_build),
    };
    return cmocka_run_group_tests_name("rpmsg_swap", tests, NULL, NULL);
}
