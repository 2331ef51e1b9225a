// SPDX-License-Identifier: BSD-3-Clause
// What is odd about an image's tables, beyond what a loader refuses when it reads them.
#include "table.h"

#include <string.h>

#include <yoke/abi/rsc2.h>
#include <yoke/abi/virtio.h>

/// Bytes that each side of a block has for itself.
#define LINE 64u

/// Virtqueues that Linux allows a vdev.
#define LINUX_VRINGS 2u

/// The table under review.
struct review {
    const struct subject *subject;
    const struct table *table;
    struct findings *findings;
};

static const char *title(const struct table *table, uint32_t index, char *text, size_t size)
{
    return tool_entry_title(&table->entries[index], table_vdevs(table, index), text, size);
}

// ----------------------------------------------------------------------------------- where it lies

/// True if the bytes lie inside one loaded segment.
static bool in_segment(const struct subject *subject, uint64_t da, uint64_t size)
{
    for (uint32_t i = 0; i < subject->segment_count; i++) {
        if (yoke_inside(da, size, subject->segments[i].paddr, subject->segments[i].memsz)) {
            return true;
        }
    }
    return false;
}

static bool in_carveout(const struct table *table, uint64_t da, uint64_t size)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct yoke_rsc_entry *const entry = &table->entries[i];
        if (entry->known && entry->type == YOKE_RSC_CARVEOUT &&
            entry->of.carveout.da != YOKE_ADDR_ANY &&
            yoke_inside(da, size, entry->of.carveout.da, entry->of.carveout.len)) {
            return true;
        }
    }
    return false;
}

static void review_place(const struct review *review)
{
    const struct table *const table = review->table;

    if (review->subject->raw) {
        return;
    }
    if (table->da % 4 != 0 || !in_segment(review->subject, table->da, table->bytes.size)) {
        findings_add(
            review->findings, PROBLEM, "not-loaded",
            "the table of version %u, %zu bytes at 0x%llx, does not lie inside a loaded segment, "
            "at a multiple of 4 (T%u-1): the firmware does not see what the loader writes\n"
            "KEEP its section in the linker script, in a segment that is loaded",
            table->version, table->bytes.size, (unsigned long long)table->da, table->version);
    }
    if (table->rsc.owner == YOKE_RSC2_OWNER_NEITHER) {
        findings_add(
            review->findings, PROBLEM, "owner",
            "the table says that neither side owns it: no host may load this image (T2-11)\n"
            "set the owner in its flags to 0, the host");
    }
}

/// Bytes that two ranges share, which they do.
static uint64_t shared_bytes(const struct range *a, const struct range *b)
{
    const uint64_t start = a->da > b->da ? a->da : b->da;
    const uint64_t a_left = a->da + (a->size - 1) - start;
    const uint64_t b_left = b->da + (b->size - 1) - start;

    return (a_left < b_left ? a_left : b_left) + 1;
}

static void review_overlaps(const struct review *review, const struct ranges *ranges)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        for (uint32_t k = i + 1; k < ranges->count; k++) {
            const struct range *const a = &ranges->list[i];
            const struct range *const b = &ranges->list[k];
            if (ranges_clash(a, b)) {
                findings_add(review->findings, PROBLEM, "overlap",
                             "%s at 0x%llx overlaps %s, 0x%llx bytes from 0x%llx, by %llu bytes\n"
                             "give one of them another address, or \"any\"",
                             b->what, (unsigned long long)b->da, a->what,
                             (unsigned long long)a->size, (unsigned long long)a->da,
                             (unsigned long long)shared_bytes(a, b));
            }
        }
    }
}

/// Variables of the program: they have to be in memory that the image has.
static void review_variables(const struct review *review, const struct ranges *ranges)
{
    const struct table *const table = review->table;

    for (uint32_t i = 0; i < ranges->count && !review->subject->raw; i++) {
        const struct range *const range = &ranges->list[i];
        if (range->kind != RANGE_VARIABLE || range->da == YOKE_ADDR_ANY ||
            in_segment(review->subject, range->da, range->size)) {
            continue;
        }
        if (table->entries[range->owner].type == YOKE_RSC2_PARAMETER) {
            findings_add(review->findings, PROBLEM, "outside",
                         "%s at 0x%llx does not lie inside a loaded segment (T2-44)\n"
                         "take the address of an initialised variable",
                         range->what, (unsigned long long)range->da);
        } else if (!in_carveout(table, range->da, range->size)) {
            findings_add(
                review->findings, WARNING, "outside",
                "%s, %llu bytes at 0x%llx, lies in no segment and no carveout: nobody keeps that "
                "memory free\nput it in a section that is loaded, or add a carveout",
                range->what, (unsigned long long)range->size, (unsigned long long)range->da);
        }
    }
}

