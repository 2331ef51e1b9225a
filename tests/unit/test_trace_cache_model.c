// SPDX-License-Identifier: BSD-3-Clause
// A trace over incoherent memory: what firmware writes with yoke_log_write() is what the host
// reads, as a block (spec/table-2.md, 4.3) and as text of version 1.
#include "cache_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/firmware.h>
#include <yoke/rproc.h>

#define LONGEST_LINE 64u // A block keeps 64 bytes for what each side writes.
#define BLOCK_AT 1024u
#define ROOM 256u // of text
#define TEXT_AT (BLOCK_AT + (uint32_t)sizeof(struct yoke_rsc2_trace_block))
#define USED (TEXT_AT + ROOM)
#define BELL 9u

static uint32_t rang;
static void (*look)(void); ///< While firmware is writing.

static void ring_host(void *context, uint32_t notify_id)
{
    (void)context;
    assert_int_equal(notify_id, BELL);
    rang++;
}

static void clean_and_look(void *context, const void *start, size_t size)
{
    model_clean(context, start, size);
    model_unrest(&model_device, USED);
    if (look != NULL) {
        look();
    }
}

static const struct yoke_port device_port = {ring_host, clean_and_look, model_invalidate,
                                             &model_device};
static const struct yoke_port host_port = {NULL, model_clean, model_invalidate, &model_host};

// Private memory: the loaded table is constant.
static struct yoke_rsc2_header table;
static const uint32_t notify_id = BELL;

static struct yoke_log writer;
static struct yoke_trace_block reader;
static uint32_t expected; ///< Number of the byte that the reader comes to next.

static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n % 251 + 1);
}

static void write_more(uint32_t count)
{
    uint8_t text[4 * ROOM];

    for (uint32_t i = 0; i < count; i++) {
        text[i] = byte_at(writer.write + i);
    }
    yoke_log_write(&writer, text, count);
    model_unrest(&model_device, USED);
    model_unrest(&model_host, USED);
}

/// Reads all that is there, in pieces, and checks what comes.
static void read_all(void)
{
    uint8_t text[ROOM];
    size_t got;

    do {
        const uint64_t lost = reader.lost;
        got = yoke_trace_block_read(&reader, text, 1 + model_any(ROOM));
        expected += (uint32_t)(reader.lost - lost);
        for (size_t i = 0; i < got; i++) {
            assert_int_equal(text[i], byte_at(expected++));
        }
    } while (got != 0);
}

static void set_up(uint32_t version)
{
    memset(model_ram, 0xa5, MODEL_SIZE);
    memset(model_ram + BLOCK_AT, 0, USED - BLOCK_AT);
    model_cold(&model_host);
    model_cold(&model_device);
    table.host = version;
    writer = (struct yoke_log){
        .block = (struct yoke_rsc2_trace_block *)(void *)(model_device.copy + BLOCK_AT),
        .size = ROOM,
        .table = &table,
        .notify_id = &notify_id,
        .port = &device_port,
    };
    rang = 0;
    look = NULL;
    expected = 0;
}

static void set_up_block(void)
{
    set_up(YOKE_RSC2_VERSION);
    yoke_trace_block_init(&reader, model_host.copy + BLOCK_AT, USED - BLOCK_AT, false, &host_port);
    read_all();
    assert_int_equal(reader.size, 0);
    // Firmware sets its block up at run time, after the host looked for it.
    writer.block->size = ROOM;
    model_clean(&model_device, &writer.block->size, sizeof writer.block->size);
    writer.block->magic = YOKE_RSC2_TRACE_MAGIC;
    model_clean(&model_device, &writer.block->magic, sizeof writer.block->magic);
    read_all();
    assert_int_equal(reader.size, ROOM);
}

static void follow(void)
{
    set_up_block();
    for (uint32_t piece = 0; piece < 100; piece++) {
        const uint32_t rang_before = rang;
        const bool asleep = model_any(2) != 0;
        if (asleep) {
            assert_true(yoke_trace_block_arm(&reader));
            model_unrest(&model_host, USED);
        }
        write_more(1 + model_any(piece % 4 == 0 ? ROOM : 9));
        if (asleep) {
            assert_int_equal(rang, rang_before + 1);
        }
        // The first of it came while the host was about to wait.
        assert_false(yoke_trace_block_arm(&reader));
        read_all();
        assert_int_equal(expected, writer.write);
    }
    assert_int_equal(reader.lost, 0);
}

static void text_comes_at_once_and_rings_whoever_sleeps(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, follow);
}

static void overrun(void)
{
    uint64_t lost = 0;

    set_up_block();
    for (uint32_t piece = 0; piece < 50; piece++) {
        const uint32_t count = 1 + model_any(4 * ROOM);
        write_more(count);
        read_all();
        lost += count > ROOM ? count - ROOM : 0;
        assert_int_equal(reader.lost, lost);
        assert_int_equal(expected, writer.write);
    }
}

static void text_that_was_overwritten_is_lost_and_no_other(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, overrun);
}

static void change_hosts(void)
{
    set_up_block();
    for (uint32_t life = 0; life < 20; life++) {
        write_more(1 + model_any(ROOM));
        read_all();
        // The host is reset, and its cache with it.
        model_cold(&model_host);
        yoke_trace_block_init(&reader, model_host.copy + BLOCK_AT, USED - BLOCK_AT, true,
                              &host_port);
        assert_int_equal(reader.position, writer.write);
    }
    // Another one has read on meanwhile, past our cache.
    const uint32_t read = reader.position + 5;
    memcpy(model_ram + BLOCK_AT + offsetof(struct yoke_rsc2_trace_block, read), &read, sizeof read);
    yoke_trace_block_init(&reader, model_host.copy + BLOCK_AT, USED - BLOCK_AT, true, &host_port);
    assert_int_equal(reader.position, read);
}

static void a_new_host_goes_on_where_the_one_before_stopped(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, change_hosts);
}

/// Takes all that is there, as far back as it goes.
static void look_as_a_newcomer(void)
{
    yoke_trace_block_init(&reader, model_host.copy + BLOCK_AT, USED - BLOCK_AT, false, &host_port);
    expected = 0;
    read_all();
}

static void interrupt(void)
{
    set_up_block();
    look = look_as_a_newcomer;
    for (uint32_t piece = 0; piece < 8; piece++) {
        write_more(1 + model_any(ROOM));
    }
}

static void text_that_is_being_overwritten_is_not_read(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, interrupt);
}

static void follow_version_1(void)
{
    static struct yoke_trace text; // Reads from the start each time.
    char got[ROOM];

    set_up(0);
    for (uint32_t piece = 0; piece < 100; piece++) {
        write_more(1 + model_any(9));
        const uint32_t count = (writer.write - 1) % ROOM + 1;
        yoke_trace_init(&text, model_host.copy + TEXT_AT, ROOM, &host_port);
        assert_int_equal(yoke_trace_read(&text, got, sizeof got), count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal((uint8_t)got[i], byte_at(writer.write - count + i));
        }
    }
    assert_int_equal(rang, 0);
}

static void text_of_version_1_ends_where_the_newest_does(void **state)
{
    (void)state;
    model_each(128, follow_version_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_at_once_and_rings_whoever_sleeps),
        cmocka_unit_test(text_that_was_overwritten_is_lost_and_no_other),
        cmocka_unit_test(a_new_host_goes_on_where_the_one_before_stopped),
        cmocka_unit_test(text_that_is_being_overwritten_is_not_read),
        cmocka_unit_test(text_of_version_1_ends_where_the_newest_does),
    };

    return cmocka_run_group_tests_name("trace_cache_model", tests, NULL, NULL);
}
