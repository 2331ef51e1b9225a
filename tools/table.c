// SPDX-License-Identifier: BSD-3-Clause
// yoke table: shows, checks, compares and converts resource tables.
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char tool_table_help[] =
    "usage: yoke table [OPTION...] FILE\n"
    "       yoke table --diff [OPTION...] FILE FILE\n"
    "       yoke table --check [OPTION...] FILE...\n"
    "\n"
    "Shows the resource tables of a firmware file, version 1 and 2, as trees, and the memory that\n"
    "they ask for. Says what is wrong with them. Runs nothing.\n"
    "\n"
    "options:\n"
    "  --raw             files are bare tables, not ELF executables\n"
    "  --only 1|2        only the table of this version\n"
    "  --diff            what differs between the tables of two files\n"
    "  --convert OUT     writes the table of version 1 to file OUT, as version 2\n"
    "  --check           for scripts: prints only what is wrong, of any number of files\n"
    "  --strict          with --check: warnings count as errors\n"
    "  --against DTB     holds the firmware against a device tree, a blob, and shows what nodes\n"
    "                    for reserved memory would fit, as the source of an overlay\n"
    "  --overlay OUT     with --against: writes that source to file OUT\n"
    "  --node PATH       with --against: the core's node, if the tree has several\n"
    "  --map DA=PA:SIZE  with --against: the core knows memory at PA as DA; may be repeated\n"
    "  --json            one JSON object on stdout\n"
    "  --help            this text\n"
    "\n"
    "exit codes:\n"
    "  0  done; --diff: no difference; --check and --against: no error found\n"
    "  1  --diff: they differ; --check and --against: errors found; with --strict: or warnings\n"
    "  2  the command line makes no sense\n"
    "  3  a file cannot be read, has no table, or one that is refused: all about that is shown\n"
    "  4  no memory to be had, a file cannot be written, or --against is not built in\n";

// ---------------------------------------------------------------------------------------- one file

/// Opens a file that has to have a table.
static int open_subject(struct subject *subject, const struct table_options *options,
                        const char *path)
{
    const int status = subject_open(subject, path, options->raw, options->only);

    if (status == TOOL_OK && subject->table_count == 0) {
        tool_error("link it with a table (yoke/table.h), or see what it has: yoke inspect FILE",
                   "%s: has no resource table%s", path,
                   options->only != 0 ? " of that version" : "");
        return TOOL_REFUSED;
    }
    return status;
}

/// The first table that is refused, or NULL.
static const struct table *refused_table(const struct subject *subject)
{
    for (uint32_t i = 0; i < subject->table_count; i++) {
        if (subject->tables[i].refusal.part != NULL) {
            return &subject->tables[i];
        }
    }
    return NULL;
}

/// Reports the refusal, if there is one.
static int report_refusal(const struct subject *subject, bool explain)
{
    const struct table *const table = refused_table(subject);
    char text[200];

    if (table == NULL) {
        return TOOL_OK;
    }
    if (explain) {
        table_explain(subject, table);
    }
    (void)yoke_refusal_text(&table->refusal, text, sizeof text);
    tool_error(explain ? "change the table as said above, and build it anew"
                       : "look closer with: yoke table FILE",
               "%s: table version %u: %s", subject->path, table->version, text);
    return TOOL_REFUSED;
}

/// TOOL_FAILED if there is something that counts as an error.
static int judge(const struct findings *findings, bool strict)
{
    return findings_count(findings, PROBLEM) != 0 ||
                   (strict && findings_count(findings, WARNING) != 0)
               ? TOOL_FAILED
               : TOOL_OK;
}

static int write_source(const char *path, const char *source)
{
    FILE *const file = fopen(path, "w");

    if (file == NULL || fputs(source, file) < 0 || fclose(file) != 0) {
        tool_error("free space, or name another file after --overlay", "%s: cannot be written: %s",
                   path, strerror(errno));
        return TOOL_RESOURCES;
    }
    return TOOL_OK;
}

/// Against the device tree, if there is one. Prints nothing but errors; `*source` is to be freed.
static int hold_against(const struct subject *subject, const struct table_options *options,
                        struct findings *findings, char **source, cJSON *json)
{
    int status = TOOL_OK;

    if (options->board.path == NULL) {
        return TOOL_OK;
    }
    status = table_against(subject, &options->board, findings, source,
                           json != NULL ? cJSON_AddObjectToObject(json, "board") : NULL);
    if (status == TOOL_OK && options->board.overlay != NULL) {
        status = write_source(options->board.overlay, *source != NULL ? *source : "");
    }
    if (status == TOOL_OK && json != NULL && *source != NULL) {
        (void)cJSON_AddStringToObject(cJSON_GetObjectItem(json, "board"), "overlay", *source);
    }
    return status;
}

