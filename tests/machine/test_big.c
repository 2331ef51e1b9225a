// SPDX-License-Identifier: BSD-3-Clause
// App `big`, with all that version 2 of the resource table can say, through the host library: large
// messages, parameters, a trace that rings, rest and end. `test_big MACHINE DIRECTORY`.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/host.h>

enum { WAIT_MS = 5000, LARGEST = 65528, PIECE = 4080 };

static const char *machine;
static char path[4096];

static uint8_t sent[LARGEST];
static uint8_t got[LARGEST];
static size_t got_size;
static size_t got_largest;
static char traced[4096];
static struct yoke_ept ept;

static void receive(struct yoke_ept *to, const struct yoke_msg *msg)
{
    (void)to;
    assert_true(msg->size <= sizeof got - got_size);
    memcpy(got + got_size, msg->data, msg->size);
    got_size += msg->size;
    got_largest = msg->size > got_largest ? msg->size : got_largest;
}

static void on_trace(struct yoke_host *host, const char *text, size_t size, void *context)
{
    (void)host;
    (void)context;
    if (size < sizeof traced - strlen(traced)) {
        (void)strncat(traced, text, size);
    }
}

static struct yoke_host *boot(struct yoke_host_options options)
{
    struct yoke_host *const host = malloc(sizeof *host);

    assert_non_null(host);
    traced[0] = '\0';
    got_size = 0;
    got_largest = 0;
    options.machine = machine;
    options.trace = on_trace;
    if (yoke_host_open(host, path, &options) != YOKE_OK || yoke_host_boot(host) != YOKE_OK) {
        fail_msg("%s", host->error);
    }
    const struct yoke_service *const echo = yoke_host_find(host, "echo", WAIT_MS);
    if (echo == NULL) {
        fail_msg("%s", host->error);
    }
    ept = (struct yoke_ept){0};
    assert_int_equal(
        yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY, echo->addr, receive, NULL), YOKE_OK);
    return host;
}

static void shut(struct yoke_host *host)
{
    yoke_host_close(host);
    free(host);
}

/// Lets time pass until so many bytes came back, and compares them.
static void await_echo(struct yoke_host *host, size_t size)
{
    const uint64_t deadline = yoke_host_clock() + WAIT_MS * UINT64_C(1000000);

    while (got_size < size && yoke_host_clock() < deadline) {
        if (yoke_host_wait(host, 100) < 0) {
            fail_msg("%s", host->error);
        }
    }
    assert_int_equal(got_size, size);
    assert_memory_equal(got, sent, size);
    got_size = 0;
}

static void the_largest_message_comes_back_in_pieces(void **state)
{
    struct yoke_host *const host = boot((struct yoke_host_options){0});

    (void)state;
    assert_int_equal(yoke_link_mtu(&host->link), LARGEST);
    for (uint32_t size = LARGEST; size != 0; size /= 3) {
        assert_int_equal(yoke_send(&ept, sent, size), YOKE_OK);
        await_echo(host, size);
    }
    assert_int_equal(got_largest, PIECE);
    shut(host);
}

static void a_host_of_version_1_has_small_messages_and_the_same_text(void **state)
{
    struct yoke_host *const host = boot((struct yoke_host_options){.versions = YOKE_RSC_KNOW_1});

    (void)state;
    assert_int_equal(yoke_link_mtu(&host->link), 496);
    assert_int_equal(yoke_send(&ept, sent, 496), YOKE_OK);
    await_echo(host, 496);
    yoke_host_read_trace(host);
    assert_string_equal(traced, "big: ready\n");
    assert_int_equal(yoke_host_suspend(host, WAIT_MS), YOKE_UNSUPPORTED);
    shut(host);
}

static void parameters_are_variables_of_the_firmware(void **state)
{
    static const char *const params[] = {"piece=100", "greeting=hello from the host"};
    struct yoke_host *const host =
        boot((struct yoke_host_options){.params = params, .param_count = 2});

    (void)state;
    assert_int_equal(yoke_send(&ept, sent, 1000), YOKE_OK);
    await_echo(host, 1000);
    assert_int_equal(got_largest, 100);
    yoke_host_read_trace(host);
    assert_string_equal(traced, "big: hello from the host\n");
    shut(host);
}

static void rests_goes_on_and_comes_to_its_end(void **state)
{
    struct yoke_host *const host = boot((struct yoke_host_options){0});

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(yoke_host_suspend(host, WAIT_MS), YOKE_OK);
        assert_int_equal(yoke_send(&ept, sent, 100), YOKE_OK);
        assert_int_equal(yoke_host_wait(host, 20) < 0, 0);
        assert_int_equal(got_size, 0);
        assert_int_equal(yoke_host_resume(host, WAIT_MS), YOKE_OK);
        await_echo(host, 100);
    }
    assert_int_equal(yoke_host_end(host, WAIT_MS), YOKE_OK);
    assert_string_equal(traced, "big: ready\nsleeps\nsleeps\nsleeps\nstops\n");
    shut(host);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_message_comes_back_in_pieces),
        cmocka_unit_test(a_host_of_version_1_has_small_messages_and_the_same_text),
        cmocka_unit_test(parameters_are_variables_of_the_firmware),
        cmocka_unit_test(rests_goes_on_and_comes_to_its_end),
    };

    if (argc != 3) {
        (void)fprintf(stderr, "usage: test_big MACHINE DIRECTORY\n");
        return 2;
    }
    machine = argv[1];
    (void)snprintf(path, sizeof path, "%s/big.elf", argv[2]);
    for (size_t i = 0; i < sizeof sent; i++) {
        sent[i] = (uint8_t)(i * 7 + i / 256);
    }
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
