// SPDX-License-Identifier: BSD-3-Clause
// Governs the Cortex-R5F of a Versal from Linux user space: memory, reset, doorbells, crashes.
#include "versal/versal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "boards/versal-r5/memory.h"

#define REGIONS 2u
/// All that lies at address 0: image, control page, shared memory.
#define ALL_BYTES (BOARD_SHARED_DA + BOARD_SHARED_SIZE)
#define DEVICE_TREE "/proc/device-tree/dma@ffa80000/compatible"
#define COMPATIBLE "yoke,versal-r5"
/// Of the module: a doorbell that can be waited for, and the memory.
#define DOORBELL "/dev/yoke-r5"

/// Without an interrupt: how long to look without pause, and the shortest and longest sleep.
#define SPIN_NS 100000u
#define NAP_NS 50000u
#define NAP_MAX_NS 1000000u

/// How often a core is started, and how long each time it may take, in steps of 0.1 ms.
#define RUN_TRIES 20
#define RUN_STEPS 1000

/// How long a core may take to settle, in steps of 0.1 ms.
#define SETTLE_STEPS 1000

static const struct yoke_elf_target target = {YOKE_EM_ARM, YOKE_ELF_CLASS32};

static const struct yoke_region memory_map[REGIONS] = {
    {.name = "image",
     .da = BOARD_IMAGE_DA,
     .pa = BOARD_IMAGE_DA,
     .size = BOARD_IMAGE_SIZE,
     .flags = YOKE_REGION_IMAGE},
    {.name = "shared",
     .da = BOARD_SHARED_DA,
     .pa = BOARD_SHARED_DA,
     .size = BOARD_SHARED_SIZE,
     .flags = YOKE_REGION_SHARED},
};

struct versal {
    struct yoke_machine machine; ///< First: a machine is a versal.
    struct yoke_region regions[REGIONS];
    uint8_t *memory;                        ///< Physical address 0 on.
    volatile struct board_control *control; ///< Shared with the core: read once, never trusted.
    volatile uint8_t *reset_page;
    int memory_fd;   ///< /dev/mem, locked: one program governs the core.
    bool interrupts; ///< bell_fd is the module's; else a timer.
    bool running;    ///< Started or attached by us.
    bool started;    ///< By us: closing stops it.
    uint32_t rung;   ///< How often we rang.
    uint32_t taken;  ///< The core's rings that were taken.
    uint32_t nap_ns; ///< The next sleep between two looks.
};

static struct versal *versal_of(struct yoke_machine *machine)
{
    return (struct versal *)machine;
}

