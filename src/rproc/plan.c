// SPDX-License-Identifier: BSD-3-Clause
#include "rproc/plan.h"

#include "image/refuse.h"

#include <string.h>
#include <yoke/abi/rpmsg.h>

struct yoke_area *yoke_plan_add(struct planner *planner, enum yoke_area_kind kind, uint32_t index,
                                uint64_t da, uint64_t size)
{
    struct yoke_plan *plan = planner->plan;

    if (plan->area_count >= plan->area_max) {
        yoke_refuse(planner->refusal, "plan", YOKE_NO_INDEX, "areas",
                    (uint64_t)plan->area_count + 1, "must not exceed", plan->area_max);
        return NULL;
    }
    struct yoke_area *area = &plan->areas[plan->area_count++];
    memset(area, 0, sizeof(*area));
    area->kind = kind;
    area->index = index;
    area->da = da;
    area->size = size;
    return area;
}

void yoke_plan_note(struct planner *planner, const struct yoke_refusal *note)
{
    struct yoke_plan *plan = planner->plan;

    if (plan->note_count < plan->note_max) {
        plan->notes[plan->note_count++] = *note;
    }
}

/// Takes the caller's options and fills in what they leave open.
static int take_options(struct planner *planner, const struct yoke_plan_options *given)
{
    struct yoke_plan_options *options = &planner->options;

    memset(options, 0, sizeof(*options));
    if (given != NULL) {
        *options = *given;
    }
    if (options->buffer_size == 0) {
        options->buffer_size = YOKE_RPMSG_BUFFER_SIZE;
    }
    if (options->align == 0) {
        options->align = 64;
    }
    if (options->versions == 0) {
        options->versions = YOKE_RSC_KNOW_ALL;
    }
    if (options->buffer_size % 4 != 0 || options->buffer_size < sizeof(struct yoke_rpmsg_header)) {
        return yoke_refuse(planner->refusal, "options", YOKE_NO_INDEX, "buffer_size",
                           options->buffer_size, "must be a multiple of 4, at least",
                           sizeof(struct yoke_rpmsg_header));
    }
    if (options->table.size != 0 && !options->attach) {
        return yoke_refuse(planner->refusal, "options", YOKE_NO_INDEX, NULL, 0,
                           "a table that a core runs with is for attaching to it only",
                           YOKE_NO_BOUND);
    }
    if (options->align < 16 || options->align > YOKE_RSC_ALIGN_MAX ||
        (options->align & (options->align - 1)) != 0) {
        return yoke_refuse(planner->refusal, "options", YOKE_NO_INDEX, "align", options->align,
                           "must be a power of two from 16 to", YOKE_RSC_ALIGN_MAX);
    }
    return YOKE_OK;
}

static int add_segments(struct planner *planner)
{
    for (uint32_t i = 0; i < planner->elf->segment_count; i++) {
        struct yoke_segment segment;
        if (yoke_elf_segment(planner->elf, i, &segment, planner->refusal) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
        if (segment.type != YOKE_PT_LOAD || segment.memsz == 0) {
            continue;
        }
        struct yoke_area *area =
            yoke_plan_add(planner, YOKE_AREA_SEGMENT, i, segment.paddr, segment.memsz);
        if (area == NULL) {
            return YOKE_BAD_IMAGE;
        }
        area->bytes = segment.bytes;
        area->flags = segment.flags;
        if (yoke_plan_locate(planner, area, YOKE_REGION_IMAGE) != YOKE_OK) {
            return YOKE_BAD_IMAGE;
        }
    }
    if (planner->plan->area_count == 0) {
        return yoke_refuse(planner->refusal, "image", YOKE_NO_INDEX, NULL, 0,
                           "has no segment to load", YOKE_NO_BOUND);
    }
    return YOKE_OK;
}

const struct yoke_area *yoke_plan_segment(const struct yoke_plan *plan, uint64_t da, uint64_t size,
                                          bool with_rest)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (area->kind == YOKE_AREA_SEGMENT &&
            yoke_inside(da, size, area->da, with_rest ? area->size : area->bytes.size)) {
            return area;
        }
    }
    return NULL;
}

static int check_entry_point(struct planner *planner)
{
    const uint64_t entry = planner->elf->entry;
    // Bit 0, which on ARM says that it is Thumb code, leads out of no segment: code has two bytes.
    const struct yoke_area *segment = yoke_plan_segment(planner->plan, entry, 1, false);

    if (segment == NULL || (segment->flags & YOKE_PF_X) == 0) {
        return yoke_refuse(planner->refusal, "ELF header", YOKE_NO_INDEX, "e_entry", entry,
                           "lies in no executable segment", YOKE_NO_BOUND);
    }
    planner->plan->entry = entry;
    return YOKE_OK;
}

