// SPDX-License-Identifier: BSD-3-Clause
#include "image_builder.h"

#include <assert.h>
#include <string.h>

// Offset and width of each field: in 32-bit files, in 64-bit files. From the figures "ELF Header",
// "Program Header", "Section Header" and "Symbol Table Entry" of the System V ABI.
static const struct {
    uint8_t at32, width32, at64, width64;
} fields[IMAGE_FIELDS] = {
    [EI_CLASS] = {4, 1, 4, 1},     [EI_DATA] = {5, 1, 5, 1},       [EI_VERSION] = {6, 1, 6, 1},
    [E_TYPE] = {16, 2, 16, 2},     [E_MACHINE] = {18, 2, 18, 2},   [E_VERSION] = {20, 4, 20, 4},
    [E_ENTRY] = {24, 4, 24, 8},    [E_PHOFF] = {28, 4, 32, 8},     [E_SHOFF] = {32, 4, 40, 8},
    [E_FLAGS] = {36, 4, 48, 4},    [E_EHSIZE] = {40, 2, 52, 2},    [E_PHENTSIZE] = {42, 2, 54, 2},
    [E_PHNUM] = {44, 2, 56, 2},    [E_SHENTSIZE] = {46, 2, 58, 2}, [E_SHNUM] = {48, 2, 60, 2},
    [E_SHSTRNDX] = {50, 2, 62, 2}, [P_TYPE] = {0, 4, 0, 4},        [P_OFFSET] = {4, 4, 8, 8},
    [P_VADDR] = {8, 4, 16, 8},     [P_PADDR] = {12, 4, 24, 8},     [P_FILESZ] = {16, 4, 32, 8},
    [P_MEMSZ] = {20, 4, 40, 8},    [P_FLAGS] = {24, 4, 4, 4},      [P_ALIGN] = {28, 4, 48, 8},
    [SH_NAME] = {0, 4, 0, 4},      [SH_TYPE] = {4, 4, 4, 4},       [SH_FLAGS] = {8, 4, 8, 8},
    [SH_ADDR] = {12, 4, 16, 8},    [SH_OFFSET] = {16, 4, 24, 8},   [SH_SIZE] = {20, 4, 32, 8},
    [SH_LINK] = {24, 4, 40, 4},    [SH_ENTSIZE] = {36, 4, 56, 8},  [ST_NAME] = {0, 4, 0, 4},
    [ST_INFO] = {12, 1, 4, 1},     [ST_SHNDX] = {14, 2, 6, 2},     [ST_VALUE] = {4, 4, 8, 8},
};

static size_t size_of(const struct image *image, size_t bits32, size_t bits64)
{
    return image->elf_class == 1 ? bits32 : bits64;
}

static size_t place_of(const struct image *image, enum image_field field, unsigned index,
                       size_t *width)
{
    size_t at = size_of(image, fields[field].at32, fields[field].at64);

    *width = size_of(image, fields[field].width32, fields[field].width64);
    if (field >= ST_NAME) {
        at += image->symbols + index * size_of(image, 16, 24);
    } else if (field >= SH_NAME) {
        at += image->section_headers + index * size_of(image, 40, 64);
    } else if (field >= P_TYPE) {
        at += image->program_headers + index * size_of(image, 32, 56);
    }
    assert(at + *width <= sizeof(image->bytes));
    return at;
}

void image_set(struct image *image, enum image_field field, unsigned index, uint64_t value)
{
    size_t width;
    const size_t at = place_of(image, field, index, &width);

    for (size_t i = 0; i < width; i++) {
        image->bytes[at + i] = (uint8_t)(value >> (8 * i));
    }
}

uint64_t image_get(const struct image *image, enum image_field field, unsigned index)
{
    size_t width;
    const size_t at = place_of(image, field, index, &width);
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++) {
        value |= (uint64_t)image->bytes[at + i] << (8 * i);
    }
    return value;
}

