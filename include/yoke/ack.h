// SPDX-License-Identifier: BSD-3-Clause
/// \file ack.h
/// Acknowledgement, YOKE_F_RPMSG_ACK: who announces a service learns that a listener is bound, and
/// may speak first (spec/extensions.md, section 6).
///
/// Two halves, each linked only by who uses it. The listening side says which of its endpoints
/// listens to which service of the other side's: yoke_bind(). The announcing side is told:
/// yoke_bound_fn. A side may have both. With a peer that lacks the feature calls do the same, but
/// nothing is sent and nobody is told.
///
///     yoke_control_open(&link, &control);             // both sides, before the link comes up
///     yoke_listeners_open(&control, &listeners, ...); // who announces
///     yoke_bindings_open(&control, &bindings, &ns, ...); // who listens
///
/// Context of every call: the link's owning context, callbacks included. Nothing blocks or
/// allocates; what finds no free buffer is sent by a later poll.
#ifndef YOKE_ACK_H
#define YOKE_ACK_H

#include <yoke/control.h>

#ifdef __cplusplus
extern "C" {
#endif

// -------------------------------------------------------------------------------------- announcing

struct yoke_listeners;

/// Told that a listener of one of our services came (`bound`) or went: `ept` is the service's
/// endpoint, `listener` the address that listens, to which messages can be sent at once.
///
/// Context: inside yoke_link_poll(). It may do what receive callbacks may. It is not called for
/// listeners that are forgotten because we withdrew the service, or because the link went down.
typedef void yoke_bound_fn(struct yoke_listeners *listeners, struct yoke_ept *ept,
                           uint32_t listener, bool bound);

/// One listener of one service. Opaque.
struct yoke_listener {
    uint32_t service; ///< Address of our endpoint.
    uint32_t address; ///< Address of theirs.
};

/// The listeners of all our services. Memory is the caller's; opaque, but for `context`, `count`
/// and `dropped`, which may be read.
struct yoke_listeners {
    struct yoke_control_part part;
    struct yoke_listener *table;
    uint32_t capacity;
    uint32_t count; ///< How many there are.
    yoke_bound_fn *event;
    void *context;
    uint32_t dropped; ///< Listeners that found the table full.
};

/// Learns of listeners from here on. Call it once, before the link comes up.
///
/// `table`: room for `capacity` listeners of all services together; the caller's memory, as long as
/// the link. A listener that finds it full is counted in `dropped`, and nobody is told of it.
/// What the other side says is believed as far as it makes sense: a listener counts once however
/// often it is announced, and only of a service that is announced.
/// Returns YOKE_OK; YOKE_INVALID for a NULL, or if `control` is not open.
/// Cost, later: each record that comes looks at `capacity` entries at most.
int yoke_listeners_open(struct yoke_control *control, struct yoke_listeners *listeners,
                        struct yoke_listener *table, uint32_t capacity, yoke_bound_fn *event,
                        void *context);

// --------------------------------------------------------------------------------------- listening

/// One of our endpoints that listens to a service of the other side's. Opaque.
struct yoke_binding {
    struct yoke_service service;
    uint32_t endpoint;
    uint32_t state; ///< See src/rpmsg/bind.c.
};

/// All of them. Memory is the caller's; opaque.
struct yoke_bindings {
    struct yoke_control_part part;
    struct yoke_ns *ns;
    struct yoke_binding *table;
    uint32_t capacity;
    uint32_t count;
    void (*heard)(struct yoke_bindings *bindings, const struct yoke_service *service, bool up);
};

/// Prepares for yoke_bind(). Call it once, after yoke_ns_listen() and before the link comes up.
///
/// `table`: room for `capacity` bindings, those included of which the end was not sent yet for want
/// of buffers; the caller's memory, as long as the link.
/// Returns YOKE_OK; YOKE_INVALID for a NULL, if `control` is not open, or if `ns` listens on
/// another link.
int yoke_bindings_open(struct yoke_control *control, struct yoke_bindings *bindings,
                       struct yoke_ns *ns, struct yoke_binding *table, uint32_t capacity);

/// Says that endpoint `ept` listens to `service`, and tells the other side: now, and again if it
/// announces the service again. Messages can come at once. A service may have several listeners,
/// and an endpoint may listen to several services.
///
/// It ends with yoke_unbind(); when the endpoint is closed, of which the other side is told; when
/// the service is withdrawn; and when the link goes down.
/// `service`: as yoke_ns_find() or the service event gave it; copied.
/// Returns YOKE_OK, also if the record has to wait for a buffer; YOKE_EXISTS if it is bound
/// already; YOKE_NO_SPACE if the table is full; YOKE_NOT_FOUND if the service is not known (any
/// more); YOKE_INVALID if the endpoint is closed or of another link, or `bindings` is all zero.
/// Cost: looks at all services and bindings once; at most one message, and those that waited.
int yoke_bind(struct yoke_bindings *bindings, struct yoke_ept *ept,
              const struct yoke_service *service);

/// Ends a binding; the endpoint stays open.
/// Returns YOKE_OK, also if the record has to wait for a buffer; YOKE_NOT_FOUND if it is not bound.
int yoke_unbind(struct yoke_bindings *bindings, struct yoke_ept *ept,
                const struct yoke_service *service);

#ifdef __cplusplus
}
#endif
#endif
