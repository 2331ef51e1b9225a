// SPDX-License-Identifier: BSD-3-Clause
// Two sides with caches that know nothing of each other: each works on a copy of the shared memory,
// and only clean and invalidate move bytes, whole lines of them. A side is polled only when its
// doorbell rang. Without any one of the core's calls some message is late for ever, or wrong:
// scripts/cache-mutants takes them out one by one and sees this test fail.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rpmsg.h>
#include <yoke/rproc.h>
#include <yoke/table.h>

#define SIZE 65536u
#define DA 0x20000000u
#define PA 0x180000000u
#define NUM 128u // so that each part of a ring has several lines
#define BUFFER 128u
#define TABLE_AT 108u // so that a line ends between the vdev's features and its status
#define RING_AT(queue) (1024u + 4096u * (queue))
#define TRACE_AT 16384u
#define IMAGE_AT 20480u
#define POOL_AT 32768u

// ------------------------------------------------------------------------------------ the memory

struct side {
    uint8_t copy[SIZE]; ///< What this side's loads and stores touch.
    uint8_t sync[SIZE]; ///< The same when it was last like memory: a difference is a dirty line.
    bool rang;
};

static _Alignas(128) struct side host_side, device_side;
static _Alignas(128) uint8_t ram[SIZE];
static size_t line;
static bool restless; ///< Lines leave the caches, and come back, at any time.
static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static bool dirty(const struct side *side, size_t at)
{
    return memcmp(side->copy + at, side->sync + at, line) != 0;
}

static void write_back(struct side *side, size_t at)
{
    if (dirty(side, at)) {
        memcpy(ram + at, side->copy + at, line);
        memcpy(side->sync + at, ram + at, line);
    }
}

static void refill(struct side *side, size_t at)
{
    memcpy(side->copy + at, ram + at, line);
    memcpy(side->sync + at, ram + at, line);
}

static void lines(struct side *side, const void *start, size_t size,
                  void (*each)(struct side *side, size_t at))
{
    const size_t from = (size_t)((const uint8_t *)start - side->copy);

    assert_true(from <= SIZE && size <= SIZE - from);
    for (size_t at = from - from % line; size != 0 && at < from + size; at += line) {
        each(side, at);
    }
}

static void drop(struct side *side, size_t at)
{
    // A real cache would lose these stores.
    assert_false(dirty(side, at));
    refill(side, at);
}

static void clean(void *context, const void *start, size_t size)
{
    lines(context, start, size, write_back);
}

static void invalidate(void *context, const void *start, size_t size)
{
    lines(context, start, size, drop);
}

static void unrest(struct side *side)
{
    for (int i = 0; restless && i < 40; i++) {
        const size_t at = any(SIZE / (uint32_t)line) * line;
        write_back(side, at);
        refill(side, at);
    }
}

// --------------------------------------------------------------------------------------- the link

static void ring_device(void *context, uint32_t notify_id)
{
    (void)context;
    assert_true(notify_id == 4 || notify_id == 5);
    device_side.rang = true;
}

static void ring_host(void *context, uint32_t notify_id)
{
    (void)context;
    assert_true(notify_id == 4 || notify_id == 5);
    host_side.rang = true;
}

static const struct yoke_port host_port = {ring_device, clean, invalidate, &host_side};
static const struct yoke_port device_port = {ring_host, clean, invalidate, &device_side};

static struct yoke_link host, device;
static struct yoke_vdev host_vdev, device_vdev;
static struct yoke_ept host_ept, echo_ept;
static struct yoke_ns ns;
static struct yoke_service services[4];

#define TABLE(ENTRY)                                                                               \
    ENTRY(VDEV, rpmsg, .vdev.id = YOKE_ID_RPMSG, .vdev.config_len = 0, .vring[0].num = NUM,        \
          .vring[1].num = NUM)
YOKE_TABLE(table, TABLE);

static uint32_t sent, echoed, answered; // sequence numbers

static uint8_t content(uint32_t sequence, size_t at)
{
    return (uint8_t)(sequence * 31u + at * 7u + 1u);
}

static size_t length(uint32_t sequence)
{
    return 4 + sequence * 97u % (BUFFER - 16 - 3);
}

static void check(const struct yoke_msg *msg, uint32_t sequence)
{
    const uint8_t *const data = msg->data;

    assert_int_equal(msg->size, length(sequence));
    for (size_t i = 0; i < msg->size; i++) {
        assert_int_equal(data[i], content(sequence, i));
    }
}

static void fill(uint8_t *data, uint32_t sequence)
{
    for (size_t i = 0; i < length(sequence); i++) {
        data[i] = content(sequence, i);
    }
}

