// SPDX-License-Identifier: BSD-3-Clause
// An entry of a resource table: names, words, JSON.
#include "entry.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>

/// Room for a name of a table, made fit for a terminal.
#define CLEAN_SIZE (4 * YOKE_RSC_NAME_SIZE + 1)

const char *tool_entry_kind(const struct yoke_rsc_entry *entry)
{
    if (!entry->known) {
        return entry->vendor ? "vendor's" : "unknown";
    }
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
        return "carveout";
    case YOKE_RSC_DEVMEM:
        return "devmem";
    case YOKE_RSC_TRACE:
        return "trace";
    case YOKE_RSC_VDEV:
        return "vdev";
    case YOKE_RSC2_IDENTITY:
        return "identity";
    case YOKE_RSC2_POWER:
        return "power";
    case YOKE_RSC2_PARAMETER:
        return "parameter";
    case YOKE_RSC2_DEVICETREE:
        return "devicetree";
    case YOKE_RSC2_LOCKS:
        return "locks";
    default:
        return "unknown";
    }
}

const char *tool_entry_name(const struct yoke_rsc_entry *entry)
{
    if (!entry->known) {
        return "";
    }
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
        return entry->of.carveout.name;
    case YOKE_RSC_DEVMEM:
        return entry->of.devmem.name;
    case YOKE_RSC_TRACE:
        return entry->of.trace.name;
    case YOKE_RSC2_IDENTITY:
        return entry->of.identity.firmware;
    case YOKE_RSC2_PARAMETER:
        return entry->of.parameter.name;
    case YOKE_RSC2_LOCKS:
        return entry->of.locks.name;
    default:
        return "";
    }
}

const char *tool_device_text(uint32_t id)
{
    switch (id) {
    case YOKE_ID_NET:
        return "net";
    case YOKE_ID_BLOCK:
        return "block";
    case YOKE_ID_CONSOLE:
        return "console";
    case YOKE_ID_RPMSG:
        return "rpmsg";
    default:
        return "other";
    }
}

static const char *parameter_text(uint32_t kind)
{
    switch (kind) {
    case YOKE_RSC2_UNSIGNED:
        return "unsigned";
    case YOKE_RSC2_SIGNED:
        return "signed";
    case YOKE_RSC2_BOOLEAN:
        return "boolean";
    case YOKE_RSC2_STRING:
        return "string";
    default:
        return "bytes";
    }
}

const char *tool_entry_title(const struct yoke_rsc_entry *entry, uint32_t vdevs, char *text,
                             size_t size)
{
    const char *const name = tool_entry_name(entry);
    char clean[CLEAN_SIZE];

    if (entry->known && entry->type == YOKE_RSC_VDEV) {
        (void)snprintf(text, size, "vdev %u (%s)", vdevs, tool_device_text(entry->of.vdev.id));
    } else if (!entry->known) {
        (void)snprintf(text, size, "type %u", entry->type);
    } else if (name[0] != '\0') {
        (void)snprintf(text, size, "%s %s", tool_entry_kind(entry),
                       tool_clean(clean, sizeof clean, name, strlen(name)));
    } else {
        (void)snprintf(text, size, "%s", tool_entry_kind(entry));
    }
    return text;
}

const char *tool_ring_name(uint32_t vdev, uint32_t ring, char *text, size_t size)
{
    (void)snprintf(text, size, "vdev%uvring%u", vdev, ring);
    return text;
}

const char *tool_address_text(uint64_t da, char *text, size_t size)
{
    if (da == YOKE_ADDR_ANY) {
        return "any";
    }
    (void)snprintf(text, size, "0x%llx", (unsigned long long)da);
    return text;
}

uint32_t tool_buffer_size(const struct yoke_rsc_device *vdev, const struct yoke_rsc_queue *ring)
{
    if (ring->buffer_size != 0) {
        return ring->buffer_size;
    }
    return vdev->id == YOKE_ID_RPMSG ? YOKE_RPMSG_BUFFER_SIZE : 0;
}

// ---------------------------------------------------------------------------------------- in words

/// Linux takes an address that the firmware fixed only from memory that its platform driver has
/// registered by that name. Otherwise it takes other memory, and the firmware is deaf.
static void put_linux_needs(FILE *out, uint32_t version, uint64_t da, const char *name)
{
    if (da != YOKE_ADDR_ANY && version == 1) {
        (void)fprintf(out, "\nLinux needs a carveout named %s there, or it puts this elsewhere",
                      name);
    }
}

