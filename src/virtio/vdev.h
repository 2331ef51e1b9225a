// SPDX-License-Identifier: BSD-3-Clause
/// \file vdev.h
/// Reaching into a vdev entry, for both sides.
#ifndef YOKE_VIRTIO_VDEV_H
#define YOKE_VIRTIO_VDEV_H

#include <yoke/virtio.h>

#include "port/access.h"

YOKE_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                   "a resource table is little endian: this transport needs a processor that is");

/// The vring behind the entry's head; `index` is below vdev->rings.
static inline struct yoke_rsc_vring *yoke_vdev_vring(const struct yoke_vdev *vdev, uint32_t index)
{
    return (struct yoke_rsc_vring *)(void *)(vdev->entry + 1) + index;
}

#endif
