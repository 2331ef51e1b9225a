// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/rsc2.h
/// The resource table, version 2: spec/table-2.md. All fields are little endian, and all of the
/// table is aligned to 4 bytes.
#ifndef YOKE_ABI_RSC2_H
#define YOKE_ABI_RSC2_H

#include <yoke/abi/virtio.h>
#include <yoke/base.h>

/// A 64-bit field that is aligned to 4 bytes only, on every processor.
typedef uint64_t yoke_u64_a4 __attribute__((aligned(4)));

// Generated from spec/structures.json by spec/generate: rsc2

// The table as a whole.
#define YOKE_RSC2_SECTION ".resource_table.2" ///< The ELF section that holds the table.
#define YOKE_RSC2_MAGIC UINT32_C(0x32545259)  ///< "YRT2" in memory.
#define YOKE_RSC2_VERSION 2u                  ///< The layout below.
#define YOKE_RSC2_ENTRY_VERSION 1u            ///< The layout of each entry below.
#define YOKE_RSC2_ANY UINT64_MAX              ///< An address: "place it for me".
#define YOKE_RSC2_NO_DOORBELL UINT32_MAX      ///< A notifyid: no doorbell is wanted.
#define YOKE_RSC2_NAME_SIZE 32u               ///< Bytes of a name, its terminating NUL included.

// Entry types: vendor in the upper half, number in the lower one. 0 to 3 are as in version 1.
#define YOKE_RSC2_CARVEOUT 0u    ///< Memory that the firmware needs.
#define YOKE_RSC2_DEVMEM 1u      ///< A device's registers.
#define YOKE_RSC2_TRACE 2u       ///< A trace block.
#define YOKE_RSC2_VDEV 3u        ///< A virtio device.
#define YOKE_RSC2_IDENTITY 16u   ///< Which chip, firmware and host drivers belong together.
#define YOKE_RSC2_POWER 17u      ///< Where the firmware says its state, and takes requests.
#define YOKE_RSC2_PARAMETER 18u  ///< A value that the host may set before the start.
#define YOKE_RSC2_DEVICETREE 19u ///< Room for a device tree.
#define YOKE_RSC2_LOCKS 20u      ///< Locks that the host frees after a crash.

// Vendors: the upper half of a type.
#define YOKE_RSC2_VENDOR_SPEC 0u       ///< This specification.
#define YOKE_RSC2_VENDOR_REGISTERED 1u ///< First one that is registered.
#define YOKE_RSC2_VENDOR_LOCAL 32768u  ///< First one for local use; the last is 65535.

// Header flags, bits 0 and 1: who owns the table.
#define YOKE_RSC2_OWNER_HOST 0u     ///< The host loads the firmware and the table.
#define YOKE_RSC2_OWNER_FIRMWARE 1u ///< The firmware has built it; a host finds it.
#define YOKE_RSC2_OWNER_NEITHER 2u  ///< A third party has built it; both sides only read it.
#define YOKE_RSC2_OWNER_MASK 3u     ///< These bits.

// Header: bits of `offered` and `taken`.
#define YOKE_RSC2_F_STOP YOKE_FEATURE(0)          ///< The firmware answers stop requests.
#define YOKE_RSC2_F_SUSPEND YOKE_FEATURE(1)       ///< It answers suspend and run requests.
#define YOKE_RSC2_F_HOST_RESTARTS YOKE_FEATURE(2) ///< It runs on while the host restarts.

// Flags of an entry.
#define YOKE_RSC2_REQUIRED 1u ///< A loader that cannot do it refuses the image.
#define YOKE_RSC2_LATE 2u     ///< Handled after the segments were loaded; else before.

// What became of an entry.
#define YOKE_RSC2_OUTCOME_NONE 0u       ///< Not looked at.
#define YOKE_RSC2_OUTCOME_DONE 1u       ///< Done.
#define YOKE_RSC2_OUTCOME_UNKNOWN 2u    ///< Skipped: unknown type, or higher version.
#define YOKE_RSC2_OUTCOME_IMPOSSIBLE 3u ///< Skipped: not possible here.

