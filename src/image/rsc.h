// SPDX-License-Identifier: BSD-3-Clause
/// \file rsc.h
/// What the readers of both versions of the resource table share: rsc1.c; rsc2.c and entries2.c.
#ifndef YOKE_IMAGE_RSC_H
#define YOKE_IMAGE_RSC_H

#include "image/refuse.h"

#include <yoke/image.h>

/// A u32 field of the structure that lies at `at`.
#define FIELD(at, type, field) yoke_le32((at) + offsetof(struct type, field))

/// A u64 field.
#define FIELD64(at, type, field) yoke_le64((at) + offsetof(struct type, field))

/// An entry under check: what its refusals need.
struct check {
    const struct yoke_rsc_entry *entry;
    struct yoke_refusal *refusal;
};

/// Refuses an entry.
int yoke_rsc_refuse(const struct check *check, const char *field, uint64_t value, const char *rule,
                    uint64_t bound);

/// Refuses the table itself.
int yoke_rsc_refuse_table(struct yoke_refusal *refusal, const char *field, uint64_t value,
                          const char *rule, uint64_t bound);

/// Makes entry->bytes `size` long, if there is room.
int yoke_rsc_take_size(const struct check *check, struct yoke_rsc_entry *entry, uint64_t size,
                       size_t room);

/// Copies a name of YOKE_RSC_NAME_SIZE bytes, which must be terminated.
int yoke_rsc_take_name(const struct check *check, char *name, const uint8_t *from);

/// Checks that a range of addresses, none above `last`, is not empty and does not wrap round.
int yoke_rsc_check_range(const struct check *check, uint64_t da, uint64_t len, uint64_t last);

/// Checks a queue's num and align.
int yoke_rsc_check_queue(const struct check *check, uint32_t index,
                         const struct yoke_rsc_queue *queue);

/// Version 2: fills in `entry->of` from the entry at `at`, if the type is known.
int yoke_rsc2_take(const struct check *check, struct yoke_rsc_entry *entry, const uint8_t *at);

/// Checks the number of a vdev's queues.
int yoke_rsc_check_queues(const struct check *check, const char *field, uint32_t count);

#endif
