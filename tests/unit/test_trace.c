// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rproc.h>

static const struct yoke_port port; // Coherent memory: nothing to do in any build.
static char memory[32];
static struct yoke_trace trace;

static int set_up(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    yoke_trace_init(&trace, memory, sizeof(memory), &port);
    return 0;
}

/// Reads all that is new into one string.
static const char *read_all(void)
{
    static char text[2 * sizeof(memory)];
    const size_t count = yoke_trace_read(&trace, text, sizeof(text) - 1);

    assert_true(count <= sizeof(memory));
    text[count] = '\0';
    return text;
}

static void gives_each_text_once(void **state)
{
    (void)state;
    assert_string_equal(read_all(), "");
    strcpy(memory, "one\n");
    assert_string_equal(read_all(), "one\n");
    assert_string_equal(read_all(), "");
    strcpy(memory + 4, "two\n");
    assert_string_equal(read_all(), "two\n");
    assert_string_equal(read_all(), "");
}

static void stops_at_the_end_of_a_full_buffer(void **state)
{
    (void)state;
    memset(memory, 'x', sizeof(memory));
    assert_int_equal(strlen(read_all()), sizeof(memory));
    assert_string_equal(read_all(), "");
}

static void gives_no_more_than_is_asked_for(void **state)
{
    char text[4];

    (void)state;
    strcpy(memory, "abcdef");
    assert_int_equal(yoke_trace_read(&trace, text, 0), 0);
    assert_int_equal(yoke_trace_read(&trace, text, 4), 4);
    assert_memory_equal(text, "abcd", 4);
    assert_int_equal(yoke_trace_read(&trace, text, 4), 2);
    assert_memory_equal(text, "ef", 2);
    assert_int_equal(yoke_trace_read(&trace, text, 4), 0);
}

static void begins_anew_when_the_firmware_does(void **state)
{
    (void)state;
    strcpy(memory, "a long line of old text\n");
    assert_string_equal(read_all(), "a long line of old text\n");
    strcpy(memory, "short\n");
    assert_string_equal(read_all(), "short\n");
    assert_string_equal(read_all(), "");
    strcpy(memory + 6, "more\n");
    assert_string_equal(read_all(), "more\n");
    // Longer than what was read: nothing is lost either.
    strcpy(memory, "now longer than before\n");
    assert_string_equal(read_all(), "now longer than before\n");
    // Emptied, as by a restart.
    memory[0] = '\0';
    assert_string_equal(read_all(), "");
    strcpy(memory, "again\n");
    assert_string_equal(read_all(), "again\n");
}

static void shows_a_full_buffer_that_is_overwritten_without_a_terminator(void **state)
{
    (void)state;
    memset(memory, 'x', sizeof(memory));
    read_all();
    memory[0] = 'y';
    assert_string_equal(read_all(), "yxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void passes_any_byte_but_nul(void **state)
{
    uint8_t text[sizeof(memory)];

    (void)state;
    for (int i = 0; i < 31; i++) {
        memory[i] = (char)(i < 16 ? i + 1 : i + 224);
    }
    assert_int_equal(yoke_trace_read(&trace, text, sizeof(text)), 31);
    assert_memory_equal(text, memory, 31);
}

static void reads_an_empty_buffer(void **state)
{
    char text[4];

    (void)state;
    yoke_trace_init(&trace, memory, 0, &port);
    memory[0] = 'x';
    assert_int_equal(yoke_trace_read(&trace, text, 4), 0);
}

static void stays_inside_the_buffer_whatever_is_written(void **state)
{
    const unsigned seed = 20240611;
    uint8_t *const exact = malloc(16); // The address sanitizer watches its end.
    uint8_t text[16];

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    memset(exact, 0, 16);
    yoke_trace_init(&trace, exact, 16, &port);
    for (int i = 0; i < 100000; i++) {
        const size_t size = (size_t)rand() % (sizeof(text) + 1);
        exact[rand() % 16] = (uint8_t)(rand() % 4);
        assert_true(yoke_trace_read(&trace, text, size) <= size);
        assert_true(trace.position <= 16);
    }
    free(exact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_each_text_once, set_up),
        cmocka_unit_test_setup(stops_at_the_end_of_a_full_buffer, set_up),
        cmocka_unit_test_setup(gives_no_more_than_is_asked_for, set_up),
        cmocka_unit_test_setup(begins_anew_when_the_firmware_does, set_up),
        cmocka_unit_test_setup(shows_a_full_buffer_that_is_overwritten_without_a_terminator,
                               set_up),
        cmocka_unit_test_setup(passes_any_byte_but_nul, set_up),
        cmocka_unit_test_setup(reads_an_empty_buffer, set_up),
        cmocka_unit_test_setup(stays_inside_the_buffer_whatever_is_written, set_up),
    };

    return cmocka_run_group_tests_name("rproc", tests, NULL, NULL);
}
