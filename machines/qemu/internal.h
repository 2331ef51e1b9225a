// SPDX-License-Identifier: BSD-3-Clause
/// \file internal.h
/// What the files of the QEMU machines share: qemu.c and spawn.c are for all boards, the others
/// each describe one.
#ifndef QEMU_INTERNAL_H
#define QEMU_INTERNAL_H

#include <sys/types.h>

#include "qemu/qemu.h"

/// The descriptors that QEMU gets, from QEMU_FD_FIRST on: the board's RAM, what is loaded
/// elsewhere, doorbells, console.
enum qemu_fd { QEMU_RAM, QEMU_BOOT, QEMU_BELLS, QEMU_CONSOLE, QEMU_FDS };
#define QEMU_FD_FIRST 3

#define QEMU_REGIONS 4u
#define QEMU_BOOT_WORDS 16u

struct qemu;

/// A board.
struct qemu_board {
    const struct yoke_machine_kind *kind;
    char *const
        *command; ///< QEMU and its arguments, ended by NULL. Descriptors have fixed numbers.
    uint64_t ram_da;
    uint64_t ram_size;
    uint64_t ram_used; ///< What firmware and host use of it, from its beginning on.
    uint64_t crash_da; ///< The crash record, in RAM.
    /// Before each start: makes memory ready, and fills in what the processor starts with, outside
    /// of RAM. Returns YOKE_OK, or YOKE_BAD_IMAGE and machine->error says why.
    int (*boot)(struct qemu *qemu, uint64_t entry, uint32_t boot[QEMU_BOOT_WORDS]);
    /// Rings the core.
    void (*notify)(struct qemu *qemu, uint32_t notify_id);
};

struct qemu {
    struct yoke_machine machine; ///< First: a machine is a qemu.
    const struct qemu_board *board;
    struct yoke_region regions[QEMU_REGIONS];
    uint8_t *ram;
    int ram_fd;
    int console_fd; ///< Our end, or -1.
    int said_fd;    ///< What QEMU wrote to its stderr.
    pid_t pid;      ///< Until it was waited for, or 0.
    bool reported;  ///< Its death was.
};

/// True if the board's QEMU is in one of the folders where commands are looked for; if not, `why`,
/// of `size` bytes, names the package.
bool qemu_here(const struct qemu_board *board, char *why, size_t size);

/// Makes a machine of a board: struct yoke_machine_kind's open().
struct yoke_machine *qemu_open(const struct qemu_board *board, char *error, size_t size);

/// Starts QEMU with these descriptors. Returns its process, or -1 and errno.
pid_t qemu_spawn(char *const *command, const int fds[QEMU_FDS], int said_fd);

/// Fills in `crash` for a QEMU that has ended, from its status and what it said.
void qemu_explain(struct yoke_machine_crash *crash, const char *program, int status, int said_fd);

#endif
