// SPDX-License-Identifier: BSD-3-Clause
/**
 * \file table2.h
 * Version 2 of the resource table (spec/table-2.md), from the block that table.h describes:
 *
 *     YOKE_TRACE_BLOCK(trace, 1024);
 *     static _Alignas(64) struct yoke_rsc2_power_block power;
 *     static volatile uint32_t level = 3;
 *
 *     #define APP_TABLE(ENTRY)                                                      \
 *         ENTRY(IDENTITY, identity, .firmware = "app", .version = "1.2")            \
 *         ENTRY(TRACE_BLOCK, trace, trace, "log")                                   \
 *         ENTRY(POWER, power, power, YOKE_RSC2_F_STOP)                              \
 *         ENTRY(PARAMETER, level, UNSIGNED, level, "level")                         \
 *         ENTRY(REQUIRED(CARVEOUT), pool, .da = YOKE_TABLE_ANY, .len = 0x2000)      \
 *         ENTRY(RPMSG_SIZED, rpmsg, YOKE_F_RING_EVENT_IDX, 16, 2048, 4, 65544)
 *     YOKE_TABLE_BOTH(table, APP_TABLE);
 *
 * YOKE_TABLE_2 defines version 2 alone, YOKE_TABLE_BOTH both of them; Linux, and every other host
 * that does not know version 2, reads the first one. A linker script must KEEP ".resource_table.2",
 * like ".resource_table", in a loaded, writable segment. Firmware that uses neither of the two
 * pays nothing. C only; one table a file, at file scope.
 *
 * Whatever was defined, `table.rpmsg` is what changes while the device is in use, and
 * `yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &port)` opens it: it is the entry of
 * version 1, or lies in a variable of its own if there is no such table. Version 2 is `table_2`:
 * `table_2.header.host` says whether it is in force, `table_2.trace` is an entry of it.
 *
 * Kinds of both versions, besides those of table.h:
 * - RPMSG_SIZED: an rpmsg device with buffers of its own sizes: further features than NS and
 *   BUFFERS, or 0; for messages to the host the number of buffers, a power of two, and the bytes of
 *   each with its 16-byte header, a multiple of 8 from 24 to 65544; the same for messages to the
 *   firmware. A host without version 2, or without BUFFERS, gives buffers of 512 bytes:
 *   yoke_link_mtu() says what can be sent.
 * - TRACE_BLOCK: a block, as YOKE_TRACE_BLOCK makes one, and its name. Version 1 has its text only;
 *   yoke_log_write() (yoke/firmware.h) writes what the table in force wants.
 *
 * Kinds of version 2 only; version 1 does not have them:
 * - IDENTITY: fields `chip`, `firmware`, `version` of struct yoke_rsc2_identity. IDENTITY_FOR(n):
 *   with `.driver = {...}`, the names of n host drivers that fit.
 * - POWER: a struct yoke_rsc2_power_block, and which of YOKE_RSC2_F_STOP, _SUSPEND and
 *   _HOST_RESTARTS the firmware can do.
 * - PARAMETER: UNSIGNED, SIGNED, BOOLEAN, STRING or BYTES; a variable, which has to be volatile, or
 *   compilers would know its value; its name.
 * - DEVICETREE: an array of uint64_t, room for the device tree.
 * - LOCKS: an array whose elements begin with the u32 that is the lock; what it holds while this
 *   core has it; what it holds while nobody has it; a name.
 * TRACE, bare text, is a kind of version 1 only.
 *
 * VDEV is for other devices than rpmsg: the same fields in both versions, and `.vring[i]` may have
 * the further ones of struct yoke_rsc2_queue in tables that are of version 2 only; so may CARVEOUT.
 *
 * Marks: REQUIRED(kind), a loader refuses the image if it cannot do the entry; LATE(kind), the
 * entry is handled after the segments were loaded. They may be combined, and mean nothing in
 * version 1.
 *
 * A further kind X of version 2: YOKE_TABLE_2_TYPE_X, a struct that starts with the member `head`;
 * YOKE_TABLE_2_NUMBER_X, its type; YOKE_TABLE_2_INIT_X(name, ...), initialisers of what follows the
 * head, without braces. A kind that only one version has: define YOKE_TABLE_ONLY_1_X, or
 * YOKE_TABLE_ONLY_2_X, as `~, 0`.
 */
