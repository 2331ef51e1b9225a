// SPDX-License-Identifier: BSD-3-Clause
/// \file vectors_ack.h
/// Sequences of acknowledgement, played by a link and the scripted peer.
#ifndef YOKE_TEST_VECTORS_ACK_H
#define YOKE_TEST_VECTORS_ACK_H

#include "vectors.h"

/// Plays a vector in both roles.
void vectors_ack(const struct vector *vector);

#endif
