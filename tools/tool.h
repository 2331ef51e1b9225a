// SPDX-License-Identifier: BSD-3-Clause
/// \file tool.h
/// What the subcommands of `yoke` share.
#ifndef YOKE_TOOL_H
#define YOKE_TOOL_H

#include <stdio.h>

#include <yoke/host.h>

#include <cjson/cJSON.h>

/// Exit codes, as --help says.
enum tool_exit {
    TOOL_OK = 0,
    TOOL_FAILED = 1,    ///< Something went wrong in operation.
    TOOL_USAGE = 2,     ///< The command line makes no sense.
    TOOL_REFUSED = 3,   ///< A firmware file cannot be read, or is refused.
    TOOL_RESOURCES = 4, ///< No memory, space, process or descriptor.
};

/// A subcommand: gets its own arguments, its name first.
int tool_run(int argc, char **argv);
int tool_inspect(int argc, char **argv);
int tool_machines(int argc, char **argv);
int tool_conform(int argc, char **argv);
int tool_table(int argc, char **argv);
int tool_size_command(int argc, char **argv);

extern const char tool_run_help[];
extern const char tool_inspect_help[];
extern const char tool_machines_help[];
extern const char tool_conform_help[];
extern const char tool_table_help[];
extern const char tool_size_help[];

/// When the program started, by yoke_host_clock().
extern uint64_t tool_start;

/// Writes "yoke: ..." to stderr, control characters made visible. `hint` says what to try next, and
/// may be NULL.
void tool_error(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// What tool_error() wrote last, or "".
extern char tool_last_error[];

/// Makes text from a firmware fit for a terminal and for JSON: whatever is not printable ASCII
/// becomes \\xNN. Always terminated, cut to fit. Returns `to`.
char *tool_clean(char *to, size_t to_size, const char *from, size_t from_size);

/// Prints features in hexadecimal, and behind them the names of those that have one: names[i], of
/// `count`, is that of bit i, or NULL.
void tool_put_features(FILE *out, uint64_t features, const char *const *names, uint32_t count);

/// The exit code and the hint for a failure of yoke_host_open() or yoke_host_boot().
enum tool_exit tool_host_failed(const struct yoke_host *host, int status);

/// "x86-64" and so on, or a number.
const char *tool_processor(uint16_t machine, char *text, size_t size);

/// Prints a plan: regions, and each area with a bar that shows where in its region it lies.
void tool_show_plan(const struct yoke_plan *plan);
cJSON *tool_plan_json(const struct yoke_plan *plan);

/// True if the terminal takes more than ASCII.
bool tool_is_utf8(void);

/// Draws a bar that shows where [from, from + size) lies within [0, whole), one cell at least.
void tool_bar(uint64_t from, uint64_t size, uint64_t whole, bool utf8);

/// JSON of an address: a string in hexadecimal, for numbers in JSON lose bits beyond 2^53.
void tool_json_address(cJSON *object, const char *name, uint64_t address);

/// Prints JSON to stdout and frees it. Returns TOOL_OK, or TOOL_RESOURCES if there is no memory.
int tool_json_print(cJSON *json);

/// Bytes as text, such as "64 KiB".
const char *tool_size(uint64_t bytes, char *text, size_t size);

/// The file's name without its folders.
const char *tool_basename(const char *path);

// ---- Ping

struct tool_ping {
    char service[YOKE_RPMSG_NAME_SIZE];
    uint32_t size;  ///< Bytes of payload.
    uint32_t count; ///< Round trips, in each of the two phases.
    // Results.
    uint32_t received;
    uint32_t altered;          ///< Answers that were not what was sent.
    bool no_echo;              ///< The first answer was not: the service does something else.
    double min, p50, p99, max; ///< Microseconds a round trip, one at a time.
    double rate;               ///< Messages a second, both ways together, as many as fit.
};

/// Parses SERVICE[:SIZE[:COUNT]]. Returns false, having said why, if it makes no sense.
bool tool_ping_parse(struct tool_ping *ping, const char *text);

/// How ping waits: returns false if the user wants to stop.
typedef bool tool_wait_fn(void *context, int timeout_ms);

/// Pings a service. Returns TOOL_OK or TOOL_FAILED, having said why.
int tool_ping(struct tool_ping *ping, struct yoke_host *host, uint32_t addr, int timeout_ms,
              tool_wait_fn *wait, void *context);

#endif
