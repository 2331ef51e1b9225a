// SPDX-License-Identifier: BSD-3-Clause
/// \file host_internal.h
/// What the files of host.h share.
#ifndef YOKE_HOST_INTERNAL_H
#define YOKE_HOST_INTERNAL_H

#include <yoke/host.h>

/// Trace without a doorbell is read this often while there is nothing else to do.
#define TRACE_MS 10

/// Says in host->error why a call fails. Returns `status`.
int host_fail(struct yoke_host *host, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Makes the plan, from `table` if that is not empty: the one that a core runs with. Returns as
/// yoke_plan_make(), with host->refusal.
int host_make_plan(struct yoke_host *host, const struct yoke_region *regions, uint32_t region_count,
                   uint32_t versions, struct yoke_bytes table);

/// Turns options.params into host->params, by what the image's table says of them.
int host_take_params(struct yoke_host *host);

/// Makes the link, which comes up when the firmware is booted.
int host_make_link(struct yoke_host *host);

/// Starts or attaches, by `event`, and brings the link up.
int host_bring_up(struct yoke_host *host, enum yoke_event event);

/// What attaching and detaching do to the core: of struct yoke_rproc_ops, `context` is the host.
int host_do_attach(void *context);
int host_do_detach(void *context);

/// Compares the file with what lies in the machine's memory. Returns YOKE_OK; YOKE_BAD_IMAGE if
/// that is another firmware, or one that cannot be attached to.
int host_compare(struct yoke_host *host);

/// Begins to read the trace anew, or, if `resume`, where the host before stopped.
void host_start_traces(struct yoke_host *host, bool resume);

/// True if these doorbells, as take_rings() gives them, may say that there is trace.
bool host_trace_rang(const struct yoke_host *host, uint32_t rings);

/// True if there is trace that no doorbell tells of.
bool host_polls_trace(const struct yoke_host *host);

/// Finds the power block, once the core runs.
void host_start_power(struct yoke_host *host);

/// True if the firmware says that it failed.
bool host_says_failed(const struct yoke_host *host);

/// True if the firmware runs. Notices if it has died.
bool host_alive(struct yoke_host *host);

#endif
