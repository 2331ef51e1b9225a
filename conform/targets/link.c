// SPDX-License-Identifier: BSD-3-Clause
// Time here is counted by the checker's waiting: nothing happens outside of that.
#include "link.h"

#include <string.h>

#define RINGS_DA UINT64_C(0x20000000)
#define BUFFERS_PA UINT64_C(0x7100000000)

static struct conform_link *of(struct conform_target *target)
{
    return target->context;
}

// -------------------------------------------------------------------------------- application

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct conform_link_client *const client = ept->context;

    // Behind one that waits for a buffer, others wait too.
    if (client->waiting == 0 && yoke_send_to(ept, msg->src, msg->data, msg->size) != YOKE_AGAIN) {
        return;
    }
    if (client->waiting < CONFORM_LINK_WAITING) {
        client->held[client->waiting++] = (struct conform_link_held){*msg, yoke_hold(ept->link)};
    }
}

/// Sends what waits for a buffer.
static void go_on(struct conform_link *l, struct conform_link_client *client)
{
    uint32_t done = 0;

    if (client->greeting) {
        client->greeting = yoke_send(&client->ept, "hello", 5) == YOKE_AGAIN;
    }
    while (done < client->waiting) {
        const struct conform_link_held *const held = &client->held[done];
        if (yoke_send_to(&client->ept, held->msg.src, held->msg.data, held->msg.size) ==
            YOKE_AGAIN) {
            break;
        }
        (void)yoke_release(&l->link, held->ticket);
        done++;
    }
    client->waiting -= done;
    memmove(client->held, client->held + done, client->waiting * sizeof client->held[0]);
}

static void on_service(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    struct conform_link *const l = ns->context;

    if (strcmp(service->name, l->target.service) != 0) {
        return;
    }
    for (uint32_t i = 0; i < CONFORM_LINK_SERVICES; i++) {
        struct conform_link_client *const client = &l->clients[i];
        const bool known = client->ept.link != NULL && client->ept.dst == service->addr;
        if (up && client->ept.link == NULL) {
            client->waiting = 0;
            client->greeting = yoke_ept_open(&l->link, &client->ept, YOKE_RPMSG_ADDR_ANY,
                                             service->addr, receive, client) == YOKE_OK;
            if (client->greeting) {
                (void)yoke_bind(&l->bindings, &client->ept, service);
            }
            return;
        }
        if (!up && known) {
            (void)yoke_ept_close(&client->ept);
        }
    }
}

static void on_link(struct yoke_link *link, enum yoke_link_event event, void *context)
{
    struct conform_link *const l = context;

    (void)link;
    if (event != YOKE_LINK_UP) {
        yoke_ns_clear(&l->ns);
    }
}

// ------------------------------------------------------------------------------------- target

static bool load(struct conform_target *target)
{
    struct conform_link *const l = of(target);

    if (l->up) {
        yoke_link_close(&l->link);
    }
    l->up = false;
    target->left = target->entry[24];
    return true;
}

static bool fail(struct conform_target *target, const char *what, int status)
{
    (void)snprintf(target->why, sizeof target->why, "%s: %s", what, yoke_status_text(status));
    return false;
}

static bool start(struct conform_target *target)
{
    struct conform_link *const l = of(target);
    uint64_t da = RINGS_DA;

    int status = yoke_vdev_open(&l->vdev, l->entry, sizeof l->entry, &l->port);
    for (uint32_t i = 0; status == YOKE_OK && i < 2; i++) {
        status = yoke_vdev_driver_place(&l->vdev, i, da, 3 + i);
        da += CONFORM_LINK_RINGS / 2;
    }
    if (status != YOKE_OK) {
        return fail(target, "no vdev", status);
    }
    struct yoke_link_config config = {
        .vdev = &l->vdev,
        .da = &l->da,
        .memory = l->memory,
        .memory_size = sizeof l->memory,
        .buckets = CONFORM_LINK_BUCKETS,
        .event = on_link,
        .context = l,
        .rx_pool = {l->shared + CONFORM_LINK_RINGS, BUFFERS_PA, CONFORM_LINK_BUFFERS / 2},
        .tx_pool = {l->shared + CONFORM_LINK_RINGS + CONFORM_LINK_BUFFERS / 2,
                    BUFFERS_PA + CONFORM_LINK_BUFFERS / 2, CONFORM_LINK_BUFFERS / 2},
    };
    if (target->buffer_size[0] != 0) {
        config.known = UINT64_MAX;
        config.rx_size = target->buffer_size[0];
        config.tx_size = target->buffer_size[1];
    }
    memset(l->clients, 0, sizeof l->clients);
    status = yoke_link_driver_init(&l->link, &config);
    if (status == YOKE_OK) {
        status =
            yoke_ns_listen(&l->link, &l->ns, l->services, CONFORM_LINK_SERVICES, on_service, l);
    }
    if (status == YOKE_OK) {
        status = yoke_control_open(&l->link, &l->control);
    }
    if (status == YOKE_OK) {
        status =
            yoke_bindings_open(&l->control, &l->bindings, &l->ns, l->bound, CONFORM_LINK_SERVICES);
    }
    if (status == YOKE_OK) {
        status = yoke_link_start(&l->link);
    }
    l->up = status == YOKE_OK;
    return l->up || fail(target, "no link", status);
}

static void notify(void *context, uint32_t notify_id)
{
    struct conform_link *const l = context;

    l->rang |= UINT32_C(1) << notify_id % 32;
}

static void ring(struct conform_target *target, uint32_t notify_id)
{
    (void)notify_id; // A doorbell only says "look".
    of(target)->bell = true;
}

static uint32_t rings(struct conform_target *target)
{
    const uint32_t rang = of(target)->rang;

    of(target)->rang = 0;
    return rang;
}

/// Works if its doorbell rang, and if there is something left to do.
static void wait(struct conform_target *target, uint32_t ms)
{
    struct conform_link *const l = of(target);

    l->now += ms != 0 ? ms : 1;
    if (l->bell) {
        l->bell = false;
        while (yoke_link_poll(&l->link, 8) == 8) {
        }
        for (uint32_t i = 0; i < CONFORM_LINK_SERVICES; i++) {
            if (l->clients[i].ept.link != NULL) {
                go_on(l, &l->clients[i]);
            }
        }
    }
}

static uint64_t clock_ms(struct conform_target *target)
{
    return of(target)->now;
}

static bool alive(struct conform_target *target)
{
    (void)target;
    return true;
}

void conform_link_open(struct conform_link *l)
{
    static const struct conform_target_ops ops = {load, start, ring, rings, wait, clock_ms, alive};

    memset(l, 0, sizeof *l);
    l->target = (struct conform_target){
        .ops = &ops,
        .context = l,
        .role = CONFORM_DRIVER,
        .name = "Yoke's driver role",
        .entry = (uint8_t *)l->entry,
        .da = {{RINGS_DA, CONFORM_LINK_RINGS, l->shared}},
        .pa = {{BUFFERS_PA, CONFORM_LINK_BUFFERS, l->shared + CONFORM_LINK_RINGS}},
        .told = true,
        .service = "conform-echo",
        .answer_ms = 100,
        .quiet_ms = 20,
    };
    l->port = (struct yoke_port){.notify = notify, .context = l};
    l->window = (struct yoke_window){RINGS_DA, CONFORM_LINK_RINGS, l->shared};
    l->da = (struct yoke_mem){&l->window, 1};
}
