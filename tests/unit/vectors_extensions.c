// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <yoke/control.h>
#include <yoke/rproc.h>

#include "fixture.h"
#include "image_builder.h"
#include "rpmsg/control.h"
#include "vectors_extensions.h"

#define GENERATION YOKE_F_RPMSG_GENERATION
#define CREDITS YOKE_F_RPMSG_CREDITS
#define BULK YOKE_F_RPMSG_BULK
#define ACK YOKE_F_RPMSG_ACK
#define BUFFERS YOKE_F_RPMSG_BUFFERS
#define NOT_HAD (GENERATION | CREDITS | BULK)

static struct fixture f;

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static uint32_t features_of(const cJSON *given, const char *name)
{
    return (uint32_t)vectors_member(given, name, 0);
}

/// A link whose buffers have these sizes, with a peer that provides such of `provided` bytes.
static void open_link(enum peer_role peer, uint32_t offered, uint32_t taken, uint32_t size,
                      uint32_t provided)
{
    struct fixture_options options = fixture_options(peer);

    options.buffer_size = size;
    options.peer.buffer_size = provided > size ? provided : size;
    options.peer.offered = offered;
    options.peer.taken = taken;
    options.known = taken | YOKE_F_RPMSG_NS; // 0 would be the usual ones
    fixture_open(&f, &options);
}

/// The peer sends these bytes in a buffer of which the ring claims `length`.
static void come(const uint8_t *in, size_t size, uint32_t length)
{
    assert_true(size >= 16);
    const struct peer_message message = {
        .src = peer_get32(&f.peer, in),
        .dst = peer_get32(&f.peer, in + 4),
        .reserved = peer_get32(&f.peer, in + 8),
        .len = peer_get16(&f.peer, in + 12),
        .flags = peer_get16(&f.peer, in + 14),
        .data = in + 16,
        .whole = length,
    };
    assert_true(16u + message.len <= size);
    assert_true(peer_send_frame(&f.peer, &message));
    (void)fixture_drain(&f);
}

// ----------------------------------------------------------------------------------------- records

/// Stands for an extension that has records: logs those that it is given.
struct taker {
    struct yoke_control_part part;
    cJSON *records;
};

static void log_record(struct yoke_control_part *part, const struct yoke_rpmsg_record *record)
{
    cJSON *const one = cJSON_CreateObject();
    struct yoke_rpmsg_return returned;

    vectors_add(one, "kind", record->kind);
    if (record->kind == YOKE_RPMSG_RECORD_RETURN) {
        memcpy(&returned, record, sizeof returned);
        vectors_add(one, "region", returned.region);
        vectors_add(one, "slot", returned.slot);
        vectors_add(one, "written", returned.written);
    } else {
        vectors_add(one, "endpoint", record->endpoint);
        vectors_add(one, "peer", record->peer);
        vectors_add(one, "value", record->value);
    }
    cJSON_AddItemToArray(((struct taker *)part)->records, one);
}

static void begin(struct yoke_control_part *part)
{
    (void)part;
}

static void leave(struct yoke_control_part *part, const struct yoke_ept *ept, bool closes)
{
    (void)part;
    (void)ept;
    (void)closes;
}

/// Which records get to the extensions. Parts of all kinds are there, so that only what was taken
/// decides.
static cJSON *control_message(enum peer_role peer, const cJSON *given, const uint8_t *in,
                              size_t size)
{
    static const struct yoke_control_ops ops[] = {
        {CREDITS, YOKE_RPMSG_RECORD_GRANT, log_record, NULL, begin, leave},
        {CREDITS, YOKE_RPMSG_RECORD_CLOSED, log_record, NULL, begin, leave},
        {ACK, YOKE_RPMSG_RECORD_BOUND, log_record, NULL, begin, leave},
        {BULK, YOKE_RPMSG_RECORD_RETURN, log_record, NULL, begin, leave},
    };
    const uint32_t taken = features_of(given, "taken");
    struct taker takers[sizeof ops / sizeof ops[0]];
    struct yoke_control control;
    cJSON *const out = cJSON_CreateObject();
    cJSON *const records = cJSON_AddArrayToObject(out, "records");

    open_link(peer, taken, taken, 512, 512);
    assert_int_equal(yoke_control_open(&f.link, &control), YOKE_OK);
    for (unsigned i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        takers[i].records = records;
        assert_int_equal(yoke_control_add(&control, &takers[i].part, &ops[i]), YOKE_OK);
    }
    fixture_up(&f);
    come(in, size, (uint32_t)size);
    const uint64_t bad = yoke_link_stats(&f.link)->bad;
    fixture_close(&f);
    if (bad != 0) {
        assert_int_equal(cJSON_GetArraySize(records), 0);
        cJSON_Delete(out);
        return NULL;
    }
    return out;
}

