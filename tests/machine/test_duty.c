// SPDX-License-Identifier: BSD-3-Clause
// Firmware with a resource table of version 2 (duty.c), from file to message: sizes of buffers,
// parameters, requests, trace with a doorbell, locks.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include <yoke/host.h>

#define WAIT_MS 5000
#define DUTY FIRMWARE_DIRECTORY "/duty.elf"

/// What came last.
static struct {
    uint32_t count;
    uint32_t size;
    uint8_t data[65536];
} inbox;

static struct {
    char text[65536];
    size_t size;
    uint64_t at; ///< When the last text came.
} traced;

static struct yoke_ept ept;

static void receive(struct yoke_ept *to, const struct yoke_msg *msg)
{
    (void)to;
    inbox.count++;
    inbox.size = msg->size;
    memcpy(inbox.data, msg->data, msg->size);
}

static void on_trace(struct yoke_host *host, const char *text, size_t size, void *context)
{
    (void)host;
    (void)context;
    traced.at = yoke_host_clock();
    if (size < sizeof traced.text - traced.size) {
        memcpy(traced.text + traced.size, text, size);
        traced.size += size;
        traced.text[traced.size] = '\0';
    }
}

static struct yoke_host *boot_with(struct yoke_host_options options)
{
    struct yoke_host *const host = malloc(sizeof *host);

    assert_non_null(host);
    memset(&traced, 0, sizeof traced);
    memset(&inbox, 0, sizeof inbox);
    options.machine = "process";
    options.trace = on_trace;
    if (yoke_host_open(host, DUTY, &options) != YOKE_OK || yoke_host_boot(host) != YOKE_OK) {
        fail_msg("%s", host->error);
    }
    const struct yoke_service *const duty = yoke_host_find(host, "duty", WAIT_MS);
    if (duty == NULL) {
        fail_msg("%s", host->error);
    }
    ept = (struct yoke_ept){0};
    assert_int_equal(
        yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY, duty->addr, receive, NULL), YOKE_OK);
    return host;
}

static struct yoke_host *boot(void)
{
    return boot_with((struct yoke_host_options){0});
}

static void end(struct yoke_host *host)
{
    yoke_host_close(host);
    free(host);
}

/// Sends a command with a number.
static void command(char name, uint32_t number)
{
    uint8_t message[8] = {(uint8_t)name};

    memcpy(message + 4, &number, 4);
    assert_int_equal(yoke_send(&ept, message, sizeof message), YOKE_OK);
}

static void await_messages(struct yoke_host *host, uint32_t count)
{
    const uint64_t deadline = yoke_host_clock() + UINT64_C(1000000) * WAIT_MS;

    while (inbox.count < count && yoke_host_clock() < deadline) {
        if (yoke_host_wait(host, 100) < 0) {
            fail_msg("%s", host->error);
        }
    }
    assert_int_equal(inbox.count, count);
}

static void await_trace(struct yoke_host *host, const char *text)
{
    const uint64_t deadline = yoke_host_clock() + UINT64_C(1000000) * WAIT_MS;

    while (strstr(traced.text, text) == NULL && yoke_host_clock() < deadline) {
        assert_true(yoke_host_wait(host, 100) >= 0);
    }
    assert_non_null(strstr(traced.text, text));
}

static void buffers_have_the_sizes_of_the_table_each_way(void **state)
{
    struct yoke_host *const host = boot();
    static uint8_t data[32768 - 16];
    (void)state;

    assert_true((yoke_link_features(&host->link) & YOKE_F_RPMSG_BUFFERS) != 0);
    assert_int_equal(yoke_link_mtu(&host->link), sizeof data);
    for (uint32_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 5 + i / 256);
    }
    data[0] = 'E';
    for (uint32_t round = 1; round <= 20; round++) {
        assert_int_equal(yoke_send(&ept, data, sizeof data - round), YOKE_OK);
        await_messages(host, round);
        assert_int_equal(inbox.size, sizeof data - round);
        assert_memory_equal(inbox.data, data, inbox.size);
    }
    assert_int_equal(yoke_send(&ept, data, sizeof data + 1), YOKE_TOO_LONG);
    command('B', 65528);
    await_messages(host, 21);
    assert_int_equal(inbox.size, 65528);
    for (uint32_t i = 0; i < 65528; i++) {
        assert_int_equal(inbox.data[i], (uint8_t)(i * 7 + i / 256));
    }
    end(host);
}

