// SPDX-License-Identifier: BSD-3-Clause
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "process/process.h"

/// Trace has no doorbell: it is read this often while there is nothing else to do.
#define TRACE_MS 10

/// Messages that one poll delivers, before it looks at other things.
#define BUDGET 64u

uint64_t yoke_host_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((format(printf, 3, 4))) static int fail(struct yoke_host *host, int status,
                                                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(host->error, sizeof host->error, format, arguments);
    va_end(arguments);
    return status;
}

// ------------------------------------------------------------------------------------ file to plan

static int refuse(struct yoke_host *host, const char *path)
{
    char text[200];

    (void)yoke_refusal_text(&host->refusal, text, sizeof text);
    return fail(host, YOKE_BAD_IMAGE, "%s: %s", path, text);
}

static int make_plan(struct yoke_host *host, const char *path, const struct yoke_region *regions,
                     uint32_t region_count)
{
    host->plan.areas = host->areas;
    host->plan.area_max = YOKE_HOST_AREAS;
    host->plan.notes = host->notes;
    host->plan.note_max = YOKE_HOST_NOTES;
    return yoke_plan_make(&host->plan, &host->elf, regions, region_count, NULL, &host->refusal) ==
                   YOKE_OK
               ? YOKE_OK
               : refuse(host, path);
}

int yoke_host_plan(struct yoke_host *host, const char *path)
{
    *host = (struct yoke_host){0};
    const int error = yoke_file_read(path, &host->file);
    if (error != 0) {
        return fail(host, YOKE_NOT_FOUND, "%s: %s", path, strerror(error));
    }
    if (yoke_elf_open(&host->elf, host->file, &machine_process_target, 1, &host->refusal) !=
        YOKE_OK) {
        return refuse(host, path);
    }
    return make_plan(host, path, machine_process_map,
                     sizeof machine_process_map / sizeof machine_process_map[0]);
}

// ------------------------------------------------------------------------- what the machine does

static int do_stop(void *context)
{
    struct yoke_host *const host = context;

    host->machine->ops->stop(host->machine);
    return YOKE_OK;
}

static int do_load(void *context)
{
    struct yoke_host *const host = context;

    return yoke_load(&host->plan, &host->port);
}

static int do_start(void *context)
{
    struct yoke_host *const host = context;
    const int status = host->machine->ops->start(host->machine, host->plan.entry);

    return status == YOKE_OK ? YOKE_OK : fail(host, status, "%s", host->machine->error);
}

static const struct yoke_rproc_ops rproc_ops = {
    .stop = do_stop, .load = do_load, .start = do_start};

static void notify(void *context, uint32_t notify_id)
{
    struct yoke_host *const host = context;

    host->machine->ops->notify(host->machine, notify_id);
}

// ---------------------------------------------------------------------------------------- the link

static void on_link(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    struct yoke_host *const host = context;

    (void)link;
    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&host->ns);
    }
}

static void on_service(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    struct yoke_host *const host = ns->context;

    if (host->options.service != NULL) {
        host->options.service(host, service, up, host->options.context);
    }
}

/// The first rpmsg device of the plan, or NULL.
static const struct yoke_area *rpmsg_area(const struct yoke_plan *plan)
{
    for (uint32_t i = 0; i < plan->area_count; i++) {
        const struct yoke_area *const area = &plan->areas[i];
        if (area->kind == YOKE_AREA_VDEV && area->device_id == YOKE_ID_RPMSG && area->num == 2) {
            return area;
        }
    }
    return NULL;
}

static uint32_t buckets_for(uint32_t endpoints)
{
    uint32_t buckets = 64;

    while (buckets < endpoints && buckets < (UINT32_C(1) << 30)) {
        buckets *= 2;
    }
    return buckets;
}

/// Makes the link, which comes up when the firmware is booted.
static int make_link(struct yoke_host *host)
{
    const struct yoke_plan *const plan = &host->plan;
    const struct yoke_area *const vdev = rpmsg_area(plan);
    if (vdev == NULL) {
        return YOKE_OK;
    }
    const struct yoke_area *const rx = yoke_plan_find(plan, YOKE_AREA_VRING, vdev->index, 0);
    const struct yoke_area *const tx = yoke_plan_find(plan, YOKE_AREA_VRING, vdev->index, 1);
    const struct yoke_area *const buffers = yoke_plan_find(plan, YOKE_AREA_BUFFERS, vdev->index, 0);
    if (rx == NULL || tx == NULL || buffers == NULL) {
        return fail(host, YOKE_BAD_IMAGE, "entry %u: an rpmsg device without rings", vdev->index);
    }
    const uint32_t buckets = buckets_for(host->options.endpoints);
    const size_t size = YOKE_LINK_DRIVER_BYTES(rx->num, tx->num, buckets);
    host->link_memory = calloc(1, size);
    if (host->link_memory == NULL) {
        return fail(host, YOKE_NO_SPACE, "no memory for the link: %zu bytes", size);
    }
    const struct yoke_link_config config = {
        .vdev = &host->vdev,
        .da = &host->da,
        .memory = host->link_memory,
        .memory_size = size,
        .buckets = buckets,
        .event = on_link,
        .context = host,
        .buffers = yoke_plan_at(plan, buffers),
        .buffers_pa = buffers->pa,
        .buffers_size = (size_t)buffers->size,
    };
    int status =
        yoke_vdev_open(&host->vdev, yoke_plan_at(plan, vdev), (size_t)vdev->size, &host->port);
    if (status == YOKE_OK) {
        status = yoke_link_driver_init(&host->link, &config);
    }
    if (status == YOKE_OK) {
        status = yoke_ns_listen(&host->link, &host->ns, host->services, YOKE_HOST_SERVICES,
                                on_service, host);
    }
    if (status != YOKE_OK) {
        return fail(host, status, "entry %u: no link: %s", vdev->index, yoke_status_text(status));
    }
    host->linked = true;
    return YOKE_OK;
}

