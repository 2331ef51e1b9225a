// SPDX-License-Identifier: BSD-3-Clause
// Version 2 of the table as the macros make it. The bytes are tests/table/test_table2.py's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/image.h>
#include <yoke/virtio.h>

#include "table/app_table.h"

YOKE_TABLE_BOTH(app, APP_TABLE);

static uint64_t address(const volatile void *object)
{
    return (uint64_t)(uintptr_t)object;
}

static struct yoke_rsc_entry entries[13];

/// Reads all of the table into `entries`.
static int read_all(void **state)
{
    struct yoke_refusal refusal;
    struct yoke_rsc rsc;

    (void)state;
    if (yoke_rsc2_open(&rsc, yoke_bytes(&app_2, sizeof app_2), &refusal) != YOKE_OK ||
        rsc.num != 13 || rsc.owner != YOKE_RSC2_OWNER_HOST || rsc.host != 0 || rsc.taken != 0 ||
        rsc.offered != (YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND)) {
        return -1;
    }
    for (unsigned i = 0; i < 13; i++) {
        if (yoke_rsc_next(&rsc, &entries[i], &refusal) != YOKE_OK) {
            return -1;
        }
    }
    return yoke_rsc_next(&rsc, &entries[0], &refusal) == YOKE_NOT_FOUND ? 0 : -1;
}

static void has_the_lines_in_their_order(void **state)
{
    static const uint32_t types[13] = {16, 0, 0, 1, 2, 17, 18, 19, 20, 0x80000005, 3, 3, 3};

    (void)state;
    for (unsigned i = 0; i < 13; i++) {
        assert_int_equal(entries[i].type, types[i]);
        assert_int_equal(entries[i].vendor, i == 9);
        assert_int_equal(entries[i].known, i != 9);
        assert_int_equal(entries[i].required, i == 2 || i == 7);
        assert_int_equal(entries[i].late, i == 2);
    }
}

static void has_what_only_version_2_has(void **state)
{
    (void)state;
    assert_true(entries[4].of.trace.da == address(&app_trace));
    assert_int_equal(entries[4].of.trace.len, sizeof app_trace);
    assert_string_equal(entries[4].of.trace.name, "log");
    assert_true(entries[4].of.trace.notifies);
    assert_true(entries[5].of.power.state == address(&app_power));
    assert_true(entries[6].of.parameter.da == address(&app_level));
    assert_int_equal(entries[6].of.parameter.size, 2);
    assert_int_equal(entries[6].of.parameter.kind, YOKE_RSC2_UNSIGNED);
    assert_true(entries[7].of.devicetree.da == address(app_tree));
    assert_int_equal(entries[7].of.devicetree.len, 128);
    assert_true(entries[8].of.locks.da == address(app_locks));
    assert_int_equal(entries[8].of.locks.count, 3);
    assert_int_equal(entries[8].of.locks.stride, 8);
    assert_int_equal(entries[8].of.locks.owner, 7);
}

static void sizes_of_buffers_are_those_of_each_direction(void **state)
{
    const struct yoke_rsc_device *const rpmsg = &entries[12].of.vdev;

    (void)state;
    assert_true(rpmsg->features == (YOKE_F_RPMSG_NS | YOKE_F_RPMSG_BUFFERS));
    assert_int_equal(rpmsg->vrings[0].num, 16);
    assert_int_equal(rpmsg->vrings[0].buffer_size, 2048);
    assert_int_equal(rpmsg->vrings[1].num, 4);
    assert_int_equal(rpmsg->vrings[1].buffer_size, 65544);
    assert_true(rpmsg->vrings[1].buffers == YOKE_ADDR_ANY);
    assert_int_equal(entries[11].of.vdev.vrings[0].buffer_size, 0);
    assert_true(entries[11].of.vdev.features == (YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX));
}

static void state_of_a_vdev_is_its_entry_in_version_1(void **state)
{
    static const struct yoke_port port;
    struct yoke_vdev vdev;

    (void)state;
    assert_true(entries[12].of.vdev.state == address(&app.rpmsg));
    assert_int_equal(entries[12].of.vdev.state_size, sizeof app.rpmsg);
    assert_true(entries[10].of.vdev.state == address(&app.console));
    assert_int_equal(yoke_vdev_open(&vdev, &app.rpmsg, sizeof app.rpmsg, &port), YOKE_OK);
    // T2-60: both tables say the same.
    assert_true(vdev.features == entries[12].of.vdev.features);
}

static void version_1_lacks_what_only_version_2_has(void **state)
{
    static const uint32_t types[] = {0, 0, 1, 2, 3, 3, 3};
    struct yoke_refusal refusal;
    struct yoke_rsc_entry entry;
    struct yoke_rsc rsc;

    (void)state;
    assert_int_equal(yoke_rsc1_open(&rsc, yoke_bytes(&app, sizeof app), &refusal), YOKE_OK);
    assert_int_equal(rsc.num, 7);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
        assert_int_equal(entry.type, types[i]);
    }
    assert_int_equal(entry.of.vdev.features, YOKE_F_RPMSG_NS | YOKE_F_RPMSG_BUFFERS);
    assert_int_equal(entry.of.vdev.vrings[1].num, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_lines_in_their_order),
        cmocka_unit_test(has_what_only_version_2_has),
        cmocka_unit_test(sizes_of_buffers_are_those_of_each_direction),
        cmocka_unit_test(state_of_a_vdev_is_its_entry_in_version_1),
        cmocka_unit_test(version_1_lacks_what_only_version_2_has),
    };

    return cmocka_run_group_tests_name("image", tests, read_all, NULL);
}
