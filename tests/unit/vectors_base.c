// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ring/device.h"
#include "vectors_base.h"
#include "vectors_play.h"

// ------------------------------------------------------------------------------------------- rings

cJSON *base_vring(const cJSON *given, const uint8_t *in, size_t size)
{
    const uint32_t num = (uint32_t)vectors_member(given, "num", 0);
    const uint32_t align = (uint32_t)vectors_member(given, "align", 0);
    const uint32_t bytes = yoke_vring_bytes(num, align);

    (void)in;
    (void)size;
    if (bytes == 0) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    vectors_add(out, "avail", yoke_vring_avail(num));
    vectors_add(out, "used", yoke_vring_used(num, align));
    vectors_add(out, "size", bytes);
    return out;
}

/// Where a window lies here: the descriptors in `in`, everything else at addresses that are never
/// looked at.
static void *window_va(const struct yoke_window *window, uint64_t ring_pa, const uint8_t *in,
                       size_t size)
{
    if (window->address >= ring_pa && window->address - ring_pa + window->size <= size) {
        return (void *)(uintptr_t)(in + (window->address - ring_pa));
    }
    return (void *)((uintptr_t)1 << 40);
}

static uint64_t part_pa(const struct yoke_mem *mem, const struct yoke_vq_part *part)
{
    for (uint32_t i = 0; i < mem->count; i++) {
        const uint64_t offset = (uintptr_t)part->data - (uintptr_t)mem->windows[i].va;
        const uint64_t address = mem->windows[i].address + offset;
        if (offset < mem->windows[i].size && yoke_mem_at(mem, address, part->size) == part->data) {
            return address;
        }
    }
    fail();
    return 0;
}

cJSON *base_chain(const cJSON *given, const uint8_t *in, size_t size)
{
    const cJSON *const list = cJSON_GetObjectItemCaseSensitive(given, "windows");
    const uint64_t ring_pa = vectors_member(given, "ring_pa", 0x1000);
    struct yoke_window windows[8];
    struct yoke_mem mem = {windows, 0};
    const cJSON *each;
    struct yoke_vq_device device;
    struct yoke_chain chain;
    struct yoke_vq_part part;
    int got;

    cJSON_ArrayForEach(each, list)
    {
        struct yoke_window *const window = &windows[mem.count++];
        assert_true(mem.count <= sizeof windows / sizeof windows[0]);
        window->address = vectors_number(cJSON_GetArrayItem(each, 0));
        window->size = vectors_number(cJSON_GetArrayItem(each, 1));
        window->va = window_va(window, ring_pa, in, size);
    }
    memset(&device, 0, sizeof device);
    device.mem = &mem;
    device.vq.desc = (struct yoke_vring_desc *)(uintptr_t)in;
    device.vq.mask = (uint32_t)vectors_member(given, "num", 0) - 1;
    device.vq.indirect = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(given, "indirect"));
    device.vq.port = &(const struct yoke_port){0};
    vq_chain_begin(&device, (uint32_t)vectors_member(given, "head", 0), &chain);

    cJSON *const out = cJSON_CreateObject();
    cJSON *const parts = cJSON_AddArrayToObject(out, "parts");
    while ((got = yoke_chain_next(&device, &chain, &part)) == 1) {
        cJSON *const array = cJSON_CreateArray();
        cJSON *const numbers = cJSON_CreateObject();
        vectors_add(numbers, "pa", part_pa(&mem, &part));
        vectors_add(numbers, "size", part.size);
        cJSON_AddItemToArray(array, cJSON_DetachItemFromObject(numbers, "pa"));
        cJSON_AddItemToArray(array, cJSON_DetachItemFromObject(numbers, "size"));
        cJSON_AddItemToArray(array, cJSON_CreateBool(part.write));
        cJSON_AddItemToArray(parts, array);
        cJSON_Delete(numbers);
    }
    if (got < 0) {
        cJSON_Delete(out);
        return NULL;
    }
    return out;
}

static void count_bell(void *context, uint32_t notify_id)
{
    (void)notify_id;
    ++*(unsigned *)context;
}

cJSON *base_kick(const cJSON *given, const uint8_t *in, size_t size)
{
    const uint32_t old = (uint32_t)vectors_member(given, "old", 0);
    const uint32_t new = (uint32_t)vectors_member(given, "new", 0);
    const uint16_t flags = (uint16_t)vectors_member(given, "flags", 0);
    const uint16_t event = (uint16_t)vectors_member(given, "event", 0);
    unsigned bells = 0;
    const struct yoke_port port = {.notify = count_bell, .context = &bells};
    const struct yoke_vq vq = {
        .peer = &flags,
        .peer_event = &event,
        .port = &port,
        .shown = old + (uint16_t)(new - old),
        .event_idx = cJSON_HasObjectItem(given, "event"),
    };

    (void)in;
    (void)size;
    vq_notify(&vq, old);
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "kick", bells != 0);
    return out;
}

// ------------------------------------------------------------------------------------------ device

cJSON *base_status(const cJSON *given, const uint8_t *in, size_t size)
{
    cJSON *const out = cJSON_CreateObject();

    (void)given;
    assert_int_equal(size, 1);
    cJSON_AddBoolToObject(out, "live", yoke_status_live(in[0]));
    return out;
}

cJSON *base_status_change(const cJSON *given, const uint8_t *in, size_t size)
{
    (void)given;
    assert_int_equal(size, 2);
    if (yoke_status_check(in[0], in[1], false) != YOKE_OK) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "allowed", true);
    return out;
}

