// SPDX-License-Identifier: BSD-3-Clause
// yoke inspect: what a firmware file holds, and where it would lie.
#include <string.h>

#include "file.h"
#include "tool.h"

const char tool_inspect_help[] =
    "usage: yoke inspect [--json] FIRMWARE\n"
    "\n"
    "Shows a firmware file's segments, the entries of its resource table, and where everything\n"
    "would lie in the coprocessor's memory. Runs nothing.\n"
    "\n"
    "options:\n"
    "  --json    one JSON object on stdout\n"
    "  --help    this text\n"
    "\n"
    "exit codes: 0 done; 2 the command line makes no sense; 3 the file cannot be read or is\n"
    "refused: what could be read is shown first\n";

static const char *type_text(uint32_t type)
{
    switch (type) {
    case YOKE_RSC_CARVEOUT:
        return "carveout";
    case YOKE_RSC_DEVMEM:
        return "devmem";
    case YOKE_RSC_TRACE:
        return "trace";
    case YOKE_RSC_VDEV:
        return "vdev";
    default:
        return yoke_rsc_is_vendor(type) ? "vendor's" : "unknown";
    }
}

static const char *device_text(uint32_t id)
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

static cJSON *segment_json(const struct yoke_segment *segment)
{
    cJSON *const json = cJSON_CreateObject();

    (void)cJSON_AddNumberToObject(json, "type", segment->type);
    (void)cJSON_AddNumberToObject(json, "flags", segment->flags);
    tool_json_address(json, "paddr", segment->paddr);
    tool_json_address(json, "vaddr", segment->vaddr);
    (void)cJSON_AddNumberToObject(json, "offset", (double)segment->offset);
    (void)cJSON_AddNumberToObject(json, "filesz", (double)segment->filesz);
    (void)cJSON_AddNumberToObject(json, "memsz", (double)segment->memsz);
    return json;
}

static int show_segments(const struct yoke_elf *elf, cJSON *json, struct yoke_refusal *refusal)
{
    cJSON *const array = cJSON_AddArrayToObject(json, "segments");
    struct yoke_segment segment;

    if (json == NULL) {
        (void)printf("segment  type   flags  address             in file    in memory\n");
    }
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const int status = yoke_elf_segment(elf, i, &segment, refusal);
        if (status != YOKE_OK) {
            return status;
        }
        if (json != NULL) {
            (void)cJSON_AddItemToArray(array, segment_json(&segment));
            continue;
        }
        (void)printf("%-7u  %-6s %c%c%c    0x%08llx %12llu B %10llu B\n", i,
                     segment.type == YOKE_PT_LOAD ? "load" : "other",
                     (segment.flags & YOKE_PF_R) != 0 ? 'r' : '-',
                     (segment.flags & YOKE_PF_W) != 0 ? 'w' : '-',
                     (segment.flags & YOKE_PF_X) != 0 ? 'x' : '-',
                     (unsigned long long)segment.paddr, (unsigned long long)segment.filesz,
                     (unsigned long long)segment.memsz);
    }
    return YOKE_OK;
}

/// An address of the table's as text.
static const char *address_text(uint64_t da, char *text, size_t size)
{
    if (da == YOKE_ADDR_ANY) {
        return "any";
    }
    (void)snprintf(text, size, "0x%llx", (unsigned long long)da);
    return text;
}

/// Linux takes an address that the firmware fixed only from memory that its platform driver has
/// registered by that name. Otherwise it takes other memory, and the firmware is deaf.
static void print_linux_needs(uint64_t da, const char *name)
{
    if (da != YOKE_ADDR_ANY) {
        (void)printf("         Linux needs a carveout named %s there, or it puts this elsewhere\n",
                     name);
    }
}

/// The name that Linux gives a ring's carveout: vdevs are counted over the table.
static const char *ring_name(uint32_t vdev, uint32_t ring, char *text, size_t size)
{
    (void)snprintf(text, size, "vdev%uvring%u", vdev, ring);
    return text;
}

