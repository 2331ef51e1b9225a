// SPDX-License-Identifier: BSD-3-Clause
/// \file table.h
/// What the files of `yoke table` share: a firmware file's tables, read once, and findings.
#ifndef YOKE_TOOL_TABLE_H
#define YOKE_TOOL_TABLE_H

#include "entry.h"
#include "tool.h"

/// "Nowhere": the address of a table that came as bare bytes.
#define NOWHERE UINT64_MAX

/// One resource table.
struct table {
    struct yoke_rsc rsc;            ///< Opened, if `refusal` says nothing.
    struct yoke_bytes bytes;        ///< All that there is of it.
    uint32_t version;               ///< 1 or 2.
    uint64_t da;                    ///< Where the image has it, or NOWHERE.
    struct yoke_rsc_entry *entries; ///< Those that could be read.
    uint32_t count;
    struct yoke_refusal refusal; ///< `part` is NULL if nothing was refused.
};

/// A file: an ELF, or a bare table.
struct subject {
    const char *path;
    struct yoke_bytes file;
    bool raw; ///< A bare table: `elf` and `segments` mean nothing.
    struct yoke_elf elf;
    struct yoke_segment *segments; ///< Those that are loaded.
    uint32_t segment_count;
    struct table tables[2];
    uint32_t table_count;
};

/// Reads a file and its tables, or with `version` 1 or 2 only that table. `raw`: bare bytes.
///
/// Returns TOOL_OK, tables that are refused included; or another exit code, having said why.
/// subject_close() is due after failures too.
int subject_open(struct subject *subject, const char *path, bool raw, uint32_t version);
void subject_close(struct subject *subject);

/// Reads a table of a known version, lying at `da`; its bytes stay the caller's. Returns TOOL_OK, a
/// refusal included, or TOOL_RESOURCES, having said why. table_close() is due in any case.
int table_open(struct table *table, uint32_t version, struct yoke_bytes bytes, uint64_t da);
void table_close(struct table *table);

/// The table of a version, or NULL.
const struct table *subject_table(const struct subject *subject, uint32_t version);

/// The table that a host which knows all versions uses: the last one. NULL if there is none.
const struct table *subject_best(const struct subject *subject);

/// Vdevs before entry `index`.
uint32_t table_vdevs(const struct table *table, uint32_t index);

// ---- Findings

enum severity {
    NOTE,    ///< Worth knowing.
    WARNING, ///< Works somewhere, but is likely a mistake.
    PROBLEM, ///< Does not work.
};

/// What was found, with what to change.
struct finding {
    enum severity severity;
    const char *code; ///< A word for programs, such as "overlap".
    char text[400];
    char hint[300]; ///< "" if there is nothing to change.
};

struct findings {
    struct finding *list;
    uint32_t count;
    bool lost; ///< There was no memory for one. Counts as a problem.
};

/// Adds a finding: the text, then "\n" and the hint if there is one.
void findings_add(struct findings *findings, enum severity severity, const char *code,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/// How many there are, as severe as this.
uint32_t findings_count(const struct findings *findings, enum severity severity);

/// Prints each as "PREFIX error: text [code]", and its hint. Of those below `least` nothing.
void findings_print(const struct findings *findings, enum severity least, const char *prefix);
cJSON *findings_json(const struct findings *findings);
void findings_free(struct findings *findings);

/// What is odd about the tables themselves, and where two of one image do not agree.
void table_review(const struct subject *subject, struct findings *findings);

/// Adds a problem for each thing that the two tables of an image do not agree on (T2-60).
void tables_agree(const struct table *first, const struct table *second, struct findings *findings);

// ---- Memory

/// A range of device addresses that the image or a table asks for.
struct range {
    uint64_t da; ///< YOKE_ADDR_ANY: wherever the loader puts it.
    uint64_t size;
    enum range_kind {
        RANGE_SEGMENT,
        RANGE_CARVEOUT,
        RANGE_DEVMEM,
        RANGE_TABLE,    ///< The loaded table itself.
        RANGE_VARIABLE, ///< Trace, parameter, locks, states: may lie in a segment or carveout.
        RANGE_RING,
        RANGE_BUFFERS,
    } kind;
    uint32_t owner; ///< The table entry's or segment's number.
    uint32_t queue; ///< Rings and buffers: the queue; buffers of all queues: of the first.
    uint32_t vdev;  ///< Rings and buffers: vdevs before theirs.
    char what[160]; ///< "vring 0 of vdev 0".
};

struct ranges {
    struct range *list; ///< By address; those without one last.
    uint32_t count;
};

/// All ranges of the segments and of one table, which may be NULL. False if there is no memory.
bool ranges_make(struct ranges *ranges, const struct subject *subject, const struct table *table);
void ranges_free(struct ranges *ranges);

/// True if two ranges share bytes and must not.
bool ranges_clash(const struct range *a, const struct range *b);

/// Draws them: a bar each, gaps and overlaps between them.
void ranges_draw(const struct ranges *ranges);
cJSON *ranges_json(const struct ranges *ranges);

// ---- What the command does

/// All tables as trees, and the memory that they ask for.
void table_show(const struct subject *subject);
void table_json(const struct subject *subject, cJSON *json);

/// All about a refusal: part, field, value, bound, where, the rule, and what to change.
void table_explain(const struct subject *subject, const struct table *table);
cJSON *table_explain_json(const struct subject *subject, const struct table *table);

/// Where two tables differ, entry by entry. Returns how many; each has "entry", "field", "from" and
/// "to" in `array`, NULL where one has no such entry or field.
uint32_t table_differences(const struct table *from, const struct table *to, cJSON *array);

/// The differences of two files, printed or into `json`. Returns an exit code.
int table_diff(const struct subject *from, const struct subject *to, cJSON *json);

/// Writes the version-2 table that says what the file's version-1 table does. Returns an exit code.
int table_convert(const struct subject *subject, const char *path, struct findings *findings,
                  cJSON *json);

// ---- Against a device tree

/// Memory that the core and the host call by different addresses.
struct board_map {
    uint64_t da;
    uint64_t pa;
    uint64_t size;
};

#define BOARD_MAPS 16u

struct board_options {
    const char *path;    ///< The device tree blob; NULL: none.
    const char *node;    ///< The core's node, path or alias; NULL: to be found.
    const char *overlay; ///< Where to write what is missing; NULL: to stdout.
    struct board_map maps[BOARD_MAPS];
    uint32_t map_count;
};

/// Holds an image against a device tree. `*source`: device tree source of an overlay that adds what
/// is missing, to be freed; NULL if nothing is. Returns TOOL_OK, findings included; another exit
/// code, having said why.
int table_against(const struct subject *subject, const struct board_options *options,
                  struct findings *findings, char **source, cJSON *json);

// ---- The command line

enum table_mode { TABLE_SHOW, TABLE_DIFF, TABLE_CONVERT, TABLE_CHECK };

struct table_options {
    enum table_mode mode;
    bool raw;
    bool strict;
    bool as_json;
    uint32_t only;      ///< 1, 2, or 0: every version.
    const char *output; ///< TABLE_CONVERT: where to.
    struct board_options board;
    char **files;
    int file_count;
};

/// Parses the command line; moves the names of files to the front of `argv`. Returns TOOL_OK, or
/// TOOL_USAGE, having said why.
int table_parse(struct table_options *options, int argc, char **argv);

#endif
