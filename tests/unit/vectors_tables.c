// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yoke/abi/rsc2.h>
#include <yoke/image.h>
#include <yoke/rproc.h>

#include "vectors_tables.h"

/// An address as a table of version 1 has it.
static uint64_t narrow(const struct yoke_rsc *rsc, uint64_t da)
{
    return rsc->version == 1 && da == YOKE_ADDR_ANY ? UINT32_MAX : da;
}

static void add_memory(const struct yoke_rsc *rsc, cJSON *out, const struct yoke_rsc_memory *memory)
{
    vectors_add(out, "da", narrow(rsc, memory->da));
    vectors_add(out, "pa", memory->pa);
    vectors_add(out, "len", memory->len);
    vectors_add(out, "flags", memory->flags);
    vectors_add(out, "align", memory->align);
    cJSON_AddStringToObject(out, "name", memory->name);
}

static void add_trace(cJSON *out, const struct yoke_rsc_text *trace)
{
    vectors_add(out, "da", trace->da);
    vectors_add(out, "len", trace->len);
    vectors_add(out, "notifyid", trace->notifies ? trace->notifyid : YOKE_RSC2_NO_DOORBELL);
    cJSON_AddStringToObject(out, "name", trace->name);
}

static void add_vdev(const struct yoke_rsc *rsc, cJSON *out, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_device *const vdev = &entry->of.vdev;

    vectors_add(out, "id", vdev->id);
    vectors_add(out, rsc->version == 1 ? "dfeatures" : "features", vdev->features);
    vectors_add(out, "gfeatures", vdev->gfeatures);
    vectors_add(out, "status", vdev->status);
    vectors_add(out, "state", vdev->state);
    vectors_add(out, "state_size", vdev->state_size);
    vectors_add(out, "base", vdev->base);
    cJSON_AddItemToObject(out, "config", vectors_hex(vdev->config.data, vdev->config.size));
    cJSON *const queues = cJSON_AddArrayToObject(out, rsc->version == 1 ? "vrings" : "queues");
    for (uint32_t i = 0; yoke_rsc_vring(entry, i) != NULL; i++) {
        const struct yoke_rsc_queue *const queue = yoke_rsc_vring(entry, i);
        cJSON *const one = cJSON_CreateObject();
        vectors_add(one, "da", narrow(rsc, queue->da));
        vectors_add(one, "pa", queue->pa);
        vectors_add(one, "align", queue->align);
        vectors_add(one, "num", queue->num);
        vectors_add(one, "notifyid", queue->notifyid);
        vectors_add(one, "buffers", queue->buffers);
        vectors_add(one, "buffer_size", queue->buffer_size);
        vectors_add(one, "buffer_count", queue->buffer_count);
        cJSON_AddItemToArray(queues, one);
    }
}

static void add_identity(cJSON *out, const struct yoke_rsc_entry *entry)
{
    cJSON_AddStringToObject(out, "chip", entry->of.identity.chip);
    cJSON_AddStringToObject(out, "firmware", entry->of.identity.firmware);
    cJSON_AddStringToObject(out, "version", entry->of.identity.version);
    cJSON *const names = cJSON_AddArrayToObject(out, "names");
    for (uint32_t i = 0; yoke_rsc_driver(entry, i) != NULL; i++) {
        cJSON_AddItemToArray(names, cJSON_CreateString(yoke_rsc_driver(entry, i)));
    }
}

static void add_locks(cJSON *out, const struct yoke_rsc_locks *locks)
{
    vectors_add(out, "da", locks->da);
    vectors_add(out, "count", locks->count);
    vectors_add(out, "stride", locks->stride);
    vectors_add(out, "owner", locks->owner);
    vectors_add(out, "free", locks->free);
    cJSON_AddStringToObject(out, "name", locks->name);
}

static void add_fields(const struct yoke_rsc *rsc, cJSON *out, const struct yoke_rsc_entry *entry)
{
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
        add_memory(rsc, out, &entry->of.carveout);
        break;
    case YOKE_RSC_DEVMEM:
        add_memory(rsc, out, &entry->of.devmem);
        break;
    case YOKE_RSC_TRACE:
        add_trace(out, &entry->of.trace);
        break;
    case YOKE_RSC_VDEV:
        add_vdev(rsc, out, entry);
        break;
    case YOKE_RSC2_IDENTITY:
        add_identity(out, entry);
        break;
    case YOKE_RSC2_POWER:
        vectors_add(out, "state", entry->of.power.state);
        break;
    case YOKE_RSC2_PARAMETER:
        vectors_add(out, "kind", entry->of.parameter.kind);
        vectors_add(out, "da", entry->of.parameter.da);
        vectors_add(out, "size", entry->of.parameter.size);
        cJSON_AddStringToObject(out, "name", entry->of.parameter.name);
        break;
    case YOKE_RSC2_DEVICETREE:
        vectors_add(out, "da", entry->of.devicetree.da);
        vectors_add(out, "len", entry->of.devicetree.len);
        break;
    case YOKE_RSC2_LOCKS:
        add_locks(out, &entry->of.locks);
        break;
    default:
        fail();
    }
}

static cJSON *add_entry(const struct yoke_rsc *rsc, const struct yoke_rsc_entry *entry)
{
    cJSON *const out = cJSON_CreateObject();

    vectors_add(out, "type", entry->type);
    cJSON_AddBoolToObject(out, "known", entry->known);
    cJSON_AddBoolToObject(out, "required", entry->required);
    cJSON_AddBoolToObject(out, "late", entry->late);
    if (rsc->version == 2) {
        vectors_add(out, "outcome", entry->bytes.data[offsetof(struct yoke_rsc2_entry, outcome)]);
    }
    if (entry->known) {
        add_fields(rsc, out, entry);
    }
    return out;
}

static cJSON *decode(struct yoke_rsc *rsc, int status)
{
    cJSON *const out = cJSON_CreateObject();
    struct yoke_rsc_entry entry;
    struct yoke_refusal refusal;

    vectors_add(out, "version", rsc->version);
    vectors_add(out, "owner", rsc->owner);
    vectors_add(out, "host", rsc->host);
    vectors_add(out, "offered", rsc->offered);
    vectors_add(out, "taken", rsc->taken);
    cJSON *const entries = cJSON_AddArrayToObject(out, "entries");
    while (status == YOKE_OK && (status = yoke_rsc_next(rsc, &entry, &refusal)) == YOKE_OK) {
        cJSON_AddItemToArray(entries, add_entry(rsc, &entry));
    }
    if (status != YOKE_NOT_FOUND) {
        cJSON_Delete(out);
        return NULL;
    }
    return out;
}

cJSON *tables_rsc(const cJSON *given, const uint8_t *in, size_t size)
{
    struct yoke_rsc rsc;
    struct yoke_refusal refusal;

    (void)given;
    return decode(&rsc, yoke_rsc1_open(&rsc, yoke_bytes(in, size), &refusal));
}

cJSON *tables_rsc2(const cJSON *given, const uint8_t *in, size_t size)
{
    struct yoke_rsc rsc;
    struct yoke_refusal refusal;

    (void)given;
    return decode(&rsc, yoke_rsc2_open(&rsc, yoke_bytes(in, size), &refusal));
}
