// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vectors_play.h"

uint32_t play_get(const struct play *play, size_t at, size_t size)
{
    uint32_t value = 0;

    assert_true(at + size <= PLAY_SIZE);
    for (size_t i = 0; i < size; i++) {
        value |= (uint32_t)play->memory[at + i] << 8 * i;
    }
    return value;
}

void play_put(struct play *play, size_t at, size_t size, uint64_t value)
{
    assert_true(at + size <= PLAY_SIZE);
    for (size_t i = 0; i < size; i++) {
        play->memory[at + i] = (uint8_t)(value >> 8 * i);
    }
}

static void notify(void *context, uint32_t notify_id)
{
    struct play *const play = context;

    for (unsigned queue = 0; queue < 2; queue++) {
        if (play_get(play, 0x28 + 20 * queue, 4) == notify_id) {
            play->rang[queue] = true;
            if (!play->rang_at_all) {
                memcpy(play->at_doorbell, play->memory, PLAY_SIZE);
            }
            play->rang_at_all = true;
            return;
        }
    }
    vectors_fail(play->vector, "step %d: rang %u, which is nobody's number", play->step, notify_id);
}

static void on_event(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    struct play *const play = context;

    (void)link;
    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&play->ns);
    }
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct play *const play = ept->context;

    assert_true(play->received.count < PLAY_LOG && msg->size <= sizeof play->memory);
    struct play_message *const to = &play->received.messages[play->received.count++];
    to->src = msg->src;
    to->dst = msg->dst;
    to->size = msg->size;
    memcpy(to->data, msg->data, msg->size);
    if (play->hold != 0) {
        play->hold--;
        play->kept[play->kept_count++ % PLAY_NUM] = yoke_hold(ept->link);
    }
}

int play_ept(struct play *play, uint32_t addr)
{
    struct yoke_ept *const ept = &play->epts[play->ept_count];

    assert_true(play->ept_count < sizeof play->epts / sizeof play->epts[0]);
    const int status = yoke_ept_open(&play->link, ept, addr, YOKE_RPMSG_ADDR_ANY, receive, play);
    play->ept_count += status == YOKE_OK;
    return status;
}

void play_run(struct play *play)
{
    while (yoke_link_poll(&play->link, 64) == 64) {
    }
}

/// The vdev entry as a loader leaves it.
static void write_entry(struct play *play, const cJSON *setup)
{
    size_t size;
    uint8_t *const config = vectors_bytes(cJSON_GetObjectItemCaseSensitive(setup, "config"), &size);

    play_put(play, 0, 4, 3);
    play_put(play, 4, 4, 7);
    play_put(play, 12, 4, vectors_member(setup, "offered", 1));
    play_put(play, 20, 4, size);
    play_put(play, 25, 1, 2);
    for (unsigned queue = 0; queue < 2; queue++) {
        const size_t at = 0x1c + 20 * queue;
        play_put(play, at, 4, play->driver ? PLAY_DA + 0x100 * (queue + 1) : UINT32_MAX);
        play_put(play, at + 4, 4, 16);
        play_put(play, at + 8, 4, PLAY_NUM);
        play_put(play, at + 12, 4, play->driver ? 40 + queue : UINT32_MAX);
    }
    memcpy(play->memory + 0x44, config, size);
    free(config);
}

static void open_endpoints(struct play *play, const cJSON *setup)
{
    const cJSON *const endpoints = cJSON_GetObjectItemCaseSensitive(setup, "endpoints");
    const cJSON *each;

    if (endpoints == NULL) {
        assert_int_equal(play_ept(play, 1024), YOKE_OK);
    }
    cJSON_ArrayForEach(each, endpoints)
    {
        assert_int_equal(play_ept(play, (uint32_t)vectors_number(each)), YOKE_OK);
    }
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(setup, "announce"))
    {
        const uint32_t addr = (uint32_t)vectors_number(cJSON_GetArrayItem(each, 1));
        struct yoke_ept *ept = yoke_ept_find(&play->link, addr);
        if (ept == NULL) {
            assert_int_equal(play_ept(play, addr), YOKE_OK);
            ept = yoke_ept_find(&play->link, addr);
        }
        assert_int_equal(yoke_announce(ept, cJSON_GetArrayItem(each, 0)->valuestring), YOKE_OK);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(setup, "listen"))) {
        assert_int_equal(yoke_ns_listen(&play->link, &play->ns, play->services, 4, NULL, NULL),
                         YOKE_OK);
    }
}

void play_open(struct play *play, const struct vector *vector, const cJSON *setup, bool driver)
{
    memset(play, 0, sizeof *play);
    play->vector = vector;
    play->driver = driver;
    write_entry(play, setup);
    const cJSON *const sizes = cJSON_GetObjectItemCaseSensitive(setup, "sizes");
    for (int i = 0; i < 2; i++) {
        play->sizes[i] =
            sizes == NULL ? 512 : (uint32_t)vectors_number(cJSON_GetArrayItem(sizes, i));
    }
    play->port = (struct yoke_port){.notify = notify, .context = play};
    play->windows[0] = (struct yoke_window){PLAY_DA + PLAY_RINGS, PLAY_BUFFERS - PLAY_RINGS,
                                            play->memory + PLAY_RINGS};
    play->windows[1] = (struct yoke_window){PLAY_PA + PLAY_BUFFERS, PLAY_SIZE - PLAY_BUFFERS,
                                            play->memory + PLAY_BUFFERS};
    play->da = (struct yoke_mem){&play->windows[0], 1};
    play->pa = (struct yoke_mem){&play->windows[1], 1};
    assert_int_equal(yoke_vdev_open(&play->vdev, play->memory, PLAY_RINGS, &play->port), YOKE_OK);
    const struct yoke_link_config config = {
        .vdev = &play->vdev,
        .da = &play->da,
        .pa = &play->pa,
        .memory = play->private,
        .memory_size = sizeof play->private,
        .buckets = 16,
        .rx_size = play->sizes[driver ? 0 : 1],
        .tx_size = play->sizes[driver ? 1 : 0],
        .event = on_event,
        .context = play,
        .rx_pool = {play->memory + PLAY_BUFFERS, PLAY_PA + PLAY_BUFFERS, 0x800},
        .tx_pool = {play->memory + 0xc00, PLAY_PA + 0xc00, 0x800},
        .known = vectors_member(setup, "known", 0),
    };
    assert_int_equal(driver ? yoke_link_driver_init(&play->link, &config)
                            : yoke_link_device_init(&play->link, &config),
                     YOKE_OK);
    open_endpoints(play, setup);
}
