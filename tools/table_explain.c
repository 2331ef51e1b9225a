// SPDX-License-Identifier: BSD-3-Clause
// Why a table was refused: which bytes, which rule of the specification, and what to change.
#include "table.h"

#include <string.h>

#include <yoke/abi/rsc2.h>

/// Where the parts of a table that a refusal may name lie.
enum part { HEAD, ENTRY, MEMORY, TRACE, VDEV, RING, IDENTITY, POWER, PARAMETER, TREE, LOCKS };

/// A field that may be refused.
struct place {
    uint32_t version;
    enum part part;
    const char *field; ///< NULL: a name.
    const char *begin; ///< How the rule in words begins, where the field alone does not tell.
    uint32_t offset;   ///< From the part's start.
    const char *label;
    const char *change;
};

#define AT(type, field) ((uint32_t)offsetof(struct type, field))

#define CHANGE_ALIGN "16 suits every processor"
#define CHANGE_NUM "rings have 2, 4, 8, 16 ... 32768 descriptors"
#define CHANGE_NAME "shorten the name to 31 bytes and end it with a NUL"
#define CHANGE_ENTRY "make the structure as long as its type says, or the section longer"
#define CHANGE_LEN "give it at least one byte, all of them below the end of the address space"
#define CHANGE_ZERO "write 0: nothing else is defined"
#define CHANGE_QUEUES "spread the queues over more than one vdev"
#define CHANGE_GIVEN "give the address: only what the loader places may be \"any\""
#define CHANGE_WORD "align the variable, as with __attribute__((aligned(8)))"

