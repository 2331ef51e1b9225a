// SPDX-License-Identifier: BSD-3-Clause
/// \file string.h
/// What Yoke wants of a C library, for compilers that come without one: common/string.c has them.
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