/// The table's head; the entries follow at `header_size`. 48 bytes.
struct yoke_rsc2_header {
    uint32_t magic;       ///< MAGIC.
    uint16_t version;     ///< 2.
    uint16_t header_size; ///< Bytes before the first entry: 48; may grow.
    uint32_t size;        ///< Bytes of the whole table, a multiple of 4.
    uint32_t count;       ///< Number of entries.
    uint32_t flags;       ///< Bits 0 and 1: owner. The others are 0.
    uint32_t host;        ///< Version by which the host read it; 0 in the image.
    yoke_u64_a4 offered;  ///< Features of the firmware.
    yoke_u64_a4 taken;    ///< Those that the host will use; 0 in the image.
    uint32_t reserved[2]; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_header) == 48, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, version) == 4, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, header_size) == 6, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, size) == 8, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, count) == 12, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, flags) == 16, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, host) == 20, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, offered) == 24, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, taken) == 32, "rsc2_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_header, reserved) == 40, "rsc2_header");

/// The head of each entry. 12 bytes.
struct yoke_rsc2_entry {
    uint32_t type;    ///< Vendor and number.
    uint32_t size;    ///< Bytes of the entry, head included, a multiple of 4.
    uint8_t version;  ///< 1.
    uint8_t flags;    ///< REQUIRED, LATE; the others are 0.
    uint8_t outcome;  ///< What became of it; 0 in the image.
    uint8_t reserved; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_entry) == 12, "rsc2_entry");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_entry, size) == 4, "rsc2_entry");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_entry, version) == 8, "rsc2_entry");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_entry, flags) == 9, "rsc2_entry");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_entry, outcome) == 10, "rsc2_entry");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_entry, reserved) == 11, "rsc2_entry");

/// CARVEOUT and DEVMEM. 80 bytes.
struct yoke_rsc2_memory {
    struct yoke_rsc2_entry head;    ///< The entry's head.
    uint32_t flags;                 ///< For the host's IOMMU, as in version 1.
    yoke_u64_a4 da;                 ///< Device address; CARVEOUT: may be ANY, then the loader
                                    ///< writes it.
    yoke_u64_a4 pa;                 ///< Physical address; DEVMEM: the image's, CARVEOUT: the
                                    ///< loader's.
    yoke_u64_a4 len;                ///< Bytes.
    uint32_t align;                 ///< A power of two that `da` is a multiple of; 0: none is asked
                                    ///< for.
    uint32_t reserved;              ///< 0.
    char name[YOKE_RSC2_NAME_SIZE]; ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_memory) == 80, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, flags) == 12, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, da) == 16, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, pa) == 24, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, len) == 32, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, align) == 40, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, reserved) == 44, "rsc2_memory");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_memory, name) == 48, "rsc2_memory");

/// TRACE: where a trace block lies. 64 bytes.
struct yoke_rsc2_trace {
    struct yoke_rsc2_entry head;    ///< The entry's head.
    uint32_t notifyid;              ///< Doorbell to the host: 0 in the image, then the loader's; or
                                    ///< NO_DOORBELL.
    yoke_u64_a4 da;                 ///< Device address of the trace block.
    yoke_u64_a4 len;                ///< Its bytes, at least 128 and those of the text.
    char name[YOKE_RSC2_NAME_SIZE]; ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_trace) == 64, "rsc2_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace, notifyid) == 12, "rsc2_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace, da) == 16, "rsc2_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace, len) == 24, "rsc2_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace, name) == 32, "rsc2_trace");

/// One virtqueue of a VDEV. 40 bytes.
struct yoke_rsc2_queue {
    yoke_u64_a4 da;        ///< Device address of the ring; ANY: the loader's.
    yoke_u64_a4 buffers;   ///< Device address of its buffers; ANY: the loader's. 0: none.
    uint32_t num;          ///< Number of descriptors, a power of two.
    uint32_t align;        ///< Alignment of the used ring, a power of two.
    uint32_t buffer_size;  ///< Bytes of a buffer; 0: 512 for rpmsg, no buffers for others.
    uint32_t buffer_count; ///< Number of buffers; 0: `num`.
    uint32_t notifyid;     ///< The doorbell; 0 in the image.
    uint32_t reserved;     ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_queue) == 40, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, buffers) == 8, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, num) == 16, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, align) == 20, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, buffer_size) == 24, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, buffer_count) == 28, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, notifyid) == 32, "rsc2_queue");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_queue, reserved) == 36, "rsc2_queue");

