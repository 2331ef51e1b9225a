// SPDX-License-Identifier: BSD-3-Clause
#define _POSIX_C_SOURCE 200809L // scandir()
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "vectors.h"

#define FILES_MAX 32u
#define VECTORS_MAX 2048u

static const struct vector_subject *known_subjects;
static const char *subject_key;
static unsigned not_had;

// ----------------------------------------------------------------------------------- the notation

uint64_t vectors_number(const cJSON *value)
{
    if (cJSON_IsString(value)) {
        char *end;
        const uint64_t number = strtoull(value->valuestring, &end, 0);
        assert_true(end != value->valuestring && *end == '\0');
        return number;
    }
    assert_true(cJSON_IsNumber(value));
    return (uint64_t)value->valuedouble;
}

uint64_t vectors_member(const cJSON *object, const char *name, uint64_t otherwise)
{
    const cJSON *const member = cJSON_GetObjectItemCaseSensitive(object, name);

    return member == NULL ? otherwise : vectors_number(member);
}

void vectors_add(cJSON *object, const char *name, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    assert_non_null(cJSON_AddStringToObject(object, name, text));
}

struct bytes {
    uint8_t *data;
    size_t size;
};

static void append(struct bytes *bytes, uint8_t byte, size_t times)
{
    bytes->data = realloc(bytes->data, bytes->size + times + 1);
    assert_non_null(bytes->data);
    memset(bytes->data + bytes->size, byte, times);
    bytes->size += times;
}

static unsigned digit(char c)
{
    const char *const digits = "0123456789abcdef";
    const char *const at = c == '\0' ? NULL : strchr(digits, c);

    assert_non_null(at);
    return (unsigned)(at - digits);
}

/// Appends one string's bytes: pairs of digits, 00*20, 'text'.
static void append_words(struct bytes *bytes, const char *at)
{
    while (*at != '\0') {
        if (*at == ' ') {
            at++;
        } else if (*at == '\'') {
            for (at++; *at != '\''; at++) {
                assert_true(*at > ' ');
                append(bytes, (uint8_t)*at, 1);
            }
            at++;
        } else {
            size_t times = 1;
            const uint8_t byte = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
            at += 2;
            if (*at == '*') {
                char *end;
                times = strtoul(at + 1, &end, 10);
                at = end;
            }
            append(bytes, byte, times);
        }
    }
}

uint8_t *vectors_bytes(const cJSON *value, size_t *size)
{
    struct bytes bytes = {NULL, 0};
    const cJSON *each;

    append(&bytes, 0, 0);
    if (cJSON_IsString(value)) {
        append_words(&bytes, value->valuestring);
    } else if (value != NULL) {
        assert_true(cJSON_IsArray(value));
        cJSON_ArrayForEach(each, value)
        {
            assert_true(cJSON_IsString(each));
            append_words(&bytes, each->valuestring);
        }
    }
    *size = bytes.size;
    // Exactly as long as it says, so that sanitizers see what is read behind it.
    return bytes.size == 0 ? bytes.data : realloc(bytes.data, bytes.size);
}

cJSON *vectors_hex(const uint8_t *bytes, size_t size)
{
    cJSON *const object = cJSON_CreateObject();
    char *const text = malloc(2 * size + 1);

    assert_non_null(text);
    text[0] = '\0';
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    assert_non_null(cJSON_AddStringToObject(object, "bytes", text));
    free(text);
    return object;
}

// ------------------------------------------------------------------------------------- comparison

static bool same_bytes(const cJSON *want, const cJSON *have)
{
    size_t sizes[2];
    uint8_t *const wanted = vectors_bytes(want, &sizes[0]);
    uint8_t *const got = vectors_bytes(have, &sizes[1]);
    const bool same = sizes[0] == sizes[1] && memcmp(wanted, got, sizes[0]) == 0;

    free(wanted);
    free(got);
    return same;
}

static bool is_number(const cJSON *value)
{
    char *end;

    if (cJSON_IsNumber(value)) {
        return true;
    }
    if (!cJSON_IsString(value)) {
        return false;
    }
    (void)strtoull(value->valuestring, &end, 0);
    return end != value->valuestring && *end == '\0';
}

bool vectors_same(const cJSON *want, const cJSON *have)
{
    const cJSON *each;
    int index = 0;

    if (want == NULL || have == NULL) {
        return false;
    }
    const cJSON *const bytes = cJSON_GetObjectItemCaseSensitive(have, "bytes");
    if (bytes != NULL) {
        return same_bytes(want, bytes);
    }
    if (cJSON_IsObject(want)) {
        cJSON_ArrayForEach(each, want)
        {
            if (!vectors_same(each, cJSON_GetObjectItemCaseSensitive(have, each->string))) {
                return false;
            }
        }
        return cJSON_IsObject(have);
    }
    if (cJSON_IsArray(want)) {
        cJSON_ArrayForEach(each, want)
        {
            if (!vectors_same(each, cJSON_GetArrayItem(have, index++))) {
                return false;
            }
        }
        return cJSON_IsArray(have) && cJSON_GetArraySize(have) == index;
    }
    if (cJSON_IsBool(want)) {
        return cJSON_IsBool(have) && cJSON_IsTrue(want) == cJSON_IsTrue(have);
    }
    if (is_number(want) && is_number(have)) {
        return vectors_number(want) == vectors_number(have);
    }
    return cJSON_IsString(want) && cJSON_IsString(have) &&
           strcmp(want->valuestring, have->valuestring) == 0;
}

