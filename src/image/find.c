// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/abi/rsc2.h>
#include <yoke/image.h>

int yoke_rsc_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal)
{
    const bool is_2 = table.size >= sizeof(uint32_t) && yoke_le32(table.data) == YOKE_RSC2_MAGIC;

    return is_2 ? yoke_rsc2_open(rsc, table, refusal) : yoke_rsc1_open(rsc, table, refusal);
}

/// True if a table in the place of version 2 says that it is of a later one (T2-5).
static bool is_later(struct yoke_bytes table)
{
    return table.size >= sizeof(struct yoke_rsc2_header) &&
           yoke_le32(table.data) == YOKE_RSC2_MAGIC &&
           yoke_le16(table.data + offsetof(struct yoke_rsc2_header, version)) > YOKE_RSC2_VERSION;
}

int yoke_rsc_find(const struct yoke_elf *elf, uint32_t versions, struct yoke_section *section)
{
    struct yoke_section first;
    const bool has_1 = (versions & YOKE_RSC_KNOW_1) != 0 &&
                       yoke_elf_find_section(elf, YOKE_RSC_SECTION, &first) == YOKE_OK;

    if ((versions & YOKE_RSC_KNOW_2) != 0 &&
        yoke_elf_find_section(elf, YOKE_RSC2_SECTION, section) == YOKE_OK &&
        !(has_1 && is_later(section->bytes))) {
        return YOKE_OK;
    }
    if (!has_1) {
        return YOKE_NOT_FOUND;
    }
    *section = first;
    return YOKE_OK;
}
