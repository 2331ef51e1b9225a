// SPDX-License-Identifier: BSD-3-Clause
// Version 1 of the resource table, as Linux's remoteproc has it.
#include "image/rsc.h"

/// Refuses unless a reserved field is 0.
static int check_reserved(const struct check *check, uint64_t value)
{
    return value == 0 ? YOKE_OK : yoke_rsc_refuse(check, "reserved", value, "must be", 0);
}

/// The offset of entry `index`, from the start of the table.
static uint32_t offset_of(const struct yoke_rsc *rsc, uint32_t index)
{
    return yoke_le32(rsc->table.data + sizeof(struct yoke_rsc_header) + 4 * (size_t)index);
}

/// Bytes from an entry to what follows: the next entry in memory, or the end of the table. An
/// entry at the same place leaves none.
static size_t room_of(const struct yoke_rsc *rsc, uint32_t index)
{
    const uint32_t start = offset_of(rsc, index);
    size_t end = rsc->table.size;

    for (uint32_t i = 0; i < rsc->num; i++) {
        const uint32_t other = offset_of(rsc, i);
        if (i != index && other >= start && other < end) {
            end = other;
        }
    }
    return end - start;
}

/// A version-1 address in 64 bits.
static uint64_t wide(uint32_t da)
{
    return da == YOKE_RSC_ADDR_ANY ? YOKE_ADDR_ANY : da;
}

