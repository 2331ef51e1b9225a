// SPDX-License-Identifier: BSD-3-Clause
/// \file bytes.h
/// The protocol's numbers, and shared memory read and written byte for byte. Written from the
/// documents (spec/, VIRTIO 1.3), not from src/ or include/: a mistake made there is not repeated
/// here.
///
/// Little endian: so are all sides that this checker meets.
#ifndef CONFORM_BYTES_H
#define CONFORM_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The vdev entry of the resource table, by offset.
#define ENTRY_TYPE 0u
#define ENTRY_ID 4u
#define ENTRY_DFEATURES 12u
#define ENTRY_GFEATURES 16u
#define ENTRY_CONFIG_LEN 20u
#define ENTRY_STATUS 24u
#define ENTRY_RINGS 25u
#define ENTRY_RING(index, field) (28u + 20u * (index) + (field))
#define RING_DA 0u
#define RING_ALIGN 4u
#define RING_NUM 8u
#define RING_NOTIFYID 12u
#define ENTRY_BYTES 68u ///< With two rings, without configuration.

#define TYPE_VDEV 3u
#define ID_RPMSG 7u
#define DA_ANY UINT32_MAX

// Status (VIRTIO 1.3, 2.1), features (6).
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_READY 7u
#define FEATURE_NS (1u << 0)
#define FEATURE_BUFFERS (1u << 16)
#define FEATURE_ACK (1u << 20)
#define FEATURE_INDIRECT (1u << 28)
#define FEATURE_EVENT_IDX (1u << 29)

// Rings (2.7).
#define DESC_NEXT 1u
#define DESC_WRITE 2u
#define DESC_INDIRECT 4u
#define NO_NOTIFY 1u

// Messages.
#define QUEUE_TO_DRIVER 0u
#define QUEUE_TO_DEVICE 1u
#define HEADER_BYTES 16u
#define BUFFER_BYTES 512u
#define PAYLOAD_MAX (BUFFER_BYTES - HEADER_BYTES)
#define NAME_BYTES 32u
#define NS_BYTES 40u
#define NS_ADDRESS 53u
#define NS_CREATE 0u
#define NS_DESTROY 1u

// Control records (extensions.md, 1).
#define CONTROL_ADDRESS 54u
#define RECORD_BYTES 16u
#define KIND_GRANT 1u
#define KIND_CLOSED 2u
#define KIND_BOUND 3u
#define KIND_RETURN 4u

#define DYNAMIC_ADDRESS 1024u
#define ADDRESS_ANY UINT32_MAX
#define CHECKER_ADDRESS 2024u ///< Where the checker's own endpoint is.

static inline uint8_t get8(const uint8_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline uint16_t get16(const uint8_t *at)
{
    return le16toh(__atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_ACQUIRE));
}

static inline uint32_t get32(const uint8_t *at)
{
    return le32toh(__atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE));
}

static inline uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static inline void put8(uint8_t *at, uint8_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

static inline void put16(uint8_t *at, uint16_t value)
{
    __atomic_store_n((uint16_t *)(void *)at, htole16(value), __ATOMIC_RELEASE);
}

static inline void put32(uint8_t *at, uint32_t value)
{
    __atomic_store_n((uint32_t *)(void *)at, htole32(value), __ATOMIC_RELEASE);
}

static inline void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

/// The name of an announcement, without a NUL if it has 32 bytes.
static inline void put_name(uint8_t *at, const char *name)
{
    for (unsigned i = 0; i < NAME_BYTES && name[i] != '\0'; i++) {
        at[i] = (uint8_t)name[i];
    }
}

static inline void full_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/// True if an index that moves from `old` to `new` passes `event` (2.7.10).
static inline bool passes(uint16_t event, uint16_t old, uint16_t new)
{
    return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

/// Offset of the used ring: behind the available ring, rounded up (2.7).
static inline uint32_t used_offset(uint32_t num, uint32_t align)
{
    return (16 * num + 2 * (num + 3) + align - 1) & ~(align - 1);
}

/// Bytes of a used part.
static inline size_t used_bytes(uint32_t num)
{
    return (size_t)8 * num + 6;
}

/// Bytes of a whole ring.
static inline uint32_t ring_bytes(uint32_t num, uint32_t align)
{
    return used_offset(num, align) + (uint32_t)used_bytes(num);
}

#endif
