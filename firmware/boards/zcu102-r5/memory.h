// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of boards `zcu102-r5-0` and `zcu102-r5-1`: both Cortex-R5F of a Zynq UltraScale+,
/// library to library; and of `zcu102-r5-host`: core 0 alone, with a host outside of the chip
/// (machines/qemu includes this file) where core 1 was. The linker script repeats the numbers of
/// images, table and the A53's code.
///
///     address       size      what
///     0x00000000    1 MiB     core 0's image: vectors, code, data; at its end guard and stack
///     0x00200000    1 MiB     core 1's image
///     0x00400000    4 KiB     the device's resource table
///     0x00401000    4 KiB     control page: doorbells, crash records
///     0x00402000    1016 KiB  shared: rings, buffers
///     0x00500000    4 KiB     what the Cortex-A53 runs: it starts the R5
///     0xff000000    4 KiB     UART 0: core 0's console
///     0xff010000    4 KiB     UART 1: to the host; any byte says that it was rung
///     0xffff0000    64 bytes  core 1's vectors, in on-chip memory: core 0 has those at 0
///
/// Device and physical addresses are the same.
#ifndef BOARD_ZCU102_R5_MEMORY_H
#define BOARD_ZCU102_R5_MEMORY_H

#include <stdint.h>

#include <yoke/abi/crash.h>

#define BOARD_HOST_NAME "zcu102-r5-host"

#define BOARD_IMAGE_DA(core) ((core)*UINT64_C(0x200000))
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_COMMON_DA UINT64_C(0x00400000)
#define BOARD_COMMON_SIZE UINT64_C(0x00100000)
#define BOARD_TABLE_DA UINT64_C(0x00400000)
#define BOARD_TABLE_SIZE UINT64_C(0x1000)
#define BOARD_CONTROL_DA UINT64_C(0x00401000)
#define BOARD_SHARED_DA UINT64_C(0x00402000)
#define BOARD_SHARED_SIZE UINT64_C(0xfe000)
#define BOARD_A53_DA UINT64_C(0x00500000)
#define BOARD_HIGH_VECTORS UINT64_C(0xffff0000)

// Registers: UG1087, module UART.
#define BOARD_UART_0 UINT32_C(0xff000000)
#define BOARD_UART_1 UINT32_C(0xff010000)
#define BOARD_UART_CONTROL 0x00u
#define BOARD_UART_ON 0x14u ///< CONTROL: both directions.
#define BOARD_UART_STATE 0x2cu
#define BOARD_UART_FULL (1u << 4)
#define BOARD_UART_DATA 0x30u

/// The control page: all zero before core 0 starts.
struct board_control {
    /// Doorbell of each core: how often it was rung. Only the other side writes it. Core 1's is the
    /// host's, where there is one.
    struct {
        uint32_t rung;
        uint32_t pad[15];
    } bell[2];
    uint32_t start_1;  ///< Core 0 sets it: the A53 starts core 1.
    uint32_t argument; ///< For the app on core 0, at 0x00401084.
    uint32_t pad[14];
    struct yoke_crash crash[2];
};

#endif