void vectors_check_structure(const struct vector *vector, vectors_decode_fn *decode)
{
    const cJSON *const json = vector->json;
    const cJSON *const out = cJSON_GetObjectItemCaseSensitive(json, "out");
    size_t size;
    uint8_t *const in = vectors_bytes(cJSON_GetObjectItemCaseSensitive(json, "in"), &size);
    cJSON *const have = decode(cJSON_GetObjectItemCaseSensitive(json, "given"), in, size);

    if (out == NULL && have != NULL) {
        vectors_fail(vector, "not refused, gave %s", cJSON_Print(have));
    }
    if (out != NULL && have == NULL) {
        vectors_fail(vector, "refused");
    }
    if (out != NULL && !vectors_same(out, have)) {
        vectors_fail(vector, "gave %s", cJSON_Print(have));
    }
    cJSON_Delete(have);
    free(in);
}

// ---------------------------------------------------------------------------------------- the run

void vectors_fail(const struct vector *vector, const char *format, ...)
{
    va_list arguments;

    print_error("%s: %s: ", vector->file,
                cJSON_GetObjectItemCaseSensitive(vector->json, "name")->valuestring);
    va_start(arguments, format);
    vprint_error(format, arguments);
    va_end(arguments);
    print_error("\n");
    fail();
    abort();
}

static const struct vector_subject *subject_of(const struct vector *vector)
{
    const char *const name =
        cJSON_GetObjectItemCaseSensitive(vector->json, subject_key)->valuestring;

    for (const struct vector_subject *subject = known_subjects; subject->name != NULL; subject++) {
        if (strcmp(subject->name, name) == 0) {
            return subject;
        }
    }
    vectors_fail(vector, "nobody knows the %s %s", subject_key, name);
}

void vectors_not_had(void)
{
    not_had++;
    skip();
    abort();
}

static void check(void **state)
{
    const struct vector *const vector = *state;
    const struct vector_subject *const subject = subject_of(vector);

    if (subject->check == NULL) {
        vectors_not_had();
    }
    subject->check(vector);
}

static int is_json(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static cJSON *load(const char *name)
{
    char path[4096];
    size_t size = 0;

    (void)snprintf(path, sizeof path, "%s/%s", VECTORS, name);
    FILE *const file = fopen(path, "rb");
    char *const text = calloc(1, 1u << 20);
    if (file != NULL && text != NULL) {
        size = fread(text, 1, (1u << 20) - 1, file);
        (void)fclose(file);
    }
    cJSON *const json = size == 0 ? NULL : cJSON_Parse(text);
    if (json == NULL) {
        (void)fprintf(stderr, "%s: cannot be read, or is not JSON\n", path);
    }
    free(text);
    return json;
}

int vectors_run(const char *key, const struct vector_subject *subjects)
{
    static struct vector vectors[VECTORS_MAX];
    static struct CMUnitTest tests[VECTORS_MAX];
    struct dirent **names;
    cJSON *files[FILES_MAX] = {NULL};
    size_t count = 0;
    const int file_count = scandir(VECTORS, &names, is_json, alphasort);

    known_subjects = subjects;
    subject_key = key;
    if (file_count <= 0 || (unsigned)file_count > FILES_MAX) {
        (void)fprintf(stderr, "%s: %d vector files\n", VECTORS, file_count);
        return 1;
    }
    for (int i = 0; i < file_count; i++) {
        const cJSON *each;
        files[i] = load(names[i]->d_name);
        if (files[i] == NULL) {
            return 1;
        }
        cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(files[i], "vectors"))
        {
            const cJSON *const name = cJSON_GetObjectItemCaseSensitive(each, "name");
            if (!cJSON_HasObjectItem(each, key) || count == VECTORS_MAX) {
                continue;
            }
            vectors[count] = (struct vector){
                each, cJSON_GetObjectItemCaseSensitive(files[i], "parts"), names[i]->d_name};
            tests[count] =
                (struct CMUnitTest){name->valuestring, check, NULL, NULL, &vectors[count]};
            count++;
        }
    }
    const int failed = _cmocka_run_group_tests(key, tests, count, NULL, NULL);
    (void)printf("%zu vectors, %u of them not for the library\n", count, not_had);
    for (int i = 0; i < file_count; i++) {
        cJSON_Delete(files[i]);
        free(names[i]);
    }
    free(names);
    return failed != 0 || count == 0 || count == VECTORS_MAX;
}