static void put_memory(FILE *out, const struct yoke_rsc_entry *entry, uint32_t version)
{
    const struct yoke_rsc_memory *const memory =
        entry->type == YOKE_RSC_CARVEOUT ? &entry->of.carveout : &entry->of.devmem;
    char name[CLEAN_SIZE];
    char da[24];

    (void)fprintf(out, "%s, %llu B at %s",
                  tool_clean(name, sizeof name, memory->name, strlen(memory->name)),
                  (unsigned long long)memory->len, tool_address_text(memory->da, da, sizeof da));
    if (memory->align != 0) {
        (void)fprintf(out, ", aligned to %u", memory->align);
    }
    if (entry->type == YOKE_RSC_CARVEOUT) {
        put_linux_needs(out, version, memory->da, name);
    }
}

static void put_ring(FILE *out, const struct yoke_rsc_device *vdev, uint32_t index,
                     uint32_t version, uint32_t vdevs)
{
    const struct yoke_rsc_queue *const ring = &vdev->vrings[index];
    char name[32];
    char da[24];

    (void)fprintf(out, "\nvring %u   %u descriptors, aligned to %u, at %s", index, ring->num,
                  ring->align, tool_address_text(ring->da, da, sizeof da));
    if (version != 1 && tool_buffer_size(vdev, ring) != 0) {
        (void)fprintf(out, "; %u buffers of %u B at %s", ring->buffer_count,
                      tool_buffer_size(vdev, ring),
                      ring->buffers == 0 ? "the driver's choice"
                                         : tool_address_text(ring->buffers, da, sizeof da));
    }
    put_linux_needs(out, version, ring->da, tool_ring_name(vdevs, index, name, sizeof name));
}

static void put_vdev(FILE *out, const struct yoke_rsc_device *vdev, uint32_t version,
                     uint32_t vdevs)
{
    static const char *const names[30] = {
        [0] = "name service",     [16] = "buffers",    [17] = "generation",
        [18] = "credits",         [19] = "bulk",       [20] = "acknowledgement",
        [28] = "indirect chains", [29] = "event index"};
    char da[24];

    (void)fprintf(out, "%s (device id %u), features ", tool_device_text(vdev->id), vdev->id);
    tool_put_features(out, vdev->features, names, vdev->id == YOKE_ID_RPMSG ? 30 : 0);
    (void)fprintf(out, ", %zu B of configuration", vdev->config.size);
    if (version != 1) {
        (void)fprintf(out, "\nstate     %u B at %s, ring addresses from 0x%llx", vdev->state_size,
                      tool_address_text(vdev->state, da, sizeof da),
                      (unsigned long long)vdev->base);
    }
    for (uint32_t i = 0; i < vdev->num_of_vrings; i++) {
        put_ring(out, vdev, i, version, vdevs);
    }
}

static void put_identity(FILE *out, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_identity *const identity = &entry->of.identity;
    char firmware[CLEAN_SIZE];
    char version[CLEAN_SIZE];
    char chip[CLEAN_SIZE];

    (void)fprintf(
        out, "firmware %s %s for %s",
        tool_clean(firmware, sizeof firmware, identity->firmware, strlen(identity->firmware)),
        tool_clean(version, sizeof version, identity->version, strlen(identity->version)),
        identity->chip[0] == '\0'
            ? "any chip"
            : tool_clean(chip, sizeof chip, identity->chip, strlen(identity->chip)));
    for (uint32_t i = 0; i < identity->drivers; i++) {
        const char *const driver = yoke_rsc_driver(entry, i);
        (void)fprintf(out, "\ndriver    %s", tool_clean(chip, sizeof chip, driver, strlen(driver)));
    }
}

