// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/abi/rsc2.h>
#include <yoke/image.h>

int yoke_rsc_open(struct yoke_rsc *rsc, struct yoke_bytes table, struct yoke_refusal *refusal)
{
    const bool is_2 = table.size >= sizeof(uint32_t) && yoke_le32(table.data) == YOKE_RSC2_MAGIC;

    return is_2 ? yoke_rsc2_open(rsc, table, refusal) : yoke_rsc1_open(rsc, table, refusal);
}

int yoke_rsc_find(const struct yoke_elf *elf, uint32_t versions, struct yoke_section *section)
{
    if ((versions & YOKE_RSC_KNOW_2) != 0 &&
        yoke_elf_find_section(elf, YOKE_RSC2_SECTION, section) == YOKE_OK) {
        return YOKE_OK;
    }
    if ((versions & YOKE_RSC_KNOW_1) == 0) {
        return YOKE_NOT_FOUND;
    }
    return yoke_elf_find_section(elf, YOKE_RSC_SECTION, section);
}
