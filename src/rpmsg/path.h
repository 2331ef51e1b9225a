// SPDX-License-Identifier: BSD-3-Clause
/// \file path.h
/// A message's way in and out, written once and compiled for each role: the file that includes it
/// has defined the role's ring operations. They are static, so that compilers put them in line.
///
/// - int role_next(link, rx): the next message, one that waits: 1, or YOKE_BAD_PEER (skipped).
/// - bool role_holds(link, ticket): true if a message is ours.
/// - void role_give_back(link, ticket): gives the buffer of one that is ours back.
/// - int role_claim(link, tx): a free buffer, all of it: 1, 0 if there is none, YOKE_BAD_PEER
///   (skipped) or YOKE_DOWN (the ring is broken).
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

YOKE_HOT int role_next(struct yoke_link *link, struct yoke_rx *rx);
YOKE_HOT bool role_holds(const struct yoke_link *link, yoke_ticket ticket);
YOKE_HOT void role_give_back(struct yoke_link *link, yoke_ticket ticket);
YOKE_HOT int role_claim(struct yoke_link *link, struct yoke_tx *tx);
YOKE_HOT bool role_owns(const struct yoke_link *link, yoke_ticket ticket);
YOKE_HOT void role_commit(struct yoke_link *link, yoke_ticket ticket, uint32_t size);
YOKE_HOT void role_cancel(struct yoke_link *link, yoke_ticket ticket);

// --------------------------------------------------------------------------------------- receiving

/// Hands one message to its endpoint, and its buffer back unless it was held.
YOKE_HOT void path_deliver(struct yoke_link *link, const struct yoke_rx *rx)
{
    struct yoke_rpmsg_header header;

    if (rx->size < YOKE_HEADER) {
        link->stats.bad++;
        role_give_back(link, rx->ticket);
        return;
    }
    yoke_snapshot16(&header, rx->data);
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
    role_give_back(link, rx->ticket);
}

/// Shows what both rings have for the other side and, unless polled, asks for a doorbell. One
/// barrier for all; its partners are the same one on the other side and that in yoke_vq_arm().
YOKE_HOT void path_settle(struct yoke_link *link)
{
    struct yoke_vq *const rx = &link->rx.vq;
    struct yoke_vq *const tx = &link->tx.vq;
    const uint32_t rx_old = rx->shown;
    const uint32_t tx_old = tx->shown;
    bool barrier = rx->next != rx_old || tx->next != tx_old;

    vq_show(rx);
    vq_show(tx);
    if (!link->polled) {
        barrier |= yoke_vq_ask(rx);
    }
    if (barrier) {
        yoke_barrier_full();
        vq_notify(rx, rx_old);
        vq_notify(tx, tx_old);
    }
}

/// Delivers up to `budget` messages. Returns how many were delivered or refused.
YOKE_HOT uint32_t path_drain(struct yoke_link *link, uint32_t budget)
{
    struct yoke_vq *const rx_vq = &link->rx.vq;
    uint32_t left = budget;

    for (;;) {
        int waiting = vq_waiting(rx_vq);
        if (waiting < 0) {
            yoke_link_break(link, YOKE_FAULT_INDEX);
            return budget - left;
        }
        if (waiting > 0 && rx_vq->armed && !rx_vq->event_idx) {
            yoke_vq_quiet(rx_vq);
        }
        for (; waiting > 0 && left != 0; waiting--, left--) {
            struct yoke_rx rx;
            if (role_next(link, &rx) < 0) {
                link->stats.bad++;
                continue;
            }
            path_deliver(link, &rx);
            if ((link->mode & MODE_UP) == 0) {
                return budget - left + 1;
            }
        }
        path_settle(link);
        // Look again: what came before the other side saw the request rang no doorbell.
        if (left == 0 || link->polled || vq_waiting(rx_vq) == 0) {
            return budget - left;
        }
    }
}