static yoke_ticket kept[NUM];
static struct yoke_msg kept_msg[NUM];
static uint32_t kept_count;

static void echo(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    check(msg, echoed++);
    kept_msg[kept_count] = *msg;
    kept[kept_count] = yoke_hold(ept->link);
    assert_int_not_equal(kept[kept_count], YOKE_NO_TICKET);
    kept_count++;
}

/// Answers in order what is held, as far as there are buffers: copied, or written in place after a
/// claim was given up.
static void answer(void)
{
    uint32_t done = 0;

    while (done < kept_count) {
        struct yoke_tx tx;
        if (yoke_claim(&echo_ept, &tx) != YOKE_OK) {
            break;
        }
        if (any(2) != 0) {
            assert_int_equal(yoke_cancel(&echo_ept, &tx), YOKE_OK);
            assert_int_equal(yoke_send_to(&echo_ept, kept_msg[done].src, kept_msg[done].data,
                                          kept_msg[done].size),
                             YOKE_OK);
        } else {
            memcpy(tx.data, kept_msg[done].data, kept_msg[done].size);
            assert_int_equal(
                yoke_commit_to(&echo_ept, kept_msg[done].src, &tx, kept_msg[done].size), YOKE_OK);
        }
        assert_int_equal(yoke_release(&device, kept[done]), YOKE_OK);
        done++;
    }
    kept_count -= done;
    memmove(kept, kept + done, kept_count * sizeof kept[0]);
    memmove(kept_msg, kept_msg + done, kept_count * sizeof kept_msg[0]);
}

static void receive_answer(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    check(msg, answered++);
}

static void on_service(struct yoke_ns *listener, const struct yoke_service *service, bool up)
{
    (void)listener;
    if (up) {
        host_ept.dst = service->addr;
    }
}

static void on_device_event(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    (void)link;
    (void)context;
    if (event == YOKE_LINK_DOWN) {
        kept_count = 0;
    }
    assert_int_not_equal(event, YOKE_LINK_BROKEN);
}

static struct yoke_window host_windows[] = {{DA, SIZE, host_side.copy}};
static struct yoke_window device_da_windows[] = {{DA, SIZE, device_side.copy}};
static struct yoke_window device_pa_windows[] = {{PA, SIZE, device_side.copy}};
static const struct yoke_mem host_da = {host_windows, 1};
static const struct yoke_mem device_da = {device_da_windows, 1};
static const struct yoke_mem device_pa = {device_pa_windows, 1};

static _Alignas(8) uint8_t host_memory[YOKE_LINK_DRIVER_BYTES(NUM, NUM, 4)];
static _Alignas(8) uint8_t device_memory[YOKE_LINK_DEVICE_BYTES(NUM, NUM, 4)];

/// Lays the table out in memory, as an image has it, and sets both links up.
static void set_up(uint32_t features)
{
    memset(ram, 0xa5, SIZE);
    table.rpmsg.vdev.dfeatures = features;
    table.rpmsg.vring[0].align = table.rpmsg.vring[1].align = (uint32_t)line;
    memcpy(ram + TABLE_AT, &table.rpmsg, sizeof table.rpmsg);
    for (size_t at = 0; at < SIZE; at += line) {
        refill(&host_side, at);
        refill(&device_side, at);
    }
    memset(&host, 0, sizeof host);
    memset(&device, 0, sizeof device);
    host_side.rang = device_side.rang = false;
    kept_count = 0;
    sent = echoed = answered = 0;
    struct yoke_link_config config = {
        .vdev = &host_vdev,
        .da = &host_da,
        .memory = host_memory,
        .memory_size = sizeof host_memory,
        .buckets = 4,
        .rx_size = BUFFER,
        .tx_size = BUFFER,
        .rx_pool = {host_side.copy + POOL_AT, PA + POOL_AT, (SIZE - POOL_AT) / 2},
        .tx_pool = {host_side.copy + (SIZE + POOL_AT) / 2, PA + (SIZE + POOL_AT) / 2,
                    (SIZE - POOL_AT) / 2},
    };
    assert_int_equal(
        yoke_vdev_open(&host_vdev, host_side.copy + TABLE_AT, sizeof table.rpmsg, &host_port), 0);
    assert_int_equal(yoke_link_driver_init(&host, &config), YOKE_OK);
    assert_int_equal(yoke_ns_listen(&host, &ns, services, 4, on_service, NULL), YOKE_OK);
    assert_int_equal(yoke_ept_open(&host, &host_ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY,
                                   receive_answer, NULL),
                     YOKE_OK);
    config.vdev = &device_vdev;
    config.da = &device_da;
    config.pa = &device_pa;
    config.memory = device_memory;
    config.memory_size = sizeof device_memory;
    config.event = on_device_event;
    assert_int_equal(
        yoke_vdev_open(&device_vdev, device_side.copy + TABLE_AT, sizeof table.rpmsg, &device_port),
        0);
    assert_int_equal(yoke_link_device_init(&device, &config), YOKE_OK);
    assert_int_equal(
        yoke_ept_open(&device, &echo_ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, echo, NULL),
        YOKE_OK);
    assert_int_equal(yoke_announce(&echo_ept, "echo"), YOKE_OK);
    // It waits for its driver, and has seen the table meanwhile.
    assert_int_equal(yoke_link_poll(&device, NUM), YOKE_DOWN);
}

