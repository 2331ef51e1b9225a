// SPDX-License-Identifier: BSD-3-Clause
// Coming up, going down, and what lies between.
#include "groups.h"

#include <string.h>

static void down_is_silent(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    driver_echo(c, service, 5, 1);
    driver_down(c);
    driver_watch(c);
    (void)driver_put(c, CHECKER_ADDRESS, service, "x", 1);
    c->driver.always = true;
    driver_show(c, QUEUE_TO_DEVICE);
    driver_kick(c, 0);
    driver_expect_silence(c, "a link that is down sends, delivers and rings nothing");
}

static void up_any_number_of_times(struct conform *c)
{
    const uint32_t count = c->target->quick ? 5 : 40;

    driver_begin(c);
    for (uint32_t i = 0; i < count; i++) {
        driver_up(c, &(struct up){.elsewhere = i % 2 != 0, .ids = i % 3});
        driver_echo(c, driver_find(c), i, i);
        driver_down(c);
    }
}

static void nothing_survives(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});

    driver_drain(c);
    // Shown, but the device is not told; then it is reset.
    for (uint32_t i = 0; i < 4; i++) {
        (void)driver_put(c, CHECKER_ADDRESS + 1, service, "old", 3);
    }
    driver_put16(&c->driver, c->driver.ring[1].avail + 2, c->driver.ring[1].next);
    driver_status(c, 0);
    driver_kick(c, 1);
    quiet(c);
    driver_up(c, &(struct up){.elsewhere = true});
    driver_echo(c, driver_find(c), 5, 1);
    driver_drain(c);
    expect(c, c->driver.others == 0, "what was sent before a reset is not delivered after",
           "%u answers to it", c->driver.others);
    driver_expect_clean(c);
}

static void announces_at_the_ready_point(struct conform *c)
{
    driver_begin(c);
    driver_offer_all(c, &(struct up){0});
    drop_bells(c);
    driver_kick(c, 0);
    driver_expect_silence(c, "nothing is sent before the ready point");
    driver_status(c, STATUS_READY);
    driver_kick(c, 0);
    (void)driver_find(c);
    // And by itself.
    driver_load(c);
    driver_up(c, &(struct up){.silent = true});
    start(c);
    (void)driver_find(c);
}

static void memory_holds_anything(struct conform *c)
{
    driver_load(c);
    for (size_t i = 0; i < c->target->free_size; i++) {
        c->target->free[i] = (uint8_t)(i * 31 + 7);
    }
    start(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 77, 1);
    // A start in the midst of everything: rings of the run before, with messages in them.
    const uint32_t service = driver_find(c);
    (void)driver_put(c, CHECKER_ADDRESS + 1, service, "old", 3);
    driver_put16(&c->driver, c->driver.ring[1].avail + 2, c->driver.ring[1].next);
    driver_load(c);
    driver_watch(c);
    start(c);
    driver_kick(c, 0);
    driver_expect_silence(c, "nothing of an earlier run is taken for one of this");
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 77, 2);
    expect(c, c->driver.others == 0, "nothing of an earlier run is taken for one of this",
           "an old message was answered");
}

static void hello(struct conform *c)
{
    (void)driver_meet(c, &(struct up){0});
}

const struct conform_check conform_hello = {"LIFE-2", "it comes up and has the service", hello};

const struct conform_check device_life_checks[] = {
    {"LIFE-1", "a link that is down", down_is_silent},
    {"LIFE-2", "up, any number of times", up_any_number_of_times},
    {"LIFE-3", "messages from before a reset", nothing_survives},
    {"LIFE-6", "announcements come at the ready point, not before", announces_at_the_ready_point},
    {"LIFE-11", "memory holds anything at the start", memory_holds_anything},
    {0},
};
