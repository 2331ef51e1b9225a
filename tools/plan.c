// SPDX-License-Identifier: BSD-3-Clause
// A plan, drawn and as JSON.
#include <string.h>

#include "tool.h"

static const char *kind_text(enum yoke_area_kind kind)
{
    static const char *const texts[] = {
        [YOKE_AREA_SEGMENT] = "segment",   [YOKE_AREA_TABLE] = "table",
        [YOKE_AREA_CARVEOUT] = "carveout", [YOKE_AREA_DEVMEM] = "devmem",
        [YOKE_AREA_TRACE] = "trace",       [YOKE_AREA_VDEV] = "vdev",
        [YOKE_AREA_VRING] = "vring",       [YOKE_AREA_BUFFERS] = "buffers",
        [YOKE_AREA_POWER] = "power",       [YOKE_AREA_PARAMETER] = "parameter",
        [YOKE_AREA_LOCKS] = "locks",       [YOKE_AREA_DEVICETREE] = "devicetree",
    };
    return texts[kind];
}

/// The value that a parameter is given, as --param takes it.
static void value_text(const struct yoke_parameter *value, char *text, size_t size)
{
    char *const end = text + size;

    switch (value->kind) {
    case YOKE_RSC2_SIGNED:
        (void)snprintf(text, size, "%lld", (long long)value->number);
        break;
    case YOKE_RSC2_UNSIGNED:
        (void)snprintf(text, size, "%llu", (unsigned long long)value->number);
        break;
    case YOKE_RSC2_BOOLEAN:
        (void)snprintf(text, size, "%s", value->number != 0 ? "true" : "false");
        break;
    case YOKE_RSC2_STRING:
        (void)tool_clean(text, size, (const char *)value->bytes.data, value->bytes.size);
        break;
    default:
        *text = '\0';
        for (size_t i = 0; i < value->bytes.size && end - text > 2; i++, text += 2) {
            (void)snprintf(text, (size_t)(end - text), "%02x", value->bytes.data[i]);
        }
        break;
    }
}

/// What the area is, beyond its kind.
static void describe(const struct yoke_area *area, char *text, size_t size)
{
    char name[4 * sizeof area->name + 1];
    char value[80] = "as in the image";

    (void)tool_clean(name, sizeof name, area->name, strnlen(area->name, sizeof area->name));
    switch (area->kind) {
    case YOKE_AREA_SEGMENT:
        (void)snprintf(text, size, "%c%c%c, %zu bytes from the file",
                       (area->flags & YOKE_PF_R) != 0 ? 'r' : '-',
                       (area->flags & YOKE_PF_W) != 0 ? 'w' : '-',
                       (area->flags & YOKE_PF_X) != 0 ? 'x' : '-', area->bytes.size);
        break;
    case YOKE_AREA_VDEV:
        (void)snprintf(text, size, "device id %u, %u rings, features 0x%llx", area->device_id,
                       area->num, (unsigned long long)area->features);
        break;
    case YOKE_AREA_VRING:
        (void)snprintf(text, size, "queue %u, %u descriptors, doorbell %u", area->queue, area->num,
                       area->notify_id);
        break;
    case YOKE_AREA_BUFFERS:
        (void)snprintf(text, size, "queue %u, %u buffers of %u bytes", area->queue, area->num,
                       area->buffer_size);
        break;
    case YOKE_AREA_TABLE:
        (void)snprintf(text, size, "resource table");
        break;
    case YOKE_AREA_PARAMETER:
        if (area->value != NULL) {
            value_text(area->value, value, sizeof value);
        }
        (void)snprintf(text, size, "%s = %s", name, value);
        break;
    case YOKE_AREA_LOCKS:
        (void)snprintf(text, size, "%s, %u of them", name, area->num);
        break;
    case YOKE_AREA_DEVICETREE:
        (void)snprintf(text, size, "%zu bytes", area->bytes.size);
        break;
    case YOKE_AREA_POWER:
    case YOKE_AREA_TRACE:
        (void)snprintf(text, size, "%s", name);
        if (area->notify_id != YOKE_NO_DOORBELL) {
            (void)snprintf(text, size, "%s%sdoorbell %u", name, name[0] != '\0' ? ", " : "",
                           area->notify_id);
        }
        break;
    default:
        (void)snprintf(text, size, "%s", name);
    }
}

/// Bytes from the region's start to the end of the last area in it.
static uint64_t used_bytes(const struct yoke_plan *plan, uint32_t region)
{
    const uint64_t start = plan->regions[region].da;
    uint64_t used = 0;

    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        if (area->region == region && area->da + area->size - start > used) {
            used = area->da + area->size - start;
        }
    }
    return used;
}

