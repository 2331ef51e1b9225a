// SPDX-License-Identifier: BSD-3-Clause
/// \file link.h
/// Driver under test: Yoke's own driver role, in this process, moved on by the checker's waiting.
#ifndef CONFORM_TARGETS_LINK_H
#define CONFORM_TARGETS_LINK_H

#include <yoke/ack.h>

#include "../conform.h"

#define CONFORM_LINK_SERVICES 16u
#define CONFORM_LINK_BUCKETS 16u
#define CONFORM_LINK_NUM 256u
#define CONFORM_LINK_RINGS 0x10000u   ///< Bytes of memory for both rings, at its beginning,
#define CONFORM_LINK_BUFFERS 0x40000u ///< and of that for buffers.

#define CONFORM_LINK_WAITING 64u ///< Messages that wait for their answer, for each client.

/// A message that waits for a buffer to answer into.
struct conform_link_held {
    struct yoke_msg msg;
    yoke_ticket ticket;
};

/// A link and its application. The caller's memory, not moved while in use.
struct conform_link {
    struct conform_target target; ///< To be given to conform_report().
    uint64_t now;
    uint32_t rang; ///< Doorbells that the link rang.
    bool bell;     ///< Its own rang.
    bool up;
    struct yoke_port port;
    struct yoke_vdev vdev;
    struct yoke_link link;
    struct yoke_ns ns;
    struct yoke_service services[CONFORM_LINK_SERVICES];
    struct yoke_control control;
    struct yoke_bindings bindings;
    struct yoke_binding bound[CONFORM_LINK_SERVICES];
    struct conform_link_client {
        struct yoke_ept ept;
        bool greeting; ///< Its greeting is to be sent.
        uint32_t waiting;
        struct conform_link_held held[CONFORM_LINK_WAITING];
    } clients[CONFORM_LINK_SERVICES];
    struct yoke_window window;
    struct yoke_mem da;
    uint32_t entry[32];
    uintptr_t
        memory[YOKE_LINK_DRIVER_BYTES(CONFORM_LINK_NUM, CONFORM_LINK_NUM, CONFORM_LINK_BUCKETS) /
               sizeof(uintptr_t)];
    _Alignas(4096) uint8_t shared[CONFORM_LINK_RINGS + CONFORM_LINK_BUFFERS];
};

/// Makes the target.
void conform_link_open(struct conform_link *l);

#endif
