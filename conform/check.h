// SPDX-License-Identifier: BSD-3-Clause
/// \file check.h
/// What checks are written with. A check is a straight story: the first expectation that is not met
/// ends it, from however deep inside, by a jump back to conform_run().
#ifndef CONFORM_CHECK_H
#define CONFORM_CHECK_H

#include <setjmp.h>

#include "bytes.h"
#include "conform.h"
#include "device.h"
#include "driver.h"

/// One run of one check.
struct conform {
    struct conform_target *target;
    struct conform_result result;
    jmp_buf end;
    uint32_t rang; ///< Doorbells that rang and that no check has taken yet.
    union {
        struct driver driver; ///< Played against a device.
        struct device device; ///< Played against a driver.
    };
};

/// The rule demands `expected`; if that is not so, the check fails, and shows what was seen.
void expect(struct conform *c, bool met, const char *expected, const char *seen, ...)
    __attribute__((format(printf, 4, 5)));

/// The check cannot be made here.
_Noreturn void not_applicable(struct conform *c, const char *why);

/// The side under test lets go of everything; it starts.
void load(struct conform *c);
void start(struct conform *c);

/// Lets time pass in which nothing is to happen, or nothing that can be waited for.
void quiet(struct conform *c);

/// Lets the other side run for a moment. Returns false when `deadline` (of deadline_in()) is over.
/// Fails the check if the other side is dead.
bool let_run(struct conform *c, uint64_t deadline);
uint64_t deadline_in(const struct conform *c, uint32_t ms);

/// Takes the doorbells that rang: true if this one did.
bool take_bell(struct conform *c, uint32_t notify_id);
/// Waits for one, as long as an answer may take.
bool await_bell(struct conform *c, uint32_t notify_id);
/// Forgets all that rang.
void drop_bells(struct conform *c);

/// Where an address of the other side's lies, or NULL.
uint8_t *window_at(const struct conform_window *windows, uint64_t address, uint64_t size);

/// Bytes of a payload: they depend on both numbers.
void fill(uint8_t *data, size_t size, uint32_t seed);

#endif