/// Between an access to memory that the core sees and the next one: for processors in different
/// shareability domains.
static void barrier(void)
{
#if defined(__aarch64__)
    __asm__ volatile("dsb sy" ::: "memory");
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static volatile uint32_t *reset_register(const struct versal *versal)
{
    return (volatile uint32_t *)(versal->reset_page + BOARD_RESET_OFFSET);
}

static int fail(struct yoke_machine *machine, int status, const char *what)
{
    (void)snprintf(machine->error, sizeof machine->error, "%s", what);
    return status;
}

// ---------------------------------------------------------------------------------- start and stop

/// Lets the core run until it says that it got there. QEMU carries resets out later, when it has
/// time for the core, and forgets a start that comes before that: so it is tried again.
static bool run_until(struct versal *versal, uint32_t state)
{
    const struct timespec step = {.tv_nsec = 100000};

    for (int i = 0; i < RUN_TRIES; i++) {
        *reset_register(versal) = BOARD_RESET_HOLD;
        barrier();
        *reset_register(versal) = BOARD_RESET_RUN;
        barrier();
        for (int j = 0; j < RUN_STEPS; j++) {
            if (versal->control->state == state) {
                return true;
            }
            (void)nanosleep(&step, NULL);
        }
    }
    return false;
}

/// What a core runs before it is held in reset: says so, and waits for ever. Then it is known to
/// execute nothing of the firmware any more, however long the reset takes to arrive.
static const uint32_t park_stub[] = {
    0xe59f000c, //    ldr r0, [pc, #12]
    0xe59f100c, //    ldr r1, [pc, #12]
    0xe5801000, //    str r1, [r0]
    0xe320f003, // 1: wfi
    0xeafffffd, //    b   1b
    (uint32_t)(BOARD_CONTROL_DA + offsetof(struct board_control, state)),
    BOARD_STATE_PARKED,
};

static void versal_stop(struct yoke_machine *machine)
{
    struct versal *const versal = versal_of(machine);
    volatile uint32_t *const start = (volatile uint32_t *)versal->memory;

    versal->running = false;
    versal->started = false;
    if (*reset_register(versal) == BOARD_RESET_HOLD) {
        return; // Never started, or stopped like this.
    }
    *reset_register(versal) = BOARD_RESET_HOLD;
    barrier();
    for (uint32_t i = 0; i < sizeof park_stub / sizeof park_stub[0]; i++) {
        start[i] = park_stub[i];
    }
    versal->control->state = 0;
    barrier();
    (void)run_until(versal, BOARD_STATE_PARKED);
    *reset_register(versal) = BOARD_RESET_HOLD;
    barrier();
}

/// Takes over the doorbells as they stand.
static void begin(struct versal *versal, bool started)
{
    versal->rung = versal->control->to_firmware.rung;
    versal->taken = versal->control->to_host.rung;
    versal->control->to_host.asleep = 0;
    versal->nap_ns = NAP_NS;
    versal->running = true;
    versal->started = started;
}

static int versal_start(struct yoke_machine *machine, uint64_t entry)
{
    struct versal *const versal = versal_of(machine);

    if (entry != BOARD_IMAGE_DA) {
        return fail(machine, YOKE_BAD_IMAGE,
                    "the image's entry point is not 0, where this core starts");
    }
    versal_stop(machine);
    for (uint32_t i = 0; i < sizeof *versal->control / sizeof(uint32_t); i++) {
        ((volatile uint32_t *)versal->control)[i] = 0;
    }
    begin(versal, true);
    barrier();
    return run_until(versal, BOARD_STATE_STARTED)
               ? YOKE_OK
               : fail(machine, YOKE_DOWN, "the core does not start");
}

static int versal_attach(struct yoke_machine *machine)
{
    struct versal *const versal = versal_of(machine);

    if (*reset_register(versal) != BOARD_RESET_RUN) {
        return fail(machine, YOKE_DOWN, "the core is in reset: nobody has started it");
    }
    if (versal->control->crash.magic == YOKE_CRASH_MAGIC) {
        return fail(machine, YOKE_DOWN, "the core has crashed already");
    }
    begin(versal, false);
    return YOKE_OK;
}

// Partner: board_wait().
static int versal_settle(struct yoke_machine *machine)
{
    struct versal *const versal = versal_of(machine);
    const struct timespec step = {.tv_nsec = 100000};

    machine->ops->notify(machine, 0);
    for (int i = 0; versal->control->to_firmware.handled != versal->rung; i++) {
        if (i == SETTLE_STEPS) {
            return fail(machine, YOKE_AGAIN, "the firmware does not answer its doorbell");
        }
        (void)nanosleep(&step, NULL);
    }
    barrier();
    return YOKE_OK;
}

static bool versal_crashed(struct yoke_machine *machine, struct yoke_machine_crash *crash)
{
    struct versal *const versal = versal_of(machine);
    struct yoke_crash record;

    if (!versal->running || versal->control->crash.magic != YOKE_CRASH_MAGIC) {
        return false;
    }
    barrier(); // The magic came last. Partner: board_crash().
    for (uint32_t i = 0; i < sizeof record / sizeof(uint32_t); i++) {
        const uint32_t word = ((volatile const uint32_t *)&versal->control->crash)[i];
        memcpy((uint8_t *)&record + i * sizeof word, &word, sizeof word);
    }
    *crash = (struct yoke_machine_crash){.recorded = true, .record = record};
    versal->running = false;
    return true;
}

// --------------------------------------------------------------------------------------- doorbells

static void versal_notify(struct yoke_machine *machine, uint32_t notify_id)
{
    struct versal *const versal = versal_of(machine);

    (void)notify_id; // One doorbell for all rings: firmware looks at each.
    barrier();
    versal->control->to_firmware.rung = ++versal->rung;
}

static bool rang(const struct versal *versal)
{
    return versal->running && versal->control->to_host.rung != versal->taken;
}

static uint32_t versal_take_rings(struct yoke_machine *machine)
{
    struct versal *const versal = versal_of(machine);
    const uint32_t rung = versal->control->to_host.rung;
    const uint32_t bells = rung != versal->taken ? UINT32_MAX : 0;

    versal->taken = rung;
    versal->nap_ns = bells != 0 ? NAP_NS : versal->nap_ns;
    barrier();
    return bells;
}

static uint64_t clock_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Looks for a while, then sets the timer: each fruitless sleep is twice as long as the last one.
static bool look(struct versal *versal)
{
    const struct itimerspec nap = {.it_value.tv_nsec = (long)versal->nap_ns};
    const uint64_t end = clock_ns() + SPIN_NS;

    do {
        if (rang(versal)) {
            return true;
        }
    } while (clock_ns() < end);
    (void)timerfd_settime(versal->machine.bell_fd, 0, &nap, NULL);
    versal->nap_ns = versal->nap_ns * 2 < NAP_MAX_NS ? versal->nap_ns * 2 : NAP_MAX_NS;
    return false;
}

static bool versal_arm(struct yoke_machine *machine)
{
    struct versal *const versal = versal_of(machine);

    if (!versal->interrupts) {
        return versal->running && look(versal);
    }
    // Say so, then look again. Partner: notify() of the board.
    versal->control->to_host.asleep = 1;
    barrier();
    return rang(versal);
}

static void versal_disarm(struct yoke_machine *machine, bool readable)
{
    struct versal *const versal = versal_of(machine);
    uint64_t count;

    if (versal->interrupts) {
        versal->control->to_host.asleep = 0;
    }
    if (readable) {
        (void)!read(machine->bell_fd, &count, sizeof count); // It does not block.
    }
}

// ------------------------------------------------------------------------------- opening, closing

static void versal_close(struct yoke_machine *machine)
{
    struct versal *const versal = versal_of(machine);

    if (versal->started) {
        versal_stop(machine);
    }
    if (versal->memory != NULL) {
        (void)munmap(versal->memory, ALL_BYTES);
    }
    if (versal->reset_page != NULL) {
        (void)munmap((void *)(uintptr_t)versal->reset_page, 4096); // NOLINT
    }
    if (machine->bell_fd >= 0) {
        (void)close(machine->bell_fd);
    }
    if (versal->memory_fd >= 0) {
        (void)close(versal->memory_fd);
    }
    free(versal);
}

static const struct yoke_machine_ops versal_ops = {
    .start = versal_start,
    .stop = versal_stop,
    .attach = versal_attach,
    .settle = versal_settle,
    .notify = versal_notify,
    .take_rings = versal_take_rings,
    .arm = versal_arm,
    .disarm = versal_disarm,
    .crashed = versal_crashed,
    .close = versal_close,
};

static void *map(int fd, uint64_t address, size_t size)
{
    void *const at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)address);

    return at != MAP_FAILED ? at : NULL;
}

