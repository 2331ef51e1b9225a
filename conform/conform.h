// SPDX-License-Identifier: BSD-3-Clause
/// \file conform.h
/// The conformance checker: plays the opposite side against any implementation of the protocol of
/// spec/, on raw shared memory, and says of each rule whether it was kept.
///
/// It shares no code with src/: an independent reading of the same text. What reaches the side
/// under test is a struct conform_target: firmware on a machine, Yoke's driver role in this
/// process (conform/targets/), the Linux harness in interop/, and the tests' own wrongdoers.
///
/// One thread owns a target and all calls here. docs/conform.md says how to write a target.
#ifndef CONFORM_H
#define CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/// What the side under test is.
enum conform_role { CONFORM_DEVICE, CONFORM_DRIVER, CONFORM_ROLES };

enum conform_verdict {
    CONFORM_PASS,
    CONFORM_FAIL,
    CONFORM_NOT_APPLICABLE, ///< Nothing was found out, and `seen` says why not.
    CONFORM_VERDICTS
};

/// A range of memory, by an address that the other side uses.
struct conform_window {
    uint64_t address;
    uint64_t size;
    uint8_t *at; ///< The same bytes here; NULL: an unused window.
};

#define CONFORM_WINDOWS 4u

struct conform_target;

/// How the side under test is reached. Those that return false have filled in target->why.
struct conform_target_ops {
    /// Makes the side under test let go of everything and prepares it to begin anew, and sets
    /// target->entry. Device: the core is stopped, and the image is in memory as LIFE-5 says.
    /// Driver: it has reset the device.
    bool (*load)(struct conform_target *target);
    /// Device: starts the core. Driver: it brings up the device that `entry` describes; what comes
    /// of that is seen in the entry.
    bool (*start)(struct conform_target *target);
    /// Rings a doorbell of the side under test.
    void (*ring)(struct conform_target *target, uint32_t notify_id);
    /// The doorbells that rang since the last call: bit (notify id % 32).
    uint32_t (*rings)(struct conform_target *target);
    /// Lets the side under test run: until it rings, or `ms` have passed, or less.
    void (*wait)(struct conform_target *target, uint32_t ms);
    /// Milliseconds since some time: real ones, or such as wait() counts.
    uint64_t (*clock)(struct conform_target *target);
    /// False if the side under test has died.
    bool (*alive)(struct conform_target *target);
};

/// A side under test, and what it shares with the checker. Filled in by who makes the target.
struct conform_target {
    const struct conform_target_ops *ops;
    void *context;
    enum conform_role role;
    char name[64];  ///< For the report: what is under test.
    char why[240];  ///< Why the last call failed.
    uint8_t *entry; ///< The vdev entry that both sides share, 4-aligned.

    /// Memory that the side under test may name in rings: device addresses, by which rings go, and
    /// physical ones, by which buffers do.
    struct conform_window da[CONFORM_WINDOWS];
    struct conform_window pa[CONFORM_WINDOWS];

    /// Device under test: memory for rings and buffers, 4096-aligned, inside those windows.
    uint8_t *free;
    uint64_t free_da;
    uint64_t free_pa;
    size_t free_size;

    /// Bytes of a buffer of each queue, as a table of version 2 says; 0: there is none that says
    /// so. Device under test: its own. Driver under test: set by the checker between load() and
    /// start(), if `told`.
    uint32_t buffer_size[2];
    bool told; ///< Driver under test: it heeds `buffer_size`.

    /// The application. Device under test: the service that it offers, which sends back what it
    /// gets. Driver under test: the service that it looks for; it greets who announces that, with
    /// a message of its own, and then sends back what it gets.
    const char *service;

    /// Driver under test: the entry's ring sizes cannot be changed between load() and start().
    bool fixed_rings;
    bool same_address; ///< Driver under test: answers go to the service, not to who sent.
    uint8_t left;      ///< Driver under test: the status as it left it when it last let go.

    uint32_t answer_ms; ///< How long an answer may take.
    uint32_t quiet_ms;  ///< How long to wait for what must not come.
    bool quick;         ///< Leave out what takes long here.
};

struct conform;

/// One check of one rule.
struct conform_check {
    const char *rule;  ///< The rule's label in spec/, as "RING-3".
    const char *title; ///< What is held against the rule, in a few words.
    void (*run)(struct conform *c);
};

/// The checks of a role, in groups, each ended by one without a rule; the last group is NULL.
extern const struct conform_check *const *const conform_groups[CONFORM_ROLES];

/// Whether a device's application is there at all: to be run first, if a service might be missing.
/// Not applicable if it is.
extern const struct conform_check conform_hello;

/// What came of a check.
struct conform_result {
    const struct conform_check *check;
    enum conform_verdict verdict;
    char expected[200]; ///< Failed: what the rule demands.
    char seen[240];     ///< Failed: what was seen instead; not applicable: why.
};

/// Runs one check against a target of the check's role.
struct conform_result conform_run(struct conform_target *target, const struct conform_check *check);

/// A rule of the specification, and what a checker can say of it.
struct conform_rule {
    const char *label;   ///< As "RING-3".
    const char *section; ///< As "4.1".
    /// By role: why there is no check, or NULL if there is one.
    const char *unchecked[CONFORM_ROLES];
};

/// All rules of spec/base.md and spec/extensions.md in order, ended by one without a label.
extern const struct conform_rule conform_rules[];

/// How to report.
struct conform_options {
    const char *only; ///< A rule's label or how it begins, as "RING"; NULL: all.
    FILE *progress;   ///< What runs now is shown here, or NULL.
    FILE *out;        ///< The report.
    bool json;        ///< As JSON.
};

/// What came of all checks.
struct conform_totals {
    unsigned checks;
    unsigned rules[CONFORM_VERDICTS];
};

/// Runs all checks of the target's role and reports rule by rule: a rule is failed if one of its
/// checks is, else passed if one is. If no check is wanted, nothing is reported.
struct conform_totals conform_report(struct conform_target *target,
                                     const struct conform_options *options);

/// "pass", "fail", "not applicable".
const char *conform_verdict_text(enum conform_verdict verdict);

#endif
