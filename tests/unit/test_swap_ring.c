// SPDX-License-Identifier: BSD-3-Clause
// A ring whose driver is big endian, seen from a little-endian processor, in the build that can
// swap (VIRTIO 1.3, 2.7.3): without VERSION_1 the ring has the driver's byte order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/ring.h>

// A ring of 4, used ring aligned to 16: descriptors at 0, available ring at 64, used ring at 80.
#define NUM 4
#define RING 118

static _Alignas(16) uint8_t ring[128];
static uint8_t expected[RING];
static uint8_t buffers[64];
static unsigned rang;
static struct yoke_vq_driver driver;
static struct yoke_vq_device device;
static struct yoke_vq_slot slots[NUM];
static uint16_t owned[NUM];

static const struct yoke_window window = {UINT64_C(0x1122334455667700), sizeof buffers, buffers};
static const struct yoke_mem mem = {&window, 1};

static void ring_bell(void *context, uint32_t notify_id)
{
    (void)context;
    (void)notify_id;
    rang++;
}

static const struct yoke_port port = {ring_bell, NULL, NULL, NULL};

static void open(uint64_t features)
{
    const struct yoke_vq_config config = {ring, NUM, 16, features, true, &port, 0};

    assert_int_equal(yoke_vq_driver_init(&driver, &config, slots), YOKE_OK);
    assert_int_equal(yoke_vq_device_init(&device, &config, &mem, owned), YOKE_OK);
    memset(expected, 0, sizeof expected);
    rang = 0;
}

static void put(uint8_t *to, size_t offset, const char *bytes, size_t count)
{
    memcpy(to + offset, bytes, count);
}

#define EXPECT(offset, bytes) put(expected, offset, bytes, sizeof(bytes) - 1)
#define WRITE(offset, bytes) put(ring, offset, bytes, sizeof(bytes) - 1)

static void assert_ring(void)
{
    assert_memory_equal(ring, expected, RING);
}

static void a_big_endian_drivers_chain_is_followed(void **state)
{
    struct yoke_chain chain;
    struct yoke_vq_part part;

    (void)state;
    open(0);
    //       addr, be64                       | len, be32      | NEXT   | next
    WRITE(32, "\x11\x22\x33\x44\x55\x66\x77\x08\x00\x00\x00\x10\x00\x01\x00\x03");
    WRITE(48, "\x11\x22\x33\x44\x55\x66\x77\x20\x00\x00\x00\x04\x00\x02\x00\x00");
    WRITE(64, "\x00\x00\x00\x01\x00\x02"); // flags, idx 1, ring[0] = 2
    assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
    assert_int_equal(yoke_ticket_index(chain.ticket), 2);
    assert_int_equal(yoke_chain_next(&device, &chain, &part), 1);
    assert_ptr_equal(part.data, buffers + 8);
    assert_int_equal(part.size, 16);
    assert_false(part.write);
    assert_int_equal(yoke_chain_next(&device, &chain, &part), 1);
    assert_ptr_equal(part.data, buffers + 32);
    assert_int_equal(part.size, 4);
    assert_true(part.write);
    assert_int_equal(yoke_chain_next(&device, &chain, &part), 0);
    assert_int_equal(yoke_vq_device_pop(&device, &chain), 0);

    memcpy(expected, ring, RING);
    assert_int_equal(yoke_vq_device_push(&device, 0, 0), YOKE_INVALID);
    assert_ring();
}

static void the_device_answers_in_big_endian(void **state)
{
    struct yoke_chain chain;

    (void)state;
    open(0);
    WRITE(48, "\x11\x22\x33\x44\x55\x66\x77\x00\x00\x00\x00\x40\x00\x02\x00\x00");
    WRITE(64, "\x00\x00\x00\x01\x00\x03");
    memcpy(expected, ring, RING);
    assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
    assert_int_equal(yoke_vq_device_push(&device, chain.ticket, 0x12345678), YOKE_OK);
    //         id, be32        | len, be32
    EXPECT(84, "\x00\x00\x00\x03\x12\x34\x56\x78");
    assert_ring();
    yoke_vq_publish(&device.vq);
    EXPECT(82, "\x00\x01");
    assert_ring();
    assert_int_equal(rang, 1);
}

