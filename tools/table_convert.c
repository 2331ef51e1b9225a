// SPDX-License-Identifier: BSD-3-Clause
// From version 1 of a table to version 2: what carries over, and what does not.
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>

/// Vendor 0's numbers that are never given out in version 2: what was there before keeps its type.
static bool keeps_type(uint32_t type)
{
    return (type > YOKE_RSC_VDEV && type < YOKE_RSC2_IDENTITY) ||
           (type >= YOKE_RSC_VENDOR_START && type <= YOKE_RSC_VENDOR_END);
}

/// The table being built.
struct output {
    uint8_t *bytes; ///< Room for all, zero.
    size_t size;
    uint32_t count;
};

static uint32_t round_up(uint64_t size)
{
    return (uint32_t)((size + 3) / 4 * 4);
}

/// Starts an entry: its head. Returns where it begins.
static uint8_t *start(struct output *output, uint32_t type, uint64_t size)
{
    uint8_t *const at = output->bytes + output->size;

    yoke_put_le32(at + offsetof(struct yoke_rsc2_entry, type), type);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_entry, size), round_up(size));
    at[offsetof(struct yoke_rsc2_entry, version)] = YOKE_RSC2_ENTRY_VERSION;
    output->size += round_up(size);
    output->count++;
    return at;
}

/// In version 1 everything is required: a loader that cannot do it refuses the image (T1-11).
static void require(uint8_t *at)
{
    at[offsetof(struct yoke_rsc2_entry, flags)] = YOKE_RSC2_REQUIRED;
}

static void put_memory(struct output *output, const struct yoke_rsc_entry *entry)
{
    const struct yoke_rsc_memory *const memory = &entry->of.carveout;
    uint8_t *const at = start(output, entry->type, sizeof(struct yoke_rsc2_memory));

    require(at);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_memory, flags), memory->flags);
    yoke_put_le64(at + offsetof(struct yoke_rsc2_memory, da), memory->da);
    if (entry->type == YOKE_RSC_DEVMEM) {
        yoke_put_le64(at + offsetof(struct yoke_rsc2_memory, pa), memory->pa);
    }
    yoke_put_le64(at + offsetof(struct yoke_rsc2_memory, len), memory->len);
    memcpy(at + offsetof(struct yoke_rsc2_memory, name), memory->name, YOKE_RSC_NAME_SIZE);
}

static void put_queue(uint8_t *at, const struct yoke_rsc_queue *ring)
{
    yoke_put_le64(at + offsetof(struct yoke_rsc2_queue, da), ring->da);
    // `buffers`, `buffer_size` and `buffer_count` stay 0, which is what version 1 means: the driver
    // finds a place for buffers of 512 bytes.
    yoke_put_le32(at + offsetof(struct yoke_rsc2_queue, num), ring->num);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_queue, align), ring->align);
}

/// `da`: of the version-1 entry in the image, which becomes the vdev state; or YOKE_ADDR_ANY.
static void put_vdev(struct output *output, const struct yoke_rsc_entry *entry, uint64_t da)
{
    const struct yoke_rsc_device *const vdev = &entry->of.vdev;
    const size_t queues = vdev->num_of_vrings;
    uint8_t *const at = start(output, YOKE_RSC_VDEV,
                              sizeof(struct yoke_rsc2_vdev) +
                                  queues * sizeof(struct yoke_rsc2_queue) + vdev->config.size);
    uint8_t *next = at + sizeof(struct yoke_rsc2_vdev);

    require(at);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_vdev, id), vdev->id);
    yoke_put_le64(at + offsetof(struct yoke_rsc2_vdev, features), vdev->features);
    yoke_put_le64(at + offsetof(struct yoke_rsc2_vdev, state), da);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_vdev, state_size), (uint32_t)entry->bytes.size);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_vdev, config_len), (uint32_t)vdev->config.size);
    yoke_put_le32(at + offsetof(struct yoke_rsc2_vdev, queues), (uint32_t)queues);
    for (size_t i = 0; i < queues; i++) {
        put_queue(next, &vdev->vrings[i]);
        next += sizeof(struct yoke_rsc2_queue);
    }
    if (vdev->config.size != 0) {
        memcpy(next, vdev->config.data, vdev->config.size);
    }
}

/// A type that is somebody else's: its bytes behind the new head.
static void put_other(struct output *output, const struct yoke_rsc_entry *entry)
{
    const size_t size = entry->bytes.size - sizeof entry->type;
    uint8_t *const at = start(output, entry->type, sizeof(struct yoke_rsc2_entry) + size);

    memcpy(at + sizeof(struct yoke_rsc2_entry), entry->bytes.data + sizeof entry->type, size);
}

static void put_entry(struct output *output, const struct table *table, uint32_t index,
                      struct findings *findings)
{
    const struct yoke_rsc_entry *const entry = &table->entries[index];
    char text[160];

