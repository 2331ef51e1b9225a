// SPDX-License-Identifier: BSD-3-Clause
/// \file table.h
/// What the checker has to know of a resource table of version 2, read by the text of
/// spec/table-2.md.
#ifndef CONFORM_TABLE_H
#define CONFORM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The buffer sizes of the first rpmsg vdev with two queues, 0 being 512. Returns false, and leaves
/// them, if there is none in the table, or none that is sound.
bool table_buffer_sizes(const uint8_t *table, size_t size, uint32_t sizes[2]);

#endif
