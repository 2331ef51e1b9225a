// SPDX-License-Identifier: BSD-3-Clause
/// \file board.h
/// What a board gives to apps. Apps use this and Yoke, and nothing else; so the same source runs on
/// every board.
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#include <yoke/mem.h>
#include <yoke/port.h>

/// The doorbells to the host, and what else Yoke wants from a platform.
extern const struct yoke_port board_port;

/// Memory by device address: where rings may lie.
extern const struct yoke_mem board_da;

/// Memory by physical address: what descriptors hold.
extern const struct yoke_mem board_pa;

/// The text that board_trace() wrote: name it in a TRACE entry of the resource table.
extern char board_log[1024];

/// Appends text to the log, where the host reads it. At the end of the log it begins anew.
void board_trace(const char *text);

/// Sleeps until the host rings; returns at once if it rang since the last call. May return without
/// need. Drain everything before calling it.
void board_wait(void);

/// A clock that counts up and wraps, and how often it counts in a second: 0 if the board has none.
uint32_t board_clock(void);
extern const uint32_t board_clock_hz;

/// Ends the firmware: halts the core where there is nothing to return to.
_Noreturn void board_exit(int code);

/// The app. What it returns goes to board_exit().
int main(void);

#endif
