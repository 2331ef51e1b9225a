// SPDX-License-Identifier: BSD-3-Clause
/// \file path.h
/// A message's way in and out, written once and compiled for each role: the file that includes it
/// has defined the role's ring operations. They are static, so that compilers put them in line.
///
/// - int role_receive(link, rx): the next message: 1, 0 if there is none, YOKE_BAD_PEER (skipped)
///   or YOKE_DOWN (the ring is broken).
/// - int role_give_back(link, ticket): gives a message's buffer back; YOKE_OK or YOKE_INVALID.
/// - int role_claim(link, tx): a free buffer, data and size of all of it; returns as role_receive.
/// - bool role_owns(link, ticket): true if a claim is still good.
/// - void role_commit(link, ticket, size): sends `size` bytes of a claimed buffer.
/// - void role_cancel(link, ticket): gives a claimed buffer up.
#ifndef YOKE_RPMSG_PATH_H
#define YOKE_RPMSG_PATH_H

#include "rpmsg/link.h"

/// A message as it comes off the ring: nothing in it was looked at yet.
struct yoke_rx {
    const uint8_t *data;
    uint32_t size; ///< Bytes, the header included.
    yoke_ticket ticket;
};

static inline int role_receive(struct yoke_link *link, struct yoke_rx *rx);
static inline int role_give_back(struct yoke_link *link, yoke_ticket ticket);
static inline int role_claim(struct yoke_link *link, struct yoke_tx *tx);
static inline bool role_owns(const struct yoke_link *link, yoke_ticket ticket);
static inline void role_commit(struct yoke_link *link, yoke_ticket ticket, uint32_t size);
static inline void role_cancel(struct yoke_link *link, yoke_ticket ticket);

// --------------------------------------------------------------------------------------- receiving

/// Hands one message to its endpoint, and its buffer back unless it was held.
static inline void path_deliver(struct yoke_link *link, const struct yoke_rx *rx)
{
    struct yoke_rpmsg_header header;

    if (rx->size < YOKE_HEADER) {
        link->stats.bad++;
        (void)role_give_back(link, rx->ticket);
        return;
    }
    yoke_snapshot(&header, rx->data, sizeof header);
    const struct yoke_msg msg = {
        .data = rx->data + YOKE_HEADER,
        .size = YOKE_SWAP16(link->swap, header.len),
        .src = YOKE_SWAP32(link->swap, header.src),
        .dst = YOKE_SWAP32(link->swap, header.dst),
        .flags = YOKE_SWAP16(link->swap, header.flags),
    };
    struct yoke_ept *ept = link_find(link, msg.dst);
    if (ept == NULL) {
        ept = link->fallback;
    }
    if (msg.size > rx->size - YOKE_HEADER) {
        link->stats.bad++;
    } else if (ept == NULL) {
        link->stats.rx_unknown++;
    } else {
        link->stats.rx_done++;
        link->current = rx->ticket;
        ept->receive(ept, &msg);
        // Now the endpoint may be closed and gone, the message held, the link down.
        if (link->current == YOKE_NO_TICKET) {
            return;
        }
        link->current = YOKE_NO_TICKET;
    }
    (void)role_give_back(link, rx->ticket);
}

/// Shows what both rings have for the other side and, with `sleep`, asks for a doorbell. One
/// barrier for all; its partners are the same one on the other side and that in yoke_vq_arm().
static void path_settle(struct yoke_link *link, bool sleep)
{
    struct yoke_vq *const rx = &link->rx.vq;
    struct yoke_vq *const tx = &link->tx.vq;
    bool barrier = vq_show(rx);

    barrier |= vq_show(tx);
    if (sleep) {
        barrier |= yoke_vq_ask(rx);
    }
    if (barrier) {
        yoke_barrier_full();
        vq_ring(rx);
        vq_ring(tx);
    }
}

/// Delivers up to `budget` messages, then settles.
static inline uint32_t path_drain(struct yoke_link *link, uint32_t budget)
{
    uint32_t done = 0;

    while (link->up) {
        struct yoke_rx rx;
        if (done == budget) {
            path_settle(link, false);
            break;
        }
        const int got = role_receive(link, &rx);
        if (got > 0) {
            done++;
            if (link->rx.vq.armed && !link->rx.vq.event_idx) {
                yoke_vq_quiet(&link->rx.vq);
            }
            path_deliver(link, &rx);
        } else if (got == YOKE_BAD_PEER) {
            done++;
            link->stats.bad++;
        } else if (got == YOKE_DOWN) {
            yoke_link_break(link, YOKE_FAULT_INDEX);
        } else {
            path_settle(link, !link->polled);
            // Look again: what came before the other side saw the request rang no doorbell.
            if (link->polled || vq_waiting(&link->rx.vq) == 0) {
                break;
            }
        }
    }
    return done;
}

