// SPDX-License-Identifier: BSD-3-Clause
#include "virtio/vdev.h"

int yoke_vdev_open(struct yoke_vdev *vdev, void *entry, size_t size, const struct yoke_port *port)
{
    struct yoke_rsc_vdev head;

    if (entry == NULL || (uintptr_t)entry % 4 != 0 || size < sizeof head || port == NULL) {
        return YOKE_INVALID;
    }
    yoke_invalidate(port, entry, sizeof head);
    yoke_snapshot(&head, entry, sizeof head);
    const size_t rings = head.num_of_vrings * sizeof(struct yoke_rsc_vring);
    if (head.type != YOKE_RSC_VDEV || size - sizeof head < rings ||
        size - sizeof head - rings < head.config_len) {
        return YOKE_INVALID;
    }
    *vdev = (struct yoke_vdev){
        .entry = entry,
        .port = port,
        .features = head.dfeatures,
        .id = head.id,
        .config_size = head.config_len,
        .rings = head.num_of_vrings,
    };
    return YOKE_OK;
}

uint8_t yoke_vdev_status(const struct yoke_vdev *vdev)
{
    yoke_invalidate(vdev->port, &vdev->entry->status, sizeof vdev->entry->status);
    // What the driver wrote before DRIVER_OK is read after it. Partner: set_status().
    return yoke_load8_acquire(&vdev->entry->status);
}

int yoke_vdev_features(const struct yoke_vdev *vdev, uint64_t *features)
{
    yoke_invalidate(vdev->port, &vdev->entry->gfeatures, sizeof vdev->entry->gfeatures);
    const uint32_t taken = YOKE_LOAD(vdev->entry->gfeatures);
    if ((taken & ~vdev->features) != 0) {
        return YOKE_BAD_PEER;
    }
    *features = taken;
    return YOKE_OK;
}

int yoke_vdev_ring(const struct yoke_vdev *vdev, uint32_t index, const struct yoke_mem *mem,
                   struct yoke_vq_config *config)
{
    struct yoke_rsc_vring vring;

    if (index >= vdev->rings) {
        return YOKE_NOT_FOUND;
    }
    const struct yoke_rsc_vring *const shared = yoke_vdev_vring(vdev, index);
    yoke_invalidate(vdev->port, shared, sizeof *shared);
    yoke_snapshot(&vring, shared, sizeof vring);
    const uint32_t size = yoke_vring_bytes(vring.num, vring.align);
    const bool placed = size != 0 && vring.da != YOKE_RSC_ADDR_ANY;
    config->memory = placed ? yoke_mem_at(mem, vring.da, size) : NULL;
    config->num = vring.num;
    config->align = vring.align;
    config->port = vdev->port;
    config->notify_id = vring.notifyid;
    return config->memory == NULL ? YOKE_BAD_PEER : YOKE_OK;
}

/// Where `size` bytes of configuration space lie, or NULL.
static uint8_t *config_at(const struct yoke_vdev *vdev, uint32_t offset, uint32_t size)
{
    if (offset > vdev->config_size || size > vdev->config_size - offset) {
        return NULL;
    }
    return (uint8_t *)yoke_vdev_vring(vdev, vdev->rings) + offset;
}

int yoke_vdev_config_read(const struct yoke_vdev *vdev, uint32_t offset, void *to, uint32_t size)
{
    const uint8_t *const from = config_at(vdev, offset, size);

    if (from == NULL) {
        return YOKE_INVALID;
    }
    yoke_invalidate(vdev->port, from, size);
    yoke_snapshot(to, from, size);
    return YOKE_OK;
}

int yoke_vdev_config_write(const struct yoke_vdev *vdev, uint32_t offset, const void *from,
                           uint32_t size)
{
    uint8_t *const to = config_at(vdev, offset, size);

    if (to == NULL) {
        return YOKE_INVALID;
    }
    memcpy(to, from, size);
    yoke_clean(vdev->port, to, size);
    return YOKE_OK;
}
