// SPDX-License-Identifier: BSD-3-Clause
/// \file image_builder.h
/// Builds ELF files and resource tables in memory, for tests. Written from the System V ABI and
/// from the table's layout, and shares no code and no constant with the parsers.
#ifndef YOKE_TEST_IMAGE_BUILDER_H
#define YOKE_TEST_IMAGE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

enum { IMAGE_MAX = 16384, IMAGE_PARTS = 16 };

/// Fields of an ELF file, by their names in the standard.
enum image_field {
    EI_CLASS,
    EI_DATA,
    EI_VERSION,
    E_TYPE,
    E_MACHINE,
    E_VERSION,
    E_ENTRY,
    E_PHOFF,
    E_SHOFF,
    E_FLAGS,
    E_EHSIZE,
    E_PHENTSIZE,
    E_PHNUM,
    E_SHENTSIZE,
    E_SHNUM,
    E_SHSTRNDX,
    P_TYPE,
    P_OFFSET,
    P_VADDR,
    P_PADDR,
    P_FILESZ,
    P_MEMSZ,
    P_FLAGS,
    P_ALIGN,
    SH_NAME,
    SH_TYPE,
    SH_FLAGS,
    SH_ADDR,
    SH_OFFSET,
    SH_SIZE,
    SH_LINK,
    SH_ENTSIZE,
    ST_NAME,
    ST_INFO,
    ST_SHNDX,
    ST_VALUE,
    IMAGE_FIELDS
};

/// A file being built: header first, then program headers, segments, other sections, and section
/// headers at the very end.
struct image {
    int elf_class; ///< 1 or 2.
    uint8_t bytes[IMAGE_MAX];
    size_t size;
    size_t program_headers; ///< Where they start.
    size_t section_headers;
    size_t symbols;
    unsigned segments; ///< How many so far.
    unsigned sections;
    struct {
        uint32_t name, type, link;
        uint64_t addr, offset, size, entsize;
    } section[IMAGE_PARTS];
    char names[512];
    size_t names_size;
    char symbol_names[512];
    size_t symbol_names_size;
    uint8_t symbol[IMAGE_PARTS * 24];
    size_t symbol_count;
};

/// Starts a file with room for `segments` program headers.
void image_begin(struct image *image, int elf_class, uint16_t machine, uint64_t entry,
                 unsigned segments);

/// Appends a PT_LOAD segment at `address` (paddr and vaddr); returns its offset in the file.
size_t image_segment(struct image *image, uint64_t address, const void *data, size_t filesz,
                     size_t memsz, uint32_t flags);

/// Appends a section header; returns its index. Type 8 is NOBITS.
unsigned image_section(struct image *image, const char *name, uint32_t type, uint64_t address,
                       size_t offset, size_t size);

/// Adds a symbol: type 0 none, 1 object, 2 function.
void image_symbol(struct image *image, const char *name, uint64_t value, unsigned type,
                  unsigned section);

/// Appends symbol table, names and section headers. No section, no section headers.
void image_end(struct image *image);

/// Changes, or reads, a field of an ended image. `index`: number of the header or symbol.
void image_set(struct image *image, enum image_field field, unsigned index, uint64_t value);
uint64_t image_get(const struct image *image, enum image_field field, unsigned index);

/// A resource table being built. Entries come in order; words can be changed in `bytes`.
struct table {
    uint8_t bytes[2048];
    size_t size;
    unsigned entries;
};

/// Starts a table of `num` entries.
void table_begin(struct table *table, unsigned num);

/// Begins the next entry, of this type; table_word() goes on.
void table_entry(struct table *table, uint32_t type);
void table_word(struct table *table, uint32_t word);
void table_name(struct table *table, const char *name);
/// Changes the word at an offset.
void table_set(struct table *table, size_t offset, uint32_t word);

void table_carveout(struct table *table, uint32_t da, uint32_t pa, uint32_t len, const char *name);
void table_devmem(struct table *table, uint32_t da, uint32_t pa, uint32_t len, const char *name);
void table_trace(struct table *table, uint32_t da, uint32_t len, const char *name);
/// A vdev; as many table_vring() and then `config` bytes must follow.
void table_vdev(struct table *table, uint32_t id, uint32_t features, uint8_t vrings,
                uint32_t config);
void table_vring(struct table *table, uint32_t da, uint32_t align, uint32_t num);

/// Addresses of the firmware that firmware_build() makes.
#define FW_TEXT 0x10000000u
#define FW_DATA 0x10001000u
#define FW_TABLE (FW_DATA + 0x40u)
#define FW_TRACE (FW_DATA + 0x400u) ///< In the zeroed part of the data segment.
enum { FW_TEXT_SIZE = 0x200, FW_DATA_SIZE = 0x300, FW_DATA_MEMSZ = 0x600, FW_TRACE_SIZE = 0x100 };

/// Sections of that firmware.
enum { FW_S_NULL, FW_S_TEXT, FW_S_DATA, FW_S_TABLE, FW_S_BSS, FW_S_SYMTAB };

/// The resource table of that firmware: fixed carveout over the code, open carveout, trace, rpmsg
/// vdev with two open rings of 16, vendor entry.
void firmware_table(struct table *table);

/// A firmware like a real one: code, data with the table inside, bss, symbols. `table` may be NULL:
/// then there is no section for it.
void firmware_build(struct image *image, int elf_class, uint16_t machine,
                    const struct table *table);

#endif