#ifndef YOKE_TABLE2_H
#define YOKE_TABLE2_H

#include <yoke/abi/rsc2.h>
#include <yoke/table.h>

/// Defines a trace block for so many bytes of text, a power of two from 64.
#define YOKE_TRACE_BLOCK(object, bytes)                                                            \
    YOKE_STATIC_ASSERT((bytes) >= YOKE_RSC2_TRACE_TEXT_MIN && ((bytes) & ((bytes)-1)) == 0,        \
                       "a trace has a power of two of bytes, at least 64");                        \
    static struct {                                                                                \
        struct yoke_rsc2_trace_block head;                                                         \
        char text[bytes];                                                                          \
    } object                                                                                       \
        __attribute__((aligned(64))) = {.head = {.magic = YOKE_RSC2_TRACE_MAGIC, .size = (bytes)}}

// ------------------------------------------------------------------------------------ the structs

/// \cond
// A field that is initialised by a number, or by the address of an object. Where addresses have
// 32 bits no constant is their extension to 64; but the lower word can be set, the other one is 0.
typedef uintptr_t yoke_table_2_pointer __attribute__((aligned(4)));
#define YOKE_TABLE_2_ADDRESS_(field)                                                               \
    union {                                                                                        \
        yoke_u64_a4 field;                                                                         \
        yoke_table_2_pointer field##_at;                                                           \
    }
#define YOKE_TABLE_2_AT_(field, object) .field##_at = (uintptr_t) & (object)

/// As struct yoke_rsc2_vdev with two queues, its fields by the names of version 1.
struct yoke_table_2_vdev {
    struct yoke_rsc2_entry head;
    struct {
        uint32_t id;
        yoke_u64_a4 dfeatures;
        YOKE_TABLE_2_ADDRESS_(state);
        yoke_u64_a4 base;
        uint32_t state_size;
        uint32_t config_len;
        uint32_t num_of_vrings;
        uint32_t reserved;
    } vdev;
    struct yoke_rsc2_queue vring[2];
};

/// As struct yoke_rsc2_trace.
struct yoke_table_2_trace {
    struct yoke_rsc2_entry head;
    uint32_t notifyid;
    YOKE_TABLE_2_ADDRESS_(da);
    yoke_u64_a4 len;
    char name[YOKE_RSC2_NAME_SIZE];
};

/// As struct yoke_rsc2_power.
struct yoke_table_2_power {
    struct yoke_rsc2_entry head;
    uint32_t notifyid;
    YOKE_TABLE_2_ADDRESS_(state);
};

/// As struct yoke_rsc2_parameter.
struct yoke_table_2_parameter {
    struct yoke_rsc2_entry head;
    uint32_t kind;
    YOKE_TABLE_2_ADDRESS_(da);
    uint32_t size;
    uint32_t reserved;
    char name[YOKE_RSC2_NAME_SIZE];
};

/// As struct yoke_rsc2_devicetree.
struct yoke_table_2_devicetree {
    struct yoke_rsc2_entry head;
    uint32_t reserved;
    YOKE_TABLE_2_ADDRESS_(da);
    yoke_u64_a4 len;
};

/// As struct yoke_rsc2_locks.
struct yoke_table_2_locks {
    struct yoke_rsc2_entry head;
    uint32_t kind;
    YOKE_TABLE_2_ADDRESS_(da);
    uint32_t count;
    uint32_t stride;
    uint32_t owner;
    uint32_t free;
    char name[YOKE_RSC2_NAME_SIZE];
};