/// Gets the doorbell and all memory. Returns what failed, and errno says why; or NULL.
static const char *connect_core(struct versal *versal)
{
    versal->memory_fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
    if (versal->memory_fd < 0) {
        return "/dev/mem, by which the core is governed, cannot be opened (are you root?)";
    }
    if (flock(versal->memory_fd, LOCK_EX | LOCK_NB) != 0) {
        return "another program governs the core";
    }
    versal->reset_page = map(versal->memory_fd, BOARD_RESET_PAGE, 4096);
    if (versal->reset_page == NULL) {
        return "the reset register cannot be mapped";
    }
    versal->machine.bell_fd = open(DOORBELL, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    versal->interrupts = versal->machine.bell_fd >= 0;
    if (!versal->interrupts) {
        if (errno != ENOENT) {
            return "the core's doorbell " DOORBELL " cannot be opened";
        }
        versal->machine.bell_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (versal->machine.bell_fd < 0) {
            return "no timer to poll the core's doorbell by";
        }
    }
    versal->memory =
        map(versal->interrupts ? versal->machine.bell_fd : versal->memory_fd, 0, ALL_BYTES);
    if (versal->memory == NULL) {
        return "the core's memory cannot be mapped";
    }
    return NULL;
}

static bool versal_here(char *why, size_t size)
{
    char text[sizeof COMPATIBLE] = "";
    const int fd = open(DEVICE_TREE, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!read(fd, text, sizeof text - 1);
        (void)close(fd);
    }
    if (strcmp(text, COMPATIBLE) == 0) {
        return true;
    }
    (void)snprintf(why, size,
                   "this computer has no Cortex-R5 for us: its device tree has no node \"%s\"; "
                   "lab/linux-r5 starts one that has",
                   COMPATIBLE);
    return false;
}

static struct yoke_machine *versal_open(char *error, size_t size)
{
    struct versal *const versal = calloc(1, sizeof *versal);
    if (versal == NULL) {
        (void)snprintf(error, size, "no memory for a machine");
        return NULL;
    }
    versal->memory_fd = -1;
    versal->machine = (struct yoke_machine){
        .ops = &versal_ops,
        .name = "versal",
        .regions = versal->regions,
        .region_count = REGIONS,
        .bell_fd = -1,
        .life_fd = -1, // A crash rings the doorbell.
    };
    const char *const failed = connect_core(versal);
    if (failed != NULL) {
        (void)snprintf(error, size, "%s: %s", failed, strerror(errno));
        versal_close(&versal->machine);
        return NULL;
    }
    versal->control = (volatile void *)(versal->memory + BOARD_CONTROL_DA);
    for (uint32_t i = 0; i < REGIONS; i++) {
        versal->regions[i] = memory_map[i];
        versal->regions[i].va = versal->memory + memory_map[i].da;
    }
    return &versal->machine;
}

const struct yoke_machine_kind yoke_versal_kind = {
    .name = "versal",
    .about = "the Cortex-R5F of a Versal that runs this Linux",
    .board = "versal-r5",
    .target = &target,
    .map = memory_map,
    .map_count = REGIONS,
    .here = versal_here,
    .open = versal_open,
};
