// SPDX-License-Identifier: BSD-3-Clause
// Version 2 of the resource table, but for what entries hold: spec/table-2.md, 2 and 3.
#include "image/rsc.h"

#include <yoke/abi/rsc2.h>

static int take_entry(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry,
                      struct yoke_refusal *refusal)
{
    const struct check check = {entry, refusal};
    const uint8_t *const at = rsc->table.data + rsc->at;
    const uint8_t flags = at[offsetof(struct yoke_rsc2_entry, flags)];

    entry->offset = rsc->at;
    entry->bytes = yoke_bytes(at, FIELD(at, yoke_rsc2_entry, size));
    entry->type = FIELD(at, yoke_rsc2_entry, type);
    entry->vendor = entry->type >> 16 != 0;
    entry->required = (flags & YOKE_RSC2_REQUIRED) != 0;
    entry->late = (flags & YOKE_RSC2_LATE) != 0;
    rsc->at += entry->bytes.size;
    return at[offsetof(struct yoke_rsc2_entry, version)] == 1 ? yoke_rsc2_take(&check, entry, at)
                                                              : YOKE_OK;
}

/// Refuses an entry whose size is not right.
static int refuse_size(struct yoke_refusal *refusal, uint32_t index, uint64_t size,
                       const char *rule, uint64_t bound)
{
    return yoke_refuse(refusal, "table entry", index, "size", size, rule, bound);
}

int yoke_rsc2_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal)
{
    const uint8_t *const at = table.data;
    const size_t room = table.size;

    *rsc = (struct yoke_rsc){.table = table, .take = take_entry};
    if (room < sizeof(struct yoke_rsc2_header)) {
        return yoke_rsc_refuse_table(refusal, "size", room, "must be at least",
                                     sizeof(struct yoke_rsc2_header));
    }
    if (FIELD(at, yoke_rsc2_header, magic) != YOKE_RSC2_MAGIC) {
        return yoke_rsc_refuse_table(refusal, "magic", FIELD(at, yoke_rsc2_header, magic),
                                     "must be", YOKE_RSC2_MAGIC);
    }
    rsc->version = yoke_le16(at + offsetof(struct yoke_rsc2_header, version));
    if (rsc->version != 2) {
        return yoke_rsc_refuse_table(refusal, "version", rsc->version, "must be", 2);
    }
    const uint32_t size = FIELD(at, yoke_rsc2_header, size);
    if (size > room || size % 4 != 0) {
        return yoke_rsc_refuse_table(
            refusal, "size", size, "must be a multiple of 4, and not exceed what there is,", room);
    }
    const uint32_t head = yoke_le16(at + offsetof(struct yoke_rsc2_header, header_size));
    if (head < sizeof(struct yoke_rsc2_header) || head % 4 != 0 || head > size) {
        return yoke_rsc_refuse_table(refusal, "header_size", head,
                                     "must be a multiple of 4 from 48 to the table's size,", size);
    }
    rsc->num = FIELD(at, yoke_rsc2_header, count);
    if (rsc->num > YOKE_RSC_ENTRIES_MAX) {
        return yoke_rsc_refuse_table(refusal, "count", rsc->num, "must not exceed",
                                     YOKE_RSC_ENTRIES_MAX);
    }
    rsc->owner = FIELD(at, yoke_rsc2_header, flags) & YOKE_RSC2_OWNER_MASK;
    if (rsc->owner > YOKE_RSC2_OWNER_NEITHER) {
        return yoke_rsc_refuse_table(refusal, "owner", rsc->owner, "must not exceed",
                                     YOKE_RSC2_OWNER_NEITHER);
    }
    rsc->host = FIELD(at, yoke_rsc2_header, host);
    rsc->offered = FIELD64(at, yoke_rsc2_header, offered);
    rsc->taken = FIELD64(at, yoke_rsc2_header, taken);
    rsc->table.size = size;
    rsc->at = head;
    size_t end = head;
    for (uint32_t i = 0; i < rsc->num; i++) {
        if (size - end < sizeof(struct yoke_rsc2_entry)) {
            return refuse_size(refusal, i, size - end, "is left in the table, but it needs",
                               sizeof(struct yoke_rsc2_entry));
        }
        const uint32_t entry = FIELD(at + end, yoke_rsc2_entry, size);
        if (entry < sizeof(struct yoke_rsc2_entry) || entry % 4 != 0 || entry > size - end) {
            return refuse_size(refusal, i, entry,
                               "must be a multiple of 4, from 12 to what is left in the table,",
                               size - end);
        }
        end += entry;
    }
    return YOKE_OK;
}
