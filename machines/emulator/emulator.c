// SPDX-License-Identifier: BSD-3-Clause
// The emulator as a machine: memory, start and stop, doorbells, crashes.
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "boards/mps2-an521/memory.h"
#include "crash.h"

#define CRASH_BYTES 4096u

size_t yoke_emulator_bytes(void)
{
    return BOARD_IMAGE_SIZE + BOARD_SHARED_SIZE + CRASH_BYTES;
}

static struct emulator *emulator_of(struct yoke_machine *machine)
{
    return (struct emulator *)machine;
}

static void wake(int fd)
{
    const uint64_t one = 1;

    (void)!write(fd, &one, sizeof one); // It never blocks; a full one is readable already.
}

static void drain(int fd)
{
    uint64_t count;

    (void)!read(fd, &count, sizeof count);
}

static void *crash_record(const struct emulator *emulator)
{
    return emulator->memory + BOARD_IMAGE_SIZE + BOARD_SHARED_SIZE;
}

// -------------------------------------------------------------------------------- the core's
// thread

/// The core wrote a byte to the doorbell's UART.
static void core_rang(void *context, uint8_t byte)
{
    struct emulator *const emulator = context;

    if (byte == BOARD_BELL_DEAD) {
        struct yoke_machine_crash crash;
        if (!crash_take(crash_record(emulator), &crash)) {
            return; // Junk.
        }
        emulator->cpu.state.crash = crash.record;
        emulator->cpu.state.dead = true;
        (void)uc_emu_stop(emulator->cpu.uc);
        return;
    }
    // Set, then look whether the host sleeps. Partner: emulator_arm().
    __atomic_fetch_or(&emulator->rung, UINT32_C(1) << (byte % 32), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&emulator->armed, __ATOMIC_SEQ_CST) != 0) {
        wake(emulator->machine.bell_fd);
    }
}

static void core_printed(void *context, char character)
{
    struct emulator *const emulator = context;
    const uint32_t in = emulator->console_in;

    if (in - __atomic_load_n(&emulator->console_out, __ATOMIC_ACQUIRE) < EMULATOR_CONSOLE) {
        emulator->console[in % EMULATOR_CONSOLE] = character;
        __atomic_store_n(&emulator->console_in, in + 1, __ATOMIC_RELEASE);
    }
}

static size_t emulator_console(struct yoke_machine *machine, char *text, size_t size)
{
    struct emulator *const emulator = emulator_of(machine);
    const uint32_t in = __atomic_load_n(&emulator->console_in, __ATOMIC_ACQUIRE);
    uint32_t out = emulator->console_out;
    size_t got = 0;

    while (out != in && got < size) {
        text[got++] = emulator->console[out++ % EMULATOR_CONSOLE];
    }
    __atomic_store_n(&emulator->console_out, out, __ATOMIC_RELEASE);
    return got;
}

static void core_sleep(struct emulator *emulator)
{
    struct pollfd bell = {.fd = emulator->core_fd, .events = POLLIN};

    // Say so, then look again. Partner: emulator_notify() and halt().
    __atomic_store_n(&emulator->asleep, 1, __ATOMIC_SEQ_CST);
    if (!m33_interrupted(&emulator->cpu) &&
        !__atomic_load_n(&emulator->cpu.halt, __ATOMIC_SEQ_CST)) {
        (void)poll(&bell, 1, -1);
    }
    __atomic_store_n(&emulator->asleep, 0, __ATOMIC_SEQ_CST);
    drain(emulator->core_fd);
}

static void *core_thread(void *context)
{
    struct emulator *const emulator = context;

    for (;;) {
        switch (m33_run(&emulator->cpu, 0)) {
        case YOKE_EMULATOR_SLEEPS:
            core_sleep(emulator);
            break;
        case YOKE_EMULATOR_DEAD:
            wake(emulator->dead_fd);
            return NULL;
        case YOKE_EMULATOR_HALTED:
            return NULL;
        default:
            break;
        }
    }
}

static void join(struct emulator *emulator)
{
    if (!emulator->joined) {
        (void)pthread_join(emulator->thread, NULL);
        emulator->joined = true;
    }
}

/// Stops the thread, wherever it is.
static void halt(struct emulator *emulator)
{
    while (!emulator->joined) {
        struct timespec soon;
        m33_halt(&emulator->cpu);
        wake(emulator->core_fd);
        (void)clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 1000000;
        if (soon.tv_nsec >= 1000000000) {
            soon.tv_sec++;
            soon.tv_nsec -= 1000000000;
        }
        emulator->joined = pthread_timedjoin_np(emulator->thread, NULL, &soon) == 0;
    }
}

