// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of boards `mps2-an521-cpu0` and `mps2-an521-cpu1`: both Cortex-M33 of one AN521,
/// library to library. The linker script repeats the numbers of images and table.
///
///     address       size      what
///     0x10000000    1 MiB     core 0's image: vectors, code, data, stack
///     0x10200000    1 MiB     core 1's image
///     0x38000000    4 KiB     core 1's resource table
///     0x38001000    4 KiB     crash records: core 0's, and 1 KiB above it core 1's
///     0x38002000    4 bytes   argument for the app on core 0
///     0x38010000    1 MiB     shared: rings, buffers
///     0x50000000              registers
///
/// Device and physical addresses are the same. These are the aliases for the secure state, in which
/// both cores stay.
#ifndef BOARD_MPS2_AN521_PAIR_MEMORY_H
#define BOARD_MPS2_AN521_PAIR_MEMORY_H

#include <stdint.h>

#define BOARD_IMAGE_DA(core) (UINT64_C(0x10000000) + (core)*UINT64_C(0x200000))
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_TABLE_DA UINT64_C(0x38000000)
#define BOARD_TABLE_SIZE UINT64_C(0x1000)
#define BOARD_CRASH_DA(core) (UINT64_C(0x38001000) + (core)*UINT64_C(0x400))
#define BOARD_ARGUMENT_DA UINT64_C(0x38002000)
#define BOARD_SHARED_DA UINT64_C(0x38010000)
#define BOARD_SHARED_SIZE UINT64_C(0x00100000)

/// From the first to the last of what both cores see.
#define BOARD_COMMON_DA UINT64_C(0x38000000)
#define BOARD_COMMON_SIZE UINT64_C(0x00110000)

#define BOARD_REGISTERS_DA UINT64_C(0x50000000)
#define BOARD_REGISTERS_SIZE UINT64_C(0x10000000)

// Registers: SSE-200 technical reference, and application note AN521.
#define BOARD_TIMER 0x50000000u ///< CMSDK timer 0, counts down.
#define BOARD_TIMER_CTRL 0x0u   ///< 1: runs.
#define BOARD_TIMER_VALUE 0x4u
#define BOARD_TIMER_RELOAD 0x8u
#define BOARD_TIMER_HZ 20000000u
#define BOARD_MHU 0x50003000u ///< Message handling unit 0.
#define BOARD_MHU_SET(core) (0x4u + (core)*0x10u)
#define BOARD_MHU_CLEAR(core) (0x8u + (core)*0x10u)
#define BOARD_IRQ_MHU 6u
#define BOARD_INITSVTOR1 0x50021114u ///< Where core 1 finds its vectors.
#define BOARD_CPUWAIT 0x50021118u    ///< 0 lets core 1 run.
#define BOARD_UART 0x50200000u       ///< CMSDK UART 0: core 0's console.
#define BOARD_UART_DATA 0x0u
#define BOARD_UART_STATE 0x4u
#define BOARD_UART_CTRL 0x8u
#define BOARD_UART_BAUDDIV 0x10u
#define BOARD_UART_TX 1u ///< STATE: full. CTRL: enabled.

#endif