#define YOKE_TABLE_2_SAME_(name, field)                                                            \
    YOKE_STATIC_ASSERT(sizeof(struct yoke_table_2_##name) == sizeof(struct yoke_rsc2_##name) &&    \
                           offsetof(struct yoke_table_2_##name, field) ==                          \
                               offsetof(struct yoke_rsc2_##name, field),                           \
                       #name)
YOKE_TABLE_2_SAME_(trace, name);
YOKE_TABLE_2_SAME_(power, state);
YOKE_TABLE_2_SAME_(parameter, name);
YOKE_TABLE_2_SAME_(devicetree, len);
YOKE_TABLE_2_SAME_(locks, name);
YOKE_STATIC_ASSERT(offsetof(struct yoke_table_2_vdev, vdev.num_of_vrings) ==
                       offsetof(struct yoke_rsc2_vdev, queues),
                   "vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_table_2_vdev, vring) == sizeof(struct yoke_rsc2_vdev),
                   "vdev");

/// \endcond

// -------------------------------------------------------------------------------- kinds and marks

#define YOKE_TABLE_ONLY_1_TRACE ~, 0

#define YOKE_TABLE_2_TYPE_CARVEOUT struct yoke_rsc2_memory
#define YOKE_TABLE_2_NUMBER_CARVEOUT YOKE_RSC2_CARVEOUT
#define YOKE_TABLE_2_INIT_CARVEOUT(name, ...) __VA_ARGS__

#define YOKE_TABLE_2_TYPE_DEVMEM struct yoke_rsc2_memory
#define YOKE_TABLE_2_NUMBER_DEVMEM YOKE_RSC2_DEVMEM
#define YOKE_TABLE_2_INIT_DEVMEM(name, ...) __VA_ARGS__

#define YOKE_TABLE_2_TYPE_VDEV struct yoke_table_2_vdev
#define YOKE_TABLE_2_NUMBER_VDEV YOKE_RSC2_VDEV
#define YOKE_TABLE_2_STATE_VDEV ~, 1
#define YOKE_TABLE_2_INIT_VDEV(name, ...)                                                          \
    YOKE_TABLE_2_AT_(vdev.state, yoke_table_states_.name),                                         \
        .vdev.state_size = sizeof(struct yoke_table_vdev), .vdev.num_of_vrings = 2, __VA_ARGS__

#define YOKE_TABLE_2_TYPE_RPMSG struct yoke_table_2_vdev
#define YOKE_TABLE_2_NUMBER_RPMSG YOKE_RSC2_VDEV
#define YOKE_TABLE_2_STATE_RPMSG ~, 1
#define YOKE_TABLE_2_INIT_RPMSG(name, ...)                                                         \
    YOKE_TABLE_2_RPMSG_(name, YOKE_F_RPMSG_NS | YOKE_TABLE_PICK_(__VA_ARGS__, 0, ~),               \
                        YOKE_TABLE_FIRST_(__VA_ARGS__, ~), 0, YOKE_TABLE_FIRST_(__VA_ARGS__, ~),   \
                        0)

#define YOKE_TABLE_TYPE_RPMSG_SIZED struct yoke_table_vdev
#define YOKE_TABLE_INIT_RPMSG_SIZED(features, to_host, to_host_size, to_firmware, size)            \
    YOKE_TABLE_RPMSG_(to_host, to_firmware, YOKE_F_RPMSG_NS | YOKE_F_RPMSG_BUFFERS | (features))
#define YOKE_TABLE_2_TYPE_RPMSG_SIZED struct yoke_table_2_vdev
#define YOKE_TABLE_2_NUMBER_RPMSG_SIZED YOKE_RSC2_VDEV
#define YOKE_TABLE_2_STATE_RPMSG_SIZED ~, 1
#define YOKE_TABLE_2_INIT_RPMSG_SIZED(name, features, to_host, to_host_size, to_firmware, size)    \
    YOKE_TABLE_2_RPMSG_(name, YOKE_F_RPMSG_NS | YOKE_F_RPMSG_BUFFERS | (features), to_host,        \
                        to_host_size, to_firmware, size)

#define YOKE_TABLE_2_QUEUE_(count, size)                                                           \
    {                                                                                              \
        .da = YOKE_RSC2_ANY, .buffers = YOKE_RSC2_ANY, .num = (count), .align = YOKE_TABLE_ALIGN,  \
        .buffer_size = (size)                                                                      \
    }
#define YOKE_TABLE_2_RPMSG_(name, features, to_host, to_host_size, to_firmware, to_firmware_size)  \
    .vdev = {.id = YOKE_ID_RPMSG,                                                                  \
             .dfeatures = (features),                                                              \
             YOKE_TABLE_2_AT_(state, yoke_table_states_.name),                                     \
             .state_size = sizeof(struct yoke_table_vdev),                                         \
             .num_of_vrings = 2},                                                                  \
    .vring = {YOKE_TABLE_2_QUEUE_(to_host, to_host_size),                                          \
              YOKE_TABLE_2_QUEUE_(to_firmware, to_firmware_size)}

#define YOKE_TABLE_TYPE_TRACE_BLOCK struct yoke_table_trace
#define YOKE_TABLE_INIT_TRACE_BLOCK(block, label)                                                  \
    {                                                                                              \
        .type = YOKE_RSC_TRACE, YOKE_TABLE_BUFFER((block).text), .name = label                     \
    }
#define YOKE_TABLE_2_TYPE_TRACE_BLOCK struct yoke_table_2_trace
#define YOKE_TABLE_2_NUMBER_TRACE_BLOCK YOKE_RSC2_TRACE
#define YOKE_TABLE_2_INIT_TRACE_BLOCK(entry, block, label)                                         \
    YOKE_TABLE_2_AT_(da, block), .len = sizeof(block), .name = label

#define YOKE_TABLE_ONLY_2_IDENTITY ~, 0
#define YOKE_TABLE_2_TYPE_IDENTITY struct yoke_rsc2_identity
#define YOKE_TABLE_2_NUMBER_IDENTITY YOKE_RSC2_IDENTITY
#define YOKE_TABLE_2_INIT_IDENTITY(name, ...) __VA_ARGS__

#define YOKE_TABLE_ONLY_2_IDENTITY_FOR(n) ~, 0
#define YOKE_TABLE_2_TYPE_IDENTITY_FOR(n)                                                          \
    struct {                                                                                       \
        struct yoke_rsc2_entry head;                                                               \
        uint32_t drivers;                                                                          \
        char chip[YOKE_RSC2_NAME_SIZE];                                                            \
        char firmware[YOKE_RSC2_NAME_SIZE];                                                        \
        char version[YOKE_RSC2_NAME_SIZE];                                                         \
        char driver[n][YOKE_RSC2_NAME_SIZE];                                                       \
    }
#define YOKE_TABLE_2_NUMBER_IDENTITY_FOR(n) YOKE_RSC2_IDENTITY
#define YOKE_TABLE_2_INIT_IDENTITY_FOR(n) .drivers = (n), YOKE_TABLE_2_INIT_IDENTITY

#define YOKE_TABLE_ONLY_2_POWER ~, 0
#define YOKE_TABLE_2_TYPE_POWER struct yoke_table_2_power
#define YOKE_TABLE_2_NUMBER_POWER YOKE_RSC2_POWER
#define YOKE_TABLE_2_INIT_POWER(name, block, features) YOKE_TABLE_2_AT_(state, block)
#define YOKE_TABLE_2_OFFER_POWER(block, features) ~, (features)

#define YOKE_TABLE_ONLY_2_PARAMETER ~, 0
#define YOKE_TABLE_2_TYPE_PARAMETER struct yoke_table_2_parameter
#define YOKE_TABLE_2_NUMBER_PARAMETER YOKE_RSC2_PARAMETER
#define YOKE_TABLE_2_INIT_PARAMETER(entry, sort, variable, label)                                  \
    .kind = YOKE_RSC2_##sort, YOKE_TABLE_2_AT_(da, variable), .size = sizeof(variable),            \
    .name = label

#define YOKE_TABLE_ONLY_2_DEVICETREE ~, 0
#define YOKE_TABLE_2_TYPE_DEVICETREE struct yoke_table_2_devicetree
#define YOKE_TABLE_2_NUMBER_DEVICETREE YOKE_RSC2_DEVICETREE
#define YOKE_TABLE_2_INIT_DEVICETREE(name, array) YOKE_TABLE_2_AT_(da, array), .len = sizeof(array)

#define YOKE_TABLE_ONLY_2_LOCKS ~, 0
#define YOKE_TABLE_2_TYPE_LOCKS struct yoke_table_2_locks
#define YOKE_TABLE_2_NUMBER_LOCKS YOKE_RSC2_LOCKS
#define YOKE_TABLE_2_INIT_LOCKS(entry, array, taken, not_taken, label)                             \
    YOKE_TABLE_2_AT_(da, array), .count = sizeof(array) / sizeof((array)[0]),                      \
                                 .stride = sizeof((array)[0]), .owner = (taken),                   \
                                 .free = (not_taken), .name = label

// A mark hands on to the kind that it has in its parentheses, once for each question.
#define YOKE_TABLE_ONLY_1_REQUIRED(kind) YOKE_TABLE_ONLY_1_##kind
#define YOKE_TABLE_ONLY_2_REQUIRED(kind) YOKE_TABLE_ONLY_2_##kind
#define YOKE_TABLE_TYPE_REQUIRED(kind) YOKE_TABLE_TYPE_##kind
#define YOKE_TABLE_INIT_REQUIRED(kind) YOKE_TABLE_INIT_##kind
#define YOKE_TABLE_2_TYPE_REQUIRED(kind) YOKE_TABLE_2_TYPE_##kind
#define YOKE_TABLE_2_NUMBER_REQUIRED(kind) YOKE_TABLE_2_NUMBER_##kind
#define YOKE_TABLE_2_INIT_REQUIRED(kind) YOKE_TABLE_2_INIT_##kind
#define YOKE_TABLE_2_OFFER_REQUIRED(kind) YOKE_TABLE_2_OFFER_##kind
#define YOKE_TABLE_2_STATE_REQUIRED(kind) YOKE_TABLE_2_STATE_##kind
#define YOKE_TABLE_2_MARK_REQUIRED(kind)                                                           \
    ~, YOKE_RSC2_REQUIRED | YOKE_TABLE_PICK_(YOKE_TABLE_2_MARK_##kind, 0, ~)

#define YOKE_TABLE_ONLY_1_LATE(kind) YOKE_TABLE_ONLY_1_##kind
#define YOKE_TABLE_ONLY_2_LATE(kind) YOKE_TABLE_ONLY_2_##kind
#define YOKE_TABLE_TYPE_LATE(kind) YOKE_TABLE_TYPE_##kind
#define YOKE_TABLE_INIT_LATE(kind) YOKE_TABLE_INIT_##kind
#define YOKE_TABLE_2_TYPE_LATE(kind) YOKE_TABLE_2_TYPE_##kind
#define YOKE_TABLE_2_NUMBER_LATE(kind) YOKE_TABLE_2_NUMBER_##kind
#define YOKE_TABLE_2_INIT_LATE(kind) YOKE_TABLE_2_INIT_##kind
#define YOKE_TABLE_2_OFFER_LATE(kind) YOKE_TABLE_2_OFFER_##kind
#define YOKE_TABLE_2_STATE_LATE(kind) YOKE_TABLE_2_STATE_##kind
#define YOKE_TABLE_2_MARK_LATE(kind)                                                               \
    ~, YOKE_RSC2_LATE | YOKE_TABLE_PICK_(YOKE_TABLE_2_MARK_##kind, 0, ~)

// ------------------------------------------------------------------------------------- the tables

// What each line becomes: one of the count, features of the header, a member, its initialiser.
#define YOKE_TABLE_2_COUNT_(kind, name, ...) YOKE_TABLE_UNLESS_(YOKE_TABLE_ONLY_1_##kind, +1)
#define YOKE_TABLE_2_OFFER_(kind, name, ...)                                                       \
    | YOKE_TABLE_PICK_(YOKE_TABLE_2_OFFER_##kind(__VA_ARGS__), 0, ~)
#define YOKE_TABLE_2_MEMBER_(kind, name, ...)                                                      \
    YOKE_TABLE_UNLESS_(YOKE_TABLE_ONLY_1_##kind, YOKE_TABLE_2_TYPE_##kind name;)
#define YOKE_TABLE_2_ENTRY_(kind, name, ...)                                                       \
    YOKE_TABLE_UNLESS_(                                                                            \
        YOKE_TABLE_ONLY_1_##kind,                                                                  \
        .name = {.head = {.type = YOKE_TABLE_2_NUMBER_##kind,                                      \
                          .size = sizeof(((struct yoke_table_2 *)0)->name),                        \
                          .version = YOKE_RSC2_ENTRY_VERSION,                                      \
                          .flags = YOKE_TABLE_PICK_(YOKE_TABLE_2_MARK_##kind, 0, ~)},              \
                 YOKE_TABLE_2_INIT_##kind(name, __VA_ARGS__)}, )

// For vdevs only: a state as the entry of version 1 would be.
#define YOKE_TABLE_2_STATE_(kind, name, ...)                                                       \
    YOKE_TABLE_JOIN_(YOKE_TABLE_KEEP_, YOKE_TABLE_PICK_(YOKE_TABLE_2_STATE_##kind, 0, ~))          \
    (YOKE_TABLE_TYPE_##kind name;)
#define YOKE_TABLE_2_STATE_ENTRY_(kind, name, ...)                                                 \
    YOKE_TABLE_JOIN_(YOKE_TABLE_KEEP_, YOKE_TABLE_PICK_(YOKE_TABLE_2_STATE_##kind, 0, ~))          \
    (.name = YOKE_TABLE_INIT_##kind(__VA_ARGS__), )

// The table itself; states are found in `object`, by a name that the lines can use.
#define YOKE_TABLE_2_(object, list)                                                                \
    static __typeof__(object) yoke_table_states_ __attribute__((alias(#object), unused));          \
    struct yoke_table_2 {                                                                          \
        struct yoke_rsc2_header header;                                                            \
        list(YOKE_TABLE_2_MEMBER_)                                                                 \
    };                                                                                             \
    static struct yoke_table_2 object##_2                                                          \
        __attribute__((section(YOKE_RSC2_SECTION), used, aligned(4))) = {                          \
            .header = {.magic = YOKE_RSC2_MAGIC,                                                   \
                       .version = YOKE_RSC2_VERSION,                                               \
                       .header_size = sizeof(struct yoke_rsc2_header),                             \
                       .size = sizeof(struct yoke_table_2),                                        \
                       .count = 0 list(YOKE_TABLE_2_COUNT_),                                       \
                       .offered = 0 list(YOKE_TABLE_2_OFFER_)},                                    \
            list(YOKE_TABLE_2_ENTRY_)}

/// Defines version 2 of the table, `object`_2, and in `object` the states of its vdevs.
#define YOKE_TABLE_2(object, list)                                                                 \
    struct yoke_table_states {                                                                     \
        list(YOKE_TABLE_2_STATE_)                                                                  \
    };                                                                                             \
    static struct yoke_table_states object                                                         \
        __attribute__((used, aligned(8))) = {list(YOKE_TABLE_2_STATE_ENTRY_)};                     \
    YOKE_TABLE_2_(object, list)

/// Defines version 1, `object`, and version 2, `object`_2.
#define YOKE_TABLE_BOTH(object, list)                                                              \
    YOKE_TABLE(object, list);                                                                      \
    YOKE_TABLE_2_(object, list)

#endif
