// SPDX-License-Identifier: BSD-3-Clause
/// \file peer_link.h
/// The host's role, for firmware: reads the other core's resource table, places rings and buffers,
/// starts the core and brings the link up. The same library as in a host, without its loader: the
/// other core's image lies in memory already.
#ifndef PEER_LINK_H
#define PEER_LINK_H

#include <peer.h>
#include <yoke/rpmsg.h>
#include <yoke/rproc.h>

/// The other core. Zero before peer_start(); all but `crash` and `log` is the app's to use.
struct peer {
    struct yoke_link link;
    struct yoke_ns ns;
    struct yoke_trace log;
    const struct yoke_crash *crash;
};

/// Starts the other core, and the link. One at a time. Returns YOKE_OK, or a status, and has
/// printed why.
int peer_start(struct peer *peer);

/// Delivers what came. If nothing did, sleeps until the doorbell rings. Returns YOKE_OK; otherwise
/// the other core has crashed or broken the link, and that was printed.
int peer_step(struct peer *peer);

/// The same, but watches the other core's log for a tenth of a second before it sleeps: while the
/// other core gets ready, its doorbell may be what does not work.
int peer_step_patiently(struct peer *peer);

/// Prints what is new in the other core's log.
void peer_show_log(struct peer *peer);

#endif