static int refuse_table(struct planner *planner, const char *field, uint64_t value,
                        const char *rule, uint64_t bound)
{
    return yoke_refuse(planner->refusal, "resource table", YOKE_NO_INDEX, field, value, rule,
                       bound);
}

/// Finds the table in the image, and where the segments put it: the bytes that were parsed must be
/// the ones that the firmware sees.
static int add_table(struct planner *planner)
{
    struct yoke_section section;

    const uint32_t versions = planner->options.versions;

    if (yoke_rsc_find(planner->elf, versions, &section) != YOKE_OK) {
        const bool only_2 = (versions & YOKE_RSC_KNOW_1) == 0;
        if (planner->options.table_optional) {
            return YOKE_OK;
        }
        return yoke_refuse(planner->refusal, "image", YOKE_NO_INDEX, NULL, 0,
                           only_2 ? "has no resource table: no section is called " YOKE_RSC2_SECTION
                                  : "has no resource table: no section is called " YOKE_RSC_SECTION,
                           YOKE_NO_BOUND);
    }
    if (section.type == YOKE_SHT_NOBITS) {
        return refuse_table(planner, "sh_type", section.type, "has no bytes in the file",
                            YOKE_NO_BOUND);
    }
    if (section.addr % 4 != 0) {
        return refuse_table(planner, "sh_addr", section.addr, "must be a multiple of", 4);
    }
    const struct yoke_area *segment =
        yoke_plan_segment(planner->plan, section.addr, section.size, false);
    if (segment == NULL) {
        return refuse_table(planner, "sh_addr", section.addr,
                            "lies in the file bytes of no loaded segment, with size", section.size);
    }
    const uint64_t segment_offset = (uint64_t)(segment->bytes.data - planner->elf->file.data);
    const uint64_t expected = segment_offset + (section.addr - segment->da);
    if (section.offset != expected) {
        return refuse_table(planner, "sh_offset", section.offset,
                            "must be what the segment loads at sh_addr, from", expected);
    }
    struct yoke_area *table =
        yoke_plan_add(planner, YOKE_AREA_TABLE, 0, section.addr, section.size);
    if (table == NULL) {
        return YOKE_BAD_IMAGE;
    }
    table->region = segment->region;
    table->pa = segment->pa + (section.addr - segment->da);
    planner->plan->version = yoke_same_text(section.name, YOKE_RSC2_SECTION) ? 2 : 1;
    planner->plan->table = section.bytes;
    return yoke_plan_entries(
        planner, table, planner->options.table.size != 0 ? planner->options.table : section.bytes);
}

int yoke_plan_make(struct yoke_plan *plan, const struct yoke_elf *elf,
                   const struct yoke_region *regions, uint32_t region_count,
                   const struct yoke_plan_options *options, struct yoke_refusal *refusal)
{
    struct planner planner = {.plan = plan, .elf = elf, .refusal = refusal};

    plan->area_count = 0;
    plan->note_count = 0;
    plan->regions = regions;
    plan->region_count = region_count;
    plan->entry = 0;
    plan->vring_count = 0;
    plan->version = 0;
    plan->table = yoke_bytes(NULL, 0);
    plan->owner = YOKE_RSC2_OWNER_HOST;
    plan->taken = 0;
    plan->attach = options != NULL && options->attach;
    memset(plan->outcomes, 0, sizeof(plan->outcomes));
    if (take_options(&planner, options) != YOKE_OK || yoke_plan_check_map(&planner) != YOKE_OK ||
        add_segments(&planner) != YOKE_OK || check_entry_point(&planner) != YOKE_OK ||
        add_table(&planner) != YOKE_OK || yoke_plan_check_values(&planner) != YOKE_OK ||
        yoke_plan_place(&planner) != YOKE_OK) {
        plan->area_count = 0;
        plan->note_count = 0;
        plan->vring_count = 0;
        return YOKE_BAD_IMAGE;
    }
    return YOKE_OK;
}

const struct yoke_area *yoke_plan_find(const struct yoke_plan *plan, enum yoke_area_kind kind,
                                       uint32_t index, uint32_t queue)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *area = &plan->areas[i];
        if (area->kind == kind && area->index == index && area->queue == queue) {
            return area;
        }
    }
    return NULL;
}

void *yoke_plan_at(const struct yoke_plan *plan, const struct yoke_area *area)
{
    const struct yoke_region *region = &plan->regions[area->region];

    return region->va == NULL ? NULL : (uint8_t *)region->va + (size_t)(area->da - region->da);
}
