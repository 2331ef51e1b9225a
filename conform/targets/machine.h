// SPDX-License-Identifier: BSD-3-Clause
/// \file machine.h
/// Device under test: firmware on a machine.
#ifndef CONFORM_TARGETS_MACHINE_H
#define CONFORM_TARGETS_MACHINE_H

#include <yoke/machine.h>

#include "../conform.h"

#define CONFORM_AREAS 64u

/// Firmware, planned for a machine. The caller's memory, not moved while open.
struct conform_machine {
    struct conform_target target; ///< To be given to conform_report().
    struct yoke_machine *machine;
    struct yoke_plan plan;
    struct yoke_area areas[CONFORM_AREAS];
};

/// Plans where an image goes on a machine that is open, and finds its first rpmsg vdev; `service`
/// is the one that sends back what it gets. What is given is borrowed until the end.
///
/// Returns YOKE_OK, or a status, and target.why says why. Stop the machine when all is done.
int conform_machine_open(struct conform_machine *m, const struct yoke_elf *elf,
                         struct yoke_machine *machine, const char *service);

#endif