/// Addresses that the core or the table cannot say.
static void review_width(const struct review *review, const struct ranges *ranges)
{
    const uint64_t last = review->table->version == 1 ? UINT32_MAX : UINT64_MAX - 1;

    for (uint32_t i = 0; i < ranges->count; i++) {
        const struct range *const range = &ranges->list[i];
        if (range->kind >= RANGE_RING && range->da != YOKE_ADDR_ANY &&
            (range->da > last || range->size - 1 > last - range->da)) {
            findings_add(
                review->findings, PROBLEM, "wraps",
                "%s, %llu bytes at 0x%llx, reaches beyond the last address, 0x%llx\nmove it down",
                range->what, (unsigned long long)range->size, (unsigned long long)range->da,
                (unsigned long long)last);
        }
        if (!review->subject->raw && review->subject->elf.elf_class == YOKE_ELF_CLASS32 &&
            range->da != YOKE_ADDR_ANY && range->da > UINT32_MAX) {
            findings_add(review->findings, WARNING, "wide",
                         "%s at 0x%llx: a core of 32 bits does not reach that\n"
                         "name the address by which the core knows it",
                         range->what, (unsigned long long)range->da);
        }
    }
}

// --------------------------------------------------------------------------------- what entries
// say

static void review_type(const struct review *review, uint32_t index)
{
    const struct yoke_rsc_entry *const entry = &review->table->entries[index];

    if (entry->required) {
        findings_add(
            review->findings, PROBLEM, "unknown",
            "table entry %u is required, but its type %u or version is not known: hosts that "
            "do not know it refuse the image (T2-19)\nmake it optional, if the firmware can work "
            "without",
            index, entry->type);
    } else {
        findings_add(review->findings, NOTE, "unknown",
                     "table entry %u has type %u, %s: it is skipped", index, entry->type,
                     entry->vendor ? "a vendor's" : "which is not known");
    }
}

static void review_names(const struct review *review, uint32_t index)
{
    const struct table *const table = review->table;
    const struct yoke_rsc_entry *const entry = &table->entries[index];
    const char *const name = tool_entry_name(entry);
    char text[160];

    for (uint32_t i = 0; i < index && name[0] != '\0'; i++) {
        if (table->entries[i].type == entry->type &&
            strcmp(tool_entry_name(&table->entries[i]), name) == 0) {
            findings_add(review->findings, entry->type == YOKE_RSC2_PARAMETER ? PROBLEM : WARNING,
                         "same-name",
                         "table entries %u and %u are both called \"%s\"\n"
                         "hosts find them by name: give each one of its own",
                         i, index, title(table, index, text, sizeof text));
        }
    }
}

/// What version 2 says about buffers, and what its features say, have to go together.
static void review_buffers(const struct review *review, uint32_t index)
{
    const struct yoke_rsc_device *const vdev = &review->table->entries[index].of.vdev;
    bool other = false;

    for (uint32_t i = 0; i < vdev->num_of_vrings; i++) {
        other |= tool_buffer_size(vdev, &vdev->vrings[i]) != YOKE_RPMSG_BUFFER_SIZE;
    }
    if (other && (vdev->features & YOKE_F_RPMSG_BUFFERS) == 0) {
        findings_add(
            review->findings, WARNING, "buffers",
            "vdev %u has buffers of other sizes than 512, but does not offer the feature that "
            "says so, bit 16: drivers provide 512 bytes\nadd bit 16 to its features",
            table_vdevs(review->table, index));
    }
}

static void review_vdev(const struct review *review, uint32_t index)
{
    const struct table *const table = review->table;
    const struct yoke_rsc_device *const vdev = &table->entries[index].of.vdev;
    const uint32_t number = table_vdevs(table, index);

    if (table->version == 1 && vdev->num_of_vrings > LINUX_VRINGS) {
        findings_add(
            review->findings, WARNING, "linux",
            "vdev %u has %u vrings: Linux takes at most %u\nspread them over several vdevs", number,
            vdev->num_of_vrings, LINUX_VRINGS);
    }
    if (vdev->id == YOKE_ID_RPMSG && (vdev->features & YOKE_F_RPMSG_NS) == 0) {
        findings_add(review->findings, NOTE, "name-service",
                     "vdev %u does not offer the name service, bit 0: no service is announced",
                     number);
    }
    if (vdev->id == YOKE_ID_RPMSG && vdev->num_of_vrings != 2) {
        findings_add(review->findings, PROBLEM, "queues",
                     "vdev %u is for messages, but has %u vrings\n"
                     "rpmsg has two, one for each direction",
                     number, vdev->num_of_vrings);
    }
    if ((vdev->status != 0 || vdev->gfeatures != 0) && table->version == 1) {
        findings_add(
            review->findings, WARNING, "not-zero",
            "vdev %u has status %u, gfeatures 0x%llx in the image (T1-22)\nwrite 0: the driver "
            "fills them in",
            number, vdev->status, (unsigned long long)vdev->gfeatures);
    }
    if (table->version == 1) {
        return;
    }
    if ((vdev->features >> 32 & 0x3ffff) != 0) {
        findings_add(
            review->findings, PROBLEM, "features",
            "vdev %u offers features 0x%llx: of bits 32 to 63 only those from 50 on may be "
            "(T2-33)\n"
            "drop bits 32 to 49",
            number, (unsigned long long)vdev->features);
    }
    if (vdev->id == YOKE_ID_RPMSG) {
        review_buffers(review, index);
    }
    if (vdev->state != YOKE_ADDR_ANY && table->da != NOWHERE &&
        yoke_overlap(vdev->state, vdev->state_size, table->da, table->bytes.size)) {
        findings_add(review->findings, PROBLEM, "state",
                     "the state of vdev %u at 0x%llx lies in the table, which is constant (T2-34)\n"
                     "give it a variable of its own, or the vdev entry of the version-1 table",
                     number, (unsigned long long)vdev->state);
    }
    for (uint32_t i = 0; i < vdev->num_of_vrings; i++) {
        const uint64_t da = vdev->vrings[i].da;
        if (da != YOKE_ADDR_ANY && (da < vdev->base || da - vdev->base >= UINT32_MAX)) {
            findings_add(
                review->findings, PROBLEM, "base",
                "vring %u of vdev %u at 0x%llx is not within 4 GiB of its base 0x%llx (T2-32)\n"
                "choose a base below all rings of the vdev",
                i, number, (unsigned long long)da, (unsigned long long)vdev->base);
        }
    }
}

