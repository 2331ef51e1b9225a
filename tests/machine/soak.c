// SPDX-License-Identifier: BSD-3-Clause
// Soak: many messages of mixed sizes each way, while endpoints come and go on both sides. Every
// message is checked: nothing lost, nothing twice, nothing out of order, no byte changed.
//
//     soak CHURN_ELF [MESSAGES [SEED]]      MESSAGES each way; 10000000 unless given
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/host.h>

#define LANES 4u
#define STALL_MS 10000

/// One conversation: an endpoint of ours, and a service that comes and goes.
struct lane {
    char service[16];
    struct yoke_ept ept;
    uint32_t life;     ///< Messages until the endpoint goes.
    uint32_t sent;     ///< Of this endpoint's life.
    uint32_t received; ///< Of this endpoint's life.
    uint32_t generation;
    bool open;
    bool moving;       ///< The service was told to move.
    uint32_t old_addr; ///< Where it was before.
};

static struct yoke_host host;
static struct lane lanes[LANES];
static uint64_t total;
static uint64_t wrong;
static uint64_t moves;
static uint64_t lives;
static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

/// The payload of one message; all of it follows from who, when and which. Returns its size.
static uint32_t fill(const struct lane *lane, uint32_t number, uint8_t *data)
{
    uint32_t state = (uint32_t)(lane - lanes) * 0x9e3779b9u + lane->generation * 0x85ebca6bu +
                     number * 0xc2b2ae35u;
    state ^= state >> 15;
    const uint32_t size = 9 + state % 488;

    data[0] = 1;
    yoke_put_le32(data + 1, number);
    yoke_put_le32(data + 5, lane->generation);
    for (uint32_t i = 9; i < size; i++) {
        data[i] = (uint8_t)(state + i * 13);
    }
    return size;
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct lane *const lane = ept->context;
    uint8_t expected[512];
    const uint32_t size = fill(lane, lane->received, expected);

    if (lane->received == lane->sent || msg->src != ept->dst || msg->size != size ||
        memcmp(msg->data, expected, size) != 0) {
        if (wrong++ < 10) {
            (void)fprintf(stderr, "%s: wrong answer to message %u of life %u\n", lane->service,
                          lane->received, lane->generation);
        }
    }
    lane->received++;
    total++;
}

/// Opens the lane's endpoint once its service is there, at another address than before.
static void open_lane(struct lane *lane)
{
    const struct yoke_service *const service = yoke_ns_find(&host.ns, lane->service);

    if (service == NULL || (lane->moving && service->addr == lane->old_addr)) {
        return;
    }
    lane->moving = false;
    lane->life = 1 + random_below(5000);
    lane->sent = lane->received = 0;
    lane->generation++;
    lane->open = yoke_ept_open(&host.link, &lane->ept, YOKE_RPMSG_ADDR_ANY, service->addr, receive,
                               lane) == YOKE_OK;
    lives++;
}

static void send_some(struct lane *lane)
{
    uint8_t data[512];
    const uint32_t burst = 1 + random_below(48);

    for (uint32_t i = 0; i < burst && lane->sent < lane->life; i++) {
        const uint32_t size = fill(lane, lane->sent, data);
        if (yoke_send(&lane->ept, data, size) != YOKE_OK) {
            return;
        }
        lane->sent++;
    }
}

/// At the end of an endpoint's life: every other time the service moves as well.
static void close_lane(struct lane *lane)
{
    const uint8_t move = 0;

    if (random_below(2) == 0) {
        if (yoke_send(&lane->ept, &move, 1) != YOKE_OK) {
            return; // Later, when there is a buffer.
        }
        lane->moving = true;
        lane->old_addr = lane->ept.dst;
        moves++;
    }
    lane->open = yoke_ept_close(&lane->ept) != YOKE_OK;
}

static void work(struct lane *lane)
{
    if (!lane->open) {
        open_lane(lane);
    }
    if (lane->open) {
        send_some(lane);
        if (lane->received == lane->life) {
            close_lane(lane);
        }
    }
}

/// Returns false if nothing comes any more.
static bool soak(uint64_t messages)
{
    uint64_t last = 0;
    uint64_t since = yoke_host_clock();

    while (total < messages) {
        yoke_link_cork(&host.link);
        for (uint32_t i = 0; i < LANES; i++) {
            work(&lanes[i]);
        }
        yoke_link_flush(&host.link);
        const int status = yoke_host_wait(&host, 100);
        const uint64_t now = yoke_host_clock();
        if (status < 0) {
            (void)fprintf(stderr, "soak: %s\n", host.error);
            return false;
        }
        if (total != last) {
            last = total;
            since = now;
        } else if (now - since > UINT64_C(1000000) * STALL_MS) {
            (void)fprintf(stderr, "soak: nothing came for %d ms\n", STALL_MS);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    const uint64_t messages = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;

    random_state = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: soak CHURN_ELF [MESSAGES [SEED]]\n");
        return 2;
    }
    if (yoke_host_open(&host, argv[1], NULL) != YOKE_OK || yoke_host_boot(&host) != YOKE_OK) {
        (void)fprintf(stderr, "soak: %s\n", host.error);
        return 1;
    }
    for (uint32_t i = 0; i < LANES; i++) {
        (void)snprintf(lanes[i].service, sizeof lanes[i].service, "churn-%u", i);
    }
    (void)printf("soak: %llu messages each way, seed %u\n", (unsigned long long)messages,
                 random_state);
    const uint64_t start = yoke_host_clock();
    const bool done = soak(messages);
    const double seconds = (double)(yoke_host_clock() - start) / 1e9;
    const struct yoke_link_stats *const stats = yoke_link_stats(&host.link);
    const uint32_t bad = stats->bad + stats->rx_unknown;
    (void)printf("soak: %llu answers, %llu wrong, %u refused or to nobody; %llu endpoints came and "
                 "went here, %llu there; %.1f s, %.0f messages/s both ways\n",
                 (unsigned long long)total, (unsigned long long)wrong, bad,
                 (unsigned long long)lives, (unsigned long long)moves, seconds,
                 2 * (double)total / seconds);
    yoke_host_close(&host);
    return done && wrong == 0 && bad == 0 ? 0 : 1;
}
