// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors.h
/// The vectors of the specification, for tests: spec/vectors/README.md describes them.
#ifndef YOKE_TEST_VECTORS_H
#define YOKE_TEST_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/// One vector.
struct vector {
    const cJSON *json;  ///< The vector itself.
    const cJSON *parts; ///< Named steps of its file, or NULL.
    const char *file;   ///< The file's name.
};

/// Something that vectors are about, by the name that they have for it.
struct vector_subject {
    const char *name;
    /// Checks a vector: fails the test if it does not hold. NULL: the library does not have it, or
    /// does not decide it.
    void (*check)(const struct vector *vector);
};

/// Runs all vectors in which `key` is a subject's name, each as a test of its own. A name that is
/// not in `subjects`, which a nameless one ends, is an error. Returns what main() should.
int vectors_run(const char *key, const struct vector_subject *subjects);

/// Ends the test: the vector is about something that the library does not have or decide. Such are
/// counted.
_Noreturn void vectors_not_had(void);

/// Decodes a structure: returns what came out as an object, or NULL if it was refused. Bytes come
/// out as vectors_hex() has them.
typedef cJSON *vectors_decode_fn(const cJSON *given, const uint8_t *in, size_t size);

/// Holds what a decoder makes of a vector's `in` against its `out` or `refused`.
void vectors_check_structure(const struct vector *vector, vectors_decode_fn *decode);

/// Fails the test, saying which vector it is.
_Noreturn void vectors_fail(const struct vector *vector, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// A number: an integer, or a string that C would read as one.
uint64_t vectors_number(const cJSON *value);

/// A member's number, or `otherwise` if there is no such member.
uint64_t vectors_member(const cJSON *object, const char *name, uint64_t otherwise);

/// Adds a number to an object.
void vectors_add(cJSON *object, const char *name, uint64_t value);

/// The bytes that a string or list of strings in the notation of bytes means, in memory of exactly
/// that size: free() it. NULL means none. Fails the test if they are not in that notation.
uint8_t *vectors_bytes(const cJSON *value, size_t *size);

/// Bytes as what a decoder gives.
cJSON *vectors_hex(const uint8_t *bytes, size_t size);

/// True if what came out is what should have; objects may have more than is asked for.
bool vectors_same(const cJSON *want, const cJSON *have);

#endif
