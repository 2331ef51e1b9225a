// SPDX-License-Identifier: BSD-3-Clause
/// \file groups.h
/// What a driver has to keep, in groups.
#ifndef CONFORM_OF_DRIVER_GROUPS_H
#define CONFORM_OF_DRIVER_GROUPS_H

#include "../check.h"

extern const struct conform_check driver_vdev_checks[];
extern const struct conform_check driver_ring_checks[];
extern const struct conform_check driver_doorbell_checks[];
extern const struct conform_check driver_message_checks[];
extern const struct conform_check driver_name_checks[];
extern const struct conform_check driver_buffer_checks[];
extern const struct conform_check driver_ack_checks[];

#endif
