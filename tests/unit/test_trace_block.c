// SPDX-License-Identifier: BSD-3-Clause
// The host's reader of a trace block: spec/table-2.md, 4.3.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rproc.h>

// Where the fields of a block lie, by the specification.
enum { MAGIC = 0, SIZE = 4, WRITE = 8, BEGIN = 12, READ = 64, NOTIFY_AT = 68, TEXT = 128 };
enum { BYTES = 64 };

static uint8_t *block; // Of its own: a sanitizer sees each access beyond it.
static struct yoke_trace_block trace;
static const struct yoke_port port = {0};
static char text[4 * BYTES];

static void put(size_t offset, uint32_t value)
{
    memcpy(block + offset, &value, 4);
}

static uint32_t get(size_t offset)
{
    uint32_t value;

    memcpy(&value, block + offset, 4);
    return value;
}

static void set_up_at(uint32_t start)
{
    memset(block, 0, TEXT + BYTES);
    put(MAGIC, 0x32525459);
    put(SIZE, BYTES);
    put(WRITE, start);
    put(BEGIN, start);
    put(READ, start);
    yoke_trace_block_init(&trace, block, TEXT + BYTES, start != 0, &port);
}

static int set_up(void **state)
{
    (void)state;
    block = malloc(TEXT + BYTES);
    set_up_at(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(block);
    return 0;
}

/// What firmware does: byte n of the stream lies at n modulo the size.
static void write_text(const char *from, uint32_t count)
{
    const uint32_t old = get(WRITE);

    put(BEGIN, old + count);
    for (uint32_t i = 0; i < count; i++) {
        block[TEXT + (old + i) % BYTES] = (uint8_t)from[i];
    }
    put(WRITE, old + count);
}

#define assert_reads(string)                                                                       \
    do {                                                                                           \
        assert_int_equal(yoke_trace_block_read(&trace, text, sizeof(text)), strlen(string));       \
        assert_memory_equal(text, string, strlen(string));                                         \
    } while (0)

static void reads_what_was_written_and_says_so(void **state)
{
    (void)state;
    assert_reads("");
    write_text("hello ", 6);
    write_text("world", 5);
    assert_reads("hello world");
    assert_int_equal(get(READ), 11);
    assert_reads("");
    write_text("!", 1);
    assert_reads("!");
    assert_int_equal(trace.lost, 0);
}

static void reads_into_small_memory_in_pieces(void **state)
{
    (void)state;
    write_text("abcdefgh", 8);
    assert_int_equal(yoke_trace_block_read(&trace, text, 3), 3);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(get(READ), 3);
    assert_int_equal(yoke_trace_block_read(&trace, text, 0), 0);
    assert_reads("defgh");
}

static void waits_for_firmware_to_set_its_block_up(void **state)
{
    (void)state;
    memset(block, 0, TEXT + BYTES);
    assert_reads("");
    assert_true(yoke_trace_block_arm(&trace));
    assert_int_equal(get(NOTIFY_AT), 0);
    set_up_at(0);
    write_text("now", 3);
    assert_reads("now");
}

static void text_goes_on_at_the_start_behind_the_end(void **state)
{
    char line[8] = "line 00";
    (void)state;

    for (unsigned i = 0; i < 100; i++) {
        line[5] = (char)('0' + i / 10);
        line[6] = (char)('0' + i % 10);
        write_text(line, 7);
        assert_reads(line);
    }
    assert_int_equal(trace.lost, 0);
}

static void positions_wrap_at_2_to_the_32(void **state)
{
    (void)state;
    set_up_at(UINT32_MAX - 2);
    write_text("over the top", 12);
    assert_reads("over the top");
    assert_int_equal(get(READ), 9);
    assert_int_equal(trace.lost, 0);
}

static void a_new_host_goes_on_where_the_one_before_stopped(void **state)
{
    (void)state;
    write_text("old and new", 11);
    put(READ, 8);
    yoke_trace_block_init(&trace, block, TEXT + BYTES, true, &port);
    assert_reads("new");
    yoke_trace_block_init(&trace, block, TEXT + BYTES, false, &port);
    assert_reads("old and new");
}

static void what_was_overwritten_is_counted_as_lost(void **state)
{
    char expected[BYTES + 1] = "";
    (void)state;

    for (unsigned i = 0; i < 3 * BYTES; i++) {
        const char letter = (char)('a' + i % 26);
        write_text(&letter, 1);
        if (i >= 2 * BYTES) {
            expected[i - 2 * BYTES] = letter;
        }
    }
    assert_reads(expected);
    assert_int_equal(trace.lost, 2 * BYTES);
    assert_int_equal(get(READ), 3 * BYTES);
}

static void what_may_be_overwritten_at_this_moment_is_lost(void **state)
{
    (void)state;
    write_text("0123456789", 10);
    assert_reads("0123456789");
    for (unsigned i = 0; i < BYTES / 4; i++) {
        write_text("abcd", 4);
    }
    // Firmware is about to write 6 bytes more: they go where the oldest 6 are.
    put(BEGIN, get(WRITE) + 6);
    assert_int_equal(yoke_trace_block_read(&trace, text, sizeof(text)), BYTES - 6);
    assert_memory_equal(text, "cdabcdab", 8);
    assert_int_equal(trace.lost, 6);
    // All of what the host wanted is being overwritten.
    write_text("0123456789012345678901234567890123456789012345678901234567890123", BYTES);
    put(BEGIN, get(WRITE) + 32);
    const uint32_t position = trace.position;
    assert_int_equal(yoke_trace_block_read(&trace, text, 16), 0);
    assert_int_equal(trace.position, position + 16);
    assert_int_equal(trace.lost, 6 + 16);
}

static void the_doorbell_is_asked_for_at_the_next_byte(void **state)
{
    (void)state;
    assert_true(yoke_trace_block_arm(&trace));
    assert_int_equal(get(NOTIFY_AT), 0);
    write_text("abc", 3);
    assert_false(yoke_trace_block_arm(&trace)); // There is text: no wait.
    assert_reads("abc");
    assert_true(yoke_trace_block_arm(&trace));
    assert_int_equal(get(NOTIFY_AT), 3);
}

static void sizes_that_make_no_sense_are_never_used(void **state)
{
    static const uint32_t sizes[] = {0, 1, 32, 63, 65, 96, 128, 0x80000000, 0xffffffff};
    (void)state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        set_up_at(0);
        put(SIZE, sizes[i]);
        write_text("text", 4);
        assert_reads("");
        assert_true(yoke_trace_block_arm(&trace));
        // It stays out of use, whatever is written later.
        put(SIZE, BYTES);
        assert_reads("");
    }
    // No room even for the head.
    set_up_at(0);
    yoke_trace_block_init(&trace, block, TEXT - 1, true, &port);
    assert_reads("");
}