static void make_windows(struct yoke_host *host)
{
    const struct machine *const machine = host->machine;
    uint32_t count = 0;

    for (uint32_t i = 0; i < machine->region_count && count < 4; i++) {
        const struct yoke_region *const region = &machine->regions[i];
        if ((region->flags & (YOKE_REGION_SHARED | YOKE_REGION_IMAGE)) != 0) {
            host->windows[count++] = (struct yoke_window){region->da, region->size, region->va};
        }
    }
    host->da = (struct yoke_mem){host->windows, count};
}

int yoke_host_open(struct yoke_host *host, const char *path,
                   const struct yoke_host_options *options)
{
    int status = yoke_host_plan(host, path);
    if (status != YOKE_OK) {
        return status;
    }
    if (options != NULL) {
        host->options = *options;
    }
    host->machine = machine_process_open(host->error, sizeof host->error);
    if (host->machine == NULL) {
        return YOKE_NO_SPACE;
    }
    status = make_plan(host, path, host->machine->regions, host->machine->region_count);
    if (status != YOKE_OK) {
        return status;
    }
    host->port = (struct yoke_port){.notify = notify, .context = host};
    yoke_rproc_init(&host->rproc, &rproc_ops, host, YOKE_OFFLINE);
    make_windows(host);
    // The link takes the device's description from the table as the file has it.
    status = yoke_rproc_event(&host->rproc, YOKE_EVENT_LOAD);
    return status != YOKE_OK
               ? fail(host, status, "%s: not loaded: %s", path, yoke_status_text(status))
               : make_link(host);
}

// ------------------------------------------------------------------------------------------- trace

static void start_traces(struct yoke_host *host)
{
    host->trace_count = 0;
    for (uint32_t i = 0; i < host->plan.area_count; i++) {
        const struct yoke_area *const area = &host->plan.areas[i];
        if (area->kind == YOKE_AREA_TRACE && host->trace_count < YOKE_HOST_TRACES) {
            yoke_trace_init(&host->traces[host->trace_count++], yoke_plan_at(&host->plan, area),
                            (size_t)area->size, &host->port);
        }
    }
}

/// Keeps the last text for error reports.
static void keep_tail(struct yoke_host *host, const char *text, size_t size)
{
    const size_t room = sizeof host->tail - 1;
    const size_t take = size < room ? size : room;
    const size_t keep = host->tail_size < room - take ? host->tail_size : room - take;

    memmove(host->tail, host->tail + host->tail_size - keep, keep);
    memcpy(host->tail + keep, text + size - take, take);
    host->tail_size = keep + take;
    host->tail[host->tail_size] = '\0';
}

/// Shows new text; at most as much as the buffers hold, though a firmware may write for ever.
static void read_traces(struct yoke_host *host)
{
    char text[512];

    for (uint32_t i = 0; i < host->trace_count; i++) {
        size_t left = host->traces[i].size;
        while (left != 0) {
            const size_t got = yoke_trace_read(&host->traces[i], text, sizeof text);
            if (got == 0) {
                break;
            }
            left -= got < left ? got : left;
            keep_tail(host, text, got);
            if (host->options.trace != NULL) {
                host->options.trace(host, text, got, host->options.context);
            }
        }
    }
    host->trace_due = yoke_host_clock() / 1000000u + TRACE_MS;
}

// -------------------------------------------------------------------------------------------- life

/// Describes a death in host->error.
static void describe_crash(struct yoke_host *host)
{
    const struct machine_crash *const crash = &host->crash;
    char place[160] = "";
    const char *name = NULL;
    uint64_t offset = 0;

    if (crash->setup_error != 0) {
        (void)fail(host, YOKE_DOWN, "the firmware's process could not be set up: %s",
                   strerror(crash->setup_error));
        return;
    }
    if (crash->signal == 0) {
        (void)fail(host, YOKE_DOWN, "firmware exited by itself with code %d", crash->code);
        return;
    }
    if (crash->located) {
        int length = snprintf(place, sizeof place, " at pc 0x%llx", (unsigned long long)crash->pc);
        if (yoke_elf_symbol(&host->elf, crash->pc, &name, &offset) == YOKE_OK) {
            length += snprintf(place + length, sizeof place - (size_t)length, " (%.80s+0x%llx)",
                               name, (unsigned long long)offset);
        }
        (void)snprintf(place + length, sizeof place - (size_t)length, ", address 0x%llx",
                       (unsigned long long)crash->address);
    }
    (void)fail(host, YOKE_DOWN, "firmware crashed: signal %d %s%s", crash->signal,
               machine_signal_text(crash->signal), place);
}

