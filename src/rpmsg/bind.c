// SPDX-License-Identifier: BSD-3-Clause
// Acknowledgement, the side that listens.
#include <string.h>

#include <yoke/ack.h>

#include "rpmsg/control.h"

// binding->state. One with neither BOUND nor LEFT is forgotten.
#define BOUND 1u ///< The endpoint listens.
#define DUE 2u   ///< The other side is to be told that.
#define LEFT 4u  ///< Before that, it is to be told that the endpoint listened, and does no more.

/// Sends one record, unless the other side cannot do with it.
static int say(const struct yoke_bindings *bindings, const struct yoke_binding *binding,
               uint32_t value)
{
    struct yoke_ept *const ept = &bindings->part.control->ept;
    const bool swap = ept->link->swap;
    const struct yoke_rpmsg_record record = {
        .kind = YOKE_SWAP32(swap, YOKE_RPMSG_RECORD_BOUND),
        .endpoint = YOKE_SWAP32(swap, binding->endpoint),
        .peer = YOKE_SWAP32(swap, binding->service.addr),
        .value = YOKE_SWAP32(swap, value),
    };

    return (ept->link->features & YOKE_F_RPMSG_ACK) == 0 ? YOKE_OK
                                                         : yoke_send(ept, &record, sizeof record);
}

static void remove_at(struct yoke_bindings *bindings, uint32_t at)
{
    bindings->count--;
    memmove(&bindings->table[at], &bindings->table[at + 1],
            (bindings->count - at) * sizeof(struct yoke_binding));
}

static int send(struct yoke_control_part *part)
{
    struct yoke_bindings *const bindings = (struct yoke_bindings *)part;

    for (uint32_t at = 0; at < bindings->count;) {
        struct yoke_binding *const binding = &bindings->table[at];
        if ((binding->state & LEFT) != 0) {
            const int status = say(bindings, binding, 0);
            if (status != YOKE_OK) {
                return status;
            }
            binding->state &= ~LEFT;
        }
        if ((binding->state & DUE) != 0) {
            const int status = say(bindings, binding, 1);
            if (status != YOKE_OK) {
                return status;
            }
            binding->state &= ~DUE;
        }
        if (binding->state == 0) {
            remove_at(bindings, at);
        } else {
            at++;
        }
    }
    return YOKE_OK;
}

static void begin(struct yoke_control_part *part)
{
    ((struct yoke_bindings *)part)->count = 0;
}

static void leave(struct yoke_control_part *part, const struct yoke_ept *ept, bool closes)
{
    struct yoke_bindings *const bindings = (struct yoke_bindings *)part;

    for (uint32_t at = 0; closes && at < bindings->count; at++) {
        if (bindings->table[at].endpoint == ept->addr) {
            bindings->table[at].state = LEFT;
        }
    }
    yoke_control_send(part->control);
}

/// Told by the name service of what is announced again (`up`), and of what goes.
static void heard(struct yoke_bindings *bindings, const struct yoke_service *service, bool up)
{
    for (uint32_t at = bindings->count; at-- != 0;) {
        struct yoke_binding *const binding = &bindings->table[at];
        if (!yoke_ns_same(&binding->service, service)) {
            continue;
        }
        if (!up) {
            remove_at(bindings, at);
        } else if ((binding->state & BOUND) != 0) {
            binding->state |= DUE;
        }
    }
    yoke_control_send(bindings->part.control);
}

int yoke_bindings_open(struct yoke_control *control, struct yoke_bindings *bindings,
                       struct yoke_ns *ns, struct yoke_binding *table, uint32_t capacity)
{
    static const struct yoke_control_ops ops = {
        .feature = YOKE_F_RPMSG_ACK,
        .send = send,
        .begin = begin,
        .leave = leave,
    };

    if (control == NULL || bindings == NULL || ns == NULL || (table == NULL && capacity != 0) ||
        ns->ept.link != control->ept.link) {
        return YOKE_INVALID;
    }
    *bindings = (struct yoke_bindings){
        .ns = ns,
        .table = table,
        .capacity = capacity,
        .heard = heard,
    };
    const int status = yoke_control_add(control, &bindings->part, &ops);
    if (status == YOKE_OK) {
        ns->bindings = bindings;
    }
    return status;
}

static struct yoke_binding *find(const struct yoke_bindings *bindings, const struct yoke_ept *ept,
                                 const struct yoke_service *service)
{
    for (uint32_t at = 0; at < bindings->count; at++) {
        struct yoke_binding *const binding = &bindings->table[at];
        if (binding->endpoint == ept->addr && yoke_ns_same(&binding->service, service)) {
            return binding;
        }
    }
    return NULL;
}

static bool knows(const struct yoke_ns *ns, const struct yoke_service *service)
{
    uint32_t at = 0;

    while (at < ns->count && !yoke_ns_same(&ns->table[at], service)) {
        at++;
    }
    return at < ns->count;
}

int yoke_bind(struct yoke_bindings *bindings, struct yoke_ept *ept,
              const struct yoke_service *service)
{
    const struct yoke_control *const control = bindings->part.control;

    if (control == NULL || ept->link == NULL || ept->link != control->ept.link) {
        return YOKE_INVALID;
    }
    if (!knows(bindings->ns, service)) {
        return YOKE_NOT_FOUND;
    }
    struct yoke_binding *binding = find(bindings, ept, service);
    if (binding == NULL) {
        if (bindings->count == bindings->capacity) {
            return YOKE_NO_SPACE;
        }
        binding = &bindings->table[bindings->count++];
        *binding = (struct yoke_binding){*service, ept->addr, 0};
    } else if ((binding->state & BOUND) != 0) {
        return YOKE_EXISTS;
    }
    binding->state |= BOUND | DUE;
    yoke_control_send(bindings->part.control);
    return YOKE_OK;
}

int yoke_unbind(struct yoke_bindings *bindings, struct yoke_ept *ept,
                const struct yoke_service *service)
{
    struct yoke_binding *const binding = find(bindings, ept, service);

    if (binding == NULL || (binding->state & BOUND) == 0) {
        return YOKE_NOT_FOUND;
    }
    binding->state = LEFT;
    yoke_control_send(bindings->part.control);
    return YOKE_OK;
}
