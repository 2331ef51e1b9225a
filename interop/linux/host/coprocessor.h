// SPDX-License-Identifier: BSD-3-Clause
/// \file coprocessor.h
/// A Yoke machine as a kernel's coprocessor: the other side of module/common.c. How a kernel is
/// reached, and which machine goes with it, differs: uml.c, ivshmem.c.
#ifndef INTEROP_COPROCESSOR_H
#define INTEROP_COPROCESSOR_H

#include <yoke/machine.h>

#include "control.h"

struct coprocessor;

/// From the command line.
struct coprocessor_options {
    const char *name;
    const char *socket;
    const char *firmware; ///< To start before there is a kernel, or NULL.
    int ddr;              ///< The kernel's memory, or -1.
    bool rings;           ///< Rings have carveouts.
    const char *conform;  ///< No firmware runs: the driver is checked, the report goes there.
    const char *only;     ///< These rules are checked; NULL: all.
};

/// A kind of kernel, and the machine for it. What fails, ends the program.
struct coprocessor_kind {
    const char *name;
    const struct yoke_elf_target *target; ///< The machine's processor.
    /// Opens the machine: sets `machine`, `control`, `memory` and perhaps `bell` and `parameters`,
    /// and adds regions that only this kind has.
    void (*open)(struct coprocessor *core, const struct coprocessor_options *options);
    /// `kernel` has connected. May be NULL.
    void (*greet)(struct coprocessor *core);
    /// Rings the kernel, if there is one.
    void (*ring)(struct coprocessor *core);
    /// Rings the firmware: true once it has looked at everything and sleeps again.
    bool (*settle)(struct coprocessor *core);
    /// Tells the firmware where the kernel has its memory. NULL: it knows.
    void (*place)(struct coprocessor *core);
};

struct coprocessor {
    const struct coprocessor_kind *kind;
    struct yoke_machine *machine;
    struct yoke_control *control;
    char *memory;         ///< What the offsets of the control page's regions count from.
    char parameters[256]; ///< For the kernel's command line.
    int events;           ///< What yoke_machine_wait() waits for besides the machine: see below.
    int listener;         ///< A kernel connects here.
    int kernel;           ///< The connected kernel, or -1: a byte from it is a doorbell.
    int bell;             ///< An eventfd that is its doorbell too, or -1.
    uint32_t command_number;
    uint32_t kicks[YOKE_CONTROL_QUEUES];
};

extern const struct coprocessor_kind coprocessor_uml;
extern const struct coprocessor_kind coprocessor_ivshmem;

/// Ends the program: "coprocessor: WHAT: errno's text".
_Noreturn void coprocessor_die(const char *what);

/// The same with other words: "coprocessor: WHAT: WHY".
_Noreturn void coprocessor_refuse(const char *what, const char *why);

/// A shared memory file of that size, mapped at `*memory`.
int coprocessor_memory(const char *name, size_t size, void **memory);

/// Adds a region that lies at an offset of `memory`. The flags are YOKE_CONTROL_*.
void coprocessor_add_region(struct coprocessor *core, const char *name, uint64_t da,
                            uint64_t offset, uint64_t size, uint32_t flags);

/// Adds one that lies in the machine's shared memory, at an offset of that.
void coprocessor_add_shared(struct coprocessor *core, const char *name, uint64_t at, uint64_t size,
                            uint32_t flags);

/// Adds the regions that all kinds have, and lets kernels in.
void coprocessor_describe(struct coprocessor *core, bool rings);

/// The conformance checker in the firmware's place.
_Noreturn void coprocessor_conform(struct coprocessor *core,
                                   const struct coprocessor_options *options);

/// Deals with what came on a descriptor of `events`; commands and kicks are looked at afterwards.
void coprocessor_hear(struct coprocessor *core, int fd);

/// As a boot loader would: the firmware runs before there is a kernel.
void coprocessor_boot(struct coprocessor *core, const char *path);

#endif