static void a_host_without_the_feature_has_buffers_of_512_bytes(void **state)
{
    struct yoke_host *const host =
        boot_with((struct yoke_host_options){.known = YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX});
    uint8_t data[496] = {'E'};
    (void)state;

    assert_int_equal(yoke_link_features(&host->link), YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX);
    assert_int_equal(yoke_link_mtu(&host->link), 496);
    assert_int_equal(yoke_send(&ept, data, sizeof data), YOKE_OK);
    await_messages(host, 1);
    assert_int_equal(inbox.size, 496);
    command('B', 65528);
    await_messages(host, 2);
    assert_int_equal(inbox.size, 496); // The firmware's own bound.
    end(host);
}

struct report {
    uint32_t level;
    int16_t delta;
    uint8_t loud;
    uint8_t pad;
    char title[16];
    uint8_t key[4];
};

static struct report report_with(const char *const *params, uint32_t count)
{
    struct yoke_host *const host =
        boot_with((struct yoke_host_options){.params = params, .param_count = count});
    struct report report;

    command('P', 0);
    await_messages(host, 1);
    assert_int_equal(inbox.size, sizeof report);
    memcpy(&report, inbox.data, sizeof report);
    end(host);
    return report;
}

static void firmware_finds_the_values_of_its_parameters(void **state)
{
    static const char *const params[] = {"level=0x12345678", "delta=-32768", "loud=true",
                                         "title=a=b, c", "key=00ffA55a"};
    (void)state;

    struct report report = report_with(NULL, 0);
    assert_int_equal(report.level, 3);
    assert_int_equal(report.delta, -1);
    assert_int_equal(report.loud, 0);
    assert_string_equal(report.title, "no title");
    assert_memory_equal(report.key, "\1\2\3\4", 4);
    report = report_with(params, 5);
    assert_int_equal(report.level, 0x12345678);
    assert_int_equal(report.delta, -32768);
    assert_int_equal(report.loud, 1);
    assert_string_equal(report.title, "a=b, c");
    assert_memory_equal(report.key, "\0\xff\xa5\x5a", 4);
    report = report_with(params + 3, 1);
    assert_int_equal(report.level, 3);
    assert_string_equal(report.title, "a=b, c");
}

