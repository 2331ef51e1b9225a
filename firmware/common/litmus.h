// SPDX-License-Identifier: BSD-3-Clause
/// \file litmus.h
/// Tries the library's three barriers against another core that runs the same code at once. What
/// goes wrong shows that a barrier is missing; that nothing does, in some thousand rounds, is a
/// good sign and no proof.
#ifndef LITMUS_H
#define LITMUS_H

#include <stdbool.h>
#include <stdint.h>

/// Memory of both sides, zero at first.
struct litmus {
    struct litmus_side {
        uint32_t data;      ///< Stored before `ready`.
        uint32_t ready;     ///< The round that this side has begun.
        uint32_t mark;      ///< Stored before the other side's is loaded.
        uint32_t missed[2]; ///< In odd and even rounds: the other side's mark was not seen.
        uint32_t pad[11];
    } side[2];
};

struct litmus_result {
    uint32_t rounds;
    uint32_t stale;   ///< Data that came after the flag which says that it is there.
    uint32_t crossed; ///< Rounds in which neither side saw what the other stored before.
};

/// Runs one side: 0 decides when it ends, after so many rounds, or when `enough` says so; 1
/// follows.
struct litmus_result litmus_run(struct litmus *shared, uint32_t side, uint32_t rounds,
                                bool (*enough)(void));

#endif
