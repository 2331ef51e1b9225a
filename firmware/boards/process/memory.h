// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of board `process`: firmware runs as a child process of its host, on the host's
/// own kind of processor. Firmware and host (machines/process) both include this file; the linker
/// script repeats the first two numbers.
///
///     device address   physical address   size    what
///     0x3f000000       (not memory)       4 KiB   registers: doorbells, and the crash record
///     0x40000000       0x1040000000       1 MiB   the image: stack at its bottom, code, data
///     0x50000000       0x1050000000       4 MiB   shared: rings, buffers, placed carveouts
///     0x80000000       registers say it   0       the host's own memory, if the host gives it
///
/// Everything else is not mapped for the firmware's use. The stack grows down from the image's
/// bottom into nothing, so that an overflow faults. Physical addresses are what descriptors hold;
/// here, as on many chips, they differ from device addresses and have more than 32 bits.
#ifndef BOARD_PROCESS_MEMORY_H
#define BOARD_PROCESS_MEMORY_H

#include <stdint.h>

#define BOARD_IMAGE_DA UINT64_C(0x40000000)
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_SHARED_DA UINT64_C(0x50000000)
#define BOARD_SHARED_SIZE UINT64_C(0x00400000)
#define BOARD_PA_OFFSET UINT64_C(0x1000000000)

/// Where buffers lie if the host puts them into memory of its own, as Linux does.
#define BOARD_DDR_DA UINT64_C(0x80000000)
#define BOARD_DDR_SIZE_MAX UINT64_C(0x40000000)

#define BOARD_CONTROL_DA UINT64_C(0x3f000000)
#define BOARD_CONTROL_SIZE UINT64_C(0x1000)

/// The only file descriptor that firmware has: an eventfd that wakes the host.
#define BOARD_HOST_FD 0

/// One direction's doorbells. The ringing side sets bits, then wakes the other side if it sleeps;
/// the other side says that it sleeps, then looks at the bits once more. A full barrier between
/// each pair of steps, and so no ring is missed.
struct board_bells {
    uint32_t rung;   ///< Bit `notify id % 32`: rung, and not taken yet.
    uint32_t asleep; ///< The side that is rung sleeps.
    uint32_t pad[14];
};

#define BOARD_REGISTERS_MAX 34

/// Why the firmware's process died, as it saw it: for the report, and for nothing else.
struct board_fault {
    uint32_t signal; ///< The signal, or 0.
    uint32_t error;  ///< errno if the process could not be set up, or 0.
    uint64_t pc;
    uint64_t address; ///< What could not be accessed.
    /// General registers as Linux's user_regs_struct has them, for core dumps; and how many.
    uint64_t register_count;
    uint64_t registers[BOARD_REGISTERS_MAX];
};

/// The host's own memory, as far as the firmware sees it, at BOARD_DDR_DA. The firmware looks once,
/// when it starts.
struct board_ddr {
    uint64_t pa;
    uint64_t size; ///< 0: there is none.
};

/// The registers. Each side's bells have a cache line of their own.
struct board_control {
    struct board_bells to_firmware; ///< `rung` is a futex.
    struct board_bells to_host;     ///< Woken by BOARD_HOST_FD.
    struct board_ddr ddr;
    struct board_fault fault;
};

#endif
