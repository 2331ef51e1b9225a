// SPDX-License-Identifier: BSD-3-Clause
// Firmware on the emulated Cortex-M33, measured: exact, and the same each time.
//
//     m33 roundtrip ELF MODE SIZE COUNT   instructions of a run of bench-roundtrip.elf, or, with
//                                         MODE table-1 or table-2, of bench-table.elf
//     m33 profile ELF MODE SIZE COUNT     the same by function, instructions per round trip
//     m33 echo ELF SERVICE SIZE BURST     instructions for so many echoes, doorbell to sleep
//     m33 stack ELF                       bytes of stack that the app's services used, and have
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/host.h>

#include "emulator/emulator.h"

#define ALL UINT64_C(1000000000)
#define PAINT 0xa5

static uint32_t answers;

static _Noreturn void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "m33: %s: %s\n", what, why);
    exit(1);
}

static void receive(struct yoke_ept *ept, const struct yoke_msg *msg)
{
    (void)ept;
    (void)msg;
    answers++;
}

static struct yoke_host *boot(const char *path)
{
    const struct yoke_host_options options = {.kind = &yoke_emulator_stepped_kind};
    struct yoke_host *const host = malloc(sizeof *host);

    if (host == NULL || yoke_host_open(host, path, &options) != YOKE_OK ||
        yoke_host_boot(host) != YOKE_OK) {
        fail(path, host != NULL ? host->error : "no memory");
    }
    return host;
}

/// Lets core and host work until both have nothing to do. Returns the instructions it took.
static uint64_t settle(struct yoke_host *host)
{
    const uint64_t before = yoke_emulator_executed(host->machine);
    int status;

    do {
        if (yoke_emulator_run(host->machine, ALL) != YOKE_EMULATOR_SLEEPS) {
            (void)yoke_host_poll(host);
            fail("the firmware does not get to sleep", host->error);
        }
        status = yoke_host_poll(host);
    } while (status > 0);
    if (status < 0) {
        fail("the firmware", host->error);
    }
    return yoke_emulator_executed(host->machine) - before;
}

static void connect(struct yoke_host *host, struct yoke_ept *ept, uint32_t addr)
{
    *ept = (struct yoke_ept){0};
    if (yoke_ept_open(&host->link, ept, YOKE_RPMSG_ADDR_ANY, addr, receive, NULL) != YOKE_OK) {
        fail("endpoint", "cannot be opened");
    }
}

#define FUNCTIONS 512u

static struct {
    const char *name;
    uint64_t count;
} functions[FUNCTIONS];

static int by_count(const void *a, const void *b)
{
    const uint64_t x = ((const uint64_t *)a)[1];
    const uint64_t y = ((const uint64_t *)b)[1];

    return x < y ? 1 : x > y ? -1 : 0;
}

/// Runs one instruction at a time, and counts each for the function that it lies in.
static void profile_run(struct yoke_host *host, uint32_t round_trips)
{
    struct yoke_machine *const machine = host->machine;
    uint64_t before = 0;
    uint32_t used = 0;

    for (;;) {
        const uint64_t pc = yoke_emulator_register(machine, YOKE_EMULATOR_PC);
        const char *name = "?";
        uint64_t offset = 0;
        uint32_t i = 0;
        (void)yoke_elf_symbol(&host->elf, pc, &name, &offset);
        const bool more = yoke_emulator_run(machine, 1) == YOKE_EMULATOR_LIMIT;
        while (i < used && functions[i].name != name) {
            i++;
        }
        if (i == used && used < FUNCTIONS) {
            functions[used++].name = name;
        }
        functions[i % FUNCTIONS].count += yoke_emulator_executed(machine) - before;
        before = yoke_emulator_executed(machine);
        if (!more) {
            break;
        }
    }
    qsort(functions, used, sizeof functions[0], by_count);
    for (uint32_t i = 0; i < used; i++) {
        (void)printf("%10.1f  %s\n", (double)functions[i].count / round_trips, functions[i].name);
    }
}

