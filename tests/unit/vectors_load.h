// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors_load.h
/// The library's loader, for vectors: see spec/vectors/README.md.
#ifndef YOKE_TEST_VECTORS_LOAD_H
#define YOKE_TEST_VECTORS_LOAD_H

#include "vectors.h"

/// Checks a vector of the structure `load`.
void load_check(const struct vector *vector);

#endif