/// VDEV: a virtio device; `queues` queues follow, then `config_len` bytes. 56 bytes.
struct yoke_rsc2_vdev {
    struct yoke_rsc2_entry head; ///< The entry's head.
    uint32_t id;                 ///< Virtio device id, such as 7 for rpmsg.
    yoke_u64_a4 features;        ///< Features that the firmware offers.
    yoke_u64_a4 state;           ///< Device address of the vdev state; ANY: the loader's.
    yoke_u64_a4 base;            ///< What a `da` in the vdev state counts from; 0 on 32-bit cores.
    uint32_t state_size;         ///< Bytes of the vdev state.
    uint32_t config_len;         ///< Bytes of configuration space.
    uint32_t queues;             ///< Virtqueues.
    uint32_t reserved;           ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_vdev) == 56, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, id) == 12, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, features) == 16, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, state) == 24, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, base) == 32, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, state_size) == 40, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, config_len) == 44, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, queues) == 48, "rsc2_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_vdev, reserved) == 52, "rsc2_vdev");

/// IDENTITY: which chip, firmware and host drivers belong together; `drivers` names follow. 112
/// bytes.
struct yoke_rsc2_identity {
    struct yoke_rsc2_entry head;        ///< The entry's head.
    uint32_t drivers;                   ///< Number of names behind; 0: any driver.
    char chip[YOKE_RSC2_NAME_SIZE];     ///< "vendor,chip", terminated; empty: any.
    char firmware[YOKE_RSC2_NAME_SIZE]; ///< The firmware's name, terminated.
    char version[YOKE_RSC2_NAME_SIZE];  ///< Its version, terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_identity) == 112, "rsc2_identity");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_identity, drivers) == 12, "rsc2_identity");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_identity, chip) == 16, "rsc2_identity");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_identity, firmware) == 48, "rsc2_identity");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_identity, version) == 80, "rsc2_identity");

/// POWER: where a power block lies. 24 bytes.
struct yoke_rsc2_power {
    struct yoke_rsc2_entry head; ///< The entry's head.
    uint32_t notifyid;           ///< Doorbell of both directions: 0 in the image, then the
                                 ///< loader's; or NO_DOORBELL.
    yoke_u64_a4 state;           ///< Device address of the power block.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_power) == 24, "rsc2_power");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power, notifyid) == 12, "rsc2_power");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power, state) == 16, "rsc2_power");

/// PARAMETER: a value that the host may set before the start. 64 bytes.
struct yoke_rsc2_parameter {
    struct yoke_rsc2_entry head;    ///< The entry's head.
    uint32_t kind;                  ///< UNSIGNED to BYTES.
    yoke_u64_a4 da;                 ///< Device address of the value, inside a loaded segment.
    uint32_t size;                  ///< Bytes of the value.
    uint32_t reserved;              ///< 0.
    char name[YOKE_RSC2_NAME_SIZE]; ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_parameter) == 64, "rsc2_parameter");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_parameter, kind) == 12, "rsc2_parameter");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_parameter, da) == 16, "rsc2_parameter");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_parameter, size) == 24, "rsc2_parameter");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_parameter, reserved) == 28, "rsc2_parameter");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_parameter, name) == 32, "rsc2_parameter");

// Kinds of PARAMETER.
#define YOKE_RSC2_UNSIGNED 1u ///< A number of 1, 2, 4 or 8 bytes.
#define YOKE_RSC2_SIGNED 2u   ///< The same, two's complement.
#define YOKE_RSC2_BOOLEAN 3u  ///< 0 or 1, in 1 or 4 bytes.
#define YOKE_RSC2_STRING 4u   ///< Text; `size` is its room, the terminating NUL included.
#define YOKE_RSC2_BYTES 5u    ///< `size` bytes.