cJSON *base_features(const cJSON *given, const uint8_t *in, size_t size)
{
    static const struct yoke_port port;
    struct yoke_rsc_vdev entry = {
        .type = YOKE_RSC_VDEV,
        .dfeatures = (uint32_t)vectors_member(given, "offered", 0),
    };
    struct yoke_vdev vdev;
    uint64_t taken;

    assert_int_equal(size, sizeof entry.gfeatures);
    memcpy(&entry.gfeatures, in, size);
    assert_int_equal(yoke_vdev_open(&vdev, &entry, sizeof entry, &port), YOKE_OK);
    if (yoke_vdev_features(&vdev, &taken) != YOKE_OK) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    vectors_add(out, "taken", taken);
    return out;
}

cJSON *base_choice(const cJSON *given, const uint8_t *in, size_t size)
{
    cJSON *const out = cJSON_CreateObject();

    (void)in;
    (void)size;
    vectors_add(out, "taken",
                yoke_features_common(vectors_member(given, "offered", 0),
                                     vectors_member(given, "known", 0), false));
    return out;
}

cJSON *base_vdev(const cJSON *given, const uint8_t *in, size_t size)
{
    static const struct yoke_port port;
    struct yoke_vdev vdev;
    void *const entry = (void *)(uintptr_t)in;

    if (yoke_vdev_open(&vdev, entry, vectors_member(given, "size", size), &port) != YOKE_OK) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    vectors_add(out, "id", vdev.id);
    vectors_add(out, "dfeatures", vdev.features);
    vectors_add(out, "queues", vdev.rings);
    vectors_add(out, "config_len", vdev.config_size);
    return out;
}

// ---------------------------------------------------------------------------------------- messages

static void note_header(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    cJSON *const out = ept->context;

    vectors_add(out, "src", msg->src);
    vectors_add(out, "dst", msg->dst);
    vectors_add(out, "len", msg->size);
    vectors_add(out, "flags", msg->flags);
}

/// Puts what lies in the first buffer of queue 1 there as message number `index`.
static void hand_in(struct play *play, unsigned index, size_t length)
{
    play_put(play, 0x200, 8, PLAY_PA + 0xc00);
    play_put(play, 0x208, 4, length);
    play_put(play, 0x244 + 2 * (size_t)index, 2, 0);
    play_put(play, 0x242, 2, index + 1);
    play_run(play);
}

/// A device whose driver has no buffers for it.
static void open_device(struct play *play, const cJSON *setup)
{
    static const struct vector nameless;

    play_open(play, &nameless, setup, false);
    play_put(play, 0x10, 4, 1);
    for (unsigned queue = 0; queue < 2; queue++) {
        play_put(play, 0x1c + 20 * (size_t)queue, 4, PLAY_DA + 0x100 * (queue + 1));
        play_put(play, 0x28 + 20 * (size_t)queue, 4, queue);
    }
    play_put(play, 0x18, 1, 7);
}

cJSON *base_header(const cJSON *given, const uint8_t *in, size_t size)
{
    static struct play play;
    cJSON *const out = cJSON_CreateObject();
    struct yoke_ept all = {.receive = note_header, .context = out};

    assert_true(!cJSON_HasObjectItem(given, "buffer") && size <= 1024);
    cJSON *const setup = cJSON_Parse("{\"endpoints\": []}");
    open_device(&play, setup);
    cJSON_Delete(setup);
    yoke_link_fallback(&play.link, &all);
    memcpy(play.memory + 0xc00, in, size);
    hand_in(&play, 0, vectors_member(given, "length", 0));
    if (out->child == NULL) {
        cJSON_Delete(out);
        return NULL;
    }
    return out;
}

cJSON *base_ns(const cJSON *given, const uint8_t *in, size_t size)
{
    static struct play play;
    cJSON *const setup = cJSON_Parse("{\"listen\": true}");
    const struct yoke_rpmsg_header header = {
        .src = 1024, .dst = YOKE_RPMSG_NS_ADDR, .len = (uint16_t)size};
    unsigned index = 0;

    (void)given;
    open_device(&play, setup);
    cJSON_Delete(setup);
    memcpy(play.memory + 0xc00, &header, sizeof header);
    memcpy(play.memory + 0xc10, in, size);
    if (size == 40 && in[36] == YOKE_RPMSG_NS_DESTROY) {
        play.memory[0xc34] = YOKE_RPMSG_NS_CREATE; // first, so that there is something to destroy
        hand_in(&play, index++, sizeof header + size);
        memcpy(play.memory + 0xc10, in, size);
    }
    const uint32_t count = play.ns.count;
    const struct yoke_service service = play.services[0];
    hand_in(&play, index, sizeof header + size);
    if (play.ns.count == count) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "create", play.ns.count > count);
    const struct yoke_service *const which = play.ns.count > count ? &play.services[0] : &service;
    cJSON_AddStringToObject(out, "name", which->name);
    vectors_add(out, "addr", which->addr);
    return out;
}

cJSON *base_address(const cJSON *given, const uint8_t *in, size_t size)
{
    static struct play play;
    uint32_t addr;

    (void)given;
    assert_int_equal(size, sizeof addr);
    memcpy(&addr, in, size);
    open_device(&play, NULL);
    play_run(&play);
    if (yoke_send_to(yoke_ept_find(&play.link, 1024), addr, NULL, 0) == YOKE_INVALID) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "kind",
                            addr == YOKE_RPMSG_NS_ADDR       ? "names"
                            : addr < YOKE_RPMSG_DYNAMIC_ADDR ? "fixed"
                                                             : "dynamic");
    return out;
}
