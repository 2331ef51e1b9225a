// SPDX-License-Identifier: BSD-3-Clause
/// \file ring_rig.h
/// A queue on a bench: both sides, the memory between them, and hands to act as a side that does
/// not keep to the rules. Where things lie in the ring is computed here from the standard's text
/// (VIRTIO 1.3, 2.7), not by the code under test.
#ifndef YOKE_TEST_RING_RIG_H
#define YOKE_TEST_RING_RIG_H

#include <yoke/ring.h>

/// Buffers, as the device knows them: one window at a 32-bit address, one above 4 GiB.
#define RIG_LOW UINT64_C(0x80000000)
#define RIG_HIGH UINT64_C(0x900000000)
#define RIG_WINDOW 4096u

struct ring_rig {
    struct yoke_vq_driver driver;
    struct yoke_vq_device device;
    struct yoke_vq_config driver_config;
    struct yoke_vq_config device_config;
    struct yoke_port driver_port;
    struct yoke_port device_port;
    unsigned driver_rang; ///< Doorbells that the driver rang.
    unsigned device_rang; ///< Doorbells that the device rang.
    struct yoke_vq_slot *slots;
    uint16_t *owned;
    uint8_t *ring; ///< Of just the size that it needs.
    size_t ring_bytes;
    uint8_t *low;  ///< RIG_WINDOW bytes at RIG_LOW.
    uint8_t *high; ///< RIG_WINDOW bytes at RIG_HIGH.
    struct yoke_window windows[2];
    struct yoke_mem mem;
};

/// Sets both sides up; rings the doorbell as number 7.
void rig_open(struct ring_rig *rig, uint32_t num, uint32_t align, uint64_t features);
void rig_close(struct ring_rig *rig);

/// Moves the running counters of both sides and the ring to `count`, as if so many elements had
/// gone through a queue that is empty now.
void rig_age(struct ring_rig *rig, uint32_t count);

// ------------------------------------------------------------------------------- bytes of the ring

uint8_t *rig_desc(const struct ring_rig *rig, uint32_t index);
uint8_t *rig_avail(const struct ring_rig *rig);
uint8_t *rig_used(const struct ring_rig *rig);
uint8_t *rig_used_event(const struct ring_rig *rig);
uint8_t *rig_avail_event(const struct ring_rig *rig);

/// Writes a descriptor at `desc`, of the ring's table or of an indirect one.
void rig_put_desc(void *desc, uint64_t address, uint32_t size, uint16_t flags, uint16_t next);

/// A hostile driver: puts a head into the available ring and shows it.
void rig_raw_offer(struct ring_rig *rig, uint16_t head);

/// A hostile device: puts an element into the used ring and shows it.
void rig_raw_use(struct ring_rig *rig, uint32_t id, uint32_t size);

/// The device pops the chain at `head`, which a hostile driver has just offered.
struct yoke_chain rig_offered(struct ring_rig *rig, uint16_t head);

/// The device follows the chain at `head`, which must give `good` buffers and then be refused, and
/// hands it back.
void rig_refused_after(struct ring_rig *rig, unsigned good, uint16_t head);

/// The same for a chain that is sound and has `count` buffers. Returns the last one.
struct yoke_vq_part rig_good(struct ring_rig *rig, unsigned count, uint16_t head);

// -------------------------------------------------------------------------------------- honest use

/// The driver takes a descriptor, offers a buffer with it and publishes. Returns its index.
uint16_t rig_offer(struct ring_rig *rig, uint64_t address, uint32_t size, bool write);

/// The device pops a chain, which must be there.
struct yoke_chain rig_pop(struct ring_rig *rig);

#endif