static void start(void)
{
    for (uint32_t queue = 0; queue < 2; queue++) {
        assert_int_equal(yoke_vdev_driver_place(&host_vdev, queue, DA + RING_AT(queue), 4 + queue),
                         YOKE_OK);
    }
    assert_int_equal(yoke_link_start(&host), YOKE_OK);
}

static int send_next(void)
{
    uint8_t data[BUFFER];

    fill(data, sent);
    const int status = yoke_send(&host_ept, data, length(sent));
    sent += status == YOKE_OK;
    return status;
}

/// Lets whoever was rung work, until nobody is: then nothing more would ever happen. The host sends
/// while the device is at work, too.
static void settle(void)
{
    while (host_side.rang || device_side.rang) {
        unrest(&host_side);
        unrest(&device_side);
        if (device_side.rang) {
            device_side.rang = false;
            const int done = yoke_link_poll(&device, 3);
            device_side.rang |= done == 3;
            answer();
        }
        if (host_side.rang) {
            host_side.rang = false;
            const int done = yoke_link_poll(&host, 3);
            host_side.rang |= done == 3;
            if (done > 0 && any(3) == 0) {
                (void)send_next();
            }
        }
    }
}

static void talk(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t burst = 1 + any(i % 8 == 0 ? 2 * NUM : 8);
        int status = YOKE_OK;
        for (uint32_t k = 0; status == YOKE_OK && k < burst; k++) {
            status = send_next();
        }
        assert_true(status == YOKE_OK || status == YOKE_AGAIN);
        settle();
        assert_int_equal(echoed, sent);
        assert_int_equal(answered, sent);
    }
}

/// Comes up, talks, goes down and comes up again over the same memory.
static void live(uint32_t features)
{
    set_up(features);
    for (int life = 0; life < 3; life++) {
        host_ept.dst = YOKE_RPMSG_ADDR_ANY;
        start();
        settle();
        assert_int_not_equal(host_ept.dst, YOKE_RPMSG_ADDR_ANY);
        talk(60);
        assert_int_equal(yoke_link_stats(&host)->bad, 0);
        assert_int_equal(yoke_link_stats(&device)->bad, 0);
        yoke_link_close(&host);
        yoke_ns_clear(&ns);
        // The doorbell of the remoteproc transport does not say "reset": firmware looks at times.
        assert_int_equal(yoke_link_poll(&device, NUM), YOKE_DOWN);
    }
}

static void everywhere(void (*run)(uint32_t features), uint32_t features)
{
    for (line = 32; line <= 128; line *= 2) {
        restless = false;
        seed = 1;
        run(features);
        restless = true;
        for (seed = 1; seed < 100000; seed = seed * 7 + 3) {
            const uint32_t mine = seed;
            run(features);
            seed = mine;
        }
    }
}

static void links_live_over_incoherent_memory_with_flags(void **state)
{
    (void)state;
    everywhere(live, YOKE_F_RPMSG_NS);
}

static void links_live_over_incoherent_memory_with_event_indices(void **state)
{
    (void)state;
    everywhere(live, (uint32_t)(YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX));
}

// ------------------------------------------------------------------------------------- the others

static void configuration_space_crosses(void **state)
{
    (void)state;
    struct {
        struct yoke_table_vdev vdev;
        uint8_t config[8];
    } entry = {.vdev.vdev = {.type = YOKE_RSC_VDEV, .config_len = 8, .num_of_vrings = 2}};
    uint8_t read[8];

    for (line = 32; line <= 128; line *= 2) {
        memcpy(ram + TABLE_AT, &entry, sizeof entry);
        for (size_t at = 0; at < SIZE; at += line) {
            refill(&host_side, at);
            refill(&device_side, at);
        }
        assert_int_equal(
            yoke_vdev_open(&host_vdev, host_side.copy + TABLE_AT, sizeof entry, &host_port), 0);
        assert_int_equal(
            yoke_vdev_open(&device_vdev, device_side.copy + TABLE_AT, sizeof entry, &device_port),
            0);
        assert_int_equal(yoke_vdev_config_write(&host_vdev, 2, "abc", 3), YOKE_OK);
        assert_int_equal(yoke_vdev_config_read(&device_vdev, 0, read, 8), YOKE_OK);
        assert_memory_equal(read, "\0\0abc\0\0\0", 8);
    }
}

