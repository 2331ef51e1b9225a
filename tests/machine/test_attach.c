// SPDX-License-Identifier: BSD-3-Clause
// Attaching to firmware with a resource table of version 2, which runs already, and letting go of
// it: on a machine made for this test, a process machine that outlives its hosts.
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
#define BOTH FIRMWARE_DIRECTORY "/skew-both.elf"

// ------------------------------------------------------------------------------------ the machine

static struct yoke_machine *machine;
static struct yoke_machine_ops ops;
static void (*close_machine)(struct yoke_machine *);
static void (*stop_machine)(struct yoke_machine *);
static const struct yoke_rsc_vdev *watched; ///< A device's state in the core's memory, or NULL.
static unsigned status_at_stop;             ///< Its status when the core was halted.
static struct yoke_machine_kind kind;

static void keep(struct yoke_machine *which)
{
    (void)which;
}

static void stop(struct yoke_machine *which)
{
    if (watched != NULL) {
        status_at_stop = watched->status;
    }
    stop_machine(which);
}

static int attach(struct yoke_machine *which)
{
    return which->life_fd >= 0 ? YOKE_OK : YOKE_DOWN;
}

static int settle(struct yoke_machine *which)
{
    which->ops->notify(which, 0);
    (void)usleep(20000);
    return YOKE_OK;
}

static struct yoke_machine *open_machine(char *error, size_t size)
{
    if (machine == NULL) {
        machine = yoke_machine_find("process")->open(error, size);
        assert_non_null(machine);
        ops = *machine->ops;
        close_machine = ops.close;
        stop_machine = ops.stop;
        ops.stop = stop;
        ops.close = keep;
        ops.attach = attach;
        ops.settle = settle;
        machine->ops = &ops;
    }
    return machine;
}

static int set_up(void **state)
{
    (void)state;
    kind = *yoke_machine_find("process");
    kind.open = open_machine;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_machine(machine);
    machine = NULL;
    return 0;
}

// --------------------------------------------------------------------------------------- the hosts

static struct yoke_host first, second;
static char traced[4096];
static uint32_t answers;
static uint32_t answer_size;
static struct yoke_ept ept;

static void on_trace(struct yoke_host *host, const char *text, size_t size, void *context)
{
    (void)host;
    (void)context;
    if (strlen(traced) + size < sizeof traced) {
        (void)strncat(traced, text, size);
    }
}

static void receive(struct yoke_ept *to, const struct yoke_msg *msg)
{
    (void)to;
    answers++;
    answer_size = msg->size;
}

static int open_host(struct yoke_host *host, const char *path, uint32_t versions, bool attaches)
{
    static const char *const params[] = {"key=a0b0c0d0"};
    const struct yoke_host_options options = {
        .kind = &kind,
        .versions = versions,
        .attach = attaches,
        .trace = on_trace,
        .params = params,
        // The next host does not know what the first one was told.
        .param_count = !attaches && strstr(path, "duty") != NULL,
    };

    traced[0] = '\0';
    return yoke_host_open(host, path, &options);
}

/// Firmware that runs, and whose host is gone.
static void leave_running(const char *path, uint32_t versions)
{
    if (open_host(&first, path, versions, false) != YOKE_OK || yoke_host_boot(&first) != YOKE_OK) {
        fail_msg("%s", first.error);
    }
    assert_non_null(
        yoke_host_find(&first, strstr(path, "skew") != NULL ? "echo" : "duty", WAIT_MS));
    yoke_host_read_trace(&first);
    assert_int_equal(yoke_host_detach(&first), YOKE_OK);
    yoke_host_close(&first);
}