// The bench has both ends of the link on the core, so there is none to the host.
static int roundtrip(char **argv, bool profile)
{
    static const char *const modes[] = {"null", "copy", "nocopy", "table-1", "table-2"};
    struct yoke_host *const host = boot(argv[0]);
    uint32_t mode = 0;

    while (mode < 5 && strcmp(modes[mode], argv[1]) != 0) {
        mode++;
    }
    if (mode == 5) {
        fail(argv[1], "no such mode");
    }
    // The host has brought its side of the link up meanwhile: the image as it was before.
    if (yoke_load(&host->plan, NULL) != YOKE_OK) {
        fail(argv[0], "cannot be loaded");
    }
    uint8_t *const request = host->machine->regions[1].va;
    yoke_put_le32(request, mode);
    yoke_put_le32(request + 4, (uint32_t)strtoul(argv[2], NULL, 10));
    yoke_put_le32(request + 8, (uint32_t)strtoul(argv[3], NULL, 10));
    if (profile) {
        profile_run(host, yoke_le32(request + 8));
    }
    if (yoke_emulator_run(host->machine, ALL) != YOKE_EMULATOR_DEAD ||
        !host->machine->ops->crashed(host->machine, &host->crash) ||
        host->crash.record.cause != YOKE_CRASH_EXIT || host->crash.record.status[0] != 0) {
        fail(argv[0], "did not end well");
    }
    if (!profile) {
        (void)printf("%llu\n", (unsigned long long)yoke_emulator_executed(host->machine));
    }
    yoke_host_close(host);
    free(host);
    return 0;
}

static int echo(char **argv)
{
    struct yoke_host *const host = boot(argv[0]);
    const uint32_t size = (uint32_t)strtoul(argv[2], NULL, 10);
    const uint32_t burst = (uint32_t)strtoul(argv[3], NULL, 10);
    uint8_t payload[496] = {0};
    struct yoke_ept ept;
    uint64_t took = 0;

    (void)settle(host);
    const struct yoke_service *const service = yoke_ns_find(&host->ns, argv[1]);
    if (service == NULL || size > sizeof payload) {
        fail(argv[1], service == NULL ? "no such service" : "too large");
    }
    connect(host, &ept, service->addr);
    // The second time is like every later one.
    for (int i = 0; i < 2; i++) {
        answers = 0;
        for (uint32_t k = 0; k < burst; k++) {
            if (yoke_send(&ept, payload, size) != YOKE_OK) {
                fail("burst", "more than there are buffers");
            }
        }
        took = settle(host);
        if (answers != burst) {
            fail("burst", "not all came back");
        }
    }
    (void)printf("%llu\n", (unsigned long long)took);
    yoke_host_close(host);
    free(host);
    return 0;
}

/// Requests of all sizes to all services, alone and as many as fit. None of them tells app crash to
/// crash.
static void exercise(struct yoke_host *host)
{
    uint8_t payload[496];

    memset(payload, '?', sizeof payload);
    for (uint32_t s = 0; s < host->ns.count; s++) {
        struct yoke_ept ept;
        connect(host, &ept, host->services[s].addr);
        for (uint32_t size = 0; size <= sizeof payload; size += 31) {
            (void)yoke_send(&ept, payload, size);
            (void)settle(host);
            while (yoke_send(&ept, payload, size) == YOKE_OK) {
            }
            (void)settle(host);
        }
        yoke_put_le32(payload, 7); // A matrix.
        (void)yoke_send(&ept, payload, 4 + 2 * 4 * 49);
        (void)settle(host);
        (void)yoke_ept_close(&ept);
    }
}

static int stack(char **argv)
{
    struct yoke_host *const host = boot(argv[0]);
    const uint64_t top = yoke_emulator_register(host->machine, YOKE_EMULATOR_SP);
    const struct yoke_region *const image = &host->machine->regions[0];
    const char *name = "";
    uint64_t size = 0;

    if (yoke_elf_symbol(&host->elf, top - 1, &name, &size) != YOKE_OK ||
        strcmp(name, "board_stack_bottom") != 0) {
        fail(argv[0], "where is its stack?");
    }
    size++;
    uint8_t *const bottom = (uint8_t *)image->va + (top - size - image->da);
    memset(bottom, PAINT, size);
    (void)settle(host);
    exercise(host);
    uint64_t unused = 0;
    while (unused < size && bottom[unused] == PAINT) {
        unused++;
    }
    (void)printf("%llu %llu\n", (unsigned long long)(size - unused), (unsigned long long)size);
    yoke_host_close(host);
    free(host);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "roundtrip") == 0) {
        return roundtrip(argv + 2, false);
    }
    if (argc == 6 && strcmp(argv[1], "profile") == 0) {
        return roundtrip(argv + 2, true);
    }
    if (argc == 6 && strcmp(argv[1], "echo") == 0) {
        return echo(argv + 2);
    }
    if (argc == 3 && strcmp(argv[1], "stack") == 0) {
        return stack(argv + 2);
    }
    (void)fprintf(stderr, "usage: m33 roundtrip ELF MODE SIZE COUNT\n"
                          "       m33 profile ELF MODE SIZE COUNT\n"
                          "       m33 echo ELF SERVICE SIZE BURST\n"
                          "       m33 stack ELF\n");
    return 2;
}