/// A carveout; a devmem has the same fields.
static int take_memory(const struct check *check, struct yoke_rsc_memory *memory, const uint8_t *at)
{
    const uint32_t da = FIELD(at, yoke_rsc_carveout, da);

    memory->da = check->entry->type == YOKE_RSC_CARVEOUT ? wide(da) : da;
    memory->pa = FIELD(at, yoke_rsc_carveout, pa);
    memory->len = FIELD(at, yoke_rsc_carveout, len);
    memory->flags = FIELD(at, yoke_rsc_carveout, flags);
    if (check_reserved(check, FIELD(at, yoke_rsc_carveout, reserved)) != YOKE_OK ||
        yoke_rsc_check_range(check, memory->da, memory->len, UINT32_MAX) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return yoke_rsc_take_name(check, memory->name, at + offsetof(struct yoke_rsc_carveout, name));
}

static int take_trace(const struct check *check, struct yoke_rsc_text *trace, const uint8_t *at)
{
    trace->da = FIELD(at, yoke_rsc_trace, da);
    trace->len = FIELD(at, yoke_rsc_trace, len);
    if (check_reserved(check, FIELD(at, yoke_rsc_trace, reserved)) != YOKE_OK ||
        yoke_rsc_check_range(check, trace->da, trace->len, UINT32_MAX) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return yoke_rsc_take_name(check, trace->name, at + offsetof(struct yoke_rsc_trace, name));
}

static int take_vring(const struct check *check, uint32_t index, struct yoke_rsc_queue *vring,
                      const uint8_t *at)
{
    vring->da = wide(FIELD(at, yoke_rsc_vring, da));
    vring->pa = FIELD(at, yoke_rsc_vring, pa);
    vring->align = FIELD(at, yoke_rsc_vring, align);
    vring->num = FIELD(at, yoke_rsc_vring, num);
    vring->notifyid = FIELD(at, yoke_rsc_vring, notifyid);
    vring->buffers = YOKE_ADDR_ANY;
    vring->buffer_count = vring->num;
    return yoke_rsc_check_queue(check, index, vring);
}

static int take_vdev(const struct check *check, struct yoke_rsc_entry *entry, size_t room)
{
    const uint8_t *at = entry->bytes.data;
    struct yoke_rsc_device *vdev = &entry->of.vdev;

    vdev->id = FIELD(at, yoke_rsc_vdev, id);
    vdev->notifyid = FIELD(at, yoke_rsc_vdev, notifyid);
    vdev->features = FIELD(at, yoke_rsc_vdev, dfeatures);
    vdev->gfeatures = FIELD(at, yoke_rsc_vdev, gfeatures);
    vdev->status = at[offsetof(struct yoke_rsc_vdev, status)];
    vdev->num_of_vrings = at[offsetof(struct yoke_rsc_vdev, num_of_vrings)];
    if (yoke_rsc_check_queues(check, "num_of_vrings", vdev->num_of_vrings) != YOKE_OK ||
        check_reserved(check, yoke_le16(at + offsetof(struct yoke_rsc_vdev, reserved))) !=
            YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    const size_t vrings = vdev->num_of_vrings * sizeof(struct yoke_rsc_vring);
    const size_t config = sizeof(struct yoke_rsc_vdev) + vrings;
    const uint32_t config_len = FIELD(at, yoke_rsc_vdev, config_len);
    if (yoke_rsc_take_size(check, entry, (uint64_t)config + config_len, room) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    for (uint32_t i = 0; i < vdev->num_of_vrings; i++) {
        const uint8_t *vring =
            at + sizeof(struct yoke_rsc_vdev) + i * sizeof(struct yoke_rsc_vring);
        if (take_vring(check, i, &vdev->vrings[i], vring) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
    }
    vdev->config = yoke_bytes(at + config, config_len);
    return YOKE_OK;
}

static int take_entry(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry,
                      struct yoke_refusal *refusal)
{
    const struct check checked = {entry, refusal};
    const struct check *const check = &checked;
    const size_t room = room_of(rsc, entry->index);

    entry->offset = offset_of(rsc, entry->index);
    entry->bytes.data = rsc->table.data + entry->offset;
    if (yoke_rsc_take_size(check, entry, sizeof(entry->type), room) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    entry->type = yoke_le32(entry->bytes.data);
    entry->vendor = entry->type >= YOKE_RSC_VENDOR_START && entry->type <= YOKE_RSC_VENDOR_END;
    entry->known = entry->type <= YOKE_RSC_VDEV;
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM:
        if (yoke_rsc_take_size(check, entry, sizeof(struct yoke_rsc_carveout), room) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        return take_memory(check, &entry->of.carveout, entry->bytes.data);
    case YOKE_RSC_TRACE:
        if (yoke_rsc_take_size(check, entry, sizeof(struct yoke_rsc_trace), room) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        return take_trace(check, &entry->of.trace, entry->bytes.data);
    case YOKE_RSC_VDEV:
        if (yoke_rsc_take_size(check, entry, sizeof(struct yoke_rsc_vdev), room) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        return take_vdev(check, entry, room);
    default:
        return yoke_rsc_take_size(check, entry, room, room);
    }
}

int yoke_rsc1_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal)
{
    const uint8_t *const at = table.data;
    const size_t size = table.size;

    *rsc = (struct yoke_rsc){.table = table, .take = take_entry};
    if (size < sizeof(struct yoke_rsc_header)) {
        return yoke_rsc_refuse_table(refusal, "size", size, "must be at least",
                                     sizeof(struct yoke_rsc_header));
    }
    rsc->version = FIELD(at, yoke_rsc_header, ver);
    if (rsc->version != 1) {
        return yoke_rsc_refuse_table(refusal, "ver", rsc->version, "must be", 1);
    }
    const uint64_t reserved = yoke_le64(at + offsetof(struct yoke_rsc_header, reserved));
    if (reserved != 0) {
        return yoke_rsc_refuse_table(refusal, "reserved", reserved, "must be", 0);
    }
    rsc->num = FIELD(at, yoke_rsc_header, num);
    if (rsc->num > YOKE_RSC_ENTRIES_MAX) {
        return yoke_rsc_refuse_table(refusal, "num", rsc->num, "must not exceed",
                                     YOKE_RSC_ENTRIES_MAX);
    }
    const size_t end = sizeof(struct yoke_rsc_header) + 4 * (size_t)rsc->num;
    if (end > size) {
        return yoke_rsc_refuse_table(refusal, "num", rsc->num,
                                     "must leave room for all offsets in the table, whose size is",
                                     size);
    }
    for (uint32_t i = 0; i < rsc->num; i++) {
        const uint32_t offset = offset_of(rsc, i);
        if (offset < end) {
            return yoke_refuse(refusal, "table entry", i, "offset", offset,
                               "must not be less than the end of all offsets,", end);
        }
        if (offset % 4 != 0) {
            return yoke_refuse(refusal, "table entry", i, "offset", offset, "must be a multiple of",
                               4);
        }
        if (offset >= size) {
            return yoke_refuse(refusal, "table entry", i, "offset", offset,
                               "must be less than the table's size,", size);
        }
    }
    return YOKE_OK;
}
