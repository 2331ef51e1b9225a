// SPDX-License-Identifier: BSD-3-Clause
#include "table.h"

#include "bytes.h"

// By offset: the table's head, an entry's, a vdev, a queue (table-2.md, 2, 3 and 5).
#define TABLE_MAGIC 0x32545259u
#define TABLE_HEAD 48u
#define TABLE_HEADER_SIZE 6u
#define TABLE_COUNT 12u
#define ENTRY_HEAD 12u
#define ENTRY_SIZE 4u
#define VDEV_ID 12u
#define VDEV_QUEUES 48u
#define VDEV_BYTES 56u
#define QUEUE_BYTES 40u
#define QUEUE_BUFFER_SIZE 24u

/// Whatever the alignment of a file's bytes is.
static uint32_t file32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool table_buffer_sizes(const uint8_t *table, size_t size, uint32_t sizes[2])
{
    if (size < TABLE_HEAD || file32(table) != TABLE_MAGIC) {
        return false;
    }
    size_t at = file32(table + TABLE_HEADER_SIZE) & 0xffff;
    for (uint32_t i = file32(table + TABLE_COUNT); i != 0; i--) {
        if (at > size || size - at < ENTRY_HEAD) {
            return false;
        }
        const uint8_t *const entry = table + at;
        const uint32_t bytes = file32(entry + ENTRY_SIZE);
        if (bytes < ENTRY_HEAD || bytes > size - at) {
            return false;
        }
        if (file32(entry) == TYPE_VDEV && bytes >= VDEV_BYTES + 2 * QUEUE_BYTES &&
            file32(entry + VDEV_ID) == ID_RPMSG && file32(entry + VDEV_QUEUES) == 2) {
            for (unsigned queue = 0; queue < 2; queue++) {
                const uint32_t said =
                    file32(entry + VDEV_BYTES + (size_t)queue * QUEUE_BYTES + QUEUE_BUFFER_SIZE);
                sizes[queue] = said != 0 ? said : BUFFER_BYTES;
            }
            return true;
        }
        at += bytes;
    }
    return false;
}
