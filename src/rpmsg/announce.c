// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "rpmsg/link.h"

/// Sends one name-service message for an endpoint that has a name.
static int send_ns(struct yoke_ept *ept, uint32_t flags)
{
    struct yoke_link *const link = ept->link;
    struct yoke_rpmsg_ns ns = {
        .addr = YOKE_SWAP32(link->swap, ept->addr),
        .flags = YOKE_SWAP32(link->swap, flags),
    };

    for (size_t i = 0; ept->name[i] != '\0'; i++) {
        ns.name[i] = ept->name[i];
    }
    return yoke_send_to(ept, YOKE_RPMSG_NS_ADDR, &ns, sizeof ns);
}

void yoke_link_announce(struct yoke_link *link, bool anew)
{
    for (uint32_t i = 0; anew && i <= link->bucket_mask; i++) {
        for (struct yoke_ept *ept = link->buckets[i]; ept != NULL; ept = ept->next) {
            ept->announced = false;
        }
    }
    link->mode |= MODE_ANNOUNCING;
    link->calm = CALM_NEVER;
    const bool able = (link->features & YOKE_F_RPMSG_NS) != 0;
    for (uint32_t i = 0; able && i <= link->bucket_mask; i++) {
        for (struct yoke_ept *ept = link->buckets[i]; ept != NULL; ept = ept->next) {
            if (ept->name == NULL || ept->announced) {
                continue;
            }
            if (send_ns(ept, YOKE_RPMSG_NS_CREATE) != YOKE_OK) {
                return; // no buffer: a later poll goes on
            }
            ept->announced = true;
        }
    }
    link->mode &= ~MODE_ANNOUNCING;
}

int yoke_link_withdraw(struct yoke_ept *ept, bool closes)
{
    (void)closes;
    if (ept->announced && (ept->link->mode & MODE_UP) != 0) {
        const int status = send_ns(ept, YOKE_RPMSG_NS_DESTROY);
        if (status != YOKE_OK && status != YOKE_DOWN) {
            return status;
        }
    }
    ept->announced = false;
    ept->name = NULL;
    return YOKE_OK;
}

int yoke_announce(struct yoke_ept *ept, const char *name)
{
    static const struct yoke_link_ns ns = {yoke_link_announce, yoke_link_withdraw};
    struct yoke_link *const link = ept->link;
    size_t length = 0;

    if (link == NULL || name == NULL || ept->name != NULL) {
        return YOKE_INVALID;
    }
    while (name[length] != '\0') {
        if (++length == YOKE_RPMSG_NAME_SIZE) {
            return YOKE_TOO_LONG;
        }
    }
    if (length == 0) {
        return YOKE_INVALID;
    }
    ept->name = name;
    if (link->ns == NULL) {
        link->ns = &ns;
    }
    if ((link->mode & MODE_UP) != 0) {
        yoke_link_announce(link, false);
    }
    return YOKE_OK;
}

int yoke_withdraw(struct yoke_ept *ept)
{
    return ept->link == NULL || ept->name == NULL ? YOKE_INVALID
                                                  : ept->link->ns->withdraw(ept, false);
}
