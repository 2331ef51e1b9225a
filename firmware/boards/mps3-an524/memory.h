// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of boards `mps3-an524-0` and `mps3-an524-1`: the two Cortex-M33 of an AN524. The
/// linker script repeats three numbers.
///
///     address       size      what
///     0x10000000    256 KiB   core 0's image: vectors, code, data, stack
///     0x10040000    256 KiB   core 1's image
///     0x70000000    4 KiB     core 1's resource table
///     0x70001000    4 KiB     control page: crash records
///     0x70010000    1 MiB     shared: rings, buffers
///
/// Block RAM and DDR, by their aliases for the secure state. Device and physical addresses are the
/// same.
#ifndef BOARD_MPS3_AN524_MEMORY_H
#define BOARD_MPS3_AN524_MEMORY_H

#include <stdint.h>

#include <yoke/abi/crash.h>

#define BOARD_NAME_0 "mps3-an524-0"
#define BOARD_NAME_1 "mps3-an524-1"

#define BOARD_IMAGE_DA(core) (UINT64_C(0x10000000) + (core)*UINT64_C(0x40000))
#define BOARD_IMAGE_SIZE UINT64_C(0x00040000)
#define BOARD_TABLE_DA UINT64_C(0x70000000)
#define BOARD_TABLE_SIZE UINT64_C(0x1000)
#define BOARD_CONTROL_DA UINT64_C(0x70001000)
#define BOARD_CONTROL_SIZE UINT64_C(0x1000)
#define BOARD_SHARED_DA UINT64_C(0x70010000)
#define BOARD_SHARED_SIZE UINT64_C(0x00100000)

// How core 0 starts core 1: where core 1 finds its vectors, and a register that holds it back.
#define BOARD_INITSVTOR1 0x50021114u
#define BOARD_CPUWAIT 0x50021118u

// Doorbells: message handling unit 0. A clock: CMSDK timer 0, which counts down.
#define BOARD_MHU 0x50003000u
#define BOARD_MHU_SET(core) (0x4u + (core)*0x10u)
#define BOARD_MHU_CLEAR(core) (0x8u + (core)*0x10u)
#define BOARD_IRQ_MHU 6u
#define BOARD_TIMER 0x50000000u
#define BOARD_TIMER_CTRL 0x0u ///< 1: runs.
#define BOARD_TIMER_VALUE 0x4u
#define BOARD_TIMER_RELOAD 0x8u
#define BOARD_TIMER_HZ 32000000u

// The console: a CMSDK UART.
#define BOARD_UART 0x51303000u
#define BOARD_UART_DATA 0x0u
#define BOARD_UART_STATE 0x4u
#define BOARD_UART_CTRL 0x8u
#define BOARD_UART_BAUDDIV 0x10u
#define BOARD_UART_TX 1u ///< STATE: full. CTRL: enabled.

/// The control page: all zero before core 0 starts.
struct board_control {
    struct yoke_crash crash[2];
    uint32_t argument; ///< For the app on core 0.
};

#endif
