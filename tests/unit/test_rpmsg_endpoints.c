// SPDX-License-Identifier: BSD-3-Clause
// Endpoints: addresses, look-up, callbacks that open, close, send; messages that are held.
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
#define ANY YOKE_RPMSG_ADDR_ANY

static int open_at(struct fixture *f, struct yoke_ept *ept, uint32_t addr)
{
    return yoke_ept_open(&f->link, ept, addr, THEM, fixture_receive, f);
}

static void deliver(struct fixture *f, uint32_t dst)
{
    assert_true(peer_send(&f->peer, THEM, dst, &dst, 4));
    assert_int_equal(fixture_drain(f), 1);
}

static void addresses_are_fixed_or_dynamic_and_never_shared(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept a, b, c, d;

    assert_int_equal(open_at(f, &a, 0), YOKE_OK);
    assert_int_equal(open_at(f, &b, 0), YOKE_EXISTS);
    assert_int_equal(open_at(f, &b, 1025), YOKE_OK);
    assert_int_equal(open_at(f, &c, ANY), YOKE_OK);
    assert_int_equal(c.addr, 1026); // 1025 is taken, and 0 is in the bucket of 1024
    assert_int_equal(open_at(f, &d, ANY), YOKE_OK);
    assert_int_equal(d.addr, 1027);
    assert_ptr_equal(yoke_ept_find(&f->link, 1027), &d);
    assert_null(yoke_ept_find(&f->link, 1024));
    assert_null(yoke_ept_find(&f->link, ANY));
    fixture_up(f);
    deliver(f, 1025);
    assert_int_equal(fixture_last(f)->dst, 1025);
    deliver(f, 0);
    assert_int_equal(fixture_last(f)->dst, 0);
}

static void open_and_close_refuse_what_is_not_valid(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept = {0};

    assert_int_equal(yoke_ept_open(NULL, &ept, 1, 2, fixture_receive, f), YOKE_INVALID);
    assert_int_equal(yoke_ept_open(&f->link, NULL, 1, 2, fixture_receive, f), YOKE_INVALID);
    assert_int_equal(yoke_ept_open(&f->link, &ept, 1, 2, NULL, f), YOKE_INVALID);
    assert_int_equal(yoke_ept_close(&ept), YOKE_INVALID);
    assert_int_equal(open_at(f, &ept, 1), YOKE_OK);
    struct yoke_ept copy = ept;
    assert_int_equal(yoke_ept_close(&copy), YOKE_INVALID);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    assert_int_equal(yoke_ept_close(&ept), YOKE_INVALID);
}

static void a_bucket_takes_four_and_refuses_a_fifth(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept[5];

    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(open_at(f, &ept[i], 3 + 16 * i), YOKE_OK);
    }
    assert_int_equal(open_at(f, &ept[4], 3 + 16 * 4), YOKE_NO_SPACE);
    assert_int_equal(open_at(f, &ept[4], 3 + 16 * 3), YOKE_EXISTS);
    assert_int_equal(yoke_ept_close(&ept[1]), YOKE_OK);
    assert_int_equal(open_at(f, &ept[4], 3 + 16 * 4), YOKE_OK);
    for (uint32_t i = 0; i < 5; i++) {
        assert_ptr_equal(yoke_ept_find(&f->link, 3 + 16 * i), i == 1 ? NULL : &ept[i]);
    }
}

static void dynamic_addresses_fill_every_bucket_and_are_then_refused(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept[64], more;

    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(open_at(f, &ept[i], ANY), YOKE_OK);
        assert_int_equal(ept[i].addr, 1024 + i);
    }
    assert_int_equal(open_at(f, &more, ANY), YOKE_NO_SPACE);
    assert_int_equal(open_at(f, &more, 5), YOKE_NO_SPACE);
    assert_int_equal(yoke_ept_close(&ept[17]), YOKE_OK);
    assert_int_equal(open_at(f, &more, ANY), YOKE_OK);
    assert_int_equal(more.addr % 16, ept[17].addr % 16);
    for (uint32_t i = 0; i < 64; i++) { // no live address was used again
        assert_ptr_equal(yoke_ept_find(&f->link, 1024 + i), i == 17 ? NULL : &ept[i]);
    }
}

