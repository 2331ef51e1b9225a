// SPDX-License-Identifier: BSD-3-Clause
/// \file image.h
/// Firmware images: ELF files and resource tables. Pure: bytes in, checked copies out.
///
/// Nothing here trusts a byte of its input: every offset, size and count is checked against
/// overflow and against the end, and every refusal names part, field, value and bound. The bytes
/// need no alignment. They are borrowed, and what they hold is used by the views handed out, so
/// they must stay where they are and unchanged meanwhile: copy a table out of memory that a peer
/// can write before it is opened.
///
/// Any context; no call has side effects beyond what its pointers name.
#ifndef YOKE_IMAGE_H
#define YOKE_IMAGE_H

#include <yoke/abi/rsc.h>
#include <yoke/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/// "Place it for me" in a checked copy, whatever width the table's own field has.
#define YOKE_ADDR_ANY UINT64_MAX

/// Processors, as e_machine has them.
#define YOKE_EM_ARM 40u
#define YOKE_EM_X86_64 62u
#define YOKE_EM_AARCH64 183u
#define YOKE_EM_RISCV 243u

/// Word sizes, as e_ident[EI_CLASS] has them.
#define YOKE_ELF_CLASS32 1u
#define YOKE_ELF_CLASS64 2u

/// The type of a segment that is loaded (p_type), and the bits of p_flags.
#define YOKE_PT_LOAD 1u
#define YOKE_PF_X 1u ///< Executable.
#define YOKE_PF_W 2u ///< Writable.
#define YOKE_PF_R 4u ///< Readable.

/// The type of a section that has no bytes in the file (sh_type).
#define YOKE_SHT_NOBITS 8u

/// A processor that an image may be for.
struct yoke_elf_target {
    uint16_t machine;  ///< YOKE_EM_*, or any other e_machine.
    uint8_t elf_class; ///< YOKE_ELF_CLASS*.
};

/// An opened ELF file. Read-only for the caller; small, and may be copied.
struct yoke_elf {
    struct yoke_bytes file;         ///< The whole file, borrowed.
    uint8_t elf_class;              ///< YOKE_ELF_CLASS*.
    uint16_t machine;               ///< e_machine.
    uint32_t flags;                 ///< e_flags.
    uint64_t entry;                 ///< e_entry.
    uint32_t segment_count;         ///< e_phnum.
    uint32_t section_count;         ///< e_shnum, the empty section 0 included; 0 if stripped off.
    uint64_t segment_offset;        ///< e_phoff.
    uint64_t section_offset;        ///< e_shoff.
    struct yoke_bytes names;        ///< Names of sections; empty if there are none.
    struct yoke_bytes symbols;      ///< The symbol table; empty if there is none.
    struct yoke_bytes symbol_names; ///< Names of symbols.
};

/// A checked copy of a program header.
struct yoke_segment {
    uint32_t type;           ///< p_type.
    uint32_t flags;          ///< p_flags, YOKE_PF_*.
    uint64_t paddr;          ///< p_paddr: where a loader puts it, a device address (da).
    uint64_t vaddr;          ///< p_vaddr: where the firmware sees it.
    uint64_t offset;         ///< p_offset.
    uint64_t filesz;         ///< p_filesz: bytes that come from the file.
    uint64_t memsz;          ///< p_memsz: bytes in memory; those beyond filesz are zero.
    uint64_t align;          ///< p_align: 0, or a power of two.
    struct yoke_bytes bytes; ///< The part of the file, filesz long.
};

/// A checked copy of a section header.
struct yoke_section {
    const char *name;        ///< Terminated, inside the file; "" if sections have no names.
    uint32_t type;           ///< sh_type.
    uint64_t flags;          ///< sh_flags.
    uint64_t addr;           ///< sh_addr.
    uint64_t offset;         ///< sh_offset.
    uint64_t size;           ///< sh_size.
    struct yoke_bytes bytes; ///< The part of the file; empty for YOKE_SHT_NOBITS.
};

/// Opens an ELF executable, 32 or 64 bits, little endian, and checks all its headers.
///
/// `targets` lists the processors that are allowed; with a count of 0 any is.
/// Cost: one pass over the program and section headers.
/// Returns YOKE_OK, or YOKE_BAD_IMAGE with `refusal` filled in: then `elf` is not to be used.
int yoke_elf_open(struct yoke_elf *elf, struct yoke_bytes file,
                  const struct yoke_elf_target *targets, uint32_t target_count,
                  struct yoke_refusal *refusal);

/// Copies program header `index`, below elf->segment_count.
///
/// Returns YOKE_OK; YOKE_NOT_FOUND for a higher index; YOKE_BAD_IMAGE with `refusal` filled in,
/// which cannot happen after yoke_elf_open() unless the file's bytes were changed.
int yoke_elf_segment(const struct yoke_elf *elf, uint32_t index, struct yoke_segment *segment,
                     struct yoke_refusal *refusal);

/// Copies section header `index`, below elf->section_count. Returns as yoke_elf_segment().
int yoke_elf_section(const struct yoke_elf *elf, uint32_t index, struct yoke_section *section,
                     struct yoke_refusal *refusal);

