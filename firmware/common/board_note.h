// SPDX-License-Identifier: BSD-3-Clause
/// \file board_note.h
/// A note in the image that says for which board it was built, so that the host finds the machine
/// for it by itself. One C file of each board has a line
///
///     BOARD_NOTE("versal-r5");
///
/// and its linker script keeps section ".note.yoke.board". The note: owner "Yoke", type 1, the
/// board's name with its NUL.
#ifndef BOARD_NOTE_H
#define BOARD_NOTE_H

#include <stdint.h>

#define BOARD_NOTE(board)                                                                          \
    static const struct {                                                                          \
        uint32_t owner_size;                                                                       \
        uint32_t name_size;                                                                        \
        uint32_t type;                                                                             \
        char owner[8];                                                                             \
        char name[(sizeof(board) + 3) / 4 * 4];                                                    \
    } board_note __attribute__((section(".note.yoke.board"), used, aligned(4))) = {                \
        5, sizeof(board), 1, "Yoke", board}

#endif
