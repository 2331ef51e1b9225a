// SPDX-License-Identifier: BSD-3-Clause
#include "an521.h"

#include <stdio.h>

#include "boards/mps2-an521/memory.h"

const struct yoke_elf_target an521_target = {YOKE_EM_ARM, YOKE_ELF_CLASS32};

const struct yoke_region an521_map[AN521_REGIONS] = {
    {.name = "image",
     .da = BOARD_IMAGE_DA,
     .pa = BOARD_IMAGE_DA,
     .size = BOARD_IMAGE_SIZE,
     .flags = YOKE_REGION_IMAGE},
    {.name = "shared",
     .da = BOARD_SHARED_DA,
     .pa = BOARD_SHARED_DA,
     .size = BOARD_SHARED_SIZE,
     .flags = YOKE_REGION_SHARED},
};

int an521_vectors(struct an521_vectors *vectors, const struct yoke_region *image, uint64_t entry,
                  char *error, size_t size)
{
    const uint8_t *const table = image->va;
    const uint32_t stack = yoke_le32(table);
    const uint32_t reset = yoke_le32(table + 4);
    const uint64_t end = image->da + image->size;

    if (stack <= image->da || stack > end || stack % 8 != 0) {
        (void)snprintf(error, size,
                       "the vector table at 0x%llx: initial stack pointer 0x%x must be a multiple "
                       "of 8 in RAM, from 0x%llx to 0x%llx",
                       (unsigned long long)image->da, stack, (unsigned long long)image->da + 8,
                       (unsigned long long)end);
        return YOKE_BAD_IMAGE;
    }
    if (reset < image->da || reset >= end || reset % 2 == 0 || reset != (entry | 1)) {
        (void)snprintf(error, size,
                       "the vector table at 0x%llx: reset vector 0x%x must be the image's entry "
                       "0x%llx; does the vector table come first in RAM?",
                       (unsigned long long)image->da, reset, (unsigned long long)entry);
        return YOKE_BAD_IMAGE;
    }
    *vectors = (struct an521_vectors){stack, reset};
    return YOKE_OK;
}