static void assert_attach_refused(int status, const char *text)
{
    assert_int_equal(open_host(&second, DUTY, 0, true), status);
    if (strstr(second.error, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", second.error, text);
    }
    yoke_host_close(&second);
}

/// The table of version 2 in the core's memory.
static uint8_t *loaded_table(void)
{
    const struct yoke_area *const area = yoke_plan_find(&first.plan, YOKE_AREA_TABLE, 0, 0);

    return yoke_plan_at(&first.plan, area);
}

static void a_host_takes_over_what_the_one_before_left(void **state)
{
    uint8_t message[32000] = {'E'};
    (void)state;

    leave_running(DUTY, 0);
    if (open_host(&second, DUTY, 0, true) != YOKE_OK || yoke_host_attach(&second) != YOKE_OK) {
        fail_msg("%s", second.error);
    }
    assert_int_equal(second.plan.version, 2);
    for (uint32_t i = 0; i < second.plan.area_count; i++) {
        assert_false(second.plan.areas[i].placed); // All is where the table says.
    }
    const struct yoke_service *const duty = yoke_host_find(&second, "duty", WAIT_MS);
    assert_non_null(duty);
    ept = (struct yoke_ept){0};
    answers = 0;
    assert_int_equal(
        yoke_ept_open(&second.link, &ept, YOKE_RPMSG_ADDR_ANY, duty->addr, receive, NULL), YOKE_OK);
    assert_int_equal(yoke_send(&ept, message, sizeof message), YOKE_OK);
    for (unsigned i = 0; i < 100 && answers == 0; i++) {
        assert_true(yoke_host_wait(&second, 50) >= 0);
    }
    assert_int_equal(answers, 1);
    assert_int_equal(answer_size, sizeof message);
    assert_string_equal(traced, ""); // What the first host had read.
    assert_int_equal(yoke_host_end(&second, WAIT_MS), YOKE_OK);
    assert_string_equal(traced, "stopping\n");
    yoke_host_close(&second);
}

static void firmware_that_needs_its_host_is_not_left_alone(void **state)
{
    (void)state;
    leave_running(DUTY, 0);
    loaded_table()[32] &= (uint8_t)~YOKE_RSC2_F_HOST_RESTARTS; // taken
    if (open_host(&second, DUTY, 0, true) != YOKE_OK || yoke_host_attach(&second) != YOKE_OK) {
        fail_msg("%s", second.error);
    }
    assert_int_equal(yoke_host_detach(&second), YOKE_UNSUPPORTED);
    assert_true(yoke_host_runs(&second));
    yoke_host_close(&second);
    assert_int_equal(machine->life_fd, -1); // Closing has stopped it.
}

static void code_that_is_not_that_of_the_file_is_refused(void **state)
{
    const struct yoke_area *code = NULL;
    (void)state;

    leave_running(DUTY, 0);
    for (uint32_t i = 0; i < first.plan.area_count; i++) {
        if (first.plan.areas[i].kind == YOKE_AREA_SEGMENT &&
            (first.plan.areas[i].flags & YOKE_PF_X) != 0) {
            code = &first.plan.areas[i];
        }
    }
    assert_non_null(code);
    uint8_t *const last = (uint8_t *)yoke_plan_at(&first.plan, code) + code->bytes.size - 1;
    *last ^= 1;
    assert_attach_refused(YOKE_BAD_IMAGE, "the core runs another firmware: at 0x");
    *last ^= 1;
    assert_int_equal(open_host(&second, DUTY, 0, true), YOKE_OK);
    yoke_host_close(&second);
}

static void the_table_in_force_is_taken(void **state)
{
    (void)state;
    leave_running(BOTH, YOKE_RSC_KNOW_1);
    if (open_host(&second, BOTH, 0, true) != YOKE_OK || yoke_host_attach(&second) != YOKE_OK) {
        fail_msg("%s", second.error);
    }
    assert_int_equal(second.plan.version, 1);
    assert_non_null(yoke_host_find(&second, "echo", WAIT_MS));
    yoke_host_close(&second);
    assert_int_equal(open_host(&second, BOTH, YOKE_RSC_KNOW_2, true), YOKE_BAD_IMAGE);
    assert_string_equal(second.error, "the core does not run with a table of version 2");
    yoke_host_close(&second);
}

static void a_core_without_a_table_in_force_is_refused(void **state)
{
    (void)state;
    leave_running(DUTY, 0);
    memset(loaded_table() + 20, 0, 4); // host
    assert_attach_refused(YOKE_BAD_IMAGE, "the table that the core runs with: image: has no "
                                          "resource table: no section is called .resource_table");
}

/// The file of the firmware, but for the owner of its table.
static void write_owned(char *path, uint32_t owner)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(DUTY, "rb");

    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    uint8_t *const table = memmem(bytes, size, "YRT2\2\0", 6);
    assert_non_null(table);
    table[16] = (uint8_t)owner; // flags
    file = fdopen(mkstemp(path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    (void)fclose(file);
}

static void a_table_of_another_owner_must_be_in_force_too(void **state)
{
    char path[] = "/tmp/yoke-attach-duty-XXXXXX";
    (void)state;

    write_owned(path, YOKE_RSC2_OWNER_FIRMWARE);
    leave_running(DUTY, 0);
    loaded_table()[16] = YOKE_RSC2_OWNER_FIRMWARE;
    assert_int_equal(open_host(&second, path, 0, true), YOKE_OK);
    yoke_host_close(&second);
    memset(loaded_table() + 20, 0, 4); // host
    assert_int_equal(open_host(&second, path, 0, true), YOKE_BAD_IMAGE);
    yoke_host_close(&second);
    (void)unlink(path);
}

static void a_table_that_is_not_that_of_the_file_is_refused(void **state)
{
    (void)state;
    leave_running(DUTY, 0);
    loaded_table()[12]++; // count
    assert_attach_refused(YOKE_BAD_IMAGE, "the core runs another firmware: its resource table at");
}

static void addresses_that_a_loader_cannot_have_written_are_refused(void **state)
{
    (void)state;
    leave_running(DUTY, 0);
    const struct yoke_area *const ring = yoke_plan_find(&first.plan, YOKE_AREA_VRING, 8, 1);
    assert_non_null(ring);
    memset(loaded_table() + ring->table_offset, 0x70, 4); // da
    assert_attach_refused(YOKE_BAD_IMAGE, "the table that the core runs with: vring 1 of table "
                                          "entry 8: da 0x70707070 lies outside all shared regions");
    memset(loaded_table() + ring->table_offset, 0xff, 8);
    assert_attach_refused(YOKE_BAD_IMAGE, "must have been chosen before the core was started");
}

static void values_are_for_firmware_that_is_loaded(void **state)
{
    static const char *const params[] = {"level=9"};
    const struct yoke_host_options options = {
        .kind = &kind, .attach = true, .params = params, .param_count = 1};
    (void)state;

    leave_running(DUTY, 0);
    assert_int_equal(yoke_host_open(&second, DUTY, &options), YOKE_INVALID);
    assert_string_equal(second.error, "parameter \"level=9\": the core runs already, and keeps the "
                                      "values that it was loaded with");
    yoke_host_close(&second);
}

static void what_was_opened_to_attach_is_not_loaded(void **state)
{
    (void)state;
    leave_running(DUTY, 0);
    assert_int_equal(open_host(&second, DUTY, 0, true), YOKE_OK);
    assert_int_equal(yoke_host_attach(&second), YOKE_OK);
    assert_int_equal(yoke_host_boot(&second), YOKE_UNSUPPORTED);
    assert_string_equal(second.error, "opened to attach: to load the firmware, open it without");
    assert_true(yoke_host_runs(&second));
    yoke_host_stop(&second);
    assert_int_equal(yoke_host_boot(&second), YOKE_UNSUPPORTED);
    yoke_host_close(&second);
}

static void locks_of_firmware_whose_host_died_are_freed(void **state)
{
    (void)state;
    leave_running(DUTY, 0);
    const struct yoke_area *const area = yoke_plan_find(&first.plan, YOKE_AREA_LOCKS, 7, 0);
    assert_non_null(area);
    ((uint32_t *)yoke_plan_at(&first.plan, area))[2] = 0xa5;
    // The next host does not attach: it halts the core, and loads.
    assert_int_equal(open_host(&second, DUTY, 0, false), YOKE_OK);
    assert_int_equal(second.locks_freed, 1);
    yoke_host_close(&second);
}

static void a_device_is_let_go_of_before_its_core_is_halted(void **state)
{
    (void)state;
    assert_int_equal(open_host(&first, DUTY, 0, false), YOKE_OK);
    assert_int_equal(yoke_host_boot(&first), YOKE_OK);
    watched = yoke_plan_at(&first.plan, yoke_plan_find(&first.plan, YOKE_AREA_VDEV, 8, 0));
    status_at_stop = 99;
    assert_int_equal(watched->status, 7);
    yoke_host_stop(&first);
    assert_int_equal(status_at_stop, 0);
    watched = NULL;
    yoke_host_close(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_host_takes_over_what_the_one_before_left, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(firmware_that_needs_its_host_is_not_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(code_that_is_not_that_of_the_file_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_table_in_force_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_core_without_a_table_in_force_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_table_of_another_owner_must_be_in_force_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_is_not_that_of_the_file_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(addresses_that_a_loader_cannot_have_written_are_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_for_firmware_that_is_loaded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_opened_to_attach_is_not_loaded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locks_of_firmware_whose_host_died_are_freed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_device_is_let_go_of_before_its_core_is_halted, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