static cJSON *control_message_to_device(const cJSON *given, const uint8_t *in, size_t size)
{
    return control_message(PEER_DRIVER, given, in, size);
}

static cJSON *control_message_to_driver(const cJSON *given, const uint8_t *in, size_t size)
{
    return control_message(PEER_DEVICE, given, in, size);
}

void extensions_control(const struct vector *vector)
{
    // References are bulk's: the library, which does not have that, has no look at `flags`.
    if ((features_of(member(vector->json, "given"), "taken") & BULK) != 0 &&
        !cJSON_HasObjectItem(vector->json, "out")) {
        vectors_not_had();
    }
    vectors_check_structure(vector, control_message_to_device);
    vectors_check_structure(vector, control_message_to_driver);
}

// ---------------------------------------------------------------------------------------- messages

static void note_header(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    cJSON *const out = ept->context;

    vectors_add(out, "src", msg->src);
    vectors_add(out, "dst", msg->dst);
    vectors_add(out, "len", msg->size);
}

/// Without the feature a device's table says what it says; a driver then has 512 bytes.
static cJSON *message(enum peer_role peer, const cJSON *given, const uint8_t *in, size_t size)
{
    const uint32_t taken = features_of(given, "taken");
    const uint32_t named = (uint32_t)vectors_member(given, "buffer_size", 512);
    const uint32_t in_force = (taken & BUFFERS) != 0 ? named : 512;
    cJSON *const out = cJSON_CreateObject();
    struct yoke_ept ept;

    if (peer == PEER_DRIVER) {
        open_link(peer, taken | BUFFERS, taken, named, in_force);
    } else {
        open_link(peer, taken, taken, in_force, in_force);
    }
    assert_int_equal(yoke_ept_open(&f.link, &ept, peer_get32(&f.peer, in + 4), 1, note_header, out),
                     YOKE_OK);
    fixture_up(&f);
    come(in, size, (uint32_t)vectors_member(given, "length", size));
    const uint64_t bad = yoke_link_stats(&f.link)->bad;
    fixture_close(&f);
    if (out->child == NULL) {
        assert_int_equal(bad, 1);
        cJSON_Delete(out);
        return NULL;
    }
    return out;
}

static cJSON *message_to_device(const cJSON *given, const uint8_t *in, size_t size)
{
    return message(PEER_DRIVER, given, in, size);
}

static cJSON *message_to_driver(const cJSON *given, const uint8_t *in, size_t size)
{
    return message(PEER_DEVICE, given, in, size);
}

void extensions_message(const struct vector *vector)
{
    // Numbers are of credits, references of bulk.
    if ((features_of(member(vector->json, "given"), "taken") & NOT_HAD) != 0) {
        vectors_not_had();
    }
    vectors_check_structure(vector, message_to_device);
    vectors_check_structure(vector, message_to_driver);
}

// ------------------------------------------------------------------------------------------ set-up

/// Opens records, and what else there is at their address. Returns as yoke_control_open().
static int open_records(struct yoke_control *control, struct yoke_control_part *part,
                        const cJSON *given)
{
    static const struct yoke_control_ops ops = {ACK,  YOKE_RPMSG_RECORD_BOUND, NULL, NULL, begin,
                                                leave};
    static struct yoke_ept other;

    if (cJSON_IsTrue(member(given, "uses_54"))) {
        fixture_ept(&f, &other, YOKE_RPMSG_CONTROL_ADDR, 1);
    }
    const int status = yoke_control_open(&f.link, control);
    return status != YOKE_OK ? status : yoke_control_add(control, part, &ops);
}

/// A device that offers what it can.
static cJSON *offer(const cJSON *given, const uint8_t *in, size_t size)
{
    const uint32_t offered = features_of(given, "offered");
    struct yoke_control control;
    struct yoke_control_part part;

    (void)in;
    (void)size;
    open_link(PEER_DRIVER, offered, offered, 512, 512);
    const int status = (offered & ACK) != 0 ? open_records(&control, &part, given) : YOKE_OK;
    cJSON *const out = status == YOKE_OK ? cJSON_CreateObject() : NULL;
    if (out != NULL) {
        fixture_up(&f);
        vectors_add(out, "offered", yoke_link_features(&f.link));
    }
    fixture_close(&f);
    return out;
}

void extensions_offer(const struct vector *vector)
{
    const cJSON *const given = member(vector->json, "given");

    // That sizes and features of an image go together `yoke table --check` judges: its tests do it.
    if ((features_of(given, "offered") & NOT_HAD) != 0 ||
        cJSON_HasObjectItem(given, "buffer_sizes")) {
        vectors_not_had();
    }
    vectors_check_structure(vector, offer);
}

