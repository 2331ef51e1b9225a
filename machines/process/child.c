// SPDX-License-Identifier: BSD-3-Clause
// The child: from fork() to the firmware's first instruction, and the fault handler.
//
// After fork() in a program with threads only async-signal-safe functions may be called: nothing
// here allocates, locks or prints.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "internal.h"

static struct board_control *const control = (void *)BOARD_CONTROL_DA;

/// The firmware's stack may be what is broken.
static _Alignas(16) char fault_stack[32768];

#if defined(__x86_64__)
/// In the order of Linux's struct user_regs_struct; -1: not in a signal's context, so 0.
static const int register_order[] = {
    REG_R15, REG_R14, REG_R13, REG_R12, REG_RBP, REG_RBX, REG_R11, REG_R10, REG_R9,
    REG_R8,  REG_RAX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, -1,      REG_RIP, -1,
    REG_EFL, REG_RSP, -1,      -1,      -1,      -1,      -1,      -1,      -1,
};

static void note_registers(struct board_fault *note, const ucontext_t *context)
{
    const size_t count = sizeof register_order / sizeof register_order[0];

    for (size_t i = 0; i < count; i++) {
        note->registers[i] =
            register_order[i] < 0 ? 0 : (uint64_t)context->uc_mcontext.gregs[register_order[i]];
    }
    note->register_count = count;
}
#elif defined(__aarch64__)
static void note_registers(struct board_fault *note, const ucontext_t *context)
{
    for (size_t i = 0; i < 31; i++) {
        note->registers[i] = context->uc_mcontext.regs[i];
    }
    note->registers[31] = context->uc_mcontext.sp;
    note->registers[32] = context->uc_mcontext.pc;
    note->registers[33] = context->uc_mcontext.pstate;
    note->register_count = BOARD_REGISTERS_MAX;
}
#endif

static uint64_t fault_pc(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return context->uc_mcontext.pc;
#else
#error "process machine: where is the program counter on this processor?"
#endif
}

/// Notes where the firmware was, then lets the signal do what it does: SA_RESETHAND has put its
/// default action back, and it is delivered again when this returns.
static void fault(int signal, siginfo_t *info, void *context)
{
    control->fault.pc = fault_pc(context);
    control->fault.address = (uint64_t)(uintptr_t)info->si_addr;
    note_registers(&control->fault, context);
    control->fault.signal = (uint32_t)signal;
    (void)kill(getpid(), signal);
}

static void catch_faults(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    struct sigaction action = {.sa_handler = SIG_DFL};
    const stack_t stack = {.ss_sp = fault_stack, .ss_size = sizeof fault_stack};
    sigset_t none;

    for (int signal = 1; signal < SIGRTMIN; signal++) {
        (void)sigaction(signal, &action, NULL);
    }
    (void)sigaltstack(&stack, NULL);
    action.sa_sigaction = fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)sigaction(signals[i], &action, NULL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool map(int fd, uint64_t da, uint64_t size, int protection, off_t offset)
{
    void *const want = (void *)(uintptr_t)da; // NOLINT(performance-no-int-to-ptr)
    void *const got = mmap(want, size, protection, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, offset);

    if (got != MAP_FAILED && got != want) {
        errno = EEXIST; // A kernel that does not know the flag took it for a hint.
        return false;
    }
    return got == want;
}

/// Closes every file but the doorbell, which becomes BOARD_HOST_FD.
static bool keep_doorbell(int fd)
{
    if (dup2(fd, BOARD_HOST_FD) < 0) {
        return false;
    }
    if (close_range(BOARD_HOST_FD + 1, ~0u, 0) != 0) {
        const long last = sysconf(_SC_OPEN_MAX);
        for (long other = BOARD_HOST_FD + 1; other < last; other++) {
            (void)close((int)other);
        }
    }
    return true;
}

_Noreturn static void give_up(struct board_control *shared)
{
    shared->fault.error = (uint32_t)errno;
    _exit(127);
}

_Noreturn void process_child(const struct process *process, uint64_t entry, pid_t parent)
{
    const struct rlimit no_core = {0, 0};
    off_t offset = BOARD_CONTROL_SIZE;

    // The parent may have died before the first call took effect.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(127);
    }
    (void)setsid(); // Ctrl-C is for the host.
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (!map(process->memory_fd, BOARD_CONTROL_DA, BOARD_CONTROL_SIZE, PROT_READ | PROT_WRITE, 0)) {
        give_up(process->control);
    }
    for (uint32_t i = 0; i < REGIONS; i++) {
        const struct yoke_region *const region = &process->regions[i];
        const int execute = (region->flags & YOKE_REGION_IMAGE) != 0 ? PROT_EXEC : 0;
        if (!map(process->memory_fd, region->da, region->size, PROT_READ | PROT_WRITE | execute,
                 offset)) {
            give_up(process->control);
        }
        offset += (off_t)region->size;
    }
    if (process->ddr.size != 0 &&
        !map(process->ddr.fd, BOARD_DDR_DA, process->ddr.size, PROT_READ | PROT_WRITE, 0)) {
        give_up(process->control);
    }
    if (!keep_doorbell(process->machine.bell_fd)) {
        give_up(process->control);
    }
    catch_faults();
    process_confine();
    ((void (*)(void))(uintptr_t)entry)(); // NOLINT(performance-no-int-to-ptr)
    __builtin_trap();                     // _start does not return.
}
