// SPDX-License-Identifier: BSD-3-Clause
/// \file elf.h
/// Where the fields of an ELF file lie: System V ABI, chapter 4 (ELF headers, sections, symbols)
/// and chapter 5 (program headers), for both word sizes.
#ifndef YOKE_IMAGE_ELF_H
#define YOKE_IMAGE_ELF_H

#include <yoke/image.h>

/// Offsets inside the structures of one class. Fields called "words" are 4 or 8 bytes wide, as
/// the class has it.
struct elf_layout {
    uint8_t word; ///< Bytes of a word.

    uint8_t ehdr_size;                 ///< File header.
    uint8_t e_entry, e_phoff, e_shoff; ///< Words.
    uint8_t e_flags;                   ///< u32.
    uint8_t e_ehsize;                  ///< u16, as all that follow.
    uint8_t e_phentsize, e_phnum;      ///< u16.
    uint8_t e_shentsize, e_shnum;      ///< u16.
    uint8_t e_shstrndx;                ///< u16.

    uint8_t phdr_size;                  ///< Program header; p_type is a u32 at 0.
    uint8_t p_flags;                    ///< u32.
    uint8_t p_offset, p_vaddr, p_paddr; ///< Words.
    uint8_t p_filesz, p_memsz, p_align; ///< Words.

    uint8_t shdr_size;          ///< Section header; sh_name, sh_type are u32 at 0 and 4.
    uint8_t sh_flags, sh_addr;  ///< Words.
    uint8_t sh_offset, sh_size; ///< Words.
    uint8_t sh_link;            ///< u32.
    uint8_t sh_entsize;         ///< Word.

    uint8_t sym_size; ///< Symbol; st_name is a u32 at 0.
    uint8_t st_value; ///< Word.
    uint8_t st_info;  ///< u8.
    uint8_t st_shndx; ///< u16.
};

/// The layout of an opened file.
const struct elf_layout *yoke_elf_layout(uint8_t elf_class);

/// Loads a word.
static inline uint64_t elf_word(const struct elf_layout *layout, const uint8_t *at)
{
    return layout->word == 4 ? yoke_le32(at) : yoke_le64(at);
}

#endif
