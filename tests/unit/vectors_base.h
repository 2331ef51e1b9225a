// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors_base.h
/// What the library makes of the structures of the base protocol: see vectors_decode_fn.
#ifndef YOKE_TEST_VECTORS_BASE_H
#define YOKE_TEST_VECTORS_BASE_H

#include "vectors.h"

vectors_decode_fn base_vring;
vectors_decode_fn base_chain;
vectors_decode_fn base_kick;
vectors_decode_fn base_status;
vectors_decode_fn base_status_change;
vectors_decode_fn base_features;
vectors_decode_fn base_choice;
vectors_decode_fn base_vdev;
vectors_decode_fn base_header;
vectors_decode_fn base_ns;
vectors_decode_fn base_address;

#endif
