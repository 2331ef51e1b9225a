// SPDX-License-Identifier: BSD-3-Clause
// A driver that changes descriptors while the device reads them: what was checked is what is used.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ring_rig.h"

#define NUM 4
#define ENOUGH 20000   // buffers that were good, and chains that were refused
#define MOST 100000000 // chains

static struct ring_rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, NUM, 16, YOKE_F_RING_INDIRECT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

// ------------------------------------------------------------------- by another thread, at any
// time

static const struct {
    uint64_t address;
    uint32_t size;
    uint16_t flags, next;
} shapes[] = {
    {RIG_LOW, RIG_WINDOW, 0, 0},
    {RIG_LOW + RIG_WINDOW - 16, 16, YOKE_DESC_WRITE, 0},
    {RIG_LOW + RIG_WINDOW, 0, YOKE_DESC_NEXT, 0},
    {UINT64_C(0x123456789), 64, 0, 0},
    {RIG_LOW, 16 * NUM, YOKE_DESC_INDIRECT, 0},
    {RIG_LOW, RIG_WINDOW + 16, YOKE_DESC_INDIRECT, 0},
    {RIG_HIGH, UINT32_MAX, YOKE_DESC_NEXT, 60000},
    {RIG_HIGH + 8, 8, YOKE_DESC_NEXT | YOKE_DESC_WRITE, 2},
};

static bool stop;

static void *scribble(void *unused)
{
    for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        const size_t shape = i * 2654435761u >> 29;
        rig_put_desc(rig_desc(&rig, i / 3 % NUM), shapes[shape].address, shapes[shape].size,
                     shapes[shape].flags, shapes[shape].next);
        rig_put_desc(rig.low + 16 * (i % NUM), shapes[shape].address, shapes[shape].size,
                     shapes[shape].flags, shapes[shape].next);
    }
    return unused;
}

static bool lies_in(const struct yoke_vq_part *part, const uint8_t *window)
{
    const uintptr_t start = (uintptr_t)part->data, first = (uintptr_t)window;
    return start >= first && start <= first + RIG_WINDOW &&
           part->size <= first + RIG_WINDOW - start;
}

static void
no_buffer_leaves_the_windows_while_another_thread_scribbles_over_descriptors(void **state)
{
    pthread_t thread;
    unsigned good = 0, bad = 0;

    (void)state;
    __atomic_store_n(&stop, false, __ATOMIC_RELAXED);
    assert_int_equal(pthread_create(&thread, NULL, scribble, NULL), 0);
    for (unsigned i = 0; i < MOST && (good < ENOUGH || bad < ENOUGH); i++) {
        struct yoke_chain chain = rig_offered(&rig, (uint16_t)(i % NUM));
        struct yoke_vq_part part;
        unsigned steps = 0;
        int got;
        while ((got = yoke_chain_next(&rig.device, &chain, &part)) == 1) {
            assert_true(lies_in(&part, rig.low) || lies_in(&part, rig.high));
            assert_true(++steps <= NUM);
            good++;
        }
        assert_true(got == 0 || got == YOKE_BAD_PEER);
        bad += got != 0;
        assert_int_equal(yoke_vq_device_push(&rig.device, chain.ticket, 0), YOKE_OK);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    print_message("%u buffers, %u chains refused\n", good, bad);
    assert_true(good >= ENOUGH && bad >= ENOUGH);
}

// ------------------------------------------------- in the cached build: at each look, and not
// again

static bool cached;
static unsigned looks[NUM];

/// Each look at a descriptor finds something else: first a good buffer, then ones far outside.
static void change_descriptor(void *context, const void *start, size_t size)
{
    const size_t offset = (size_t)((const uint8_t *)start - rig.ring);

    (void)context;
    if (offset < 16 * NUM) {
        const size_t index = offset / 16;
        const bool first = looks[index]++ == 0;
        assert_int_equal(size, 16);
        rig_put_desc(rig_desc(&rig, (uint32_t)index),
                     first ? RIG_LOW + 64 * index : UINT64_C(0xdead000000000000),
                     first ? 64 : UINT32_MAX, index < NUM - 1 ? YOKE_DESC_NEXT : 0,
                     first ? (uint16_t)(index + 1) : 60000);
    }
}

static void each_descriptor_is_read_once(void **state)
{
    struct yoke_chain chain;
    struct yoke_vq_part part;

    (void)state;
    if (!cached) {
        skip();
    }
    memset(looks, 0, sizeof looks);
    rig.device_port.invalidate = change_descriptor;
    chain = rig_offered(&rig, 0);
    for (unsigned i = 0; i < NUM; i++) {
        assert_int_equal(looks[i], 0);
        assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 1);
        assert_int_equal(looks[i], 1);
        assert_ptr_equal(part.data, rig.low + 64 * i);
        assert_int_equal(part.size, 64);
        // Right after the look, it is too late to change anything.
        rig_put_desc(rig_desc(&rig, i), 0, UINT32_MAX, YOKE_DESC_NEXT, 60000);
    }
    assert_int_equal(yoke_chain_next(&rig.device, &chain, &part), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(no_buffer_leaves_the_windows_while_another_thread_scribbles_over_descriptors),
        TEST(each_descriptor_is_read_once),
    };
    cached = argc > 0 && strstr(argv[0], "cached") != NULL;
    return cmocka_run_group_tests_name("ring_toctou", tests, NULL, NULL);
}
