// SPDX-License-Identifier: BSD-3-Clause
// NAME=VALUE for parameters of the firmware: the table says what kind of value it is.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_internal.h"

static const char *const kinds[] = {
    [YOKE_RSC2_UNSIGNED] = "a number, decimal or with 0x",
    [YOKE_RSC2_SIGNED] = "a number, decimal or with 0x, perhaps with a minus",
    [YOKE_RSC2_BOOLEAN] = "true or false",
    [YOKE_RSC2_STRING] = "text",
    [YOKE_RSC2_BYTES] = "pairs of hexadecimal digits",
};

/// Finds the parameter of this name in the image's table. Appends the names of the others to
/// `others`, of `size` bytes. Returns YOKE_OK; YOKE_NOT_FOUND; YOKE_BAD_IMAGE, with host->refusal.
static int find(struct yoke_host *host, const char *name, size_t length,
                struct yoke_rsc_parameter *parameter, char *others, size_t size)
{
    const uint32_t versions =
        host->options.versions != 0 ? host->options.versions : YOKE_RSC_KNOW_ALL;
    struct yoke_section section;
    struct yoke_rsc rsc;
    struct yoke_rsc_entry entry;

    if (yoke_rsc_find(&host->elf, versions, &section) != YOKE_OK) {
        return YOKE_NOT_FOUND;
    }
    int status = yoke_rsc_open(&rsc, section.bytes, &host->refusal);
    while (status == YOKE_OK) {
        status = yoke_rsc_next(&rsc, &entry, &host->refusal);
        if (status != YOKE_OK || !entry.known || entry.type != YOKE_RSC2_PARAMETER) {
            continue;
        }
        *parameter = entry.of.parameter;
        if (strlen(parameter->name) == length && memcmp(parameter->name, name, length) == 0) {
            return YOKE_OK;
        }
        const size_t used = strlen(others);
        (void)snprintf(others + used, size - used, "%s%s", used != 0 ? ", " : "", parameter->name);
    }
    return status;
}

/// Parses a whole number that may have a minus. Returns false if it is none, or has over 64 bits.
static bool parse_number(const char *text, bool is_signed, uint64_t *number)
{
    const bool minus = is_signed && text[0] == '-';
    const char *const digits = text + minus;
    const int base = strncmp(digits, "0x", 2) == 0 ? 16 : 10;
    char *end = NULL;

    // strtoull() takes blanks and signs of its own.
    if (strchr("0123456789", digits[0]) == NULL || digits[0] == '\0') {
        return false;
    }
    errno = 0;
    const unsigned long long value = strtoull(digits, &end, base);
    if (errno != 0 || *end != '\0' || end == digits) {
        return false;
    }
    if (is_signed && value > (uint64_t)INT64_MAX + minus) {
        return false;
    }
    *number = minus ? 0 - (uint64_t)value : (uint64_t)value;
    return true;
}

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *const at = digit != '\0' ? strchr(digits, digit) : NULL;

    return at == NULL ? -1 : (int)((at - digits) % 16);
}

/// Parses pairs of digits into `to`, which has room for half of the text.
static bool parse_bytes(const char *text, uint8_t *to, struct yoke_bytes *bytes)
{
    size_t count = 0;

    for (; text[0] != '\0'; text += 2) {
        const int high = hex_digit(text[0]);
        const int low = hex_digit(text[1]);
        if (high < 0 || low < 0) {
            return false;
        }
        to[count++] = (uint8_t)(high * 16 + low);
    }
    *bytes = yoke_bytes(to, count);
    return true;
}

static bool parse_value(const char *text, uint8_t *room, struct yoke_parameter *value)
{
    switch (value->kind) {
    case YOKE_RSC2_UNSIGNED:
    case YOKE_RSC2_SIGNED:
        return parse_number(text, value->kind == YOKE_RSC2_SIGNED, &value->number);
    case YOKE_RSC2_BOOLEAN:
        value->number = strcmp(text, "true") == 0;
        return value->number != 0 || strcmp(text, "false") == 0;
    case YOKE_RSC2_STRING:
        value->bytes = yoke_bytes(text, strlen(text));
        return true;
    default:
        return parse_bytes(text, room, &value->bytes);
    }
}

/// Takes one NAME=VALUE. `room`: as many bytes as that has, with its NUL.
static int take(struct yoke_host *host, const char *param, char *room, struct yoke_parameter *value)
{
    struct yoke_rsc_parameter parameter;
    char others[160] = "";
    const char *const sign = strchr(param, '=');
    const size_t length = sign != NULL ? (size_t)(sign - param) : 0;

    if (length == 0) {
        return host_fail(host, YOKE_INVALID, "parameter \"%.60s\": must be NAME=VALUE", param);
    }
    const int status = find(host, param, length, &parameter, others, sizeof others);
    if (status == YOKE_BAD_IMAGE) {
        char text[200];
        (void)yoke_refusal_text(&host->refusal, text, sizeof text);
        return host_fail(host, status, "%s", text);
    }
    if (status != YOKE_OK) {
        return host_fail(host, YOKE_INVALID,
                         "parameter \"%.*s\": the firmware's table has none of this name%s%s",
                         (int)(length < 60 ? length : 60), param,
                         others[0] != '\0' ? "; it has: " : "", others);
    }
    // The name, its NUL, and behind it the bytes of the value.
    memcpy(room, param, length);
    room[length] = '\0';
    *value = (struct yoke_parameter){.name = room, .kind = parameter.kind};
    if (!parse_value(sign + 1, (uint8_t *)room + length + 1, value)) {
        return host_fail(host, YOKE_INVALID, "parameter \"%s\": \"%.60s\" is not %s", room,
                         sign + 1, kinds[parameter.kind]);
    }
    for (const struct yoke_parameter *other = host->params; other != value; other++) {
        if (strcmp(other->name, room) == 0) {
            return host_fail(host, YOKE_INVALID, "parameter \"%s\": has two values", room);
        }
    }
    return YOKE_OK;
}

int host_take_params(struct yoke_host *host)
{
    const uint32_t count = host->options.param_count;
    size_t size = 1;

    if (count > YOKE_HOST_PARAMS) {
        return host_fail(host, YOKE_INVALID, "%u parameters: at most %u", count, YOKE_HOST_PARAMS);
    }
    if (count != 0 && host->options.attach) {
        return host_fail(host, YOKE_INVALID,
                         "parameter \"%.60s\": the core runs already, and keeps the values that it "
                         "was loaded with",
                         host->options.params[0]);
    }
    for (uint32_t i = 0; i < count; i++) {
        size += strlen(host->options.params[i]) + 1;
    }
    host->param_bytes = malloc(size);
    if (host->param_bytes == NULL) {
        return host_fail(host, YOKE_NO_SPACE, "no memory for parameters");
    }
    char *room = (char *)host->param_bytes;
    for (uint32_t i = 0; i < count; i++) {
        const int status = take(host, host->options.params[i], room, &host->params[i]);
        if (status != YOKE_OK) {
            return status;
        }
        room += strlen(host->options.params[i]) + 1;
    }
    return YOKE_OK;
}
