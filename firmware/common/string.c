// SPDX-License-Identifier: BSD-3-Clause
// The four functions that compilers call by themselves. Built so that their own loops are not
// turned into calls of themselves.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/// A word that may alias anything, at any address if the processor can load that in one go.
#if defined(__riscv)
#define WORD_ALIGN sizeof(uintptr_t)
#else
#define WORD_ALIGN 1
#endif
typedef uintptr_t __attribute__((may_alias, aligned(WORD_ALIGN))) word;

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    if (((uintptr_t)d | (uintptr_t)s) % WORD_ALIGN == 0) {
        word *dw = to;
        const word *sw = from;
        for (; size >= 4 * sizeof(word); size -= 4 * sizeof(word)) {
            dw[0] = sw[0];
            dw[1] = sw[1];
            dw[2] = sw[2];
            dw[3] = sw[3];
            dw += 4;
            sw += 4;
        }
        for (; size >= sizeof(word); size -= sizeof(word)) {
            *dw++ = *sw++;
        }
        d = (uint8_t *)dw;
        s = (const uint8_t *)sw;
    }
    while (size-- != 0) {
        *d++ = *s++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    if ((uintptr_t)d - (uintptr_t)s < size) {
        while (size-- != 0) {
            d[size] = s[size];
        }
        return to;
    }
    while (size-- != 0) {
        *d++ = *s++;
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    uint8_t *d = to;

    while (size-- != 0) {
        *d++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *p = a;
    const uint8_t *q = b;

    for (; size != 0; size--, p++, q++) {
        if (*p != *q) {
            return *p - *q;
        }
    }
    return 0;
}