static size_t append(struct image *image, const void *data, size_t size)
{
    const size_t at = (image->size + 7) & ~(size_t)7;

    assert(at + size <= sizeof(image->bytes));
    if (data != NULL) {
        memcpy(image->bytes + at, data, size);
    }
    image->size = at + size;
    return at;
}

/// Adds a string to a string table, whose first byte is the empty string.
static uint32_t add_name(char *names, size_t *size, const char *name)
{
    const size_t at = *size == 0 ? 1 : *size;

    assert(at + strlen(name) + 1 <= 512);
    strcpy(names + at, name);
    *size = at + strlen(name) + 1;
    return (uint32_t)at;
}

void image_begin(struct image *image, int elf_class, uint16_t machine, uint64_t entry,
                 unsigned segments)
{
    memset(image, 0, sizeof(*image));
    image->elf_class = elf_class;
    append(image, NULL, size_of(image, 52, 64));
    memcpy(image->bytes, "\177ELF", 4);
    image_set(image, EI_CLASS, 0, (uint64_t)elf_class);
    image_set(image, EI_DATA, 0, 1);
    image_set(image, EI_VERSION, 0, 1);
    image_set(image, E_TYPE, 0, 2);
    image_set(image, E_MACHINE, 0, machine);
    image_set(image, E_VERSION, 0, 1);
    image_set(image, E_ENTRY, 0, entry);
    image_set(image, E_EHSIZE, 0, size_of(image, 52, 64));
    image->program_headers = append(image, NULL, segments * size_of(image, 32, 56));
    image_set(image, E_PHOFF, 0, image->program_headers);
    image_set(image, E_PHENTSIZE, 0, size_of(image, 32, 56));
    image_set(image, E_PHNUM, 0, segments);
    image_section(image, "", 0, 0, 0, 0);
}

size_t image_segment(struct image *image, uint64_t address, const void *data, size_t filesz,
                     size_t memsz, uint32_t flags)
{
    const unsigned i = image->segments++;
    const size_t at = append(image, data, filesz);

    image_set(image, P_TYPE, i, 1);
    image_set(image, P_OFFSET, i, at);
    image_set(image, P_VADDR, i, address);
    image_set(image, P_PADDR, i, address);
    image_set(image, P_FILESZ, i, filesz);
    image_set(image, P_MEMSZ, i, memsz);
    image_set(image, P_FLAGS, i, flags);
    image_set(image, P_ALIGN, i, 8);
    return at;
}

unsigned image_section(struct image *image, const char *name, uint32_t type, uint64_t address,
                       size_t offset, size_t size)
{
    const unsigned i = image->sections++;

    assert(i < IMAGE_PARTS);
    image->section[i].name = name[0] == '\0' ? 0 : add_name(image->names, &image->names_size, name);
    image->section[i].type = type;
    image->section[i].addr = address;
    image->section[i].offset = offset;
    image->section[i].size = size;
    return i;
}

void image_symbol(struct image *image, const char *name, uint64_t value, unsigned type,
                  unsigned section)
{
    const unsigned i = (unsigned)++image->symbol_count; // Symbol 0 is the empty one.
    const size_t saved = image->symbols;

    assert(i < IMAGE_PARTS);
    // Filled in at the end of `bytes`, and moved when the table's place is known.
    image->symbols = sizeof(image->bytes) - sizeof(image->symbol);
    image_set(image, ST_NAME, i, add_name(image->symbol_names, &image->symbol_names_size, name));
    image_set(image, ST_INFO, i, 0x10 | type);
    image_set(image, ST_SHNDX, i, section);
    image_set(image, ST_VALUE, i, value);
    memcpy(image->symbol, image->bytes + image->symbols, sizeof(image->symbol));
    image->symbols = saved;
}

