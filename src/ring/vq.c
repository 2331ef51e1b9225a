// SPDX-License-Identifier: BSD-3-Clause
#include "ring/vq.h"

int yoke_vq_setup(struct yoke_vq *vq, const struct yoke_vq_config *config, bool driver)
{
    const bool version_1 = (config->features & YOKE_F_VERSION_1) != 0;
    const bool swap = yoke_order_differs(version_1, config->big_endian);
    const uint32_t num = config->num;

    if (yoke_vring_bytes(num, config->align) == 0 || config->memory == NULL ||
        (uintptr_t)config->memory % sizeof(struct yoke_vring_desc) != 0 || config->port == NULL ||
        config->port->notify == NULL) {
        return YOKE_INVALID;
    }
    if (swap && !YOKE_BYTE_SWAP) {
        return YOKE_UNSUPPORTED;
    }
    uint8_t *const memory = config->memory;
    uint16_t *const avail = (uint16_t *)(void *)(memory + yoke_vring_avail(num));
    uint16_t *const used = (uint16_t *)(void *)(memory + yoke_vring_used(num, config->align));
    uint16_t *const used_event = avail + YOKE_RING_HEAD / 2 + num;
    uint16_t *const avail_event = used + YOKE_RING_HEAD / 2 + (size_t)num * 4;

    // The stamp survives: tickets from before a restart must not fit after it.
    const uint32_t stamp = (vq->stamp | 1u << 16) & ~(uint32_t)UINT16_MAX;
    *vq = (struct yoke_vq){
        .desc = config->memory,
        .own = driver ? avail : used,
        .peer = driver ? used : avail,
        .own_event = driver ? used_event : avail_event,
        .peer_event = driver ? avail_event : used_event,
        .port = config->port,
        .notify_id = config->notify_id,
        .mask = num - 1,
        .limit = driver ? 0 : num,
        .stamp = stamp,
        .event_idx = (config->features & YOKE_F_RING_EVENT_IDX) != 0,
        .indirect = (config->features & YOKE_F_RING_INDIRECT) != 0,
        .swap = swap,
        .armed = (config->features & YOKE_F_RING_EVENT_IDX) == 0, // as the cleared ring says
    };
    return YOKE_OK;
}

void yoke_vq_publish(struct yoke_vq *vq)
{
    const uint32_t old = vq->shown;

    if (vq->next != old) {
        vq_show(vq);
        // Full: the index is out before we read whether the peer sleeps. Partner: the barrier in
        // the peer's yoke_vq_arm(), between asking for a doorbell and reading the index.
        yoke_barrier_full();
        vq_notify(vq, old);
    }
}

static void store_flags(struct yoke_vq *vq, uint16_t flags)
{
    YOKE_STORE(vq->own[YOKE_RING_FLAGS], YOKE_SWAP16(vq->swap, flags));
    yoke_clean(vq->port, &vq->own[YOKE_RING_FLAGS], sizeof(uint16_t));
}

static void store_event(struct yoke_vq *vq, uint16_t event)
{
    YOKE_STORE(*vq->own_event, YOKE_SWAP16(vq->swap, event));
    yoke_clean(vq->port, vq->own_event, sizeof(uint16_t));
}

bool yoke_vq_ask(struct yoke_vq *vq)
{
    if (vq->event_idx) {
        if (vq->armed_at == vq->seen) {
            return false;
        }
        store_event(vq, (uint16_t)vq->seen);
        vq->armed_at = vq->seen;
        return true;
    }
    if (vq->armed) {
        return false;
    }
    store_flags(vq, 0);
    vq->armed = true;
    return true;
}

bool yoke_vq_arm(struct yoke_vq *vq)
{
    if (yoke_vq_ask(vq)) {
        // Partner: the full barrier in the peer's yoke_vq_publish().
        yoke_barrier_full();
    }
    return vq_waiting(vq) != 0;
}

void yoke_vq_quiet(struct yoke_vq *vq)
{
    if (vq->event_idx) {
        // Just behind us: the peer passes it only after all other 65535 values.
        vq->armed_at = vq->seen - 1;
        store_event(vq, (uint16_t)vq->armed_at);
    } else if (vq->armed) {
        store_flags(vq, YOKE_RING_NO_NOTIFY);
        vq->armed = false;
    }
}
