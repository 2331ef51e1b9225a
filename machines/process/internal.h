// SPDX-License-Identifier: BSD-3-Clause
/// \file internal.h
/// What the files of the process machine share.
#ifndef MACHINE_PROCESS_INTERNAL_H
#define MACHINE_PROCESS_INTERNAL_H

#include <sys/types.h>

#include "boards/process/memory.h"
#include "process/process.h"

#define REGIONS 2u

struct process {
    struct yoke_machine machine; ///< First: a machine is a process.
    struct yoke_region regions[REGIONS];
    struct board_control *control; ///< Shared with the child: read once, never trusted.
    int memory_fd;                 ///< The control page, then the regions one after another.
    struct yoke_process_ddr ddr;   ///< The host's own memory, if its size is not 0.
    pid_t pid;                     ///< The child until it was waited for, or 0.
};

/// The child's side, from fork() to the firmware's first instruction.
_Noreturn void process_child(const struct process *process, uint64_t entry, pid_t parent);

/// Leaves the calling process only the system calls that firmware needs. Others are SIGSYS.
void process_confine(void);

#endif
