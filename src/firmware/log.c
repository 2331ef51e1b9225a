// SPDX-License-Identifier: BSD-3-Clause
// Writing a trace: spec/table-2.md, 4.3.
#include "port/access.h"

#include <yoke/firmware.h>

/// Stores bytes number log->write and on. As text of version 1, a NUL comes before each, behind it:
/// so that a reader never reads on into old text.
static void store(const struct yoke_log *log, const uint8_t *from, uint32_t count, bool terminate)
{
    uint8_t *const text = (uint8_t *)(log->block + 1);
    const uint32_t last = log->size - 1;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = (log->write + i) & last;
        if (terminate && at != last) {
            YOKE_STORE(text[at + 1], '\0');
            yoke_clean(log->port, &text[at + 1], 1);
            YOKE_BARRIER_RELEASE();
        }
        YOKE_STORE(text[at], from[i]);
        yoke_clean(log->port, &text[at], 1);
    }
}

static void write_piece(struct yoke_log *log, const uint8_t *from, uint32_t count)
{
    struct yoke_rsc2_trace_block *const block = log->block;
    const uint32_t end = log->write + count;

    // The reader copies text up to `write`, then reads `begin`: what is being overwritten
    // meanwhile is told by one of the two. Partner of both barriers: the reader's, in between.
    YOKE_STORE(block->begin, end);
    yoke_clean(log->port, &block->begin, sizeof block->begin);
    YOKE_BARRIER_RELEASE();
    store(log, from, count, false);
    YOKE_BARRIER_RELEASE();
    YOKE_STORE(block->write, end);
    yoke_clean(log->port, &block->write, sizeof block->write);
    log->write = end;
    const uint32_t bell = YOKE_LOAD(*log->notify_id);
    if (bell != YOKE_RSC2_NO_DOORBELL) {
        // Either the reader that goes to sleep sees the text, or this sees that it sleeps.
        yoke_barrier_full();
        yoke_invalidate(log->port, &block->notify_at, sizeof block->notify_at);
        if (end - YOKE_LOAD(block->notify_at) - 1 < count) {
            log->port->notify(log->port->context, bell);
        }
    }
}

void yoke_log_write(struct yoke_log *log, const void *text, size_t size)
{
    const uint8_t *from = text;

    if (YOKE_LOAD(log->table->host) != YOKE_RSC2_VERSION) {
        store(log, from, (uint32_t)size, true);
        log->write += (uint32_t)size;
        return;
    }
    while (size != 0) {
        const uint32_t count = size < log->size ? (uint32_t)size : log->size;
        write_piece(log, from, count);
        from += count;
        size -= count;
    }
}

void yoke_log_text(struct yoke_log *log, const char *text)
{
    size_t size = 0;

    // Single loads, or compilers would make it a call of strlen(), which need not be there.
    while (YOKE_LOAD(text[size]) != '\0') {
        size++;
    }
    yoke_log_write(log, text, size);
}
