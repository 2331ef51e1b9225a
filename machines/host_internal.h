// SPDX-License-Identifier: BSD-3-Clause
/// \file host_internal.h
/// What the files of host.h share.
#ifndef YOKE_HOST_INTERNAL_H
#define YOKE_HOST_INTERNAL_H

#include <yoke/host.h>

/// Trace has no doorbell: it is read this often while there is nothing else to do.
#define TRACE_MS 10

/// Says in host->error why a call fails. Returns `status`.
int host_fail(struct yoke_host *host, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

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

/// Begins to read the trace anew.
void host_start_traces(struct yoke_host *host);

/// True if the firmware runs. Notices if it has died.
bool host_alive(struct yoke_host *host);

#endif
