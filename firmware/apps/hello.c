// SPDX-License-Identifier: BSD-3-Clause
#include <board.h>
#include <yoke/rpmsg.h>
#include <yoke/table.h>

#define HELLO_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, rpmsg, 16)
YOKE_TABLE(table, HELLO_TABLE);
static yoke_ticket held[16]; // Requests that wait for their answer: each has one of 16 buffers.
static uint32_t from[16], count;

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    from[count % 16] = msg->src;
    held[count++ % 16] = yoke_hold(ept->link);
}

int main(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(16, 16, 4) / sizeof(uintptr_t)];
    static struct yoke_vdev vdev;
    static struct yoke_link link;
    static struct yoke_ept ept;
    struct yoke_link_config setup = {.vdev = &vdev, .da = &board_da, .pa = &board_pa, .buckets = 4};

    setup.memory = memory;
    setup.memory_size = sizeof memory;
    board_trace("hello from the firmware\n");
    yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port);
    yoke_link_device_init(&link, &setup);
    yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, receive, NULL);
    yoke_announce(&ept, "hello");
    for (;; board_wait()) {
        yoke_link_poll(&link, 32); // 16 can be held at most, so this drains all.
        while (count != 0 && yoke_send_to(&ept, from[(count - 1) % 16], "hello", 5) != YOKE_AGAIN) {
            yoke_release(&link, held[--count % 16]);
        }
    }
}
