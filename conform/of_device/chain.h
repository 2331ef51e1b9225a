// SPDX-License-Identifier: BSD-3-Clause
/// \file chain.h
/// How chains are handed in that have to be refused.
#ifndef CONFORM_OF_DEVICE_CHAIN_H
#define CONFORM_OF_DEVICE_CHAIN_H

#include "groups.h"

#define STRANGER (CHECKER_ADDRESS + 1u) ///< Who sends what is to be refused.

/// A message in the buffer of a free descriptor, not offered yet: its descriptor can be spoilt.
uint32_t chain_prepare(struct conform *c, uint32_t service);

/// Offers a chain of queue 1 that has to be refused: it comes back with length 0, is not answered,
/// and a good message goes through.
void chain_refused(struct conform *c, uint32_t service, uint32_t id);

#endif