static void flags_are_big_endian(void **state)
{
    (void)state;
    open(0);
    yoke_vq_quiet(&device.vq);
    EXPECT(80, "\x00\x01");
    yoke_vq_quiet(&driver.vq);
    EXPECT(64, "\x00\x01");
    assert_ring();
    WRITE(64, "\x00\x00\x00\x02\x00\x00\x00\x01"); // Two heads, and please no doorbells: not yet.
    WRITE(64, "\x00\x01");
    struct yoke_chain chain;
    assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
    assert_int_equal(yoke_vq_device_push(&device, chain.ticket, 0), YOKE_OK);
    yoke_vq_publish(&device.vq);
    assert_int_equal(rang, 0);
    WRITE(64, "\x01\x00"); // The same bytes the other way round are another flag.
    assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
    assert_int_equal(yoke_vq_device_push(&device, chain.ticket, 0), YOKE_OK);
    yoke_vq_publish(&device.vq);
    assert_int_equal(rang, 1);
}

static void the_driver_offers_in_big_endian(void **state)
{
    static const struct yoke_vq_buffer chain[] = {{UINT64_C(0x0102030405060708), 0x11223344},
                                                  {0x99, 0x55667788}};
    uint16_t head;

    (void)state;
    open(0);
    assert_int_equal(yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver),
                                          UINT64_C(0xa1a2a3a4a5a6a7a8), 0xb1b2b3b4, true),
                     YOKE_OK);
    assert_int_equal(yoke_vq_driver_offer_chain(&driver, chain, 1, 1, &head), YOKE_OK);
    assert_int_equal(head, 1);
    yoke_vq_publish(&driver.vq);
    EXPECT(0, "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xb1\xb2\xb3\xb4\x00\x02\x00\x00");
    EXPECT(16, "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x22\x33\x44\x00\x01\x00\x02");
    EXPECT(32, "\x00\x00\x00\x00\x00\x00\x00\x99\x55\x66\x77\x88\x00\x02\x00\x00");
    EXPECT(64, "\x00\x00\x00\x02\x00\x00\x00\x01");
    assert_ring();
}

static void the_driver_reads_used_elements_in_big_endian(void **state)
{
    yoke_ticket ticket;
    uint32_t size;

    (void)state;
    open(0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(
            yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver), 0, 0x200, true), YOKE_OK);
    }
    WRITE(82, "\x00\x02\x00\x00\x00\x01\x00\x00\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00");
    assert_int_equal(yoke_vq_driver_used(&driver, &ticket, &size), 1);
    assert_int_equal(yoke_ticket_index(ticket), 1);
    assert_int_equal(size, 0x102);
    assert_int_equal(yoke_vq_driver_used(&driver, &ticket, &size), YOKE_BAD_PEER); // 1, swapped
}

static void events_are_big_endian(void **state)
{
    struct yoke_chain chain;

    (void)state;
    open(YOKE_F_RING_EVENT_IDX);
    for (unsigned i = 0; i < 2; i++) {
        yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver), UINT64_C(0x1122334455667700), 1,
                             true);
    }
    WRITE(116, "\x01\x00"); // avail_event 0x100: not passed by 0 and 1.
    yoke_vq_publish(&driver.vq);
    assert_int_equal(rang, 0);
    WRITE(116, "\x00\x02");
    yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver), 0, 1, true);
    yoke_vq_publish(&driver.vq);
    assert_int_equal(rang, 1);

    assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
    yoke_vq_arm(&device.vq);
    assert_memory_equal(ring + 116, "\x00\x01", 2);
    yoke_vq_quiet(&device.vq);
    assert_memory_equal(ring + 116, "\x00\x00", 2);
}

