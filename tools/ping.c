// SPDX-License-Identifier: BSD-3-Clause
// Ping: round trips one at a time for their times, then as many at once as fit, for their rate.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define SIZE_MAX_PAYLOAD 65528u
#define COUNT_MAX 10000000u

/// One ping under way.
struct pinger {
    struct tool_ping *ping;
    struct yoke_host *host;
    struct yoke_ept ept;
    tool_wait_fn *wait;
    void *context;
    int timeout_ms;
    uint32_t sent;
    uint32_t received;
    uint32_t part; ///< Bytes of the first answer, if it was just the beginning of the message.
    uint8_t data[SIZE_MAX_PAYLOAD];
};

static bool parse_number(const char **text, uint32_t limit, uint32_t *number)
{
    char *end = NULL;

    if (**text < '0' || **text > '9') {
        return false;
    }
    const unsigned long long value = strtoull(*text, &end, 10);
    if (value > limit || (*end != '\0' && *end != ':')) {
        return false;
    }
    *number = (uint32_t)value;
    *text = end;
    return true;
}

bool tool_ping_parse(struct tool_ping *ping, const char *text)
{
    const char *const hint =
        "write SERVICE, SERVICE:SIZE or SERVICE:SIZE:COUNT, as in echo:16:1000";
    const size_t length = strcspn(text, ":");
    const char *rest = text + length;

    *ping = (struct tool_ping){.size = 16, .count = 1000};
    if (length == 0 || length >= sizeof ping->service) {
        tool_error(hint, "--ping %s: a service's name has 1 to %zu bytes, this one %zu", text,
                   sizeof ping->service - 1, length);
        return false;
    }
    memcpy(ping->service, text, length);
    if (*rest == ':' && (rest++, !parse_number(&rest, SIZE_MAX_PAYLOAD, &ping->size))) {
        tool_error(hint, "--ping %s: SIZE must be a number from 0 to %u", text, SIZE_MAX_PAYLOAD);
        return false;
    }
    if (*rest == ':' && (rest++, !parse_number(&rest, COUNT_MAX, &ping->count) ||
                                     ping->count == 0 || *rest != '\0')) {
        tool_error(hint, "--ping %s: COUNT must be a number from 1 to %u", text, COUNT_MAX);
        return false;
    }
    return true;
}

/// The payload of message `number`: its number, then bytes that depend on it.
static void fill(uint8_t *data, uint32_t size, uint32_t number)
{
    uint8_t start[4];

    yoke_put_le32(start, number ^ 0x454b4f59);
    for (uint32_t i = 0; i < size; i++) {
        data[i] = i < 4 ? start[i] : (uint8_t)(number + i);
    }
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    struct pinger *const pinger = ept->context;
    uint8_t *const expected = pinger->data;

    fill(expected, pinger->ping->size, pinger->received);
    if (msg->size != pinger->ping->size || memcmp(msg->data, expected, msg->size) != 0) {
        pinger->ping->altered++;
        if (pinger->ping->altered == 1 && pinger->received == 0) {
            const bool begins = msg->size != 0 && msg->size < pinger->ping->size &&
                                memcmp(msg->data, expected, msg->size) == 0;
            pinger->part = begins ? msg->size : 0;
            pinger->ping->no_echo = true;
        }
    }
    pinger->received++;
}

/// Sends the next message. Returns as yoke_send().
static int send_next(struct pinger *pinger)
{
    fill(pinger->data, pinger->ping->size, pinger->sent);
    const int status = yoke_send(&pinger->ept, pinger->data, pinger->ping->size);
    if (status == YOKE_OK) {
        pinger->sent++;
    }
    return status;
}

/// Waits for something to happen. Returns TOOL_OK, or TOOL_FAILED having said why.
static int wait_a_while(struct pinger *pinger, uint64_t deadline)
{
    const char *const service = pinger->ping->service;
    const uint64_t now = yoke_host_clock();

    if (!yoke_host_runs(pinger->host)) {
        tool_error(NULL, "ping %s: %s", service, pinger->host->error);
        return TOOL_FAILED;
    }
    if (yoke_link_fault(&pinger->host->link) != YOKE_FAULT_NONE) {
        tool_error(NULL, "ping %s: the firmware broke the link: %s", service,
                   yoke_link_fault_text(yoke_link_fault(&pinger->host->link)));
        return TOOL_FAILED;
    }
    if (now >= deadline) {
        tool_error("the firmware runs but does not answer; --timeout waits longer",
                   "ping %s: %u of %u messages got no answer within %d ms", service,
                   pinger->sent - pinger->received, pinger->sent, pinger->timeout_ms);
        return TOOL_FAILED;
    }
    if (!pinger->wait(pinger->context, (int)((deadline - now) / 1000000u) + 1)) {
        tool_error(NULL, "ping %s: interrupted after %u of %u answers", service, pinger->received,
                   pinger->ping->count);
        return TOOL_FAILED;
    }
    return TOOL_OK;
}

