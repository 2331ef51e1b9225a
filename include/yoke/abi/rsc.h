// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/rsc.h
/// The resource table, version 1, as Linux's remoteproc has it. All fields are little endian.
#ifndef YOKE_ABI_RSC_H
#define YOKE_ABI_RSC_H

#include <yoke/base.h>

/// The ELF section that holds the table.
#define YOKE_RSC_SECTION ".resource_table"

/// The table's head: 16 bytes, then `num` u32 offsets counted from the start of the table.
struct yoke_rsc_header {
    uint32_t ver;         ///< 1.
    uint32_t num;         ///< Number of entries.
    uint32_t reserved[2]; ///< 0.
};

/// Entry types: the u32 that each entry starts with.
#define YOKE_RSC_CARVEOUT 0u
#define YOKE_RSC_DEVMEM 1u
#define YOKE_RSC_TRACE 2u
#define YOKE_RSC_VDEV 3u
#define YOKE_RSC_VENDOR_START 128u ///< First type that belongs to vendors.
#define YOKE_RSC_VENDOR_END 512u   ///< Last one.

/// "Place it for me": an address that the host fills in.
#define YOKE_RSC_ADDR_ANY UINT32_MAX

/// Memory that the firmware needs.
struct yoke_rsc_carveout {
    uint32_t type; ///< YOKE_RSC_CARVEOUT.
    uint32_t da;   ///< Device address, or YOKE_RSC_ADDR_ANY; written back by the host.
    uint32_t pa;   ///< Physical address; written back by the host.
    uint32_t len;  ///< Bytes.
    uint32_t flags;
    uint32_t reserved; ///< 0.
    char name[32];     ///< Terminated.
};

/// A device's registers that the firmware wants mapped.
struct yoke_rsc_devmem {
    uint32_t type; ///< YOKE_RSC_DEVMEM.
    uint32_t da;
    uint32_t pa;
    uint32_t len;
    uint32_t flags;
    uint32_t reserved; ///< 0.
    char name[32];     ///< Terminated.
};

/// A buffer of text that the firmware writes and the host shows.
struct yoke_rsc_trace {
    uint32_t type; ///< YOKE_RSC_TRACE.
    uint32_t da;
    uint32_t len;
    uint32_t reserved; ///< 0.
    char name[32];     ///< Terminated.
};

/// One virtqueue of a vdev.
struct yoke_rsc_vring {
    uint32_t da;       ///< Device address of the ring, or YOKE_RSC_ADDR_ANY; written by the host.
    uint32_t align;    ///< Alignment of the used ring, a power of two.
    uint32_t num;      ///< Number of descriptors, a power of two.
    uint32_t notifyid; ///< The doorbell; written by the host.
    uint32_t pa;       ///< Physical address, or 0.
};

/// A virtio device: `num_of_vrings` yoke_rsc_vring follow, then `config_len` bytes.
struct yoke_rsc_vdev {
    uint32_t type;         ///< YOKE_RSC_VDEV.
    uint32_t id;           ///< Virtio device id, such as YOKE_ID_RPMSG.
    uint32_t notifyid;     ///< Doorbell for configuration changes; written by the host.
    uint32_t dfeatures;    ///< Features that the firmware offers.
    uint32_t gfeatures;    ///< Features that the host took; written by the host.
    uint32_t config_len;   ///< Bytes of configuration space behind the vrings.
    uint8_t status;        ///< Device status; written by the host.
    uint8_t num_of_vrings; ///< Virtqueues.
    uint8_t reserved[2];   ///< 0.
};

YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_header) == 16, "table head");
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_carveout) == 56, "carveout");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_carveout, name) == 24, "carveout");
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_devmem) == 56, "devmem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_devmem, name) == 24, "devmem");
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_trace) == 48, "trace");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_trace, name) == 16, "trace");
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_vring) == 20, "vring");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vring, notifyid) == 12, "vring");
YOKE_STATIC_ASSERT(sizeof(struct yoke_rsc_vdev) == 28, "vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, gfeatures) == 16, "vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, status) == 24, "vdev");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rsc_vdev, num_of_vrings) == 25, "vdev");

#endif