/// Whatever fixed addresses lie in the way: as long as there is room, a dynamic one is found.
static void fixed_addresses_do_not_hide_room_for_dynamic_ones(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;

    for (uint32_t buckets = 1; buckets <= 4; buckets *= 2) {
        for (uint32_t taken = 0; taken < 1u << 4 * buckets; taken += buckets == 4 ? 251 : 1) {
            struct yoke_ept ept[16], dynamic[17];
            uint32_t count = 0, found = 0;
            options.buckets = buckets;
            fixture_reopen(f, &options);
            for (uint32_t i = 0; i < 4 * buckets; i++) {
                if ((taken >> i & 1) != 0) {
                    assert_int_equal(open_at(f, &ept[count++], 1024 + i), YOKE_OK);
                }
            }
            while (open_at(f, &dynamic[found], ANY) == YOKE_OK) {
                found++;
            }
            assert_int_equal(count + found, 4 * buckets);
        }
    }
}

static void a_dynamic_address_is_not_used_again_soon(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(open_at(f, &ept, ANY), YOKE_OK);
        assert_int_equal(ept.addr, 1024 + i);
        assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    }
}

static void dynamic_addresses_wrap_at_the_end_of_32_bits(void **state)
{
    struct fixture *const f = *state;
    static const uint32_t expected[] = {0xfffffffd, 0xfffffffe, 1024, 1026};
    struct yoke_ept fixed, ept[4];

    assert_int_equal(open_at(f, &fixed, 1025), YOKE_OK);
    f->link.next_addr = 0xfffffffd;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(open_at(f, &ept[i], ANY), YOKE_OK);
        assert_int_equal(ept[i].addr, expected[i]);
    }
}

static void ten_thousand_endpoints_are_found_in_four_steps_at_most(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;
    struct yoke_ept *const ept = calloc(10000, sizeof *ept);
    uint32_t longest = 0;

    assert_non_null(ept);
    options.buckets = 16384;
    fixture_reopen(f, &options);
    for (uint32_t i = 0; i < 10000; i++) {
        // Half of them far apart, half dynamic.
        assert_int_equal(open_at(f, &ept[i], i % 2 == 0 ? ANY : i * 2654435761u), YOKE_OK);
    }
    for (uint32_t i = 0; i <= f->link.bucket_mask; i++) {
        uint32_t length = 0;
        for (const struct yoke_ept *at = f->link.buckets[i]; at != NULL; at = at->next) {
            length++;
        }
        longest = length > longest ? length : longest;
    }
    assert_in_range(longest, 1, YOKE_LINK_BUCKET_DEPTH);
    fixture_up(f);
    for (uint32_t i = 0; i < 10000; i += 97) {
        assert_ptr_equal(yoke_ept_find(&f->link, ept[i].addr), &ept[i]);
        deliver(f, ept[i].addr);
        assert_int_equal(fixture_last(f)->dst, ept[i].addr);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        assert_int_equal(yoke_ept_close(&ept[(i * 7) % 10000]), YOKE_OK);
    }
    free(ept);
}

static void unknown_addresses_are_counted_and_dropped(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    for (uint32_t i = 0; i < 40; i++) { // and their buffers come back
        deliver(f, i == US ? 99 : i);
    }
    assert_int_equal(f->received, 0);
    assert_int_equal(yoke_link_stats(&f->link)->rx_unknown, 40);
    assert_int_equal(yoke_ept_close(&ept), YOKE_OK);
    deliver(f, US);
    assert_int_equal(yoke_link_stats(&f->link)->rx_unknown, 41);
    assert_false(peer_receive(&f->peer, &m));
}

static void reply(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)f;
    assert_int_equal(yoke_send_to(ept, msg->src, msg->data, msg->size), YOKE_OK);
}

