// SPDX-License-Identifier: BSD-3-Clause
/// \file firmware.h
/// What firmware tells its host, and is asked by it, through version 2 of the resource table
/// (spec/table-2.md): its trace and its power state. yoke/table2.h declares the entries.
///
/// A side that uses none of it links none of it. The structs are the caller's, filled in
/// statically. Context: one owning context each. Nothing waits, allocates or fails; nothing that
/// the host can write is trusted. While a host has version 1 in force (`table->host` is 0), the
/// trace is text as version 1 has it, and there are no requests.
#ifndef YOKE_FIRMWARE_H
#define YOKE_FIRMWARE_H

#include <yoke/abi/rsc2.h>
#include <yoke/base.h>
#include <yoke/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A trace that is being written:
///
///     static struct yoke_log log = {.block = &trace.head, .size = sizeof trace.text,
///                                   .table = &table_2.header,
///                                   .notify_id = &table_2.trace.notifyid, .port = &board_port};
struct yoke_log {
    struct yoke_rsc2_trace_block *block;  ///< The trace block; its text follows.
    uint32_t size;                        ///< Bytes of text: a power of two.
    const struct yoke_rsc2_header *table; ///< The table, loaded.
    const uint32_t *notify_id;            ///< In the loaded entry.
    const struct yoke_port *port;
    uint32_t write; ///< Bytes written so far; 0 at first, then opaque.
};

/// Writes `size` bytes of text, and rings if the host waits for that (4.3).
///
/// What the host has not read in time is overwritten. Cost: a store for each byte, a full barrier
/// and at most one doorbell for each log->size bytes.
void yoke_log_write(struct yoke_log *log, const void *text, size_t size);

/// The same for a terminated string.
void yoke_log_text(struct yoke_log *log, const char *text);

/// The firmware's power state:
///
///     static struct yoke_power_device power = {.block = &power_block, .table = &table_2.header,
///                                       .notify_id = &table_2.power.notifyid,
///                                       .port = &board_port};
struct yoke_power_device {
    struct yoke_rsc2_power_block *block;  ///< The power block.
    const struct yoke_rsc2_header *table; ///< The table, loaded.
    const uint32_t *notify_id;            ///< In the loaded entry.
    const struct yoke_port *port;
    uint32_t state;    ///< YOKE_RSC2_POWER_*: read it freely.
    uint32_t answered; ///< Opaque, and so are the next two.
    uint32_t number;
    uint32_t next;
};

/// Says in which state the firmware is, and rings: RUNNING once it is set up; FAILED.
void yoke_power_device_say(struct yoke_power_device *power, uint32_t state);

/// What the host asks for: YOKE_RSC2_REQUEST_RUN, _SUSPEND or _STOP; 0 if nothing. Look after each
/// doorbell. Until it is answered, the same is returned again.
///
/// What the state does not allow, or the host did not take, is answered here at once (4.6).
uint32_t yoke_power_device_request(struct yoke_power_device *power);

/// Says that the request was carried out, and rings. For SUSPEND and STOP call it last: afterwards
/// nothing that is shared is touched but by yoke_power_device_request().
void yoke_power_device_answer(struct yoke_power_device *power);

#ifdef __cplusplus
}
#endif
#endif
