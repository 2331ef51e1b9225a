// SPDX-License-Identifier: BSD-3-Clause
/// \file rproc.h
/// Governing a coprocessor: plan where an image goes, load it, drive its life, read its trace, ask
/// it to rest or stop.
///
/// image + memory map -> yoke_plan_make() -> yoke_load() -> struct yoke_rproc starts the core.
/// Resource tables of version 1 and 2 give the same plan; what only version 2 has (spec/table-2.md)
/// is marked so.
/// All state is the caller's; any number of coprocessors can be governed at once. One context
/// (thread) owns each object here; nothing is for ISRs.
#ifndef YOKE_RPROC_H
#define YOKE_RPROC_H

#include <yoke/abi/rsc2.h>
#include <yoke/base.h>
#include <yoke/image.h>
#include <yoke/port.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- The memory map ----------------------------------------------------------------------------

/// Segments of the image may lie in this region.
#define YOKE_REGION_IMAGE 1u
/// Both sides access this region: rings, buffers and carveouts without an address go here.
#define YOKE_REGION_SHARED 2u

/// One range of memory that the coprocessor has.
struct yoke_region {
    const char *name;
    uint64_t da;    ///< First device address: how the coprocessor calls it. A multiple of 16.
    uint64_t pa;    ///< First physical address: how descriptors call it. A multiple of 16.
    uint64_t size;  ///< Bytes. Regions must not overlap in da.
    void *va;       ///< The same bytes here, aligned to 16; NULL if only a plan is wanted.
    uint32_t flags; ///< YOKE_REGION_*.
};

// ---- The plan ----------------------------------------------------------------------------------

/// What an area of the plan is for.
enum yoke_area_kind {
    YOKE_AREA_SEGMENT,  ///< A segment of the image; index: the segment's number.
    YOKE_AREA_TABLE,    ///< The loaded resource table, inside a segment.
    YOKE_AREA_CARVEOUT, ///< A carveout; index: the table entry's number, and so for all below.
    YOKE_AREA_DEVMEM,   ///< Registers that the firmware wants, inside a region.
    YOKE_AREA_TRACE,    ///< A trace buffer, often inside a segment's zeroed part.
    YOKE_AREA_VDEV,     ///< A vdev's status, features and config: version 1: its entry in the
                        ///< loaded table, version 2: its vdev state.
    YOKE_AREA_VRING,    ///< Virtqueue `queue` of the vdev.
    YOKE_AREA_BUFFERS,  ///< The buffers of virtqueue `queue`.
    // Version 2 only.
    YOKE_AREA_POWER,      ///< A power block.
    YOKE_AREA_PARAMETER,  ///< A value that the firmware takes, inside a segment.
    YOKE_AREA_DEVICETREE, ///< A device tree blob.
    YOKE_AREA_LOCKS,      ///< Locks that the host frees.
};

/// One thing that lies in memory. Always inside one region.
///
/// Segments overlap no other segment. Rings and buffers, and whatever was placed, overlap nothing,
/// except that what the firmware fixed may lie in a fixed carveout.
struct yoke_area {
    enum yoke_area_kind kind;
    uint32_t index;          ///< Number of the segment or of the table entry.
    uint32_t region;         ///< Which region of the map.
    bool placed;             ///< The plan chose the address, not the firmware.
    bool late;               ///< Version 2: cleared after the segments are there, not before.
    uint64_t da;             ///< Device address.
    uint64_t pa;             ///< Physical address.
    uint64_t size;           ///< Bytes.
    char name[32];           ///< The entry's name, else "".
    struct yoke_bytes bytes; ///< Segment, device tree: what is copied there; a segment's rest
                             ///< becomes zero. Vdev of version 2: its configuration space.
    uint32_t flags;          ///< Segment: YOKE_PF_*; carveout, devmem: the entry's flags.
    uint32_t table_offset;   ///< Its fields, from the table's start; 0: nothing is written there.
    uint32_t queue;          ///< Vring, buffers: index of the virtqueue in the vdev.
    uint32_t num;            ///< Vring: descriptors; vdev: vrings; buffers: buffers.
    uint32_t align;          ///< Vring: alignment of the used ring; carveout: of its address.
    uint32_t buffer_size;    ///< Buffers: bytes of each.
    uint32_t notify_id;      ///< Vring, trace, power: its doorbell, counted from 0 over the whole
                             ///< table; YOKE_NO_DOORBELL: it has none.
    uint32_t device_id;      ///< Vdev: virtio device id.
    uint64_t features;       ///< Vdev: features that the firmware offers.
    uint64_t base;           ///< Vdev, vring: what ring addresses in the vdev state count from.
    struct yoke_rsc_locks locks;        ///< Locks: the entry.
    const struct yoke_parameter *value; ///< Parameter: the caller's value, or NULL: the image's.
};

