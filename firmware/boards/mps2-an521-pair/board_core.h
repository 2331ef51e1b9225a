// SPDX-License-Identifier: BSD-3-Clause
/// \file board_core.h
/// What board.c wants from core0.c or core1.c.
#ifndef BOARD_CORE_H
#define BOARD_CORE_H

/// Sets up what only this core has. Protection is not on yet; regions from 4 up are free.
void core_start(void);

#endif
