// SPDX-License-Identifier: BSD-3-Clause
/**
 * \file table.h
 * Firmware declares its resource table in one block of C:
 *
 *     static char log_text[1024];
 *
 *     #define APP_TABLE(ENTRY)                                                      \
 *         ENTRY(CARVEOUT, code, .da = 0x10000000, .len = 0x10000, .name = "code")   \
 *         ENTRY(TRACE, log, YOKE_TABLE_BUFFER(log_text), .name = "log")             \
 *         ENTRY(RPMSG, rpmsg, 16)
 *     YOKE_TABLE(app_table, APP_TABLE);
 *
 * Each line is a kind, the name of the member that it becomes (so `&app_table.rpmsg.vdev` is the
 * entry that the virtio transport takes), and initialisers, all of them constant. The object
 * lies in section ".resource_table", which the linker script must KEEP in a loaded, writable
 * segment: the host writes addresses, features and status into it. C only; one table a file.
 *
 * Kinds:
 * - CARVEOUT, DEVMEM: fields of struct yoke_rsc_carveout, yoke_rsc_devmem.
 * - TRACE: fields of struct yoke_rsc_trace; YOKE_TABLE_BUFFER(array) gives `da` and `len`.
 * - VDEV: a virtio device with two vrings and no configuration space: fields of
 *   struct yoke_table_vdev, as in `.vdev.id = 3, .vring[0] = {...}, .vring[1] = {...}`.
 * - RPMSG: an rpmsg device with the name service: the number of buffers each way, a power of two,
 *   and behind a comma, if wanted, further features: YOKE_F_RING_*, YOKE_F_RPMSG_ACK. The host
 *   places the rings.
 *
 * A further kind X, a vendor's for instance, is two macros: YOKE_TABLE_TYPE_X, a struct that
 * starts with the u32 type and is a multiple of 4 bytes long, and YOKE_TABLE_INIT_X(...), its
 * initialiser.
 *
 * yoke/table2.h makes version 2 of the table, or both, from the same block.
 */
#ifndef YOKE_TABLE_H
#define YOKE_TABLE_H

#include <yoke/abi/rsc.h>
#include <yoke/abi/virtio.h>

/// An address in CARVEOUT or VDEV: "place it for me", in both versions.
#define YOKE_TABLE_ANY (-1)

/// Alignment of the rings of RPMSG: that of a descriptor, which suits every processor.
#define YOKE_TABLE_ALIGN 16u

/// A trace entry whose da and len can be initialised from an array; laid out as yoke_rsc_trace.
struct yoke_table_trace {
    uint32_t type;
    union {
        __extension__ struct {
            uint32_t da;
            uint32_t len;
        };
        uint64_t da_and_len;
    } __attribute__((packed, aligned(4)));
    uint32_t reserved;
    char name[32];
};

/// A vdev entry with two vrings and no configuration space.
struct yoke_table_vdev {
    struct yoke_rsc_vdev vdev;
    struct yoke_rsc_vring vring[2];
};

YOKE_STATIC_ASSERT(sizeof(struct yoke_table_trace) == sizeof(struct yoke_rsc_trace), "trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_table_trace, da) == 4, "trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_table_trace, len) == 8, "trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_table_trace, name) == 16, "trace");
YOKE_STATIC_ASSERT(sizeof(struct yoke_table_vdev) == 68, "vdev");

/// The device address and size of an array, which must be linked below 4 GiB, at the address by
/// which the host calls it.
#if UINTPTR_MAX > 0xffffffff
// C has no constant that is the lower half of an address. So one 64-bit constant, an address plus
// an offset, fills `da` below and `len` above.
#define YOKE_TABLE_BUFFER(array)                                                                   \
    .da_and_len = (uint64_t)(uintptr_t)(array) + ((uint64_t)sizeof(array) << 32)
#else
#define YOKE_TABLE_BUFFER(array) .da = (uint32_t)(uintptr_t)(array), .len = sizeof(array)
#endif

#define YOKE_TABLE_TYPE_CARVEOUT struct yoke_rsc_carveout
#define YOKE_TABLE_INIT_CARVEOUT(...)                                                              \
    {                                                                                              \
        .type = YOKE_RSC_CARVEOUT, __VA_ARGS__                                                     \
    }

#define YOKE_TABLE_TYPE_DEVMEM struct yoke_rsc_devmem
#define YOKE_TABLE_INIT_DEVMEM(...)                                                                \
    {                                                                                              \
        .type = YOKE_RSC_DEVMEM, __VA_ARGS__                                                       \
    }

