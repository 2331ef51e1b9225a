// SPDX-License-Identifier: BSD-3-Clause
// The emulator as an instrument: exact counts, breakpoints, single steps, snapshots, faults.
//
// usage: test_emulator FIRMWARE_DIRECTORY
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/host.h>

#include "emulator/emulator.h"

#define ALL UINT64_C(100000000)

static const char *directory;

/// What came last, and how often.
static struct inbox {
    uint32_t count;
    uint32_t size;
    uint8_t data[512];
} inbox;

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    inbox.count++;
    inbox.size = msg->size;
    memcpy(inbox.data, msg->data, msg->size);
}

static struct yoke_host *boot(const char *app)
{
    const struct yoke_host_options options = {.kind = &yoke_emulator_stepped_kind};
    struct yoke_host *const host = malloc(sizeof *host);
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s.elf", directory, app);
    assert_non_null(host);
    if (yoke_host_open(host, path, &options) != YOKE_OK || yoke_host_boot(host) != YOKE_OK) {
        fail_msg("%s", host->error);
    }
    inbox = (struct inbox){0};
    return host;
}

static void end(struct yoke_host *host)
{
    yoke_host_close(host);
    free(host);
}

/// Runs until the core sleeps, lets the host handle what there is, and so on until both are quiet.
static void settle(struct yoke_host *host)
{
    do {
        assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_SLEEPS);
    } while (yoke_host_poll(host) > 0);
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_SLEEPS);
}

static void connect(struct yoke_host *host, struct yoke_ept *ept, const char *service)
{
    settle(host);
    const struct yoke_service *const found = yoke_ns_find(&host->ns, service);
    assert_non_null(found);
    *ept = (struct yoke_ept){0};
    assert_int_equal(
        yoke_ept_open(&host->link, ept, YOKE_RPMSG_ADDR_ANY, found->addr, receive, NULL), YOKE_OK);
}

/// The address of a symbol, by asking for the name of each address.
static uint64_t address_of(const struct yoke_host *host, const char *symbol)
{
    const char *name = NULL;
    uint64_t offset = 0;

    for (uint64_t at = 0x80000040; at < 0x80010000; at += 2) {
        if (yoke_elf_symbol(&host->elf, at, &name, &offset) == YOKE_OK && offset == 0 &&
            strcmp(name, symbol) == 0) {
            return at;
        }
    }
    fail_msg("no symbol %s", symbol);
    return 0;
}

static void test_nothing_runs_until_it_is_told_to(void **state)
{
    struct yoke_host *const host = boot("echo");
    (void)state;

    assert_int_equal(yoke_emulator_executed(host->machine), 0);
    assert_int_equal(yoke_emulator_register(host->machine, YOKE_EMULATOR_PC),
                     address_of(host, "cm_reset"));
    assert_int_equal(yoke_emulator_register(host->machine, YOKE_EMULATOR_SP),
                     yoke_le32(host->machine->regions[0].va));
    assert_int_equal(yoke_host_poll(host), 0);
    end(host);
}

static void test_a_run_executes_exactly_as_many_instructions_as_asked_for(void **state)
{
    struct yoke_host *const host = boot("echo");
    uint64_t executed = 0;
    uint32_t more = 0;
    (void)state;

    for (uint64_t n = 1; n < 50; n++) {
        assert_int_equal(yoke_emulator_run(host->machine, n), YOKE_EMULATOR_LIMIT);
        const uint64_t did = yoke_emulator_executed(host->machine) - executed;
        // More only where it stops behind a block of up to 4 conditional instructions.
        assert_in_range(did, n, n + 4);
        more += did != n ? 1 : 0;
        executed += did;
    }
    assert_in_range(more, 0, 10);
    assert_int_equal(yoke_emulator_run(host->machine, 0), YOKE_EMULATOR_LIMIT);
    assert_int_equal(yoke_emulator_executed(host->machine), executed);
    end(host);
}

/// One echo, run in steps of so many instructions; returns the instructions from the doorbell until
/// the core sleeps again.
static uint64_t echo_in_steps(struct yoke_host *host, struct yoke_ept *ept, uint64_t step)
{
    const uint64_t before = yoke_emulator_executed(host->machine);

    assert_int_equal(yoke_send(ept, "0123456789abcdef", 16), YOKE_OK);
    while (yoke_emulator_run(host->machine, step) == YOKE_EMULATOR_LIMIT) {
    }
    const uint64_t took = yoke_emulator_executed(host->machine) - before;
    assert_int_equal(yoke_host_poll(host), 1);
    assert_memory_equal(inbox.data, "0123456789abcdef", 16);
    (void)yoke_emulator_run(host->machine, ALL);
    return took;
}

