// SPDX-License-Identifier: BSD-3-Clause
// The QEMU machines, host's side: memory, start and stop, doorbells, crashes.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"
#include "internal.h"

static struct qemu *qemu_of(struct yoke_machine *machine)
{
    return (struct qemu *)machine;
}

static void *crash_record(const struct qemu *qemu)
{
    return qemu->ram + (qemu->board->crash_da - qemu->board->ram_da);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/// An unnamed file, or -1.
static int unnamed(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

// ---------------------------------------------------------------------------------- start and stop

/// Forgets a QEMU that has been waited for.
static void forget(struct qemu *qemu)
{
    qemu->pid = 0;
    close_fd(&qemu->machine.life_fd);
    close_fd(&qemu->machine.bell_fd);
    close_fd(&qemu->said_fd);
    // The console may hold text that nobody has read yet: it stays open until the next start.
}

static void qemu_stop(struct yoke_machine *machine)
{
    struct qemu *const qemu = qemu_of(machine);

    if (qemu->pid != 0) {
        (void)kill(qemu->pid, SIGKILL);
        while (waitpid(qemu->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    forget(qemu);
}

/// Makes what QEMU gets: `fds` are its ends, ours are in `qemu`. False, with errno, if it cannot.
static bool make_fds(struct qemu *qemu, const uint32_t boot[QEMU_BOOT_WORDS], int fds[QEMU_FDS])
{
    int bells[2];
    int console[2];
    uint8_t bytes[4 * QEMU_BOOT_WORDS];

    for (uint32_t i = 0; i < QEMU_BOOT_WORDS; i++) {
        yoke_put_le32(bytes + (size_t)4 * i, boot[i]);
    }
    fds[QEMU_RAM] = fcntl(qemu->ram_fd, F_DUPFD_CLOEXEC, 0);
    fds[QEMU_BOOT] = unnamed("yoke-boot");
    qemu->said_fd = unnamed("yoke-qemu");
    if (fds[QEMU_RAM] < 0 || fds[QEMU_BOOT] < 0 || qemu->said_fd < 0 ||
        write(fds[QEMU_BOOT], bytes, sizeof bytes) != (ssize_t)sizeof bytes ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bells) != 0) {
        return false;
    }
    qemu->machine.bell_fd = bells[0];
    fds[QEMU_BELLS] = bells[1];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) != 0) {
        return false;
    }
    qemu->console_fd = console[0];
    fds[QEMU_CONSOLE] = console[1];
    return true;
}

static int qemu_start(struct yoke_machine *machine, uint64_t entry)
{
    struct qemu *const qemu = qemu_of(machine);
    uint32_t boot[QEMU_BOOT_WORDS] = {0};
    int fds[QEMU_FDS] = {-1, -1, -1, -1};

    qemu_stop(machine);
    close_fd(&qemu->console_fd);
    const int status = qemu->board->boot(qemu, entry, boot);
    if (status != YOKE_OK) {
        return status;
    }
    memset(crash_record(qemu), 0, sizeof(struct yoke_crash));
    qemu->reported = false;
    pid_t pid =
        make_fds(qemu, boot, fds) ? qemu_spawn(qemu->board->command, fds, qemu->said_fd) : -1;
    int error = pid < 0 ? errno : 0;
    for (int i = 0; i < QEMU_FDS; i++) {
        close_fd(&fds[i]);
    }
    if (error == 0) {
        qemu->pid = pid;
        machine->life_fd = (int)syscall(SYS_pidfd_open, pid, 0);
        error = machine->life_fd < 0 ? errno : 0;
    }
    if (error != 0) {
        qemu_stop(machine);
        (void)snprintf(machine->error, sizeof machine->error, "%s could not be started: %s",
                       qemu->board->command[0], strerror(error));
        return YOKE_NO_SPACE;
    }
    return YOKE_OK;
}

static bool qemu_crashed(struct yoke_machine *machine, struct yoke_machine_crash *crash)
{
    struct qemu *const qemu = qemu_of(machine);
    int status = 0;

    if (qemu->pid == 0 || qemu->reported) {
        return false;
    }
    const bool ended = waitpid(qemu->pid, &status, WNOHANG) != 0;
    // The firmware's own words, if it has left any, say more than QEMU's.
    const bool recorded = crash_take(crash_record(qemu), crash);
    if (!recorded && !ended) {
        return false;
    }
    if (!recorded) {
        qemu_explain(crash, qemu->board->command[0], status, qemu->said_fd);
    }
    if (ended) {
        forget(qemu);
    }
    qemu->reported = true; // A core that has halted stays so, until it is stopped.
    return true;
}

// --------------------------------------------------------------------------------------- doorbells

static void qemu_notify(struct yoke_machine *machine, uint32_t notify_id)
{
    qemu_of(machine)->board->notify(qemu_of(machine), notify_id);
}

static uint32_t qemu_take_rings(struct yoke_machine *machine)
{
    uint8_t bytes[256];
    uint32_t rung = 0;

    const ssize_t got = recv(machine->bell_fd, bytes, sizeof bytes, MSG_DONTWAIT);
    for (ssize_t i = 0; i < got; i++) {
        rung |= UINT32_C(1) << (bytes[i] % 32);
    }
    return rung;
}

// The descriptor is readable as long as a doorbell was not taken: nothing to arm.
static bool qemu_arm(struct yoke_machine *machine)
{
    (void)machine;
    return false;
}

static void qemu_disarm(struct yoke_machine *machine, bool readable)
{
    (void)machine;
    (void)readable;
}

static size_t qemu_console(struct yoke_machine *machine, char *text, size_t size)
{
    const ssize_t got = recv(qemu_of(machine)->console_fd, text, size, MSG_DONTWAIT);

    return got > 0 ? (size_t)got : 0;
}

// ------------------------------------------------------------------------------------------ memory

static void qemu_close(struct yoke_machine *machine)
{
    struct qemu *const qemu = qemu_of(machine);

    qemu_stop(machine);
    if (qemu->ram != NULL) {
        (void)munmap(qemu->ram, qemu->board->ram_size);
    }
    close_fd(&qemu->ram_fd);
    close_fd(&qemu->console_fd);
    free(qemu);
}

static const struct yoke_machine_ops qemu_ops = {
    .start = qemu_start,
    .stop = qemu_stop,
    .notify = qemu_notify,
    .take_rings = qemu_take_rings,
    .arm = qemu_arm,
    .disarm = qemu_disarm,
    .crashed = qemu_crashed,
    .console = qemu_console,
    .close = qemu_close,
};

/// The board's RAM: only what firmware uses of it takes space.
static bool make_memory(struct qemu *qemu)
{
    const struct qemu_board *const board = qemu->board;

    qemu->ram_fd = unnamed("yoke-ram");
    if (qemu->ram_fd < 0 || ftruncate(qemu->ram_fd, (off_t)board->ram_size) != 0) {
        return false;
    }
    errno = posix_fallocate(qemu->ram_fd, 0, (off_t)board->ram_used);
    if (errno != 0) {
        return false;
    }
    void *const ram =
        mmap(NULL, board->ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, qemu->ram_fd, 0);
    if (ram == MAP_FAILED) {
        return false;
    }
    qemu->ram = ram;
    for (uint32_t i = 0; i < board->kind->map_count; i++) {
        qemu->regions[i] = board->kind->map[i];
        qemu->regions[i].va = qemu->ram + (qemu->regions[i].da - board->ram_da);
    }
    return true;
}

struct yoke_machine *qemu_open(const struct qemu_board *board, char *error, size_t size)
{
    struct qemu *const qemu = calloc(1, sizeof *qemu);
    if (qemu == NULL) {
        (void)snprintf(error, size, "no memory for a QEMU machine");
        return NULL;
    }
    qemu->board = board;
    qemu->machine = (struct yoke_machine){
        .ops = &qemu_ops,
        .name = board->kind->name,
        .regions = qemu->regions,
        .region_count = board->kind->map_count,
        .bell_fd = -1,
        .life_fd = -1,
    };
    qemu->ram_fd = -1;
    qemu->console_fd = -1;
    qemu->said_fd = -1;
    if (!make_memory(qemu)) {
        (void)snprintf(error, size, "no space for the board's RAM, %llu MiB: %s",
                       (unsigned long long)(board->ram_size >> 20), strerror(errno));
        qemu_close(&qemu->machine);
        return NULL;
    }
    return &qemu->machine;
}

bool qemu_here(const struct qemu_board *board, char *why, size_t size)
{
    const char *path = getenv("PATH");
    char name[512];

    while (path != NULL && *path != '\0') {
        const size_t length = strcspn(path, ":");
        (void)snprintf(name, sizeof name, "%.*s/%s", (int)length, path, board->command[0]);
        if (access(name, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':' ? 1 : 0);
    }
    (void)snprintf(why, size, "there is no %s on this computer: install qemu-system-arm (Debian)",
                   board->command[0]);
    return false;
}
