// SPDX-License-Identifier: BSD-3-Clause
// What the firmware says and how it dies: errors, trace, crash reports.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crash.h"
#include "host_internal.h"

int host_fail(struct yoke_host *host, int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(host->error, sizeof host->error, format, arguments);
    va_end(arguments);
    return status;
}

void host_start_traces(struct yoke_host *host)
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

static void show(struct yoke_host *host, const char *text, size_t size)
{
    keep_tail(host, text, size);
    if (host->options.trace != NULL) {
        host->options.trace(host, text, size, host->options.context);
    }
}

// At most as much as the buffers hold, though a firmware may write for ever.
void yoke_host_read_trace(struct yoke_host *host)
{
    char text[512];

    if (host->machine->ops->console != NULL) {
        const size_t got = host->machine->ops->console(host->machine, text, sizeof text);
        if (got != 0) {
            show(host, text, got);
        }
    }
    for (uint32_t i = 0; i < host->trace_count; i++) {
        size_t left = host->traces[i].size;
        while (left != 0) {
            const size_t got = yoke_trace_read(&host->traces[i], text, sizeof text);
            if (got == 0) {
                break;
            }
            left -= got < left ? got : left;
            show(host, text, got);
        }
    }
    host->trace_due = yoke_host_clock() / 1000000u + TRACE_MS;
}

/// Describes a death in host->error.
static void describe_crash(struct yoke_host *host)
{
    const struct yoke_machine_crash *const crash = &host->crash;
    char place[160] = "";
    const char *name = NULL;
    uint64_t offset = 0;

    if (crash->recorded) {
        crash_text(&crash->record, &host->elf, host->error, sizeof host->error);
        return;
    }
    if (crash->machine_said[0] != '\0') {
        (void)host_fail(host, YOKE_DOWN, "the machine failed: %s", crash->machine_said);
        return;
    }
    if (crash->setup_error != 0) {
        (void)host_fail(host, YOKE_DOWN, "the firmware's process could not be set up: %s",
                        strerror(crash->setup_error));
        return;
    }
    if (crash->signal == 0) {
        (void)host_fail(host, YOKE_DOWN, "firmware exited by itself with code %d", crash->code);
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
    (void)host_fail(host, YOKE_DOWN, "firmware crashed: signal %d %s%s", crash->signal,
                    yoke_machine_signal_text(crash->signal), place);
}

bool host_alive(struct yoke_host *host)
{
    if (!yoke_host_runs(host)) {
        return false;
    }
    if (!host->machine->ops->crashed(host->machine, &host->crash)) {
        return true;
    }
    (void)yoke_rproc_event(&host->rproc, YOKE_EVENT_CRASH);
    yoke_host_read_trace(host);
    describe_crash(host);
    if (host->linked) {
        yoke_link_close(&host->link);
    }
    return false;
}
