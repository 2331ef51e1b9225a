// SPDX-License-Identifier: BSD-3-Clause
/// \file groups.h
/// What a device has to keep, in groups.
#ifndef CONFORM_OF_DEVICE_GROUPS_H
#define CONFORM_OF_DEVICE_GROUPS_H

#include "../check.h"

extern const struct conform_check device_vdev_checks[];
extern const struct conform_check device_ring_checks[];
extern const struct conform_check device_chain_checks[];
extern const struct conform_check device_indirect_checks[];
extern const struct conform_check device_doorbell_checks[];
extern const struct conform_check device_message_checks[];
extern const struct conform_check device_name_checks[];
extern const struct conform_check device_life_checks[];
extern const struct conform_check device_ack_checks[];
extern const struct conform_check device_buffer_checks[];

#endif
