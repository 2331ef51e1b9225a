// SPDX-License-Identifier: BSD-3-Clause
#include "ring/device.h"

/// Enters the indirect table that a descriptor points to (2.7.5.3).
static int enter_table(struct yoke_vq_device *device, struct yoke_chain *chain,
                       const struct yoke_vring_desc *desc)
{
    const void *const table = yoke_mem_at(device->mem, desc->addr, desc->len);

    // The ring's own table must not pass for an indirect one: it could be entered without end.
    if (!device->vq.indirect || chain->table != device->vq.desc || table == device->vq.desc ||
        (desc->flags & YOKE_DESC_NEXT) != 0 || table == NULL || desc->len == 0 ||
        desc->len % sizeof *desc != 0 || (uintptr_t)table % _Alignof(struct yoke_vring_desc) != 0) {
        return YOKE_BAD_PEER;
    }
    chain->table = table;
    chain->size = desc->len / (uint32_t)sizeof *desc;
    chain->next = 0;
    return YOKE_OK;
}

int yoke_chain_next(struct yoke_vq_device *device, struct yoke_chain *chain,
                    struct yoke_vq_part *part)
{
    if (!chain->more) {
        return 0;
    }
    for (;;) {
        if (chain->next >= chain->size || chain->left == 0) {
            return YOKE_BAD_PEER;
        }
        const struct yoke_vring_desc desc = vq_device_read(&device->vq, &chain->table[chain->next]);
        if ((desc.flags & YOKE_DESC_INDIRECT) != 0) {
            if (enter_table(device, chain, &desc) != YOKE_OK) {
                return YOKE_BAD_PEER;
            }
            continue;
        }
        const bool write = (desc.flags & YOKE_DESC_WRITE) != 0;
        void *const data = yoke_mem_at(device->mem, desc.addr, desc.len);
        if (data == NULL || (chain->written && !write)) {
            return YOKE_BAD_PEER;
        }
        chain->left--;
        chain->more = (desc.flags & YOKE_DESC_NEXT) != 0;
        chain->next = desc.next;
        chain->written = write;
        *part = (struct yoke_vq_part){data, desc.len, write};
        return 1;
    }
}

int yoke_vq_device_odd_buffer(struct yoke_vq_device *device, bool write, uint32_t least,
                              struct yoke_vq_part *part, uint32_t head)
{
    struct yoke_chain chain;

    vq_chain_begin(device, head, &chain);
    if (yoke_chain_next(device, &chain, part) == 1 && !chain.more && part->write == write &&
        part->size >= least) {
        return 1;
    }
    vq_device_return(device, head, 0);
    return YOKE_BAD_PEER;
}
