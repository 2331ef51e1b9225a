// SPDX-License-Identifier: BSD-3-Clause
#include "image/elf.h"
#include "image/refuse.h"

#include <string.h>

// Offsets and values that both classes share.
enum {
    EI_CLASS = 4,
    EI_DATA = 5,
    EI_VERSION = 6,
    EI_NIDENT = 16,
    E_TYPE = 16,
    E_MACHINE = 18,
    E_VERSION = 20,
    SH_TYPE = 4,

    ELFDATA2LSB = 1,
    EV_CURRENT = 1,
    ET_EXEC = 2,
    SHT_NULL = 0,
    SHT_SYMTAB = 2,
    SHT_STRTAB = 3,
    PN_XNUM = 0xffff,       // First e_phnum that means "look elsewhere".
    SHN_LORESERVE = 0xff00, // First section number that is none.
};
#define ELF_MAGIC 0x464c457fu

/// Refuses for a field of the file header.
static int refuse_header(struct yoke_refusal *refusal, const char *field, uint64_t value,
                         const char *rule, uint64_t bound)
{
    return yoke_refuse(refusal, "ELF header", YOKE_NO_INDEX, field, value, rule, bound);
}

/// Refuses unless a field of the file header has its only possible value.
static int expect(struct yoke_refusal *refusal, const char *field, uint64_t value, uint64_t bound)
{
    return value == bound ? YOKE_OK : refuse_header(refusal, field, value, "must be", bound);
}

static int check_size(const struct yoke_elf *elf, uint64_t size, struct yoke_refusal *refusal)
{
    if (elf->file.size < size) {
        return yoke_refuse(refusal, "ELF file", YOKE_NO_INDEX, "size", elf->file.size,
                           "must be at least", size);
    }
    return YOKE_OK;
}

