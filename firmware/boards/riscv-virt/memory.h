// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of boards `riscv64-virt-0` and `-1`, and the same with 32: two harts of QEMU's
/// board virt, library to library. The linker script repeats the numbers of images and table.
///
///     address       size      what
///     0x80000000    1 MiB     hart 0's image, where both harts start
///     0x80200000    1 MiB     hart 1's image
///     0x80400000    4 KiB     hart 1's resource table
///     0x80401000    4 KiB     control page: start of hart 1, crash records
///     0x80402000    1016 KiB  shared: rings, buffers
///
/// Device and physical addresses are the same.
#ifndef BOARD_RISCV_VIRT_MEMORY_H
#define BOARD_RISCV_VIRT_MEMORY_H

#include <stdint.h>

#include <yoke/abi/crash.h>

#define BOARD_IMAGE_DA(hart) (UINT64_C(0x80000000) + (hart)*UINT64_C(0x200000))
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_COMMON_DA UINT64_C(0x80400000)
#define BOARD_COMMON_SIZE UINT64_C(0x00100000)
#define BOARD_TABLE_DA UINT64_C(0x80400000)
#define BOARD_TABLE_SIZE UINT64_C(0x1000)
#define BOARD_CONTROL_DA UINT64_C(0x80401000)
#define BOARD_SHARED_DA UINT64_C(0x80402000)
#define BOARD_SHARED_SIZE UINT64_C(0xfe000)

#define BOARD_REGISTER(type, address) (*(volatile type *)(uintptr_t)(address))

#define BOARD_EXIT 0x00100000u                       ///< SiFive's test device.
#define BOARD_MSIP(hart) (0x02000000u + 4u * (hart)) ///< CLINT: software interrupts.
#define BOARD_MTIME 0x0200bff8u                      ///< CLINT: counts at 10 MHz.
#define BOARD_UART 0x10000000u                       ///< A 16550.
#define BOARD_UART_STATE (BOARD_UART + 5)
#define BOARD_UART_EMPTY (1u << 5)

/// The control page: all zero before hart 0 starts.
struct board_control {
    uintptr_t
        start_1; ///< Hart 0 sets it, and rings: hart 1 goes there. First: hart0.c relies on it.
    uint8_t pad_0[32 - sizeof(uintptr_t)];
    uint32_t argument; ///< For the app on hart 0, at 0x80401020.
    uint8_t pad_1[28];
    struct yoke_crash crash[2];
};

#endif