/// The first that fits counts.
static const struct place places[] = {
    {1, HEAD, "size", NULL, 0, "T1-3", "is this a table? The section must hold all of it"},
    {1, HEAD, "ver", NULL, AT(yoke_rsc_header, ver), "T1-3",
     "write 1 there; a table of version 2 begins with \"YRT2\""},
    {1, HEAD, "reserved", NULL, AT(yoke_rsc_header, reserved), "T1-3", CHANGE_ZERO},
    {1, HEAD, "num", NULL, AT(yoke_rsc_header, num), "T1-4",
     "make it the number of entries, with an offset for each behind the header"},
    {1, HEAD, "offset", NULL, 0, "T1-5",
     "count from the table's first byte: offsetof() the entry in the table's structure"},
    {1, VDEV, "size", NULL, AT(yoke_rsc_vdev, config_len), "T1-17",
     "check config_len and num_of_vrings, and that the structure has all vrings"},
    {1, VDEV, "num_of_vrings", NULL, AT(yoke_rsc_vdev, num_of_vrings), "T1-18", CHANGE_QUEUES},
    {1, VDEV, "reserved", NULL, AT(yoke_rsc_vdev, reserved), "T1-10", CHANGE_ZERO},
    {1, RING, "num", NULL, AT(yoke_rsc_vring, num), "T1-19", CHANGE_NUM},
    {1, RING, "align", NULL, AT(yoke_rsc_vring, align), "T1-19", CHANGE_ALIGN},
    {1, MEMORY, "reserved", NULL, AT(yoke_rsc_carveout, reserved), "T1-10", CHANGE_ZERO},
    {1, MEMORY, "len", NULL, AT(yoke_rsc_carveout, len), "T1-12", CHANGE_LEN},
    {1, MEMORY, NULL, NULL, AT(yoke_rsc_carveout, name), "T1-9", CHANGE_NAME},
    {1, TRACE, "reserved", NULL, AT(yoke_rsc_trace, reserved), "T1-10", CHANGE_ZERO},
    {1, TRACE, "len", NULL, AT(yoke_rsc_trace, len), "T1-15", CHANGE_LEN},
    {1, TRACE, NULL, NULL, AT(yoke_rsc_trace, name), "T1-9", CHANGE_NAME},
    {1, ENTRY, "size", NULL, 0, "T1-6", CHANGE_ENTRY},

    {2, HEAD, "size", "must be at least", 0, "T2-4",
     "is this a table? The section must hold all of it"},
    {2, HEAD, "size", NULL, AT(yoke_rsc2_header, size), "T2-6",
     "make it sizeof the table's structure, and the section as long"},
    {2, HEAD, "magic", NULL, AT(yoke_rsc2_header, magic), "T2-4", "a table begins with \"YRT2\""},
    {2, HEAD, "version", NULL, AT(yoke_rsc2_header, version), "T2-5", "write 2 there"},
    {2, HEAD, "header_size", NULL, AT(yoke_rsc2_header, header_size), "T2-7", "write 48 there"},
    {2, HEAD, "count", NULL, AT(yoke_rsc2_header, count), "T2-8", "make it the number of entries"},
    {2, HEAD, "owner", NULL, AT(yoke_rsc2_header, flags), "T2-10",
     "0: the host owns the table, 1: the firmware, 2: neither"},
    {2, PARAMETER, "size", "bytes is no size", AT(yoke_rsc2_parameter, size), "T2-44",
     "numbers have 1, 2, 4 or 8 bytes, booleans 1 or 4, the others at least one"},
    {2, VDEV, "size", "must be at least", AT(yoke_rsc2_entry, size), "T2-25",
     "check config_len and queues, and that the structure has all queues"},
    {2, IDENTITY, "size", "must be at least", AT(yoke_rsc2_entry, size), "T2-42",
     "check drivers, and that the structure has all names"},
    {2, ENTRY, "size", "must be at least", AT(yoke_rsc2_entry, size), "T2-15", CHANGE_ENTRY},
    {2, ENTRY, "size", NULL, AT(yoke_rsc2_entry, size), "T2-14",
     "make it sizeof the entry's structure, and check the table's count and size"},
    {2, MEMORY, "align", NULL, AT(yoke_rsc2_memory, align), "T2-24",
     "0 asks for none; powers of two are 1, 2, 4 ... 65536"},
    {2, MEMORY, "da", "must be a multiple", AT(yoke_rsc2_memory, da), "T2-24",
     "move the carveout, or ask for less in align"},
    {2, MEMORY, "da", NULL, AT(yoke_rsc2_memory, da), "T2-23", CHANGE_GIVEN},
    {2, MEMORY, "len", NULL, AT(yoke_rsc2_memory, len), "T2-17", CHANGE_LEN},
    {2, MEMORY, NULL, NULL, AT(yoke_rsc2_memory, name), "T2-16", CHANGE_NAME},
    {2, TRACE, "da", NULL, AT(yoke_rsc2_trace, da), "T2-35", CHANGE_WORD},
    {2, TRACE, "len", "must be at least", AT(yoke_rsc2_trace, len), "T2-35",
     "a trace block has a head of 128 bytes, and 64 or more bytes of text"},
    {2, TRACE, "len", NULL, AT(yoke_rsc2_trace, len), "T2-17", CHANGE_LEN},
    {2, TRACE, NULL, NULL, AT(yoke_rsc2_trace, name), "T2-16", CHANGE_NAME},
    {2, VDEV, "queues", NULL, AT(yoke_rsc2_vdev, queues), "T2-25", CHANGE_QUEUES},
    {2, VDEV, "state_size", NULL, AT(yoke_rsc2_vdev, state_size), "T2-30",
     "28 bytes, 20 for each queue, the configuration space, and 4 if a feature is above 31"},
    {2, VDEV, "state", NULL, AT(yoke_rsc2_vdev, state), "T2-30", CHANGE_WORD},
    {2, VDEV, "len", NULL, AT(yoke_rsc2_vdev, state), "T2-17", CHANGE_LEN},
    {2, RING, "num", NULL, AT(yoke_rsc2_queue, num), "T2-26", CHANGE_NUM},
    {2, RING, "align", NULL, AT(yoke_rsc2_queue, align), "T2-26", CHANGE_ALIGN},
    {2, RING, "buffer_count", NULL, AT(yoke_rsc2_queue, buffer_count), "T2-26",
     "0 means one buffer for each descriptor, and more are of no use"},
    {2, RING, "buffer_size", NULL, AT(yoke_rsc2_queue, buffer_size), "T2-27",
     "16 bytes of header and the payload, rounded up to a multiple of 8; 0 means 512"},
    {2, RING, "buffers", NULL, AT(yoke_rsc2_queue, buffers), "T2-27",
     "align the first buffer to 16; 0 if the driver is to find a place"},
    {2, IDENTITY, NULL, NULL, AT(yoke_rsc2_identity, chip), "T2-16", CHANGE_NAME},
    {2, POWER, "state", NULL, AT(yoke_rsc2_power, state), "T2-47", CHANGE_WORD},
    {2, POWER, "len", NULL, AT(yoke_rsc2_power, state), "T2-17", CHANGE_GIVEN},
    {2, PARAMETER, "kind", NULL, AT(yoke_rsc2_parameter, kind), "T2-44",
     "1 unsigned, 2 signed, 3 boolean, 4 string, 5 bytes"},
    {2, PARAMETER, "da", NULL, AT(yoke_rsc2_parameter, da), "T2-44", CHANGE_GIVEN},
    {2, PARAMETER, "len", NULL, AT(yoke_rsc2_parameter, da), "T2-17", CHANGE_LEN},
    {2, PARAMETER, NULL, "name is empty", AT(yoke_rsc2_parameter, name), "T2-44",
     "give it a name: hosts know parameters by it"},
    {2, PARAMETER, NULL, NULL, AT(yoke_rsc2_parameter, name), "T2-16", CHANGE_NAME},
    {2, TREE, "da", NULL, AT(yoke_rsc2_devicetree, da), "T2-52", CHANGE_WORD},
    {2, TREE, "len", NULL, AT(yoke_rsc2_devicetree, len), "T2-17", CHANGE_LEN},
    {2, LOCKS, "da", NULL, AT(yoke_rsc2_locks, da), "T2-53", CHANGE_WORD},
    {2, LOCKS, "stride", NULL, AT(yoke_rsc2_locks, stride), "T2-53",
     "4 for words that lie side by side"},
    {2, LOCKS, "count", NULL, AT(yoke_rsc2_locks, count), "T2-53", "make it the number of locks"},
    {2, LOCKS, "len", NULL, AT(yoke_rsc2_locks, count), "T2-17", CHANGE_LEN},
    {2, LOCKS, NULL, NULL, AT(yoke_rsc2_locks, name), "T2-16", CHANGE_NAME},
};