static void assert_param_refused(const char *param, int status, const char *text)
{
    struct yoke_host *const host = malloc(sizeof *host);
    const struct yoke_host_options options = {
        .machine = "process", .params = &param, .param_count = 1};

    assert_non_null(host);
    assert_int_equal(yoke_host_plan(host, DUTY, &options), status);
    if (strstr(host->error, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", host->error, text);
    }
    end(host);
}

static void values_that_make_no_sense_are_refused_in_words(void **state)
{
    (void)state;
    assert_param_refused("level", YOKE_INVALID, "parameter \"level\": must be NAME=VALUE");
    assert_param_refused("=3", YOKE_INVALID, "parameter \"=3\": must be NAME=VALUE");
    assert_param_refused("speed=3", YOKE_INVALID,
                         "parameter \"speed\": the firmware's table has none of this name; it has: "
                         "level, delta, loud, title, key");
    assert_param_refused("level=", YOKE_INVALID, "\"\" is not a number, decimal or with 0x");
    assert_param_refused("level=-1", YOKE_INVALID, "\"-1\" is not a number");
    assert_param_refused("level= 1", YOKE_INVALID, "is not a number");
    assert_param_refused("level=12z", YOKE_INVALID, "is not a number");
    assert_param_refused("level=0x", YOKE_INVALID, "is not a number");
    assert_param_refused("level=18446744073709551616", YOKE_INVALID, "is not a number");
    assert_param_refused("level=0x100000000", YOKE_BAD_IMAGE,
                         "parameter: level 0x100000000 must not exceed 0xffffffff");
    assert_param_refused("delta=32768", YOKE_BAD_IMAGE, "must fit, with its sign, bytes: 2");
    assert_param_refused("delta=9223372036854775808", YOKE_INVALID, "is not a number");
    assert_param_refused("loud=yes", YOKE_INVALID, "\"yes\" is not true or false");
    assert_param_refused("title=sixteen letters.", YOKE_BAD_IMAGE,
                         "length of parameter: title 16 must, for the NUL behind, be less than 16");
    assert_param_refused("key=00ff0", YOKE_INVALID, "is not pairs of hexadecimal digits");
    assert_param_refused("key=00gg", YOKE_INVALID, "is not pairs of hexadecimal digits");
    assert_param_refused("key=00ff", YOKE_BAD_IMAGE, "length of parameter: key 2 must be 4");
}

static void firmware_without_parameters_takes_none(void **state)
{
    struct yoke_host *const host = malloc(sizeof *host);
    static const char *const params[YOKE_HOST_PARAMS + 1] = {"a=1"};
    struct yoke_host_options options = {.machine = "process", .params = params, .param_count = 1};
    (void)state;

    assert_non_null(host);
    assert_int_equal(yoke_host_plan(host, FIRMWARE_DIRECTORY "/echo.elf", &options), YOKE_INVALID);
    assert_string_equal(host->error, "parameter \"a\": the firmware's table has none of this name");
    yoke_host_close(host);
    options.param_count = YOKE_HOST_PARAMS + 1;
    assert_int_equal(yoke_host_plan(host, DUTY, &options), YOKE_INVALID);
    assert_string_equal(host->error, "33 parameters: at most 32");
    end(host);
}

/// What is wrong with a table is said, and not that it lacks a parameter.
static void a_table_that_is_refused_has_no_parameters(void **state)
{
    static uint8_t bytes[1 << 20];
    static const char *const params[] = {"level=1"};
    const struct yoke_host_options options = {
        .machine = "process", .params = params, .param_count = 1};
    struct yoke_host *const host = malloc(sizeof *host);
    char path[] = "/tmp/yoke-duty-XXXXXX";
    FILE *file = fopen(DUTY, "rb");
    (void)state;

    assert_non_null(host);
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    uint8_t *const table = memmem(bytes, size, "YRT2\2\0", 6);
    assert_non_null(table);
    table[12] = 200; // count
    file = fdopen(mkstemp(path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    (void)fclose(file);
    assert_int_equal(yoke_host_plan(host, path, &options), YOKE_BAD_IMAGE);
    if (strstr(host->error, "table entry 9: size 0 is left in the table") == NULL) {
        fail_msg("%s", host->error);
    }
    (void)unlink(path);
    end(host);
}

static void firmware_comes_to_its_own_end(void **state)
{
    struct yoke_host *const host = boot();
    (void)state;

    assert_int_equal(yoke_host_end(host, WAIT_MS), YOKE_OK);
    assert_int_equal(host->rproc.state, YOKE_OFFLINE);
    assert_non_null(strstr(traced.text, "stopping\n"));
    assert_int_equal(yoke_host_end(host, WAIT_MS), YOKE_DOWN);
    assert_int_equal(yoke_host_boot(host), YOKE_OK);
    assert_non_null(yoke_host_find(host, "duty", WAIT_MS));
    end(host);
}

static void firmware_that_does_not_answer_is_stopped_all_the_same(void **state)
{
    struct yoke_host *const host = boot();
    (void)state;

    command('D', 0);
    command('P', 0);
    await_messages(host, 1);
    const uint64_t start = yoke_host_clock();
    assert_int_equal(yoke_host_end(host, 50), YOKE_AGAIN);
    assert_true(yoke_host_clock() - start >= 50000000u);
    assert_int_equal(host->rproc.state, YOKE_OFFLINE);
    end(host);
}

static void firmware_that_offers_no_end_is_stopped(void **state)
{
    struct yoke_host *const host = malloc(sizeof *host);
    const struct yoke_host_options options = {.machine = "process"};
    (void)state;

    assert_non_null(host);
    assert_int_equal(yoke_host_open(host, FIRMWARE_DIRECTORY "/echo.elf", &options), YOKE_OK);
    assert_int_equal(yoke_host_boot(host), YOKE_OK);
    assert_int_equal(yoke_host_suspend(host, WAIT_MS), YOKE_UNSUPPORTED);
    assert_int_equal(yoke_host_end(host, WAIT_MS), YOKE_UNSUPPORTED);
    assert_int_equal(host->rproc.state, YOKE_OFFLINE);
    end(host);
}

static void what_is_sent_to_firmware_at_rest_is_answered_afterwards(void **state)
{
    struct yoke_host *const host = boot();
    (void)state;

    assert_int_equal(yoke_host_suspend(host, WAIT_MS), YOKE_OK);
    command('P', 0);
    for (unsigned i = 0; i < 5; i++) {
        (void)yoke_host_wait(host, 10);
    }
    assert_int_equal(inbox.count, 0);
    // A request that its state does not have changes nothing.
    assert_int_equal(yoke_host_suspend(host, WAIT_MS), YOKE_OK);
    assert_int_equal(yoke_host_resume(host, WAIT_MS), YOKE_OK);
    await_messages(host, 1);
    assert_int_equal(yoke_host_suspend(host, WAIT_MS), YOKE_OK);
    assert_int_equal(yoke_host_end(host, WAIT_MS), YOKE_OK);
    end(host);
}

static void firmware_that_says_that_it_failed_counts_as_crashed(void **state)
{
    struct yoke_host *const host = boot();
    const uint64_t deadline = yoke_host_clock() + UINT64_C(1000000) * WAIT_MS;
    (void)state;

    command('F', 0);
    while (yoke_host_wait(host, 100) >= 0 && yoke_host_clock() < deadline) {
    }
    assert_int_equal(host->rproc.state, YOKE_CRASHED);
    assert_string_equal(host->error, "the firmware says that it failed (power state)");
    assert_int_equal(host->rproc.crashes, 1);
    assert_int_equal(yoke_host_boot(host), YOKE_OK);
    end(host);
}

static void a_doorbell_tells_of_trace(void **state)
{
    struct yoke_host *const host = boot();
    (void)state;

    await_trace(host, "duty: ready\n");
    command('T', 1);
    // One long sleep: nothing but the doorbell shows the text before its end.
    const uint64_t start = yoke_host_clock();
    while (strstr(traced.text, "number 0000000000\n") == NULL) {
        assert_true(yoke_host_wait(host, WAIT_MS) >= 0);
    }
    assert_true(traced.at - start < UINT64_C(1000000) * WAIT_MS / 2);
    assert_int_equal(host->trace_lost, 0);
    end(host);
}

static void trace_that_was_overwritten_is_counted_and_said(void **state)
{
    struct yoke_host *const host = boot();
    char note[64];
    (void)state;

    await_trace(host, "duty: ready\n");
    command('T', 5000); // 160000 bytes, of which 256 are there.
    await_trace(host, "line of trace number 0000004999\n");
    assert_true(host->trace_lost != 0);
    (void)snprintf(note, sizeof note, "bytes of trace lost]\n");
    assert_non_null(strstr(traced.text, note));
    // All that is not lost was shown: count it, notes aside.
    size_t shown = 0;
    for (const char *at = traced.text; *at != '\0'; at++) {
        if (*at == '[') {
            at = strchr(at, ']') + 1; // And the line feeds around it.
            shown--;
            continue;
        }
        shown++;
    }
    assert_int_equal(shown + host->trace_lost, 12 + 5000 * 32);
    end(host);
}

static void a_spoilt_trace_block_harms_nobody(void **state)
{
    struct yoke_host *const host = boot();
    (void)state;

    await_trace(host, "duty: ready\n");
    command('X', 0);
    await_messages(host, 1);
    for (unsigned i = 0; i < 10; i++) {
        assert_true(yoke_host_wait(host, 5) >= 0);
    }
    command('P', 0);
    await_messages(host, 2);
    end(host);
}

/// A writer that has always written one byte more when its host has read the last one.
static struct {
    struct yoke_rsc2_trace_block *block;
    uint32_t bytes; ///< That it will write still.
    uint32_t read;  ///< Pieces that its host has read.
    uint64_t at;    ///< When it read the last one.
} writer;

static void write_byte(void)
{
    if (writer.bytes != 0) {
        writer.bytes--;
        writer.block->begin++;
        writer.block->write++;
    }
}

static void on_piece(struct yoke_host *host, const char *text, size_t size, void *context)
{
    (void)host;
    (void)text;
    (void)size;
    (void)context;
    writer.read++;
    writer.at = yoke_host_clock();
    write_byte();
}

/// Firmware at rest, whose trace is read to its end, and a writer in its place.
static struct yoke_host *boot_writer(uint32_t bytes)
{
    struct yoke_host *const host = boot();

    await_trace(host, "duty: ready\n");
    (void)yoke_host_wait(host, 20);
    memset(&writer, 0, sizeof writer);
    writer.block = host->traces[0].block.block;
    writer.bytes = bytes;
    host->options.trace = on_piece;
    (void)usleep(20000); // It is time to look.
    write_byte();
    return host;
}

static void a_trace_without_end_does_not_hold_its_host(void **state)
{
    struct yoke_host *const host = boot_writer(100000);
    (void)state;

    yoke_host_read_trace(host);
    assert_in_range(writer.read, 1, 8);
    end(host);
}

static void trace_that_is_left_is_read_soon(void **state)
{
    struct yoke_host *const host = boot_writer(3);
    const uint64_t start = yoke_host_clock();
    (void)state;

    assert_true(host->traces[0].armed);
    (void)yoke_host_wait(host, WAIT_MS / 4);
    assert_int_equal(writer.read, 3);
    assert_true(writer.at - start < UINT64_C(1000000) * WAIT_MS / 8);
    end(host);
}

static void locks_of_dead_firmware_are_freed(void **state)
{
    struct yoke_host *const host = boot();
    const struct yoke_area *area = NULL;
    (void)state;

    for (uint32_t i = 0; i < host->plan.area_count; i++) {
        if (host->plan.areas[i].kind == YOKE_AREA_LOCKS) {
            area = &host->plan.areas[i];
        }
    }
    assert_non_null(area);
    const uint32_t *const locks = yoke_plan_at(&host->plan, area);
    command('L', 0);
    await_messages(host, 1);
    assert_int_equal(locks[0], 0xa5);
    command('C', 0); // It ends.
    while (yoke_host_wait(host, 100) >= 0) {
    }
    assert_int_equal(host->rproc.state, YOKE_CRASHED);
    assert_int_equal(locks[0], 0xa5); // As it was, for a dump.
    yoke_host_stop(host);
    assert_int_equal(locks[0], 0x5a);
    assert_int_equal(locks[2], 0);
    assert_int_equal(locks[4], 0x5a);
    assert_int_equal(locks[6], 0xb6); // Another core's.
    assert_int_equal(host->locks_freed, 2);
    end(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_have_the_sizes_of_the_table_each_way),
        cmocka_unit_test(a_host_without_the_feature_has_buffers_of_512_bytes),
        cmocka_unit_test(firmware_finds_the_values_of_its_parameters),
        cmocka_unit_test(values_that_make_no_sense_are_refused_in_words),
        cmocka_unit_test(firmware_without_parameters_takes_none),
        cmocka_unit_test(a_table_that_is_refused_has_no_parameters),
        cmocka_unit_test(firmware_comes_to_its_own_end),
        cmocka_unit_test(firmware_that_does_not_answer_is_stopped_all_the_same),
        cmocka_unit_test(firmware_that_offers_no_end_is_stopped),
        cmocka_unit_test(what_is_sent_to_firmware_at_rest_is_answered_afterwards),
        cmocka_unit_test(firmware_that_says_that_it_failed_counts_as_crashed),
        cmocka_unit_test(a_doorbell_tells_of_trace),
        cmocka_unit_test(trace_that_was_overwritten_is_counted_and_said),
        cmocka_unit_test(a_spoilt_trace_block_harms_nobody),
        cmocka_unit_test(a_trace_without_end_does_not_hold_its_host),
        cmocka_unit_test(trace_that_is_left_is_read_soon),
        cmocka_unit_test(locks_of_dead_firmware_are_freed),
    };

    return cmocka_run_group_tests_name("duty", tests, NULL, NULL);
}
