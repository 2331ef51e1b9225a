// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/rproc.h>

/// A machine that writes down what it is asked to do.
struct machine {
    char log[32];              ///< A letter for each operation.
    char fails;                ///< The letter of the operation that fails, or 0.
    struct yoke_rproc *inside; ///< If set, operations send it an event.
    int inside_status;
};

static int note(struct machine *machine, char letter)
{
    machine->log[strlen(machine->log)] = letter;
    if (machine->inside != NULL) {
        machine->inside_status = yoke_rproc_event(machine->inside, YOKE_EVENT_STOP);
    }
    return machine->fails == letter ? YOKE_NO_SPACE : YOKE_OK;
}

static int op_stop(void *context)
{
    return note(context, 'p');
}
static int op_load(void *context)
{
    return note(context, 'l');
}
static int op_start(void *context)
{
    return note(context, 's');
}
static int op_attach(void *context)
{
    return note(context, 'a');
}
static int op_detach(void *context)
{
    return note(context, 'd');
}

static const struct yoke_rproc_ops ops = {op_stop, op_load, op_start, op_attach, op_detach};

#define OFF YOKE_OFFLINE
#define RDY YOKE_READY
#define RUN YOKE_RUNNING
#define CRA YOKE_CRASHED
#define ATT YOKE_ATTACHED
#define DET YOKE_DETACHED
#define NO (-1)

/// The whole life cycle: next state, and the operations in order.
static const struct {
    int next;
    const char *does;
} expected[YOKE_STATES][YOKE_EVENTS] = {
    //        load        start       stop        crash       attach      detach      recover
    [OFF] = {{RDY, "l"}, {NO, ""}, {NO, ""}, {NO, ""}, {NO, ""}, {NO, ""}, {NO, ""}},
    [RDY] = {{NO, ""}, {RUN, "s"}, {OFF, ""}, {NO, ""}, {NO, ""}, {NO, ""}, {NO, ""}},
    [RUN] = {{NO, ""}, {NO, ""}, {OFF, "p"}, {CRA, ""}, {NO, ""}, {DET, "d"}, {NO, ""}},
    [CRA] = {{NO, ""}, {NO, ""}, {OFF, "p"}, {NO, ""}, {NO, ""}, {NO, ""}, {RUN, "pls"}},
    [ATT] = {{NO, ""}, {NO, ""}, {OFF, "p"}, {CRA, ""}, {NO, ""}, {DET, "d"}, {NO, ""}},
    [DET] = {{NO, ""}, {NO, ""}, {NO, ""}, {NO, ""}, {ATT, "a"}, {NO, ""}, {NO, ""}},
};

static void every_event_in_every_state(void **state)
{
    (void)state;
    for (int s = 0; s < YOKE_STATES; s++) {
        for (int e = 0; e < YOKE_EVENTS; e++) {
            const struct yoke_transition t = yoke_life_next(s, e);
            struct machine machine = {{0}, 0, NULL, 0};
            struct yoke_rproc rproc;
            int status;

            yoke_rproc_init(&rproc, &ops, &machine, s);
            status = yoke_rproc_event(&rproc, e);
            assert_string_equal(machine.log, expected[s][e].does);
            if (expected[s][e].next == NO) {
                assert_false(t.valid);
                assert_int_equal(t.next, s);
                assert_int_equal(status, YOKE_INVALID);
                assert_int_equal(rproc.state, s);
            } else {
                assert_true(t.valid);
                assert_int_equal(t.next, expected[s][e].next);
                assert_int_equal(status, YOKE_OK);
                assert_int_equal(rproc.state, expected[s][e].next);
            }
            assert_int_equal(rproc.crashes, status == YOKE_OK && e == YOKE_EVENT_CRASH ? 1 : 0);
        }
    }
}

static void a_failing_operation_leaves_the_state(void **state)
{
    (void)state;
    for (int s = 0; s < YOKE_STATES; s++) {
        for (int e = 0; e < YOKE_EVENTS; e++) {
            const char *does = expected[s][e].does;
            for (size_t i = 0; does[i] != '\0'; i++) {
                struct machine machine = {{0}, does[i], NULL, 0};
                struct yoke_rproc rproc;

                yoke_rproc_init(&rproc, &ops, &machine, s);
                assert_int_equal(yoke_rproc_event(&rproc, e), YOKE_NO_SPACE);
                assert_int_equal(rproc.state, s);
                assert_int_equal(strlen(machine.log), i + 1); // None after the one that failed.
                // It can be tried again.
                machine.fails = 0;
                assert_int_equal(yoke_rproc_event(&rproc, e), YOKE_OK);
                assert_int_equal(rproc.state, expected[s][e].next);
            }
        }
    }
}

