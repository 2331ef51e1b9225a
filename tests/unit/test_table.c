// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/image.h>
#include <yoke/table.h>

// A kind that only this firmware has.
struct led_entry {
    uint32_t type;
    uint32_t count;
};
#define YOKE_TABLE_TYPE_LED struct led_entry
#define YOKE_TABLE_INIT_LED(n)                                                                     \
    {                                                                                              \
        .type = 128, .count = (n)                                                                  \
    }

static char log_text[0x340];

// clang-format off
#define APP_TABLE(ENTRY)                                                                    \
    ENTRY(CARVEOUT, code, .da = 0x10000000, .len = 0x10000, .flags = 2, .name = "code")     \
    ENTRY(DEVMEM, uart, .da = 0x40001000, .pa = 0x50001000, .len = 0x100, .name = "uart")   \
    ENTRY(TRACE, log, .da = 0x10008000, .len = 0x400, .name = "log")                        \
    ENTRY(VDEV, console, .vdev.id = YOKE_ID_CONSOLE, .vdev.dfeatures = 4,                   \
          .vring[0] = {.da = 0x20000000, .align = 4096, .num = 8},                          \
          .vring[1] = {.da = 0x20002000, .align = 4096, .num = 4})                          \
    ENTRY(LED, led, 3)                                                                      \
    ENTRY(RPMSG, rpmsg, 16)
// clang-format on
YOKE_TABLE(app_table, APP_TABLE);

static void has_the_bytes_of_the_layout(void **state)
{
    // Head 16, six offsets 24: the first entry at 40; then 56, 56, 48, 68, 8 and 68 bytes.
    static const uint8_t golden[344] = {
        1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                                 //
        40, 0, 0, 0, 96, 0, 0, 0, 152, 0, 0, 0, 200, 0, 0, 0, 12, 1, 0, 0, 20, 1, 0, 0, //
        // 40: carveout
        0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, //
        'c', 'o', 'd', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                    //
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                            //
        // 96: devmem
        1, 0, 0, 0, 0, 0x10, 0, 0x40, 0, 0x10, 0, 0x50, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
        'u', 'a', 'r', 't', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                             //
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                                     //
        // 152: trace
        2, 0, 0, 0, 0, 0x80, 0, 0x10, 0, 4, 0, 0, 0, 0, 0, 0, //
        'l', 'o', 'g', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,       //
        // 200: console, two vrings
        3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, //
        0, 0, 0, 0x20, 0, 0x10, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                   //
        0, 0x20, 0, 0x20, 0, 0x10, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                //
        // 268: led
        128, 0, 0, 0, 3, 0, 0, 0, //
        // 276: rpmsg, feature 0, two vrings of 16 anywhere
        3, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, //
        0xff, 0xff, 0xff, 0xff, 16, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,           //
        0xff, 0xff, 0xff, 0xff, 16, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,           //
    };

    (void)state;
    assert_int_equal(sizeof(app_table), sizeof(golden));
    assert_memory_equal(&app_table, golden, sizeof(golden));
    assert_ptr_equal(&app_table.rpmsg.vdev, (uint8_t *)&app_table + 276);
}

static void is_read_by_the_parser(void **state)
{
    static const uint32_t types[] = {0, 1, 2, 3, 128, 3};
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;
    struct yoke_refusal refusal;

    (void)state;
    assert_int_equal(yoke_rsc_open(&rsc, yoke_bytes(&app_table, sizeof(app_table)), &refusal),
                     YOKE_OK);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_OK);
        assert_int_equal(entry.type, types[i]);
    }
    assert_int_equal(yoke_rsc_next(&rsc, &entry, &refusal), YOKE_NOT_FOUND);
}

static void takes_address_and_size_of_an_array(void **state)
{
#define LOG_TABLE(ENTRY) ENTRY(TRACE, log, YOKE_TABLE_BUFFER(log_text), .name = "log")
    YOKE_TABLE(log_table, LOG_TABLE);

    (void)state;
    // This program may lie above 4 GiB, where the sum carries into `len`; firmware does not.
    const uint64_t sum = (uint64_t)(uintptr_t)log_text + (UINT64_C(0x340) << 32);
    assert_int_equal(log_table.log.da, (uint32_t)(uintptr_t)log_text);
    assert_int_equal(log_table.log.len, sizeof(void *) == 8 ? (uint32_t)(sum >> 32) : 0x340);
    assert_int_equal(log_table.log.type, YOKE_RSC_TRACE);
    assert_int_equal(log_table.header.num, 1);
    assert_int_equal(log_table.offset[0], 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_bytes_of_the_layout),
        cmocka_unit_test(is_read_by_the_parser),
        cmocka_unit_test(takes_address_and_size_of_an_array),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
