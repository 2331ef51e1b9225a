// SPDX-License-Identifier: BSD-3-Clause
/// \file device.h
/// The device, played on raw memory against a driver under test.
#ifndef CONFORM_DEVICE_H
#define CONFORM_DEVICE_H

struct device {
    int unused;
};

#endif
