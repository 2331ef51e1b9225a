// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "ring/vq.h"

// What slot.stamp says: 0 is free, OFFERED is a chain's head that the device has, LINKED is a
// later descriptor of a chain, anything else is the stamp of the ticket that has the descriptor.
#define FREE 0u
#define OFFERED 0xffffu
#define LINKED 0xfffeu

int yoke_vq_driver_init(struct yoke_vq_driver *driver, const struct yoke_vq_config *config,
                        struct yoke_vq_slot *slots)
{
    const int status = slots == NULL ? YOKE_INVALID : yoke_vq_init(&driver->vq, config, true);
    if (status != YOKE_OK) {
        return status;
    }
    const size_t bytes = yoke_vring_bytes(config->num, config->align);
    memset(config->memory, 0, bytes);
    yoke_clean(config->port, config->memory, bytes);
    for (uint32_t i = 0; i < config->num; i++) {
        slots[i] = (struct yoke_vq_slot){.next = (uint16_t)(i + 1)};
    }
    driver->slots = slots;
    driver->free = 0;
    driver->free_count = (uint16_t)config->num;
    return YOKE_OK;
}

static uint16_t take_free(struct yoke_vq_driver *driver)
{
    const uint16_t index = driver->free;
    driver->free = driver->slots[index].next;
    driver->free_count--;
    return index;
}

yoke_ticket yoke_vq_driver_take(struct yoke_vq_driver *driver)
{
    if (driver->free_count == 0) {
        return YOKE_NO_TICKET;
    }
    const uint16_t index = take_free(driver);
    const yoke_ticket ticket = yoke_vq_stamp(&driver->vq, index);
    driver->slots[index].stamp = (uint16_t)(ticket >> 16);
    driver->slots[index].next = index;
    return ticket;
}

static void write_descriptor(struct yoke_vq *vq, uint16_t index, uint64_t address, uint32_t size,
                             uint16_t flags, uint16_t next)
{
    struct yoke_vring_desc *const desc = &vq->desc[index];

    desc->addr = YOKE_SWAP64(vq->swap, address);
    desc->len = YOKE_SWAP32(vq->swap, size);
    desc->flags = YOKE_SWAP16(vq->swap, flags);
    desc->next = YOKE_SWAP16(vq->swap, next);
    yoke_clean(vq->port, desc, sizeof *desc);
}

/// Puts a written chain into the available ring (2.7.13.2); yoke_vq_publish() shows it.
static void put_head(struct yoke_vq *vq, uint16_t head)
{
    uint16_t *const element = &vq->own[YOKE_RING_HEAD / 2 + (vq->next & vq->mask)];

    YOKE_STORE(*element, YOKE_SWAP16(vq->swap, head));
    yoke_clean(vq->port, element, sizeof *element);
    vq->next++;
    vq->limit++;
}

int yoke_vq_driver_offer(struct yoke_vq_driver *driver, yoke_ticket ticket, uint64_t address,
                         uint32_t size, bool write)
{
    const uint16_t index = yoke_ticket_index(ticket);

    if (!yoke_vq_driver_owns(driver, ticket) || driver->slots[index].next != index) {
        return YOKE_INVALID;
    }
    struct yoke_vq_slot *const slot = &driver->slots[index];
    slot->stamp = OFFERED;
    slot->room = write ? size : 0;
    write_descriptor(&driver->vq, index, address, size, write ? YOKE_DESC_WRITE : 0, 0);
    put_head(&driver->vq, index);
    return YOKE_OK;
}

int yoke_vq_driver_offer_chain(struct yoke_vq_driver *driver, const struct yoke_vq_buffer *buffers,
                               uint16_t reads, uint16_t writes, uint16_t *head)
{
    const uint32_t count = (uint32_t)reads + writes;

    if (count == 0) {
        return YOKE_INVALID;
    }
    if (count > driver->free_count) {
        return YOKE_AGAIN;
    }
    const uint16_t first = driver->free;
    uint32_t room = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t index = take_free(driver);
        struct yoke_vq_slot *const slot = &driver->slots[index];
        const bool last = i == count - 1;
        const uint32_t write = i >= reads ? YOKE_DESC_WRITE : 0;
        slot->stamp = LINKED;
        slot->next = last ? index : driver->free;
        room += write != 0 ? buffers[i].size : 0;
        write_descriptor(&driver->vq, index, buffers[i].address, buffers[i].size,
                         (uint16_t)(write | (last ? 0 : YOKE_DESC_NEXT)), last ? 0 : slot->next);
    }
    driver->slots[first].stamp = OFFERED;
    driver->slots[first].room = room;
    put_head(&driver->vq, first);
    *head = first;
    return YOKE_OK;
}

int yoke_vq_driver_used(struct yoke_vq_driver *driver, yoke_ticket *ticket, uint32_t *size)
{
    struct yoke_vq *const vq = &driver->vq;
    const int waiting = yoke_vq_waiting(vq);
    if (waiting <= 0) {
        return waiting;
    }
    const struct yoke_vring_used_elem *const ring = (const void *)&vq->peer[YOKE_RING_HEAD / 2];
    const struct yoke_vring_used_elem *const element = &ring[vq->seen & vq->mask];
    yoke_invalidate(vq->port, element, sizeof *element);
    const uint32_t index = YOKE_SWAP32(vq->swap, YOKE_LOAD(element->id));
    const uint32_t written = YOKE_SWAP32(vq->swap, YOKE_LOAD(element->len));
    vq->seen++;
    if (index > vq->mask || driver->slots[index].stamp != OFFERED) {
        return YOKE_BAD_PEER;
    }
    struct yoke_vq_slot *const slot = &driver->slots[index];
    vq->limit--;
    *ticket = yoke_vq_stamp(vq, (uint16_t)index);
    *size = written <= slot->room ? written : 0;
    slot->stamp = (uint16_t)(*ticket >> 16);
    return 1;
}

int yoke_vq_driver_give(struct yoke_vq_driver *driver, yoke_ticket ticket)
{
    uint16_t index = yoke_ticket_index(ticket);

    if (!yoke_vq_driver_owns(driver, ticket)) {
        return YOKE_INVALID;
    }
    for (;;) {
        struct yoke_vq_slot *const slot = &driver->slots[index];
        const uint16_t next = slot->next;
        slot->stamp = FREE;
        slot->next = driver->free;
        driver->free = index;
        driver->free_count++;
        if (next == index) {
            return YOKE_OK;
        }
        index = next;
    }
}
