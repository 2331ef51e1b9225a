// SPDX-License-Identifier: BSD-3-Clause
// The entries of version 2 of the resource table, type by type: spec/table-2.md, 4.
#include "image/rsc.h"

#include <yoke/abi/extensions.h>
#include <yoke/abi/rsc2.h>

/// The last address that is one: the next means "any".
#define LAST_ADDRESS (UINT64_MAX - 1)

/// Refuses an entry that is shorter than its type has to be.
static int check_size(const struct check *check, uint64_t least)
{
    const size_t size = check->entry->bytes.size;

    return size >= least ? YOKE_OK
                         : yoke_rsc_refuse(check, "size", size, "must be at least", least);
}

/// Refuses an address that is not a multiple of `align`, a power of two or 0, or a range that is
/// empty or reaches beyond the last address; "any" is no address.
static int check_open(const struct check *check, const char *field, uint64_t da, uint64_t len,
                      uint32_t align)
{
    return da == YOKE_ADDR_ANY || align == 0 || (da & (align - 1)) == 0
               ? yoke_rsc_check_range(check, da, len, LAST_ADDRESS)
               : yoke_rsc_refuse(check, field, da, "must be a multiple of", align);
}

/// The same for an address that has to be given.
static int check_fixed(const struct check *check, const char *field, uint64_t da, uint64_t len,
                       uint32_t align)
{
    return da != YOKE_ADDR_ANY
               ? check_open(check, field, da, len, align)
               : yoke_rsc_refuse(check, field, da, "must be an address, and not \"any\"",
                                 YOKE_NO_BOUND);
}

/// The doorbell that an entry wants: none, or one that the loader numbers.
static bool wants_doorbell(uint32_t notifyid)
{
    return notifyid != YOKE_RSC2_NO_DOORBELL;
}

