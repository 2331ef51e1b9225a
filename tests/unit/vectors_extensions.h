// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors_extensions.h
/// What links of the library make of the extensions' structures, with the scripted peer.
#ifndef YOKE_TEST_VECTORS_EXTENSIONS_H
#define YOKE_TEST_VECTORS_EXTENSIONS_H

#include "vectors.h"

void extensions_control(const struct vector *vector);
void extensions_message(const struct vector *vector);
void extensions_offer(const struct vector *vector);
void extensions_choice(const struct vector *vector);
void extensions_buffers(const struct vector *vector);

#endif
