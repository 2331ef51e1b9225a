// SPDX-License-Identifier: BSD-3-Clause
// The host's role on a core that drives another one: starts it, waits for the service that its app
// offers, and tries that out. What sends messages back is measured: every size, every byte checked,
// and how long round trips take.
#include <string.h>

#include "litmus.h"
#include "peer_link.h"
#include "print.h"

#define LONGEST 496u
#define ROUNDS 1000u

static struct peer peer;
static struct yoke_ept ept;

/// The message under way, and its answer.
static _Alignas(8) uint8_t message[LONGEST];
static _Alignas(8) uint8_t answer[LONGEST];
static uint32_t answer_size;
static bool answered;
static uint32_t wrong;
static uint32_t total;

static uint32_t times[ROUNDS];

static void receive(struct yoke_ept *from, const struct yoke_msg *msg)
{
    (void)from;
    answer_size = msg->size <= LONGEST ? msg->size : 0;
    memcpy(answer, msg->data, answer_size);
    answered = true;
}

/// One message there and back: `*ticks` is how long that took. Returns YOKE_OK, or why there is no
/// answer.
static int round_trip(uint32_t size, uint32_t *ticks)
{
    total++;
    for (uint32_t i = 0; i < size; i++) {
        message[i] = (uint8_t)(total * 7 + i);
    }
    answered = false;
    const uint32_t start = board_clock();
    int status = yoke_send(&ept, message, size);
    while (status == YOKE_OK && !answered) {
        status = peer_step(&peer);
    }
    *ticks = board_clock() - start;
    wrong += status == YOKE_OK && (answer_size != size || memcmp(answer, message, size) != 0);
    return status;
}

static void sort(uint32_t *values, uint32_t count)
{
    for (uint32_t gap = count / 2; gap != 0; gap /= 2) {
        for (uint32_t i = gap; i < count; i++) {
            const uint32_t value = values[i];
            uint32_t at = i;
            for (; at >= gap && values[at - gap] > value; at -= gap) {
                values[at] = values[at - gap];
            }
            values[at] = value;
        }
    }
}

static void print_time(uint32_t ticks)
{
    if (board_clock_hz == 0) {
        print("        -");
    } else {
        print_tenths((uint32_t)((uint64_t)ticks * 10000000u / board_clock_hz), 9);
    }
}

static int measure(uint32_t size)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const int status = round_trip(size, &times[i]);
        if (status != YOKE_OK) {
            return status;
        }
    }
    sort(times, ROUNDS);
    print_number(size, 5);
    print_number(ROUNDS, 8);
    print_time(times[0]);
    print_time(times[ROUNDS / 2]);
    print_time(times[ROUNDS * 99 / 100]);
    print("\n");
    return YOKE_OK;
}

static int try_echo(void)
{
    static const uint32_t sizes[] = {16, 240, LONGEST};
    int status = YOKE_OK;

    for (uint32_t size = 1; status == YOKE_OK && size <= LONGEST; size++) {
        status = round_trip(size, &times[0]);
        if (size < 3) {
            peer_show_log(&peer); // The next one may be what does not work.
        }
    }
    if (status == YOKE_OK) {
        print("bytes  rounds   min us   p50 us   p99 us\n");
    }
    for (uint32_t i = 0; status == YOKE_OK && i < sizeof sizes / sizeof sizes[0]; i++) {
        status = measure(sizes[i]);
    }
    return status;
}

static int send_and_wait(const void *request, size_t size)
{
    total++;
    answered = false;
    int status = yoke_send(&ept, request, size);
    while (status == YOKE_OK && !answered) {
        status = peer_step(&peer);
    }
    return status;
}

/// Sends `request` and expects `reply`.
static int ask(const void *request, size_t request_size, const void *reply, uint32_t reply_size)
{
    const int status = send_and_wait(request, request_size);

    wrong +=
        status == YOKE_OK && (answer_size != reply_size || memcmp(answer, reply, reply_size) != 0);
    return status;
}

static int try_hello(void)
{
    return ask("?", 1, "hello", 5);
}

/// [1 2; 3 4] times [5 6; 7 8].
static int try_matrix(void)
{
    static const uint32_t request[] = {2, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint32_t reply[] = {2, 19, 22, 43, 50};

    return ask(request, sizeof request, reply, sizeof reply);
}

/// Sends the machine's argument, which says how to crash, and succeeds if the other core does.
static int try_crash(void)
{
    const volatile uint32_t *const argument = yoke_mem_at(&board_da, board_peer.argument_da, 4);
    const char command = (char)*argument;
    const int status = ask(&command, 1, &command, 1);

    return status != YOKE_OK ? YOKE_OK : YOKE_AGAIN;
}

static uint32_t litmus_start;

static bool litmus_enough(void)
{
    static uint32_t asked;

    return board_clock_hz != 0 ? board_clock() - litmus_start > board_clock_hz : ++asked > 1000;
}

/// The same as echo; then both try the barriers, at an address that the other core says.
static int try_selftest(void)
{
    static const char request[] = "barriers";
    int status = try_echo();

    if (status == YOKE_OK) {
        status = send_and_wait(request, sizeof request - 1);
    }
    if (status != YOKE_OK) {
        return status;
    }
    struct litmus *const litmus = yoke_mem_at(&board_da, yoke_le32(answer), sizeof(struct litmus));
    if (answer_size != 4 || litmus == NULL) {
        return YOKE_BAD_PEER;
    }
    litmus_start = board_clock();
    const struct litmus_result result = litmus_run(litmus, 0, 100000, litmus_enough);
    print("barriers: ");
    print_number(result.rounds, 0);
    print(" rounds, stale ");
    print_number(result.stale, 0);
    print(", crossed ");
    print_number(result.crossed, 0);
    print("\n");
    wrong += result.stale + result.crossed;
    // One more answer, so that the other core's verdict is in its log.
    return ask("?", 1, "?", 1);
}

static const struct {
    const char *service;
    int (*run)(void);
} trials[] = {
    {"echo", try_echo},     {"selftest", try_selftest}, {"hello", try_hello},
    {"matrix", try_matrix}, {"crash", try_crash},
};

/// Waits for one of these services, and tries it.
static int try_service(void)
{
    int status = YOKE_OK;

    while (status == YOKE_OK) {
        for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
            const struct yoke_service *const service = yoke_ns_find(&peer.ns, trials[i].service);
            if (service != NULL) {
                status = yoke_ept_open(&peer.link, &ept, YOKE_RPMSG_ADDR_ANY, service->addr,
                                       receive, NULL);
                return status == YOKE_OK ? trials[i].run() : status;
            }
        }
        status = peer_step_patiently(&peer);
    }
    return status;
}

int main(void)
{
    print("pair: driver role, starting the other core\n");
    int status = peer_start(&peer);
    if (status == YOKE_OK) {
        status = try_service();
    }
    peer_show_log(&peer);
    print("pair: ");
    print_number(total, 0);
    print(" messages, ");
    print_number(wrong, 0);
    print(" wrong: ");
    print(status != YOKE_OK ? yoke_status_text(status) : wrong != 0 ? "FAILED" : "ok");
    print("\n");
    return status != YOKE_OK || wrong != 0 ? 1 : 0;
}
