// SPDX-License-Identifier: BSD-3-Clause
// The process machine, host's side: memory, start and stop, doorbells, crashes.
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_BYTES (BOARD_CONTROL_SIZE + BOARD_IMAGE_SIZE + BOARD_SHARED_SIZE)

#if defined(__x86_64__)
const struct yoke_elf_target yoke_process_target = {YOKE_EM_X86_64, YOKE_ELF_CLASS64};
#elif defined(__aarch64__)
const struct yoke_elf_target yoke_process_target = {YOKE_EM_AARCH64, YOKE_ELF_CLASS64};
#else
#error "process machine: no board for this processor yet"
#endif

const struct yoke_region yoke_process_map[REGIONS] = {
    {.name = "image",
     .da = BOARD_IMAGE_DA,
     .pa = BOARD_IMAGE_DA + BOARD_PA_OFFSET,
     .size = BOARD_IMAGE_SIZE,
     .flags = YOKE_REGION_IMAGE},
    {.name = "shared",
     .da = BOARD_SHARED_DA,
     .pa = BOARD_SHARED_DA + BOARD_PA_OFFSET,
     .size = BOARD_SHARED_SIZE,
     .flags = YOKE_REGION_SHARED},
};

static struct process *process_of(struct yoke_machine *machine)
{
    return (struct process *)machine;
}

static int fail(struct yoke_machine *machine, const char *what, int error)
{
    (void)snprintf(machine->error, sizeof machine->error, "%s: %s", what, strerror(error));
    return YOKE_NO_SPACE;
}

// ---------------------------------------------------------------------------------- start and stop

static int process_start(struct yoke_machine *machine, uint64_t entry)
{
    struct process *const process = process_of(machine);
    const pid_t parent = getpid();
    sigset_t all;
    sigset_t before;

    machine->ops->stop(machine);
    memset(process->control, 0, sizeof *process->control);
    process->control->ddr = (struct board_ddr){process->ddr.pa, process->ddr.size};
    // No handler of the host's may run in the child.
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = fork();
    if (pid == 0) {
        process_child(process, entry, parent);
    }
    const int error = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        return fail(machine, "no process for the firmware (fork)", error);
    }
    process->pid = pid;
    machine->life_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (machine->life_fd < 0) {
        const int reason = errno;
        machine->ops->stop(machine);
        return fail(machine, "no descriptor for the firmware's process (pidfd_open)", reason);
    }
    return YOKE_OK;
}

/// Forgets the child, which has been waited for.
static void forget(struct process *process)
{
    if (process->machine.life_fd >= 0) {
        (void)close(process->machine.life_fd);
        process->machine.life_fd = -1;
    }
    process->pid = 0;
}

static void process_stop(struct yoke_machine *machine)
{
    struct process *const process = process_of(machine);

    if (process->pid != 0) {
        (void)kill(process->pid, SIGKILL);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        forget(process);
    }
}

static bool process_crashed(struct yoke_machine *machine, struct yoke_machine_crash *crash)
{
    struct process *const process = process_of(machine);
    int status = 0;

    if (process->pid == 0 || waitpid(process->pid, &status, WNOHANG) == 0) {
        return false;
    }
    struct board_fault fault;
    memcpy(&fault, &process->control->fault, sizeof fault);
    *crash = (struct yoke_machine_crash){
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
    };
    if (crash->signal == 0 && fault.error != 0 && crash->code == 127) {
        crash->setup_error = (int)(fault.error % 4096);
    }
    if (crash->signal != 0 && fault.signal == (uint32_t)crash->signal) {
        crash->located = true;
        crash->pc = fault.pc;
        crash->address = fault.address;
    }
    forget(process);
    return true;
}

// --------------------------------------------------------------------------------------- doorbells

static void process_notify(struct yoke_machine *machine, uint32_t notify_id)
{
    struct board_bells *const bells = &process_of(machine)->control->to_firmware;

    // Set, then look whether the firmware sleeps. Partner: board_wait().
    __atomic_fetch_or(&bells->rung, UINT32_C(1) << (notify_id % 32), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&bells->asleep, __ATOMIC_SEQ_CST) != 0) {
        (void)syscall(SYS_futex, &bells->rung, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    }
}

