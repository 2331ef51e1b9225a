// SPDX-License-Identifier: BSD-3-Clause
// A firmware file's tables, read whole.
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/abi/rsc2.h>

#include "file.h"

static int no_memory(void)
{
    tool_error("free memory, or raise the limit (ulimit -v)", "no memory for the file's tables");
    return TOOL_RESOURCES;
}

/// Reads all entries; what is refused ends the list.
static int read_entries(struct table *table)
{
    if ((table->version == 1 ? yoke_rsc1_open : yoke_rsc2_open)(&table->rsc, table->bytes,
                                                                &table->refusal) != YOKE_OK) {
        return TOOL_OK;
    }
    table->entries = calloc(table->rsc.num + 1, sizeof *table->entries);
    if (table->entries == NULL) {
        return no_memory();
    }
    while (yoke_rsc_next(&table->rsc, &table->entries[table->count], &table->refusal) == YOKE_OK) {
        table->count++;
    }
    return TOOL_OK;
}

int table_open(struct table *table, uint32_t version, struct yoke_bytes bytes, uint64_t da)
{
    *table = (struct table){.version = version, .bytes = bytes, .da = da};
    return read_entries(table);
}

void table_close(struct table *table)
{
    free(table->entries);
}

static int read_segments(struct subject *subject, struct yoke_refusal *refusal)
{
    const struct yoke_elf *const elf = &subject->elf;

    subject->segments = calloc(elf->segment_count + 1, sizeof *subject->segments);
    if (subject->segments == NULL) {
        return YOKE_NO_SPACE;
    }
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct yoke_segment *const segment = &subject->segments[subject->segment_count];
        if (yoke_elf_segment(elf, i, segment, refusal) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        subject->segment_count += segment->type == YOKE_PT_LOAD && segment->memsz != 0;
    }
    return YOKE_OK;
}

static int open_elf(struct subject *subject, uint32_t version)
{
    struct yoke_refusal refusal = {0};
    struct yoke_section section;
    char text[200];
    int status = yoke_elf_open(&subject->elf, subject->file, NULL, 0, &refusal);

    if (status == YOKE_OK) {
        status = read_segments(subject, &refusal);
    }
    if (status == YOKE_NO_SPACE) {
        return no_memory();
    }
    if (status != YOKE_OK) {
        (void)yoke_refusal_text(&refusal, text, sizeof text);
        tool_error("name an ELF executable, or say --raw for a file of bare table bytes", "%s: %s",
                   subject->path, text);
        return TOOL_REFUSED;
    }
    status = TOOL_OK;
    for (uint32_t v = 1; v <= 2 && status == TOOL_OK; v++) {
        if ((version == 0 || version == v) &&
            yoke_rsc_find(&subject->elf, v, &section) == YOKE_OK) {
            status = table_open(&subject->tables[subject->table_count++], v, section.bytes,
                                section.addr);
        }
    }
    return status;
}

int subject_open(struct subject *subject, const char *path, bool raw, uint32_t version)
{
    *subject = (struct subject){.path = path, .raw = raw};
    const int error = yoke_file_read(path, &subject->file);

    if (error != 0) {
        tool_error("name a firmware file, an ELF executable", "%s: %s", path, strerror(error));
        return TOOL_REFUSED;
    }
    if (!raw) {
        return open_elf(subject, version);
    }
    const bool second = subject->file.size >= 4 && yoke_le32(subject->file.data) == YOKE_RSC2_MAGIC;
    const uint32_t found = second ? 2 : 1;
    if (version != 0 && version != found) {
        tool_error("leave --only out", "--only %u: %s is a table of version %u", version, path,
                   found);
        return TOOL_USAGE;
    }
    return table_open(&subject->tables[subject->table_count++], found, subject->file, NOWHERE);
}

void subject_close(struct subject *subject)
{
    for (uint32_t i = 0; i < subject->table_count; i++) {
        table_close(&subject->tables[i]);
    }
    free(subject->segments);
    yoke_file_free(&subject->file);
}

const struct table *subject_table(const struct subject *subject, uint32_t version)
{
    for (uint32_t i = 0; i < subject->table_count; i++) {
        if (subject->tables[i].version == version) {
            return &subject->tables[i];
        }
    }
    return NULL;
}

const struct table *subject_best(const struct subject *subject)
{
    return subject->table_count == 0 ? NULL : &subject->tables[subject->table_count - 1];
}

uint32_t table_vdevs(const struct table *table, uint32_t index)
{
    uint32_t vdevs = 0;

    for (uint32_t i = 0; i < index; i++) {
        vdevs += table->entries[i].known && table->entries[i].type == YOKE_RSC_VDEV;
    }
    return vdevs;
}
