// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of boards `skeleton-0` and `skeleton-1`: the least that a board needs. As it
/// stands it is that of an AN521 with two Cortex-M33. The linker script repeats three numbers.
///
///     address       size      what
///     0x10000000    1 MiB     core 0's image: vectors, code, data, stack
///     0x10200000    1 MiB     core 1's image
///     0x38000000    4 KiB     core 1's resource table
///     0x38001000    4 KiB     control page: doorbells, crash records
///     0x38010000    1 MiB     shared: rings, buffers
#ifndef BOARD_SKELETON_MEMORY_H
#define BOARD_SKELETON_MEMORY_H

#include <stdint.h>

#include <yoke/abi/crash.h>

#define BOARD_NAME_0 "skeleton-0"
#define BOARD_NAME_1 "skeleton-1"

#define BOARD_IMAGE_DA(core) (UINT64_C(0x10000000) + (core)*UINT64_C(0x200000))
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_TABLE_DA UINT64_C(0x38000000)
#define BOARD_TABLE_SIZE UINT64_C(0x1000)
#define BOARD_CONTROL_DA UINT64_C(0x38001000)
#define BOARD_CONTROL_SIZE UINT64_C(0x1000)
#define BOARD_SHARED_DA UINT64_C(0x38010000)
#define BOARD_SHARED_SIZE UINT64_C(0x00100000)

// How core 0 starts core 1: where core 1 finds its vectors, and a register that holds it back.
#define BOARD_INITSVTOR1 0x50021114u
#define BOARD_CPUWAIT 0x50021118u

// The console: a CMSDK UART.
#define BOARD_UART 0x50200000u
#define BOARD_UART_DATA 0x0u
#define BOARD_UART_STATE 0x4u
#define BOARD_UART_CTRL 0x8u
#define BOARD_UART_BAUDDIV 0x10u
#define BOARD_UART_TX 1u ///< STATE: full. CTRL: enabled.

/// The control page: all zero before core 0 starts. Each bell is counted up by the other core only.
struct board_control {
    struct {
        uint32_t rung;
        uint32_t pad[31];
    } bell[2];
    struct yoke_crash crash[2];
    uint32_t argument; ///< For the app on core 0.
};

#endif
