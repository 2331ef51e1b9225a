// SPDX-License-Identifier: BSD-3-Clause
/// \file host.h
/// A coprocessor as a host program uses it: opens the firmware's file, plans, boots it on a
/// machine, brings the link up, and keeps messages, trace and crashes flowing.
///
///     yoke_host_open()  the file is read and checked, the plan is made, memory is there
///     yoke_host_boot()  loaded, started, linked
///     yoke_host_wait()  sleeps until something happens, then does what there is to do:
///                       callbacks of endpoints, services and trace run inside it
///     yoke_host_close()
///
/// Several coprocessors: open each, and give all of them to yoke_host_wait_all().
///
/// One thread owns a host: the one that booted it, which must live as long as the firmware.
/// Errors: a negative enum yoke_status, and host->error says why in words.
#ifndef YOKE_HOST_H
#define YOKE_HOST_H

#include <yoke/ack.h>
#include <yoke/image.h>
#include <yoke/rpmsg.h>
#include <yoke/rproc.h>

#include <yoke/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

struct yoke_host;

/// Choices of the caller. All zero is a good start; `context` is passed to each function.
struct yoke_host_options {
    /// New text in the firmware's trace buffers, not terminated, as the firmware wrote it: filter
    /// control characters before a terminal sees it.
    void (*trace)(struct yoke_host *host, const char *text, size_t size, void *context);
    /// A service came or went.
    void (*service)(struct yoke_host *host, const struct yoke_service *service, bool up,
                    void *context);
    void *context;
    const char *machine; ///< Name of the machine; NULL: the one that the firmware is for.
    const struct yoke_machine_kind *kind; ///< A kind that has no name in the list, or NULL.
    bool attach;        ///< The core runs already: leave it, and use yoke_host_attach().
    uint32_t endpoints; ///< How many this program opens, about; 0: 64.

    /// Values for parameters that the firmware's table names, each NAME=VALUE: a number is decimal
    /// or starts with 0x, a boolean is true or false, bytes are pairs of hexadecimal digits, text
    /// is text. Not copied: they stay as long as the host is open. None with `attach`.
    const char *const *params;
    uint32_t param_count; ///< How many, at most YOKE_HOST_PARAMS.
    uint32_t versions;    ///< Versions of tables to read, YOKE_RSC_KNOW_*; 0: all.
    /// Features of rpmsg to take if offered. 0: all but YOKE_F_RPMSG_ACK, which obliges this
    /// program to say what listens to a service: yoke_bind(&host->bindings, ...).
    uint64_t known;
    const char *const *chips;     ///< As in struct yoke_plan_options, and for the next two.
    const char *driver;           ///< Not copied either.
    struct yoke_bytes devicetree; ///< The blob; not copied.
};

#define YOKE_HOST_AREAS 128u
#define YOKE_HOST_NOTES 16u
#define YOKE_HOST_SERVICES 64u
#define YOKE_HOST_BINDINGS 64u
#define YOKE_HOST_TRACES 4u
#define YOKE_HOST_TAIL 512u
#define YOKE_HOST_PARAMS 32u

/// One trace of the firmware.
struct yoke_host_trace {
    bool is_block;      ///< Version 2: `block`, else `text`.
    uint32_t notify_id; ///< It rings when there is text, or YOKE_NO_DOORBELL.
    bool armed;         ///< The doorbell was asked for, and all text before read.
    struct yoke_trace text;
    struct yoke_trace_block block;
};

/// One coprocessor. The caller's memory, not moved while open; read-only for the caller.
struct yoke_host {
    struct yoke_host_options options;
    char error[320];                            ///< Why the last call failed.
    struct yoke_refusal refusal;                ///< Of the image, if that was refused.
    struct yoke_bytes file;                     ///< The firmware's file.
    struct yoke_elf elf;                        ///< The same, opened.
    struct yoke_plan plan;                      ///< Where everything lies.
    struct yoke_area areas[YOKE_HOST_AREAS];    ///< Of the plan.
    struct yoke_refusal notes[YOKE_HOST_NOTES]; ///< Of the plan.
    const struct yoke_machine_kind *kind;       ///< What the image is for.
    struct yoke_machine *machine;               ///< What it runs on, or NULL.
    struct yoke_machine_crash crash;            ///< How it died, once it has.
    struct yoke_rproc rproc;                    ///< rproc.state says what it does.
    struct yoke_port port;
    struct yoke_link link;         ///< Open endpoints on it: yoke_ept_open(&host->link, ...).
    struct yoke_ns ns;             ///< The firmware's services: yoke_ns_find(&host->ns, ...).
    struct yoke_bindings bindings; ///< What listens to them, with YOKE_F_RPMSG_ACK.
    bool linked;                   ///< The firmware has an rpmsg vdev; `link` and `ns` are usable.
    struct yoke_service services[YOKE_HOST_SERVICES];
    struct yoke_control control;
    struct yoke_binding binding_table[YOKE_HOST_BINDINGS];
    struct yoke_vdev vdev;
    uint32_t vdev_index; ///< Its entry in the resource table.
    uint64_t vdev_base;  ///< What ring addresses in its state count from.
    struct yoke_window windows[4];
    struct yoke_mem da;
    void *link_memory;
    struct yoke_parameter params[YOKE_HOST_PARAMS]; ///< Of options.params.
    uint8_t *param_bytes;                           ///< Names and bytes of these.
    uint8_t *table;          ///< Of a core that runs: a copy of its table of version 2, or NULL.
    struct yoke_power power; ///< The firmware's power block, if has_power.
    bool has_power;
    uint32_t locks_freed; ///< Locks that were freed when a core was halted.
    struct yoke_host_trace traces[YOKE_HOST_TRACES];
    uint32_t trace_count;
    uint64_t trace_lost;       ///< Bytes of trace that were overwritten before they were read.
    uint64_t trace_due;        ///< When the trace is to be read next, in ms.
    char tail[YOKE_HOST_TAIL]; ///< The last text that was traced, terminated.
    size_t tail_size;
};

