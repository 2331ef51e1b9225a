// SPDX-License-Identifier: BSD-3-Clause
// The host's side of a trace block: spec/table-2.md, 4.3. All positions are modulo 2^32.
#include "port/access.h"

#include <string.h>
#include <yoke/rproc.h>

/// Reads a field that the firmware writes.
static uint32_t load(const struct yoke_trace_block *trace, const uint32_t *field)
{
    yoke_invalidate(trace->port, field, sizeof *field);
    const uint32_t value = YOKE_LOAD(*field);
    // What was stored before this field is read after it. Partner: the barriers that firmware has
    // around the bytes of its text.
    YOKE_BARRIER_ACQUIRE();
    return value;
}

/// Writes a field that is the host's.
static void store(const struct yoke_trace_block *trace, uint32_t *field, uint32_t value)
{
    YOKE_STORE(*field, value);
    yoke_clean(trace->port, field, sizeof *field);
}

void yoke_trace_block_init(struct yoke_trace_block *trace, void *memory, size_t room, bool resume,
                           const struct yoke_port *port)
{
    *trace = (struct yoke_trace_block){.block = memory, .room = room, .port = port};
    if (resume && room >= sizeof *trace->block) {
        trace->position = load(trace, &trace->block->read);
    }
}

/// True once the firmware has set its block up, with a size that fits.
static bool is_ready(struct yoke_trace_block *trace)
{
    if (trace->size == 0 && !trace->broken && trace->room >= sizeof *trace->block &&
        load(trace, &trace->block->magic) == YOKE_RSC2_TRACE_MAGIC) {
        const uint32_t size = load(trace, &trace->block->size);
        trace->broken = size < YOKE_RSC2_TRACE_TEXT_MIN || (size & (size - 1)) != 0 ||
                        size > trace->room - sizeof *trace->block;
        trace->size = trace->broken ? 0 : size;
    }
    return trace->size != 0;
}

/// Goes on to `position`: what lies before it is gone.
static void skip_to(struct yoke_trace_block *trace, uint32_t position)
{
    trace->lost += (uint32_t)(position - trace->position);
    trace->position = position;
}

/// Copies `count` bytes of the text from trace->position on: single loads, for the firmware may be
/// overwriting them.
static void copy(const struct yoke_trace_block *trace, uint8_t *to, uint32_t count)
{
    const uint8_t *const text = (const uint8_t *)(trace->block + 1);
    const uint32_t at = trace->position & (trace->size - 1);
    const uint32_t first = trace->size - at < count ? trace->size - at : count;

    yoke_invalidate(trace->port, text + at, first);
    yoke_invalidate(trace->port, text, count - first);
    for (uint32_t i = 0; i < count; i++) {
        to[i] = YOKE_LOAD(text[(at + i) & (trace->size - 1)]);
    }
}

size_t yoke_trace_block_read(struct yoke_trace_block *trace, void *text, size_t size)
{
    uint8_t *const out = text;

    if (!is_ready(trace)) {
        return 0;
    }
    const uint32_t write = load(trace, &trace->block->write);
    if ((uint32_t)(write - trace->position) > trace->size) {
        skip_to(trace, write - trace->size);
    }
    uint32_t count = write - trace->position;
    count = count < size ? count : (uint32_t)size;
    copy(trace, out, count);
    // The bytes before what says whether they were overwritten meanwhile. Partner: firmware stores
    // `begin` before the bytes.
    YOKE_BARRIER_ACQUIRE();
    uint32_t newest = load(trace, &trace->block->begin);
    newest = newest - write <= INT32_MAX ? newest : write;
    // Bytes before newest - size may be newer ones by now: all of them, if so much was written
    // meanwhile.
    const uint32_t behind = newest - trace->position;
    const uint32_t gone = behind > trace->size ? behind - trace->size : 0;
    const uint32_t stale = gone < count ? gone : count;
    skip_to(trace, trace->position + stale);
    count -= stale;
    memmove(out, out + stale, count);
    trace->position += count;
    store(trace, &trace->block->read, trace->position);
    return count;
}

bool yoke_trace_block_arm(struct yoke_trace_block *trace)
{
    if (!is_ready(trace)) {
        return true;
    }
    store(trace, &trace->block->notify_at, trace->position);
    // Partner: firmware stores `write`, and after a full barrier reads `notify_at`.
    yoke_barrier_full();
    return load(trace, &trace->block->write) == trace->position;
}
