// SPDX-License-Identifier: BSD-3-Clause
// Power requests over incoherent memory: spec/table-2.md, 4.6. A side looks when it was rung.
#include "cache_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <yoke/firmware.h>
#include <yoke/rproc.h>

#define LONGEST_LINE 64u // A block keeps 64 bytes for what each side writes.
#define BLOCK_AT 1024u
#define USED (BLOCK_AT + (uint32_t)sizeof(struct yoke_rsc2_power_block))
#define BELL 3u

static void ring_host(void *context, uint32_t notify_id)
{
    (void)context;
    assert_int_equal(notify_id, BELL);
    model_host.rang = true;
}

static void ring_device(void *context, uint32_t notify_id)
{
    (void)context;
    assert_int_equal(notify_id, BELL);
    model_device.rang = true;
}

static const struct yoke_port device_port = {ring_host, model_clean, model_invalidate,
                                             &model_device};
static const struct yoke_port host_port = {ring_device, model_clean, model_invalidate, &model_host};

// Private memory: the loaded table is constant.
static const struct yoke_rsc2_header table = {.host = YOKE_RSC2_VERSION,
                                              .taken = YOKE_RSC2_F_STOP | YOKE_RSC2_F_SUSPEND};
static const uint32_t notify_id = BELL;

static struct yoke_power host;
static struct yoke_power_device device;

static void unrest(void)
{
    model_unrest(&model_host, USED);
    model_unrest(&model_device, USED);
}

static void take_ring(struct model_side *side)
{
    assert_true(side->rang);
    side->rang = false;
    unrest();
}

/// Memory as the loader leaves it; firmware comes up.
static void set_up(void)
{
    memset(model_ram, 0xa5, MODEL_SIZE);
    memset(model_ram + BLOCK_AT, 0, USED - BLOCK_AT);
    model_cold(&model_host);
    model_cold(&model_device);
    model_host.rang = model_device.rang = false;
    yoke_power_init(&host, model_host.copy + BLOCK_AT, BELL, &host_port);
    assert_int_equal(yoke_power_state(&host), YOKE_RSC2_POWER_BOOTING);
    device = (struct yoke_power_device){
        .block = (struct yoke_rsc2_power_block *)(void *)(model_device.copy + BLOCK_AT),
        .table = &table,
        .notify_id = &notify_id,
        .port = &device_port,
    };
    yoke_power_device_say(&device, YOKE_RSC2_POWER_RUNNING);
    take_ring(&model_host);
    assert_int_equal(yoke_power_state(&host), YOKE_RSC2_POWER_RUNNING);
}

/// The picture of 4.6.
static uint32_t leads_to(uint32_t state, uint32_t request)
{
    if (request == YOKE_RSC2_REQUEST_STOP) {
        return YOKE_RSC2_POWER_STOPPED;
    }
    if (request == YOKE_RSC2_REQUEST_SUSPEND) {
        return YOKE_RSC2_POWER_SUSPENDED;
    }
    return request == YOKE_RSC2_REQUEST_RUN ? YOKE_RSC2_POWER_RUNNING : state;
}

/// Firmware finds the request that was rung for, and carries it out.
static void carry_out(uint32_t request, uint32_t state, uint32_t next)
{
    take_ring(&model_device);
    assert_int_equal(yoke_power_device_request(&device), next == state ? 0 : request);
    if (next != state) {
        unrest();
        assert_false(yoke_power_answered(&host));
        assert_int_equal(yoke_power_request(&host, request), YOKE_AGAIN);
        yoke_power_device_answer(&device);
    }
}

/// The host sees it, whatever it looks at first.
static void see(uint32_t state)
{
    take_ring(&model_host);
    if (model_any(2) != 0) {
        assert_true(yoke_power_answered(&host));
        assert_int_equal(yoke_power_state(&host), state);
    } else {
        assert_int_equal(yoke_power_state(&host), state);
        assert_true(yoke_power_answered(&host));
    }
}

static void requests(void)
{
    static const uint32_t all[] = {YOKE_RSC2_REQUEST_RUN,  YOKE_RSC2_REQUEST_SUSPEND,
                                   YOKE_RSC2_REQUEST_RUN,  YOKE_RSC2_REQUEST_SUSPEND,
                                   YOKE_RSC2_REQUEST_STOP, 77};

    for (int life = 0; life < 20; life++) {
        uint32_t state = YOKE_RSC2_POWER_RUNNING;
        set_up();
        while (state != YOKE_RSC2_POWER_STOPPED) {
            const uint32_t request = all[model_any(sizeof all / sizeof all[0])];
            const uint32_t next = leads_to(state, request);
            assert_int_equal(yoke_power_request(&host, request), YOKE_OK);
            carry_out(request, state, next);
            see(next);
            state = next;
        }
    }
}

static void each_request_is_carried_out_and_seen(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, requests);
}

static void say_failed(void)
{
    set_up();
    yoke_power_device_say(&device, YOKE_RSC2_POWER_FAILED);
    take_ring(&model_host);
    assert_int_equal(yoke_power_state(&host), YOKE_RSC2_POWER_FAILED);
}

static void a_failure_is_seen(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, say_failed);
}

static void change_hosts(void)
{
    const uint32_t pending[] = {YOKE_RSC2_REQUEST_SUSPEND, 1};

    set_up();
    // A host before this one made its request past our cache.
    memcpy(model_ram + BLOCK_AT + offsetof(struct yoke_rsc2_power_block, request), pending,
           sizeof pending);
    yoke_power_init(&host, model_host.copy + BLOCK_AT, BELL, &host_port);
    assert_int_equal(yoke_power_request(&host, YOKE_RSC2_REQUEST_STOP), YOKE_AGAIN);
    ring_device(NULL, BELL);
    carry_out(YOKE_RSC2_REQUEST_SUSPEND, YOKE_RSC2_POWER_RUNNING, YOKE_RSC2_POWER_SUSPENDED);
    see(YOKE_RSC2_POWER_SUSPENDED);
    assert_int_equal(yoke_power_request(&host, YOKE_RSC2_REQUEST_RUN), YOKE_OK);
    carry_out(YOKE_RSC2_REQUEST_RUN, YOKE_RSC2_POWER_SUSPENDED, YOKE_RSC2_POWER_RUNNING);
    see(YOKE_RSC2_POWER_RUNNING);
}

static void a_new_host_waits_for_the_request_of_the_one_before(void **state)
{
    (void)state;
    model_each(LONGEST_LINE, change_hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_is_carried_out_and_seen),
        cmocka_unit_test(a_failure_is_seen),
        cmocka_unit_test(a_new_host_waits_for_the_request_of_the_one_before),
    };

    return cmocka_run_group_tests_name("power_cache_model", tests, NULL, NULL);
}
