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

/// Copies four aligned words, and moves both pointers on. Two instructions on Arm, where compilers
/// do not find them.
#if defined(__arm__)
#define COPY_FOUR_WORDS(to, from)                                                                  \
    __asm__ volatile("ldmia %1!, {r4, r5, r6, r12}\n\tstmia %0!, {r4, r5, r6, r12}"                \
                     : "+r"(to), "+r"(from)::"r4", "r5", "r6", "r12", "memory")
#else
// Not as one struct: compilers may call memcpy for that.
#define COPY_FOUR_WORDS(to, from)                                                                  \
    do {                                                                                           \
        word *const to_word = (word *)(void *)(to);                                                \
        const word *const from_word = (const word *)(const void *)(from);                          \
        to_word[0] = from_word[0];                                                                 \
        to_word[1] = from_word[1];                                                                 \
        to_word[2] = from_word[2];                                                                 \
        to_word[3] = from_word[3];                                                                 \
        (to) += 4 * sizeof(word);                                                                  \
        (from) += 4 * sizeof(word);                                                                \
    } while (0)
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    if (((uintptr_t)d | (uintptr_t)s) % sizeof(word) == 0) {
        for (; size >= 4 * sizeof(word); size -= 4 * sizeof(word)) {
            COPY_FOUR_WORDS(d, s);
        }
    }
    if (((uintptr_t)d | (uintptr_t)s) % WORD_ALIGN == 0) {
        for (; size >= sizeof(word); size -= sizeof(word)) {
            *(word *)(void *)d = *(const word *)(const void *)s;
            d += sizeof(word);
            s += sizeof(word);
        }
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
    const uintptr_t pattern = UINTPTR_MAX / 255 * (uint8_t)value;
    uint8_t *d = to;

    for (; size >= sizeof(word) && (uintptr_t)d % WORD_ALIGN == 0; size -= sizeof(word)) {
        *(word *)(void *)d = pattern;
        d += sizeof(word);
    }
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