static void a_missing_operation_does_nothing_at_all(void **state)
{
    (void)state;
    for (int s = 0; s < YOKE_STATES; s++) {
        for (int e = 0; e < YOKE_EVENTS; e++) {
            const char *does = expected[s][e].does;
            for (size_t i = 0; does[i] != '\0'; i++) {
                struct yoke_rproc_ops some = ops;
                struct machine machine = {{0}, 0, NULL, 0};
                struct yoke_rproc rproc;

                switch (does[i]) {
                case 'p':
                    some.stop = NULL;
                    break;
                case 'l':
                    some.load = NULL;
                    break;
                case 's':
                    some.start = NULL;
                    break;
                case 'a':
                    some.attach = NULL;
                    break;
                default:
                    some.detach = NULL;
                    break;
                }
                yoke_rproc_init(&rproc, &some, &machine, s);
                assert_int_equal(yoke_rproc_event(&rproc, e), YOKE_UNSUPPORTED);
                assert_int_equal(rproc.state, s);
                assert_string_equal(machine.log, "");
            }
        }
    }
}

static void refuses_values_outside_the_enums(void **state)
{
    (void)state;
    assert_false(yoke_life_next(YOKE_STATES, YOKE_EVENT_LOAD).valid);
    assert_false(yoke_life_next(YOKE_OFFLINE, YOKE_EVENTS).valid);
    assert_false(yoke_life_next((enum yoke_state) - 1, (enum yoke_event) - 1).valid);
    assert_string_equal(yoke_state_text(YOKE_STATES), "unknown");
    assert_string_equal(yoke_state_text(YOKE_OFFLINE), "offline");
    assert_string_equal(yoke_state_text(YOKE_READY), "ready");
    assert_string_equal(yoke_state_text(YOKE_RUNNING), "running");
    assert_string_equal(yoke_state_text(YOKE_CRASHED), "crashed");
    assert_string_equal(yoke_state_text(YOKE_ATTACHED), "attached");
    assert_string_equal(yoke_state_text(YOKE_DETACHED), "detached");
}

static void an_operation_cannot_send_events_to_its_own_core(void **state)
{
    struct machine machine = {{0}, 0, NULL, YOKE_OK};
    struct yoke_rproc rproc;

    (void)state;
    yoke_rproc_init(&rproc, &ops, &machine, YOKE_READY);
    machine.inside = &rproc;
    assert_int_equal(yoke_rproc_event(&rproc, YOKE_EVENT_START), YOKE_OK);
    assert_int_equal(machine.inside_status, YOKE_AGAIN);
    assert_int_equal(rproc.state, YOKE_RUNNING);
    assert_string_equal(machine.log, "s");
}

static void cores_live_independently(void **state)
{
    struct machine machines[3];
    struct yoke_rproc rprocs[3];

    (void)state;
    memset(machines, 0, sizeof(machines));
    for (int i = 0; i < 3; i++) {
        yoke_rproc_init(&rprocs[i], &ops, &machines[i], YOKE_OFFLINE);
        assert_int_equal(yoke_rproc_event(&rprocs[i], YOKE_EVENT_LOAD), YOKE_OK);
    }
    assert_int_equal(yoke_rproc_event(&rprocs[1], YOKE_EVENT_START), YOKE_OK);
    assert_int_equal(yoke_rproc_event(&rprocs[1], YOKE_EVENT_CRASH), YOKE_OK);
    assert_int_equal(yoke_rproc_event(&rprocs[2], YOKE_EVENT_START), YOKE_OK);
    // From inside an operation of one core, another one may be stopped.
    machines[1].inside = &rprocs[2];
    assert_int_equal(yoke_rproc_event(&rprocs[1], YOKE_EVENT_STOP), YOKE_OK);
    assert_int_equal(rprocs[0].state, YOKE_READY);
    assert_int_equal(rprocs[1].state, YOKE_OFFLINE);
    assert_int_equal(rprocs[2].state, YOKE_OFFLINE);
    assert_int_equal(rprocs[0].crashes, 0);
    assert_int_equal(rprocs[1].crashes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_state),
        cmocka_unit_test(a_failing_operation_leaves_the_state),
        cmocka_unit_test(a_missing_operation_does_nothing_at_all),
        cmocka_unit_test(refuses_values_outside_the_enums),
        cmocka_unit_test(an_operation_cannot_send_events_to_its_own_core),
        cmocka_unit_test(cores_live_independently),
    };

    return cmocka_run_group_tests_name("rproc", tests, NULL, NULL);
}