/// Two sides write to a block: each needs cache lines of its own.
static void review_block(const struct review *review, uint32_t index, uint64_t da)
{
    char text[160];

    if (da % LINE != 0) {
        findings_add(
            review->findings, NOTE, "cache-line",
            "%s: its block at 0x%llx is not aligned to %u, so what the two sides write shares a "
            "cache line (T2-56)\nalign it, if the memory is cached",
            title(review->table, index, text, sizeof text), (unsigned long long)da, LINE);
    }
}

static void review_entry(const struct review *review, uint32_t index)
{
    const struct table *const table = review->table;
    const struct yoke_rsc_entry *const entry = &table->entries[index];

    if (!entry->known) {
        review_type(review, index);
        return;
    }
    review_names(review, index);
    if (entry->type == YOKE_RSC_VDEV) {
        review_vdev(review, index);
    } else if (entry->type == YOKE_RSC_DEVMEM) {
        findings_add(review->findings, NOTE, "devmem",
                     "devmem %u at 0x%llx: hosts without an IOMMU before the core cannot map it",
                     index, (unsigned long long)entry->of.devmem.da);
    } else if (entry->type == YOKE_RSC_TRACE && table->version != 1) {
        review_block(review, index, entry->of.trace.da);
    } else if (entry->type == YOKE_RSC2_POWER) {
        review_block(review, index, entry->of.power.state);
    }
    if (table->version != 1 &&
        entry->bytes.data[offsetof(struct yoke_rsc2_entry, outcome)] != YOKE_RSC2_OUTCOME_NONE) {
        findings_add(
            review->findings, WARNING, "not-zero",
            "table entry %u has an outcome in the image already\nwrite 0: the loader fills it in",
            index);
    }
}

/// What the table offers as a whole.
static void review_head(const struct review *review)
{
    const struct table *const table = review->table;
    bool power = false;

    for (uint32_t i = 0; i < table->count; i++) {
        power |= table->entries[i].known && table->entries[i].type == YOKE_RSC2_POWER;
    }
    if ((table->rsc.offered & (YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND)) != 0 && !power) {
        findings_add(
            review->findings, WARNING, "no-power",
            "the table offers to stop or suspend, but has no power entry: no host can ask for it "
            "(T2-12)\nadd one, or do not offer it");
    }
    if (table->rsc.owner == YOKE_RSC2_OWNER_HOST && (table->rsc.host | table->rsc.taken) != 0) {
        findings_add(
            review->findings, WARNING, "not-zero",
            "the table has host %u, taken 0x%llx in the image already\nwrite 0: the loader fills "
            "them in",
            table->rsc.host, (unsigned long long)table->rsc.taken);
    }
}

void table_review(const struct subject *subject, struct findings *findings)
{
    const struct table *const first = subject_table(subject, 1);
    const struct table *const second = subject_table(subject, 2);
    struct ranges ranges;

    for (uint32_t i = 0; i < subject->table_count; i++) {
        const struct review review = {subject, &subject->tables[i], findings};
        if (review.table->entries == NULL) {
            continue; // Refused from its head on.
        }
        review_place(&review);
        review_head(&review);
        for (uint32_t k = 0; k < review.table->count; k++) {
            review_entry(&review, k);
        }
        if (!ranges_make(&ranges, subject, review.table)) {
            findings->lost = true;
            continue;
        }
        review_overlaps(&review, &ranges);
        review_variables(&review, &ranges);
        review_width(&review, &ranges);
        ranges_free(&ranges);
    }
    if (first != NULL && second != NULL && first->refusal.part == NULL &&
        second->refusal.part == NULL) {
        tables_agree(first, second, findings);
    }
}
