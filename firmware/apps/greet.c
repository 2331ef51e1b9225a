// SPDX-License-Identifier: BSD-3-Clause
// Service `greet` speaks first: whoever listens to it gets "hello".
#include <board.h>
#include <yoke/ack.h>
#include <yoke/table.h>

#define BUFFERS 4
#define LISTENERS 4
#define GREET_TABLE(ENTRY)                                                                         \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, rpmsg, BUFFERS, YOKE_F_RPMSG_ACK)
YOKE_TABLE(table, GREET_TABLE);

static uint32_t waiting[LISTENERS], count; // Those that were not greeted yet.

static void on_bound(struct yoke_listeners *listeners, struct yoke_ept *ept, uint32_t listener,
                     bool bound)
{
    (void)listeners;
    (void)ept;
    if (bound) {
        waiting[count++] = listener; // There is room: no more listeners than that are known.
        return;
    }
    for (uint32_t i = count; i-- != 0;) {
        if (waiting[i] == listener) {
            waiting[i] = waiting[--count];
        }
    }
}

static void on_link(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    (void)link;
    (void)context;
    if (event != YOKE_LINK_UP) {
        count = 0; // All listeners are forgotten.
    }
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg; // It only speaks.
}

int main(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(BUFFERS, BUFFERS, 4) / sizeof(uintptr_t)];
    static struct yoke_vdev vdev;
    static struct yoke_link link;
    static struct yoke_ept ept;
    static struct yoke_control control;
    static struct yoke_listeners listeners;
    static struct yoke_listener known[LISTENERS];
    struct yoke_link_config setup = {
        .vdev = &vdev, .da = &board_da, .pa = &board_pa, .buckets = 4, .event = on_link};

    setup.memory = memory;
    setup.memory_size = sizeof memory;
    yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port);
    yoke_link_device_init(&link, &setup);
    yoke_control_open(&link, &control);
    yoke_listeners_open(&control, &listeners, known, LISTENERS, on_bound, NULL);
    yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, receive, NULL);
    yoke_announce(&ept, "greet");
    for (;; board_wait()) {
        while (yoke_link_poll(&link, BUFFERS) == BUFFERS) {
        }
        while (count != 0 && yoke_send_to(&ept, waiting[count - 1], "hello", 5) == YOKE_OK) {
            count--;
        }
    }
}
