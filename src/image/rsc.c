// SPDX-License-Identifier: BSD-3-Clause
#include "image/rsc.h"

#include <string.h>
#include <yoke/abi/rsc2.h>
#include <yoke/abi/vring.h>

int yoke_rsc_refuse(const struct check *check, const char *field, uint64_t value, const char *rule,
                    uint64_t bound)
{
    return yoke_refuse(check->refusal, "table entry", check->entry->index, field, value, rule,
                       bound);
}

int yoke_rsc_refuse_table(struct yoke_refusal *refusal, const char *field, uint64_t value,
                          const char *rule, uint64_t bound)
{
    return yoke_refuse(refusal, "resource table", YOKE_NO_INDEX, field, value, rule, bound);
}

int yoke_rsc_take_size(const struct check *check, struct yoke_rsc_entry *entry, uint64_t size,
                       size_t room)
{
    if (size > room) {
        return yoke_rsc_refuse(check, "size", size,
                               "must not reach the next entry or the table's end, after", room);
    }
    entry->bytes.size = (size_t)size;
    return YOKE_OK;
}

int yoke_rsc_take_name(const struct check *check, char *name, const uint8_t *from)
{
    memset(name, 0, YOKE_RSC_NAME_SIZE);
    for (size_t i = 0; i < YOKE_RSC_NAME_SIZE; i++) {
        name[i] = (char)from[i];
        if (from[i] == '\0') {
            return YOKE_OK;
        }
    }
    name[YOKE_RSC_NAME_SIZE - 1] = '\0';
    return yoke_rsc_refuse(check, NULL, 0, "name has no terminating NUL", YOKE_NO_BOUND);
}

int yoke_rsc_check_range(const struct check *check, uint64_t da, uint64_t len, uint64_t last)
{
    if (len == 0) {
        return yoke_rsc_refuse(check, "len", len, "must not be", 0);
    }
    if (da != YOKE_ADDR_ANY && len - 1 > last - da) {
        return yoke_rsc_refuse(check, "len", len, "must not wrap round when added to da,", da);
    }
    return YOKE_OK;
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

int yoke_rsc_check_queue(const struct check *check, uint32_t index,
                         const struct yoke_rsc_queue *queue)
{
    if (queue->num < 2 || queue->num > YOKE_RING_MAX || (queue->num & (queue->num - 1)) != 0) {
        return yoke_refuse(check->refusal, yoke_vring_part(index), check->entry->index, "num",
                           queue->num, "must be a power of two from 2 to", YOKE_RING_MAX);
    }
    if (yoke_vring_bytes(queue->num, queue->align) == 0) {
        return yoke_refuse(check->refusal, yoke_vring_part(index), check->entry->index, "align",
                           queue->align, "must be a power of two from 4 to", YOKE_RSC_ALIGN_MAX);
    }
    return YOKE_OK;
}

int yoke_rsc_check_queues(const struct check *check, const char *field, uint32_t count)
{
    return count <= YOKE_RSC_VRINGS_MAX
               ? YOKE_OK
               : yoke_rsc_refuse(check, field, count, "must not exceed", YOKE_RSC_VRINGS_MAX);
}

int yoke_rsc_next(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry, struct yoke_refusal *refusal)
{
    if (rsc->next >= rsc->num) {
        return YOKE_NOT_FOUND;
    }
    memset(entry, 0, sizeof(*entry));
    entry->index = rsc->next++;
    return rsc->take(rsc, entry, refusal);
}

const struct yoke_rsc_queue *yoke_rsc_vring(const struct yoke_rsc_entry *entry, uint32_t index)
{
    if (!entry->known || entry->type != YOKE_RSC_VDEV || index >= entry->of.vdev.num_of_vrings) {
        return NULL;
    }
    return &entry->of.vdev.vrings[index];
}

const char *yoke_rsc_driver(const struct yoke_rsc_entry *entry, uint32_t index)
{
    if (!entry->known || entry->type != YOKE_RSC2_IDENTITY || index >= entry->of.identity.drivers) {
        return NULL;
    }
    return (const char *)entry->of.identity.names.data + (size_t)index * YOKE_RSC_NAME_SIZE;
}