static int take_memory(const struct check *check, struct yoke_rsc_memory *memory, const uint8_t *at)
{
    if (check_size(check, sizeof(struct yoke_rsc2_memory)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    memory->flags = FIELD(at, yoke_rsc2_memory, flags);
    memory->da = FIELD64(at, yoke_rsc2_memory, da);
    memory->pa = FIELD64(at, yoke_rsc2_memory, pa);
    memory->len = FIELD64(at, yoke_rsc2_memory, len);
    memory->align = FIELD(at, yoke_rsc2_memory, align);
    if (memory->align > YOKE_RSC_ALIGN_MAX || (memory->align & (memory->align - 1)) != 0) {
        return yoke_rsc_refuse(check, "align", memory->align, "must be 0 or a power of two up to",
                               YOKE_RSC_ALIGN_MAX);
    }
    const int status = (check->entry->type == YOKE_RSC_DEVMEM ? check_fixed : check_open)(
        check, "da", memory->da, memory->len, memory->align);
    if (status != YOKE_OK) {
        return status;
    }
    return yoke_rsc_take_name(check, memory->name, at + offsetof(struct yoke_rsc2_memory, name));
}

static int take_trace(const struct check *check, struct yoke_rsc_text *trace, const uint8_t *at)
{
    if (check_size(check, sizeof(struct yoke_rsc2_trace)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    trace->block = true;
    trace->notifyid = FIELD(at, yoke_rsc2_trace, notifyid);
    trace->notifies = wants_doorbell(trace->notifyid);
    trace->da = FIELD64(at, yoke_rsc2_trace, da);
    trace->len = FIELD64(at, yoke_rsc2_trace, len);
    if (check_fixed(check, "da", trace->da, trace->len, 4) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    const uint64_t least = sizeof(struct yoke_rsc2_trace_block) + YOKE_RSC2_TRACE_TEXT_MIN;
    if (trace->len < least) {
        return yoke_rsc_refuse(check, "len", trace->len, "must be at least", least);
    }
    return yoke_rsc_take_name(check, trace->name, at + offsetof(struct yoke_rsc2_trace, name));
}

static int take_queue(const struct check *check, uint32_t index, struct yoke_rsc_queue *queue,
                      const uint8_t *at)
{
    const char *const part = yoke_vring_part(index);

    queue->da = FIELD64(at, yoke_rsc2_queue, da);
    queue->buffers = FIELD64(at, yoke_rsc2_queue, buffers);
    queue->num = FIELD(at, yoke_rsc2_queue, num);
    queue->align = FIELD(at, yoke_rsc2_queue, align);
    queue->buffer_size = FIELD(at, yoke_rsc2_queue, buffer_size);
    queue->buffer_count = FIELD(at, yoke_rsc2_queue, buffer_count);
    queue->notifyid = FIELD(at, yoke_rsc2_queue, notifyid);
    if (yoke_rsc_check_queue(check, index, queue) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    if (queue->buffer_count > queue->num) {
        return yoke_refuse(check->refusal, part, check->entry->index, "buffer_count",
                           queue->buffer_count, "must not exceed num,", queue->num);
    }
    if (queue->buffer_count == 0) {
        queue->buffer_count = queue->num;
    }
    return queue->buffers == YOKE_ADDR_ANY || queue->buffers % 16 == 0
               ? YOKE_OK
               : yoke_refuse(check->refusal, part, check->entry->index, "buffers", queue->buffers,
                             "must be a multiple of", 16);
}

/// Messages have sizes of 8 bytes' multiples, with room for a header, and 16 bits for their length.
static int check_buffer_size(const struct check *check, uint32_t index, uint32_t size)
{
    if (size == 0 || (size % 8 == 0 && size >= YOKE_RPMSG_BUFFER_SIZE_MIN &&
                      size <= YOKE_RPMSG_BUFFER_SIZE_MAX)) {
        return YOKE_OK;
    }
    return yoke_refuse(check->refusal, yoke_vring_part(index), check->entry->index, "buffer_size",
                       size, "must be 0, or a multiple of 8 from 24 to",
                       YOKE_RPMSG_BUFFER_SIZE_MAX);
}

static int take_vdev(const struct check *check, struct yoke_rsc_device *vdev, const uint8_t *at)
{
    if (check_size(check, sizeof(struct yoke_rsc2_vdev)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    const uint32_t queues = FIELD(at, yoke_rsc2_vdev, queues);
    const uint32_t config_len = FIELD(at, yoke_rsc2_vdev, config_len);
    if (yoke_rsc_check_queues(check, "queues", queues) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    const size_t config = sizeof(struct yoke_rsc2_vdev) + queues * sizeof(struct yoke_rsc2_queue);
    if (check_size(check, (uint64_t)config + config_len) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    vdev->id = FIELD(at, yoke_rsc2_vdev, id);
    vdev->features = FIELD64(at, yoke_rsc2_vdev, features);
    vdev->state = FIELD64(at, yoke_rsc2_vdev, state);
    vdev->state_size = FIELD(at, yoke_rsc2_vdev, state_size);
    vdev->base = FIELD64(at, yoke_rsc2_vdev, base);
    vdev->num_of_vrings = (uint8_t)queues;
    vdev->config = yoke_bytes(at + config, config_len);
    uint64_t least = sizeof(struct yoke_rsc_vdev) +
                     (uint64_t)queues * sizeof(struct yoke_rsc_vring) + config_len;
    if (vdev->features > UINT32_MAX) {
        // Those beyond 31 are taken in a word of their own.
        least = (least + 3) / 4 * 4 + 4;
    }
    if (vdev->state_size < least) {
        return yoke_rsc_refuse(check, "state_size", vdev->state_size, "must be at least", least);
    }
    if (check_open(check, "state", vdev->state, vdev->state_size, 4) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    for (uint32_t i = 0; i < queues; i++) {
        const uint8_t *queue =
            at + sizeof(struct yoke_rsc2_vdev) + i * sizeof(struct yoke_rsc2_queue);
        if (take_queue(check, i, &vdev->vrings[i], queue) != YOKE_OK ||
            (vdev->id == YOKE_ID_RPMSG &&
             check_buffer_size(check, i, vdev->vrings[i].buffer_size) != YOKE_OK)) {
            return YOKE_BAD_IMAGE;
        }
    }
    return YOKE_OK;
}

static int take_identity(const struct check *check, struct yoke_rsc_identity *identity,
                         const uint8_t *at)
{
    char name[YOKE_RSC_NAME_SIZE];

    if (check_size(check, sizeof(struct yoke_rsc2_identity)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    identity->drivers = FIELD(at, yoke_rsc2_identity, drivers);
    if (check_size(check, sizeof(struct yoke_rsc2_identity) +
                              (uint64_t)identity->drivers * YOKE_RSC_NAME_SIZE) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    identity->names = yoke_bytes(at + sizeof(struct yoke_rsc2_identity),
                                 (size_t)identity->drivers * YOKE_RSC_NAME_SIZE);
    for (uint32_t i = 0; i < identity->drivers; i++) {
        if (yoke_rsc_take_name(check, name, identity->names.data + i * sizeof name) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
    }
    if (yoke_rsc_take_name(check, identity->chip, at + offsetof(struct yoke_rsc2_identity, chip)) !=
            YOKE_OK ||
        yoke_rsc_take_name(check, identity->firmware,
                           at + offsetof(struct yoke_rsc2_identity, firmware)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return yoke_rsc_take_name(check, identity->version,
                              at + offsetof(struct yoke_rsc2_identity, version));
}

static int take_power(const struct check *check, struct yoke_rsc_power *power, const uint8_t *at)
{
    if (check_size(check, sizeof(struct yoke_rsc2_power)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    power->notifyid = FIELD(at, yoke_rsc2_power, notifyid);
    power->notifies = wants_doorbell(power->notifyid);
    power->state = FIELD64(at, yoke_rsc2_power, state);
    return check_fixed(check, "state", power->state, sizeof(struct yoke_rsc2_power_block), 4);
}

/// True if a value of this kind can have so many bytes.
static bool fits_kind(uint32_t kind, uint32_t size)
{
    switch (kind) {
    case YOKE_RSC2_UNSIGNED:
    case YOKE_RSC2_SIGNED:
        return size == 1 || size == 2 || size == 4 || size == 8;
    case YOKE_RSC2_BOOLEAN:
        return size == 1 || size == 4;
    default:
        return size != 0;
    }
}

static int take_parameter(const struct check *check, struct yoke_rsc_parameter *parameter,
                          const uint8_t *at)
{
    if (check_size(check, sizeof(struct yoke_rsc2_parameter)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    parameter->kind = FIELD(at, yoke_rsc2_parameter, kind);
    parameter->da = FIELD64(at, yoke_rsc2_parameter, da);
    parameter->size = FIELD(at, yoke_rsc2_parameter, size);
    if (parameter->kind < YOKE_RSC2_UNSIGNED || parameter->kind > YOKE_RSC2_BYTES) {
        return yoke_rsc_refuse(check, "kind", parameter->kind, "must be from 1 to",
                               YOKE_RSC2_BYTES);
    }
    if (!fits_kind(parameter->kind, parameter->size)) {
        return yoke_rsc_refuse(check, "size", parameter->size,
                               "bytes is no size of a parameter of kind", parameter->kind);
    }
    if (check_fixed(check, "da", parameter->da, parameter->size, 0) != YOKE_OK ||
        yoke_rsc_take_name(check, parameter->name,
                           at + offsetof(struct yoke_rsc2_parameter, name)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return parameter->name[0] != '\0'
               ? YOKE_OK
               : yoke_rsc_refuse(check, NULL, 0, "name is empty", YOKE_NO_BOUND);
}

static int take_devicetree(const struct check *check, struct yoke_rsc_devicetree *tree,
                           const uint8_t *at)
{
    if (check_size(check, sizeof(struct yoke_rsc2_devicetree)) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    tree->da = FIELD64(at, yoke_rsc2_devicetree, da);
    tree->len = FIELD64(at, yoke_rsc2_devicetree, len);
    return check_open(check, "da", tree->da, tree->len, 8);
}

static int take_locks(const struct check *check, struct yoke_rsc_locks *locks, const uint8_t *at)
{
    locks->da = FIELD64(at, yoke_rsc2_locks, da);
    locks->count = FIELD(at, yoke_rsc2_locks, count);
    locks->stride = FIELD(at, yoke_rsc2_locks, stride);
    locks->owner = FIELD(at, yoke_rsc2_locks, owner);
    locks->free = FIELD(at, yoke_rsc2_locks, free);
    if (locks->count == 0) {
        return yoke_rsc_refuse(check, "count", 0, "must not be", 0);
    }
    if (locks->stride == 0 || locks->stride % 4 != 0) {
        return yoke_rsc_refuse(check, "stride", locks->stride, "must not be 0, but a multiple of",
                               4);
    }
    if (check_fixed(check, "da", locks->da, (uint64_t)locks->count * locks->stride, 4) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return yoke_rsc_take_name(check, locks->name, at + offsetof(struct yoke_rsc2_locks, name));
}

int yoke_rsc2_take(const struct check *check, struct yoke_rsc_entry *entry, const uint8_t *at)
{
    entry->known = true;
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM:
        return take_memory(check, &entry->of.carveout, at);
    case YOKE_RSC_TRACE:
        return take_trace(check, &entry->of.trace, at);
    case YOKE_RSC_VDEV:
        return take_vdev(check, &entry->of.vdev, at);
    case YOKE_RSC2_IDENTITY:
        return take_identity(check, &entry->of.identity, at);
    case YOKE_RSC2_POWER:
        return take_power(check, &entry->of.power, at);
    case YOKE_RSC2_PARAMETER:
        return take_parameter(check, &entry->of.parameter, at);
    case YOKE_RSC2_DEVICETREE:
        return take_devicetree(check, &entry->of.devicetree, at);
    case YOKE_RSC2_LOCKS:
        if (check_size(check, sizeof(struct yoke_rsc2_locks)) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        // Locks of another kind are no words in memory: nothing here is known about them.
        entry->known = FIELD(at, yoke_rsc2_locks, kind) == 0;
        return entry->known ? take_locks(check, &entry->of.locks, at) : YOKE_OK;
    default:
        entry->known = false;
        return YOKE_OK;
    }
}
