// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// A build for a platform that has barriers and caches of its own.
#define YOKE_PORT_BARRIERS "unit/ring_barriers.h"
#define YOKE_CACHE 1
#include "port/access.h"

static char barriers[8];
static size_t barrier_count;
static uint8_t field8, seen8;
static uint16_t field16, seen16;

/// What the shared fields hold while the barrier runs tells on which side of it the access is.
void ring_barrier(char kind)
{
    barriers[barrier_count++] = kind;
    seen8 = field8;
    seen16 = field16;
    field8 = 0x77;
    field16 = 0x7777;
}

static int set_up(void **state)
{
    (void)state;
    memset(barriers, 0, sizeof barriers);
    barrier_count = 0;
    field8 = 0x11;
    field16 = 0x1111;
    return 0;
}

#if defined(YOKE_TSAN)
#define SKIP_WITH_TSAN() skip()
#else
#define SKIP_WITH_TSAN()
#endif

static void acquire_loads_before_its_barrier(void **state)
{
    (void)state;
    SKIP_WITH_TSAN();
    assert_int_equal(yoke_load16_acquire(&field16), 0x1111);
    assert_string_equal(barriers, "a");
    assert_int_equal(yoke_load8_acquire(&field8), 0x77);
    assert_string_equal(barriers, "aa");
}

static void release_stores_after_its_barrier(void **state)
{
    (void)state;
    SKIP_WITH_TSAN();
    yoke_store16_release(&field16, 0x2222);
    assert_string_equal(barriers, "r");
    assert_int_equal(seen16, 0x1111);
    assert_int_equal(field16, 0x2222);
    yoke_store8_release(&field8, 0x22);
    assert_string_equal(barriers, "rr");
    assert_int_equal(seen8, 0x77);
    assert_int_equal(field8, 0x22);
}

static void the_platform_gives_the_full_barrier(void **state)
{
    (void)state;
    yoke_barrier_full();
    assert_string_equal(barriers, "f");
}

static void single_accesses_need_no_barrier(void **state)
{
    (void)state;
    YOKE_STORE(field16, 0x3333);
    assert_int_equal(YOKE_LOAD(field16), 0x3333);
    assert_int_equal(barrier_count, 0);
}

static void a_snapshot_is_a_copy_of_just_its_bytes(void **state)
{
    uint8_t from[24], to[26];

    (void)state;
    for (size_t i = 0; i < sizeof from; i++) {
        from[i] = (uint8_t)(i + 1);
    }
    for (size_t size = 0; size <= sizeof from; size++) {
        memset(to, 0xee, sizeof to);
        yoke_snapshot(to + 1, from, size);
        assert_int_equal(to[0], 0xee);
        assert_memory_equal(to + 1, from, size);
        assert_int_equal(to[1 + size], 0xee);
    }
    memset(to, 0xee, sizeof to);
    yoke_snapshot16(to + 1, from + 3);
    assert_int_equal(to[0], 0xee);
    assert_memory_equal(to + 1, from + 3, 16);
    assert_int_equal(to[17], 0xee);
}

struct call {
    const void *start;
    size_t size;
    unsigned count;
};

static struct call cleaned, invalidated;

static void note(void *context, const void *start, size_t size)
{
    struct call *const call = context == &barriers ? &cleaned : &invalidated;
    *call = (struct call){start, size, call->count + 1};
}

static void a_cached_port_is_told_the_range(void **state)
{
    struct yoke_port port = {NULL, note, NULL, &barriers};
    uint8_t bytes[4] = {0};

    (void)state;
    yoke_clean(&port, bytes + 1, 2);
    yoke_invalidate(&port, bytes, 4);
    assert_int_equal(cleaned.count, 1);
    assert_ptr_equal(cleaned.start, bytes + 1);
    assert_int_equal(cleaned.size, 2);
    assert_int_equal(invalidated.count, 0);

    port = (struct yoke_port){NULL, NULL, note, NULL};
    yoke_clean(&port, bytes, 4);
    yoke_invalidate(&port, bytes + 2, 1);
    assert_int_equal(cleaned.count, 1);
    assert_int_equal(invalidated.count, 1);
    assert_ptr_equal(invalidated.start, bytes + 2);
    assert_int_equal(invalidated.size, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(acquire_loads_before_its_barrier, set_up),
        cmocka_unit_test_setup(release_stores_after_its_barrier, set_up),
        cmocka_unit_test_setup(the_platform_gives_the_full_barrier, set_up),
        cmocka_unit_test_setup(single_accesses_need_no_barrier, set_up),
        cmocka_unit_test(a_snapshot_is_a_copy_of_just_its_bytes),
        cmocka_unit_test(a_cached_port_is_told_the_range),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
