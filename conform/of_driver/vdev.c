// SPDX-License-Identifier: BSD-3-Clause
#include "groups.h"

const struct conform_check driver_vdev_checks[] = {{0}};