static void put_of(FILE *out, const struct yoke_rsc_entry *entry, uint32_t version, uint32_t vdevs)
{
    const char *const name = tool_entry_name(entry);
    char clean[CLEAN_SIZE];
    char da[24];

    (void)tool_clean(clean, sizeof clean, name, strlen(name));
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM:
        put_memory(out, entry, version);
        break;
    case YOKE_RSC_TRACE:
        (void)fprintf(out, "%s, %llu B at %s%s%s", clean, (unsigned long long)entry->of.trace.len,
                      tool_address_text(entry->of.trace.da, da, sizeof da),
                      entry->of.trace.block ? ", a trace block" : "",
                      entry->of.trace.notifies ? " with a doorbell" : "");
        break;
    case YOKE_RSC_VDEV:
        put_vdev(out, &entry->of.vdev, version, vdevs);
        break;
    case YOKE_RSC2_IDENTITY:
        put_identity(out, entry);
        break;
    case YOKE_RSC2_POWER:
        (void)fprintf(out, "%u B at %s%s", (unsigned)sizeof(struct yoke_rsc2_power_block),
                      tool_address_text(entry->of.power.state, da, sizeof da),
                      entry->of.power.notifies ? ", with a doorbell" : "");
        break;
    case YOKE_RSC2_PARAMETER:
        (void)fprintf(out, "%s, %s of %u B at %s", clean, parameter_text(entry->of.parameter.kind),
                      entry->of.parameter.size,
                      tool_address_text(entry->of.parameter.da, da, sizeof da));
        break;
    case YOKE_RSC2_DEVICETREE:
        (void)fprintf(out, "up to %llu B at %s", (unsigned long long)entry->of.devicetree.len,
                      tool_address_text(entry->of.devicetree.da, da, sizeof da));
        break;
    default:
        (void)fprintf(out, "%s, %u words %u B apart at %s, owned 0x%x, free 0x%x", clean,
                      entry->of.locks.count, entry->of.locks.stride,
                      tool_address_text(entry->of.locks.da, da, sizeof da), entry->of.locks.owner,
                      entry->of.locks.free);
    }
}

char *tool_entry_text(const struct yoke_rsc_entry *entry, uint32_t version, uint32_t vdevs)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);

    if (out == NULL) {
        return NULL;
    }
    if (entry->known) {
        put_of(out, entry, version, vdevs);
    } else if (version == 1) {
        (void)fprintf(out, "type %u, %zu B", entry->type, entry->bytes.size);
    } else {
        (void)fprintf(out, "vendor %u, number %u, %zu B", entry->type >> 16, entry->type & 0xffffu,
                      entry->bytes.size);
    }
    if (entry->required) {
        (void)fputs("\nrequired: the image is refused if this cannot be had", out);
    }
    if (entry->late) {
        (void)fputs("\nlate: handled after the segments were loaded", out);
    }
    return fclose(out) == 0 ? text : NULL;
}

// ----------------------------------------------------------------------------------------- as JSON

/// Numbers in JSON are exact up to 2^53: features get one number for each half.
static void add_features(cJSON *json, uint32_t version, uint64_t features)
{
    (void)cJSON_AddNumberToObject(json, "features", (double)(features & UINT32_MAX));
    if (version != 1) {
        (void)cJSON_AddNumberToObject(json, "features_high", (double)(features >> 32));
    }
}

static void add_bytes(cJSON *json, const char *name, struct yoke_bytes bytes)
{
    char *const text = calloc(2 * bytes.size + 1, 1);

    for (size_t i = 0; text != NULL && i < bytes.size; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
    }
    (void)cJSON_AddStringToObject(json, name, text != NULL ? text : "");
    free(text);
}

static cJSON *ring_json(const struct yoke_rsc_device *vdev, uint32_t index, uint32_t version,
                        uint32_t vdevs)
{
    const struct yoke_rsc_queue *const ring = &vdev->vrings[index];
    cJSON *const json = cJSON_CreateObject();
    char name[32];

    tool_json_address(json, "da", ring->da);
    (void)cJSON_AddNumberToObject(json, "num", ring->num);
    (void)cJSON_AddNumberToObject(json, "align", ring->align);
    if (version != 1) {
        tool_json_address(json, "buffers", ring->buffers);
        (void)cJSON_AddNumberToObject(json, "buffer_size", tool_buffer_size(vdev, ring));
        (void)cJSON_AddNumberToObject(json, "buffer_count", ring->buffer_count);
    } else if (ring->da != YOKE_ADDR_ANY) {
        (void)cJSON_AddStringToObject(json, "linux_carveout",
                                      tool_ring_name(vdevs, index, name, sizeof name));
    }
    return json;
}

static void add_vdev(cJSON *json, const struct yoke_rsc_device *vdev, uint32_t version,
                     uint32_t vdevs)
{
    cJSON *const vrings = cJSON_AddArrayToObject(json, "vrings");

    (void)cJSON_AddNumberToObject(json, "id", vdev->id);
    add_features(json, version, vdev->features);
    if (version != 1) {
        tool_json_address(json, "state", vdev->state);
        (void)cJSON_AddNumberToObject(json, "state_size", vdev->state_size);
        tool_json_address(json, "base", vdev->base);
    }
    for (uint32_t i = 0; i < vdev->num_of_vrings; i++) {
        (void)cJSON_AddItemToArray(vrings, ring_json(vdev, i, version, vdevs));
    }
    add_bytes(json, "config", vdev->config);
}

