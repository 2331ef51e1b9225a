// SPDX-License-Identifier: BSD-3-Clause
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

char *tool_clean(char *to, size_t to_size, const char *from, size_t from_size)
{
    size_t used = 0;

    for (size_t i = 0; i < from_size && used + 5 <= to_size; i++) {
        const unsigned char c = (unsigned char)from[i];
        if (c >= 0x20 && c < 0x7f) {
            to[used++] = (char)c;
        } else {
            used += (size_t)snprintf(to + used, to_size - used, "\\x%02x", c);
        }
    }
    to[used] = '\0';
    return to;
}

void tool_put_features(FILE *out, uint64_t features, const char *const *names, uint32_t count)
{
    const char *before = " (";

    (void)fprintf(out, "0x%llx", (unsigned long long)features);
    for (uint32_t i = 0; i < count; i++) {
        if ((features >> i & 1) != 0 && names[i] != NULL) {
            (void)fprintf(out, "%s%s", before, names[i]);
            before = ", ";
        }
    }
    if (before[0] == ',') {
        (void)fputc(')', out);
    }
}

char tool_last_error[2048];

void tool_error(const char *hint, const char *format, ...)
{
    char raw[512];
    char *const clean = tool_last_error;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    (void)fflush(stdout);
    (void)fprintf(stderr, "yoke: %s\n",
                  tool_clean(clean, sizeof tool_last_error, raw, strlen(raw)));
    if (hint != NULL) {
        (void)fprintf(stderr, "      %s\n", hint);
    }
}

enum tool_exit tool_host_failed(const struct yoke_host *host, int status)
{
    switch (status) {
    case YOKE_NOT_FOUND:
        tool_error("name a firmware file, an ELF executable", "%s", host->error);
        return TOOL_REFUSED;
    case YOKE_BAD_IMAGE:
        tool_error("look closer with: yoke inspect FIRMWARE", "%s", host->error);
        return TOOL_REFUSED;
    case YOKE_NO_SPACE:
        tool_error("free memory, or raise the limit (ulimit -a)", "%s", host->error);
        return TOOL_RESOURCES;
    case YOKE_INVALID:
        tool_error("try: yoke machines, or yoke inspect FIRMWARE", "%s", host->error);
        return TOOL_USAGE;
    case YOKE_UNSUPPORTED:
        tool_error("try: yoke machines", "%s", host->error);
        return TOOL_RESOURCES;
    default:
        tool_error(NULL, "%s", host->error);
        return TOOL_FAILED;
    }
}

const char *tool_processor(uint16_t machine, char *text, size_t size)
{
    switch (machine) {
    case YOKE_EM_ARM:
        return "Arm";
    case YOKE_EM_X86_64:
        return "x86-64";
    case YOKE_EM_AARCH64:
        return "aarch64";
    case YOKE_EM_RISCV:
        return "RISC-V";
    default:
        (void)snprintf(text, size, "e_machine %u", machine);
        return text;
    }
}

const char *tool_size(uint64_t bytes, char *text, size_t size)
{
    const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    unsigned unit = 0;

    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(text, size, "%llu %s", (unsigned long long)bytes, units[unit]);
    return text;
}

const char *tool_basename(const char *path)
{
    const char *const slash = strrchr(path, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void tool_json_address(cJSON *object, const char *name, uint64_t address)
{
    char text[24];

    if (address == YOKE_ADDR_ANY) {
        (void)cJSON_AddStringToObject(object, name, "any");
        return;
    }
    (void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    (void)cJSON_AddStringToObject(object, name, text);
}

int tool_json_print(cJSON *json)
{
    char *const text = cJSON_Print(json);

    cJSON_Delete(json);
    if (text == NULL) {
        tool_error(NULL, "no memory for the JSON text");
        return TOOL_RESOURCES;
    }
    (void)puts(text);
    free(text);
    return TOOL_OK;
}
