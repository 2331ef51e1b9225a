// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/host.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "host_internal.h"

/// Messages that one poll delivers, before it looks at other things.
#define BUDGET 64u

uint64_t yoke_host_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// ------------------------------------------------------------------------------------ file to plan

static int refuse(struct yoke_host *host, const char *path)
{
    char text[200];

    (void)yoke_refusal_text(&host->refusal, text, sizeof text);
    return host_fail(host, YOKE_BAD_IMAGE, "%s: %s", path, text);
}

int host_make_plan(struct yoke_host *host, const struct yoke_region *regions, uint32_t region_count,
                   uint32_t versions, struct yoke_bytes table)
{
    const struct yoke_plan_options options = {
        .versions = versions,
        .known = host->options.known,
        .parameters = host->params,
        .parameter_count = host->options.param_count,
        .chips = host->options.chips,
        .driver = host->options.driver,
        .devicetree = host->options.devicetree,
        .attach = host->options.attach,
        .table = table,
    };

    host->plan.areas = host->areas;
    host->plan.area_max = YOKE_HOST_AREAS;
    host->plan.notes = host->notes;
    host->plan.note_max = YOKE_HOST_NOTES;
    return yoke_plan_make(&host->plan, &host->elf, regions, region_count, &options, &host->refusal);
}

static int make_plan(struct yoke_host *host, const char *path, const struct yoke_region *regions,
                     uint32_t region_count)
{
    const int status =
        host_make_plan(host, regions, region_count, host->options.versions, yoke_bytes(NULL, 0));

    return status == YOKE_OK ? YOKE_OK : refuse(host, path);
}

/// Opens the ELF file for a kind of machine, or, if NULL, for the one of that name, or, if that is
/// NULL too, for the one that the file is for.
static int open_image(struct yoke_host *host, const char *path,
                      const struct yoke_machine_kind *kind, const char *machine)
{
    char board[64];

    if (kind != NULL) {
        host->kind = kind;
    } else if (machine != NULL) {
        host->kind = yoke_machine_find(machine);
        if (host->kind == NULL) {
            return host_fail(host, YOKE_INVALID, "there is no machine \"%s\"", machine);
        }
    } else {
        if (yoke_elf_open(&host->elf, host->file, NULL, 0, &host->refusal) != YOKE_OK) {
            return refuse(host, path);
        }
        host->kind = yoke_machine_for(&host->elf);
        yoke_machine_board(&host->elf, board, sizeof board);
        if (host->kind == NULL && board[0] != '\0') {
            return host_fail(host, YOKE_BAD_IMAGE,
                             "%s: built for board \"%s\", and no machine runs that", path, board);
        }
        if (host->kind == NULL) {
            host->kind = yoke_machine_kinds[0]; // It refuses the file in words.
        }
    }
    if (yoke_elf_open(&host->elf, host->file, host->kind->target, 1, &host->refusal) != YOKE_OK) {
        return refuse(host, path);
    }
    yoke_machine_board(&host->elf, board, sizeof board);
    if (board[0] != '\0' && strcmp(board, host->kind->board) != 0) {
        return host_fail(host, YOKE_BAD_IMAGE,
                         "%s: built for board \"%s\", but machine %s runs firmware for \"%s\"",
                         path, board, host->kind->name, host->kind->board);
    }
    return YOKE_OK;
}

int yoke_host_plan(struct yoke_host *host, const char *path,
                   const struct yoke_host_options *options)
{
    *host = (struct yoke_host){0};
    if (options != NULL) {
        host->options = *options;
    }
    const int error = yoke_file_read(path, &host->file);
    if (error != 0) {
        return host_fail(host, YOKE_NOT_FOUND, "%s: %s", path, strerror(error));
    }
    int status = open_image(host, path, host->options.kind, host->options.machine);
    if (status == YOKE_OK) {
        status = host_take_params(host);
    }
    return status == YOKE_OK ? make_plan(host, path, host->kind->map, host->kind->map_count)
                             : status;
}

// ------------------------------------------------------------------------- what the machine does

static int do_stop(void *context)
{
    struct yoke_host *const host = context;

    host->machine->ops->stop(host->machine);
    host->locks_freed += yoke_locks_reclaim(&host->plan, &host->port);
    return YOKE_OK;
}

