// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/rpmsg.h
/// The bytes of rpmsg, as Linux's virtio_rpmsg_bus has them.
#ifndef YOKE_ABI_RPMSG_H
#define YOKE_ABI_RPMSG_H

#include <yoke/base.h>

/// The header before each payload: 16 bytes. In a legacy link all fields have the driver's byte
/// order, with VERSION_1 they are little endian.
struct yoke_rpmsg_header {
    uint32_t src;      ///< The sender's endpoint.
    uint32_t dst;      ///< The receiver's endpoint.
    uint32_t reserved; ///< 0; ignored by the receiver.
    uint16_t len;      ///< Bytes of payload behind the header.
    uint16_t flags;    ///< 0.
};

/// Bytes of a service's name, its terminating NUL included.
#define YOKE_RPMSG_NAME_SIZE 32u

/// A name-service message, sent to YOKE_RPMSG_NS_ADDR: exactly 40 bytes.
struct yoke_rpmsg_ns {
    char name[YOKE_RPMSG_NAME_SIZE]; ///< The service, terminated.
    uint32_t addr;                   ///< Its endpoint.
    uint32_t flags;                  ///< YOKE_RPMSG_NS_CREATE or YOKE_RPMSG_NS_DESTROY.
};

#define YOKE_RPMSG_NS_CREATE 0u
#define YOKE_RPMSG_NS_DESTROY 1u

/// Addresses: the name service has 53, dynamic ones start at 1024, the last is no address.
#define YOKE_RPMSG_NS_ADDR 53u
#define YOKE_RPMSG_DYNAMIC_ADDR 1024u
#define YOKE_RPMSG_ADDR_ANY UINT32_MAX

/// Size of a buffer, its header included, unless both sides agree on another.
#define YOKE_RPMSG_BUFFER_SIZE 512u

/// Virtqueues, by their index in the vdev: named as the driver sees them.
#define YOKE_RPMSG_QUEUE_RX 0u ///< Device to driver: the driver fills it with empty buffers.
#define YOKE_RPMSG_QUEUE_TX 1u ///< Driver to device.

YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_header) == 16, "rpmsg header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, src) == 0, "rpmsg header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, dst) == 4, "rpmsg header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, reserved) == 8, "rpmsg header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, len) == 12, "rpmsg header");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_header, flags) == 14, "rpmsg header");
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_ns) == 40, "rpmsg name service");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_ns, addr) == 32, "rpmsg name service");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_ns, flags) == 36, "rpmsg name service");

#endif