static void print_entry(const struct yoke_rsc_entry *entry, uint32_t vdevs)
{
    char da[24];
    char name[4 * YOKE_RSC_NAME_SIZE + 1];

    (void)printf("%-7u  %-9s ", entry->index, type_text(entry->type));
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM: {
        const struct yoke_rsc_memory *const memory =
            entry->type == YOKE_RSC_CARVEOUT ? &entry->of.carveout : &entry->of.devmem;
        (void)printf("%s, %llu B at %s\n",
                     tool_clean(name, sizeof name, memory->name, strlen(memory->name)),
                     (unsigned long long)memory->len, address_text(memory->da, da, sizeof da));
        if (entry->type == YOKE_RSC_CARVEOUT) {
            print_linux_needs(memory->da, name);
        }
        break;
    }
    case YOKE_RSC_TRACE:
        (void)printf(
            "%s, %llu B at %s\n",
            tool_clean(name, sizeof name, entry->of.trace.name, strlen(entry->of.trace.name)),
            (unsigned long long)entry->of.trace.len,
            address_text(entry->of.trace.da, da, sizeof da));
        break;
    case YOKE_RSC_VDEV:
        (void)printf("%s (device id %u), features 0x%x, %zu B of configuration\n",
                     device_text(entry->of.vdev.id), entry->of.vdev.id, entry->of.vdev.dfeatures,
                     entry->of.vdev.config.size);
        for (uint32_t i = 0; i < entry->of.vdev.num_of_vrings; i++) {
            const struct yoke_rsc_queue *const vring = yoke_rsc_vring(entry, i);
            (void)printf("         vring %u   %u descriptors, aligned to %u, at %s\n", i,
                         vring->num, vring->align, address_text(vring->da, da, sizeof da));
            print_linux_needs(vring->da, ring_name(vdevs, i, name, sizeof name));
        }
        break;
    default:
        (void)printf("type %u, %zu B\n", entry->type, entry->bytes.size);
    }
}

static cJSON *entry_json(const struct yoke_rsc_entry *entry, uint32_t vdevs)
{
    cJSON *const json = cJSON_CreateObject();
    char clean[4 * YOKE_RSC_NAME_SIZE + 1];
    const char *name = "";

    (void)cJSON_AddNumberToObject(json, "index", entry->index);
    (void)cJSON_AddNumberToObject(json, "type", entry->type);
    (void)cJSON_AddStringToObject(json, "kind", type_text(entry->type));
    switch (entry->type) {
    case YOKE_RSC_CARVEOUT:
    case YOKE_RSC_DEVMEM: {
        const struct yoke_rsc_memory *const memory =
            entry->type == YOKE_RSC_CARVEOUT ? &entry->of.carveout : &entry->of.devmem;
        name = memory->name;
        tool_json_address(json, "da", memory->da);
        (void)cJSON_AddNumberToObject(json, "len", (double)memory->len);
        break;
    }
    case YOKE_RSC_TRACE:
        name = entry->of.trace.name;
        tool_json_address(json, "da", entry->of.trace.da);
        (void)cJSON_AddNumberToObject(json, "len", (double)entry->of.trace.len);
        break;
    case YOKE_RSC_VDEV: {
        cJSON *const vrings = cJSON_AddArrayToObject(json, "vrings");
        (void)cJSON_AddNumberToObject(json, "id", entry->of.vdev.id);
        (void)cJSON_AddNumberToObject(json, "features", entry->of.vdev.dfeatures);
        for (uint32_t i = 0; i < entry->of.vdev.num_of_vrings; i++) {
            const struct yoke_rsc_queue *const vring = yoke_rsc_vring(entry, i);
            cJSON *const item = cJSON_CreateObject();
            tool_json_address(item, "da", vring->da);
            (void)cJSON_AddNumberToObject(item, "num", vring->num);
            (void)cJSON_AddNumberToObject(item, "align", vring->align);
            if (vring->da != YOKE_ADDR_ANY) {
                (void)cJSON_AddStringToObject(item, "linux_carveout",
                                              ring_name(vdevs, i, clean, sizeof clean));
            }
            (void)cJSON_AddItemToArray(vrings, item);
        }
        break;
    }
    default:
        (void)cJSON_AddNumberToObject(json, "len", (double)entry->bytes.size);
    }
    if (name[0] != '\0') {
        (void)cJSON_AddStringToObject(json, "name",
                                      tool_clean(clean, sizeof clean, name, strlen(name)));
    }
    return json;
}

