// SPDX-License-Identifier: BSD-3-Clause
// Service `echo`, at its fixed address 1024 even if it cannot be announced, for hosts of all ages:
// what it gets comes back in as many pieces as it takes. Buffers are large if the table says so,
// and a listener is greeted.
#include <board.h>
#include <yoke/ack.h>
#include <yoke/rpmsg.h>
#include <yoke/table2.h>

#define NUM 4u
#define TO_HOST 1024u
#define TO_FIRMWARE 65544u

#define TABLE(ENTRY)                                                                               \
    ENTRY(CARVEOUT, claim, .da = 0x503f0000, .len = 0x1000, .name = "claim")                       \
    ENTRY(RPMSG_SIZED, rpmsg, YOKE_F_RING_EVENT_IDX | YOKE_F_RING_INDIRECT, NUM, TO_HOST, NUM,     \
          TO_FIRMWARE)
SKEW_TABLE(table, TABLE);

static struct yoke_link link;
static yoke_ticket held;
static struct yoke_msg request;
static bool waits;

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    if (!waits) { // One at a time: the test sends the next when it has the answer.
        request = *msg;
        held = yoke_hold(ept->link);
        waits = true;
    }
}

static void on_bound(struct yoke_listeners *listeners, struct yoke_ept *ept, uint32_t listener,
                     bool bound)
{
    (void)listeners;
    if (bound) {
        (void)yoke_send_to(ept, listener, "bound", 5);
    }
}

static int open_control(void)
{
    static struct yoke_control control;
    static struct yoke_listeners listeners;
    static struct yoke_listener table[1];
    const int status = yoke_control_open(&link, &control);

    return status != YOKE_OK ? status
                             : yoke_listeners_open(&control, &listeners, table, 1, on_bound, NULL);
}

static void answer(struct yoke_ept *ept)
{
    static uint32_t sent;
    int status;

    do {
        const uint32_t left = request.size - sent;
        const uint32_t size = left < yoke_link_mtu(&link) ? left : yoke_link_mtu(&link);
        status = yoke_send_to(ept, request.src, (const char *)request.data + sent, size);
        sent += status == YOKE_OK ? size : 0;
    } while (status == YOKE_OK && sent != request.size);
    if (status != YOKE_AGAIN) {
        sent = 0;
        waits = false;
        (void)yoke_release(&link, held);
    }
}

int main(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(NUM, NUM, 4) / sizeof(uintptr_t)];
    static struct yoke_vdev vdev;
    static struct yoke_ept ept;
    struct yoke_link_config config = {
        .vdev = &vdev, .da = &board_da, .pa = &board_pa, .memory = memory, .buckets = 4};

    config.memory_size = sizeof memory;
    int status = yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port);
    if ((vdev.features & YOKE_F_RPMSG_BUFFERS) != 0) {
        config.rx_size = TO_FIRMWARE;
        config.tx_size = TO_HOST;
    }
    if (status == YOKE_OK) {
        status = yoke_link_device_init(&link, &config);
    }
    if (status == YOKE_OK) {
        status = yoke_ept_open(&link, &ept, 1024, YOKE_RPMSG_ADDR_ANY, receive, NULL);
    }
    if (status == YOKE_OK) {
        status = yoke_announce(&ept, "echo");
    }
    if (status == YOKE_OK && (vdev.features & YOKE_F_RPMSG_ACK) != 0) {
        status = open_control();
    }
    for (; status == YOKE_OK; board_wait()) {
        (void)yoke_link_poll(&link, NUM + 1);
        if (waits) {
            answer(&ept);
        }
    }
    return status;
}
