// SPDX-License-Identifier: BSD-3-Clause
#include "image/elf.h"

// Types of symbols that name code or data, the low half of st_info: 0 no type, 1 object, 2
// function. Files, sections and the like come after them.
enum { STT_FUNC = 2, STT_MASK = 15 };

/// One symbol, as far as it matters here.
struct symbol {
    const char *name;
    uint64_t value;
    bool function;
};

/// Copies symbol `at` if it has a name and lies in the same section as the address, at or below
/// it. Compilers' marks for the kind of code ("$t", "$d", "$x") are no names.
static bool take_symbol(const struct yoke_elf *elf, const uint8_t *at, uint64_t address,
                        struct symbol *symbol)
{
    const struct elf_layout *layout = yoke_elf_layout(elf->elf_class);
    const uint32_t name = yoke_le32(at);
    const uint32_t type = at[layout->st_info] & STT_MASK;
    struct yoke_section section;
    struct yoke_refusal ignored;

    symbol->function = type == STT_FUNC;
    symbol->value = elf_word(layout, at + layout->st_value);
    if (symbol->function && elf->machine == YOKE_EM_ARM) {
        symbol->value &= ~UINT64_C(1);
    }
    // Undefined symbols are in section 0, which has no bytes; absolute values and the like have
    // numbers beyond the last section.
    const uint32_t shndx = yoke_le16(at + layout->st_shndx);
    if (type > STT_FUNC || symbol->value > address || name >= elf->symbol_names.size ||
        yoke_elf_section(elf, shndx, &section, &ignored) != YOKE_OK) {
        return false;
    }
    symbol->name = (const char *)elf->symbol_names.data + name;
    return symbol->name[0] != '\0' && symbol->name[0] != '$' && symbol->value >= section.addr &&
           yoke_inside(address, 1, section.addr, section.size);
}

int yoke_elf_symbol(const struct yoke_elf *elf, uint64_t address, const char **name,
                    uint64_t *offset)
{
    const size_t step = yoke_elf_layout(elf->elf_class)->sym_size;
    struct symbol best = {NULL, 0, false};

    for (size_t at = 0; elf->symbols.size - at >= step; at += step) {
        struct symbol symbol;
        if (take_symbol(elf, elf->symbols.data + at, address, &symbol) &&
            (best.name == NULL || symbol.value > best.value ||
             (symbol.value == best.value && symbol.function && !best.function))) {
            best = symbol;
        }
    }
    if (best.name == NULL) {
        return YOKE_NOT_FOUND;
    }
    *name = best.name;
    *offset = address - best.value;
    return YOKE_OK;
}