/// True if the firmware runs; notices if it has died.
static bool alive(struct yoke_host *host)
{
    if (host->rproc.state != YOKE_RUNNING) {
        return false;
    }
    if (!host->machine->ops->crashed(host->machine, &host->crash)) {
        return true;
    }
    (void)yoke_rproc_event(&host->rproc, YOKE_EVENT_CRASH);
    read_traces(host);
    describe_crash(host);
    if (host->linked) {
        yoke_link_close(&host->link);
    }
    return false;
}

int yoke_host_boot(struct yoke_host *host)
{
    int status;

    if (host->machine == NULL) {
        return fail(host, YOKE_INVALID, "there is a plan only, and no machine");
    }
    yoke_host_stop(host);
    if (host->rproc.state != YOKE_READY) {
        status = yoke_rproc_event(&host->rproc, YOKE_EVENT_LOAD);
        if (status != YOKE_OK) {
            return fail(host, status, "not loaded: %s", yoke_status_text(status));
        }
    }
    start_traces(host);
    host->tail_size = 0;
    host->tail[0] = '\0';
    host->error[0] = '\0';
    status = yoke_rproc_event(&host->rproc, YOKE_EVENT_START);
    if (status != YOKE_OK) {
        return status;
    }
    if (host->linked) {
        status = yoke_link_start(&host->link);
        if (status != YOKE_OK) {
            yoke_host_stop(host);
            return fail(host, status, "the link did not come up: %s", yoke_status_text(status));
        }
    }
    return YOKE_OK;
}

void yoke_host_stop(struct yoke_host *host)
{
    if (host->rproc.state != YOKE_RUNNING && host->rproc.state != YOKE_CRASHED) {
        return;
    }
    read_traces(host);
    // The core stops first: then nothing can write what is taken down.
    (void)yoke_rproc_event(&host->rproc, YOKE_EVENT_STOP);
    if (host->linked) {
        yoke_link_close(&host->link);
    }
}

void yoke_host_close(struct yoke_host *host)
{
    if (host->machine != NULL) {
        yoke_host_stop(host);
        host->machine->ops->close(host->machine);
        host->machine = NULL;
    }
    free(host->link_memory);
    host->link_memory = NULL;
    host->linked = false;
    yoke_file_free(&host->file);
}

// ----------------------------------------------------------------------------------------- waiting

int yoke_host_poll(struct yoke_host *host)
{
    int done = 0;

    if (host->rproc.state == YOKE_RUNNING) {
        (void)host->machine->ops->take_rings(host->machine);
        if (host->linked) {
            done = yoke_link_poll(&host->link, BUDGET);
        }
        if (yoke_host_clock() / 1000000u >= host->trace_due) {
            read_traces(host);
        }
    }
    if (done <= 0 && !alive(host)) {
        return YOKE_DOWN;
    }
    if (done == YOKE_BAD_PEER) {
        return fail(host, done, "the firmware broke the link: %s",
                    yoke_link_fault_text(yoke_link_fault(&host->link)));
    }
    return done > 0 ? 1 : 0;
}

int yoke_host_wait_all(struct yoke_host *const *hosts, size_t count, int timeout_ms, int other_fd)
{
    struct machine *machines[MACHINE_WAIT_MAX];
    const uint64_t end = yoke_host_clock() / 1000000u + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
    enum machine_wake wake;
    bool more = false;
    bool tracing = false;

    if (count > MACHINE_WAIT_MAX) {
        return YOKE_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        machines[i] = hosts[i]->machine;
        tracing |= hosts[i]->trace_count != 0 && hosts[i]->rproc.state == YOKE_RUNNING;
        more |= yoke_host_poll(hosts[i]) != 0;
    }
    while (!more) {
        const uint64_t now = yoke_host_clock() / 1000000u;
        int slice = timeout_ms < 0 ? -1 : now < end ? (int)(end - now) : 0;
        if (tracing && (slice < 0 || slice > TRACE_MS)) {
            slice = TRACE_MS;
        }
        wake = machine_wait(machines, count, slice, other_fd);
        for (size_t i = 0; i < count; i++) {
            more |= yoke_host_poll(hosts[i]) != 0;
        }
        if (wake != MACHINE_TIMEOUT) {
            return wake == MACHINE_EVENT ? 1 : 0;
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

    if (host->rproc.state != YOKE_RUNNING) {
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
            (void)fail(host, YOKE_NOT_FOUND, "no service \"%.31s\" within %d ms", name, timeout_ms);
            return NULL;
        }
        if (yoke_host_wait(host, (int)((end - now) / 1000000u) + 1) < 0) {
            return NULL;
        }
    }
}
