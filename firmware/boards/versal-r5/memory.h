// SPDX-License-Identifier: BSD-3-Clause
/// \file memory.h
/// The memory map of board `versal-r5`: a Cortex-R5F beside Cortex-A72s that run Linux. Firmware
/// and host (machines/versal) both include this file; the linker script repeats the first two
/// numbers, and lab/versal-r5.dtso keeps Linux out of this memory.
///
///     address      size       what
///     0x00000000   1 MiB      the image: vectors, code, data; at its end a guard and the stack
///     0x00100000   4 KiB      control page: doorbells and the crash record
///     0x00101000   1020 KiB   shared: rings, buffers, placed carveouts
///     0xff5e0300   4 bytes    reset of the R5 cores
///     0xffa80000   4 KiB      DMA channel: its interrupt is the doorbell to Linux
///
/// Device addresses and physical addresses are the same.
#ifndef BOARD_VERSAL_R5_MEMORY_H
#define BOARD_VERSAL_R5_MEMORY_H

#include <stdint.h>

#include <yoke/abi/crash.h>

#define BOARD_IMAGE_DA UINT64_C(0x00000000)
#define BOARD_IMAGE_SIZE UINT64_C(0x00100000)
#define BOARD_CONTROL_DA UINT64_C(0x00100000)
#define BOARD_CONTROL_SIZE UINT64_C(0x1000)
#define BOARD_SHARED_DA UINT64_C(0x00101000)
#define BOARD_SHARED_SIZE UINT64_C(0x000ff000)

#define BOARD_RESET_PAGE UINT64_C(0xff5e0000)
#define BOARD_RESET_OFFSET 0x300u
#define BOARD_RESET_RUN 0x16u  ///< R5-0 runs; everything else of the R5s stays in reset.
#define BOARD_RESET_HOLD 0x17u ///< R5-0 is in reset.

#define BOARD_DMA_DA UINT64_C(0xffa80000)

#define BOARD_STATE_PARKED 0x4b524150u  ///< It runs the host's stub, which does nothing.
#define BOARD_STATE_STARTED 0x54524154u ///< It runs firmware, which has written nothing yet.

/// One direction's doorbell. Each word has one writer, so that nothing needs an atomic operation
/// between processors. Ring: count `rung` up, full barrier, then look whether the other side
/// sleeps. Sleep: store `asleep`, full barrier, then look at `rung` once more.
struct board_bell {
    uint32_t rung; ///< By the ringing side: how often it rang.
    uint32_t pad_0[15];
    uint32_t handled; ///< By the side that is rung: all rings up to this count are dealt with.
    uint32_t asleep;  ///< By the same: it sleeps, and needs an interrupt.
    uint32_t pad_1[14];
};

/// The control page.
struct board_control {
    struct board_bell to_firmware; ///< Polled: the R5 has no interrupt controller in QEMU.
    struct board_bell to_host;     ///< With an interrupt if the host sleeps.
    struct yoke_crash crash;
    uint32_t state;    ///< BOARD_STATE_*: how far the core is, by the core; host: 0 before a start.
    uint32_t dma_from; ///< What the DMA channel copies for its interrupt.
    uint32_t dma_to;
};

#endif