/// The notify id of what has no doorbell.
#define YOKE_NO_DOORBELL UINT32_MAX

/// A value for a parameter that the firmware takes, by an entry of a version-2 table.
struct yoke_parameter {
    const char *name;        ///< As the entry has it.
    uint32_t kind;           ///< YOKE_RSC2_UNSIGNED to YOKE_RSC2_BYTES: the entry's.
    uint64_t number;         ///< UNSIGNED, BOOLEAN; SIGNED: two's complement.
    struct yoke_bytes bytes; ///< STRING, without a NUL; BYTES.
};

/// Choices of the caller. All zero is a good start. What pointers name stays as it is while the
/// plan is used.
struct yoke_plan_options {
    bool table_optional;  ///< An image without resource table is accepted.
    uint32_t buffer_size; ///< Bytes of an rpmsg buffer; 0: YOKE_RPMSG_BUFFER_SIZE.
    uint32_t align;       ///< Alignment of what the plan places: a cache line of either side, a
                          ///< power of two from 16 to 65536; 0: 64.
    uint32_t versions;    ///< Versions of tables to read, YOKE_RSC_KNOW_*; 0: all.
    uint64_t known;       ///< Features of rpmsg that this host takes; 0: all. Without
                          ///< YOKE_F_RPMSG_BUFFERS no table has a say in buffer_size.
    const struct yoke_parameter *parameters; ///< Values for the firmware.
    uint32_t parameter_count;                ///< How many.
    const char *const *chips;     ///< Names of this chip, ended by NULL; NULL: do not compare.
    const char *driver;           ///< Name of this host's driver; NULL: do not compare.
    struct yoke_bytes devicetree; ///< For firmware that has room for one; empty: there is none.
    bool attach;                  ///< The core runs already: nothing will be loaded.
    struct yoke_bytes table;      ///< With `attach`: a copy of the table that it runs with, which
                                  ///< is read in place of that of the image; may be empty.
};

/// Where everything goes. The plan is private memory: loading follows it and reads nothing back
/// from the coprocessor's memory.
///
/// The caller sets the two arrays; yoke_plan_make() fills the rest. `regions` and the image's
/// bytes are borrowed, and stay as they are while the plan is used.
struct yoke_plan {
    struct yoke_area *areas;    ///< Caller's array.
    uint32_t area_max;          ///< Its length.
    struct yoke_refusal *notes; ///< Caller's array; may be NULL if note_max is 0.
    uint32_t note_max;          ///< Its length.
    uint32_t area_count;        ///< Areas in use; 0 after a refusal. The rings and buffers of a
                                ///< vdev follow it.
    uint32_t note_count;        ///< Notes in use: oddities that are no reason to refuse, such as
                                ///< an unknown entry. What exceeds note_max is dropped.
    const struct yoke_region *regions; ///< The map.
    uint32_t region_count;             ///< Its length.
    uint64_t entry;                    ///< Entry point, as e_entry has it (Thumb bit included).
    uint32_t vring_count;              ///< Vrings of all vdevs: notify ids are below it, and those
                                       ///< of traces and power blocks from it on.
    bool attach;                       ///< Of the options: not to be loaded.
    uint32_t version;                  ///< Of the table: 1 or 2; 0: there is none.
    struct yoke_bytes table;           ///< The table as the image has it.
    uint32_t owner;                    ///< Version 2: YOKE_RSC2_OWNER_*.
    uint64_t taken;                    ///< Version 2: features of the firmware to use.
    uint8_t outcomes[YOKE_RSC_ENTRIES_MAX]; ///< Version 2: YOKE_RSC2_OUTCOME_* of each entry.
};

/// Plans where an image goes: pure, touches no memory of the coprocessor (`va` may be NULL).
///
/// Cost: grows with the square of the number of areas.
/// Returns YOKE_OK; YOKE_BAD_IMAGE with `refusal` filled in if the image, its table or the map is
/// not sound, does not fit or exceeds the caller's arrays; then the plan has no areas.
/// `options` may be NULL.
int yoke_plan_make(struct yoke_plan *plan, const struct yoke_elf *elf,
                   const struct yoke_region *regions, uint32_t region_count,
                   const struct yoke_plan_options *options, struct yoke_refusal *refusal);

/// The area of this kind, index and queue (0 unless it is a vring or buffers), or NULL.
const struct yoke_area *yoke_plan_find(const struct yoke_plan *plan, enum yoke_area_kind kind,
                                       uint32_t index, uint32_t queue);

/// Where an area of the plan lies on this side, or NULL if its region has no `va`.
void *yoke_plan_at(const struct yoke_plan *plan, const struct yoke_area *area);

