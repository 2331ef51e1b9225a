// SPDX-License-Identifier: BSD-3-Clause
/// \file internal.h
/// What the files of the QEMU machine share.
#ifndef QEMU_INTERNAL_H
#define QEMU_INTERNAL_H

#include <sys/types.h>

#include "an521/an521.h"
#include "qemu/qemu.h"

#define QEMU_PROGRAM "qemu-system-arm"

/// The descriptors that QEMU gets, from QEMU_FD_FIRST on.
enum qemu_fd { QEMU_RAM, QEMU_VECTORS, QEMU_BELLS, QEMU_CONSOLE, QEMU_FDS };
#define QEMU_FD_FIRST 3

struct qemu {
    struct yoke_machine machine; ///< First: a machine is a qemu.
    struct yoke_region regions[AN521_REGIONS];
    uint8_t *ram;
    int ram_fd;
    int console_fd; ///< Our end, or -1.
    int said_fd;    ///< What QEMU wrote to its stderr.
    pid_t pid;      ///< Until it was waited for, or 0.
    bool rang_dead; ///< The core said that it is.
    bool reported;  ///< Its death was.
};

/// Starts QEMU with these descriptors. Returns its process, or -1 and errno.
pid_t qemu_spawn(const int fds[QEMU_FDS], int said_fd);

/// Fills in `crash` for a QEMU that has ended, from its status and what it said.
void qemu_explain(struct yoke_machine_crash *crash, int status, int said_fd);

#endif
