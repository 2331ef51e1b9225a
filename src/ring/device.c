// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "ring/vq.h"

// What owned[] says: 0 is the driver's, SPARE waits to be popped again, anything else is the stamp
// of the ticket that has the chain.
#define SPARE 0xffffu

int yoke_vq_device_init(struct yoke_vq_device *device, const struct yoke_vq_config *config,
                        const struct yoke_mem *mem, uint16_t *owned)
{
    const int status =
        mem == NULL || owned == NULL ? YOKE_INVALID : yoke_vq_init(&device->vq, config, false);
    if (status != YOKE_OK) {
        return status;
    }
    memset(owned, 0, config->num * sizeof *owned);
    device->mem = mem;
    device->owned = owned;
    device->spares = 0;
    return YOKE_OK;
}

/// Starts a chain at a head that is ours now.
static void begin_chain(struct yoke_vq_device *device, struct yoke_chain *chain, uint16_t head)
{
    struct yoke_vq *const vq = &device->vq;

    chain->ticket = yoke_vq_stamp(vq, head);
    chain->table = vq->desc;
    chain->size = vq->mask + 1u;
    chain->left = vq->mask + 1u;
    chain->next = head;
    chain->more = true;
    chain->written = false;
    device->owned[head] = (uint16_t)(chain->ticket >> 16);
}

int yoke_vq_device_pop(struct yoke_vq_device *device, struct yoke_chain *chain)
{
    struct yoke_vq *const vq = &device->vq;

    if (device->spares != 0) {
        uint16_t head = 0;
        while (device->owned[head] != SPARE) {
            head++;
        }
        device->spares--;
        begin_chain(device, chain, head);
        return 1;
    }
    const int waiting = yoke_vq_waiting(vq);
    if (waiting <= 0) {
        return waiting;
    }
    const uint16_t *const element = &vq->peer[YOKE_RING_HEAD / 2 + (vq->seen & vq->mask)];
    yoke_invalidate(vq->port, element, sizeof *element);
    const uint16_t head = YOKE_SWAP16(vq->swap, YOKE_LOAD(*element));
    vq->seen++;
    if (head > vq->mask || device->owned[head] != 0) {
        return YOKE_BAD_PEER;
    }
    begin_chain(device, chain, head);
    return 1;
}

/// Enters the indirect table that a descriptor points to (2.7.5.3).
static int enter_table(struct yoke_vq_device *device, struct yoke_chain *chain, uint64_t address,
                       uint32_t size, uint16_t flags)
{
    const void *const table = yoke_mem_at(device->mem, address, size);

    if (!device->vq.indirect || chain->table != device->vq.desc || (flags & YOKE_DESC_NEXT) != 0 ||
        table == NULL || size == 0 || size % sizeof(struct yoke_vring_desc) != 0 ||
        (uintptr_t)table % _Alignof(struct yoke_vring_desc) != 0) {
        return YOKE_BAD_PEER;
    }
    chain->table = table;
    chain->size = size / (uint32_t)sizeof(struct yoke_vring_desc);
    chain->next = 0;
    return YOKE_OK;
}

int yoke_chain_next(struct yoke_vq_device *device, struct yoke_chain *chain,
                    struct yoke_vq_part *part)
{
    const struct yoke_vq *const vq = &device->vq;

    if (!chain->more) {
        return 0;
    }
    for (;;) {
        if (chain->next >= chain->size || chain->left == 0) {
            return YOKE_BAD_PEER;
        }
        const struct yoke_vring_desc *const desc = &chain->table[chain->next];
        struct yoke_vring_desc read;
        yoke_invalidate(vq->port, desc, sizeof *desc);
        yoke_snapshot(&read, desc, sizeof read);
        const uint64_t address = YOKE_SWAP64(vq->swap, read.addr);
        const uint32_t size = YOKE_SWAP32(vq->swap, read.len);
        const uint16_t flags = YOKE_SWAP16(vq->swap, read.flags);
        if ((flags & YOKE_DESC_INDIRECT) != 0) {
            if (enter_table(device, chain, address, size, flags) != YOKE_OK) {
                return YOKE_BAD_PEER;
            }
            continue;
        }
        const bool write = (flags & YOKE_DESC_WRITE) != 0;
        void *const data = yoke_mem_at(device->mem, address, size);
        if (data == NULL || (chain->written && !write)) {
            return YOKE_BAD_PEER;
        }
        chain->left--;
        chain->more = (flags & YOKE_DESC_NEXT) != 0;
        chain->next = YOKE_SWAP16(vq->swap, read.next);
        chain->written = write;
        *part = (struct yoke_vq_part){data, size, write};
        return 1;
    }
}

int yoke_vq_device_push(struct yoke_vq_device *device, yoke_ticket ticket, uint32_t size)
{
    struct yoke_vq *const vq = &device->vq;
    const uint16_t head = yoke_ticket_index(ticket);

    if (!yoke_vq_device_owns(device, ticket)) {
        return YOKE_INVALID;
    }
    struct yoke_vring_used_elem *const ring = (void *)&vq->own[YOKE_RING_HEAD / 2];
    struct yoke_vring_used_elem *const element = &ring[vq->next & vq->mask];
    YOKE_STORE(element->id, YOKE_SWAP32(vq->swap, (uint32_t)head));
    YOKE_STORE(element->len, YOKE_SWAP32(vq->swap, size));
    yoke_clean(vq->port, element, sizeof *element);
    vq->next++;
    device->owned[head] = 0;
    return YOKE_OK;
}

int yoke_vq_device_unpop(struct yoke_vq_device *device, yoke_ticket ticket)
{
    if (!yoke_vq_device_owns(device, ticket)) {
        return YOKE_INVALID;
    }
    device->owned[yoke_ticket_index(ticket)] = SPARE;
    device->spares++;
    return YOKE_OK;
}
