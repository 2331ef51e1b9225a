// SPDX-License-Identifier: BSD-3-Clause
/// \file refused.h
/// Asserts that a call refuses, with just this text.
#ifndef YOKE_TEST_REFUSED_H
#define YOKE_TEST_REFUSED_H

#include <yoke/base.h>

#define assert_refused(call, refusal, text)                                                        \
    do {                                                                                           \
        char line_[256];                                                                           \
        assert_int_equal(call, YOKE_BAD_IMAGE);                                                    \
        yoke_refusal_text(refusal, line_, sizeof(line_));                                          \
        assert_string_equal(line_, text);                                                          \
    } while (0)

#endif
