// SPDX-License-Identifier: BSD-3-Clause
/// \file abi/extensions.h
/// What the extensions of the rpmsg device share: spec/extensions.md. The configuration space is
/// little endian; records and references have the byte order of messages. Their feature bits are in
/// virtio.h.
#ifndef YOKE_ABI_EXTENSIONS_H
#define YOKE_ABI_EXTENSIONS_H

#include <yoke/abi/rsc2.h>
#include <yoke/base.h>

// Generated from spec/structures.json by spec/generate: extensions

// Extensions of the rpmsg device.
/// The address of control records, both as source and destination.
#define YOKE_RPMSG_CONTROL_ADDR 54u
/// Bytes of the smallest buffer that BUFFERS allows, header included.
#define YOKE_RPMSG_BUFFER_SIZE_MIN 24u
/// Bytes of the largest one.
#define YOKE_RPMSG_BUFFER_SIZE_MAX 65544u
/// Messages that a pair may send before any grant.
#define YOKE_RPMSG_CREDITS_INITIAL 1u
/// The most that a limit may be ahead of what was sent.
#define YOKE_RPMSG_CREDITS_MAX 32768u
/// How far apart the first numbers of two pairs lie at least.
#define YOKE_RPMSG_CREDITS_START 131072u
/// References in one message, bits 0 to 3 of the header's `flags`.
#define YOKE_RPMSG_BULK_MAX 15u

/// Configuration space of the rpmsg device, little endian; `regions` regions follow. 20 bytes.
struct yoke_rpmsg_config {
    uint32_t driver_generation; ///< Number of the driver's run; 0: none yet.
    uint32_t driver_seen;       ///< The `device_generation` that the rings are for.
    uint32_t device_generation; ///< Number of the device's run; 0: none yet.
    uint32_t device_seen;       ///< The `driver_generation` for which it let go of everything.
    uint32_t regions;           ///< Number of regions for BULK.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_config) == 20, "rpmsg_config");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_config, driver_seen) == 4, "rpmsg_config");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_config, device_generation) == 8, "rpmsg_config");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_config, device_seen) == 12, "rpmsg_config");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_config, regions) == 16, "rpmsg_config");

/// A region for BULK, in the configuration space. 24 bytes.
struct yoke_rpmsg_region {
    yoke_u64_a4 da;    ///< Device address; all ones: the driver's, before status 7.
    uint32_t size;     ///< Bytes, a multiple of `granule`.
    uint32_t granule;  ///< A power of two from 4 to 65536: cache lines of both sides divide it.
    uint16_t slots;    ///< Loans that may be out at a time, 1 to 1024.
    uint16_t lender;   ///< 0: the driver lends pieces of it, 1: the device.
    uint32_t reserved; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_region) == 24, "rpmsg_region");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_region, size) == 8, "rpmsg_region");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_region, granule) == 12, "rpmsg_region");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_region, slots) == 16, "rpmsg_region");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_region, lender) == 18, "rpmsg_region");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_region, reserved) == 20, "rpmsg_region");

// Kinds of control records.
#define YOKE_RPMSG_RECORD_GRANT 1u  ///< CREDITS: the peer's endpoint may send.
#define YOKE_RPMSG_RECORD_CLOSED 2u ///< CREDITS: no endpoint is there.
#define YOKE_RPMSG_RECORD_BOUND 3u  ///< ACK: a listener is bound, or not any more.
#define YOKE_RPMSG_RECORD_RETURN 4u ///< BULK: a loan is given back.

/// A control record; GRANT, CLOSED and BOUND. 16 bytes.
struct yoke_rpmsg_record {
    uint32_t kind;     ///< GRANT to RETURN.
    uint32_t endpoint; ///< Endpoint of the side that sends the record.
    uint32_t peer;     ///< Endpoint of the side that gets it.
    uint32_t value;    ///< GRANT: limit. CLOSED: number of the message. BOUND: 1 bound, 0 not.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_record) == 16, "rpmsg_record");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_record, endpoint) == 4, "rpmsg_record");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_record, peer) == 8, "rpmsg_record");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_record, value) == 12, "rpmsg_record");

/// The control record RETURN. 16 bytes.
struct yoke_rpmsg_return {
    uint32_t kind;     ///< RETURN.
    uint16_t region;   ///< As in the reference.
    uint16_t slot;     ///< As in the reference.
    uint32_t written;  ///< Bytes that the borrower wrote, from the start; 0 without WRITE.
    uint32_t reserved; ///< 0.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_return) == 16, "rpmsg_return");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_return, region) == 4, "rpmsg_return");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_return, slot) == 6, "rpmsg_return");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_return, written) == 8, "rpmsg_return");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_return, reserved) == 12, "rpmsg_return");

/// A reference to a piece of a region, at the start of a payload. 16 bytes.
struct yoke_rpmsg_bulk {
    uint16_t region; ///< Index of the region.
    uint16_t slot;   ///< Number of the loan, below the region's `slots`.
    uint32_t offset; ///< Where the piece begins in the region, a multiple of `granule`.
    uint32_t length; ///< Its bytes, not 0.
    uint32_t flags;  ///< Bit 0, WRITE: the borrower may write to it.
};
YOKE_STATIC_ASSERT(sizeof(struct yoke_rpmsg_bulk) == 16, "rpmsg_bulk");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_bulk, slot) == 2, "rpmsg_bulk");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_bulk, offset) == 4, "rpmsg_bulk");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_bulk, length) == 8, "rpmsg_bulk");
YOKE_STATIC_ASSERT(offsetof(struct yoke_rpmsg_bulk, flags) == 12, "rpmsg_bulk");

// Flags of a reference.
#define YOKE_RPMSG_BULK_WRITE 1u ///< The borrower may write to the piece.

// End of what is generated.

#endif
