// SPDX-License-Identifier: BSD-3-Clause
#include "port/access.h"

#include <yoke/rproc.h>

// The digest of the text read so far is FNV-1a: it finds what was overwritten by an honest writer.
// A writer that forges it only hides its own text.
#define DIGEST_START 2166136261u
#define DIGEST_FACTOR 16777619u

static uint32_t digest_add(uint32_t digest, uint8_t byte)
{
    return (digest ^ byte) * DIGEST_FACTOR;
}

void yoke_trace_init(struct yoke_trace *trace, const void *memory, size_t size,
                     const struct yoke_port *port)
{
    trace->memory = (const uint8_t *)memory;
    trace->size = size;
    trace->port = port;
    trace->position = 0;
    trace->digest = DIGEST_START;
}

size_t yoke_trace_read(struct yoke_trace *trace, void *text, size_t size)
{
    uint8_t *out = (uint8_t *)text;
    uint32_t digest = DIGEST_START;
    size_t count = 0;

    yoke_invalidate(trace->port, trace->memory, trace->size);
    for (size_t i = 0; i < trace->position; i++) {
        digest = digest_add(digest, YOKE_LOAD(trace->memory[i]));
    }
    if (digest != trace->digest) {
        trace->position = 0;
        trace->digest = DIGEST_START;
    }
    while (count < size && trace->position < trace->size) {
        const uint8_t byte = YOKE_LOAD(trace->memory[trace->position]);
        if (byte == '\0') {
            break;
        }
        out[count++] = byte;
        trace->digest = digest_add(trace->digest, byte);
        trace->position++;
    }
    return count;
}
