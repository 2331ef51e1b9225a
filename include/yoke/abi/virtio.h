// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/virtio.h
/// Numbers of the virtio standard: status bits (VIRTIO 1.3, 2.1), features (6), device ids (5).
#ifndef YOKE_ABI_VIRTIO_H
#define YOKE_ABI_VIRTIO_H

#include <yoke/base.h>

/// Device status bits (2.1).
#define YOKE_STATUS_ACKNOWLEDGE 1u
#define YOKE_STATUS_DRIVER 2u
#define YOKE_STATUS_DRIVER_OK 4u
#define YOKE_STATUS_FEATURES_OK 8u
#define YOKE_STATUS_NEEDS_RESET 64u
#define YOKE_STATUS_FAILED 128u

/// A feature as a bit of the 64-bit feature set.
#define YOKE_FEATURE(bit) (UINT64_C(1) << (bit))

/// Features that the rings know (6).
#define YOKE_F_RING_INDIRECT YOKE_FEATURE(28)
#define YOKE_F_RING_EVENT_IDX YOKE_FEATURE(29)
#define YOKE_F_VERSION_1 YOKE_FEATURE(32)

/// Features of the rpmsg device.
#define YOKE_F_RPMSG_NS YOKE_FEATURE(0) ///< The name service at address 53.

/// Device ids (5).
#define YOKE_ID_NET 1u
#define YOKE_ID_BLOCK 2u
#define YOKE_ID_CONSOLE 3u
#define YOKE_ID_RPMSG 7u

#endif
