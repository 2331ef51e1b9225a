// SPDX-License-Identifier: BSD-3-Clause
// What firmware writes into its trace block and power block: spec/table-2.md, 4.3 and 4.6.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/firmware.h>

#define SIZE 64u
#define BELL 5u

static struct {
    struct yoke_rsc2_trace_block head;
    char text[SIZE];
    char behind[8];
} trace;
static struct yoke_rsc2_power_block block;
static struct yoke_rsc2_header table;
static uint32_t notify_id;
static uint32_t rings;

static void notify(void *context, uint32_t id)
{
    (void)context;
    assert_int_equal(id, BELL);
    rings++;
}

static const struct yoke_port port = {.notify = notify};

static struct yoke_log log;
static struct yoke_power_device power;

/// As a host of version 2 leaves it.
static int set_up(void **state)
{
    (void)state;
    memset(&trace, 0, sizeof trace);
    memset(&block, 0, sizeof block);
    memcpy(trace.behind, "fence..", 8);
    trace.head.size = SIZE;
    trace.head.notify_at = 1000; // Nobody waits for text.
    table = (struct yoke_rsc2_header){.host = 2, .taken = YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND};
    notify_id = BELL;
    rings = 0;
    log = (struct yoke_log){.block = &trace.head,
                            .size = SIZE,
                            .table = &table,
                            .notify_id = &notify_id,
                            .port = &port};
    power = (struct yoke_power_device){
        .block = &block, .table = &table, .notify_id = &notify_id, .port = &port};
    return 0;
}

static void byte_n_of_the_text_lies_at_n_modulo_size(void **state)
{
    char expected[SIZE];

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        yoke_log_text(&log, "0123456789abc"); // 130 bytes in all
    }
    for (uint32_t n = 130 - SIZE; n < 130; n++) {
        expected[n % SIZE] = "0123456789abc"[n % 13];
    }
    assert_memory_equal(trace.text, expected, SIZE);
    assert_string_equal(trace.behind, "fence..");
    assert_int_equal(trace.head.write, 130);
    assert_int_equal(trace.head.begin, 130);
    assert_int_equal(rings, 0);
}

static void text_longer_than_the_block_leaves_its_end(void **state)
{
    char text[150];

    (void)state;
    for (uint32_t i = 0; i < sizeof text; i++) {
        text[i] = (char)i;
    }
    yoke_log_write(&log, text, sizeof text);
    assert_int_equal(trace.head.write, 150);
    for (uint32_t n = 150 - SIZE; n < 150; n++) {
        assert_int_equal(trace.text[n % SIZE], (char)n);
    }
    assert_string_equal(trace.behind, "fence..");
}

static void rings_when_the_byte_that_is_waited_for_is_written(void **state)
{
    (void)state;
    trace.head.notify_at = 3; // Three bytes were read.
    yoke_log_text(&log, "abc");
    assert_int_equal(rings, 0);
    yoke_log_text(&log, "d");
    assert_int_equal(rings, 1);
    yoke_log_text(&log, "efg");
    assert_int_equal(rings, 1);
    trace.head.notify_at = 8;
    yoke_log_text(&log, "hijk"); // Bytes 7 to 10.
    assert_int_equal(rings, 2);
}

static void counts_wrap_round(void **state)
{
    (void)state;
    log.write = trace.head.write = UINT32_MAX - 1;
    trace.head.notify_at = 1;
    yoke_log_text(&log, "abc"); // Bytes 2^32 - 2, 2^32 - 1 and 0.
    assert_int_equal(trace.head.write, 1);
    assert_int_equal(rings, 0);
    yoke_log_text(&log, "d");
    assert_int_equal(rings, 1);
    assert_memory_equal(&trace.text[SIZE - 2], "ab", 2);
    assert_memory_equal(trace.text, "cd", 2);
}

static void never_rings_without_a_doorbell(void **state)
{
    (void)state;
    notify_id = YOKE_RSC2_NO_DOORBELL;
    trace.head.notify_at = 0;
    yoke_log_text(&log, "abc");
    assert_int_equal(trace.head.write, 3);
    assert_int_equal(rings, 0);
}

static void takes_no_word_of_the_host_for_its_place(void **state)
{
    (void)state;
    yoke_log_text(&log, "abc");
    trace.head.write = 0xdeadbeef;
    trace.head.size = 0x10000;
    trace.head.read = 77;
    yoke_log_text(&log, "def");
    assert_memory_equal(trace.text, "abcdef", 6);
    assert_int_equal(trace.head.write, 6);
}

static void is_text_up_to_a_nul_for_a_host_of_version_1(void **state)
{
    (void)state;
    table.host = 0;
    memset(trace.text, 'x', SIZE);
    yoke_log_text(&log, "hello");
    assert_string_equal(trace.text, "hello");
    for (uint32_t i = 0; i < 11; i++) {
        yoke_log_text(&log, "01234"); // 60 bytes in all
    }
    assert_int_equal(strlen(trace.text), 60);
    yoke_log_text(&log, "abcdEF"); // It begins anew behind byte 63.
    assert_string_equal(trace.text, "EF");
    assert_string_equal(trace.behind, "fence..");
    assert_int_equal(trace.head.write, 0);
    assert_int_equal(rings, 0);
}

