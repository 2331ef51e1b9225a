// SPDX-License-Identifier: BSD-3-Clause
// The name service.
#include "groups.h"

#include <string.h>

static void not_negotiated(struct conform *c)
{
    driver_begin(c);
    if ((get32(c->driver.entry + ENTRY_DFEATURES) & FEATURE_NS) == 0) {
        not_applicable(c, "the device offers no name service");
    }
    driver_up(c, &(struct up){.without = FEATURE_NS});
    driver_drain(c);
    expect(c, c->driver.announcements == 0, "without feature bit 0 nothing is announced",
           "%u announcements", c->driver.announcements);
    driver_down(c);
    driver_up(c, &(struct up){0});
    driver_echo(c, driver_find(c), 5, 1);
}

static void announcement_size(struct conform *c)
{
    (void)driver_meet(c, &(struct up){0});
    const struct message *const a = &c->driver.announcement;
    expect(c, a->len == NS_BYTES && a->whole == HEADER_BYTES + NS_BYTES,
           "an announcement has 40 bytes", "%u bytes, used length %u", a->len, a->whole);
    expect(c, get32(a->data + NAME_BYTES + 4) == NS_CREATE, "flags 0: create", "flags %u",
           get32(a->data + NAME_BYTES + 4));
}

static void announced_names(struct conform *c)
{
    driver_begin(c);
    driver_up(c, &(struct up){0});
    (void)driver_find(c);
    const uint8_t *const name = c->driver.announcement.data;
    const uint8_t *const end = memchr(name, 0, NAME_BYTES);
    expect(c, end != NULL && end != name, "a name of 1 to 31 bytes", "%s",
           end == NULL ? "32 bytes without NUL" : "an empty one");
    for (uint32_t i = (uint32_t)(end - name); i < NAME_BYTES; i++) {
        expect(c, name[i] == 0, "the rest of a name is 0", "byte %u is 0x%02x", i, name[i]);
    }
}

static void bad_announcements(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    uint8_t ns[64] = "conform";

    put32(ns + NAME_BYTES, 5000);
    for (uint32_t i = 0; i < 3 * c->driver.ring[1].num; i++) {
        uint8_t bad[64];
        memcpy(bad, ns, sizeof bad);
        uint32_t size = NS_BYTES;
        switch (i % 6) {
        case 0:
            memset(bad, 'x', NAME_BYTES);
            break;
        case 1:
            bad[0] = 0;
            break;
        case 2:
            put32(bad + NAME_BYTES + 4, 2 + i);
            break;
        case 3:
            put32(bad + NAME_BYTES, ADDRESS_ANY);
            break;
        default:
            size = i % 6 == 4 ? NS_BYTES - 1 : NS_BYTES + 1;
        }
        (void)driver_send(c, CHECKER_ADDRESS, NS_ADDRESS, bad, size);
    }
    driver_echo(c, service, 40, 1);
    driver_await_spares(c, c->driver.ring[1].num);
}

static void many_announcements(struct conform *c)
{
    const uint32_t service = driver_meet(c, &(struct up){0});
    const uint32_t count = c->target->quick ? 200 : 2000;

    for (uint32_t i = 0; i < count; i++) {
        uint8_t ns[NS_BYTES] = {0};
        (void)snprintf((char *)ns, NAME_BYTES, "service-%u", i);
        put32(ns + NAME_BYTES, 3000 + i);
        (void)driver_send(c, 3000 + i, NS_ADDRESS, ns, sizeof ns);
    }
    driver_echo(c, service, 40, 1);
    driver_await_spares(c, c->driver.ring[1].num);
}

static void once_each_time(struct conform *c)
{
    (void)driver_meet(c, &(struct up){0});
    driver_drain(c);
    const uint32_t services = c->driver.service_count;
    for (unsigned round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < c->driver.service_count; i++) {
            expect(c, c->driver.services[i].times == 1, "each service is announced once",
                   "%s %u times", c->driver.services[i].name, c->driver.services[i].times);
        }
        expect(c, c->driver.service_count == services,
               "each time that the link comes up every service is announced", "%u of %u",
               c->driver.service_count, services);
        driver_down(c);
        driver_up(c, &(struct up){0});
        (void)driver_find(c);
        driver_drain(c);
    }
}

static void announcements_wait(struct conform *c)
{
    (void)driver_meet(c, &(struct up){0});
    driver_drain(c);
    const uint32_t services = c->driver.service_count;
    driver_down(c);
    const uint32_t num = c->driver.ring[0].num;
    driver_up(c, &(struct up){.withheld = num});
    quiet(c);
    quiet(c);
    for (uint32_t i = 0; i < num; i++) {
        driver_return(c, i);
        if (i < 3) {
            driver_drain(c);
        }
    }
    (void)driver_find(c);
    driver_drain(c);
    expect(c, c->driver.announcements == services,
           "an announcement that found no buffer follows when one comes", "%u of %u came",
           c->driver.announcements, services);
}

const struct conform_check device_name_checks[] = {
    {"NS-1", "the name service is not negotiated", not_negotiated},
    {"NS-2", "announcements have 40 bytes", announcement_size},
    {"NS-3", "names", announced_names},
    {"NS-4", "announcements that have to be refused", bad_announcements},
    {"NS-7", "every service once, each time", once_each_time},
    {"NS-8", "no buffer is free for announcements", announcements_wait},
    {"NS-11", "more announcements than anyone has room for", many_announcements},
    {0},
};
