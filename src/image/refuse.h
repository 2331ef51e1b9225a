// SPDX-License-Identifier: BSD-3-Clause
/// \file refuse.h
/// How the parsers and the planner say no.
#ifndef YOKE_IMAGE_REFUSE_H
#define YOKE_IMAGE_REFUSE_H

#include <yoke/base.h>

/// Fills a refusal: "part index: field value rule bound". Returns YOKE_BAD_IMAGE.
static inline int yoke_refuse(struct yoke_refusal *refusal, const char *part, uint32_t index,
                              const char *field, uint64_t value, const char *rule, uint64_t bound)
{
    refusal->part = part;
    refusal->index = index;
    refusal->field = field;
    refusal->rule = rule;
    refusal->value = value;
    refusal->bound = bound;
    return YOKE_BAD_IMAGE;
}

/// "vring 1 of table entry" for vring 1; the index is below YOKE_RSC_VRINGS_MAX.
const char *yoke_vring_part(uint32_t index);

#endif
