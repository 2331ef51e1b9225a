// SPDX-License-Identifier: BSD-3-Clause
// Firmware writes a trace block while a host reads it: whatever the reader gets is the text of its
// place in the stream, and what it does not get it counts as lost (spec/table-2.md, T2-36 to
// T2-41).
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/firmware.h>
#include <yoke/rproc.h>

enum { SIZE = 256, PIECE_MAX = 100, TOTAL = 1000000 };

static struct {
    struct yoke_rsc2_trace_block head;
    char text[SIZE];
} trace;
static struct yoke_rsc2_header table = {.host = 2};
static const uint32_t notify_id = 7;
static uint32_t rung;

static void notify(void *context, uint32_t id)
{
    (void)context;
    if (id == notify_id) {
        __atomic_store_n(&rung, 1, __ATOMIC_SEQ_CST);
    }
}

static const struct yoke_port port = {.notify = notify};

/// Byte n of the stream: a place that is read as another one shows, but for one in 251.
static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n % 251 + 1);
}

static void *write_all(void *argument)
{
    const bool patient = argument != NULL;
    struct yoke_log log = {.block = &trace.head,
                           .size = SIZE,
                           .table = &table,
                           .notify_id = &notify_id,
                           .port = &port};
    uint32_t state = 1;

    for (uint32_t n = 0; n < TOTAL;) {
        uint8_t piece[PIECE_MAX];
        state = state * 1664525u + 1013904223u;
        uint32_t count = state >> 16;
        count = 1 + count % PIECE_MAX;
        count = count < TOTAL - n ? count : TOTAL - n;
        for (uint32_t i = 0; i < count; i++) {
            piece[i] = byte_at(n + i);
        }
        // Real firmware does not look at `read`; this makes a run in which nothing is lost.
        while (patient && n + count - __atomic_load_n(&trace.head.read, __ATOMIC_SEQ_CST) > SIZE) {
            (void)sched_yield();
        }
        yoke_log_write(&log, piece, count);
        n += count;
    }
    return NULL;
}

/// Reads while the writer writes. Returns how many bytes came.
static uint32_t read_all(bool patient, bool asleep, uint64_t *lost)
{
    struct yoke_trace_block reader;
    uint8_t text[SIZE];
    pthread_t writer;
    uint32_t count = 0;
    uint32_t wrong = 0;

    memset(&trace, 0, sizeof trace);
    trace.head.magic = YOKE_RSC2_TRACE_MAGIC;
    trace.head.size = SIZE;
    yoke_trace_block_init(&reader, &trace, sizeof trace, false, &port);
    assert_int_equal(pthread_create(&writer, NULL, write_all, patient ? &trace : NULL), 0);
    while (reader.position != TOTAL) {
        const size_t got = yoke_trace_block_read(&reader, text, sizeof text);
        for (size_t i = 0; i < got; i++) {
            wrong += text[i] != byte_at(reader.position - (uint32_t)got + (uint32_t)i);
        }
        count += (uint32_t)got;
        if (got == 0 && asleep) {
            __atomic_store_n(&rung, 0, __ATOMIC_SEQ_CST);
            // A doorbell that is lost makes this wait for ever: the test's time is limited.
            while (yoke_trace_block_arm(&reader) && __atomic_load_n(&rung, __ATOMIC_SEQ_CST) == 0) {
                (void)sched_yield();
            }
        }
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(wrong, 0);
    *lost = reader.lost;
    return count;
}

static void what_is_read_is_what_was_written_there(void **state)
{
    uint64_t lost;

    (void)state;
    const uint32_t count = read_all(false, false, &lost);
    assert_int_equal(count + lost, TOTAL);
    assert_true(count != 0);
}

static void a_reader_in_time_loses_nothing(void **state)
{
    uint64_t lost;

    (void)state;
    assert_int_equal(read_all(true, false, &lost), TOTAL);
    assert_int_equal(lost, 0);
}

static void a_reader_that_sleeps_is_woken(void **state)
{
    uint64_t lost;

    (void)state;
    assert_int_equal(read_all(true, true, &lost), TOTAL);
    assert_int_equal(lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_what_was_written_there),
        cmocka_unit_test(a_reader_in_time_loses_nothing),
        cmocka_unit_test(a_reader_that_sleeps_is_woken),
    };

    return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
