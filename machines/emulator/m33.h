// SPDX-License-Identifier: BSD-3-Clause
/// \file m33.h
/// One emulated Cortex-M33 with the registers that board mps2-an521 uses: the UARTs of console and
/// doorbell, and what belongs to the core. Memory is the caller's, shared by pointer.
///
/// The prefix is not cpu_, for the engine has global names of its own that begin so.
///
/// One thread at a time calls these functions, but for m33_ring() and m33_halt(): any thread.
#ifndef EMULATOR_M33_H
#define EMULATOR_M33_H

#include <unicorn/unicorn.h>

#include <yoke/abi/crash.h>

#include "emulator/emulator.h"

/// A range of memory as the core sees it.
struct m33_memory {
    uint64_t da;
    uint64_t size;
    uint8_t *va;
};

#define M33_MEMORIES 3u

/// What a snapshot holds besides memory and Unicorn's own registers.
struct m33_state {
    uint32_t core[1024]; ///< Registers of the core itself, from 0xe000e000.
    uint32_t control;    ///< Of the doorbell's UART.
    uint32_t baud;
    uint32_t rung;     ///< Doorbells that were not taken: a bit each. Set by any thread.
    uint32_t received; ///< The UART's interrupt is raised. Set by any thread.
    uint8_t it;        ///< ITSTATE of the next instruction, if they are counted.
    bool sleeps;       ///< Waits for an interrupt.
    bool dead;
    uint64_t executed;       ///< Instructions since the start, if they are counted.
    struct yoke_crash crash; ///< Of a core that is dead.
};

struct m33 {
    uc_engine *uc;
    struct m33_memory memory[M33_MEMORIES];
    struct m33_state state;
    void (*rang)(void *context, uint8_t byte); ///< The core wrote a byte to the doorbell's UART.
    void (*printed)(void *context, char character); ///< The same for the console's.
    void *context;
    bool counting; ///< Instructions are counted, and breakpoints watched: 20 times slower.
    uint64_t limit;
    uint32_t breakpoints[YOKE_EMULATOR_BREAKPOINTS];
    uint32_t breakpoint_count;
    bool skip;        ///< The next instruction is where it stopped: no breakpoint there.
    bool hit;         ///< A breakpoint was.
    bool stopped;     ///< By a limit or a breakpoint.
    bool halt;        ///< Asked to stop by another thread.
    bool fault;       ///< In the last run.
    uint32_t cause;   ///< Of the fault.
    uint64_t address; ///< Of the fault.
};

/// Resets the core: a new engine, without anything of the old one's. Returns NULL, or what failed.
const char *m33_reset(struct m33 *cpu, uint32_t stack, uint32_t entry);

/// Frees the engine.
void m33_free(struct m33 *cpu);

/// Runs until something stops it. `instructions`: at most so many, if they are counted.
enum yoke_emulator_stop m33_run(struct m33 *cpu, uint64_t instructions);

/// Rings: the byte arrives at the doorbell's UART.
void m33_ring(struct m33 *cpu, uint32_t notify_id);

/// True if an interrupt ends or prevents its sleep.
bool m33_interrupted(const struct m33 *cpu);

/// Makes m33_run() return soon. To be repeated until it has: a request that comes before it has
/// begun is forgotten by the engine.
void m33_halt(struct m33 *cpu);

#endif
