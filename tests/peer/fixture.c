// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define LINE 64u

// ------------------------------------------------------------------------------------------- cache

/// The lines that hold [start, start + size), as offsets into shared memory.
static void lines_of(const struct fixture *f, const void *start, size_t size, size_t *from,
                     size_t *to)
{
    const uintptr_t offset = (uintptr_t)start - (uintptr_t)f->view;

    assert_true(size != 0 && offset < f->peer.size && size <= f->peer.size - offset);
    *from = offset / f->line * f->line;
    *to = (offset + size + f->line - 1) / f->line * f->line;
}

static void clean(void *context, const void *start, size_t size)
{
    struct fixture *const f = context;
    size_t from, to;

    lines_of(f, start, size, &from, &to);
    for (size_t at = from; at < to; at += f->line) {
        if (memcmp(f->view + at, f->synced + at, f->line) != 0) {
            memcpy(f->peer.memory + at, f->view + at, f->line);
            memcpy(f->synced + at, f->view + at, f->line);
        }
    }
    if (f->on_clean != NULL) {
        f->on_clean(f);
    }
}

static void invalidate(void *context, const void *start, size_t size)
{
    struct fixture *const f = context;
    size_t from, to;

    lines_of(f, start, size, &from, &to);
    for (size_t at = from; at < to; at += f->line) {
        assert_true(f->lenient || memcmp(f->view + at, f->synced + at, f->line) == 0);
        memcpy(f->view + at, f->peer.memory + at, f->line);
        memcpy(f->synced + at, f->peer.memory + at, f->line);
    }
}

static void count_call(void *context, const void *start, size_t size)
{
    (void)start;
    (void)size;
    ++*(unsigned *)context;
}

static void no_bell(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id;
}

/// Whether the library that this test is linked with maintains caches.
static bool library_is_cached(struct fixture *f)
{
    unsigned calls = 0;
    const struct yoke_port probe = {no_bell, count_call, count_call, &calls};
    struct yoke_vdev vdev;

    assert_int_equal(yoke_vdev_open(&vdev, f->peer.memory, f->peer.size, &probe), YOKE_OK);
    return calls != 0;
}

// -------------------------------------------------------------------------------------------- link

static void notify(void *context, uint32_t notify_id)
{
    struct fixture *const f = context;

    assert_in_range(notify_id, PEER_NOTIFY, PEER_NOTIFY + 1);
    f->peer.bells[notify_id - PEER_NOTIFY]++;
    if (f->on_bell != NULL) {
        f->on_bell(f, notify_id - PEER_NOTIFY);
    }
}

static void on_event(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    struct fixture *const f = context;
    const size_t count = strlen(f->events);

    assert_ptr_equal(link, &f->link);
    if (count + 1 < sizeof f->events) {
        f->events[count] = "UDB"[event];
    }
    if (f->on_event != NULL) {
        f->on_event(f, event);
    }
}

void fixture_receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct fixture *const f = ept->context;
    struct fixture_message *const log = &f->log[f->received++ % FIXTURE_LOG];

    assert_true(fixture_shares(f, msg->data, msg->size));
    assert_true(msg->size <= yoke_link_mtu(&f->link));
    *log = (struct fixture_message){msg->src, msg->dst, msg->size, {0}};
    memcpy(log->data, msg->data, msg->size < sizeof log->data ? msg->size : sizeof log->data);
    if (f->on_message != NULL) {
        f->on_message(f, ept, msg);
    }
}

struct fixture_options fixture_options(enum peer_role peer)
{
    return (struct fixture_options){
        .peer = {.role = peer,
                 .num = 8,
                 .align = LINE,
                 .buffer_size = 512,
                 .offered = PEER_F_NS,
                 .taken = PEER_F_NS},
        .buckets = 16,
    };
}

bool fixture_drives(const struct fixture *f)
{
    return f->options.peer.role == PEER_DEVICE;
}

int fixture_init_link(struct fixture *f)
{
    return fixture_drives(f) ? yoke_link_driver_init(&f->link, &f->config)
                             : yoke_link_device_init(&f->link, &f->config);
}

