// SPDX-License-Identifier: BSD-3-Clause
// No coprocessor at all: the conformance checker, which plays the device against the kernel's
// driver on the kernel's own memory. The firmware that the kernel loads gives the resource table;
// nothing of it runs. To begin anew, the checker reports a crash: then the kernel lets go of the
// device, loads the image and starts.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include <conform.h>

#include "coprocessor.h"

#define PATIENCE_MS 40000u ///< For a recovery: a writer that waits for a buffer holds it up, 15 s.

/// What the target is about.
struct linux_target {
    struct conform_target target;
    struct coprocessor *core;
    bool loaded;          ///< The kernel waits for its core to start.
    bool stopped;         ///< It stopped it since the last crash.
    bool buffers_in_core; ///< The kernel has its buffers in the core's shared memory.
    uint32_t kicks[YOKE_CONTROL_QUEUES];
};

static struct linux_target *of(struct conform_target *target)
{
    return target->context;
}

static uint64_t clock_ms(struct conform_target *target)
{
    struct timespec now;

    (void)target;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void answer(struct linux_target *l, int status)
{
    struct yoke_control *const control = l->core->control;
    const uint32_t number = __atomic_load_n(&control->command_number, __ATOMIC_ACQUIRE);

    l->core->command_number = number;
    control->done_status = (uint32_t)status;
    __atomic_store_n(&control->done_number, number, __ATOMIC_RELEASE);
    l->core->kind->ring(l->core);
}

/// Does what the kernel asks, but for a start: that is noted.
static void look_for_command(struct linux_target *l)
{
    struct yoke_control *const control = l->core->control;

    if (__atomic_load_n(&control->command_number, __ATOMIC_ACQUIRE) == l->core->command_number ||
        l->loaded) {
        return;
    }
    if (control->command == YOKE_COMMAND_START) {
        l->loaded = true;
        return;
    }
    if (control->command == YOKE_COMMAND_STOP) {
        l->stopped = true;
        l->target.left = l->target.entry != NULL ? l->target.entry[24] : 0;
        control->running = 0;
    }
    answer(l, control->command == YOKE_COMMAND_STOP ? 0 : EINVAL);
}

static void wait(struct conform_target *target, uint32_t ms)
{
    struct linux_target *const l = of(target);
    struct epoll_event events[3];
    const int count = epoll_wait(l->core->events, events, 3, (int)ms);

    for (int i = 0; i < count; i++) {
        coprocessor_hear(l->core, events[i].data.fd);
    }
    look_for_command(l);
}

/// Waits for the kernel to have loaded an image.
static bool await_start(struct linux_target *l)
{
    const uint64_t end = clock_ms(&l->target) + PATIENCE_MS;

    while (!l->loaded) {
        if (clock_ms(&l->target) > end) {
            (void)snprintf(l->target.why, sizeof l->target.why,
                           "the kernel did not start its core within %u ms", PATIENCE_MS);
            return false;
        }
        wait(&l->target, 10);
    }
    return true;
}

/// Where the kernel put the image's first rpmsg vdev.
static bool find_entry(struct linux_target *l)
{
    const struct yoke_control *const control = l->core->control;
    const struct yoke_region *const image = &l->core->machine->regions[0];
    const uint64_t offset = control->table_da - image->da;

    (void)snprintf(l->target.why, sizeof l->target.why, "the image has no rpmsg device");
    if (offset >= image->size || control->table_size > image->size - offset) {
        return false;
    }
    uint8_t *const table = (uint8_t *)image->va + offset;
    uint32_t count, at, words[2];
    memcpy(&count, table + 4, sizeof count);
    for (uint32_t i = 0; i < count && 20 + 4 * i < control->table_size; i++) {
        memcpy(&at, table + 16 + (size_t)4 * i, sizeof at);
        if (at > control->table_size || control->table_size - at < 68) {
            continue;
        }
        memcpy(words, table + at, sizeof words);
        if (words[0] == 3 && words[1] == 7) {
            l->target.entry = table + at;
            return true;
        }
    }
    return false;
}

static bool load(struct conform_target *target)
{
    struct linux_target *const l = of(target);
    struct yoke_control *const control = l->core->control;

    if (!l->loaded) {
        if (control->running != 0) {
            control->running = 0;
            __atomic_fetch_add(&control->crashes, 1, __ATOMIC_SEQ_CST);
            l->core->kind->ring(l->core);
        }
        if (!await_start(l)) {
            return false;
        }
    }
    return find_entry(l);
}

static bool start(struct conform_target *target)
{
    struct linux_target *const l = of(target);

    memcpy(l->kicks, l->core->control->to_core, sizeof l->kicks);
    if (l->buffers_in_core) {
        const struct yoke_region *const shared = &l->core->machine->regions[1];
        const uint64_t offset = (uint64_t)((char *)shared->va - l->core->memory);
        target->pa[0] =
            (struct conform_window){l->core->control->memory_pa + offset, shared->size, shared->va};
    }
    l->core->control->running = 1;
    l->loaded = false;
    answer(l, 0);
    return true;
}

static void ring(struct conform_target *target, uint32_t notify_id)
{
    struct linux_target *const l = of(target);

    l->core->control->to_kernel[notify_id % YOKE_CONTROL_QUEUES]++;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    l->core->kind->ring(l->core);
}

static uint32_t rings(struct conform_target *target)
{
    struct linux_target *const l = of(target);
    uint32_t rang = 0;

    for (uint32_t i = 0; i < YOKE_CONTROL_QUEUES; i++) {
        const uint32_t now = __atomic_load_n(&l->core->control->to_core[i], __ATOMIC_ACQUIRE);
        if (now != l->kicks[i]) {
            l->kicks[i] = now;
            rang |= UINT32_C(1) << i;
        }
    }
    return rang;
}

static bool alive(struct conform_target *target)
{
    (void)snprintf(target->why, sizeof target->why, "the kernel is gone");
    return of(target)->core->kernel >= 0;
}

/// The kernel's own memory, in which it has its buffers.
static void map_ddr(struct linux_target *l, int ddr)
{
    struct stat info;

    if (fstat(ddr, &info) != 0) {
        coprocessor_die("--ddr");
    }
    void *const memory =
        mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, ddr, 0);
    if (memory == MAP_FAILED) {
        coprocessor_die("the kernel's memory");
    }
    l->target.pa[0] = (struct conform_window){0, (uint64_t)info.st_size, memory};
}