static uint64_t deadline_of(const struct pinger *pinger)
{
    return yoke_host_clock() + (uint64_t)pinger->timeout_ms * 1000000u;
}

static int refused(const struct pinger *pinger, int status)
{
    tool_error(status == YOKE_TOO_LONG ? "ask for a smaller SIZE" : NULL,
               "ping %s: SIZE %u: %s (at most %u bytes fit into a message)", pinger->ping->service,
               pinger->ping->size, yoke_status_text(status), yoke_link_mtu(&pinger->host->link));
    return TOOL_FAILED;
}

/// Where a message has several answers there is no round trip to measure.
static int answered_in_part(const struct pinger *pinger)
{
    char hint[64];

    (void)snprintf(hint, sizeof hint, "ask for a SIZE of at most %u", pinger->part);
    tool_error(hint,
               "ping %s: SIZE %u: the service answers in another size: its first answer holds just "
               "the first %u bytes",
               pinger->ping->service, pinger->ping->size, pinger->part);
    return TOOL_FAILED;
}

/// One at a time; `times` gets each one's nanoseconds.
static int measure_times(struct pinger *pinger, uint64_t *times)
{
    pinger->sent = pinger->received = 0;
    while (pinger->received < pinger->ping->count) {
        const uint64_t deadline = deadline_of(pinger);
        const uint64_t start = yoke_host_clock();
        int status = send_next(pinger);
        while (status == YOKE_AGAIN && wait_a_while(pinger, deadline) == TOOL_OK) {
            status = send_next(pinger);
        }
        if (status == YOKE_AGAIN) {
            return TOOL_FAILED;
        }
        if (status != YOKE_OK) {
            return refused(pinger, status);
        }
        while (pinger->received < pinger->sent) {
            if (wait_a_while(pinger, deadline) != TOOL_OK) {
                return TOOL_FAILED;
            }
        }
        if (pinger->part != 0) {
            return answered_in_part(pinger);
        }
        times[pinger->sent - 1] = yoke_host_clock() - start;
    }
    return TOOL_OK;
}

/// As many at once as there are buffers.
static int measure_rate(struct pinger *pinger)
{
    const uint64_t start = yoke_host_clock();

    pinger->sent = pinger->received = 0;
    while (pinger->received < pinger->ping->count) {
        const uint32_t before = pinger->received;
        yoke_link_cork(&pinger->host->link);
        while (pinger->sent < pinger->ping->count && send_next(pinger) == YOKE_OK) {
        }
        yoke_link_flush(&pinger->host->link);
        const uint64_t deadline = deadline_of(pinger);
        while (pinger->received == before) {
            if (wait_a_while(pinger, deadline) != TOOL_OK) {
                return TOOL_FAILED;
            }
        }
    }
    const double seconds = (double)(yoke_host_clock() - start) / 1e9;
    pinger->ping->rate = 2.0 * pinger->ping->count / seconds;
    return TOOL_OK;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void summarise(struct tool_ping *ping, uint64_t *times)
{
    qsort(times, ping->count, sizeof *times, by_value);
    ping->min = (double)times[0] / 1e3;
    const uint64_t *const p50 = &times[ping->count / 2];
    const uint64_t *const p99 = &times[(uint64_t)ping->count * 99 / 100];
    ping->p50 = (double)*p50 / 1e3;
    ping->p99 = (double)*p99 / 1e3;
    ping->max = (double)times[ping->count - 1] / 1e3;
}

int tool_ping(struct tool_ping *ping, struct yoke_host *host, uint32_t addr, int timeout_ms,
              tool_wait_fn *wait, void *context)
{
    struct pinger *const pinger = calloc(1, sizeof *pinger);
    uint64_t *const times = calloc(ping->count, sizeof *times);
    int result = TOOL_FAILED;

    if (pinger == NULL || times == NULL) {
        tool_error("ask for a smaller COUNT", "ping %s: no memory", ping->service);
        free(pinger);
        free(times);
        return TOOL_RESOURCES;
    }
    *pinger = (struct pinger){
        .ping = ping, .host = host, .wait = wait, .context = context, .timeout_ms = timeout_ms};
    const int status =
        yoke_ept_open(&host->link, &pinger->ept, YOKE_RPMSG_ADDR_ANY, addr, receive, pinger);
    if (status != YOKE_OK) {
        tool_error(NULL, "ping %s: no endpoint: %s", ping->service, yoke_status_text(status));
    } else {
        result = measure_times(pinger, times);
        if (result == TOOL_OK) {
            summarise(ping, times);
            result = measure_rate(pinger);
        }
        ping->received = pinger->received;
        (void)yoke_ept_close(&pinger->ept);
    }
    // A service whose first answer is something else is no echo; one whose later answer is, lies.
    if (result == TOOL_OK && ping->altered != 0 && !ping->no_echo) {
        tool_error(NULL, "ping %s: %u of %u answers were not what was sent", ping->service,
                   ping->altered, 2 * ping->count);
        result = TOOL_FAILED;
    }
    free(pinger);
    free(times);
    return result;
}
