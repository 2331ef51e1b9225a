// SPDX-License-Identifier: BSD-3-Clause
#include "ring/driver.h"

#include <string.h>

int yoke_vq_driver_init(struct yoke_vq_driver *driver, const struct yoke_vq_config *config,
                        struct yoke_vq_slot *slots)
{
    const int status = slots == NULL ? YOKE_INVALID : yoke_vq_setup(&driver->vq, config, true);
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

yoke_ticket yoke_vq_driver_take(struct yoke_vq_driver *driver)
{
    if (driver->free_count == 0) {
        return YOKE_NO_TICKET;
    }
    const uint32_t index = vq_driver_take_free(driver);
    driver->slots[index].next = (uint16_t)index;
    return vq_driver_own(driver, index);
}

int yoke_vq_driver_offer(struct yoke_vq_driver *driver, yoke_ticket ticket, uint64_t address,
                         uint32_t size, bool write)
{
    const uint32_t index = yoke_ticket_index(ticket);

    if (!vq_driver_owns(driver, ticket) || driver->slots[index].next != index) {
        return YOKE_INVALID;
    }
    vq_driver_offer(driver, index, address, size, write);
    return YOKE_OK;
}

int yoke_vq_driver_offer_chain(struct yoke_vq_driver *driver, const struct yoke_vq_buffer *buffers,
                               uint16_t reads, uint16_t writes, uint16_t *head)
{
    const uint32_t count = (uint32_t)reads + writes;

    if (count == 0) {
        return YOKE_INVALID;
    }
    if (count > driver->vq.mask + 1) {
        return YOKE_TOO_LONG;
    }
    if (count > driver->free_count) {
        return YOKE_AGAIN;
    }
    const uint16_t first = driver->free;
    uint32_t room = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = vq_driver_take_free(driver);
        struct yoke_vq_slot *const slot = &driver->slots[index];
        const bool last = i == count - 1;
        const uint32_t write = i >= reads ? YOKE_DESC_WRITE : 0;
        slot->stamp = SLOT_LINKED;
        slot->next = last ? (uint16_t)index : driver->free;
        room += write != 0 ? buffers[i].size : 0;
        vq_driver_write(&driver->vq, index, buffers[i].address, buffers[i].size,
                        (uint16_t)(write | (last ? 0 : YOKE_DESC_NEXT)), last ? 0 : slot->next);
    }
    driver->slots[first].stamp = SLOT_OFFERED;
    driver->slots[first].room = room;
    vq_driver_put(&driver->vq, first);
    *head = first;
    return YOKE_OK;
}

int yoke_vq_driver_used(struct yoke_vq_driver *driver, yoke_ticket *ticket, uint32_t *size)
{
    const int waiting = vq_waiting(&driver->vq);
    if (waiting <= 0) {
        return waiting;
    }
    const int index = vq_driver_next(driver, size);
    if (index < 0) {
        return index;
    }
    *ticket = vq_driver_own(driver, (uint32_t)index);
    return 1;
}

int yoke_vq_driver_give(struct yoke_vq_driver *driver, yoke_ticket ticket)
{
    uint16_t index = yoke_ticket_index(ticket);

    if (!vq_driver_owns(driver, ticket)) {
        return YOKE_INVALID;
    }
    for (;;) {
        struct yoke_vq_slot *const slot = &driver->slots[index];
        const uint16_t next = slot->next;
        slot->stamp = SLOT_FREE;
        slot->next = driver->free;
        driver->free = index;
        driver->free_count++;
        if (next == index) {
            return YOKE_OK;
        }
        index = next;
    }
}