/// Puts the image into memory: copies segments and zeroes their rest; zeroes rings, buffers and
/// placed carveouts; writes addresses and notify ids into the loaded table, and resets its vdevs
/// (status and gfeatures 0). With a table of version 2 it also sets up the vdev states, writes
/// parameters and a device tree, and says in the table what became of each entry.
///
/// The coprocessor must be stopped. All areas are then cleaned from the data cache, by `port`,
/// which may be NULL in builds without YOKE_CACHE.
/// Returns YOKE_OK, or YOKE_INVALID if a region that is used has no `va`, or the plan is one to
/// attach; nothing was written.
int yoke_load(const struct yoke_plan *plan, const struct yoke_port *port);

/// Frees the locks that the firmware died with: those in the plan's areas of locks that hold what
/// the firmware writes there. The core must be halted. Version 2 only; else it does nothing.
///
/// Returns how many were freed. Cost: one load for each lock.
uint32_t yoke_locks_reclaim(const struct yoke_plan *plan, const struct yoke_port *port);

// ---- The life cycle ----------------------------------------------------------------------------

/// States of a coprocessor.
enum yoke_state {
    YOKE_OFFLINE,  ///< Stopped; what its memory holds is not known.
    YOKE_READY,    ///< Loaded, not started.
    YOKE_RUNNING,  ///< Started by us.
    YOKE_CRASHED,  ///< Found dead. Its memory is left as it is, for a dump, until recovery or stop.
    YOKE_ATTACHED, ///< Started by somebody else (a boot loader), governed by us.
    YOKE_DETACHED, ///< Runs on its own; we only know that it does.
    YOKE_STATES    ///< Number of states.
};

/// What may happen to a coprocessor.
enum yoke_event {
    YOKE_EVENT_LOAD,    ///< Load the image.
    YOKE_EVENT_START,   ///< Start the core at its entry.
    YOKE_EVENT_STOP,    ///< Stop the core, or give up what was loaded.
    YOKE_EVENT_CRASH,   ///< The core was found dead. Needs no operation.
    YOKE_EVENT_ATTACH,  ///< Take over a core that runs.
    YOKE_EVENT_DETACH,  ///< Leave a core to itself, running.
    YOKE_EVENT_RECOVER, ///< After a crash: stop, load and start.
    YOKE_EVENTS         ///< Number of events.
};

/// What a transition does, in the order of the bits.
#define YOKE_DO_STOP 1u
#define YOKE_DO_LOAD 2u
#define YOKE_DO_START 4u
#define YOKE_DO_ATTACH 8u
#define YOKE_DO_DETACH 16u

/// One cell of the table.
struct yoke_transition {
    bool valid;           ///< False: the event is refused in that state.
    enum yoke_state next; ///< The state after all actions succeeded.
    uint32_t actions;     ///< YOKE_DO_*.
};

/// The life cycle as a pure function. Values outside the enums give an invalid transition.
struct yoke_transition yoke_life_next(enum yoke_state state, enum yoke_event event);

/// "running" and the like, never NULL.
const char *yoke_state_text(enum yoke_state state);

/// What a machine does for a core. Each returns YOKE_OK or a negative status, and finishes before
/// it returns. One that is NULL makes the events that need it YOKE_UNSUPPORTED.
struct yoke_rproc_ops {
    int (*stop)(void *context);   ///< Halts the core; harmless on one that is dead or stopped.
    int (*load)(void *context);   ///< Puts the image into memory: yoke_load() and what it needs.
    int (*start)(void *context);  ///< Lets the core run from its entry.
    int (*attach)(void *context); ///< Takes over a running core.
    int (*detach)(void *context); ///< Lets go of a running core.
};

/// One coprocessor. Caller's memory; written by yoke_rproc_event() alone.
struct yoke_rproc {
    const struct yoke_rproc_ops *ops; ///< Constant while in use.
    void *context;                    ///< Passed to each operation.
    enum yoke_state state;            ///< Read it freely in the owning context.
    uint32_t crashes;                 ///< Crashes seen since the start of time.
    bool busy;                        ///< An event is being handled.
};

/// Sets up a coprocessor: `state` is YOKE_OFFLINE, or YOKE_DETACHED for a core that runs already.
void yoke_rproc_init(struct yoke_rproc *rproc, const struct yoke_rproc_ops *ops, void *context,
                     enum yoke_state state);