static void add_identity(cJSON *json, const struct yoke_rsc_entry *entry)
{
    cJSON *const drivers = cJSON_AddArrayToObject(json, "drivers");
    const struct yoke_rsc_identity *const identity = &entry->of.identity;
    char clean[CLEAN_SIZE];

    (void)cJSON_AddStringToObject(
        json, "chip", tool_clean(clean, sizeof clean, identity->chip, strlen(identity->chip)));
    (void)cJSON_AddStringToObject(
        json, "version",
        tool_clean(clean, sizeof clean, identity->version, strlen(identity->version)));
    for (uint32_t i = 0; i < identity->drivers; i++) {
        const char *const driver = yoke_rsc_driver(entry, i);
        (void)cJSON_AddItemToArray(
            drivers, cJSON_CreateString(tool_clean(clean, sizeof clean, driver, strlen(driver))));
    }
}

static void add_memory(cJSON *json, const struct yoke_rsc_entry *entry, uint32_t version)
{
    const struct yoke_rsc_memory *const memory =
        entry->type == YOKE_RSC_CARVEOUT ? &entry->of.carveout : &entry->of.devmem;

    tool_json_address(json, "da", memory->da);
    tool_json_address(json, "pa", memory->pa);
    (void)cJSON_AddNumberToObject(json, "len", (double)memory->len);
    if (version != 1) {
        (void)cJSON_AddNumberToObject(json, "align", memory->align);
    }
}

static void add_locks(cJSON *json, const struct yoke_rsc_locks *locks)
{
    tool_json_address(json, "da", locks->da);
    (void)cJSON_AddNumberToObject(json, "count", locks->count);
    (void)cJSON_AddNumberToObject(json, "stride", locks->stride);
    (void)cJSON_AddNumberToObject(json, "owner", locks->owner);
    (void)cJSON_AddNumberToObject(json, "free", locks->free);
}

static void add_of(cJSON *json, const struct yoke_rsc_entry *entry, uint32_t version,
                   uint32_t vdevs)
{
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM:
        add_memory(json, entry, version);
        break;
    case YOKE_RSC_TRACE:
        tool_json_address(json, "da", entry->of.trace.da);
        (void)cJSON_AddNumberToObject(json, "len", (double)entry->of.trace.len);
        if (version != 1) {
            (void)cJSON_AddBoolToObject(json, "notifies", entry->of.trace.notifies);
        }
        break;
    case YOKE_RSC_VDEV:
        add_vdev(json, &entry->of.vdev, version, vdevs);
        break;
    case YOKE_RSC2_IDENTITY:
        add_identity(json, entry);
        break;
    case YOKE_RSC2_POWER:
        tool_json_address(json, "state", entry->of.power.state);
        (void)cJSON_AddBoolToObject(json, "notifies", entry->of.power.notifies);
        break;
    case YOKE_RSC2_PARAMETER:
        (void)cJSON_AddStringToObject(json, "of", parameter_text(entry->of.parameter.kind));
        tool_json_address(json, "da", entry->of.parameter.da);
        (void)cJSON_AddNumberToObject(json, "size", entry->of.parameter.size);
        break;
    case YOKE_RSC2_DEVICETREE:
        tool_json_address(json, "da", entry->of.devicetree.da);
        (void)cJSON_AddNumberToObject(json, "len", (double)entry->of.devicetree.len);
        break;
    default:
        add_locks(json, &entry->of.locks);
    }
}

cJSON *tool_entry_json(const struct yoke_rsc_entry *entry, uint32_t version, uint32_t vdevs)
{
    cJSON *const json = cJSON_CreateObject();
    const char *const name = tool_entry_name(entry);
    char clean[CLEAN_SIZE];

    (void)cJSON_AddNumberToObject(json, "index", entry->index);
    (void)cJSON_AddNumberToObject(json, "type", entry->type);
    (void)cJSON_AddStringToObject(json, "kind", tool_entry_kind(entry));
    if (entry->known) {
        add_of(json, entry, version, vdevs);
    } else {
        (void)cJSON_AddNumberToObject(json, "len", (double)entry->bytes.size);
        add_bytes(json, "bytes", entry->bytes);
    }
    if (version != 1) {
        (void)cJSON_AddBoolToObject(json, "required", entry->required);
        (void)cJSON_AddBoolToObject(json, "late", entry->late);
    }
    if (name[0] != '\0') {
        (void)cJSON_AddStringToObject(json, "name",
                                      tool_clean(clean, sizeof clean, name, strlen(name)));
    }
    return json;
}
