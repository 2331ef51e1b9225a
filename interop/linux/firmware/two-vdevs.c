// SPDX-License-Identifier: BSD-3-Clause
// Two rpmsg devices on one core, each with an echo of its own name.
#include <board.h>
#include <yoke/rpmsg.h>
#include <yoke/table.h>

#define NUM 16u
#define BUDGET 16

#define TWO_TABLE(ENTRY)                                                                           \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, first, NUM)                                                                       \
    ENTRY(RPMSG, second, NUM)
YOKE_TABLE(table, TWO_TABLE);

struct device {
    struct yoke_table_vdev *entry;
    const char *name;
    struct yoke_vdev vdev;
    struct yoke_link link;
    struct yoke_ept ept;
    uintptr_t memory[YOKE_LINK_DEVICE_BYTES(NUM, NUM, 4) / sizeof(uintptr_t)];
};

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)yoke_send_to(ept, msg->src, msg->data, msg->size);
}

static int set_up(struct device *device)
{
    const struct yoke_link_config config = {
        .vdev = &device->vdev,
        .da = &board_da,
        .pa = &board_pa,
        .memory = device->memory,
        .memory_size = sizeof device->memory,
        .buckets = 4,
    };
    int status = yoke_vdev_open(&device->vdev, device->entry, sizeof *device->entry, &board_port);

    if (status == YOKE_OK) {
        status = yoke_link_device_init(&device->link, &config);
    }
    if (status == YOKE_OK) {
        status = yoke_ept_open(&device->link, &device->ept, YOKE_RPMSG_ADDR_ANY,
                               YOKE_RPMSG_ADDR_ANY, receive, NULL);
    }
    return status == YOKE_OK ? yoke_announce(&device->ept, device->name) : status;
}

int main(void)
{
    static struct device devices[] = {
        {.entry = &table.first, .name = "rpmsg-raw"},
        {.entry = &table.second, .name = "rpmsg-raw"},
    };

    for (int i = 0; i < 2; i++) {
        const int status = set_up(&devices[i]);
        if (status != YOKE_OK) {
            return status;
        }
    }
    for (;;) {
        const int first = yoke_link_poll(&devices[0].link, BUDGET);
        const int second = yoke_link_poll(&devices[1].link, BUDGET);
        if (first < BUDGET && second < BUDGET) {
            board_wait();
        }
    }
}
