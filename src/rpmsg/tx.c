// SPDX-License-Identifier: BSD-3-Clause
#include "rpmsg/link.h"

int yoke_send_to(struct yoke_ept *ept, uint32_t dst, const void *data, size_t size)
{
    if (ept->link == NULL || dst == YOKE_RPMSG_ADDR_ANY) {
        return YOKE_INVALID;
    }
    return ept->link->role->send(ept, dst, data, size);
}

int yoke_send(struct yoke_ept *ept, const void *data, size_t size)
{
    if (ept->link == NULL || ept->dst == YOKE_RPMSG_ADDR_ANY) {
        return YOKE_INVALID;
    }
    return ept->link->role->send(ept, ept->dst, data, size);
}

int yoke_claim(struct yoke_ept *ept, struct yoke_tx *tx)
{
    return ept->link == NULL ? YOKE_INVALID : ept->link->role->claim(ept->link, tx);
}

int yoke_commit_to(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx, size_t size)
{
    if (ept->link == NULL || dst == YOKE_RPMSG_ADDR_ANY) {
        return YOKE_INVALID;
    }
    return ept->link->role->commit(ept, dst, tx, size);
}

int yoke_commit(struct yoke_ept *ept, const struct yoke_tx *tx, size_t size)
{
    return yoke_commit_to(ept, ept->dst, tx, size);
}

int yoke_cancel(struct yoke_ept *ept, const struct yoke_tx *tx)
{
    return ept->link == NULL ? YOKE_INVALID : ept->link->role->cancel(ept->link, tx->ticket);
}