static void the_fallback_gets_what_nobody_else_does(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept, fallback = {.receive = fixture_receive, .context = f};
    struct peer_message m;

    fixture_ept(f, &ept, US, THEM);
    yoke_link_fallback(&f->link, &fallback);
    f->on_message = reply;
    fixture_up(f);
    deliver(f, US);
    deliver(f, 77);
    assert_int_equal(fixture_last(f)->dst, 77);
    assert_int_equal(f->received, 2);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.src, US);
    assert_true(peer_receive(&f->peer, &m));
    assert_int_equal(m.src, 0); // the fallback's own address
    yoke_link_fallback(&f->link, NULL);
    deliver(f, 77);
    assert_int_equal(f->received, 2);
    assert_int_equal(yoke_link_stats(&f->link)->rx_unknown, 1);
}

static void close_own(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)f;
    (void)msg;
    assert_int_equal(yoke_ept_close(ept), YOKE_OK);
    memset(ept, 0xee, sizeof *ept); // the memory is ours again
}

static void a_callback_may_close_its_own_endpoint(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    f->on_message = close_own;
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    assert_true(peer_send(&f->peer, THEM, US, "1", 1));
    assert_true(peer_send(&f->peer, THEM, US, "2", 1));
    assert_int_equal(fixture_drain(f), 2);
    assert_int_equal(f->received, 1);
    assert_int_equal(yoke_link_stats(&f->link)->rx_unknown, 1);
}

static void swap_endpoints(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct yoke_ept *const other = f->data;
    const uint32_t addr = msg->dst == 1 ? 2 : 1;

    assert_int_equal(yoke_ept_close(ept), YOKE_OK);
    assert_int_equal(open_at(f, other, addr), YOKE_OK);
    f->data = ept;
}

static void callbacks_may_open_and_close_endpoints(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept a, b;

    fixture_ept(f, &a, 1, THEM);
    f->data = &b;
    f->on_message = swap_endpoints;
    fixture_up(f);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(peer_send(&f->peer, THEM, 1 + i % 2, "x", 1));
    }
    assert_int_equal(fixture_drain(f), 8);
    assert_int_equal(f->received, 8);
}

// ----------------------------------------------------------------------------------------- holding

struct held {
    yoke_ticket ticket[64];
    const void *data[64];
    uint32_t count;
};

static void hold(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct held *const held = f->data;

    (void)ept;
    held->data[held->count] = msg->data;
    held->ticket[held->count] = yoke_hold(&f->link);
    assert_int_not_equal(held->ticket[held->count], YOKE_NO_TICKET);
    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET); // it is held already
    held->count++;
}

/// Every order of releasing up to four messages, with traffic in between that needs their buffers.
static void messages_are_released_in_any_order(void **state)
{
    struct fixture *const f = *state;
    struct fixture_options options = f->options;

    for (uint32_t count = 1; count <= 4; count++) {
        for (uint32_t order = 0; order < 256; order++) {
            uint32_t at[4], seen = 0;
            for (uint32_t i = 0; i < count; i++) {
                at[i] = order >> 2 * i & 3;
                seen |= 1u << at[i];
            }
            if (seen != (1u << count) - 1 || order >> 2 * count != 0) {
                continue;
            }
            struct held held = {.count = 0};
            struct yoke_ept ept;
            options.peer.num = 4;
            fixture_reopen(f, &options);
            fixture_ept(f, &ept, US, THEM);
            fixture_up(f);
            f->data = &held;
            f->on_message = hold;
            for (uint32_t i = 0; i < count; i++) {
                assert_true(peer_send(&f->peer, i, US, &i, 4));
            }
            assert_int_equal(fixture_drain(f), count);
            f->on_message = NULL;
            for (uint32_t i = 0; i < count; i++) {
                // As many buffers are left as are not held, and all of those.
                for (uint32_t free = 0; free < 4 - count + i; free++) {
                    assert_true(peer_put(&f->peer, 9, US, "busy", 4));
                }
                assert_false(peer_put(&f->peer, 9, US, "busy", 4));
                peer_show(&f->peer, peer_tx(&f->peer));
                assert_int_equal(fixture_drain(f), 4 - count + i);
                // Held messages did not change meanwhile.
                for (uint32_t j = i; j < count; j++) {
                    assert_memory_equal(held.data[at[j]], &at[j], 4);
                }
                assert_int_equal(yoke_release(&f->link, held.ticket[at[i]]), YOKE_OK);
                assert_int_equal(yoke_release(&f->link, held.ticket[at[i]]), YOKE_INVALID);
            }
            for (uint32_t i = 0; i < 4; i++) {
                assert_true(peer_put(&f->peer, 9, US, "all", 3));
            }
        }
    }
}

