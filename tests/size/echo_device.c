// SPDX-License-Identifier: BSD-3-Clause
// The smallest useful firmware: a device-side echo with name service, two rings of 8. It is linked
// only to be weighed; the registers are those of no chip in particular.
#include <yoke/ack.h>
#include <yoke/rpmsg.h>
#ifdef TABLE
#include <yoke/table2.h>
#else
#include <yoke/table.h>
#define TABLE YOKE_TABLE
#endif

#ifndef FEATURES
#define FEATURES 0
#endif

#define BUFFERS 8
#define DOORBELL ((volatile uint32_t *)0x40000000)

#define ECHO_TABLE(ENTRY) ENTRY(RPMSG, rpmsg, BUFFERS, FEATURES)
TABLE(table, ECHO_TABLE);

int main(void);
void mailbox_isr(void);

static struct yoke_link link;
static struct yoke_vdev vdev;
static struct yoke_ept ept;
static void *memory[YOKE_LINK_DEVICE_BYTES(BUFFERS, BUFFERS, 1) / sizeof(void *)];

static void notify(void *context, uint32_t notify_id)
{
    (void)context;
    *DOORBELL = notify_id;
}

static const struct yoke_port port = {.notify = notify};
static const struct yoke_window window = {0x20000000, 0x10000, (void *)0x20000000};
static const struct yoke_mem mem = {&window, 1};
static const struct yoke_link_config config = {
    .vdev = &vdev,
    .da = &mem,
    .pa = &mem,
    .memory = memory,
    .memory_size = sizeof memory,
    .buckets = 1,
};

static void echo(struct yoke_ept *self, const struct yoke_msg *msg)
{
    (void)yoke_send_to(self, msg->src, msg->data, msg->size);
}

#if FEATURES & YOKE_F_RPMSG_ACK
static struct yoke_control control;
static struct yoke_listeners listeners;
static struct yoke_listener listener_table[2];

static void greet(struct yoke_listeners *who, struct yoke_ept *self, uint32_t listener, bool bound)
{
    (void)who;
    if (bound) {
        (void)yoke_send_to(self, listener, "hello", 5);
    }
}

static bool open_features(void)
{
    return yoke_control_open(&link, &control) == YOKE_OK &&
           yoke_listeners_open(&control, &listeners, listener_table, 2, greet, NULL) == YOKE_OK;
}
#else
static bool open_features(void)
{
    return true;
}
#endif

void mailbox_isr(void)
{
    yoke_link_signal(&link);
}

int main(void)
{
    if (yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &port) != YOKE_OK ||
        yoke_link_device_init(&link, &config) != YOKE_OK ||
        yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, echo, NULL) !=
            YOKE_OK ||
        yoke_announce(&ept, "echo") != YOKE_OK || !open_features()) {
        return 1;
    }
    for (;;) {
        const int done = yoke_link_poll(&link, BUFFERS);
        if (done < BUFFERS && !yoke_link_signalled(&link)) {
            __asm__ volatile("wfe");
        }
    }
}
