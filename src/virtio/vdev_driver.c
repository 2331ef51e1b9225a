// SPDX-License-Identifier: BSD-3-Clause
#include "virtio/vdev.h"

static void set_status(struct yoke_vdev *vdev, uint8_t status)
{
    // The device sees everything that this status stands for. Partner: yoke_vdev_status().
    yoke_store8_release(&vdev->entry->status, status);
    yoke_clean(vdev->port, &vdev->entry->status, sizeof vdev->entry->status);
}

void yoke_vdev_driver_begin(struct yoke_vdev *vdev)
{
    set_status(vdev, 0);
    set_status(vdev, YOKE_STATUS_ACKNOWLEDGE);
    set_status(vdev, YOKE_STATUS_ACKNOWLEDGE | YOKE_STATUS_DRIVER);
}

uint64_t yoke_vdev_driver_features(struct yoke_vdev *vdev, uint64_t known)
{
    const uint64_t taken = yoke_features_common(vdev->features, known, false);

    YOKE_STORE(vdev->entry->gfeatures, (uint32_t)taken);
    yoke_clean(vdev->port, &vdev->entry->gfeatures, sizeof vdev->entry->gfeatures);
    return taken;
}

int yoke_vdev_driver_place(struct yoke_vdev *vdev, uint32_t index, uint64_t da, uint32_t notify_id)
{
    if (index >= vdev->rings) {
        return YOKE_NOT_FOUND;
    }
    if (da >= YOKE_RSC_ADDR_ANY) {
        return YOKE_INVALID;
    }
    struct yoke_rsc_vring *const vring = yoke_vdev_vring(vdev, index);
    YOKE_STORE(vring->da, (uint32_t)da);
    YOKE_STORE(vring->notifyid, notify_id);
    yoke_clean(vdev->port, vring, sizeof *vring);
    return YOKE_OK;
}

void yoke_vdev_driver_ok(struct yoke_vdev *vdev)
{
    set_status(vdev, YOKE_STATUS_ACKNOWLEDGE | YOKE_STATUS_DRIVER | YOKE_STATUS_DRIVER_OK);
}

void yoke_vdev_driver_reset(struct yoke_vdev *vdev)
{
    set_status(vdev, 0);
}
