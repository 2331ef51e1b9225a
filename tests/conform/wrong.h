// SPDX-License-Identifier: BSD-3-Clause
/// \file wrong.h
/// Throw-away peers for the conformance checker: a tiny device and a tiny driver, written for
/// nothing but these tests, that can break a rule each in many ways. They share code neither with
/// src/ nor with conform/, and are as short as can be: no errors are handled that no check makes.
#ifndef TESTS_CONFORM_WRONG_H
#define TESTS_CONFORM_WRONG_H

#include <conform.h>

/// One way to be wrong.
struct deviation {
    const char *rule; ///< The rule that it breaks.
    const char *what;
};

/// All ways of each peer, ended by one without a rule; number 0 is "none".
extern const struct deviation device_deviations[];
extern const struct deviation driver_deviations[];

/// The peers, with one deviation. Each call makes the same one anew.
struct conform_target *wrong_device(unsigned deviation);
struct conform_target *wrong_driver(unsigned deviation);

#endif
