// SPDX-License-Identifier: BSD-3-Clause
#include "print.h"

#include <peer.h>

void print(const char *text)
{
    while (*text != '\0') {
        board_put(*text++);
    }
}

void print_number(uint32_t number, uint32_t width)
{
    char digits[10];
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (; width > count; width--) {
        board_put(' ');
    }
    while (count != 0) {
        board_put(digits[--count]);
    }
}

void print_hex(uint64_t number)
{
    uint32_t shift = 60;

    print("0x");
    while (shift != 0 && number >> shift == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        board_put("0123456789abcdef"[number >> shift & 15]);
        if (shift == 0) {
            return;
        }
    }
}

void print_tenths(uint32_t tenths, uint32_t width)
{
    print_number(tenths / 10, width > 2 ? width - 2 : 0);
    board_put('.');
    print_number(tenths % 10, 0);
}
