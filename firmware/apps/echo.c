// SPDX-License-Identifier: BSD-3-Clause
// Sends back what it gets: a service for each way to do that.
#include <string.h>

#include <board.h>
#include <yoke/table.h>

#include "serve.h"

#define ECHO_TABLE(ENTRY)                                                                          \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(VDEV, rpmsg, SERVE_RPMSG)
YOKE_TABLE(table, ECHO_TABLE);

static int answer_copy(struct service *service, const struct yoke_msg *request)
{
    return yoke_send_to(&service->ept, request->src, request->data, request->size);
}

/// Writes the answer where it is sent from.
static int answer_nocopy(struct service *service, const struct yoke_msg *request)
{
    struct yoke_tx tx;
    const int status = yoke_claim(&service->ept, &tx);

    if (status != YOKE_OK) {
        return status;
    }
    if (request->size > tx.size) { // The host may have given a buffer that is too short for this.
        (void)yoke_cancel(&service->ept, &tx);
        return YOKE_TOO_LONG;
    }
    memcpy(tx.data, request->data, request->size);
    return yoke_commit_to(&service->ept, request->src, &tx, request->size);
}

int main(void)
{
    static struct service services[] = {
        {.name = "echo", .answer = answer_copy},
        {.name = "echo-held", .answer = answer_copy, .later = true},
        {.name = "echo-nocopy", .answer = answer_nocopy},
    };

    board_trace("echo: ready\n");
    return serve(&table.rpmsg, services, sizeof services / sizeof services[0]);
}
