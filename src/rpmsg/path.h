// SPDX-License-Identifier: BSD-3-Clause
/// \file path.h
/// A message's way in and out, written once and compiled for each role: the file that includes it
/// has defined the role's ring operations. They are static, so that compilers put them in line.
///
/// A buffer goes by its descriptor's index. It is in passing, between two of these calls, or owned
/// and has a ticket:
/// - int role_next(link, buffer): the next message, one that waits and has room for a header: 1, or
///   YOKE_BAD_PEER (skipped).
/// - void role_return(link, index): hands the buffer of a message in passing back.
/// - yoke_ticket role_hold(link, index): owns a message in passing.
/// - bool role_holds(link, ticket): true if a message is owned under this ticket.
/// - void role_unhold(link, ticket): an owned message is in passing again.
/// - int role_claim(link, buffer): a free buffer, no longer than link->tx_size: 1, YOKE_AGAIN,
///   YOKE_BAD_PEER (skipped) or YOKE_DOWN (the ring is broken).
/// - void role_commit(link, index, size): sends `size` bytes of a free buffer in passing.
/// - yoke_ticket role_own(link, index), bool role_owns(link, ticket), void role_disown(link,
///   ticket): as role_hold and so on, for free buffers.
/// - void role_cancel(link, ticket): gives an owned free buffer up.
#ifndef YOKE_RPMSG_PATH_H
#define YOKE_RPMSG_PATH_H

#include "rpmsg/link.h"

// --------------------------------------------------------------------------------------- receiving

/// Hands one message to its endpoint, and its buffer back unless it was held. Returns false if the
/// link went down meanwhile.
YOKE_HOT bool path_deliver(struct yoke_link *link, const struct link_buffer *rx)
{
    struct yoke_msg msg;

    // The fields of a message are those of a header, in the same order.
    yoke_snapshot16((uint8_t *)&msg + offsetof(struct yoke_msg, src), rx->data);
#if YOKE_BYTE_SWAP
    msg.src = YOKE_SWAP32(link->swap, msg.src);
    msg.dst = YOKE_SWAP32(link->swap, msg.dst);
    msg.size = YOKE_SWAP16(link->swap, msg.size);
    msg.flags = YOKE_SWAP16(link->swap, msg.flags);
#endif
    msg.data = rx->data + YOKE_HEADER;
    struct yoke_ept *ept = link_find(link, msg.dst);
    if (YOKE_RARELY(ept == NULL)) {
        ept = link->fallback;
    }
    if (YOKE_RARELY(msg.size > rx->size - YOKE_HEADER)) {
        link->stats.bad++;
    } else if (YOKE_RARELY(ept == NULL)) {
        link->stats.rx_unknown++;
    } else {
        link->stats.rx_done++;
        link->current = rx->index;
        ept->receive(ept, &msg);
        // Now the endpoint may be closed and gone, the message held, the link down.
        if (YOKE_RARELY(link->current != rx->index)) {
            link->current = CURRENT_NONE;
            return (link->mode & MODE_UP) != 0;
        }
        link->current = CURRENT_NONE;
    }
    role_return(link, rx->index);
    return true;
}

/// Shows what both rings have for the other side. One barrier serves both, and a doorbell that was
/// asked for; its partners are the same one on the other side and that in yoke_vq_arm().
YOKE_HOT void path_settle(struct yoke_link *link, bool asked)
{
    struct yoke_vq *const rx = &link->rx.vq;
    struct yoke_vq *const tx = &link->tx.vq;
    const uint32_t rx_old = rx->shown;
    const uint32_t tx_old = tx->shown;
    const bool rx_new = rx->next != rx_old;
    const bool tx_new = tx->next != tx_old;

    if (rx_new) {
        vq_show(rx);
    }
    if (tx_new) {
        vq_show(tx);
    }
    if (rx_new || tx_new || asked) {
        yoke_barrier_full();
        if (rx_new) {
            vq_notify(rx, rx_old);
        }
        if (tx_new) {
            vq_notify(tx, tx_old);
        }
    }
}

/// Delivers up to `budget` messages and settles. Returns as yoke_link_poll().
YOKE_HOT int path_drain(struct yoke_link *link, uint32_t budget)
{
    struct yoke_vq *const vq = &link->rx.vq;
    uint32_t done = 0;

    for (;;) {
        const int waiting = vq_look(vq);
        if (YOKE_RARELY(waiting < 0)) {
            yoke_link_break(link, YOKE_FAULT_INDEX);
            return done != 0 ? (int)done : YOKE_BAD_PEER;
        }
        uint32_t left = (uint32_t)waiting < budget - done ? (uint32_t)waiting : budget - done;
        if (left != 0 && vq->armed) {
            yoke_vq_quiet(vq);
        }
        for (; left != 0; left--) {
            struct link_buffer rx;
            done++;
            if (YOKE_RARELY(role_next(link, &rx) < 0)) {
                link->stats.bad++;
            } else if (YOKE_RARELY(!path_deliver(link, &rx))) {
                return (int)done;
            }
        }
        if (link->polled) {
            path_settle(link, false);
            return (int)done;
        }
        // Who is to poll again needs no doorbell.
        path_settle(link, done != budget && yoke_vq_ask(vq));
        // Look again: what came before the other side saw the request rang no doorbell.
        if (done == budget || vq_look(vq) == 0) {
            return (int)done;
        }
    }
}