static void test_the_same_input_takes_the_same_instructions_in_steps_of_any_size(void **state)
{
    static const uint64_t steps[] = {ALL, 1, 2, 3, 7, 100};
    uint64_t first = 0;
    uint32_t registers[17] = {0};
    (void)state;

    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        struct yoke_host *const host = boot("echo");
        struct yoke_ept ept;
        while (yoke_emulator_run(host->machine, steps[s]) == YOKE_EMULATOR_LIMIT) {
        }
        connect(host, &ept, "echo");
        const uint64_t took = echo_in_steps(host, &ept, steps[s]);
        if (s == 0) {
            first = took;
            print_message("%llu instructions an echo of 16 bytes, doorbell to sleep\n",
                          (unsigned long long)took);
        }
        assert_int_equal(took, first);
        for (uint32_t r = 0; r < 17; r++) {
            const uint32_t value = yoke_emulator_register(host->machine, r);
            if (s == 0) {
                registers[r] = value;
            }
            assert_int_equal(value, registers[r]);
        }
        end(host);
    }
}

static void test_a_breakpoint_stops_before_its_instruction_each_time(void **state)
{
    struct yoke_host *const host = boot("echo");
    struct yoke_ept ept;
    uint64_t expected[3];
    (void)state;

    connect(host, &ept, "echo");
    const uint64_t function = address_of(host, "answer_copy");
    assert_int_equal(yoke_emulator_break(host->machine, function | 1), YOKE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_BREAKPOINT);
        assert_int_equal(yoke_emulator_register(host->machine, YOKE_EMULATOR_PC), function);
        expected[i] = yoke_emulator_executed(host->machine);
    }
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_SLEEPS);
    assert_true(expected[0] < expected[1] && expected[1] < expected[2]);
    yoke_emulator_unbreak(host->machine);
    (void)yoke_host_poll(host);
    assert_int_equal(inbox.count, 3);
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_SLEEPS);
    for (uint32_t i = 0; i < YOKE_EMULATOR_BREAKPOINTS; i++) {
        assert_int_equal(yoke_emulator_break(host->machine, i), YOKE_OK);
    }
    assert_int_equal(yoke_emulator_break(host->machine, 0), YOKE_NO_SPACE);
    end(host);
}

static void test_registers_can_be_written(void **state)
{
    struct yoke_host *const host = boot("crash");
    (void)state;

    settle(host);
    yoke_emulator_set_register(host->machine, YOKE_EMULATOR_PC,
                               (uint32_t)address_of(host, "illegal_instruction"));
    yoke_emulator_set_register(host->machine, 7, 0x12345678);
    assert_int_equal(yoke_emulator_register(host->machine, 7), 0x12345678);
    assert_int_equal(yoke_emulator_register(host->machine, 17), 0);
    // It sleeps still, until it is rung.
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_SLEEPS);
    host->machine->ops->notify(host->machine, 0);
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_DEAD);
    assert_int_equal(yoke_host_poll(host), YOKE_DOWN);
    assert_int_equal(host->crash.record.x[7], 0x12345678);
    end(host);
}

static void test_a_snapshot_brings_everything_back_any_number_of_times(void **state)
{
    struct yoke_host *const host = boot("matrix");
    uint64_t took[4];
    uint8_t after[4096];
    (void)state;

    settle(host);
    struct yoke_emulator_snapshot *const snapshot = yoke_emulator_save(host->machine);
    assert_non_null(snapshot);
    const uint64_t executed = yoke_emulator_executed(host->machine);
    uint8_t *const image = host->machine->regions[0].va;
    uint8_t *const shared = host->machine->regions[1].va;
    for (int i = 0; i < 4; i++) {
        host->machine->ops->notify(host->machine, 1);
        shared[0x300000] = 7; // A page that was all zero.
        assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_SLEEPS);
        took[i] = yoke_emulator_executed(host->machine) - executed;
        assert_int_equal(took[i], took[0]);
        if (i == 0) {
            memcpy(after, image + 0x2000, sizeof after);
        }
        assert_memory_equal(image + 0x2000, after, sizeof after);
        memset(image + 0x2000, 0x55, sizeof after);
        assert_int_equal(yoke_emulator_restore(host->machine, snapshot), YOKE_OK);
        assert_int_equal(yoke_emulator_executed(host->machine), executed);
        assert_int_equal(shared[0x300000], 0);
    }
    assert_true(took[0] > 0);
    // What it was saved from is gone when it is started anew.
    assert_int_equal(yoke_host_boot(host), YOKE_OK);
    assert_int_equal(yoke_emulator_restore(host->machine, snapshot), YOKE_INVALID);
    yoke_emulator_forget(snapshot);
    yoke_emulator_forget(NULL);
    end(host);
}

