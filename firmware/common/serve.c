// SPDX-License-Identifier: BSD-3-Clause
#include "serve.h"

#include <board.h>

#define BUCKETS 16u
#define BUDGET 64

/// A request that waits for its answer. Each has a buffer of the ring's, so there is room for all.
struct waiting {
    struct service *service;
    struct yoke_msg request;
    yoke_ticket ticket;
};

static struct waiting queue[SERVE_BUFFERS];
static uint32_t first;
static uint32_t count;

static uintptr_t
    memory[YOKE_LINK_DEVICE_BYTES(SERVE_BUFFERS, SERVE_BUFFERS, BUCKETS) / sizeof(uintptr_t)];
static struct yoke_vdev vdev;
static struct yoke_link link;

static void hold(struct service *service, const struct yoke_msg *request)
{
    const yoke_ticket ticket = yoke_hold(&link);

    if (ticket != YOKE_NO_TICKET && count < SERVE_BUFFERS) {
        queue[(first + count++) % SERVE_BUFFERS] = (struct waiting){service, *request, ticket};
    }
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct service *const service = ept->context;

    // Behind a request that waits, others wait too, or they would overtake it.
    if (service->later || count != 0 || service->answer(service, msg) == YOKE_AGAIN) {
        hold(service, msg);
    }
}

/// Answers what waits, as far as there are buffers. If some still waits, a doorbell comes.
static void answer_waiting(void)
{
    yoke_link_cork(&link);
    while (count != 0) {
        struct waiting *const next = &queue[first];
        const int status = next->service->answer(next->service, &next->request);
        if (status == YOKE_AGAIN || count == 0) {
            break; // Without a buffer; or the link went down meanwhile, and nothing waits any more.
        }
        (void)yoke_release(&link, next->ticket);
        first = (first + 1) % SERVE_BUFFERS;
        count--;
    }
    yoke_link_flush(&link);
}

/// A host that is ready has given buffers to receive into. If there are none, it has its ring
/// elsewhere: Linux does that when firmware fixes a ring's address and no carveout has its name.
static bool host_is_elsewhere(const struct yoke_rsc_vring *vring)
{
    const struct yoke_vring_desc *const first =
        yoke_mem_at(&board_da, vring->da, yoke_vring_bytes(vring->num, vring->align));

    return first != NULL && first->len == 0;
}

/// Says so once: a host does not send what has to be refused, but addresses may be mapped wrongly.
static void tell_of_bad(uint32_t bad)
{
    static bool told;

    if (bad != 0 && !told) {
        told = true;
        board_trace(
            "bad: buffers or messages were refused. Do the host's buffers lie in memory that "
            "board_pa maps?\n");
    }
}

static void on_link(struct yoke_link *which, enum yoke_link_event event, void *context)
{
    const struct yoke_table_vdev *const entry = context;

    if (event != YOKE_LINK_UP) {
        count = 0; // What was held is void.
    } else if (host_is_elsewhere(&entry->vring[YOKE_RPMSG_QUEUE_RX])) {
        board_trace("deaf: the host is ready, but its ring is not where the table says. Give it "
                    "memory there: a carveout named vdev0vring0, and so on\n");
    }
    if (event == YOKE_LINK_BROKEN) {
        board_trace("link: ");
        board_trace(yoke_link_fault_text(yoke_link_fault(which)));
        board_trace("\n");
    }
}

int serve(struct yoke_table_vdev *entry, struct service *services, uint32_t service_count)
{
    const struct yoke_link_config config = {
        .vdev = &vdev,
        .da = &board_da,
        .pa = &board_pa,
        .memory = memory,
        .memory_size = sizeof memory,
        .buckets = BUCKETS,
        .event = on_link,
        .context = entry,
    };
    int status = yoke_vdev_open(&vdev, entry, sizeof *entry, &board_port);

    if (status == YOKE_OK) {
        status = yoke_link_device_init(&link, &config);
    }
    for (uint32_t i = 0; status == YOKE_OK && i < service_count; i++) {
        struct service *const service = &services[i];
        status = yoke_ept_open(&link, &service->ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY,
                               receive, service);
        if (status == YOKE_OK) {
            status = yoke_announce(&service->ept, service->name);
        }
    }
    while (status == YOKE_OK) {
        const int done = yoke_link_poll(&link, BUDGET);
        tell_of_bad(yoke_link_stats(&link)->bad);
        if (count != 0) {
            answer_waiting();
        }
        if (done < BUDGET) {
            board_wait();
        }
    }
    return status;
}