static void report_count(const struct findings *findings, const char *path)
{
    const uint32_t errors = findings_count(findings, PROBLEM);
    const uint32_t warnings = findings_count(findings, WARNING);

    tool_error("each line above says what to change", "%s: %u error%s, %u warning%s", path, errors,
               errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

/// What is found out about one file, in words or into `json`.
static int show(const struct subject *subject, const struct table_options *options, cJSON *json)
{
    struct findings findings = {0};
    const bool quiet = options->mode == TABLE_CHECK;
    char prefix[512] = "";
    char *source = NULL;

    if (json != NULL) {
        table_json(subject, json);
    } else if (!quiet) {
        table_show(subject);
    } else {
        (void)snprintf(prefix, sizeof prefix, "%s: ", subject->path);
    }
    table_review(subject, &findings);
    int status = report_refusal(subject, json == NULL);
    if (status == TOOL_OK) {
        status = hold_against(subject, options, &findings, &source, json);
    }
    if (json != NULL) {
        (void)cJSON_AddItemToObject(json, "findings", findings_json(&findings));
    } else {
        findings_print(&findings, quiet ? WARNING : NOTE, prefix);
    }
    if (json == NULL && !quiet && source != NULL && options->board.overlay == NULL) {
        (void)printf("\n%s", source);
    }
    if (status == TOOL_OK && (quiet || options->board.path != NULL)) {
        status = judge(&findings, options->strict);
        if (status != TOOL_OK) {
            report_count(&findings, subject->path);
        }
    }
    free(source);
    findings_free(&findings);
    return status;
}

static int convert(const struct subject *subject, const struct table_options *options, cJSON *json)
{
    struct findings findings = {0};
    int status = report_refusal(subject, json == NULL);

    if (status == TOOL_OK) {
        status = table_convert(subject, options->output, &findings, json);
    }
    if (json != NULL) {
        (void)cJSON_AddItemToObject(json, "findings", findings_json(&findings));
    } else {
        findings_print(&findings, NOTE, "");
    }
    findings_free(&findings);
    return status;
}

static int one_file(const struct table_options *options, const char *path, cJSON *json)
{
    struct subject subject;
    int status = open_subject(&subject, options, path);

    if (status == TOOL_OK && options->mode == TABLE_CONVERT) {
        status = convert(&subject, options, json);
    } else if (status == TOOL_OK) {
        status = show(&subject, options, json);
    }
    subject_close(&subject);
    return status;
}

static int two_files(const struct table_options *options, cJSON *json)
{
    struct subject subjects[2] = {{0}, {0}};
    int status = open_subject(&subjects[0], options, options->files[0]);

    if (status == TOOL_OK) {
        status = open_subject(&subjects[1], options, options->files[1]);
    }
    if (status == TOOL_OK) {
        status = table_diff(&subjects[0], &subjects[1], json);
        if (status == TOOL_FAILED) {
            tool_error(NULL, "%s and %s differ", subjects[0].path, subjects[1].path);
        }
    }
    subject_close(&subjects[0]);
    subject_close(&subjects[1]);
    return status;
}

/// Ends an object: the exit code, and the error if there is one.
static void end_json(cJSON *json, int status)
{
    (void)cJSON_AddNumberToObject(json, "exit_code", status);
    if (status != TOOL_OK) {
        (void)cJSON_AddStringToObject(json, "error", tool_last_error);
    }
}

static int run_check(const struct table_options *options, cJSON *json)
{
    cJSON *const files = cJSON_AddArrayToObject(json, "files");
    int worst = TOOL_OK;

    for (int i = 0; i < options->file_count; i++) {
        cJSON *const item = json != NULL ? cJSON_CreateObject() : NULL;
        (void)cJSON_AddStringToObject(item, "file", options->files[i]);
        const int status = one_file(options, options->files[i], item);
        if (item != NULL) {
            end_json(item, status);
            (void)cJSON_AddItemToArray(files, item);
        }
        worst = status > worst ? status : worst;
    }
    return worst;
}

int tool_table(int argc, char **argv)
{
    struct table_options options = {0};
    int status = table_parse(&options, argc, argv);

    if (status != TOOL_OK) {
        return status;
    }
    cJSON *const json = options.as_json ? cJSON_CreateObject() : NULL;
    if (options.mode == TABLE_CHECK) {
        status = run_check(&options, json);
    } else if (options.mode == TABLE_DIFF) {
        status = two_files(&options, json);
    } else {
        status = one_file(&options, options.files[0], json);
    }
    if (json != NULL) {
        end_json(json, status);
        const int printed = tool_json_print(json);
        status = status != TOOL_OK ? status : printed;
    }
    return status;
}
