// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of board `mps2-an521`, core 0, with a host outside of it. Firmware and the host's
/// machines (machines/emulator, machines/qemu) both include this file; the linker script repeats
/// the numbers of the image.
///
///     address       size      what
///     0x50200000    4 KiB     UART0: console
///     0x50201000    4 KiB     UART1: doorbells, a byte each way is a notify id
///     0x80000000    1 MiB     the image: vectors, code, data, stack
///     0x80100000    4 MiB     shared: rings, buffers, placed carveouts
///     0x80fff000    4 KiB     the crash record
///     0x80fff800    8 B       the physical address of the shared memory; 0: as above
///
/// Device and physical addresses are the same, unless the host has the shared memory elsewhere and
/// says so. The last four are the board's PSRAM, which has
/// 16 MiB; firmware uses nothing else of it.
#ifndef BOARD_MPS2_AN521_MEMORY_H
#define BOARD_MPS2_AN521_MEMORY_H

#include <stdint.h>

#define BOARD_NAME "mps2-an521"

#define BOARD_RAM_DA UINT64_C(0x80000000)
#define BOARD_RAM_SIZE UINT64_C(0x01000000)
#define BOARD_IMAGE_DA UINT64_C(0x80000000)
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_SHARED_DA UINT64_C(0x80100000)
#define BOARD_SHARED_SIZE UINT64_C(0x00400000)
#define BOARD_CRASH_DA UINT64_C(0x80fff000)
/// Written by the host before it starts the core, or while no buffer is on its way: the firmware
/// looks when it starts and when it wakes.
#define BOARD_HOST_PA_DA UINT64_C(0x80fff800)

/// The core takes its first stack pointer and its entry from two words here.
#define BOARD_RESET_VECTORS_DA UINT64_C(0x10000000)

#define BOARD_UART_CONSOLE 0x50200000u
#define BOARD_UART_BELLS 0x50201000u
#define BOARD_IRQ_BELLS 34u ///< UART1 received a byte.

/// Not a notify id: the crash record is complete, and the core has halted.
#define BOARD_BELL_DEAD 0xffu

// The UARTs are Arm's CMSDK APB UARTs: offsets of registers, and their bits.
#define BOARD_UART_DATA 0x0u
#define BOARD_UART_STATE 0x4u
#define BOARD_UART_CTRL 0x8u
#define BOARD_UART_INT 0xcu ///< Which interrupts are raised; written: clears them.
#define BOARD_UART_BAUDDIV 0x10u
#define BOARD_UART_TX (1u << 0) ///< STATE: full. CTRL: enabled. INT: sent.
#define BOARD_UART_RX (1u << 1) ///< STATE: full. CTRL: enabled. INT: received.
#define BOARD_UART_CTRL_RX_INT (1u << 3)

#endif