/// The area in the region that comes next by address, and in the plan's order for equal ones.
static const struct yoke_area *next_area(const struct yoke_plan *plan, uint32_t region,
                                         const struct yoke_area *after)
{
    const struct yoke_area *best = NULL;

    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        const bool later =
            after == NULL || area->da > after->da || (area->da == after->da && area > after);
        if (area->region == region && later && (best == NULL || area->da < best->da)) {
            best = area;
        }
    }
    return best;
}

void tool_show_plan(const struct yoke_plan *plan)
{
    const bool utf8 = tool_is_utf8();
    char text[240];
    char size[32];
    char used_text[32];

    for (uint32_t i = 0; i < plan->region_count; i++) {
        const struct yoke_region *const region = &plan->regions[i];
        const uint64_t used = used_bytes(plan, i);
        const struct yoke_area *area = NULL;
        (void)printf("memory %s: device address 0x%llx, physical 0x%llx, %s, %s used\n",
                     region->name, (unsigned long long)region->da, (unsigned long long)region->pa,
                     tool_size(region->size, size, sizeof size),
                     tool_size(used, used_text, sizeof used_text));
        while ((area = next_area(plan, i, area)) != NULL) {
            (void)printf("  0x%08llx %8llu B  ", (unsigned long long)area->da,
                         (unsigned long long)area->size);
            tool_bar(area->da - region->da, area->size, used, utf8);
            describe(area, text, sizeof text);
            if (area->kind == YOKE_AREA_TABLE) {
                (void)printf("  %s\n", text);
            } else {
                (void)printf("  %s %u: %s\n", kind_text(area->kind), area->index, text);
            }
        }
    }
    for (uint32_t i = 0; i < plan->note_count; i++) {
        (void)yoke_refusal_text(&plan->notes[i], text, sizeof text);
        (void)printf("note: %s\n", text);
    }
    (void)printf("entry 0x%llx\n", (unsigned long long)plan->entry);
}

static cJSON *area_json(const struct yoke_area *area)
{
    cJSON *const json = cJSON_CreateObject();
    char name[4 * sizeof area->name + 1];
    char value[80];

    (void)cJSON_AddStringToObject(json, "kind", kind_text(area->kind));
    (void)cJSON_AddNumberToObject(json, "index", area->index);
    tool_json_address(json, "da", area->da);
    tool_json_address(json, "pa", area->pa);
    (void)cJSON_AddNumberToObject(json, "size", (double)area->size);
    (void)cJSON_AddBoolToObject(json, "placed", area->placed);
    if (area->name[0] != '\0') {
        (void)cJSON_AddStringToObject(
            json, "name",
            tool_clean(name, sizeof name, area->name, strnlen(area->name, sizeof area->name)));
    }
    if (area->kind == YOKE_AREA_VRING) {
        (void)cJSON_AddNumberToObject(json, "queue", area->queue);
        (void)cJSON_AddNumberToObject(json, "num", area->num);
        (void)cJSON_AddNumberToObject(json, "notify_id", area->notify_id);
    }
    if (area->kind == YOKE_AREA_BUFFERS) {
        (void)cJSON_AddNumberToObject(json, "queue", area->queue);
        (void)cJSON_AddNumberToObject(json, "num", area->num);
        (void)cJSON_AddNumberToObject(json, "buffer_size", area->buffer_size);
    }
    if (area->value != NULL) {
        value_text(area->value, value, sizeof value);
        (void)cJSON_AddStringToObject(json, "value", value);
    }
    if (area->kind == YOKE_AREA_VDEV) {
        (void)cJSON_AddNumberToObject(json, "device_id", area->device_id);
        (void)cJSON_AddNumberToObject(json, "features", (double)area->features);
    }
    return json;
}

cJSON *tool_plan_json(const struct yoke_plan *plan)
{
    cJSON *const json = cJSON_CreateObject();
    cJSON *const regions = cJSON_AddArrayToObject(json, "regions");
    cJSON *const areas = cJSON_AddArrayToObject(json, "areas");
    cJSON *const notes = cJSON_AddArrayToObject(json, "notes");
    char text[160];

    tool_json_address(json, "entry", plan->entry);
    (void)cJSON_AddNumberToObject(json, "table_version", plan->version);
    for (uint32_t i = 0; i < plan->region_count; i++) {
        cJSON *const region = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(region, "name", plan->regions[i].name);
        tool_json_address(region, "da", plan->regions[i].da);
        tool_json_address(region, "pa", plan->regions[i].pa);
        (void)cJSON_AddNumberToObject(region, "size", (double)plan->regions[i].size);
        (void)cJSON_AddItemToArray(regions, region);
    }
    for (uint32_t i = 0; i < plan->area_count; i++) {
        (void)cJSON_AddItemToArray(areas, area_json(&plan->areas[i]));
    }
    for (uint32_t i = 0; i < plan->note_count; i++) {
        (void)yoke_refusal_text(&plan->notes[i], text, sizeof text);
        (void)cJSON_AddItemToArray(notes, cJSON_CreateString(text));
    }
    return json;
}
