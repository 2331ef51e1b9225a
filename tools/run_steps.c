// SPDX-License-Identifier: BSD-3-Clause
// What yoke run does, step by step.
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "run.h"

bool run_wait(void *context, int timeout_ms)
{
    struct run *const run = context;
    struct signalfd_siginfo info;

    (void)yoke_host_wait_all(run->hosts, run->count, timeout_ms, run->signal_fd);
    if (read(run->signal_fd, &info, sizeof info) > 0) {
        run->interrupted = true;
    }
    return !run->interrupted;
}

int run_open_all(struct run *run)
{
    const struct yoke_host_options options = {
        .trace = run_on_trace,
        .service = run_on_service,
        .context = run,
        .machine = run->machine,
        .attach = run->attach,
        .params = run->params,
        .param_count = run->param_count,
    };

    for (size_t i = 0; i < run->count; i++) {
        run->hosts[i] = calloc(1, sizeof *run->hosts[i]);
        if (run->hosts[i] == NULL) {
            tool_error(NULL, "no memory");
            return TOOL_RESOURCES;
        }
        const int status = run->dry_run ? yoke_host_plan(run->hosts[i], run->paths[i], &options)
                                        : yoke_host_open(run->hosts[i], run->paths[i], &options);
        if (status != YOKE_OK) {
            return (int)tool_host_failed(run->hosts[i], status);
        }
    }
    return TOOL_OK;
}

int run_boot_all(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const int status =
            run->attach ? yoke_host_attach(run->hosts[i]) : yoke_host_boot(run->hosts[i]);
        if (status != YOKE_OK) {
            return (int)tool_host_failed(run->hosts[i], status);
        }
        if (!run->as_json) {
            run_begin_line(run, run->hosts[i]);
            (void)printf(run->attach ? "attached\n" : "booted\n");
        }
    }
    return TOOL_OK;
}

static int died(struct yoke_host *host)
{
    tool_error(NULL, "%s", host->error);
    run_show_tail(host);
    return TOOL_FAILED;
}

int run_check_all(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (!yoke_host_runs(run->hosts[i])) {
            return died(run->hosts[i]);
        }
        if (run->hosts[i]->linked && yoke_link_fault(&run->hosts[i]->link) != YOKE_FAULT_NONE) {
            tool_error(NULL, "the firmware broke the link: %s",
                       yoke_link_fault_text(yoke_link_fault(&run->hosts[i]->link)));
            run_show_tail(run->hosts[i]);
            return TOOL_FAILED;
        }
    }
    return TOOL_OK;
}

/// Finds a service by its name, or any if that is NULL, on one host, or on any if that is NULL.
static const struct yoke_service *find_service(const struct run *run, const char *name,
                                               const struct yoke_host *only,
                                               struct yoke_host **found)
{
    for (size_t i = 0; i < run->count; i++) {
        struct yoke_host *const host = run->hosts[i];
        if (!host->linked || (only != NULL && host != only)) {
            continue;
        }
        *found = host;
        if (name == NULL && host->ns.count != 0) {
            return host->services;
        }
        const struct yoke_service *const service =
            name != NULL ? yoke_ns_find(&host->ns, name) : NULL;
        if (service != NULL) {
            return service;
        }
    }
    return NULL;
}

static int no_service(const struct run *run, const char *name, const struct yoke_host *only)
{
    if (name != NULL) {
        tool_error("check the name; --timeout MS waits longer",
                   "no firmware offered service \"%s\" within %d ms", name, run->timeout_ms);
    } else {
        tool_error("it may hang while it boots; --timeout MS waits longer",
                   "%s never got ready: it offered no service within %d ms",
                   run->paths[run_index(run, only)], run->timeout_ms);
    }
    for (size_t i = 0; i < run->count; i++) {
        if (only == NULL || run->hosts[i] == only) {
            run_show_tail(run->hosts[i]);
        }
    }
    return TOOL_FAILED;
}

/// Waits until a service is there, as find_service(). If the user stops it, `*found` is NULL.
static int await_service(struct run *run, const char *name, const struct yoke_host *only,
                         struct yoke_host **found, uint32_t *addr)
{
    const uint64_t deadline = yoke_host_clock() + (uint64_t)run->timeout_ms * 1000000u;

