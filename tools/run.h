// SPDX-License-Identifier: BSD-3-Clause
/// \file run.h
/// What the files of yoke run share.
#ifndef YOKE_TOOL_RUN_H
#define YOKE_TOOL_RUN_H

#include "tool.h"

#define HOSTS_MAX 16
#define PINGS_MAX 32
#define SENDS_MAX 32
#define TIMEOUT_MS 2000
#define STOP_MS 500 ///< For firmware to come to its end, if it offers that.

/// One line of trace under construction, for each firmware.
struct line {
    char text[256];
    size_t size;
};

/// One --send.
struct tool_send {
    char service[YOKE_RPMSG_NAME_SIZE];
    const char *text;
};

struct run {
    struct yoke_host *hosts[HOSTS_MAX];
    const char *paths[HOSTS_MAX];
    struct line lines[HOSTS_MAX];
    size_t count;
    struct tool_ping pings[PINGS_MAX];
    size_t ping_count;
    struct tool_send sends[SENDS_MAX];
    size_t send_count;
    bool trace;
    bool dry_run;
    bool as_json;
    bool attach;                          ///< The firmware runs already, and is left running.
    const char *machine;                  ///< Of --machine, or NULL.
    const char *params[YOKE_HOST_PARAMS]; ///< Of --param.
    uint32_t param_count;
    double seconds; ///< Of --for, or negative.
    int timeout_ms;
    int signal_fd;
    bool interrupted;
    double first_service_ms; ///< Since the start of the program, or negative.
    cJSON *json;             ///< What --json prints.
    cJSON *services;
    cJSON *traces;
};

/// Milliseconds since the program started.
double run_clock_ms(void);

/// Which of the run's hosts it is.
size_t run_index(const struct run *run, const struct yoke_host *host);

/// Begins a line about a firmware, which is named if there are several.
void run_begin_line(const struct run *run, const struct yoke_host *host);

/// Shows a line of trace that is not complete yet.
void run_end_line(struct run *run, struct yoke_host *host);

/// Lets time pass: `context` is the run. Returns false if the user wants to stop.
bool run_wait(void *context, int timeout_ms);

/// Whether all firmwares are well. Returns TOOL_OK, or TOOL_FAILED having said why.
int run_check_all(const struct run *run);

/// Parses SERVICE:TEXT, which must outlive `send`. Returns false, having said why.
bool tool_send_parse(struct tool_send *send, const char *text);

/// Sends it, and shows the answer. Returns TOOL_OK, or TOOL_FAILED having said why.
int run_send(struct run *run, const struct tool_send *send, struct yoke_host *host, uint32_t addr);

// Called by the host library.
void run_on_trace(struct yoke_host *host, const char *text, size_t size, void *context);
void run_on_service(struct yoke_host *host, const struct yoke_service *service, bool up,
                    void *context);

void run_show_plans(const struct run *run);

/// Shows, after an error, what the firmware said last.
void run_show_tail(struct yoke_host *host);

/// Shows a ping's result.
void run_show_ping(struct run *run, const struct tool_ping *ping);

// The steps. Each returns an exit code, and has said why if it is not TOOL_OK.
int run_open_all(struct run *run);
int run_boot_all(struct run *run);
/// Waits until every firmware that can has offered a service.
int run_await_all(struct run *run);
int run_ping_all(struct run *run);
int run_send_all(struct run *run);
/// Stops all, or leaves them running if they were attached.
int run_stop_all(struct run *run);
/// Runs on, as long as the user wants.
int run_linger(struct run *run);

#endif