/// Finds the first section of this name.
///
/// Returns YOKE_OK and sets `*section`, or YOKE_NOT_FOUND.
int yoke_elf_find_section(const struct yoke_elf *elf, const char *name,
                          struct yoke_section *section);

/// Finds the nearest symbol at or below an address, in the same section: for crash reports.
///
/// Bit 0 of ARM function addresses (Thumb) is disregarded. Cost: one pass over the symbol table.
/// Returns YOKE_OK, sets `*name` (terminated, inside the file) and `*offset`, the distance from
/// the symbol to the address; or YOKE_NOT_FOUND.
int yoke_elf_symbol(const struct yoke_elf *elf, uint64_t address, const char **name,
                    uint64_t *offset);

/// Bounds on resource tables that this library accepts.
#define YOKE_RSC_ENTRIES_MAX 256u ///< Entries of a table.
#define YOKE_RSC_VRINGS_MAX 8u    ///< Virtqueues of a vdev.
#define YOKE_RSC_ALIGN_MAX 65536u ///< Alignment of a vring.
#define YOKE_RSC_NAME_SIZE 32u    ///< Bytes of a name, its terminating NUL included.

/// A resource table being walked. Opaque to the caller, except that it may be copied.
struct yoke_rsc {
    struct yoke_bytes table; ///< The table, borrowed.
    uint32_t num;            ///< Number of entries.
    uint32_t next;           ///< Entry that comes next.
};

/// A checked copy of a carveout or devmem entry.
struct yoke_rsc_memory {
    char name[YOKE_RSC_NAME_SIZE];
    uint64_t da; ///< Device address, or YOKE_ADDR_ANY (carveouts only).
    uint64_t pa;
    uint64_t len; ///< Not 0; da + len does not wrap.
    uint32_t flags;
};

/// A checked copy of a trace entry.
struct yoke_rsc_text {
    char name[YOKE_RSC_NAME_SIZE];
    uint64_t da;
    uint64_t len; ///< Not 0; da + len does not wrap.
};

/// A checked copy of a vring.
struct yoke_rsc_queue {
    uint64_t da;       ///< Device address, or YOKE_ADDR_ANY.
    uint64_t pa;       ///< As in the table; informational.
    uint32_t align;    ///< A power of two, 4 to YOKE_RSC_ALIGN_MAX.
    uint32_t num;      ///< A power of two, 2 to YOKE_RING_MAX.
    uint32_t notifyid; ///< As in the table.
};

/// A checked copy of a vdev entry.
struct yoke_rsc_device {
    uint32_t id;
    uint32_t notifyid;
    uint32_t dfeatures;
    uint32_t gfeatures;
    uint8_t status;
    uint8_t num_of_vrings;                             ///< At most YOKE_RSC_VRINGS_MAX.
    struct yoke_rsc_queue vrings[YOKE_RSC_VRINGS_MAX]; ///< See yoke_rsc_vring().
    struct yoke_bytes config;                          ///< Configuration space, in the table.
};

/// A checked, private copy of one entry. Addresses and lengths have 64 bits here whatever the
/// table's version.
struct yoke_rsc_entry {
    uint32_t index;          ///< Its number.
    uint32_t type;           ///< YOKE_RSC_*; those of vendors and unknown ones come as `bytes`.
    uint64_t offset;         ///< Where it lies, from the table's start.
    struct yoke_bytes bytes; ///< The entry in the table, type included. An entry of a type that
                             ///< is not known here reaches to the next entry or the table's end.
    union {
        struct yoke_rsc_memory carveout; ///< YOKE_RSC_CARVEOUT.
        struct yoke_rsc_memory devmem;   ///< YOKE_RSC_DEVMEM.
        struct yoke_rsc_text trace;      ///< YOKE_RSC_TRACE.
        struct yoke_rsc_device vdev;     ///< YOKE_RSC_VDEV.
    } of;
};

/// Opens a resource table of version 1: checks its head and all offsets.
///
/// `table` may be longer than what the entries use. It must be private: a table that lies in
/// memory which a peer can write is copied by the caller first, and the copy is opened.
/// Returns YOKE_OK, or YOKE_BAD_IMAGE with `refusal` filled in.
int yoke_rsc_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal);

/// Copies and checks the next entry.
///
/// Cost: one entry, plus one pass over the offsets.
/// Returns YOKE_OK; YOKE_NOT_FOUND after the last one; YOKE_BAD_IMAGE with `refusal` filled in.
int yoke_rsc_next(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry, struct yoke_refusal *refusal);

/// Vring `index` of a vdev entry, or NULL if the entry is no vdev or has no such vring.
const struct yoke_rsc_queue *yoke_rsc_vring(const struct yoke_rsc_entry *entry, uint32_t index);

/// True if the type belongs to vendors: skipped by the core, handed to the platform.
static inline bool yoke_rsc_is_vendor(uint32_t type)
{
    return type >= YOKE_RSC_VENDOR_START && type <= YOKE_RSC_VENDOR_END;
}

#ifdef __cplusplus
}
#endif
#endif