#define YOKE_TABLE_TYPE_TRACE struct yoke_table_trace
#define YOKE_TABLE_INIT_TRACE(...)                                                                 \
    {                                                                                              \
        .type = YOKE_RSC_TRACE, __VA_ARGS__                                                        \
    }

#define YOKE_TABLE_TYPE_VDEV struct yoke_table_vdev
#define YOKE_TABLE_INIT_VDEV(...)                                                                  \
    {                                                                                              \
        .vdev.type = YOKE_RSC_VDEV, .vdev.num_of_vrings = 2, __VA_ARGS__                           \
    }

#define YOKE_TABLE_VRING_(buffers)                                                                 \
    {                                                                                              \
        .da = YOKE_RSC_ADDR_ANY, .align = YOKE_TABLE_ALIGN, .num = (buffers)                       \
    }
#define YOKE_TABLE_TYPE_RPMSG struct yoke_table_vdev
#define YOKE_TABLE_INIT_RPMSG(...)                                                                 \
    YOKE_TABLE_RPMSG_(YOKE_TABLE_FIRST_(__VA_ARGS__, ~), YOKE_TABLE_FIRST_(__VA_ARGS__, ~),        \
                      YOKE_F_RPMSG_NS | YOKE_TABLE_PICK_(__VA_ARGS__, 0, ~))

// An rpmsg device with so many buffers each way.
#define YOKE_TABLE_RPMSG_(to_host, to_firmware, features)                                          \
    {                                                                                              \
        .vdev = {.type = YOKE_RSC_VDEV,                                                            \
                 .id = YOKE_ID_RPMSG,                                                              \
                 .dfeatures = (uint32_t)(features),                                                \
                 .num_of_vrings = 2},                                                              \
        .vring = {                                                                                 \
            YOKE_TABLE_VRING_(to_host),                                                            \
            YOKE_TABLE_VRING_(to_firmware)                                                         \
        }                                                                                          \
    }

// YOKE_TABLE_UNLESS_(X, text): the text, unless X is a macro, which then is "~, 0".
#define YOKE_TABLE_FIRST_(first, ...) first
#define YOKE_TABLE_SECOND_(first, second, ...) second
#define YOKE_TABLE_PICK_(...) YOKE_TABLE_SECOND_(__VA_ARGS__)
#define YOKE_TABLE_KEEP_0(...)
#define YOKE_TABLE_KEEP_1(...) __VA_ARGS__
#define YOKE_TABLE_PASTE_(left, right) left##right
#define YOKE_TABLE_JOIN_(left, right) YOKE_TABLE_PASTE_(left, right)
#define YOKE_TABLE_UNLESS_(probe, ...)                                                             \
    YOKE_TABLE_JOIN_(YOKE_TABLE_KEEP_, YOKE_TABLE_PICK_(probe, 1, ~))(__VA_ARGS__)

// What each line becomes: one of the count, a member, its offset, its initialiser. Nothing, if the
// kind is for version 2 only.
#define YOKE_TABLE_COUNT_(kind, name, ...) YOKE_TABLE_UNLESS_(YOKE_TABLE_ONLY_2_##kind, +1)
#define YOKE_TABLE_MEMBER_(kind, name, ...)                                                        \
    YOKE_TABLE_UNLESS_(YOKE_TABLE_ONLY_2_##kind, YOKE_TABLE_TYPE_##kind name;)
#define YOKE_TABLE_OFFSET_(kind, name, ...)                                                        \
    YOKE_TABLE_UNLESS_(YOKE_TABLE_ONLY_2_##kind, offsetof(struct yoke_table, name), )
#define YOKE_TABLE_ENTRY_(kind, name, ...)                                                         \
    YOKE_TABLE_UNLESS_(YOKE_TABLE_ONLY_2_##kind, .name = YOKE_TABLE_INIT_##kind(__VA_ARGS__), )

/// Defines the table `object` from `list`, a macro as above.
#define YOKE_TABLE(object, list)                                                                   \
    struct yoke_table {                                                                            \
        struct yoke_rsc_header header;                                                             \
        uint32_t offset[0 list(YOKE_TABLE_COUNT_)];                                                \
        list(YOKE_TABLE_MEMBER_)                                                                   \
    };                                                                                             \
    static struct yoke_table object                                                                \
        __attribute__((section(YOKE_RSC_SECTION), used, aligned(8))) = {                           \
            .header = {.ver = 1, .num = 0 list(YOKE_TABLE_COUNT_)},                                \
            .offset = {list(YOKE_TABLE_OFFSET_)},                                                  \
            list(YOKE_TABLE_ENTRY_)}

#endif
