// SPDX-License-Identifier: BSD-3-Clause
// Findings: what was noticed about a file, how bad it is, and what to change.
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const severities[] = {"note", "warning", "error"};

void findings_add(struct findings *findings, enum severity severity, const char *code,
                  const char *format, ...)
{
    struct finding finding = {.severity = severity, .code = code};
    char text[sizeof finding.text + sizeof finding.hint];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *const line = strchr(text, '\n');
    if (line != NULL) {
        *line = '\0';
        (void)snprintf(finding.hint, sizeof finding.hint, "%.*s", (int)sizeof finding.hint - 1,
                       line + 1);
    }
    (void)snprintf(finding.text, sizeof finding.text, "%.*s", (int)sizeof finding.text - 1, text);
    for (uint32_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->list[i].text, finding.text) == 0) {
            return; // The other table of the image has it too.
        }
    }
    struct finding *const list =
        realloc(findings->list, (findings->count + 1) * sizeof *findings->list);
    if (list == NULL) {
        findings->lost = true;
        return;
    }
    findings->list = list;
    list[findings->count++] = finding;
}

uint32_t findings_count(const struct findings *findings, enum severity severity)
{
    uint32_t count = severity == PROBLEM && findings->lost ? 1 : 0;

    for (uint32_t i = 0; i < findings->count; i++) {
        count += findings->list[i].severity == severity;
    }
    return count;
}

void findings_print(const struct findings *findings, enum severity least, const char *prefix)
{
    for (uint32_t severity = PROBLEM + 1; severity-- > least;) {
        for (uint32_t i = 0; i < findings->count; i++) {
            const struct finding *const finding = &findings->list[i];
            if (finding->severity != severity) {
                continue;
            }
            (void)printf("%s%s: %s [%s]\n", prefix, severities[severity], finding->text,
                         finding->code);
            if (finding->hint[0] != '\0') {
                (void)printf("%*s%s\n", (int)strlen(severities[severity]) + 2, "", finding->hint);
            }
        }
    }
    if (findings->lost) {
        (void)printf("%serror: there was no memory for all findings [memory]\n", prefix);
    }
}

cJSON *findings_json(const struct findings *findings)
{
    cJSON *const array = cJSON_CreateArray();

    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *const finding = &findings->list[i];
        cJSON *const json = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(json, "severity", severities[finding->severity]);
        (void)cJSON_AddStringToObject(json, "code", finding->code);
        (void)cJSON_AddStringToObject(json, "text", finding->text);
        if (finding->hint[0] != '\0') {
            (void)cJSON_AddStringToObject(json, "hint", finding->hint);
        }
        (void)cJSON_AddItemToArray(array, json);
    }
    return array;
}

void findings_free(struct findings *findings)
{
    free(findings->list);
    *findings = (struct findings){0};
}
