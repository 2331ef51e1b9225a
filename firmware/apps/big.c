// SPDX-License-Identifier: BSD-3-Clause
// Service `echo` with messages of up to 65528 bytes to the firmware, and of up to 4080 back: it
// sends what it gets in as many pieces as it takes. All that a resource table of version 2 can say
// is in use; version 1 is there too, for hosts that do not know the other.
#include <board.h>
#include <yoke/firmware.h>
#include <yoke/rpmsg.h>
#include <yoke/table2.h>

#ifndef BIG_TABLE
#define BIG_TABLE YOKE_TABLE_BOTH
#endif
#ifndef BIG_SERVICE
#define BIG_SERVICE "echo"
#endif

#define NUM 8u // Both ways: Linux wants them to be the same.
#define TO_HOST 4096u
#define TO_FIRMWARE 65544u
#define BUCKETS 4u

YOKE_TRACE_BLOCK(trace, 1024);
static _Alignas(64) struct yoke_rsc2_power_block power_block;
static volatile uint32_t piece = TO_HOST;
static volatile char greeting[32] = "ready";

#define TABLE(ENTRY)                                                                               \
    ENTRY(IDENTITY, identity, .firmware = "big", .version = "1")                                   \
    ENTRY(TRACE_BLOCK, trace, trace, "log")                                                        \
    ENTRY(POWER, power, power_block, YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND)                       \
    ENTRY(PARAMETER, piece, UNSIGNED, piece, "piece")                                              \
    ENTRY(PARAMETER, greeting, STRING, greeting, "greeting")                                       \
    ENTRY(RPMSG_SIZED, rpmsg, YOKE_F_RING_EVENT_IDX | YOKE_F_RING_INDIRECT, NUM, TO_HOST, NUM,     \
          TO_FIRMWARE)
BIG_TABLE(table, TABLE);

static struct yoke_log log = {.block = &trace.head,
                              .size = sizeof trace.text,
                              .table = &table_2.header,
                              .notify_id = &table_2.trace.notifyid,
                              .port = &board_port};
static struct yoke_power_device power = {.block = &power_block,
                                         .table = &table_2.header,
                                         .notify_id = &table_2.power.notifyid,
                                         .port = &board_port};
static struct yoke_link link;

/// Requests that wait for their answer: each has a buffer, so there is room for all.
static struct {
    struct yoke_msg msg;
    yoke_ticket ticket;
} queue[NUM];
static uint32_t first, count;
static uint32_t sent; // Bytes of the first one that were sent back.

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    const yoke_ticket ticket = yoke_hold(ept->link);

    if (ticket != YOKE_NO_TICKET && count < NUM) {
        queue[(first + count) % NUM].msg = *msg;
        queue[(first + count++) % NUM].ticket = ticket;
    }
}

/// Sends back what there are buffers for. If some is left, a doorbell comes.
static void answer(struct yoke_ept *ept)
{
    const uint32_t mtu = yoke_link_mtu(&link);
    const uint32_t most = piece != 0 && piece < mtu ? piece : mtu;

    while (count != 0) {
        const struct yoke_msg *const msg = &queue[first].msg;
        const uint32_t left = msg->size - sent;
        const uint32_t size = left < most ? left : most;
        const int status = yoke_send_to(ept, msg->src, (const char *)msg->data + sent, size);
        if (status == YOKE_AGAIN || count == 0) {
            return; // Without a buffer; or the link went down, and nothing waits any more.
        }
        sent += size;
        if (status != YOKE_OK || sent == msg->size) {
            (void)yoke_release(&link, queue[first].ticket);
            first = (first + 1) % NUM;
            count--;
            sent = 0;
        }
    }
}

static void on_link(struct yoke_link *which, enum yoke_link_event event, void *context)
{
    (void)which;
    (void)context;
    if (event != YOKE_LINK_UP) {
        count = 0; // What was held is void.
        sent = 0;
    }
}

/// Suspends or stops if the host asks for that, and returns when it is to go on.
static void obey(void)
{
    while (yoke_power_device_request(&power) != 0 || power.state != YOKE_RSC2_POWER_RUNNING) {
        const uint32_t request = yoke_power_device_request(&power);
        if (request == 0) {
            board_wait();
        } else {
            // Before it comes to rest: afterwards nothing that is shared may be touched.
            if (request != YOKE_RSC2_REQUEST_RUN) {
                yoke_log_text(&log, request == YOKE_RSC2_REQUEST_STOP ? "stops\n" : "sleeps\n");
            }
            yoke_power_device_answer(&power);
        }
    }
}

int main(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(NUM, NUM, BUCKETS) / sizeof(uintptr_t)];
    static struct yoke_vdev vdev;
    static struct yoke_ept ept;
    const struct yoke_link_config config = {
        .vdev = &vdev,
        .da = &board_da,
        .pa = &board_pa,
        .memory = memory,
        .memory_size = sizeof memory,
        .buckets = BUCKETS,
        .rx_size = TO_FIRMWARE,
        .tx_size = TO_HOST,
        .event = on_link,
    };

    yoke_log_text(&log, "big: ");
    yoke_log_text(&log, (const char *)greeting);
    yoke_log_text(&log, "\n");
    int status = yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port);
    if (status == YOKE_OK) {
        status = yoke_link_device_init(&link, &config);
    }
    if (status == YOKE_OK) {
        status =
            yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, receive, NULL);
    }
    if (status == YOKE_OK) {
        status = yoke_announce(&ept, BIG_SERVICE);
    }
    if (status != YOKE_OK) {
        yoke_power_device_say(&power, YOKE_RSC2_POWER_FAILED);
        return status;
    }
    yoke_power_device_say(&power, YOKE_RSC2_POWER_RUNNING);
    for (;; board_wait()) {
        obey();
        (void)yoke_link_poll(&link, NUM + 1); // NUM can be held at most, so this drains all.
        answer(&ept);
    }
}
