// SPDX-License-Identifier: BSD-3-Clause
/// \file an521.h
/// What the machines that run firmware of board mps2-an521 share: its map, and how it starts and
/// dies.
#ifndef MACHINE_AN521_H
#define MACHINE_AN521_H

#include <yoke/machine.h>

#define AN521_REGIONS 2u

/// The processor.
extern const struct yoke_elf_target an521_target;

/// The map, without memory behind it.
extern const struct yoke_region an521_map[AN521_REGIONS];

/// What the core takes from the start of the image when it is reset.
struct an521_vectors {
    uint32_t stack; ///< Initial stack pointer.
    uint32_t reset; ///< Where it starts, Thumb bit included.
};

/// Reads them from the image in memory. Returns YOKE_OK; or YOKE_BAD_IMAGE if they do not lead into
/// the image, or elsewhere than to `entry`, and `error`, of `size` bytes, says so.
int an521_vectors(struct an521_vectors *vectors, const struct yoke_region *image, uint64_t entry,
                  char *error, size_t size);

#endif