static void map_memory(struct linux_target *l)
{
    const struct yoke_machine *const machine = l->core->machine;

    for (uint32_t i = 0; i < machine->region_count && i < CONFORM_WINDOWS; i++) {
        const struct yoke_region *const region = &machine->regions[i];
        l->target.da[i] = (struct conform_window){region->da, region->size, region->va};
    }
}

void coprocessor_conform(struct coprocessor *core, const struct coprocessor_options *options)
{
    static const struct conform_target_ops ops = {load, start, ring, rings, wait, clock_ms, alive};
    struct linux_target l = {
        .target = {.ops = &ops,
                   .context = &l,
                   .role = CONFORM_DRIVER,
                   .name = "virtio_rpmsg_bus of a kernel",
                   .service = "rpmsg-raw",
                   .fixed_rings = true,
                   .same_address = true,
                   .quick = true,
                   .answer_ms = 3000,
                   .quiet_ms = 60},
        .core = core,
        .buffers_in_core = options->ddr < 0,
    };
    FILE *const out = fopen(options->conform, "w");
    const struct conform_options report = {
        .out = out, .json = true, .progress = stderr, .only = options->only};

    if (out == NULL) {
        coprocessor_die(options->conform);
    }
    map_memory(&l);
    if (!l.buffers_in_core) {
        map_ddr(&l, options->ddr);
    }
    while (!l.loaded) {
        wait(&l.target, 1000);
    }
    (void)conform_report(&l.target, &report);
    (void)fclose(out);
    // The kernel is told that its core does not start: that is the end for who waits in the guest.
    if (load(&l.target)) {
        answer(&l, ECANCELED);
        l.loaded = false;
    }
    for (;;) {
        wait(&l.target, 1000);
        if (l.loaded) {
            answer(&l, ECANCELED);
            l.loaded = false;
        }
    }
}