static void made_up_tickets_release_nothing(void **state)
{
    struct fixture *const f = *state;
    struct held held = {.count = 0};
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &held;
    f->on_message = hold;
    deliver(f, US);
    for (uint32_t stamp = 0; stamp < 65536; stamp++) {
        for (uint32_t index = 0; index < 10; index++) {
            const yoke_ticket forged = stamp << 16 | index;
            if (forged != held.ticket[0]) {
                assert_int_equal(yoke_release(&f->link, forged), YOKE_INVALID);
            }
        }
    }
    assert_int_equal(yoke_release(&f->link, UINT32_MAX), YOKE_INVALID);
    assert_int_equal(yoke_release(&f->link, held.ticket[0]), YOKE_OK);
}

static void hold_outside_a_callback_gives_no_ticket(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    deliver(f, US);
    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
}

static void release_first(struct fixture *f, struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg;
    const yoke_ticket ticket = yoke_hold(&f->link);
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_OK);
    assert_int_equal(yoke_release(&f->link, ticket), YOKE_INVALID);
    assert_int_equal(yoke_hold(&f->link), YOKE_NO_TICKET);
}

static void a_message_released_inside_its_callback_comes_back_once(void **state)
{
    struct fixture *const f = *state;
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->on_message = release_first;
    for (uint32_t i = 0; i < 100; i++) {
        deliver(f, US);
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(peer_put(&f->peer, THEM, US, "x", 1));
    }
    assert_false(peer_put(&f->peer, THEM, US, "x", 1));
    assert_int_equal(yoke_link_stats(&f->link)->bad, 0);
}

static void a_held_message_may_be_released_by_another_callback(void **state)
{
    struct fixture *const f = *state;
    struct held held = {.count = 0};
    struct yoke_ept ept;

    fixture_ept(f, &ept, US, THEM);
    fixture_up(f);
    f->data = &held;
    for (uint32_t i = 0; i < 64; i++) {
        f->on_message = hold;
        deliver(f, US);
        if (i >= 3) {
            assert_int_equal(yoke_release(&f->link, held.ticket[i - 3]), YOKE_OK);
        }
    }
    assert_int_equal(f->received, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(addresses_are_fixed_or_dynamic_and_never_shared),
        IN_BOTH(open_and_close_refuse_what_is_not_valid),
        IN_BOTH(a_bucket_takes_four_and_refuses_a_fifth),
        IN_BOTH(dynamic_addresses_fill_every_bucket_and_are_then_refused),
        IN_DEVICE(fixed_addresses_do_not_hide_room_for_dynamic_ones),
        IN_BOTH(a_dynamic_address_is_not_used_again_soon),
        IN_BOTH(dynamic_addresses_wrap_at_the_end_of_32_bits),
        IN_BOTH(ten_thousand_endpoints_are_found_in_four_steps_at_most),
        IN_BOTH(unknown_addresses_are_counted_and_dropped),
        IN_BOTH(the_fallback_gets_what_nobody_else_does),
        IN_BOTH(a_callback_may_close_its_own_endpoint),
        IN_BOTH(callbacks_may_open_and_close_endpoints),
        IN_BOTH(messages_are_released_in_any_order),
        IN_BOTH(made_up_tickets_release_nothing),
        IN_BOTH(hold_outside_a_callback_gives_no_ticket),
        IN_BOTH(a_message_released_inside_its_callback_comes_back_once),
        IN_BOTH(a_held_message_may_be_released_by_another_callback),
    };
    return cmocka_run_group_tests_name("rpmsg_endpoints", tests, NULL, NULL);
}