static int do_load(void *context)
{
    struct yoke_host *const host = context;

    // A boot loader, or a host that died, may have left it running, with locks that it holds.
    (void)do_stop(host);
    return yoke_load(&host->plan, &host->port);
}

static int do_start(void *context)
{
    struct yoke_host *const host = context;
    const int status = host->machine->ops->start(host->machine, host->plan.entry);

    return status == YOKE_OK ? YOKE_OK : host_fail(host, status, "%s", host->machine->error);
}

static const struct yoke_rproc_ops rproc_ops = {.stop = do_stop,
                                                .load = do_load,
                                                .start = do_start,
                                                .attach = host_do_attach,
                                                .detach = host_do_detach};

static void notify(void *context, uint32_t notify_id)
{
    struct yoke_host *const host = context;

    host->machine->ops->notify(host->machine, notify_id);
}

int yoke_host_open(struct yoke_host *host, const char *path,
                   const struct yoke_host_options *options)
{
    int status = yoke_host_plan(host, path, options);
    if (status != YOKE_OK) {
        return status;
    }
    if (!host->kind->here(host->error, sizeof host->error)) {
        return YOKE_UNSUPPORTED;
    }
    host->machine = host->kind->open(host->error, sizeof host->error);
    if (host->machine == NULL) {
        return YOKE_NO_SPACE;
    }
    status = make_plan(host, path, host->machine->regions, host->machine->region_count);
    if (status != YOKE_OK) {
        return status;
    }
    host->port = (struct yoke_port){.notify = notify, .context = host};
    if (host->options.attach) {
        yoke_rproc_init(&host->rproc, &rproc_ops, host, YOKE_DETACHED);
        status = host_compare(host);
        return status != YOKE_OK ? status : host_make_link(host);
    }
    yoke_rproc_init(&host->rproc, &rproc_ops, host, YOKE_OFFLINE);
    // The link takes the device's description from the table as the file has it.
    status = yoke_rproc_event(&host->rproc, YOKE_EVENT_LOAD);
    return status != YOKE_OK
               ? host_fail(host, status, "%s: not loaded: %s", path, yoke_status_text(status))
               : host_make_link(host);
}

int yoke_host_boot(struct yoke_host *host)
{
    int status;

    if (host->machine == NULL) {
        return host_fail(host, YOKE_INVALID, "there is a plan only, and no machine");
    }
    if (host->plan.attach) {
        return host_fail(host, YOKE_UNSUPPORTED,
                         "opened to attach: to load the firmware, open it without");
    }
    yoke_host_stop(host);
    if (host->rproc.state != YOKE_READY) {
        status = yoke_rproc_event(&host->rproc, YOKE_EVENT_LOAD);
        if (status != YOKE_OK) {
            return host_fail(host, status, "not loaded: %s", yoke_status_text(status));
        }
    }
    return host_bring_up(host, YOKE_EVENT_START);
}

int host_bring_up(struct yoke_host *host, enum yoke_event event)
{
    host_start_traces(host, event == YOKE_EVENT_ATTACH);
    host->tail_size = 0;
    host->tail[0] = '\0';
    host->error[0] = '\0';
    int status = yoke_rproc_event(&host->rproc, event);
    if (status != YOKE_OK) {
        return status;
    }
    host_start_power(host);
    if (host->linked) {
        status = yoke_link_start(&host->link);
        if (status != YOKE_OK) {
            yoke_host_stop(host);
            return host_fail(host, status, "the link did not come up: %s",
                             yoke_status_text(status));
        }
    }
    return YOKE_OK;
}

void yoke_host_stop(struct yoke_host *host)
{
    if (!yoke_host_runs(host) && host->rproc.state != YOKE_CRASHED) {
        return;
    }
    yoke_host_read_trace(host);
    // The device is let go of before its core is halted (LIFE-8), and the link taken down after:
    // then nothing can write to it any more.
    if (host->linked) {
        yoke_vdev_driver_reset(&host->vdev);
    }
    (void)yoke_rproc_event(&host->rproc, YOKE_EVENT_STOP);
    if (host->linked) {
        yoke_link_close(&host->link);
    }
}

