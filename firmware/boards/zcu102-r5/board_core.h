// SPDX-License-Identifier: BSD-3-Clause
/// \file board_core.h
/// What board.c and the files of the three boards have of each other.
#ifndef BOARD_CORE_H
#define BOARD_CORE_H

#include "memory.h"

#define UART(base, offset) (*(volatile uint32_t *)(uintptr_t)((base) + (offset)))
#define CONTROL ((volatile struct board_control *)(uintptr_t)BOARD_CONTROL_DA)

/// Sets up what only this core has. Protection is not on yet; regions from 3 up are free.
void core_start(void);

/// Called when the other side's doorbell was counted up: what it takes for it to look there.
void core_wake(void);

/// Completes this core's crash record, and rings the other side.
void core_record(struct yoke_crash *crash);

#endif