/// Handles an event: runs the actions of the transition, then takes its state.
///
/// Context: the owning one; not from within an operation of the same coprocessor.
/// Returns YOKE_OK; YOKE_INVALID if the state does not allow the event, YOKE_UNSUPPORTED if an
/// operation that it needs is NULL, YOKE_AGAIN from within an operation (in these cases nothing
/// was done); or what the failing operation returned, and the state is as before: the same event,
/// or YOKE_EVENT_STOP, may be tried again.
int yoke_rproc_event(struct yoke_rproc *rproc, enum yoke_event event);

// ---- Trace -------------------------------------------------------------------------------------

/// Reads the text that firmware writes into a trace buffer of version 1.
///
/// Such a buffer has no head: text fills it from the start, up to a NUL or to its end; firmware
/// that comes to the end may begin anew. A writer that stores the NUL before the text in front of
/// it is never misread; any other is shown as it is found. The reader trusts nothing: it reads
/// each byte once, inside the buffer, and keeps its state here.
struct yoke_trace {
    const uint8_t *memory;        ///< The shared buffer.
    size_t size;                  ///< Its bytes.
    const struct yoke_port *port; ///< For builds with YOKE_CACHE, else may be NULL.
    size_t position;              ///< Bytes read so far.
    uint32_t digest;              ///< Of these bytes: tells when they were overwritten.
};

/// Starts reading at the buffer's start.
void yoke_trace_init(struct yoke_trace *trace, const void *memory, size_t size,
                     const struct yoke_port *port);

/// Copies new text, at most `size` bytes and not terminated, to `text`. Call until it returns 0.
///
/// If text that was read before has changed, reading begins anew at the buffer's start. Bytes may
/// have any value but 0: a tool that shows them filters control characters.
/// Cost: one pass over the buffer. Returns the number of bytes copied; never fails.
size_t yoke_trace_read(struct yoke_trace *trace, void *text, size_t size);

/// Reads the text of a trace block of version 2 (spec/table-2.md, 4.3).
///
/// The firmware says how far it has written, and text that it overwrote before it was read is
/// counted. The reader trusts nothing: the block's size is taken once and checked, no more than
/// that is read at a time, and its state is kept here.
struct yoke_trace_block {
    struct yoke_rsc2_trace_block *block; ///< In shared memory.
    size_t room;                         ///< Its bytes, by the plan.
    const struct yoke_port *port;        ///< For builds with YOKE_CACHE, else may be NULL.
    uint32_t size;                       ///< Bytes of text; 0: the firmware has not set it up.
    uint32_t position;                   ///< Bytes read or lost so far, modulo 2^32.
    bool broken;                         ///< Its size made no sense: nothing is read.
    uint64_t lost;                       ///< Bytes that were overwritten before they were read.
};

/// Starts reading at the first byte, or where the host before stopped if `resume`. `memory` is
/// aligned to 4 bytes.
void yoke_trace_block_init(struct yoke_trace_block *trace, void *memory, size_t room, bool resume,
                           const struct yoke_port *port);

/// Copies new text, at most `size` bytes and not terminated, to `text`. Call until it returns 0.
///
/// What was lost before the text is added to trace->lost. Bytes may have any value: a tool that
/// shows them filters control characters.
/// Returns the number of bytes copied; never fails.
size_t yoke_trace_block_read(struct yoke_trace_block *trace, void *text, size_t size);

/// Before waiting: asks for the doorbell at the next byte. Returns false if there is text already:
/// then read it, and do not wait.
bool yoke_trace_block_arm(struct yoke_trace_block *trace);

// ---- Power -------------------------------------------------------------------------------------

/// The host's side of a power block of version 2 (spec/table-2.md, 4.6): asks the firmware to rest,
/// to go on, or to come to an end. The caller waits, and bounds the wait.
struct yoke_power {
    struct yoke_rsc2_power_block *block; ///< In shared memory.
    const struct yoke_port *port;
    uint32_t notify_id; ///< Its doorbell, or YOKE_NO_DOORBELL.
    uint32_t number;    ///< Of the last request: a private copy.
};

/// `memory` is a power block, aligned to 4 bytes. After a load no request is under way; of a core
/// that runs already one may be, of the host before.
void yoke_power_init(struct yoke_power *power, void *memory, uint32_t notify_id,
                     const struct yoke_port *port);

/// What the firmware says it does: YOKE_RSC2_POWER_*; any value that is none is FAILED.
uint32_t yoke_power_state(const struct yoke_power *power);

/// True if the firmware has carried out every request; then its state is read afterwards.
bool yoke_power_answered(const struct yoke_power *power);

/// Makes a request, YOKE_RSC2_REQUEST_*, and rings. Cost: at most one doorbell.
///
/// Returns YOKE_OK, or YOKE_AGAIN while the request before is not answered.
int yoke_power_request(struct yoke_power *power, uint32_t request);

#ifdef __cplusplus
}
#endif
#endif