/// What is known about a refusal.
struct explanation {
    const struct place *place; ///< NULL: this library refuses what the rules let it refuse.
    bool located;
    uint64_t byte; ///< In the table.
};

/// Where an entry starts, or false if the table does not even say that.
static bool entry_start(const struct table *table, uint32_t index, uint64_t *start)
{
    const struct yoke_bytes bytes = table->bytes;
    struct yoke_bytes field;

    if (table->version == 1) {
        if (yoke_bytes_slice(bytes, sizeof(struct yoke_rsc_header) + 4 * (uint64_t)index, 4,
                             &field) != YOKE_OK) {
            return false;
        }
        *start = yoke_le32(field.data);
        return true;
    }
    if (bytes.size < sizeof(struct yoke_rsc2_header)) {
        return false;
    }
    *start = yoke_le16(bytes.data + AT(yoke_rsc2_header, header_size));
    for (uint32_t i = 0; i < index; i++) {
        if (yoke_bytes_slice(bytes, *start + AT(yoke_rsc2_entry, size), 4, &field) != YOKE_OK) {
            return false;
        }
        *start += yoke_le32(field.data);
    }
    return true;
}

static enum part part_of_type(uint32_t type)
{
    switch (type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM:
        return MEMORY;
    case YOKE_RSC_TRACE:
        return TRACE;
    case YOKE_RSC_VDEV:
        return VDEV;
    case YOKE_RSC2_IDENTITY:
        return IDENTITY;
    case YOKE_RSC2_POWER:
        return POWER;
    case YOKE_RSC2_PARAMETER:
        return PARAMETER;
    case YOKE_RSC2_DEVICETREE:
        return TREE;
    case YOKE_RSC2_LOCKS:
        return LOCKS;
    default:
        return ENTRY;
    }
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const struct place *find_place(const struct table *table, enum part part)
{
    const struct yoke_refusal *const refusal = &table->refusal;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct place *const place = &places[i];
        // What holds for every entry holds for each kind of them.
        if (place->version == table->version &&
            (place->part == part || (place->part == ENTRY && part > ENTRY && part != RING)) &&
            same(place->field, refusal->field) &&
            (place->begin == NULL ||
             strncmp(refusal->rule, place->begin, strlen(place->begin)) == 0)) {
            return place;
        }
    }
    return NULL;
}

static struct explanation explain(const struct table *table)
{
    const struct yoke_refusal *const refusal = &table->refusal;
    struct explanation explanation = {0};
    struct yoke_bytes type;
    enum part part = HEAD;
    unsigned ring = 0;

