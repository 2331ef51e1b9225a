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

struct yoke_rsc_entry;

/// A resource table being walked, of version 1 or 2. Read-only for the caller; may be copied.
struct yoke_rsc {
    struct yoke_bytes table; ///< The table, borrowed; of version 2: no longer than it says it is.
    uint32_t version;        ///< 1 or 2.
    uint32_t num;            ///< Number of entries.
    uint32_t next;           ///< Entry that comes next.
    size_t at;               ///< Version 2: where it lies.
    int (*take)(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry, struct yoke_refusal *refusal);
    uint32_t owner;   ///< Version 2: YOKE_RSC2_OWNER_*; 0 in version 1.
    uint32_t host;    ///< Version 2: the version by which a loader has read it; 0: none has.
    uint64_t offered; ///< Version 2: features of the firmware, YOKE_RSC2_F_*.
    uint64_t taken;   ///< Version 2: those that the loader took.
};

/// A checked copy of a carveout or devmem entry.
struct yoke_rsc_memory {
    char name[YOKE_RSC_NAME_SIZE];
    uint64_t da; ///< Device address, or YOKE_ADDR_ANY (carveouts only).
    uint64_t pa;
    uint64_t len; ///< Not 0; da + len does not wrap.
    uint32_t flags;
    uint32_t align; ///< Of a placed carveout: a power of two up to YOKE_RSC_ALIGN_MAX, or 0.
};

/// A checked copy of a trace entry.
struct yoke_rsc_text {
    char name[YOKE_RSC_NAME_SIZE];
    uint64_t da;
    uint64_t len;      ///< Not 0; da + len does not wrap.
    bool block;        ///< Version 2: a trace block lies there, not bare text.
    bool notifies;     ///< Version 2: the firmware wants a doorbell to ring when there is text.
    uint32_t notifyid; ///< Version 2: its number, once loaded.
};

/// A checked copy of a vring.
struct yoke_rsc_queue {
    uint64_t da;           ///< Device address, or YOKE_ADDR_ANY.
    uint64_t pa;           ///< As in the table; informational. 0 in version 2.
    uint32_t align;        ///< A power of two, 4 to YOKE_RSC_ALIGN_MAX.
    uint32_t num;          ///< A power of two, 2 to YOKE_RING_MAX.
    uint32_t notifyid;     ///< As in the table.
    uint64_t buffers;      ///< Version 2: device address of its buffers; else YOKE_ADDR_ANY.
    uint32_t buffer_size;  ///< Version 2: bytes of each; 0: the default of the device.
    uint32_t buffer_count; ///< Version 2: how many, at most `num`; else `num`.
};

/// A checked copy of a vdev entry.
struct yoke_rsc_device {
    uint32_t id;
    uint32_t notifyid;     ///< Version 1.
    uint64_t features;     ///< What the firmware offers.
    uint64_t gfeatures;    ///< Version 1: what the host took.
    uint8_t status;        ///< Version 1.
    uint64_t state;        ///< Version 2: device address of the vdev state, or YOKE_ADDR_ANY.
    uint32_t state_size;   ///< Version 2: its bytes: at least what the entry needs.
    uint64_t base;         ///< Version 2: what ring addresses in the state are counted from.
    uint8_t num_of_vrings; ///< At most YOKE_RSC_VRINGS_MAX.
    struct yoke_rsc_queue vrings[YOKE_RSC_VRINGS_MAX]; ///< See yoke_rsc_vring().
    struct yoke_bytes config;                          ///< Configuration space, in the table.
};

/// A checked copy of an identity entry.
struct yoke_rsc_identity {
    char chip[YOKE_RSC_NAME_SIZE];     ///< "vendor,chip", or "".
    char firmware[YOKE_RSC_NAME_SIZE]; ///< Its name, or "".
    char version[YOKE_RSC_NAME_SIZE];  ///< Its version, or "".
    uint32_t drivers;                  ///< Host drivers that it names: see yoke_rsc_driver().
    struct yoke_bytes names;           ///< Their names, YOKE_RSC_NAME_SIZE bytes each.
};

/// A checked copy of a power entry.
struct yoke_rsc_power {
    uint64_t state;    ///< Device address of the power block.
    bool notifies;     ///< The firmware rings when its state changes.
    uint32_t notifyid; ///< With this number, once loaded.
};

/// A checked copy of a parameter entry.
struct yoke_rsc_parameter {
    char name[YOKE_RSC_NAME_SIZE]; ///< Not empty.
    uint32_t kind;                 ///< YOKE_RSC2_UNSIGNED to YOKE_RSC2_BYTES.
    uint64_t da;                   ///< Device address of the value.
    uint32_t size;                 ///< Its bytes: fits the kind.
};