// ---------------------------------------------------------------------------------- start and stop

static void emulator_stop(struct yoke_machine *machine)
{
    struct emulator *const emulator = emulator_of(machine);

    halt(emulator);
    emulator->started = false;
    machine->life_fd = -1;
}

static int start_thread(struct emulator *emulator)
{
    sigset_t all;
    sigset_t before;

    // Signals are the host's.
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&emulator->thread, NULL, core_thread, emulator);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    emulator->joined = error != 0;
    return error;
}

static int emulator_start(struct yoke_machine *machine, uint64_t entry)
{
    struct emulator *const emulator = emulator_of(machine);
    struct an521_vectors vectors;

    emulator_stop(machine);
    const int status = an521_vectors(&vectors, &emulator->regions[0], entry, machine->error,
                                     sizeof machine->error);
    if (status != YOKE_OK) {
        return status;
    }
    memset(crash_record(emulator), 0, sizeof(struct yoke_crash));
    drain(emulator->core_fd);
    drain(emulator->dead_fd);
    drain(machine->bell_fd);
    emulator->rung = 0;
    emulator->armed = 0;
    emulator->starts++;
    const char *const failed = m33_reset(&emulator->cpu, vectors.stack, vectors.reset);
    if (failed != NULL) {
        (void)snprintf(machine->error, sizeof machine->error, "no emulated core (Unicorn): %s",
                       failed);
        return YOKE_NO_SPACE;
    }
    const int error = emulator->stepped ? 0 : start_thread(emulator);
    if (error != 0) {
        (void)snprintf(machine->error, sizeof machine->error,
                       "no thread for the core (pthread_create): %s", strerror(error));
        return YOKE_NO_SPACE;
    }
    emulator->started = true;
    machine->life_fd = emulator->dead_fd;
    return YOKE_OK;
}

static bool emulator_crashed(struct yoke_machine *machine, struct yoke_machine_crash *crash)
{
    struct emulator *const emulator = emulator_of(machine);
    struct pollfd dead = {.fd = emulator->dead_fd, .events = POLLIN};

    if (!emulator->started) {
        return false;
    }
    if (!emulator->stepped) {
        if (poll(&dead, 1, 0) <= 0) {
            return false;
        }
        join(emulator);
    }
    if (!emulator->cpu.state.dead) {
        return false;
    }
    *crash = (struct yoke_machine_crash){.recorded = true, .record = emulator->cpu.state.crash};
    memcpy(crash_record(emulator), &crash->record, sizeof crash->record);
    emulator_stop(machine);
    return true;
}

// --------------------------------------------------------------------------------------- doorbells

static void emulator_notify(struct yoke_machine *machine, uint32_t notify_id)
{
    struct emulator *const emulator = emulator_of(machine);

    // Ring, then look whether the core sleeps. Partner: core_sleep().
    m33_ring(&emulator->cpu, notify_id);
    if (__atomic_load_n(&emulator->asleep, __ATOMIC_SEQ_CST) != 0) {
        wake(emulator->core_fd);
    }
}

int yoke_emulator_settle(struct yoke_machine *machine)
{
    const struct emulator *const emulator = emulator_of(machine);
    const struct timespec pause = {.tv_nsec = 100000};

    machine->ops->notify(machine, 0);
    for (int i = 0; i < 1000; i++) {
        // The core clears the interrupt before it looks at anything.
        if (__atomic_load_n(&emulator->asleep, __ATOMIC_SEQ_CST) != 0 &&
            __atomic_load_n(&emulator->cpu.state.received, __ATOMIC_SEQ_CST) == 0) {
            return YOKE_OK;
        }
        (void)nanosleep(&pause, NULL);
    }
    return YOKE_AGAIN;
}

static uint32_t emulator_take_rings(struct yoke_machine *machine)
{
    return __atomic_exchange_n(&emulator_of(machine)->rung, 0, __ATOMIC_SEQ_CST);
}

static bool emulator_arm(struct yoke_machine *machine)
{
    struct emulator *const emulator = emulator_of(machine);

    // Say so, then look again. Partner: core_rang().
    __atomic_store_n(&emulator->armed, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&emulator->rung, __ATOMIC_SEQ_CST) != 0;
}

static void emulator_disarm(struct yoke_machine *machine, bool readable)
{
    __atomic_store_n(&emulator_of(machine)->armed, 0, __ATOMIC_SEQ_CST);
    if (readable) {
        drain(machine->bell_fd);
    }
}

