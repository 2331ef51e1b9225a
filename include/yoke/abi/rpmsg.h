// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/rpmsg.h
/// The bytes of rpmsg, as Linux's virtio_rpmsg_bus has them.
#ifndef YOKE_ABI_RPMSG_H
#define YOKE_ABI_RPMSG_H

#include <yoke/base.h>

// Generated from spec/structures.json by spec/generate: rpmsg

// Sizes in bytes.
#define YOKE_RPMSG_NAME_SIZE 32u    ///< A service's name, its terminating NUL included.
#define YOKE_RPMSG_BUFFER_SIZE 512u ///< A buffer with its header, unless both agree on another.

// Addresses of endpoints.
#define YOKE_RPMSG_NS_ADDR 53u         ///< The name service.
#define YOKE_RPMSG_DYNAMIC_ADDR 1024u  ///< The first one that is handed out freely.
#define YOKE_RPMSG_ADDR_ANY UINT32_MAX ///< No address.

// Virtqueues, by their index in the vdev: named as the driver sees them.
#define YOKE_RPMSG_QUEUE_RX 0u ///< Device to driver: the driver fills it with empty buffers.
#define YOKE_RPMSG_QUEUE_TX 1u ///< Driver to device.

/// The header before each payload. In a legacy link all fields have the driver's byte order, with
/// VERSION_1 they are little endian. 16 bytes.
struct yoke_rpmsg_header {
    uint32_t src;      ///< The sender's endpoint.
    uint32_t dst;      ///< The receiver's endpoint.
    uint32_t reserved; ///< 0; ignored by the receiver.
    uint16_t len;      ///< Bytes of payload behind the header.
    uint16_t flags;    ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_header) == 16, "rpmsg_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, dst) == 4, "rpmsg_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, reserved) == 8, "rpmsg_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, len) == 12, "rpmsg_header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, flags) == 14, "rpmsg_header");

/// A name-service message, sent to NS_ADDR, of exactly this size. 40 bytes.
struct yoke_rpmsg_ns {
    char name[YOKE_RPMSG_NAME_SIZE]; ///< The service, terminated.
    uint32_t addr;                   ///< Its endpoint.
    uint32_t flags;                  ///< CREATE or DESTROY.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_ns) == 40, "rpmsg_ns");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_ns, addr) == 32, "rpmsg_ns");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_ns, flags) == 36, "rpmsg_ns");

// What a name-service message says.
#define YOKE_RPMSG_NS_CREATE 0u  ///< The service is there.
#define YOKE_RPMSG_NS_DESTROY 1u ///< It is gone.

// End of what is generated.

#endif