/// A driver that takes what it can.
static cJSON *choice(const cJSON *given, const uint8_t *in, size_t size)
{
    const uint32_t known = features_of(given, "known");
    struct yoke_control control;
    struct yoke_control_part part;
    cJSON *const out = cJSON_CreateObject();

    (void)in;
    (void)size;
    open_link(PEER_DEVICE, features_of(given, "offered"), known, 512, 512);
    if ((known & ACK) != 0) {
        (void)open_records(&control, &part, given);
    }
    fixture_up(&f);
    vectors_add(out, "taken", yoke_link_features(&f.link));
    fixture_close(&f);
    return out;
}

void extensions_choice(const struct vector *vector)
{
    const cJSON *const given = member(vector->json, "given");
    const uint32_t usable = features_of(given, "offered") & features_of(given, "known");

    // Who makes a link knows whether there is a table of version 2, and says what the link knows.
    if ((usable & NOT_HAD) != 0 ||
        ((usable & BUFFERS) != 0 && !cJSON_HasObjectItem(given, "buffer_sizes"))) {
        vectors_not_had();
    }
    vectors_check_structure(vector, choice);
}

// ----------------------------------------------------------------------------------------- buffers

static uint32_t item(const cJSON *array, int index)
{
    return (uint32_t)vectors_number(cJSON_GetArrayItem(array, index));
}

/// An image with a table that names these buffers.
static void build(struct image *image, const cJSON *given)
{
    struct table table;

    table2_begin(&table, 0, 0);
    table2_vdev(&table, 1, 7, YOKE_F_RPMSG_NS | BUFFERS, FW2_STATE, 0, 68, 0, 2);
    for (int i = 0; i < 2; i++) {
        const cJSON *const queue = cJSON_GetArrayItem(member(given, "table"), i);
        table2_queue(&table, ANY, ANY, item(member(given, "num"), i), 16, item(queue, 0),
                     item(queue, 1));
    }
    table2_end(&table);
    firmware2_build(image, 1, YOKE_EM_ARM, NULL, &table);
}

/// Bytes that fit into a message to the side that plays the peer.
static uint64_t payload(enum peer_role peer, uint32_t taken, uint32_t size)
{
    open_link(peer, taken | BUFFERS, taken, size, 512);
    fixture_up(&f);
    const uint64_t most = yoke_link_mtu(&f.link);
    fixture_close(&f);
    return most;
}

static void append(cJSON *array, uint64_t value)
{
    cJSON *const object = cJSON_CreateObject();

    vectors_add(object, "", value);
    cJSON_AddItemToArray(array, cJSON_DetachItemFromObject(object, ""));
    cJSON_Delete(object);
}

/// What the plan for such an image provides, and what links with that send.
static cJSON *buffers(const cJSON *given, const uint8_t *in, size_t in_size)
{
    static const struct yoke_region map[] = {
        {"ram", FW_TEXT, FW_TEXT, 0x10000, NULL, YOKE_REGION_IMAGE},
        {"shared", 0x20000000, 0x480000000, 0x800000, NULL, YOKE_REGION_SHARED},
    };
    static struct image image;
    const uint32_t taken = features_of(given, "taken");
    const struct yoke_plan_options options = {.known = taken};
    struct yoke_area areas[32];
    struct yoke_plan plan = {.areas = areas, .area_max = 32};
    struct yoke_elf elf;
    struct yoke_refusal refusal;
    cJSON *const out = cJSON_CreateObject();
    cJSON *const sizes = cJSON_AddArrayToObject(out, "sizes");
    cJSON *const payloads = cJSON_AddArrayToObject(out, "payloads");
    cJSON *const counts = cJSON_AddArrayToObject(out, "counts");

    (void)in;
    (void)in_size;
    build(&image, given);
    assert_int_equal(yoke_elf_open(&elf, yoke_bytes(image.bytes, image.size), NULL, 0, &refusal),
                     YOKE_OK);
    assert_int_equal(yoke_plan_make(&plan, &elf, map, 2, &options, &refusal), YOKE_OK);
    for (uint32_t queue = 0; queue < 2; queue++) {
        const struct yoke_area *const area = yoke_plan_find(&plan, YOKE_AREA_BUFFERS, 0, queue);
        assert_non_null(area);
        assert_int_equal(area->size, (uint64_t)area->num * area->buffer_size);
        append(sizes, area->buffer_size);
        append(counts, area->num);
        // The device sends in queue 0, with the sizes of its own table; the driver as planned.
        const uint32_t named = item(cJSON_GetArrayItem(member(given, "table"), (int)queue), 0);
        append(payloads, queue == 0 ? payload(PEER_DRIVER, taken, named)
                                    : payload(PEER_DEVICE, taken, area->buffer_size));
    }
    return out;
}

void extensions_buffers(const struct vector *vector)
{
    vectors_check_structure(vector, buffers);
}
