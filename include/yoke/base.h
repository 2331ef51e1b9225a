// SPDX-License-Identifier: BSD-3-Clause
/// \file base.h
/// Result codes, byte views, unaligned little-endian access, and refusals that say why.
///
/// Everything here is pure: any context (thread, callback, ISR), no side effects.
#ifndef YOKE_BASE_H
#define YOKE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define YOKE_STATIC_ASSERT(condition, text) static_assert(condition, text)
extern "C" {
#else
#define YOKE_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/// What a call returns: zero is success, a negative value says what went wrong, and a positive
/// value is a count where the call's comment says so.
enum yoke_status {
    YOKE_OK = 0,           ///< Done.
    YOKE_AGAIN = -1,       ///< Nothing to be had just now; nothing was changed; try later.
    YOKE_TOO_LONG = -2,    ///< Larger than the bound; nothing was changed.
    YOKE_DOWN = -3,        ///< The link or core is not up.
    YOKE_INVALID = -4,     ///< An argument is not valid here; nothing was changed.
    YOKE_EXISTS = -5,      ///< The address, name or object is taken already.
    YOKE_NO_SPACE = -6,    ///< A fixed table, range or memory area is full.
    YOKE_BAD_PEER = -7,    ///< The other side broke the protocol; counted, not followed.
    YOKE_UNSUPPORTED = -8, ///< Valid, but not something that this build or version does.
    YOKE_NOT_FOUND = -9,   ///< No such thing.
    YOKE_BAD_IMAGE = -10,  ///< An image or resource table was refused; a yoke_refusal says why.
};

/// A short English sentence for a status, never NULL. Static storage.
const char *yoke_status_text(int status);

/// A borrowed view of bytes. Never owns what it points to.
struct yoke_bytes {
    const uint8_t *data; ///< First byte; may be NULL if size is 0.
    size_t size;         ///< Number of bytes.
};

/// Makes a view of `size` bytes at `data`.
static inline struct yoke_bytes yoke_bytes(const void *data, size_t size)
{
    struct yoke_bytes view;
    view.data = (const uint8_t *)data;
    view.size = size;
    return view;
}

/// Takes `size` bytes from `offset` of a view, if they all lie inside.
///
/// Cannot overflow, whatever the 64-bit values are.
/// Returns YOKE_OK and sets `*part`, or YOKE_INVALID and leaves it.
static inline int yoke_bytes_slice(struct yoke_bytes view, uint64_t offset, uint64_t size,
                                   struct yoke_bytes *part)
{
    if (offset > view.size || size > view.size - offset) {
        return YOKE_INVALID;
    }
    part->data = size == 0 ? view.data : view.data + (size_t)offset;
    part->size = (size_t)size;
    return YOKE_OK;
}

/// Loads from any address, aligned or not, little endian, one byte at a time; compilers turn this
/// into one load where the processor allows it. Not for fields that a peer writes meanwhile.
static inline uint16_t yoke_le16(const void *from)
{
    const uint8_t *b = (const uint8_t *)from;
    return (uint16_t)(b[0] | (uint16_t)(b[1] << 8));
}

/// \copydoc yoke_le16
static inline uint32_t yoke_le32(const void *from)
{
    const uint8_t *b = (const uint8_t *)from;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/// \copydoc yoke_le16
static inline uint64_t yoke_le64(const void *from)
{
    const uint8_t *b = (const uint8_t *)from;
    return (uint64_t)yoke_le32(b) | (uint64_t)yoke_le32(b + 4) << 32;
}

/// Stores to any address, aligned or not, little endian.
static inline void yoke_put_le16(void *to, uint16_t value)
{
    uint8_t *b = (uint8_t *)to;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

/// \copydoc yoke_put_le16
static inline void yoke_put_le32(void *to, uint32_t value)
{
    uint8_t *b = (uint8_t *)to;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
    b[2] = (uint8_t)(value >> 16);
    b[3] = (uint8_t)(value >> 24);
}

/// \copydoc yoke_put_le16
static inline void yoke_put_le64(void *to, uint64_t value)
{
    uint8_t *b = (uint8_t *)to;
    yoke_put_le32(b, (uint32_t)value);
    yoke_put_le32(b + 4, (uint32_t)(value >> 32));
}

/// True if [a, a + a_size) and [b, b + b_size) share a byte. Ranges must not wrap.
static inline bool yoke_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a_size != 0 && b_size != 0 && (a < b ? b - a < a_size : a - b < b_size);
}

/// True if [inner, inner + inner_size) lies inside [outer, outer + outer_size). Cannot overflow.
static inline bool yoke_inside(uint64_t inner, uint64_t inner_size, uint64_t outer,
                               uint64_t outer_size)
{
    return inner >= outer && inner_size <= outer_size && inner - outer <= outer_size - inner_size;
}

/// True if two terminated strings are the same: a freestanding C library has no strcmp().
static inline bool yoke_same_text(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    return *a == *b;
}

/// Why an image, a table or a plan was refused: which part, which field, its value, the bound.
///
/// Strings are static English text; the owner of the struct is the caller.
struct yoke_refusal {
    const char *part;  ///< What was looked at, such as "segment", or NULL if nothing was refused.
    uint32_t index;    ///< Which one of them; YOKE_NO_INDEX if there is only one.
    const char *field; ///< The field, by its name in the standard, such as "p_filesz".
    const char *rule;  ///< The rule in words that go between value and bound: "must not exceed".
    uint64_t value;    ///< What was found.
    uint64_t bound;    ///< What the rule compares with; YOKE_NO_BOUND if the rule says it all.
};

#define YOKE_NO_INDEX UINT32_MAX
#define YOKE_NO_BOUND UINT64_MAX

/// Writes a refusal as one line, such as
/// "segment 2: p_filesz 0x900 must not exceed 0x800", cut to fit and always terminated.
///
/// Returns the length that the whole line has, as snprintf would.
size_t yoke_refusal_text(const struct yoke_refusal *refusal, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
