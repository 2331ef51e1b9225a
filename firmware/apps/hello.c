// SPDX-License-Identifier: BSD-3-Clause
// Says hello: one line of trace, and one message to whoever writes to service "hello".
#include <board.h>
#include <yoke/rpmsg.h>
#include <yoke/table.h>

#define BUFFERS 16
#define BUCKETS 4

#define HELLO_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, rpmsg, BUFFERS)
YOKE_TABLE(table, HELLO_TABLE);

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)yoke_send_to(ept, msg->src, "hello", 5);
}

int main(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(BUFFERS, BUFFERS, BUCKETS) / sizeof(uintptr_t)];
    static struct yoke_vdev vdev;
    static struct yoke_link link;
    static struct yoke_ept ept;
    const struct yoke_link_config config = {.vdev = &vdev,
                                            .da = &board_da,
                                            .pa = &board_pa,
                                            .memory = memory,
                                            .memory_size = sizeof memory,
                                            .buckets = BUCKETS};

    board_trace("hello from the firmware\n");
    yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port);
    yoke_link_device_init(&link, &config);
    yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, receive, NULL);
    yoke_announce(&ept, "hello");
    for (;;) {
        if (yoke_link_poll(&link, BUFFERS) < BUFFERS) {
            board_wait();
        }
    }
}