void fixture_open(struct fixture *f, const struct fixture_options *options)
{
    const struct fixture_options o = *options;
    const uint32_t num = o.peer.num;

    memset(f, 0, sizeof *f);
    f->options = o;
    peer_open(&f->peer, &o.peer);
    f->port = (struct yoke_port){.notify = notify, .context = f};
    f->cached = library_is_cached(f);
    f->view = f->peer.memory;
    if (f->cached) {
        f->port.clean = clean;
        f->port.invalidate = invalidate;
        f->line = o.peer.align % LINE == 0 && o.peer.buffer_size % LINE == 0 ? LINE : 1;
        f->view = aligned_alloc(4096, f->peer.size);
        f->synced = malloc(f->peer.size);
        assert_true(f->view != NULL && f->synced != NULL);
        memcpy(f->view, f->peer.memory, f->peer.size);
        memcpy(f->synced, f->peer.memory, f->peer.size);
    }
    f->windows[0] = (struct yoke_window){PEER_DA, f->peer.buffers_at, f->view};
    f->windows[1] = (struct yoke_window){PEER_PA, f->peer.size - f->peer.buffers_at,
                                         f->view + f->peer.buffers_at};
    f->da = (struct yoke_mem){&f->windows[0], 1};
    f->pa = (struct yoke_mem){&f->windows[1], 1};
    const size_t size = fixture_drives(f) ? YOKE_LINK_DRIVER_BYTES(num, num, o.buckets)
                                          : YOKE_LINK_DEVICE_BYTES(num, num, o.buckets);
    const size_t pool = (f->peer.size - f->peer.buffers_at) / 2;
    f->memory = malloc(size);
    assert_non_null(f->memory);
    f->config = (struct yoke_link_config){
        .vdev = &f->vdev,
        .da = &f->da,
        .pa = fixture_drives(f) ? NULL : &f->pa,
        .memory = f->memory,
        .memory_size = size,
        .buckets = o.buckets,
        .rx_size = o.buffer_size,
        .tx_size = o.buffer_size,
        .polled = o.polled,
        .big_endian = o.peer.big_endian,
        .event = on_event,
        .context = f,
        .rx_pool = {f->view + f->peer.buffers_at, PEER_PA, pool},
        .tx_pool = {f->view + f->peer.buffers_at + pool, PEER_PA + pool, pool},
        .known = o.known,
    };
    assert_int_equal(yoke_vdev_open(&f->vdev, f->view, 68, &f->port), YOKE_OK);
    assert_int_equal(fixture_init_link(f), YOKE_OK);
}

void fixture_close(struct fixture *f)
{
    if (f->view != f->peer.memory) {
        free(f->view);
        free(f->synced);
    }
    free(f->memory);
    peer_close(&f->peer);
}

void fixture_reopen(struct fixture *f, const struct fixture_options *options)
{
    const struct fixture_options o = *options;

    fixture_close(f);
    fixture_open(f, &o);
}

void fixture_up(struct fixture *f)
{
    if (fixture_drives(f)) {
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(
                yoke_vdev_driver_place(&f->vdev, i, PEER_DA + f->peer.ring_at[i], PEER_NOTIFY + i),
                YOKE_OK);
        }
        assert_int_equal(yoke_link_start(&f->link), YOKE_OK);
        peer_up(&f->peer);
    } else {
        peer_up(&f->peer);
        assert_int_equal(yoke_link_poll(&f->link, 1), 0);
    }
    assert_true(yoke_link_is_up(&f->link));
}

void fixture_down(struct fixture *f)
{
    if (fixture_drives(f)) {
        yoke_link_close(&f->link);
    } else {
        peer_down(&f->peer);
    }
    assert_int_equal(yoke_link_poll(&f->link, 1), YOKE_DOWN);
    assert_false(yoke_link_is_up(&f->link));
}

void fixture_ept(struct fixture *f, struct yoke_ept *ept, uint32_t addr, uint32_t dst)
{
    assert_int_equal(yoke_ept_open(&f->link, ept, addr, dst, fixture_receive, f), YOKE_OK);
}

uint32_t fixture_drain(struct fixture *f)
{
    uint32_t total = 0;
    int done;

    do {
        done = yoke_link_poll(&f->link, 64);
        assert_true(done >= 0);
        total += (uint32_t)done;
    } while (done == 64);
    return total;
}

const struct fixture_message *fixture_last(const struct fixture *f)
{
    assert_true(f->received != 0);
    return &f->log[(f->received - 1) % FIXTURE_LOG];
}

bool fixture_shares(const struct fixture *f, const void *data, size_t size)
{
    const uintptr_t offset = (uintptr_t)data - (uintptr_t)(f->view + f->peer.buffers_at);
    const size_t room = f->peer.size - f->peer.buffers_at;

    return offset <= room && size <= room - offset;
}

static int set_up(void **state, enum peer_role peer)
{
    const struct fixture_options options = fixture_options(peer);

    *state = malloc(sizeof(struct fixture));
    assert_non_null(*state);
    fixture_open(*state, &options);
    return 0;
}

int fixture_setup_device(void **state)
{
    return set_up(state, PEER_DRIVER);
}

int fixture_setup_driver(void **state)
{
    return set_up(state, PEER_DEVICE);
}

int fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}
