// SPDX-License-Identifier: BSD-3-Clause
/// \file crash.h
/// A crash record: from memory, and in words.
#ifndef YOKE_CRASH_TEXT_H
#define YOKE_CRASH_TEXT_H

#include <yoke/abi/crash.h>
#include <yoke/image.h>
#include <yoke/machine.h>

/// Takes the record out of memory that the core writes, if it is complete.
bool crash_take(const void *shared, struct yoke_machine_crash *crash);

/// Says in one line what happened and where, with the nearest symbol: "firmware crashed: ...".
/// `text` gets `size` bytes at most, terminated.
void crash_text(const struct yoke_crash *crash, const struct yoke_elf *elf, char *text,
                size_t size);

#endif
