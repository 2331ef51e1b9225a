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
    return head;
}

int yoke_vq_device_pop(struct yoke_vq_device *device, struct yoke_chain *chain)
{
    yoke_ticket ticket;
    const int got = vq_device_take(device, &ticket);

    if (got > 0) {
        vq_chain_begin(device, ticket, chain);
    }
    return got;
}

int yoke_vq_device_push(struct yoke_vq_device *device, yoke_ticket ticket, uint32_t size)
{
    if (!vq_device_owns(device, ticket)) {
        return YOKE_INVALID;
    }
    vq_device_push(device, ticket, size);
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
