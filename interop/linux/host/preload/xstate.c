// SPDX-License-Identifier: BSD-3-Clause
// Preloaded into User-Mode Linux, which keeps 2696 bytes of a process's floating-point state. That
// is less than processors with AMX have, and Linux takes all of it or nothing: so what is set here
// is completed by what is there. The rest is tile registers, which nothing in the guest uses.
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long ptrace_fn(enum __ptrace_request request, pid_t pid, void *address, void *data);

static ptrace_fn *next;

__attribute__((constructor)) static void find_next(void)
{
    next = (ptrace_fn *)dlsym(RTLD_NEXT, "ptrace");
}

static long set_xstate(pid_t pid, void *kind, const struct iovec *given)
{
    static char state[65536]; // The kernel's stacks are small, and it has one thread for this.
    struct iovec whole = {.iov_base = state, .iov_len = sizeof state};

    const long status = next(PTRACE_GETREGSET, pid, kind, &whole);
    if (status != 0) {
        return status;
    }
    memcpy(state, given->iov_base, given->iov_len < whole.iov_len ? given->iov_len : whole.iov_len);
    return next(PTRACE_SETREGSET, pid, kind, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    const pid_t pid = va_arg(arguments, pid_t);
    void *const address = va_arg(arguments, void *);
    void *const data = va_arg(arguments, void *);
    va_end(arguments);
    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
        return set_xstate(pid, address, data);
    }
    return next(request, pid, address, data);
}