static int path_poll(struct yoke_link *link, uint32_t budget)
{
    if (YOKE_RARELY(link->current != CURRENT_NONE)) {
        return YOKE_INVALID;
    }
    YOKE_STORE(link->signalled, false);
    yoke_invalidate(link->vdev->port, &link->vdev->entry->status, 1);
    if (YOKE_RARELY(YOKE_LOAD(*link->status) != link->calm)) {
        yoke_link_follow(link);
        if ((link->mode & MODE_UP) == 0) {
            return link->fault != YOKE_FAULT_NONE ? YOKE_BAD_PEER : YOKE_DOWN;
        }
    }
    return path_drain(link, budget);
}

static yoke_ticket path_hold(struct yoke_link *link)
{
    const yoke_ticket ticket = role_hold(link, link->current);

    link->current = CURRENT_OTHER;
    return ticket;
}

static int path_release(struct yoke_link *link, yoke_ticket ticket)
{
    if (!role_holds(link, ticket)) {
        return YOKE_INVALID;
    }
    role_unhold(link, ticket);
    role_return(link, yoke_ticket_index(ticket));
    if (link_prompt(link)) {
        yoke_vq_publish(&link->rx.vq);
    }
    return YOKE_OK;
}

// ----------------------------------------------------------------------------------------- sending

/// Claims a buffer where the first try, which returned `got`, found none. A peer that hands in
/// nonsense for ever gets no further than one ring's worth of it a call.
static int path_claim_again(struct yoke_link *link, struct link_buffer *buffer, int got)
{
    uint32_t patience = link->tx.vq.mask + 1;

    for (;;) {
        if (got > 0) {
            return got;
        }
        if (got == YOKE_DOWN) {
            yoke_link_break(link, YOKE_FAULT_INDEX);
            return YOKE_DOWN;
        }
        if (got == YOKE_BAD_PEER) {
            link->stats.bad++;
            if (patience-- == 0) {
                break;
            }
        } else {
            // The other side can only free what it was shown; have it ring when it does.
            yoke_vq_publish(&link->tx.vq);
            if (link->polled || !yoke_vq_arm(&link->tx.vq)) {
                break;
            }
        }
        got = role_claim(link, buffer);
    }
    link->mode |= MODE_STARVED;
    link->calm = CALM_NEVER;
    link->stats.tx_again++;
    return YOKE_AGAIN;
}

/// Claims a buffer in passing. Returns 1 or as yoke_claim().
YOKE_HOT int path_take(struct yoke_link *link, struct link_buffer *buffer)
{
    if (YOKE_RARELY((link->mode & MODE_UP) == 0)) {
        return YOKE_DOWN;
    }
    int got = role_claim(link, buffer);
    if (YOKE_RARELY(got <= 0)) {
        struct link_buffer again;
        got = path_claim_again(link, &again, got);
        if (got <= 0) {
            return got;
        }
        *buffer = again;
    }
    return 1;
}

/// Writes a message's header.
YOKE_HOT void path_address(const struct yoke_ept *ept, uint32_t dst, uint8_t *data, size_t size)
{
    const bool swap = ept->link->swap;
    const struct yoke_rpmsg_header header = {
        .src = YOKE_SWAP32(swap, ept->addr),
        .dst = YOKE_SWAP32(swap, dst),
        .len = YOKE_SWAP16(swap, (uint16_t)size),
    };

    memcpy(data, &header, sizeof header);
}

/// Sends a buffer in passing, which holds a header and `size` bytes of payload.
YOKE_HOT void path_put(struct yoke_link *link, const uint8_t *data, uint32_t index, size_t size)
{
    const uint32_t whole = YOKE_HEADER + (uint32_t)size;

    yoke_clean(link->tx.vq.port, data, whole);
    role_commit(link, index, whole);
    link->stats.tx_sent++;
    if (link_prompt(link)) {
        yoke_vq_publish(&link->tx.vq);
    }
}

static int path_send(struct yoke_ept *ept, uint32_t dst, const void *data, size_t size)
{
    struct yoke_link *const link = ept->link;
    struct link_buffer buffer;
    const int got = path_take(link, &buffer);

    if (YOKE_RARELY(got <= 0)) {
        if (got == YOKE_AGAIN && size > link->tx_size - YOKE_HEADER) {
            link->stats.tx_again--; // waiting for a buffer would not help
            return YOKE_TOO_LONG;
        }
        return got;
    }
    if (YOKE_RARELY(size > buffer.size - YOKE_HEADER)) {
        role_cancel(link, role_own(link, buffer.index));
        return YOKE_TOO_LONG;
    }
    path_address(ept, dst, buffer.data, size);
    if (!YOKE_RARELY(size == 0)) {
        memcpy(buffer.data + YOKE_HEADER, data, size);
    }
    path_put(link, buffer.data, buffer.index, size);
    return YOKE_OK;
}

static int path_claim(struct yoke_link *link, struct yoke_tx *tx)
{
    struct link_buffer buffer;
    const int got = path_take(link, &buffer);

    if (got <= 0) {
        return got;
    }
    tx->data = buffer.data + YOKE_HEADER;
    tx->size = buffer.size - YOKE_HEADER;
    tx->ticket = role_own(link, buffer.index);
    return YOKE_OK;
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
    role_disown(link, tx->ticket);
    uint8_t *const data = (uint8_t *)tx->data - YOKE_HEADER;
    path_address(ept, dst, data, size);
    path_put(link, data, yoke_ticket_index(tx->ticket), size);
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

/// The part of a role's table that this file fills.
#define YOKE_PATH                                                                                  \
    .poll = path_poll, .send = path_send, .claim = path_claim, .commit = path_commit,              \
    .cancel = path_cancel, .hold = path_hold, .release = path_release

#endif
