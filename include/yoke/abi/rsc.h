// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/rsc.h
/// The resource table, version 1, as Linux's remoteproc has it. All fields are little endian.
#ifndef YOKE_ABI_RSC_H
#define YOKE_ABI_RSC_H

#include <yoke/base.h>

// Generated from spec/structures.json by spec/generate: rsc

// The table as a whole.
#define YOKE_RSC_SECTION ".resource_table" ///< The ELF section that holds the table.
#define YOKE_RSC_ADDR_ANY UINT32_MAX       ///< An address: "place it for me".

// Entry types: the u32 that each entry starts with.
#define YOKE_RSC_CARVEOUT 0u       ///< Memory that the firmware needs.
#define YOKE_RSC_DEVMEM 1u         ///< A device's registers.
#define YOKE_RSC_TRACE 2u          ///< A buffer of text.
#define YOKE_RSC_VDEV 3u           ///< A virtio device.
#define YOKE_RSC_VENDOR_START 128u ///< First type that belongs to vendors.
#define YOKE_RSC_VENDOR_END 512u   ///< Last one.

/// The table's head; `num` u32 offsets counted from the start of the table follow. 16 bytes.
struct yoke_rsc_header {
    uint32_t ver;         ///< 1.
    uint32_t num;         ///< Number of entries.
    uint32_t reserved[2]; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_header) == 16, "rsc_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_header, num) == 4, "rsc_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_header, reserved) == 8, "rsc_header");

/// Memory that the firmware needs. 56 bytes.
struct yoke_rsc_carveout {
    uint32_t type;     ///< CARVEOUT.
    uint32_t da;       ///< Device address, or ADDR_ANY; written back by the host.
    uint32_t pa;       ///< Physical address; written back by the host.
    uint32_t len;      ///< Bytes.
    uint32_t flags;    ///< For the host's IOMMU.
    uint32_t reserved; ///< 0.
    char name[32];     ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_carveout) == 56, "rsc_carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, da) == 4, "rsc_carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, pa) == 8, "rsc_carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, len) == 12, "rsc_carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, flags) == 16, "rsc_carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, reserved) == 20, "rsc_carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, name) == 24, "rsc_carveout");

/// A device's registers that the firmware wants mapped. 56 bytes.
struct yoke_rsc_devmem {
    uint32_t type;     ///< DEVMEM.
    uint32_t da;       ///< Device address.
    uint32_t pa;       ///< Physical address.
    uint32_t len;      ///< Bytes.
    uint32_t flags;    ///< For the host's IOMMU.
    uint32_t reserved; ///< 0.
    char name[32];     ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_devmem) == 56, "rsc_devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, da) == 4, "rsc_devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, pa) == 8, "rsc_devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, len) == 12, "rsc_devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, flags) == 16, "rsc_devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, reserved) == 20, "rsc_devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, name) == 24, "rsc_devmem");

/// A buffer of text that the firmware writes and the host shows. 48 bytes.
struct yoke_rsc_trace {
    uint32_t type;     ///< TRACE.
    uint32_t da;       ///< Device address of the text.
    uint32_t len;      ///< Bytes.
    uint32_t reserved; ///< 0.
    char name[32];     ///< Terminated.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_trace) == 48, "rsc_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_trace, da) == 4, "rsc_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_trace, len) == 8, "rsc_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_trace, reserved) == 12, "rsc_trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_trace, name) == 16, "rsc_trace");

/// One virtqueue of a vdev. 20 bytes.
struct yoke_rsc_vring {
    uint32_t da;       ///< Device address of the ring, or ADDR_ANY; written by the host.
    uint32_t align;    ///< Alignment of the used ring, a power of two.
    uint32_t num;      ///< Number of descriptors, a power of two.
    uint32_t notifyid; ///< The doorbell; written by the host.
    uint32_t pa;       ///< Physical address, or 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_vring) == 20, "rsc_vring");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vring, align) == 4, "rsc_vring");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vring, num) == 8, "rsc_vring");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vring, notifyid) == 12, "rsc_vring");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vring, pa) == 16, "rsc_vring");

/// A virtio device; `num_of_vrings` vrings follow, then `config_len` bytes. 28 bytes.
struct yoke_rsc_vdev {
    uint32_t type;         ///< VDEV.
    uint32_t id;           ///< Virtio device id, such as 7 for rpmsg.
    uint32_t notifyid;     ///< Doorbell for configuration changes; written by the host.
    uint32_t dfeatures;    ///< Features that the firmware offers.
    uint32_t gfeatures;    ///< Features that the host took; written by the host.
    uint32_t config_len;   ///< Bytes of configuration space behind the vrings.
    uint8_t status;        ///< Device status; written by the host.
    uint8_t num_of_vrings; ///< Virtqueues.
    uint8_t reserved[2];   ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_vdev) == 28, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, id) == 4, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, notifyid) == 8, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, dfeatures) == 12, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, gfeatures) == 16, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, config_len) == 20, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, status) == 24, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, num_of_vrings) == 25, "rsc_vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, reserved) == 26, "rsc_vdev");

// End of what is generated.

#endif
