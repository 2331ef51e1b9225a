// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yoke/abi/rsc2.h>
#include <yoke/firmware.h>
#include <yoke/rproc.h>

#include "vectors_tables.h"

/// What rings: a doorbell's number, or none.
static const uint32_t bell = 1;
static const uint32_t no_bell = YOKE_RSC2_NO_DOORBELL;

static void count_bell(void *context, uint32_t notify_id)
{
    assert_int_equal(notify_id, bell);
    ++*(unsigned *)context;
}

/// What became of a block, and whether the side that changed it rang.
static cJSON *changed(const void *block, size_t size, unsigned bells)
{
    cJSON *const out = cJSON_CreateObject();

    cJSON_AddItemToObject(out, "block", vectors_hex(block, size));
    cJSON_AddBoolToObject(out, "ring", bells != 0);
    return out;
}

cJSON *tables_trace_text(const cJSON *given, const uint8_t *in, size_t size)
{
    struct yoke_trace trace;
    uint8_t text[256];

    (void)given;
    assert_true(size <= sizeof text);
    yoke_trace_init(&trace, in, size, NULL);
    const size_t count = yoke_trace_read(&trace, text, sizeof text);
    assert_int_equal(yoke_trace_read(&trace, text, sizeof text), 0);
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddItemToObject(out, "text", vectors_hex(text, count));
    return out;
}

cJSON *tables_trace_block(const cJSON *given, const uint8_t *in, size_t size)
{
    struct yoke_trace_block trace;
    uint8_t text[256];
    uint8_t *const block = malloc(size);

    assert_true(block != NULL && size <= sizeof text);
    memcpy(block, in, size);
    const uint32_t r = (uint32_t)vectors_member(given, "r", 0);
    memcpy(block + offsetof(struct yoke_rsc2_trace_block, read), &r, sizeof r);
    yoke_trace_block_init(&trace, block, vectors_member(given, "len", 0), true, NULL);
    const size_t count = yoke_trace_block_read(&trace, text, sizeof text);
    free(block);
    if (trace.broken) {
        return NULL;
    }
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddItemToObject(out, "text", vectors_hex(text, count));
    vectors_add(out, "lost", trace.lost);
    return out;
}

cJSON *tables_power_state(const cJSON *given, const uint8_t *in, size_t size)
{
    static const char *const names[] = {"booting", "running", "suspended", "stopped", "failed"};
    struct yoke_power power;

    (void)given;
    assert_int_equal(size, sizeof *power.block);
    yoke_power_init(&power, (void *)(uintptr_t)in, YOKE_NO_DOORBELL, NULL);
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "state", names[yoke_power_state(&power) % 5]);
    return out;
}

/// Firmware writes text into a block, of which it wrote `write` bytes before.
static unsigned write_text(struct yoke_rsc2_trace_block *block, const uint32_t *notify_id,
                           const void *text, size_t size)
{
    static const struct yoke_rsc2_header table = {.host = 2};
    unsigned bells = 0;
    const struct yoke_port port = {.notify = count_bell, .context = &bells};
    struct yoke_log log = {
        .block = block,
        .size = block->size,
        .table = &table,
        .notify_id = notify_id,
        .port = &port,
        .write = block->write,
    };

    yoke_log_write(&log, text, size);
    return bells;
}

cJSON *tables_trace_bell(const cJSON *given, const uint8_t *in, size_t size)
{
    static const uint8_t text[64];
    struct {
        struct yoke_rsc2_trace_block head;
        uint8_t text[64];
    } block = {.head = {.magic = YOKE_RSC2_TRACE_MAGIC, .size = sizeof block.text}};
    const uint32_t old = (uint32_t)vectors_member(given, "old", 0);
    const uint32_t new = (uint32_t)vectors_member(given, "new", 0);

    (void)in;
    (void)size;
    block.head.write = old;
    block.head.notify_at = (uint32_t)vectors_member(given, "notify_at", 0);
    assert_true(new - old <= sizeof text);
    const unsigned bells = write_text(&block.head, &bell, text, new - old);
    cJSON *const out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "ring", bells != 0);
    return out;
}

cJSON *tables_trace_write(const cJSON *given, const uint8_t *in, size_t size)
{
    const bool silent = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(given, "doorbell"));
    size_t text_size;
    uint8_t *const text =
        vectors_bytes(cJSON_GetObjectItemCaseSensitive(given, "text"), &text_size);
    struct yoke_rsc2_trace_block *const block = malloc(size);

    assert_non_null(block);
    memcpy(block, in, size);
    const unsigned bells = write_text(block, silent ? &no_bell : &bell, text, text_size);
    cJSON *const out = changed(block, size, bells);
    free(block);
    free(text);
    return out;
}

/// A trace is text with version 1, and a block with version 2, which counts what was written.
static cJSON *in_force(const cJSON *given, const uint8_t *in, size_t size)
{
    const struct yoke_rsc2_header table = {.host = (uint32_t)vectors_member(given, "host", 0)};
    struct {
        struct yoke_rsc2_trace_block head;
        uint8_t text[64];
    } block = {.head = {.magic = YOKE_RSC2_TRACE_MAGIC, .size = sizeof block.text}};
    const struct yoke_port port = {.notify = count_bell};
    struct yoke_log log = {
        .block = &block.head,
        .size = sizeof block.text,
        .table = &table,
        .notify_id = &no_bell,
        .port = &port,
    };

    (void)in;
    (void)size;
    yoke_log_text(&log, "text");
    cJSON *const out = cJSON_CreateObject();
    vectors_add(out, "version", block.head.write == 4 ? 2 : 1);
    return out;
}

void tables_in_force(const struct vector *vector)
{
    // That there is no table in force hosts find when they attach, who are no part of the library.
    if (!cJSON_HasObjectItem(vector->json, "out")) {
        vectors_not_had();
    }
    vectors_check_structure(vector, in_force);
}

cJSON *tables_power_request(const cJSON *given, const uint8_t *in, size_t size)
{
    struct yoke_rsc2_power_block block;
    unsigned bells = 0;
    const struct yoke_port port = {.notify = count_bell, .context = &bells};
    struct yoke_power power;

    assert_int_equal(size, sizeof block);
    memcpy(&block, in, size);
    yoke_power_init(&power, &block, bell, &port);
    if (yoke_power_request(&power, (uint32_t)vectors_member(given, "request", 0)) != YOKE_OK) {
        return NULL;
    }
    return changed(&block, size, bells);
}

cJSON *tables_power_answer(const cJSON *given, const uint8_t *in, size_t size)
{
    struct yoke_rsc2_power_block block;
    unsigned bells = 0;
    const struct yoke_port port = {.notify = count_bell, .context = &bells};
    const struct yoke_rsc2_header table = {.host = 2, .taken = vectors_member(given, "taken", 0)};

    assert_int_equal(size, sizeof block);
    memcpy(&block, in, size);
    struct yoke_power_device power = {
        .block = &block,
        .table = &table,
        .notify_id = &bell,
        .port = &port,
        .state = block.state,
        .answered = block.answered,
    };
    if (yoke_power_device_request(&power) != 0) {
        yoke_power_device_answer(&power);
    }
    return changed(&block, size, bells);
}
