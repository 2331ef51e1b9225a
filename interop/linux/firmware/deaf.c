// SPDX-License-Identifier: BSD-3-Clause
// Rings at fixed addresses: right if the host has carveouts of their names there, and a trap if
// not.
#include <board.h>
#include <carveouts.h>
#include <yoke/table.h>

#include "memory.h" // The board's.
#include "serve.h"

#define FIXED_VRING(which)                                                                         \
    {                                                                                              \
        .da = BOARD_SHARED_DA + (which)*CARVEOUT_RING_SIZE, .align = YOKE_TABLE_ALIGN,             \
        .num = SERVE_BUFFERS                                                                       \
    }
#define DEAF_TABLE(ENTRY)                                                                          \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(VDEV, rpmsg, .vdev.id = YOKE_ID_RPMSG, .vdev.dfeatures = (uint32_t)YOKE_F_RPMSG_NS,      \
          .vring[0] = FIXED_VRING(0), .vring[1] = FIXED_VRING(1))
YOKE_TABLE(table, DEAF_TABLE);

static int answer(struct service *service, const struct yoke_msg *request)
{
    return yoke_send_to(&service->ept, request->src, request->data, request->size);
}

int main(void)
{
    static struct service services[] = {{.name = "rpmsg-raw", .answer = answer}};

    return serve(&table.rpmsg, services, 1);
}