/// A checked copy of a devicetree entry.
struct yoke_rsc_devicetree {
    uint64_t da;  ///< Where it goes, or YOKE_ADDR_ANY.
    uint64_t len; ///< Bytes that there is room for.
};

/// A checked copy of a locks entry.
struct yoke_rsc_locks {
    char name[YOKE_RSC_NAME_SIZE];
    uint64_t da;     ///< The first lock word.
    uint32_t count;  ///< Not 0.
    uint32_t stride; ///< Bytes from one to the next: a multiple of 4, not 0.
    uint32_t owner;  ///< What a word holds while this core has the lock.
    uint32_t free;   ///< What it holds while nobody has.
};

/// A checked, private copy of one entry. Addresses and lengths have 64 bits here whatever the
/// table's version.
struct yoke_rsc_entry {
    uint32_t index;          ///< Its number.
    uint32_t type;           ///< YOKE_RSC_* or YOKE_RSC2_*: the first four are the same in both.
    bool known;              ///< `of` is filled in. If not: a type, or a version of it, that this
                             ///< library does not know, or a vendor's.
    bool vendor;             ///< The type belongs to a vendor.
    bool required;           ///< Version 2: an image is to be refused if this cannot be had.
    bool late;               ///< Version 2: handled after the segments are in memory.
    uint64_t offset;         ///< Where it lies, from the table's start.
    struct yoke_bytes bytes; ///< The entry in the table, type included. An entry of version 1 whose
                             ///< type is not known reaches to the next one or the table's end.
    union {
        struct yoke_rsc_memory carveout;       ///< YOKE_RSC_CARVEOUT.
        struct yoke_rsc_memory devmem;         ///< YOKE_RSC_DEVMEM.
        struct yoke_rsc_text trace;            ///< YOKE_RSC_TRACE.
        struct yoke_rsc_device vdev;           ///< YOKE_RSC_VDEV.
        struct yoke_rsc_identity identity;     ///< YOKE_RSC2_IDENTITY.
        struct yoke_rsc_power power;           ///< YOKE_RSC2_POWER.
        struct yoke_rsc_parameter parameter;   ///< YOKE_RSC2_PARAMETER.
        struct yoke_rsc_devicetree devicetree; ///< YOKE_RSC2_DEVICETREE.
        struct yoke_rsc_locks locks;           ///< YOKE_RSC2_LOCKS.
    } of;
};

/// Opens a resource table of version 1 or 2, as its first bytes say: checks its head, and of
/// version 1 all offsets, of version 2 all entries' sizes.
///
/// `table` may be longer than what the entries use. It must be private: a table that lies in
/// memory which a peer can write is copied by the caller first, and the copy is opened.
/// Returns YOKE_OK, or YOKE_BAD_IMAGE with `refusal` filled in.
int yoke_rsc_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal);

/// The same for version 1 only, which links less: a table of another version is refused.
int yoke_rsc1_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal);
/// The same for version 2.
int yoke_rsc2_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal);

/// Finds the table of a firmware file: that of the highest version that `versions`, a sum of
/// YOKE_RSC_KNOW_*, has. A table in the place of version 2 that is of a later version counts only
/// if there is no other.
///
/// Returns YOKE_OK and sets `*section`; YOKE_NOT_FOUND if there is none.
int yoke_rsc_find(const struct yoke_elf *elf, uint32_t versions, struct yoke_section *section);

#define YOKE_RSC_KNOW_1 1u   ///< Version 1.
#define YOKE_RSC_KNOW_2 2u   ///< Version 2.
#define YOKE_RSC_KNOW_ALL 3u ///< Every version.

/// Copies and checks the next entry.
///
/// Cost: one entry, plus, in version 1, one pass over the offsets.
/// Returns YOKE_OK; YOKE_NOT_FOUND after the last one; YOKE_BAD_IMAGE with `refusal` filled in.
int yoke_rsc_next(struct yoke_rsc *rsc, struct yoke_rsc_entry *entry, struct yoke_refusal *refusal);

/// Vring `index` of a vdev entry, or NULL if the entry is no vdev or has no such vring.
const struct yoke_rsc_queue *yoke_rsc_vring(const struct yoke_rsc_entry *entry, uint32_t index);

/// Host driver `index` that an identity entry names: terminated, in the table. NULL if the entry is
/// no identity or has no such name.
const char *yoke_rsc_driver(const struct yoke_rsc_entry *entry, uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
