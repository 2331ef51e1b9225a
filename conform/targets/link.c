// SPDX-License-Identifier: BSD-3-Clause
#include "link.h"

void conform_link_open(struct conform_link *l)
{
    l->now = 0;
}
