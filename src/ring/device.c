// SPDX-License-Identifier: BSD-3-Clause
#include "ring/device.h"

#include <string.h>

int yoke_vq_device_init(struct yoke_vq_device *device, const struct yoke_vq_config *config,
                        const struct yoke_mem *mem, uint16_t *owned)
{
    if (mem == NULL || mem->count == 0 || owned == NULL) {
        return YOKE_INVALID;
    }
    const int status = yoke_vq_setup(&device->vq, config, false);
    if (status != YOKE_OK) {
        return status;
    }
    // Lines of our own ring that date from before the driver cleared it would bring the old index
    // back when a neighbour is cleaned.
    yoke_invalidate(config->port, config->memory, yoke_vring_bytes(config->num, config->align));
    memset(owned, 0, config->num * sizeof *owned);
    device->mem = mem;
    device->owned = owned;
    device->spares = 0;
    return YOKE_OK;
}

uint32_t yoke_vq_device_spare(struct yoke_vq_device *device)
{
    uint32_t head = 0;

    while (device->owned[head] != OWNED_SPARE) {
        head++;
    }
    device->spares--;
    device->owned[head] = 0;
    return head;
}

int yoke_vq_device_pop(struct yoke_vq_device *device, struct yoke_chain *chain)
{
    const int head = vq_device_take(device);

    if (head < 0) {
        return head == YOKE_AGAIN ? 0 : head;
    }
    vq_chain_begin(device, (uint32_t)head, chain);
    chain->ticket = vq_device_own(device, (uint32_t)head);
    return 1;
}

int yoke_vq_device_push(struct yoke_vq_device *device, yoke_ticket ticket, uint32_t size)
{
    const uint32_t head = yoke_ticket_index(ticket);

    if (!vq_device_owns(device, ticket)) {
        return YOKE_INVALID;
    }
    device->owned[head] = 0;
    vq_device_return(device, head, size);
    return YOKE_OK;
}

int yoke_vq_device_unpop(struct yoke_vq_device *device, yoke_ticket ticket)
{
    if (!vq_device_owns(device, ticket)) {
        return YOKE_INVALID;
    }
    device->owned[yoke_ticket_index(ticket)] = OWNED_SPARE;
    device->spares++;
    return YOKE_OK;
}
