// SPDX-License-Identifier: BSD-3-Clause
/// \file machine.h
/// A machine: what firmware runs on, as its host sees it. One small interface, several back-ends
/// (machines/process is one).
///
/// A machine has memory, whose map a plan is made with; it starts and stops a core; doorbells ring
/// both ways; and it says how the core died. The host trusts nothing that the core can write: what
/// a back-end shares with the core may delay or wake its host, never more.
///
/// One thread owns a machine. Calls do not block, but for yoke_machine_wait() and for stopping.
#ifndef YOKE_MACHINE_H
#define YOKE_MACHINE_H

#include <yoke/abi/crash.h>
#include <yoke/rproc.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a core died: as its host's operating system saw it, or as it wrote down itself.
struct yoke_machine_crash {
    int signal;             ///< What it died of (a signal of the host's), or 0: it ended by itself.
    int code;               ///< What it ended with, if it did.
    bool located;           ///< `pc` and `address` are known.
    uint64_t pc;            ///< Where it was.
    uint64_t address;       ///< What it accessed, where the kind of fault has an address.
    int setup_error;        ///< errno, if the core could not even be started; else 0.
    bool recorded;          ///< The firmware left `record`, and of the above nothing is filled in.
    char machine_said[240]; ///< What the machine itself says about its end, in words, or "".
    struct yoke_crash record; ///< A copy. Its words are the firmware's: to show, not to rely on.
};

struct yoke_machine;

/// A back-end.
struct yoke_machine_ops {
    /// Lets the core run from `entry`. Returns YOKE_OK or a status, and machine->error says why.
    int (*start)(struct yoke_machine *machine, uint64_t entry);
    /// Stops the core, and returns when it has stopped; harmless if it does not run.
    void (*stop)(struct yoke_machine *machine);
    /// Takes over a core that runs already. NULL if this machine's cores never do; else as start.
    int (*attach)(struct yoke_machine *machine);
    /// Rings, and waits until the core has dealt with all that it was rung for. NULL as attach.
    /// Returns YOKE_OK, or YOKE_AGAIN if it does not within a tenth of a second.
    int (*settle)(struct yoke_machine *machine);
    /// Rings the core's doorbell: struct yoke_port's notify().
    void (*notify)(struct yoke_machine *machine, uint32_t notify_id);
    /// Takes the doorbells that rang since the last call: bit (notify id % 32).
    uint32_t (*take_rings)(struct yoke_machine *machine);
    /// Before sleeping: asks for bell_fd to become readable when a doorbell rings. Returns true if
    /// one rang already: do not sleep then.
    bool (*arm)(struct yoke_machine *machine);
    /// After sleeping: ends that. `readable`: bell_fd is.
    void (*disarm)(struct yoke_machine *machine, bool readable);
    /// True if the core was started and is dead, not having been stopped; fills in `crash`.
    bool (*crashed)(struct yoke_machine *machine, struct yoke_machine_crash *crash);
    /// Copies new text, at most `size` bytes and not terminated, that the core wrote to its
    /// console: returns how many, 0 if there is none. NULL if this machine shows no console.
    size_t (*console)(struct yoke_machine *machine, char *text, size_t size);
    /// Stops the core and frees everything.
    void (*close)(struct yoke_machine *machine);
};

/// A machine. Read-only for its user.
struct yoke_machine {
    const struct yoke_machine_ops *ops;
    const char *name;
    const struct yoke_region *regions; ///< Its memory; `va` is set: rings and images lie there.
    uint32_t region_count;
    int bell_fd;     ///< Readable when a doorbell rings while armed.
    int life_fd;     ///< Readable when the core is dead; -1 while it is not started.
    char error[160]; ///< Why the last call failed.
};

/// A kind of machine, before one is made.
struct yoke_machine_kind {
    const char *name;                     ///< As --machine has it.
    const char *about;                    ///< One line: what it is.
    const char *board;                    ///< The board whose firmware it runs.
    const struct yoke_elf_target *target; ///< Its processor.
    const struct yoke_region *map;        ///< Its memory, without memory behind it: for plans.
    uint32_t map_count;
    /// True if there is such a machine on this computer; if not, `why`, of `size` bytes, says what
    /// is missing.
    bool (*here)(char *why, size_t size);
    /// Makes one. Returns NULL, and `error`, of `size` bytes, says what failed.
    struct yoke_machine *(*open)(char *error, size_t size);
};

/// All kinds, ended by NULL.
extern const struct yoke_machine_kind *const yoke_machine_kinds[];

/// The kind of this name, or NULL.
const struct yoke_machine_kind *yoke_machine_find(const char *name);

/// The kind that an image is for: by the note in it that names a board, or, in an image without
/// one, by its processor; of several, the first that is on this computer. Or NULL.
const struct yoke_machine_kind *yoke_machine_for(const struct yoke_elf *elf);

/// The board that the image's note names, or "". `board` gets `size` bytes at most, terminated.
void yoke_machine_board(const struct yoke_elf *elf, char *board, size_t size);

/// What yoke_machine_wait() returns.
enum yoke_machine_wake {
    YOKE_MACHINE_TIMEOUT, ///< Nothing happened in that time.
    YOKE_MACHINE_EVENT,   ///< A doorbell rang or a core died, on one machine at least.
    YOKE_MACHINE_OTHER,   ///< The caller's own descriptor is readable, or a signal handler ran.
};

/// Sleeps until a doorbell rings or a core dies on any of the machines.
///
/// `timeout_ms`: negative waits for ever. `other_fd`: a descriptor to wait for too, or -1.
enum yoke_machine_wake yoke_machine_wait(struct yoke_machine *const *machines, size_t count,
                                         int timeout_ms, int other_fd);

/// The most machines that yoke_machine_wait() takes.
#define YOKE_MACHINE_WAIT_MAX 64

/// The signal's name, such as "SIGSEGV (invalid memory access)". Static storage.
const char *yoke_machine_signal_text(int signal);

#ifdef __cplusplus
}
#endif
#endif
