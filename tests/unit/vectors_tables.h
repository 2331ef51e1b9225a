// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors_tables.h
/// What the library makes of resource tables, and of what they point to: see vectors_decode_fn.
#ifndef YOKE_TEST_VECTORS_TABLES_H
#define YOKE_TEST_VECTORS_TABLES_H

#include "vectors.h"

vectors_decode_fn tables_rsc;
vectors_decode_fn tables_rsc2;
vectors_decode_fn tables_trace_text;
vectors_decode_fn tables_trace_block;
vectors_decode_fn tables_trace_bell;
vectors_decode_fn tables_trace_write;
vectors_decode_fn tables_power_state;
vectors_decode_fn tables_power_request;
vectors_decode_fn tables_power_answer;

/// Which table firmware with both takes for the one in force.
void tables_in_force(const struct vector *vector);

#endif