    while (!run->interrupted) {
        const int status = run_check_all(run);
        if (status != TOOL_OK) {
            return status;
        }
        const struct yoke_service *const service = find_service(run, name, only, found);
        if (service != NULL) {
            *addr = service->addr;
            return TOOL_OK;
        }
        const uint64_t now = yoke_host_clock();
        if (now >= deadline) {
            return no_service(run, name, only);
        }
        (void)run_wait(run, (int)((deadline - now) / 1000000u) + 1);
    }
    *found = NULL;
    return TOOL_OK;
}

int run_await_all(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        struct yoke_host *const host = run->hosts[i];
        struct yoke_host *found;
        uint32_t addr;
        if (!host->linked || (yoke_link_features(&host->link) & YOKE_F_RPMSG_NS) == 0) {
            continue; // It has no way to offer a service.
        }
        const int status = await_service(run, NULL, host, &found, &addr);
        if (status != TOOL_OK) {
            return status;
        }
    }
    if (run->as_json) {
        (void)cJSON_AddNumberToObject(run->json, "first_service_ms", run->first_service_ms);
    } else if (run->first_service_ms >= 0) {
        (void)printf("first service %.1f ms after the start of yoke run\n", run->first_service_ms);
    }
    (void)fflush(stdout);
    return TOOL_OK;
}

int run_ping_all(struct run *run)
{
    (void)cJSON_AddArrayToObject(run->json, "pings");
    for (size_t i = 0; i < run->ping_count; i++) {
        struct tool_ping *const ping = &run->pings[i];
        struct yoke_host *host = NULL;
        uint32_t addr = 0;
        int status = await_service(run, ping->service, NULL, &host, &addr);
        if (status != TOOL_OK) {
            return status;
        }
        if (host == NULL) {
            tool_error(NULL, "ping %s: interrupted before it began", ping->service);
            return TOOL_FAILED;
        }
        status = tool_ping(ping, host, addr, run->timeout_ms, run_wait, run);
        if (status != TOOL_OK) {
            if (host->rproc.state == YOKE_CRASHED) {
                run_show_tail(host);
            }
            return status;
        }
        run_show_ping(run, ping);
    }
    return TOOL_OK;
}

int run_send_all(struct run *run)
{
    (void)cJSON_AddArrayToObject(run->json, "sent");
    for (size_t i = 0; i < run->send_count; i++) {
        struct yoke_host *host = NULL;
        uint32_t addr = 0;
        int status = await_service(run, run->sends[i].service, NULL, &host, &addr);
        if (status == TOOL_OK && host != NULL) {
            status = run_send(run, &run->sends[i], host, addr);
        }
        if (status != TOOL_OK) {
            return status;
        }
    }
    return TOOL_OK;
}

int run_linger(struct run *run)
{
    const uint64_t end =
        tool_start + (run->seconds >= 0 ? (uint64_t)(run->seconds * 1e9) : UINT64_MAX / 2);

    if (run->ping_count + run->send_count != 0 && run->seconds < 0) {
        return TOOL_OK;
    }
    while (!run->interrupted) {
        const uint64_t now = yoke_host_clock();
        const int status = run_check_all(run);
        if (status != TOOL_OK || now >= end) {
            return status;
        }
        const uint64_t left_ms = (end - now) / 1000000u + 1;
        (void)run_wait(run, left_ms < 1000 ? (int)left_ms : 1000);
    }
    return TOOL_OK;
}

int run_stop_all(struct run *run)
{
    int result = TOOL_OK;

    for (size_t i = 0; i < run->count; i++) {
        if (run->attach && yoke_host_runs(run->hosts[i])) {
            const int status = yoke_host_detach(run->hosts[i]);
            result = status != YOKE_OK ? (int)tool_host_failed(run->hosts[i], status) : result;
        } else {
            // Firmware that cannot come to an end by itself is stopped at once.
            (void)yoke_host_end(run->hosts[i], STOP_MS);
        }
        run_end_line(run, run->hosts[i]);
    }
    return result;
}