static void ask(uint32_t request)
{
    block.request = request;
    block.number++;
}

static void does_what_the_host_asks_for(void **state)
{
    (void)state;
    assert_int_equal(yoke_power_device_request(&power), 0);
    yoke_power_device_say(&power, YOKE_RSC2_POWER_RUNNING);
    assert_int_equal(block.state, YOKE_RSC2_POWER_RUNNING);
    assert_int_equal(rings, 1);

    ask(YOKE_RSC2_REQUEST_SUSPEND);
    assert_int_equal(yoke_power_device_request(&power), YOKE_RSC2_REQUEST_SUSPEND);
    assert_int_equal(yoke_power_device_request(&power), YOKE_RSC2_REQUEST_SUSPEND);
    assert_int_equal(block.answered, 0);
    yoke_power_device_answer(&power);
    assert_int_equal(block.state, YOKE_RSC2_POWER_SUSPENDED);
    assert_int_equal(block.answered, 1);
    assert_int_equal(rings, 2);
    assert_int_equal(yoke_power_device_request(&power), 0);

    ask(YOKE_RSC2_REQUEST_RUN);
    assert_int_equal(yoke_power_device_request(&power), YOKE_RSC2_REQUEST_RUN);
    yoke_power_device_answer(&power);
    assert_int_equal(power.state, YOKE_RSC2_POWER_RUNNING);

    ask(YOKE_RSC2_REQUEST_STOP);
    assert_int_equal(yoke_power_device_request(&power), YOKE_RSC2_REQUEST_STOP);
    yoke_power_device_answer(&power);
    assert_int_equal(block.state, YOKE_RSC2_POWER_STOPPED);
    assert_int_equal(block.answered, 3);
    assert_int_equal(rings, 4);
}

/// Answered, and nothing else changes.
static void assert_refuses(uint32_t request)
{
    const uint32_t before = power.state;
    const uint32_t rang = rings;

    ask(request);
    assert_int_equal(yoke_power_device_request(&power), 0);
    assert_int_equal(block.answered, block.number);
    assert_int_equal(block.state, before);
    assert_int_equal(power.state, before);
    assert_int_equal(rings, rang + 1);
}

static void answers_what_the_state_does_not_allow(void **state)
{
    (void)state;
    assert_refuses(YOKE_RSC2_REQUEST_SUSPEND); // Booting.
    assert_refuses(YOKE_RSC2_REQUEST_RUN);
    yoke_power_device_say(&power, YOKE_RSC2_POWER_RUNNING);
    assert_refuses(YOKE_RSC2_REQUEST_RUN);
    assert_refuses(0);
    assert_refuses(4);
    ask(YOKE_RSC2_REQUEST_SUSPEND);
    assert_int_equal(yoke_power_device_request(&power), YOKE_RSC2_REQUEST_SUSPEND);
    yoke_power_device_answer(&power);
    assert_refuses(YOKE_RSC2_REQUEST_SUSPEND);
}

static void answers_what_the_host_did_not_take(void **state)
{
    (void)state;
    yoke_power_device_say(&power, YOKE_RSC2_POWER_RUNNING);
    table.taken = YOKE_RSC2_F_STOP;
    assert_refuses(YOKE_RSC2_REQUEST_SUSPEND);
    table.taken = YOKE_RSC2_F_SUSPEND;
    assert_refuses(YOKE_RSC2_REQUEST_STOP);
}

static void touches_nothing_after_its_end(void **state)
{
    struct yoke_rsc2_power_block before;

    (void)state;
    yoke_power_device_say(&power, YOKE_RSC2_POWER_FAILED);
    ask(YOKE_RSC2_REQUEST_STOP);
    before = block;
    assert_int_equal(yoke_power_device_request(&power), 0);
    assert_memory_equal(&block, &before, sizeof block);
}

static void says_nothing_to_a_host_of_version_1(void **state)
{
    (void)state;
    table.host = 0;
    ask(YOKE_RSC2_REQUEST_STOP);
    yoke_power_device_say(&power, YOKE_RSC2_POWER_RUNNING);
    assert_int_equal(yoke_power_device_request(&power), 0);
    assert_int_equal(block.state, 0);
    assert_int_equal(rings, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(byte_n_of_the_text_lies_at_n_modulo_size),
        TEST(text_longer_than_the_block_leaves_its_end),
        TEST(rings_when_the_byte_that_is_waited_for_is_written),
        TEST(counts_wrap_round),
        TEST(never_rings_without_a_doorbell),
        TEST(takes_no_word_of_the_host_for_its_place),
        TEST(is_text_up_to_a_nul_for_a_host_of_version_1),
        TEST(does_what_the_host_asks_for),
        TEST(answers_what_the_state_does_not_allow),
        TEST(answers_what_the_host_did_not_take),
        TEST(touches_nothing_after_its_end),
        TEST(says_nothing_to_a_host_of_version_1),
    };

    return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