static void a_size_that_changes_later_has_no_effect(void **state)
{
    (void)state;
    write_text("abc", 3);
    assert_reads("abc");
    put(SIZE, 0xffffffff);
    put(MAGIC, 0);
    write_text("def", 3);
    assert_reads("def");
}

static void any_positions_are_harmless(void **state)
{
    static const uint32_t values[] = {0,          1,          BYTES - 1,  BYTES,      BYTES + 1,
                                      0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xffffffff};
    const size_t count = sizeof(values) / sizeof(values[0]);
    (void)state;

    for (size_t w = 0; w < count; w++) {
        for (size_t b = 0; b < count; b++) {
            for (size_t i = 0; i < 4; i++) {
                put(WRITE, values[w]);
                put(BEGIN, values[b]);
                const uint64_t lost = trace.lost;
                const uint32_t before = trace.position;
                const size_t got = yoke_trace_block_read(&trace, text, sizeof(text));
                assert_true(got <= BYTES);
                // Each byte of the stream is read or lost, once.
                assert_int_equal((uint32_t)(trace.position - before),
                                 (uint32_t)(got + (trace.lost - lost)));
                assert_int_equal(get(READ), trace.position);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_was_written_and_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_into_small_memory_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_for_firmware_to_set_its_block_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_goes_on_at_the_start_behind_the_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(positions_wrap_at_2_to_the_32, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_host_goes_on_where_the_one_before_stopped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_overwritten_is_counted_as_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_may_be_overwritten_at_this_moment_is_lost, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_doorbell_is_asked_for_at_the_next_byte, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sizes_that_make_no_sense_are_never_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_size_that_changes_later_has_no_effect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_positions_are_harmless, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("trace_block", tests, NULL, NULL);
}
