// SPDX-License-Identifier: BSD-3-Clause
/// \file board_core.h
/// What board.c, core0.c and core1.c have of each other.
#ifndef BOARD_CORE_H
#define BOARD_CORE_H

#include "memory.h"

#define CONTROL ((volatile struct board_control *)(uintptr_t)BOARD_CONTROL_DA)

/// Sets up what only this core has. Protection is not on yet; regions from 3 up are free.
void core_start(void);

/// Completes this core's crash record, and rings the other core.
void core_record(struct yoke_crash *crash);

#endif
