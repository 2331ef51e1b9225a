// SPDX-License-Identifier: BSD-3-Clause
/// \file plan.h
/// The planner's parts: plan.c walks the image, entries.c the resource table, vdev.c and extras.c
/// take what each entry says, place.c knows the memory map.
///
/// What returns a status here returns YOKE_OK; YOKE_BAD_IMAGE, refused: the image breaks a rule; or
/// YOKE_UNSUPPORTED, refused too: it breaks none, but what it wants is not to be had here. An
/// optional entry of a version-2 table is then left out.
#ifndef YOKE_RPROC_PLAN_H
#define YOKE_RPROC_PLAN_H

#include <yoke/rproc.h>

/// A plan in the making.
struct planner {
    struct yoke_plan *plan;
    const struct yoke_elf *elf;
    struct yoke_plan_options options; ///< With the defaults filled in.
    struct yoke_refusal *refusal;
    bool required[YOKE_RSC_ENTRIES_MAX]; ///< Entries without which the image is refused.
};

/// Appends an area of `size` bytes at `da`; YOKE_ADDR_ANY is placed later.
/// Returns it, or NULL, refused, if the caller's array is full.
struct yoke_area *yoke_plan_add(struct planner *planner, enum yoke_area_kind kind, uint32_t index,
                                uint64_t da, uint64_t size);

/// Appends a note, unless the caller's array is full.
void yoke_plan_note(struct planner *planner, const struct yoke_refusal *note);

/// Refuses on account of an area. Returns YOKE_BAD_IMAGE.
int yoke_plan_refuse(struct planner *planner, const struct yoke_area *area, const char *field,
                     uint64_t value, const char *rule, uint64_t bound);

/// The segment that holds [da, da + size), as far as its bytes come from the file, or with its
/// zeroed rest too; or NULL.
const struct yoke_area *yoke_plan_segment(const struct yoke_plan *plan, uint64_t da, uint64_t size,
                                          bool with_rest);

/// Checks the map itself.
int yoke_plan_check_map(struct planner *planner);

/// Finds the region of an area with a fixed address; it must have the flags, and the area must not
/// overlap what it may not.
int yoke_plan_locate(struct planner *planner, struct yoke_area *area, uint32_t flags);

/// The same, but an area without an address is left to be placed.
int yoke_plan_locate_later(struct planner *planner, struct yoke_area *area, uint32_t flags);

/// Gives an address to each area that has none.
int yoke_plan_place(struct planner *planner);

/// Adds what a resource table asks for. `table` is its area, made as long as the table says it is;
/// the bytes are private.
int yoke_plan_entries(struct planner *planner, struct yoke_area *table, struct yoke_bytes bytes);

/// An entry cannot be done, and the refusal says why: that becomes a note if the entry is optional.
/// Returns YOKE_OK, or YOKE_BAD_IMAGE if it is required.
int yoke_plan_forgo(struct planner *planner, uint32_t index);

/// The same, and takes the entry's areas out of the plan.
int yoke_plan_leave_out(struct planner *planner, uint32_t index);

// One kind of entry each; all but the first are of version 2 alone.
int yoke_plan_vdev(struct planner *planner, const struct yoke_area *table,
                   const struct yoke_rsc_entry *entry);
int yoke_plan_identity(struct planner *planner, const struct yoke_rsc_entry *entry);
int yoke_plan_power(struct planner *planner, const struct yoke_rsc_entry *entry);
int yoke_plan_parameter(struct planner *planner, const struct yoke_rsc_entry *entry);
int yoke_plan_devicetree(struct planner *planner, const struct yoke_rsc_entry *entry);
int yoke_plan_locks(struct planner *planner, const struct yoke_rsc_entry *entry);

/// Refuses a value of the caller's that is not for exactly one parameter.
int yoke_plan_check_values(struct planner *planner);

#endif
