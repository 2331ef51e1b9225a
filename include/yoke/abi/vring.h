// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/vring.h
/// The split virtqueue's bytes: VIRTIO 1.3, sections 2.7.5 to 2.7.8.
#ifndef YOKE_ABI_VRING_H
#define YOKE_ABI_VRING_H

#include <yoke/base.h>

// The available and used rings (2.7.6, 2.7.8) both are: u16 flags, u16 idx, `num` elements, and a
// u16 event index behind the last one. Their elements are u16 heads and used elements.

// Generated from spec/structures.json by spec/generate: vring

// Flags of a descriptor (2.7.5).
#define YOKE_DESC_NEXT 1u     ///< The chain continues at `next`.
#define YOKE_DESC_WRITE 2u    ///< The device writes this buffer; otherwise it reads it.
#define YOKE_DESC_INDIRECT 4u ///< The buffer is a table of descriptors.

// Numbers of the available and used rings (2.7.6, 2.7.8).
#define YOKE_RING_NO_NOTIFY 1u ///< In `flags` of either ring: asks for no doorbells.
#define YOKE_RING_MAX 32768u   ///< The largest ring, and so the longest chain (2.7).
#define YOKE_RING_FLAGS 0u     ///< Index of `flags` in either ring, counted in u16.
#define YOKE_RING_IDX 1u       ///< Index of `idx` in either ring, counted in u16.
#define YOKE_RING_HEAD 4u      ///< Bytes before the first element of either ring.

/// A descriptor (2.7.5). 16 bytes.
struct yoke_vring_desc {
    uint64_t addr;  ///< Address of the buffer, as the device knows it.
    uint32_t len;   ///< Bytes.
    uint16_t flags; ///< NEXT, WRITE, INDIRECT.
    uint16_t next;  ///< Index of the next descriptor, if NEXT is set.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_vring_desc) == 16, "vring_desc");
YOKE_STATIC_ASSERT(offsetof(struct yoke_vring_desc, len) == 8, "vring_desc");
YOKE_STATIC_ASSERT(offsetof(struct yoke_vring_desc, flags) == 12, "vring_desc");
YOKE_STATIC_ASSERT(offsetof(struct yoke_vring_desc, next) == 14, "vring_desc");

/// An element of the used ring (2.7.8). 8 bytes.
struct yoke_vring_used_elem {
    uint32_t id;  ///< Head of the chain.
    uint32_t len; ///< Bytes that the device wrote.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_vring_used_elem) == 8, "vring_used_elem");
YOKE_STATIC_ASSERT(offsetof(struct yoke_vring_used_elem, len) == 4, "vring_used_elem");

// End of what is generated.

/// Offset of the available ring behind `num` descriptors (2.7).
static inline uint32_t yoke_vring_avail(uint32_t num)
{
    return 16 * num;
}

/// Offset of the used ring: behind the available ring, rounded up to `align` (2.7).
static inline uint32_t yoke_vring_used(uint32_t num, uint32_t align)
{
    return (yoke_vring_avail(num) + 2 * (num + 3) + align - 1) & ~(align - 1);
}

/// Bytes of a whole ring, or 0 unless `num` is a power of two from 2 to YOKE_RING_MAX and `align`
/// one from 4 to 65536. Cannot overflow.
static inline uint32_t yoke_vring_bytes(uint32_t num, uint32_t align)
{
    if (num < 2 || num > YOKE_RING_MAX || (num & (num - 1)) != 0 || align < 4 || align > 65536 ||
        (align & (align - 1)) != 0) {
        return 0;
    }
    return yoke_vring_used(num, align) + 8 * num + 6;
}

#endif