static uint32_t process_take_rings(struct yoke_machine *machine)
{
    return __atomic_exchange_n(&process_of(machine)->control->to_host.rung, 0, __ATOMIC_SEQ_CST);
}

static bool process_arm(struct yoke_machine *machine)
{
    struct board_bells *const bells = &process_of(machine)->control->to_host;

    // Say so, then look again. Partner: notify() of the board.
    __atomic_store_n(&bells->asleep, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&bells->rung, __ATOMIC_SEQ_CST) != 0;
}

static void process_disarm(struct yoke_machine *machine, bool readable)
{
    uint64_t count;

    __atomic_store_n(&process_of(machine)->control->to_host.asleep, 0, __ATOMIC_SEQ_CST);
    if (readable) {
        (void)!read(machine->bell_fd, &count, sizeof count); // It does not block.
    }
}

// ------------------------------------------------------------------------------------------ memory

static void process_close(struct yoke_machine *machine)
{
    struct process *const process = process_of(machine);

    machine->ops->stop(machine);
    if (process->control != NULL) {
        (void)munmap(process->control, ALL_BYTES);
    }
    if (process->memory_fd >= 0) {
        (void)close(process->memory_fd);
    }
    if (machine->bell_fd >= 0) {
        (void)close(machine->bell_fd);
    }
    free(process);
}

static const struct yoke_machine_ops process_ops = {
    .start = process_start,
    .stop = process_stop,
    .notify = process_notify,
    .take_rings = process_take_rings,
    .arm = process_arm,
    .disarm = process_disarm,
    .crashed = process_crashed,
    .close = process_close,
};

/// Shared memory of the right size, all of it there: nothing can fail later for lack of it, and
/// nobody can take it away.
static const char *make_memory(struct process *process)
{
    const int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

    process->memory_fd = memfd_create("yoke", flags);
    if (process->memory_fd < 0) {
        return "no shared memory (memfd_create)";
    }
    if (ftruncate(process->memory_fd, ALL_BYTES) != 0 ||
        (errno = posix_fallocate(process->memory_fd, 0, ALL_BYTES)) != 0) {
        return "no space for shared memory";
    }
    if (fcntl(process->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return "cannot fix the size of shared memory (F_ADD_SEALS)";
    }
    void *const memory =
        mmap(NULL, ALL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, process->memory_fd, 0);
    if (memory == MAP_FAILED) {
        return "no address space for shared memory (mmap)";
    }
    process->control = memory;
    char *next = (char *)memory + BOARD_CONTROL_SIZE;
    for (uint32_t i = 0; i < REGIONS; i++) {
        process->regions[i] = yoke_process_map[i];
        process->regions[i].va = next;
        next += process->regions[i].size;
    }
    return NULL;
}

struct yoke_machine *yoke_process_open(char *error, size_t size)
{
    struct process *const process = calloc(1, sizeof *process);
    if (process == NULL) {
        (void)snprintf(error, size, "no memory for a process machine");
        return NULL;
    }
    process->memory_fd = -1;
    process->machine = (struct yoke_machine){
        .ops = &process_ops,
        .name = "process",
        .regions = process->regions,
        .region_count = REGIONS,
        .bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .life_fd = -1,
    };
    const char *const failed = process->machine.bell_fd < 0
                                   ? "no descriptor for the doorbell (eventfd)"
                                   : make_memory(process);
    if (failed != NULL) {
        (void)snprintf(error, size, "%s: %s; the machine needs %llu KiB", failed, strerror(errno),
                       (unsigned long long)(ALL_BYTES / 1024));
        process_close(&process->machine);
        return NULL;
    }
    return &process->machine;
}

void yoke_process_set_ddr(struct yoke_machine *machine, const struct yoke_process_ddr *ddr)
{
    process_of(machine)->ddr = *ddr;
}

int yoke_process_memory_fd(const struct yoke_machine *machine)
{
    return ((const struct process *)machine)->memory_fd;
}

static bool process_here(char *why, size_t size)
{
    (void)why;
    (void)size;
    return true;
}

const struct yoke_machine_kind yoke_process_kind = {
    .name = "process",
    .about = "a child process on the host's own kind of processor",
    .board = "process",
    .target = &yoke_process_target,
    .map = yoke_process_map,
    .map_count = REGIONS,
    .here = process_here,
    .open = yoke_process_open,
};