static void test_a_doorbell_at_any_instruction_of_an_echo_is_never_lost(void **state)
{
    struct yoke_host *const host = boot("echo");
    struct yoke_ept ept;
    uint32_t answered = 0;
    (void)state;

    connect(host, &ept, "echo");
    const uint64_t whole = echo_in_steps(host, &ept, ALL);
    answered = inbox.count;
    for (uint64_t at = 0; at <= whole; at++) {
        assert_int_equal(yoke_send(&ept, &at, sizeof at), YOKE_OK);
        (void)yoke_emulator_run(host->machine, at);
        assert_int_equal(yoke_send(&ept, &at, sizeof at), YOKE_OK);
        settle(host);
        answered += 2;
        assert_int_equal(inbox.count, answered);
    }
    end(host);
}

static void expect_record(char command, uint32_t cause, const char *symbol, uint64_t offset)
{
    struct yoke_host *const host = boot("crash");
    struct yoke_ept ept;
    const char *name = NULL;
    uint64_t found = 0;

    connect(host, &ept, "crash");
    assert_int_equal(yoke_send(&ept, &command, 1), YOKE_OK);
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_DEAD);
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_DEAD);
    assert_int_equal(yoke_host_poll(host), YOKE_DOWN);
    const struct yoke_crash *const record = &host->crash.record;
    assert_true(host->crash.recorded);
    assert_int_equal(record->cause, cause);
    assert_int_equal(yoke_elf_symbol(&host->elf, record->pc, &name, &found), YOKE_OK);
    assert_string_equal(name, symbol);
    assert_int_equal(found, offset);
    end(host);
}

// By the listing of crash.elf: the store behind two loads and a move; the first instruction.
static void test_faults_are_recorded_at_their_very_instruction(void **state)
{
    (void)state;
    expect_record('n', YOKE_CRASH_DATA, "null_dereference", 6);
    expect_record('i', YOKE_CRASH_INSTRUCTION, "illegal_instruction", 0);
}

static void test_an_exit_is_recorded(void **state)
{
    struct yoke_host *const host = boot("crash");
    struct yoke_ept ept;
    (void)state;

    connect(host, &ept, "crash");
    assert_int_equal(yoke_send(&ept, "x", 1), YOKE_OK);
    assert_int_equal(yoke_emulator_run(host->machine, ALL), YOKE_EMULATOR_DEAD);
    assert_int_equal(yoke_host_poll(host), YOKE_DOWN);
    assert_int_equal(host->crash.record.cause, YOKE_CRASH_EXIT);
    assert_int_equal(host->crash.record.status[0], 3);
    assert_non_null(strstr(host->tail, "halted; the crash record says why\n"));
    end(host);
}

// Firmware that traces the rest of a line and then says something on its console, all of it between
// two looks of the host.
static struct yoke_host *talker;
static bool talks;

static size_t say(struct yoke_machine *machine, char *text, size_t size)
{
    char *const log =
        yoke_plan_at(&talker->plan, yoke_plan_find(&talker->plan, YOKE_AREA_TRACE, 0, 0));

    (void)machine;
    if (!talks || size < 5) {
        return 0;
    }
    talks = false;
    memcpy(log + strlen(log), " and its end\n", 14);
    memcpy(text, "last\n", 5);
    return 5;
}

