// SPDX-License-Identifier: BSD-3-Clause
#include "rpmsg/control.h"

/// The extensions that have records: if none was taken, address 54 is nobody's.
#define WITH_RECORDS (YOKE_F_RPMSG_CREDITS | YOKE_F_RPMSG_BULK | YOKE_F_RPMSG_ACK)

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct yoke_control *const control = ept->context;
    struct yoke_link *const link = ept->link;
    struct yoke_rpmsg_record record;

    if ((link->features & WITH_RECORDS) == 0 || msg->src != YOKE_RPMSG_CONTROL_ADDR ||
        msg->size == 0 || msg->size % sizeof record != 0) {
        link->stats.bad++;
        return;
    }
    // What a record leads to may take the link down, and the rest is void then.
    for (uint32_t at = 0; at < msg->size && (link->mode & MODE_UP) != 0; at += sizeof record) {
        yoke_snapshot(&record, (const uint8_t *)msg->data + at, sizeof record);
        const uint32_t kind = YOKE_SWAP32(link->swap, record.kind);
        struct yoke_control_part *part = control->parts;
        while (part != NULL && (part->ops->receive == NULL || part->ops->kind != kind ||
                                (link->features & part->ops->feature) == 0)) {
            part = part->next;
        }
        if (part != NULL) {
            part->ops->receive(part, &record);
        }
    }
}

/// The link's control records, or NULL if their endpoint is not open.
static struct yoke_control *control_of(const struct yoke_link *link)
{
    const struct yoke_ept *const ept = link_find(link, YOKE_RPMSG_CONTROL_ADDR);

    return ept != NULL && ept->receive == receive ? ept->context : NULL;
}

void yoke_control_send(struct yoke_control *control)
{
    struct yoke_link *const link = control->ept.link;
    struct yoke_control_part *part = link != NULL ? control->parts : NULL;

    for (; part != NULL; part = part->next) {
        if (part->ops->send != NULL && part->ops->send(part) == YOKE_AGAIN) {
            link->mode |= MODE_ANNOUNCING; // a later poll goes on
            return;
        }
    }
}

static void announce(struct yoke_link *link, bool anew)
{
    struct yoke_control *const control = control_of(link);
    struct yoke_control_part *part = control != NULL && anew ? control->parts : NULL;

    for (; part != NULL; part = part->next) {
        part->ops->begin(part);
    }
    yoke_link_announce(link, anew);
    if (control != NULL) {
        yoke_control_send(control);
    }
}

static int withdraw(struct yoke_ept *ept, bool closes)
{
    struct yoke_control *const control = control_of(ept->link);
    struct yoke_control_part *part = control != NULL ? control->parts : NULL;
    const int status = yoke_link_withdraw(ept, closes);

    for (; part != NULL && status == YOKE_OK; part = part->next) {
        part->ops->leave(part, ept, closes);
    }
    return status;
}

int yoke_control_open(struct yoke_link *link, struct yoke_control *control)
{
    static const struct yoke_link_ns ns = {announce, withdraw};

    if (control == NULL) {
        return YOKE_INVALID;
    }
    const int status = yoke_ept_open(link, &control->ept, YOKE_RPMSG_CONTROL_ADDR,
                                     YOKE_RPMSG_CONTROL_ADDR, receive, control);
    if (status == YOKE_OK) {
        control->parts = NULL;
        link->ns = &ns;
    }
    return status;
}

int yoke_control_add(struct yoke_control *control, struct yoke_control_part *part,
                     const struct yoke_control_ops *ops)
{
    if (control->ept.link == NULL) {
        return YOKE_INVALID;
    }
    *part = (struct yoke_control_part){control->parts, control, ops};
    control->parts = part;
    control->ept.link->known |= ops->feature;
    return YOKE_OK;
}
