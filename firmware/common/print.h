// SPDX-License-Identifier: BSD-3-Clause
/// \file print.h
/// Text and numbers on the board's console.
#ifndef PRINT_H
#define PRINT_H

#include <stdint.h>

void print(const char *text);

/// A number in decimal, at least `width` characters wide.
void print_number(uint32_t number, uint32_t width);

/// A number in hexadecimal, with 0x in front.
void print_hex(uint64_t number);

/// `tenths` of something, such as 123 as 12.3, at least `width` characters wide.
void print_tenths(uint32_t tenths, uint32_t width);

#endif
