// SPDX-License-Identifier: BSD-3-Clause
// Which checks there are.
#include "of_device/groups.h"
#include "of_driver/groups.h"

static const struct conform_check *const of_device[] = {
    device_vdev_checks,
    device_ring_checks,
    device_chain_checks,
    device_indirect_checks,
    device_doorbell_checks,
    device_message_checks,
    device_name_checks,
    device_life_checks,
    device_buffer_checks,
    device_ack_checks,
    NULL,
};

static const struct conform_check *const of_driver[] = {
    driver_vdev_checks, driver_ring_checks,   driver_doorbell_checks, driver_message_checks,
    driver_name_checks, driver_buffer_checks, driver_ack_checks,      NULL,
};

const struct conform_check *const *const conform_groups[CONFORM_ROLES] = {
    [CONFORM_DEVICE] = of_device,
    [CONFORM_DRIVER] = of_driver,
};
