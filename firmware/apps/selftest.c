// SPDX-License-Identifier: BSD-3-Clause
// Checks what a board gives, step by step, and says in the log what is wrong. A step that waits
// says so first: if that is the last line, it names what never came. Then service "selftest" sends
// back what it gets. How to read it: PORTING.md.
#include <string.h>

#include <board.h>
#include <yoke/rpmsg.h>
#include <yoke/table.h>

#include "litmus.h"

#define BUFFERS 16u
#define MESSAGES 1000u

#define SELFTEST_TABLE(ENTRY)                                                                      \
    ENTRY(TRACE, trace, YOKE_TABLE_BUFFER(board_log), .name = "log")                               \
    ENTRY(RPMSG, rpmsg, BUFFERS)
YOKE_TABLE(table, SELFTEST_TABLE);

static struct yoke_vdev vdev;
static struct yoke_link link;
static struct yoke_ept ept;

// Requests that wait for their answer, in order. Each has a buffer of the ring's.
static struct request {
    yoke_ticket ticket;
    struct yoke_msg msg;
} queue[BUFFERS];
static uint32_t first;
static uint32_t count;

// ---- Words

static void say(const char *text)
{
    board_trace(text);
    board_trace("\n");
}

static void say_number(const char *before, uint32_t number, const char *after)
{
    char digits[11];
    char *at = &digits[sizeof digits - 1];

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    board_trace(before);
    board_trace(at);
    say(after);
}

static _Noreturn void fail(const char *what)
{
    board_trace("FAILED: ");
    say(what);
    board_exit(1);
}

// ---- Start-up code, linker script, compiler

static volatile uint32_t initialised = 0x600d600d;
static volatile uint32_t zero;

static void check_start(void)
{
    volatile uint64_t aligned = 0;

    if (initialised != 0x600d600d) {
        fail(".data does not hold its values: link.ld, or the loader");
    }
    if (zero != 0) {
        fail(".bss is not zero: link.ld, or the loader");
    }
    if ((uintptr_t)&aligned % 8 != 0) {
        fail("the stack is not aligned to 8 bytes: the start code");
    }
    say("start: ok");
}

/// The functions that compilers call by themselves, at every alignment.
static void check_string(void)
{
    uint8_t from[96];
    uint8_t to[96];

    for (uint32_t i = 0; i < sizeof from; i++) {
        from[i] = (uint8_t)(i * 5 + 1);
    }
    for (uint32_t at = 0; at < 16; at++) {
        for (uint32_t size = 0; size < 64; size++) {
            memset(to, 0xee, sizeof to);
            memcpy(to + at, from + at / 2, size);
            if (memcmp(to + at, from + at / 2, size) != 0 || to[at + size] != 0xee ||
                (at != 0 && to[at - 1] != 0xee)) {
                fail("memcpy copies wrongly: unaligned words?");
            }
        }
    }
    say("memcpy: ok");
}

// ---- Caches

static void clean(const void *start, size_t size)
{
    board_port.clean(board_port.context, start, size);
}

static void invalidate(const void *start, size_t size)
{
    board_port.invalidate(board_port.context, start, size);
}

static void check_cache(void)
{
    static _Alignas(128) volatile uint8_t lines[512];
    volatile uint8_t *const middle = lines + 256;

    if (board_port.clean == NULL || board_port.invalidate == NULL) {
        say("cache: no operations; shared memory must not be cached");
        return;
    }
    for (uint32_t at = 0; at < 64; at += 7) {
        for (uint32_t size = 1; size < 140; size += 23) {
            for (uint32_t i = 0; i < size; i++) {
                middle[at + i] = (uint8_t)(at + size + i);
            }
            clean((const void *)&middle[at], size);
            invalidate((const void *)&middle[at], size);
            for (uint32_t i = 0; i < size; i++) {
                if (middle[at + i] != (uint8_t)(at + size + i)) {
                    fail("clean does not write all back: round out to whole lines");
                }
            }
        }
    }
    middle[0] = 1;
    clean((const void *)middle, 1);
    middle[0] = 2;
    invalidate((const void *)middle, 1);
    say(middle[0] == 1 ? "cache: ok" : "cache: ok, but invalidate drops nothing: is it off?");
}

// ---- Clock

static void check_clock(void)
{
    if (board_clock_hz == 0) {
        say("clock: none");
        return;
    }
    const uint32_t start = board_clock();
    for (uint32_t i = 0; i < 1000000 && board_clock() == start; i++) {
    }
    const uint32_t step = board_clock() - start;
    if (step == 0) {
        fail("the clock stands still");
    }
    if (step > UINT32_MAX / 2) {
        fail("the clock counts down");
    }
    say_number("clock: ok, ", board_clock_hz, " Hz");
}

// ---- Doorbells, and messages that cross while both sides go to sleep

