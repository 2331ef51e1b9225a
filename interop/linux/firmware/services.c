// SPDX-License-Identifier: BSD-3-Clause
// Services by the names that Linux's drivers take, and a resource table with one entry of each
// kind.
#include <string.h>

#include <board.h>
#include <carveouts.h>
#include <yoke/table.h>

#include "memory.h" // The board's.
#include "serve.h"

/// An entry of a vendor's, and one of a type that nobody knows.
struct other_entry {
    uint32_t type;
    uint32_t data[3];
};
#define YOKE_TABLE_TYPE_OTHER struct other_entry
#define YOKE_TABLE_INIT_OTHER(...)                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#define SERVICES_TABLE(ENTRY)                                                                      \
    ENTRY(OTHER, vendor, .type = YOKE_RSC_VENDOR_START + 1, .data = {1, 2, 3})                     \
    ENTRY(CARVEOUT, pool, .da = YOKE_RSC_ADDR_ANY, .len = 0x2000, .name = "pool")                  \
    ENTRY(CARVEOUT, window, .da = BOARD_SHARED_DA + CARVEOUT_WINDOW + 0x1000, .len = 0x2000,       \
          .name = "window")                                                                        \
    ENTRY(CARVEOUT, anywhere, .da = YOKE_RSC_ADDR_ANY, .len = 0x1000, .name = "anywhere")          \
    ENTRY(OTHER, unknown, .type = YOKE_RSC_VENDOR_END + 88, .data = {4, 5, 6})                     \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(VDEV, rpmsg, .vdev.id = YOKE_ID_RPMSG,                                                   \
          .vdev.dfeatures =                                                                        \
              YOKE_F_RPMSG_NS | YOKE_F_RING_EVENT_IDX | (uint32_t)YOKE_F_RING_INDIRECT,            \
          .vring[0] = SERVE_VRING, .vring[1] = SERVE_VRING)
YOKE_TABLE(table, SERVICES_TABLE);

static int answer_echo(struct service *service, const struct yoke_msg *request)
{
    return yoke_send_to(&service->ept, request->src, request->data, request->size);
}

/// Takes what comes, and tells how much it was when asked by an empty message.
static int answer_sink(struct service *service, const struct yoke_msg *request)
{
    static uint32_t taken;

    if (request->size != 0) {
        taken++;
        return YOKE_OK;
    }
    const int status = yoke_send_to(&service->ept, request->src, &taken, sizeof taken);
    if (status == YOKE_OK) {
        taken = 0;
    }
    return status;
}

/// Asked for a number of messages (u32) of a size (u32), sends them: each begins with its number.
static int answer_source(struct service *service, const struct yoke_msg *request)
{
    static uint32_t next;
    uint32_t order[2];
    uint8_t data[YOKE_RPMSG_BUFFER_SIZE];

    if (request->size != sizeof order) {
        return YOKE_OK;
    }
    memcpy(order, request->data, sizeof order);
    if (order[1] < sizeof next || order[1] > sizeof data - 16) {
        return YOKE_OK;
    }
    memset(data, 0, sizeof data);
    for (; next < order[0]; next++) {
        memcpy(data, &next, sizeof next);
        const int status = yoke_send_to(&service->ept, request->src, data, order[1]);
        if (status != YOKE_OK) {
            return status; // Called again when there are buffers.
        }
    }
    next = 0;
    return YOKE_OK;
}

static void say(const char *name, bool there)
{
    board_trace("carveout ");
    board_trace(name);
    board_trace(there ? ": here\n" : ": not in this core's memory\n");
}

/// Writes all over a carveout where the host put it.
static void use_carveout(const struct yoke_rsc_carveout *carveout)
{
    uint8_t *const memory = yoke_mem_at(&board_da, carveout->da, carveout->len);

    if (memory != NULL) {
        memset(memory, 0xc5, carveout->len);
    }
    say((const char *)carveout->name, memory != NULL);
}

int main(void)
{
    static struct service services[] = {
        {.name = "rpmsg-raw", .answer = answer_echo},
        {.name = "rpmsg-raw", .answer = answer_echo, .later = true},
        {.name = "rpmsg-tty", .answer = answer_echo},
        {.name = "rpmsg-client-sample", .answer = answer_echo},
        {.name = "sink", .answer = answer_sink},
        {.name = "source", .answer = answer_source},
    };

    board_trace("services: started\n");
    use_carveout(&table.pool);
    use_carveout(&table.window);
    use_carveout(&table.anywhere);
    return serve(&table.rpmsg, services, sizeof services / sizeof services[0]);
}
