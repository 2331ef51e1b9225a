// SPDX-License-Identifier: BSD-3-Clause
/// \file entry.h
/// An entry of a resource table in words and as JSON: for every command that shows one.
#ifndef YOKE_TOOL_ENTRY_H
#define YOKE_TOOL_ENTRY_H

#include "tool.h"

/// "vdev" and the like; "vendor's" or "unknown" if this library does not know it.
const char *tool_entry_kind(const struct yoke_rsc_entry *entry);

/// The entry's name, or "" if its kind has none.
const char *tool_entry_name(const struct yoke_rsc_entry *entry);

/// "rpmsg" and the like, by the virtio device id.
const char *tool_device_text(uint32_t id);

/// "rpmsg vdev 0", "trace log": what a person would call it. `vdevs`: vdevs before it in the table.
const char *tool_entry_title(const struct yoke_rsc_entry *entry, uint32_t vdevs, char *text,
                             size_t size);

/// The name by which Linux looks for a ring's carveout, as "vdev0vring1": vdevs are counted over
/// the table.
const char *tool_ring_name(uint32_t vdev, uint32_t ring, char *text, size_t size);

/// "any", or the address in hexadecimal.
const char *tool_address_text(uint64_t da, char *text, size_t size);

/// Bytes of a buffer of this ring, 0 if its device has none of its own.
uint32_t tool_buffer_size(const struct yoke_rsc_device *vdev, const struct yoke_rsc_queue *ring);

/// What an entry says, in lines: the first for the entry, each further one for a part of it.
/// `version` is the table's. Returns text to be freed, or NULL if there is no memory.
char *tool_entry_text(const struct yoke_rsc_entry *entry, uint32_t version, uint32_t vdevs);

/// The same as JSON. Features that do not fit 32 bits have an upper half of their own.
cJSON *tool_entry_json(const struct yoke_rsc_entry *entry, uint32_t version, uint32_t vdevs);

#endif
