// SPDX-License-Identifier: BSD-3-Clause
/// \file control.h
/// What the extensions that use control records share.
#ifndef YOKE_RPMSG_CONTROL_H
#define YOKE_RPMSG_CONTROL_H

#include <yoke/abi/extensions.h>
#include <yoke/control.h>

#include "rpmsg/link.h"

/// What an extension does with records. Each but `begin` and `leave` may be NULL.
struct yoke_control_ops {
    uint32_t feature; ///< Its feature bit.
    uint32_t kind;    ///< The records that `receive` gets, if the feature was taken.
    /// Handles a record: a copy, in the byte order of messages; nothing in it was checked but kind.
    void (*receive)(struct yoke_control_part *part, const struct yoke_rpmsg_record *record);
    /// Sends what waits. Returns YOKE_OK, or as yoke_send(): with YOKE_AGAIN a later poll goes on.
    int (*send)(struct yoke_control_part *part);
    /// The link has come up: forgets what was before.
    void (*begin)(struct yoke_control_part *part);
    /// An endpoint's service was withdrawn, if it had one; `closes`: it is about to be closed.
    void (*leave)(struct yoke_control_part *part, const struct yoke_ept *ept, bool closes);
};

/// Adds a part to records whose endpoint is open, and has a driver take its feature.
/// Returns YOKE_OK or YOKE_INVALID.
int yoke_control_add(struct yoke_control *control, struct yoke_control_part *part,
                     const struct yoke_control_ops *ops);

/// Sends what waits, as far as there are buffers.
void yoke_control_send(struct yoke_control *control);

#endif
