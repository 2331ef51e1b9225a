// SPDX-License-Identifier: BSD-3-Clause
/// \file load.h
/// What the loader writes besides segments: load1.c for tables of version 1, load2.c for version 2.
/// The table's own bytes in memory are never looked at.
#ifndef YOKE_RPROC_LOAD_H
#define YOKE_RPROC_LOAD_H

#include <yoke/rproc.h>

/// Where a field of the loaded table lies.
#define FIELD_AT(table, area, type, field)                                                         \
    ((table) + (area)->table_offset + offsetof(struct type, field))

/// Tells the firmware what the plan chose. `table` is where the loaded table lies here.
void yoke_load_table1(const struct yoke_plan *plan, uint8_t *table);
void yoke_load_table2(const struct yoke_plan *plan, uint8_t *table);

/// Version 2: fills in what an area outside of the table has to start with.
void yoke_load_area2(const struct yoke_plan *plan, const struct yoke_area *area);

#endif
