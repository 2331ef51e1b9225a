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
    size_t entry; ///< Where the last entry starts.
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

// A table of version 2: spec/table-2.md. Entries come in order, each with its fields in theirs;
// `flags`: 1 required, 2 late.
#define ANY UINT64_MAX

/// Starts one: who owns it, and the features that the firmware offers.
void table2_begin(struct table *table, uint32_t owner, uint64_t offered);
/// Ends it: fills in its size and count.
void table2_end(struct table *table);
/// Begins the next entry, of this type; table_word() and so on go on.
void table2_entry(struct table *table, uint32_t type, uint8_t flags);
void table_quad(struct table *table, uint64_t quad);
/// Where the entry begins that was begun last.
size_t table2_at(const struct table *table);

void table2_memory(struct table *table, uint32_t type, uint8_t flags, uint64_t da, uint64_t pa,
                   uint64_t len, uint32_t align, const char *name);
void table2_trace(struct table *table, uint8_t flags, uint32_t notifyid, uint64_t da, uint64_t len,
                  const char *name);
/// A vdev; as many table2_queue() and then `config` bytes must follow.
void table2_vdev(struct table *table, uint8_t flags, uint32_t id, uint64_t features, uint64_t state,
                 uint64_t base, uint32_t state_size, uint32_t config, uint32_t queues);
void table2_queue(struct table *table, uint64_t da, uint64_t buffers, uint32_t num, uint32_t align,
                  uint32_t buffer_size, uint32_t buffer_count);
/// An identity; as many table_name() as it has drivers must follow.
void table2_identity(struct table *table, uint8_t flags, uint32_t drivers, const char *chip,
                     const char *firmware, const char *version);
void table2_power(struct table *table, uint8_t flags, uint32_t notifyid, uint64_t state);
void table2_parameter(struct table *table, uint8_t flags, uint32_t kind, uint64_t da, uint32_t size,
                      const char *name);
void table2_devicetree(struct table *table, uint8_t flags, uint64_t da, uint64_t len);
void table2_locks(struct table *table, uint8_t flags, uint32_t kind, uint64_t da, uint32_t count,
                  uint32_t stride, uint32_t owner, uint32_t free, const char *name);

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

/// What firmware2_build() adds: one more segment, with a table of version 2 and its variables, of
/// which the image fills the first part with 0xdb.
#define FW2_DATA 0x10002000u
#define FW2_POWER (FW2_DATA + 0x800u)
#define FW2_TRACE (FW2_DATA + 0x880u)
#define FW2_PARAMETERS (FW2_DATA + 0xa00u)
#define FW2_LOCKS (FW2_DATA + 0xa40u)
#define FW2_TREE (FW2_DATA + 0xa80u)
#define FW2_STATE (FW2_DATA + 0xb80u)
enum { FW2_DATA_SIZE = 0xc00, FW2_DATA_MEMSZ = 0x1000, FW2_TRACE_SIZE = 128 + 256 };

/// Entries of firmware2_table().
enum {
    FW2_HEAP,
    FW2_TRACES,
    FW2_RPMSG,
    FW2_POWERS,
    FW2_UNSIGNED,
    FW2_SIGNED,
    FW2_BOOLEAN,
    FW2_STRING,
    FW2_BYTES,
    FW2_TREES,
    FW2_LOCK,
    FW2_IDENTITY,
    FW2_VENDOR,
    FW2_ENTRIES
};

/// One entry of each kind: an open carveout, aligned to 4096; a trace and a power block with
/// doorbells; an rpmsg vdev with a ring of 4 with buffers of 1024 bytes, and one of 8 with 6 of
/// 2048 bytes; parameters rate (u8), offset (i16), loud (bool), title (16 bytes of text) and key (4
/// bytes); room for a device tree; 4 locks; an identity with two drivers; a vendor's.
void firmware2_table(struct table *table);

/// The firmware of firmware_build() with that segment. `table` may be NULL: version 2 only.
void firmware2_build(struct image *image, int elf_class, uint16_t machine,
                     const struct table *table, const struct table *table2);

#endif
