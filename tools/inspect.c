// SPDX-License-Identifier: BSD-3-Clause
// yoke inspect: what a firmware file holds, and where it would lie.
#include <stdlib.h>
#include <string.h>

#include "entry.h"
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

/// An entry, its further lines below the first.
static void print_entry(const struct yoke_rsc_entry *entry, uint32_t version, uint32_t vdevs)
{
    char *const text = tool_entry_text(entry, version, vdevs);
    char *rest = text;

    (void)printf("%-7u  %-9s %s\n", entry->index, tool_entry_kind(entry),
                 text != NULL ? strsep(&rest, "\n") : "");
    while (rest != NULL) {
        (void)printf("         %s\n", strsep(&rest, "\n"));
    }
    free(text);
}

static int show_entries(const struct yoke_elf *elf, cJSON *json, struct yoke_refusal *refusal)
{
    cJSON *const array = cJSON_AddArrayToObject(json, "entries");
    struct yoke_section section;
    struct yoke_rsc_entry entry;
    struct yoke_rsc rsc;
    uint32_t vdevs = 0;

    if (yoke_rsc_find(elf, YOKE_RSC_KNOW_ALL, &section) != YOKE_OK) {
        if (json == NULL) {
            (void)printf("no resource table (section %s)\n", YOKE_RSC_SECTION);
        }
        return YOKE_OK;
    }
    int status = yoke_rsc_open(&rsc, section.bytes, refusal);
    if (status == YOKE_OK && json == NULL) {
        (void)printf("entry    type      what%s\n", rsc.version == 1 ? "" : " (table version 2)");
    }
    while (status == YOKE_OK && (status = yoke_rsc_next(&rsc, &entry, refusal)) == YOKE_OK) {
        if (json != NULL) {
            (void)cJSON_AddItemToArray(array, tool_entry_json(&entry, rsc.version, vdevs));
        } else {
            print_entry(&entry, rsc.version, vdevs);
        }
        vdevs += entry.known && entry.type == YOKE_RSC_VDEV;
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
    cJSON *const json = as_json ? cJSON_CreateObject() : NULL;
    int status = TOOL_REFUSED;
    if (error == 0) {
        status = inspect(path, file, json);
    } else {
        tool_error("name a firmware file, an ELF executable", "%s: %s", path, strerror(error));
    }
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
