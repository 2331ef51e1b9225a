// SPDX-License-Identifier: BSD-3-Clause
/// \file ring_barriers.h
/// Barriers of a platform of its own, as YOKE_PORT_BARRIERS names them: they tell the test.
#ifndef YOKE_TEST_RING_BARRIERS_H
#define YOKE_TEST_RING_BARRIERS_H

/// Called at each barrier, with 'a', 'r' or 'f'.
void ring_barrier(char kind);

#define YOKE_BARRIER_ACQUIRE() ring_barrier('a')
#define YOKE_BARRIER_RELEASE() ring_barrier('r')
#define YOKE_BARRIER_FULL() ring_barrier('f')

#endif