static void receive(struct yoke_ept *from, const struct yoke_msg *msg)
{
    if (count < BUFFERS) {
        queue[(first + count) % BUFFERS] = (struct request){yoke_hold(from->link), *msg};
        count++;
    }
}

/// Runs the other side's test of the barriers with it. Returns what the answer's sending does.
static int check_barriers(uint32_t src)
{
    static struct litmus litmus;
    const uint32_t address = (uint32_t)(uintptr_t)&litmus;

    memset(&litmus, 0, sizeof litmus);
    const int status = yoke_send_to(&ept, src, &address, sizeof address);
    if (status != YOKE_OK) {
        return status;
    }
    const struct litmus_result result = litmus_run(&litmus, 1, 0, NULL);
    if (result.stale != 0) {
        fail("data came after its flag: YOKE_BARRIER_ACQUIRE or _RELEASE");
    }
    if (result.crossed != 0) {
        fail("a load came before a store: YOKE_BARRIER_FULL");
    }
    say_number("barriers: ok, ", result.rounds, " rounds");
    return YOKE_OK;
}

static int answer(const struct yoke_msg *msg)
{
    static const char barriers[] = "barriers";

    if (msg->size == sizeof barriers - 1 && memcmp(msg->data, barriers, msg->size) == 0) {
        return check_barriers(msg->src);
    }
    return yoke_send_to(&ept, msg->src, msg->data, msg->size);
}

static uint32_t answer_waiting(void)
{
    uint32_t answered = 0;

    while (count != 0) {
        const struct request *const next = &queue[first];
        if (answer(&next->msg) == YOKE_AGAIN) {
            break;
        }
        (void)yoke_release(&link, next->ticket);
        first = (first + 1) % BUFFERS;
        count--;
        answered++;
    }
    return answered;
}

static void on_link(struct yoke_link *which, enum yoke_link_event event, void *context)
{
    (void)context;
    if (event != YOKE_LINK_UP) {
        count = 0; // What was held is void.
    }
    if (event == YOKE_LINK_BROKEN) {
        fail(yoke_link_fault_text(yoke_link_fault(which)));
    }
}

static void open_link(void)
{
    static uintptr_t memory[YOKE_LINK_DEVICE_BYTES(BUFFERS, BUFFERS, 4) / sizeof(uintptr_t)];
    const struct yoke_link_config config = {
        .vdev = &vdev,
        .da = &board_da,
        .pa = &board_pa,
        .memory = memory,
        .memory_size = sizeof memory,
        .buckets = 4,
        .event = on_link,
    };

    if (yoke_vdev_open(&vdev, &table.rpmsg, sizeof table.rpmsg, &board_port) != YOKE_OK ||
        yoke_link_device_init(&link, &config) != YOKE_OK ||
        yoke_ept_open(&link, &ept, YOKE_RPMSG_ADDR_ANY, YOKE_RPMSG_ADDR_ANY, receive, NULL) !=
            YOKE_OK) {
        fail("the link cannot be set up: what are board_da and the table?");
    }
}

/// Answers what came. Returns how many answers were sent.
static uint32_t work(void)
{
    (void)yoke_link_poll(&link, 2 * BUFFERS); // More than can come, so this drains all.
    return answer_waiting();
}

static void check_doorbells(void)
{
    say("waiting for DRIVER_OK (else: the host writes another table)");
    while (!yoke_status_live(yoke_vdev_status(&vdev))) {
    }
    // Polls, so only the doorbell to the host can be missed.
    (void)yoke_announce(&ept, "selftest");
    say("ringing the host (else: notify() does not reach it)");
    while (work() == 0) {
    }
    say("doorbell out: ok");
    say("waiting for a doorbell (else: board_wait() misses it)");
    do {
        board_wait();
    } while (work() == 0);
    say("doorbell in: ok");
}

/// Sends back all that comes, and sleeps whenever nothing does.
static _Noreturn void check_messages(void)
{
    const uint32_t start = board_clock();
    uint32_t answered = 0;
    uint32_t woken = 0;

    say("messages, asleep in between (else: a doorbell was lost)");
    for (;; board_wait(), woken++) {
        const uint32_t before = answered;
        answered += work();
        if (before < MESSAGES && answered >= MESSAGES) {
            if (board_clock_hz != 0) {
                const uint32_t ms = (board_clock() - start) / (board_clock_hz / 1000);
                say_number("messages: they took ", ms, " ms on this clock");
            }
            if (woken / 8 > answered) {
                say_number("board_wait() does not sleep: it returned ", woken, " times");
            }
            say("sleep: ok\npassed");
        }
    }
}

int main(void)
{
    say("selftest");
    check_start();
    check_string();
    check_cache();
    check_clock();
    open_link();
    check_doorbells();
    check_messages();
}
