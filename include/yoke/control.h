// SPDX-License-Identifier: BSD-3-Clause
/// \file control.h
/// The endpoint of control records, at address 54: what the extensions of the rpmsg device have to
/// tell each other besides messages (spec/extensions.md, section 1).
///
/// An extension that uses records has a part in it; yoke/ack.h has two. Who uses none of them links
/// nothing of it, and address 54 is an endpoint like others.
#ifndef YOKE_CONTROL_H
#define YOKE_CONTROL_H

#include <yoke/rpmsg.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One extension's part in a link's control records. Opaque: it begins the extension's own struct.
struct yoke_control_part {
    struct yoke_control_part *next;
    struct yoke_control *control;
    const struct yoke_control_ops *ops;
};

/// A link's control records. Memory is the caller's; opaque.
struct yoke_control {
    struct yoke_ept ept;
    struct yoke_control_part *parts;
};

/// Opens the endpoint of control records. Call it after the link was set up and before it comes up,
/// then give it to the extensions; it stays open as long as the link.
///
/// A device offers the extensions' features in its table, and must do this if it offers one. The
/// driver takes those that it was given here, whatever `known` in its configuration says, if they
/// are offered; if not, or if its peer took none, nothing is sent.
///
/// Ownership: `control` is the link's until that is set up anew.
/// Returns as yoke_ept_open().
int yoke_control_open(struct yoke_link *link, struct yoke_control *control);

#ifdef __cplusplus
}
#endif
#endif
