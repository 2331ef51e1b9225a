// SPDX-License-Identifier: BSD-3-Clause
/// \file peer.h
/// What a board gives, beyond board.h, to an app that has the host's role for another core: it
/// starts that core and drives the link. The apps of the other core do not know the difference.
#ifndef PEER_H
#define PEER_H

#include <board.h>
#include <yoke/abi/crash.h>

/// The other core, as the board's memory map has it. All of it is in the windows of board_da.
struct board_peer {
    uint64_t table_da;  ///< Its resource table, at an address that its linker script fixes.
    uint32_t table_max; ///< Bytes that a table may have.
    uint64_t shared_da; ///< Memory for rings and buffers: device and physical address.
    uint64_t shared_size;
    uint64_t crash_da;    ///< Its crash record.
    uint64_t argument_da; ///< A word for the app, which whoever starts the machine may set.
};

extern const struct board_peer board_peer;

/// Starts the other core at the beginning of its image, which lies in memory already. Called once.
void board_peer_start(void);

/// Shows one character of text.
void board_put(char character);

#endif
