// SPDX-License-Identifier: BSD-3-Clause
// The four functions that compilers call by themselves. Built so that their own loops are not
// turned into calls of themselves.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/// A word at any address, that may alias anything.
typedef uintptr_t __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    for (; size >= sizeof(word); size -= sizeof(word)) {
        *(word *)(void *)d = *(const word *)(const void *)s;
        d += sizeof(word);
        s += sizeof(word);
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