static int path_poll(struct yoke_link *link, uint32_t budget)
{
    if (link->polling) {
        return YOKE_INVALID;
    }
    YOKE_STORE(link->signalled, false);
    yoke_invalidate(link->vdev->port, link->status, 1);
    const bool live = yoke_status_live(YOKE_LOAD(*link->status));
    const bool corked = link->corked;
    link->polling = true;
    link->corked = true;
    int result = live && link->up ? YOKE_OK : yoke_link_follow(link);
    if (result == YOKE_OK) {
        if (link->announcing) {
            link->ns->announce(link, false);
        }
        result = (int)path_drain(link, budget);
        if (result == 0 && !link->up) {
            result = link->fault != YOKE_FAULT_NONE ? YOKE_BAD_PEER : YOKE_DOWN;
        }
    }
    link->corked = corked;
    link->polling = false;
    return result;
}

static int path_release(struct yoke_link *link, yoke_ticket ticket)
{
    const int status = role_give_back(link, ticket);

    if (!link->corked) {
        yoke_vq_publish(&link->rx.vq);
    }
    return status;
}

// ----------------------------------------------------------------------------------------- sending

/// Claims a buffer from the ring. A peer that hands in nonsense for ever gets no further than one
/// ring's worth of it a call.
static inline int path_claim_once(struct yoke_link *link, struct yoke_tx *tx)
{
    for (uint32_t tries = link->tx_num; tries != 0; tries--) {
        const int got = role_claim(link, tx);
        if (got > 0) {
            return YOKE_OK;
        }
        if (got == 0) {
            return YOKE_AGAIN;
        }
        if (got == YOKE_DOWN) {
            yoke_link_break(link, YOKE_FAULT_INDEX);
            return YOKE_DOWN;
        }
        link->stats.bad++;
    }
    return YOKE_AGAIN;
}

static int path_claim(struct yoke_link *link, struct yoke_tx *tx)
{
    if (!link->up) {
        return YOKE_DOWN;
    }
    int status = path_claim_once(link, tx);
    if (status == YOKE_AGAIN) {
        // The other side can only free buffers that it was shown; have it ring when it does.
        yoke_vq_publish(&link->tx.vq);
        if (!link->polled && yoke_vq_arm(&link->tx.vq)) {
            status = path_claim_once(link, tx);
        }
        link->stats.tx_again += status == YOKE_AGAIN;
    } else if (link->tx.vq.armed) {
        yoke_vq_quiet(&link->tx.vq);
    }
    if (status == YOKE_OK) {
        tx->data = (uint8_t *)tx->data + YOKE_HEADER;
        tx->size = (tx->size < link->buffer_size ? tx->size : link->buffer_size) - YOKE_HEADER;
    }
    return status;
}

/// Sends a claimed buffer whose ticket and size are known to be good.
static inline void path_commit_good(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx,
                                    size_t size)
{
    struct yoke_link *const link = ept->link;
    const struct yoke_rpmsg_header header = {
        .src = YOKE_SWAP32(link->swap, ept->addr),
        .dst = YOKE_SWAP32(link->swap, dst),
        .len = YOKE_SWAP16(link->swap, (uint16_t)size),
    };
    uint8_t *const start = (uint8_t *)tx->data - YOKE_HEADER;

    memcpy(start, &header, sizeof header);
    yoke_clean(link->tx.vq.port, start, YOKE_HEADER + size);
    role_commit(link, tx->ticket, YOKE_HEADER + (uint32_t)size);
    link->stats.tx_sent++;
    if (!link->corked) {
        yoke_vq_publish(&link->tx.vq);
    }
}

static int path_commit(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx, size_t size)
{
    struct yoke_link *const link = ept->link;

    if (!link->up) {
        return YOKE_DOWN;
    }
    if (!role_owns(link, tx->ticket)) {
        return YOKE_INVALID;
    }
    if (size > tx->size) {
        return YOKE_TOO_LONG;
    }
    path_commit_good(ept, dst, tx, size);
    return YOKE_OK;
}

static int path_cancel(struct yoke_link *link, yoke_ticket ticket)
{
    if (!link->up) {
        return YOKE_DOWN;
    }
    if (!role_owns(link, ticket)) {
        return YOKE_INVALID;
    }
    role_cancel(link, ticket);
    return YOKE_OK;
}

static int path_send(struct yoke_ept *ept, uint32_t dst, const void *data, size_t size)
{
    struct yoke_link *const link = ept->link;
    struct yoke_tx tx;

    if (size > link->buffer_size - YOKE_HEADER) {
        return YOKE_TOO_LONG;
    }
    const int status = path_claim(link, &tx);
    if (status != YOKE_OK) {
        return status;
    }
    if (size > tx.size) {
        role_cancel(link, tx.ticket);
        return YOKE_TOO_LONG;
    }
    if (size != 0) {
        memcpy(tx.data, data, size);
    }
    path_commit_good(ept, dst, &tx, size);
    return YOKE_OK;
}

/// The part of a role's table that this file fills.
#define YOKE_PATH                                                                                  \
    .poll = path_poll, .send = path_send, .claim = path_claim, .commit = path_commit,              \
    .cancel = path_cancel, .release = path_release

#endif
