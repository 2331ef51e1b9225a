// SPDX-License-Identifier: BSD-3-Clause
// Acknowledgement, the side that announces.
#include <yoke/ack.h>

#include "rpmsg/control.h"

static void receive(struct yoke_control_part *part, const struct yoke_rpmsg_record *record)
{
    struct yoke_listeners *const listeners = (struct yoke_listeners *)part;
    const struct yoke_link *const link = part->control->ept.link;
    const struct yoke_listener said = {
        .service = YOKE_SWAP32(link->swap, record->peer),
        .address = YOKE_SWAP32(link->swap, record->endpoint),
    };
    const uint32_t value = YOKE_SWAP32(link->swap, record->value);
    struct yoke_ept *const ept = link_find(link, said.service);
    uint32_t at = 0;

    if (ept == NULL || !ept->announced || said.address == YOKE_RPMSG_ADDR_ANY || value > 1) {
        return; // senseless
    }
    while (at < listeners->count && (listeners->table[at].service != said.service ||
                                     listeners->table[at].address != said.address)) {
        at++;
    }
    if ((value == 1) == (at < listeners->count)) {
        return; // known
    }
    if (value == 1 && listeners->count == listeners->capacity) {
        listeners->dropped++;
        return;
    }
    if (value == 1) {
        listeners->table[listeners->count++] = said;
    } else {
        listeners->table[at] = listeners->table[--listeners->count];
    }
    listeners->event(listeners, ept, said.address, value == 1);
}

static void begin(struct yoke_control_part *part)
{
    ((struct yoke_listeners *)part)->count = 0;
}

static void leave(struct yoke_control_part *part, const struct yoke_ept *ept, bool closes)
{
    struct yoke_listeners *const listeners = (struct yoke_listeners *)part;

    (void)closes;
    for (uint32_t at = listeners->count; at-- != 0;) {
        if (listeners->table[at].service == ept->addr) {
            listeners->table[at] = listeners->table[--listeners->count];
        }
    }
}

int yoke_listeners_open(struct yoke_control *control, struct yoke_listeners *listeners,
                        struct yoke_listener *table, uint32_t capacity, yoke_bound_fn *event,
                        void *context)
{
    static const struct yoke_control_ops ops = {
        .feature = YOKE_F_RPMSG_ACK,
        .kind = YOKE_RPMSG_RECORD_BOUND,
        .receive = receive,
        .begin = begin,
        .leave = leave,
    };

    if (control == NULL || listeners == NULL || (table == NULL && capacity != 0) || event == NULL) {
        return YOKE_INVALID;
    }
    *listeners = (struct yoke_listeners){
        .table = table,
        .capacity = capacity,
        .event = event,
        .context = context,
    };
    return yoke_control_add(control, &listeners->part, &ops);
}
