// SPDX-License-Identifier: BSD-3-Clause
// What a chip cannot do, firmware cannot do here either: of the system's calls it has those that
// board `process` needs, and none that reaches another process, a file or the host.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define TRAP BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)

/// Goes on with the next instruction if the loaded value is `value`, else skips one.
#define IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)

void process_confine(void)
{
    struct sock_filter rules[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0),
        TRAP,
        LOAD(nr),
        IF(SYS_futex),
        ALLOW,
        IF(SYS_rt_sigreturn),
        ALLOW,
        IF(SYS_exit_group),
        ALLOW,
        IF(SYS_getpid),
        ALLOW,
        // The doorbell is the only descriptor that there is.
        IF(SYS_write),
        ALLOW,
        // The fault handler ends its own process by a signal, and no other.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 1, 0),
        TRAP,
        LOAD(args[0]),
        IF((uint32_t)getpid()),
        ALLOW,
        TRAP,
    };
    const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};

    // A system without seccomp, such as an emulated one, runs firmware all the same.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    }
}
