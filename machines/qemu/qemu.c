// SPDX-License-Identifier: BSD-3-Clause
// The QEMU machine, host's side: memory, start and stop, doorbells, crashes.
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

#include "boards/mps2-an521/memory.h"
#include "internal.h"

static struct qemu *qemu_of(struct yoke_machine *machine)
{
    return (struct qemu *)machine;
}

static void *crash_record(const struct qemu *qemu)
{
    return qemu->ram + (BOARD_CRASH_DA - BOARD_RAM_DA);
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
static bool make_fds(struct qemu *qemu, const struct an521_vectors *vectors, int fds[QEMU_FDS])
{
    int bells[2];
    int console[2];
    uint8_t table[8];

    yoke_put_le32(table, vectors->stack);
    yoke_put_le32(table + 4, vectors->reset);
    fds[QEMU_RAM] = fcntl(qemu->ram_fd, F_DUPFD_CLOEXEC, 0);
    fds[QEMU_VECTORS] = unnamed("yoke-vectors");
    qemu->said_fd = unnamed("yoke-qemu");
    if (fds[QEMU_RAM] < 0 || fds[QEMU_VECTORS] < 0 || qemu->said_fd < 0 ||
        write(fds[QEMU_VECTORS], table, sizeof table) != (ssize_t)sizeof table ||
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
    struct an521_vectors vectors;
    int fds[QEMU_FDS] = {-1, -1, -1, -1};

    qemu_stop(machine);
    close_fd(&qemu->console_fd);
    const int status =
        an521_vectors(&vectors, &qemu->regions[0], entry, machine->error, sizeof machine->error);
    if (status != YOKE_OK) {
        return status;
    }
    memset(crash_record(qemu), 0, sizeof(struct yoke_crash));
    qemu->rang_dead = false;
    qemu->reported = false;
    pid_t pid = make_fds(qemu, &vectors, fds) ? qemu_spawn(fds, qemu->said_fd) : -1;
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
                       QEMU_PROGRAM, strerror(error));
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
    if (!ended && !qemu->rang_dead) {
        return false;
    }
    // The firmware's own words, if it has left any, say more than QEMU's.
    const bool recorded = an521_take_record(crash_record(qemu), crash);
    if (!recorded && !ended) {
        qemu->rang_dead = false; // Junk.
        return false;
    }
    if (!recorded) {
        qemu_explain(crash, status, qemu->said_fd);
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
    const uint8_t byte = (uint8_t)notify_id;

    // If there is no room, the core has not read the many before it, and will look after them.
    (void)!send(machine->bell_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static uint32_t qemu_take_rings(struct yoke_machine *machine)
{
    uint8_t bytes[256];
    uint32_t rung = 0;

    const ssize_t got = recv(machine->bell_fd, bytes, sizeof bytes, MSG_DONTWAIT);
    for (ssize_t i = 0; i < got; i++) {
        qemu_of(machine)->rang_dead |= bytes[i] == BOARD_BELL_DEAD;
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
        (void)munmap(qemu->ram, BOARD_RAM_SIZE);
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
    qemu->ram_fd = unnamed("yoke-ram");
    if (qemu->ram_fd < 0 || ftruncate(qemu->ram_fd, BOARD_RAM_SIZE) != 0) {
        return false;
    }
    const off_t used = BOARD_SHARED_DA + BOARD_SHARED_SIZE - BOARD_RAM_DA;
    errno = posix_fallocate(qemu->ram_fd, 0, used);
    if (errno != 0) {
        return false;
    }
    void *const ram =
        mmap(NULL, BOARD_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, qemu->ram_fd, 0);
    if (ram == MAP_FAILED) {
        return false;
    }
    qemu->ram = ram;
    for (uint32_t i = 0; i < AN521_REGIONS; i++) {
        qemu->regions[i] = an521_map[i];
        qemu->regions[i].va = qemu->ram + (an521_map[i].da - BOARD_RAM_DA);
    }
    return true;
}

static struct yoke_machine *open_qemu(char *error, size_t size)
{
    struct qemu *const qemu = calloc(1, sizeof *qemu);
    if (qemu == NULL) {
        (void)snprintf(error, size, "no memory for a QEMU machine");
        return NULL;
    }
    qemu->machine = (struct yoke_machine){
        .ops = &qemu_ops,
        .name = "qemu",
        .regions = qemu->regions,
        .region_count = AN521_REGIONS,
        .bell_fd = -1,
        .life_fd = -1,
    };
    qemu->ram_fd = -1;
    qemu->console_fd = -1;
    qemu->said_fd = -1;
    if (!make_memory(qemu)) {
        (void)snprintf(error, size, "no space for the board's RAM, %llu MiB: %s",
                       (unsigned long long)(BOARD_RAM_SIZE >> 20), strerror(errno));
        qemu_close(&qemu->machine);
        return NULL;
    }
    return &qemu->machine;
}

/// True if QEMU is in one of the folders where commands are looked for.
static bool here(char *why, size_t size)
{
    const char *path = getenv("PATH");
    char name[512];

    while (path != NULL && *path != '\0') {
        const size_t length = strcspn(path, ":");
        (void)snprintf(name, sizeof name, "%.*s/%s", (int)length, path, QEMU_PROGRAM);
        if (access(name, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':' ? 1 : 0);
    }
    (void)snprintf(why, size, "there is no %s on this computer: install qemu-system-arm (Debian)",
                   QEMU_PROGRAM);
    return false;
}

const struct yoke_machine_kind yoke_qemu_kind = {
    .name = "qemu",
    .about = "the whole board in QEMU, in a process of its own",
    .board = BOARD_NAME,
    .target = &an521_target,
    .map = an521_map,
    .map_count = AN521_REGIONS,
    .here = here,
    .open = open_qemu,
};