static int path_poll(struct yoke_link *link, uint32_t budget)
{
    const uint8_t mode = link->mode;

    if ((mode & MODE_POLLING) != 0) {
        return YOKE_INVALID;
    }
    YOKE_STORE(link->signalled, false);
    yoke_invalidate(link->vdev->port, link->status, 1);
    link->mode = mode | MODE_POLLING;
    if ((mode & ~MODE_CORKED) != MODE_UP || !yoke_status_live(YOKE_LOAD(*link->status))) {
        yoke_link_follow(link);
    }
    const uint32_t done = (link->mode & MODE_UP) != 0 ? path_drain(link, budget) : 0;
    link->mode &= (uint8_t)~MODE_POLLING;
    if (done == 0 && (link->mode & MODE_UP) == 0) {
        return link->fault != YOKE_FAULT_NONE ? YOKE_BAD_PEER : YOKE_DOWN;
    }
    return (int)done;
}

static int path_release(struct yoke_link *link, yoke_ticket ticket)
{
    if (!role_holds(link, ticket)) {
        return YOKE_INVALID;
    }
    role_give_back(link, ticket);
    if ((link->mode & (MODE_CORKED | MODE_POLLING)) == 0) {
        yoke_vq_publish(&link->rx.vq);
    }
    return YOKE_OK;
}

// ----------------------------------------------------------------------------------------- sending

/// Claims a buffer where the first try found none. A peer that hands in nonsense for ever gets no
/// further than one ring's worth of it a call.
static int path_claim_again(struct yoke_link *link, struct yoke_tx *tx, int got)
{
    bool asked = false;

    for (uint32_t tries = link->tx_num; tries != 0; tries--) {
        if (got > 0) {
            return YOKE_OK;
        }
        if (got == YOKE_DOWN) {
            yoke_link_break(link, YOKE_FAULT_INDEX);
            return YOKE_DOWN;
        }
        if (got == YOKE_BAD_PEER) {
            link->stats.bad++;
        } else if (!asked) {
            // The other side can only free what it was shown; have it ring when it does.
            yoke_vq_publish(&link->tx.vq);
            if (link->polled || !yoke_vq_arm(&link->tx.vq)) {
                break;
            }
            asked = true;
        } else {
            break;
        }
        got = role_claim(link, tx);
    }
    link->mode |= MODE_STARVED;
    link->stats.tx_again++;
    return YOKE_AGAIN;
}

YOKE_HOT int path_claim_buffer(struct yoke_link *link, struct yoke_tx *tx)
{
    if ((link->mode & MODE_UP) == 0) {
        return YOKE_DOWN;
    }
    const int got = role_claim(link, tx);
    if (got <= 0) {
        const int status = path_claim_again(link, tx, got);
        if (status != YOKE_OK) {
            return status;
        }
    }
    tx->data = (uint8_t *)tx->data + YOKE_HEADER;
    tx->size = (tx->size < link->buffer_size ? tx->size : link->buffer_size) - YOKE_HEADER;
    return YOKE_OK;
}

static int path_claim(struct yoke_link *link, struct yoke_tx *tx)
{
    return path_claim_buffer(link, tx);
}

/// Sends a claimed buffer whose ticket and size are known to be good.
YOKE_HOT void path_commit_good(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx,
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
    if ((link->mode & (MODE_CORKED | MODE_POLLING)) == 0) {
        yoke_vq_publish(&link->tx.vq);
    }
}

static int path_commit(struct yoke_ept *ept, uint32_t dst, const struct yoke_tx *tx, size_t size)
{
    struct yoke_link *const link = ept->link;

    if ((link->mode & MODE_UP) == 0) {
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
    if ((link->mode & MODE_UP) == 0) {
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
    const int status = path_claim_buffer(link, &tx);

    if (status != YOKE_OK) {
        // Waiting for a buffer would not help.
        return status == YOKE_AGAIN && size > link->buffer_size - YOKE_HEADER ? YOKE_TOO_LONG
                                                                              : status;
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