    if (refusal->index == YOKE_NO_INDEX || same(refusal->field, "offset")) {
        explanation.located = true;
        if (refusal->index != YOKE_NO_INDEX) {
            explanation.byte = sizeof(struct yoke_rsc_header) + 4 * (uint64_t)refusal->index;
        }
    } else if (entry_start(table, refusal->index, &explanation.byte)) {
        explanation.located = true;
        part = ENTRY;
        if (yoke_bytes_slice(table->bytes, explanation.byte, 4, &type) == YOKE_OK) {
            part = part_of_type(yoke_le32(type.data));
        }
        if (sscanf(refusal->part, "vring %u of", &ring) == 1) {
            part = RING;
            explanation.byte +=
                table->version == 1
                    ? sizeof(struct yoke_rsc_vdev) + ring * sizeof(struct yoke_rsc_vring)
                    : sizeof(struct yoke_rsc2_vdev) + ring * sizeof(struct yoke_rsc2_queue);
        }
    }
    explanation.place = find_place(table, part);
    if (explanation.place != NULL) {
        explanation.byte += explanation.place->offset;
    }
    return explanation;
}

static const char *document(const struct table *table)
{
    return table->version == 1 ? "spec/table-1.md" : "spec/table-2.md";
}

/// Where the table starts in the file.
static uint64_t file_offset(const struct subject *subject, const struct table *table)
{
    return (uint64_t)(table->bytes.data - subject->file.data);
}

void table_explain(const struct subject *subject, const struct table *table)
{
    const struct yoke_refusal *const refusal = &table->refusal;
    const struct explanation explanation = explain(table);

    (void)printf("refused   table version %u, %s", table->version, refusal->part);
    if (refusal->index != YOKE_NO_INDEX) {
        (void)printf(" %u", refusal->index);
    }
    if (refusal->field != NULL) {
        (void)printf(", field %s\nvalue     %llu (0x%llx)", refusal->field,
                     (unsigned long long)refusal->value, (unsigned long long)refusal->value);
    }
    (void)printf("\nrule      %s", refusal->rule);
    if (refusal->bound != YOKE_NO_BOUND) {
        (void)printf(" %llu (0x%llx)", (unsigned long long)refusal->bound,
                     (unsigned long long)refusal->bound);
    }
    const uint64_t in_file = file_offset(subject, table) + explanation.byte;
    if (explanation.located) {
        (void)printf("\nwhere     byte %llu of the table", (unsigned long long)explanation.byte);
        if (!subject->raw) {
            (void)printf(", byte 0x%llx of the file", (unsigned long long)in_file);
        }
    }
    if (explanation.place != NULL) {
        (void)printf("\nsee       %s, %s\nchange    %s", explanation.place->label, document(table),
                     explanation.place->change);
    }
    (void)printf("\n");
}

/// Numbers in JSON are exact up to 2^53: those beyond become strings in hexadecimal.
static void add_exactly(cJSON *json, const char *name, uint64_t value)
{
    char text[24];

    if (value <= UINT64_C(1) << 53) {
        (void)cJSON_AddNumberToObject(json, name, (double)value);
        return;
    }
    (void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
    (void)cJSON_AddStringToObject(json, name, text);
}

cJSON *table_explain_json(const struct subject *subject, const struct table *table)
{
    const struct yoke_refusal *const refusal = &table->refusal;
    const struct explanation explanation = explain(table);
    cJSON *const json = cJSON_CreateObject();
    char text[200];

    (void)yoke_refusal_text(refusal, text, sizeof text);
    (void)cJSON_AddStringToObject(json, "text", text);
    (void)cJSON_AddStringToObject(json, "part", refusal->part);
    if (refusal->index != YOKE_NO_INDEX) {
        (void)cJSON_AddNumberToObject(json, "index", refusal->index);
    }
    if (refusal->field != NULL) {
        (void)cJSON_AddStringToObject(json, "field", refusal->field);
        add_exactly(json, "value", refusal->value);
    }
    (void)cJSON_AddStringToObject(json, "rule", refusal->rule);
    if (refusal->bound != YOKE_NO_BOUND) {
        add_exactly(json, "bound", refusal->bound);
    }
    if (explanation.located) {
        (void)cJSON_AddNumberToObject(json, "byte", (double)explanation.byte);
        if (!subject->raw) {
            (void)cJSON_AddNumberToObject(json, "file_byte",
                                          (double)(file_offset(subject, table) + explanation.byte));
        }
    }
    if (explanation.place != NULL) {
        (void)cJSON_AddStringToObject(json, "label", explanation.place->label);
        (void)cJSON_AddStringToObject(json, "document", document(table));
        (void)cJSON_AddStringToObject(json, "change", explanation.place->change);
    }
    return json;
}
