// SPDX-License-Identifier: BSD-3-Clause
// A driver and a device, each in a thread of its own, over one ring. Each sleeps when there is
// nothing to do, as yoke/ring.h says: drain, arm, look, sleep. The thread sanitizer watches.
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <yoke/ring.h>

#define NUM 16
#define ELEMENTS 200000
#define POOL UINT64_C(0x40000000)

struct side {
    sem_t doorbell;
    unsigned rang;    ///< How often this side was rung for.
    const char *fail; ///< What went wrong, or NULL.
};

static struct side driver_side, device_side;
static struct yoke_vq_driver driver;
static struct yoke_vq_device device;
static struct yoke_vq_slot slots[NUM];
static uint16_t owned[NUM];
static _Alignas(4096) uint8_t ring[8192];
static uint64_t pool[NUM][2]; ///< By descriptor: a number, and the device's answer.

static const struct yoke_window window = {POOL, sizeof pool, pool};
static const struct yoke_mem mem = {&window, 1};

static void ring_bell(void *context, uint32_t notify_id)
{
    struct side *const other = context;

    (void)notify_id;
    other->rang++; // Only the side that rings counts.
    sem_post(&other->doorbell);
}

static const struct yoke_port driver_port = {ring_bell, NULL, NULL, &device_side};
static const struct yoke_port device_port = {ring_bell, NULL, NULL, &driver_side};

/// Sleeps until the doorbell rings. A lost wakeup shows as ten seconds of silence.
static bool sleep_until_rung(struct side *side)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    return sem_timedwait(&side->doorbell, &until) == 0;
}

static void *run_driver(void *unused)
{
    uint64_t sent = 0, done = 0;

    while (done < ELEMENTS) {
        yoke_ticket ticket;
        uint32_t size;
        int got;
        while (sent < ELEMENTS && (ticket = yoke_vq_driver_take(&driver)) != YOKE_NO_TICKET) {
            const uint16_t index = yoke_ticket_index(ticket);
            pool[index][0] = sent++;
            if (yoke_vq_driver_offer(&driver, ticket, POOL + sizeof pool[0] * index, sizeof pool[0],
                                     true) != YOKE_OK) {
                driver_side.fail = "offer";
            }
            if (sent % 5 != 0) { // Batches of all sizes.
                yoke_vq_publish(&driver.vq);
            }
        }
        yoke_vq_publish(&driver.vq);
        while ((got = yoke_vq_driver_used(&driver, &ticket, &size)) == 1) {
            const uint64_t *const answer = pool[yoke_ticket_index(ticket)];
            if (answer[0] != done || answer[1] != ~done || size != sizeof pool[0]) {
                driver_side.fail = "out of order";
            }
            done++;
            if (yoke_vq_driver_give(&driver, ticket) != YOKE_OK) {
                driver_side.fail = "give";
            }
        }
        if (got != 0) {
            driver_side.fail = "used";
        }
        if ((sent == ELEMENTS || driver.free_count == 0) && done < ELEMENTS &&
            !yoke_vq_arm(&driver.vq) && !sleep_until_rung(&driver_side)) {
            driver_side.fail = "lost wakeup";
        }
        if (driver_side.fail != NULL) {
            break;
        }
    }
    return unused;
}

static void *run_device(void *unused)
{
    uint64_t done = 0;

    while (done < ELEMENTS) {
        struct yoke_chain chain;
        struct yoke_vq_part part;
        int got;
        while ((got = yoke_vq_device_pop(&device, &chain)) == 1) {
            if (yoke_chain_next(&device, &chain, &part) != 1 || part.size != sizeof pool[0]) {
                device_side.fail = "chain";
                return unused;
            }
            uint64_t *const message = part.data;
            if (message[0] != done) {
                device_side.fail = "out of order";
            }
            message[1] = ~message[0];
            if (yoke_vq_device_push(&device, chain.ticket, part.size) != YOKE_OK) {
                device_side.fail = "push";
            }
            if (++done % 7 == 0) {
                yoke_vq_publish(&device.vq);
            }
        }
        yoke_vq_publish(&device.vq);
        if (got != 0) {
            device_side.fail = "pop";
        }
        if (done < ELEMENTS && !yoke_vq_arm(&device.vq) && !sleep_until_rung(&device_side)) {
            device_side.fail = "lost wakeup";
        }
        if (device_side.fail != NULL) {
            break;
        }
        if (done % 3 == 0) {
            yoke_vq_quiet(&device.vq);
        }
    }
    return unused;
}

static void pass_elements(uint64_t features)
{
    struct yoke_vq_config config = {ring, NUM, 4096, features, false, &driver_port, 0};
    pthread_t driver_thread, device_thread;

    memset(&driver_side, 0, sizeof driver_side);
    memset(&device_side, 0, sizeof device_side);
    assert_int_equal(sem_init(&driver_side.doorbell, 0, 0), 0);
    assert_int_equal(sem_init(&device_side.doorbell, 0, 0), 0);
    assert_int_equal(yoke_vq_driver_init(&driver, &config, slots), YOKE_OK);
    config.port = &device_port;
    assert_int_equal(yoke_vq_device_init(&device, &config, &mem, owned), YOKE_OK);
    assert_int_equal(pthread_create(&driver_thread, NULL, run_driver, NULL), 0);
    assert_int_equal(pthread_create(&device_thread, NULL, run_device, NULL), 0);
    assert_int_equal(pthread_join(driver_thread, NULL), 0);
    assert_int_equal(pthread_join(device_thread, NULL), 0);
    print_message("doorbells: %u for the device, %u for the driver\n", device_side.rang,
                  driver_side.rang);
    assert_null(driver_side.fail);
    assert_null(device_side.fail);
    assert_int_equal(driver.free_count, NUM);
    assert_in_range(device_side.rang, 1, ELEMENTS);
    assert_in_range(driver_side.rang, 1, ELEMENTS);
    sem_destroy(&driver_side.doorbell);
    sem_destroy(&device_side.doorbell);
}

static void two_threads_pass_elements_in_order_with_flags(void **state)
{
    (void)state;
    pass_elements(0);
}

static void two_threads_pass_elements_in_order_with_event_idx(void **state)
{
    (void)state;
    pass_elements(YOKE_F_RING_EVENT_IDX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_pass_elements_in_order_with_flags),
        cmocka_unit_test(two_threads_pass_elements_in_order_with_event_idx),
    };
    return cmocka_run_group_tests_name("ring_threads", tests, NULL, NULL);
}
