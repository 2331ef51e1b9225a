// SPDX-License-Identifier: BSD-3-Clause
// From fork() to QEMU, and what it says when it ends.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

/// Puts the descriptors where the command says, and closes all others.
static bool place(const int fds[QEMU_FDS], int said_fd, int *report_fd)
{
    int high[QEMU_FDS];
    const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    // First out of each other's way.
    for (int i = 0; i < QEMU_FDS; i++) {
        high[i] = fcntl(fds[i], F_DUPFD, QEMU_FD_FIRST + QEMU_FDS + 1);
        if (high[i] < 0) {
            return false;
        }
    }
    const int report = fcntl(*report_fd, F_DUPFD, QEMU_FD_FIRST + QEMU_FDS + 1);
    if (report < 0 || null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 ||
        dup2(said_fd, 2) < 0) {
        return false;
    }
    for (int i = 0; i < QEMU_FDS; i++) {
        if (dup2(high[i], QEMU_FD_FIRST + i) < 0) {
            return false;
        }
    }
    *report_fd = QEMU_FD_FIRST + QEMU_FDS;
    return dup3(report, *report_fd, O_CLOEXEC) >= 0 &&
           close_range((unsigned)*report_fd + 1, ~0u, 0) == 0;
}

_Noreturn static void child(char *const *command, const int fds[QEMU_FDS], int said_fd,
                            int report_fd, pid_t parent)
{
    const struct rlimit no_core = {0, 0};
    sigset_t none;

    // The parent may have died before the first call took effect.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
        place(fds, said_fd, &report_fd)) {
        (void)setsid(); // Ctrl-C is for the host.
        (void)setrlimit(RLIMIT_CORE, &no_core);
        for (int signal_number = 1; signal_number < SIGRTMIN; signal_number++) {
            (void)signal(signal_number, SIG_DFL);
        }
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)execvp(command[0], command);
    }
    const int error = errno;
    (void)!write(report_fd, &error, sizeof error);
    _exit(127);
}

pid_t qemu_spawn(char *const *command, const int fds[QEMU_FDS], int said_fd)
{
    const pid_t parent = getpid();
    int report[2]; // Closed by exec, or says why there was none.
    int error = 0;
    sigset_t all;
    sigset_t before;

    if (pipe2(report, O_CLOEXEC) != 0) {
        return -1;
    }
    // No handler of the host's may run in the child.
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = fork();
    if (pid == 0) {
        child(command, fds, said_fd, report[1], parent);
    }
    error = pid < 0 ? errno : 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(report[1]);
    if (pid > 0 && read(report[0], &error, sizeof error) == (ssize_t)sizeof error) {
        (void)waitpid(pid, NULL, 0);
    }
    (void)close(report[0]);
    errno = error;
    return error == 0 ? pid : -1;
}

// ------------------------------------------------------------------------------------ what it said

/// The registers that QEMU prints when a core locks up: "R00=00000000 ...".
static bool locked_up(const char *said, struct yoke_crash *record)
{
    char name[8];

    if (strstr(said, "Lockup") == NULL) {
        return false;
    }
    *record = (struct yoke_crash){.version = YOKE_CRASH_VERSION, .registers = 13};
    for (uint32_t i = 0; i < 16; i++) {
        (void)snprintf(name, sizeof name, "R%02u=", i);
        const char *const at = strstr(said, name);
        const uint64_t value = at != NULL ? strtoull(at + 4, NULL, 16) : 0;
        *(i < 13    ? &record->x[i]
          : i == 13 ? &record->sp
          : i == 14 ? &record->lr
                    : &record->pc) = value;
    }
    return true;
}

void qemu_explain(struct yoke_machine_crash *crash, const char *program, int status, int said_fd)
{
    char said[4096];
    const ssize_t got = pread(said_fd, said, sizeof said - 1, 0);

    said[got > 0 ? got : 0] = '\0';
    *crash = (struct yoke_machine_crash){0};
    if (locked_up(said, &crash->record)) {
        crash->recorded = true;
        return;
    }
    // The last line: warnings come before it.
    for (size_t size = strlen(said); size != 0 && said[size - 1] == '\n';) {
        said[--size] = '\0';
    }
    const char *const newline = strrchr(said, '\n');
    const char *const last = newline != NULL ? newline + 1 : said;
    if (WIFSIGNALED(status)) {
        crash->signal = WTERMSIG(status);
    } else {
        crash->code = WEXITSTATUS(status);
        (void)snprintf(crash->machine_said, sizeof crash->machine_said,
                       "%s ended with code %d%s%.160s", program, crash->code,
                       last[0] != '\0' ? ": " : "", last);
    }
}
