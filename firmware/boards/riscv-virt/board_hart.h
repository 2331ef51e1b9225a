// SPDX-License-Identifier: BSD-3-Clause
/// \file board_hart.h
/// What board.c, hart0.c and hart1.c have of each other.
#ifndef BOARD_HART_H
#define BOARD_HART_H

#include "memory.h"

#define CONTROL ((volatile struct board_control *)(uintptr_t)BOARD_CONTROL_DA)

/// Completes this hart's crash record, and rings the other hart.
void hart_record(struct yoke_crash *crash);

#endif
