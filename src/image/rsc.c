// SPDX-License-Identifier: BSD-3-Clause
#include "image/refuse.h"

#include <string.h>
#include <yoke/abi/vring.h>
#include <yoke/image.h>

/// A u32 field of the structure that lies at `at`.
#define FIELD(at, type, field) yoke_le32((at) + offsetof(struct type, field))

/// An entry under check: what its refusals need.
struct check {
    const struct yoke_rsc_entry *entry;
    struct yoke_refusal *refusal;
};

static int refuse_entry(const struct check *check, const char *field, uint64_t value,
                        const char *rule, uint64_t bound)
{
    return yoke_refuse(check->refusal, "table entry", check->entry->index, field, value, rule,
                       bound);
}

static int refuse_table(struct yoke_refusal *refusal, const char *field, uint64_t value,
                        const char *rule, uint64_t bound)
{
    return yoke_refuse(refusal, "resource table", YOKE_NO_INDEX, field, value, rule, bound);
}

/// Refuses unless a reserved field is 0.
static int check_reserved(const struct check *check, uint64_t value)
{
    return value == 0 ? YOKE_OK : refuse_entry(check, "reserved", value, "must be", 0);
}

/// The offset of entry `index`, from the start of the table.
static uint32_t offset_of(const struct yoke_rsc *rsc, uint32_t index)
{
    return yoke_le32(rsc->table.data + sizeof(struct yoke_rsc_header) + 4 * (size_t)index);
}