static void status_and_features_are_read_as_they_are_now(void **state)
{
    (void)state;
    struct yoke_table_vdev entry = {
        .vdev = {.type = YOKE_RSC_VDEV, .dfeatures = 7, .num_of_vrings = 2}};
    uint64_t features;

    for (line = 32; line <= 128; line *= 2) {
        entry.vdev.status = 0;
        entry.vdev.gfeatures = 0;
        memcpy(ram + TABLE_AT, &entry, sizeof entry);
        for (size_t at = 0; at < SIZE; at += line) {
            refill(&device_side, at);
        }
        assert_int_equal(
            yoke_vdev_open(&device_vdev, device_side.copy + TABLE_AT, sizeof entry, &device_port),
            0);
        entry.vdev.status = 3;
        entry.vdev.gfeatures = 5;
        memcpy(ram + TABLE_AT, &entry, sizeof entry); // the other side's, past our cache
        assert_int_equal(yoke_vdev_status(&device_vdev), 3);
        assert_int_equal(yoke_vdev_features(&device_vdev, &features), YOKE_OK);
        assert_int_equal(features, 5);
    }
}

static void an_entry_is_opened_as_it_is_now(void **state)
{
    (void)state;
    const struct yoke_table_vdev entry = {
        .vdev = {.type = YOKE_RSC_VDEV, .id = 7, .dfeatures = 5, .num_of_vrings = 2}};

    for (line = 32; line <= 128; line *= 2) {
        memset(ram, 0, SIZE);
        for (size_t at = 0; at < SIZE; at += line) {
            refill(&host_side, at);
        }
        memcpy(ram + TABLE_AT, &entry, sizeof entry); // the other side's, past our cache
        assert_int_equal(
            yoke_vdev_open(&host_vdev, host_side.copy + TABLE_AT, sizeof entry, &host_port), 0);
        assert_int_equal(host_vdev.features, 5);
    }
}

static void trace_is_read_as_it_is_now(void **state)
{
    (void)state;
    struct yoke_trace trace;
    char text[16];

    for (line = 32; line <= 128; line *= 2) {
        memset(ram, 0, SIZE);
        for (size_t at = 0; at < SIZE; at += line) {
            refill(&host_side, at);
        }
        yoke_trace_init(&trace, host_side.copy + TRACE_AT, 256, &host_port);
        assert_int_equal(yoke_trace_read(&trace, text, sizeof text), 0);
        memcpy(ram + TRACE_AT, "one", 4);
        assert_int_equal(yoke_trace_read(&trace, text, sizeof text), 3);
        assert_memory_equal(text, "one", 3);
    }
}

static void a_loaded_image_is_in_memory(void **state)
{
    (void)state;
    static const char image[] = "segment";
    const struct yoke_region region = {.da = DA, .pa = PA, .size = SIZE, .va = host_side.copy};
    struct yoke_area area = {.kind = YOKE_AREA_SEGMENT,
                             .da = DA + IMAGE_AT,
                             .size = 300,
                             .bytes = {(const uint8_t *)image, sizeof image}};
    const struct yoke_plan plan = {
        .areas = &area, .area_count = 1, .regions = &region, .region_count = 1};

    for (line = 32; line <= 128; line *= 2) {
        memset(ram, 0xa5, SIZE);
        for (size_t at = 0; at < SIZE; at += line) {
            refill(&host_side, at);
        }
        assert_int_equal(yoke_load(&plan, &host_port), YOKE_OK);
        assert_memory_equal(ram + IMAGE_AT, image, sizeof image);
        for (size_t i = sizeof image; i < 300; i++) {
            assert_int_equal(ram[IMAGE_AT + i], 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_live_over_incoherent_memory_with_flags),
        cmocka_unit_test(links_live_over_incoherent_memory_with_event_indices),
        cmocka_unit_test(configuration_space_crosses),
        cmocka_unit_test(status_and_features_are_read_as_they_are_now),
        cmocka_unit_test(an_entry_is_opened_as_it_is_now),
        cmocka_unit_test(trace_is_read_as_it_is_now),
        cmocka_unit_test(a_loaded_image_is_in_memory),
    };

    return cmocka_run_group_tests_name("cache_model", tests, NULL, NULL);
}