static void test_what_was_traced_before_a_console_s_text_is_shown_before_it(void **state)
{
    struct yoke_host *const host = boot("echo");
    struct yoke_machine_ops ops = *host->machine->ops;
    const struct yoke_machine_ops *const own = host->machine->ops;
    (void)state;

    talker = host;
    ops.console = say;
    char *const log = yoke_plan_at(&host->plan, yoke_plan_find(&host->plan, YOKE_AREA_TRACE, 0, 0));
    memcpy(log, "a line", 7);
    yoke_host_read_trace(host);
    host->machine->ops = &ops;
    talks = true;
    yoke_host_read_trace(host);
    host->machine->ops = own;
    assert_string_equal(host->tail, "a line and its end\nlast\n");
    end(host);
}

// A host that has the memory itself, and calls it by other addresses than the core does: a kernel,
// as in interop/linux.
#define ELSEWHERE UINT64_C(0x712345000)
static void *memory;
static bool told;
static struct yoke_region moved[2];

static struct yoke_machine *open_elsewhere(char *error, size_t size)
{
    struct yoke_machine *const machine = yoke_emulator_open_on(memory, error, size);

    assert_non_null(machine);
    assert_true(machine->region_count >= 2);
    memcpy(moved, machine->regions, sizeof moved);
    moved[1].pa = ELSEWHERE;
    machine->regions = moved;
    machine->region_count = 2;
    if (told) {
        yoke_emulator_set_pa(machine, ELSEWHERE);
    }
    return machine;
}

static void a_host_with_memory_elsewhere(bool tells)
{
    struct yoke_machine_kind kind = yoke_emulator_kind;
    const struct yoke_host_options options = {.kind = &kind};
    struct yoke_host *const host = malloc(sizeof *host);
    struct yoke_ept ept = {0};
    char path[512];

    told = tells;
    kind.open = open_elsewhere;
    memory = aligned_alloc(4096, yoke_emulator_bytes());
    assert_non_null(memory);
    memset(memory, 0, yoke_emulator_bytes());
    assert_non_null(host);
    (void)snprintf(path, sizeof path, "%s/echo.elf", directory);
    inbox = (struct inbox){0};
    if (yoke_host_open(host, path, &options) != YOKE_OK || yoke_host_boot(host) != YOKE_OK) {
        fail_msg("%s", host->error);
    }
    const struct yoke_service *const echo = yoke_host_find(host, "echo", tells ? 10000 : 200);
    if (tells) {
        assert_non_null(echo);
        assert_int_equal(
            yoke_ept_open(&host->link, &ept, YOKE_RPMSG_ADDR_ANY, echo->addr, receive, NULL),
            YOKE_OK);
        assert_int_equal(yoke_send(&ept, "there", 5), YOKE_OK);
        for (int i = 0; i < 100 && inbox.count == 0; i++) {
            assert_true(yoke_host_wait(host, 100) >= 0);
        }
        assert_int_equal(inbox.count, 1);
        assert_memory_equal(inbox.data, "there", 5);
        assert_int_equal(yoke_emulator_settle(host->machine), YOKE_OK);
    } else {
        assert_null(echo); // Its buffers are nowhere.
    }
    end(host);
    free(memory);
}

static void test_descriptors_may_hold_other_addresses_if_the_firmware_is_told(void **state)
{
    (void)state;
    a_host_with_memory_elsewhere(true);
    a_host_with_memory_elsewhere(false);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_runs_until_it_is_told_to),
        cmocka_unit_test(test_a_run_executes_exactly_as_many_instructions_as_asked_for),
        cmocka_unit_test(test_the_same_input_takes_the_same_instructions_in_steps_of_any_size),
        cmocka_unit_test(test_a_breakpoint_stops_before_its_instruction_each_time),
        cmocka_unit_test(test_registers_can_be_written),
        cmocka_unit_test(test_a_snapshot_brings_everything_back_any_number_of_times),
        cmocka_unit_test(test_a_doorbell_at_any_instruction_of_an_echo_is_never_lost),
        cmocka_unit_test(test_faults_are_recorded_at_their_very_instruction),
        cmocka_unit_test(test_an_exit_is_recorded),
        cmocka_unit_test(test_what_was_traced_before_a_console_s_text_is_shown_before_it),
        cmocka_unit_test(test_descriptors_may_hold_other_addresses_if_the_firmware_is_told),
    };

    if (argc != 2) {
        (void)fprintf(stderr, "usage: test_emulator FIRMWARE_DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    return cmocka_run_group_tests_name("emulator", tests, NULL, NULL);
}
