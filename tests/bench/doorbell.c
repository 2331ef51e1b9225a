// SPDX-License-Identifier: BSD-3-Clause
// What a doorbell between two processes costs: round trips of nothing but doorbells, both sides
// asleep when they are rung. Not a test; build and run it by hand:
//     cc -O2 -D_GNU_SOURCE tests/bench/doorbell.c -o /tmp/doorbell && /tmp/doorbell
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000

/// One direction: a word that is a futex, and an eventfd.
struct bell {
    uint32_t rung;
    int fd;
    char pad[56];
};

static void futex_ring(struct bell *bell)
{
    __atomic_store_n(&bell->rung, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &bell->rung, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void futex_wait(struct bell *bell)
{
    while (__atomic_exchange_n(&bell->rung, 0, __ATOMIC_SEQ_CST) == 0) {
        syscall(SYS_futex, &bell->rung, FUTEX_WAIT, 0, NULL, NULL, 0);
    }
}

static void eventfd_ring(struct bell *bell)
{
    const uint64_t one = 1;

    (void)!write(bell->fd, &one, sizeof one);
}

static void eventfd_wait(struct bell *bell)
{
    uint64_t count;

    (void)!read(bell->fd, &count, sizeof count);
}

static void eventfd_poll(struct bell *bell)
{
    struct pollfd fd = {.fd = bell->fd, .events = POLLIN};

    (void)poll(&fd, 1, -1);
    eventfd_wait(bell);
}

static const struct way {
    const char *name;
    void (*ring_child)(struct bell *);
    void (*wait_child)(struct bell *);
    void (*ring_parent)(struct bell *);
    void (*wait_parent)(struct bell *);
} ways[] = {
    {"futex both ways", futex_ring, futex_wait, futex_ring, futex_wait},
    {"eventfd both ways, read", eventfd_ring, eventfd_wait, eventfd_ring, eventfd_wait},
    {"eventfd both ways, host polls", eventfd_ring, eventfd_wait, eventfd_ring, eventfd_poll},
    {"futex to child, eventfd to host", futex_ring, futex_wait, eventfd_ring, eventfd_poll},
};

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void measure(const struct way *way, struct bell *bells)
{
    static uint64_t times[ROUNDS];
    const pid_t child = fork();

    if (child == 0) {
        for (;;) {
            way->wait_child(&bells[0]);
            way->ring_parent(&bells[1]);
        }
    }
    for (int i = 0; i < ROUNDS; i++) {
        const uint64_t start = now_ns();
        way->ring_child(&bells[0]);
        way->wait_parent(&bells[1]);
        times[i] = now_ns() - start;
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    qsort(times, ROUNDS, sizeof times[0], by_value);
    // A ring that nobody waits for: what the ringing side pays for the call alone.
    const uint64_t start = now_ns();
    for (int i = 0; i < ROUNDS; i++) {
        way->ring_child(&bells[0]);
    }
    printf("%-34s p50 %6.2f us, p99 %6.2f us a round trip; %4.0f ns a ring to the child\n",
           way->name, (double)times[ROUNDS / 2] / 1e3, (double)times[ROUNDS * 99 / 100] / 1e3,
           (double)(now_ns() - start) / ROUNDS);
}

int main(void)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            struct bell *const bells =
                mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            bells[0].fd = eventfd(0, 0);
            bells[1].fd = eventfd(0, 0);
            measure(&ways[i], bells);
        }
    }
    return 0;
}