/// Reads and checks the firmware's file, plans where it goes, and gets a machine for it: the
/// one that `options` or the image names. Nothing runs yet. `options` may be NULL, and is copied.
///
/// Returns YOKE_OK; YOKE_NOT_FOUND if the file cannot be read; YOKE_BAD_IMAGE if it is refused;
/// YOKE_INVALID if an option makes no sense for it; YOKE_NO_SPACE if there is no memory. After a
/// failure too, yoke_host_close() is due.
int yoke_host_open(struct yoke_host *host, const char *path,
                   const struct yoke_host_options *options);

/// As yoke_host_open(), but only plans: no machine, no memory; it cannot be booted.
int yoke_host_plan(struct yoke_host *host, const char *path,
                   const struct yoke_host_options *options);

/// Loads the firmware, starts it and brings the link up. After a stop or a crash it boots anew.
///
/// Endpoints that are open stay open. Returns YOKE_OK; YOKE_NO_SPACE if there is no process to be
/// had; YOKE_BAD_PEER if the firmware spoilt its table before the link was up; YOKE_UNSUPPORTED,
/// with nothing done, if it was opened with options.attach: its plan is that of another loader.
int yoke_host_boot(struct yoke_host *host);

/// Takes over a core that runs this firmware already, and brings the link up; opened with
/// options.attach. Nothing is loaded: the resource table that the firmware runs with is used, after
/// it, and all code, were found to be the same as in the file.
///
/// Returns YOKE_OK; YOKE_DOWN if the core does not run; YOKE_AGAIN if it does not answer;
/// YOKE_BAD_IMAGE if it runs another firmware; YOKE_UNSUPPORTED on a machine whose cores never run
/// by themselves; YOKE_BAD_PEER as yoke_host_boot().
int yoke_host_attach(struct yoke_host *host);

/// Takes the link down and lets the core run on. It may be attached again.
///
/// Returns YOKE_OK; YOKE_INVALID if it is not attached or running; YOKE_AGAIN if the firmware does
/// not notice: then whoever attaches next has to wait for that; YOKE_UNSUPPORTED if the machine, or
/// firmware with a table of version 2, does not let a core run on without its host.
int yoke_host_detach(struct yoke_host *host);

/// True while the firmware runs, started or attached.
static inline bool yoke_host_runs(const struct yoke_host *host)
{
    return host->rproc.state == YOKE_RUNNING || host->rproc.state == YOKE_ATTACHED;
}

/// Does what there is to do without waiting: delivers messages, shows the trace, notices a crash.
///
/// Returns 1 if messages were handled: there may be more; 0 if none were; YOKE_DOWN if the firmware
/// does not run (host->error says how it died); YOKE_BAD_PEER if it broke the link's protocol.
int yoke_host_poll(struct yoke_host *host);

/// Sleeps until something happened, at most `timeout_ms` (negative: for ever), and polls.
///
/// Returns 1 if something happened, 0 if not, or as yoke_host_poll(). It returns early, with 0,
/// when a signal handler ran.
int yoke_host_wait(struct yoke_host *host, int timeout_ms);

/// The same for several, at most YOKE_MACHINE_WAIT_MAX. Polls all; what went wrong with one of them
/// is found in its state: yoke_host_poll() returns it again. `other_fd`: wakes too, or -1.
int yoke_host_wait_all(struct yoke_host *const *hosts, size_t count, int timeout_ms, int other_fd);

/// Waits until the firmware offers a service, at most `timeout_ms`.
///
/// Returns it, valid until the next wait or poll; or NULL, and host->error says why: time is up, or
/// the firmware died.
const struct yoke_service *yoke_host_find(struct yoke_host *host, const char *name, int timeout_ms);

/// Shows new trace text now; waiting and polling do so every few milliseconds.
void yoke_host_read_trace(struct yoke_host *host);

/// Stops the firmware and takes the link down. It may be booted again. Locks that the firmware held
/// are freed, if its table names them.
void yoke_host_stop(struct yoke_host *host);

/// Asks the firmware to come to an end by itself, waits at most `timeout_ms` for that, and stops it
/// in any case, as yoke_host_stop(). Messages, services and trace are delivered meanwhile.
///
/// Returns YOKE_OK if it came to its end; YOKE_UNSUPPORTED if its table does not offer that;
/// YOKE_AGAIN if it did not in this time; YOKE_INVALID if it did something else; YOKE_DOWN if it
/// did not run, or died.
int yoke_host_end(struct yoke_host *host, int timeout_ms);

/// Asks the firmware to rest: it touches nothing that is shared until yoke_host_resume(). The link
/// stays up, and what is sent meanwhile is answered afterwards.
///
/// Returns YOKE_OK; YOKE_UNSUPPORTED if its table does not offer that; YOKE_AGAIN if it did not
/// within `timeout_ms`; YOKE_INVALID if it did something else; YOKE_DOWN if it does not run.
int yoke_host_suspend(struct yoke_host *host, int timeout_ms);

/// Lets it go on. Returns as yoke_host_suspend().
int yoke_host_resume(struct yoke_host *host, int timeout_ms);

/// Stops it, or lets it run on if it was attached, and gives back everything. Endpoints are closed
/// by their owners before or forgotten.
void yoke_host_close(struct yoke_host *host);

/// A clock that never jumps, in nanoseconds.
uint64_t yoke_host_clock(void);

#ifdef __cplusplus
}
#endif
#endif
