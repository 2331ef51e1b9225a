// SPDX-License-Identifier: BSD-3-Clause
/// \file virtio.h
/// Virtio devices that live in a version-1 resource table: status, features, configuration space
/// and where the rings are (VIRTIO 1.3, sections 2.1, 2.2, 2.5, 3.1), as Linux's remoteproc does
/// it.
///
/// The firmware is the device, the host is the driver. The table lies in shared memory, so both
/// sides may change it at any time: what must not change is copied by yoke_vdev_open() and never
/// read again, the rest is read once at each call.
///
/// Differences from the standard that this transport has: 32 feature bits, so no VERSION_1; the
/// status ends at 7, without FEATURES_OK; the driver may place the rings and write `gfeatures`
/// after the device's processor has started, but before it sets DRIVER_OK.
///
/// Context of every call: the vdev's one owning context. Nothing blocks or allocates.
#ifndef YOKE_VIRTIO_H
#define YOKE_VIRTIO_H

#include <yoke/abi/rsc.h>
#include <yoke/abi/virtio.h>
#include <yoke/base.h>
#include <yoke/mem.h>
#include <yoke/port.h>
#include <yoke/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Checks a change of the device status (2.1, 3.1): bits are only added, in order, and only a reset
/// (0) removes them. With `features_ok`, FEATURES_OK has to come before DRIVER_OK; a transport
/// without VERSION_1 does not have it. FAILED and NEEDS_RESET may come at any time.
///
/// Returns YOKE_OK or YOKE_INVALID. Pure; any context.
int yoke_status_check(uint8_t from, uint8_t to, bool features_ok);

/// True if a status says that the driver drives the device: ACKNOWLEDGE, DRIVER and DRIVER_OK, and
/// neither FAILED nor NEEDS_RESET. Pure; any context.
static inline bool yoke_status_live(uint8_t status)
{
    const uint8_t live = YOKE_STATUS_ACKNOWLEDGE | YOKE_STATUS_DRIVER | YOKE_STATUS_DRIVER_OK;
    return (status & (live | YOKE_STATUS_FAILED | YOKE_STATUS_NEEDS_RESET)) == live;
}

/// The features that both sides know, of those that the transport can carry: VERSION_1 and above
/// only with `wide`. Pure; any context.
static inline uint64_t yoke_features_common(uint64_t device, uint64_t driver, bool wide)
{
    return device & driver & (wide ? UINT64_MAX : UINT32_MAX);
}

/// One vdev entry in a resource table, as one side sees it. Opaque, but for the copies.
struct yoke_vdev {
    struct yoke_rsc_vdev *entry; ///< In shared memory.
    const struct yoke_port *port;
    uint64_t features;    ///< What the device offers: a private copy.
    uint32_t id;          ///< Virtio device id: a private copy.
    uint32_t config_size; ///< Bytes of configuration space: a private copy.
    uint32_t rings;       ///< Number of virtqueues: a private copy.
};

/// Starts to use the vdev entry at `entry`, of which `size` bytes are known to be mapped.
///
/// `port`: for the caches; the caller's, constant while the vdev is in use.
/// Returns YOKE_OK; YOKE_INVALID if the entry is not a vdev, not 4-aligned, or longer than `size`.
int yoke_vdev_open(struct yoke_vdev *vdev, void *entry, size_t size, const struct yoke_port *port);

/// Reads the device status. Cost: one load.
uint8_t yoke_vdev_status(const struct yoke_vdev *vdev);

/// Device: reads the features that the driver took; call it once DRIVER_OK is set.
/// Returns YOKE_OK, or YOKE_BAD_PEER if the driver took one that was not offered.
int yoke_vdev_features(const struct yoke_vdev *vdev, uint64_t *features);

/// Where the driver placed one ring. Call it once DRIVER_OK is set: Linux places the rings late.
///
/// `mem` maps device addresses. Fills in memory, num, align, port and notify_id of `config` and
/// leaves the rest.
/// Returns YOKE_OK; YOKE_NOT_FOUND if there is no such queue; YOKE_BAD_PEER if the size or
/// alignment is not valid, the ring is not placed, or lies outside the windows (`config->memory` is
/// NULL).
int yoke_vdev_ring(const struct yoke_vdev *vdev, uint32_t index, const struct yoke_mem *mem,
                   struct yoke_vq_config *config);

/// Reads `size` bytes of configuration space at `offset`, or returns YOKE_INVALID. A field may
/// change between two calls: this transport has no generation counter (2.5.1).
int yoke_vdev_config_read(const struct yoke_vdev *vdev, uint32_t offset, void *to, uint32_t size);

/// Writes `size` bytes of configuration space at `offset`, or returns YOKE_INVALID.
int yoke_vdev_config_write(const struct yoke_vdev *vdev, uint32_t offset, const void *from,
                           uint32_t size);

/// Driver: resets the device and acknowledges it: steps 1 to 3 of 3.1.1.
void yoke_vdev_driver_begin(struct yoke_vdev *vdev);

/// Driver: takes the features that the device offers and the driver knows: steps 4 to 6.
/// Returns what was taken.
uint64_t yoke_vdev_driver_features(struct yoke_vdev *vdev, uint64_t known);

/// Driver: says where a ring is. `da` is its device address.
/// Returns YOKE_OK; YOKE_NOT_FOUND if there is no such queue; YOKE_INVALID if `da` needs more than
/// the 32 bits that this transport has.
int yoke_vdev_driver_place(struct yoke_vdev *vdev, uint32_t index, uint64_t da, uint32_t notify_id);

/// Driver: sets DRIVER_OK: step 8. Rings and buffers must be in place.
void yoke_vdev_driver_ok(struct yoke_vdev *vdev);

/// Driver: resets the device (2.4): it must not touch the rings any more.
void yoke_vdev_driver_reset(struct yoke_vdev *vdev);

#ifdef __cplusplus
}
#endif
#endif