void yoke_host_close(struct yoke_host *host)
{
    if (host->machine != NULL) {
        // What cannot run on without a host is stopped.
        if (host->rproc.state != YOKE_ATTACHED || yoke_host_detach(host) == YOKE_UNSUPPORTED) {
            yoke_host_stop(host);
        }
        host->machine->ops->close(host->machine);
        host->machine = NULL;
    }
    free(host->link_memory);
    host->link_memory = NULL;
    host->linked = false;
    free(host->param_bytes);
    host->param_bytes = NULL;
    free(host->table);
    host->table = NULL;
    yoke_file_free(&host->file);
}

// ----------------------------------------------------------------------------------------- waiting

int yoke_host_poll(struct yoke_host *host)
{
    int done = 0;

    if (yoke_host_runs(host)) {
        const uint32_t rings = host->machine->ops->take_rings(host->machine);
        if (host->linked) {
            done = yoke_link_poll(&host->link, BUDGET);
        }
        if (host_trace_rang(host, rings) || yoke_host_clock() / 1000000u >= host->trace_due) {
            yoke_host_read_trace(host);
        }
    }
    if (done <= 0 && !host_alive(host)) {
        return YOKE_DOWN;
    }
    if (done == YOKE_BAD_PEER) {
        return host_fail(host, done, "the firmware broke the link: %s",
                         yoke_link_fault_text(yoke_link_fault(&host->link)));
    }
    return done > 0 ? 1 : 0;
}

int yoke_host_wait_all(struct yoke_host *const *hosts, size_t count, int timeout_ms, int other_fd)
{
    struct yoke_machine *machines[YOKE_MACHINE_WAIT_MAX];
    const uint64_t end = yoke_host_clock() / 1000000u + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
    enum yoke_machine_wake wake;
    bool more = false;
    bool tracing = false;

    if (count > YOKE_MACHINE_WAIT_MAX) {
        return YOKE_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        machines[i] = hosts[i]->machine;
        more |= yoke_host_poll(hosts[i]) != 0;
        tracing |= yoke_host_runs(hosts[i]) && host_polls_trace(hosts[i]);
    }
    while (!more) {
        const uint64_t now = yoke_host_clock() / 1000000u;
        int slice = timeout_ms < 0 ? -1 : now < end ? (int)(end - now) : 0;
        if (tracing && (slice < 0 || slice > TRACE_MS)) {
            slice = TRACE_MS;
        }
        wake = yoke_machine_wait(machines, count, slice, other_fd);
        for (size_t i = 0; i < count; i++) {
            more |= yoke_host_poll(hosts[i]) != 0;
        }
        if (wake != YOKE_MACHINE_TIMEOUT) {
            return wake == YOKE_MACHINE_EVENT ? 1 : 0;
        }
        if (timeout_ms >= 0 && yoke_host_clock() / 1000000u >= end) {
            return 0;
        }
    }
    return 1;
}

int yoke_host_wait(struct yoke_host *host, int timeout_ms)
{
    const int happened = yoke_host_wait_all(&host, 1, timeout_ms, -1);

    if (!yoke_host_runs(host)) {
        return YOKE_DOWN;
    }
    if (host->linked && yoke_link_fault(&host->link) != YOKE_FAULT_NONE) {
        return YOKE_BAD_PEER;
    }
    return happened;
}

const struct yoke_service *yoke_host_find(struct yoke_host *host, const char *name, int timeout_ms)
{
    const uint64_t end = yoke_host_clock() + (uint64_t)timeout_ms * 1000000u;

    for (;;) {
        const struct yoke_service *const service =
            host->linked ? yoke_ns_find(&host->ns, name) : NULL;
        const uint64_t now = yoke_host_clock();
        if (service != NULL) {
            return service;
        }
        if (now >= end) {
            (void)host_fail(host, YOKE_NOT_FOUND, "no service \"%.31s\" within %d ms", name,
                            timeout_ms);
            return NULL;
        }
        if (yoke_host_wait(host, (int)((end - now) / 1000000u) + 1) < 0) {
            return NULL;
        }
    }
}