/// DEVICETREE: room for a device tree blob. 32 bytes.
struct yoke_rsc2_devicetree {
    struct yoke_rsc2_entry head; ///< The entry's head.
    uint32_t reserved;           ///< 0.
    yoke_u64_a4 da;              ///< Device address; ANY: the loader's.
    yoke_u64_a4 len;             ///< Bytes that there is room for.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_devicetree) == 32, "rsc2_devicetree");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_devicetree, reserved) == 12, "rsc2_devicetree");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_devicetree, da) == 16, "rsc2_devicetree");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_devicetree, len) == 24, "rsc2_devicetree");

/// LOCKS: locks that the host frees after a crash. 72 bytes.
struct yoke_rsc2_locks {
    struct yoke_rsc2_entry head;    ///< The entry's head.
    uint32_t kind;                  ///< 0: u32 words in memory.
    yoke_u64_a4 da;                 ///< Device address of the first lock.
    uint32_t count;                 ///< Number of locks.
    uint32_t stride;                ///< Bytes from one lock to the next, a multiple of 4.
    uint32_t owner;                 ///< What a lock holds while this core has it.
    uint32_t free;                  ///< What it holds while nobody has it.
    char name[YOKE_RSC2_NAME_SIZE]; ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_locks) == 72, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, kind) == 12, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, da) == 16, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, count) == 24, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, stride) == 28, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, owner) == 32, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, free) == 36, "rsc2_locks");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_locks, name) == 40, "rsc2_locks");

// The trace block.
#define YOKE_RSC2_TRACE_MAGIC UINT32_C(0x32525459) ///< "YTR2" in memory.
#define YOKE_RSC2_TRACE_TEXT_MIN 64u               ///< The fewest bytes of text.

/// The trace block, in shared memory; `size` bytes of text follow. 128 bytes.
struct yoke_rsc2_trace_block {
    uint32_t magic;         ///< TRACE_MAGIC; written last if the firmware sets the block up.
    uint32_t size;          ///< Bytes of text, a power of two.
    uint32_t write;         ///< Bytes ever written, modulo 2^32.
    uint32_t begin;         ///< What `write` is about to become; written before the text.
    uint32_t reserved[12];  ///< 0.
    uint32_t read;          ///< Bytes ever read, modulo 2^32.
    uint32_t notify_at;     ///< The firmware rings when the byte of this number is written.
    uint32_t reserved2[14]; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_trace_block) == 128, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, size) == 4, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, write) == 8, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, begin) == 12, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, reserved) == 16, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, read) == 64, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, notify_at) == 68, "rsc2_trace_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_trace_block, reserved2) == 72, "rsc2_trace_block");

// The power block: `state`.
#define YOKE_RSC2_POWER_BOOTING 0u   ///< Not set up yet.
#define YOKE_RSC2_POWER_RUNNING 1u   ///< At work.
#define YOKE_RSC2_POWER_SUSPENDED 2u ///< At rest: touches nothing that is shared.
#define YOKE_RSC2_POWER_STOPPED 3u   ///< At its end: it may be switched off.
#define YOKE_RSC2_POWER_FAILED 4u    ///< At its end, by an error.

// The power block: `request`.
#define YOKE_RSC2_REQUEST_RUN 1u     ///< Go on after a suspend.
#define YOKE_RSC2_REQUEST_SUSPEND 2u ///< Become SUSPENDED.
#define YOKE_RSC2_REQUEST_STOP 3u    ///< Become STOPPED.

/// The power block, in shared memory. 128 bytes.
struct yoke_rsc2_power_block {
    uint32_t state;         ///< BOOTING to FAILED.
    uint32_t answered;      ///< Number of the last request that it has carried out.
    uint32_t reserved[14];  ///< 0.
    uint32_t request;       ///< RUN, SUSPEND or STOP.
    uint32_t number;        ///< Counts the requests; written after `request`.
    uint32_t reserved2[14]; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc2_power_block) == 128, "rsc2_power_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power_block, answered) == 4, "rsc2_power_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power_block, reserved) == 8, "rsc2_power_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power_block, request) == 64, "rsc2_power_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power_block, number) == 68, "rsc2_power_block");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc2_power_block, reserved2) == 72, "rsc2_power_block");

// End of what is generated.

#endif
