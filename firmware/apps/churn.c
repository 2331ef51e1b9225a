// SPDX-License-Identifier: BSD-3-Clause
// Echo services that come and go, for soak tests: a message whose first byte is 0 is sent back by
// nobody; instead the service that gets it is withdrawn and offered again at another address.
#include <board.h>
#include <yoke/table.h>

#include "serve.h"

#define CHURN_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(VDEV, rpmsg, SERVE_RPMSG)
YOKE_TABLE(table, CHURN_TABLE);

/// Closes the service's endpoint and opens it anew. YOKE_AGAIN: call it again.
static int move(struct service *service)
{
    struct yoke_link *const link = service->ept.link;
    yoke_receive_fn *const receive = service->ept.receive;
    int status = yoke_ept_close(&service->ept);

    if (status == YOKE_OK) {
        status = yoke_ept_open(link, &service->ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY,
                               receive, service);
    }
    return status == YOKE_OK ? yoke_announce(&service->ept, service->name) : status;
}

static int answer(struct service *service, const struct yoke_msg *request)
{
    if (request->size != 0 && *(const uint8_t *)request->data == 0) {
        return move(service);
    }
    return yoke_send_to(&service->ept, request->src, request->data, request->size);
}

int main(void)
{
    static struct service services[] = {
        {.name = "churn-0", .answer = answer},
        {.name = "churn-1", .answer = answer, .later = true},
        {.name = "churn-2", .answer = answer},
        {.name = "churn-3", .answer = answer, .later = true},
    };

    board_trace("churn: ready\n");
    return serve(&table.rpmsg, services, sizeof services / sizeof services[0]);
}