void image_end(struct image *image)
{
    if (image->symbol_count != 0) {
        const size_t size = (image->symbol_count + 1) * size_of(image, 16, 24);
        memset(image->bytes + sizeof(image->bytes) - sizeof(image->symbol), 0,
               sizeof(image->symbol));
        image->symbols = append(image, image->symbol, size);
        const unsigned i = image_section(image, ".symtab", 2, 0, image->symbols, size);
        image->section[i].link = i + 1;
        image->section[i].entsize = size_of(image, 16, 24);
        const size_t names = append(image, image->symbol_names, image->symbol_names_size);
        image_section(image, ".strtab", 3, 0, names, image->symbol_names_size);
    }
    if (image->sections == 1) {
        return;
    }
    const unsigned last = image_section(image, ".shstrtab", 3, 0, 0, 0);
    image->section[last].offset = append(image, image->names, image->names_size);
    image->section[last].size = image->names_size;
    image->section_headers = append(image, NULL, image->sections * size_of(image, 40, 64));
    for (unsigned i = 0; i < image->sections; i++) {
        image_set(image, SH_NAME, i, image->section[i].name);
        image_set(image, SH_TYPE, i, image->section[i].type);
        image_set(image, SH_ADDR, i, image->section[i].addr);
        image_set(image, SH_OFFSET, i, image->section[i].offset);
        image_set(image, SH_SIZE, i, image->section[i].size);
        image_set(image, SH_LINK, i, image->section[i].link);
        image_set(image, SH_ENTSIZE, i, image->section[i].entsize);
    }
    image_set(image, E_SHOFF, 0, image->section_headers);
    image_set(image, E_SHENTSIZE, 0, size_of(image, 40, 64));
    image_set(image, E_SHNUM, 0, image->sections);
    image_set(image, E_SHSTRNDX, 0, last);
}

void table_set(struct table *table, size_t offset, uint32_t word)
{
    assert(offset + 4 <= sizeof(table->bytes));
    for (size_t i = 0; i < 4; i++) {
        table->bytes[offset + i] = (uint8_t)(word >> (8 * i));
    }
}

void table_word(struct table *table, uint32_t word)
{
    table_set(table, table->size, word);
    table->size += 4;
}

void table_name(struct table *table, const char *name)
{
    assert(table->size + 32 <= sizeof(table->bytes) && strlen(name) < 32);
    strcpy((char *)table->bytes + table->size, name);
    table->size += 32;
}

void table_begin(struct table *table, unsigned num)
{
    memset(table, 0, sizeof(*table));
    table_word(table, 1);
    table_word(table, num);
    table->size = 16 + 4 * num;
}

void table_entry(struct table *table, uint32_t type)
{
    table_set(table, 16 + 4 * table->entries++, (uint32_t)table->size);
    table_word(table, type);
}

static void memory_entry(struct table *table, uint32_t type, uint32_t da, uint32_t pa, uint32_t len,
                         const char *name)
{
    table_entry(table, type);
    table_word(table, da);
    table_word(table, pa);
    table_word(table, len);
    table_word(table, 0); // flags
    table_word(table, 0); // reserved
    table_name(table, name);
}

void table_carveout(struct table *table, uint32_t da, uint32_t pa, uint32_t len, const char *name)
{
    memory_entry(table, 0, da, pa, len, name);
}

void table_devmem(struct table *table, uint32_t da, uint32_t pa, uint32_t len, const char *name)
{
    memory_entry(table, 1, da, pa, len, name);
}

void table_trace(struct table *table, uint32_t da, uint32_t len, const char *name)
{
    table_entry(table, 2);
    table_word(table, da);
    table_word(table, len);
    table_word(table, 0); // reserved
    table_name(table, name);
}

void table_vdev(struct table *table, uint32_t id, uint32_t features, uint8_t vrings,
                uint32_t config)
{
    table_entry(table, 3);
    table_word(table, id);
    table_word(table, 0x77777777); // notifyid: whatever
    table_word(table, features);
    table_word(table, 0x55555555); // gfeatures: stale
    table_word(table, config);
    table_word(table, (uint32_t)vrings << 8 | 7); // status: stale
}