// ------------------------------------------------------------------------------------------ memory

static void emulator_close(struct yoke_machine *machine)
{
    struct emulator *const emulator = emulator_of(machine);
    const int fds[] = {machine->bell_fd, emulator->core_fd, emulator->dead_fd};

    machine->ops->stop(machine);
    m33_free(&emulator->cpu);
    if (emulator->memory != NULL && !emulator->borrowed) {
        (void)munmap(emulator->memory, yoke_emulator_bytes());
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    free(emulator);
}

static const struct yoke_machine_ops emulator_ops = {
    .start = emulator_start,
    .stop = emulator_stop,
    .notify = emulator_notify,
    .take_rings = emulator_take_rings,
    .arm = emulator_arm,
    .disarm = emulator_disarm,
    .crashed = emulator_crashed,
    .console = emulator_console,
    .close = emulator_close,
};

static bool make_memory(struct emulator *emulator, void *memory)
{
    emulator->borrowed = memory != NULL;
    if (memory == NULL) {
        memory = mmap(NULL, yoke_emulator_bytes(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (memory == MAP_FAILED) {
        return false;
    }
    emulator->memory = memory;
    uint8_t *next = memory;
    for (uint32_t i = 0; i < AN521_REGIONS; i++) {
        emulator->regions[i] = an521_map[i];
        emulator->regions[i].va = next;
        emulator->cpu.memory[i] = (struct m33_memory){an521_map[i].da, an521_map[i].size, next};
        next += an521_map[i].size;
    }
    emulator->cpu.memory[AN521_REGIONS] = (struct m33_memory){BOARD_CRASH_DA, CRASH_BYTES, next};
    return true;
}

static struct yoke_machine *open_machine(bool stepped, void *memory, char *error, size_t size)
{
    struct emulator *const emulator = calloc(1, sizeof *emulator);
    if (emulator == NULL) {
        (void)snprintf(error, size, "no memory for an emulated core");
        return NULL;
    }
    emulator->machine = (struct yoke_machine){
        .ops = &emulator_ops,
        .name = "emulator",
        .regions = emulator->regions,
        .region_count = AN521_REGIONS,
        .bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .life_fd = -1,
    };
    emulator->core_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    emulator->dead_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    emulator->joined = true;
    emulator->stepped = stepped;
    emulator->cpu.counting = stepped;
    emulator->cpu.rang = core_rang;
    emulator->cpu.printed = core_printed;
    emulator->cpu.context = emulator;
    emulator->cpu.state.dead = true;
    const bool descriptors =
        emulator->machine.bell_fd >= 0 && emulator->core_fd >= 0 && emulator->dead_fd >= 0;
    if (!descriptors || !make_memory(emulator, memory)) {
        (void)snprintf(error, size, "no %s for an emulated core: %s",
                       descriptors ? "memory" : "descriptor", strerror(errno));
        emulator_close(&emulator->machine);
        return NULL;
    }
    return &emulator->machine;
}

static struct yoke_machine *open_free(char *error, size_t size)
{
    return open_machine(false, NULL, error, size);
}

static struct yoke_machine *open_stepped(char *error, size_t size)
{
    return open_machine(true, NULL, error, size);
}

struct yoke_machine *yoke_emulator_open_on(void *memory, char *error, size_t size)
{
    return open_machine(false, memory, error, size);
}

void yoke_emulator_set_pa(struct yoke_machine *machine, uint64_t pa)
{
    uint8_t *const page = crash_record(emulator_of(machine));

    memcpy(page + (BOARD_HOST_PA_DA - BOARD_CRASH_DA), &pa, sizeof pa);
}

static bool here(char *why, size_t size)
{
    (void)why;
    (void)size;
    return true;
}

const struct yoke_machine_kind yoke_emulator_kind = {
    .name = "emulator",
    .about = "a Cortex-M33 emulated inside this process (Unicorn)",
    .board = BOARD_NAME,
    .target = &an521_target,
    .map = an521_map,
    .map_count = AN521_REGIONS,
    .here = here,
    .open = open_free,
};

const struct yoke_machine_kind yoke_emulator_stepped_kind = {
    .name = "emulator-stepped",
    .about = "the same, moved instruction by instruction",
    .board = BOARD_NAME,
    .target = &an521_target,
    .map = an521_map,
    .map_count = AN521_REGIONS,
    .here = here,
    .open = open_stepped,
};