static int show_entries(const struct yoke_elf *elf, cJSON *json, struct yoke_refusal *refusal)
{
    cJSON *const array = cJSON_AddArrayToObject(json, "entries");
    struct yoke_section section;
    struct yoke_rsc_entry entry;
    struct yoke_rsc rsc;
    uint32_t vdevs = 0;

    if (yoke_elf_find_section(elf, YOKE_RSC_SECTION, &section) != YOKE_OK) {
        if (json == NULL) {
            (void)printf("no resource table (section %s)\n", YOKE_RSC_SECTION);
        }
        return YOKE_OK;
    }
    int status = yoke_rsc_open(&rsc, section.bytes, refusal);
    if (status == YOKE_OK && json == NULL) {
        (void)printf("entry    type      what\n");
    }
    while (status == YOKE_OK && (status = yoke_rsc_next(&rsc, &entry, refusal)) == YOKE_OK) {
        if (json != NULL) {
            (void)cJSON_AddItemToArray(array, entry_json(&entry, vdevs));
        } else {
            print_entry(&entry, vdevs);
        }
        vdevs += entry.type == YOKE_RSC_VDEV;
    }
    return status == YOKE_NOT_FOUND ? YOKE_OK : status;
}

/// Where it would lie: only for a processor that there is a machine for.
static int show_plan(struct yoke_host *host, const char *path, cJSON *json)
{
    const int status = yoke_host_plan(host, path, NULL);

    if (status == YOKE_OK && json != NULL) {
        (void)cJSON_AddItemToObject(json, "plan", tool_plan_json(&host->plan));
    } else if (status == YOKE_OK) {
        tool_show_plan(&host->plan);
    }
    return status;
}

static int inspect(const char *path, struct yoke_bytes file, cJSON *json)
{
    static struct yoke_host host;
    struct yoke_refusal refusal = {0};
    struct yoke_elf elf;
    char text[200];

    int status = yoke_elf_open(&elf, file, NULL, 0, &refusal);
    if (status == YOKE_OK) {
        const char *const processor = tool_processor(elf.machine, text, sizeof text);
        if (json != NULL) {
            (void)cJSON_AddStringToObject(json, "processor", processor);
            (void)cJSON_AddNumberToObject(json, "bits",
                                          elf.elf_class == YOKE_ELF_CLASS64 ? 64 : 32);
            tool_json_address(json, "entry", elf.entry);
        } else {
            (void)printf("firmware %s: %s, %d bits, entry 0x%llx, %zu bytes\n", path, processor,
                         elf.elf_class == YOKE_ELF_CLASS64 ? 64 : 32, (unsigned long long)elf.entry,
                         file.size);
        }
        status = show_segments(&elf, json, &refusal);
    }
    if (status == YOKE_OK) {
        status = show_entries(&elf, json, &refusal);
    }
    if (status != YOKE_OK) {
        (void)yoke_refusal_text(&refusal, text, sizeof text);
        tool_error("build it anew, or name another file", "%s: %s", path, text);
        return TOOL_REFUSED;
    }
    status = show_plan(&host, path, json);
    if (status != YOKE_OK) {
        tool_error("change the firmware's linker script or resource table", "%s", host.error);
    }
    yoke_host_close(&host);
    return status == YOKE_OK ? TOOL_OK : TOOL_REFUSED;
}

int tool_inspect(int argc, char **argv)
{
    const char *path = NULL;
    struct yoke_bytes file = {0};
    bool as_json = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            as_json = true;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            tool_error("try: yoke help inspect", "%s: there is no such option", argv[i]);
            return TOOL_USAGE;
        } else if (path != NULL) {
            tool_error("try: yoke help inspect", "%s: only one firmware at a time", argv[i]);
            return TOOL_USAGE;
        } else {
            path = argv[i];
        }
    }
    if (path == NULL) {
        tool_error("try: yoke help inspect", "no firmware was named");
        return TOOL_USAGE;
    }
    const int error = yoke_file_read(path, &file);
    if (error != 0) {
        tool_error("name a firmware file, an ELF executable", "%s: %s", path, strerror(error));
        return TOOL_REFUSED;
    }
    cJSON *const json = as_json ? cJSON_CreateObject() : NULL;
    int status = inspect(path, file, json);
    if (json != NULL) {
        (void)cJSON_AddNumberToObject(json, "exit_code", status);
        if (status != TOOL_OK) {
            (void)cJSON_AddStringToObject(json, "error", tool_last_error);
        }
        const int printed = tool_json_print(json);
        status = status != TOOL_OK ? status : printed;
    }
    yoke_file_free(&file);
    return status;
}
