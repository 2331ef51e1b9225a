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

void host_start_traces(struct yoke_host *host, bool resume)
{
    host->trace_count = 0;
    host->trace_lost = 0;
    for (uint32_t i = 0; i < host->plan.area_count; i++) {
        const struct yoke_area *const area = &host->plan.areas[i];
        if (area->kind != YOKE_AREA_TRACE || host->trace_count == YOKE_HOST_TRACES) {
            continue;
        }
        struct yoke_host_trace *const trace = &host->traces[host->trace_count++];
        void *const memory = yoke_plan_at(&host->plan, area);
        trace->is_block = host->plan.version == 2;
        trace->armed = false;
        trace->notify_id = trace->is_block ? area->notify_id : YOKE_NO_DOORBELL;
        if (trace->is_block) {
            yoke_trace_block_init(&trace->block, memory, (size_t)area->size, resume, &host->port);
        } else {
            yoke_trace_init(&trace->text, memory, (size_t)area->size, &host->port);
        }
    }
}

bool host_trace_rang(const struct yoke_host *host, uint32_t rings)
{
    for (uint32_t i = 0; i < host->trace_count; i++) {
        const uint32_t id = host->traces[i].notify_id;
        if (id != YOKE_NO_DOORBELL && (rings & UINT32_C(1) << id % 32) != 0) {
            return true;
        }
    }
    return false;
}

bool host_polls_trace(const struct yoke_host *host)
{
    bool polls = host->machine->ops->console != NULL;

    for (uint32_t i = 0; i < host->trace_count; i++) {
        polls |= !host->traces[i].armed;
    }
    return polls;
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

static size_t read_text(struct yoke_host *host, struct yoke_host_trace *trace, char *text,
                        size_t size)
{
    if (!trace->is_block) {
        return yoke_trace_read(&trace->text, text, size);
    }
    const uint64_t before = trace->block.lost;
    const size_t got = yoke_trace_block_read(&trace->block, text, size);
    const uint64_t lost = trace->block.lost - before;
    if (lost != 0) {
        char note[64];
        const int length =
            snprintf(note, sizeof note, "\n[%llu bytes of trace lost]\n", (unsigned long long)lost);
        host->trace_lost += lost;
        show(host, note, (size_t)length);
    }
    return got;
}

/// Shows what one trace holds: in at most so many looks as its memory needs when nobody writes
/// there meanwhile, though a firmware may write for ever.
static void read_one(struct yoke_host *host, struct yoke_host_trace *trace)
{
    char text[512];
    const size_t room = trace->is_block ? trace->block.room : trace->text.size;

    trace->armed = false;
    for (size_t looks = room / sizeof text + 2; looks != 0; looks--) {
        const size_t got = read_text(host, trace, text, sizeof text);
        if (got != 0) {
            show(host, text, got);
        } else if (!trace->is_block || yoke_trace_block_arm(&trace->block)) {
            // Before its block is set up, firmware does not look who wants a doorbell.
            trace->armed = trace->notify_id != YOKE_NO_DOORBELL && trace->block.size != 0;
            return;
        }
    }
}

void yoke_host_read_trace(struct yoke_host *host)
{
    char text[512];
    size_t got = 0;

    // Taken first and shown last: so what was traced before it comes before it, whole lines of it.
    if (host->machine->ops->console != NULL) {
        got = host->machine->ops->console(host->machine, text, sizeof text);
    }
    for (uint32_t i = 0; i < host->trace_count; i++) {
        read_one(host, &host->traces[i]);
    }
    if (got != 0) {
        show(host, text, got);
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
    const bool dead = host->machine->ops->crashed(host->machine, &host->crash);
    if (!dead && !host_says_failed(host)) {
        return true;
    }
    (void)yoke_rproc_event(&host->rproc, YOKE_EVENT_CRASH);
    yoke_host_read_trace(host);
    if (dead) {
        describe_crash(host);
    } else {
        (void)host_fail(host, YOKE_DOWN, "the firmware says that it failed (power state)");
    }
    if (host->linked) {
        yoke_link_close(&host->link);
    }
    return false;
}
