// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include <yoke/ack.h>

#include "rpmsg/link.h"

/// Tells those that listeners were bound to: what is announced again too.
static void tell_bindings(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    if (ns->bindings != NULL) {
        ns->bindings->heard(ns->bindings, service, up);
    }
}

static void tell(struct yoke_ns *ns, const struct yoke_service *service, bool up)
{
    if (ns->event != NULL) {
        ns->event(ns, service, up);
    }
}

bool yoke_ns_same(const struct yoke_service *a, const struct yoke_service *b)
{
    return a->addr == b->addr && yoke_same_text(a->name, b->name);
}

/// True if a name that the peer wrote is terminated and not empty.
static bool is_name(const char name[YOKE_RPMSG_NAME_SIZE])
{
    uint32_t length = 0;

    while (length < YOKE_RPMSG_NAME_SIZE && name[length] != '\0') {
        length++;
    }
    return length != 0 && length < YOKE_RPMSG_NAME_SIZE;
}

static void remove_at(struct yoke_ns *ns, uint32_t index)
{
    const struct yoke_service gone = ns->table[index];

    ns->count--;
    memmove(&ns->table[index], &ns->table[index + 1],
            (ns->count - index) * sizeof(struct yoke_service));
    tell_bindings(ns, &gone, false);
    tell(ns, &gone, false);
}

static void add(struct yoke_ns *ns, const struct yoke_service *service)
{
    if (ns->count == ns->capacity) {
        ns->dropped++;
        return;
    }
    ns->table[ns->count++] = *service;
    tell(ns, service, true);
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct yoke_ns *const ns = ept->context;
    const bool swap = ept->link->swap;
    struct yoke_rpmsg_ns read;
    struct yoke_service service;
    uint32_t index = 0;

    // Without the feature there is no name service, and nothing has this address.
    if (msg->size != sizeof read || (ept->link->features & YOKE_F_RPMSG_NS) == 0) {
        ept->link->stats.bad++;
        return;
    }
    yoke_snapshot(&read, msg->data, sizeof read);
    memcpy(service.name, read.name, sizeof service.name);
    service.addr = YOKE_SWAP32(swap, read.addr);
    const uint32_t flags = YOKE_SWAP32(swap, read.flags);
    if (!is_name(service.name) || service.addr == YOKE_RPMSG_ADDR_ANY ||
        flags > YOKE_RPMSG_NS_DESTROY) {
        ept->link->stats.bad++;
        return;
    }
    while (index < ns->count && !yoke_ns_same(&ns->table[index], &service)) {
        index++;
    }
    const bool known = index < ns->count;
    if (flags == YOKE_RPMSG_NS_DESTROY && known) {
        remove_at(ns, index);
    } else if (flags == YOKE_RPMSG_NS_CREATE && !known) {
        add(ns, &service);
    } else if (known) {
        tell_bindings(ns, &service, true);
    }
}

int yoke_ns_listen(struct yoke_link *link, struct yoke_ns *ns, struct yoke_service *table,
                   uint32_t capacity, yoke_service_fn *event, void *context)
{
    if (ns == NULL || (table == NULL && capacity != 0)) {
        return YOKE_INVALID;
    }
    const int status =
        yoke_ept_open(link, &ns->ept, YOKE_RPMSG_NS_ADDR, YOKE_RPMSG_ADDR_ANY, receive, ns);
    if (status == YOKE_OK) {
        ns->table = table;
        ns->capacity = capacity;
        ns->count = 0;
        ns->event = event;
        ns->context = context;
        ns->bindings = NULL;
        ns->dropped = 0;
    }
    return status;
}

void yoke_ns_clear(struct yoke_ns *ns)
{
    while (ns->count != 0) {
        remove_at(ns, ns->count - 1);
    }
}

const struct yoke_service *yoke_ns_find(const struct yoke_ns *ns, const char *name)
{
    for (uint32_t i = 0; i < ns->count; i++) {
        if (yoke_same_text(ns->table[i].name, name)) {
            return &ns->table[i];
        }
    }
    return NULL;
}
