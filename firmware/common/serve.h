// SPDX-License-Identifier: BSD-3-Clause
/// \file serve.h
/// Services that never lose a request: what cannot be answered now, for want of a free buffer, is
/// held and answered later, in order.
#ifndef SERVE_H
#define SERVE_H

#include <yoke/rpmsg.h>
#include <yoke/table.h>

/// Buffers each way of an app that serves: RPMSG's value in its resource table.
#define SERVE_BUFFERS 64

#define SERVE_VRING                                                                                \
    {                                                                                              \
        .da = YOKE_RSC_ADDR_ANY, .align = YOKE_TABLE_ALIGN, .num = SERVE_BUFFERS                   \
    }
/// The app's rpmsg device, as ENTRY(VDEV, name, SERVE_RPMSG): with event indices, so that a busy
/// side is not rung for every message.
#define SERVE_RPMSG                                                                                \
    .vdev.id = YOKE_ID_RPMSG, .vdev.dfeatures = YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX,           \
    .vring[0] = SERVE_VRING, .vring[1] = SERVE_VRING

/// One service. `name`, `answer` and `later` are the app's; the rest is opaque.
struct service {
    const char *name;
    /// Answers a request: YOKE_OK, or YOKE_AGAIN if nothing was sent: it is called again later.
    /// Anything else drops the request. The payload can change while it is looked at.
    int (*answer)(struct service *service, const struct yoke_msg *request);
    bool later; ///< Every request is held, and answered from the main loop.
    struct yoke_ept ept;
};

/// The app's main loop: announces the services and answers requests. Returns only if the link
/// cannot be set up, with a status.
int serve(struct yoke_table_vdev *entry, struct service *services, uint32_t count);

#endif