static void with_version_1_all_of_it_stays_little_endian(void **state)
{
    struct yoke_chain chain;

    (void)state;
    open(YOKE_F_VERSION_1);
    assert_int_equal(yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver),
                                          UINT64_C(0x1122334455667708), 0x20, true),
                     YOKE_OK);
    yoke_vq_publish(&driver.vq);
    EXPECT(0, "\x08\x77\x66\x55\x44\x33\x22\x11\x20\x00\x00\x00\x02\x00\x00\x00");
    EXPECT(64, "\x00\x00\x01\x00\x00\x00");
    assert_ring();
    assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
    assert_int_equal(yoke_vq_device_push(&device, chain.ticket, 0x12), YOKE_OK);
    yoke_vq_publish(&device.vq);
    EXPECT(80, "\x00\x00\x01\x00\x00\x00\x00\x00\x12\x00\x00\x00");
    assert_ring();
}

static void a_little_endian_driver_is_understood_by_this_build_too(void **state)
{
    const struct yoke_vq_config config = {ring, NUM, 16, 0, false, &port, 0};

    (void)state;
    assert_int_equal(yoke_vq_driver_init(&driver, &config, slots), YOKE_OK);
    yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver), 0x1234, 0x56, false);
    yoke_vq_publish(&driver.vq);
    memset(expected, 0, sizeof expected);
    EXPECT(0, "\x34\x12\x00\x00\x00\x00\x00\x00\x56\x00\x00\x00\x00\x00\x00\x00");
    EXPECT(66, "\x01\x00");
    assert_ring();
}

static void big_endian_traffic_crosses_65536(void **state)
{
    (void)state;
    open(YOKE_F_RING_EVENT_IDX);
    for (uint32_t i = 0; i < 70000; i++) {
        struct yoke_chain chain;
        struct yoke_vq_part part;
        yoke_ticket ticket;
        uint32_t size;
        assert_int_equal(yoke_vq_driver_offer(&driver, yoke_vq_driver_take(&driver),
                                              window.address + i % 32, i % 32, true),
                         YOKE_OK);
        yoke_vq_publish(&driver.vq);
        assert_int_equal(yoke_vq_device_pop(&device, &chain), 1);
        assert_int_equal(yoke_chain_next(&device, &chain, &part), 1);
        assert_ptr_equal(part.data, buffers + i % 32);
        assert_int_equal(yoke_vq_device_push(&device, chain.ticket, part.size), YOKE_OK);
        yoke_vq_publish(&device.vq);
        assert_int_equal(yoke_vq_driver_used(&driver, &ticket, &size), 1);
        assert_int_equal(size, i % 32);
        assert_int_equal(yoke_vq_driver_give(&driver, ticket), YOKE_OK);
        assert_false(yoke_vq_arm(&driver.vq));
        assert_false(yoke_vq_arm(&device.vq));
    }
    assert_int_equal(rang, 2 * 70000);
    assert_memory_equal(ring + 66, "\x11\x70", 2); // 70000 - 65536 = 0x1170
    assert_memory_equal(ring + 82, "\x11\x70", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_big_endian_drivers_chain_is_followed),
        cmocka_unit_test(the_device_answers_in_big_endian),
        cmocka_unit_test(flags_are_big_endian),
        cmocka_unit_test(the_driver_offers_in_big_endian),
        cmocka_unit_test(the_driver_reads_used_elements_in_big_endian),
        cmocka_unit_test(events_are_big_endian),
        cmocka_unit_test(with_version_1_all_of_it_stays_little_endian),
        cmocka_unit_test(a_little_endian_driver_is_understood_by_this_build_too),
        cmocka_unit_test(big_endian_traffic_crosses_65536),
    };
    return cmocka_run_group_tests_name("swap_ring", tests, NULL, NULL);
}
