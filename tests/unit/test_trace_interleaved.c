// SPDX-License-Identifier: BSD-3-Clause
// A reader looks at the trace block between any two stores of the writer (spec/table-2.md, T2-36 to
// T2-41): in a build with cache maintenance each store is followed by a call of port.clean().
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/firmware.h>
#include <yoke/rproc.h>

enum { SIZE = 64, PIECES = 40 };

static struct {
    struct yoke_rsc2_trace_block head;
    char text[SIZE];
} trace;
static struct yoke_rsc2_header table = {.host = 2};
static const uint32_t notify_id = 7;
static const struct yoke_port quiet;
static void (*look)(void);
static uint32_t looks;
static uint32_t rung;

static void notify(void *context, uint32_t id)
{
    (void)context;
    assert_int_equal(id, notify_id);
    rung++;
}

static void clean(void *context, const void *start, size_t size)
{
    (void)context;
    (void)start;
    (void)size;
    looks++;
    look();
}

static const struct yoke_port port = {.notify = notify, .clean = clean};

static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n % 251 + 1);
}

/// Reads from `reader` and checks what comes.
static void read_on(struct yoke_trace_block *reader)
{
    uint8_t text[SIZE];
    const size_t got = yoke_trace_block_read(reader, text, sizeof text);

    for (uint32_t i = 0; i < got; i++) {
        assert_int_equal(text[i], byte_at(reader->position - (uint32_t)got + i));
    }
}

static void write_all(void (*between)(void))
{
    struct yoke_log log = {.block = &trace.head,
                           .size = SIZE,
                           .table = &table,
                           .notify_id = &notify_id,
                           .port = &port};
    uint32_t n = 0;

    looks = 0;
    rung = 0;
    look = between;
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        uint8_t text[SIZE];
        const uint32_t count = 1 + piece * 23 % SIZE;
        for (uint32_t i = 0; i < count; i++) {
            text[i] = byte_at(n + i);
        }
        yoke_log_write(&log, text, count);
        n += count;
    }
    assert_int_equal(trace.head.write, n);
    assert_true(looks > n); // It is a build with cache maintenance.
}

static int set_up(void **state)
{
    (void)state;
    memset(&trace, 0, sizeof trace);
    trace.head.magic = YOKE_RSC2_TRACE_MAGIC;
    trace.head.size = SIZE;
    return 0;
}

/// Takes all that is there, as far back as it goes.
static void look_as_a_newcomer(void)
{
    struct yoke_trace_block reader;

    yoke_trace_block_init(&reader, &trace, sizeof trace, false, &quiet);
    read_on(&reader);
}

static void a_newcomer_reads_no_text_that_is_being_overwritten(void **state)
{
    (void)state;
    write_all(look_as_a_newcomer);
}

static struct yoke_trace_block reader;
static bool asleep;
static uint32_t rung_before;

/// Reads, sleeps if there is nothing, and reads again when the doorbell has rung.
static void look_as_a_sleeper(void)
{
    if (asleep && rung == rung_before) {
        return;
    }
    read_on(&reader);
    rung_before = rung;
    asleep = yoke_trace_block_arm(&reader);
}

static void a_sleeper_is_woken_and_misses_nothing(void **state)
{
    (void)state;
    yoke_trace_block_init(&reader, &trace, sizeof trace, false, &quiet);
    asleep = false;
    write_all(look_as_a_sleeper);
    assert_true(!asleep || rung != rung_before || reader.position == trace.head.write);
    read_on(&reader);
    assert_int_equal(reader.position, trace.head.write);
    assert_true(rung >= PIECES / 2 && rung <= PIECES); // Once a piece, if it slept.
}

static struct yoke_log overtaking;
static uint32_t left;

/// While the reader copies, the firmware writes three times as much as there is room for.
static void overtake(void *context, const void *start, size_t size)
{
    (void)context;
    (void)size;
    if ((const char *)start >= trace.text) {
        for (; left != 0; left--) {
            const uint8_t byte = byte_at(overtaking.write);
            yoke_log_write(&overtaking, &byte, 1);
        }
    }
}

static void nothing_is_kept_of_a_copy_that_was_overtaken(void **state)
{
    static const struct yoke_port overtaken = {.invalidate = overtake};
    static const struct yoke_port writes = {.notify = notify};

    (void)state;
    for (uint32_t ahead = 1; ahead <= 3 * SIZE; ahead++) {
        (void)set_up(NULL);
        overtaking = (struct yoke_log){.block = &trace.head,
                                       .size = SIZE,
                                       .table = &table,
                                       .notify_id = &notify_id,
                                       .port = &writes};
        yoke_trace_block_init(&reader, &trace, sizeof trace, false, &overtaken);
        left = SIZE;
        overtake(NULL, trace.text, 0);
        left = ahead;
        read_on(&reader);
        assert_int_equal(left, 0);
        assert_int_equal(reader.lost, ahead < SIZE ? ahead : SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_newcomer_reads_no_text_that_is_being_overwritten, set_up),
        cmocka_unit_test_setup(nothing_is_kept_of_a_copy_that_was_overtaken, set_up),
        cmocka_unit_test_setup(a_sleeper_is_woken_and_misses_nothing, set_up),
    };

    return cmocka_run_group_tests_name("trace_interleaved", tests, NULL, NULL);
}
