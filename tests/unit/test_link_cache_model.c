// SPDX-License-Identifier: BSD-3-Clause
// Links and vdevs over incoherent memory. A side is polled only when its doorbell rang: without any
// one of the core's cache calls some message is late for ever, or wrong.
#include "cache_model.h"

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

#define MODEL_SIZE 65536u
#define DA 0x20000000u
#define PA 0x180000000u
#define NUM 128u // so that each part of a ring has several lines
#define BUFFER 128u
#define TABLE_AT 108u // so that a line ends between the vdev's features and its status
#define RING_AT(queue) (1024u + 4096u * (queue))
#define POOL_AT 32768u

// --------------------------------------------------------------------------------------- the link

static void ring_device(void *context, uint32_t notify_id)
{
    (void)context;
    assert_true(notify_id == 4 || notify_id == 5);
    model_device.rang = true;
}

static void ring_host(void *context, uint32_t notify_id)
{
    (void)context;
    assert_true(notify_id == 4 || notify_id == 5);
    model_host.rang = true;
}

static const struct yoke_port host_port = {ring_device, model_clean, model_invalidate, &model_host};
static const struct yoke_port device_port = {ring_host, model_clean, model_invalidate,
                                             &model_device};

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
        if (model_any(2) != 0) {
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

static struct yoke_window host_windows[] = {{DA, MODEL_SIZE, model_host.copy}};
static struct yoke_window device_da_windows[] = {{DA, MODEL_SIZE, model_device.copy}};
static struct yoke_window device_pa_windows[] = {{PA, MODEL_SIZE, model_device.copy}};
static const struct yoke_mem host_da = {host_windows, 1};
static const struct yoke_mem device_da = {device_da_windows, 1};
static const struct yoke_mem device_pa = {device_pa_windows, 1};

static _Alignas(8) uint8_t host_memory[YOKE_LINK_DRIVER_BYTES(NUM, NUM, 4)];
static _Alignas(8) uint8_t device_memory[YOKE_LINK_DEVICE_BYTES(NUM, NUM, 4)];

/// Lays the table out in memory, as an image has it, and sets both links up.
static uint32_t features;

static void set_up(void)
{
    memset(model_ram, 0xa5, MODEL_SIZE);
    table.rpmsg.vdev.dfeatures = features;
    table.rpmsg.vring[0].align = table.rpmsg.vring[1].align = (uint32_t)model_line;
    memcpy(model_ram + TABLE_AT, &table.rpmsg, sizeof table.rpmsg);
    model_cold(&model_host);
    model_cold(&model_device);
    memset(&host, 0, sizeof host);
    memset(&device, 0, sizeof device);
    model_host.rang = model_device.rang = false;
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
        .rx_pool = {model_host.copy + POOL_AT, PA + POOL_AT, (MODEL_SIZE - POOL_AT) / 2},
        .tx_pool = {model_host.copy + (MODEL_SIZE + POOL_AT) / 2, PA + (MODEL_SIZE + POOL_AT) / 2,
                    (MODEL_SIZE - POOL_AT) / 2},
    };
    assert_int_equal(
        yoke_vdev_open(&host_vdev, model_host.copy + TABLE_AT, sizeof table.rpmsg, &host_port), 0);
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
    assert_int_equal(yoke_vdev_open(&device_vdev, model_device.copy + TABLE_AT, sizeof table.rpmsg,
                                    &device_port),
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
    for (uint32_t round = 0; model_host.rang || model_device.rang; round++) {
        assert_true(round < 10000);
        model_unrest(&model_host, MODEL_SIZE);
        model_unrest(&model_device, MODEL_SIZE);
        if (model_device.rang) {
            model_device.rang = false;
            const int done = yoke_link_poll(&device, 3);
            model_device.rang |= done == 3;
            answer();
        }
        if (model_host.rang) {
            model_host.rang = false;
            const int done = yoke_link_poll(&host, 3);
            model_host.rang |= done == 3;
            if (done > 0 && model_any(3) == 0) {
                (void)send_next();
            }
        }
    }
}

static void talk(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t burst = 1 + model_any(i % 8 == 0 ? 2 * NUM : 8);
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
static void live(void)
{
    set_up();
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

static void links_live_over_incoherent_memory_with_flags(void **state)
{
    (void)state;
    features = YOKE_F_RPMSG_NS;
    model_each(128, live);
}

static void links_live_over_incoherent_memory_with_event_indices(void **state)
{
    (void)state;
    features = (uint32_t)(YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX);
    model_each(128, live);
}

// ------------------------------------------------------------------------------------------ vdevs

static void configuration_space_crosses(void **state)
{
    (void)state;
    struct {
        struct yoke_table_vdev vdev;
        uint8_t config[8];
    } entry = {.vdev.vdev = {.type = YOKE_RSC_VDEV, .config_len = 8, .num_of_vrings = 2}};
    uint8_t read[8];

    for (model_line = 32; model_line <= 128; model_line *= 2) {
        memcpy(model_ram + TABLE_AT, &entry, sizeof entry);
        model_cold(&model_host);
        model_cold(&model_device);
        assert_int_equal(
            yoke_vdev_open(&host_vdev, model_host.copy + TABLE_AT, sizeof entry, &host_port), 0);
        assert_int_equal(
            yoke_vdev_open(&device_vdev, model_device.copy + TABLE_AT, sizeof entry, &device_port),
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
    uint64_t taken;

    for (model_line = 32; model_line <= 128; model_line *= 2) {
        entry.vdev.status = 0;
        entry.vdev.gfeatures = 0;
        memcpy(model_ram + TABLE_AT, &entry, sizeof entry);
        model_cold(&model_device);
        assert_int_equal(
            yoke_vdev_open(&device_vdev, model_device.copy + TABLE_AT, sizeof entry, &device_port),
            0);
        entry.vdev.status = 3;
        entry.vdev.gfeatures = 5;
        memcpy(model_ram + TABLE_AT, &entry, sizeof entry); // the other side's, past our cache
        assert_int_equal(yoke_vdev_status(&device_vdev), 3);
        assert_int_equal(yoke_vdev_features(&device_vdev, &taken), YOKE_OK);
        assert_int_equal(taken, 5);
    }
}

static void an_entry_is_opened_as_it_is_now(void **state)
{
    (void)state;
    const struct yoke_table_vdev entry = {
        .vdev = {.type = YOKE_RSC_VDEV, .id = 7, .dfeatures = 5, .num_of_vrings = 2}};

    for (model_line = 32; model_line <= 128; model_line *= 2) {
        memset(model_ram, 0, MODEL_SIZE);
        model_cold(&model_host);
        memcpy(model_ram + TABLE_AT, &entry, sizeof entry); // the other side's, past our cache
        assert_int_equal(
            yoke_vdev_open(&host_vdev, model_host.copy + TABLE_AT, sizeof entry, &host_port), 0);
        assert_int_equal(host_vdev.features, 5);
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
    };

    return cmocka_run_group_tests_name("link_cache_model", tests, NULL, NULL);
}
