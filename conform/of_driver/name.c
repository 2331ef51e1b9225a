// SPDX-License-Identifier: BSD-3-Clause
// The name service, as the one who listens.
#include "groups.h"

#include <string.h>

#define OTHER (SERVICE_ADDRESS + 50u)

static void not_negotiated(struct conform *c)
{
    device_begin(c, &(struct device_up){.features = FEATURE_EVENT_IDX});
    uint32_t id = 0;

    quiet(c);
    const bool came = device_take(c, QUEUE_TO_DEVICE, &id);
    expect(c, !came, "without feature bit 0 nothing is announced", "a message");
}

/// An announcement that has to be refused: nobody greets it.
static void refused(struct conform *c, const char *name, uint32_t address, uint32_t flags,
                    size_t size)
{
    uint8_t ns[NS_BYTES + 8] = {0};

    put_name(ns, name);
    memcpy(ns + NAME_BYTES, &(uint32_t){htole32(address)}, 4);
    memcpy(ns + NAME_BYTES + 4, &(uint32_t){htole32(flags)}, 4);
    device_send(c, SERVICE_ADDRESS, NS_ADDRESS, ns, size);
    device_expect_nothing(c, "an announcement that is not proper is refused");
}

static void bad_announcements(struct conform *c)
{
    const char *const name = c->target->service;
    const uint32_t client = device_meet(c, &(struct device_up){0});

    refused(c, name, OTHER, NS_CREATE, NS_BYTES - 1);
    refused(c, name, OTHER, NS_CREATE, NS_BYTES + 1);
    refused(c, name, OTHER, NS_CREATE, 0);
    refused(c, "", OTHER, NS_CREATE, NS_BYTES);
    refused(c, "0123456789abcdef0123456789abcdef", OTHER, NS_CREATE, NS_BYTES);
    refused(c, name, ADDRESS_ANY, NS_CREATE, NS_BYTES);
    device_echo(c, client, 10, 1);
}

static void flags_beyond_1(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    refused(c, c->target->service, OTHER, 2, NS_BYTES);
    refused(c, c->target->service, OTHER, 0x80000000u, NS_BYTES);
    device_echo(c, client, 10, 1);
}

static void bytes_behind_the_name(struct conform *c)
{
    const size_t length = strlen(c->target->service);
    uint8_t ns[NS_BYTES] = {0};

    (void)device_meet(c, &(struct device_up){0});
    memset(ns, 'x', NAME_BYTES);
    memcpy(ns, c->target->service, length + 1);
    memcpy(ns + NAME_BYTES, &(uint32_t){htole32(OTHER)}, 4);
    device_send(c, OTHER, NS_ADDRESS, ns, sizeof ns);
    (void)device_greeted(c, OTHER);
}

static void the_same_again(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    device_announce(c, c->target->service, SERVICE_ADDRESS, NS_CREATE);
    device_expect_nothing(c, "the same announcement again changes nothing");
    device_echo(c, client, 10, 1);
}

static void the_same_name(struct conform *c)
{
    (void)device_meet(c, &(struct device_up){0});
    device_announce(c, c->target->service, OTHER, NS_CREATE);
    (void)device_greeted(c, OTHER);
}

static void destroy_of_unknown(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});

    device_announce(c, c->target->service, OTHER, NS_DESTROY);
    device_announce(c, "another", SERVICE_ADDRESS, NS_DESTROY);
    device_expect_nothing(c, "destroy of what is not known changes nothing");
    device_echo(c, client, 10, 1);
}

static void destroy_and_create(struct conform *c)
{
    (void)device_meet(c, &(struct device_up){0});
    for (unsigned i = 0; i < 3; i++) {
        device_announce(c, c->target->service, SERVICE_ADDRESS, NS_DESTROY);
        quiet(c);
        device_announce(c, c->target->service, SERVICE_ADDRESS, NS_CREATE);
        (void)device_greeted(c, SERVICE_ADDRESS);
    }
}

static void forgotten_when_down(struct conform *c)
{
    (void)device_meet(c, &(struct device_up){0});
    // If it were still known, the same announcement would change nothing.
    for (unsigned i = 0; i < 3; i++) {
        (void)device_meet(c, &(struct device_up){0});
    }
}

static void many_services(struct conform *c)
{
    const uint32_t client = device_meet(c, &(struct device_up){0});
    const uint32_t count = c->target->quick ? 60 : 300;
    char name[NAME_BYTES];

    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "service-%u", i);
        device_announce(c, name, 5000 + i, NS_CREATE);
    }
    device_echo(c, client, 10, 1);
    // Room that was used up is free again.
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "service-%u", i);
        device_announce(c, name, 5000 + i, NS_DESTROY);
    }
    device_announce(c, c->target->service, OTHER, NS_CREATE);
    (void)device_greeted(c, OTHER);
    device_echo(c, client, 10, 2);
}

const struct conform_check driver_name_checks[] = {
    {"NS-1", "the name service is not negotiated", not_negotiated},
    {"NS-4", "announcements that have to be refused", bad_announcements},
    {"NS-4", "flags above 1", flags_beyond_1},
    {"NS-4", "bytes behind the name's end do not count", bytes_behind_the_name},
    {"NS-5", "the same announcement again", the_same_again},
    {"NS-5", "the same name at another address", the_same_name},
    {"NS-6", "destroy of what is not known", destroy_of_unknown},
    {"NS-6", "destroy, and create again", destroy_and_create},
    {"NS-9", "services are forgotten when the link goes down", forgotten_when_down},
    {"NS-11", "more services than there is room for", many_services},
    {0},
};
