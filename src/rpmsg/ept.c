// SPDX-License-Identifier: BSD-3-Clause
#include "rpmsg/link.h"

struct yoke_ept *yoke_ept_find(const struct yoke_link *link, uint32_t addr)
{
    return link_find(link, addr);
}

/// Where to append to an address's bucket. Returns YOKE_EXISTS if the address is taken, or
/// YOKE_NO_SPACE if `depth` endpoints are there already.
static int find_place(struct yoke_link *link, uint32_t addr, uint32_t depth,
                      struct yoke_ept ***place)
{
    struct yoke_ept **at = link_bucket(link, addr);
    uint32_t count = 0;

    while (*at != NULL) {
        if ((*at)->addr == addr) {
            return YOKE_EXISTS;
        }
        count++;
        at = &(*at)->next;
    }
    *place = at;
    return count < depth ? YOKE_OK : YOKE_NO_SPACE;
}

/// Finds a free dynamic address whose bucket is one of the emptiest.
static int find_dynamic(struct yoke_link *link, uint32_t *addr, struct yoke_ept ***place)
{
    const uint32_t buckets = link->bucket_mask + 1;
    // However the endpoints lie, some bucket has no more than the average.
    const uint32_t depth = link->ept_count / buckets + 1;

    if (depth > YOKE_LINK_BUCKET_DEPTH) {
        return YOKE_NO_SPACE;
    }
    // A run as long as `buckets` reaches each of them, and one with room has fewer than `depth`
    // addresses that can be in the way; once more, because the wrap breaks a run in two.
    for (uint32_t tries = (depth + 1) * buckets; tries != 0; tries--) {
        *addr = link->next_addr;
        link->next_addr = *addr == YOKE_RPMSG_ADDR_ANY - 1 ? YOKE_RPMSG_DYNAMIC_ADDR : *addr + 1;
        if (find_place(link, *addr, depth, place) == YOKE_OK) {
            return YOKE_OK;
        }
    }
    return YOKE_NO_SPACE;
}

int yoke_ept_open(struct yoke_link *link, struct yoke_ept *ept, uint32_t addr, uint32_t dst,
                  yoke_receive_fn *receive, void *context)
{
    struct yoke_ept **place;

    if (link == NULL || ept == NULL || receive == NULL) {
        return YOKE_INVALID;
    }
    const int status = addr == YOKE_RPMSG_ADDR_ANY
                           ? find_dynamic(link, &addr, &place)
                           : find_place(link, addr, YOKE_LINK_BUCKET_DEPTH, &place);
    if (status != YOKE_OK) {
        return status;
    }
    *ept = (struct yoke_ept){
        .link = link,
        .receive = receive,
        .context = context,
        .addr = addr,
        .dst = dst,
    };
    *place = ept;
    link->ept_count++;
    return YOKE_OK;
}

int yoke_ept_close(struct yoke_ept *ept)
{
    struct yoke_link *const link = ept->link;

    if (link == NULL || link_find(link, ept->addr) != ept) {
        return YOKE_INVALID;
    }
    if (link->ns != NULL) {
        const int status = link->ns->withdraw(ept, true);
        if (status != YOKE_OK) {
            return status;
        }
    }
    struct yoke_ept **at = link_bucket(link, ept->addr);
    while (*at != ept) {
        at = &(*at)->next;
    }
    *at = ept->next;
    link->ept_count--;
    ept->link = NULL;
    return YOKE_OK;
}

void yoke_link_fallback(struct yoke_link *link, struct yoke_ept *ept)
{
    if (ept != NULL) {
        ept->link = link;
    }
    link->fallback = ept;
}

yoke_ticket yoke_hold(struct yoke_link *link)
{
    return link->current >= CURRENT_OTHER ? YOKE_NO_TICKET : link->role->hold(link);
}

int yoke_release(struct yoke_link *link, yoke_ticket ticket)
{
    return (link->mode & MODE_UP) == 0 ? YOKE_INVALID : link->role->release(link, ticket);
}
