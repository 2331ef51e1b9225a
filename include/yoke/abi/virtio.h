// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/virtio.h
/// Numbers of the virtio standard: status bits (VIRTIO 1.3, 2.1), features (6), device ids (5).
#ifndef YOKE_ABI_VIRTIO_H
#define YOKE_ABI_VIRTIO_H

#include <yoke/base.h>

/// A feature as a bit of the 64-bit feature set.
#define YOKE_FEATURE(bit) (UINT64_C(1) << (bit))

// Generated from spec/structures.json by spec/generate: virtio

// Device status bits (2.1).
#define YOKE_STATUS_ACKNOWLEDGE 1u  ///< The driver has seen the device.
#define YOKE_STATUS_DRIVER 2u       ///< It knows how to drive it.
#define YOKE_STATUS_DRIVER_OK 4u    ///< It is set up: the device may use its rings.
#define YOKE_STATUS_FEATURES_OK 8u  ///< It has taken its features. Not with remoteproc.
#define YOKE_STATUS_NEEDS_RESET 64u ///< The device is broken until it is reset.
#define YOKE_STATUS_FAILED 128u     ///< The driver has given the device up.

// Features that the rings know (6).
#define YOKE_F_RING_INDIRECT YOKE_FEATURE(28)  ///< Chains may lie in tables of their own.
#define YOKE_F_RING_EVENT_IDX YOKE_FEATURE(29) ///< Doorbells are asked for by index.
#define YOKE_F_VERSION_1 YOKE_FEATURE(32)      ///< VIRTIO 1.0 and later; all is little endian.

// Features of the rpmsg device.
#define YOKE_F_RPMSG_NS YOKE_FEATURE(0)          ///< The name service at address 53.
#define YOKE_F_RPMSG_BUFFERS YOKE_FEATURE(16)    ///< Buffers are as the table says.
#define YOKE_F_RPMSG_GENERATION YOKE_FEATURE(17) ///< The other side learns of a restart.
#define YOKE_F_RPMSG_CREDITS YOKE_FEATURE(18)    ///< Flow control for each endpoint.
#define YOKE_F_RPMSG_BULK YOKE_FEATURE(19)       ///< Big buffers by reference.
#define YOKE_F_RPMSG_ACK YOKE_FEATURE(20)        ///< The name service answers: a listener is bound.

// Device ids (5).
#define YOKE_ID_NET 1u     ///< Network card.
#define YOKE_ID_BLOCK 2u   ///< Block device.
#define YOKE_ID_CONSOLE 3u ///< Console.
#define YOKE_ID_RPMSG 7u   ///< Messages.

// End of what is generated.

#endif
