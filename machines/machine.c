// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/machine.h>

#include <assert.h>
#include <poll.h>
#include <signal.h>

enum yoke_machine_wake yoke_machine_wait(struct yoke_machine *const *machines, size_t count,
                                         int timeout_ms, int other_fd)
{
    struct pollfd fds[2 * YOKE_MACHINE_WAIT_MAX + 1];
    nfds_t used = 0;
    bool event = false;

    assert(count <= YOKE_MACHINE_WAIT_MAX);
    for (size_t i = 0; i < count; i++) {
        event |= machines[i]->ops->arm(machines[i]);
        fds[used++] = (struct pollfd){.fd = machines[i]->bell_fd, .events = POLLIN};
        fds[used++] = (struct pollfd){.fd = machines[i]->life_fd, .events = POLLIN};
    }
    fds[used++] = (struct pollfd){.fd = other_fd, .events = POLLIN};
    const int ready = event ? 0 : poll(fds, used, timeout_ms);
    for (size_t i = 0; i < count; i++) {
        const bool rang = ready > 0 && fds[2 * i].revents != 0;
        machines[i]->ops->disarm(machines[i], rang);
        event |= rang || (ready > 0 && fds[2 * i + 1].revents != 0);
    }
    return event ? YOKE_MACHINE_EVENT : ready != 0 ? YOKE_MACHINE_OTHER : YOKE_MACHINE_TIMEOUT;
}

const char *yoke_machine_signal_text(int signal)
{
    switch (signal) {
    case SIGSEGV:
        return "SIGSEGV (invalid memory access)";
    case SIGBUS:
        return "SIGBUS (memory access failed)";
    case SIGILL:
        return "SIGILL (illegal instruction)";
    case SIGFPE:
        return "SIGFPE (arithmetic fault)";
    case SIGABRT:
        return "SIGABRT (abort)";
    case SIGTRAP:
        return "SIGTRAP (trap)";
    case SIGSYS:
        return "SIGSYS (forbidden system call)";
    case SIGKILL:
        return "SIGKILL (killed)";
    case SIGTERM:
        return "SIGTERM (terminated)";
    default:
        return "another signal";
    }
}