    if (entry->known && entry->type == YOKE_RSC_TRACE) {
        findings_add(
            findings, WARNING, "trace",
            "%s does not carry over: version 1 has bare text there, version 2 a trace block\n"
            "add a trace block of 128 bytes and its text to the firmware, and a TRACE entry",
            tool_entry_title(entry, 0, text, sizeof text));
    } else if (entry->known && entry->type == YOKE_RSC_VDEV) {
        put_vdev(output, entry, table->da != NOWHERE ? table->da + entry->offset : YOKE_ADDR_ANY);
    } else if (entry->known) {
        put_memory(output, entry);
    } else if (keeps_type(entry->type)) {
        put_other(output, entry);
        findings_add(findings, NOTE, "vendor",
                     "table entry %u keeps its type %u, behind a head of version 2, optional\n"
                     "its vendor may register a number of its own (spec/table-2.md, 3.1)",
                     index, entry->type);
    } else {
        findings_add(
            findings, WARNING, "type",
            "table entry %u does not carry over: type %u means something else in version 2, or "
            "nothing\nask whoever made it for its version-2 type",
            index, entry->type);
    }
}

static void build(struct output *output, const struct table *table, struct findings *findings)
{
    uint8_t *const head = output->bytes;

    output->size = sizeof(struct yoke_rsc2_header);
    for (uint32_t i = 0; i < table->count; i++) {
        put_entry(output, table, i, findings);
    }
    yoke_put_le32(head + offsetof(struct yoke_rsc2_header, magic), YOKE_RSC2_MAGIC);
    yoke_put_le16(head + offsetof(struct yoke_rsc2_header, version), YOKE_RSC2_VERSION);
    yoke_put_le16(head + offsetof(struct yoke_rsc2_header, header_size),
                  sizeof(struct yoke_rsc2_header));
    yoke_put_le32(head + offsetof(struct yoke_rsc2_header, size), (uint32_t)output->size);
    yoke_put_le32(head + offsetof(struct yoke_rsc2_header, count), output->count);
}

/// Bytes that a table of version 2 needs at most, for what this one says.
static size_t room(const struct table *table)
{
    size_t size = sizeof(struct yoke_rsc2_header);

    for (uint32_t i = 0; i < table->count; i++) {
        size += sizeof(struct yoke_rsc2_vdev) +
                YOKE_RSC_VRINGS_MAX * sizeof(struct yoke_rsc2_queue) + table->entries[i].bytes.size;
    }
    return size;
}

static void say_what_to_add(const struct table *table, struct findings *findings)
{
    findings_add(findings, NOTE, "link",
                 "the bytes are not part of the image yet\nlink them into a loaded segment, as "
                 "section " YOKE_RSC2_SECTION ", and keep version 1 for hosts that know no other");
    if (table_vdevs(table, table->count) != 0 && table->da == NOWHERE) {
        findings_add(
            findings, NOTE, "state",
            "the loader places the state of each vdev, for the file does not say where table 1 "
            "lies\n"
            "convert the linked image, or set `state` to the version-1 vdev entries");
    }
    findings_add(
        findings, NOTE, "add",
        "nothing names the firmware and its chip yet\nadd an IDENTITY entry; and POWER, PARAMETER, "
        "LOCKS, buffer sizes as the firmware can use them");
}

static int write_file(const char *path, const struct output *output)
{
    FILE *const file = fopen(path, "wb");

    if (file == NULL) {
        tool_error("name another file after --convert", "%s: %s", path, strerror(errno));
        return TOOL_RESOURCES;
    }
    const bool written = fwrite(output->bytes, 1, output->size, file) == output->size;
    if (fclose(file) != 0 || !written) {
        tool_error("free space, or name another file after --convert", "%s: cannot be written",
                   path);
        return TOOL_RESOURCES;
    }
    return TOOL_OK;
}

int table_convert(const struct subject *subject, const char *path, struct findings *findings,
                  cJSON *json)
{
    const struct table *const table = subject_table(subject, 1);

    if (table == NULL) {
        tool_error("name a file with a table of version 1", "%s: has none of version 1",
                   subject->path);
        return TOOL_REFUSED;
    }
    struct output output = {.bytes = calloc(room(table), 1)};
    if (output.bytes == NULL) {
        tool_error("free memory, or raise the limit (ulimit -v)", "no memory for the table");
        return TOOL_RESOURCES;
    }
    build(&output, table, findings);
    say_what_to_add(table, findings);

    // What was written has to read as what was there.
    struct table made;
    int status = table_open(&made, 2, yoke_bytes(output.bytes, output.size), NOWHERE);
    if (status == TOOL_OK && (made.refusal.part != NULL || made.count != output.count)) {
        char text[200];
        (void)yoke_refusal_text(&made.refusal, text, sizeof text);
        tool_error("report this: version 2 cannot say what the table says", "%s: %s", subject->path,
                   text);
        status = TOOL_REFUSED;
    }
    if (status == TOOL_OK) {
        status = write_file(path, &output);
    }
    if (status == TOOL_OK && json != NULL) {
        (void)cJSON_AddStringToObject(json, "output", path);
        (void)cJSON_AddNumberToObject(json, "size", (double)output.size);
        (void)cJSON_AddNumberToObject(json, "carried", output.count);
        (void)cJSON_AddNumberToObject(json, "of", table->count);
    } else if (status == TOOL_OK) {
        (void)printf("%s: %zu bytes, table version 2, %u of %u entries\n", path, output.size,
                     output.count, table->count);
    }
    table_close(&made);
    free(output.bytes);
    return status;
}
