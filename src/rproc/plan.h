// SPDX-License-Identifier: BSD-3-Clause
/// \file plan.h
/// The planner's parts: plan.c walks the image, entries.c the resource table, place.c knows the
/// memory map.
#ifndef YOKE_RPROC_PLAN_H
#define YOKE_RPROC_PLAN_H

#include <yoke/rproc.h>

/// A plan in the making.
struct planner {
    struct yoke_plan *plan;
    const struct yoke_elf *elf;
    struct yoke_plan_options options; ///< With the defaults filled in.
    struct yoke_refusal *refusal;
};

/// Appends an area of `size` bytes at `da`; YOKE_ADDR_ANY is placed later.
/// Returns it, or NULL, refused, if the caller's array is full.
struct yoke_area *yoke_plan_add(struct planner *planner, enum yoke_area_kind kind, uint32_t index,
                                uint64_t da, uint64_t size);

/// Appends a note, unless the caller's array is full.
void yoke_plan_note(struct planner *planner, uint32_t index, const char *field, uint64_t value,
                    const char *rule);

/// Refuses on account of an area.
int yoke_plan_refuse(struct planner *planner, const struct yoke_area *area, const char *field,
                     uint64_t value, const char *rule, uint64_t bound);

/// Checks the map itself.
int yoke_plan_check_map(struct planner *planner);

/// Finds the region of an area with a fixed address; it must have the flags, and the area must not
/// overlap what it may not.
int yoke_plan_locate(struct planner *planner, struct yoke_area *area, uint32_t flags);

/// Gives an address to each area that has none.
int yoke_plan_place(struct planner *planner);

/// Adds what a resource table asks for. `table` is its area; the bytes are in the image.
int yoke_plan_entries(struct planner *planner, const struct yoke_area *table,
                      struct yoke_bytes bytes);

#endif