int yoke_rsc_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal)
{
    const uint8_t *at = table.data;

    if (table.size < sizeof(struct yoke_rsc_header)) {
        return refuse_table(refusal, "size", table.size, "must be at least",
                            sizeof(struct yoke_rsc_header));
    }
    const uint32_t ver = FIELD(at, yoke_rsc_header, ver);
    if (ver != 1) {
        return refuse_table(refusal, "ver", ver, "must be", 1);
    }
    const uint64_t reserved = yoke_le64(at + offsetof(struct yoke_rsc_header, reserved));
    if (reserved != 0) {
        return refuse_table(refusal, "reserved", reserved, "must be", 0);
    }
    rsc->table = table;
    rsc->next = 0;
    rsc->num = FIELD(at, yoke_rsc_header, num);
    if (rsc->num > YOKE_RSC_ENTRIES_MAX) {
        return refuse_table(refusal, "num", rsc->num, "must not exceed", YOKE_RSC_ENTRIES_MAX);
    }
    const size_t end = sizeof(struct yoke_rsc_header) + 4 * (size_t)rsc->num;
    if (end > table.size) {
        return refuse_table(refusal, "num", rsc->num,
                            "must leave room for all offsets in the table, whose size is",
                            table.size);
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
        if (offset >= table.size) {
            return yoke_refuse(refusal, "table entry", i, "offset", offset,
                               "must be less than the table's size,", table.size);
        }
    }
    return YOKE_OK;
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

/// Makes entry->bytes `size` long, if there is room.
static int take_size(const struct check *check, struct yoke_rsc_entry *entry, uint64_t size,
                     size_t room)
{
    if (size > room) {
        return refuse_entry(check, "size", size,
                            "must not reach the next entry or the table's end, after", room);
    }
    entry->bytes.size = (size_t)size;
    return YOKE_OK;
}

/// Copies a name of YOKE_RSC_NAME_SIZE bytes.
static int take_name(const struct check *check, char *name, const uint8_t *from)
{
    memset(name, 0, YOKE_RSC_NAME_SIZE);
    for (size_t i = 0; i < YOKE_RSC_NAME_SIZE; i++) {
        name[i] = (char)from[i];
        if (from[i] == '\0') {
            return YOKE_OK;
        }
    }
    name[YOKE_RSC_NAME_SIZE - 1] = '\0';
    return refuse_entry(check, NULL, 0, "name has no terminating NUL", YOKE_NO_BOUND);
}

/// A version-1 address in 64 bits.
static uint64_t wide(uint32_t da)
{
    return da == YOKE_RSC_ADDR_ANY ? YOKE_ADDR_ANY : da;
}

/// A range of device addresses must be none that is empty or wraps round.
static int check_range(const struct check *check, uint64_t da, uint64_t len)
{
    if (len == 0) {
        return refuse_entry(check, "len", len, "must not be", 0);
    }
    if (da != YOKE_ADDR_ANY && len - 1 > UINT32_MAX - da) {
        return refuse_entry(check, "len", len, "must not wrap round when added to da,", da);
    }
    return YOKE_OK;
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
        check_range(check, memory->da, memory->len) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return take_name(check, memory->name, at + offsetof(struct yoke_rsc_carveout, name));
}

static int take_trace(const struct check *check, struct yoke_rsc_text *trace, const uint8_t *at)
{
    trace->da = FIELD(at, yoke_rsc_trace, da);
    trace->len = FIELD(at, yoke_rsc_trace, len);
    if (check_reserved(check, FIELD(at, yoke_rsc_trace, reserved)) != YOKE_OK ||
        check_range(check, trace->da, trace->len) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return take_name(check, trace->name, at + offsetof(struct yoke_rsc_trace, name));
}

const char *yoke_vring_part(uint32_t index)
{
    static const char *const parts[YOKE_RSC_VRINGS_MAX] = {
        "vring 0 of table entry", "vring 1 of table entry", "vring 2 of table entry",
        "vring 3 of table entry", "vring 4 of table entry", "vring 5 of table entry",
        "vring 6 of table entry", "vring 7 of table entry",
    };

    return parts[index];
}

static int take_vring(const struct check *check, uint32_t index, struct yoke_rsc_queue *vring,
                      const uint8_t *at)
{
    vring->da = wide(FIELD(at, yoke_rsc_vring, da));
    vring->pa = FIELD(at, yoke_rsc_vring, pa);
    vring->align = FIELD(at, yoke_rsc_vring, align);
    vring->num = FIELD(at, yoke_rsc_vring, num);
    vring->notifyid = FIELD(at, yoke_rsc_vring, notifyid);
    if (vring->num < 2 || vring->num > YOKE_RING_MAX || (vring->num & (vring->num - 1)) != 0) {
        return yoke_refuse(check->refusal, yoke_vring_part(index), check->entry->index, "num",
                           vring->num, "must be a power of two from 2 to", YOKE_RING_MAX);
    }
    if (yoke_vring_bytes(vring->num, vring->align) == 0) {
        return yoke_refuse(check->refusal, yoke_vring_part(index), check->entry->index, "align",
                           vring->align, "must be a power of two from 4 to", YOKE_RSC_ALIGN_MAX);
    }
    return YOKE_OK;
}

static int take_vdev(const struct check *check, struct yoke_rsc_entry *entry, size_t room)
{
    const uint8_t *at = entry->bytes.data;
    struct yoke_rsc_device *vdev = &entry->of.vdev;

    vdev->id = FIELD(at, yoke_rsc_vdev, id);
    vdev->notifyid = FIELD(at, yoke_rsc_vdev, notifyid);
    vdev->dfeatures = FIELD(at, yoke_rsc_vdev, dfeatures);
    vdev->gfeatures = FIELD(at, yoke_rsc_vdev, gfeatures);
    vdev->status = at[offsetof(struct yoke_rsc_vdev, status)];
    vdev->num_of_vrings = at[offsetof(struct yoke_rsc_vdev, num_of_vrings)];
    if (vdev->num_of_vrings > YOKE_RSC_VRINGS_MAX) {
        return refuse_entry(check, "num_of_vrings", vdev->num_of_vrings, "must not exceed",
                            YOKE_RSC_VRINGS_MAX);
    }
    if (check_reserved(check, yoke_le16(at + offsetof(struct yoke_rsc_vdev, reserved))) !=
        YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    const size_t vrings = vdev->num_of_vrings * sizeof(struct yoke_rsc_vring);
    const size_t config = sizeof(struct yoke_rsc_vdev) + vrings;
    const uint32_t config_len = FIELD(at, yoke_rsc_vdev, config_len);
    if (take_size(check, entry, (uint64_t)config + config_len, room) != YOKE_OK) {
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

int yoke_rsc_next(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry, struct yoke_refusal *refusal)
{
    const struct check check = {entry, refusal};

    if (rsc->next >= rsc->num) {
        return YOKE_NOT_FOUND;
    }
    const size_t room = room_of(rsc, rsc->next);
    memset(entry, 0, sizeof(*entry));
    entry->index = rsc->next++;
    entry->offset = offset_of(rsc, entry->index);
    entry->bytes.data = rsc->table.data + entry->offset;
    if (take_size(&check, entry, sizeof(entry->type), room) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    entry->type = yoke_le32(entry->bytes.data);
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM:
        if (take_size(&check, entry, sizeof(struct yoke_rsc_carveout), room) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        return take_memory(&check, &entry->of.carveout, entry->bytes.data);
    case YOKE_RSC_TRACE:
        if (take_size(&check, entry, sizeof(struct yoke_rsc_trace), room) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        return take_trace(&check, &entry->of.trace, entry->bytes.data);
    case YOKE_RSC_VDEV:
        if (take_size(&check, entry, sizeof(struct yoke_rsc_vdev), room) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        return take_vdev(&check, entry, room);
    default:
        return take_size(&check, entry, room, room);
    }
}

const struct yoke_rsc_queue *yoke_rsc_vring(const struct yoke_rsc_entry *entry, uint32_t index)
{
    if (entry->type != YOKE_RSC_VDEV || index >= entry->of.vdev.num_of_vrings) {
        return NULL;
    }
    return &entry->of.vdev.vrings[index];
}