void table_vring(struct table *table, uint32_t da, uint32_t align, uint32_t num)
{
    table_word(table, da);
    table_word(table, align);
    table_word(table, num);
    table_word(table, 0x66666666); // notifyid: whatever
    table_word(table, 0);
}

void firmware_table(struct table *table)
{
    table_begin(table, 5);
    table_carveout(table, FW_TEXT, 0, 0x4000, "code");
    table_carveout(table, 0xffffffff, 0, 0x1000, "heap");
    table_trace(table, FW_TRACE, FW_TRACE_SIZE, "trace");
    table_vdev(table, 7, 1, 2, 0);
    table_vring(table, 0xffffffff, 16, 16);
    table_vring(table, 0xffffffff, 16, 16);
    table_entry(table, 0x80);
    table_word(table, 0x12345678);
}

static void build(struct image *image, int elf_class, uint16_t machine, const struct table *table,
                  const struct table *table2)
{
    uint8_t text[FW_TEXT_SIZE];
    uint8_t data[FW_DATA_SIZE];

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7 + 1);
    }
    memset(data, 0xda, sizeof(data));
    if (table != NULL) {
        assert(0x40 + table->size <= sizeof(data));
        memcpy(data + 0x40, table->bytes, table->size);
    }
    image_begin(image, elf_class, machine, FW_TEXT + 0x10, table2 != NULL ? 3 : 2);
    const size_t t = image_segment(image, FW_TEXT, text, sizeof(text), sizeof(text), 5);
    const size_t d = image_segment(image, FW_DATA, data, sizeof(data), FW_DATA_MEMSZ, 6);
    image_section(image, ".text", 1, FW_TEXT, t, sizeof(text));
    image_section(image, ".data", 1, FW_DATA, d, 0x40);
    if (table != NULL) {
        image_section(image, ".resource_table", 1, FW_TABLE, d + 0x40, table->size);
    } else {
        image_section(image, ".other", 1, FW_TABLE, d + 0x40, 16);
    }
    image_section(image, ".bss", 8, FW_DATA + FW_DATA_SIZE, 0x7fffffff,
                  FW_DATA_MEMSZ - FW_DATA_SIZE);
    if (table2 != NULL) {
        uint8_t more[FW2_DATA_SIZE];
        memset(more, 0xdb, sizeof(more));
        assert(table2->size <= FW2_POWER - FW2_DATA);
        memcpy(more, table2->bytes, table2->size);
        const size_t m = image_segment(image, FW2_DATA, more, sizeof(more), FW2_DATA_MEMSZ, 6);
        image_section(image, ".resource_table.2", 1, FW2_DATA, m, table2->size);
    }
    image_symbol(image, "reset", FW_TEXT + 0x10, 2, FW_S_TEXT);
    image_symbol(image, "$t", FW_TEXT + 0x10, 0, FW_S_TEXT);
    image_symbol(image, "main", FW_TEXT + 0x80, 2, FW_S_TEXT);
    image_symbol(image, "main_label", FW_TEXT + 0x80, 0, FW_S_TEXT);
    image_symbol(image, "handler", FW_TEXT + 0x101, 2, FW_S_TEXT);
    image_symbol(image, "stack_size", FW_TEXT + 0x90, 0, 0xfff1);
    image_symbol(image, "elsewhere", FW_TEXT + 0x90, 0, 0);
    image_symbol(image, "main.c", FW_TEXT + 0x90, 4, FW_S_TEXT);
    image_symbol(image, "counter", FW_DATA + 0x8, 1, FW_S_DATA);
    image_end(image);
}

void firmware_build(struct image *image, int elf_class, uint16_t machine, const struct table *table)
{
    build(image, elf_class, machine, table, NULL);
}

void firmware2_build(struct image *image, int elf_class, uint16_t machine,
                     const struct table *table, const struct table *table2)
{
    build(image, elf_class, machine, table, table2);
}
