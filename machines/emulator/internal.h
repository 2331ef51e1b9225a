// SPDX-License-Identifier: BSD-3-Clause
/// \file internal.h
/// What the files of the emulator machine share.
#ifndef EMULATOR_INTERNAL_H
#define EMULATOR_INTERNAL_H

#include <pthread.h>

#include "an521/an521.h"
#include "m33.h"

/// Bytes of console text that wait for the host; what exceeds them is dropped.
#define EMULATOR_CONSOLE 4096u

struct emulator {
    struct yoke_machine machine; ///< First: a machine is an emulator.
    struct yoke_region regions[AN521_REGIONS];
    struct m33 cpu;
    uint8_t *memory;                ///< Image, shared memory, the crash record's page.
    bool borrowed;                  ///< It is the caller's.
    uint32_t starts;                ///< Counts them: snapshots belong to one.
    bool stepped;                   ///< No thread: the core moves inside yoke_emulator_run().
    bool started;                   ///< And neither stopped nor reported dead.
    int core_fd;                    ///< Wakes the core's thread.
    int dead_fd;                    ///< Readable when the core is dead.
    pthread_t thread;               ///< Of a core that runs free.
    bool joined;                    ///< The thread has been waited for.
    char console[EMULATOR_CONSOLE]; ///< A ring from the core's thread to the host's.
    uint32_t console_in;            ///< Characters put in; written by the core's thread.
    uint32_t console_out;           ///< Characters taken out; written by the host's.
    // Written by either thread.
    uint32_t rung;   ///< Doorbells for the host: bit (notify id % 32).
    uint32_t armed;  ///< The host sleeps, and wants bell_fd to wake it.
    uint32_t asleep; ///< The core's thread sleeps, and wants core_fd to wake it.
};

#endif
