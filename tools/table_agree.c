// SPDX-License-Identifier: BSD-3-Clause
// Do both tables of an image say the same, as far as hosts of either kind depend on it?
#include "table.h"

#include <string.h>

/// The entry of vdev `number`, or NULL.
static const struct yoke_rsc_device *vdev_of(const struct table *table, uint32_t number)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->entries[i].known && table->entries[i].type == YOKE_RSC_VDEV && number-- == 0) {
            return &table->entries[i].of.vdev;
        }
    }
    return NULL;
}

/// What of two vdevs does not agree, or NULL.
static const char *vdevs_differ(const struct yoke_rsc_device *first,
                                const struct yoke_rsc_device *second)
{
    if (first->id != second->id) {
        return "device ids";
    }
    if (first->num_of_vrings != second->num_of_vrings) {
        return "numbers of queues";
    }
    if ((uint32_t)first->features != (uint32_t)second->features) {
        return "features 0 to 31";
    }
    for (uint32_t i = 0; i < first->num_of_vrings; i++) {
        if (first->vrings[i].num != second->vrings[i].num ||
            first->vrings[i].align != second->vrings[i].align) {
            return "sizes or alignments of rings";
        }
    }
    return NULL;
}

static void review_memory(const struct table *first, const struct table *second,
                          struct findings *findings)
{
    char text[160];

    for (uint32_t i = 0; i < first->count * second->count; i++) {
        const struct yoke_rsc_entry *const a = &first->entries[i / second->count];
        const struct yoke_rsc_entry *const b = &second->entries[i % second->count];
        if (a->known && b->known && a->type == b->type && a->type <= YOKE_RSC_DEVMEM &&
            strcmp(a->of.carveout.name, b->of.carveout.name) == 0 &&
            (a->of.carveout.da != b->of.carveout.da || a->of.carveout.len != b->of.carveout.len)) {
            findings_add(findings, PROBLEM, "disagree",
                         "%s has another address or length in version 1 than in version 2 (T2-60)\n"
                         "make both the same: hosts read only one",
                         tool_entry_title(a, 0, text, sizeof text));
        }
    }
}

void tables_agree(const struct table *first, const struct table *second, struct findings *findings)
{
    const uint32_t vdevs = table_vdevs(first, first->count);

    review_memory(first, second, findings);
    if (vdevs != table_vdevs(second, second->count)) {
        findings_add(
            findings, PROBLEM, "disagree",
            "version 1 has %u vdevs, version 2 has %u (T2-60)\nhosts read only one: declare the "
            "same in both",
            vdevs, table_vdevs(second, second->count));
        return;
    }
    for (uint32_t i = 0; i < vdevs; i++) {
        const char *const what = vdevs_differ(vdev_of(first, i), vdev_of(second, i));
        if (what != NULL) {
            findings_add(
                findings, PROBLEM, "disagree",
                "vdev %u has other %s in version 1 than in version 2 (T2-60)\nhosts read only "
                "one: declare the same in both",
                i, what);
        }
    }
}
