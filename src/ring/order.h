// SPDX-License-Identifier: BSD-3-Clause
/// \file order.h
/// Byte order of ring fields: little endian with VERSION_1, the driver's own without (VIRTIO 1.3,
/// 2.4.3). Builds in which the two can only be the same carry no code for it.
#ifndef YOKE_RING_ORDER_H
#define YOKE_RING_ORDER_H

#include <yoke/base.h>

/// Set to 1 for a processor whose byte order may differ from the ring's.
#ifndef YOKE_BYTE_SWAP
#define YOKE_BYTE_SWAP 0
#endif

#if YOKE_BYTE_SWAP
#define YOKE_SWAP16(swap, value) ((swap) ? __builtin_bswap16(value) : (value))
#define YOKE_SWAP32(swap, value) ((swap) ? __builtin_bswap32(value) : (value))
#define YOKE_SWAP64(swap, value) ((swap) ? __builtin_bswap64(value) : (value))
#else
#define YOKE_SWAP16(swap, value) ((void)(swap), (value))
#define YOKE_SWAP32(swap, value) ((void)(swap), (value))
#define YOKE_SWAP64(swap, value) ((void)(swap), (value))
#endif

/// Whether fields of a ring with these properties have to be swapped here.
static inline bool yoke_order_differs(bool version_1, bool driver_big_endian)
{
    const bool here = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    const bool there = !version_1 && driver_big_endian;
    return here != there;
}

#endif
