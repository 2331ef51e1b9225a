// SPDX-License-Identifier: BSD-3-Clause
/// \file app_table.h
/// A table with an entry of each kind, and what its entries name. Each object has a section of its
/// own, so that a test can give it an address.
#ifndef APP_TABLE_H
#define APP_TABLE_H

#include <yoke/table2.h>

YOKE_TRACE_BLOCK(app_trace, 64);
static struct yoke_rsc2_power_block app_power __attribute__((section(".app.power")));
static volatile uint16_t app_level __attribute__((section(".app.level"))) = 3;
static uint64_t app_tree[16] __attribute__((section(".app.tree")));
static struct app_lock {
    uint32_t lock;
    uint32_t other;
} app_locks[3] __attribute__((section(".app.locks")));

// A kind that only this firmware has.
struct led_entry {
    struct yoke_rsc2_entry head;
    uint32_t count;
};
#define YOKE_TABLE_ONLY_2_LED ~, 0
#define YOKE_TABLE_2_TYPE_LED struct led_entry
#define YOKE_TABLE_2_NUMBER_LED (YOKE_RSC2_VENDOR_LOCAL << 16 | 5)
#define YOKE_TABLE_2_INIT_LED(name, n) .count = (n)

// clang-format off
#define APP_TABLE(ENTRY)                                                                    \
    ENTRY(IDENTITY_FOR(1), identity, .chip = "arm,mps2", .firmware = "app",                 \
          .version = "1.2", .driver = {"yoke"})                                             \
    ENTRY(CARVEOUT, code, .da = 0x10000000, .len = 0x10000, .flags = 2, .name = "code")     \
    ENTRY(LATE(REQUIRED(CARVEOUT)), pool, .da = YOKE_TABLE_ANY, .len = 0x2000,              \
          .name = "pool")                                                                   \
    ENTRY(DEVMEM, uart, .da = 0x40001000, .pa = 0x50001000, .len = 0x100, .name = "uart")   \
    ENTRY(TRACE_BLOCK, trace, app_trace, "log")                                             \
    ENTRY(POWER, power, app_power, YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND)                  \
    ENTRY(PARAMETER, level, UNSIGNED, app_level, "level")                                   \
    ENTRY(REQUIRED(DEVICETREE), tree, app_tree)                                             \
    ENTRY(LOCKS, locks, app_locks, 7, 0, "locks")                                           \
    ENTRY(LED, led, 4)                                                                      \
    ENTRY(VDEV, console, .vdev.id = YOKE_ID_CONSOLE, .vdev.dfeatures = 4,                   \
          .vring[0] = {.da = 0x20000000, .align = 4096, .num = 8},                          \
          .vring[1] = {.da = YOKE_TABLE_ANY, .align = 4096, .num = 4})                      \
    ENTRY(RPMSG, small, 16, YOKE_F_RING_EVENT_IDX)                                          \
    ENTRY(RPMSG_SIZED, rpmsg, 0, 16, 2048, 4, 65544)
// clang-format on

#endif