static int check_ident(struct yoke_elf *elf, struct yoke_refusal *refusal)
{
    const uint8_t *file = elf->file.data;

    if (check_size(elf, EI_NIDENT, refusal) != YOKE_OK ||
        expect(refusal, "EI_MAG", yoke_le32(file), ELF_MAGIC) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    elf->elf_class = file[EI_CLASS];
    if (elf->elf_class != YOKE_ELF_CLASS32 && elf->elf_class != YOKE_ELF_CLASS64) {
        return refuse_header(refusal, "EI_CLASS", elf->elf_class,
                             "must be 1 (32 bits) or 2 (64 bits)", YOKE_NO_BOUND);
    }
    if (expect(refusal, "EI_DATA", file[EI_DATA], ELFDATA2LSB) != YOKE_OK ||
        expect(refusal, "EI_VERSION", file[EI_VERSION], EV_CURRENT) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return YOKE_OK;
}

/// The image must be for one of the targets. If there is but one, the refusal names it.
static int check_target(const struct yoke_elf *elf, const struct yoke_elf_target *targets,
                        uint32_t count, struct yoke_refusal *refusal)
{
    bool class_known = false;

    for (uint32_t i = 0; i < count; i++) {
        class_known |= targets[i].elf_class == elf->elf_class;
        if (targets[i].elf_class == elf->elf_class && targets[i].machine == elf->machine) {
            return YOKE_OK;
        }
    }
    if (count == 0) {
        return YOKE_OK;
    }
    const char *field = class_known ? "e_machine" : "EI_CLASS";
    const uint64_t value = class_known ? elf->machine : elf->elf_class;
    if (count > 1) {
        return refuse_header(refusal, field, value, "is none that is allowed here", YOKE_NO_BOUND);
    }
    return expect(refusal, field, value, class_known ? targets->machine : targets->elf_class);
}

static int check_program_headers(struct yoke_elf *elf, struct yoke_refusal *refusal)
{
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    const uint8_t *file = elf->file.data;
    struct yoke_bytes headers;

    elf->segment_offset = elf_word(layout, file + layout->e_phoff);
    elf->segment_count = yoke_le16(file + layout->e_phnum);
    if (elf->segment_count == 0 || elf->segment_count >= PN_XNUM) {
        return refuse_header(refusal, "e_phnum", elf->segment_count, "must be 1 to 0xfffe",
                             YOKE_NO_BOUND);
    }
    if (expect(refusal, "e_phentsize", yoke_le16(file + layout->e_phentsize), layout->phdr_size) !=
        YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    if (yoke_bytes_slice(elf->file, elf->segment_offset,
                         (uint64_t)elf->segment_count * layout->phdr_size, &headers) != YOKE_OK) {
        return refuse_header(refusal, "e_phoff", elf->segment_offset,
                             "must leave room for e_phnum headers in the file, whose size is",
                             elf->file.size);
    }
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct yoke_segment segment;
        if (yoke_elf_segment(elf, i, &segment, refusal) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
    }
    return YOKE_OK;
}

/// Takes the bytes of a string table; they end in a NUL, so that every name inside does.
static int take_strings(const struct yoke_elf *elf, uint32_t index, struct yoke_bytes *strings,
                        struct yoke_refusal *refusal)
{
    struct yoke_section section;

    if (yoke_elf_section(elf, index, &section, refusal) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    if (section.type != SHT_STRTAB) {
        return yoke_refuse(refusal, "section", index, "sh_type", section.type,
                           "must, for a string table, be", SHT_STRTAB);
    }
    if (section.bytes.size == 0 || section.bytes.data[section.bytes.size - 1] != '\0') {
        return yoke_refuse(refusal, "section", index, "sh_size", section.size,
                           "does not end the string table in a NUL", YOKE_NO_BOUND);
    }
    *strings = section.bytes;
    return YOKE_OK;
}

/// Takes the first symbol table, if there is one, and its names.
static int take_symbols(struct yoke_elf *elf, uint32_t index, const struct yoke_section *section,
                        struct yoke_refusal *refusal)
{
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    const uint8_t *header =
        elf->file.data + elf->section_offset + (size_t)index * layout->shdr_size;
    const uint64_t entsize = elf_word(layout, header + layout->sh_entsize);
    const uint32_t link = yoke_le32(header + layout->sh_link);

    if (section->type != SHT_SYMTAB || elf->symbols.size != 0) {
        return YOKE_OK;
    }
    if (entsize != layout->sym_size) {
        return yoke_refuse(refusal, "section", index, "sh_entsize", entsize,
                           "must, for a symbol table, be", layout->sym_size);
    }
    if (link >= elf->section_count) {
        return yoke_refuse(refusal, "section", index, "sh_link", link, "must be less than e_shnum,",
                           elf->section_count);
    }
    elf->symbols = section->bytes;
    return take_strings(elf, link, &elf->symbol_names, refusal);
}

static int check_section_headers(struct yoke_elf *elf, struct yoke_refusal *refusal)
{
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    const uint8_t *file = elf->file.data;
    const uint32_t names = yoke_le16(file + layout->e_shstrndx);
    struct yoke_bytes headers;

    elf->section_offset = elf_word(layout, file + layout->e_shoff);
    elf->section_count = yoke_le16(file + layout->e_shnum);
    if (elf->section_offset == 0 && elf->section_count == 0) {
        return YOKE_OK; // Stripped of all sections.
    }
    if (elf->section_count == 0 || elf->section_count >= SHN_LORESERVE) {
        return refuse_header(refusal, "e_shnum", elf->section_count, "must be 1 to 0xfeff",
                             YOKE_NO_BOUND);
    }
    if (expect(refusal, "e_shentsize", yoke_le16(file + layout->e_shentsize), layout->shdr_size) !=
        YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    if (yoke_bytes_slice(elf->file, elf->section_offset,
                         (uint64_t)elf->section_count * layout->shdr_size, &headers) != YOKE_OK) {
        return refuse_header(refusal, "e_shoff", elf->section_offset,
                             "must leave room for e_shnum headers in the file, whose size is",
                             elf->file.size);
    }
    if (names >= elf->section_count) {
        return refuse_header(refusal, "e_shstrndx", names, "must be less than e_shnum,",
                             elf->section_count);
    }
    // Until the names are known, sections have none: 0 means that the file has no names.
    if (names != 0 && take_strings(elf, names, &elf->names, refusal) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct yoke_section section;
        if (yoke_elf_section(elf, i, &section, refusal) != YOKE_OK ||
            take_symbols(elf, i, &section, refusal) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
    }
    return YOKE_OK;
}

/// Only images at fixed addresses: nothing here relocates.
static int check_type(const struct yoke_elf *elf, struct yoke_refusal *refusal)
{
    const uint16_t type = yoke_le16(elf->file.data + E_TYPE);

    if (type != ET_EXEC) {
        return refuse_header(refusal, "e_type", type,
                             "must, for an executable at fixed addresses, be", ET_EXEC);
    }
    return YOKE_OK;
}

int yoke_elf_open(struct yoke_elf *elf, struct yoke_bytes file,
                  const struct yoke_elf_target *targets, uint32_t target_count,
                  struct yoke_refusal *refusal)
{
    memset(elf, 0, sizeof(*elf));
    elf->file = file;
    if (check_ident(elf, refusal) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    if (check_size(elf, layout->ehdr_size, refusal) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    elf->machine = yoke_le16(file.data + E_MACHINE);
    elf->flags = yoke_le32(file.data + layout->e_flags);
    elf->entry = elf_word(layout, file.data + layout->e_entry);
    if (check_target(elf, targets, target_count, refusal) != YOKE_OK ||
        check_type(elf, refusal) != YOKE_OK ||
        expect(refusal, "e_version", yoke_le32(file.data + E_VERSION), EV_CURRENT) != YOKE_OK ||
        expect(refusal, "e_ehsize", yoke_le16(file.data + layout->e_ehsize), layout->ehdr_size) !=
            YOKE_OK ||
        check_program_headers(elf, refusal) != YOKE_OK) {
        return YOKE_BAD_IMAGE;
    }
    return check_section_headers(elf, refusal);
}

/// What holds for a segment that will be loaded.
static int check_loadable(const struct yoke_elf *elf, uint32_t index,
                          const struct yoke_segment *segment, struct yoke_refusal *refusal)
{
    const uint64_t last = elf->elf_class == YOKE_ELF_CLASS32 ? UINT32_MAX : UINT64_MAX;

    if (segment->filesz > segment->memsz) {
        return yoke_refuse(refusal, "segment", index, "p_filesz", segment->filesz,
                           "must not exceed p_memsz,", segment->memsz);
    }
    if (segment->memsz != 0 && segment->memsz - 1 > last - segment->paddr) {
        return yoke_refuse(refusal, "segment", index, "p_memsz", segment->memsz,
                           "must not wrap round when added to p_paddr,", segment->paddr);
    }
    if (segment->memsz != 0 && segment->memsz - 1 > last - segment->vaddr) {
        return yoke_refuse(refusal, "segment", index, "p_memsz", segment->memsz,
                           "must not wrap round when added to p_vaddr,", segment->vaddr);
    }
    if ((segment->align & (segment->align - 1)) != 0) {
        return yoke_refuse(refusal, "segment", index, "p_align", segment->align,
                           "must be 0 or a power of two", YOKE_NO_BOUND);
    }
    return YOKE_OK;
}

int yoke_elf_segment(const struct yoke_elf *elf, uint32_t index, struct yoke_segment *segment,
                     struct yoke_refusal *refusal)
{
    if (index >= elf->segment_count) {
        return YOKE_NOT_FOUND;
    }
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    const uint8_t *header =
        elf->file.data + elf->segment_offset + (size_t)index * layout->phdr_size;

    segment->type = yoke_le32(header);
    segment->flags = yoke_le32(header + layout->p_flags);
    segment->offset = elf_word(layout, header + layout->p_offset);
    segment->vaddr = elf_word(layout, header + layout->p_vaddr);
    segment->paddr = elf_word(layout, header + layout->p_paddr);
    segment->filesz = elf_word(layout, header + layout->p_filesz);
    segment->memsz = elf_word(layout, header + layout->p_memsz);
    segment->align = elf_word(layout, header + layout->p_align);
    segment->bytes = yoke_bytes(elf->file.data, 0);
    // Linkers let the offset of an all-zero segment point past the end of the file.
    if (segment->filesz != 0 &&
        yoke_bytes_slice(elf->file, segment->offset, segment->filesz, &segment->bytes) != YOKE_OK) {
        return yoke_refuse(refusal, "segment", index, "p_offset", segment->offset,
                           "must leave room for p_filesz bytes in the file, whose size is",
                           elf->file.size);
    }
    if (segment->type != YOKE_PT_LOAD) {
        return YOKE_OK;
    }
    return check_loadable(elf, index, segment, refusal);
}

int yoke_elf_section(const struct yoke_elf *elf, uint32_t index, struct yoke_section *section,
                     struct yoke_refusal *refusal)
{
    if (index >= elf->section_count) {
        return YOKE_NOT_FOUND;
    }
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    const uint8_t *header =
        elf->file.data + elf->section_offset + (size_t)index * layout->shdr_size;
    const uint32_t name = yoke_le32(header);

    section->name = "";
    section->type = yoke_le32(header + SH_TYPE);
    section->flags = elf_word(layout, header + layout->sh_flags);
    section->addr = elf_word(layout, header + layout->sh_addr);
    section->offset = elf_word(layout, header + layout->sh_offset);
    section->size = elf_word(layout, header + layout->sh_size);
    section->bytes = yoke_bytes(elf->file.data, 0);
    if (elf->names.size != 0) {
        if (name >= elf->names.size) {
            return yoke_refuse(refusal, "section", index, "sh_name", name,
                               "must lie inside the names, whose size is", elf->names.size);
        }
        section->name = (const char *)elf->names.data + name;
    }
    if (section->type != SHT_NULL && section->type != YOKE_SHT_NOBITS &&
        yoke_bytes_slice(elf->file, section->offset, section->size, &section->bytes) != YOKE_OK) {
        return yoke_refuse(refusal, "section", index, "sh_offset", section->offset,
                           "must leave room for sh_size bytes in the file, whose size is",
                           elf->file.size);
    }
    return YOKE_OK;
}

int yoke_elf_find_section(const struct yoke_elf *elf, const char *name,
                          struct yoke_section *section)
{
    struct yoke_refusal ignored;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct yoke_section found;
        if (yoke_elf_section(elf, i, &found, &ignored) == YOKE_OK && found.type != SHT_NULL &&
            yoke_same_text(found.name, name)) {
            *section = found;
            return YOKE_OK;
        }
    }
    return YOKE_NOT_FOUND;
}
